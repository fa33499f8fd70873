//! The section `[sign_in]`, with its values checked.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{PREFIX, SIGNED_OUT};
use crate::bundle::{Bundle, EndSession, Endpoints};
use crate::config::{self, SessionCookies, TokenUse};
use crate::cors::is_origin;
use crate::issuer::{Issuer, is_http_on_loopback, is_https};
use crate::origins::OwnOrigin;
use crate::path::CanonicalPath;
use crate::policy::{Problem, Problems, within};
use crate::seal::SealKey;

/// How visitors are signed in.
#[derive(Clone, Debug)]
pub(crate) struct SignIn {
    /// The issuer's place among the policy's.
    pub(super) issuer: usize,
    /// Which of its tokens routes are entered with.
    pub(super) credential: TokenUse,
    pub(super) key: SealKey,
    pub(super) endpoints: Endpoints,
    /// Separated by spaces.
    pub(super) scopes: String,
    pub(super) claims: Vec<String>,
    pub(super) cookies: SessionCookies,
    pub(super) session_seconds: u32,
    pub(super) refresh_before_seconds: u64,
    /// A path of the site.
    pub(super) after_sign_out: String,
    pub(super) timeout: Duration,
    common: Client,
    hosts: Vec<(String, Client)>,
}

/// An app client.
#[derive(Clone)]
pub(super) struct Client {
    pub id: String,
    /// Its secret as the `Authorization` of its requests (RFC 6749, section 2.3.1).
    pub authorization: Option<String>,
    pub identity_provider: Option<String>,
}

impl SignIn {
    pub fn new(bundle: &Bundle, issuers: &[Issuer], problems: &mut Problems) -> Option<Self> {
        let sign_in = bundle.config.sign_in.as_ref()?;
        let parts = bundle.sign_in.as_ref();
        check_numbers(sign_in, problems);
        check_origins(sign_in, problems);
        let issuer = issuer_of(sign_in, bundle, issuers, problems)?;
        let Issuer { clients, token_use, .. } = &issuers[issuer];
        let secrets = parts.map_or(&[][..], |parts| &parts.client_secrets);
        let secret = |at: usize| secrets.get(at).and_then(Option::as_deref);
        let common =
            sign_in.client.clone().or_else(|| clients.first().cloned()).unwrap_or_default();
        let known = |key: String, client: &str, problems: &mut Problems| {
            if !clients.iter().any(|id| id == client) {
                let allowed = ["one of the issuer's clients: ", &clients.join(", ")].concat();
                problems.push(Problem::new(key, client, allowed));
            }
        };
        known("sign_in.client".into(), &common, problems);
        let provider = &sign_in.identity_provider;
        let hosts = sign_in.hosts.iter().enumerate().map(|(at, host)| {
            known(format!("sign_in.hosts[{at}].client"), &host.client, problems);
            let provider = host.identity_provider.as_ref().or(provider.as_ref());
            // The common client has one secret, wherever it is used.
            let own = secret(at + 1).or_else(|| secret(0).filter(|_| host.client == common));
            (host.origin.clone(), Client::new(&host.client, own, provider))
        });
        let hosts: Vec<_> = hosts.collect();
        let key = parts.and_then(|parts| parts.key.as_deref()).unwrap_or_default();
        if key.len() < 32 {
            let found = match key.len() {
                0 => "nothing".to_owned(),
                length => format!("{length} characters"),
            };
            let allowed = "at least 32 characters that nobody can guess, in that variable";
            problems.push(Problem::new("sign_in.key.env", found, allowed));
        }
        Some(Self {
            issuer,
            credential: match token_use.contains(&TokenUse::Access) {
                true => TokenUse::Access,
                false => TokenUse::Id,
            },
            key: SealKey::of(key),
            endpoints: checked(parts.and_then(|parts| parts.endpoints.as_ref()), problems),
            scopes: scopes(&sign_in.scopes, problems),
            claims: sign_in.claims.clone(),
            cookies: sign_in.cookies,
            session_seconds: sign_in.session_seconds,
            refresh_before_seconds: sign_in.refresh_before_seconds.into(),
            after_sign_out: after_sign_out(sign_in, problems),
            timeout: Duration::from_millis(sign_in.timeout_ms.into()),
            common: Client::new(&common, secret(0), provider.as_ref()),
            hosts,
        })
    }

    /// The app client of visitors to this origin.
    pub(super) fn client_of(&self, origin: &OwnOrigin<'_>) -> &Client {
        let own = self.hosts.iter().find(|(host, _)| host == origin.as_str());
        own.map_or(&self.common, |(_, client)| client)
    }
}

impl Client {
    fn new(id: &str, secret: Option<&str>, identity_provider: Option<&String>) -> Self {
        let basic = |secret: &str| {
            let encode = |text: &str| -> String {
                form_urlencoded::byte_serialize(text.as_bytes()).collect()
            };
            let pair = [&encode(id), ":", &encode(secret)].concat();
            ["Basic ", &STANDARD.encode(pair)].concat()
        };
        Self {
            id: id.to_owned(),
            authorization: secret.map(basic),
            identity_provider: identity_provider.cloned(),
        }
    }
}

/// Without its secret.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A URL with a query, or with more of one.
pub(super) fn with_query(url: &str, query: &str) -> String {
    let joint = if url.contains('?') { "&" } else { "?" };
    [url, joint, query].concat()
}

fn check_numbers(sign_in: &config::SignIn, problems: &mut Problems) {
    let config::SignIn { session_seconds, refresh_before_seconds, timeout_ms, .. } = *sign_in;
    within(problems, "sign_in.session_seconds", session_seconds, 300, 31_536_000);
    within(problems, "sign_in.refresh_before_seconds", refresh_before_seconds, 0, 3_600);
    within(problems, "sign_in.timeout_ms", timeout_ms, 100, 10_000);
}

fn check_origins(sign_in: &config::SignIn, problems: &mut Problems) {
    let named = sign_in.origins.iter().enumerate();
    let named = named.map(|(at, origin)| (format!("sign_in.origins[{at}]"), origin));
    let hosts = sign_in.hosts.iter().enumerate();
    let hosts = hosts.map(|(at, host)| (format!("sign_in.hosts[{at}].origin"), &host.origin));
    for (key, origin) in named.chain(hosts) {
        // Cookies of a session are never sent over http but to the machine itself.
        if !is_origin(origin) || !(is_https(origin) || is_http_on_loopback(origin)) {
            let allowed = "https:// and a host, without a path, such as \"https://app.example.com\" \
                           (http only for localhost, for trying things out)";
            problems.push(Problem::new(key, origin, allowed));
        }
    }
}

/// The issuer's place; the only one there is, unless one is named.
fn issuer_of(
    sign_in: &config::SignIn,
    bundle: &Bundle,
    issuers: &[Issuer],
    problems: &mut Problems,
) -> Option<usize> {
    let found = match &sign_in.issuer {
        None if issuers.len() == 1 => return Some(0),
        None => format!("nothing, with {} issuers", issuers.len()),
        Some(name) => {
            let is_named = |(issuer, config): (&Issuer, &config::Issuer)| {
                issuer.url == *name || config.user_pool.as_ref() == Some(name)
            };
            let at = issuers.iter().zip(&bundle.config.issuers).position(is_named);
            if at.is_some() {
                return at;
            }
            name.clone()
        }
    };
    let urls: Vec<&str> = issuers.iter().map(|issuer| issuer.url.as_str()).collect();
    let allowed = ["the URL or the pool id of one of [[issuers]]: ", &urls.join(", ")].concat();
    problems.push(Problem::new("sign_in.issuer", found, allowed));
    None
}

/// With `openid`, without which there is no ID token (OpenID Connect Core 1.0, section 3.1.2.1).
fn scopes(scopes: &[String], problems: &mut Problems) -> String {
    // RFC 6749, section 3.3.
    let is_scope = |scope: &str| {
        !scope.is_empty() && scope.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
    };
    for (at, scope) in scopes.iter().enumerate().filter(|(_, scope)| !is_scope(scope)) {
        let allowed = "an OAuth scope: printable ASCII without spaces, \" and \\";
        problems.push(Problem::new(format!("sign_in.scopes[{at}]"), scope, allowed));
    }
    let mut all = scopes.join(" ");
    if !scopes.iter().any(|scope| scope == "openid") {
        all = ["openid ", &all].concat();
    }
    all.trim_end().to_owned()
}

fn after_sign_out(sign_in: &config::SignIn, problems: &mut Problems) -> String {
    let Some(path) = &sign_in.after_sign_out else { return SIGNED_OUT.into() };
    let is_path = CanonicalPath::parse(path)
        .is_ok_and(|parsed| parsed.encoded() == path && !path.starts_with(PREFIX));
    if !is_path {
        let allowed = "a path of the site, such as \"/goodbye\"";
        problems.push(Problem::new("sign_in.after_sign_out", path, allowed));
    }
    path.clone()
}

fn checked(endpoints: Option<&Endpoints>, problems: &mut Problems) -> Endpoints {
    let Some(endpoints) = endpoints else {
        let allowed =
            "domain = \"https://…\", or an issuer whose discovery document can be fetched";
        problems.push(Problem::new("sign_in", "no endpoints", allowed));
        return Endpoints {
            authorization: String::new(),
            token: String::new(),
            revocation: None,
            end_session: None,
        };
    };
    let Endpoints { authorization, token, revocation, end_session } = endpoints;
    let end_session = end_session.as_ref().map(|end| match end {
        EndSession::Cognito(url) | EndSession::Oidc(url) => url,
    });
    let optional = [revocation.as_ref(), end_session].into_iter().flatten();
    for url in [authorization, token].into_iter().chain(optional) {
        if !is_https(url) && !is_http_on_loopback(url) {
            let allowed =
                "https URLs of the issuer's endpoints (http only to 127.0.0.1 or localhost)";
            problems.push(Problem::new("sign_in.domain", url, allowed));
        }
    }
    endpoints.clone()
}
