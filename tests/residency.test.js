/**
 * Residency through a bundle as Lambda loads it, where operators have disabled what is permitted.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { NOW, baseEvent, load, read } from './edge.js';

const TOML = read('vectors/nearhop.toml').replace(
  '[api]\n',
  `[api]
control = { urls = ["https://control.example.com/1.json"] }
residency = { sets = [{ name = "DE", countries = ["DE"], regions = ["eu-west-1"] }] }
`,
);

it('residency/none-permitted: the one that is, disabled: 503 and a reason', async (test) => {
  const { create } = await load(test, { toml: TOML });
  /** @type {string[]} */
  const lines = [];
  const handle = create({
    region: 'eu-central-1',
    now: () => NOW * 1_000,
    log: (line) => lines.push(line),
    get: async () => Buffer.from('{"version":1,"disable":["eu-west-1"]}'),
  });
  const from = async (/** @type {string} */ country) => {
    const event = baseEvent('origin-request');
    const { request } = event.Records[0].cf;
    request.uri = '/api/health';
    request.headers['cloudfront-viewer-country'] = [{ key: 'X', value: country }];
    const result = await handle(event);
    // What goes beside the answer is recorded meanwhile.
    await new Promise((resolve) => setImmediate(resolve));
    return result;
  };
  const regionOf = (/** @type {any} */ { headers }) => headers['x-nearhop-region'][0].value;

  assert.equal(regionOf(await from('DE')), 'eu-west-1', 'before the document is there');
  for (let round = 0; round < 3; round += 1) {
    const refused = await from('DE');
    assert.equal(refused.status, '503');
    assert.equal(JSON.parse(refused.body).error, 'no_region');
    assert.equal(refused.headers['cache-control'][0].value, 'no-store');
    assert.match(lines.at(-1) ?? '', /no_region/);
    assert.equal(regionOf(await from('US')), 'us-east-1');
  }
});
