/**
 * The JavaScript half of the crate cloudfront-worker: gives CloudFront's events to a worker in
 * WebAssembly and carries its outcomes out on the very object CloudFront sent.
 *
 *   import { createHandler } from './worker.mjs';
 *   export const handler = createHandler({ module, glue, config });
 *
 * What crosses is described in worker/src/wire.rs.
 *
 * @typedef {import('aws-lambda').CloudFrontRequestEvent | import('aws-lambda').CloudFrontResponseEvent} CloudFrontEvent
 * @typedef {import('aws-lambda').CloudFrontRequest | import('aws-lambda').CloudFrontResultResponse} CloudFrontResult
 *
 * @typedef {object} WorkerOptions
 * @property {WebAssembly.Module} module  the compiled worker
 * @property {() => WebAssembly.Module} [rest]  gives the other part of a worker that was built as two,
 *   where `module` is the first: asked for when an instance first calls something of it
 * @property {Glue} [glue]  what wasm-bindgen wrote beside it for the target `bundler`, if it did; it
 *   serves one handler at a time
 * @property {Uint8Array} [config]  bytes handed to `Worker::configure`; a snapshot has had its own
 * @property {string} [region]  the Region executing the function; AWS_REGION unless given
 * @property {(memory: () => Buffer) => WebAssembly.Imports} [imports]  functions of the host the
 *   worker imports besides; called once per instance with a view of that instance's memory
 * @property {() => number} [now]  milliseconds since 1970
 * @property {(line: string) => void} [log]  takes the worker's log lines
 * @property {(get: Get, validators?: Validators) => Promise<Uint8Array>} [get]  performs one try of a
 *   fetch, or throws a FetchFault; `validators` are there when it may be revalidated
 *
 * @typedef {import('./outcome.mjs').Fetch} Fetch
 * @typedef {{ __wbg_set_wasm?: (exports: WebAssembly.Exports) => void, [name: string]: unknown }} Glue
 * @typedef {{ url: string, timeoutMs: number, maxBytes: number, post?: Post }} Get
 * @typedef {{ form: string, authorization?: string }} Post  sent by POST; secret, never for a log
 * @typedef {Map<string, string>} Validators  the `ETag` of what was got last, by URL
 */

import { MalformedEvent, NOTHING, recordOf } from './head.mjs';
import { Instance } from './instance.mjs';

/**
 * How many fetches one event may lead to before it is answered 500. A session can need its issuer's
 * keys, an exchange of tokens, and keys again for what that brought; one is to spare.
 */
const MOST_FETCHES = 4;

/** The wait before a first retry in milliseconds; twice that before each next one. */
const BACKOFF = 100;

/**
 * Makes the function Lambda calls. The worker is started at once, so that a bundle that cannot
 * start fails when it is deployed and not at the first request.
 *
 * Whatever the event and whatever happens inside, the handler returns what CloudFront accepts: a
 * malformed event or a trap is answered 500, and a trapped instance is replaced (its memory can be
 * in any state) before the next event.
 *
 * @param {WorkerOptions} options
 * @returns {(event: CloudFrontEvent) => Promise<CloudFrontResult>}
 */
export function createHandler(options) {
  const log = options.log ?? console.log;
  const now = options.now ?? Date.now;
  const get = options.get ?? fetchBytes;
  /** @type {Map<string, Promise<void>>} */
  const underWay = new Map();
  /** @type {Instance | undefined} */
  let instance = new Instance(options);

  /**
   * @param {Fetch} fetch
   * @param {Validators} [validators]
   */
  const getAndRecord = async (fetch, validators) => {
    const asking = instance;
    for (let tries = 0; instance === asking; tries += 1) {
      const { bytes, fault } = await tryOnce(fetch, validators);
      // To another instance, started since after a trap, the tag may mean something else.
      if (instance !== asking) return;
      if (tries === fetch.retries || !mayPass(fault)) {
        const line = asking?.record(bytes, fetch.tag, fault, now());
        if (line) log(line);
        return;
      }
      const wait = BACKOFF * 2 ** tries * (1 + Math.random() / 4);
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  };

  /**
   * @param {Fetch} fetch
   * @param {Validators} [validators]
   */
  const tryOnce = async (fetch, validators) => {
    try {
      return { bytes: await get(fetch, validators), fault: 0 };
    } catch (error) {
      return error instanceof FetchFault ? error : new FetchFault('unreachable');
    }
  };

  /**
   * One fetch for all events that want the same.
   *
   * @param {Fetch} fetch
   * @param {Validators} [validators]
   */
  const perform = (fetch, validators) => {
    const key = JSON.stringify([fetch.tag, fetch.url, fetch.post]);
    const promise =
      underWay.get(key) ?? getAndRecord(fetch, validators).finally(() => underWay.delete(key));
    underWay.set(key, promise);
    return promise;
  };

  /**
   * A fetch that no answer waits for: it begins when the answer has been handed over, since the
   * first one loads half of Node. Nobody hears of its failure but the worker and the log, and a
   * rejection that nobody hears of would end the process.
   *
   * @param {Fetch} fetch
   */
  const performAside = async (fetch) => {
    const asking = instance;
    await new Promise((resolve) => setImmediate(resolve));
    if (instance !== asking) return;
    try {
      await perform({ ...fetch, retries: 0 }, fetch.post ? undefined : asking?.validators);
    } catch (error) {
      if (instance === asking) discard();
      log(`cloudfront-worker: ${describe(error)}`);
    }
  };

  const discard = () => {
    instance?.discard();
    instance = undefined;
  };

  return async function handler(event) {
    try {
      const cf = recordOf(event);
      for (let fetches = 0; ; fetches += 1) {
        instance ??= new Instance(options);
        const outcome = instance.handle(cf, now());
        if (outcome.log) log(outcome.log);
        if (outcome.fetch === undefined) {
          const result = outcome.carryOut(cf);
          // Not before: what it brings may come at once, and overwrite the outcome's bytes.
          if (outcome.aside) void performAside(outcome.aside);
          return result;
        }
        if (outcome.aside) void performAside(outcome.aside);
        if (fetches === MOST_FETCHES) {
          // Nothing is broken: what the instance knows is worth keeping.
          log(`cloudfront-worker: more than ${fetches} fetches for one event`);
          return internalError();
        }
        await perform(outcome.fetch);
      }
    } catch (error) {
      // A malformed event has reached no instance; anything else may have broken this one.
      if (!(error instanceof MalformedEvent)) discard();
      log(`cloudfront-worker: ${describe(error)}`);
      return internalError();
    }
  };
}

/** @param {unknown} error */
function describe(error) {
  if (error instanceof MalformedEvent) return `malformed event: ${error.message}`;
  if (error instanceof WebAssembly.RuntimeError) return `trap: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

/** The answer when there is no worker to ask. Never cached (rule G4), never a reason to guess. */
function internalError() {
  return {
    status: '500',
    statusDescription: 'Internal Server Error',
    headers: {
      'cache-control': [{ key: 'cache-control', value: 'no-store' }],
      'content-type': [{ key: 'content-type', value: 'text/plain; charset=utf-8' }],
    },
    body: 'Internal Server Error',
  };
}

/** Why a fetch brought nothing, where it is no status: the numbers in worker/src/wire.rs. */
const FAULT = { tooLarge: 2, unreachable: 3, notModified: 4 };

/** A fetch that brought nothing. */
export class FetchFault extends Error {
  /**
   * @param {keyof typeof FAULT | number} reason  a number is the status of an answer other than 200
   * @param {Uint8Array} [bytes]  what was said with that status to a POST
   */
  constructor(reason, bytes = NOTHING) {
    super(String(reason));
    this.fault = typeof reason === 'number' ? reason : FAULT[reason];
    this.bytes = bytes;
  }
}

/** Whether a retry may do better: nobody answered, or the server failed. @param {number} fault */
function mayPass(fault) {
  return fault === FAULT.unreachable || fault >= 500;
}

/**
 * Gets a resource, or posts a form: 200 only, no redirects, within the time and size given. With
 * `validators`, what was got before is asked after by its `ETag` (RFC 9110, section 13.1.2), and a
 * 304 is a FetchFault of its own.
 *
 * @param {Get} get
 * @param {Validators} [validators]
 * @returns {Promise<Uint8Array>}
 */
export async function fetchBytes({ url, timeoutMs, maxBytes, post }, validators) {
  const etag = validators?.get(url);
  const { status, headers, body } = await fetch(url, {
    ...(post && { method: 'POST', body: post.form }),
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
    headers: {
      accept: 'application/json',
      ...(etag && { 'if-none-match': etag }),
      ...(post && { 'content-type': 'application/x-www-form-urlencoded' }),
      ...(post?.authorization && { authorization: post.authorization }),
    },
  });
  if (status !== 200 && !post) {
    await body?.cancel();
    throw new FetchFault(status === 304 && etag ? 'notModified' : status);
  }
  const chunks = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    chunks.push(chunk);
    if (size > maxBytes) break;
  }
  const bytes = Buffer.concat(chunks);
  if (status !== 200) throw new FetchFault(status, bytes.subarray(0, maxBytes));
  if (size > maxBytes) throw new FetchFault('tooLarge');
  const validator = headers.get('etag');
  if (validator) validators?.set(url, validator);
  else validators?.delete(url);
  return bytes;
}
