//! Any text as a bearer's token, and any header and claims in a token whose signature holds: it is
//! refused, or what the API is told of the bearer stands in it.
//!
//! An input with a line feed is a header and claims, which are signed (see
//! [`nearhop_fuzz::signature`]); any other is a token.

#![no_main]

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use libfuzzer_sys::fuzz_target;
use nearhop_fuzz::edge::{Edge, KEY_BYTES, NOW, forwarded, request};
use nearhop_fuzz::signature::signed;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// Issuers, and by how many seconds a token of each may be late.
type Issuers = [(&'static str, u64); 2];

static EDGES: LazyLock<[(Edge, Issuers); 2]> = LazyLock::new(|| {
    let pool = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Vectors01";
    let other = "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Vectors02";
    [
        (Edge::of_vectors("nearhop", "1"), [(pool, 0), (other, 60)]),
        (Edge::of_vectors("oidc", "oidc"), [(pool, 0), ("https://id.example.com/", 0)]),
    ]
});

fuzz_target!(|input: &[u8]| {
    let token = match input.iter().position(|byte| *byte == b'\n') {
        Some(end) => signed(&input[..end], &input[end + 1..], KEY_BYTES),
        None => String::from_utf8_lossy(input).into_owned(),
    };
    let bearer = format!("Bearer {token}");
    let event = request("GET", "/api/hello", "", &[("authorization", &bearer)]);
    for (edge, issuers) in &*EDGES {
        let handled = edge.answer(&mut edge.start(), &event, NOW * 1000);
        match forwarded(&handled, "x-nearhop-user") {
            Some(user) => check_accepted(&token, user, issuers),
            None => {
                assert!(handled.result["uri"].is_null(), "nobody went on: {}", handled.result);
                let said = format!("{}{:?}", handled.result, handled.log);
                // A short one may be a word of ours.
                assert!(token.len() < 40 || !said.contains(&token), "tells the token: {said}");
            }
        }
    }
});

/// Panics unless a token that was accepted says what it must, read by a parser of another kind.
fn check_accepted(token: &str, user: &str, issuers: &Issuers) {
    let segments: Vec<Vec<u8>> =
        token.split('.').map(|segment| BASE64URL.decode(segment).expect("base64url")).collect();
    let [header, claims, signature] = &segments[..] else { panic!("not three segments") };
    assert!(signature.len() == KEY_BYTES && signature.iter().all(|byte| *byte == 0), "forged");
    // What nobody reads may be what another reader stumbles over, such as the number `1e400`.
    let read = |json| serde_json::from_slice::<Value>(json).ok();
    let (Some(header), Some(claims)) = (read(header), read(claims)) else { return };
    assert_eq!(header["alg"], "RS256");
    assert!(header["kid"].as_str().is_some_and(|kid| !kid.is_empty()));
    let issuer = issuers.iter().find(|(issuer, _)| claims["iss"] == *issuer);
    let (_, leeway) = issuer.expect("one of the issuers");
    assert!(claims["exp"].as_u64().is_some_and(|exp| NOW < exp + leeway), "expired");
    for name in ["nbf", "iat"] {
        assert!(claims[name].as_u64().is_none_or(|date| date <= NOW + leeway), "{name} ahead");
    }
    let subject = percent_decode_str(user).decode_utf8().expect("UTF-8");
    assert!(!subject.is_empty() && claims["sub"] == *subject, "another's identity");
}
