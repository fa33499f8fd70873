//! What holds for every request there is: protected paths stay shut without a token, nobody speaks
//! in our name, and every layout of triggers decides alike.

#[path = "../edge/mod.rs"]
mod edge;

mod asked;
mod paths;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use asked::{Asked, asked, our_name};
use cloudfront_worker::FetchFault;
use edge::{Answer, Bundle, Edge, NOW, key_set, read, token};
use proptest::prelude::*;
use serde_json::{Map, Value};

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) }
}

proptest! {
    #![proptest_config(config())]

    /// Cases: methods/each, methods/unknown.
    #[test]
    fn without_a_token_nothing_enters_where_everything_wants_one(asked in asked()) {
        let answer = answer(EVERYTHING_SHUT, &asked.event());
        let status = answer.result["status"].as_str().unwrap_or("forwarded");
        prop_assert!(
            ["400", "401"].contains(&status) || answer.error().as_deref() == Some("cross_site"),
            "{}", answer.result
        );
    }

    /// Cases: path-tricks/one-path, methods/each, methods/unknown.
    #[test]
    fn without_a_token_no_origin_sees_a_protected_path(asked in asked()) {
        let answer = answer("nearhop.toml", &asked.event());
        if let Some((to_api, path)) = went_to(&answer) {
            match (to_api, asked.trigger) {
                (true, "viewer-request") => prop_assert!(
                    ["/api/health", "/api/open"].contains(&path.as_str()), "{}", path),
                (true, _) => prop_assert!(["/health", "/open"].contains(&path.as_str()), "{}", path),
                (false, _) => prop_assert!(
                    !is_at_or_below(&path, "/api") && !is_at_or_below(&path, "/members"), "{}", path),
            }
            // The one way past a token is a preflight of a route that forwards them.
            prop_assert!(!path.ends_with("/open") || !to_api || asked.method == "OPTIONS");
        }
    }

    /// Cases: path-tricks/one-path.
    #[test]
    fn without_a_token_no_clean_url_leads_to_a_protected_file(asked in asked()) {
        let answer = answer("clean-urls.toml", &asked.event());
        if let Some((to_api, file)) = went_to(&answer) {
            if to_api {
                prop_assert_eq!(file, "/api/health");
                return Ok(());
            }
            let one_page = |folder: &str| {
                file.strip_prefix(folder).and_then(|name| name.strip_suffix(".html"))
                    .is_some_and(|name| !name.is_empty() && !name.contains(['/', '.']))
            };
            let shut = ["/index.html", "/admin.html", "/admin/index.html", "/docs.html", "/reports.html"]
                .contains(&file.as_str())
                || is_at_or_below(&file, "/api")
                || (is_at_or_below(&file, "/docs")
                    && !["/docs/open.html", "/docs/open/index.html"].contains(&file.as_str()))
                || (is_at_or_below(&file, "/reports")
                    && !["/reports/2026.pdf", "/reports/2026.pdf/index.html"].contains(&file.as_str()))
                || (one_page("/people/") && file != "/people/index.html");
            prop_assert!(!shut, "{}", file);
        }
    }

    /// Cases: header-spoofing/ours, header-spoofing/identity.
    #[test]
    fn nobody_speaks_in_our_name(
        asked in asked(),
        names in prop::collection::vec(our_name(), 1..6),
        has_token in any::<bool>(),
        configuration in prop::sample::select(vec!["nearhop.toml", "clean-urls.toml", "attached.toml"]),
    ) {
        let mut asked = asked;
        asked.headers.retain(|(name, _)| !has_token || (name != "authorization" && name != "cookie"));
        if has_token {
            asked = asked.with("authorization", format!("Bearer {}", token("access")));
        }
        for name in names {
            asked = asked.with(&name, "spoofed".to_owned());
        }
        let answer = answer(configuration, &asked.event());
        prop_assert!(!answer.result.to_string().contains("spoofed"), "{}", answer.result);
        let identity = answer.result["headers"].get("x-nearhop-user");
        prop_assert!(identity.is_none() || (has_token && asked.trigger == "origin-request"));
    }

    /// Cases: generated-responses/no-store, generated-responses/status.
    #[test]
    fn every_answer_is_one_cloudfront_takes(asked in asked(), has_token in any::<bool>()) {
        if has_token && !asked.headers.iter().any(|(name, _)| name == "authorization") {
            let asked = asked.clone().with("authorization", format!("Bearer {}", token("access")));
            is_sound(&answer("nearhop.toml", &asked.event()))?;
        }
        is_sound(&answer("nearhop.toml", &asked.event()))?;
    }

    #[test]
    fn nobody_changes_anything_by_a_cookie_from_elsewhere(
        asked in asked(),
        site in prop::option::of("same-site|cross-site|none2|Same-Origin|same-origin,none|"),
        origin in prop::option::of(
            "null|https://evil\\.example|https://app\\.example\\.com\\.evil\\.example|https://[a-z]{1,9}\\.example",
        ),
    ) {
        let mut asked = asked;
        let told = ["authorization", "cookie", "sec-fetch-site", "origin", "access-control-request-method"];
        asked.headers.retain(|(name, _)| !told.contains(&name.as_str()));
        asked = asked.with("cookie", format!("nearhop_access={}", token("access")));
        for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
            if let Some(value) = value {
                asked = asked.with(name, value);
            }
        }
        let is_safe = ["GET", "HEAD", "OPTIONS"].contains(&asked.method.as_str());
        let answer = answer(EVERYTHING_SHUT, &asked.event());
        prop_assert!(is_safe || answer.forwarded().is_none(), "{}", answer.result);
        // What the same request may do from our own page.
        asked.headers.retain(|(name, _)| name != "sec-fetch-site");
        let ours = self::answer(EVERYTHING_SHUT, &asked.with("sec-fetch-site", "same-origin".to_owned()).event());
        prop_assert!(ours.forwarded().is_some() || ours.result["status"] == "400", "{}", ours.result);
    }

    /// Cases: path-tricks/one-path.
    #[test]
    fn every_layout_of_triggers_decides_alike(
        asked in asked(),
        has_token in any::<bool>(),
        configuration in
            prop::sample::select(vec!["nearhop.toml", "clean-urls.toml", "whole-site.toml"]),
    ) {
        let mut asked = asked;
        asked.headers.retain(|(name, _)| !["authorization", "cookie"].contains(&name.as_str()));
        if has_token {
            asked = asked.with("cookie", format!("nearhop_access={}", token("access")));
        }
        let at = |trigger| answer(configuration, &Asked { trigger, ..asked.clone() }.event());
        let (viewer, alone) = (at("viewer-request"), at("origin-request"));
        prop_assert_eq!(viewer.result["status"].as_str(), alone.result["status"].as_str());
        prop_assert_eq!(&viewer.result["body"], &alone.result["body"]);
        let Some(rewritten) = viewer.forwarded() else { return Ok(()) };

        let mut second = Asked { trigger: "origin-request", ..asked.clone() }.event();
        let request = &mut second["Records"][0]["cf"]["request"];
        request["uri"] = rewritten.into();
        request["headers"] = viewer.result["headers"].clone();
        let both = answer(configuration, &second);
        prop_assert_eq!(&both.result["uri"], &alone.result["uri"]);
        prop_assert_eq!(&both.result["origin"], &alone.result["origin"]);
        prop_assert_eq!(ours(&both.result), ours(&alone.result));
    }
}

/// What rules G1, G4 and W7 ask of an answer, and that no rule stopped it.
fn is_sound(answer: &Answer) -> Result<(), TestCaseError> {
    let log = answer.log.as_deref().unwrap_or_default();
    prop_assert!(!log.starts_with("cloudfront-worker:"), "{}", log);
    let Some(status) = answer.result["status"].as_str() else {
        prop_assert!(answer.forwarded().is_some_and(|uri| uri.starts_with('/')));
        return Ok(());
    };
    let number: u16 = status.parse().unwrap();
    prop_assert!((200..=599).contains(&number) && number != 500, "{}", answer.result);
    prop_assert_eq!(&answer.result["headers"]["cache-control"][0]["value"], "no-store");
    prop_assert!(answer.result.to_string().len() < 40_000);
    prop_assert!(number == 204 || answer.error().is_some() || answer.result["body"].is_string());
    Ok(())
}

fn ours(result: &Value) -> Map<String, Value> {
    let headers = result["headers"].as_object().unwrap().iter();
    headers
        .filter(|(name, _)| name.starts_with("x-nearhop-"))
        .map(|(name, fields)| (name.clone(), fields[0]["value"].clone()))
        .collect()
}

/// The properties above say nothing unless their requests reach both sides of every rule.
#[test]
fn the_requests_of_these_properties_go_everywhere() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut met = HashSet::new();
    for _ in 0..1_500 {
        let asked = asked().new_tree(&mut runner).unwrap().current();
        let answer = answer("nearhop.toml", &asked.event());
        let place = match went_to(&answer) {
            Some((true, _)) => "api".to_owned(),
            Some((false, _)) => "site".to_owned(),
            None => answer.result["status"].as_str().unwrap().to_owned(),
        };
        met.insert((asked.trigger, place));
    }
    for trigger in ["viewer-request", "origin-request"] {
        for place in ["api", "site", "400", "401", "405"] {
            assert!(met.contains(&(trigger, place.to_owned())), "{trigger} {place}: {met:?}");
        }
    }
}

/// Cases: path-tricks/8192-bytes.
#[test]
fn the_longest_path_is_read_and_a_longer_one_is_not() {
    let ask = |configuration, uri: String, querystring: &str| {
        let asked = Asked { trigger: "viewer-request", method: "GET".into(), uri, headers: vec![] };
        let mut event = asked.with("accept", "application/json".into()).event();
        event["Records"][0]["cf"]["request"]["querystring"] = querystring.into();
        let answer = answer(configuration, &event);
        answer.error().unwrap_or_else(|| answer.forwarded().unwrap().len().to_string())
    };
    let a = |n: usize| format!("/{}", "a".repeat(n - 1));
    let spa = "nearhop.toml";
    assert_eq!(ask(spa, a(8_192), ""), "8192");
    assert_eq!(ask(spa, a(8_193), ""), "path_ambiguous");
    assert_eq!(ask(spa, format!("/{}", "%61".repeat(2_730)), ""), "2731");
    assert_eq!(ask(spa, format!("/api/{}", "a".repeat(8_187)), ""), "token_missing");
    // A completed name may be too long where the path was not (rule W9).
    let clean = "clean-urls.toml";
    assert_eq!(ask(clean, a(8_187), ""), "8192");
    assert_eq!(ask(clean, a(8_188), ""), "path_ambiguous");
    assert_eq!(ask(clean, a(8_000), &"q".repeat(186)), "8005");
    assert_eq!(ask(clean, a(8_000), &"q".repeat(187)), "path_ambiguous");
}

/// Answers an event under a configuration of `tests/vectors`, or under one that wants a token for
/// everything.
fn answer(configuration: &'static str, event: &Value) -> Answer {
    thread_local! {
        static EDGES: RefCell<HashMap<&'static str, Edge<'static>>> = RefCell::default();
    }
    EDGES.with_borrow_mut(|edges| {
        let edge = edges.entry(configuration).or_insert_with(|| {
            Edge::start(Box::leak(Box::new(bundle(configuration))), "us-east-1")
        });
        edge.answer(event, NOW * 1000, || Err(FetchFault::Unreachable))
    })
}

fn bundle(configuration: &str) -> Bundle {
    if configuration != EVERYTHING_SHUT {
        let key_sets = ["1", "2"].map(|name| Some(key_set(name)));
        return Bundle::new(&read(format!("vectors/{configuration}")), &key_sets);
    }
    Bundle::of_vectors(|toml| {
        let routes = "[[routes]]\npattern = \"/*\"\ntarget = \"site\"\naccess = \"authenticated\"\n\
             [[routes]]\npattern = \"/api/*\"\ntarget = \"api\"\naccess = \"authenticated\"\n";
        format!("{routes}{}", &toml[toml.find("[[issuers]]").expect("issuers")..])
    })
}

const EVERYTHING_SHUT: &str = "everything wants a token";

/// The path as an origin that decodes it would read it, whatever else it does with it: escapes
/// undone until none is left, backslashes turned, dot and empty segments resolved.
fn as_an_origin_could_read(path: &str) -> String {
    let mut bytes = path.as_bytes().to_vec();
    loop {
        let mut decoded = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let digits =
                bytes.get(at + 1..at + 3).filter(|hex| hex.iter().all(u8::is_ascii_hexdigit));
            let hex = digits.and_then(|hex| std::str::from_utf8(hex).ok());
            match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                Some(byte) if bytes[at] == b'%' => {
                    decoded.push(byte);
                    at += 3;
                }
                _ => {
                    decoded.push(bytes[at]);
                    at += 1;
                }
            }
        }
        if decoded == bytes {
            break;
        }
        bytes = decoded;
    }
    let text = String::from_utf8_lossy(&bytes).replace('\\', "/");
    let mut segments: Vec<&str> = Vec::new();
    for segment in text.split('/').map(|segment| segment.split(';').next().unwrap_or_default()) {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    format!("/{}", segments.join("/"))
}

fn is_at_or_below(path: &str, root: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Where a request went on to: the API or S3, and the path it had then.
fn went_to(answer: &Answer) -> Option<(bool, String)> {
    let path = as_an_origin_could_read(answer.forwarded()?);
    Some((answer.result["headers"].get("x-nearhop-region").is_some(), path))
}
