/**
 * One request's way through CloudFront, as it is remembered: by the terminal, the trace page and
 * HAR files. Built up by the pipeline, step by step; secrets are taken out as each step is recorded
 * (`redact.js`), so that nothing that reads a trace can give them away.
 */
import { createHash } from 'node:crypto';
import { isObject } from '../validate/demand.js';
import { errorOf, failureOf } from './errors.js';
import { changesOf, partsOf, reasonOf, textOf } from './invocation.js';
import { outcomeOf } from './outcome.js';
import { Redactor } from './redact.js';

/**
 * @typedef {import('../distribution.js').EventType} EventType
 * @typedef {import('../headers.js').HeaderMap} HeaderMap
 * @typedef {import('./record.js').TraceRecord} TraceRecord
 * @typedef {import('./record.js').TraceViewer} TraceViewer
 */

/** Builds up one record. `end` comes last; the rest in the order the request goes. */
export class Trace {
  #now;
  #start;
  #redactor;
  /**
   * What a function answered with, its body as it was.
   *
   * @type {Record<string, unknown> | undefined}
   */
  #made;

  /**
   * @param {object} facts
   * @param {string} facts.id
   * @param {string} facts.method
   * @param {string} facts.url path and query as the viewer sent them
   * @param {Partial<Record<keyof TraceViewer, any>>} facts.viewer a `Viewer`
   * @param {HeaderMap} [facts.headers] the viewer's
   * @param {string} [facts.httpVersion] `1.1` unless said
   * @param {boolean} [facts.secrets] keeps secrets and bodies
   * @param {() => number} [facts.now] milliseconds on a clock that never goes back
   */
  constructor({ id, method, url, viewer, headers = {}, httpVersion = '1.1', ...options }) {
    this.#now = options.now ?? (() => performance.now());
    this.#start = this.#now();
    this.#redactor = new Redactor(options.secrets);
    // First, as it tells the secrets to look for in the rest.
    const kept = this.#redactor.headers(headers);
    /** @type {TraceRecord} */
    this.record = {
      id,
      time: new Date().toISOString(),
      method,
      url: this.#redactor.url(url),
      httpVersion,
      headers: kept,
      viewer: {
        pop: viewer.pop ?? null,
        edge: viewer.edge ?? null,
        city: viewer.city ?? null,
        country: viewer.country ?? null,
        ip: viewer.ip ?? null,
        proto: viewer.proto ?? 'https',
      },
      behavior: null,
      steps: [],
      answer: null,
    };
  }

  /**
   * The cache behavior, once it is chosen.
   *
   * @param {Pick<import('../distribution.js').Behavior, 'pattern'|'target'|'functions'>} behavior
   */
  behavior({ pattern, target, functions }) {
    const names = Object.entries(functions).map(([trigger, { function: name }]) => [trigger, name]);
    this.record.behavior = { pattern, target, functions: Object.fromEntries(names) };
  }

  /**
   * What the cache had: once for the request, once more for each error page fetched (rule F7).
   *
   * @param {object} lookup
   * @param {string} lookup.state
   * @param {string} [lookup.key] only a digest of it is recorded, as it holds headers and cookies
   * @param {number} [lookup.age] seconds
   */
  cache({ state, key, age }) {
    this.record.steps.push({
      kind: 'cache',
      at: this.#ago(0),
      state,
      key: key === undefined ? null : digest(key),
      age: age === undefined ? null : Math.floor(age),
    });
  }

  /**
   * One trigger: an invocation that ended just now, or why there was none.
   *
   * @param {object} step
   * @param {EventType} step.trigger
   * @param {string} [step.function]
   * @param {unknown} [step.event] the whole event, or its `{ request, response? }`
   * @param {unknown} [step.returned]
   * @param {unknown} [step.error]
   * @param {number} [step.ms]
   * @param {number} [step.initMs]
   * @param {string | number} [step.instance]
   * @param {string[]} [step.logs]
   * @param {string} [step.skipped] why, behind the rule if there is one: `G5: the origin answered
   *   503`
   */
  step({ trigger, returned, error, ms = 0, initMs, instance, logs = [], skipped, ...step }) {
    const sent = partsOf(step.event);
    const [event, result] = [this.#redactor.copy(sent), this.#redactor.copy(returned)];
    this.record.steps.push({
      kind: 'function',
      at: this.#ago(ms + (initMs ?? 0)),
      trigger,
      function: step.function ?? null,
      leg: this.#leg(trigger),
      skipped: skipped === undefined ? null : reasonOf(skipped),
      ms: rounded(ms),
      initMs: initMs === undefined ? null : rounded(initMs),
      instance: instance === undefined ? null : String(instance),
      event: event ?? null,
      returned: result ?? null,
      ...changesOf({ sent, returned }, { sent: event, returned: result }),
      error: error === undefined ? null : errorOf(error, this.#redactor),
      logs: logs.map((line) => this.#redactor.text(line)),
    });
    if (isObject(returned) && typeof returned.body === 'string') this.#made = returned;
  }

  /**
   * A fetch from an origin, ended just now by the head of an answer or by a failure.
   *
   * @param {object} fetched
   * @param {number} fetched.leg
   * @param {string} fetched.id
   * @param {string} fetched.domainName
   * @param {string} [fetched.kind] `custom` or `s3`
   * @param {string} [fetched.url]
   * @param {number} fetched.ms
   * @param {number} [fetched.wayMs]
   * @param {number} [fetched.attempts]
   * @param {number} [fetched.status]
   * @param {unknown} [fetched.failure]
   */
  origin({ leg, id, domainName, kind, url, ms, wayMs, attempts, status, failure }) {
    this.record.steps.push({
      kind: 'origin',
      at: this.#ago(ms),
      leg,
      id,
      origin: kind === 'custom' || kind === 's3' ? kind : null,
      domainName,
      url: url === undefined ? null : this.#redactor.url(url),
      ms: rounded(ms),
      wayMs: wayMs === undefined ? null : rounded(wayMs),
      attempts: attempts ?? null,
      status: status ?? null,
      failure: failure === undefined ? null : failureOf(failure, this.#redactor),
    });
  }

  /**
   * The end of the answer.
   *
   * @param {object} answer
   * @param {number} answer.status
   * @param {HeaderMap} answer.headers
   * @param {number} answer.bytes of the body
   * @param {number} answer.ms
   * @param {string} answer.answeredBy
   * @param {string} [answer.cache] the word of `x-cache`; that of the last look-up unless said
   * @param {unknown} [answer.error]
   * @returns {TraceRecord}
   */
  end({ status, headers, bytes, ms, answeredBy, cache, error }) {
    const { steps } = this.record;
    const told = error === undefined ? null : errorOf(error, this.#redactor);
    const origin = steps.findLast((step) => step.kind === 'origin');
    const outcome = outcomeOf({
      answeredBy,
      status,
      headers,
      body: textOf(this.#made),
      originKind: origin?.origin ?? undefined,
      error: told ?? undefined,
    });
    this.record.answer = {
      status,
      headers: this.#redactor.headers(headers),
      bytes,
      ms: rounded(ms),
      answeredBy,
      cache: cache ?? steps.findLast((step) => step.kind === 'cache')?.state ?? null,
      outcome,
      error: told,
    };
    return this.record;
  }

  /** @returns {TraceRecord} */
  toJSON() {
    return this.record;
  }

  /** @param {number} ms how long what ended just now took */
  #ago(ms) {
    return Math.max(0, rounded(this.#now() - this.#start - ms));
  }

  /**
   * Rule F4: which leg of an origin group a trigger belongs to.
   *
   * @param {EventType} trigger
   */
  #leg(trigger) {
    const { steps } = this.record;
    const behindCache = steps
      .slice(steps.findLastIndex((step) => step.kind === 'cache') + 1)
      .flatMap((step) => (step.kind === 'cache' ? [] : [step]));
    const fetches = behindCache.filter((step) => step.kind === 'origin').length;
    if (trigger === 'origin-request') return fetches + 1;
    return trigger === 'origin-response' ? (behindCache.at(-1)?.leg ?? 1) : 1;
  }
}

/** @param {string} key */
function digest(key) {
  return createHash('sha256').update(key).digest('hex').slice(0, 16);
}

/** @param {number} ms to hundredths */
function rounded(ms) {
  return Math.round(ms * 100) / 100;
}
