//! The response headers of what the site serves.

use cloudfront_worker::edits::Edits;
use cloudfront_worker::{Response, Trigger, rules};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, HeaderValue};

use crate::config::{self, SecurityHeaders};
use crate::policy::{Problem, Problems};

/// What browsers are told to be careful about, unless the configuration says otherwise. The policy
/// names only what no page can miss: where scripts come from is each site's own to say.
const STANDARD: [(&str, &str); 6] = [
    ("strict-transport-security", "max-age=63072000"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
    ("content-security-policy", "base-uri 'self'; object-src 'none'; frame-ancestors 'none'"),
];

/// The headers, with what the configuration says of them checked.
#[derive(Clone, Debug)]
pub(crate) struct ResponseHeaders {
    /// `site.headers`: set whatever the answer has, or taken off it where there is no value.
    configured: Vec<(HeaderName, Option<HeaderValue>)>,
    /// Those of the standard ones that `site.headers` does not name: an answer's own one stands.
    standard: Vec<(HeaderName, HeaderValue)>,
    /// Whether pages that say nothing of caching are to be asked after each time: a browser that
    /// keeps one by guesswork (RFC 9111, section 4.2.2) shows it to who has signed out.
    pub revalidate_pages: bool,
}

impl ResponseHeaders {
    pub fn new(site: &config::Site, problems: &mut Problems) -> Self {
        let configured = configured(&site.headers, problems);
        let is_named = |name: &str| configured.iter().any(|(own, _)| own == name);
        let standard = match site.security_headers {
            SecurityHeaders::Standard => STANDARD.iter(),
            SecurityHeaders::None => [].iter(),
        };
        let standard = standard
            .filter(|(name, _)| !is_named(name))
            .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        Self { configured, standard, revalidate_pages: false }
    }

    /// Puts them on an answer: at viewer-response the security headers only, since what
    /// origin-response said besides, such as who may keep an answer, was for the cache too.
    pub fn set<'a>(&self, response: &Response<'a>, trigger: Trigger) -> Edits<'a> {
        let mut edits = Edits::new();
        let is_kept = self.revalidate_pages
            && trigger == Trigger::OriginResponse
            && is_page(response)
            && !response.headers.contains(&CACHE_CONTROL);
        if is_kept {
            edits = edits.set(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        }
        for (name, value) in &self.configured {
            if trigger == Trigger::ViewerResponse && !is_standard(name) {
                continue;
            }
            edits = match value {
                Some(value) => edits.set(name.clone(), value.clone()),
                None => edits.remove_where(&response.headers, |sent| *name == sent),
            };
        }
        let missing = self.standard.iter().filter(|(name, _)| !response.headers.contains(name));
        missing.fold(edits, |edits, (name, value)| edits.set(name.clone(), value.clone()))
    }
}

/// The value a header will have on what the site serves, where an answer does not say it itself.
#[cfg(feature = "tools")]
pub(crate) fn value_of<'c>(site: &'c config::Site, name: &str) -> Option<&'c str> {
    if let Some(own) = site.headers.iter().find(|own| own.name.eq_ignore_ascii_case(name)) {
        return (!own.value.is_empty()).then_some(own.value.as_str());
    }
    let is_on = site.security_headers == SecurityHeaders::Standard;
    let standard =
        STANDARD.iter().find(|(standard, _)| is_on && standard.eq_ignore_ascii_case(name));
    standard.map(|(_, value)| *value)
}

fn is_page(response: &Response<'_>) -> bool {
    let kind = response.headers.get(&CONTENT_TYPE).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/html"))
}

fn is_standard(name: &HeaderName) -> bool {
    STANDARD.iter().any(|(standard, _)| name == standard)
}

fn configured(
    headers: &[config::ResponseHeader],
    problems: &mut Problems,
) -> Vec<(HeaderName, Option<HeaderValue>)> {
    let mut checked: Vec<(HeaderName, Option<HeaderValue>)> = Vec::with_capacity(headers.len());
    for (i, header) in headers.iter().enumerate() {
        let key = |part: &str| format!("site.headers[{i}].{part}");
        let name = HeaderName::from_bytes(header.name.as_bytes());
        let value = HeaderValue::from_str(&header.value);
        match &name {
            Err(_) => problems.push(Problem::new(key("name"), &header.name, "a header's name")),
            Ok(name)
                if rules::is_disallowed(name.as_str())
                    || rules::read_only(Trigger::OriginResponse, name.as_str()).is_some() =>
            {
                problems.push(Problem::new(
                    key("name"),
                    &header.name,
                    "a header a function may set at origin-response (rules W6, W7)",
                ));
            }
            Ok(name) if checked.iter().any(|(other, _)| other == name) => {
                problems.push(Problem::new(
                    key("name"),
                    &header.name,
                    "each header once: of two values, only the last would be sent",
                ));
            }
            Ok(_) => {}
        }
        if value.is_err() {
            let allowed = "printable ASCII without line breaks";
            problems.push(Problem::new(key("value"), &header.value, allowed));
        }
        let value = value.map(|value| (!value.is_empty()).then_some(value));
        checked.extend(name.ok().zip(value.ok()));
    }
    checked
}
