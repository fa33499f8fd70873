//! The Regional APIs, and which of them is nearest.

use std::fmt;

use http::header::{AUTHORIZATION, COOKIE, HOST};
use http::uri::{PathAndQuery, Scheme, Uri};
use http::{HeaderName, HeaderValue};

use cloudfront_worker::edits::{CustomOrigin, Edits, Protocol};
use cloudfront_worker::{Origin, Outcome, Request, Trigger, rules};

use crate::bundle::{Bundle, RoundTrip};
use crate::config;
use crate::identity::{self, X_FORWARDED_FOR};
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
            CanonicalPath::parse(prefix).is_ok_and(|path| {
                path.encoded() == prefix && path.decoded() == prefix && !prefix.ends_with('/')
            })
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

    /// Whether an answer is the API's in the Region of that name, which the request was stamped
    /// with. Where origin-request is not attached, the stamp is a viewer's: it counts only with what
    /// origin-request alone can have set, the origin (rule W3) or the secret. Whether the origin is
    /// shown as switched is unverified (rule E5), so the secret is enough.
    pub fn answers(&self, name: &str, origin: &Origin<'_>, request: &Request<'_>) -> bool {
        let has_secret = || {
            self.origin_secret.as_ref().is_some_and(|(header, secret)| {
                request
                    .headers
                    .get(header)
                    .is_some_and(|value| value.as_bytes() == secret.as_bytes())
            })
        };
        self.regions.iter().filter(|region| region.name == name).any(|region| {
            region.domain_name.eq_ignore_ascii_case(origin.domain_name) || has_secret()
        })
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
    let domain_name = uri.host()?.to_ascii_lowercase();
    // `Uri` would pass over a port that is no number of sixteen bits.
    let port = match uri.authority()?.as_str().split_once(':') {
        Some((_, port)) => port.parse().ok()?,
        None => 443,
    };
    let path = uri.path().trim_end_matches('/').to_owned();
    let origin = Edits::new().origin(CustomOrigin {
        protocol: Protocol::Https,
        domain_name: domain_name.clone().into(),
        port,
        path: path.clone().into(),
        without_custom_headers: Vec::new(),
    });
    // What CloudFront would refuse at every request (rule E6) is refused once, here.
    let is_origin = rules::check(Trigger::OriginRequest, &Outcome::Forward(origin)).is_ok()
        && domain_name.contains('.')
        && port != 80
        && CanonicalPath::parse(uri.path()).is_ok();
    is_origin.then_some((domain_name, port, path))
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
            && !identity::is_ours(name)
            && ![&HOST, &AUTHORIZATION, &COOKIE, &X_FORWARDED_FOR].contains(&name)
    });
    if name.is_none() {
        problems.push(Problem::new(
            "api.origin_secret.header",
            &secret.header,
            "a header a function may set at origin-request (rules W5, W7), and that nothing else is \
             said by, such as \"x-nearhop-origin-secret\"",
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bundle::EdgeDistances;

    fn api(regions: &[&str], distances: Vec<EdgeDistances>, strip_prefix: Option<&str>) -> Api {
        let region = |name: &&str| ApiRegion {
            name: HeaderValue::from_str(name).unwrap(),
            domain_name: format!("{name}.example.com"),
            host: HeaderValue::from_str(&format!("{name}.example.com")).unwrap(),
            port: 443,
            path: String::new(),
        };
        Api {
            strip_prefix: strip_prefix.map(str::to_owned),
            origin_secret: None,
            regions: regions.iter().map(region).collect(),
            distances,
        }
    }

    fn row(edge: &str, round_trips: &[(f32, bool)]) -> EdgeDistances {
        let round_trips = round_trips.iter().map(|&(ms, measured)| RoundTrip { ms, measured });
        EdgeDistances { edge: edge.into(), round_trips: round_trips.collect() }
    }

    fn chosen(api: &Api, edge: &str) -> (String, String) {
        let Choice { region, reason } = api.nearest(edge).unwrap();
        (region.name.to_str().unwrap().to_owned(), reason.to_string())
    }

    #[test]
    fn the_shortest_round_trip_wins_and_says_how_it_is_known() {
        let api = api(
            &["a-a-1", "b-b-1", "c-c-1"],
            vec![
                row("e-e-1", &[(90.0, true), (20.0, true), (50.0, false)]),
                row("e-e-2", &[(90.0, true), (80.0, false), (85.0, true)]),
                row("e-e-3", &[(7.5, true), (7.5, false), (7.5, true)]),
                row("e-e-4", &[(f32::NAN, true), (300.0, false), (f32::INFINITY, true)]),
            ],
            None,
        );
        for (edge, region, reason) in [
            ("e-e-1", "b-b-1", "rtt"),
            ("e-e-2", "b-b-1", "distance"),
            ("e-e-3", "a-a-1", "rtt"), // the first named wins a tie
            ("e-e-4", "b-b-1", "distance"),
            ("x-x-1", "a-a-1", "default"),
            ("", "a-a-1", "default"),
            ("E-E-1", "a-a-1", "default"),
        ] {
            assert_eq!(chosen(&api, edge), (region.to_owned(), reason.to_owned()), "{edge}");
        }
    }

    #[test]
    fn without_regions_there_is_no_choice() {
        assert_eq!(api(&[], vec![row("e-e-1", &[])], None).nearest("e-e-1"), None);
        assert_eq!(chosen(&api(&["a-a-1"], vec![row("e-e-1", &[])], None), "e-e-1").1, "default");
    }

    #[test]
    fn a_prefix_is_taken_off_whole_segments_only() {
        for (prefix, path, seen) in [
            (None, "/api/hello", "/api/hello"),
            (Some("/api"), "/api/hello", "/hello"),
            (Some("/api"), "/api", "/"),
            (Some("/api"), "/api/", "/"),
            (Some("/api"), "/apix", "/apix"),
            (Some("/api"), "/apix/api/y", "/apix/api/y"),
            (Some("/api"), "/API/hello", "/API/hello"),
            (Some("/api"), "/%61pi/hello", "/hello"),
            (Some("/api"), "/api/api/hello", "/api/hello"),
            (Some("/api"), "/x/api/hello", "/x/api/hello"),
            (Some("/api"), "/api/caf%c3%a9", "/caf%C3%A9"),
            (Some("/a/b"), "/a/b/c", "/c"),
            (Some("/a/b"), "/a/bc", "/a/bc"),
        ] {
            let api = api(&["a-a-1"], Vec::new(), prefix);
            assert_eq!(api.path(&CanonicalPath::parse(path).unwrap()), seen, "{prefix:?} {path}");
        }
    }

    #[test]
    fn an_endpoint_is_an_https_url_that_cloudfront_takes_for_an_origin() {
        for (endpoint, domain_name, port, path) in [
            ("https://a.example", "a.example", 443, ""),
            ("https://a.example/", "a.example", 443, ""),
            ("https://A.Example/prod/", "a.example", 443, "/prod"),
            ("https://a.example:8443/prod/v1", "a.example", 8443, "/prod/v1"),
        ] {
            let expected = (domain_name.to_owned(), port, path.to_owned());
            assert_eq!(parse_endpoint(endpoint), Some(expected), "{endpoint}");
        }
        let long_label = format!("https://{}.example", "a".repeat(64));
        let long_name = format!("https://{}example", "abcdefg.".repeat(32));
        let long_path = format!("https://a.example/{}", "a".repeat(255));
        for endpoint in [
            "",
            "a.example",
            "http://a.example",
            "https://",
            "https://localhost",
            "https://192.0.2.1",
            "https://192.0.2.1:8443/prod",
            "https://[2001:db8::1]/",
            "https://a.example:80",
            "https://a.example:444",
            "https://a.example:99999",
            "https://user@a.example",
            "https://a.example/?x",
            "https://a.example/prod?x=y",
            "https://a.example/prod#x",
            "https://a.example/prod//v1",
            "https://a.example/../x",
            "https://a.example/a b",
            "https://a..example",
            "https://a.example.",
            "https://.example",
            "https://a~b.example",
            &long_label,
            &long_name,
            &long_path,
        ] {
            assert_eq!(parse_endpoint(endpoint), None, "{endpoint}");
        }
    }

    #[test]
    fn an_answer_is_a_regions_when_origin_request_can_be_seen_to_have_chosen_it() {
        let secret = (HeaderName::from_static("x-secret"), HeaderValue::from_static("s3cret"));
        let api = Api { origin_secret: Some(secret), ..api(&["a-a-1", "b-b-1"], Vec::new(), None) };
        let answers = |name, domain_name, secret| {
            let origin = Origin {
                kind: cloudfront_worker::OriginKind::Custom,
                domain_name,
                path: "",
                custom_headers: cloudfront_worker::Headers::default(),
            };
            let request = Request {
                method: http::Method::GET,
                client_ip: "203.0.113.9",
                uri: "/",
                querystring: "",
                headers: [("x-secret", secret)].into_iter().collect(),
                body: None,
            };
            api.answers(name, &origin, &request)
        };
        assert!(answers("a-a-1", "a-a-1.example.com", ""));
        assert!(!answers("a-a-1", "b-b-1.example.com", ""));
        assert!(!answers("a-a-1", "bucket.s3.amazonaws.com", "guess"));
        assert!(answers("a-a-1", "bucket.s3.amazonaws.com", "s3cret"));
        assert!(!answers("c-c-1", "a-a-1.example.com", "s3cret"));
        assert!(!answers("", "", "s3cret"));
    }

    proptest! {
        #[test]
        fn nothing_permitted_is_nearer_than_the_choice(
            ms in prop::collection::vec((0.0_f32..1000.0, any::<bool>()), 1..8),
        ) {
            let names: Vec<String> = (0..ms.len()).map(|i| format!("r-r-{i}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let api = api(&names, vec![row("e-e-1", &ms)], None);
            let (name, reason) = chosen(&api, "e-e-1");
            let at = names.iter().position(|other| *other == name).unwrap();
            prop_assert!(ms.iter().all(|(other, _)| ms[at].0 <= *other));
            prop_assert!(ms[..at].iter().all(|(other, _)| ms[at].0 < *other));
            prop_assert_eq!(reason, if ms[at].1 { "rtt" } else { "distance" });
        }
    }
}
