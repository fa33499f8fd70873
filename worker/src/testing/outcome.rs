//! What a worker answered, carried out on the event: the class `Outcome` of `outcome.mjs`.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Handled;
use crate::outcome::{Fetch, Post};

/// The fields and origins that are known, by their kind and number.
pub(super) type Known = BTreeMap<String, String>;

pub(super) fn carry_out(mut cf: Value, output: &[u8], known: &mut Known) -> Handled {
    let mut rest = output;
    let mut log = None;
    let mut fetch = None;
    let mut aside = None;
    let kind = line(&mut rest);
    let of_response =
        cf["config"]["eventType"].as_str().is_some_and(|name| name.ends_with("-response"));
    let mut target = match (kind.as_str(), of_response) {
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
            "g" => fetch = Some(read_fetch(text, &mut rest)),
            "a" => aside = Some(read_fetch(text, &mut rest)),
            "u" => target["uri"] = text.into(),
            "q" => target["querystring"] = text.into(),
            "s" => {
                target["status"] = name.into();
                target["statusDescription"] = value.into();
            }
            "-" => {
                target["headers"].as_object_mut().expect("headers").remove(text);
            }
            "=" | "+" => {
                let field = whole('=', text, known);
                let (name, value) = field.split_once(' ').expect("a name and a value");
                let field = json!({ "key": name, "value": value });
                match &mut target["headers"][name] {
                    Value::Array(values) if letter == "+" => values.push(field),
                    values => *values = json!([field]),
                }
            }
            "o" => switch_origin(&mut target["origin"], &whole('o', text, known)),
            "x" => {
                if let Some(headers) = target["origin"]["custom"]["customHeaders"].as_object_mut() {
                    headers.remove(text);
                }
            }
            "t" => carry_body(&mut target, kind == "F" && !of_response, "text", text_of(&mut rest)),
            "b" => {
                let data = STANDARD.encode(std::mem::take(&mut rest));
                carry_body(&mut target, kind == "F" && !of_response, "base64", data);
            }
            other => panic!("no such line: {other}{text}"),
        }
    }
    Handled { result: if kind == "G" { Value::Null } else { target }, log, fetch, aside }
}

/// A field or an origin, each as it was written when it crossed first.
fn whole(kind: char, text: &str, known: &mut Known) -> String {
    let (number, text) = text.split_at(1);
    if text.is_empty() {
        return known[&format!("{kind}{number}")].clone();
    }
    if number != " " {
        known.insert(format!("{kind}{number}"), text.to_owned());
    }
    text.to_owned()
}

fn read_fetch(text: &str, rest: &mut &[u8]) -> Fetch {
    let mut parts = text.splitn(5, ' ');
    let mut number = || parts.next().and_then(|part| part.parse::<u32>().ok()).expect("a number");
    let (tag, milliseconds, max_bytes, retries) = (number(), number(), number(), number());
    let form = line_of(b'p', rest);
    Fetch {
        tag,
        url: parts.next().expect("a URL").to_owned(),
        timeout: Duration::from_millis(milliseconds.into()),
        max_bytes,
        post: form.map(|form| Post { form, authorization: line_of(b'h', rest) }),
        retries: retries.try_into().expect("255 at most"),
    }
}

fn carry_body(target: &mut Value, of_request: bool, encoding: &str, data: String) {
    if of_request {
        target["body"]["action"] = "replace".into();
        target["body"]["encoding"] = encoding.into();
        target["body"]["data"] = data.into();
    } else {
        target["body"] = data.into();
        target["bodyEncoding"] = encoding.into();
    }
}

/// Time limits and the like stay those of the distribution's own custom origin; an S3 origin has
/// none that fit, so CloudFront's defaults are put in their place (rules E6, E7).
fn switch_origin(origin: &mut Value, text: &str) {
    let mut parts = text.splitn(4, ' ');
    let mut part = || parts.next().unwrap_or_default();
    let (protocol, port, domain, path) = (part(), part(), part(), part());
    let origin = origin.as_object_mut().expect("an event of origin-request has an origin");
    origin.remove("s3");
    let custom = origin.entry("custom").or_insert_with(|| {
        json!({
            "customHeaders": {}, "keepaliveTimeout": 5, "readTimeout": 30,
            "sslProtocols": ["TLSv1.2"],
        })
    });
    custom["protocol"] = protocol.into();
    custom["port"] = port.parse::<u16>().expect("a port").into();
    custom["domainName"] = domain.into();
    custom["path"] = path.into();
}

fn line(rest: &mut &[u8]) -> String {
    let end = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
    let text = String::from_utf8_lossy(&rest[..end]).into_owned();
    *rest = rest.get(end + 1..).unwrap_or_default();
    text
}

/// The next line without its letter, if it is that letter.
fn line_of(letter: u8, rest: &mut &[u8]) -> Option<String> {
    (rest.first() == Some(&letter)).then(|| line(rest)[1..].to_owned())
}

fn text_of(rest: &mut &[u8]) -> String {
    String::from_utf8_lossy(std::mem::take(rest)).into_owned()
}
