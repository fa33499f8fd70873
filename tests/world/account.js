/**
 * The walk through a deployment in a real account. No test runs it: it is for whoever has deployed
 * (docs/deploying.md), and costs what some dozens of requests cost.
 *
 *   node --test tests/world/account.js
 *
 *   NEARHOP_OUTPUTS        the outputs file; nearhop.outputs.json if left out
 *   NEARHOP_ALICE_ACCESS   access token of one user     NEARHOP_ALICE_ID   and the ID token
 *   NEARHOP_BOB_ACCESS     access token of another
 *   NEARHOP_FOREIGN        access token of another user pool
 */
import { readFileSync } from 'node:fs';
import { describe } from 'node:test';
import { walk } from './walk.js';

const { env } = process;

/** @type {import('../../infra/known.js').Outputs} */
const outputs = JSON.parse(readFileSync(env.NEARHOP_OUTPUTS ?? 'nearhop.outputs.json', 'utf8'));
const all = Object.values(outputs);

/** @param {string} name */
function demand(name) {
  const value = env[name];
  if (!value) throw new Error(`the variable ${name} is not set; account.js says what for`);
  return value;
}

describe('the deployment', { timeout: 300_000 }, () => {
  const SITE = all.find(({ SiteUrl }) => SiteUrl)?.SiteUrl ?? '';
  const endpoints = all.flatMap(({ Endpoint }) => (Endpoint ? [new URL(Endpoint)] : []));
  const apis = new Map(endpoints.map(({ host, origin }) => [regionOf(host), origin]));
  walk({
    url: () => SITE,
    regions: () => [...apis.keys()],
    direct: async (region, path, headers) => {
      const answer = await fetch(new URL(path, apis.get(region)), { headers });
      await answer.body?.cancel();
      return answer;
    },
    signIn: async (name) => ({
      access: demand(`NEARHOP_${name.toUpperCase()}_ACCESS`),
      id: name === 'alice' ? demand('NEARHOP_ALICE_ID') : '',
    }),
    foreignToken: async () => demand('NEARHOP_FOREIGN'),
  });
});

/**
 * Of `<id>.execute-api.<region>.amazonaws.com`, or `<region>.api.<domain>`.
 *
 * @param {string} host
 */
function regionOf(host) {
  return /(?:\.execute-api\.|^)([a-z]{2}-[a-z]+-\d)\./.exec(host)?.[1] ?? host;
}
