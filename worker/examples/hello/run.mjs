/**
 * Shows the worker beside this file at work: loads what wasm-pack made of it, as Lambda would, and
 * prints what it returns for an event of each of CloudFront's triggers.
 *
 *   scripts/build hello && node worker/examples/hello/run.mjs
 */
import { readFileSync } from 'node:fs';

import { createHandler } from '../../js/worker.mjs';

const root = new URL('../../../', import.meta.url);
const glue = await import(new URL('pkg/hello/hello_bg.js', root).href);
const module = new WebAssembly.Module(readFileSync(new URL('pkg/hello/hello_bg.wasm', root)));
const handler = createHandler({ module, glue, region: process.env.AWS_REGION ?? 'eu-west-1' });

await show('viewer-request: GET /hello is answered here', 'viewer-request', (cf) => {
  cf.request.uri = '/hello';
});
await show('viewer-request: so is POST /hello, from its body', 'viewer-request', (cf) => {
  const data = Buffer.from('name=Edge').toString('base64');
  const body = { inputTruncated: false, action: 'read-only', encoding: 'base64', data };
  Object.assign(cf.request, { uri: '/hello', method: 'POST', body });
});
await show('viewer-request: anything else goes on, marked', 'viewer-request');
await show('origin-request: marked as well', 'origin-request');
await show('origin-response: stamped', 'origin-response');
await show('viewer-response: stamped', 'viewer-response');

/**
 * @param {string} title
 * @param {string} trigger
 * @param {(cf: any) => void} [change]  what is to differ from the documented event
 */
async function show(title, trigger, change = () => {}) {
  const event = JSON.parse(readFileSync(new URL(`tests/events/${trigger}.json`, root), 'utf8'));
  change(event.Records[0].cf);
  console.log(`\n── ${title}`);
  console.dir(summary(await handler(event)), { depth: 4, breakLength: 100 });
}

/**
 * Headers as `name: value, value`, for reading.
 * @param {any} result
 */
function summary({ headers, ...rest }) {
  const joined = Object.entries(headers).map(([name, fields]) => [
    name,
    fields.map((/** @type {{ value: string }} */ field) => field.value).join(', '),
  ]);
  return { ...rest, headers: Object.fromEntries(joined) };
}
