//! The Regional APIs, and which of them is nearest.

use std::fmt;

use http::uri::{PathAndQuery, Scheme, Uri};
use http::{HeaderName, HeaderValue};

use cloudfront_worker::{Trigger, rules};

use crate::bundle::{Bundle, RoundTrip};
use crate::config;
use crate::issuer::is_region_name;
use crate::path::CanonicalPath;
use crate::policy::{Problem, Problems};

/// The API behind the one domain, with its settings checked.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    strip_prefix: Option<String>,
    pub origin_secret: Option<(HeaderName, HeaderValue)>,
    regions: Vec<ApiRegion>,
    distances: Vec<crate::bundle::EdgeDistances>,
}

/// The API in one Region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiRegion {
    pub name: HeaderValue,
    pub domain_name: String,
    pub host: HeaderValue,
    pub port: u16,
    /// The stage: empty, or beginning with `/` and not ending with it (rule E6).
    pub path: String,
}

/// The Region chosen for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choice<'a> {
    pub region: &'a ApiRegion,
    pub reason: Reason,
}

/// Why a Region was chosen: stable words, sent as `x-nearhop-reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The shortest round trip from the edge's Region, as measured.
    Rtt,
    /// The shortest round trip as fitted from distance: the pair has not been measured.
    Distance,
    /// The first Region of the configuration: nothing is known of the edge's Region.
    Default,
}

impl Reason {
    pub fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Reason::Rtt => "rtt",
            Reason::Distance => "distance",
            Reason::Default => "default",
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.header().to_str().unwrap_or_default())
    }
}

impl Api {
    pub fn new(api: &config::Api, bundle: &Bundle, problems: &mut Problems) -> Self {
        if api.regions.is_empty() {
            problems.push(Problem::new("api.regions", "nothing", "at least one Region"));
        }
        let mut regions: Vec<ApiRegion> = Vec::with_capacity(api.regions.len());
        for (index, region) in api.regions.iter().enumerate() {
            if api.regions[..index].iter().any(|other| other.name == region.name) {
                let key = format!("api.regions[{index}].name");
                problems.push(Problem::new(key, &region.name, "each Region once"));
            }
            regions.extend(ApiRegion::new(index, region, problems));
        }
        let prefix = api.strip_prefix.as_deref();
        let is_prefix = |prefix: &str| {
            CanonicalPath::parse(prefix)
                .is_ok_and(|path| path.encoded() == path.decoded() && !prefix.ends_with('/'))
        };
        if let Some(prefix) = prefix.filter(|prefix| !is_prefix(prefix)) {
            problems.push(Problem::new(
                "api.strip_prefix",
                prefix,
                "a path without escapes and without / at its end, such as \"/api\"",
            ));
        }
        Self {
            strip_prefix: prefix.map(str::to_owned),
            origin_secret: origin_secret(api, bundle.origin_secret.as_deref(), problems),
            regions,
            distances: bundle.distances.clone(),
        }
    }

    /// The nearest Region to an edge Region, and why; the first named wins a tie.
    pub fn nearest(&self, edge: &str) -> Option<Choice<'_>> {
        let row = self.distances.iter().find(|row| row.edge == edge);
        let nearest = row.and_then(|row| {
            self.regions.iter().zip(&row.round_trips).min_by(|(_, a), (_, b)| a.ms.total_cmp(&b.ms))
        });
        match nearest {
            Some((region, RoundTrip { measured: true, .. })) => {
                Some(Choice { region, reason: Reason::Rtt })
            }
            Some((region, _)) => Some(Choice { region, reason: Reason::Distance }),
            None => self.regions.first().map(|region| Choice { region, reason: Reason::Default }),
        }
    }

    /// Whether a Region of that name is one of the API's.
    pub fn knows(&self, name: &str) -> bool {
        self.regions.iter().any(|region| region.name == name)
    }

    /// The path the API sees.
    pub fn path<'p>(&self, path: &'p CanonicalPath<'_>) -> &'p str {
        let path = path.encoded();
        match self.strip_prefix.as_deref().and_then(|prefix| path.strip_prefix(prefix)) {
            Some("") => "/",
            Some(rest) if rest.starts_with('/') => rest,
            _ => path,
        }
    }
}

impl ApiRegion {
    fn new(index: usize, region: &config::ApiRegion, problems: &mut Problems) -> Option<Self> {
        let at = |key: &str| format!("api.regions[{index}].{key}");
        if !is_region_name(&region.name) {
            let allowed = "an AWS Region's name, such as \"eu-west-1\"";
            problems.push(Problem::new(at("name"), &region.name, allowed));
        }
        let allowed = "an https URL with its stage path if it has one and nothing after it, such as \
                       \"https://abc123.execute-api.eu-west-1.amazonaws.com/prod\"";
        let parsed = parse_endpoint(&region.endpoint);
        if parsed.is_none() {
            problems.push(Problem::new(at("endpoint"), &region.endpoint, allowed));
        }
        let (domain_name, port, path) = parsed?;
        Some(Self {
            name: HeaderValue::from_str(&region.name).ok()?,
            host: HeaderValue::from_str(&domain_name).ok()?,
            domain_name,
            port,
            path,
        })
    }
}

/// Domain name, port and path of an endpoint. Tokens and the secret go there, so never in clear.
fn parse_endpoint(endpoint: &str) -> Option<(String, u16, String)> {
    let uri: Uri = endpoint.parse().ok()?;
    let has_more = uri.path_and_query().and_then(PathAndQuery::query).is_some()
        || uri.authority()?.as_str().contains('@')
        || endpoint.contains('#');
    if uri.scheme() != Some(&Scheme::HTTPS) || has_more {
        return None;
    }
    let domain = uri.host()?;
    let port = uri.port_u16().unwrap_or(443);
    let is_name = domain.len() <= 253
        && domain.parse::<std::net::IpAddr>().is_err()
        && !domain.starts_with('[')
        && domain.contains('.');
    let path = uri.path().trim_end_matches('/');
    let is_path = path.len() <= 255 && CanonicalPath::parse(uri.path()).is_ok();
    (is_name && is_path && matches!(port, 443 | 1024..))
        .then(|| (domain.to_ascii_lowercase(), port, path.to_owned()))
}

fn origin_secret(
    api: &config::Api,
    value: Option<&str>,
    problems: &mut Problems,
) -> Option<(HeaderName, HeaderValue)> {
    let secret = api.origin_secret.as_ref()?;
    let name = HeaderName::from_bytes(secret.header.as_bytes()).ok().filter(|name| {
        !rules::is_disallowed(name.as_str())
            && rules::read_only(Trigger::OriginRequest, name.as_str()).is_none()
            && *name != http::header::HOST
            && *name != http::header::AUTHORIZATION
    });
    if name.is_none() {
        problems.push(Problem::new(
            "api.origin_secret.header",
            &secret.header,
            "a header a function may set at origin-request (rules W5, W7)",
        ));
    }
    let checked = value
        .filter(|value| value.len() >= 16 && value.bytes().all(|b| b.is_ascii_graphic()))
        .and_then(|value| HeaderValue::from_str(value).ok());
    if checked.is_none() {
        // What was found is a secret, or part of one: it is not repeated.
        let found = if value.is_none() { "nothing" } else { "a value of another form" };
        problems.push(Problem::new(
            "api.origin_secret.env",
            format!("{found} in the environment variable {}", secret.env),
            "16 or more printable ASCII characters without spaces, in that variable at build time",
        ));
    }
    let mut value = checked?;
    value.set_sensitive(true);
    Some((name?, value))
}
