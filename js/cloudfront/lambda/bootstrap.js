/**
 * The inside of an execution environment: a runtime client that loads the function and answers one
 * event after the other over Lambda's Runtime API. It runs in a process of its own;
 * `environment.js` is its outside. Its own settings come as arguments, so that the environment
 * variables are Lambda's and nothing else.
 */
import { Agent, request } from 'node:http';
import { contextOf } from './bootstrap/context.js';
import { describeError } from './bootstrap/errors.js';
import { loadHandler } from './bootstrap/handler.js';
import { runHandler } from './bootstrap/run.js';

const { AWS_LAMBDA_RUNTIME_API, LAMBDA_TASK_ROOT = '', _HANDLER = '' } = process.env;
const ROOT = `http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;

// One connection. While a function runs it is idle, and does not keep the event loop alive.
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

const disturb = process.argv.includes('--disturbable')
  ? await import('./bootstrap/disturb.js')
  : undefined;

/** @type {string | undefined} where an error that nobody caught is reported, if anywhere */
let reports = '/init/error';

// Exit codes as those of Lambda's own client.
process.on('uncaughtException', (error) => void fail(error, 129));
process.on('unhandledRejection', (reason) => void fail(reason, 128));

void main();

async function main() {
  let handler;
  try {
    handler = await loadHandler(LAMBDA_TASK_ROOT, _HANDLER);
  } catch (error) {
    return fail(error, 1);
  }
  reports = undefined;
  for (;;) await serve(handler);
}

/** @param {import('./bootstrap/handler.js').Handler} handler */
async function serve(handler) {
  const { headers, text } = await call('GET', '/invocation/next');
  const invocation = `/invocation/${headers['lambda-runtime-aws-request-id']}`;
  reports = `${invocation}/error`;
  disturb?.disturb(headers);
  const outcome = await answer(handler, text, headers);
  disturb?.calm();
  await call('POST', `${invocation}/${outcome.kind}`, outcome.text);
  reports = undefined;
}

/**
 * @param {import('./bootstrap/handler.js').Handler} handler
 * @param {string} text
 * @param {import('node:http').IncomingHttpHeaders} headers
 * @returns {Promise<{ kind: 'response'|'error', text: string }>}
 */
async function answer(handler, text, headers) {
  try {
    const result = await runHandler(handler, JSON.parse(text), contextOf(headers));
    return { kind: 'response', text: JSON.stringify(result) ?? 'null' };
  } catch (error) {
    return { kind: 'error', text: describeError(error) };
  }
}

/**
 * Reports an error that nobody caught, and ends the process.
 *
 * @param {unknown} error
 * @param {number} code
 */
async function fail(error, code) {
  if (reports) await call('POST', reports, describeError(error));
  process.exit(code);
}

/**
 * @param {'GET'|'POST'} method
 * @param {string} path
 * @param {string} [body]
 * @returns {Promise<{ headers: import('node:http').IncomingHttpHeaders, text: string }>}
 */
function call(method, path, body = '') {
  return new Promise((resolve) => {
    const headers = { 'content-length': Buffer.byteLength(body) };
    const outgoing = request(`${ROOT}${path}`, { method, agent, headers }, async (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      incoming.on('end', () => resolve({ headers: incoming.headers, text }));
      incoming.on('error', () => process.exit(0));
    });
    // Nobody is there to work for any more.
    outgoing.on('error', () => process.exit(0));
    outgoing.end(body);
  });
}
