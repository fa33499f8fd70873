/**
 * A function in one edge Region: an execution environment of its own, started when first needed,
 * ended and started afresh after a crash or a timeout.
 *
 * Unlike Lambda, which adds environments under load (rule L5), there is one per edge Region, and
 * invocations wait for each other; and a worker thread is not frozen between invocations (rule L6).
 */
import { randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { CloudFrontError } from './error.js';

/**
 * @typedef {object} EdgeOptions
 * @property {string} bundle folder with `index.mjs`
 * @property {string} region the edge Region: `AWS_REGION` inside
 * @property {number | undefined} [timeoutMs] longest invocation, start of the environment included
 *   (rule L1)
 * @property {number} [memoryMb] size of the JavaScript heap; WebAssembly's memory is not counted
 */

export class EdgeFunction {
  #options;
  #closed = false;
  /** @type {Environment | undefined} */
  #environment;
  /** @type {Promise<unknown>} */
  #previous = Promise.resolve();

  /** @param {EdgeOptions} options */
  constructor(options) {
    const { timeoutMs = 30_000, memoryMb = 128 } = options;
    this.#options = { ...options, timeoutMs, memoryMb };
  }

  /**
   * @param {object} event
   * @param {(line: string) => void} onLog is called with each line the function logs meanwhile
   * @returns {Promise<unknown>} what the handler returned, through JSON as at Lambda
   * @throws {CloudFrontError} 503 `LambdaExecutionError` (rule F1); its `cause` is what the
   *   function said, which is for its developer and not for the viewer
   */
  invoke(event, onLog) {
    const turn = this.#previous.then(() => {
      if (this.#closed) throw failure('The distribution is closing.');
      if (!this.#environment || this.#environment.gone) {
        this.#environment = new Environment(this.#options);
      }
      return this.#environment.run(event, onLog);
    });
    this.#previous = turn.catch(() => {});
    return turn;
  }

  /** Ends the environment; what is under way fails. */
  async close() {
    this.#closed = true;
    await this.#environment?.end(failure('The distribution is closing.'));
  }
}

/** One worker thread, until it crashes, ends or is too slow. */
class Environment {
  gone = false;
  #timeoutMs;
  #worker;
  /** @type {{ onLog: (line: string) => void, settle: (result: unknown) => void } | undefined} */
  #current;

  /** @param {EdgeOptions & { timeoutMs: number, memoryMb: number }} options */
  constructor({ bundle, region, timeoutMs, memoryMb }) {
    this.#timeoutMs = timeoutMs;
    const worker = new Worker(new URL('lambda.js', import.meta.url), {
      workerData: { bundle },
      env: reservedVariables(region, memoryMb),
      argv: [],
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
      name: `edge-${region}`,
    });
    worker.on('message', ({ log, failed, result }) => {
      if (log !== undefined) this.#log(log);
      else if (failed !== undefined) {
        this.#current?.settle(failure('The function threw an exception.', failed));
      } else this.#current?.settle(result);
    });
    worker.on('error', (error) =>
      this.end(failure('The function crashed.', error.stack ?? `${error}`)),
    );
    worker.on('exit', (code) =>
      this.end(failure('The function ended its process.', `exit code ${code}`)),
    );
    worker.stdout.on('data', (chunk) => this.#log(String(chunk)));
    worker.stderr.on('data', (chunk) => this.#log(String(chunk)));
    this.#worker = worker;
  }

  /**
   * @param {object} event
   * @param {(line: string) => void} onLog
   * @returns {Promise<unknown>}
   */
  run(event, onLog) {
    const deadline = Date.now() + this.#timeoutMs;
    return new Promise((resolve, reject) => {
      const slow = setTimeout(() => {
        void this.end(failure(`The function did not answer within ${this.#timeoutMs} ms.`));
      }, this.#timeoutMs);
      const settle = (/** @type {unknown} */ result) => {
        clearTimeout(slow);
        this.#current = undefined;
        if (result instanceof CloudFrontError) reject(result);
        else resolve(JSON.parse(/** @type {string} */ (result)));
      };
      this.#current = { onLog, settle };
      this.#worker.postMessage({ event: JSON.stringify(event), requestId: randomUUID(), deadline });
    });
  }

  /**
   * @param {CloudFrontError} reason what becomes of an invocation under way
   */
  async end(reason) {
    this.gone = true;
    this.#current?.settle(reason);
    await this.#worker.terminate();
  }

  /** @param {string} text */
  #log(text) {
    const lines = text.split('\n').filter((line) => line !== '');
    for (const line of lines) this.#current?.onLog(line);
  }
}

/**
 * What Lambda reserves (rule L2): all a function at the edge finds in its environment.
 *
 * @param {string} region
 * @param {number} memoryMb
 */
function reservedVariables(region, memoryMb) {
  const name = 'us-east-1.nearhop';
  return {
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${process.versions.node.split('.')[0]}.x`,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '1',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: `local/${region}`,
    AWS_REGION: region,
    LANG: 'en_US.UTF-8',
    LAMBDA_TASK_ROOT: '/var/task',
    PATH: '/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin',
    TZ: ':UTC',
    _HANDLER: 'index.handler',
  };
}

/**
 * @param {string} message for the viewer too: nothing of the function's own words
 * @param {string} [cause]
 */
function failure(message, cause) {
  return new CloudFrontError(503, 'LambdaExecutionError', message, { rule: 'F1', cause });
}
