//! Any bytes as a key set: what a bundle would take, the edge takes, and then as many keys verify;
//! what a bundle refuses verifies nothing.

#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use libfuzzer_sys::fuzz_target;
use nearhop::keys::check_key_set;
use nearhop_fuzz::edge::{Edge, NOW, forwarded, request};
use nearhop_fuzz::signature::signed;
use serde_json::{Value, json};

static EDGE: LazyLock<Edge> = LazyLock::new(|| Edge::of_vectors("nearhop", "1"));

fuzz_target!(|set: &[u8]| {
    let usable = check_key_set(set).unwrap_or(0);
    let Some(named) = named_keys(set) else { return };
    let mut harness = EDGE.start();
    let mut admitted = 0;
    for (kid, lengths) in &named {
        let admits = lengths.iter().any(|length| {
            let token = token(kid, *length);
            let event = request("GET", "/api/hello", "", &[("authorization", &token)]);
            let handled = EDGE.answer_with(&mut harness, &event, NOW * 1000, set);
            forwarded(&handled, "x-nearhop-user").is_some()
        });
        admitted += usize::from(admits);
    }
    // A token that names its key at greater length is refused for that.
    let is_known = named.keys().all(|kid| kid.len() <= 256);
    assert!(admitted == usable || (!is_known && admitted < usable), "{admitted} of {usable} keys");
});

/// The keys of a set by their names, with the lengths of their moduli: without a look at whether they
/// can be used. `None` where another reader of JSON stumbles over what is not read here, such as the
/// number `1e400` in a member that nobody knows.
fn named_keys(set: &[u8]) -> Option<BTreeMap<String, Vec<usize>>> {
    let set: Value = serde_json::from_str(&String::from_utf8_lossy(set)).ok()?;
    let mut keys: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for key in set["keys"].as_array().into_iter().flatten() {
        let modulus = key["n"].as_str().and_then(|modulus| BASE64URL.decode(modulus).ok());
        if let (Some(kid), Some(modulus)) = (key["kid"].as_str(), modulus) {
            keys.entry(kid.to_owned()).or_default().push(modulus.len());
        }
    }
    Some(keys)
}

fn token(kid: &str, key_bytes: usize) -> String {
    let header = json!({ "alg": "RS256", "kid": kid });
    let claims = json!({
        "iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Vectors01",
        "sub": "ada", "exp": NOW + 60, "token_use": "access", "client_id": "web0client",
    });
    let bytes = |value: Value| value.to_string().into_bytes();
    format!("Bearer {}", signed(&bytes(header), &bytes(claims), key_bytes))
}
