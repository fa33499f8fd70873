//! The path the policy decides by is the one the origin gets, however it is written.

use std::borrow::Cow;

use http::uri::PathAndQuery;
use nearhop::path::CanonicalPath;
use percent_encoding::percent_decode_str;
use proptest::prelude::*;

use crate::asked::Asked;
use crate::edge::token;
use crate::{answer, as_an_origin_could_read, config};

/// Known words between separators of every kind, each octet as it is or escaped.
fn uri() -> impl Strategy<Value = String> {
    let words = "api admin health open members café v1.2 index.html a+b 100% {id} * API 😀";
    let words: Vec<&str> = words.split(' ').collect();
    let tricks = "// /./ /../ /%2e/ /%2E%2e/ /.%2e/ %2f %5c \\ ; ..; %3b ? %3f # %23 %00 \0 %0a \n \
                  %252f %252e%252e %25%32%66 %c0%af %e0%80%af %c0%ae%c0%ae %ef%bc%8f %u002f % %2 + \
                  %20 %7c | \" @ :";
    let tricks: Vec<&str> = tricks.split(' ').collect();
    let word = (prop::sample::select(words), any::<u32>())
        .prop_map(|(word, escaped)| spelled(word, escaped));
    let separator = prop_oneof![8 => Just("/"), 1 => prop::sample::select(tricks)];
    let end = prop_oneof![4 => Just(""), 1 => Just("/"), 1 => Just("."), 1 => Just("%3f"), 1 => Just("%20")];
    (prop::collection::vec((separator, word), 1..5), end).prop_map(|(parts, end)| {
        let text: String =
            parts.into_iter().map(|(separator, word)| format!("{separator}{word}")).collect();
        format!("{text}{end}")
    })
}

/// The word with those of its octets escaped that have to be, and those whose bit is set.
fn spelled(word: &str, escaped: u32) -> String {
    let octets = word.bytes().enumerate();
    let spell = |(at, octet): (usize, u8)| match escaped >> (at % 16) & 1 {
        0 if octet.is_ascii_graphic() && octet != b'%' => char::from(octet).to_string(),
        _ if escaped >> 16 & 1 == 0 => format!("%{octet:02x}"),
        _ => format!("%{octet:02X}"),
    };
    octets.map(spell).collect()
}

fn decoded(path: &str) -> Cow<'_, str> {
    percent_decode_str(path).decode_utf8().expect("UTF-8")
}

proptest! {
    #![proptest_config(config())]

    /// Cases: path-tricks/one-path.
    #[test]
    fn decoded_once_it_is_what_was_asked_for(uri in uri()) {
        let Ok(path) = CanonicalPath::parse(&uri) else { return Ok(()) };
        prop_assert_eq!(decoded(path.encoded()), path.decoded());
        prop_assert_eq!(decoded(&uri), path.decoded());
    }

    #[test]
    fn decoded_again_it_is_the_same(uri in uri()) {
        let Ok(path) = CanonicalPath::parse(&uri) else { return Ok(()) };
        prop_assert_eq!(decoded(path.decoded()), path.decoded());
    }

    #[test]
    fn made_canonical_again_it_is_the_same(uri in uri()) {
        let Ok(path) = CanonicalPath::parse(&uri) else { return Ok(()) };
        let again = CanonicalPath::parse(path.encoded());
        prop_assert_eq!(again.as_ref().map(CanonicalPath::encoded), Ok(path.encoded()));
    }

    #[test]
    fn another_parser_finds_one_path_in_it_and_no_query(uri in uri()) {
        let Ok(path) = CanonicalPath::parse(&uri) else { return Ok(()) };
        let parsed: PathAndQuery = path.encoded().parse().unwrap();
        prop_assert_eq!((parsed.path(), parsed.query()), (path.encoded(), None));
    }

    /// Cases: path-tricks/one-path.
    #[test]
    fn an_origin_that_resolves_it_in_any_way_comes_to_the_same(uri in uri()) {
        let Ok(path) = CanonicalPath::parse(&uri) else { return Ok(()) };
        let seen = path.decoded();
        let seen = if seen == "/" { seen } else { seen.strip_suffix('/').unwrap_or(seen) };
        prop_assert_eq!(as_an_origin_could_read(path.encoded()), seen);
    }

    /// Cases: path-tricks/one-path.
    #[test]
    fn what_the_api_gets_is_what_the_policy_saw(uri in uri()) {
        let Some(path) = reached_api(&uri) else { return Ok(()) };
        let whole = format!("/api{}", decoded(&path));
        let seen = decoded(&uri);
        prop_assert!(whole == seen || (seen == "/api" && path == "/"), "{} for {}", path, uri);
    }

    /// An HTTP API hands on the decoded path, and whoever makes a URL of that finds a query or a
    /// fragment where an encoded `?` or `#` was, and takes a space off the end: `/api/admin%3F` and
    /// `/api/admin%20` are read as `/api/admin`.
    ///
    /// Cases: path-tricks/one-path.
    #[test]
    fn what_the_api_gets_is_one_path_once_decoded(uri in uri()) {
        let Some(path) = reached_api(&uri) else { return Ok(()) };
        let read = decoded(&path);
        prop_assert!(!read.contains(['?', '#']) && !read.ends_with(' '), "{} for {}", path, uri);
    }
}

/// The path with which a request reaches the API, where it does.
fn reached_api(uri: &str) -> Option<String> {
    let asked = Asked {
        trigger: "origin-request",
        method: "GET".into(),
        uri: uri.to_owned(),
        headers: vec![("authorization".into(), format!("Bearer {}", token("access")))],
    };
    let answer = answer("nearhop.toml", &asked.event());
    let is_api = answer.result["headers"].get("x-nearhop-region").is_some();
    answer.forwarded().filter(|_| is_api).map(str::to_owned)
}

/// The properties above say nothing unless their paths are of both kinds.
#[test]
fn these_paths_are_refused_and_sent_on() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let all = 2_000;
    let uris = (0..all).map(|_| uri().new_tree(&mut runner).unwrap().current());
    let parsed: Vec<bool> = uris.map(|uri| CanonicalPath::parse(&uri).is_ok()).collect();
    let sent_on = parsed.into_iter().filter(|is_ok| *is_ok).count();
    assert!((all / 5..all * 4 / 5).contains(&sent_on), "{sent_on} of {all}");
}
