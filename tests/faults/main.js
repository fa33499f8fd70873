#!/usr/bin/env node
/**
 * `scripts/faults`: each fault on a running system, and what it cost.
 */
import { CommandFault } from '../../js/cli/fault.js';
import { fail, parseOptions } from '../../js/local/usage.js';
import { startPeopledWorld } from './peopled.js';
import { SCENARIOS } from './scenarios.js';
import { brokenIn, summaryOf, tableOf } from './table.js';
import { tryOut } from './trial.js';

const HELP = `Starts the system on this machine, disturbs it in one way after the other under a flow
of requests, and says what each fault cost.

  scripts/faults [OPTION…]

  --only NAME,…  these faults alone; "region" is all whose names begin so
  --seed N       of the requests; 1 if left out
  --json         for programs: one JSON object on stdout
  --help         this text

Exits with 1 where something happened that no fault may cause: somebody served without a right, a
wrong answer, an answer that is no HTTP, a secret in a log, or no recovery; with 2 for bad usage.

Faults: ${SCENARIOS.map(({ name }) => name).join(', ')}
`;

await main(process.argv.slice(2)).catch((error) => fail('faults', error));

/** @param {string[]} argv */
async function main(argv) {
  const options = parse(argv);
  if (!options) {
    process.stdout.write(HELP);
    return;
  }
  const { scenarios, seed, json } = options;
  const { world, people } = await startPeopledWorld();
  // What it has started is to end with it.
  process.once('SIGINT', () => void world.close().then(() => process.exit(130)));
  const trials = [];
  try {
    for (const [index, scenario] of scenarios.entries()) {
      const { name, what } = scenario;
      process.stderr.write(`${index + 1}/${scenarios.length} ${name}: ${what} …\n`);
      trials.push(await tryOut(scenario, { world, people, seed: seed + index }));
    }
  } finally {
    await world.close();
  }
  const broken = brokenIn(trials);
  const report = { seed, ok: broken === '', faults: trials.map(summaryOf) };
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : tableOf(trials));
  process.stderr.write(broken);
  if (!report.ok) process.exitCode = 1;
}

/**
 * @param {string[]} argv
 * @returns {{ scenarios: import('./scenarios.js').Scenario[], seed: number, json: boolean }
 *   | undefined} undefined when help is asked for
 * @throws {CommandFault} `usage`
 */
function parse(argv) {
  const help = 'scripts/faults --help';
  const values = parseOptions(argv, { texts: ['only', 'seed'], flags: ['json'], help });
  if (values.help) return undefined;
  const { only = '', seed = '1', json = false } = values;
  if (!/^[1-9]\d{0,8}$/.test(seed)) {
    throw new CommandFault('usage', `--seed is "${seed}"; allowed: 1 to 999999999`);
  }
  const wanted = only.split(',');
  const isNamed = (/** @type {string} */ each) =>
    SCENARIOS.some(({ name }) => name.startsWith(each));
  const unknown = wanted.find((each) => !isNamed(each));
  if (unknown !== undefined) {
    const allowed = SCENARIOS.map(({ name }) => name).join(', ');
    throw new CommandFault('usage', `--only has "${unknown}"; allowed: ${allowed}`);
  }
  const scenarios = SCENARIOS.filter(({ name }) => wanted.some((each) => name.startsWith(each)));
  return { scenarios, seed: Number(seed), json };
}
