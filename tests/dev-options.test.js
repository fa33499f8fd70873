/**
 * What is wrong with a command line of `nearhop dev`, said so that it can be mended.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { EXAMPLE, PORT, ROOT, SITE, server } from './dev.js';
import { folder } from './local/world.js';
import { nearhop } from './nearhop.js';

describe('what is wrong with a command line of nearhop dev', { timeout: 120_000 }, () => {
  const [template] = EXAMPLE;
  /** @type {[string, string[], number, RegExp][]} */
  const cases = [
    ['no template', ['js'], 1, /js: found a folder without manifest\.json; allowed: a template/],
    ['a file that is not there', ['no.yaml'], 2, /there is no no\.yaml; allowed: a CloudFormation/],
    ['two templates', [template, template], 2, /found 2 templates; allowed: one/],
    ['a port', [template, '--port', '99999'], 2, /--port is "99999"; allowed: 0 to 65535/],
    ['instances', [template, '--instances', '0'], 2, /--instances is "0"; allowed: 1 to 100/],
    ['half an option', [template, '--origin', 'bucket'], 2, /is "bucket"; allowed: NAME=TARGET/],
    ['one twice', [template, ...dup('--parameter', 'A=1')], 2, /twice for A; allowed: once/],
    ['a name', [template, '--origin', `bukket=${SITE}`], 2, /"bukket"; allowed: bucket \(bucket\./],
    ['no folder', [template, '--origin', 'bucket=no'], 2, /"no", and there is no such folder/],
    ['another machine', [template, '--origin', 'a=http://a.example'], 2, /not on this machine/],
    ['a POP', [template, '--pop', 'XXX'], 2, /--pop is "XXX"; allowed: AKL, .*FRA/],
    ['an edge', [template, '--edge', 'eu-west-3'], 2, /--edge is "eu-west-3"; allowed: us-east-1,/],
    ['a country', [template, '--country', 'ZZZ'], 2, /--country is "ZZZ"; allowed: two letters/],
    ['an address', [template, '--ip', '1.2.3'], 2, /--ip is "1\.2\.3"; allowed: an IPv4 or IPv6/],
    ['a runtime', [template, '--node', '24=node'], 2, /--node is "24=node"; allowed: nodejs22\.x=/],
    ['a program', [template, '--node', 'nodejs24.x=no'], 2, /24\.x is "no", which is no program/],
    ['a client', [template, '--ric', 'no'], 2, /--ric is "no", which is no file; allowed: ind/],
    ['a function', [template, '--function', 'X=.'], 2, /"X", which no behavior has; allowed: Lang/],
    ['code', [template, '--function', 'Language=no'], 2, /"no", which is not there; allowed: a f/],
    ['a stack', [template, '--stack', 'A'], 2, /--stack is "A", .*allowed: only with the folder/],
    ['a distribution', [template, '--distribution', 'A'], 1, /no distribution "A"; allowed: one o/],
    ['a parameter', [template, '--parameter', 'A=b'], 1, /a value for "A"; allowed: none/],
    ['an archive', [template, '--har', 'no/x.har'], 3, /--har no\/x\.har: found ENOENT; allowed/],
    ['two forms', [template, '--json', '--trace'], 2, /found --json and --trace; allowed: one/],
  ];
  for (const [what, args, code, message] of cases) {
    it(`is said: ${what}`, async () => {
      const isPort = args.includes('--port');
      const { status, stdout, stderr } = await nearhop(['dev', ...args, ...(isPort ? [] : PORT)]);
      assert.equal(status, code, stderr);
      assert.match(stderr || JSON.parse(stdout).message, message);
      assert.doesNotMatch(stderr, /\n {4}at /);
    });
  }

  it('is said without the secret of a bucket', async () => {
    const target = 's3+http://key:tops3cret@127.0.0.1:9';
    const { status, stderr } = await nearhop(['dev', template, '--origin', `bucket=${target}`]);
    assert.equal(status, 2);
    assert.match(stderr, /s3\+http without key, secret or bucket; allowed: /);
    assert.doesNotMatch(stderr, /tops3cret/);
  });

  it('is said with line and key where the template is wrong', async (test) => {
    const wrong = readFileSync(join(ROOT, template), 'utf8').replace('viewer-request', 'request');
    const files = folder(test, { 'wrong.yaml': wrong, 'function/index.mjs': '' });
    const file = join(files, 'wrong.yaml');
    const line = wrong.split('\n').findIndex((text) => text.includes('EventType: request')) + 1;
    const { status, stderr } = await nearhop(['dev', file, ...PORT]);
    assert.equal(status, 1);
    assert.ok(stderr.includes(`wrong.yaml:${line}: Resources.Site.`), stderr);
    assert.match(stderr, /EventType: found "request"; allowed: .*"?origin-response/);
  });

  it('is said of a port in use', async (test) => {
    const port = new URL(await server(test, () => {})).port;
    for (const option of ['--port', '--control-port']) {
      const args = ['dev', template, ...PORT, option, port];
      const { status, stderr } = await nearhop(args);
      assert.equal(status, 3, stderr);
      assert.match(stderr, new RegExp(`port ${port} is in use; another one: --port N`));
    }
  });
});

/**
 * @param {string} option
 * @param {string} value
 */
function dup(option, value) {
  return [option, value, option, value];
}
