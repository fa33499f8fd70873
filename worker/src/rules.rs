//! What CloudFront accepts from a function. An outcome that breaks a rule would show the viewer a
//! 502 that no log explains (rule F1); here it is found first, and named.

use std::borrow::Cow;
use std::fmt;

use http::StatusCode;

use crate::edits::{CustomOrigin, Edits, HeaderEdit};
use crate::event::{Origin, OriginKind, Trigger};
use crate::known::Origins;
use crate::outcome::{Body, Outcome};

/// An outcome CloudFront would refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule's id.
    pub rule: &'static str,
    /// What was found.
    pub found: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.found)
    }
}

/// Checks an outcome against the rules of its trigger.
pub fn check(trigger: Trigger, outcome: &Outcome<'_>) -> Result<(), Violation> {
    check_knowing(trigger, outcome, &Origins::new())
}

/// The same, where origins have been checked before.
pub(crate) fn check_knowing(
    trigger: Trigger,
    outcome: &Outcome<'_>,
    known: &Origins,
) -> Result<(), Violation> {
    match outcome {
        Outcome::Forward(edits) => check_edits(trigger, edits, known),
        Outcome::Respond(_) if trigger == Trigger::ViewerResponse => {
            violation("W6", "an answer at viewer-response, where the status is read-only")
        }
        Outcome::Respond(response) => check_response(trigger, response),
        Outcome::Fetch(_) => Ok(()),
    }
}

/// Whether a header may neither be added nor changed anywhere (rule W7). Lower case.
pub fn is_disallowed(name: &str) -> bool {
    // Asked of every edit.
    match name.as_bytes() {
        [b'x', b'-', b'a' | b'e' | b'f' | b'r', ..] | [b'x', b'-', b'c', b'a', ..] => {
            name.starts_with("x-amz-cf-") || name.starts_with("x-edge-") || X_NAMES.contains(&name)
        }
        [b'c', b'l', ..]
        | [b'c', b'o', b'n', b'n', ..]
        | [b'e' | b'k' | b'p' | b't' | b'u', ..] => OTHERS.contains(&name),
        _ => false,
    }
}

/// Of rule W7, those that begin otherwise than with `x-`.
const OTHERS: [&str; 11] = [
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "trailer",
    "upgrade",
    "cloudfront-viewer-cert-pem",
    "client-cert",
    "client-cert-chain",
];

/// Of rule W7, those that begin with `x-` and not as a whole family of names does.
const X_NAMES: [&str; 17] = [
    "x-accel-buffering",
    "x-accel-charset",
    "x-accel-limit-rate",
    "x-accel-redirect",
    "x-amzn-auth",
    "x-amzn-cf-billing",
    "x-amzn-cf-id",
    "x-amzn-cf-xff",
    "x-amzn-errortype",
    "x-amzn-fle-profile",
    "x-amzn-header-count",
    "x-amzn-header-order",
    "x-amzn-lambda-integration-tag",
    "x-amzn-requestid",
    "x-cache",
    "x-forwarded-proto",
    "x-real-ip",
];

/// The rule that makes a header read-only at this trigger, if one does (rules W4–W6). Lower case.
pub fn read_only(trigger: Trigger, name: &str) -> Option<&'static str> {
    let (rule, names): (_, &[&str]) = match trigger {
        Trigger::ViewerRequest => {
            ("W4", &["cdn-loop", "content-length", "host", "transfer-encoding", "via"])
        }
        Trigger::OriginRequest => (
            "W5",
            &[
                "accept-encoding",
                "cdn-loop",
                "content-length",
                "if-modified-since",
                "if-none-match",
                "if-range",
                "if-unmodified-since",
                "transfer-encoding",
                "via",
            ],
        ),
        Trigger::OriginResponse => ("W6", &["transfer-encoding", "via"]),
        Trigger::ViewerResponse => {
            ("W6", &["warning", "via", "content-length", "content-encoding", "transfer-encoding"])
        }
    };
    // None of them begins with x, as most of what is set does.
    (!name.starts_with('x') && names.contains(&name)).then_some(rule)
}

fn check_edits(trigger: Trigger, edits: &Edits<'_>, known: &Origins) -> Result<(), Violation> {
    if trigger.is_response() && (edits.uri.is_some() || edits.querystring.is_some()) {
        return violation("W2", "the path or query changed after the request was sent");
    }
    check_target(&edits.uri, &edits.querystring)?;
    if edits.uri.as_ref().is_some_and(|uri| !uri.starts_with('/')) {
        return violation("E2", "a uri that does not begin with /");
    }
    for edit in &edits.headers {
        match edit {
            HeaderEdit::Remove(name) => check_field(trigger, name, true)?,
            HeaderEdit::Set(name, _) | HeaderEdit::Append(name, _) => {
                check_field(trigger, name.as_str(), false)?;
            }
        }
    }
    match &edits.origin {
        Some(_) if trigger != Trigger::OriginRequest => {
            violation("W3", format!("the origin changed at {}", trigger.name()))?;
        }
        Some(origin) if known.find(origin).is_none() => check_origin(origin)?,
        _ => {}
    }
    match edits.status {
        Some(_) if !trigger.is_response() => violation("G1", "a status on a request")?,
        Some(_) if trigger == Trigger::ViewerResponse => {
            violation("W6", "the status changed at viewer-response")?;
        }
        Some(status) => check_status(status)?,
        None => {}
    }
    match &edits.body {
        Some(body) if !trigger.is_response() => check_body_size(trigger, body),
        Some(body) if body.encoded_len() > generated_limit(trigger) => {
            violation("G2", format!("a body of {} bytes", body.encoded_len()))
        }
        _ => Ok(()),
    }
}

fn check_field(trigger: Trigger, name: &str, removed: bool) -> Result<(), Violation> {
    // Most of what is set begins so, and nothing that a rule names.
    if let [b'x', b'-', b'b' | b'd' | b'g'..=b'q' | b's'..=b'z', ..] = name.as_bytes() {
        return Ok(());
    }
    if is_disallowed(name) {
        return violation("W7", format!("header {name}"));
    }
    if trigger == Trigger::ViewerRequest && name == "cloudfront-viewer-country" && !removed {
        return violation("W8", format!("header {name} set at viewer-request"));
    }
    match read_only(trigger, name) {
        Some(rule) => violation(rule, format!("read-only header {name} at {}", trigger.name())),
        None => Ok(()),
    }
}

/// What of the path and the query was changed; a part left alone is not known here.
fn check_target(
    uri: &Option<Cow<'_, str>>,
    querystring: &Option<Cow<'_, str>>,
) -> Result<(), Violation> {
    let parts = [uri, querystring].into_iter().flatten();
    let length: usize = parts.clone().map(|part| part.len()).sum();
    if length > 8_192 {
        return violation("W9", format!("a path and query of {length} characters"));
    }
    // Sixteen letters at a time; one by one only where there is something to find.
    let is_plain = |part: &Cow<'_, str>| {
        part.bytes().fold(true, |plain, b| plain & (b > b' ') & (b < 0x7f) & (b != b'#'))
    };
    if parts.clone().all(is_plain) {
        return Ok(());
    }
    match parts.flat_map(|part| part.chars()).find(|c| *c == ' ' || *c == '#' || c.is_control()) {
        Some(c) => violation("W9", format!("{c:?} in a path or query")),
        None => Ok(()),
    }
}

fn check_origin(origin: &CustomOrigin<'_>) -> Result<(), Violation> {
    let domain = origin.domain_name.as_ref();
    if !is_domain_name(domain) {
        return violation("E6", format!("origin domain {domain:?}"));
    }
    let path = origin.path.as_ref();
    let is_path = path.is_empty()
        || (path.len() <= 255
            && path.starts_with('/')
            && !path.ends_with('/')
            && path.bytes().all(|b| b.is_ascii_graphic()));
    if !is_path {
        return violation("E6", format!("origin path {path:?}"));
    }
    if !matches!(origin.port, 80 | 443 | 1024..) {
        return violation("E6", format!("origin port {}", origin.port));
    }
    Ok(())
}

/// Whether it is a name, and no address.
fn is_domain_name(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    domain.len() <= 253
        && domain.split('.').all(is_label)
        && domain.parse::<std::net::Ipv4Addr>().is_err()
}

/// A header the distribution adds for the origin may not be among the request's too (rule E8).
/// Those of an S3 origin go with it when the request is switched to another.
pub(crate) fn check_custom_headers(
    origin: Option<&Origin<'_>>,
    outcome: &Outcome<'_>,
) -> Result<(), Violation> {
    let (Some(origin), Outcome::Forward(edits)) = (origin, outcome) else { return Ok(()) };
    let without: &[Cow<'_, str>] = match &edits.origin {
        Some(_) if origin.kind == OriginKind::S3 => return Ok(()),
        Some(switched) => &switched.without_custom_headers,
        None => &[],
    };
    for edit in &edits.headers {
        if let HeaderEdit::Set(name, _) | HeaderEdit::Append(name, _) = edit
            && origin.custom_headers.contains(name)
            && !without.iter().any(|other| other == name.as_str())
        {
            return violation("E8", format!("header {name}, which the origin adds too"));
        }
    }
    Ok(())
}

/// An answer made at this trigger.
pub(crate) fn check_response(
    trigger: Trigger,
    response: &http::Response<Body>,
) -> Result<(), Violation> {
    check_status(response.status())?;
    let body = response.body();
    if response.status() == StatusCode::NO_CONTENT && *body != Body::Empty {
        return violation("G3", "a 204 with a body");
    }
    let mut size = body.encoded_len();
    for (name, value) in response.headers() {
        if is_disallowed(name.as_str()) {
            return violation("W7", format!("header {name}"));
        }
        if trigger.is_response()
            && let Some(rule) = read_only(trigger, name.as_str())
        {
            return violation(rule, format!("read-only header {name} at {}", trigger.name()));
        }
        size += name.as_str().len() + value.len();
    }
    if size > generated_limit(trigger) {
        return violation("G2", format!("an answer of {size} bytes"));
    }
    Ok(())
}

fn check_status(status: StatusCode) -> Result<(), Violation> {
    match status.as_u16() {
        200..=599 => Ok(()),
        other => violation("G1", format!("status {other}")),
    }
}

/// Rule G6.
fn check_body_size(trigger: Trigger, body: &Body) -> Result<(), Violation> {
    let limit = match (trigger, body) {
        (Trigger::ViewerRequest, Body::Bytes(_)) => 53_200,
        (Trigger::ViewerRequest, _) => 40_000,
        (_, Body::Bytes(_)) => 1_330_000,
        (_, _) => 1_000_000,
    };
    if body.encoded_len() > limit {
        return violation("G6", format!("a request body of {} bytes", body.encoded_len()));
    }
    Ok(())
}

/// Rule G2, in bytes; read as decimal, the smaller of the two readings.
fn generated_limit(trigger: Trigger) -> usize {
    match trigger {
        Trigger::ViewerRequest | Trigger::ViewerResponse => 40_000,
        Trigger::OriginRequest | Trigger::OriginResponse => 1_000_000,
    }
}

fn violation(rule: &'static str, found: impl Into<String>) -> Result<(), Violation> {
    Err(Violation { rule, found: found.into() })
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;
    use crate::edits::Protocol;
    use crate::headers::Headers;

    fn set(name: &'static str) -> Edits<'static> {
        Edits::new().set(HeaderName::from_static(name), HeaderValue::from_static("x"))
    }

    fn origin(domain: &'static str, path: &'static str, port: u16) -> Edits<'static> {
        Edits::new().origin(CustomOrigin {
            protocol: Protocol::Https,
            domain_name: domain.into(),
            port,
            path: path.into(),
            without_custom_headers: Vec::new(),
        })
    }

    fn answer(status: u16, body: Body) -> Outcome<'static> {
        Outcome::Respond(http::Response::builder().status(status).body(body).unwrap())
    }

    #[test]
    fn each_rule_is_found_and_named() {
        use Trigger::*;
        let long: Cow<'static, str> = format!("/{}", "a".repeat(8_192)).into();
        let text = |n: usize| Body::Text("a".repeat(n));
        let cases: Vec<(&str, Trigger, Outcome<'static>)> = vec![
            ("W2", OriginResponse, Outcome::Forward(Edits::new().uri("/x"))),
            ("W3", ViewerRequest, Outcome::Forward(origin("a.example", "", 443))),
            ("W4", ViewerRequest, Outcome::Forward(set("host"))),
            ("W4", ViewerRequest, Outcome::Forward(Edits::new().remove(&http::header::HOST))),
            ("W5", OriginRequest, Outcome::Forward(set("accept-encoding"))),
            ("W6", OriginResponse, Outcome::Forward(set("via"))),
            ("W6", ViewerResponse, Outcome::Forward(set("content-length"))),
            ("W6", ViewerResponse, Outcome::Forward(Edits::new().status(StatusCode::OK))),
            ("W6", ViewerResponse, answer(200, Body::Empty)),
            ("W6", OriginResponse, {
                Outcome::Respond(
                    http::Response::builder().header("via", "x").body(Body::Empty).unwrap(),
                )
            }),
            ("W7", ViewerRequest, Outcome::Forward(set("x-edge-anything"))),
            ("W7", OriginResponse, Outcome::Forward(set("connection"))),
            ("W8", ViewerRequest, Outcome::Forward(set("cloudfront-viewer-country"))),
            ("W9", ViewerRequest, Outcome::Forward(Edits::new().uri("/a b"))),
            ("W9", OriginRequest, Outcome::Forward(Edits::new().querystring("a#b"))),
            ("W9", OriginRequest, Outcome::Forward(Edits::new().uri(long))),
            ("W9", ViewerRequest, {
                let half = "a".repeat(4_096);
                Outcome::Forward(Edits::new().uri(format!("/{half}")).querystring(half))
            }),
            ("E2", OriginRequest, Outcome::Forward(Edits::new().uri("x"))),
            ("E6", OriginRequest, Outcome::Forward(origin("192.0.2.1", "", 443))),
            ("E6", OriginRequest, Outcome::Forward(origin("a.example:443", "", 443))),
            ("E6", OriginRequest, Outcome::Forward(origin("a.example", "/x/", 443))),
            ("E6", OriginRequest, Outcome::Forward(origin("a.example", "/x y", 443))),
            ("E6", OriginRequest, Outcome::Forward(origin("a.example", "/x\ny", 443))),
            ("E6", OriginRequest, Outcome::Forward(origin("a.example", "", 81))),
            ("G1", OriginRequest, Outcome::Forward(Edits::new().status(StatusCode::OK))),
            ("G1", ViewerRequest, answer(199, Body::Empty)),
            ("G2", ViewerRequest, answer(200, text(40_001))),
            ("G2", OriginRequest, answer(200, Body::Bytes(vec![0; 750_003]))),
            ("G3", ViewerRequest, answer(204, text(1))),
            ("G6", ViewerRequest, Outcome::Forward(Edits::new().body(text(40_001)))),
            ("W7", OriginRequest, {
                Outcome::Respond(
                    http::Response::builder().header("x-cache", "Hit").body(Body::Empty).unwrap(),
                )
            }),
        ];
        for (rule, trigger, outcome) in cases {
            let found = check(trigger, &outcome).expect_err(rule);
            assert_eq!(found.rule, rule, "{found}");
        }
    }

    #[test]
    fn what_cloudfront_accepts_passes() {
        use Trigger::*;
        for (trigger, outcome) in [
            (OriginRequest, Outcome::Forward(set("host"))),
            (OriginRequest, Outcome::Forward(origin("a.example", "/prod", 8443))),
            (ViewerRequest, answer(200, Body::Text("a".repeat(40_000)))),
            (ViewerRequest, answer(204, Body::Empty)),
            (ViewerRequest, {
                let name = HeaderName::from_static("cloudfront-viewer-country");
                Outcome::Forward(Edits::new().remove(Box::leak(Box::new(name))))
            }),
            (OriginResponse, Outcome::Forward(Edits::new().status(StatusCode::NOT_FOUND))),
        ] {
            assert_eq!(check(trigger, &outcome), Ok(()));
        }
    }

    #[test]
    fn a_header_of_the_origin_is_not_set_on_the_request_too() {
        let seen = |kind| Origin {
            kind,
            domain_name: "a.example",
            path: "",
            custom_headers: Headers { fields: vec![("x-secret", "s")] },
        };
        let (custom, s3) = (seen(OriginKind::Custom), seen(OriginKind::S3));
        let without = Edits::new()
            .set(HeaderName::from_static("x-secret"), HeaderValue::from_static("t"))
            .origin(CustomOrigin {
                protocol: Protocol::Https,
                domain_name: "b.example".into(),
                port: 443,
                path: "".into(),
                without_custom_headers: vec!["x-secret".into()],
            });
        let switched = set("x-secret").origin(*origin("b.example", "", 443).origin.unwrap());
        let broken = check_custom_headers(Some(&custom), &Outcome::Forward(set("x-secret")));
        assert_eq!(broken.unwrap_err().rule, "E8");
        let switched = Outcome::Forward(switched);
        assert_eq!(check_custom_headers(Some(&custom), &switched).unwrap_err().rule, "E8");
        assert_eq!(check_custom_headers(Some(&s3), &switched), Ok(()));
        assert_eq!(check_custom_headers(Some(&custom), &Outcome::Forward(without)), Ok(()));
        assert_eq!(check_custom_headers(Some(&custom), &Outcome::Forward(set("x-other"))), Ok(()));
        assert_eq!(check_custom_headers(None, &Outcome::Forward(set("x-secret"))), Ok(()));
    }

    #[test]
    fn every_name_of_rule_w7_is_disallowed() {
        let families = ["x-amz-cf-id", "x-edge-location"];
        for name in OTHERS.into_iter().chain(X_NAMES).chain(families) {
            assert!(is_disallowed(name), "{name}");
            assert!(!is_disallowed(&name[1..]) && !is_disallowed(&format!("a{name}")), "{name}");
        }
    }
}
