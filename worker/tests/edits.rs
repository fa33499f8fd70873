//! Whatever edits a worker makes: what `rules::check` accepts arrives as it was made, and what it
//! refuses becomes 500 with the rule in the log.

use std::cell::RefCell;
use std::convert::Infallible;

use cloudfront_worker::edits::{CustomOrigin, Edits, Protocol};
use cloudfront_worker::http::{HeaderName, HeaderValue, StatusCode};
use cloudfront_worker::rules::{self, Violation};
use cloudfront_worker::testing::Harness;
use cloudfront_worker::{Body, Context, Env, Event, Outcome, Reply, Trigger, Worker};
use proptest::prelude::*;
use serde_json::{Value, json};

#[derive(Clone, Debug)]
enum Edit {
    Uri(String),
    Query(String),
    Set(HeaderName, Vec<u8>),
    Append(HeaderName, Vec<u8>),
    Remove(HeaderName),
    Origin(CustomOrigin<'static>),
    Status(StatusCode),
    Body(Body),
}

thread_local! {
    static EDITS: RefCell<Vec<Edit>> = const { RefCell::new(Vec::new()) };
    static VERDICT: RefCell<Result<(), Violation>> = const { RefCell::new(Ok(())) };
}

/// Makes the edits of [`EDITS`], and leaves in [`VERDICT`] what the rules say of them.
struct Editor;

impl Worker for Editor {
    type Error = Infallible;
    type Configured = ();

    fn configure(_: &[u8]) -> Result<(), Infallible> {
        Ok(())
    }

    fn start(_: (), _: Env<'_>) -> Self {
        Editor
    }

    fn handle<'a>(&mut self, event: Event<'a>, _: &Context<'a>) -> Reply<'a> {
        let outcome = Outcome::Forward(EDITS.with_borrow(|edits| made(edits, &event)));
        VERDICT.set(rules::check(event.trigger(), &outcome));
        outcome.into()
    }
}

fn made<'a>(list: &[Edit], event: &Event<'a>) -> Edits<'a> {
    let fields = match event {
        Event::ViewerRequest(request) | Event::OriginRequest(request, _) => &request.headers,
        Event::OriginResponse(_, _, response) | Event::ViewerResponse(_, response) => {
            &response.headers
        }
    };
    list.iter().cloned().fold(Edits::new(), |edits, edit| match edit {
        Edit::Uri(uri) => edits.uri(uri),
        Edit::Query(query) => edits.querystring(query),
        Edit::Set(name, value) => edits.set(name, HeaderValue::from_bytes(&value).unwrap()),
        Edit::Append(name, value) => edits.append(name, HeaderValue::from_bytes(&value).unwrap()),
        Edit::Remove(name) => edits.remove_where(fields, |found| name == found),
        Edit::Origin(origin) => edits.origin(origin),
        Edit::Status(status) => edits.status(status),
        Edit::Body(body) => edits.body(body),
    })
}

/// The same edits made on the event itself.
fn edited(list: &[Edit], cf: &Value, is_response: bool) -> Value {
    let mut subject = cf[if is_response { "response" } else { "request" }].clone();
    for edit in list {
        match edit {
            Edit::Uri(uri) => subject["uri"] = json!(uri),
            Edit::Query(query) => subject["querystring"] = json!(query),
            Edit::Set(name, value) => {
                subject["headers"][name.as_str()] = json!([field(name, value)]);
            }
            Edit::Append(name, value) => match &mut subject["headers"][name.as_str()] {
                Value::Array(fields) => fields.push(field(name, value)),
                none => *none = json!([field(name, value)]),
            },
            // Chosen from what the event holds, not from what was set before.
            Edit::Remove(name) => {
                let event = &cf[if is_response { "response" } else { "request" }];
                if event["headers"].get(name.as_str()).is_some() {
                    subject["headers"].as_object_mut().unwrap().remove(name.as_str());
                }
            }
            Edit::Origin(origin) => {
                let mut custom = cf["request"]["origin"]["custom"].clone();
                let protocol = if origin.protocol == Protocol::Http { "http" } else { "https" };
                custom["protocol"] = json!(protocol);
                custom["port"] = json!(origin.port);
                custom["domainName"] = json!(origin.domain_name);
                custom["path"] = json!(origin.path);
                for name in &origin.without_custom_headers {
                    custom["customHeaders"].as_object_mut().unwrap().remove(name.as_ref());
                }
                subject["origin"] = json!({ "custom": custom });
            }
            Edit::Status(status) => {
                subject["status"] = json!(status.as_str());
                subject["statusDescription"] = json!(status.canonical_reason().unwrap_or(""));
            }
            Edit::Body(body) => {
                let (encoding, data) = match body {
                    Body::Empty => ("text", String::new()),
                    Body::Text(text) => ("text", text.clone()),
                    Body::Bytes(bytes) => ("base64", base64(bytes)),
                };
                if is_response {
                    subject["body"] = json!(data);
                    subject["bodyEncoding"] = json!(encoding);
                } else {
                    subject["body"]["action"] = json!("replace");
                    subject["body"]["encoding"] = json!(encoding);
                    subject["body"]["data"] = json!(data);
                }
            }
        }
    }
    subject
}

/// A value's bytes are UTF-8 or else Latin-1.
fn field(name: &HeaderName, value: &[u8]) -> Value {
    let text = match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().map(|b| char::from(*b)).collect(),
    };
    json!({ "key": name.as_str(), "value": text })
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0u32, |sum, b| sum << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let digit = char::from(DIGITS[(group >> (18 - 6 * i) & 63) as usize]);
            text.push(if i <= chunk.len() { digit } else { '=' });
        }
    }
    text
}

fn edit() -> impl Strategy<Value = Edit> {
    let target =
        || prop_oneof![4 => "/[!\"$-~]{0,20}", 1 => "\\PC{0,8}", 1 => Just("/a\n=x 1".to_owned())];
    let name = || {
        let known = [
            "host",
            "via",
            "x-in",
            "cookie",
            "set-cookie",
            "content-length",
            "x-edge-a",
            "x-amz-cf-b",
            "cloudfront-viewer-country",
            "accept-encoding",
            "warning",
            "__proto__",
            "constructor",
        ];
        prop_oneof![
            2 => prop::sample::select(known.to_vec()).prop_map(HeaderName::from_static),
            3 => "[a-z][a-z0-9!#$%&'*+.^_`|~-]{0,10}"
                .prop_map(|name| HeaderName::from_bytes(name.as_bytes()).unwrap()),
        ]
    };
    let value = || {
        prop::collection::vec(any::<u8>(), 0..24).prop_map(|bytes| {
            bytes.into_iter().filter(|b| HeaderValue::from_bytes(&[*b]).is_ok()).collect::<Vec<_>>()
        })
    };
    let origin = (
        prop::bool::ANY,
        prop_oneof![4 => "[a-z]{1,5}\\.example", 1 => "\\PC{0,8}"],
        prop_oneof![3 => Just(443u16), 2 => 1024..=u16::MAX, 1 => any::<u16>()],
        prop_oneof![3 => "(/[a-z]{1,5}){0,3}", 1 => "\\PC{0,8}"],
        prop::collection::vec(name(), 0..3),
    )
        .prop_map(|(tls, domain_name, port, path, without_custom_headers)| CustomOrigin {
            protocol: if tls { Protocol::Https } else { Protocol::Http },
            domain_name: domain_name.into(),
            port,
            path: path.into(),
            without_custom_headers: without_custom_headers
                .iter()
                .map(|name| name.as_str().to_owned().into())
                .collect(),
        });
    let body = prop_oneof![
        Just(Body::Empty),
        "(?s).{0,40}".prop_map(Body::Text),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Body::Bytes),
        Just(Body::Text("a".repeat(40_001))),
    ];
    prop_oneof![
        target().prop_map(Edit::Uri),
        target().prop_map(Edit::Query),
        (name(), value()).prop_map(|(name, value)| Edit::Set(name, value)),
        (name(), value()).prop_map(|(name, value)| Edit::Append(name, value)),
        name().prop_map(Edit::Remove),
        origin.prop_map(Edit::Origin),
        (100u16..1000).prop_map(|status| Edit::Status(StatusCode::from_u16(status).unwrap())),
        body.prop_map(Edit::Body),
    ]
}

fn event(trigger: Trigger) -> Value {
    let headers = json!({
        "host": [{ "key": "Host", "value": "a.example" }],
        "cookie": [{ "key": "Cookie", "value": "a=1" }],
        "x-in": [{ "key": "X-In", "value": "1" }, { "key": "X-In", "value": "2" }],
    });
    let mut cf = json!({
        "config": { "eventType": trigger.name() },
        "request": {
            "clientIp": "203.0.113.7", "method": "GET", "uri": "/", "querystring": "",
            "headers": headers, "future": true,
            "body": {
                "inputTruncated": false, "action": "read-only", "encoding": "text", "data": "",
            },
        },
    });
    if matches!(trigger, Trigger::OriginRequest | Trigger::OriginResponse) {
        cf["request"]["origin"] = json!({ "custom": {
            "domainName": "origin.example", "path": "", "port": 80, "protocol": "http",
            "readTimeout": 7, "customHeaders": { "x-of-origin": [{ "value": "1" }] },
        }});
    }
    if trigger.is_response() {
        cf["response"] = json!({ "status": "200", "statusDescription": "OK", "headers": headers });
    }
    json!({ "Records": [{ "cf": cf }] })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_is_accepted_arrives_and_what_is_not_is_named(
        list in prop::collection::vec(edit(), 0..5),
        trigger in prop::sample::select(vec![
            Trigger::ViewerRequest,
            Trigger::OriginRequest,
            Trigger::OriginResponse,
            Trigger::ViewerResponse,
        ]),
    ) {
        let sent = event(trigger);
        EDITS.set(list.clone());
        let handled = Harness::<Editor>::start("eu-west-1", b"").unwrap().handle(&sent, 0);
        match VERDICT.replace(Ok(())) {
            Ok(()) => {
                let cf = &sent["Records"][0]["cf"];
                prop_assert_eq!(handled.result, edited(&list, cf, trigger.is_response()));
                prop_assert_eq!(handled.log, None);
            }
            Err(violation) => {
                prop_assert_eq!(&handled.result["status"], "500");
                let log = handled.log.unwrap();
                let named = format!("cloudfront-worker: {}: ", violation.rule);
                prop_assert!(log.starts_with(&named) && !log.contains('\n'), "{}", log);
            }
        }
    }
}
