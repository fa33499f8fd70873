//! Examples of RFCs, checked as a JWS alone: nothing is read as claims. `tests/rfc/README.md` says
//! what they are.

use super::*;

#[derive(Deserialize)]
struct Example {
    key: Value,
    payload: String,
    token: String,
}

fn example(json: &str) -> Example {
    serde_json::from_str(json).expect("an example")
}

fn rfc_7515() -> Example {
    example(include_str!("../../../tests/rfc/rfc7515-a.2.json"))
}

fn rfc_7520() -> Example {
    example(include_str!("../../../tests/rfc/rfc7520-4.1.json"))
}

fn imported(modulus: &str, exponent: &str) -> Option<jsonwebtoken::DecodingKey> {
    jsonwebtoken::DecodingKey::from_rsa_components(modulus, exponent).ok()
}

/// What a token brings to light that one issuer with this key has signed.
fn payload(token: &str, key: &Value) -> Result<Vec<u8>, Unverified> {
    let set = json!({ "keys": [key] }).to_string();
    let sets = keys::preloaded(&[Some(set)]).expect("a key set");
    let mut keys = Keys::new(&KeyRefresh::default(), imported, sets);
    let jws = Jws::parse(token, None)?;
    jws.signed_by(0, &mut keys, UnixMillis(NOW * 1000))?;
    Ok(jws.payload)
}

/// Cases: signature/rfc-7520.
#[test]
fn the_example_of_rfc_7520_verifies_and_no_other_text_does() {
    let Example { key, payload: text, token } = rfc_7520();
    assert_eq!(payload(&token, &key), Ok(text.into_bytes()));
    for (at, was) in token.char_indices() {
        let mut altered = token.clone();
        altered.replace_range(at..=at, if was == 'A' { "B" } else { "A" });
        assert!(payload(&altered, &key).is_err(), "{at}");
    }
    let mut other = rfc_7515().key;
    other["kid"] = key["kid"].clone();
    assert_eq!(payload(&token, &other), Err(TokenFault::Signature.into()));
}

/// Its header names no key, so that it is no token here; the signature is one all the same.
///
/// Cases: signature/rfc-7515, kid/missing.
#[test]
fn the_signature_of_rfc_7515_verifies_and_its_header_does_not_do() {
    let Example { key, payload: text, token } = rfc_7515();
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let decoding = imported(key["n"].as_str().unwrap(), key["e"].as_str().unwrap()).unwrap();
    let verifies = |signed: &str| {
        let algorithm = jsonwebtoken::Algorithm::RS256;
        jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &decoding, algorithm).unwrap()
    };
    assert!(verifies(signed) && !verifies(&format!("{signed}A")));
    let (_, encoded) = signed.split_once('.').expect("a payload");
    assert_eq!(base64url::decode(encoded), Some(text.into_bytes()));

    let mut named = key;
    named["kid"] = "2011-04-29".into();
    assert_eq!(payload(&token, &named), Err(TokenFault::Malformed.into()));
}
