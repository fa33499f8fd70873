/**
 * The world without Python: in place of AWS, processes of ours. Each Region's API runs the function
 * in api/ behind a JWT authorizer; data are in memory, the user pool is a pair of keys.
 */
import { randomBytes } from 'node:crypto';
import { knownFrom } from '../../infra/known.js';
import { namesFor } from '../../infra/names.js';
import { startApis } from './apis.js';
import { startIssuer } from './issuer.js';
import { openPool } from './pool.js';
import { startStores } from './stores.js';
import { synthesizedEdge } from './synthesized.js';

/**
 * @param {import('./backend.js').BackendOptions} options
 * @returns {Promise<import('./backend.js').Backend>}
 */
export async function startLight(options) {
  const { report, settings, state, onExit } = options;
  const known = knownFrom(settings, report, {}, { placeholders: true });
  const template = await synthesizedEdge(options);
  /** @type {(() => Promise<void>)[]} */
  const ends = [];
  const close = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const [{ issuer, clients }] = report.issuers;
    const pool = await openPool(issuer, state);
    const keys = await startIssuer([pool]);
    ends.push(keys.close);
    const stores = await startStores();
    ends.push(stores.close);
    const jwksUrl = keys.jwksUrls[issuer];
    const asked = report.api?.origin_secret;
    const secret = asked ? randomBytes(32).toString('base64url') : undefined;
    const { apis, close: endApis } = await startApis(report.api?.regions ?? [], {
      secret: asked && secret ? { header: asked.header, value: secret } : undefined,
      authorizer: { issuer, audience: clients, jwksUrl },
      stores,
      onExit,
    });
    ends.push(endApis);
    return {
      known,
      apis,
      template,
      edgeFunction: namesFor(settings).edgeFunction,
      jwksUrl,
      secret,
      files: stores.url,
      lines: [
        `light    no AWS here: stand-ins for the user pool, the table and the buckets, in memory`,
        `keys     ${issuer} → ${jwksUrl}`,
        `data     ${stores.url}`,
      ],
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
