//! The headers by which the API learns what the edge knows, and those a viewer may not send.

use std::borrow::Cow;

use cloudfront_worker::edits::Edits;
use cloudfront_worker::{Headers, Trigger};
use http::{HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::token::Verified;

/// The API Region chosen.
pub(crate) const REGION: HeaderName = HeaderName::from_static("x-nearhop-region");
/// Why that one.
pub(crate) const REASON: HeaderName = HeaderName::from_static("x-nearhop-reason");
/// The Region the edge function ran in.
pub(crate) const EDGE: HeaderName = HeaderName::from_static("x-nearhop-edge");
/// A caller on another origin, let through by the route's CORS rule; for origin-response.
pub(crate) const CORS: HeaderName = HeaderName::from_static("x-nearhop-cors");

/// The viewer's address.
pub(crate) static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

const USER: HeaderName = HeaderName::from_static("x-nearhop-user");
const USERNAME: HeaderName = HeaderName::from_static("x-nearhop-username");
const CLIENT: HeaderName = HeaderName::from_static("x-nearhop-client");
const GROUPS: HeaderName = HeaderName::from_static("x-nearhop-groups");
const SCOPES: HeaderName = HeaderName::from_static("x-nearhop-scopes");

/// All but the unreserved (RFC 3986, section 2.3), `/` and `:`.
const NOT_IN_NAMES: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b':');

/// What the API is told of a caller. Made once for a token, since each of its requests is told the same.
#[derive(Clone, Debug)]
pub(crate) struct Identity(Vec<(HeaderName, HeaderValue)>);

impl Identity {
    /// Lists are separated by commas; in every value, what is not unreserved (RFC 3986, section 2.3)
    /// is percent-encoded, so that a group named `a,b` is one group and a name in any script survives.
    #[inline(never)]
    pub fn of(verified: &Verified) -> Self {
        // An empty name is nobody's: in a list it would only shift the others.
        let groups = verified.groups().filter(|name| !name.is_empty());
        let scopes = verified.scopes().split(' ').filter(|name| !name.is_empty());
        let (user, client) = (one(verified.subject()), one(verified.client_id()));
        let mut fields = vec![(USER, user), (CLIENT, client)];
        fields.extend(verified.username().map(|username| (USERNAME, one(username))));
        let lists: [(_, &mut dyn Iterator<Item = &str>); 2] =
            [(GROUPS, &mut { groups }), (SCOPES, &mut { scopes })];
        for (name, parts) in lists {
            let value = list(parts);
            if !value.is_empty() {
                fields.push((name, value));
            }
        }
        Self(fields)
    }

    /// Tells it.
    pub fn set<'a>(&self, edits: Edits<'a>) -> Edits<'a> {
        self.0.iter().fold(edits, |edits, (name, value)| edits.set(name.clone(), value.clone()))
    }
}

/// Whether a request has been given a caller's identity.
pub(crate) fn is_identified(headers: &Headers<'_>) -> bool {
    headers.contains(&USER)
}

/// Whether a name is one of those set here, or for the API's choice.
pub(crate) fn is_ours(name: &HeaderName) -> bool {
    [REGION, REASON, EDGE, CORS, USER, USERNAME, CLIENT, GROUPS, SCOPES].contains(name)
}

/// Whether a header could pass for ours, for CloudFront's or for a proxy's, when a viewer sent it.
/// Lower case.
pub(crate) fn is_spoofable(name: &str, trigger: Trigger) -> bool {
    // All of them begin so, and few others do.
    let begins_so = matches!(
        name.as_bytes(),
        [b'c', b'l', ..] | [b'f', b'o', ..] | [b't', b'r', ..] | [b'x', b'-' | b'_', ..]
    );
    begins_so && could_pass(name, trigger)
}

#[inline(never)]
fn could_pass(name: &str, trigger: Trigger) -> bool {
    // Servers that hand headers on as variables (CGI and its heirs) read both as `X_NEARHOP_USER`.
    let spelled_otherwise = name.contains('_');
    let name = if spelled_otherwise { Cow::Owned(name.replace('_', "-")) } else { name.into() };
    // CloudFront adds its own after viewer-request only (rule W8), and with hyphens.
    let by_viewer = trigger == Trigger::ViewerRequest || spelled_otherwise;
    match name.as_ref() {
        "x-forwarded-for" => by_viewer,
        // Never seen, and not to be touched (rule W7).
        "x-forwarded-proto" => spelled_otherwise,
        name => {
            (by_viewer && name.starts_with("cloudfront-"))
                || ["x-nearhop-", "x-forwarded-", "x-original-"]
                    .iter()
                    .any(|prefix| name.starts_with(prefix))
                || matches!(
                    name,
                    "forwarded"
                        | "true-client-ip"
                        | "x-client-ip"
                        | "x-cluster-client-ip"
                        | "x-rewrite-url"
                        // With these a preflight, let through without a token, could be a DELETE.
                        | "x-http-method"
                        | "x-http-method-override"
                        | "x-method-override"
                )
        }
    }
}

fn one(part: &str) -> HeaderValue {
    list(&mut std::iter::once(part))
}

/// One function for all, and not one for each kind of iterator.
fn list(parts: &mut dyn Iterator<Item = &str>) -> HeaderValue {
    let mut text = String::new();
    for part in parts {
        if !text.is_empty() {
            text.push(',');
        }
        text.extend(utf8_percent_encode(part, NOT_IN_NAMES));
    }
    HeaderValue::try_from(text).expect("percent-encoded text is visible ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_viewer_may_not_say_is_known_by_name() {
        use Trigger::{OriginRequest, ViewerRequest};
        for name in [
            "x-nearhop-user",
            "x-nearhop-",
            "x-nearhop-whatever-comes",
            "x_nearhop_user",
            "x-nearhop_user",
            "x_forwarded_for",
            "x_forwarded_proto",
            "cloudfront_viewer_country",
            "forwarded",
            "x-forwarded-host",
            "x-forwarded-user",
            "x-original-url",
            "x-original-forwarded-for",
            "x-rewrite-url",
            "x-http-method-override",
            "x-http-method",
            "x-method-override",
            "true-client-ip",
        ] {
            assert!(is_spoofable(name, ViewerRequest), "{name}");
            assert!(is_spoofable(name, OriginRequest), "{name}");
        }
        // CloudFront's own from origin-request on (rules W8, E11).
        for name in ["x-forwarded-for", "cloudfront-viewer-country", "cloudfront-is-mobile-viewer"]
        {
            assert!(is_spoofable(name, ViewerRequest), "{name}");
            assert!(!is_spoofable(name, OriginRequest), "{name}");
        }
        for name in [
            "host",
            "authorization",
            "cookie",
            "user-agent",
            "via",
            "x-nearhop",
            "x-nearhopper",
            "ax-nearhop-user",
            "x-requested-with",
            "x-forwarded-proto", // never there, never to be touched (rule W7)
        ] {
            assert!(!is_spoofable(name, ViewerRequest), "{name}");
            assert!(!is_spoofable(name, OriginRequest), "{name}");
        }
    }

    #[test]
    fn values_cannot_be_read_as_others() {
        for (parts, text) in [
            (&["a"][..], "a"),
            (&["a", "b"], "a,b"),
            (&["a,b"], "a%2Cb"),
            (&["a%2Cb"], "a%252Cb"),
            (&["a b", "c\r\nx: y"], "a%20b,c%0D%0Ax:%20y"),
            (&["Jürgen"], "J%C3%BCrgen"),
            (&["利用者"], "%E5%88%A9%E7%94%A8%E8%80%85"),
            (
                &["reports/read", "https://api.example.com/x"],
                "reports/read,https://api.example.com/x",
            ),
            (&["\0"], "%00"),
        ] {
            assert_eq!(list(&mut parts.iter().copied()), text);
        }
    }
}
