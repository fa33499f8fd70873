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

fn is_origin(origin: &str) -> bool {
    let Some(authority) =
        origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"))
    else {
        return false;
    };
    !authority.is_empty()
        && authority.bytes().all(|b| {
            b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b':')
        })
}
