//! What becomes of whole and broken events natively: the table of tests/events/README.md, which
//! tests/worker/events.test.js holds in WebAssembly.

use std::convert::Infallible;

use cloudfront_worker::edits::Edits;
use cloudfront_worker::http::{HeaderName, HeaderValue};
use cloudfront_worker::testing::{Handled, Harness};
use cloudfront_worker::{Context, Env, Event, Reply, Worker};
use serde_json::{Value, json};

const MARK: HeaderName = HeaderName::from_static("x-mark");

/// Sets one header, on the request or the answer.
struct Mark;

impl Worker for Mark {
    type Error = Infallible;
    type Configured = ();

    fn configure(_: &[u8]) -> Result<(), Infallible> {
        Ok(())
    }

    fn start(_: (), _: Env<'_>) -> Self {
        Mark
    }

    fn handle<'a>(&mut self, _: Event<'a>, _: &Context<'a>) -> Reply<'a> {
        Edits::new().set(MARK, HeaderValue::from_static("1")).into()
    }
}

#[test]
fn whole_events_are_handled_and_only_the_mark_differs() {
    for (name, event) in events() {
        let mut future = event.clone();
        add_future_fields(&mut future["Records"][0]["cf"], "");
        for event in [event, future] {
            let handled = handle(&event);
            assert_eq!(handled.result, marked(&event), "{name}");
            assert_eq!(handled.log, None, "{name}");
        }
    }
}

#[test]
fn each_field_missing_null_or_of_another_type() {
    let table = &file("fields.json")["fields"];
    let values = json!([
        null, true, false, 0, 7, "", "text", [], ["text"], {}, { "value": "text" }
    ]);
    for (name, event) in events() {
        for path in paths(&event["Records"][0]["cf"]) {
            let fates = &table[generic(&path)];
            assert!(fates.is_object(), "fields.json says nothing of {}", generic(&path));
            let whole = &event["Records"][0]["cf"];
            expect(&fates["missing"], name, &changed(&event, &path, None), &path);
            for value in values.as_array().unwrap() {
                if kind(value) != kind(whole.pointer(&pointer(&path)).unwrap()) {
                    let fate = &fates[if value.is_null() { "null" } else { "wrong" }];
                    expect(fate, name, &changed(&event, &path, Some(value)), &path);
                }
            }
        }
    }
}

#[test]
fn a_line_break_in_a_value_forges_nothing() {
    let table = &file("fields.json")["fields"];
    for (name, event) in events() {
        for path in paths(&event["Records"][0]["cf"]) {
            let found = event["Records"][0]["cf"].pointer(&pointer(&path)).unwrap();
            let Some(text) = found.as_str() else { continue };
            for end in ["\n", "\nx-forged\n1", "\n1\nx-forged\n1", "\n\n\n", "\r\nx-forged: 1"] {
                for broken in [format!("{text}{end}"), format!("{end}{text}")] {
                    let event = changed(&event, &path, Some(&broken.into()));
                    expect(&table[generic(&path)]["wrong"], name, &event, &path);
                }
            }
        }
    }
}

#[test]
fn values_of_the_right_type_that_no_event_has() {
    for case in file("fields.json")["values"].as_array().unwrap() {
        let path: Vec<String> =
            case["field"].as_str().unwrap().split('.').map(str::to_owned).collect();
        let mut tried = 0;
        for (_, event) in events() {
            if event["Records"][0]["cf"].pointer(&pointer(&path)).is_some() {
                let handled = handle(&changed(&event, &path, Some(&case["value"])));
                let log = case["log"].as_str().unwrap();
                assert_eq!(handled.result["status"], "500", "{case}");
                assert!(handled.log.as_ref().unwrap().contains(log), "{case}: {:?}", handled.log);
                tried += 1;
            }
        }
        assert!(tried > 0, "{case}");
    }
}

#[test]
fn what_is_no_event_is_answered() {
    for event in [
        json!(null),
        json!({}),
        json!(7),
        json!("text"),
        json!([]),
        json!({ "Records": [] }),
        json!({ "Records": {} }),
        json!({ "Records": [{ "cf": {} }] }),
    ] {
        refused(&handle(&event), &event.to_string());
    }
}

fn handle(event: &Value) -> Handled {
    Harness::<Mark>::start("eu-west-1", b"").unwrap().handle(event, 0)
}

fn expect(fate: &Value, name: &str, event: &Value, path: &[String]) {
    let handled = handle(event);
    let what = format!("{name}: {} of {}", path.join("."), event["Records"][0]["cf"]);
    match fate.as_str() {
        Some("refused") => refused(&handled, &what),
        Some("kept") => assert_eq!(handled.result, marked(event), "{what}"),
        other => panic!("{other:?} is no fate"),
    }
}

fn refused(handled: &Handled, what: &str) {
    assert_eq!(handled.result["status"], "500", "{what}");
    assert_eq!(handled.result["body"], "Internal Server Error", "{what}");
    assert_eq!(handled.result["headers"]["cache-control"][0]["value"], "no-store", "{what}");
    assert!(handled.log.as_ref().is_some_and(|log| !log.contains('\n')), "{what}");
}

/// The request or the answer of an event, with the mark.
fn marked(event: &Value) -> Value {
    let cf = &event["Records"][0]["cf"];
    let is_response = cf["config"]["eventType"].as_str().unwrap().ends_with("-response");
    let mut subject = cf[if is_response { "response" } else { "request" }].clone();
    subject["headers"]["x-mark"] = json!([{ "key": "x-mark", "value": "1" }]);
    subject
}

fn events() -> Vec<(&'static str, Value)> {
    let parts = file("parts.json");
    let mut events = Vec::new();
    for name in ["viewer-request", "origin-request", "origin-response", "viewer-response"] {
        let event = file(&format!("{name}.json"));
        let mut with_body = event.clone();
        with_body["Records"][0]["cf"]["request"]["body"] = parts["body"].clone();
        events.push((name, with_body));
        if name.starts_with("origin") {
            let mut to_s3 = event.clone();
            to_s3["Records"][0]["cf"]["request"]["origin"] = json!({ "s3": parts["s3"] });
            events.push((name, to_s3));
        }
        events.push((name, event));
    }
    events
}

fn file(name: &str) -> Value {
    let path = format!("{}/../tests/events/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Every place in a value, as the keys that lead there.
fn paths(value: &Value) -> Vec<Vec<String>> {
    let keys: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect(),
        _ => Vec::new(),
    };
    let inner = |(key, value): (String, &Value)| {
        let here = vec![key.clone()];
        let deeper = paths(value).into_iter().map(move |rest| [vec![key.clone()], rest].concat());
        std::iter::once(here).chain(deeper).collect::<Vec<_>>()
    };
    keys.into_iter().flat_map(inner).collect()
}

/// A place as fields.json names it.
fn generic(path: &[String]) -> String {
    let mut names = Vec::new();
    for (i, key) in path.iter().enumerate() {
        let in_headers = i > 0 && path[i - 1].ends_with("eaders");
        names.push(if in_headers || key.parse::<u32>().is_ok() { "*" } else { key });
    }
    names.join(".")
}

fn pointer(path: &[String]) -> String {
    path.iter().map(|key| format!("/{key}")).collect()
}

/// The event with another value there, or none.
fn changed(event: &Value, path: &[String], value: Option<&Value>) -> Value {
    let mut event = event.clone();
    let (key, to) = path.split_last().unwrap();
    let holder = event["Records"][0]["cf"].pointer_mut(&pointer(to)).unwrap();
    match (value, holder) {
        (Some(value), Value::Array(list)) => list[key.parse::<usize>().unwrap()] = value.clone(),
        (Some(value), holder) => holder[key] = value.clone(),
        (None, Value::Array(list)) => drop(list.remove(key.parse().unwrap())),
        (None, holder) => drop(holder.as_object_mut().unwrap().remove(key)),
    }
    event
}

/// Headers hold arrays only: there a new field is a field of a value.
fn add_future_fields(value: &mut Value, name: &str) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|inner| add_future_fields(inner, name)),
        Value::Object(map) => {
            map.iter_mut().for_each(|(key, inner)| add_future_fields(inner, key));
            if !name.ends_with("eaders") {
                map.insert("future".into(), json!({ "since": 2031, "of": [name] }));
            }
        }
        _ => {}
    }
}

fn kind(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}
