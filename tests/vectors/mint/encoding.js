/**
 * Tokens with more than one spelling: what one base64url decoder passes and another refuses.
 */
import { gzipSync } from 'node:zlib';
import { access, accessClaims, signed, signedUnder } from './pool.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** @type {(pools: import('./pool.js').Pools) => import('./pool.js').Tokens} */
export function encoding({ one }) {
  const token = access(one);
  const [header, payload, signature] = token.split('.');
  const text = JSON.stringify(accessClaims(one));
  const genuine = (/** @type {string | Buffer} */ content) => signed(one.access, content);
  const genuineHeader = (/** @type {string | Buffer} */ content) =>
    signedUnder(content, one.access, accessClaims(one));
  const headerText = JSON.stringify({ kid: one.access.kid, alg: 'RS256' });

  return {
    'padding-header': ['= after the header', `${header}=.${payload}.${signature}`],
    'padding-payload': ['= after the payload', `${header}.${payload}=.${signature}`],
    'padding-signature': ['== after the signature', `${token}==`],
    'alphabet-header': [
      'the header in the standard alphabet',
      inStandardAlphabet(0, (filler) =>
        signedUnder({ kid: one.access.kid, alg: 'RS256', typ: filler }, one.access, text),
      ),
    ],
    'alphabet-payload': [
      'the payload in the standard alphabet',
      inStandardAlphabet(1, (filler) => access(one, { filler })),
    ],
    'alphabet-signature': [
      'the signature in the standard alphabet',
      inStandardAlphabet(2, (filler) => access(one, { filler })),
    ],
    'spare-bits-header': [
      'spare bits set in the header’s last character',
      withSpareBits(0, (filler) =>
        signedUnder({ kid: one.access.kid, alg: 'RS256', typ: filler }, one.access, text),
      ),
    ],
    'spare-bits-payload': [
      'spare bits set in the payload’s last character',
      withSpareBits(1, (filler) => access(one, { filler })),
    ],
    'spare-bits-signature': [
      'spare bits set in the signature’s last character',
      withSpareBits(2, () => token),
    ],
    'space-inside': [
      'a space in the payload',
      `${header}.${payload.slice(0, 9)} ${payload.slice(9)}.${signature}`,
    ],
    'space-after-dot': ['a space after a dot', `${header}. ${payload}.${signature}`],
    'tab-inside': ['a tab in the signature', `${token.slice(0, -9)}\t${token.slice(-9)}`],
    'carriage-return': [
      'a carriage return in the payload',
      `${header}.${payload.slice(0, 9)}\r${payload.slice(9)}.${signature}`,
    ],
    'line-feed': [
      'a line feed in the payload',
      `${header}.${payload.slice(0, 9)}\n${payload.slice(9)}.${signature}`,
    ],
    'no-break-space': [
      'a no-break space in the payload',
      `${header}.\u00a0${payload}.${signature}`,
    ],
    percent: ['a dot as %2E', `${header}%2E${payload}.${signature}`],
    'full-width': [
      'a letter of another alphabet that looks like one',
      `${header}.\uff45${payload.slice(1)}.${signature}`,
    ],
    'segments-1': ['the payload alone', payload],
    'segments-2': ['no signature and no dot for it', `${header}.${payload}`],
    'segments-4': ['a fourth segment', `${token}.${signature}`],
    'segments-4-empty': ['a fourth segment with nothing in it', `${token}.`],
    'segments-5': ['five segments, as an encrypted token has', `${token}.${payload}.${signature}`],
    'segment-before': ['an empty segment before the header', `.${token}`],
    'segments-empty': ['three empty segments', '..'],
    'segments-dots': ['four empty segments', '...'],
    'header-segment-empty': ['an empty header', `.${payload}.${signature}`],
    'payload-segment-empty': ['an empty payload', `${header}..${signature}`],
    'not-utf8': [
      'a payload that is not UTF-8',
      genuine(Buffer.from(text.replace('ada', '\xff'), 'latin1')),
    ],
    overlong: [
      'a quote in an overlong form',
      genuine(Buffer.from(text.replace('ada', '\xc0\xa2'), 'latin1')),
    ],
    'surrogate-bytes': [
      'a surrogate as UTF-8',
      genuine(Buffer.from(text.replace('ada', '\xed\xa0\x80'), 'latin1')),
    ],
    utf16: ['a payload in UTF-16', genuine(Buffer.from(`\ufeff${text}`, 'utf16le'))],
    bom: ['a byte order mark before the payload', genuine(`\ufeff${text}`)],
    'nul-after': ['a NUL after the payload', genuine(`${text}\0`)],
    'nul-before': ['a NUL before the payload', genuine(`\0${text}`)],
    'nul-in-text': ['a NUL in a text, not escaped', genuine(text.replace('ada', 'a\0da'))],
    'line-feed-in-text': [
      'a line feed in a text, not escaped',
      genuine(text.replace('ada', 'a\nda')),
    ],
    compressed: ['a payload compressed with gzip', genuine(gzipSync(text))],
    'not-utf8-header': [
      'a header that is not UTF-8',
      genuineHeader(Buffer.from(headerText.replace('{', '{"x":"\xff",'), 'latin1')),
    ],
    'bom-header': ['a byte order mark before the header', genuineHeader(`\ufeff${headerText}`)],
    'nul-header': ['a NUL after the header', genuineHeader(`${headerText}\0`)],
    'white-space': ['white space that JSON allows', genuine(`\n\t ${text}\r\n`)],
    'white-space-odd': ['white space that JSON does not allow', genuine(`\u00a0${text}`)],
    'vertical-tab': ['a vertical tab before the payload', genuine(`\v${text}`)],
  };
}

/**
 * A token whose segment holds both characters in which the alphabets differ, with that segment in
 * the other alphabet. The signature is that of the first spelling.
 *
 * @param {number} which
 * @param {(filler: string) => string} make
 */
function inStandardAlphabet(which, make) {
  return reworked(which, make, (segment) => {
    const other = segment.replaceAll('-', '+').replaceAll('_', '/');
    return other.includes('+') && other.includes('/') ? other : undefined;
  });
}

/**
 * @param {number} which
 * @param {(filler: string) => string} make
 */
function withSpareBits(which, make) {
  return reworked(which, make, (segment) => {
    const last = ALPHABET.indexOf(segment[segment.length - 1]);
    return segment.length % 4 === 0 ? undefined : segment.slice(0, -1) + ALPHABET[last + 1];
  });
}

/**
 * @param {number} which
 * @param {(filler: string) => string} make
 * @param {(segment: string) => string | undefined} rework undefined where it does not serve
 */
function reworked(which, make, rework) {
  for (let round = 0; round < 1_000; round += 1) {
    const segments = make(`${round}\u00fb\u00ff\u00fe~?`.repeat(1 + (round % 3))).split('.');
    const other = rework(segments[which]);
    if (other !== undefined) return segments.toSpliced(which, 1, other).join('.');
  }
  throw new Error('no such token was found');
}
