/**
 * The world map: the visitor's edge, the API Regions, and the way of the last call.
 */
import { EDGES } from '/edges.js';
import { drawn } from '/element.js';

/**
 * @typedef {[id: string, name: string, x: number, y: number]} Place
 * @typedef {{ width: number, height: number, land: string, regions: Place[], pops: Place[] }} World
 *   www/world.json
 *
 * @typedef {object} Way of one call
 * @property {string} [pop]
 * @property {string} [edge]
 * @property {string} [region]
 * @property {boolean} ok
 */

/** A colour of map.css for each API Region, in the order they became known. */
const COLOURS = 8;

/** Points nearer than this are one to the eye. */
const NEAR = 14;

/**
 * @param {World} world
 * @param {{ onChoose?: (edge: string) => void }} [options] `onChoose`: edges can be clicked
 */
export function drawMap(world, { onChoose } = {}) {
  const { width, height, land } = world;
  const places = new Map([...world.regions, ...world.pops].map((place) => [place[0], place]));
  /** @type {Map<string, SVGElement>} API Region → its mark */
  const marks = new Map();
  const layers = Object.fromEntries(
    ['ways', 'edges', 'regions', 'viewer'].map((name) => [name, drawn('g', { class: name })]),
  );
  const svg = drawn(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': 'World map' },
    drawn('path', { class: 'land', d: land }),
    ...Object.values(layers),
  );
  layers.edges.append(...EDGES.map((edge) => edgeMark(places.get(edge), onChoose)));

  return {
    svg,
    /** @param {string} region @returns {number} */
    colourOf: (region) => [...marks.keys()].indexOf(region) % COLOURS,
    addRegion,
    showWay,
    /** @param {string} region @param {boolean} isFailing */
    setFailing: (region, isFailing) => marks.get(region)?.classList.toggle('failing', isFailing),
    /** @param {string} text in place of the picture */
    describe: (text) => svg.setAttribute('aria-label', text),
  };

  /** @param {string} region */
  function addRegion(region) {
    const place = places.get(region);
    if (!place || marks.has(region)) return;
    const mark = regionMark(place, marks.size % COLOURS, width);
    marks.set(region, mark);
    layers.regions.append(mark);
  }

  /** @param {Way} way */
  function showWay({ pop, edge, region, ok }) {
    const [via, to] = [places.get(edge ?? ''), places.get(region ?? '')];
    const at = places.get(pop ?? '') ?? via;
    layers.ways.replaceChildren(...legs(at, via ?? at, to, marks, ok, width));
    layers.viewer.replaceChildren(...(at ? [viewerMark(at)] : []));
    for (const [name, mark] of marks) mark.classList.toggle('chosen', name === region);
  }
}

function edgeMark([edge, name, x, y], onChoose) {
  const title = drawn('title', {}, `Edge ${name}, ${edge}${onChoose ? ': click to be near' : ''}`);
  const dot = drawn('circle', { class: 'dot', cx: x, cy: y, r: 2.6 });
  const target = drawn('circle', { class: 'target', cx: x, cy: y, r: 11 });
  const mark = drawn('g', { class: onChoose ? 'edge choice' : 'edge' }, title, target, dot);
  if (onChoose) mark.addEventListener('click', () => onChoose(edge));
  return mark;
}

function regionMark([region, name, x, y], colour, width) {
  // Labels stay on the map.
  const isRight = x < width - 130;
  const text = { x: isRight ? x + 13 : x - 13, 'text-anchor': isRight ? 'start' : 'end' };
  return drawn(
    'g',
    { class: 'region', 'data-colour': colour },
    drawn('title', {}, `API in ${name}, ${region}`),
    drawn('circle', { class: 'halo', cx: x, cy: y, r: 9 }),
    drawn('circle', { class: 'ring', cx: x, cy: y, r: 7 }),
    drawn('path', { class: 'cross', d: `M${x - 4},${y - 4}l8,8m0,-8l-8,8` }),
    drawn('text', { ...text, y: y - 1, class: 'name' }, name),
    drawn('text', { ...text, y: y + 11, class: 'id' }, region),
  );
}

function viewerMark([, name, x, y]) {
  return drawn(
    'g',
    {},
    drawn('title', {}, `You, near ${name}`),
    drawn('circle', { class: 'pulse', cx: x, cy: y, r: 5 }),
    drawn('circle', { class: 'you', cx: x, cy: y, r: 4.2 }),
  );
}

/** From the visitor to the edge, and on to the Region. */
function legs(at, via, to, marks, ok, width) {
  const made = [];
  if (at && via && distance(at, via) > NEAR) {
    made.push(...arcs(at, via, width).map((d) => drawn('path', { class: 'first', d })));
  }
  if (via && to) {
    const colour = marks.get(to[0])?.dataset.colour;
    const kind = ok ? 'second' : 'second lost';
    const attributes = { class: kind, 'data-colour': colour, pathLength: 1 };
    made.push(...arcs(via, to, width).map((d) => drawn('path', { ...attributes, d })));
  }
  return made;
}

/**
 * One arc, or the two halves of one that leaves the map on one side and comes in on the other.
 *
 * @returns {string[]} paths
 */
function arcs([, , x1, y1], [, , x2, y2], width) {
  const across = x2 - x1;
  if (Math.abs(across) <= width / 2) return [arc(x1, y1, x2, y2)];
  const round = across > 0 ? -width : width;
  return [arc(x1, y1, x2 + round, y2), arc(x1 - round, y1, x2, y2)];
}

function arc(x1, y1, x2, y2) {
  const lift = Math.min(90, Math.hypot(x2 - x1, y2 - y1) * 0.28);
  const [x, y] = [(x1 + x2) / 2, Math.min(y1, y2) - lift];
  const level = Math.max(4, y + Math.abs(y2 - y1) / 4);
  return `M${x1},${y1}Q${x},${level} ${x2},${y2}`;
}

function distance([, , x1, y1], [, , x2, y2]) {
  return Math.hypot(x2 - x1, y2 - y1);
}
