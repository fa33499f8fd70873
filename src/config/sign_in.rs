//! The section `[sign_in]`: how visitors of the site are signed in at the edge.

use serde::{Deserialize, Serialize};

#[cfg(feature = "tools")]
use schemars::JsonSchema;

/// Sign-in with an issuer's own pages, by the authorization code flow with PKCE (RFC 7636). With it,
/// a page load of an `authenticated` route that brings no valid token is sent to sign in, and comes
/// back to the URL it asked for; `/_nearhop/*` belongs to it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The issuer visitors sign in with: the URL or the pool id of one of `[[issuers]]`. May be left
    /// out where there is only one.
    #[serde(default)]
    pub issuer: Option<String>,
    /// The user pool's domain, Cognito's own or a custom one, such as
    /// `https://example.auth.eu-west-1.amazoncognito.com` (rule C6). Left out, the endpoints are those
    /// the issuer's discovery document names when the bundle is built.
    #[serde(default)]
    pub domain: Option<String>,
    /// The app client; the issuer's first one if left out.
    #[serde(default)]
    pub client: Option<String>,
    /// The app client's secret, if it has one. It is sent to the token endpoint only (Basic).
    #[serde(default)]
    pub client_secret: Option<Secret>,
    /// Seals what a browser keeps while somebody signs in, so that nobody else can make or read it.
    /// At least 32 characters.
    pub key: Secret,
    /// Where the site is, as the browser shows it: scheme and host, such as
    /// `https://app.example.com`. Visitors come back to the one they left from, and to no other. Left
    /// out, it is the distribution's own domain name.
    #[serde(default)]
    pub origins: Vec<String>,
    /// OAuth scopes asked for; `openid` is always among them.
    #[serde(default = "SignIn::default_scopes")]
    pub scopes: Vec<String>,
    /// A Cognito identity provider that is gone to at once, without the page that lets one choose.
    #[serde(default)]
    pub identity_provider: Option<String>,
    /// Claims of the ID token that `GET /_nearhop/me` tells the frontend.
    #[serde(default = "SignIn::default_claims")]
    pub claims: Vec<String>,
    /// How the browser keeps the session.
    #[serde(default)]
    pub cookies: SessionCookies,
    /// Seconds a browser keeps the session's cookies: no longer than the app client's refresh tokens
    /// are valid. 300 to 31,536,000.
    #[serde(default = "SignIn::default_session_seconds")]
    pub session_seconds: u32,
    /// A page load refreshes the tokens when the one the API is called with has fewer seconds left.
    /// 0 to 3,600.
    #[serde(default = "SignIn::default_refresh_before_seconds")]
    pub refresh_before_seconds: u32,
    /// A path of the site visitors see once they have signed out; a page of Nearhop's own if left
    /// out. The app client must allow it as a sign-out URL.
    #[serde(default)]
    pub after_sign_out: Option<String>,
    /// Milliseconds one try of a call to the token endpoint may take: 100 to 10,000.
    #[serde(default = "SignIn::default_timeout_ms")]
    pub timeout_ms: u32,
    /// App clients of their own for some of the site's hosts.
    #[serde(default)]
    pub hosts: Vec<SignInHost>,
}

impl SignIn {
    fn default_scopes() -> Vec<String> {
        vec!["openid".into()]
    }

    fn default_claims() -> Vec<String> {
        ["sub", "email", "name"].map(String::from).into()
    }

    fn default_session_seconds() -> u32 {
        30 * 24 * 3_600
    }

    fn default_refresh_before_seconds() -> u32 {
        60
    }

    fn default_timeout_ms() -> u32 {
        5_000
    }
}

/// A host of the site with an app client of its own.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SignInHost {
    /// The host with its scheme, such as `https://admin.example.com`.
    pub origin: String,
    /// The app client of visitors to this host: one of the issuer's.
    pub client: String,
    /// The app client's secret, if it has one.
    #[serde(default)]
    pub client_secret: Option<Secret>,
    /// As `sign_in.identity_provider`, for this host; the common one if left out.
    #[serde(default)]
    pub identity_provider: Option<String>,
}

/// A secret's place. Its value is read when the bundle is built, and stands in the bundle only.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// The environment variable that holds it.
    pub env: String,
}

/// How the browser keeps the session.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SessionCookies {
    /// In `__Host-` cookies that no script can read.
    #[default]
    HostOnly,
    /// In the cookies AWS Amplify reads, for frontends that have it. Weaker: a script that somebody
    /// smuggles into a page can take the tokens away.
    Amplify,
}
