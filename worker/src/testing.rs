//! Runs a worker natively on CloudFront events in JSON: what `worker.mjs` does in Node, so that a
//! test says the same about both.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::event::{UnixMillis, Worker};
use crate::instance::{Charset, Instance};
use crate::outcome::FetchFault;

/// A started worker.
#[derive(Debug)]
pub struct Harness<W> {
    instance: Instance<W>,
}

/// What one event led to.
#[derive(Clone, Debug, PartialEq)]
pub struct Handled {
    /// What would be returned to CloudFront; null when the worker wants a fetch first.
    pub result: Value,
    /// The line for the log.
    pub log: Option<String>,
    /// The fetch it wants, as `TAG MILLISECONDS BYTES URL`.
    pub fetch: Option<String>,
}

impl<W: Worker> Harness<W> {
    /// Starts a worker as in `region`, with a seed of 0, or says why it cannot.
    pub fn start(region: &str, config: &[u8]) -> Result<Self, String> {
        let mut instance = Instance::new();
        let text = [format!("{region}\n0\n").as_bytes(), config].concat();
        instance.input(text.len())[..text.len()].copy_from_slice(&text);
        instance.start(text.len());
        match instance.output() {
            [] => Ok(Self { instance }),
            reason => Err(String::from_utf8_lossy(reason).into_owned()),
        }
    }

    /// Handles an event at `now`, milliseconds since 1970.
    pub fn handle(&mut self, event: &Value, now: u64) -> Handled {
        let cf = &event["Records"][0]["cf"];
        let (head, values) = head(cf);
        let data = cf["request"]["body"]["data"].as_str().unwrap_or_default().to_owned();
        self.instance.input(head.len())[..head.len()].copy_from_slice(head.as_bytes());
        let body = || data.clone().into_bytes();
        self.instance.handle(head.len(), values, Charset::Utf8, UnixMillis(now), &body);
        apply(cf.clone(), self.instance.output())
    }

    /// Records what a fetch brought.
    pub fn record(&mut self, tag: u32, result: Result<&[u8], FetchFault>, now: u64) {
        let bytes = result.unwrap_or_default();
        self.instance.input(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.instance.record(bytes.len(), tag, result.err(), UnixMillis(now));
    }
}

fn head(cf: &Value) -> (String, u32) {
    let mut head = Head::default();
    let (config, request) = (&cf["config"], &cf["request"]);
    for key in ["eventType", "requestId", "distributionDomainName", "distributionId"] {
        head.value(&config[key]);
    }
    for key in ["method", "clientIp", "uri", "querystring"] {
        head.value(&request[key]);
    }
    head.headers(&request["headers"]);
    head.text(match request["body"]["inputTruncated"].as_bool() {
        None => "",
        Some(false) => "complete",
        Some(true) => "truncated",
    });
    match request["origin"].as_object().and_then(|origin| origin.iter().next()) {
        None => head.text(""),
        Some((kind, origin)) => {
            head.text(kind);
            head.value(&origin["domainName"]);
            head.value(&origin["path"]);
            head.headers(&origin["customHeaders"]);
        }
    }
    match &cf["response"] {
        Value::Null => head.text(""),
        response => {
            head.value(&response["status"]);
            head.headers(&response["headers"]);
        }
    }
    (head.text, head.values)
}

#[derive(Default)]
struct Head {
    text: String,
    values: u32,
}

impl Head {
    fn text(&mut self, text: &str) {
        let _ = writeln!(self.text, "{text}");
        self.values += 1;
    }

    fn value(&mut self, value: &Value) {
        self.text(value.as_str().unwrap_or_default());
    }

    fn headers(&mut self, headers: &Value) {
        let empty = Map::new();
        let fields: Vec<_> = headers
            .as_object()
            .unwrap_or(&empty)
            .iter()
            .flat_map(|(name, values)| {
                values.as_array().into_iter().flatten().map(move |field| (name, &field["value"]))
            })
            .collect();
        self.text(&fields.len().to_string());
        for (name, value) in fields {
            self.text(name);
            self.value(value);
        }
    }
}

fn apply(mut cf: Value, output: &[u8]) -> Handled {
    let mut rest = output;
    let mut log = None;
    let mut fetch = None;
    let kind = line(&mut rest);
    let trigger_is_response = cf["response"].is_object();
    let mut target = match (kind.as_str(), trigger_is_response) {
        ("F", false) => cf["request"].take(),
        ("F", true) => cf["response"].take(),
        _ => json!({ "headers": {} }),
    };
    while !rest.is_empty() {
        let text = line(&mut rest);
        let (letter, text) = text.split_at(1);
        let (name, value) = text.split_once(' ').unwrap_or((text, ""));
        match letter {
            "l" => log = Some(text.to_owned()),
            "g" => fetch = Some(text.to_owned()),
            "u" => target["uri"] = text.into(),
            "q" => target["querystring"] = text.into(),
            "s" => {
                target["status"] = name.into();
                target["statusDescription"] = value.into();
            }
            "-" => {
                target["headers"].as_object_mut().expect("headers").remove(text);
            }
            "=" => target["headers"][name] = json!([{ "key": name, "value": value }]),
            "+" => match &mut target["headers"][name] {
                Value::Array(values) => values.push(json!({ "key": name, "value": value })),
                values => *values = json!([{ "key": name, "value": value }]),
            },
            "o" => switch_origin(&mut target, text),
            "x" => {
                if let Some(headers) = target["origin"]["custom"]["customHeaders"].as_object_mut() {
                    headers.remove(text);
                }
            }
            "t" | "b" => {
                let body = String::from_utf8_lossy(rest).into_owned();
                rest = &[];
                if kind == "F" && !trigger_is_response {
                    target["body"]["action"] = "replace".into();
                    target["body"]["encoding"] = "text".into();
                    target["body"]["data"] = body.into();
                } else {
                    target["body"] = body.into();
                    target["bodyEncoding"] = "text".into();
                }
            }
            other => panic!("no such line: {other}{text}"),
        }
    }
    Handled { result: if kind == "G" { Value::Null } else { target }, log, fetch }
}

/// Time limits and the like stay those of the distribution's own custom origin; an S3 origin has
/// none that fit, so CloudFront's defaults are put in their place (rules E6, E7).
fn switch_origin(target: &mut Value, text: &str) {
    let mut parts = text.splitn(4, ' ');
    let mut part = || parts.next().unwrap_or_default();
    let (protocol, port, domain, path) = (part(), part(), part(), part());
    let mut custom = match target["origin"]["custom"].take() {
        Value::Null => json!({
            "customHeaders": {}, "keepaliveTimeout": 5, "readTimeout": 30,
            "sslProtocols": ["TLSv1.2"],
        }),
        custom => custom,
    };
    custom["protocol"] = protocol.into();
    custom["port"] = port.parse::<u16>().expect("a port").into();
    custom["domainName"] = domain.into();
    custom["path"] = path.into();
    target["origin"] = json!({ "custom": custom });
}

fn line(rest: &mut &[u8]) -> String {
    let end = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
    let text = String::from_utf8_lossy(&rest[..end]).into_owned();
    *rest = rest.get(end + 1..).unwrap_or_default();
    text
}
