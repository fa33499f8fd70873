mod examples;
mod remembered;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::*;
use crate::config::{Config, KeyRefresh};
use crate::keys;

/// Unix seconds the tokens in tests/vectors were made for.
const NOW: u64 = 1_790_000_000;

/// A pool that accepts access tokens, one that accepts both kinds, and an OpenID provider.
const POOL: usize = 0;
const POOL_TWO: usize = 1;
const OIDC: usize = 2;

fn issuers() -> Vec<Issuer> {
    let pool_two = "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Vectors02";
    let config: Config = serde_json::from_value(json!({ "issuers": [
        { "user_pool": "us-east-1_Vectors01", "clients": ["web0client", "partner0client"] },
        { "issuer": pool_two, "clients": ["machine0client"], "leeway_seconds": 60 },
        { "kind": "oidc", "issuer": "https://id.example.com/", "clients": ["oidc0client"], "audiences": ["https://api.example.com"] },
    ] }))
    .unwrap();
    let mut problems = Vec::new();
    let issuers = Issuer::all(&config, &mut problems);
    assert_eq!(problems, []);
    issuers
}

fn keys() -> Keys {
    let sets = [
        include_str!("../../tests/vectors/jwks-1.json"),
        include_str!("../../tests/vectors/jwks-2.json"),
        include_str!("../../tests/vectors/jwks-oidc.json"),
    ];
    let sets = keys::preloaded(&sets.map(|set| Some(set.to_owned()))).unwrap();
    let import = |modulus: &str, exponent: &str| {
        jsonwebtoken::DecodingKey::from_rsa_components(modulus, exponent).ok()
    };
    Keys::new(&KeyRefresh::default(), import, sets)
}

fn tokens() -> BTreeMap<String, String> {
    #[derive(Deserialize)]
    struct Token {
        token: String,
    }
    let tokens = include_str!("../../tests/vectors/tokens.json");
    let tokens: BTreeMap<String, Token> = serde_json::from_str(tokens).unwrap();
    tokens.into_iter().map(|(name, Token { token })| (name, token)).collect()
}

fn token(name: &str) -> String {
    tokens().remove(name).unwrap_or_else(|| panic!("no token {name}"))
}

/// What the token `access` says when it has been verified.
pub(crate) fn access(now: UnixMillis) -> Rc<Verified> {
    verify(&token("access"), &issuers(), &NamedClaims::default(), &mut keys(), now).unwrap()
}

fn id_token(name: &str, at: usize, client: &str, second: u64) -> Result<IdToken, Unverified> {
    verify_id(&token(name), at, client, &issuers(), &mut keys(), UnixMillis(second * 1000))
}

#[test]
fn an_id_token_says_who_has_signed_in_whatever_routes_accept() {
    let issuers = issuers();
    for (name, at, client) in [
        ("id-one", POOL, "web0client"),
        ("id-two", POOL_TWO, "machine0client"),
        ("oidc-id", OIDC, "oidc0client"),
        ("oidc-id-several", OIDC, "oidc0client"),
    ] {
        assert_eq!(issuers[at].token_use, [TokenUse::Access]);
        let token = id_token(name, at, client, NOW).unwrap();
        let told = Value::Object(token.claims(["sub", "exp"]));
        assert_eq!(told, json!({ "sub": token.subject, "exp": NOW + 3_000 }), "{name}");
    }
    assert_eq!(
        id_token("oidc-id", OIDC, "oidc0client", NOW).unwrap().nonce.unwrap(),
        "wq3PzT-n0nce"
    );
    assert_eq!(id_token("id-one", POOL, "web0client", NOW).unwrap().nonce, None);
}

#[test]
fn what_is_no_id_token_for_this_client_says_nothing() {
    use TokenFault::*;
    for (name, at, client, fault) in [
        ("access", POOL, "web0client", Use),
        ("oidc-access", OIDC, "oidc0client", Use),
        ("oidc-access-untyped", OIDC, "oidc0client", Use),
        ("oidc-access-untyped-scp", OIDC, "oidc0client", Use),
        ("oidc-logout", OIDC, "oidc0client", Use),
        ("oidc-logout-untyped", OIDC, "oidc0client", Use),
        // Of another client of the same issuer.
        ("id-one", POOL, "partner0client", Client),
        ("oidc-id-azp-other", OIDC, "oidc0client", Client),
        ("oidc-id-several-no-azp", OIDC, "oidc0client", Client),
        ("aud-array", POOL_TWO, "machine0client", Client),
        // Of another issuer whose tokens count elsewhere.
        ("id-two", POOL, "machine0client", Issuer),
        ("oidc-id", POOL, "oidc0client", Issuer),
        ("id-one", OIDC, "web0client", Issuer),
        ("none-signed", POOL, "web0client", Algorithm),
    ] {
        let found = id_token(name, at, client, NOW).unwrap_err();
        assert_eq!(found, Unverified::Fault(fault), "{name} at {at} for {client}");
    }
}

#[test]
fn an_id_token_has_its_time() {
    for (name, at, client, second, fault) in [
        ("id-one", POOL, "web0client", NOW + 2_999, None),
        ("id-one", POOL, "web0client", NOW + 3_000, Some(TokenFault::Expired)),
        ("id-one", POOL, "web0client", NOW - 601, Some(TokenFault::NotYetValid)),
        ("id-two", POOL_TWO, "machine0client", NOW + 3_059, None),
        ("id-two", POOL_TWO, "machine0client", NOW + 3_060, Some(TokenFault::Expired)),
    ] {
        let found = id_token(name, at, client, second).err();
        assert_eq!(found, fault.map(Unverified::Fault), "{name} at {second}");
    }
}

#[test]
fn no_token_is_judged_by_another_s_header() {
    let (issuers, now) = (issuers(), UnixMillis(NOW * 1000));
    let judged = |token: &str, keys: &mut Keys| {
        let verified = verify(token, &issuers, &NamedClaims::default(), keys, now);
        verified.map(|verified| verified.claims.clone())
    };
    let good = token("access");
    let (_, rest) = good.split_once('.').unwrap();
    let altered = |header: &str| [&base64url::encode(header.as_bytes()), ".", rest].concat();
    let headers = [r#"{"alg":"none"}"#, r#"{"alg":"RS256","kid":"?"}"#, ""].map(altered);
    let others = tokens().into_values().chain(headers);
    for other in others {
        let mut keys_after = keys();
        assert!(judged(&good, &mut keys_after).is_ok());
        assert_eq!(judged(&other, &mut keys_after), judged(&other, &mut keys()), "{other}");
    }
}

/// Cases: signature/bit-flips.
#[test]
fn an_id_token_altered_anywhere_counts_no_more() {
    let good = token("oidc-id");
    let (issuers, mut keys) = (issuers(), keys());
    let mut verify = |token: &str| {
        verify_id(token, OIDC, "oidc0client", &issuers, &mut keys, UnixMillis(NOW * 1000))
    };
    assert!(verify(&good).is_ok());
    for at in (0..good.len()).step_by(5) {
        let mut altered = good.clone();
        altered.replace_range(at..=at, if &good[at..=at] == "A" { "B" } else { "A" });
        assert!(verify(&altered).is_err(), "{at}");
    }
}

#[test]
fn claims_are_chosen_by_name() {
    let token_text = token("oidc-id");
    let id = id_token("oidc-id", OIDC, "oidc0client", NOW).unwrap();
    for (names, chosen) in [
        (&["email", "exp"][..], json!({ "email": "ada@example.com", "exp": NOW + 3_000 })),
        (&["phone"], json!({})),
        (&["Email", "__proto__", "toString", ""], json!({})),
        (&[], json!({})),
        (&["sub", "sub"], json!({ "sub": "ada|17" })),
    ] {
        assert_eq!(Value::Object(id.claims(names.iter().copied())), chosen, "{names:?}");
        let again = claims_of(&token_text, names.iter().copied()).unwrap();
        assert_eq!(Value::Object(again), chosen, "{names:?}");
    }
}

#[test]
fn members_are_those_of_an_object_each_once() {
    for (payload, expected) in [
        (r#"{}"#, Some(json!({}))),
        (r#" {"a":[1,{"b":null}],"c":"d"}"#, Some(json!({ "a": [1, { "b": null }], "c": "d" }))),
        (r#"{"a":1,"a":1}"#, None),
        (r#"{"a":1,"\u0061":2}"#, None),
        (r#"["a",1]"#, None),
        (r#""a""#, None),
        (r#"null"#, None),
        (r#"{"a":1} {}"#, None),
        (r#"{"a":1e400}"#, None),
        ("", None),
    ] {
        assert_eq!(members(payload.as_bytes()).ok().map(Value::Object), expected, "{payload}");
    }
    assert!(members(b"{\"a\":\"\xff\"}").is_err());
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(members(deep.as_bytes()).is_err());
}
