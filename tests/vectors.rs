//! The shared vectors, natively. `tests/vectors/README.md` says how they are written;
//! `tests/vectors.test.js` runs them through the built WebAssembly and compares.

mod edge;

use std::collections::BTreeSet;
use std::fs;

use cloudfront_worker::FetchFault;
use edge::{Answer, Bundle, Edge, NOW, ORIGIN_SECRET, base_event, parse, read, tests, token};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Family {
    configuration: String,
    #[serde(default = "Family::key_sets")]
    key_sets: Vec<Option<String>>,
    vectors: Vec<Vector>,
}

impl Family {
    fn key_sets() -> Vec<Option<String>> {
        vec![Some("jwks-1.json".into()), Some("jwks-2.json".into())]
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    #[serde(rename = "case")]
    _case: Option<String>,
    #[serde(rename = "why")]
    _why: String,
    #[serde(default = "Vector::at")]
    at: u64,
    #[serde(default = "Vector::edge")]
    edge: String,
    event: Value,
    fetched: Option<String>,
    expect: Map<String, Value>,
}

impl Vector {
    fn at() -> u64 {
        NOW
    }

    fn edge() -> String {
        "us-east-1".into()
    }
}

/// Cases: secrets/log-line, secrets/error-body.
#[test]
fn every_vector() {
    let mut failures = Vec::new();
    let mut count = 0;
    for path in families() {
        let family: Family = parse(&path);
        let toml = read(format!("vectors/{}", family.configuration));
        let key_sets: Vec<_> = family
            .key_sets
            .iter()
            .map(|file| file.as_ref().map(|file| read(format!("vectors/{file}"))))
            .collect();
        let bundle = Bundle::new(&toml, &key_sets);
        let mut results = Vec::new();
        let mut names = BTreeSet::new();
        for vector in &family.vectors {
            let mut found = Vec::new();
            if !names.insert(&vector.name) {
                found.push("another vector has that name".to_owned());
            }
            let mut edge = Edge::start(&bundle, &vector.edge);
            let event = event(&vector.event);
            let fetched = vector.fetched.as_ref().map(|file| read(format!("vectors/{file}")));
            let answer = edge.answer(&event, vector.at * 1000, || {
                fetched.clone().ok_or(FetchFault::Unreachable)
            });
            found.extend(check(vector, &answer));
            found.extend(leaks(&event, &answer));
            failures.extend(found.iter().map(|found| format!("{path}: {}: {found}", vector.name)));
            let Answer { result, log, .. } = answer;
            results.push(json!({ "name": vector.name, "result": result, "log": log }));
        }
        count += results.len();
        leave(&path, &Value::from(results));
    }
    assert!(failures.is_empty(), "{} of {count} vectors:\n{}", failures.len(), failures.join("\n"));
    assert!(count > 0, "no vectors were found");
}

/// Cases: secrets/log-line, secrets/error-body.
#[test]
fn a_secret_in_the_log_or_in_a_body_is_found() {
    let headers =
        json!({ "authorization": "Bearer {token access}", "cookie": "a=12345678; b=short" });
    let event = event(&json!({ "headers": headers }));
    let signature = token("access").rsplit('.').next().unwrap();
    let answer = |log: &str, body: &str| Answer {
        result: json!({ "body": body }),
        log: Some(log.to_owned()),
        fetches: 0,
    };
    for secret in [signature, "12345678", ORIGIN_SECRET] {
        assert_eq!(leaks(&event, &answer(&format!("refused {secret}!"), "")).len(), 1);
        assert_eq!(leaks(&event, &answer("", &format!("no: {secret}"))).len(), 1);
    }
    assert!(leaks(&event, &answer("refused", "short")).is_empty());
}

/// The documented event of the trigger with the vector's values in it.
fn event(given: &Value) -> Value {
    let trigger = given["trigger"].as_str().unwrap_or("viewer-request");
    let mut event = base_event(trigger);
    let cf = &mut event["Records"][0]["cf"];
    for (from, to) in [
        ("method", "method"),
        ("uri", "uri"),
        ("querystring", "querystring"),
        ("client_ip", "clientIp"),
    ] {
        if let Some(value) = given.get(from) {
            cf["request"][to] = value.clone();
        }
    }
    set_headers(&mut cf["request"]["headers"], &given["headers"]);
    if let Some(origin) = given.get("origin") {
        cf["request"]["origin"] = origin.clone();
    }
    if let Some(response) = given.get("response") {
        if let Some(status) = response.get("status") {
            cf["response"]["status"] = status.clone();
        }
        set_headers(&mut cf["response"]["headers"], &response["headers"]);
    }
    event
}

fn set_headers(headers: &mut Value, given: &Value) {
    let headers = headers.as_object_mut().expect("the base event has headers");
    for (name, value) in given.as_object().into_iter().flatten() {
        let values = match value {
            Value::Null => {
                headers.remove(name);
                continue;
            }
            Value::Array(values) => values.clone(),
            value => vec![value.clone()],
        };
        let fields: Vec<Value> = values
            .iter()
            .map(|value| json!({ "key": name, "value": with_tokens(value.as_str().unwrap()) }))
            .collect();
        headers.insert(name.clone(), fields.into());
    }
}

fn with_tokens(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some(start) = text.find("{token ") {
        let end = start + text[start..].find('}').expect("a closing brace");
        let part = part_of_token(&text[start + 7..end]).to_owned();
        text.replace_range(start..=end, &part);
    }
    text
}

/// `NAME`, or `NAME FROM TO` for some of its characters.
fn part_of_token(words: &str) -> &'static str {
    match words.split(' ').collect::<Vec<_>>()[..] {
        [name] => token(name),
        [name, from, to] => {
            let (token, at) = (token(name), |word: &str| word.parse::<usize>().expect("a number"));
            &token[at(from)..at(to).min(token.len())]
        }
        _ => panic!("{words}: a token's name, or its name and two numbers"),
    }
}

/// What differs from what is expected.
fn check(vector: &Vector, answer: &Answer) -> Vec<String> {
    let Answer { result, fetches, .. } = answer;
    let mut found = Vec::new();
    let mut compare = |what: String, found_value: &Value, expected: &Value| {
        if found_value != expected {
            found.push(format!("{what}: found {found_value}, expected {expected}"));
        }
    };
    let expect = &vector.expect;
    compare("fetches".into(), &(*fetches).into(), expect.get("fetches").unwrap_or(&0.into()));
    for (key, expected) in expect {
        match key.as_str() {
            "fetches" => {}
            "status" => compare(key.clone(), &result["status"], &expected.to_string().into()),
            "error" => {
                compare(key.clone(), &answer.error().map_or(Value::Null, Value::from), expected);
            }
            "headers" => {
                for (name, expected) in expected.as_object().expect("headers") {
                    compare(format!("header {name}"), &field(result, name), expected);
                }
            }
            "forward" => {
                let is_generated =
                    result.get("clientIp").is_none() && result.get("bodyEncoding").is_some();
                let expects_body = expected.get("body").is_some();
                compare("is generated".into(), &is_generated.into(), &expects_body.into());
                for (name, expected) in expected.as_object().expect("forward") {
                    match name.as_str() {
                        "origin" => {
                            for (part, expected) in expected.as_object().expect("origin") {
                                let origin = &result["origin"]["custom"][part];
                                compare(format!("origin.{part}"), origin, expected);
                            }
                        }
                        _ => compare(name.clone(), &result[name], expected),
                    }
                }
            }
            other => panic!("{}: expect.{other} is not a thing to expect", vector.name),
        }
    }
    assert!(
        expect.contains_key("status") || expect.contains_key("forward"),
        "{}: expects neither status nor forward",
        vector.name
    );
    found
}

/// The value of a field, a list where there are several, null where there is none.
fn field(result: &Value, name: &str) -> Value {
    match result["headers"][name].as_array().map(Vec::as_slice) {
        None | Some([]) => Value::Null,
        Some([one]) => one["value"].clone(),
        Some(many) => many.iter().map(|field| field["value"].clone()).collect(),
    }
}

/// Where a secret of the event, or the origin secret, stands in the log or in a generated body. A
/// part of a token is as secret as the whole.
fn leaks(event: &Value, answer: &Answer) -> Vec<String> {
    let headers = &event["Records"][0]["cf"]["request"]["headers"];
    let values = ["authorization", "cookie"]
        .into_iter()
        .flat_map(|name| headers[name].as_array().into_iter().flatten())
        .filter_map(|field| field["value"].as_str());
    let parts = values.flat_map(|value| value.split([' ', ';', '=', ',', '.', '"']));
    let secrets = parts.filter(|part| part.len() >= 8).chain([ORIGIN_SECRET]);
    let seen = [
        ("the log", answer.log.as_deref().unwrap_or_default()),
        ("the body", answer.result["body"].as_str().unwrap_or_default()),
    ];
    secrets
        .flat_map(|secret| seen.iter().map(move |(place, text)| (secret, *place, *text)))
        .filter(|(secret, _, text)| text.contains(secret))
        .map(|(secret, place, _)| format!("{place} holds the secret {secret:?}"))
        .collect()
}

fn families() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(tests().join("vectors"))
        .expect("tests/vectors")
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".vectors.json"))
        .map(|name| format!("vectors/{name}"))
        .collect();
    names.sort();
    names
}

fn leave(path: &str, results: &Value) {
    let target = tests().join("../target");
    let file = target.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, serde_json::to_string(results).unwrap()).unwrap();
}
