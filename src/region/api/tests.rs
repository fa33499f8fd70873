//! What the settings mean: endpoints, the prefix, the secret, homes, and the question they lead to.

use cloudfront_worker::{Headers, OriginKind};
use serde_json::{Value, json};

use super::*;
use crate::bundle::Coordinates;
use crate::policy::Policy;
use crate::region::choice::{Unobserved, choose};
use crate::region::reason::Code;

/// The API of a configuration's `[api]`, with Regions a-a-1, b-b-1 and c-c-1 unless it says others,
/// and an edge e-e-1 from which they are 10, 20 and 30 ms away.
fn api(settings: Value) -> Result<Api, Vec<Problem>> {
    let mut api = json!({ "regions": regions(&["a-a-1", "b-b-1", "c-c-1"]) });
    api.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let count = api["regions"].as_array().unwrap().len();
    let trips: Vec<Value> =
        (1..=count).map(|n| json!({ "ms": 10 * n, "measured": true })).collect();
    let bundle = json!({
        "config": { "api": api },
        "origin_secret": "0123456789abcdef",
        "not_found_page": null,
        "key_sets": [],
        "distances": [{ "edge": "e-e-1", "round_trips": trips }],
        "coordinates": (0..count)
            .map(|n| json!({ "latitude": 0.0, "longitude": 10 * n }))
            .collect::<Vec<_>>(),
    });
    let bundle: Bundle = serde_json::from_value(bundle).unwrap();
    Ok(Policy::new(&bundle)?.api.unwrap())
}

fn regions(names: &[&str]) -> Value {
    let region = |name| json!({ "name": name, "endpoint": format!("https://{name}.example.com") });
    names.iter().map(region).collect()
}

/// The first Region for a viewer at e-e-1 and the reason, or `none`.
fn chosen(api: &Api, viewer: &Viewer<'_>) -> String {
    chosen_at(api, "e-e-1", viewer)
}

/// The same at another edge, for an instance that is there and for whoever only asks about it.
fn chosen_at(api: &Api, edge: &str, viewer: &Viewer<'_>) -> String {
    let mut there = api.clone();
    there.stand_at(edge);
    let [here, there] = [api, &there].map(|api| {
        let switches = Switches::default();
        let row = api.row(edge);
        let question = api.question(row, viewer, api.all(), &switches, Outlook::default());
        choose(&question, &mut Unobserved).map_or("none".to_owned(), |chosen| {
            format!("{}: {}", api.candidates[chosen.region()].name, chosen.reason)
        })
    });
    assert_eq!(here, there, "{edge}");
    there
}

fn in_country(code: &str) -> Viewer<'static> {
    let place = Place { country: Code::new(code), ..Place::default() };
    Viewer { place, ..Viewer::default() }
}

/// The keys of the problems of settings, and what was found there.
fn problems(settings: Value) -> Vec<(String, String)> {
    let problems = api(settings).map(drop).unwrap_err();
    problems.into_iter().map(|problem| (problem.key, problem.found)).collect()
}

#[test]
fn an_edge_is_known_by_its_name_to_the_letter() {
    let api = api(json!({})).unwrap();
    assert_eq!(chosen_at(&api, "e-e-1", &Viewer::default()), "a-a-1: rtt");
    for unknown in ["x-x-1", "", "E-E-1", "e-e-1 "] {
        assert_eq!(chosen_at(&api, unknown, &Viewer::default()), "a-a-1: default", "{unknown}");
        let coordinates = Some(Coordinates { latitude: 1.0, longitude: 19.0 });
        let place = Place { coordinates, ..Place::default() };
        let viewer = Viewer { place, ..Viewer::default() };
        assert_eq!(chosen_at(&api, unknown, &viewer), "c-c-1: distance", "{unknown}");
    }
}

#[test]
fn what_was_worked_out_beforehand_gives_way_to_switches_and_places() {
    let mut api = api(json!({ "regions": regions(&["a-a-1", "b-b-1", "c-c-1"]) })).unwrap();
    let answer = |api: &Api, switches: Switches, viewer: &Viewer<'_>| {
        let question = api.question(api.here(), viewer, api.all(), &switches, Outlook::default());
        choose(&question, &mut Unobserved).unwrap().order().collect::<Vec<_>>()
    };
    let coordinates = Some(Coordinates { latitude: 0.0, longitude: 20.0 });
    let place = Place { coordinates, ..Place::default() };
    let (anywhere, near_c) = (Viewer::default(), Viewer { place, ..Viewer::default() });
    assert_eq!(answer(&api, Switches::default(), &anywhere), [0, 1, 2]);
    assert_eq!(answer(&api, Switches::default(), &near_c), [2, 1, 0]);
    api.stand_at("e-e-1");
    assert_eq!(answer(&api, Switches::default(), &anywhere), [0, 1, 2]);
    assert_eq!(answer(&api, Switches::default(), &near_c), [0, 1, 2]);
    let biased = Switches { bias_ms: vec![15, 0, 0], ..Switches::default() };
    assert!(!api.tells_viewers_apart(&biased));
    assert_eq!(answer(&api, biased, &anywhere), [1, 0, 2]);
    let weighted = Switches { weights: vec![Some(0), None, None], ..Switches::default() };
    assert!(api.tells_viewers_apart(&weighted));
    assert_eq!(answer(&api, weighted, &anywhere), [1, 2, 0]);
}

#[test]
fn a_prefix_is_taken_off_whole_segments_only() {
    for (prefix, path, seen) in [
        (None, "/api/hello", "/api/hello"),
        (Some("/api"), "/api/hello", "/hello"),
        (Some("/api"), "/api", "/"),
        (Some("/api"), "/api/", "/"),
        (Some("/api"), "/apix", "/apix"),
        (Some("/api"), "/apix/api/y", "/apix/api/y"),
        (Some("/api"), "/API/hello", "/API/hello"),
        (Some("/api"), "/%61pi/hello", "/hello"),
        (Some("/api"), "/api/api/hello", "/api/hello"),
        (Some("/api"), "/x/api/hello", "/x/api/hello"),
        (Some("/api"), "/api/caf%c3%a9", "/caf%C3%A9"),
        (Some("/a/b"), "/a/b/c", "/c"),
        (Some("/a/b"), "/a/bc", "/a/bc"),
    ] {
        let api = api(json!({ "strip_prefix": prefix })).unwrap();
        assert_eq!(api.path(&CanonicalPath::parse(path).unwrap()), seen, "{prefix:?} {path}");
    }
    for prefix in ["", "api", "/api/", "/a%62", "//a", "/a/../b"] {
        let expected = vec![("api.strip_prefix".to_owned(), prefix.to_owned())];
        assert_eq!(problems(json!({ "strip_prefix": prefix })), expected, "{prefix}");
    }
}

#[test]
fn an_endpoint_is_an_https_url_that_cloudfront_takes_for_an_origin() {
    for (endpoint, domain_name, port, path) in [
        ("https://a.example", "a.example", 443, ""),
        ("https://a.example/", "a.example", 443, ""),
        ("https://A.Example/prod/", "a.example", 443, "/prod"),
        ("https://a.example:8443/prod/v1", "a.example", 8443, "/prod/v1"),
    ] {
        let expected = (domain_name.to_owned(), port, path.to_owned());
        assert_eq!(parse_endpoint(endpoint), Some(expected), "{endpoint}");
    }
    let long_label = format!("https://{}.example", "a".repeat(64));
    let long_name = format!("https://{}example", "abcdefg.".repeat(32));
    let long_path = format!("https://a.example/{}", "a".repeat(255));
    for endpoint in [
        "",
        "a.example",
        "http://a.example",
        "https://",
        "https://localhost",
        "https://192.0.2.1",
        "https://192.0.2.1:8443/prod",
        "https://[2001:db8::1]/",
        "https://a.example:80",
        "https://a.example:444",
        "https://a.example:99999",
        "https://user@a.example",
        "https://a.example/?x",
        "https://a.example/prod?x=y",
        "https://a.example/prod#x",
        "https://a.example/prod//v1",
        "https://a.example/../x",
        "https://a.example/a b",
        "https://a..example",
        "https://a.example.",
        "https://.example",
        "https://a~b.example",
        &long_label,
        &long_name,
        &long_path,
    ] {
        assert_eq!(parse_endpoint(endpoint), None, "{endpoint}");
    }
}

#[test]
fn a_region_stands_once_and_there_are_at_most_64() {
    let names: Vec<String> = (1..=65).map(|n| format!("a-a-{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let most = api(json!({ "regions": regions(&names[..64]) })).unwrap();
    assert_eq!(most.all().iter().count(), 64);
    assert_eq!(chosen(&most, &Viewer::default()), "a-a-1: rtt");
    let found = |names: &[&str]| problems(json!({ "regions": regions(names) }));
    assert_eq!(found(&names), [("api.regions".into(), "65".into())]);
    assert_eq!(found(&[]), [("api.regions".into(), "nothing".into())]);
    assert_eq!(found(&["a-a-1", "a-a-1"]), [("api.regions[1].name".into(), "a-a-1".into())]);
}

#[test]
fn weights_and_biases_have_bounds() {
    let with = |key: &str, value: i64| {
        let mut regions = regions(&["a-a-1", "b-b-1"]);
        regions[1][key] = value.into();
        json!({ "regions": regions })
    };
    for (key, good, bad) in
        [("weight", [0, 100], [101, 1_000]), ("bias_ms", [-1_000, 1_000], [-1_001, 1_001])]
    {
        for value in good {
            assert!(api(with(key, value)).is_ok(), "{key} = {value}");
        }
        for value in bad {
            let expected = (format!("api.regions[1].{key}"), value.to_string());
            assert_eq!(problems(with(key, value)), [expected]);
        }
    }
}

#[test]
fn an_answer_is_a_regions_when_origin_request_can_be_seen_to_have_chosen_it() {
    let mut api = api(json!({})).unwrap();
    let secret = (HeaderName::from_static("x-secret"), HeaderValue::from_static("s3cret"));
    api.origin_secret = Some(secret);
    let answering = |name, domain_name, secret| {
        let custom_headers = Headers::default();
        let kind = OriginKind::Custom;
        let request = Request {
            method: http::Method::GET,
            client_ip: "203.0.113.9",
            uri: "/",
            querystring: "",
            headers: [("x-secret", secret)].into_iter().collect(),
            body: None,
        };
        api.answering(name, &Origin { kind, domain_name, path: "", custom_headers }, &request)
    };
    assert_eq!(answering("a-a-1", "a-a-1.example.com", ""), Some(0));
    assert_eq!(answering("b-b-1", "B-B-1.Example.com", ""), Some(1));
    assert_eq!(answering("a-a-1", "b-b-1.example.com", ""), None);
    assert_eq!(answering("a-a-1", "bucket.s3.amazonaws.com", "guess"), None);
    assert_eq!(answering("b-b-1", "bucket.s3.amazonaws.com", "s3cret"), Some(1));
    assert_eq!(answering("d-d-1", "a-a-1.example.com", "s3cret"), None);
    assert_eq!(answering("", "", "s3cret"), None);
}

#[test]
fn a_second_leg_is_known_by_its_domain_or_by_its_header() {
    let origin = |domain_name, leg: Option<&'static str>| Origin {
        kind: OriginKind::Custom,
        domain_name,
        path: "",
        custom_headers: leg.map(|leg| ("x-nearhop-leg", leg)).into_iter().collect(),
    };
    let by_domain = api(json!({ "second_leg_domain": "second.example.com" })).unwrap();
    assert!(by_domain.is_second_leg(&origin("second.example.com", None)));
    assert!(by_domain.is_second_leg(&origin("Second.Example.Com", None)));
    assert!(by_domain.is_second_leg(&origin("first.example.com", Some("2"))));
    assert!(!by_domain.is_second_leg(&origin("first.example.com", Some("1"))));
    let by_header = api(json!({})).unwrap();
    assert!(by_header.is_second_leg(&origin("first.example.com", Some("2"))));
    assert!(!by_header.is_second_leg(&origin("second.example.com", None)));
    assert!(!by_header.is_second_leg(&origin("", None)));
}

#[test]
fn the_secrets_header_is_one_a_function_may_set_and_nothing_else_is_said_by() {
    let with = |header: &str| json!({ "origin_secret": { "env": "SECRET", "header": header } });
    let (name, value) = api(with("X-Api-Secret")).unwrap().origin_secret.unwrap();
    assert_eq!((name.as_str(), value.to_str().unwrap()), ("x-api-secret", "0123456789abcdef"));
    assert!(value.is_sensitive());
    for header in [
        "",
        "a b",
        "host",
        "Authorization",
        "cookie",
        "x-forwarded-for",
        "x-edge-secret",
        "x-amz-cf-id",
        "via",
        "content-length",
        "x-nearhop-region",
        "x-nearhop-user",
    ] {
        let expected = ("api.origin_secret.header".to_owned(), header.to_owned());
        assert_eq!(problems(with(header)), [expected], "{header}");
    }
}

#[test]
fn home_is_a_claim_a_cookie_or_drawn_by_the_subject() {
    let home_of = |settings: Value, viewer: Viewer<'_>| chosen(&api(settings).unwrap(), &viewer);

    let claim = || json!({ "sticky": { "by": "claim", "claim": "custom:home" } });
    let named = |home_claim| Viewer { home_claim, ..Viewer::default() };
    assert_eq!(home_of(claim(), named(Some("c-c-1"))), "c-c-1: sticky");
    assert_eq!(home_of(claim(), named(Some("d-d-1"))), "a-a-1: rtt");
    assert_eq!(home_of(claim(), named(None)), "a-a-1: rtt");
    let cookie = || json!({ "sticky": { "by": "cookie" } });
    let carrying = Viewer { home_cookie: Some("b-b-1"), ..Viewer::default() };
    assert_eq!(home_of(cookie(), carrying), "b-b-1: sticky");
    // Each counts only where it is what was agreed on.
    assert_eq!(home_of(claim(), carrying), "a-a-1: rtt");
    assert_eq!(home_of(cookie(), named(Some("c-c-1"))), "a-a-1: rtt");
    assert_eq!(home_of(json!({}), carrying), "a-a-1: rtt");

    let subject = api(json!({ "sticky": { "by": "subject" } })).unwrap();
    let mut homes = std::collections::BTreeSet::new();
    for key in (0..100).map(|n| stable_hash(&format!("subject-{n}"))) {
        let of = |is_identified| {
            let viewer = Viewer { key, is_identified, ..Viewer::default() };
            (chosen(&subject, &viewer), chosen_at(&subject, "elsewhere", &viewer))
        };
        // The same home from everywhere; without a subject none at all.
        let (here, elsewhere) = of(true);
        assert_eq!(here[..5], elsewhere[..5]);
        assert_eq!(of(false).0, "a-a-1: rtt");
        homes.insert(here);
    }
    let expected = ["a-a-1: rtt", "b-b-1: sticky", "c-c-1: sticky"];
    assert_eq!(homes.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_cookie_is_set_by_the_answer_to_a_write() {
    let sticky = json!({ "sticky": { "by": "cookie", "seconds": 60 } });
    let by_cookie = api(sticky).unwrap();
    let set = |method: Method, status: u16| {
        let cookie = by_cookie.home_cookie(1, &method, StatusCode::from_u16(status).unwrap())?;
        Some(cookie.to_str().unwrap().to_owned())
    };
    let expected =
        "nearhop_home=b-b-1; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Lax".to_owned();
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        assert_eq!(set(method.clone(), 201).as_ref(), Some(&expected));
        assert_eq!(set(method, 503), None);
    }
    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        assert_eq!(set(method, 200), None);
    }
    let by_subject = api(json!({ "sticky": { "by": "subject" } })).unwrap();
    assert_eq!(by_subject.home_cookie(1, &Method::POST, StatusCode::OK), None);
}

#[test]
fn residency_goes_by_claim_then_by_country_and_is_not_left() {
    let residency = |otherwise: &str| {
        let api = api(json!({
            "residency": {
                "claim": "custom:residency",
                "otherwise": otherwise,
                "sets": [
                    { "name": "EU", "countries": ["EU", "CH"], "regions": ["b-b-1", "c-c-1"] },
                    { "name": "BR", "countries": ["BR"], "regions": ["c-c-1"] },
                ],
            },
        }));
        api.unwrap()
    };
    let (any, none) = (residency("any"), residency("none"));
    for (claim, country, with_any, with_none) in [
        (Some("EU"), None, "b-b-1: residency", "b-b-1: residency"),
        (Some("EU"), Some("BR"), "b-b-1: residency", "b-b-1: residency"),
        (Some("BR"), Some("DE"), "c-c-1: residency", "c-c-1: residency"),
        // A claim was meant to restrict: one that says nothing known permits nothing.
        (Some("XX"), Some("DE"), "none", "none"),
        (Some(""), None, "none", "none"),
        (Some("eu"), None, "none", "none"),
        (None, Some("DE"), "b-b-1: residency", "b-b-1: residency"),
        (None, Some("CH"), "b-b-1: residency", "b-b-1: residency"),
        (None, Some("BR"), "c-c-1: residency", "c-c-1: residency"),
        (None, Some("US"), "a-a-1: rtt", "none"),
        (None, None, "a-a-1: rtt", "none"),
    ] {
        let place = Place { country: country.and_then(Code::new), ..Place::default() };
        let viewer = Viewer { place, residency_claim: claim, ..Viewer::default() };
        assert_eq!(chosen(&any, &viewer), with_any, "{claim:?} {country:?}");
        assert_eq!(chosen(&none, &viewer), with_none, "{claim:?} {country:?}");
        // Neither failure nor a home leads out of it.
        let home = Viewer { home_cookie: Some("a-a-1"), ..viewer };
        assert_eq!(chosen(&any, &home), with_any);
        let all_fail = Outlook { avoided: any.all(), due: RegionSet::EMPTY };
        let switches = Switches::default();
        let question = any.question(any.row("e-e-1"), &viewer, any.all(), &switches, all_fail);
        let found = choose(&question, &mut Unobserved);
        let found = found.map(|chosen| any.candidates[chosen.region()].name.as_str());
        assert_eq!(found.unwrap_or("none"), with_any.split(':').next().unwrap());
    }
}

#[test]
fn a_rule_goes_by_network_then_country_then_continent() {
    let ruled = api(json!({
        "rules": [
            { "networks": ["203.0.113.0/24"], "regions": ["b-b-1"] },
            { "countries": ["BR", "AR"], "regions": ["c-c-1"] },
            { "continents": ["SA"], "regions": ["b-b-1"] },
        ],
    }));
    let ruled = ruled.unwrap();
    let place = |network_rule, country: &str, continent: &str| {
        let place = Place {
            network_rule,
            country: Code::new(country),
            continent: Code::new(continent),
            coordinates: None,
        };
        chosen(&ruled, &Viewer { place, ..Viewer::default() })
    };
    assert_eq!(place(Some(0), "BR", "SA"), "b-b-1: rule:network");
    assert_eq!(place(None, "BR", "SA"), "c-c-1: rule:country=BR");
    assert_eq!(place(None, "AR", "SA"), "c-c-1: rule:country=AR");
    assert_eq!(place(None, "CL", "SA"), "b-b-1: rule:continent=SA");
    assert_eq!(place(None, "FR", "EU"), "a-a-1: rtt");
    assert_eq!(place(None, "", ""), "a-a-1: rtt");
    // A rule that a database names and the configuration has not.
    assert_eq!(place(Some(9), "BR", "SA"), "c-c-1: rule:country=BR");
    assert_eq!(chosen(&ruled, &in_country("BR")), "c-c-1: rule:country=BR");
}
