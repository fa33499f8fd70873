//! Callers on other origins: the CORS protocol of the Fetch standard.

use cloudfront_worker::{Body, Headers, Request};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::config::{self, Preflight};
use crate::policy::{Problem, Problems};

/// A route's rule for callers on other origins.
#[derive(Clone, Debug)]
pub(crate) struct Cors {
    pub preflight: Preflight,
    origins: Vec<String>,
    headers: String,
    credentials: bool,
    max_age_seconds: u32,
}

impl Cors {
    pub fn new(key: &str, cors: &config::Cors, problems: &mut Problems) -> Self {
        for (i, origin) in cors.origins.iter().enumerate() {
            if origin != "*" && !is_origin(origin) {
                problems.push(Problem::new(
                    format!("{key}.origins[{i}]"),
                    origin,
                    "an origin: scheme, host and port if any, no path, such as \"https://app.example.com\"",
                ));
            }
        }
        let any = cors.origins.iter().any(|origin| origin == "*");
        if any && (cors.credentials || cors.origins.len() > 1) {
            problems.push(Problem::new(
                format!("{key}.origins"),
                cors.origins.join(", "),
                "\"*\" alone, and without credentials; otherwise each origin by name",
            ));
        }
        if cors.preflight == Preflight::Answer && cors.origins.is_empty() {
            problems.push(Problem::new(
                format!("{key}.origins"),
                "nothing",
                "at least one origin, for preflight = \"answer\" to allow",
            ));
        }
        for (i, name) in cors.headers.iter().enumerate() {
            if HeaderName::from_bytes(name.as_bytes()).is_err() {
                problems.push(Problem::new(format!("{key}.headers[{i}]"), name, "a header's name"));
            }
        }
        Self {
            preflight: cors.preflight,
            origins: cors.origins.clone(),
            headers: cors.headers.join(", "),
            credentials: cors.credentials,
            max_age_seconds: cors.max_age_seconds,
        }
    }

    /// What an answer to this caller must carry for its browser to show it: nothing when the
    /// request is not cross-origin or its origin is not allowed.
    pub fn allow(&self, request: &Headers<'_>) -> Option<Allowed> {
        let origin = request.get(&ORIGIN)?;
        let any = self.origins.iter().any(|allowed| allowed == "*");
        if !any && !self.origins.iter().any(|allowed| allowed == origin) {
            return None;
        }
        Some(Allowed {
            origin: HeaderValue::from_str(if any { "*" } else { origin }).ok()?,
            credentials: self.credentials,
        })
    }

    /// Whether pages of this origin may call with cookies.
    pub fn trusts(&self, origin: &str) -> bool {
        self.credentials && self.origins.iter().any(|allowed| allowed == origin)
    }

    /// Whether this rule could have allowed it.
    pub fn grants(&self, allowed: &Allowed) -> bool {
        self.credentials == allowed.credentials
            && self.origins.iter().any(|origin| allowed.origin == origin.as_str())
    }

    /// The edge's answer to a preflight.
    pub fn answer(&self, request: &Request<'_>, methods: &[Method]) -> http::Response<Body> {
        let mut response = http::Response::new(Body::Empty);
        *response.status_mut() = http::StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(allowed) = self.allow(&request.headers) {
            allowed.apply(headers);
            let names: Vec<&str> = methods.iter().map(Method::as_str).collect();
            let asked = request.headers.get(&ACCESS_CONTROL_REQUEST_METHOD);
            let methods =
                if names.is_empty() { asked.map(str::to_owned) } else { Some(names.join(", ")) };
            for (name, value) in [
                (ACCESS_CONTROL_ALLOW_METHODS, methods),
                (
                    ACCESS_CONTROL_ALLOW_HEADERS,
                    (!self.headers.is_empty()).then(|| self.headers.clone()),
                ),
                (ACCESS_CONTROL_MAX_AGE, Some(self.max_age_seconds.to_string())),
            ] {
                if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                    headers.insert(name, value);
                }
            }
        }
        response
    }
}

/// A caller's origin that the route allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Allowed {
    origin: HeaderValue,
    credentials: bool,
}

impl Allowed {
    /// Carried from origin-request to origin-response, where the path no longer tells the route.
    pub fn to_stamp(&self) -> HeaderValue {
        let mut stamp = self.origin.as_bytes().to_vec();
        if self.credentials {
            stamp.extend_from_slice(b" credentials");
        }
        HeaderValue::from_bytes(&stamp).expect("a header value and plain text")
    }

    pub fn from_stamp(stamp: &str) -> Option<Self> {
        let (origin, credentials) = match stamp.strip_suffix(" credentials") {
            Some(origin) => (origin, true),
            None => (stamp, false),
        };
        Some(Self { origin: HeaderValue::from_str(origin).ok()?, credentials })
    }

    pub fn apply(&self, headers: &mut HeaderMap) {
        for (name, value) in self.fields() {
            headers.insert(name, value);
        }
    }

    pub fn fields(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let credentials = self
            .credentials
            .then(|| (ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true")));
        [
            (ACCESS_CONTROL_ALLOW_ORIGIN, self.origin.clone()),
            (VARY, HeaderValue::from_static("origin")),
        ]
        .into_iter()
        .chain(credentials)
    }
}

/// Whether a request is a CORS preflight (Fetch standard, "CORS-preflight fetch").
pub(crate) fn is_preflight(request: &Request<'_>) -> bool {
    request.method == Method::OPTIONS
        && request.headers.contains(&ORIGIN)
        && request.headers.contains(&ACCESS_CONTROL_REQUEST_METHOD)
}

/// Whether a browser could send this as `Origin`: it leaves out a scheme's own port.
pub(crate) fn is_origin(origin: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let (host, port) = authority.split_once(':').map_or((authority, None), |(h, p)| (h, Some(p)));
    let own_port = match scheme {
        "https" => "443",
        "http" => "80",
        _ => return false,
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    host.split('.').all(is_label)
        && port.is_none_or(|port| {
            port != own_port && !port.starts_with(['0', '+']) && port.parse::<u16>().is_ok()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cors(origins: &[&str], credentials: bool) -> Cors {
        let config = serde_json::json!({
            "preflight": "answer", "origins": origins, "credentials": credentials,
        });
        let mut problems = Problems::new();
        let cors = Cors::new("cors", &serde_json::from_value(config).unwrap(), &mut problems);
        assert_eq!(problems, []);
        cors
    }

    #[test]
    fn origins_are_what_browsers_send() {
        for origin in [
            "https://app.example.com",
            "https://app.example.com:8443",
            "http://localhost:3000",
            "http://127.0.0.1:8080",
            "https://xn--bcher-kva.example",
            "http://a.example:443",
        ] {
            assert!(is_origin(origin), "{origin}");
        }
        for origin in [
            "",
            "null",
            "*",
            "app.example.com",
            "https://",
            "https://*.example.com",
            "https://app.example.com/",
            "https://app.example.com/x",
            "https://App.example.com",
            "https://app.example.com:443",
            "http://app.example.com:80",
            "https://app.example.com:",
            "https://app.example.com:0",
            "https://app.example.com:+1",
            "https://app.example.com:99999",
            "https://a.example:1:2",
            "https://user@app.example.com",
            "https://app..example.com",
            "https://.example.com",
            "https://app.example.com.",
            "ftp://app.example.com",
            "https://app.example.com?x",
            "https://bücher.example",
            "https://a.example b",
        ] {
            assert!(!is_origin(origin), "{origin}");
        }
    }

    #[test]
    fn a_stamp_says_what_was_allowed() {
        for (origin, credentials, stamp) in [
            ("https://app.example.com", true, "https://app.example.com credentials"),
            ("https://app.example.com", false, "https://app.example.com"),
            ("*", false, "*"),
        ] {
            let allowed = Allowed { origin: HeaderValue::from_static(origin), credentials };
            assert_eq!(allowed.to_stamp(), stamp);
            assert_eq!(Allowed::from_stamp(stamp), Some(allowed));
        }
        assert_eq!(Allowed::from_stamp("https://a.example\r\nset-cookie: x"), None);
    }

    #[test]
    fn a_stamp_that_no_rule_could_have_made_grants_nothing() {
        let granted = |stamp: &str, cors: &Cors| cors.grants(&Allowed::from_stamp(stamp).unwrap());
        let (own, with_credentials) =
            (cors(&["https://a.example"], false), cors(&["https://a.example"], true));
        assert!(granted("https://a.example", &own));
        assert!(granted("https://a.example credentials", &with_credentials));
        assert!(granted("*", &cors(&["*"], false)));
        for (stamp, cors) in [
            ("https://a.example credentials", &own),
            ("https://a.example", &with_credentials),
            ("https://b.example", &own),
            ("https://b.example", &cors(&["*"], false)),
            ("* credentials", &cors(&["*"], false)),
            ("*", &own),
            ("", &own),
        ] {
            assert!(!granted(stamp, cors), "{stamp}");
        }
    }

    #[test]
    fn only_a_list_of_names_or_the_star_alone_stands() {
        for (origins, credentials, preflight, keys) in [
            (&["*"][..], true, "answer", &["cors.origins"][..]),
            (&["*", "https://a.example"], false, "answer", &["cors.origins"]),
            (&[], false, "answer", &["cors.origins"]),
            (&[], false, "forward", &[]),
            (
                &["https://a.example/", "null"],
                false,
                "forward",
                &["cors.origins[0]", "cors.origins[1]"],
            ),
        ] {
            let config = serde_json::json!({
                "preflight": preflight, "origins": origins, "credentials": credentials,
            });
            let mut problems = Problems::new();
            Cors::new("cors", &serde_json::from_value(config).unwrap(), &mut problems);
            let found: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
            assert_eq!(found, keys, "{origins:?}");
        }
    }
}
