/**
 * Which routes of API Gateway a configuration's routes to the API are: the API asks for a token
 * itself wherever the edge does (rule A4).
 */
import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';

/**
 * @typedef {import('../js/cli/tools.js').Report} Report
 * @typedef {import('../js/cli/tools.js').Route} Route
 *
 * @typedef {object} ApiRoute
 * @property {string} path as API Gateway writes it, `/{proxy+}` for everything below
 * @property {HttpMethod[]} methods
 * @property {boolean} authorized whether a token is asked for
 */

/**
 * @param {Pick<Report, 'routes'|'api'>} report
 * @returns {ApiRoute[]}
 */
export function apiRoutes({ routes, api }) {
  const ofApi = routes.filter(({ target }) => target === 'api');
  return ofApi.flatMap((route) => {
    const methods = route.methods.filter(isHttpMethod);
    const authorized = route.access === 'authenticated';
    return paths(route.pattern, api?.strip_prefix ?? '').flatMap((path) => [
      { path, methods: methods.length > 0 ? methods : [HttpMethod.ANY], authorized },
      // A preflight never carries a token (docs/configuration.md).
      ...(authorized && route.cors?.preflight === 'forward'
        ? [{ path, methods: [HttpMethod.OPTIONS], authorized: false }]
        : []),
    ]);
  });
}

/**
 * @param {string} pattern
 * @param {string} prefix that is taken off before the API sees a path
 */
function paths(pattern, prefix) {
  const stripped =
    pattern === prefix || pattern.startsWith(`${prefix}/`) ? pattern.slice(prefix.length) : pattern;
  if (!stripped.endsWith('/*')) return [stripped || '/'];
  const above = stripped.slice(0, -2);
  return [above || '/', `${above}/{proxy+}`];
}

/**
 * @param {string} method
 * @returns {method is HttpMethod}
 */
function isHttpMethod(method) {
  return Object.values(HttpMethod).some((known) => known === method);
}
