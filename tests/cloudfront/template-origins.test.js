/**
 * Origins and origin groups: what a template may not say of them.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { describeFaults, errorOf } from './templates/faults.js';

/** @typedef {import('./templates/site.js').Parts} Parts */
/** @typedef {import('./templates/faults.js').Fault} Fault */

/** @param {Parts} parts @param {string} name @param {any} [value] */
function addHeader({ api }, name, value = 'x') {
  api.OriginCustomHeaders.push({ HeaderName: name, HeaderValue: value });
}

/** @type {Fault[]} */
const ORIGINS = [
  {
    rule: 'E5',
    name: 'an origin is of one kind',
    change: ({ api }) => (api.S3OriginConfig = {}),
    at: 'Origins[0]',
    found: 'CustomOriginConfig and S3OriginConfig',
  },
  {
    rule: 'E5',
    name: 'an origin is of some kind',
    change: ({ api }) => delete api.CustomOriginConfig,
    at: 'Origins[0]',
    found: 'none',
  },
  ...['https://api.example.com', 'api.example.com:8080', '127.0.0.1', 'localhost'].map(
    (name) => ({
      rule: 'E6',
      name: `${name} is no domain name of an origin`,
      change: (/** @type {Parts} */ { api }) => (api.DomainName = name),
      at: 'Origins[0].DomainName',
      found: JSON.stringify(name),
      allowed: 'DNS name',
    }),
  ),
  {
    rule: 'E6',
    name: 'a domain name has at most 253 characters',
    change: ({ api }) => (api.DomainName = `${'a.'.repeat(126)}com`),
    at: 'Origins[0].DomainName',
    found: 'a.a.',
  },
  ...['live', '/live/', '/live?x', `/${'a'.repeat(255)}`].map((path) => ({
    rule: 'E6',
    name: `${path.slice(0, 8)} (${path.length} characters) is no path of an origin`,
    change: (/** @type {Parts} */ { api }) => (api.OriginPath = path),
    at: 'Origins[0].OriginPath',
    found: path.slice(0, 5),
  })),
  {
    rule: 'E6',
    name: 'ports below 1024 are 80 and 443',
    change: ({ api }) => (api.CustomOriginConfig.HTTPPort = 81),
    at: 'CustomOriginConfig.HTTPPort',
    found: '81',
    allowed: '80, 443 or 1024 to 65535',
  },
  {
    rule: 'E6',
    name: 'TLSv1.3 is not among the protocols to origins',
    change: ({ api }) => (api.CustomOriginConfig.OriginSSLProtocols = ['TLSv1.3']),
    at: 'OriginSSLProtocols[0]',
    found: '"TLSv1.3"',
    allowed: 'TLSv1.2',
  },
  {
    rule: 'E6',
    name: 'connections are kept for 120 seconds at most',
    change: ({ api }) => (api.CustomOriginConfig.OriginKeepaliveTimeout = 121),
    at: 'CustomOriginConfig.OriginKeepaliveTimeout',
    found: '121',
  },
  {
    rule: 'E7',
    name: 'a website endpoint is no S3 origin',
    change: ({ bucket }) =>
      (bucket.DomainName = 'site.s3-website-eu-west-1.amazonaws.com'),
    at: 'Origins[1].DomainName',
    found: 's3-website',
  },
  ...[0, 4, 1.5, 'two'].map((attempts) => ({
    rule: 'F6',
    name: `connection attempts are not ${attempts}`,
    change: (/** @type {Parts} */ { api }) => (api.ConnectionAttempts = attempts),
    at: 'Origins[0].ConnectionAttempts',
    found: String(attempts),
    allowed: '1 to 3',
  })),
  {
    rule: 'F6',
    name: 'connecting takes at most 10 seconds',
    change: ({ bucket }) => (bucket.ConnectionTimeout = 11),
    at: 'Origins[1].ConnectionTimeout',
    found: '11',
    allowed: '1 to 10 seconds',
  },
  {
    rule: 'F6',
    name: 'an answer is waited for at most 120 seconds',
    change: ({ api }) => (api.CustomOriginConfig.OriginReadTimeout = 121),
    at: 'CustomOriginConfig.OriginReadTimeout',
    found: '121',
  },
  {
    rule: 'S1',
    name: 'an access control of another kind does not sign for a bucket',
    change: ({ resources }) => {
      const { OriginAccessControlConfig: config } = resources.Access.Properties;
      config.OriginAccessControlOriginType = 'lambda';
    },
    at: 'OriginAccessControlConfig.OriginAccessControlOriginType',
    found: '"lambda"',
    allowed: 's3',
  },
  {
    name: 'an id for each origin',
    change: ({ bucket }) => (bucket.Id = 'api'),
    at: 'Origins[1].Id',
    found: '"api" again',
  },
  {
    name: 'an origin',
    change: ({ config }) => (config.Origins = []),
    at: 'Origins',
    found: 'no origins',
  },
  {
    name: 'an access control or an access identity',
    change: ({ bucket }) =>
      (bucket.S3OriginConfig.OriginAccessIdentity = 'origin-access-identity/cloudfront/E1'),
    at: 'S3OriginConfig.OriginAccessIdentity',
    found: 'origin-access-identity',
  },
  {
    name: 'a whole answer that takes no less than a part of it',
    change: ({ api }) => (api.ResponseCompletionTimeout = 29),
    at: 'Origins[0].ResponseCompletionTimeout',
    found: '29',
    allowed: '30 or more',
  },
];

/** @type {Fault[]} */
const GROUPS = [
  {
    rule: 'F3',
    name: 'an origin group has not three members',
    change: ({ group, config }) => {
      const { Id: _, ...rest } = config.Origins[0];
      config.Origins.push({ Id: 'third', ...rest });
      group.Members.Items.push({ OriginId: 'third' });
    },
    at: 'Items[0].Members.Items',
    found: 'bucket, api, third',
    allowed: 'two origins',
  },
  {
    rule: 'F3',
    name: 'an origin group has not one member',
    change: ({ group }) => group.Members.Items.pop(),
    at: 'Items[0].Members.Items',
    found: 'bucket',
  },
  {
    rule: 'F3',
    name: 'members of a group differ',
    change: ({ group }) => (group.Members.Items[1].OriginId = 'bucket'),
    at: 'Items[0].Members.Items',
    found: 'bucket, bucket',
  },
  {
    rule: 'F3',
    name: 'a member is an origin of the distribution',
    change: ({ group }) => (group.Members.Items[1].OriginId = 'apis'),
    at: 'Members.Items[1].OriginId',
    found: '"apis"',
    allowed: 'api, bucket',
  },
  {
    rule: 'F3',
    name: 'only some statuses fail over',
    change: ({ group }) => group.FailoverCriteria.StatusCodes.Items.push(401),
    at: 'StatusCodes.Items[2]',
    found: '401',
    allowed: '400, 403, 404, 416, 429, 500, 502, 503, 504',
  },
  {
    rule: 'F3',
    name: 'some status fails over',
    change: ({ group }) => (group.FailoverCriteria.StatusCodes.Items = []),
    at: 'StatusCodes.Items',
    found: 'none',
  },
  {
    rule: 'F3',
    name: 'no writes to an origin group',
    change: ({ standard, behavior }) => (standard.AllowedMethods = behavior.AllowedMethods),
    at: 'DefaultCacheBehavior.AllowedMethods',
    found: 'methods that write',
  },
];

/** @type {Fault[]} */
const CUSTOM_HEADERS = [
  {
    rule: 'W10',
    name: 'at most 30 custom headers',
    change: (parts) => {
      for (let index = 0; index < 30; index += 1) addHeader(parts, `X-${index}`);
    },
    at: 'Origins[0].OriginCustomHeaders',
    found: '31 headers',
  },
  {
    rule: 'W10',
    name: 'names of at most 256 characters',
    change: (parts) => addHeader(parts, 'x'.repeat(257)),
    at: 'OriginCustomHeaders[1].HeaderName',
    found: '257 characters',
  },
  {
    rule: 'W10',
    name: 'values of at most 1,783 characters',
    change: (parts) => addHeader(parts, 'X-Long', 'v'.repeat(1_784)),
    at: 'OriginCustomHeaders[1].HeaderValue',
    found: '1784 characters',
  },
  {
    rule: 'W10',
    name: 'at most 10,240 characters in all',
    change: (parts) => {
      for (const name of 'abcdef') addHeader(parts, name, 'v'.repeat(1_783));
    },
    at: 'Origins[0].OriginCustomHeaders',
    found: '10714 characters in all',
  },
  ...['Host', 'cookie', 'X-Edge-Region', 'X-Amz-Meta'].map((name) => ({
    name: `${name} is no custom header`,
    change: (/** @type {Parts} */ parts) => addHeader(parts, name),
    at: 'OriginCustomHeaders[1].HeaderName',
    found: JSON.stringify(name),
  })),
  {
    name: 'a custom header once, in whatever case',
    change: (parts) => addHeader(parts, 'x-leg'),
    at: 'OriginCustomHeaders[1].HeaderName',
    found: '"x-leg" again',
  },
  {
    name: 'a custom header of one line',
    change: (parts) => addHeader(parts, 'X-Two', 'a\r\nX-Three: b'),
    at: 'OriginCustomHeaders[1].HeaderValue',
    found: 'a line break',
  },
];

describeFaults('an origin', ORIGINS);
describeFaults('an origin group', GROUPS);
describeFaults('a custom header of an origin', CUSTOM_HEADERS);

it('W10: no message holds the value of a custom header', async () => {
  for (const value of ['s3cret'.repeat(300), 's3cret\n', { s3cret: 1 }, ['s3cret']]) {
    const error = await errorOf((parts) => addHeader(parts, 'X-Key', value));
    assert.doesNotMatch(error.message, /s3cret/);
  }
});
