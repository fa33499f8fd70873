//! What a configuration may not say. Every problem [`Policy::new`] can report, by a configuration
//! that has it and no other.

use nearhop::bundle::Bundle;
use nearhop::policy::{Policy, Problem};
use serde::Deserialize;
use serde_json::{Value, json};

/// A bundle whose configuration says something of everything, and nothing wrong.
fn good() -> Value {
    json!({
        "config": {
            "site": {
                "index": "index.html",
                "headers": [{ "name": "x-frame-options", "value": "DENY" }],
            },
            "routes": [
                { "pattern": "/api/*", "target": "api", "access": "authenticated",
                  "clients": ["web"], "groups": ["staff"], "scopes": ["a/read"], "methods": ["GET"],
                  "cookies": "forward",
                  "cors": { "preflight": "answer", "origins": ["https://a.example"], "headers": ["x-a"] } },
                { "pattern": "/u/{id}", "target": "site", "access": "public" },
            ],
            "issuers": [
                { "user_pool": "eu-west-1_Example01", "clients": ["web"], "cookies": ["token"] },
            ],
            "api": {
                "strip_prefix": "/api",
                "origin_secret": { "env": "SECRET" },
                "regions": [
                    { "name": "eu-west-1", "endpoint": "https://a.example.com/prod" },
                    { "name": "us-east-1", "endpoint": "https://b.example.com:8443" },
                ],
            },
        },
        "origin_secret": "0123456789abcdef",
        "not_found_page": "<h1>Not here</h1>",
        "key_sets": [null],
        "distances": [
            { "edge": "eu-west-1", "round_trips": [
                { "ms": 2.0, "measured": true }, { "ms": 70.0, "measured": false },
            ] },
        ],
    })
}

fn problems(bundle: &Value) -> Vec<Problem> {
    let bundle: Bundle = serde_json::from_value(bundle.clone()).expect("the shape of a bundle");
    Policy::new(&bundle).err().unwrap_or_default()
}

#[test]
fn a_good_configuration_has_none() {
    assert_eq!(problems(&good()), []);
    let nothing = json!({ "config": {}, "key_sets": [], "distances": [] });
    assert_eq!(problems(&nothing), []);
}

/// A row of `problems.json`: where the good bundle is changed and to what, and the one problem this
/// must lead to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// A JSON pointer (RFC 6901).
    at: String,
    put: Value,
    key: String,
    found: String,
    /// A part of what it says is allowed.
    allowed: String,
}

#[test]
fn each_problem_is_reported_where_it_is() {
    let mut rows: Vec<Row> = serde_json::from_str(include_str!("problems.json")).unwrap();
    // Too long to be read in a table.
    rows.push(Row {
        at: "/not_found_page".into(),
        put: "x".repeat(32_769).into(),
        key: "site.not_found_page".into(),
        found: "a file of 32769 bytes".into(),
        allowed: "at most 32768".into(),
    });
    for Row { at, put, key, found, allowed } in rows {
        let mut bundle = good();
        let shown = put.to_string();
        set(&mut bundle, &at, put);
        match problems(&bundle).as_slice() {
            [only] => {
                assert_eq!((&only.key, &only.found), (&key, &found), "{at}");
                assert!(only.allowed.contains(&allowed), "{at}: {}", only.allowed);
            }
            other => panic!("{at}: {shown:.100}: expected one problem, at {key}: {other:?}"),
        }
    }
}

/// Problems that come of two sections together, or of one that is not there.
#[test]
fn sections_must_fit_each_other() {
    let keys = |bundle: &Value| -> Vec<(String, String)> {
        problems(bundle).into_iter().map(|problem| (problem.key, problem.found)).collect()
    };
    let pair = |key: &str, found: &str| (key.to_owned(), found.to_owned());

    let mut bundle = good();
    bundle["config"].as_object_mut().unwrap().remove("api");
    bundle["distances"] = json!([]);
    assert_eq!(keys(&bundle), [pair("routes[0].target", "api")]);

    let mut bundle = good();
    set(&mut bundle, "/config/api/regions", json!([]));
    bundle["distances"] = json!([]);
    assert_eq!(keys(&bundle), [pair("api.regions", "nothing")]);

    let mut bundle = good();
    set(&mut bundle, "/config/issuers", json!([]));
    bundle["key_sets"] = json!([]);
    assert_eq!(
        keys(&bundle),
        [pair("routes[0].clients[0]", "web"), pair("routes[0].access", "authenticated")]
    );

    let mut bundle = good();
    set(&mut bundle, "/config/issuers/0/clients", json!([]));
    assert_eq!(
        keys(&bundle),
        [pair("routes[0].clients[0]", "web"), pair("issuers[0].clients", "nothing")]
    );

    let mut bundle = good();
    set(&mut bundle, "/config/issuers/0/token_use", json!(["id"]));
    assert_eq!(keys(&bundle), [pair("routes[0].scopes", "a/read")]);

    let mut bundle = good();
    set(&mut bundle, "/config/issuers/0/token_use", json!([]));
    assert_eq!(
        keys(&bundle),
        [pair("issuers[0].token_use", "nothing"), pair("routes[0].scopes", "a/read")]
    );

    let mut bundle = good();
    let url = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example01";
    let same = json!({ "issuer": url, "clients": ["other"] });
    bundle["config"]["issuers"].as_array_mut().unwrap().push(same);
    bundle["key_sets"] = json!([null, null]);
    assert_eq!(keys(&bundle), [pair("issuers[1]", url)]);
}

#[test]
fn a_name_completed_to_a_file_is_one_in_clean_urls_only() {
    for (mode, pattern, matched) in [
        ("clean-urls", "/about.html", Some("/about: ")),
        ("clean-urls", "/docs/index", Some("/docs/: ")),
        ("clean-urls", "/about.html/*", Some("/about: ")),
        ("clean-urls", "/about", None),
        ("clean-urls", "/report.pdf.html", None),
        ("spa", "/about.html", None),
        ("plain", "/docs/index", None),
        ("plain", "/docs/index.html/", Some("/docs/: ")),
    ] {
        let mut bundle = good();
        set(&mut bundle, "/config/site/mode", json!(mode));
        set(&mut bundle, "/config/routes/1/pattern", json!(pattern));
        let problems = problems(&bundle);
        match (problems.as_slice(), matched) {
            ([], None) => {}
            ([only], Some(matched)) => assert!(only.allowed.starts_with(matched), "{only:?}"),
            other => panic!("{mode} {pattern}: {other:?}"),
        }
    }
}

#[test]
fn all_problems_are_reported_at_once() {
    let mut bundle = good();
    set(&mut bundle, "/config/site/index", json!("index"));
    set(&mut bundle, "/config/routes/1/pattern", json!("u"));
    set(&mut bundle, "/config/issuers/0/leeway_seconds", json!(301));
    set(&mut bundle, "/config/api/strip_prefix", json!(""));
    set(&mut bundle, "/config/limits", json!({ "verdicts": 0 }));
    let keys: Vec<String> = problems(&bundle).into_iter().map(|problem| problem.key).collect();
    assert_eq!(
        keys,
        [
            "site.index",
            "routes[1].pattern",
            "issuers[0].leeway_seconds",
            "api.strip_prefix",
            "limits.verdicts",
        ]
    );
}

/// Cases: secrets/error-body.
#[test]
fn a_secret_is_never_repeated() {
    for secret in ["hunter2", "a secret with spaces in it", "ein-Schlüssel-mit-Umlaut"] {
        let mut bundle = good();
        bundle["origin_secret"] = secret.into();
        let text = format!("{:?}", problems(&bundle));
        assert!(text.contains("api.origin_secret.env") && !text.contains(secret), "{text}");
    }
}

/// Puts a value at a JSON pointer (RFC 6901), making the last member if it is not there.
fn set(bundle: &mut Value, pointer: &str, value: Value) {
    let (parent, last) = pointer.rsplit_once('/').expect("a pointer");
    match bundle.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}")) {
        Value::Object(members) => drop(members.insert(last.to_owned(), value)),
        Value::Array(items) => items[last.parse::<usize>().expect("an index")] = value,
        other => panic!("{pointer}: {other}"),
    }
}
