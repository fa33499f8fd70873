//! The API behind the one domain: its settings, and what they say of one viewer.

use std::sync::Arc;

use http::header::{AUTHORIZATION, COOKIE, HOST};
use http::uri::{PathAndQuery, Scheme, Uri};
use http::{HeaderName, HeaderValue, Method, StatusCode};

use cloudfront_worker::edits::{CustomOrigin, Edits, Protocol};
use cloudfront_worker::{Origin, Outcome, Request, Trigger, rules};

use crate::bundle::{Bundle, EdgeDistances, RoundTrip};
use crate::config::{self, StickyBy};
use crate::credentials::sent;
use crate::identity::{self, X_FORWARDED_FOR};
use crate::issuer::is_region_name;
use crate::path::CanonicalPath;
use crate::policy::{Problem, Problems};
use crate::region::atlas::Atlas;
use crate::region::choice::{Candidate, Question, Standing, Switches, home_of, stable_hash};
use crate::region::health::Outlook;
use crate::region::place::Place;
use crate::region::residency::Residency;
use crate::region::rule::Rules;
use crate::region::set::{MOST, RegionSet};
use crate::region::settings::{
    PinKey, check_control, check_second_leg_domain, check_sticky, demand_secret, pin_key,
};

/// The API, with its settings checked.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    strip_prefix: Option<String>,
    pub origin_secret: Option<(HeaderName, HeaderValue)>,
    pub candidates: Vec<Candidate>,
    regions: Vec<ApiRegion>,
    distances: Vec<EdgeDistances>,
    /// The row of the edge Region that this instance is in, and how the Regions stand there for
    /// viewers of whom nothing is asked.
    here: Option<usize>,
    standing: Standing,
    pub rules: Rules,
    /// Answers what rules and residency ask of an address.
    pub atlas: Option<Arc<Atlas>>,
    pub residency: Option<Residency>,
    pub sticky: Option<config::Sticky>,
    pub passive_health: bool,
    second_leg_domain: Option<String>,
    pub control: Option<config::Control>,
    /// What pins are signed with, where requests may have one.
    pub pin_key: Option<PinKey>,
    pub log_decisions: bool,
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

/// What the choice of a Region asks of a viewer. The claims are a verified token's.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Viewer<'v> {
    pub place: Place,
    /// A hash of the subject, or without one of the address; anything, where nothing depends on it.
    pub key: u64,
    pub residency_claim: Option<&'v str>,
    pub home_claim: Option<&'v str>,
    pub home_cookie: Option<&'v str>,
    pub is_identified: bool,
}

impl Api {
    pub fn new(api: &config::Api, bundle: &Bundle, problems: &mut Problems) -> Self {
        let count = api.regions.len();
        if !(1..=MOST).contains(&count) {
            let allowed = format!("at least one Region, at most {MOST}");
            let found = if count == 0 { "nothing".into() } else { count.to_string() };
            problems.push(Problem::new("api.regions", found, allowed));
        }
        let mut regions: Vec<ApiRegion> = Vec::with_capacity(count);
        for (index, region) in api.regions.iter().enumerate() {
            if api.regions[..index].iter().any(|other| other.name == region.name) {
                let key = format!("api.regions[{index}].name");
                problems.push(Problem::new(key, &region.name, "each Region once"));
            }
            regions.extend(ApiRegion::new(index, region, problems));
        }
        let named = |key: &str, names: &[String], problems: &mut Problems| {
            regions_named(&api.regions, key, names, problems)
        };
        let mut api = Self {
            here: None,
            standing: Standing::EMPTY,
            strip_prefix: strip_prefix(api, problems),
            origin_secret: origin_secret(api, bundle.origin_secret.as_deref(), problems),
            candidates: candidates(api, bundle),
            regions,
            distances: bundle.distances.clone(),
            atlas: None,
            rules: Rules::new(&api.rules, bundle.places.is_some(), &named, problems),
            residency: api.residency.as_ref().map(|residency| {
                Residency::new(residency, RegionSet::first(count), &named, problems)
            }),
            sticky: api.sticky.clone().inspect(|sticky| check_sticky(sticky, problems)),
            passive_health: api.passive_health,
            second_leg_domain: api
                .second_leg_domain
                .clone()
                .inspect(|domain| check_second_leg_domain(domain, problems)),
            log_decisions: api.log_decisions,
            control: api.control.clone().inspect(|control| check_control(control, problems)),
            pin_key: api.pin.as_ref().and_then(|pin| {
                let value = bundle.pin_key.as_deref();
                pin_key(pin, api.origin_secret.as_ref(), value, problems)
            }),
        };
        api.stand();
        api
    }

    /// Every Region.
    pub fn all(&self) -> RegionSet {
        RegionSet::first(self.regions.len())
    }

    pub fn region(&self, index: usize) -> &ApiRegion {
        &self.regions[index]
    }

    /// The Region of that name.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.candidates.iter().position(|candidate| candidate.name == name)
    }

    /// The Region of that name, if an answer is the API's there and the request was stamped with it.
    /// Where origin-request is not attached, the stamp is a viewer's: it counts only with what
    /// origin-request alone can have set, the origin (rule W3) or the secret. Whether the origin is
    /// shown as switched is unverified (rule E5), so the secret is enough.
    pub fn answering(
        &self,
        name: &str,
        origin: &Origin<'_>,
        request: &Request<'_>,
    ) -> Option<usize> {
        let has_secret = || {
            self.origin_secret.as_ref().is_some_and(|(header, secret)| {
                let found = request.headers.get(header);
                found.is_some_and(|value| value.as_bytes() == secret.as_bytes())
            })
        };
        self.index_of(name).filter(|index| {
            self.regions[*index].domain_name.eq_ignore_ascii_case(origin.domain_name)
                || has_secret()
        })
    }

    /// Takes note of the edge Region that this instance is in.
    pub fn stand_at(&mut self, edge: &str) {
        self.here = self.row(edge);
        self.stand();
    }

    fn stand(&mut self) {
        let (viewer, nothing) = (Viewer::default(), Switches::default());
        let mut question =
            self.question(self.here, &viewer, self.all(), &nothing, Outlook::default());
        question.standing = None;
        self.standing = Standing::of(&question);
    }

    /// The row of the edge Region that this instance is in, if it is known.
    pub fn here(&self) -> Option<usize> {
        self.here
    }

    /// The row of an edge Region, if it is known.
    pub fn row(&self, edge: &str) -> Option<usize> {
        self.distances.iter().position(|row| row.edge == edge)
    }

    /// The round trips of an edge Region's row.
    pub fn round_trips(&self, row: Option<usize>) -> Option<&[RoundTrip]> {
        Some(&self.distances.get(row?)?.round_trips)
    }

    /// Whether the choice may depend on who the viewer is, as far as the API's settings go.
    pub fn tells_viewers_apart(&self, switches: &Switches) -> bool {
        let by_subject = |sticky: &config::Sticky| sticky.by == StickyBy::Subject;
        self.standing.is_shared()
            || !switches.weights.is_empty()
            || self.sticky.as_ref().is_some_and(by_subject)
    }

    /// Whether the choice may depend on where the viewer is.
    fn tells_places_apart(&self) -> bool {
        self.here.is_none() || self.residency.is_some() || !self.rules.is_empty()
    }

    /// Where a viewer is: by CloudFront's headers, and for what they leave open by the address.
    pub fn place(&self, request: &Request<'_>, trigger: Trigger) -> Place {
        let said = Place::by_headers(request, trigger);
        self.atlas.as_ref().map_or(said, |atlas| said.or(atlas.find(request.client_ip)))
    }

    /// The same, unless nothing depends on it.
    pub fn wanted_place(&self, request: &Request<'_>, trigger: Trigger) -> Place {
        if self.tells_places_apart() { self.place(request, trigger) } else { Place::default() }
    }

    /// The question to be answered for a viewer, at the edge Region of a row.
    pub fn question<'q, 's>(
        &'q self,
        row: Option<usize>,
        viewer: &Viewer<'_>,
        route: RegionSet,
        switches: &'s Switches,
        outlook: Outlook,
    ) -> Question<'q, 's> {
        let residency = self.residency.as_ref().map_or(self.all(), |residency| {
            residency.permits(viewer.residency_claim, viewer.place.country)
        });
        let permitted = residency.and(route).without(switches.disabled);
        let is_usual = row == self.here
            && (row.is_some() || viewer.place.coordinates.is_none())
            && switches.bias_ms.is_empty()
            && switches.weights.is_empty();
        Question {
            regions: &self.candidates,
            round_trips: self.round_trips(row),
            standing: is_usual.then_some(&self.standing),
            viewer: viewer.place.coordinates,
            route,
            residency,
            switches,
            rule: self.rules.preferred(&viewer.place),
            home: self.home(viewer, permitted),
            key: viewer.key,
            pinned: None,
            avoided: outlook.avoided,
            due: outlook.due,
            second_leg: false,
            first_leg: None,
        }
    }

    fn home(&self, viewer: &Viewer<'_>, permitted: RegionSet) -> Option<usize> {
        let named = |name: Option<&str>| self.index_of(name?);
        match self.sticky.as_ref()?.by {
            StickyBy::Claim => named(viewer.home_claim),
            StickyBy::Cookie => named(viewer.home_cookie),
            StickyBy::Subject if viewer.is_identified => {
                home_of(viewer.key, &self.candidates, permitted)
            }
            StickyBy::Subject => None,
        }
    }

    /// The Region a viewer's cookie names, where the cookie is what keeps it at home.
    pub fn home_of_cookies<'r>(&self, request: &Request<'r>) -> Option<&'r str> {
        self.sticky.as_ref().filter(|sticky| sticky.by == StickyBy::Cookie)?;
        sent(request).find(|(name, _)| *name == HOME_COOKIE).map(|(_, value)| value)
    }

    /// The cookie that keeps a viewer in the Region that has just served its write.
    pub fn home_cookie(
        &self,
        index: usize,
        method: &Method,
        status: StatusCode,
    ) -> Option<HeaderValue> {
        let sticky = self.sticky.as_ref().filter(|sticky| sticky.by == StickyBy::Cookie)?;
        if method.is_safe() || !status.is_success() {
            return None;
        }
        let (region, seconds) = (&self.candidates[index].name, sticky.seconds);
        let cookie = format!(
            "{HOME_COOKIE}={region}; Max-Age={seconds}; Path=/; Secure; HttpOnly; SameSite=Lax"
        );
        HeaderValue::from_str(&cookie).ok()
    }

    /// Whether a request has come with an origin group's second origin (rule F4).
    pub fn is_second_leg(&self, origin: &Origin<'_>) -> bool {
        let domain = self.second_leg_domain.as_deref();
        domain.is_some_and(|domain| domain.eq_ignore_ascii_case(origin.domain_name))
            || origin.custom_headers.get(&LEG) == Some("2")
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

/// Names the Region that served a viewer's last write. A viewer may write what it likes there: it
/// only ever picks among Regions it is permitted.
pub(crate) const HOME_COOKIE: &str = "nearhop_home";

/// The custom header by which a distribution marks an origin group's second origin.
pub(crate) const LEG: HeaderName = HeaderName::from_static("x-nearhop-leg");

/// The Regions of those names; a name that is none's is a problem.
pub(crate) fn regions_named(
    regions: &[config::ApiRegion],
    key: &str,
    names: &[String],
    problems: &mut Problems,
) -> RegionSet {
    if names.is_empty() {
        problems.push(Problem::new(key, "nothing", "at least one of the API's Regions"));
    }
    let find = |name: &String| regions.iter().position(|region| region.name == *name);
    for (i, name) in names.iter().enumerate().filter(|(_, name)| find(name).is_none()) {
        let known: Vec<&str> = regions.iter().map(|region| region.name.as_str()).collect();
        let allowed = format!("one of the API's Regions: {}", known.join(", "));
        problems.push(Problem::new(format!("{key}[{i}]"), name, allowed));
    }
    names.iter().filter_map(find).filter(|index| *index < MOST).collect()
}

fn candidates(api: &config::Api, bundle: &Bundle) -> Vec<Candidate> {
    let coordinates = |index: usize| bundle.coordinates.get(index).copied();
    let candidate = |(index, region): (usize, &config::ApiRegion)| Candidate {
        name: region.name.clone(),
        seed: stable_hash(&region.name),
        bias_ms: region.bias_ms,
        weight: region.weight,
        coordinates: coordinates(index),
    };
    api.regions.iter().enumerate().map(candidate).collect()
}

fn strip_prefix(api: &config::Api, problems: &mut Problems) -> Option<String> {
    let prefix = api.strip_prefix.as_deref()?;
    let is_prefix = CanonicalPath::parse(prefix).is_ok_and(|path| {
        [path.encoded(), path.decoded()] == [prefix; 2] && !prefix.ends_with('/')
    });
    if !is_prefix {
        problems.push(Problem::new(
            "api.strip_prefix",
            prefix,
            "a path without escapes and without / at its end, such as \"/api\"",
        ));
    }
    Some(prefix.to_owned())
}

impl ApiRegion {
    fn new(index: usize, region: &config::ApiRegion, problems: &mut Problems) -> Option<Self> {
        let at = |key: &str| format!("api.regions[{index}].{key}");
        if !is_region_name(&region.name) {
            let allowed = "an AWS Region's name, such as \"eu-west-1\"";
            problems.push(Problem::new(at("name"), &region.name, allowed));
        }
        if region.weight > 100 {
            let allowed = "a percentage: 0 to 100";
            problems.push(Problem::new(at("weight"), region.weight.to_string(), allowed));
        }
        if !(-1_000..=1_000).contains(&region.bias_ms) {
            let allowed = "milliseconds: -1000 to 1000";
            problems.push(Problem::new(at("bias_ms"), region.bias_ms.to_string(), allowed));
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
    let is_endpoint = is_origin(&domain_name, port, &path)
        && port != 80
        && CanonicalPath::parse(uri.path()).is_ok();
    is_endpoint.then_some((domain_name, port, path))
}

/// What CloudFront would refuse at every request (rule E6) is refused once, here.
pub(crate) fn is_origin(domain_name: &str, port: u16, path: &str) -> bool {
    let origin = Edits::new().origin(CustomOrigin {
        protocol: Protocol::Https,
        domain_name: domain_name.into(),
        port,
        path: path.into(),
        without_custom_headers: Vec::new(),
    });
    domain_name.contains('.')
        && rules::check(Trigger::OriginRequest, &Outcome::Forward(origin)).is_ok()
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
    let value = demand_secret("api.origin_secret.env", &secret.env, value, 16, problems);
    let mut value = HeaderValue::from_str(value?).ok()?;
    value.set_sensitive(true);
    Some((name?, value))
}

#[cfg(test)]
mod tests;
