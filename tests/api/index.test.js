/**
 * What Lambda loads, with the environment that Lambda gives it.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { event } from './world.js';

const INDEX = new URL('../../api/index.mjs', import.meta.url);
const ENV = {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'example',
  TABLE_NAME: 'application',
  BUCKET_NAME: 'user-data',
};

/**
 * Loads the function in a process of its own and hands it an event.
 *
 * @param {Record<string, string>} env
 * @param {unknown} asked
 */
async function invoke(env, asked) {
  const program = `
    const { handler } = await import(${JSON.stringify(INDEX.href)});
    console.log(JSON.stringify(await handler(JSON.parse(process.argv[1]))));`;
  const argv = ['--input-type=module', '--no-warnings', '-e', program, JSON.stringify(asked)];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { env, timeout: 60_000 });
  const [line, result] = stdout.trim().split('\n').map((text) => JSON.parse(text));
  return { line, result };
}

describe('index.mjs', { timeout: 120_000 }, () => {
  it('answers health with its Regions, and logs one line', async () => {
    const env = { ...ENV, API_REGIONS: 'eu-west-1,us-east-1' };
    const { line, result } = await invoke(env, event('GET /health', { user: null }));
    const regions = ['eu-west-1', 'us-east-1'];
    assert.deepEqual(JSON.parse(result.body), { region: 'eu-west-1', status: 'ok', regions });
    assert.deepEqual([line.route, line.status, line.request_id], ['/health', 200, 'request-1']);
  });

  it('A4: asks for the secret of its environment, by the header it names', async () => {
    const env = { ...ENV, ORIGIN_SECRET: 'of-the-test', ORIGIN_SECRET_HEADER: 'X-Edge' };
    const known = event('GET /hello', { headers: { 'x-edge': 'of-the-test' } });
    const [refused, answered] = await Promise.all(
      [event('GET /hello'), known].map((asked) => invoke(env, asked)),
    );
    assert.deepEqual([refused.result.statusCode, answered.result.statusCode], [403, 200]);
  });

  it('answers 503 when the table cannot be reached', async () => {
    const env = { ...ENV, AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9' };
    const { result } = await invoke(env, event('GET /avatar'));
    assert.deepEqual([result.statusCode, JSON.parse(result.body).error], [503, 'unavailable']);
  });

  it('says what is missing in its environment', async () => {
    for (const name of ['AWS_REGION', 'TABLE_NAME', 'BUCKET_NAME']) {
      const { [/** @type {keyof typeof ENV} */ (name)]: _, ...env } = ENV;
      const said = new RegExp(`variable ${name} is not set`);
      await assert.rejects(invoke(env, event('GET /health')), said);
    }
  });

  it('uses nothing but what the runtime has: Node and the AWS SDK', () => {
    const folder = new URL('../../api/', import.meta.url);
    const files = ['index', 'handler', 'table', 'buckets', 'secret', 'notes', 'avatar', 'caller'];
    for (const name of files) {
      const text = readFileSync(new URL(`${name}.mjs`, folder), 'utf8');
      for (const [, from] of text.matchAll(/^(?:import|.* from) '([^']+)'/gm)) {
        assert.match(from, /^(node:|@aws-sdk\/|\.\/[a-z]+\.mjs$)/, name);
      }
    }
  });
});
