/**
 * The JSON Schema that editors read, and the parser that builds read: of one mind about shape.
 */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'smol-toml';
import { check, schema } from '../js/cli/tools.js';

const FIXTURES = new URL('config/', import.meta.url);
const committed = await readFile(new URL('../nearhop.schema.json', import.meta.url), 'utf8');
const validate = new Ajv2020({ strict: true, allErrors: true }).compile(JSON.parse(committed));

test('nearhop.schema.json is what the tools print', async () => {
  assert.equal(await schema(), committed);
});

for (const [folder, byParser, bySchema] of /** @type {const} */ ([
  ['good', true, true],
  ['meaning', false, true],
  ['shape', false, false],
])) {
  for (const { name, text } of await fixtures(folder)) {
    test(`${folder}/${name}: parser ${verb(byParser)}, schema ${verb(bySchema)}`, async () => {
      assert.equal((await check(text)).ok, byParser);
      assert.equal(validate(parse(text)), bySchema, JSON.stringify(validate.errors));
    });
  }
}

for (const folder of ['syntax', 'shape', 'meaning']) {
  for (const { name, text } of await fixtures(folder)) {
    test(`${folder}/${name} is refused where it says, by the built tools too`, async () => {
      const checked = await check(text);
      assert.ok(!checked.ok);
      const told = checked.diagnostics.map(({ line, key }) => `${line} ${key || '-'}`);
      assert.deepEqual(told.sort(), expected(text).sort());
    });
  }
}

test("the repository's own configuration fits the schema", async () => {
  const text = await readFile(new URL('../nearhop.toml', import.meta.url), 'utf8');
  assert.ok(validate(parse(text)), JSON.stringify(validate.errors));
});

test('docs/configuration.md describes every key, and its example is sound', async () => {
  const docs = await readFile(new URL('../docs/configuration.md', import.meta.url), 'utf8');
  const { $defs, ...root } = JSON.parse(committed);
  const keys = [root, ...Object.values($defs)].flatMap(({ properties = {} }) => Object.keys(properties));
  assert.ok(keys.length > 40);
  const undescribed = keys.filter((key) => !new RegExp(`[\`.[]${key}[\`\\]]`).test(docs));
  assert.deepEqual(undescribed, []);
  const [, example] = /```toml\n(.*?)```/s.exec(docs) ?? [];
  const checked = await check(example);
  assert.ok(checked.ok);
  assert.deepEqual(checked.report.warnings, []);
});

test('its examples of sign-in are sound beside the complete one', async () => {
  const docs = await readFile(new URL('../docs/configuration.md', import.meta.url), 'utf8');
  const [complete, ...more] = [...docs.matchAll(/```toml\n(.*?)```/gs)].map(([, text]) => text);
  const signIn = more.filter((text) => text.includes('[sign_in]'));
  assert.equal(signIn.length, 2);
  for (const example of signIn) {
    const checked = await check(`${complete}\n${example}`);
    assert.ok(checked.ok, JSON.stringify(checked));
    assert.ok(validate(parse(`${complete}\n${example}`)), JSON.stringify(validate.errors));
    assert.equal(checked.report.sign_in?.clients[0].callback_urls.length, 1);
  }
});

/** @param {string} folder */
async function fixtures(folder) {
  const names = (await readdir(new URL(folder, FIXTURES))).sort();
  assert.notEqual(names.length, 0);
  return Promise.all(
    names.map(async (name) => ({
      name,
      text: await readFile(new URL(`${folder}/${name}`, FIXTURES), 'utf8'),
    })),
  );
}

/**
 * What a fixture's `#~` comments announce (tests/config/README.md).
 *
 * @param {string} text
 */
function expected(text) {
  return text.split('\n').flatMap((line, index) => {
    const keys = /#~(?<nowhere>~?)(?<keys>.*)$/.exec(line)?.groups;
    if (!keys) return [];
    const place = keys.nowhere ? null : index + 1;
    return (keys.keys.match(/(?:"[^"]*"|\S)+/g) ?? []).map((key) => `${place} ${key}`);
  });
}

/** @param {boolean} accepts */
function verb(accepts) {
  return accepts ? 'accepts' : 'refuses';
}
