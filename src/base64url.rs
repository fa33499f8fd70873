//! base64url without padding, one spelling per value (RFC 4648, section 5; RFC 7515, section 2).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Decodes; `None` for padding, the other alphabet, white space, or spare bits that are not zero.
///
/// By our own hand: a third of what a token cost that was not seen before, beside its signature, was
/// the base64 crate's `decode`.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let (quads, rest) = text.as_bytes().as_chunks::<4>();
    let (last, spare) = match *rest {
        [] => ([0; 4], 0),
        [a, b] => ([a, b, ZERO, ZERO], 0b1111),
        [a, b, c] => ([a, b, c, ZERO], 0b11),
        _ => return None,
    };
    let mut bytes = vec![0; text.len() * 3 / 4];
    let (triples, end) = bytes.as_chunks_mut::<3>();
    let mut all = 0;
    for (triple, quad) in triples.iter_mut().zip(quads) {
        let [a, b, c, d] = *quad;
        let [a, b, c, d] = [sextet(a), sextet(b), sextet(c), sextet(d)];
        all |= a | b | c | d;
        let [_, bytes @ ..] = (a << 18 | b << 12 | c << 6 | d).to_be_bytes();
        *triple = bytes;
    }
    if let Some(last_letter) = rest.last() {
        let [a, b, c, _] = last.map(sextet);
        all |= a | b | c;
        if sextet(*last_letter) & spare != 0 {
            return None;
        }
        end.copy_from_slice(&(a << 18 | b << 12 | c << 6).to_be_bytes()[1..][..end.len()]);
    }
    (all & u32::from(OUTSIDE) == 0).then_some(bytes)
}

fn sextet(letter: u8) -> u32 {
    SEXTETS[usize::from(letter)].into()
}

/// Encodes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The letter of six bits that are zero.
const ZERO: u8 = b'A';

/// Marks what is no letter of the alphabet.
const OUTSIDE: u8 = 0b1000_0000;

/// The six bits of each letter.
static SEXTETS: [u8; 256] = {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut sextets = [OUTSIDE; 256];
    let mut sextet = 0;
    while sextet < 64 {
        sextets[alphabet[sextet] as usize] = sextet as u8;
        sextet += 1;
    }
    sextets
};

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
        for before in ["", "AAAA"] {
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
