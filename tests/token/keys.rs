//! When key sets are fetched, over time.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use cloudfront_worker::FetchFault;

use crate::edge::{Edge, key_set, token};

/// A token with any `kid`, which nobody signed.
fn unsigned(kid: &str, like: &str) -> String {
    let header = BASE64URL.encode(format!(r#"{{"kid":"{kid}","alg":"RS256"}}"#));
    let (_, rest) = token(like).split_once('.').unwrap();
    format!("{header}.{rest}")
}

/// Cases: keys/unknown-kids, keys/known-kids.
#[test]
fn a_flood_of_unknown_kids_costs_one_fetch_a_cooldown() {
    let mut edge = Edge::of_vectors();
    for (round, second) in [(0, 0), (1, 29), (2, 30), (3, 59), (4, 60)] {
        let mut fetches = 0;
        for n in 0..300 {
            let flood = unsigned(&format!("{round}-{n}"), "access");
            let answer = edge.ask_fetching("/api/hello", &flood, second, || Ok(key_set("1")));
            assert_eq!(answer.error().as_deref(), Some("token_key_unknown"));
            fetches += answer.fetches;
            if n % 50 == 0 {
                let known = edge.ask(token("access"), second);
                assert_eq!((known.error(), known.fetches), (None, 0));
            }
        }
        assert_eq!(fetches, u64::from(second % 30 == 0), "at {second}");
    }
}

/// Cases: keys/unknown-kids, keys/known-kids, keys/unreachable.
#[test]
fn a_flood_while_the_issuer_is_down_costs_no_more() {
    let mut edge = Edge::of_vectors();
    let mut fetches = 0;
    for n in 0..300 {
        let answer = edge.ask(&unsigned(&format!("{n}"), "access"), n / 50);
        assert_eq!(answer.error().as_deref(), Some("keys_unavailable"));
        fetches += answer.fetches;
        let known = edge.ask(token("access"), n / 50);
        assert_eq!((known.error(), known.fetches), (None, 0));
    }
    assert_eq!(fetches, 1);
}

/// Cases: keys/unknown-kids.
#[test]
fn each_issuer_has_a_cooldown_of_its_own() {
    let mut edge = Edge::of_vectors();
    let flood = edge.ask_fetching("/api/hello", &unsigned("x", "access"), 0, || Ok(key_set("1")));
    assert_eq!(flood.fetches, 1);
    let other =
        edge.ask_fetching("/api/hello", &unsigned("x", "access-two"), 1, || Ok(key_set("2")));
    assert_eq!(other.fetches, 1);
    assert_eq!(edge.ask(&unsigned("y", "access"), 2).fetches, 0);
    assert_eq!(edge.ask(&unsigned("y", "access-two"), 2).fetches, 0);
}

/// Cases: keys/rotating, keys/removed.
#[test]
fn keys_rotate_without_a_request_refused() {
    let mut edge = Edge::of_vectors();
    let mut ask = |name, second, set: Option<&str>| {
        let fetch = || set.map(key_set).ok_or(FetchFault::Unreachable);
        let answer = edge.ask_fetching("/api/hello", token(name), second, fetch);
        (answer.error(), answer.fetches)
    };
    assert_eq!(ask("access", 0, None), (None, 0));
    assert_eq!(ask("key-rotated", 1, Some("rotating")), (None, 1));
    assert_eq!(ask("access", 2, None), (None, 0));
    assert_eq!(ask("key-rotated", 2, None), (None, 0));
    // At its age the set is fetched again, and the old key has gone.
    let gone = Some("token_key_unknown".to_owned());
    assert_eq!(ask("key-rotated-week", 21_601, Some("rotated")), (None, 1));
    assert_eq!(ask("access-week", 21_602, None), (gone, 0));
}

#[test]
fn a_clock_that_goes_back_leaves_no_cooldown_behind() {
    let mut edge = Edge::of_vectors();
    let mut fetches = |kid: &str, second| {
        edge.ask_fetching("/api/hello", &unsigned(kid, "access"), second, || Ok(key_set("1")))
            .fetches
    };
    assert_eq!(fetches("a", 1_000_000), 1);
    assert_eq!(fetches("b", 0), 1);
    assert_eq!(fetches("c", 29), 0);
    assert_eq!(fetches("d", 30), 1);
}

#[test]
fn a_clock_put_right_does_not_keep_a_set_for_ever() {
    let mut edge = Edge::of_vectors();
    let mut ask = |name, second, set: Option<&str>| {
        let fetch = || set.map(key_set).ok_or(FetchFault::Unreachable);
        let answer = edge.ask_fetching("/api/hello", token(name), second, fetch);
        (answer.error(), answer.fetches)
    };
    // Fetched when the clock was a year ahead.
    let expired = Some("token_expired".to_owned());
    assert_eq!(ask("key-rotated", 31_536_000, Some("rotating")), (expired, 1));
    assert_eq!(ask("access-week", 0, None), (None, 0));
    assert_eq!(ask("access-week", 21_599, None), (None, 0));
    assert_eq!(ask("access-week", 21_600, Some("1")), (None, 1));
}

/// Cases: keys/empty, keys/not-json, keys/not-rsa, keys/duplicate-kid.
#[test]
fn a_set_that_cannot_be_used_leaves_the_one_at_hand() {
    let mut edge = Edge::of_vectors();
    let unusable =
        ["", "<html>", "null", "[]", r#"{"keys":[]}"#, r#"{"keys":{}}"#, r#"{"keys":[5]}"#]
            .map(str::to_owned);
    let files = ["weak", "other-kinds", "duplicate-kid", "null-member"].map(key_set);
    let deep = format!(r#"{{"keys":[{}{}]}}"#, "[".repeat(10_000), "]".repeat(10_000));
    for (round, set) in unusable.into_iter().chain(files).chain([deep]).enumerate() {
        let second = 30 * i64::try_from(round).unwrap();
        let answer =
            edge.ask_fetching("/api/hello", &unsigned("x", "access"), second, || Ok(set.clone()));
        assert_eq!(answer.error().as_deref(), Some("keys_unavailable"), "{set}");
        assert_eq!(answer.fetches, 1, "{set}");
        let known = edge.ask(token("access"), second);
        assert_eq!((known.error(), known.fetches), (None, 0), "{set}");
    }
}
