/**
 * The local AWS plane, for tests that need one.
 */
import { spawnSync } from 'node:child_process';

const PYTHON = process.env.PYTHON || 'python3';

/**
 * For `it(…, { skip })`: the reason why there is none, or false. It runs on Python, which CI has:
 * there, its absence is a failure and no reason to skip.
 */
export const WITHOUT_PLANE =
  !process.env.CI && spawnSync(PYTHON, ['-c', 'import venv']).status !== 0
    ? `no ${PYTHON} with venv, which the local AWS plane runs on`
    : false;
