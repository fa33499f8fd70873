/**
 * Notes: written, listed by pages, changed by versions, and nobody else's.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memoryDocuments } from '../../js/local/stores.js';
import { api } from './world.js';

describe('a note', () => {
  it('is made, read, changed and removed', async () => {
    const { ask } = api();
    const made = await ask('POST /notes', { json: { title: ' Milk ', text: 'two\nlitres' } });
    assert.deepEqual([made.status, made.headers.etag], [201, '"1"']);
    const { id, ...note } = made.json;
    assert.deepEqual(note, {
      title: 'Milk',
      text: 'two\nlitres',
      version: 1,
      created_at: note.created_at,
      updated_at: note.created_at,
    });
    assert.equal(made.headers.location, `notes/${id}`);

    const read = await ask(`GET /notes/${id}`);
    assert.deepEqual([read.status, read.headers.etag, read.json], [200, '"1"', made.json]);

    const changed = await ask(`PUT /notes/${id}`, {
      headers: { 'if-match': '"1"' },
      json: { title: 'Bread' },
    });
    assert.deepEqual([changed.status, changed.headers.etag], [200, '"2"']);
    const { title, text, version } = changed.json;
    assert.deepEqual([title, text, version], ['Bread', '', 2]);
    assert.equal(changed.json.created_at, note.created_at);
    assert.notEqual(changed.json.updated_at, note.created_at);

    const removed = await ask(`DELETE /notes/${id}`, { headers: { 'if-match': '"2"' } });
    assert.deepEqual([removed.status, removed.text], [204, undefined]);
    for (const method of ['GET', 'DELETE', 'PUT']) {
      const gone = await ask(`${method} /notes/${id}`, { json: { title: 'x' } });
      assert.deepEqual([gone.status, gone.json.error], [404, 'note_missing'], method);
    }
  });

  it('is nobody else’s', async () => {
    const { ask } = api();
    const { json } = await ask('POST /notes', { user: 'ada', json: { title: 'mine' } });
    for (const user of ['bob', 'ad', 'ada#', 'ADA']) {
      assert.equal((await ask(`GET /notes/${json.id}`, { user })).status, 404, user);
      assert.equal((await ask(`DELETE /notes/${json.id}`, { user })).status, 404, user);
      const put = { user, headers: { 'if-match': '*' }, json: { title: 'taken' } };
      assert.equal((await ask(`PUT /notes/${json.id}`, put)).status, 404, user);
      assert.deepEqual((await ask('GET /notes', { user })).json.notes, [], user);
    }
    assert.equal((await ask(`GET /notes/${json.id}`)).json.title, 'mine');
  });

  /** @type {[string, Record<string, string>, object, number, string | undefined][]} */
  const versions = [
    ['without a version', {}, {}, 428, 'precondition_required'],
    ['If-Match of an older one', { 'if-match': '"1"' }, {}, 412, 'precondition_failed'],
    ['If-Match of a weak tag', { 'if-match': 'W/"2"' }, {}, 412, 'precondition_failed'],
    ['If-Match without quotes', { 'if-match': '2' }, {}, 412, 'precondition_failed'],
    ['If-Match of the current one', { 'if-match': '"2"' }, {}, 200, undefined],
    ['If-Match of one of several', { 'if-match': '"7", "2"' }, {}, 200, undefined],
    ['If-Match: *', { 'if-match': '*' }, {}, 200, undefined],
    ['version of an older one', {}, { version: 1 }, 409, 'version_conflict'],
    ['version as a text', {}, { version: '2' }, 409, 'version_conflict'],
    ['version of the current one', {}, { version: 2 }, 200, undefined],
    ['both, and one is old', { 'if-match': '"1"' }, { version: 2 }, 412, 'precondition_failed'],
  ];
  for (const [what, headers, fields, expected, code] of versions) {
    it(`changes by ${what}: ${expected}`, async () => {
      const { ask } = api();
      const { json } = await ask('POST /notes', { json: { title: 'one' } });
      await ask(`PUT /notes/${json.id}`, { json: { title: 'two', version: 1 } });
      const put = { headers, json: { title: 'three', ...fields } };
      const { status, json: answer } = await ask(`PUT /notes/${json.id}`, put);
      assert.deepEqual([status, answer.error], [expected, code]);
      const { title } = (await ask(`GET /notes/${json.id}`)).json;
      assert.equal(title, expected === 200 ? 'three' : 'two');
    });
  }

  it('that changed between look and write stays as the other made it', async () => {
    const documents = memoryDocuments();
    const { ask } = api({ documents });
    const { json } = await ask('POST /notes', { json: { title: 'one' } });
    const slow = api({
      documents: {
        ...documents,
        async get(key) {
          const item = await documents.get(key);
          const theirs = { json: { title: 'theirs' }, headers: { 'if-match': '*' } };
          await ask(`PUT /notes/${json.id}`, theirs);
          return item;
        },
      },
    });
    const byTag = { headers: { 'if-match': '*' }, json: { title: 'ours' } };
    assert.equal((await slow.ask(`PUT /notes/${json.id}`, byTag)).status, 412);
    assert.equal((await slow.ask(`DELETE /notes/${json.id}`)).status, 409);
    assert.equal((await ask(`GET /notes/${json.id}`)).json.title, 'theirs');
  });

  /** @type {[string, object, string][]} */
  const invalid = [
    ['no title', {}, 'title'],
    ['a title that is no text', { title: 7 }, 'title'],
    ['an empty title', { title: ' \u00a0' }, 'title'],
    ['a title of two lines', { title: 'a\nb' }, 'title'],
    ['a long title', { title: 'x'.repeat(121) }, 'title'],
    ['a long text', { title: 'a', text: 'x'.repeat(10_001) }, 'text'],
    ['a text that is none', { title: 'a', text: null }, 'text'],
    ['a field it does not know', { title: 'a', user: 'bob' }, 'user'],
    ['a version at its making', { title: 'a', version: 1 }, 'version'],
  ];
  for (const [what, json, field] of invalid) {
    it(`with ${what} is refused`, async () => {
      const { ask } = api();
      const { status, json: answer } = await ask('POST /notes', { json });
      assert.deepEqual([status, answer.error], [400, 'invalid']);
      assert.deepEqual(
        answer.problems.map((/** @type {{ field: string }} */ problem) => problem.field),
        [field],
      );
      assert.match(answer.message, new RegExp(`^${field} `));
      assert.deepEqual((await ask('GET /notes')).json.notes, []);
    });
  }
});

describe('the list of notes', () => {
  /** @param {number} count */
  async function filled(count) {
    const world = api();
    for (let n = 1; n <= count; n++) await world.ask('POST /notes', { json: { title: `${n}` } });
    return world;
  }
  const titles = (/** @type {any} */ { json }) =>
    json.notes.map((/** @type {{ title: string }} */ { title }) => Number(title));

  it('comes in pages, newest first, each note once', async () => {
    const { ask } = await filled(5);
    const first = await ask('GET /notes?limit=2');
    const second = await ask(`GET /notes?limit=2&cursor=${first.json.cursor}`);
    const third = await ask(`GET /notes?limit=2&cursor=${second.json.cursor}`);
    assert.deepEqual([first, second, third].map(titles), [[5, 4], [3, 2], [1]]);
    assert.equal(third.json.cursor, null);
  });

  it('ends with a full page when there are no more', async () => {
    const { ask } = await filled(2);
    assert.equal((await ask('GET /notes?limit=2')).json.cursor, null);
  });

  it('goes on behind a note that was removed meanwhile', async () => {
    const { ask } = await filled(4);
    const { json } = await ask('GET /notes?limit=2');
    await ask(`DELETE /notes/${json.notes[1].id}`);
    assert.deepEqual(titles(await ask(`GET /notes?cursor=${json.cursor}`)), [2, 1]);
  });

  it('takes no cursor that is not its own', async () => {
    const { ask } = await filled(3);
    const { cursor } = (await ask('GET /notes?limit=1')).json;
    const wrong = [
      '',
      'x',
      `${cursor}A`,
      cursor.slice(0, -2),
      cursor.replace(/^./, (/** @type {string} */ c) => (c === 'A' ? 'B' : 'A')),
      Buffer.from('{"pk":"USER#bob"}').toString('base64url'),
    ];
    for (const other of wrong) {
      const { status, json } = await ask(`GET /notes?cursor=${other}`);
      assert.deepEqual([status, json.problems?.[0].field], [400, 'cursor'], other);
    }
    const { status } = await ask(`GET /notes?cursor=${cursor}`, { user: 'bob' });
    assert.equal(status, 400, 'of somebody else');
  });

  it('takes limits from 1 to 50', async () => {
    const { ask } = await filled(1);
    for (const limit of ['0', '51', '-1', '1.5', '1e1', 'x', '', '0x1']) {
      assert.equal((await ask(`GET /notes?limit=${limit}`)).status, 400, limit);
    }
    for (const limit of ['1', '50']) {
      assert.equal((await ask(`GET /notes?limit=${limit}`)).status, 200, limit);
    }
  });
});
