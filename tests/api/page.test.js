/**
 * What the page carries with it of things that are decided elsewhere.
 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { EDGE_REGIONS } from '../../js/cloudfront/place/edges.js';
import { drawWorld } from '../../scripts/world.js';
import { EDGES } from '../../www/edges.js';
import { REASONS, avoided, isFailover, meaning } from '../../www/reasons.js';

const WWW = new URL('../../www/', import.meta.url);
const read = (/** @type {string} */ name) => readFileSync(new URL(name, WWW), 'utf8');

describe('the page', () => {
  it('has nothing inline or from elsewhere that a strict policy would stop', () => {
    const page = read('index.html');
    assert.doesNotMatch(page, /<style|\sstyle=|\son[a-z]+=|javascript:/i);
    assert.doesNotMatch(page, /<script(?![^>]*\ssrc="\/)/);
    const urls = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, url]) => url);
    assert.ok(urls.length >= 4);
    for (const url of urls) assert.match(url, /^\/(?!\/)/);
    for (const name of readdirSync(WWW)) {
      const text = read(name).replaceAll('http://www.w3.org/2000/svg', '');
      assert.doesNotMatch(text, /https?:\/\//, name);
    }
  });

  it('has every element its scripts ask for, once', () => {
    const page = read('index.html');
    const scripts = ['app.js', 'pages.js', 'person.js'].map(read).join('');
    const asked = scripts.matchAll(/(?:find|getElementById)\('([\w-]+)'\)/g);
    const wanted = new Set([...asked].map(([, id]) => id));
    assert.ok(wanted.size > 10);
    for (const id of wanted) assert.equal(page.split(`id="${id}"`).length, 2, id);
  });

  it('knows the edge Regions of the local CloudFront', () => {
    assert.deepEqual(EDGES, [...EDGE_REGIONS]);
  });

  it('has words for each reason that docs/regions.md lists, and for no other', () => {
    const docs = readFileSync(new URL('../../docs/regions.md', import.meta.url), 'utf8');
    const [, table] = docs.split('## Reasons');
    const listed = [...table.split('\n## ')[0].matchAll(/^\| `([a-z]+)/gm)].map(([, word]) => word);
    assert.ok(listed.length > 10);
    assert.deepEqual(Object.keys(REASONS).sort(), [...new Set(listed)].sort());
  });

  it('says why in words, and which Region is avoided', () => {
    assert.equal(meaning('rtt'), 'the shortest measured round trip');
    assert.equal(meaning('rule:country=BR'), 'a rule for where you are: country=BR');
    assert.equal(meaning('failover:2'), 'second try of the same call');
    assert.equal(meaning('something new'), 'something new');
    assert.equal(avoided('drained:eu-west-1'), 'eu-west-1');
    assert.equal(avoided('rule:country=BR'), undefined);
    assert.deepEqual(
      ['failover:2', 'ejected:eu-west-1', 'drained:eu-west-1', 'rtt', undefined].map(isFailover),
      [true, true, false, false, false],
    );
  });

  it('has the map that scripts/world.js draws, of less than 60 kB', () => {
    assert.equal(read('world.json'), drawWorld());
    assert.ok(statSync(new URL('world.json', WWW)).size < 60_000);
  });
});
