/**
 * How the globe lies on the map: Natural Earth's projection, without the poles.
 */
import { geoNaturalEarth1 } from 'd3-geo';

export const WIDTH = 960;

const [NORTH, SOUTH] = [78, -56];

// Turned a little, so that no land is cut but Antarctica.
const projection = geoNaturalEarth1()
  .rotate([-11, 0])
  .precision(0.2)
  .fitWidth(WIDTH, {
    type: 'MultiPoint',
    coordinates: [[-168.9, 0], [190.9, 0], [11, NORTH], [11, SOUTH]],
  });

export const HEIGHT = Math.round(projection([11, SOUTH])?.[1] ?? 0);

export const PROJECTION = projection.clipExtent([[0, 0], [WIDTH, HEIGHT]]);
