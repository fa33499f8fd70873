/**
 * From a configuration's routes to cache behaviors and to routes of API Gateway.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiRoutes } from '../../infra/api-routes.js';
import { behaviorsFor } from '../../infra/behaviors.js';
import { check } from '../../js/cli/tools.js';

/**
 * @param {string[]} routes `PATTERN TARGET ACCESS [METHOD…]`
 * @param {{ prefix?: string, regions?: string[], more?: string }} [api]
 */
async function reportOf(
  routes,
  { prefix = '', regions = ['eu-west-1', 'us-east-1'], more = '' } = {},
) {
  const tables = routes.map((line) => {
    const [pattern, target, access, ...methods] = line.split(' ');
    const only = methods.length > 0 ? `methods = ${JSON.stringify(methods)}\n` : '';
    const keys = `pattern = "${pattern}"\ntarget = "${target}"\naccess = "${access}"\n`;
    return `[[routes]]\n${keys}${only}${more}`;
  });
  const apis = regions.map(
    (name) => `[[api.regions]]\nname = "${name}"\nendpoint = "https://a.${name}.example.com"\n`,
  );
  const checked = await check(`${tables.join('')}
[[issuers]]
user_pool = "eu-west-1_Example01"
clients = ["c"]
[api]
${prefix && `strip_prefix = "${prefix}"`}
${apis.join('')}`);
  assert.ok(checked.ok, JSON.stringify(checked));
  return checked.report;
}

/** @param {import('../../js/cli/tools.js').Report} report */
function said(report) {
  return behaviorsFor(report).map(
    ({ pattern, kind, failsOver }) => `${pattern} ${kind}${failsOver ? ' twice' : ''}`,
  );
}

test('a pattern includes what is above it, and sign-in paths come first', async () => {
  const report = await reportOf(['/api/* api authenticated']);
  assert.deepEqual(said(report), ['/_nearhop/* sign-in', '/api/* api', '/api api']);
});

test('the most specific pattern takes precedence, wherever it stands', async () => {
  const report = await reportOf([
    '/api/* api authenticated',
    '/api/docs/* site public',
    '/api/docs/{page}/raw api public',
  ]);
  assert.deepEqual(said(report).slice(1), [
    '/api/docs/*/raw api',
    '/api/docs/* site',
    '/api/docs site',
    '/api/* api',
    '/api api',
  ]);
});

test('a behavior that a wider one says as well is left out', async () => {
  const report = await reportOf([
    '/api/* api authenticated',
    '/api/admin/* api authenticated',
    '/about site public',
  ]);
  assert.deepEqual(said(report), ['/_nearhop/* sign-in', '/api/* api', '/api api']);
});

test('F3: only routes that merely read get the origin group', async () => {
  const report = await reportOf([
    '/api/* api authenticated',
    '/api/prices api public GET HEAD',
    '/api/orders api authenticated GET POST',
  ]);
  assert.deepEqual(said(report), [
    '/_nearhop/* sign-in',
    '/api/prices api twice',
    '/api/* api',
    '/api api',
  ]);
});

test('with one Region there is no second leg', async () => {
  const report = await reportOf(['/api/* api public GET'], { regions: ['eu-west-1'] });
  assert.deepEqual(said(report), ['/_nearhop/* sign-in', '/api/* api', '/api api']);
});

test('API Gateway has the paths that the edge leaves of them', async () => {
  const report = await reportOf(
    ['/api/* api authenticated', '/api/health api public GET HEAD', '/api/users/{id} api public'],
    { prefix: '/api' },
  );
  assert.deepEqual(apiRoutes(report), [
    { path: '/', methods: ['ANY'], authorized: true },
    { path: '/{proxy+}', methods: ['ANY'], authorized: true },
    { path: '/health', methods: ['GET', 'HEAD'], authorized: false },
    { path: '/users/{id}', methods: ['ANY'], authorized: false },
  ]);
});

test('a prefix that is no path of its own stays', async () => {
  const report = await reportOf(['/apis/* api authenticated'], { prefix: '/api' });
  assert.deepEqual(
    apiRoutes(report).map(({ path }) => path),
    ['/apis', '/apis/{proxy+}'],
  );
});

test('preflights that are forwarded need no token', async () => {
  const more = '[routes.cors]\npreflight = "forward"\norigins = ["https://a.example.com"]\n';
  const report = await reportOf(['/x api authenticated GET'], { more });
  assert.deepEqual(apiRoutes(report), [
    { path: '/x', methods: ['GET'], authorized: true },
    { path: '/x', methods: ['OPTIONS'], authorized: false },
  ]);
});
