//! base64url without padding, one spelling per value (RFC 4648, section 5; RFC 7515, section 2).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Decodes; `None` for padding, the other alphabet, white space, or spare bits that are not zero.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = vec![0; decoded_len(text)];
    decode_into(text, &mut bytes)?;
    Some(bytes)
}

/// As [`decode`], into the beginning of a buffer. `None` too where it has no room.
///
/// By our own hand, sixteen letters at a time: beside its signature, a third of what a token cost that
/// was not seen before was the base64 crate's `decode`, and no less one by our own letter by letter.
pub(crate) fn decode_into<'b>(text: &str, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    let bytes = buffer.get_mut(..decoded_len(text))?;
    let (blocks, rest) = text.as_bytes().as_chunks();
    let (decoded, end) = bytes.as_chunks_mut();
    for (twelve, letters) in decoded.iter_mut().zip(blocks) {
        *twelve = packed(sextets(letters)?);
    }
    if !rest.is_empty() {
        let mut letters = [ZERO; 16];
        letters[..rest.len()].copy_from_slice(rest);
        let twelve = packed(sextets(&letters)?);
        let (whole, [spare, ..]) = twelve.split_at(end.len()) else { return None };
        // One letter of four is less than a byte.
        if rest.len() % 4 == 1 || *spare != 0 {
            return None;
        }
        end.copy_from_slice(whole);
    }
    Some(bytes)
}

fn decoded_len(text: &str) -> usize {
    text.len() / 4 * 3 + text.len() % 4 * 3 / 4
}

/// The six bits of each of the letters, if all are of the alphabet. Without a table or a branch for a
/// letter, so that sixteen are looked at together.
fn sextets(letters: &[u8; 16]) -> Option<[u8; 16]> {
    /// All bits of whether a letter is one of so many from the first on.
    fn among(letter: u8, first: u8, count: u8) -> u8 {
        if letter.wrapping_sub(first) < count { u8::MAX } else { 0 }
    }
    let (mut known, mut sextets) = ([0; 16], [0; 16]);
    for ((letter, known), sextet) in letters.iter().zip(&mut known).zip(&mut sextets) {
        let upper = among(*letter, b'A', 26);
        let lower = among(*letter, b'a', 26);
        let digit = among(*letter, b'0', 10);
        let hyphen = among(*letter, b'-', 1);
        let underscore = among(*letter, b'_', 1);
        *known = upper | lower | digit | hyphen | underscore;
        let distance = upper & 0_u8.wrapping_sub(b'A')
            | lower & 26_u8.wrapping_sub(b'a')
            | digit & 52_u8.wrapping_sub(b'0')
            | hyphen & 62_u8.wrapping_sub(b'-')
            | underscore & 63_u8.wrapping_sub(b'_');
        *sextet = letter.wrapping_add(distance);
    }
    (u128::from_le_bytes(known) == u128::MAX).then_some(sextets)
}

/// Sixteen times six bits in twelve bytes.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
fn packed(sextets: [u8; 16]) -> [u8; 12] {
    let mut bytes = [0; 12];
    for (triple, quad) in bytes.as_chunks_mut().0.iter_mut().zip(sextets.as_chunks().0) {
        let [a, b, c, d] = *quad;
        *triple = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
    }
    bytes
}

/// The same, all quads at once: the compiler does not find out by itself.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
fn packed(sextets: [u8; 16]) -> [u8; 12] {
    use core::arch::wasm32::*;
    let [low, high] = [0, 8].map(|at| std::array::from_fn(|n| sextets[at + n]));
    // In each lane d c b a, from its highest byte to its lowest.
    let quads = u64x2(u64::from_le_bytes(low), u64::from_le_bytes(high));
    let a = u32x4_shl(v128_and(quads, u32x4_splat(0x3f)), 18);
    let b = u32x4_shl(v128_and(quads, u32x4_splat(0x3f00)), 4);
    let c = v128_and(u32x4_shr(quads, 10), u32x4_splat(0xfc0));
    let d = u32x4_shr(quads, 24);
    let triples = v128_or(v128_or(a, b), v128_or(c, d));
    let bytes =
        u8x16_shuffle::<2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 3, 7, 11, 15>(triples, triples);
    let [low, high] = [u64x2_extract_lane::<0>(bytes), u64x2_extract_lane::<1>(bytes)];
    let mut twelve = [0; 12];
    twelve[..8].copy_from_slice(&low.to_le_bytes());
    twelve[8..].copy_from_slice(&high.to_le_bytes()[..4]);
    twelve
}

/// Encodes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The letter of six bits that are zero.
const ZERO: u8 = b'A';

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn by_the_crate(text: &str) -> Option<Vec<u8>> {
        URL_SAFE_NO_PAD.decode(text).ok()
    }

    proptest! {
        /// Cases: encoding/padding, encoding/spare-bits, encoding/standard-alphabet.
        #[test]
        fn any_text_is_decoded_as_the_crate_decodes_it(text in prop_oneof![
            "[A-Za-z0-9_-]{0,24}",
            "[A-Za-z0-9_=+/ \\n-]{0,12}",
            any::<String>(),
        ]) {
            prop_assert_eq!(decode(&text), by_the_crate(&text));
        }

        #[test]
        fn what_was_encoded_is_decoded(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
    }

    #[test]
    fn every_end_is_decoded_as_the_crate_decodes_it() {
        for before in ["", "AAAA", "AAAAAAAAAAAA", "AAAAAAAAAAAAAAAA"] {
            for first in 0..128_u8 {
                for second in 0..128_u8 {
                    for ends in [&[first][..], &[first, second], &[b'A', first, second]] {
                        let text = [before.as_bytes(), ends].concat();
                        let text = str::from_utf8(&text).expect("ASCII");
                        assert_eq!(decode(text), by_the_crate(text), "{text:?}");
                    }
                }
            }
        }
    }
}
