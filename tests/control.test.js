/**
 * The control document and pins: through a bundle as Lambda loads it, and from the command line.
 */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { FetchFault } from '../worker/js/worker.mjs';
import { NOW, baseEvent, bearer, load, read, token } from './edge.js';
import { nearhop } from './nearhop.js';

const FIRST = 'https://control.example.com/1.json?signature=hidden';
const SECOND = 'https://control.example.com/2.json';
const KEY = 'a-key-for-pins-of-thirty-two-bytes';

/** Of the vectors, with a control document and pins. */
const TOML = read('vectors/nearhop.toml').replace(
  '[api]\n',
  `[api]
control = { urls = ["${FIRST}", "${SECOND}"], interval_seconds = 20, max_bytes = 1024 }
pin = { env = "NEARHOP_PIN_KEY" }
`,
);

/** @type {import('./edge.js').Loaded} */
let loaded;
/** Ends what `before` began. @type {(() => void)[]} */
const ends = [];
before(async () => {
  const test = { after: (/** @type {() => void} */ end) => void ends.push(end) };
  loaded = await load(test, { toml: TOML, env: { NEARHOP_PIN_KEY: KEY } });
});
after(() => ends.forEach((end) => end()));

describe('the control document', () => {
  /** Unix milliseconds. */
  let now = NOW * 1_000;
  /** URLs looked at. @type {string[]} */
  let looks = [];
  /** @type {string[]} */
  let lines = [];
  /**
   * What a look brings: text, or why it brings nothing.
   *
   * @type {(url: string) => string | FetchFault}
   */
  let document = () => '';
  /** @type {(event: any) => Promise<any>} */
  let handle;

  beforeEach(() => {
    now = NOW * 1_000;
    [looks, lines] = [[], []];
    document = () => new FetchFault('unreachable');
    handle = loaded.create({
      region: 'eu-central-1',
      now: () => now,
      log: (line) => lines.push(line),
      get: async ({ url, maxBytes, timeoutMs }) => {
        assert.deepEqual([maxBytes, timeoutMs], [1024, 2000]);
        looks.push(url);
        const brought = document(url);
        if (typeof brought !== 'string') throw brought;
        return Buffer.from(brought);
      },
    });
  });

  /** @param {string} uri @param {'viewer-request'|'origin-request'} [trigger] */
  async function ask(uri, trigger = 'origin-request') {
    const event = baseEvent(trigger);
    event.Records[0].cf.request.uri = uri;
    const result = await handle(event);
    // What goes beside the answer is recorded meanwhile.
    await new Promise((resolve) => setImmediate(resolve));
    return result;
  }

  /** Where a call goes, and why. */
  async function choice() {
    const { headers } = await ask('/api/health');
    return ['region', 'reason'].map((name) => headers[`x-nearhop-${name}`][0].value).join(' ');
  }

  /** Lets the next look come due. */
  const later = () => void (now += 20_000);

  it('moves calls once it has been seen, and back', async () => {
    document = () => '{"version":1,"drain":["eu-west-1"]}';
    assert.equal(await choice(), 'eu-west-1 rtt', 'the first answer does not wait for it');
    assert.equal(await choice(), 'us-east-1 drained:eu-west-1');
    document = () => '{"version":2}';
    assert.equal(await choice(), 'us-east-1 drained:eu-west-1', 'it is not time yet');
    assert.deepEqual(looks, [FIRST]);
    later();
    await choice();
    assert.equal(await choice(), 'eu-west-1 rtt');
    assert.deepEqual(looks, [FIRST, FIRST]);
  });

  it('weighs, biases, disables and pins', async () => {
    /** @type {[object, string][]} */
    const switched = [
      [{ weights: { 'eu-west-1': 0 } }, 'us-east-1 weight'],
      [{ bias_ms: { 'eu-west-1': 1000 } }, 'us-east-1 rtt'],
      [{ disable: ['eu-west-1'] }, 'us-east-1 drained:eu-west-1'],
      [{ pin: 'us-east-1' }, 'us-east-1 override'],
      [{}, 'eu-west-1 rtt'],
    ];
    for (const [index, [switches, expected]] of switched.entries()) {
      document = () => JSON.stringify({ version: index, ...switches });
      await choice();
      assert.equal(await choice(), expected, JSON.stringify(switches));
      later();
    }
  });

  it('is looked at beside calls to the API, at either trigger, and refused ones too', async () => {
    await ask('/');
    await ask('/', 'viewer-request');
    assert.deepEqual(looks, []);
    await ask('/api/health', 'viewer-request');
    assert.equal(looks.length, 1);
    later();
    const refused = await ask('/api/hello');
    assert.equal(refused.status, '401');
    assert.equal(looks.length, 2);
  });

  /** @type {[string, string | FetchFault][]} */
  const unusable = [
    ['control-document/malformed: half of one', '{"version":6,'],
    ['control-document/unknown-region', '{"version":6,"drain":["eu-west-2"]}'],
    ['control-document/older', '{"version":4}'],
    ['control-document/stale', '{"version":6,"valid_until":"2026-01-01T00:00:00Z"}'],
    ['control-document/gone: 404', new FetchFault(404)],
    ['control-document/gone: unreachable', new FetchFault('unreachable')],
    ['control-document/oversized', new FetchFault('tooLarge')],
  ];
  for (const [what, brought] of unusable) {
    it(`${what}: the last good one stays`, async () => {
      document = () => '{"version":5,"drain":["eu-west-1"]}';
      await choice();
      for (let round = 0; round < 3; round += 1) {
        document = () => brought;
        later();
        await choice();
        assert.equal(await choice(), 'us-east-1 drained:eu-west-1');
      }
      // The second URL in between, since the first had just failed.
      assert.deepEqual(new Set(looks), new Set([FIRST, SECOND]));
    });
  }

  it('is looked for at the next URL when the first fails', async () => {
    document = (url) =>
      url === SECOND ? '{"version":1,"drain":["eu-west-1"]}' : new FetchFault('unreachable');
    await choice();
    later();
    await choice();
    assert.deepEqual(looks, [FIRST, SECOND]);
    assert.equal(await choice(), 'us-east-1 drained:eu-west-1');
  });

  it('is told in the log when it changes, without the query of its URL', async () => {
    document = () => '{"version":5,"drain":["eu-west-1"]}';
    await choice();
    document = () => 'no document';
    later();
    await choice();
    const control = lines.map((line) => JSON.parse(line)).filter((line) => 'control' in line);
    assert.deepEqual(control, [
      { control: 'in_force', version: 5, drain: ['eu-west-1'] },
      {
        control: 'in_force',
        version: 5,
        drain: ['eu-west-1'],
        trouble:
          'the document: found no document, allowed: a JSON object in UTF-8, such as ' +
          '{"version": 1, "drain": []}',
        url: 'https://control.example.com/1.json',
      },
    ]);
  });

  it('does not come into the way of decisions, which are logged one by one', async () => {
    await choice();
    assert.deepEqual(JSON.parse(lines[0]), {
      region: 'eu-west-1',
      reason: 'rtt',
      edge: 'eu-central-1',
      candidates: ['eu-west-1', 'us-east-1', 'ap-northeast-1'],
      request_id: baseEvent('origin-request').Records[0].cf.config.requestId,
      route: '/api/health',
    });
  });
});

describe('a pin', () => {
  /** @param {object} claims @param {string} [key] */
  function sign(claims, key = KEY) {
    const signed = [{ alg: 'HS256' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
  }

  /** @param {string} trigger @param {string} pin */
  function event(trigger, pin) {
    const made = baseEvent(trigger);
    const { request } = made.Records[0].cf;
    request.uri = '/api/health';
    request.headers['x-nearhop-pin'] = [{ key: 'X-Nearhop-Pin', value: pin }];
    return made;
  }

  const create = () =>
    loaded.create({
      region: 'eu-central-1',
      now: () => NOW * 1_000,
      log: () => {},
      get: () => Promise.reject(new FetchFault('unreachable')),
    });

  it('is verified by the host, survives viewer-request, and never reaches the API', async () => {
    const handle = create();
    const pin = sign({ region: 'us-east-1', exp: NOW + 60 });
    const seen = await handle(event('viewer-request', pin));
    assert.equal(seen.headers['x-nearhop-pin'][0].value, pin);
    const sent = await handle(event('origin-request', pin));
    assert.equal(sent.headers['x-nearhop-region'][0].value, 'us-east-1');
    assert.equal(sent.headers['x-nearhop-reason'][0].value, 'override');
    assert.equal(sent.headers['x-nearhop-pin'], undefined);
  });

  it('that another key signed, or none, is ignored and stripped', async () => {
    const handle = create();
    const claims = { region: 'us-east-1', exp: NOW + 60 };
    for (const pin of [
      sign(claims, 'another-key-of-at-least-32-bytes-it-is'),
      sign(claims, ''),
      sign({ ...claims, exp: NOW }),
      sign({ ...claims, exp: NOW + 86_401 }),
      `${sign(claims).slice(0, -1)}`,
      'us-east-1',
    ]) {
      for (const trigger of ['viewer-request', 'origin-request']) {
        const { headers } = await handle(event(trigger, pin));
        assert.equal(headers['x-nearhop-region'][0].value, 'eu-west-1');
        assert.equal(headers['x-nearhop-pin'], undefined);
      }
    }
  });

  it('algorithm/hs256: opens no door to tokens signed by a secret, its own least of all', async () => {
    const handle = create();
    const good = token('access');
    const payload = JSON.parse(Buffer.from(good.split('.')[1], 'base64url').toString());
    const { kid } = JSON.parse(Buffer.from(good.split('.')[0], 'base64url').toString());
    for (const key of [KEY, '', '\0\0\0\0', '\x01\0\0\0']) {
      for (const header of [{ alg: 'HS256', kid }, { alg: 'HS256' }, { alg: 'RS256', kid }]) {
        const signed = [header, payload]
          .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
          .join('.');
        const mac = createHmac('sha256', key).update(signed).digest('base64url');
        const { status, body } = await handle(bearer(`${signed}.${mac}`));
        assert.equal(status, '401', JSON.stringify(header));
        const { error } = JSON.parse(body);
        const codes =
          header.alg === 'HS256' ? ['token_algorithm', 'token_malformed'] : ['token_signature'];
        assert.ok(codes.includes(error), error);
      }
    }
    assert.equal((await handle(bearer(good))).uri, '/api/hello');
  });
});

describe('the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nearhop-control-'));
  const config = join(folder, 'nearhop.toml');
  const file = join(folder, 'control.json');
  before(() => writeFileSync(config, TOML));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('says what a document says', async () => {
    writeFileSync(file, '{"version":7,"drain":["eu-west-1"],"weights":{"us-east-1":20}}');
    const { status, stdout } = await nearhop(['control', 'validate', file, '--config', config]);
    assert.equal(status, 0);
    assert.match(stdout, /control\.json is fine\n  version +7\n  valid until +another one comes\n/);
    assert.match(stdout, /  drain +eu-west-1\n  weights +us-east-1 20 %\n/);
  });

  it('says it to programs', async () => {
    writeFileSync(file, '{"version":7,"pin":"eu-west-1"}');
    const argv = ['control', 'validate', file, '--config', config, '--json'];
    const { status, stdout } = await nearhop(argv);
    assert.equal(status, 0);
    const { ok, control } = JSON.parse(stdout);
    assert.deepEqual([ok, control.version, control.pin, control.drain], [true, 7, 'eu-west-1', []]);
  });

  it('says what is wrong and where, and exits with 1', async () => {
    writeFileSync(file, '{\n  "version": 7,\n  "drain": ["eu-west-2"]\n}\n');
    const argv = ['control', 'validate', file, '--config', config];
    const { status, stdout, stderr } = await nearhop(argv);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /control\.json:3:3: drain\[0\]: found "eu-west-2", allowed: one of/);
    assert.match(stderr, /3 \|   "drain": \["eu-west-2"\]\n +\| +\^{7}\n/);
    const asJson = JSON.parse((await nearhop([...argv, '--json'])).stdout);
    assert.deepEqual([asJson.ok, asJson.diagnostics[0].line], [false, 3]);
  });

  it('gives an example that is fine', async () => {
    const { status, stdout } = await nearhop(['control', 'example', '--config', config]);
    assert.equal(status, 0);
    writeFileSync(file, stdout);
    assert.equal((await nearhop(['control', 'validate', file, '--config', config])).status, 0);
    const { drain } = JSON.parse(stdout);
    assert.deepEqual(drain, ['ap-northeast-1']);
  });

  for (const argv of [
    ['control'],
    ['control', 'validate'],
    ['control', 'validate', 'a', 'b'],
    ['control', 'valid', 'a'],
    ['control', 'validate', '/nonexistent.json'],
    ['pin'],
    ['pin', '--region', 'mars'],
    ['pin', '--region', 'us-east-1', '--ttl', '25h'],
    ['pin', '--region', 'us-east-1', '--ttl', '0'],
    ['pin', '--region', 'us-east-1', '--ttl', '-1'],
    ['pin', '--region', 'us-east-1', '--ttl', '10 minutes'],
  ]) {
    it(`refuses: ${argv.join(' ')}`, async () => {
      const env = { NEARHOP_PIN_KEY: KEY };
      const { status, stdout, stderr } = await nearhop([...argv, '--config', config], env);
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, /found|argument|no file/);
    });
  }

  it('signs pins that the edge takes', async () => {
    const argv = ['pin', '--region', 'us-east-1', '--ttl', '2h', '--config', config];
    const { status, stdout, stderr } = await nearhop(argv, { NEARHOP_PIN_KEY: KEY });
    assert.equal(status, 0, stderr);
    const lines = stdout.trimEnd().split('\n');
    assert.equal(lines.length, 1);
    const event = baseEvent('origin-request');
    const { request } = event.Records[0].cf;
    request.uri = '/api/health';
    request.headers['x-nearhop-pin'] = [{ key: 'x-nearhop-pin', value: lines[0] }];
    const handle = loaded.create({
      region: 'eu-central-1',
      log: () => {},
      get: () => Promise.reject(new FetchFault('unreachable')),
    });
    const { headers } = await handle(event);
    assert.equal(headers['x-nearhop-region'][0].value, 'us-east-1');
  });

  it('signs nothing without the key, and does not repeat a short one', async () => {
    const argv = ['pin', '--region', 'us-east-1', '--config', config];
    for (const key of ['', 'too-short-a-key']) {
      const { status, stdout, stderr } = await nearhop(argv, { NEARHOP_PIN_KEY: key });
      assert.deepEqual([status, stdout], [1, '']);
      assert.match(stderr, /NEARHOP_PIN_KEY/);
      assert.doesNotMatch(stderr, /too-short-a-key/);
    }
  });
});
