/**
 * The two things a deployment asks AWS for beside what the CDK does: the origin secret, and to take
 * the site's files.
 */
import { readFile, readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import aws4 from 'aws4';
import { lookup } from 'mrmime';
import { CommandFault } from '../js/cli/fault.js';

/** @typedef {Record<string, string | undefined>} Env with AWS's own variables in it */

/** Pages are asked for again each time; what they refer to may be five minutes old. */
const CACHE_CONTROL = { page: 'no-cache', other: 'public, max-age=300' };

/**
 * The value of a secret, from Secrets Manager.
 *
 * @param {{ name: string, region: string, env: Env }} which
 * @returns {Promise<string>}
 * @throws {CommandFault} `outside` where it cannot be had
 */
export async function readSecret({ name, region, env }) {
  const endpoint = new URL(
    env.AWS_ENDPOINT_URL ?? `https://secretsmanager.${region}.amazonaws.com`,
  );
  const request = aws4.sign(
    {
      service: 'secretsmanager',
      region,
      host: endpoint.host,
      path: '/',
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'secretsmanager.GetSecretValue',
      },
      body: JSON.stringify({ SecretId: name }),
    },
    await credentialsOf(region, env),
  );
  const { Host: _host, 'Content-Length': _length, ...headers } = request.headers ?? {};
  const answer = await fetch(new URL('/', endpoint), {
    method: 'POST',
    headers: /** @type {Record<string, string>} */ (headers),
    body: request.body,
    redirect: 'error',
    signal: AbortSignal.timeout(10_000),
  }).catch((cause) => {
    const message = `the secret ${name} cannot be read: ${endpoint.host} does not answer`;
    throw new CommandFault('outside', message, { cause });
  });
  const said = /** @type {{ SecretString?: string, __type?: string }} */ (
    await answer.json().catch(() => ({}))
  );
  const { SecretString, __type: type = '' } = said;
  if (answer.ok && SecretString) return SecretString;
  const why = `${answer.status} ${type.split('#').pop()}`.trim();
  const advice = 'whoever deploys needs secretsmanager:GetSecretValue';
  throw new CommandFault('outside', `the secret ${name} cannot be read (${why}); ${advice}`);
}

/**
 * Puts every file of a folder into a bucket, the pages last: a page that is there has all it refers
 * to. Files that are gone from the folder stay in the bucket, for pages that are still open.
 *
 * @param {{ folder: string, bucket: string, region: string, env: Env }} what
 * @returns {Promise<number>} how many files
 */
export async function uploadSite({ folder, bucket, region, env }) {
  const s3 = new S3Client({
    region,
    credentials: givenCredentials(env),
    endpoint: env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL,
    forcePathStyle: Boolean(env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL),
  });
  try {
    const files = await filesOf(folder);
    const isPage = (/** @type {string} */ file) => file.endsWith('.html');
    for (const file of [...files.filter((file) => !isPage(file)), ...files.filter(isPage)]) {
      await s3.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: relative(folder, file).split(sep).join('/'),
          Body: await readFile(file),
          ContentType: contentType(file),
          CacheControl: isPage(file) ? CACHE_CONTROL.page : CACHE_CONTROL.other,
        }),
      );
    }
    return files.length;
  } finally {
    s3.destroy();
  }
}

/** @param {string} folder */
async function filesOf(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause) => {
    const allowed = 'the setting site names a folder with the site';
    throw new CommandFault('configuration', `there is no folder ${folder}; ${allowed}`, { cause });
  });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/** @param {string} file */
function contentType(file) {
  const type = lookup(file) ?? 'application/octet-stream';
  return /^text\/|\/(javascript|json|xml)$|\+(json|xml)$/.test(type)
    ? `${type}; charset=utf-8`
    : type;
}

/**
 * From wherever AWS's SDK has them: the environment, a profile, SSO, the machine.
 *
 * @param {string} region
 * @param {Env} env
 */
async function credentialsOf(region, env) {
  const client = new S3Client({ region, credentials: givenCredentials(env) });
  try {
    return await client.config.credentials();
  } catch (cause) {
    const message = 'there are no AWS credentials; sign in (aws sso login), or set AWS_PROFILE';
    throw new CommandFault('outside', message, { cause });
  } finally {
    client.destroy();
  }
}

/** @param {Env} env */
function givenCredentials({ AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN }) {
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) return undefined;
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    sessionToken: AWS_SESSION_TOKEN,
  };
}
