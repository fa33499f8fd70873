//! Any text as a browser's cookies: what Nearhop sets could be set, and no token of a session goes on
//! to the API.
//!
//! An input is the request's method, path and query, and then a `Cookie` field a line. `{token}` in a
//! field stands for a token that counts.

#![no_main]

use std::sync::LazyLock;

use cloudfront_worker::testing::Handled;
use libfuzzer_sys::fuzz_target;
use nearhop_fuzz::edge::{Edge, KEY_BYTES, NOW, read, request};
use nearhop_fuzz::signature::signed;
use serde_json::{Value, json};

static EDGES: LazyLock<[Edge; 3]> = LazyLock::new(|| {
    ["signed-in", "amplify", "shared-cookie"].map(|name| Edge::of_vectors(name, "1"))
});

static TOKEN: LazyLock<String> = LazyLock::new(|| {
    let keys: Value = serde_json::from_str(&read("vectors/jwks-1.json")).expect("JSON");
    let header = json!({ "alg": "RS256", "kid": keys["keys"][0]["kid"] }).to_string();
    let claims = json!({
        "iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Vectors01",
        "sub": "ada", "exp": NOW + 60, "token_use": "access", "client_id": "web0client",
    });
    signed(header.as_bytes(), claims.to_string().as_bytes(), KEY_BYTES)
});

fuzz_target!(|input: &str| {
    let mut lines = input.lines();
    let mut asked = lines.next().unwrap_or_default().splitn(3, ' ');
    let mut part = || asked.next().unwrap_or_default();
    let (method, uri, querystring) = (part(), part(), part());
    let cookies: Vec<String> = lines.map(|line| line.replace("{token}", &TOKEN)).collect();
    let mut fields =
        vec![("host", "app.example.com"), ("accept", "text/html"), ("sec-fetch-mode", "navigate")];
    fields.extend(cookies.iter().map(|cookie| ("cookie", cookie.as_str())));
    let event = request(method, uri, querystring, &fields);
    for edge in &*EDGES {
        let mut harness = edge.start();
        for second in [NOW, NOW + 1] {
            let handled = edge.answer(&mut harness, &event, second * 1000);
            check_set(&handled.result["headers"]["set-cookie"]);
            check_forwarded(&handled);
        }
    }
});

/// Panics unless a browser would take each cookie as it is meant (RFC 6265, section 4.1.1).
fn check_set(fields: &Value) {
    for field in fields.as_array().into_iter().flatten() {
        let field = field["value"].as_str().expect("text");
        let mut parts = field.split(';').map(str::trim);
        let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a cookie");
        let is_octet = |byte: u8| byte.is_ascii_graphic() && !b"\"\\,;".contains(&byte);
        assert!(value.bytes().all(is_octet) && name.bytes().all(is_octet), "{field}");
        let attributes: Vec<String> = parts.map(str::to_ascii_lowercase).collect();
        let has = |attribute: &str| attributes.iter().any(|other| other == attribute);
        assert!(has("secure"), "{field}");
        if name.starts_with("__Host-") {
            let of_a_domain = attributes.iter().any(|other| other.starts_with("domain"));
            assert!(has("path=/") && !of_a_domain, "{field}");
        }
    }
}

/// Panics if the API would get a token that is not in `Authorization`.
fn check_forwarded(handled: &Handled) {
    if handled.result["origin"]["custom"]["domainName"] == "origin.example.org" {
        return;
    }
    let fields = handled.result["headers"]["cookie"].as_array();
    for field in fields.into_iter().flatten() {
        let cookies = field["value"].as_str().expect("text").split(';');
        for name in cookies.filter_map(|pair| Some(pair.split_once('=')?.0.trim())) {
            let name = name.to_ascii_lowercase();
            let is_token = name.starts_with("__host-nearhop-")
                || name.starts_with("cognitoidentityserviceprovider.");
            assert!(!is_token, "{name} goes on");
        }
    }
}
