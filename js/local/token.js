#!/usr/bin/env node
/**
 * `npm run -s token`: prints a token for the local world. Only the token is written to stdout.
 */
import { readConfiguration } from '../cli/configuration.js';
import { CommandFault } from '../cli/fault.js';
import { mint } from './mint.js';
import { signIn } from './plane/users.js';
import { openPool } from './pool.js';
import { CONFIG, STATE, fail, parseOptions } from './usage.js';
import { latestWorld } from './worlds.js';

const HELP = `Prints a token for the local world.

  npm run -s token                        curl -H "authorization: Bearer $(npm run -s token)" …
  npm run -s token -- OPTION …

While npm start runs, its user pool signs somebody in:
  --id                 the ID token in place of the access token
  --username NAME      alice or bob; alice if left out

Otherwise, for npm start -- --light, the token is made here, in the name of the first issuer and
client of nearhop.toml:
  --light              made here, even while npm start runs

What is in it
  --id                 an ID token
  --sub S              the subject
  --username NAME      the user's name; dev if left out
  --groups A,B         Cognito groups
  --scope "A B"        scopes
  --client ID          the client; the issuer's first if left out
  --issuer URL         the issuer; the first of nearhop.toml if left out
  --ttl SECONDS        seconds until it expires; 3600 if left out
  --kid KID            another key id in the header

What is wrong with it
  --expired            it expired an hour ago
  --not-yet            it is valid an hour from now
  --wrong-client       another client's
  --wrong-issuer       another issuer's
  --wrong-key          signed by a key the issuer does not have, under the kid of one it has
  --tampered           its claims were changed after it was signed
  --none               not signed: alg none

  --config FILE        the configuration; nearhop.toml if left out
  --help               this text
`;

/** @type {import('./mint.js').Fault[]} */
const FAULTS = [
  'expired',
  'not-yet',
  'wrong-client',
  'wrong-issuer',
  'wrong-key',
  'tampered',
  'none',
];
/** Faults that leave nothing for each other to be wrong. */
const APART = [
  ['none', 'wrong-key'],
  ['none', 'tampered'],
  ['expired', 'not-yet'],
  ['expired', 'ttl'],
  ['id', 'scope'],
];

await main(process.argv.slice(2)).catch((error) => fail('token', error));

/** @param {string[]} argv */
async function main(argv) {
  const options = parse(argv);
  if (options.help) {
    process.stdout.write(HELP);
    return;
  }
  const world = options.light ? undefined : await latestWorld(STATE);
  const token = world?.pool ? await issued(world, options) : await minted(options);
  process.stdout.write(`${token}\n`);
}

/**
 * By the user pool of a world that runs.
 *
 * @param {import('./worlds.js').Announced} world
 * @param {Values} options
 */
async function issued({ pool, users = [] }, options) {
  const other = Object.keys(options).find((name) => !['id', 'username'].includes(name));
  if (other !== undefined) {
    throw new CommandFault(
      'usage',
      `--${other} is for tokens that are made here, and npm start runs, whose tokens come from ` +
        'its user pool; allowed: --id, --username. ' +
        `Made here: npm run -s token -- --light --${other} …`,
    );
  }
  const names = users.map(({ name }) => name);
  const user = users[names.indexOf(choose('username', options.username, names))];
  const tokens = await signIn(/** @type {import('./plane/users.js').Pool} */ (pool), user);
  return options.id ? tokens.id : tokens.access;
}

/**
 * By the key pair that stands for the user pool of the light world.
 *
 * @param {Values} options
 */
async function minted(options) {
  const { report } = await readConfiguration(options.config ?? CONFIG);
  const { issuers } = report;
  const issuer = choose(
    'issuer',
    options.issuer,
    issuers.map((each) => each.issuer),
  );
  const { clients } = issuers[issuers.findIndex((each) => each.issuer === issuer)];
  return mint(await openPool(issuer, STATE), {
    use: options.id ? 'id' : 'access',
    client: options.client ?? clients[0],
    sub: options.sub,
    username: options.username,
    groups: options.groups?.split(',').filter((group) => group !== ''),
    scope: options.scope,
    ttl: options.ttl === undefined ? undefined : seconds(options.ttl),
    kid: options.kid,
    faults: FAULTS.filter((fault) => options[fault]),
  });
}

/** @typedef {ReturnType<typeof parse>} Values */

/** @param {string[]} argv */
function parse(argv) {
  const values = parseOptions(argv, {
    texts: ['sub', 'username', 'groups', 'scope', 'client', 'issuer', 'ttl', 'kid', 'config'],
    flags: ['id', 'light', ...FAULTS],
    help: 'npm run -s token -- --help',
  });
  const given = new Set(Object.keys(values));
  const pair = APART.find((names) => names.every((name) => given.has(name)));
  if (pair) throw new CommandFault('usage', `--${pair[0]} and --${pair[1]} do not go together`);
  return values;
}

/**
 * @param {string} what
 * @param {string | undefined} wanted
 * @param {string[]} known
 */
function choose(what, wanted, known) {
  if (known.length === 0)
    throw new CommandFault('configuration', `the configuration has no ${what}`);
  if (wanted === undefined) return known[0];
  if (!known.includes(wanted)) {
    throw new CommandFault('usage', `--${what} is "${wanted}"; allowed: ${known.join(', ')}`);
  }
  return wanted;
}

/** @param {string} text */
function seconds(text) {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 86_400) {
    throw new CommandFault('usage', `--ttl is "${text}"; allowed: 1 to 86400, Cognito's longest`);
  }
  return value;
}
