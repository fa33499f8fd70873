//! Outcomes that break a rule, and one that breaks none.

use cloudfront_worker::edits::{CustomOrigin, Edits, Protocol};
use cloudfront_worker::http::{HeaderName, HeaderValue, Response, StatusCode};
use cloudfront_worker::{Body, Outcome};

/// The outcome a path stands for: `/break/…` for what CloudFront would refuse, `/origin` for a
/// switch of the origin it accepts.
pub(crate) fn outcome(uri: &str) -> Outcome<'static> {
    let edits = match uri {
        "/origin" => Edits::new()
            .set(HeaderName::from_static("host"), HeaderValue::from_static("a.example"))
            .set(HeaderName::from_static("x-origin-name"), HeaderValue::from_static("ours"))
            .origin(to("a.example", "/prod", 8443)),
        "/break/uri" => Edits::new().uri("relative"),
        "/break/query" => Edits::new().querystring("a b"),
        "/break/long-query" => Edits::new().querystring("a".repeat(8_193)),
        "/break/origin" => Edits::new().origin(to("a.example", "", 443)),
        "/break/origin-path" => Edits::new().origin(to("a.example", "/a\n=x-forged 1", 443)),
        "/break/origin-domain" => Edits::new().origin(to("192.0.2.1", "", 443)),
        "/break/custom-header" => set("x-origin-name"),
        "/break/read-only" => set("via"),
        "/break/disallowed" => set("x-edge-region"),
        "/break/geography" => set("cloudfront-viewer-country"),
        "/break/status" => Edits::new().status(StatusCode::OK),
        "/break/body" => Edits::new().body("a".repeat(1_000_001)),
        "/break/answer-status" => return respond(199, Body::Empty),
        "/break/answer-size" => return respond(200, Body::Text("a".repeat(1_000_001))),
        "/break/answer-204" => return respond(204, Body::from("text")),
        "/break/answer" => return respond(200, Body::Empty),
        _ => Edits::new(),
    };
    Outcome::Forward(edits)
}

fn to(domain_name: &'static str, path: &'static str, port: u16) -> CustomOrigin<'static> {
    CustomOrigin {
        protocol: Protocol::Https,
        domain_name: domain_name.into(),
        port,
        path: path.into(),
        without_custom_headers: vec!["x-origin-name".into()],
    }
}

fn set(name: &'static str) -> Edits<'static> {
    Edits::new().set(HeaderName::from_static(name), HeaderValue::from_static("x"))
}

fn respond(status: u16, body: Body) -> Outcome<'static> {
    Outcome::Respond(Response::builder().status(status).body(body).expect("valid"))
}
