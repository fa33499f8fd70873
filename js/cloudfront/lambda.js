/**
 * The inside of one execution environment: a worker thread that loads the bundle as Lambda does and
 * answers one invocation at a time. `edge.js` is its outside.
 */
import { Console } from 'node:console';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

/** @type {{ bundle: string }} */
const { bundle } = workerData;
const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);

// Sent by the same port as results, so that an invocation's lines come before its result.
const logged = new Writable({
  decodeStrings: false,
  write(text, _encoding, done) {
    port.postMessage({ log: String(text) });
    done();
  },
});
globalThis.console = new Console({ stdout: logged, stderr: logged });

const handler = await load();
port.on('message', async ({ event, requestId, deadline }) => {
  try {
    const result = await handler(JSON.parse(event), contextOf(requestId, deadline));
    port.postMessage({ result: JSON.stringify(result) ?? 'null' });
  } catch (error) {
    port.postMessage({ failed: inWords(error) });
  }
});

async function load() {
  const module = await import(pathToFileURL(join(bundle, 'index.mjs')).href);
  if (typeof module.handler !== 'function') {
    throw new TypeError('index.mjs does not export a function named "handler"');
  }
  if (module.handler.length > 2) {
    // L4: Node 24 at Lambda refuses callback handlers.
    throw new TypeError('the handler takes a callback; it must be an async function instead');
  }
  return module.handler;
}

/**
 * @param {string} requestId
 * @param {number} deadline milliseconds since 1970
 * @returns {Omit<import('aws-lambda').Context, 'done'|'fail'|'succeed'>}
 */
function contextOf(requestId, deadline) {
  const name = process.env.AWS_LAMBDA_FUNCTION_NAME ?? '';
  const version = process.env.AWS_LAMBDA_FUNCTION_VERSION ?? '';
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion: version,
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${name}:${version}`,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? '',
    awsRequestId: requestId,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME ?? '',
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME ?? '',
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

/**
 * @param {unknown} error
 */
function inWords(error) {
  return error instanceof Error ? (error.stack ?? String(error)) : `thrown: ${String(error)}`;
}
