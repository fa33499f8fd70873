/**
 * The distribution that faults are tried on: APIs in four Regions, of which two are origins, and
 * reads that have a second leg (rule F4).
 */
import { API_TRIGGERS, behavior, nearhopTemplate } from '../cloudfront/nearhop-template.js';

/** The API's Regions: who serves, by which name. */
export const REGIONS = ['us-east-1', 'eu-west-1', 'eu-central-1', 'ap-northeast-1'];

/** Of them, those that residents of the EU may be served by. */
export const EU = ['eu-west-1', 'eu-central-1'];

/** @param {string} region */
export const hostOf = (region) => `api.${region}.example.com`;

const READS = ['GET', 'HEAD', 'OPTIONS'];
const FAILOVER = [502, 503, 504];

/**
 * @param {number} readTimeout seconds until CloudFront gives up on an API that says nothing
 * @returns {object} a CloudFormation template
 */
export function templateOf(readTimeout) {
  const [first, second] = REGIONS.map(hostOf);
  const custom = customWith(readTimeout);
  const leg = [{ HeaderName: 'x-nearhop-leg', HeaderValue: '2' }];
  const apis = [
    { Id: 'api', DomainName: first, ...custom },
    { Id: 'api-2', DomainName: second, ...custom, OriginCustomHeaders: leg },
  ];
  return nearhopTemplate(apis, {
    groups: [group('either', 'api', 'api-2')],
    behaviors: [{ PathPattern: '/api/read/*', ...behavior('either', API_TRIGGERS, READS) }],
  });
}

/** @param {number} readTimeout */
function customWith(readTimeout) {
  const config = { OriginProtocolPolicy: 'https-only', OriginReadTimeout: readTimeout };
  return { CustomOriginConfig: config, ConnectionAttempts: 1, ConnectionTimeout: 1 };
}

/**
 * @param {string} Id
 * @param {string[]} members ids of origins
 */
function group(Id, ...members) {
  return {
    Id,
    FailoverCriteria: { StatusCodes: { Quantity: FAILOVER.length, Items: FAILOVER } },
    Members: { Quantity: 2, Items: members.map((OriginId) => ({ OriginId })) },
  };
}
