/**
 * How a set of Regions serves the world.
 */
import { writeFile } from 'node:fs/promises';
import { readConfiguration, readText } from './configuration.js';
import { CommandFault } from './fault.js';
import { plan as planByCore } from './tools.js';

/**
 * @typedef {object} PlanOptions
 * @property {string} config the path of nearhop.toml; not read where Regions are given
 * @property {string} [regions] names separated by commas, in place of the configuration's
 * @property {boolean} [all] every Region as an edge, not only those that execute Lambda@Edge
 * @property {string} [weights] a file with a JSON object: weights by edge
 * @property {string} [svg] a file to write the map to
 */

/**
 * @param {PlanOptions} options
 * @returns {Promise<import('./tools.js').Plan>}
 * @throws {CommandFault}
 */
export async function plan({ config, regions, all = false, weights, svg }) {
  const named = regions === undefined ? [] : names(regions);
  const source = named.length > 0 ? undefined : await readConfiguration(config);
  const wanted = { regions: named, all, weights: weights ? await readWeights(weights) : null };
  const answer = await planByCore(source?.text ?? '', wanted);
  if (!answer.ok) {
    const { file = config, text = '' } = source ?? {};
    throw CommandFault.ofConfiguration({ file, text }, answer.diagnostics);
  }
  if (svg !== undefined) {
    const { mapAsSvg } = await import('./map.js');
    await write(svg, mapAsSvg(answer.plan));
  }
  return answer.plan;
}

/** @param {string} regions */
function names(regions) {
  const found = regions.split(',').map((name) => name.trim());
  if (found.every((name) => name !== '')) return found;
  const allowed = 'names separated by commas, such as us-east-1,eu-west-1';
  throw new CommandFault('usage', `--regions: found "${regions}", allowed: ${allowed}`);
}

/**
 * @param {string} file
 * @returns {Promise<Record<string, number>>}
 */
async function readWeights(file) {
  const allowed = 'a file with weights by edge, such as {"eu-west-1": 3, "us-east-1": 1}';
  const text = await readText(file, 'usage', `allowed: ${allowed}`);
  let weights;
  try {
    weights = JSON.parse(text);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    const found = `${file}, not JSON (${message})`;
    throw new CommandFault('usage', `--weights: found ${found}; allowed: ${allowed}`);
  }
  const isWeights =
    weights !== null &&
    typeof weights === 'object' &&
    Object.values(weights).every((weight) => typeof weight === 'number');
  if (isWeights && !Array.isArray(weights)) return weights;
  throw new CommandFault('usage', `--weights: found ${file}, of another form; allowed: ${allowed}`);
}

/**
 * @param {string} file
 * @param {string} text
 */
async function write(file, text) {
  try {
    await writeFile(file, text);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new CommandFault('outside', `${file} cannot be written: ${message}`, { cause: error });
  }
}
