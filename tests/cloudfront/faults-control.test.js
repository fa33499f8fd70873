/**
 * The control API: what it does, what it refuses, and whom.
 */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';
import { startControl } from '../../js/cloudfront/faults/control.js';
import { Faults } from '../../js/cloudfront/faults/faults.js';
import { Traces } from '../../js/cloudfront/trace/traces.js';
import { TOKEN, failedOver, traced } from './tracing.js';

describe('the control API', { timeout: 20_000 }, () => {
  const faults = new Faults();
  const traces = new Traces();
  /** @type {unknown[]} */
  let asked = [];
  const functions = { recycle: (/** @type {unknown} */ which) => asked.push(which) };
  const cache = { purge: (/** @type {string[]} */ paths) => asked.push(paths) };
  /** @type {Awaited<ReturnType<typeof startControl>>} */
  let control;

  before(async () => {
    control = await startControl({ faults, functions, cache, traces });
  });
  after(() => control.close());
  beforeEach(() => {
    faults.clear();
    traces.clear();
    asked = [];
  });

  const json = { 'content-type': 'application/json' };

  /**
   * As any program would, with any `Host`.
   *
   * @param {string} method
   * @param {string} path
   * @param {{ headers?: Record<string, string>, body?: unknown, text?: string }} [options]
   * @returns {Promise<{ status?: number, text: string, json: any,
   *   headers: import('node:http').IncomingHttpHeaders }>}
   */
  function call(method, path, { headers = {}, body, text } = {}) {
    const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
    const all = { ...(sent === undefined ? {} : json), ...headers };
    return new Promise((resolve, reject) => {
      const outgoing = request(control.url + path, { method, headers: all, agent: false });
      outgoing.on('error', reject);
      outgoing.on('response', async (incoming) => {
        let answered = '';
        for await (const chunk of incoming.setEncoding('utf8')) answered += chunk;
        const { statusCode: status, headers: got } = incoming;
        const isJson = got['content-type']?.startsWith('application/json');
        resolve({ status, headers: got, text: answered, json: isJson && JSON.parse(answered) });
      });
      outgoing.end(sent);
    });
  }

  describe('does what is asked', () => {
    it('sets, lists and ends faults', async () => {
      const body = { fault: 'kill', times: 3 };
      const set = await call('PUT', '/faults/origins/eu-west-1', { body });
      assert.equal(set.status, 200);
      assert.deepEqual(set.json, { on: 'origin', name: 'eu-west-1', ...body });
      await call('PUT', '/faults/functions/edge', { body: { fault: 'trap' } });
      const { json: listed } = await call('GET', '/faults');
      assert.deepEqual(listed.faults, faults.list());
      assert.equal(listed.faults.length, 2);
      assert.deepEqual((await call('DELETE', '/faults/functions/edge')).json, { cleared: 1 });
      assert.deepEqual((await call('DELETE', '/faults')).json, { cleared: 1 });
      assert.deepEqual(faults.list(), []);
    });

    it('takes names as they are in addresses', async () => {
      await call('PUT', '/faults/functions/a%2Fb', { body: { fault: 'trap' } });
      assert.equal(faults.list()[0].name, 'a/b');
    });

    it('turns the clock', async () => {
      const { json: state } = await call('PUT', '/clock', { body: { skew_ms: -90_000 } });
      assert.equal(state.clock_skew_ms, -90_000);
      assert.equal(faults.clockSkewMs, -90_000);
      await call('PUT', '/clock', { body: { skew_ms: 0 } });
    });

    it('recycles and purges', async () => {
      const which = { name: 'edge', region: 'eu-west-1' };
      assert.deepEqual((await call('POST', '/recycle', { body: which })).json, { recycled: 1 });
      assert.deepEqual((await call('POST', '/recycle', { body: {} })).json, { recycled: 2 });
      const body = { paths: ['/*', '/a.html'] };
      assert.deepEqual((await call('POST', '/purge', { body })).json, { purged: 3 });
      assert.deepEqual(asked, [which, {}, body.paths]);
    });

    it('shows traces: all in short, one in full, either as an HTTP Archive', async () => {
      const record = failedOver();
      traces.add(record);
      const { json: listed } = await call('GET', '/traces');
      assert.deepEqual(
        listed.traces.map((/** @type {any} */ { request_id: id }) => id),
        [record.id],
      );
      const { json: one } = await call('GET', `/traces/${record.id}`);
      assert.deepEqual(one, JSON.parse(JSON.stringify(record)));
      for (const path of ['/traces', `/traces/${record.id}`]) {
        const { json: har } = await call('GET', `${path}?format=har`);
        assert.equal(har.log.entries.length, 1);
      }
      assert.equal((await call('DELETE', '/traces')).status, 204);
      assert.deepEqual(traces.list(), []);
    });

    it('gives no secret away', async () => {
      traces.add(failedOver());
      const paths = ['/traces', '/traces/id-of-it', '/traces?format=har'];
      const texts = await Promise.all(paths.map(async (path) => (await call('GET', path)).text));
      assert.ok(texts.every((text) => text.includes('id-of-it') && !text.includes(TOKEN)));
    });

    it('tells of new traces as they come', async () => {
      const events = await stream();
      traces.add(traced({}, { id: 'first' }).trace.record);
      traces.add(traced({}, { id: 'second' }).trace.record);
      assert.match(await events.until('second'), /event: trace\nid: first\ndata: \{.*\}\n\n/);
      events.close();
    });

    it('sends the page with its files, and nothing else of the folder', async () => {
      const page = await call('GET', '/');
      assert.match(page.headers['content-type'] ?? '', /^text\/html/);
      const policy = String(page.headers['content-security-policy']);
      assert.match(policy, /default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/);
      assert.doesNotMatch(page.text, /<script>|\bstyle=|\bon\w+=|https?:\/\//);
      const wanted = new Set(files(page.text));
      for (const file of wanted) {
        const { status, text } = await call('GET', file);
        assert.equal(status, 200, file);
        for (const other of files(text)) wanted.add(other);
      }
      assert.ok(wanted.size >= 6, [...wanted].join(' '));
      for (const path of ['/page/../trace.js', '/page/%2e%2e%2ftrace.js', '/page/trace.js']) {
        assert.equal((await call('GET', path)).status, 404, path);
      }
    });
  });

  describe('refuses', () => {
    /** @type {[string, string, object, number, RegExp][]} */
    const cases = [
      [
        'PUT',
        '/faults/origins/a',
        { body: { fault: 'die' } },
        400,
        /fault: found "die", allowed: "kill"/,
      ],
      ['PUT', '/faults/origins/a', { text: '{' }, 400, /body: found something else, allowed: JSON/],
      ['PUT', '/faults/origins/%ff', { body: {} }, 400, /path: found a broken percent-encoding/],
      ['PUT', '/faults/origins/a', { text: '', headers: json }, 400, /body: found nothing/],
      ['PUT', '/clock', { body: { skew_ms: 'now' } }, 400, /skew_ms: found "now"/],
      ['POST', '/recycle', { body: { region: 'x' } }, 400, /region: found "x"/],
      ['POST', '/recycle', { body: { names: 'x' } }, 400, /found the key "names", allowed: "name"/],
      ['POST', '/purge', { body: {} }, 400, /paths: found nothing, allowed: a list/],
      ['POST', '/purge', { body: { paths: ['a'] } }, 400, /paths: found "a"/],
      ['GET', '/traces?format=xml', {}, 400, /format: found "xml", allowed: "json", "har"/],
      ['GET', '/traces/none', {}, 404, /No such trace/],
      ['GET', '/nowhere', {}, 404, /There are: \/faults /],
      ['GET', '/faults/origins/', {}, 404, /No such path/],
      ['POST', '/faults', { body: {} }, 405, /Not for this path/],
      ['GET', '/recycle', {}, 405, /Not for this path/],
      [
        'POST',
        '/purge',
        { text: 'paths=/*', headers: { 'content-type': 'text/plain' } },
        415,
        /must be JSON/,
      ],
      ['POST', '/purge', { text: ' '.repeat(70_000) }, 413, /larger than 65536 bytes/],
    ];
    for (const [method, path, options, status, message] of cases) {
      it(`${method} ${path} with ${JSON.stringify(options).slice(0, 50)}: ${status}`, async () => {
        const answer = await call(method, path, options);
        assert.equal(answer.status, status);
        assert.match(answer.json.message, message);
        assert.deepEqual([asked, faults.list()], [[], []]);
      });
    }

    it('and says what was found and what is allowed', async () => {
      const { json: said } = await call('PUT', '/clock', { body: { skew_ms: 1.5 } });
      assert.equal(said.error, 'wrong_input');
      assert.deepEqual([said.at, said.found], ['skew_ms', '1.5']);
      assert.match(said.allowed, /a whole number/);
      const { headers } = await call('POST', '/faults', { body: {} });
      assert.equal(headers.allow, 'GET, DELETE');
    });
  });

  describe('answers its own page and programs only', () => {
    const killed = { body: { fault: 'kill' } };
    const port = () => new URL(control.url).port;

    it('no other name that leads here (DNS rebinding)', async () => {
      for (const host of ['evil.test', `evil.test:${port()}`, '127.0.0.1', '127.0.0.1:1']) {
        const headers = { host };
        assert.equal((await call('GET', '/traces', { headers })).status, 403, host);
        assert.equal((await call('PUT', '/faults/origins/a', { ...killed, headers })).status, 403);
      }
      assert.deepEqual(faults.list(), []);
    });

    it('the names of this machine', async () => {
      for (const host of [`localhost:${port()}`, `[::1]:${port()}`]) {
        assert.equal((await call('GET', '/faults', { headers: { host } })).status, 200, host);
      }
    });

    it('no page of another origin', async () => {
      /** @type {Record<string, string>[]} */
      const strangers = [
        { origin: 'https://evil.test' },
        { origin: 'null' },
        { origin: `https://127.0.0.1:${port()}` },
        { origin: 'http://127.0.0.1:1' },
        { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
        { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' },
      ];
      for (const headers of strangers) {
        assert.equal((await call('GET', '/traces', { headers })).status, 403);
        assert.equal((await call('PUT', '/faults/origins/a', { ...killed, headers })).status, 403);
        assert.equal((await call('DELETE', '/faults', { headers })).status, 403);
      }
      const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
      assert.equal((await call('GET', '/', { headers: link })).status, 200);
      assert.equal(
        (await call('PUT', '/faults/origins/a', { ...killed, headers: link })).status,
        403,
      );
      assert.deepEqual(faults.list(), []);
    });

    it('its own page', async () => {
      const headers = { origin: control.url, 'sec-fetch-site': 'same-origin' };
      assert.equal((await call('PUT', '/faults/origins/a', { ...killed, headers })).status, 200);
    });

    it('with no leave for others to read', async () => {
      for (const path of ['/', '/faults', '/traces', '/nowhere']) {
        const { headers } = await call('GET', path);
        assert.equal(headers['access-control-allow-origin'], undefined);
        assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
        assert.equal(headers['x-content-type-options'], 'nosniff');
        assert.equal(headers['cache-control'], 'no-store');
      }
    });
  });

  it('is on 127.0.0.1 only, and a port that is taken is an error', async () => {
    assert.match(control.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    const port = Number(new URL(control.url).port);
    const again = startControl({ faults, functions, cache, traces, port });
    await assert.rejects(again, { code: 'EADDRINUSE' });
  });

  it('closes though somebody reads the stream', async () => {
    const other = await startControl({ faults, functions, cache, traces });
    const events = await stream(other.url);
    await other.close();
    await events.ended;
    traces.add(traced({}, { id: 'later' }).trace.record);
  });

  /** Server-sent events, as text. */
  async function stream(url = control.url) {
    let text = '';
    /** @type {(text: string) => void} */
    let more = () => {};
    /** @type {import('node:http').IncomingMessage} */
    const incoming = await new Promise((resolve, reject) => {
      request(`${url}/traces/stream`, { agent: false }, resolve).on('error', reject).end();
    });
    assert.equal(incoming.headers['content-type'], 'text/event-stream');
    incoming.setEncoding('utf8').on('data', (chunk) => more((text += chunk)));
    const ended = new Promise((resolve) => incoming.on('error', () => {}).once('close', resolve));
    return {
      ended,
      close: () => incoming.destroy(),
      until: (/** @type {string} */ word) =>
        new Promise((/** @type {(text: string) => void} */ resolve) => {
          more = (all) => all.includes(word) && all.endsWith('\n\n') && resolve(all);
          more(text);
        }),
    };
  }
});

/**
 * @param {string} text of a page or a script
 * @returns {string[]} addresses of the files it asks for
 */
function files(text) {
  const named = [...text.matchAll(/(?:href|src)="(\/page\/[^"]+)"|from '\.\/([^']+)'/g)];
  return named.map(([, whole, name]) => whole ?? `/page/${name}`);
}
