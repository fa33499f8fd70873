/**
 * The process of an execution environment: how it is started, frozen and measured.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const BOOTSTRAP = fileURLToPath(new URL('bootstrap.js', import.meta.url));

/** Of util-linux; searched where distributions put it, not on the user's PATH. */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));

/** @type {boolean | undefined} */
let freezes;

/**
 * Whether environments are frozen here. A frozen process cannot see that the one which started it
 * has been killed, and would stay forever: it is frozen only where the kernel ends it then
 * (PR_SET_PDEATHSIG of prctl(2), which setpriv(1) sets).
 *
 * @returns {boolean}
 */
export function canFreeze() {
  freezes ??=
    SETPRIV !== undefined &&
    existsSync('/proc/self/status') &&
    spawnSync(SETPRIV, ['--pdeathsig', 'KILL', 'true']).status === 0;
  return freezes;
}

/**
 * The command that starts an environment. The heap's sizes are those that Lambda's Node runtimes
 * derive from the function's memory: a tenth for the young generation, the rest for the old one.
 *
 * @param {object} options
 * @param {string} options.node program
 * @param {number} options.memory MB
 * @param {string | undefined} options.ric path of aws-lambda-ric's index.mjs
 * @param {boolean} options.disturbable
 * @returns {{ command: string, args: string[] }}
 */
export function commandFor({ node, memory, ric, disturbable }) {
  const young = Math.floor(memory / 10);
  const args = [
    `--max-semi-space-size=${Math.max(1, Math.floor(young / 2))}`,
    `--max-old-space-size=${memory - young}`,
    ric ?? BOOTSTRAP,
    ...(disturbable && !ric ? ['--disturbable'] : []),
  ];
  if (!SETPRIV || !canFreeze()) return { command: node, args };
  return { command: SETPRIV, args: ['--pdeathsig', 'KILL', node, ...args] };
}

/**
 * Sends a signal to an environment and to whatever its function started. SIGSTOP and SIGCONT are
 * sent only where environments are frozen.
 *
 * @param {import('node:child_process').ChildProcess | undefined} child leader of its group
 * @param {'SIGSTOP'|'SIGCONT'|'SIGKILL'} name
 */
export function signal(child, name) {
  if (child?.pid === undefined || (name !== 'SIGKILL' && !canFreeze())) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // It is gone already.
  }
}

/**
 * The most memory a process has held: `VmHWM` of proc_pid_status(5), resident pages with those of
 * files. Node itself takes about 45 MB, at Lambda too.
 *
 * @param {number} pid
 * @returns {number | undefined} MB; undefined where there is no /proc or no such process
 */
export function peakMemoryMb(pid) {
  try {
    const [, kb] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
    return kb === undefined ? undefined : Number(kb) / 1_024;
  } catch {
    return undefined;
  }
}
