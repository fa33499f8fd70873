// What worker.mjs makes of whole, broken and hostile events: tests/events/README.md says where the
// table comes from. worker/tests/events.rs holds the same table natively.

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { buildHello, eventOf, json, start } from './load.js';

/** @typedef {'refused' | 'kept'} Fate */

/** @type {{ fields: Record<string, Record<'missing' | 'null' | 'wrong', Fate>>, values: any[] }} */
const table = json('tests/events/fields.json');
const { body, s3 } = json('tests/events/parts.json');

/** @type {Record<string, () => any>} */
const EVENTS = {
  'viewer-request': () => eventOf('viewer-request'),
  'viewer-request with a body': () => eventOf('viewer-request', withBody),
  'origin-request': () => eventOf('origin-request'),
  'origin-request with a body': () => eventOf('origin-request', withBody),
  'origin-request to S3': () => eventOf('origin-request', toS3),
  'origin-response': () => eventOf('origin-response'),
  'origin-response from S3': () => eventOf('origin-response', toS3),
  'viewer-response': () => eventOf('viewer-response'),
};

/** A value of each of JSON's types. @type {unknown[]} */
const VALUES = [null, true, false, 0, 7, '', 'text', [], ['text'], {}, { value: 'text' }];

/** @type {ReturnType<typeof start>} */
let handle;
before(async () => {
  handle = start(await buildHello());
});

for (const [name, whole] of Object.entries(EVENTS)) {
  describe(name, () => {
    it('is handled, and only the header it sets differs (E1–E9)', async () => {
      const { result, log } = await handle(whole());
      assert.deepEqual(result, marked(whole()));
      assert.deepEqual(log, []);
    });

    it('keeps what it does not know, at every level (E10)', async () => {
      const event = whole();
      addFutureFields(event.Records[0].cf);
      const expected = marked(structuredClone(event));
      assert.deepEqual((await handle(event)).result, expected);
      assert.ok(JSON.stringify(expected).split('"future"').length > 4, 'the test adds none');
    });

    for (const path of paths(whole().Records[0].cf)) {
      const fates = table.fields[generic(path)];
      it(`${path.join('.')}: missing, null, of another type`, async () => {
        assert.ok(fates, `fields.json says nothing of ${generic(path)}`);
        await expectFate(fates.missing, whole(), (holder, key) => remove(holder, key), path);
        for (const value of VALUES) {
          if (typeOf(value) === typeOf(at(whole().Records[0].cf, path))) continue;
          const fate = value === null ? fates.null : fates.wrong;
          await expectFate(fate, whole(), (holder, key) => (holder[key] = value), path);
        }
      });

      const text = at(whole().Records[0].cf, path);
      if (typeof text !== 'string') continue;
      it(`${path.join('.')}: a line break in it forges nothing`, async () => {
        const forged = ['\n', '\nx-forged\n1', '\n1\nx-forged\n1', '\n\n\n', '\r\nx-forged: 1'];
        for (const end of forged) {
          for (const broken of [text + end, end + text]) {
            await expectFate(fates.wrong, whole(), (holder, key) => (holder[key] = broken), path);
          }
        }
      });
    }
  });
}

describe('an event without its parts', () => {
  const records = [{ Records: [] }, { Records: {} }, { Records: [{ cf: {} }] }];
  for (const event of [undefined, {}, null, 7, 'text', [], ...records]) {
    it(`${JSON.stringify(event)} is answered 500`, async () => {
      refused(await handle(event), /malformed event/);
    });
  }
});

describe('a value of the right type that no event has', () => {
  for (const { field, value, log } of table.values) {
    it(`${field}: ${JSON.stringify(value)}`, async () => {
      const path = field.split('.');
      const holders = Object.values(EVENTS).filter(
        (whole) => at(whole().Records[0].cf, path) !== undefined,
      );
      assert.ok(holders.length > 0);
      for (const whole of holders) {
        const event = change(whole(), path, (holder, key) => (holder[key] = value));
        refused(await handle(event), new RegExp(log.replaceAll('.', '\\.')));
      }
    });
  }

  it('a name in upper case, in any headers and beside others', async () => {
    for (const path of paths(EVENTS['origin-response']().Records[0].cf)) {
      if (!/eaders\.\*$/.test(generic(path))) continue;
      const event = change(EVENTS['origin-response'](), path, (headers, name) => {
        headers[name[0].toUpperCase() + name.slice(1)] = headers[name];
        delete headers[name];
      });
      refused(await handle(event), /E3/);
    }
  });

  it('a line break whose forged values fit what follows', async () => {
    // Read as lines, this is another origin, with what follows of the head as its custom headers.
    const forged = ['1', '', 'custom', 'forged.example', '/forged', '4', 'x-a'].join('\n');
    const event = eventOf('origin-request', (cf) => {
      cf.request.origin.custom.path = '/path';
      cf.request.headers['x-last'] = [{ key: 'X-Last', value: forged }];
    });
    refused(await handle(event), /line break/);
  });

  it('a line break in the name of a header', async () => {
    for (const name of ['x-a\nx-b', '\n', 'x-a\n1\nx-forged', 'x\n']) {
      const event = eventOf('viewer-request', (cf) => {
        cf.request.headers[name] = [{ value: '1' }];
      });
      refused(await handle(event), /line break|E3/);
    }
  });
});

/**
 * @param {Fate} fate
 * @param {any} event
 * @param {(holder: any, key: string) => void} edit
 * @param {string[]} path
 */
async function expectFate(fate, event, edit, path) {
  change(event, path, edit);
  const shown = JSON.stringify(at(event.Records[0].cf, path.slice(0, -1)));
  const sent = structuredClone(event);
  const handled = await handle(event);
  if (fate === 'refused') {
    refused(handled, /./);
  } else {
    assert.deepEqual(handled.result, marked(sent), shown);
    assert.deepEqual(handled.log, []);
  }
}

/**
 * @param {import('./load.js').Handled} handled
 * @param {RegExp} why
 */
function refused({ result, log }, why) {
  assert.equal(result.status, '500', JSON.stringify(result));
  assert.equal(result.body, 'Internal Server Error');
  assert.deepEqual(Object.keys(result.headers).sort(), ['cache-control', 'content-type']);
  assert.equal(result.headers['cache-control'][0].value, 'no-store');
  assert.equal(log.length, 1, 'one line of log');
  assert.match(log[0], /^cloudfront-worker: [^\n]*$/);
  assert.match(log[0], why);
}

/** What the worker makes of an event: its request or response, marked. @param {any} event */
function marked(event) {
  const { config, request, response } = event.Records[0].cf;
  const subject = config.eventType.endsWith('-response') ? response : request;
  subject.headers['x-hello-region'] = [{ key: 'x-hello-region', value: 'eu-west-1' }];
  return subject;
}

/**
 * Every place in an event, the outer before the inner.
 * @param {any} value
 * @param {string[]} to
 * @returns {string[][]}
 */
function paths(value, to = []) {
  if (typeof value !== 'object' || value === null) return [];
  return Object.keys(value).flatMap((key) => {
    const path = [...to, key];
    return [path, ...paths(value[key], path)];
  });
}

/** A place as fields.json names it. @param {string[]} path */
function generic(path) {
  const names = path.map((key, i) => {
    const inHeaders = /eaders$/.test(path[i - 1]) || /^\d+$/.test(key);
    return inHeaders ? '*' : key;
  });
  return names.join('.');
}

/** @param {any} value @param {string[]} path */
function at(value, path) {
  return path.reduce((holder, key) => holder?.[key], value);
}

/**
 * @param {any} event
 * @param {string[]} path
 * @param {(holder: any, key: string) => void} edit
 */
function change(event, path, edit) {
  edit(at(event.Records[0].cf, path.slice(0, -1)), path[path.length - 1]);
  return event;
}

/** @param {any} holder @param {string} key */
function remove(holder, key) {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
}

/** @param {unknown} value */
function typeOf(value) {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

/**
 * Headers hold arrays only: there a new field is a field of a value.
 * @param {any} value
 * @param {string} name
 */
function addFutureFields(value, name = '') {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) addFutureFields(inner, key);
  if (!Array.isArray(value) && !/eaders$/.test(name)) value.future = { since: 2031, of: [name] };
}

/** @param {any} cf */
function withBody(cf) {
  cf.request.body = structuredClone(body);
}

/** @param {any} cf */
function toS3(cf) {
  cf.request.origin = { s3: structuredClone(s3) };
}
