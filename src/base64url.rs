//! base64url without padding, one spelling per value (RFC 4648, section 5; RFC 7515, section 2).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
use portable::twelve_of;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use simd128::twelve_of;

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod portable;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;

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
        *twelve = twelve_of(letters)?;
    }
    if !rest.is_empty() {
        let mut letters = [ZERO; 16];
        letters[..rest.len()].copy_from_slice(rest);
        let twelve = twelve_of(&letters)?;
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
