//! Tokens altered anywhere, and texts that never were tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use proptest::prelude::*;

use crate::edge::{Edge, token};

/// Cases: signature/bit-flips.
#[test]
fn a_bit_flipped_in_any_byte_is_noticed() {
    let mut edge = Edge::of_vectors();
    let token = token("access");
    let segments: Vec<Vec<u8>> =
        token.split('.').map(|segment| BASE64URL.decode(segment).unwrap()).collect();
    let mut signature_faults = 0;
    for (which, segment) in segments.iter().enumerate() {
        for at in 0..segment.len() {
            let mut altered = segments.clone();
            altered[which][at] ^= 1 << (at % 8);
            let altered: Vec<String> = altered.iter().map(|s| BASE64URL.encode(s)).collect();
            let answer = edge.ask(&altered.join("."), 0);
            let error = answer.error().unwrap_or_else(|| panic!("{which} {at}: {answer:?}"));
            assert!(error.starts_with("token_") || error == "keys_unavailable", "{error}");
            signature_faults += u32::from(error == "token_signature");
        }
    }
    // Every byte of the signature, and at least every one of the claims nothing is decided by.
    assert!(signature_faults > 256 + 100, "{signature_faults}");
    assert!(edge.ask(token, 0).forwarded().is_some());
}

#[test]
fn another_character_anywhere_is_noticed() {
    let mut edge = Edge::of_vectors();
    let token = token("access");
    for (at, was) in token.char_indices() {
        let mut altered = token.to_owned();
        altered.replace_range(at..=at, if was == 'A' { "B" } else { "A" });
        let answer = edge.ask(&altered, 0);
        assert!(answer.error().is_some(), "{at}: {answer:?}");
    }
}

#[test]
fn a_token_cut_anywhere_is_noticed() {
    let mut edge = Edge::of_vectors();
    let token = token("access");
    for end in 1..token.len() {
        assert!(edge.ask(&token[..end], 0).error().is_some(), "up to {end}");
        assert!(edge.ask(&token[end..], 0).error().is_some(), "from {end}");
    }
}

/// Cases: kid/64-kb, json/1-mb, signature/long.
#[test]
fn what_is_far_too_long_is_not_looked_at() {
    let mut edge = Edge::of_vectors();
    let [header, payload, signature] = token("access").split('.').collect::<Vec<_>>()[..] else {
        panic!("three segments")
    };
    let long_kid = format!(r#"{{"kid":"{}","alg":"RS256"}}"#, "k".repeat(65_536));
    let long_payload = format!(r#"{{"x":"{}"}}"#, "x".repeat(1_048_576));
    for (why, token) in [
        ("kid of 64 KB", format!("{}.{payload}.{signature}", BASE64URL.encode(long_kid))),
        ("payload of 1 MB", format!("{header}.{}.{signature}", BASE64URL.encode(long_payload))),
        ("signature of 1 MB", format!("{header}.{payload}.{}", "A".repeat(1_048_576))),
        ("dots", ".".repeat(1_048_576)),
    ] {
        let answer = edge.ask(&token, 0);
        assert_eq!(answer.error().as_deref(), Some("token_malformed"), "{why}");
        assert_eq!(answer.fetches, 0, "{why}");
    }
}

proptest! {
    #[test]
    fn no_text_is_a_token(
        text in "[A-Za-z0-9_.=+/~-]{1,200}",
        header in r#"\{("alg":"RS256",?|"kid":"[a-z]{0,3}",?|"[a-z]{3}":[0-9a-z"]{1,5},?){0,4}\}"#,
        payload in any::<Vec<u8>>(),
    ) {
        let mut edge = Edge::of_vectors();
        let [good_header, _, signature] = token("access").split('.').collect::<Vec<_>>()[..] else {
            panic!("three segments")
        };
        let (header, payload) = (BASE64URL.encode(header), BASE64URL.encode(payload));
        for token in [
            text,
            format!("{header}.{payload}.{signature}"),
            format!("{good_header}.{payload}.{signature}"),
        ] {
            let answer = edge.ask(&token, 0);
            let error = answer.error();
            prop_assert!(error.as_deref().is_some_and(|e| e.starts_with("token_")), "{answer:?}");
        }
    }
}
