#!/usr/bin/env node
/**
 * `scripts/load`: many requests while a Region fails, each answer checked.
 */
import { CommandFault } from '../../js/cli/fault.js';
import { fail, parseOptions } from '../../js/local/usage.js';
import { runLoad } from './run.js';
import { tableOf } from './table.js';

const HELP = `Sends requests of all kinds, at several edge Regions, to the system on this machine.
A Region's API is dead for the middle third. Each answer is checked: its status, its body, whose
identity it shows, and whether the Region that gave it may.

  scripts/load [OPTION…]

  --requests N   how many; 40000 if left out, which takes some minutes
  --seed N       of the requests; 1 if left out
  --json         for programs: one JSON object on stdout
  --help         this text

Exits with 1 where an answer is wrong, where something is lost that the dead Region does not
explain, where a secret is in a log, or where a process has grown; with 2 for bad usage.
`;

/** Most that is told of what is wrong. */
const TOLD = 20;

await main(process.argv.slice(2)).catch((error) => fail('load', error));

/** @param {string[]} argv */
async function main(argv) {
  const options = parse(argv);
  if (!options) {
    process.stdout.write(HELP);
    return;
  }
  const { requests, seed, json } = options;
  let told = 0;
  const report = await runLoad({
    requests,
    seed,
    onProgress(share, perSecond) {
      if (share < told + 0.05) return;
      told = share;
      process.stderr.write(`${Math.round(share * 100)} %, ${perSecond.toFixed(0)} per second\n`);
    },
  });
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : tableOf(report));
  const { wrong } = report;
  for (const each of wrong.slice(0, TOLD)) process.stderr.write(`wrong: ${each}\n`);
  if (wrong.length > TOLD) process.stderr.write(`… and ${wrong.length - TOLD} more\n`);
  if (wrong.length > 0) process.exitCode = 1;
}

/**
 * @param {string[]} argv
 * @returns {{ requests: number, seed: number, json: boolean } | undefined} undefined when help is
 *   asked for
 * @throws {CommandFault} `usage`
 */
function parse(argv) {
  const help = 'scripts/load --help';
  const values = parseOptions(argv, { texts: ['requests', 'seed'], flags: ['json'], help });
  if (values.help) return undefined;
  const { requests = '40000', seed = '1', json = false } = values;
  return { requests: whole('requests', requests, 100), seed: whole('seed', seed, 1), json };
}

/**
 * @param {string} name
 * @param {string} text
 * @param {number} least
 */
function whole(name, text, least) {
  const value = Number(text);
  if (!/^\d{1,9}$/.test(text) || value < least) {
    throw new CommandFault('usage', `--${name} is "${text}"; allowed: ${least} to 999999999`);
  }
  return value;
}
