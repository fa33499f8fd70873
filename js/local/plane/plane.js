/**
 * The deployed world on this machine: one process that has everything there is once (user pool,
 * table, files, secret), and one for each API Region, which has API Gateway and the function.
 *
 * A Region's process starts with a copy of what was deployed. So its API Gateway knows the user
 * pool's keys, as AWS's would fetch them, and its end is an outage of that Region alone: data stay.
 */
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readSecret } from '../../../infra/aws-access.js';
import { knownFrom } from '../../../infra/known.js';
import { namesFor } from '../../../infra/names.js';
import { answerFor } from '../gone.js';
import { startMinistack } from './ministack.js';
import { SITE_URL, accessTo, dataOf, snapshotOf } from './snapshot.js';
import { planeTools } from './tools.js';
import { moveSite } from './users.js';

/**
 * @typedef {import('../backend.js').Backend} Backend
 * @typedef {import('../backend.js').BackendOptions} BackendOptions
 * @typedef {import('./users.js').Pool} Pool
 */

/**
 * Deploys where that has not been done, then starts what was deployed. What is written while it
 * runs is gone when it ends: every start begins with the same world.
 *
 * @param {BackendOptions} options
 * @returns {Promise<Backend & { pool: Pool }>}
 * @throws {import('../../cli/fault.js').CommandFault}
 */
export async function startPlane(options) {
  const { report, settings, folder, siteUrl, onProgress, onExit } = options;
  const regions = report.api?.regions.map(({ name }) => name) ?? [];
  const tools = await planeTools(onProgress);
  const { folder: snapshot, outputs, users } = await snapshotOf({ ...options, regions, tools });
  const names = namesFor(settings);
  const known = knownFrom(settings, report, outputs, { siteUrl });

  /** @type {(() => Promise<void> | void)[]} */
  const ends = [];
  const close = async () => void (await Promise.all(ends.splice(0).map((end) => end())));
  try {
    const home = await startMinistack({
      tools,
      folder: await copyOf(snapshot, join(folder, 'home'), ['state', 'objects']),
      onExit: (how) => onExit('aws', how),
    });
    ends.push(home.close);
    const apis = await Promise.all(
      regions.map(async (region) => {
        const own = join(folder, region);
        const ministack = await startMinistack({
          tools,
          folder: await copyOf(snapshot, own, ['state']),
          awsAt: home.url,
          onExit(how) {
            ends.push(answerFor(ministack.port).close);
            onExit(region, how);
          },
        });
        ends.push(ministack.close);
        const { host } = new URL(known.endpoints?.[region] ?? '');
        const { ApiId: id } = outputs[names.stacks.api(region)];
        return {
          region,
          host,
          // The way of addressing an API that leaves `Host`, and all of the path, to the API.
          url: `${ministack.url}/_aws/execute-api/${id}/$default`,
          pid: ministack.pid,
        };
      }),
    );
    const secret = { name: names.secret, region: regions[0], env: accessTo(home.url) };
    const { UserPoolId: id, UserPoolClientId: client } = dataOf(outputs);
    const pool = { url: home.url, id, client };
    const { ClientSecret: clientSecret } = await moveSite(pool, { from: SITE_URL, to: siteUrl });
    return {
      // ministack answers itself where Cognito has a domain for each pool.
      known: { ...known, userPool: { id, client, domain: home.url } },
      apis,
      template: join(snapshot, 'cdk.out'),
      stack: names.stacks.edge,
      edgeFunction: names.edgeFunction,
      nodes: { 'nodejs24.x': join(tools.node, 'node') },
      jwksUrl: `${home.url}/${id}/.well-known/jwks.json`,
      secret: report.api?.origin_secret ? await readSecret(secret) : undefined,
      clientSecret,
      files: home.url,
      lines: [
        `aws      ${home.url}: what there is once for all Regions, process ${home.pid}`,
        `pool     ${id}, client ${client}`,
      ],
      pool,
      users,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * @param {string} snapshot
 * @param {string} folder
 * @param {string[]} parts
 */
async function copyOf(snapshot, folder, parts) {
  await mkdir(folder, { recursive: true });
  for (const part of parts) await cp(join(snapshot, part), join(folder, part), { recursive: true });
  return folder;
}
