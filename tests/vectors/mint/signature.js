/**
 * Signatures that are not the key's signature of the token: altered, of another length, beyond the
 * modulus, or of a block with another padding than PKCS #1 v1.5 prescribes (RFC 8017, section 9.2).
 */
import { createHash } from 'node:crypto';
import { compact, segment, sign, signBlock } from './jose.js';
import { access, accessClaims, signedUnder } from './pool.js';

/** DER of a SHA-256 DigestInfo up to the digest. */
const SHA256 = '3031300d060960864801650304020105000420';

/** @type {(pools: import('./pool.js').Pools) => import('./pool.js').Tokens} */
export function signature({ one, two, other }) {
  const { kid, privateKey, publicKey } = one.access;
  const header = { kid, alg: 'RS256' };
  const token = access(one);
  const [head, payload, made] = token.split('.');
  const [, otherPayload, otherMade] = access(one, { sub: 'another' }).split('.');
  const bytes = Buffer.from(made, 'base64url');
  const withSignature = (/** @type {Buffer} */ value) =>
    `${head}.${payload}.${value.toString('base64url')}`;
  /** @type {(block: (digest: Buffer, input: Buffer) => Buffer) => string} */
  const padded = (block) =>
    compact(header, accessClaims(one), (input) => {
      const made = block(createHash('sha256').update(input).digest(), input);
      if (made.length !== 256) throw new Error(`a block of ${made.length} bytes`);
      return signBlock(privateKey, made);
    });
  const modulus = BigInt(
    `0x${Buffer.from(`${publicKey.export({ format: 'jwk' }).n}`, 'base64url').toString('hex')}`,
  );

  return {
    'signed-block': [
      'made like the forgeries below, and sound: what they are compared with',
      padded((digest) => block('0001', Buffer.concat([hex(SHA256), digest]))),
    ],
    'payload-swapped': ['another payload above the signature', `${head}.${otherPayload}.${made}`],
    'signature-swapped': ['another token’s signature', `${head}.${payload}.${otherMade}`],
    'header-swapped': [
      'another header above the signature',
      `${segment({ alg: 'RS256', kid })}.${payload}.${made}`,
    ],
    'signature-of-payload': [
      'a signature of the payload alone',
      withSignature(sign('RS256', privateKey, Buffer.from(payload))),
    ],
    'signature-stranger': [
      'our kid, and the signature of a key in no set',
      signedUnder(header, other.stranger, accessClaims(one)),
    ],
    'signature-other-key': [
      'the kid of the pool’s one key, and the signature of its other',
      signedUnder({ kid: two.access.kid, alg: 'RS256' }, two.id, accessClaims(two)),
    ],
    'signature-short': ['the last byte left out', withSignature(bytes.subarray(0, 255))],
    'signature-half': ['half of it', withSignature(bytes.subarray(0, 128))],
    'signature-long': ['a zero byte after it', withSignature(Buffer.concat([bytes, hex('00')]))],
    'signature-long-front': [
      'a zero byte before it',
      withSignature(Buffer.concat([hex('00'), bytes])),
    ],
    'signature-stripped': ['begins with zero, which was left out', stripped()],
    'signature-zero-first': ['begins with zero, and is whole', unstripped()],
    'signature-zero': ['zero', withSignature(Buffer.alloc(256))],
    'signature-one': ['one', withSignature(Buffer.concat([Buffer.alloc(255), hex('01')]))],
    'signature-modulus': ['the modulus itself', withSignature(bigEndian(modulus))],
    'signature-modulus-less-one': ['the modulus less one', withSignature(bigEndian(modulus - 1n))],
    'signature-ones': ['every bit set', withSignature(Buffer.alloc(256, 0xff))],
    'signature-plus-modulus': ['a sound one plus the modulus', plusModulus()],
    'padding-garbage-after': [
      'short padding and garbage after the digest (CVE-2006-4339)',
      padded((digest) => {
        const front = Buffer.concat([hex('0001'), ones(8), hex('00'), hex(SHA256), digest]);
        return Buffer.concat([front, Buffer.alloc(256 - front.length, 0x5a)]);
      }),
    ],
    'padding-garbage-inside': [
      'garbage where the parameters are NULL',
      padded((digest) => {
        const oid = hex('0609608648016503040201');
        const garbage = Buffer.concat([hex('0481a0'), Buffer.alloc(160, 0x5a)]);
        const algorithm = Buffer.concat([hex('3081ae'), oid, garbage]);
        const info = Buffer.concat([hex('3081d3'), algorithm, hex('0420'), digest]);
        return block('0001', info);
      }),
    ],
    'padding-no-null': [
      'no NULL for the parameters',
      padded((digest) =>
        block('0001', Buffer.concat([hex('302f300b06096086480165030402010420'), digest])),
      ),
    ],
    'padding-long-length': [
      'a length in more bytes than DER allows',
      padded((digest) =>
        block('0001', Buffer.concat([hex('308131300d060960864801650304020105000420'), digest])),
      ),
    ],
    'padding-indefinite': [
      'a length left open, as BER allows',
      padded((digest) =>
        block(
          '0001',
          Buffer.concat([hex('3080300d060960864801650304020105000420'), digest, hex('0000')]),
        ),
      ),
    ],
    'padding-trailing': [
      'two bytes after the DigestInfo',
      padded((digest) => block('0001', Buffer.concat([hex(SHA256), digest, hex('0000')]))),
    ],
    'padding-bare-digest': [
      'the digest without a DigestInfo',
      padded((digest) => block('0001', digest)),
    ],
    'padding-type-0': [
      'block type 00',
      padded((digest) => {
        const info = Buffer.concat([hex(SHA256), digest]);
        return Buffer.concat([Buffer.alloc(256 - info.length), info]);
      }),
    ],
    'padding-type-2': [
      'block type 02',
      padded((digest) => block('0002', Buffer.concat([hex(SHA256), digest]))),
    ],
    'padding-first-byte': [
      'a first byte that is not zero, as small as it can be',
      padded((digest) => {
        const sound = block('0001', Buffer.concat([hex(SHA256), digest]));
        sound[0] = 1;
        return sound;
      }),
    ],
    'padding-not-ones': [
      'a byte of the padding that is not ff',
      padded((digest) => {
        const sound = block('0001', Buffer.concat([hex(SHA256), digest]));
        sound[100] = 0xfe;
        return sound;
      }),
    ],
    'padding-zero-in-ones': [
      'a zero byte early in the padding',
      padded((digest) => {
        const sound = block('0001', Buffer.concat([hex(SHA256), digest]));
        sound[10] = 0;
        return sound;
      }),
    ],
    'padding-no-zero': [
      'no zero byte before the DigestInfo',
      padded((digest) => {
        const sound = block('0001', Buffer.concat([hex(SHA256), digest]));
        sound[256 - 52] = 0xff;
        return sound;
      }),
    ],
    'padding-sha1-named': [
      'a DigestInfo of SHA-1',
      padded((_, input) =>
        block('0001', Buffer.concat([hex('3021300906052b0e03021a05000414'), hash('sha1', input)])),
      ),
    ],
    'padding-sha512-named': [
      'a DigestInfo of SHA-512 with a digest of SHA-256',
      padded((digest) =>
        block('0001', Buffer.concat([hex('3031300d060960864801650304020305000420'), digest])),
      ),
    ],
    'padding-sha256-of-sha512': [
      'a DigestInfo of SHA-256 with the beginning of a digest of SHA-512',
      padded((_, input) =>
        block('0001', Buffer.concat([hex(SHA256), hash('sha512', input).subarray(0, 32)])),
      ),
    ],
  };

  /** A sound token whose signature begins with a zero byte. */
  function unstripped() {
    return search((made) => made[0] === 0);
  }

  function stripped() {
    const [head, payload, made] = unstripped().split('.');
    return `${head}.${payload}.${Buffer.from(made, 'base64url').subarray(1).toString('base64url')}`;
  }

  /** The same signature in the arithmetic of the modulus, if a verifier forgets to look. */
  function plusModulus() {
    const most = 1n << 2_048n;
    const [head, payload, made] = search((made) => integer(made) + modulus < most).split('.');
    const sum = integer(Buffer.from(made, 'base64url')) + modulus;
    return `${head}.${payload}.${bigEndian(sum).toString('base64url')}`;
  }

  /** @param {(made: Buffer) => boolean} serves */
  function search(serves) {
    for (let round = 0; round < 20_000; round += 1) {
      const token = access(one, { jti: `${round}` });
      if (serves(Buffer.from(token.split('.')[2], 'base64url'))) return token;
    }
    throw new Error('no such signature was found; run this again, with another key');
  }
}

/**
 * A block of 256 bytes: its type, ones, a zero byte and the content.
 *
 * @param {string} type
 * @param {Buffer} content
 */
function block(type, content) {
  return Buffer.concat([hex(type), ones(256 - 3 - content.length), hex('00'), content]);
}

/** @param {number} count */
function ones(count) {
  return Buffer.alloc(count, 0xff);
}

/** @param {string} digits */
function hex(digits) {
  return Buffer.from(digits, 'hex');
}

/**
 * @param {string} name
 * @param {Buffer} input
 */
function hash(name, input) {
  return createHash(name).update(input).digest();
}

/** @param {Buffer} bytes */
function integer(bytes) {
  return BigInt(`0x${bytes.toString('hex')}`);
}

/** @param {bigint} value */
function bigEndian(value) {
  return hex(value.toString(16).padStart(512, '0'));
}
