/**
 * Control documents: one to begin with, and what one says before it is published.
 */
import { readConfiguration, readText } from './configuration.js';
import { CommandFault } from './fault.js';
import { tame } from './paint.js';
import { control } from './tools.js';

/** @typedef {import('./tools.js').ControlReport} ControlReport */

/**
 * Reads a document as the edge would now.
 *
 * @param {string} config the path of nearhop.toml
 * @param {string} file the document's
 * @returns {Promise<ControlReport>}
 * @throws {CommandFault} `configuration` with what is wrong, in either file
 */
export async function validateControl(config, file) {
  const { text: toml } = await readConfiguration(config);
  const text = await readText(file, 'usage', 'allowed: a control document (JSON)');
  const checked = await control(toml, text, Date.now());
  if (checked.ok) return checked.control;
  const source = checked.of === 'document' ? { file, text } : { file: config, text: toml };
  throw CommandFault.ofConfiguration(source, checked.diagnostics);
}

/**
 * A document that drains the last Region for an hour, with every key there is.
 *
 * @param {string} config
 * @returns {Promise<string>}
 * @throws {CommandFault} `configuration`
 */
export async function exampleControl(config) {
  const { file, report } = await readConfiguration(config);
  if (!report.api) {
    throw new CommandFault('configuration', `${file}: found no [api]; allowed: one with Regions`);
  }
  const names = report.api.regions.map(({ name }) => name);
  const hour = new Date(Date.now() + 3_600_000);
  const example = {
    version: 1,
    valid_until: hour.toISOString().replace(/\.\d+/, ''),
    note: 'who switched what, and why',
    drain: names.slice(-1),
    disable: [],
    weights: { [names[0]]: 100 },
    bias_ms: { [names[0]]: 0 },
    pin: null,
  };
  return `${JSON.stringify(example, null, 2)}\n`;
}

/**
 * @param {string} file
 * @param {ControlReport} report
 * @param {import('./paint.js').Paint} paint
 * @returns {string}
 */
export function controlAsText(file, report, paint) {
  const { version, valid_until: until, note, drain, disable, weights, pin } = report;
  const pairs = (/** @type {[string, number][]} */ list, /** @type {string} */ unit) =>
    list.map(([region, number]) => `${region} ${number}${unit}`).join(', ');
  const rows = [
    ['version', String(version)],
    ['valid until', until ?? 'another one comes'],
    ['drain', drain.join(', ')],
    ['disable', disable.join(', ')],
    ['weights', pairs(weights, ' %')],
    ['bias', pairs(report.bias_ms, ' ms')],
    ['pin', pin ?? ''],
    ['note', note ?? ''],
  ];
  const lines = rows
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `  ${name.padEnd(11)}  ${tame(value)}\n`);
  return `${paint.green(`${file} is fine`)}\n${lines.join('')}`;
}
