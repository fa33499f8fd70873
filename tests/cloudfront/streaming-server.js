/**
 * A distribution in a process of its own, whose memory can be asked for. Its origin runs in another
 * one and answers with as many bytes as it got.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { startCloudFront } from '../../js/cloudfront/server.js';
import { templateOf } from './serving.js';

if (process.argv[2] === 'origin') await origin();
else await distribution();

async function distribution() {
  const child = fork(fileURLToPath(import.meta.url), ['origin']);
  const [{ url: api }] = await once(child, 'message');
  const template = templateOf({ api });
  const { url, close } = await startCloudFront({ template, origins: { api } });
  process.on('message', () => process.send?.({ megabytes: peak() }));
  process.once('disconnect', async () => {
    child.disconnect();
    await close();
  });
  process.send?.({ url });
}

async function origin() {
  const server = createServer(async (request, response) => {
    let size = 0;
    for await (const chunk of request) size += chunk.length;
    const chunk = Buffer.alloc(1_000_000);
    for (let sent = 0; sent < size; sent += chunk.length) {
      if (!response.write(chunk)) await once(response, 'drain');
    }
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.once('disconnect', () => process.exit(0));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  process.send?.({ url: `http://127.0.0.1:${port}` });
}

/** @returns {number} most memory that this process has held, in MB */
function peak() {
  const status = readFileSync('/proc/self/status', 'utf8');
  const [, kilobytes = '0'] = /VmHWM:\s+(\d+) kB/.exec(status) ?? [];
  return Number(kilobytes) / 1_024;
}
