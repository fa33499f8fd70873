/**
 * What processes hold of memory, where the system shows it (Linux's /proc).
 */
import { readFileSync, readdirSync } from 'node:fs';

/**
 * @typedef {object} Growth in MB: medians of two stretches of the run
 * @property {string} process `server`, or `function` with the edge Region
 * @property {number} start after the first sixth
 * @property {number} end
 *
 * @typedef {{ at: number, mb: Map<string, number> }} Sample `at`: share of the run, 0 to 1
 */

/** What a process may hold more at the end than after the first sixth, in MB. */
const ALLOWED = { server: 64, function: 16 };
/** A shorter run says nothing of memory: V8 has not yet taken what it will. */
const TELLING_REQUESTS = 20_000;

/**
 * @param {{ requests: number, memory: Growth[] }} report
 * @returns {string[]} processes that have grown
 */
export function grownIn({ requests, memory }) {
  if (requests < TELLING_REQUESTS) return [];
  return memory.flatMap(({ process, start, end }) => {
    const allowed = process === 'server' ? ALLOWED.server : ALLOWED.function;
    if (end - start <= allowed) return [];
    return [`${process} has grown from ${start.toFixed(0)} to ${end.toFixed(0)} MB`];
  });
}

export class Memory {
  #server;
  /** @type {Sample[]} */
  #samples = [];

  /** @param {number} server its pid; functions are its children */
  constructor(server) {
    this.#server = server;
  }

  /** @param {number} at share of the run that is over */
  sample(at) {
    const mb = new Map();
    const own = residentMb(this.#server);
    if (own === undefined) return;
    mb.set('server', own);
    for (const { pid, region } of functionsOf(this.#server)) {
      const held = residentMb(pid);
      if (held !== undefined) mb.set(`function in ${region}, process ${pid}`, held);
    }
    this.#samples.push({ at, mb });
  }

  /**
   * @returns {Growth[]} of each process that was there in both stretches; none where the system does
   *   not show it
   */
  growth() {
    const names = [...new Set(this.#samples.flatMap(({ mb }) => [...mb.keys()]))];
    return names.flatMap((process) => {
      const start = this.#median(process, 1 / 6, 1 / 3);
      const end = this.#median(process, 5 / 6, 1);
      return start === undefined || end === undefined ? [] : [{ process, start, end }];
    });
  }

  /**
   * @param {string} process
   * @param {number} from
   * @param {number} to
   */
  #median(process, from, to) {
    const within = this.#samples.filter(({ at }) => at >= from && at <= to);
    const values = within.flatMap(({ mb }) => mb.get(process) ?? []).sort((a, b) => a - b);
    return values.at(Math.floor(values.length / 2));
  }
}

/**
 * @param {number} server
 * @returns {{ pid: number, region: string }[]}
 */
function functionsOf(server) {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).flatMap((pid) => {
    const status = read(`/proc/${pid}/status`);
    if (Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1]) !== server) return [];
    const variables = read(`/proc/${pid}/environ`);
    const region = /(?:^|\0)AWS_REGION=([\w-]+)/.exec(variables)?.[1];
    return variables.includes('AWS_LAMBDA_RUNTIME_API=') && region ? [{ pid, region }] : [];
  });
}

/** @param {number} pid */
function residentMb(pid) {
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1];
  return kb === undefined ? undefined : Number(kb) / 1_024;
}

/** @param {string} path @returns {string} empty where there is none */
function read(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
