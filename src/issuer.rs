//! Who may issue tokens.

use crate::config::{self, Config, TokenUse};
use crate::policy::{Problem, Problems};

/// A user pool whose tokens are accepted, with its settings checked.
#[derive(Clone, Debug)]
pub(crate) struct Issuer {
    /// The `iss` claim, to the letter (rule C3).
    pub url: String,
    /// Where its key set is (rule C4).
    pub jwks_url: String,
    pub clients: Vec<String>,
    pub token_use: Vec<TokenUse>,
    pub cookies: Vec<String>,
    pub leeway_seconds: u64,
}

impl Issuer {
    pub fn all(config: &Config, problems: &mut Problems) -> Vec<Self> {
        let issuers: Vec<Self> = config
            .issuers
            .iter()
            .enumerate()
            .map(|(index, issuer)| Self::new(index, issuer, problems))
            .collect();
        for (index, issuer) in issuers.iter().enumerate() {
            let again = issuers[..index].iter().any(|other| other.url == issuer.url);
            if again && !issuer.url.is_empty() {
                problems.push(Problem::new(
                    format!("issuers[{index}]"),
                    &issuer.url,
                    "each issuer once: put all its clients into one section",
                ));
            }
        }
        issuers
    }

    fn new(index: usize, issuer: &config::Issuer, problems: &mut Problems) -> Self {
        let at = |key: &str| format!("issuers[{index}].{key}");
        let url = issuer_url(&at, issuer, problems);
        if issuer.clients.is_empty() {
            problems.push(Problem::new(at("clients"), "nothing", "at least one client id"));
        }
        for (i, client) in issuer.clients.iter().enumerate() {
            if client.is_empty() || !client.bytes().all(|b| b.is_ascii_graphic()) {
                problems.push(Problem::new(at(&format!("clients[{i}]")), client, "a client id"));
            }
        }
        if issuer.token_use.is_empty() {
            let allowed = "\"access\", \"id\", or both";
            problems.push(Problem::new(at("token_use"), "nothing", allowed));
        }
        for (i, name) in issuer.cookies.iter().enumerate() {
            if !is_cookie_name(name) {
                problems.push(Problem::new(
                    at(&format!("cookies[{i}]")),
                    name,
                    "a cookie's name: a token as in RFC 6265, section 4.1.1",
                ));
            }
        }
        if issuer.leeway_seconds > 300 {
            problems.push(Problem::new(
                at("leeway_seconds"),
                issuer.leeway_seconds.to_string(),
                "at most 300: clocks of AWS are not minutes apart",
            ));
        }
        let jwks_url = match &issuer.jwks_url {
            None => format!("{url}/.well-known/jwks.json"),
            Some(url) => {
                if !is_https(url) && !is_http_on_loopback(url) {
                    problems.push(Problem::new(
                        at("jwks_url"),
                        url,
                        "an https URL (http only to 127.0.0.1, for trying things out)",
                    ));
                }
                url.clone()
            }
        };
        Self {
            url,
            jwks_url,
            clients: issuer.clients.clone(),
            token_use: issuer.token_use.clone(),
            cookies: issuer.cookies.clone(),
            leeway_seconds: issuer.leeway_seconds.into(),
        }
    }
}

/// The issuer's URL, from whichever of the ways to say it was used.
fn issuer_url(
    at: &dyn Fn(&str) -> String,
    issuer: &config::Issuer,
    problems: &mut Problems,
) -> String {
    match (&issuer.issuer, &issuer.user_pool) {
        (Some(url), None) => {
            if issuer.region.is_some() {
                let found = issuer.region.as_deref().unwrap_or_default();
                let allowed = "no region beside issuer: the URL holds it";
                problems.push(Problem::new(at("region"), found, allowed));
            }
            if !is_https(url) || url.ends_with('/') || url.contains(['?', '#']) {
                problems.push(Problem::new(
                    at("issuer"),
                    url,
                    "the iss claim to the letter: an https URL without / at its end, such as \
                     \"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example01\"",
                ));
            }
            url.clone()
        }
        (None, Some(pool)) => {
            let region = pool.split_once('_').map_or("", |(region, _)| region);
            let has_id = pool.split_once('_').is_some_and(|(_, id)| {
                !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric())
            });
            if !is_region_name(region) || !has_id {
                problems.push(Problem::new(
                    at("user_pool"),
                    pool,
                    "a pool id: its Region, _ and letters and digits, such as \"eu-west-1_Example01\"",
                ));
            } else if issuer.region.as_deref().is_some_and(|named| named != region) {
                let found = issuer.region.as_deref().unwrap_or_default();
                problems.push(Problem::new(
                    at("region"),
                    found,
                    format!("the pool's own, {region}"),
                ));
            }
            format!("https://cognito-idp.{region}.amazonaws.com/{pool}")
        }
        (Some(_), Some(_)) => {
            let allowed = "either user_pool or issuer, not both";
            problems.push(Problem::new(at("issuer"), "both", allowed));
            String::new()
        }
        (None, None) => {
            let allowed = "user_pool = \"<pool id>\", or issuer = \"<URL>\"";
            let section = at("");
            problems.push(Problem::new(section.trim_end_matches('.'), "neither", allowed));
            String::new()
        }
    }
}

pub(crate) fn is_region_name(name: &str) -> bool {
    name.split('-').count() >= 3
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && name.ends_with(|c: char| c.is_ascii_digit())
}

pub(crate) fn is_https(url: &str) -> bool {
    url.strip_prefix("https://").is_some_and(has_host)
}

pub(crate) fn is_http_on_loopback(url: &str) -> bool {
    url.strip_prefix("http://").is_some_and(|rest| {
        let authority = rest.split('/').next().unwrap_or_default();
        let host = authority.split(':').next().unwrap_or_default();
        has_host(rest) && matches!(host, "127.0.0.1" | "localhost")
    })
}

fn has_host(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    !authority.is_empty()
        && authority.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':'))
        && rest.bytes().all(|b| b.is_ascii_graphic())
}

/// RFC 6265, section 4.1.1: `token`.
fn is_cookie_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&b))
}
