//! Wycheproof's vectors against the RS256 that native tests verify with. The one Lambda@Edge
//! verifies with has them in `tests/token-wycheproof.test.js`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

use crate::edge::parse;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Suite {
    number_of_tests: usize,
    test_groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    public_key: Key,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Key {
    modulus: String,
    public_exponent: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    tc_id: u32,
    comment: String,
    msg: String,
    sig: String,
    result: String,
}

/// Cases: signature/wycheproof.
#[test]
fn wycheproof_pkcs1_sha256() {
    let suite: Suite = parse("wycheproof/rsa_signature_2048_sha256_test.json");
    let (mut accepted, mut refused) = (0, 0);
    for group in &suite.test_groups {
        let [n, e] = [&group.public_key.modulus, &group.public_key.public_exponent]
            .map(|number| BASE64URL.encode(unsigned(&hex(number))));
        let key = DecodingKey::from_rsa_components(&n, &e).unwrap();
        for test in &group.tests {
            let verified = jsonwebtoken::crypto::verify(
                &BASE64URL.encode(hex(&test.sig)),
                &hex(&test.msg),
                &key,
                Algorithm::RS256,
            );
            let verifies = matches!(verified, Ok(true));
            assert_eq!(verifies, test.result == "valid", "{} {}", test.tc_id, test.comment);
            *(if verifies { &mut accepted } else { &mut refused }) += 1;
        }
    }
    assert_eq!(accepted + refused, suite.number_of_tests);
    assert!(accepted > 5 && refused > 200, "{accepted} accepted, {refused} refused");
}

/// Wycheproof writes numbers as signed ones, with a zero byte before a first bit that is set.
fn unsigned(number: &[u8]) -> &[u8] {
    number.strip_prefix(&[0]).unwrap_or(number)
}

fn hex(digits: &str) -> Vec<u8> {
    let digit = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal digits");
    (0..digits.len()).step_by(2).map(digit).collect()
}
