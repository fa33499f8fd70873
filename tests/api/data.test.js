/**
 * Where the API keeps its data. What `documents.mjs` and `objects.mjs` promise is held against the
 * stand-ins, and against DynamoDB and S3 as ministack plays them.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { openBuckets } from '../../api/buckets.mjs';
import { openTable } from '../../api/table.mjs';
import { objectsAt } from '../../js/local/objects.js';
import { documentsAt, memoryDocuments, startStores } from '../../js/local/stores.js';
import { startMinistack } from '../../js/local/plane/ministack.js';
import { planeTools } from '../../js/local/plane/tools.js';
import { WITHOUT_PLANE } from '../plane.js';

/**
 * @typedef {object} Data
 * @property {import('../../api/documents.mjs').Documents} documents
 * @property {import('../../api/objects.mjs').Objects} objects
 * @property {() => Promise<void>} close
 */

describe('in memory, by the stores', { timeout: 60_000 }, () => {
  keepsPromises(async () => {
    const stores = await startStores();
    const objects = objectsAt({ ...stores, region: 'eu-west-1' });
    return { documents: documentsAt(stores), objects, close: stores.close };
  });
});

describe('in DynamoDB and S3, by ministack', { timeout: 300_000, skip: WITHOUT_PLANE }, () => {
  keepsPromises(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nearhop-ministack-'));
    const ministack = await startMinistack({ tools: await planeTools(), folder });
    const credentials = { accessKeyId: '111111111111', secretAccessKey: 'test' };
    const client = { endpoint: ministack.url, region: 'eu-west-1', credentials };
    const dynamo = new DynamoDBClient(client);
    await dynamo.send(
      new CreateTableCommand({
        TableName: 'application',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
      }),
    );
    dynamo.destroy();
    const s3 = new S3Client(client);
    await s3.send(new CreateBucketCommand({ Bucket: 'user-data' }));
    s3.destroy();
    const documents = openTable({ table: 'application', client });
    const objects = openBuckets({ region: 'eu-west-1', bucket: 'user-data', client });
    return {
      documents,
      objects,
      async close() {
        documents.close();
        objects.close();
        await ministack.close();
        await rm(folder, { recursive: true });
      },
    };
  });
});

/** @param {() => Promise<Data>} open */
function keepsPromises(open) {
  /** @type {Data} */
  let data;
  before(async () => {
    data = await open();
  });
  after(() => data?.close());

  it('documents: adds once, and replaces and removes by version', async () => {
    const { documents } = data;
    const key = { pk: 'USER#ada', sk: 'A' };
    assert.equal(await documents.get(key), undefined);
    assert.equal(await documents.replace({ ...key, version: 2 }, 1), false);
    assert.equal(await documents.remove(key, 1), false);
    const item = { ...key, version: 1, deep: { list: [1, 'two', null, true] }, text: 'ü\n' };
    assert.equal(await documents.add(item), true);
    assert.equal(await documents.add({ ...key, version: 1, other: true }), false);
    assert.deepEqual(await documents.get(key), item);
    assert.equal(await documents.replace({ ...key, version: 2 }, 7), false);
    assert.deepEqual(await documents.get(key), item);
    assert.equal(await documents.replace({ ...key, version: 2 }, 1), true);
    assert.deepEqual(await documents.get(key), { ...key, version: 2 });
    assert.equal(await documents.remove(key, 1), false);
    assert.equal(await documents.remove(key, 2), true);
    assert.equal(await documents.get(key), undefined);
  });

  it('documents: of ten writes of one version, one is made', async () => {
    const key = { pk: 'USER#race', sk: 'A' };
    await data.documents.add({ ...key, version: 1 });
    const writes = Array.from({ length: 10 }, (_, by) =>
      data.documents.replace({ ...key, version: 2, by }, 1),
    );
    const made = (await Promise.all(writes)).filter(Boolean);
    assert.equal(made.length, 1);
  });

  it('documents: lists a prefix of a partition, highest first, page by page', async () => {
    const { documents } = data;
    const pk = 'USER#list';
    for (const sk of ['NOTE#1', 'NOTE#2', 'NOTE#3', 'NOTE#4', 'AVATAR', 'NOTED']) {
      await documents.add({ pk, sk, version: 1 });
    }
    await documents.add({ pk: `${pk}2`, sk: 'NOTE#9', version: 1 });
    const page = async (/** @type {number} */ limit, /** @type {string} */ after = '') => {
      const from = after === '' ? {} : { after };
      const { items, more } = await documents.list({ pk, prefix: 'NOTE#', limit, ...from });
      return [items.map(({ sk }) => sk.slice(5)).join(), more];
    };
    assert.deepEqual(await page(3), ['4,3,2', true]);
    assert.deepEqual(await page(3, 'NOTE#2'), ['1', false]);
    assert.deepEqual(await page(4), ['4,3,2,1', false]);
    assert.deepEqual(await page(2, 'NOTE#3'), ['2,1', false]);
    assert.deepEqual(await page(2, 'NOTE#1'), ['', false]);
  });

  it('documents: lists all of what is more than DynamoDB reads at once', async () => {
    const { documents } = data;
    const pk = 'USER#long';
    const text = 'x'.repeat(40_000);
    const keys = Array.from({ length: 40 }, (_, n) => `NOTE#${String(n).padStart(2, '0')}`);
    for (const sk of keys) await documents.add({ pk, sk, version: 1, text });
    const seen = [];
    /** @type {string | undefined} */
    let after;
    for (let pages = 0, more = true; more && pages < 40; pages++) {
      const from = after === undefined ? {} : { after };
      const page = await documents.list({ pk, prefix: 'NOTE#', limit: 50, ...from });
      seen.push(...page.items.map(({ sk }) => sk));
      ({ more } = page);
      after = seen.at(-1);
    }
    assert.deepEqual(seen, keys.reverse());
  });

  it('objects: takes what a signed URL says, gives it back, and removes it', async () => {
    const { objects } = data;
    const place = objects.here('avatars/ada');
    assert.equal(place.region, 'eu-west-1');
    assert.equal(await objects.head(place), undefined);
    const bytes = Buffer.from('bytes of a picture');
    const what = { type: 'image/png', size: bytes.length, seconds: 60 };
    const { method, url, headers } = await objects.upload(place, what);
    const longer = await fetch(url, { method, headers, body: `${bytes}, and more` });
    const page = { 'content-type': 'text/html' };
    const other = await fetch(url, { method, headers: page, body: bytes });
    assert.deepEqual([longer.status, other.status], [403, 403]);
    const put = await fetch(url, { method, headers, body: bytes });
    assert.equal(put.status, 200, await put.text());
    assert.deepEqual(await objects.head(place), { type: 'image/png', size: bytes.length });
    const got = await fetch(await objects.download(place, 60));
    assert.deepEqual(
      [got.status, got.headers.get('content-type'), await got.text()],
      [200, 'image/png', String(bytes)],
    );
    await objects.remove(place);
    await objects.remove(place);
    assert.equal(await objects.head(place), undefined);
    assert.equal((await fetch(await objects.download(place, 60))).status, 404);
  });
}

describe('signed URLs of S3', () => {
  const client = { credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' } };
  const objects = openBuckets({ region: 'eu-west-1', bucket: 'user-data', client });
  const place = objects.here('avatars/ada');

  it('bind an upload to its type, its size and its Region', async () => {
    const what = { type: 'image/png', size: 1_000, seconds: 300 };
    const { url, headers } = await objects.upload(place, what);
    const { protocol, host, pathname, searchParams } = new URL(url);
    assert.deepEqual(
      [protocol, host, pathname],
      ['https:', 'user-data.s3.eu-west-1.amazonaws.com', '/avatars/ada'],
    );
    assert.equal(searchParams.get('X-Amz-SignedHeaders'), 'content-length;content-type;host');
    assert.equal(searchParams.get('X-Amz-Expires'), '300');
    assert.match(String(searchParams.get('X-Amz-Credential')), /\/eu-west-1\/s3\/aws4_request$/);
    assert.doesNotMatch(url, /checksum/i);
    assert.deepEqual(headers, { 'content-type': 'image/png' });
    const smaller = await objects.upload(place, { ...what, size: 999 });
    const signature = (/** @type {string} */ of) => new URL(of).searchParams.get('X-Amz-Signature');
    assert.notEqual(signature(url), signature(smaller.url));
  });

  it('read from the Region where the object lies', async () => {
    const url = await objects.download({ ...place, region: 'us-east-1', bucket: 'other' }, 60);
    assert.match(url, /^https:\/\/other\.s3\.us-east-1\.amazonaws\.com\/avatars\/ada\?/);
  });
});

describe('signed URLs of the stores', { timeout: 60_000 }, () => {
  it('are good for one object, method, type, size and time', async (test) => {
    let now = 1_000_000;
    const clock = () => now;
    const stores = await startStores({ clock });
    test.after(stores.close);
    const objects = objectsAt({ ...stores, region: 'eu-west-1', clock });
    const what = { type: 'image/png', size: 3, seconds: 10 };
    const { url, headers } = await objects.upload(objects.here('avatars/ada'), what);
    const put = async (/** @type {string} */ to, /** @type {any} */ more = {}) =>
      (await fetch(to, { method: 'PUT', headers, body: 'abc', ...more })).status;
    assert.equal(await put(url.replace('ada', 'bob')), 403);
    assert.equal(await put(url.replace('until=', 'until=9')), 403);
    assert.equal(await put(url.replace(/signature=.*/, 'signature=')), 403);
    assert.equal(await put(url, { body: 'abcd' }), 403);
    assert.equal(await put(url, { headers: { 'content-type': 'text/html' } }), 403);
    assert.equal(await put(url, { method: 'DELETE' }), 403);
    assert.equal((await fetch(url)).status, 403);
    assert.equal(await objects.head(objects.here('avatars/ada')), undefined);
    assert.equal(await put(url), 200);
    const read = await objects.download(objects.here('avatars/ada'), 10);
    assert.equal((await fetch(read)).status, 200);
    assert.equal(await put(read), 403);
    now += 10_001;
    assert.equal(await put(url), 403);
    assert.equal((await fetch(read)).status, 403);
  });

  it('are all that opens the stores to others', async (test) => {
    const stores = await startStores();
    test.after(stores.close);
    const body = '[{"pk":"USER#ada","sk":"AVATAR"}]';
    for (const authorization of ['', 'Bearer ', `Bearer ${stores.key}x`]) {
      const asked = { method: 'POST', headers: { authorization }, body };
      assert.equal((await fetch(`${stores.url}/documents/get`, asked)).status, 403);
    }
    const documents = documentsAt({ ...stores, key: 'another' });
    await assert.rejects(documents.get({ pk: 'a', sk: 'b' }), /403/);
  });

  it('what is kept does not change when the caller’s copy does', async () => {
    const documents = memoryDocuments();
    const item = { pk: 'a', sk: 'b', version: 1, list: [1] };
    await documents.add(item);
    item.list.push(2);
    (await documents.get(item))?.list.push(3);
    assert.deepEqual((await documents.get(item))?.list, [1]);
  });
});
