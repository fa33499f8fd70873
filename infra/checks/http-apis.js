/**
 * HTTP APIs and their names.
 */
import { finding, listOf, resourcesOf } from './template.js';

/** Routes that may be called without a token: what monitors look at. */
const OPEN = ['GET /health', 'HEAD /health'];

/** @type {import('./template.js').Check} */
export function checkHttpApis(template, { openRoutes = OPEN }) {
  const isOpen = (/** @type {string} */ key) =>
    openRoutes.includes(key) || key.startsWith('OPTIONS ');
  return [
    ...resourcesOf(template, 'AWS::ApiGatewayV2::Route').flatMap(([logicalId, route]) =>
      route.AuthorizationType === 'JWT' || isOpen(route.RouteKey)
        ? []
        : [
            finding(
              'A4',
              logicalId,
              'AuthorizationType',
              `${route.AuthorizationType ?? 'NONE'} for ${route.RouteKey}`,
              `JWT, but for ${openRoutes.join(', ')} and preflights`,
            ),
          ],
    ),
    ...resourcesOf(template, 'AWS::ApiGatewayV2::Stage').flatMap(([logicalId, stage]) =>
      stage.DefaultRouteSettings?.ThrottlingRateLimit > 0
        ? []
        : [
            finding(
              'throttling',
              logicalId,
              'DefaultRouteSettings',
              undefined,
              'a rate and a burst',
            ),
          ],
    ),
    ...resourcesOf(template, 'AWS::ApiGatewayV2::DomainName').flatMap(([logicalId, domain]) =>
      listOf(domain.DomainNameConfigurations).flatMap(({ EndpointType, SecurityPolicy }, index) =>
        EndpointType === 'REGIONAL' && SecurityPolicy === 'TLS_1_2'
          ? []
          : [
              finding(
                'A3',
                logicalId,
                `DomainNameConfigurations[${index}]`,
                `${EndpointType}, ${SecurityPolicy}`,
                'REGIONAL, TLS_1_2',
              ),
            ],
      ),
    ),
  ];
}
