/**
 * What the tests of the API share: the handler over data in memory, and events as API Gateway
 * makes them.
 */
import { makeHandler } from '../../api/handler.mjs';
import { memoryDocuments } from '../../js/local/stores.js';

export const NOW = Date.UTC(2026, 0, 31, 12, 0, 0);

/**
 * @typedef {object} Call
 * @property {string | null} [user] `sub` of the verified token; null: no authorizer ran
 * @property {Record<string, string>} [claims] more of them
 * @property {Record<string, string>} [headers]
 * @property {unknown} [json] body
 * @property {string} [text] body, as it is
 * @property {string} [stage]
 *
 * @typedef {{ status: number, headers: Record<string, any>, json: any, text: string | undefined }}
 *   Answer
 */

/**
 * @param {Partial<import('../../api/handler.mjs').Parts>} [parts]
 */
export function api(parts = {}) {
  /** @type {any[]} */
  const lines = [];
  let now = NOW;
  const handler = makeHandler({
    region: 'eu-west-1',
    regions: ['us-east-1', 'eu-west-1'],
    documents: memoryDocuments(),
    objects: memoryObjects('eu-west-1'),
    clock: () => (now += 1_000),
    log: (line) => void lines.push(line),
    ...parts,
  });
  /**
   * @param {string} asked such as `GET /notes?limit=2`
   * @param {Call} [call]
   * @returns {Promise<Answer>}
   */
  async function ask(asked, call) {
    const { statusCode = 0, headers = {}, body } = await handler(event(asked, call));
    const json = body === undefined ? undefined : JSON.parse(body);
    return { status: statusCode, headers, json, text: body };
  }
  return { ask, lines };
}

/**
 * @param {string} asked
 * @param {Call} [call]
 * @returns {any}
 */
export function event(asked, { user = 'ada', claims, headers, json, text, stage = 'prod' } = {}) {
  const [method, target] = asked.split(' ');
  const [path, query = ''] = target.split('?');
  const rawPath = stage === '$default' ? path : `/${stage}${path}`;
  const body = json === undefined ? text : JSON.stringify(json);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: query,
    headers: { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    requestContext: {
      requestId: 'request-1',
      stage,
      http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: '' },
      ...(user === null ? {} : { authorizer: { jwt: { claims: { sub: user, ...claims } } } }),
    },
    ...(body === undefined ? {} : { body }),
    isBase64Encoded: false,
  };
}

/**
 * Objects of which only what the API knows of them is kept. `put` is the browser's part.
 *
 * @param {string} region
 * @param {Map<string, { type: string, size: number }>} [stored] shared by Regions
 */
export function memoryObjects(region, stored = new Map()) {
  /** @param {import('../../api/objects.mjs').Place} place */
  const at = ({ region: where, bucket, key }) => `${where}/${bucket}/${key}`;
  return {
    stored,
    /** @param {string} key */
    here: (key) => ({ region, bucket: `data-${region}`, key }),
    /** @type {import('../../api/objects.mjs').Objects['upload']} */
    async upload(place, { type, size, seconds }) {
      const url = `https://s3.test/${at(place)}?size=${size}&seconds=${seconds}`;
      return { method: 'PUT', url, headers: { 'content-type': type } };
    },
    /** @type {import('../../api/objects.mjs').Objects['download']} */
    async download(place, seconds) {
      return `https://s3.test/${at(place)}?seconds=${seconds}`;
    },
    /** @type {import('../../api/objects.mjs').Objects['head']} */
    async head(place) {
      return stored.get(at(place));
    },
    /** @type {import('../../api/objects.mjs').Objects['remove']} */
    async remove(place) {
      stored.delete(at(place));
    },
  };
}
