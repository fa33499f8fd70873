//! What a configuration means, for people to read before they trust it.

use http::Uri;
use serde::Serialize;

use super::diagnostic::Diagnostic;
use super::discovery::discovery_url;
use super::issuers::leaves_keys_to_discovery;
use super::parse::{Parsed, parse};
use super::regions::region;
use super::resolve::{Inputs, resolve};
use super::warnings::warnings;
use crate::config::{
    Api, Control, IssuerKind, KeyRefresh, Limits, OriginSecret, Pin, PlaceRule, Residency, Route,
    Site, Sticky, TokenUse,
};
use crate::policy::Policy;

mod sign_in;

pub use sign_in::{ClientReport, SignInReport};

/// A sound configuration with its defaults filled in and its names resolved.
#[derive(Debug, Serialize)]
pub struct Report {
    /// As configured.
    pub site: Site,
    /// As configured, in the file's order.
    pub routes: Vec<Route>,
    /// In the file's order.
    pub issuers: Vec<IssuerReport>,
    /// `None` without sign-in.
    pub sign_in: Option<SignInReport>,
    /// `None` when there is no API.
    pub api: Option<ApiReport>,
    /// As configured.
    pub country_database: Option<String>,
    /// As configured.
    pub keys: KeyRefresh,
    /// As configured.
    pub limits: Limits,
    /// What is allowed but seldom meant.
    pub warnings: Vec<Warning>,
}

/// Who may issue tokens.
#[derive(Debug, Serialize)]
pub struct IssuerReport {
    /// The `iss` claim, however the configuration wrote it (rule C3).
    pub issuer: String,
    /// What its tokens look like.
    pub kind: IssuerKind,
    /// Where its key set is (rule C4); `None` where its discovery document says so when the bundle
    /// is built.
    pub jwks_url: Option<String>,
    /// Where its discovery document is.
    pub discovery_url: String,
    /// Client ids accepted.
    pub clients: Vec<String>,
    /// What access tokens must be meant for; empty for anything.
    pub audiences: Vec<String>,
    /// Kinds of token accepted.
    pub token_use: Vec<TokenUse>,
    /// Cookies that may carry a token.
    pub cookies: Vec<String>,
    /// Seconds by which a token may be late.
    pub leeway_seconds: u32,
}

/// The API behind the one domain.
#[derive(Debug, Serialize)]
pub struct ApiReport {
    /// What is taken off a path before the API sees it.
    pub strip_prefix: Option<String>,
    /// The secret header's name, and the environment variable that holds its value.
    pub origin_secret: Option<OriginSecret>,
    /// In the file's order, which decides where nothing is known of the edge Region.
    pub regions: Vec<ApiRegionReport>,
    /// As configured.
    pub rules: Vec<PlaceRule>,
    /// As configured.
    pub residency: Option<Residency>,
    /// As configured.
    pub sticky: Option<Sticky>,
    /// As configured.
    pub passive_health: bool,
    /// As configured.
    pub second_leg_domain: Option<String>,
    /// As configured.
    pub control: Option<Control>,
    /// The environment variable that holds the key of pins.
    pub pin: Option<Pin>,
    /// As configured.
    pub log_decisions: bool,
}

/// The API in one Region.
#[derive(Debug, Serialize)]
pub struct ApiRegionReport {
    /// Such as `eu-west-1`.
    pub name: String,
    /// Such as `Europe (Ireland)`.
    pub title: &'static str,
    /// Where requests are sent.
    pub domain_name: String,
    /// The stage path in front of theirs; empty for none.
    pub path: String,
    /// Milliseconds added to its round trips.
    pub bias_ms: i32,
    /// Percent of the viewers nearest to it.
    pub weight: u32,
}

/// Something allowed that is seldom meant.
#[derive(Debug, Serialize)]
pub struct Warning {
    /// The dotted key path, such as `routes[1].access`.
    pub key: String,
    /// Line in the file, from 1; `None` where the warning is about what is nowhere in it.
    pub line: Option<u32>,
    /// Column in characters, from 1; `None` together with `line`.
    pub column: Option<u32>,
    /// What is so, and what to do if it is not meant.
    pub message: String,
}

/// Reads and checks the text of a `nearhop.toml`, but for the files and variables it names.
///
/// # Errors
/// Everything that is wrong with it.
pub fn check(text: &str) -> Result<Report, Vec<Diagnostic>> {
    let parsed = parse(text)?;
    let inputs = Inputs::default().with_stand_ins(&parsed.config);
    let (_, policy) = resolve(&parsed, inputs)?;
    Ok(report(&parsed, &policy))
}

fn report(parsed: &Parsed<'_>, policy: &Policy) -> Report {
    let config = &parsed.config;
    let issuers = config.issuers.iter().zip(&policy.issuers).enumerate();
    let issuers = issuers.map(|(index, (issuer, resolved))| IssuerReport {
        issuer: resolved.url.clone(),
        kind: issuer.kind,
        jwks_url: (!leaves_keys_to_discovery(config, index)).then(|| resolved.jwks_url.clone()),
        discovery_url: discovery_url(&resolved.url),
        clients: issuer.clients.clone(),
        audiences: issuer.audiences.clone(),
        token_use: issuer.token_use.clone(),
        cookies: issuer.cookies.clone(),
        leeway_seconds: issuer.leeway_seconds,
    });
    let warnings = warnings(config).into_iter().map(|(key, message)| {
        let span = parsed.span(&key);
        Warning {
            key,
            line: span.map(|span| span.line),
            column: span.map(|span| span.column),
            message,
        }
    });
    Report {
        site: config.site.clone(),
        routes: config.routes.clone(),
        issuers: issuers.collect(),
        sign_in: SignInReport::of(config),
        api: config.api.as_ref().map(api_report),
        country_database: config.country_database.clone(),
        keys: config.keys.clone(),
        limits: config.limits.clone(),
        warnings: warnings.collect(),
    }
}

fn api_report(api: &Api) -> ApiReport {
    let regions = api.regions.iter().map(|api| {
        let endpoint: Uri = api.endpoint.parse().unwrap_or_default();
        ApiRegionReport {
            name: api.name.clone(),
            title: region(&api.name).map_or("", |region| region.title),
            domain_name: endpoint.authority().map(ToString::to_string).unwrap_or_default(),
            path: endpoint.path().trim_end_matches('/').to_owned(),
            bias_ms: api.bias_ms,
            weight: api.weight,
        }
    });
    ApiReport {
        strip_prefix: api.strip_prefix.clone(),
        origin_secret: api.origin_secret.clone(),
        regions: regions.collect(),
        rules: api.rules.clone(),
        residency: api.residency.clone(),
        sticky: api.sticky.clone(),
        passive_health: api.passive_health,
        second_leg_domain: api.second_leg_domain.clone(),
        control: api.control.clone(),
        pin: api.pin.clone(),
        log_decisions: api.log_decisions,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_resolved_and_defaults_filled_in() {
        let text =
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/config/good/every-key.toml"));
        let report = check(text).unwrap();
        let issuers: Vec<_> = report.issuers.iter().map(|issuer| issuer.issuer.as_str()).collect();
        assert_eq!(
            issuers,
            [
                "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example01",
                "https://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_Example02",
                "https://id.example.com",
            ]
        );
        let url = report.issuers[1].jwks_url.as_deref();
        assert_eq!(url, Some("https://keys.example.com/pool-2.json"));
        assert_eq!(report.issuers[2].jwks_url, None, "its discovery document says so");
        assert_eq!(report.issuers[1].token_use, [TokenUse::Access]);
        let api = report.api.unwrap();
        let [ireland, _] = api.regions.as_slice() else { panic!("{:?}", api.regions) };
        assert_eq!(ireland.title, "Europe (Ireland)");
        assert_eq!(ireland.domain_name, "abc123.execute-api.eu-west-1.amazonaws.com");
        assert_eq!(ireland.path, "/prod");
    }

    #[test]
    fn warnings_have_their_lines() {
        let text = "site.security_headers = \"none\"\n[[routes]]\npattern = \"/a\"\ntarget = \"site\"\naccess = \"public\"\n";
        let report = check(text).unwrap();
        let places: Vec<_> =
            report.warnings.iter().map(|warning| (warning.key.as_str(), warning.line)).collect();
        assert_eq!(places, [("site.headers", Some(1)), ("routes[0]", Some(2))]);
    }
}
