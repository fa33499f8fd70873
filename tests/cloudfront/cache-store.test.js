import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import { join } from 'node:path';
import { Readable, Writable, pipeline as pipe } from 'node:stream';
import { text } from 'node:stream/consumers';
import { finished, pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Cache } from '../../js/cloudfront/cache/cache.js';
import { CacheInFolder, SECOND, head } from './cache-in-folder.js';

/** @type {CacheInFolder} */
let on;

beforeEach(() => {
  on = new CacheInFolder();
});

afterEach(() => on.close());

describe('what is stored', () => {
  it('G4: a body made at origin-request is there at once and answers later requests', async () => {
    const made = head({ 'content-type': 'text/plain' }, { status: '302', path: '/old' });
    const relayed = on.cache.store('k', made, Buffer.from('moved'), SECOND);
    assert.equal(String(relayed), 'moved');
    const entry = on.stored('k');
    assert.equal(entry.status, 302);
    assert.equal(entry.path, '/old');
    assert.equal(entry.size, 5);
    assert.equal(await text(entry.body()), 'moved');
    assert.equal(await text(entry.body()), 'moved');
  });

  it('a stream is relayed and there once the viewer has all of it', async () => {
    const relayed = on.relay('k', head(), Readable.from(chunks('ab', 'cd')));
    assert.equal(on.cache.get('k'), undefined);
    assert.equal(await text(relayed), 'abcd');
    assert.equal(await text(on.stored('k').body()), 'abcd');
  });

  it('E9: a head keeps each header line apart, and nobody can change it', () => {
    const lines = [
      { key: 'Set-Cookie', value: 'a=1' },
      { key: 'Set-Cookie', value: 'b=2' },
    ];
    const headers = { 'set-cookie': lines };
    on.cache.store('k', { status: 200, headers, path: '/' }, null, SECOND);
    headers['set-cookie'][0].value = 'changed=1';
    const found = on.stored('k').headers;
    found['set-cookie'].pop();
    found['x-mine'] = [{ key: 'X-Mine', value: '1' }];
    assert.deepEqual(on.stored('k').headers, {
      'set-cookie': [
        { key: 'Set-Cookie', value: 'a=1' },
        { key: 'Set-Cookie', value: 'b=2' },
      ],
    });
  });

  it('no-cache="set-cookie" keeps that field out', () => {
    const headers = { 'cache-control': 'no-cache="Set-Cookie", max-age=9', 'set-cookie': 'a=1' };
    on.cache.store('k', head(headers), null, SECOND);
    assert.deepEqual(Object.keys(on.stored('k').headers), ['cache-control']);
    on.cache.refresh('k', head(headers).headers, SECOND);
    assert.deepEqual(Object.keys(on.stored('k').headers), ['cache-control']);
  });

  it('an empty body is one', async () => {
    const relayed = on.relay('stream', head(), Readable.from([]));
    assert.equal(await text(relayed), '');
    on.cache.store('buffer', head(), Buffer.alloc(0), SECOND);
    for (const key of ['stream', 'buffer']) {
      assert.equal(on.stored(key).size, 0);
      assert.equal(await text(on.stored(key).body()), '');
    }
  });

  it('a part of a body is read without the rest', async () => {
    on.cache.store('k', head(), Buffer.from('0123456789'), SECOND);
    const entry = on.stored('k');
    assert.equal(await text(entry.body(2, 5)), '234');
    assert.equal(await text(entry.body(9, 10)), '9');
    assert.equal(await text(entry.body(5)), '56789');
    assert.equal(await text(entry.body(5, 5)), '');
  });

  it('a key is never a path', async () => {
    const key = '../../../escape\0/..';
    on.cache.store(key, head(), Buffer.from('x'), SECOND);
    assert.equal(await text(on.stored(key).body()), 'x');
    assert.equal(readdirSync(on.folder).length, 1);
    assert.equal(on.files().length, 1);
  });

  it('GET answers HEAD, HEAD does not answer GET, OPTIONS is apart', async () => {
    on.cache.store('k', head({ 'content-length': '5' }, { method: 'HEAD' }), null, SECOND);
    on.cache.store('k', head({}, { method: 'OPTIONS', status: 204 }), null, SECOND);
    assert.equal(on.cache.get('k'), undefined);
    assert.equal(on.stored('k', 'HEAD').headers['content-length'][0].value, '5');
    on.cache.store('k', head(), Buffer.from('whole'), SECOND);
    assert.equal(on.cache.get('k', 'HEAD'), on.cache.get('k', 'GET'));
    assert.equal(on.stored('k', 'OPTIONS').status, 204);
    on.cache.purge(['/*']);
    assert.equal(on.cache.get('k', 'HEAD'), undefined);
  });

  it('a newer answer takes the place of the older, and its file', async () => {
    on.cache.store('k', head(), Buffer.from('older'), SECOND);
    const reading = on.stored('k').body();
    on.cache.store('k', head(), Buffer.from('newer'), SECOND);
    assert.equal(await text(on.stored('k').body()), 'newer');
    assert.equal(await text(reading), 'older');
    assert.equal(on.files().length, 1);
  });

  it('of two at once, the later to end stays', async () => {
    const [first, second] = [new Readable({ read() {} }), new Readable({ read() {} })];
    const relayed = [first, second].map((body) => text(on.relay('k', head(), body)));
    second.push('second');
    second.push(null);
    assert.equal(await relayed[1], 'second');
    assert.equal(await text(on.stored('k').body()), 'second');
    first.push('first');
    first.push(null);
    assert.equal(await relayed[0], 'first');
    assert.equal(await text(on.stored('k').body()), 'first');
    assert.equal(on.files().length, 1);
  });
});

describe('what is not stored', () => {
  it('a body that breaks off', async () => {
    const body = Readable.from(
      (async function* () {
        yield Buffer.from('half');
        throw new Error('broken off');
      })(),
    );
    const relayed = on.relay('k', head(), body);
    await assert.rejects(text(relayed), /broken off/);
    assert.equal(on.cache.get('k'), undefined);
    await on.noFiles();
  });

  it('a body that the origin closes before its Content-Length', async (context) => {
    const server = createServer((request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half', () => request.socket.destroy());
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
    context.after(() => new Promise((resolve) => server.close(resolve)));
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    const incoming = await new Promise((resolve) => {
      get({ host: '127.0.0.1', port, agent: false }, resolve);
    });
    const relayed = on.relay('k', head({ 'content-length': '100' }), incoming);
    await assert.rejects(text(relayed));
    assert.equal(on.cache.get('k'), undefined);
    await on.noFiles();
  });

  it('a body of another length than announced, though it is relayed', async () => {
    const body = Readable.from(chunks('four'));
    const relayed = on.relay('k', head({ 'content-length': '5' }), body);
    assert.equal(await text(relayed), 'four');
    assert.equal(on.cache.get('k'), undefined);
    await on.noFiles();
  });

  it('a body that the viewer does not take to its end; the origin is let go', async () => {
    const body = new Readable({ read() {} });
    const relayed = on.relay('k', head(), body);
    body.push('half');
    relayed.once('data', () => relayed.destroy());
    await finished(relayed).catch(() => {});
    assert(body.destroyed);
    assert.equal(on.cache.get('k'), undefined);
    await on.noFiles();
  });

  it('a body that came whole but was not read to its end', async () => {
    const relayed = on.relay('k', head(), Readable.from(chunks('whole')));
    await finished(relayed, { readable: false });
    assert.equal(on.files().length, 1);
    relayed.destroy();
    await new Promise((resolve) => relayed.once('close', resolve));
    assert.equal(on.cache.get('k'), undefined);
    await on.noFiles();
  });

  it('a body that cannot be written, though it is relayed', async () => {
    rmSync(join(on.folder, readdirSync(on.folder)[0]), { recursive: true });
    const relayed = on.relay('k', head(), Readable.from(chunks('ab', 'cd')));
    assert.equal(await text(relayed), 'abcd');
    assert.equal(on.cache.get('k'), undefined);
    assert.equal(String(on.cache.store('k', head(), Buffer.from('x'), SECOND)), 'x');
    assert.equal(on.cache.get('k'), undefined);
  });

  it('a body that fills the disk, though it is relayed', { timeout: 10_000 }, async (context) => {
    const handle = await open(on.folder);
    const prototype = Object.getPrototypeOf(handle);
    await handle.close();
    context.mock.method(prototype, 'appendFile', async () => {
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    });
    const relayed = on.relay('k', head(), Readable.from(chunks('ab', 'cd')));
    assert.equal(await text(relayed), 'abcd');
    assert.equal(prototype.appendFile.mock.callCount(), 1);
    assert.equal(on.cache.get('k'), undefined);
    await on.noFiles();
  });

  it('a viewer that fails lets go of origin and file', { timeout: 10_000 }, async () => {
    const body = new Readable({ read() {} });
    const relayed = on.relay('k', head(), body);
    const viewer = new Writable({
      write: (_piece, _encoding, callback) => callback(new Error('gone')),
    });
    const done = new Promise((resolve) => pipe(relayed, viewer, resolve));
    body.push('x');
    assert.match(String(await done), /gone/);
    await finished(body).catch(() => {});
    assert(body.destroyed);
    await on.noFiles();
  });
});

describe('close', () => {
  it('removes every file; bodies on their way are relayed to their end', async () => {
    on.cache.store('whole', head(), Buffer.from('x'), SECOND);
    const bodies = [new Readable({ read() {} }), new Readable({ read() {} })];
    const [early, late] = bodies.map((body) => on.relay('k', head(), body));
    bodies[0].push('ear');
    await new Promise((resolve) => early.once('readable', resolve));
    await on.cache.close();
    assert.deepEqual(readdirSync(on.folder), []);
    bodies[0].push('ly');
    bodies[1].push('late');
    for (const body of bodies) body.push(null);
    assert.equal(await text(early), 'early');
    assert.equal(await text(late), 'late');
    assert.equal(on.cache.get('k'), undefined);
    assert.equal(on.cache.get('whole'), undefined);
    assert.equal(String(on.cache.store('k', head(), Buffer.from('x'), SECOND)), 'x');
    assert.equal(on.cache.store('k', head(), null, SECOND), null);
    assert.equal(on.cache.get('k'), undefined);
    assert.deepEqual(readdirSync(on.folder), []);
    await on.cache.close();
  });

  it('leaves other files in its folder alone', async () => {
    const other = new Cache({ folder: on.folder });
    other.store('k', head(), Buffer.from('x'), SECOND);
    await on.cache.close();
    assert.equal(await text(other.get('k')?.body() ?? Readable.from([])), 'x');
    await other.close();
    assert(existsSync(on.folder));
  });
});

it('200 MB pass to a slow viewer and are kept in bounded memory', { timeout: 60_000 }, async () => {
  const size = 200 * 2 ** 20;
  const step = 64 * 1_024;
  let sent = 0;
  const body = new Readable({
    read() {
      this.push(sent < size ? Buffer.alloc(step, sent / step) : null);
      sent += step;
    },
  });
  let taken = 0;
  let ahead = 0;
  let peak = 0;
  const viewer = new Writable({
    write(piece, _encoding, callback) {
      taken += piece.length;
      ahead = Math.max(ahead, sent - taken);
      peak = Math.max(peak, process.memoryUsage().rss);
      setImmediate(callback);
    },
  });
  const before = process.memoryUsage().rss;
  await pipeline(on.relay('k', head({ 'content-length': `${size}` }), body), viewer);
  assert.equal(taken, size);
  assert.equal(on.stored('k').size, size);
  assert(ahead < 2 ** 20, `the origin was read ${ahead} bytes ahead of the viewer`);
  assert(peak - before < 100 * 2 ** 20, `memory grew by ${peak - before} bytes`);

  let read = 0;
  for await (const piece of on.stored('k').body()) read += piece.length;
  assert.equal(read, size);
});

/** @param {string[]} texts */
function chunks(...texts) {
  return texts.map((part) => Buffer.from(part));
}
