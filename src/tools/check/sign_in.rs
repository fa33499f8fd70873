//! What `[sign_in]` means, and what the app clients have to know of it.

use serde::Serialize;

use crate::bundle::Endpoints;
use crate::config::{Config, Secret, SessionCookies, SignIn};
use crate::sign_in::{CALLBACK, SIGNED_OUT};
use crate::tools::discovery::endpoints_of_domain;
use crate::tools::issuers::{issuer_urls, sign_in_issuer};

/// What stands for the site's origin where none is configured.
const DISTRIBUTION: &str = "https://DISTRIBUTION_DOMAIN_NAME";

/// How visitors are signed in.
#[derive(Debug, Serialize)]
pub struct SignInReport {
    /// The `iss` claim of the issuer they sign in with.
    pub issuer: String,
    /// Its endpoints; `None` where its discovery document names them when the bundle is built.
    pub endpoints: Option<Endpoints>,
    /// The app clients: the common one first, then those of some hosts.
    pub clients: Vec<ClientReport>,
    /// The environment variable that holds the key.
    pub key: Secret,
    /// As configured; empty where the distribution's own domain name is the only one.
    pub origins: Vec<String>,
    /// OAuth scopes asked for, `openid` among them.
    pub scopes: Vec<String>,
    /// Claims that `GET /_nearhop/me` tells.
    pub claims: Vec<String>,
    /// How the browser keeps the session.
    pub cookies: SessionCookies,
    /// For how many seconds.
    pub session_seconds: u32,
    /// A page load refreshes tokens that have fewer seconds left.
    pub refresh_before_seconds: u32,
    /// As configured.
    pub after_sign_out: Option<String>,
    /// Milliseconds one try of a call to the token endpoint may take.
    pub timeout_ms: u32,
}

/// An app client, and what has to be registered with it. In its URLs, `DISTRIBUTION_DOMAIN_NAME`
/// stands for that name where no origins are configured.
#[derive(Debug, Serialize)]
pub struct ClientReport {
    /// Its id.
    pub client: String,
    /// The environment variable that holds its secret.
    pub client_secret: Option<Secret>,
    /// The Cognito identity provider gone to at once.
    pub identity_provider: Option<String>,
    /// Callback URLs it must allow.
    pub callback_urls: Vec<String>,
    /// Sign-out URLs it must allow.
    pub sign_out_urls: Vec<String>,
}

impl SignInReport {
    /// What the configuration means; `None` without sign-in.
    pub(super) fn of(config: &Config) -> Option<Self> {
        let sign_in = config.sign_in.as_ref()?;
        let issuer = sign_in_issuer(config)?;
        let mut scopes = sign_in.scopes.clone();
        if !scopes.iter().any(|scope| scope == "openid") {
            scopes.insert(0, "openid".into());
        }
        let client = sign_in.client.as_ref().or(config.issuers[issuer].clients.first())?;
        Some(Self {
            issuer: issuer_urls(config).swap_remove(issuer),
            endpoints: sign_in.domain.as_deref().map(endpoints_of_domain),
            clients: clients(sign_in, client),
            key: sign_in.key.clone(),
            origins: sign_in.origins.clone(),
            scopes,
            claims: sign_in.claims.clone(),
            cookies: sign_in.cookies,
            session_seconds: sign_in.session_seconds,
            refresh_before_seconds: sign_in.refresh_before_seconds,
            after_sign_out: sign_in.after_sign_out.clone(),
            timeout_ms: sign_in.timeout_ms,
        })
    }
}

fn clients(sign_in: &SignIn, common: &str) -> Vec<ClientReport> {
    let has_its_own = |origin: &String| sign_in.hosts.iter().any(|host| host.origin == *origin);
    let mut origins: Vec<&str> =
        sign_in.origins.iter().filter(|origin| !has_its_own(origin)).map(String::as_str).collect();
    if sign_in.origins.is_empty() {
        origins.push(DISTRIBUTION);
    }
    let signed_out = sign_in.after_sign_out.as_deref().unwrap_or(SIGNED_OUT);
    let below = |origins: &[&str], path: &str| {
        origins.iter().map(|origin| format!("{origin}{path}")).collect()
    };
    let first = ClientReport {
        client: common.to_owned(),
        client_secret: sign_in.client_secret.clone(),
        identity_provider: sign_in.identity_provider.clone(),
        callback_urls: below(&origins, CALLBACK),
        sign_out_urls: below(&origins, signed_out),
    };
    let others = sign_in.hosts.iter().map(|host| ClientReport {
        client: host.client.clone(),
        client_secret: host.client_secret.clone(),
        identity_provider: host.identity_provider.clone().or(sign_in.identity_provider.clone()),
        callback_urls: below(&[&host.origin], CALLBACK),
        sign_out_urls: below(&[&host.origin], signed_out),
    });
    std::iter::once(first).chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::check::check;

    fn report(sign_in: &str) -> SignInReport {
        let issuer = "[[issuers]]\nuser_pool = \"eu-west-1_Example01\"\nclients = [\"a\", \"b\"]\n";
        check(&format!("{issuer}[sign_in]\nkey.env = \"K\"\n{sign_in}")).unwrap().sign_in.unwrap()
    }

    #[test]
    fn little_is_needed() {
        let told = report("");
        let pool = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example01";
        assert_eq!((told.issuer.as_str(), told.endpoints), (pool, None));
        assert_eq!(told.scopes, ["openid"]);
        let [client] = told.clients.as_slice() else { panic!("{:?}", told.clients) };
        assert_eq!(client.client, "a");
        assert_eq!(client.callback_urls, ["https://DISTRIBUTION_DOMAIN_NAME/_nearhop/callback"]);
        assert_eq!(client.sign_out_urls, ["https://DISTRIBUTION_DOMAIN_NAME/_nearhop/signed-out"]);
    }

    #[test]
    fn each_host_s_urls_go_to_its_own_client() {
        let told = report(
            "domain = \"https://id.example.com/\"\nclient = \"b\"\nscopes = [\"email\"]\n\
             origins = [\"https://a.example.com\", \"https://b.example.com\"]\n\
             after_sign_out = \"/bye\"\nidentity_provider = \"Google\"\n\
             hosts = [{ origin = \"https://b.example.com\", client = \"a\" }]\n",
        );
        assert_eq!(
            told.endpoints.unwrap().authorization,
            "https://id.example.com/oauth2/authorize"
        );
        assert_eq!(told.scopes, ["openid", "email"]);
        let urls: Vec<_> = told
            .clients
            .iter()
            .map(|client| {
                (client.client.as_str(), &client.callback_urls[..], &client.sign_out_urls[..])
            })
            .collect();
        let b = ["https://a.example.com/_nearhop/callback".to_owned()];
        let a = ["https://b.example.com/_nearhop/callback".to_owned()];
        let (out_b, out_a) =
            (["https://a.example.com/bye".to_owned()], ["https://b.example.com/bye".to_owned()]);
        assert_eq!(urls, [("b", &b[..], &out_b[..]), ("a", &a[..], &out_a[..])]);
        assert_eq!(told.clients[1].identity_provider.as_deref(), Some("Google"));
    }
}
