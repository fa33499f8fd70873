/**
 * The API and how its Regions are chosen, as rows for people.
 */

/**
 * @typedef {import('./tools.js').Report} Report
 * @typedef {import('./tools.js').Api} Api
 */

/**
 * @param {Api} api
 * @returns {string[][]}
 */
export function apiRows({ regions, origin_secret: secret, strip_prefix: prefix }) {
  return [
    ...regions.map(({ name, title, domain_name, path }) => [name, title, domain_name + path]),
    ['path', prefix ? `without ${prefix}` : 'as it is'],
    ['secret', secret ? `${secret.header}, from ${secret.env}` : 'none'],
  ];
}

/**
 * How a Region is chosen, from what never gives way to what only prefers.
 *
 * @param {Report} report
 * @param {Api} api
 * @returns {string[][]}
 */
export function choiceRows({ country_database: database }, api) {
  const shares = api.regions.filter(({ bias_ms, weight }) => bias_ms !== 0 || weight !== 100);
  return [
    ...under('residency', residencyOf(api.residency)),
    ...(asksForCountries(api) ? [['countries', countriesFrom(database)]] : []),
    ...shares.map(({ name, bias_ms: bias, weight }) => [name, shareOf(bias, weight)]),
    ...under('rules', api.rules.map(ruleOf)),
    ['sticky', homeOf(api.sticky)],
    ['failing', api.passive_health ? 'Regions are avoided for a while' : 'Regions are not avoided'],
    ['second leg', secondLegOf(api.second_leg_domain)],
    ...under('control', controlOf(api.control)),
    ['pin', api.pin ? `x-nearhop-pin, its key from ${api.pin.env}` : 'none'],
    ['log', api.log_decisions ? 'a line for each choice' : 'nothing of the choice'],
  ];
}

/**
 * Rows of which only the first has the name.
 *
 * @param {string} name
 * @param {string[]} texts
 * @returns {string[][]}
 */
export function under(name, texts) {
  return texts.map((text, index) => [index === 0 ? name : '', text]);
}

/** @param {Api} api */
function asksForCountries({ rules, residency }) {
  const ofRules = rules.flatMap(({ countries, continents }) => [...countries, ...continents]);
  const ofSets = residency?.sets.flatMap(({ countries }) => countries) ?? [];
  return ofRules.length + ofSets.length > 0;
}

/** @param {string | null} database */
function countriesFrom(database) {
  const header = 'CloudFront-Viewer-Country at origin-request';
  return database ? `from ${header}, else from ${database}` : `from ${header} only`;
}

/** @param {Api['residency']} residency */
function residencyOf(residency) {
  if (!residency) return ['any Region may serve anybody'];
  const { claim, sets, otherwise } = residency;
  return [
    ...(claim ? [`by the claim ${claim}, else by country`] : []),
    ...sets.map(({ name, countries, regions }) => {
      const members = countries.length > 0 ? ` (${countries.join(' ')})` : '';
      return `${name}${members}: only ${regions.join(' or ')}`;
    }),
    `anybody else: ${otherwise === 'any' ? 'any Region' : 'no Region, 503'}`,
  ];
}

/** @param {Api['rules'][number]} rule */
function ruleOf({ networks, countries, continents, regions }) {
  const places = Object.entries({ networks, countries, continents })
    .filter(([, names]) => names.length > 0)
    .map(([kind, names]) => `${kind} ${some(names)}`);
  return `${places.join('; ')}: ${regions.join(' or ')} first`;
}

/** Lists of networks can be long. @param {string[]} names */
function some(names) {
  const shown = names.slice(0, 12).join(', ');
  return names.length > 12 ? `${shown} and ${names.length - 12} more` : shown;
}

/** @param {Api['control']} control */
function controlOf(control) {
  if (!control) return ['no document'];
  return [`looked at every ${control.interval_seconds} s at most`, ...control.urls];
}

/**
 * @param {number} bias
 * @param {number} weight
 */
function shareOf(bias, weight) {
  const parts = [
    weight !== 100 && `${weight} % of the viewers nearest to it`,
    bias !== 0 && `${Math.abs(bias)} ms ${bias > 0 ? 'farther' : 'nearer'} than measured`,
  ];
  return parts.filter(Boolean).join(', ');
}

/** @param {Api['sticky']} sticky */
function homeOf(sticky) {
  switch (sticky?.by) {
    case 'subject':
      return 'a home Region for each subject, spread evenly';
    case 'claim':
      return `the home Region that the claim ${sticky.claim} names`;
    case 'cookie':
      return `the Region of the last write, for ${sticky.seconds} s by the cookie nearhop_home`;
    default:
      return 'no home Region';
  }
}

/** @param {string | null} domain */
function secondLegOf(domain) {
  return `known by ${domain ? `the origin ${domain}, or ` : ''}its header x-nearhop-leg: 2`;
}
