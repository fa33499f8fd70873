/**
 * Ports that are known before anything listens there.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, connect } from 'node:net';
import { describe, it } from 'node:test';
import { freePort, holdPort } from '../../js/local/port.js';

/** @param {number} port */
async function listenAt(port) {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe('a port', { timeout: 20_000 }, () => {
  it('is kept from others until it is released', async () => {
    const { port, release } = await holdPort();
    await assert.rejects(listenAt(port), { code: 'EADDRINUSE' });
    await assert.rejects(holdPort(port), { code: 'EADDRINUSE' });
    await release();
    await release();
    const server = await listenAt(port);
    server.close();
    await once(server, 'close');
  });

  it('is released although somebody has connected meanwhile', async () => {
    const { port, release } = await holdPort();
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'close');
    await release();
    await (await holdPort(port)).release();
  });

  it('is another one each time that any will do', async () => {
    const [first, second] = await Promise.all([holdPort(), holdPort()]);
    assert.notEqual(first.port, second.port);
    await Promise.all([first.release(), second.release()]);
    await (await holdPort(await freePort())).release();
  });
});
