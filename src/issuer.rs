//! Who may issue tokens.

use crate::config::{self, Config, IssuerKind, SignIn, TokenUse};
use crate::credentials::names::{CookieName, is_reserved};
use crate::policy::{Problem, Problems};

/// Somebody whose tokens are accepted, with its settings checked.
#[derive(Clone, Debug)]
pub(crate) struct Issuer {
    /// The `iss` claim, to the letter (rule C3).
    pub url: String,
    pub kind: IssuerKind,
    /// Where its key set is (rule C4).
    pub jwks_url: String,
    pub clients: Vec<String>,
    /// What access tokens must be meant for; empty for anything.
    pub audiences: Vec<String>,
    pub token_use: Vec<TokenUse>,
    /// The cookies its tokens may come by, in order of preference.
    pub cookies: Vec<CookieName>,
    pub leeway_seconds: u64,
}

impl Issuer {
    pub fn all(config: &Config, problems: &mut Problems) -> Vec<Self> {
        let mut issuers: Vec<Self> = config
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
        if let Some(sign_in) = &config.sign_in
            && let Some(at) = Self::of_sign_in(sign_in, config, &issuers)
        {
            let issuer = &mut issuers[at];
            let session = CookieName::of_session(sign_in, &issuer.clients, &issuer.token_use);
            // First: nobody but the edge can set them, where a neighbour could set others.
            issuer.cookies.splice(0..0, session);
        }
        issuers
    }

    /// Which of the issuers visitors sign in with; `None` where `sign_in.issuer` names none of them,
    /// or is left out and there is not exactly one.
    pub fn of_sign_in(sign_in: &SignIn, config: &Config, issuers: &[Self]) -> Option<usize> {
        let Some(name) = &sign_in.issuer else { return (issuers.len() == 1).then_some(0) };
        let is_named = |(written, issuer): (&config::Issuer, &Self)| {
            issuer.url == *name || written.user_pool.as_ref() == Some(name)
        };
        config.issuers.iter().zip(issuers).position(is_named)
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
        let is_for_any = issuer.audiences.is_empty();
        if issuer.kind == IssuerKind::Oidc
            && is_for_any
            && issuer.token_use.contains(&TokenUse::Access)
        {
            let allowed = "what the API is called in the aud of its access tokens (RFC 9068), or \
                           token_use = [\"id\"]";
            problems.push(Problem::new(at("audiences"), "nothing", allowed));
        }
        if let Some(i) = issuer.audiences.iter().position(String::is_empty) {
            problems.push(Problem::new(at(&format!("audiences[{i}]")), "nothing", "an aud claim"));
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
            if is_reserved(name) {
                problems.push(Problem::new(
                    at(&format!("cookies[{i}]")),
                    name,
                    "another name: cookies of sign-in and of Amplify begin so",
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
            None => format!("{}/.well-known/jwks.json", url.trim_end_matches('/')),
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
            kind: issuer.kind,
            jwks_url,
            clients: issuer.clients.clone(),
            audiences: issuer.audiences.clone(),
            token_use: issuer.token_use.clone(),
            cookies: issuer.cookies.iter().cloned().map(CookieName::Own).collect(),
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
            let (sound, allowed) = match issuer.kind {
                IssuerKind::Cognito => (
                    is_https(url) && !url.ends_with('/'),
                    "the iss claim to the letter: an https URL without / at its end, such as \
                     \"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example01\"",
                ),
                IssuerKind::Oidc => (
                    is_https(url) || is_http_on_loopback(url),
                    "the iss claim to the letter, with its / at the end if it has one: an https URL \
                     (http only to 127.0.0.1, for trying things out)",
                ),
            };
            if !sound || url.contains(['?', '#']) {
                problems.push(Problem::new(at("issuer"), url, allowed));
            }
            url.clone()
        }
        (None, Some(pool)) if issuer.kind == IssuerKind::Oidc => {
            let allowed = "issuer = \"<URL>\" with kind = \"oidc\": user pools are Cognito's";
            problems.push(Problem::new(at("user_pool"), pool, allowed));
            String::new()
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
            let allowed = match issuer.kind {
                IssuerKind::Cognito => "user_pool = \"<pool id>\", or issuer = \"<URL>\"",
                IssuerKind::Oidc => "issuer = \"<URL>\"",
            };
            let section = at("");
            problems.push(Problem::new(section.trim_end_matches('.'), "neither", allowed));
            String::new()
        }
    }
}

pub(crate) fn is_region_name(name: &str) -> bool {
    name.split('-').count() >= 3
        && name.split('-').all(|part| !part.is_empty())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn issuers(json: serde_json::Value) -> (Vec<Issuer>, Problems) {
        let config = serde_json::from_value(serde_json::json!({ "issuers": json })).unwrap();
        let mut problems = Problems::new();
        (Issuer::all(&config, &mut problems), problems)
    }

    #[test]
    fn both_forms_of_an_issuer_are_taken_to_the_letter() {
        let (issuers, problems) = issuers(serde_json::json!([
            { "user_pool": "eu-west-1_Example01", "clients": ["a"] },
            { "user_pool": "eu-west-1_Example02", "region": "eu-west-1", "clients": ["a"] },
            {
                "issuer": "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example01",
                "clients": ["a"],
                "jwks_url": "https://keys.example.com/pool.json",
            },
        ]));
        assert_eq!(problems, []);
        let urls: Vec<_> = issuers.iter().map(|i| (i.url.as_str(), i.jwks_url.as_str())).collect();
        assert_eq!(
            urls,
            [
                (
                    "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example01",
                    "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example01/.well-known/jwks.json"
                ),
                (
                    "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example02",
                    "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example02/.well-known/jwks.json"
                ),
                (
                    "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example01",
                    "https://keys.example.com/pool.json"
                ),
            ]
        );
        // The kind of token meant for APIs, and no leeway, unless somebody asks for more.
        assert_eq!(issuers[0].token_use, [TokenUse::Access]);
        assert_eq!((issuers[0].leeway_seconds, issuers[0].cookies.len()), (0, 0));
    }

    #[test]
    fn an_openid_provider_is_named_by_its_url() {
        let oidc = |more: serde_json::Value| {
            let mut issuer =
                serde_json::json!({ "kind": "oidc", "clients": ["a"], "audiences": ["b"] });
            issuer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            issuers(serde_json::json!([issuer]))
        };
        for (url, jwks_url) in [
            ("https://id.example.com", "https://id.example.com/.well-known/jwks.json"),
            ("https://id.example.com/", "https://id.example.com/.well-known/jwks.json"),
            ("https://id.example.com/a/", "https://id.example.com/a/.well-known/jwks.json"),
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000/.well-known/jwks.json"),
        ] {
            let (issuers, problems) = oidc(serde_json::json!({ "issuer": url }));
            assert_eq!(problems, [], "{url}");
            assert_eq!((issuers[0].url.as_str(), issuers[0].jwks_url.as_str()), (url, jwks_url));
        }
        for (more, key) in [
            (serde_json::json!({ "issuer": "http://id.example.com" }), "issuers[0].issuer"),
            (serde_json::json!({ "issuer": "https://id.example.com/?a" }), "issuers[0].issuer"),
            (serde_json::json!({ "issuer": "https://id.example.com/#" }), "issuers[0].issuer"),
            (serde_json::json!({ "user_pool": "eu-west-1_Example01" }), "issuers[0].user_pool"),
            (serde_json::json!({}), "issuers[0]"),
            (
                serde_json::json!({ "issuer": "https://id.example.com", "audiences": [] }),
                "issuers[0].audiences",
            ),
            (
                serde_json::json!({ "issuer": "https://id.example.com", "audiences": ["a", ""] }),
                "issuers[0].audiences[1]",
            ),
        ] {
            let (_, problems) = oidc(more);
            let keys: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
            assert_eq!(keys, [key]);
        }
    }

    #[test]
    fn an_issuer_that_is_not_named_is_no_repetition_of_another() {
        let (_, problems) =
            issuers(serde_json::json!([{ "clients": ["a"] }, { "clients": ["a"] }]));
        let found: Vec<_> = problems.iter().map(|p| (p.key.as_str(), p.found.as_str())).collect();
        assert_eq!(found, [("issuers[0]", "neither"), ("issuers[1]", "neither")]);
    }

    #[test]
    fn names_of_regions() {
        for name in ["us-east-1", "ap-southeast-12", "us-gov-west-1", "cn-north-1"] {
            assert!(is_region_name(name), "{name}");
        }
        for name in
            ["", "us-east", "us-east-", "--1", "us--1", "US-EAST-1", "us_east_1", "us-east-1a"]
        {
            assert!(!is_region_name(name), "{name}");
        }
    }

    #[test]
    fn urls_that_can_be_trusted() {
        for url in ["https://a.example", "https://a.example:8443/x?y=z", "https://127.0.0.1/"] {
            assert!(is_https(url), "{url}");
        }
        for url in [
            "",
            "https://",
            "https:///x",
            "http://a.example",
            "HTTPS://a.example",
            "//a.example",
            "https://user@a.example/",
            "https://a.example/ x",
            "https://a.example/\n",
            "https://ä.example",
            "https://?x",
            "https://#x",
            "https://[::1]/",
        ] {
            assert!(!is_https(url), "{url}");
        }
        for url in ["http://127.0.0.1", "http://127.0.0.1:9/keys", "http://localhost:9/keys"] {
            assert!(is_http_on_loopback(url), "{url}");
        }
        for url in [
            "https://127.0.0.1/",
            "http://127.0.0.1.example.com/",
            "http://localhost.example.com/",
            "http://a.example/127.0.0.1",
            "http://127.0.0.1@a.example/",
            "http://127.0.0.2/",
            "http://",
        ] {
            assert!(!is_http_on_loopback(url), "{url}");
        }
    }

    #[test]
    fn names_of_cookies() {
        for name in ["nearhop_access", "__Host-token", "a.b", "!#$%&'*+-.^_`|~"] {
            assert!(is_cookie_name(name), "{name}");
        }
        for name in ["", "a b", "a=b", "a;b", "a,b", "a\"", "a\t", "ä", "a/b", "a\u{a0}"] {
            assert!(!is_cookie_name(name), "{name}");
        }
    }
}
