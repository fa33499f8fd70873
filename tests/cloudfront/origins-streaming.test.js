/**
 * Bodies larger than anything should hold in memory, in both directions.
 */
import assert from 'node:assert/strict';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, it } from 'node:test';
import {
  API,
  BUCKET,
  folder,
  httpServer,
  originRequest,
  originsOf,
  textOf,
} from './origin-servers.js';

const SIZE = 300 * 1024 * 1024;
/** Generous: the bodies are twice that. */
const MOST_MORE = 150 * 1024 * 1024;

describe('a body of 300 MB', { timeout: 120_000 }, () => {
  it('comes from a custom origin in constant memory', async (test) => {
    const url = await httpServer(test, (_, response) => {
      response.writeHead(200, { 'content-length': SIZE });
      pipeline(zeros(), response).catch(() => {});
    });
    const { fetch } = originsOf(test, { servers: { [API]: url } });
    await assertSteady(async () => {
      const { body } = await fetch(originRequest());
      assert.equal(await sizeOf(body), SIZE);
    });
  });

  it('goes to a custom origin in constant memory', async (test) => {
    const url = await httpServer(test, async (request, response) => {
      response.end(String(await sizeOf(request)));
    });
    const { fetch } = originsOf(test, { servers: { [API]: url } });
    await assertSteady(async () => {
      const response = await fetch(originRequest({ method: 'PUT' }), { body: zeros() });
      assert.equal(await textOf(response), String(SIZE));
    });
  });

  it('comes from a directory in constant memory', async (test) => {
    const root = folder(test, { big: '' });
    truncateSync(join(root, 'big'), SIZE);
    const { fetch } = originsOf(test, { servers: { [BUCKET]: root } });
    await assertSteady(async () => {
      const { body } = await fetch(originRequest({ s3: {}, uri: '/big' }));
      assert.equal(await sizeOf(body), SIZE);
    });
  });
});

describe('a body that is read slowly', { timeout: 60_000 }, () => {
  it('is taken from the origin no faster', async (test) => {
    let sent = 0;
    const url = await httpServer(test, (_, response) => {
      const source = zeros();
      source.on('data', (chunk) => (sent += chunk.length));
      pipeline(source, response).catch(() => {});
    });
    const { fetch } = originsOf(test, { servers: { [API]: url } });
    const { body } = await fetch(originRequest());
    assert.ok(body instanceof Readable);
    await settled(() => sent);
    assert.ok(sent < 20_000_000, `the origin has sent ${sent} bytes that nobody read`);
    body.destroy();
  });

  it('is given to the origin no faster', async (test) => {
    const url = await httpServer(test, (request) => void request.pause());
    const { fetch } = originsOf(test, { servers: { [API]: url } });
    let read = 0;
    const body = zeros();
    body.on('data', (chunk) => (read += chunk.length));
    body.pause();
    const viewer = new AbortController();
    const request = originRequest({ method: 'PUT' });
    const fetched = fetch(request, { body, signal: viewer.signal });
    await settled(() => read);
    assert.ok(read > 0 && read < 20_000_000, `${read} bytes were read`);
    viewer.abort(new Error('left'));
    await assert.rejects(fetched, /left/);
    body.destroy();
  });
});

/** @returns {Readable} SIZE bytes */
function zeros() {
  const chunk = Buffer.alloc(65_536);
  return Readable.from(
    (function* () {
      for (let bytes = 0; bytes < SIZE; bytes += chunk.length) yield chunk;
    })(),
    { objectMode: false },
  );
}

/** @param {import('../../js/cloudfront/origins/reply.js').Reply['body']} body */
async function sizeOf(body) {
  assert.ok(body instanceof Readable);
  let size = 0;
  for await (const chunk of body) size += chunk.length;
  return size;
}

/**
 * @param {() => Promise<void>} work during which memory must not grow by much
 */
async function assertSteady(work) {
  const before = process.memoryUsage.rss();
  let most = before;
  const sampling = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5);
  try {
    await work();
  } finally {
    clearInterval(sampling);
  }
  const more = most - before;
  assert.ok(more < MOST_MORE, `memory grew by ${Math.round(more / 1e6)} MB`);
}

/**
 * Waits until a number no longer grows.
 *
 * @param {() => number} count
 */
async function settled(count) {
  for (let before = -1; count() !== before; ) {
    before = count();
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
