//! What a policy says of the settings it cannot stand: which key, what was found, what is allowed.
//! `tests/config/meaning` holds it to the lines; here are the words, and what no file can say.

use nearhop::bundle::Bundle;
use nearhop::policy::{Policy, Problem};
use proptest::prelude::*;
use serde_json::{Value, json};

const PIN_KEY: &str = "a-key-of-thirty-two-characters-!";

/// A bundle of two Regions, with `api` beside them.
fn bundle(api: Value) -> Value {
    let region =
        |name: &str| json!({ "name": name, "endpoint": format!("https://{name}.example.com") });
    let mut all = json!({ "regions": [region("eu-west-1"), region("us-east-1")] });
    all.as_object_mut().unwrap().extend(api.as_object().unwrap().clone());
    json!({
        "config": { "api": all },
        "origin_secret": null,
        "not_found_page": null,
        "key_sets": [],
        "distances": [],
    })
}

fn problems(bundle: Value) -> Vec<Problem> {
    let bundle: Bundle = serde_json::from_value(bundle).unwrap();
    Policy::new(&bundle).err().unwrap_or_default()
}

/// The only problem of a bundle.
fn problem(bundle: Value) -> Problem {
    let [only] = problems(bundle.clone())
        .try_into()
        .unwrap_or_else(|problems: Vec<_>| panic!("{bundle}: {problems:?}"));
    only
}

#[test]
fn what_is_found_and_what_is_allowed() {
    let set = |countries: Value| {
        json!({ "residency": { "sets": [
        { "name": "a", "countries": countries, "regions": ["eu-west-1"] },
    ] } })
    };
    let rule = |more: Value| {
        let mut rule = json!({ "regions": ["eu-west-1"] });
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "rules": [rule] })
    };
    for (api, key, found, allowed) in [
        (json!({ "regions": [] }), "api.regions", "nothing", "at most 64"),
        (json!({ "sticky": { "by": "claim" } }), "api.sticky.claim", "nothing", "names the Region"),
        (
            json!({ "sticky": { "by": "claim", "claim": "exp" } }),
            "api.sticky.claim",
            "exp",
            "whose value is text",
        ),
        (
            json!({ "sticky": { "by": "subject", "claim": "custom:home" } }),
            "api.sticky.claim",
            "custom:home",
            "unless by = \"claim\"",
        ),
        (
            json!({ "sticky": { "by": "cookie", "seconds": 86_401 } }),
            "api.sticky.seconds",
            "86401",
            "from 1 to 86400",
        ),
        (json!({ "control": { "urls": [] } }), "api.control.urls", "nothing", "at least one URL"),
        (
            json!({ "control": { "urls": ["http://192.0.2.1/c"] } }),
            "api.control.urls[0]",
            "http://192.0.2.1/c",
            "an https URL",
        ),
        (
            json!({ "control": { "urls": ["https://a.example"], "interval_seconds": 4 } }),
            "api.control.interval_seconds",
            "4",
            "from 5 to 3600",
        ),
        (
            json!({ "second_leg_domain": "second.example.com:443" }),
            "api.second_leg_domain",
            "second.example.com:443",
            "without scheme and port",
        ),
        (
            json!({ "second_leg_domain": "second" }),
            "api.second_leg_domain",
            "second",
            "domain name",
        ),
        (set(json!(["Germany"])), "api.residency.sets[0].countries[0]", "Germany", "\"EEA\""),
        (set(json!([])), "api.residency.sets[0].countries", "nothing", "residency.claim"),
        (rule(json!({})), "api.rules[0]", "no place", "at least one"),
        (rule(json!({ "continents": ["Europe"] })), "api.rules[0].continents[0]", "Europe", "AF"),
        (
            rule(json!({ "networks": ["10.0.0.1/8"] })),
            "api.rules[0].networks[0]",
            "10.0.0.1/8",
            "zeros",
        ),
        (
            json!({ "rules": [{ "countries": ["BR"], "regions": ["sa-east-1"] }] }),
            "api.rules[0].regions[0]",
            "sa-east-1",
            "one of the API's Regions: eu-west-1, us-east-1",
        ),
    ] {
        let Problem { key: at, found: is, allowed: may } = problem(bundle(api));
        assert_eq!((at.as_str(), is.as_str()), (key, found));
        assert!(may.contains(allowed), "{key}: {may}");
    }
}

#[test]
fn bounds_are_inclusive() {
    let control = |key: &str, value: u32| {
        let mut control = json!({ "urls": ["https://a.example"] });
        control[key] = value.into();
        problems(bundle(json!({ "control": control }))).len()
    };
    for (key, least, most) in
        [("interval_seconds", 5, 3_600), ("timeout_ms", 100, 10_000), ("max_bytes", 256, 65_536)]
    {
        let [below, first, last, above] =
            [least - 1, least, most, most + 1].map(|value| control(key, value));
        assert_eq!([below, first, last, above], [1, 0, 0, 1], "{key}");
    }
}

#[test]
fn more_regions_than_a_set_holds_are_refused() {
    let regions = |count: usize| {
        let region =
            |i| json!({ "name": format!("eu-west-{i}"), "endpoint": "https://a.example.com" });
        bundle(json!({ "regions": (0..count).map(region).collect::<Vec<_>>() }))
    };
    assert_eq!(problems(regions(64)), []);
    let Problem { key, found, allowed } = problem(regions(65));
    assert_eq!((key.as_str(), found.as_str()), ("api.regions", "65"));
    assert!(allowed.contains("at most 64"), "{allowed}");
}

/// Cases: secrets/error-body.
#[test]
fn the_key_of_pins_is_demanded_and_never_repeated() {
    let with = |key: Option<&str>| {
        let mut bundle = bundle(json!({ "pin": { "env": "PIN_KEY" } }));
        bundle["pin_key"] = key.into();
        bundle
    };
    for (key, found) in [
        (None, "nothing in the environment variable PIN_KEY"),
        (Some("a-key-of-thirty-one-characters-"), "a value of another form"),
        (Some("a key with spaces in it, and long enough"), "a value of another form"),
        (Some("a-key-with-a-line-feed-at-its-very-end\n"), "a value of another form"),
    ] {
        let problem = problem(with(key));
        assert_eq!(problem.key, "api.pin.env");
        assert!(problem.found.starts_with(found), "{problem:?}");
        assert!(problem.allowed.starts_with("32 or more"), "{problem:?}");
        assert!(key.is_none_or(|key| !format!("{problem:?}").contains(key.trim_end())));
    }
    let bundle: Bundle = serde_json::from_value(with(Some(PIN_KEY))).unwrap();
    let policy = Policy::new(&bundle).unwrap();
    assert!(!format!("{policy:#?}").contains(PIN_KEY));
}

#[test]
fn two_secrets_have_two_variables() {
    let mut bundle = bundle(json!({
        "pin": { "env": "SECRET" },
        "origin_secret": { "header": "x-from-edge", "env": "SECRET" },
    }));
    bundle["pin_key"] = PIN_KEY.into();
    bundle["origin_secret"] = PIN_KEY.into();
    let problem = problem(bundle);
    assert_eq!((problem.key.as_str(), problem.found.as_str()), ("api.pin.env", "SECRET"));
}

#[test]
fn what_a_bundle_carries_is_as_long_as_its_regions() {
    let mut one = bundle(json!({}));
    one["coordinates"] = json!([{ "latitude": 53.3, "longitude": -6.3 }]);
    assert_eq!(problem(one.clone()).key, "coordinates");
    one["coordinates"] = json!([]);
    assert_eq!(problems(one.clone()), []);
    one["distances"] = json!([{ "edge": "eu-west-1", "round_trips": [] }]);
    assert_eq!(problem(one).key, "distances[0].round_trips");
}

#[test]
fn a_route_that_residency_closes_to_everybody_is_refused() {
    let with = |otherwise: &str, regions: Value| {
        let mut bundle = bundle(json!({ "residency": { "otherwise": otherwise, "sets": [
            { "name": "EU", "countries": ["EU"], "regions": ["eu-west-1"] },
        ] } }));
        bundle["config"]["routes"] = json!([
            { "pattern": "/api/*", "target": "api", "access": "public", "regions": regions },
        ]);
        bundle
    };
    assert_eq!(problem(with("none", json!(["us-east-1"]))).key, "routes[0].regions");
    for open in [
        with("none", json!(["us-east-1", "eu-west-1"])),
        with("none", json!([])),
        with("any", json!(["us-east-1"])),
    ] {
        assert_eq!(problems(open), []);
    }
}

#[test]
fn a_token_s_cookie_is_not_the_home_s() {
    let with = |by: &str| {
        let mut bundle = bundle(json!({ "sticky": { "by": by } }));
        bundle["config"]["issuers"] = json!([
            { "user_pool": "eu-west-1_Example01", "clients": ["c"], "cookies": ["a", "nearhop_home"] },
        ]);
        bundle["key_sets"] = json!([null]);
        bundle
    };
    assert_eq!(problem(with("cookie")).key, "issuers[0].cookies[1]");
    assert_eq!(problems(with("subject")), []);
}

proptest! {
    /// Whatever text and numbers stand in a configuration, the answer is a policy or problems that
    /// say where.
    #[test]
    fn any_values_are_answered(
        words in prop::collection::vec(word(), 12),
        weight in any::<u32>(),
        bias_ms in any::<i32>(),
        seconds in any::<u32>(),
    ) {
        let word = |i: usize| words[i].as_str();
        let mut bundle = bundle(json!({
            "regions": [{ "name": word(0), "endpoint": word(1), "weight": weight, "bias_ms": bias_ms }],
            "rules": [{
                "networks": [word(2)], "countries": [word(3)], "continents": [word(4)],
                "regions": [word(0)],
            }],
            "residency": {
                "claim": word(5),
                "sets": [{ "name": word(6), "countries": [word(7)], "regions": [word(8)] }],
            },
            "sticky": { "by": "cookie", "seconds": seconds },
            "second_leg_domain": word(9),
            "control": { "urls": [word(10)], "interval_seconds": seconds },
            "pin": { "env": word(11) },
        }));
        bundle["pin_key"] = word(1).into();
        for Problem { key, allowed, .. } in problems(bundle) {
            prop_assert!(key.starts_with("api.") && !allowed.is_empty(), "{key}");
        }
    }
}

/// What might stand somewhere, and what should not.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("eu-west-1".to_owned()),
        Just("https://a.example.com".to_owned()),
        Just("203.0.113.0/24".to_owned()),
        Just("BR".to_owned()),
        Just("EU".to_owned()),
        "\\PC{0,40}",
    ]
}

/// A bundle with sign-in: some values of the section, and of what it refers to, changed.
fn signing_in(section: Value, parts: Value) -> Value {
    let mut sign_in = json!({ "key": { "env": "SIGN_IN_KEY" } });
    sign_in.as_object_mut().unwrap().extend(section.as_object().unwrap().clone());
    let url = |path: &str| format!("https://id.example.com/{path}");
    let endpoints = json!({
        "authorization": url("authorize"),
        "token": url("token"),
        "revocation": null,
        "end_session": { "oidc": url("end") },
    });
    let key = "a-key-of-thirty-two-characters-!";
    let mut all = json!({ "key": key, "client_secrets": [null], "endpoints": endpoints });
    all.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
    json!({
        "config": {
            "issuers": [{ "issuer": "https://id.example.com", "clients": ["web"], "kind": "oidc", "audiences": ["b"] }],
            "sign_in": sign_in,
        },
        "sign_in": all,
        "origin_secret": null,
        "not_found_page": null,
        "key_sets": [null],
        "distances": [],
    })
}

#[test]
fn what_sign_in_cannot_do_with_and_without() {
    assert_eq!(problems(signing_in(json!({}), json!({}))), []);
    let plain = |name: &str| {
        let mut all = json!({
            "authorization": "https://id.example.com/a",
            "token": "https://id.example.com/t",
            "revocation": null,
            "end_session": null,
        });
        all[name] = "http://id.example.com/x".into();
        json!({ "endpoints": all })
    };
    for (section, parts, key, found, allowed) in [
        (json!({ "client": "mobile" }), json!({}), "sign_in.client", "mobile", "clients: web"),
        (
            json!({ "origins": ["http://app.example.com"] }),
            json!({}),
            "sign_in.origins[0]",
            "http://app.example.com",
            "https:// and a host",
        ),
        (
            json!({ "scopes": ["a\"b"] }),
            json!({}),
            "sign_in.scopes[0]",
            "a\"b",
            "printable ASCII without spaces",
        ),
        (
            json!({ "after_sign_out": "/_nearhop/me" }),
            json!({}),
            "sign_in.after_sign_out",
            "/_nearhop/me",
            "a path of the site",
        ),
        (json!({}), json!({ "key": null }), "sign_in.key.env", "nothing", "at least 32"),
        (json!({}), json!({ "key": "short" }), "sign_in.key.env", "5 characters", "at least 32"),
        (json!({}), json!({ "endpoints": null }), "sign_in", "no endpoints", "domain = "),
        (json!({}), plain("token"), "sign_in.domain", "http://id.example.com/x", "https URLs"),
        (json!({}), plain("revocation"), "sign_in.domain", "http://id.example.com/x", "https URLs"),
    ] {
        let told = problem(signing_in(section.clone(), parts));
        assert_eq!((told.key.as_str(), told.found.as_str()), (key, found), "{section}");
        assert!(told.allowed.contains(allowed), "{told:?}");
    }
}
