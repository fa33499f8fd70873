//! A configuration whose values make sense together.

use crate::bundle::Bundle;
use crate::config::{
    Access, Config, KeyRefresh, Limits, Otherwise, Residency, Sticky, StickyBy, Target, TokenUse,
};
use crate::issuer::Issuer;
use crate::origins::OwnOrigins;
use crate::region::Api;
use crate::region::api::HOME_COOKIE;
use crate::route::Routes;
use crate::sign_in::SignIn;
use crate::site::Site;
use crate::token::NamedClaims;

/// What Nearhop decides by. It can only be had from a configuration without problems.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(crate) site: Site,
    pub(crate) routes: Routes,
    pub(crate) issuers: Vec<Issuer>,
    pub(crate) sign_in: Option<SignIn>,
    pub(crate) api: Option<Api>,
    /// Where the site is.
    pub(crate) origins: OwnOrigins,
    pub(crate) claims: NamedClaims,
    pub(crate) keys: KeyRefresh,
    pub(crate) limits: Limits,
}

/// A value in the configuration that cannot stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it is: `routes[2].pattern`.
    pub key: String,
    /// The value that was found.
    pub found: String,
    /// What would be allowed there.
    pub allowed: String,
}

impl Problem {
    // Out of line: an instance that starts never gets here, and code that is never called is never
    // compiled by a WebAssembly engine that compiles lazily.
    #[cold]
    #[inline(never)]
    pub(crate) fn new(
        key: impl Into<String>,
        found: impl Into<String>,
        allowed: impl Into<String>,
    ) -> Self {
        Self { key: key.into(), found: found.into(), allowed: allowed.into() }
    }
}

/// All problems of one configuration.
pub(crate) type Problems = Vec<Problem>;

impl Policy {
    /// Checks every value of a bundle's configuration, and reports all problems at once.
    pub fn new(bundle: &Bundle) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::new();
        let config = &bundle.config;
        let mut site = Site::new(&config.site, bundle.not_found_page.as_deref(), &mut problems);
        site.headers.revalidate_pages = config.sign_in.is_some();
        let routes = Routes::new(config, &mut problems);
        let issuers = Issuer::all(config, &mut problems);
        let policy = Self {
            site,
            routes,
            sign_in: SignIn::new(bundle, &issuers, &mut problems),
            issuers,
            api: config.api.as_ref().map(|api| Api::new(api, bundle, &mut problems)),
            origins: OwnOrigins::new(config),
            claims: named_claims(config),
            keys: config.keys.clone(),
            limits: config.limits.clone(),
        };
        check_keys(&config.keys, &mut problems);
        check_limits(&config.limits, &mut problems);
        check_scopes(bundle, &mut problems);
        check_api(config, &mut problems);
        check_files(bundle, &policy.site, &mut problems);
        check_resolved(bundle, &mut problems);
        if problems.is_empty() { Ok(policy) } else { Err(problems) }
    }
}

fn named_claims(config: &Config) -> NamedClaims {
    let api = config.api.as_ref();
    NamedClaims {
        residency: api.and_then(|api| api.residency.as_ref()?.claim.clone()),
        home: api.and_then(|api| api.sticky.as_ref()?.claim.clone()),
    }
}

fn check_keys(keys: &KeyRefresh, problems: &mut Problems) {
    let KeyRefresh { cooldown_seconds, max_age_seconds, timeout_ms, max_bytes } = *keys;
    within(problems, "keys.cooldown_seconds", cooldown_seconds, 1, 86_400);
    within(problems, "keys.max_age_seconds", max_age_seconds, cooldown_seconds.max(1), 604_800);
    within(problems, "keys.timeout_ms", timeout_ms, 100, 10_000);
    within(problems, "keys.max_bytes", max_bytes, 1_024, 1_048_576);
}

fn check_limits(limits: &Limits, problems: &mut Problems) {
    // All the headers of a request are at most 32,768 bytes (rule W9).
    within(problems, "limits.token_bytes", limits.token_bytes, 512, 32_768);
    within(problems, "limits.cookies_tried", limits.cookies_tried, 1, 16);
    within(problems, "limits.verdicts", limits.verdicts, 1, 16_384);
}

pub(crate) fn within(problems: &mut Problems, key: &str, found: u32, least: u32, most: u32) {
    if !(least..=most).contains(&found) {
        problems.push(Problem::new(
            key,
            found.to_string(),
            format!("a number from {least} to {most}"),
        ));
    }
}

/// ID tokens carry no scopes (rule C2): a route could never be entered.
fn check_scopes(bundle: &Bundle, problems: &mut Problems) {
    let config = &bundle.config;
    let has_access_tokens =
        config.issuers.iter().any(|issuer| issuer.token_use.contains(&TokenUse::Access));
    for (index, route) in config.routes.iter().enumerate() {
        let asks = route.access == Access::Authenticated && !route.scopes.is_empty();
        if asks && !config.issuers.is_empty() && !has_access_tokens {
            problems.push(Problem::new(
                format!("routes[{index}].scopes"),
                route.scopes.join(", "),
                "no scopes, or an issuer whose token_use includes \"access\"",
            ));
        }
    }
}

/// What of the API's settings concerns other sections.
fn check_api(config: &Config, problems: &mut Problems) {
    if config.country_database.as_deref() == Some("") {
        problems.push(Problem::new("country_database", "nothing", "the path of a file"));
    }
    let Some(api) = &config.api else { return };
    if let Some(residency) = &api.residency {
        check_residency(config, residency, problems);
    }
    if let Some(Sticky { by: StickyBy::Cookie, .. }) = api.sticky {
        for (index, issuer) in config.issuers.iter().enumerate() {
            if let Some(i) = issuer.cookies.iter().position(|name| name == HOME_COOKIE) {
                let key = format!("issuers[{index}].cookies[{i}]");
                let allowed = "another name: this cookie is api.sticky's";
                problems.push(Problem::new(key, HOME_COOKIE, allowed));
            }
        }
    }
}

/// A route all of whose Regions are closed to everybody could never be answered.
fn check_residency(config: &Config, residency: &Residency, problems: &mut Problems) {
    if residency.otherwise == Otherwise::Any {
        return;
    }
    let open: Vec<&String> = residency.sets.iter().flat_map(|set| &set.regions).collect();
    for (index, route) in config.routes.iter().enumerate() {
        let names_some = route.target == Target::Api && !route.regions.is_empty();
        if names_some && !route.regions.iter().any(|name| open.contains(&name)) {
            problems.push(Problem::new(
                format!("routes[{index}].regions"),
                route.regions.join(", "),
                "at least one Region of some residency set, since otherwise = \"none\"",
            ));
        }
    }
}

/// A file of several paths is matched by one of them: a pattern of another would guard nothing.
fn check_files(bundle: &Bundle, site: &Site, problems: &mut Problems) {
    for (index, route) in bundle.config.routes.iter().enumerate() {
        let root = route.pattern.trim_end_matches('*').trim_end_matches('/');
        let matched = site.public_path(root);
        if root.starts_with('/') && matched != root {
            problems.push(Problem::new(
                format!("routes[{index}].pattern"),
                &route.pattern,
                format!("{matched}: a file that several paths lead to is matched by the shortest"),
            ));
        }
    }
}

/// What a bundle carries beside the configuration is as long as the lists it belongs to.
fn check_resolved(bundle: &Bundle, problems: &mut Problems) {
    let issuers = bundle.config.issuers.len();
    if bundle.key_sets.len() != issuers {
        let found = bundle.key_sets.len().to_string();
        problems.push(Problem::new("key_sets", found, format!("{issuers}: one for each issuer")));
    }
    let regions = bundle.config.api.as_ref().map_or(0, |api| api.regions.len());
    let places = bundle.coordinates.len();
    if places != 0 && places != regions {
        let allowed = format!("{regions}: one for each API Region");
        problems.push(Problem::new("coordinates", places.to_string(), allowed));
    }
    for (index, row) in bundle.distances.iter().enumerate() {
        if row.round_trips.len() != regions {
            problems.push(Problem::new(
                format!("distances[{index}].round_trips"),
                row.round_trips.len().to_string(),
                format!("{regions}: one for each API Region"),
            ));
        }
    }
}
