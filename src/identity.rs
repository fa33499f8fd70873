//! The headers by which the API learns what the edge knows, and those a viewer may not send.

use cloudfront_worker::Trigger;
use cloudfront_worker::edits::Edits;
use http::{HeaderName, HeaderValue};

use crate::token::Verified;

/// The API Region chosen.
pub(crate) const REGION: HeaderName = HeaderName::from_static("x-nearhop-region");
/// Why that one.
pub(crate) const REASON: HeaderName = HeaderName::from_static("x-nearhop-reason");
/// The Region the edge function ran in.
pub(crate) const EDGE: HeaderName = HeaderName::from_static("x-nearhop-edge");
/// A caller on another origin, let through by the route's CORS rule; for origin-response.
pub(crate) const CORS: HeaderName = HeaderName::from_static("x-nearhop-cors");

const USER: HeaderName = HeaderName::from_static("x-nearhop-user");
const USERNAME: HeaderName = HeaderName::from_static("x-nearhop-username");
const CLIENT: HeaderName = HeaderName::from_static("x-nearhop-client");
const GROUPS: HeaderName = HeaderName::from_static("x-nearhop-groups");
const SCOPES: HeaderName = HeaderName::from_static("x-nearhop-scopes");

/// Tells the API who is calling. Lists are separated by commas; in every value, what is not
/// unreserved (RFC 3986, section 2.3) is percent-encoded, so that a group named `a,b` is one group
/// and a name in any script survives.
pub(crate) fn identify<'a>(edits: Edits<'a>, verified: &Verified) -> Edits<'a> {
    let scopes = || verified.scopes().split(' ').filter(|scope| !scope.is_empty());
    let mut edits =
        edits.set(USER, value([verified.subject()])).set(CLIENT, value([verified.client_id()]));
    if let Some(username) = verified.username() {
        edits = edits.set(USERNAME, value([username]));
    }
    if !verified.groups().is_empty() {
        edits = edits.set(GROUPS, value(verified.groups().iter().map(String::as_str)));
    }
    if scopes().next().is_some() {
        edits = edits.set(SCOPES, value(scopes()));
    }
    edits
}

/// Whether a header could pass for ours or for CloudFront's, when a viewer sent it. Lower case.
pub(crate) fn is_spoofable(name: &str, trigger: Trigger) -> bool {
    let by_viewer = match trigger {
        // CloudFront adds its own after viewer-request only (rule W8).
        Trigger::ViewerRequest => name.starts_with("cloudfront-") || name == "x-forwarded-for",
        _ => false,
    };
    by_viewer
        || name.starts_with("x-nearhop-")
        || matches!(
            name,
            "forwarded"
                | "x-forwarded-host"
                | "x-forwarded-port"
                | "x-forwarded-prefix"
                | "x-forwarded-server"
                | "x-original-url"
                | "x-original-host"
                | "x-rewrite-url"
                | "x-http-method-override"
        )
}

fn value<'v>(parts: impl IntoIterator<Item = &'v str>) -> HeaderValue {
    let mut text = String::new();
    for part in parts {
        if !text.is_empty() {
            text.push(',');
        }
        for byte in part.bytes() {
            match byte {
                b'a'..=b'z'
                | b'A'..=b'Z'
                | b'0'..=b'9'
                | b'-'
                | b'.'
                | b'_'
                | b'~'
                | b'/'
                | b':' => {
                    text.push(char::from(byte));
                }
                _ => {
                    const HEX: &[u8; 16] = b"0123456789ABCDEF";
                    text.push('%');
                    text.push(char::from(HEX[usize::from(byte >> 4)]));
                    text.push(char::from(HEX[usize::from(byte & 15)]));
                }
            }
        }
    }
    HeaderValue::from_str(&text).expect("percent-encoded text is visible ASCII")
}
