//! Tokens remembered: what may change between two requests with the same one.

use cloudfront_worker::FetchFault;
use serde_json::json;

use crate::edge::{Bundle, Edge, NOW, base_event, key_set, token};

/// Seconds after which a key set is fetched again, by default.
const MAX_AGE: i64 = 21_600;
/// Seconds between two fetches.
const COOLDOWN: i64 = 30;

/// Cases: verdict-cache/expired.
#[test]
fn a_remembered_token_expires_all_the_same() {
    let mut edge = Edge::of_vectors();
    for (second, error) in
        [(0, None), (2_999, None), (3_000, Some("token_expired")), (3_001, Some("token_expired"))]
    {
        assert_eq!(edge.ask(token("access"), second).error().as_deref(), error, "{second}");
    }
}

/// Cases: verdict-cache/other-route.
#[test]
fn a_remembered_token_meets_the_demands_of_each_route_anew() {
    let mut edge = Edge::of_vectors();
    for (token_name, uri, error) in [
        ("group-staff", "/api/hello", None),
        ("group-staff", "/api/admin/x", Some("group_required")),
        ("group-staff", "/api/reports/x", Some("scope_required")),
        ("group-staff", "/api/partner/x", Some("client_not_allowed")),
        ("group-staff", "/api/hello", None),
        ("group-admin", "/api/admin/x", None),
        ("group-staff", "/api/admin/x", Some("group_required")),
        ("partner-admin", "/api/admin/x", None),
        ("partner-admin", "/api/partner/x", None),
        ("partner-admin", "/api/reports/x", None),
    ] {
        let answer = edge.ask_at(uri, token(token_name), 0);
        assert_eq!(answer.error().as_deref(), error, "{token_name} {uri}");
    }
}

/// The place of a token in the memory comes from its signature's end.
///
/// Cases: verdict-cache/equal-hash, verdict-cache/one-byte.
#[test]
fn a_token_of_the_same_place_is_not_the_same_token() {
    let mut edge = Edge::of_vectors();
    let (known, other) = (token("access"), token("access-second-user"));
    assert!(edge.ask(known, 0).forwarded().is_some());
    let (_, signature) = known.rsplit_once('.').unwrap();
    let (signed, _) = other.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{signature}");
    assert_eq!(edge.ask(&forged, 0).error().as_deref(), Some("token_signature"));
    for at in (0..known.len() - signature.len() - 1).step_by(7) {
        let mut altered = known.to_owned();
        altered.replace_range(at..=at, if &known[at..=at] == "A" { "B" } else { "A" });
        assert!(edge.ask(&altered, 0).error().is_some(), "{at}");
    }
    assert!(edge.ask(known, 0).forwarded().is_some());
}

/// Cases: verdict-cache/equal-hash.
#[test]
fn where_there_is_one_place_each_token_speaks_for_its_own_user() {
    let bundle = Bundle::of_vectors(|toml| format!("{toml}\n[limits]\nverdicts = 1\n"));
    let mut edge = Edge::start(&bundle, "us-east-1");
    for _ in 0..3 {
        for (name, username) in [
            ("access", "ada"),
            ("access-second-user", "grace"),
            ("access-second-user", "grace"),
            ("access-two", "ada"),
        ] {
            let mut event = base_event("origin-request");
            let request = &mut event["Records"][0]["cf"]["request"];
            request["uri"] = "/api/hello".into();
            let value = format!("Bearer {}", token(name));
            request["headers"]["authorization"] =
                json!([{ "key": "authorization", "value": value }]);
            let answer = edge.answer(&event, NOW * 1000, || Err(FetchFault::Unreachable));
            let headers = &answer.result["headers"];
            assert_eq!(headers["x-nearhop-username"][0]["value"], username, "{name}");
            let client = if name == "access-two" { "machine0client" } else { "web0client" };
            assert_eq!(headers["x-nearhop-client"][0]["value"], client, "{name}");
        }
    }
}

/// Cases: verdict-cache/clock-back.
#[test]
fn a_clock_that_goes_back_is_believed() {
    let mut edge = Edge::of_vectors();
    for (second, error) in [
        (0, None),
        // Issued 600 s before.
        (-601, Some("token_not_yet_valid")),
        (-600, None),
        (3_000, Some("token_expired")),
        (2_000, None),
        (-20_000, Some("token_not_yet_valid")),
        (0, None),
    ] {
        let answer = edge.ask(token("access"), second);
        assert_eq!(answer.error().as_deref(), error, "{second}");
        assert_eq!(answer.fetches, 0, "{second}");
    }
}

/// Cases: keys/removed, keys/removed-verdict.
#[test]
fn a_withdrawn_key_takes_what_it_verified_with_it() {
    let mut edge = Edge::of_vectors();
    let token = token("access-week");
    let mut ask = |second, set: Option<&str>| {
        let fetch = || set.map(key_set).ok_or(FetchFault::Unreachable);
        let answer = edge.ask_fetching("/api/hello", token, second, fetch);
        (answer.error(), answer.fetches)
    };
    let unknown = Some("token_key_unknown".to_owned());
    assert_eq!(ask(0, None), (None, 0));
    assert_eq!(ask(MAX_AGE - 1, None), (None, 0));
    assert_eq!(ask(MAX_AGE, Some("rotated")), (unknown.clone(), 1));
    assert_eq!(ask(MAX_AGE + 1, None), (unknown.clone(), 0));
    assert_eq!(ask(MAX_AGE + COOLDOWN, Some("rotated")), (unknown, 1));
    // Back again, the key counts as before.
    assert_eq!(ask(MAX_AGE + 2 * COOLDOWN, Some("1")), (None, 1));
    assert_eq!(ask(MAX_AGE + 2 * COOLDOWN, None), (None, 0));
}

#[test]
fn a_key_that_was_gone_between_two_requests_counts() {
    let mut edge = Edge::of_vectors();
    assert!(edge.ask(token("access-week"), 0).forwarded().is_some());
    for (second, set) in [(0, "rotated"), (COOLDOWN, "1")] {
        let unknown = token("kid-stranger");
        let answer = edge.ask_fetching("/api/hello", unknown, second, || Ok(key_set(set)));
        assert_eq!(answer.fetches, 1);
    }
    let answer = edge.ask(token("access-week"), COOLDOWN + 1);
    assert_eq!(answer.error(), None);
}

/// Cases: keys/unreachable.
#[test]
fn while_the_issuer_is_down_what_was_remembered_works() {
    let mut edge = Edge::of_vectors();
    let token = token("access-week");
    assert!(edge.ask(token, 0).forwarded().is_some());
    let at_its_age = edge.ask(token, MAX_AGE);
    assert_eq!((at_its_age.error(), at_its_age.fetches), (None, 1));
    let cooling = edge.ask(token, MAX_AGE + COOLDOWN - 1);
    assert_eq!((cooling.error(), cooling.fetches), (None, 0));
    let again = edge.ask(token, MAX_AGE + COOLDOWN);
    assert_eq!((again.error(), again.fetches), (None, 1));
}
