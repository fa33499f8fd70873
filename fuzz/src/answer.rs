//! What CloudFront would make of an answer, read off the answer and the event alone: written apart
//! from `cloudfront_worker::rules`, which has to come to the same.

use cloudfront_worker::Trigger;
use cloudfront_worker::rules::{is_disallowed, read_only};
use cloudfront_worker::testing::Handled;
use serde_json::{Map, Value};

/// Panics if CloudFront would not take the answer, or if it was refused for breaking a rule: no
/// decision of Nearhop's may.
pub fn check(event: &Value, handled: &Handled) {
    let log = handled.log.as_deref().unwrap_or_default();
    assert!(!log.contains('\n'), "a log line that is two: {log:?}");
    assert!(!is_violation(log), "its own outcome was refused: {log}");
    if let Err(broken) = check_result(event, &handled.result) {
        panic!("{broken}: {}", handled.result);
    }
}

/// `cloudfront-worker: RULE: what was found`.
fn is_violation(log: &str) -> bool {
    let rule = log.strip_prefix("cloudfront-worker: ").and_then(|text| text.split_once(": "));
    rule.is_some_and(|(rule, _)| {
        let mut bytes = rule.bytes();
        bytes.next().is_some_and(|first| first.is_ascii_uppercase())
            && bytes.len() > 0
            && bytes.all(|byte| byte.is_ascii_digit())
    })
}

fn check_result(event: &Value, result: &Value) -> Result<(), String> {
    let cf = &event["Records"][0]["cf"];
    let trigger = cf["config"]["eventType"].as_str().and_then(Trigger::from_name);
    let was = match trigger {
        Some(trigger) if trigger.is_response() => &cf["response"],
        _ => &cf["request"],
    };
    let goes_on = match trigger {
        Some(trigger) if trigger.is_response() => result.get("status") == was.get("status"),
        _ => result.get("uri").is_some(),
    };
    match trigger {
        Some(trigger) if goes_on && !trigger.is_response() => {
            check_fields(&result["headers"], Some((trigger, &was["headers"])))?;
            check_request(trigger, was, result)
        }
        Some(trigger) if goes_on => {
            check_fields(&result["headers"], Some((trigger, &was["headers"])))
        }
        trigger => {
            check_fields(&result["headers"], None)?;
            check_generated(trigger, result)
        }
    }
}

/// A request that goes on (rules W1, W2, W3, W9, E6, E8).
fn check_request(trigger: Trigger, was: &Value, result: &Value) -> Result<(), String> {
    for name in ["method", "clientIp"] {
        if result[name] != was[name] {
            return Err(format!("W1: {name} changed"));
        }
    }
    for name in ["uri", "querystring"].into_iter().filter(|name| result[*name] != was[*name]) {
        let part = result[name].as_str().unwrap_or_default();
        let is_odd = |c: char| c == ' ' || c == '#' || c.is_control();
        if part.contains(is_odd) || (name == "uri" && !part.starts_with('/')) {
            return Err(format!("W9: a {name} that is none"));
        }
    }
    if result["origin"] == was["origin"] {
        return Ok(());
    }
    if trigger != Trigger::OriginRequest {
        return Err("W3: the origin changed".into());
    }
    let origin = &result["origin"]["custom"];
    let host = &result["headers"]["host"][0]["value"];
    if host.is_null() || *host != origin["domainName"] {
        return Err("A1: the Host is not the origin's".into());
    }
    let fields = result["headers"].as_object().ok_or("no headers")?;
    match origin["customHeaders"].as_object() {
        Some(custom) if custom.keys().any(|name| fields.contains_key(name)) => {
            Err("E8: one header twice".into())
        }
        _ => Ok(()),
    }
}

/// An answer made here (rules G1 to G4).
fn check_generated(trigger: Option<Trigger>, result: &Value) -> Result<(), String> {
    let status = result["status"].as_str().and_then(|status| status.parse::<u16>().ok());
    if !status.is_some_and(|status| (200..600).contains(&status)) {
        return Err("G1: no status".into());
    }
    let body = result["body"].as_str().unwrap_or_default();
    if status == Some(204) && !body.is_empty() {
        return Err("G3: a 204 with a body".into());
    }
    let fields = result["headers"].as_object().ok_or("no headers")?;
    let size: usize = values(fields).map(|(name, value)| name.len() + value.len()).sum();
    if size + body.len() > 40_000 {
        return Err("G2: too large".into());
    }
    let caching = fields.get("cache-control").and_then(|fields| fields[0]["value"].as_str());
    let is_kept = caching.is_none_or(|caching| !caching.contains("no-store"));
    if trigger == Some(Trigger::OriginRequest) && is_kept {
        return Err("G4: an answer that a cache would keep".into());
    }
    Ok(())
}

/// Headers as CloudFront has them, and none changed that must not be (rules E3, W4 to W7).
fn check_fields(headers: &Value, was: Option<(Trigger, &Value)>) -> Result<(), String> {
    let fields = headers.as_object().ok_or("E3: headers that are none")?;
    if let Some((trigger, was)) = was {
        let was = was.as_object().ok_or("E3: headers that were none")?;
        for name in fields.keys().chain(was.keys()) {
            let is_fixed = is_disallowed(name) || read_only(trigger, name).is_some();
            if is_fixed && fields.get(name) != was.get(name) {
                return Err(format!("W4 to W7: {name} changed"));
            }
        }
        return Ok(());
    }
    for (name, value) in values(fields) {
        let is_token = !name.is_empty()
            && name.bytes().all(|byte| {
                byte.is_ascii_lowercase()
                    || byte.is_ascii_digit()
                    || b"-_.!#$%&'*+^`|~".contains(&byte)
            });
        if !is_token || is_disallowed(name) {
            return Err(format!("W7: header {name:?}"));
        }
        if value.contains(|c: char| c.is_control() && c != '\t') {
            return Err(format!("E3: a control character in {name}"));
        }
    }
    Ok(())
}

fn values(fields: &Map<String, Value>) -> impl Iterator<Item = (&str, &str)> {
    fields.iter().flat_map(|(name, values)| {
        let values = values.as_array().into_iter().flatten();
        values.map(move |field| (name.as_str(), field["value"].as_str().unwrap_or("\0")))
    })
}
