/**
 * What `npm start` makes of a configuration and says of each request; what the demo page relies on.
 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { chooseBehavior } from '../../js/cloudfront/behaviors.js';
import { CloudFrontError } from '../../js/cloudfront/error.js';
import { EDGE_REGIONS } from '../../js/cloudfront/regions.js';
import { distributionFor } from '../../js/local/distribution.js';
import { outcomeOf, toJson, toText } from '../../js/local/report.js';
import { EDGES } from '../../www/edges.js';

/** @type {import('../../js/cloudfront/exchange.js').Decision} */
const DECISION = {
  time: '2026-11-23T11:14:15.090Z',
  requestId: 'id',
  edge: 'sa-east-1',
  method: 'GET',
  path: '/api/hello',
  status: 200,
  answeredBy: 'origin',
  origin: { kind: 'custom', domainName: 'a.example.test' },
  headers: { 'x-nearhop-region': [{ value: 'us-east-1' }], 'x-nearhop-reason': [{ value: 'rtt' }] },
  body: undefined,
  error: undefined,
  logs: [{ trigger: 'viewer-request', line: '{"a":1}' }],
  ms: 12.34,
};
const REFUSED = {
  ...DECISION,
  status: 401,
  answeredBy: /** @type {const} */ ('viewer-request'),
  origin: undefined,
  headers: {},
  body: '{"error":"token_expired"}',
};
const plain = (/** @type {string} */ text) => text;
const PLAIN = { bold: plain, red: plain, yellow: plain, green: plain, faint: plain };

describe('a decision', () => {
  it('in one line of text', () => {
    assert.deepEqual(toText(DECISION, PLAIN).split('\n'), [
      '11:14:15.090  sa-east-1       GET   /api/hello  200  api us-east-1 (rtt)  12.3 ms',
      '    viewer-request: {"a":1}',
    ]);
  });

  it('in one line of JSON', () => {
    const line = toJson(DECISION);
    assert.doesNotMatch(line, /\n/);
    assert.deepEqual(JSON.parse(line), {
      time: DECISION.time,
      edge: 'sa-east-1',
      method: 'GET',
      path: '/api/hello',
      status: 200,
      outcome: 'api',
      region: 'us-east-1',
      reason: 'rtt',
      answered_by: 'origin',
      ms: 12.3,
      request_id: 'id',
      logs: DECISION.logs,
    });
  });

  it('has an outcome', () => {
    const site = {
      ...DECISION,
      headers: {},
      origin: { kind: /** @type {const} */ ('s3'), domainName: 'b' },
    };
    assert.deepEqual(outcomeOf(site), { outcome: 'site' });
    assert.deepEqual(outcomeOf(REFUSED), { outcome: 'refused', code: 'token_expired' });
    assert.deepEqual(outcomeOf({ ...REFUSED, body: '<html>' }), {
      outcome: 'refused',
      code: undefined,
    });
    assert.deepEqual(outcomeOf({ ...REFUSED, status: 204 }), { outcome: 'answered' });
    const error = new CloudFrontError(502, 'LambdaValidationError', 'm', { rule: 'W7' });
    assert.deepEqual(outcomeOf({ ...REFUSED, error }), {
      outcome: 'failed',
      code: 'LambdaValidationError W7',
    });
  });

  it('tells the developer what the function threw', () => {
    const error = new CloudFrontError(503, 'LambdaExecutionError', 'm', {
      rule: 'F1',
      cause: 'Error: x\n    at y',
    });
    const text = toText({ ...REFUSED, error }, PLAIN);
    assert.match(text, /rule +F1/);
    assert.match(text, /Error: x\n.*at y/);
  });

  it('gives a viewer no hold on the terminal', () => {
    const evil = {
      ...DECISION,
      path: '/\u001b[2J\u009b1m',
      logs: [{ ...DECISION.logs[0], line: '\u001b]0;x\u0007' }],
    };
    assert.doesNotMatch(toText(evil, PLAIN), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });
});

describe('the distribution of a configuration', () => {
  const region = (/** @type {string} */ name) => ({
    name,
    title: '',
    domain_name: `${name}.example.test`,
    path: '/prod',
  });
  /** @type {any} */
  const report = {
    site: { viewer_request_attached: false },
    routes: [
      { pattern: '/api/*', target: 'api' },
      { pattern: '/users/{id}/trips', target: 'api' },
      { pattern: '/members/*', target: 'site' },
    ],
    api: {
      strip_prefix: null,
      origin_secret: null,
      regions: [region('eu-west-1'), region('us-east-1')],
    },
  };

  it('sends the routes of the API, and only these, to the first API Region', () => {
    const { origins, behaviors } = distributionFor(report);
    assert.equal(origins.api.custom?.domainName, 'eu-west-1.example.test');
    assert.equal(origins.api.custom?.path, '/prod');
    const originOf = (/** @type {string} */ path) => chooseBehavior(behaviors, path).origin;
    assert.equal(originOf('/api'), 'api');
    assert.equal(originOf('/api/x/y'), 'api');
    assert.equal(originOf('/users/7/trips'), 'api');
    assert.equal(originOf('/users/7'), 'site');
    assert.equal(originOf('/members/x'), 'site');
    assert.equal(originOf('/apix'), 'site');
  });

  it('P2: lets tokens through to an origin-request that is to verify them', () => {
    const policy = (/** @type {boolean} */ attached) =>
      distributionFor({ ...report, site: { viewer_request_attached: attached } }).behaviors.at(-1)
        ?.policy;
    assert.equal(policy(false), 'all-viewer-except-host');
    assert.equal(policy(true), 'none');
  });

  it('without an API is the site', () => {
    const { origins, behaviors } = distributionFor({ ...report, api: null });
    assert.deepEqual(origins, {});
    assert.deepEqual(
      behaviors.map(({ origin }) => origin),
      ['site'],
    );
  });
});

describe('the demo page', () => {
  const page = readFileSync(new URL('../../www/index.html', import.meta.url), 'utf8');

  it('knows the same edge Regions', () => {
    assert.deepEqual(EDGES, [...EDGE_REGIONS]);
  });

  it('has nothing inline or from elsewhere that a strict policy would stop', () => {
    assert.doesNotMatch(page, /<style|\sstyle=|\son[a-z]+=|javascript:/i);
    assert.doesNotMatch(page, /<script(?![^>]*\ssrc="\/)/);
    const urls = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, url]) => url);
    assert.ok(urls.length >= 4);
    for (const url of urls) assert.match(url, /^\/(?!\/)/);
    for (const name of readdirSync(new URL('../../www', import.meta.url))) {
      const text = readFileSync(new URL(`../../www/${name}`, import.meta.url), 'utf8');
      assert.doesNotMatch(text.replaceAll('http://www.w3.org/2000/svg', ''), /https?:\/\//, name);
    }
  });

  it('has every element its script asks for', () => {
    const script = readFileSync(new URL('../../www/app.js', import.meta.url), 'utf8');
    const wanted = [...script.matchAll(/find\('([\w-]+)'\)/g)].map(([, id]) => id);
    assert.ok(wanted.length > 10);
    for (const id of wanted) assert.match(page, new RegExp(`id="${id}"`), id);
  });
});
