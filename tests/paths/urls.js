/**
 * Paths as an attacker writes them: known words, spelled every way there is, between separators of
 * every kind.
 *
 * @typedef {import('../differential/random.js').Random} Random
 */

/** Where rules begin. */
const ROOTS = ['api', 'api', 'api', 'apix', 'members', 'café', 'admin', 'docs'];

const WORDS = [
  ...['admin', 'admin', 'admin', 'admin', 'open', 'open', 'open', 'api', 'members', 'v1.2'],
  ...['hello', 'index.html', 'index', 'a.html', 'app.js', '2026.pdf', 'a b', 'a+b', '100%', '~ann'],
  ...['API', 'Admin', 'ａｐｉ', 'admin\u200b', '{id}', '*', "it's", 'a=b&c', '@', '$', '€', '😀'],
];

const SEPARATORS = [
  ...Array.from({ length: 200 }, () => '/'),
  ...['//', '/./', '/../', '/.//', '/...', '/%2e/', '/%2e%2e/', '/.%2E/', '/%252e%252e/'],
  ...['%2f', '%2F', '%252f', '%25%32%66', '\\', '%5c', '%255c', '/%5c../', '/..\\', '/..;/'],
  ...[';/', ';a=b/', '/;/', '%3b/', '%253b', '?', '%3f', '%3F', '%253f', '#', '%23', '%2523'],
  ...['%c0%af', '%c0%ae%c0%ae/', '%e0%80%af', '%f0%80%80%af', '%c1%9c', '%ef%bc%8f', '%e2%88%95'],
  ...['%00', '%00/', '\0', '%0a', '%0d%0a', '\n', '\t', '%09', ' ', '%20', '%20/', '+', '|', '%7c'],
  ...['%', '%2', '%u002f', '%zz', '&#47;', ':', '%3a', '//evil.example/', '/@evil.example/', '"'],
];

const ENDS = [
  ...Array.from({ length: 40 }, () => ''),
  ...['/', '/', '.', '..', '/.', '/..', '%2e', '%20', '%00', '%00.html', '.html', '/index'],
  ...['/index.html', ';x', ';', '?', '%3f', '%3fa=b', '%23', '#x', '%', '%2', '\\', '~', '::$DATA'],
];

/** @param {Random} random */
export function url(random) {
  let text = random.chance(0.97) ? '/' : random.pick(['', '\\', '//', '%2f', 'https://h/']);
  text += spelled(random.pick(random.chance(0.8) ? ROOTS : WORDS), random);
  for (let left = random.below(4); left > 0; left -= 1) {
    text += random.pick(SEPARATORS) + spelled(random.pick(WORDS), random);
  }
  return text + random.pick(ENDS);
}

/**
 * Half of the words as they are, where that is possible; of the others some letters otherwise.
 *
 * @param {string} word
 * @param {Random} random
 */
function spelled(word, random) {
  const odds = random.pick([0, 0, 0.15, 0.15, 1]);
  const sound = (/** @type {string} */ letter) =>
    /[\w.~!$&'()*+,=:@-]/.test(letter) || random.chance(0.02) ? letter : encodeURIComponent(letter);
  const letters = [...word].map((letter) =>
    random.chance(odds) ? random.pick(SPELLINGS)(letter, random) : sound(letter),
  );
  return letters.join('');
}

/**
 * The last ones are wrong, and drawn rarely.
 *
 * @type {((letter: string, random: Random) => string)[]}
 */
const SPELLINGS = [
  ...Array.from({ length: 100 }, () => escaped),
  (letter, random) => escaped(letter, random).toUpperCase(),
  (letter, random) => escaped(letter, random).replaceAll('%', '%25'),
  (letter) => overlong(letter.codePointAt(0) ?? 0),
  (letter) => `%u${(letter.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
];

/** @param {string} letter @param {Random} random */
function escaped(letter, random) {
  const octets = [...Buffer.from(letter)].map((octet) => `%${octet.toString(16).padStart(2, '0')}`);
  return octets.map((octet) => (random.chance(0.5) ? octet : octet.toUpperCase())).join('');
}

/** In two octets of UTF-8 where one is enough. @param {number} code */
function overlong(code) {
  const octets = [0xc0 | ((code >> 6) & 0x1f), 0x80 | (code & 0x3f)];
  return octets.map((octet) => `%${octet.toString(16)}`).join('');
}
