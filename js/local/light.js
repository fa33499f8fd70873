/**
 * The world without Python: in place of AWS, processes of ours. Each Region's API runs the function
 * in api/ behind a JWT authorizer; data are in memory, the user pool is keys and a sign-in page.
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
  const { report, settings, state, siteUrl, signIn, onExit } = options;
  const known = knownFrom(settings, report, {}, { placeholders: true, siteUrl });
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
    const [client] = clients;
    const clientSecret = signIn?.clientSecretEnv && newSecret();
    const who = { pool, client, clientSecret, siteUrl };
    const domain = signIn && (await startSignIn({ ...who, signIn }));
    if (domain) ends.push(domain.close);
    const stores = await startStores();
    ends.push(stores.close);
    const jwksUrl = keys.jwksUrls[issuer];
    const asked = report.api?.origin_secret;
    const secret = asked ? newSecret() : undefined;
    const { apis, close: endApis } = await startApis(report.api?.regions ?? [], {
      secret: asked && secret ? { header: asked.header, value: secret } : undefined,
      authorizer: { issuer, audience: clients, jwksUrl },
      stores,
      onExit,
    });
    ends.push(endApis);
    return {
      known: { ...known, userPool: { id: pool.id, client, domain: domain?.url } },
      apis,
      template,
      edgeFunction: namesFor(settings).edgeFunction,
      jwksUrl,
      users: domain?.users,
      secret,
      clientSecret,
      files: stores.url,
      lines: [
        `light    no AWS here: stand-ins for the user pool, the table and the buckets, in memory`,
        `keys     ${issuer} → ${jwksUrl}`,
        ...(domain ? [`sign-in  ${domain.url}: the user pool's domain`] : []),
        `data     ${stores.url}`,
      ],
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * The OpenID provider behind it is loaded only where it is needed.
 *
 * @param {Parameters<typeof import('./light-sign-in.js').startLightSignIn>[0]} options
 */
async function startSignIn(options) {
  const { startLightSignIn } = await import('./light-sign-in.js');
  return startLightSignIn(options);
}

function newSecret() {
  return randomBytes(32).toString('base64url');
}
