/**
 * Distinct tokens in great number, minted by processes of their own.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const MINT = fileURLToPath(new URL('./children/mint.js', import.meta.url));

/** The user pool of nearhop.toml. */
export const ISSUER = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Nearhop01';

/** The client that its tokens are for. */
export const CLIENT = 'nearhopdemo0client';

/** What a good token is minted by: a day long, since a run takes minutes. */
export const WISH = { client: CLIENT, groups: ['staff'], ttl: 86_400 };

/**
 * @param {string} keys the folder that the pool's keys are in
 * @param {import('../js/local/pool.js').TokenUse} use
 * @param {number} count
 * @param {(done: number) => void} [onProgress]
 * @returns {Promise<string[]>}
 */
export async function mintMany(keys, use, count, onProgress = () => {}) {
  const processes = Math.min(availableParallelism(), count);
  let done = 0;
  const each = Array.from({ length: processes }, async (_, i) => {
    const share = Math.floor(count / processes) + (i < count % processes ? 1 : 0);
    return mintShare([keys, use, String(share)], (minted) => onProgress((done += minted)));
  });
  return (await Promise.all(each)).flat();
}

/**
 * @param {string[]} args
 * @param {(minted: number) => void} onProgress
 * @returns {Promise<string[]>}
 */
async function mintShare(args, onProgress) {
  const child = spawn(process.execPath, [MINT, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  let text = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    text += chunk;
    onProgress(chunk.split('\n').length - 1);
  }
  const status = await ended;
  if (status !== 0) throw new Error(`minting ended with ${status}`);
  return text.trimEnd().split('\n');
}

/**
 * Hands tokens out, none of them twice.
 *
 * @param {string[]} tokens
 * @returns {(count: number) => string[]} throws when there are no more
 */
export function handOut(tokens) {
  let at = 0;
  return (count) => {
    if (at + count > tokens.length) throw new Error(`all of ${tokens.length} tokens are used up`);
    return tokens.slice(at, (at += count));
  };
}
