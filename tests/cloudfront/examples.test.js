/**
 * Example functions of different shape, behind a distribution: those beside these tests, and the
 * one in examples/.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startCloudFront } from '../../js/cloudfront/server.js';
import { ask } from '../local/world.js';
import { folder } from './running.js';
import { distribution } from './serving.js';

/** @param {string} name */
const example = (name) => fileURLToPath(new URL(`functions/${name}`, import.meta.url));
const NODES = { 'nodejs22.x': process.execPath, 'nodejs24.x': process.execPath };

describe('example functions', { timeout: 120_000 }, () => {
  it('async: says where it ran, on hits too', async (test) => {
    const { ask: get } = await distribution(test, {
      at: { 'viewer-response': '' },
      files: { 'a.txt': 'abc' },
      cache: {},
      options: { functions: { Edge: example('async') } },
    });
    for (const edge of ['eu-west-1', 'eu-west-1', 'us-east-1']) {
      const { headers, text } = await get('/a.txt', { headers: { 'x-nearhop-dev-edge': edge } });
      assert.deepEqual([text, headers['x-ran-in']], ['abc', edge]);
    }
  });

  it('body-replacing: the origin gets JSON in place of a form', async (test) => {
    const { ask: get } = await distribution(test, {
      at: { 'origin-request': '' },
      includeBody: true,
      api: async (request, response) => {
        response.setHeader('x-type', String(request.headers['content-type']));
        for await (const chunk of request) response.write(chunk);
        response.end();
      },
      options: { functions: { Edge: example('body') } },
    });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const form = await get('/', { method: 'POST', headers, body: 'a=1&b=%C3%A9' });
    assert.equal(form.headers['x-type'], 'application/json');
    assert.deepEqual(form.json(), { a: '1', b: 'é' });
    const plain = { 'content-type': 'text/plain' };
    const other = await get('/', { method: 'POST', headers: plain, body: 'a=1' });
    assert.deepEqual([other.headers['x-type'], other.text], ['text/plain', 'a=1']);
  });

  it('L4: callback: redirects on nodejs22.x, is a 503 on nodejs24.x', async (test) => {
    const setup = {
      at: { 'viewer-request': /** @type {const} */ ('') },
      files: { 'a.txt': 'abc' },
      options: { functions: { Edge: example('callback') }, nodes: NODES },
    };
    const before = await distribution(test, { ...setup, fn: { Runtime: 'nodejs22.x' } });
    const moved = await before.ask('/old/a?b=c');
    assert.deepEqual([moved.status, moved.headers.location], [301, '/new/a']);
    assert.equal((await before.ask('/a.txt')).text, 'abc');
    const after = await distribution(test, setup);
    assert.equal((await after.ask('/old/a')).status, 503);
  });

  it('the start page by language, from the template of examples/edge-function', async (test) => {
    const template = new URL('../../examples/edge-function/template.yaml', import.meta.url);
    const { url, warnings, close } = await startCloudFront({
      template: fileURLToPath(template),
      origins: { bucket: folder(test, { 'de.html': 'Hallo', 'en.html': 'Hello' }) },
      nodes: NODES,
    });
    test.after(close);
    assert.deepEqual(warnings, []);
    for (const [languages, text] of [
      ['de-AT,de;q=0.9', 'Hallo'],
      ['fr', 'Hello'],
      ['de', 'Hallo'],
    ]) {
      const answer = await ask(url, '/', { headers: { 'accept-language': languages } });
      assert.deepEqual([answer.status, answer.text], [200, text]);
    }
  });
});
