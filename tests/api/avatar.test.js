/**
 * The avatar: signed URLs, bytes that never pass through the function, and Regions.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memoryDocuments } from '../../js/local/stores.js';
import { api, memoryObjects } from './world.js';

/** Two Regions over one table; each has its own bucket. */
function world() {
  const documents = memoryDocuments();
  /** @type {Map<string, { type: string, size: number }>} */
  const stored = new Map();
  const region = (/** @type {string} */ name) =>
    api({ region: name, documents, objects: memoryObjects(name, stored) }).ask;
  return { stored, here: region('eu-west-1'), there: region('us-east-1') };
}
const PNG = { type: 'image/png', size: 1_000 };

describe('the avatar', () => {
  it('is there when its bytes are, and the API was told so', async () => {
    const { stored, here } = world();
    assert.equal((await here('GET /avatar')).json.error, 'avatar_missing');
    const begun = await here('POST /avatar', { json: PNG });
    assert.equal(begun.status, 201);
    assert.deepEqual(begun.json.upload, {
      method: 'PUT',
      url: 'https://s3.test/eu-west-1/data-eu-west-1/avatars/ada?size=1000&seconds=300',
      headers: { 'content-type': 'image/png' },
    });
    assert.equal((await here('GET /avatar')).status, 404);
    assert.equal((await here('PUT /avatar')).json.error, 'upload_missing');
    stored.set('eu-west-1/data-eu-west-1/avatars/ada', PNG);
    const { status, json } = await here('PUT /avatar');
    assert.equal(status, 200);
    assert.deepEqual([json.region, json.type, json.size], ['eu-west-1', 'image/png', 1_000]);
    const read = await here('GET /avatar');
    assert.equal(read.status, 200);
    assert.equal(read.json.url, 'https://s3.test/eu-west-1/data-eu-west-1/avatars/ada?seconds=300');
    assert.equal((await here('GET /avatar', { user: 'bob' })).status, 404);
  });

  it('is shown by every Region, from where it lies', async () => {
    const { stored, here, there } = world();
    await here('POST /avatar', { json: PNG });
    stored.set('eu-west-1/data-eu-west-1/avatars/ada', PNG);
    // Another Region may get to hear of it.
    await there('PUT /avatar');
    assert.match((await there('GET /avatar')).json.url, /\/eu-west-1\/data-eu-west-1\//);
  });

  it('lies in one Region at a time', async () => {
    const { stored, here, there } = world();
    await here('POST /avatar', { json: PNG });
    stored.set('eu-west-1/data-eu-west-1/avatars/ada', PNG);
    await here('PUT /avatar');
    await there('POST /avatar', { json: PNG });
    assert.match((await here('GET /avatar')).json.url, /eu-west-1/, 'the former one, until then');
    stored.set('us-east-1/data-us-east-1/avatars/ada', PNG);
    await there('PUT /avatar');
    assert.deepEqual([...stored.keys()], ['us-east-1/data-us-east-1/avatars/ada']);
  });

  it('is not what was promised: refused', async () => {
    for (const other of [{ ...PNG, size: 999 }, { ...PNG, type: 'text/html' }]) {
      const { stored, here } = world();
      await here('POST /avatar', { json: PNG });
      stored.set('eu-west-1/data-eu-west-1/avatars/ada', other);
      assert.equal((await here('PUT /avatar')).status, 409);
      assert.equal((await here('GET /avatar')).status, 404);
    }
  });

  it('goes with its bytes, begun uploads too', async () => {
    const { stored, here, there } = world();
    await here('POST /avatar', { json: PNG });
    stored.set('eu-west-1/data-eu-west-1/avatars/ada', PNG);
    await here('PUT /avatar');
    await there('POST /avatar', { json: PNG });
    stored.set('us-east-1/data-us-east-1/avatars/ada', PNG);
    assert.equal((await there('DELETE /avatar')).status, 204);
    assert.equal(stored.size, 0);
    assert.equal((await here('GET /avatar')).status, 404);
    assert.equal((await here('DELETE /avatar')).status, 204, 'again');
  });

  it('keeps a subject in its own folder', async () => {
    const { here } = world();
    const { json } = await here('POST /avatar', { user: '../bob', json: PNG });
    assert.match(json.upload.url, /\/avatars\/\.\.%2Fbob\?/);
  });

  /** @type {[string, object, string[]][]} */
  const wrong = [
    ['another type', { ...PNG, type: 'image/svg+xml' }, ['type']],
    ['no type', { size: 1 }, ['type']],
    ['more than 1 MB', { ...PNG, size: 1024 * 1024 + 1 }, ['size']],
    ['no bytes', { ...PNG, size: 0 }, ['size']],
    ['half a byte', { ...PNG, size: 1.5 }, ['size']],
    ['a size in words', { ...PNG, size: '1000' }, ['size']],
    ['nothing', {}, ['type', 'size']],
    ['a key', { ...PNG, key: 'avatars/bob' }, ['key']],
  ];
  for (const [what, json, fields] of wrong) {
    it(`with ${what} is refused`, async () => {
      const { here } = world();
      const { status, json: answer } = await here('POST /avatar', { json });
      assert.deepEqual([status, answer.error], [400, 'invalid']);
      assert.deepEqual(
        answer.problems.map((/** @type {{ field: string }} */ problem) => problem.field),
        fields,
      );
    });
  }
});
