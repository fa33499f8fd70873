//! What `nearhop.toml` says, as plain data.
//!
//! These types are the *shape* of the file: the TOML parser, the JSON Schema for editors and the
//! JSON inside a bundle are all derived from them. Whether the values make sense together is
//! decided once, by [`Policy::new`](crate::policy::Policy::new), both when a bundle is built and
//! when it starts.

use serde::{Deserialize, Serialize};

#[cfg(feature = "tools")]
use schemars::JsonSchema;

mod api;
mod sign_in;

pub use api::{
    Api, ApiRegion, Control, OriginSecret, Otherwise, Pin, PlaceRule, Residency, ResidencySet,
    Sticky, StickyBy,
};
pub use sign_in::{Secret, SessionCookies, SignIn, SignInHost};

/// The whole of `nearhop.toml`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The static frontend: how its paths become keys in the S3 bucket.
    #[serde(default)]
    pub site: Site,
    /// Path patterns with a target and an access demand. A path that no route matches belongs to
    /// the site, and is public.
    #[serde(default)]
    pub routes: Vec<Route>,
    /// Who may issue tokens. Needed as soon as one route is `authenticated`.
    #[serde(default)]
    pub issuers: Vec<Issuer>,
    /// Sign-in at the edge, so that the frontend needs no code for it.
    #[serde(default)]
    pub sign_in: Option<SignIn>,
    /// The Regional API Gateways. Needed as soon as one route's target is `api`.
    #[serde(default)]
    pub api: Option<Api>,
    /// A MaxMind database that tells a viewer's country from the address, relative to this file,
    /// for where CloudFront's own header is not to be had (rule W8). The bundle carries what the
    /// rules ask of it.
    #[serde(default)]
    pub country_database: Option<String>,
    /// How the issuers' key sets are fetched again.
    #[serde(default)]
    pub keys: KeyRefresh,
    /// Upper bounds on what one request may make the edge do.
    #[serde(default)]
    pub limits: Limits,
}

/// The static frontend in S3.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Site {
    /// How a path that names no file becomes one.
    pub mode: SiteMode,
    /// The document served for `/`, and in `clean-urls` and `plain` mode for every path that ends
    /// in `/`. A file name without `/`.
    pub index: String,
    /// What becomes of S3's answer for a missing key. Behind origin access control without
    /// `s3:ListBucket` that answer is 403, not 404 (rule S2).
    pub not_found: NotFound,
    /// An HTML file, relative to `nearhop.toml`, that becomes the body of the 404. It is copied
    /// into the bundle: at most 32 KiB.
    pub not_found_page: Option<String>,
    /// True when viewer-request is attached to the site's behaviors, so that origin-request need
    /// not rewrite its paths or verify its tokens once more.
    pub viewer_request_attached: bool,
    /// Security headers on everything the site serves, set at origin-response and at viewer-response
    /// where an answer has none of its own. A header of the same name in `headers` takes its place.
    pub security_headers: SecurityHeaders,
    /// Response headers set at origin-response on everything the site serves; the security headers
    /// among them at viewer-response too. Names and values as HTTP writes them; an empty value takes
    /// the header off.
    pub headers: Vec<ResponseHeader>,
}

/// How the site's paths become file names.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SiteMode {
    /// A single-page application: a page load of a path without a file extension gets the index
    /// document; a missing asset stays missing.
    #[default]
    Spa,
    /// `/about` is the file `/about.html`, `/docs/` is `/docs/index.html`.
    CleanUrls,
    /// Paths are keys, except that a path ending in `/` gets the index document.
    Plain,
}

/// Which security headers the site's answers carry.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SecurityHeaders {
    /// `strict-transport-security`, `x-content-type-options`, `x-frame-options`, `referrer-policy`,
    /// `permissions-policy` and a `content-security-policy` that leaves scripts and styles alone.
    #[default]
    Standard,
    /// Only what `headers` says.
    None,
}

/// What becomes of S3's answer for a missing key.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum NotFound {
    /// Both 403 and 404 become 404, with `not_found_page` as the body if there is one.
    #[default]
    Status,
    /// The viewer sees what S3 said.
    Pass,
}

/// One response header.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ResponseHeader {
    /// The header's name, such as `strict-transport-security`.
    pub name: String,
    /// The header's value.
    pub value: String,
}

/// A path pattern with a target and an access demand.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// `/health` is that path alone; `/users/{id}` has one segment of any text; `/api/*` is
    /// `/api`, `/api/` and everything below. The most specific pattern wins, not the first.
    pub pattern: String,
    /// Where the request goes.
    pub target: Target,
    /// Who may make it.
    pub access: Access,
    /// Client ids that may call this route; empty means every client its issuer names.
    #[serde(default)]
    pub clients: Vec<String>,
    /// Groups of which the caller must be in at least one; empty means no demand.
    #[serde(default)]
    pub groups: Vec<String>,
    /// OAuth scopes, all of which the access token must carry; empty means no demand.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Methods the route answers; empty means all. Others get 405.
    #[serde(default)]
    pub methods: Vec<String>,
    /// What the API sees of the viewer's cookies. Token cookies never reach it.
    #[serde(default)]
    pub cookies: Cookies,
    /// For callers on other origins.
    #[serde(default)]
    pub cors: Option<Cors>,
    /// API Regions this route may be served by; empty means all.
    #[serde(default)]
    pub regions: Vec<String>,
}

/// Where a route's requests go.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// The static frontend in S3.
    Site,
    /// The nearest Regional API.
    Api,
}

/// Who may make a route's requests.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Anyone.
    Public,
    /// The bearer of a token that verifies and meets the route's demands.
    Authenticated,
}

/// What the API sees of the viewer's cookies.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Cookies {
    /// Nothing: API Gateway refuses more than 10,240 bytes of headers (rule A2).
    #[default]
    Strip,
    /// All but those that carry tokens.
    Forward,
}

/// Cross-origin callers of a route (the Fetch standard's CORS protocol).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// What happens to a preflight, which never carries a token.
    pub preflight: Preflight,
    /// Origins that may call, such as `https://app.example.com`, or the single entry `*`.
    #[serde(default)]
    pub origins: Vec<String>,
    /// Request headers a caller may send, beside the safelisted ones.
    #[serde(default)]
    pub headers: Vec<String>,
    /// Whether callers may send cookies. Not together with the origin `*`.
    #[serde(default)]
    pub credentials: bool,
    /// Seconds a browser may remember the preflight's answer.
    #[serde(default = "Cors::default_max_age")]
    pub max_age_seconds: u32,
}

impl Cors {
    fn default_max_age() -> u32 {
        600
    }
}

/// What happens to a CORS preflight.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Preflight {
    /// The edge answers it from `origins`, `headers` and the route's `methods`.
    Answer,
    /// It goes to the API without a token.
    Forward,
}

/// Someone whose tokens count: a Cognito user pool, or another OpenID provider.
///
/// Of a pool, either `user_pool` with `region`, or the full `issuer` URL in one of the two forms of
/// rule C3; of another provider, the `issuer` URL.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// The pool's id, such as `eu-west-1_Example01`.
    #[serde(default)]
    pub user_pool: Option<String>,
    /// The pool's Region. May be left out: a pool id begins with it.
    #[serde(default)]
    pub region: Option<String>,
    /// The `iss` claim to the letter, such as
    /// `https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example01`.
    #[serde(default)]
    pub issuer: Option<String>,
    /// What the issuer's tokens look like.
    #[serde(default)]
    pub kind: IssuerKind,
    /// Client ids whose tokens are accepted; at least one.
    pub clients: Vec<String>,
    /// What access tokens must be meant for: one of these in `aud`. Needed for access tokens of an
    /// OpenID provider, whose clients may call other APIs too; with Cognito, for resource binding
    /// (rule C2).
    #[serde(default)]
    pub audiences: Vec<String>,
    /// Kinds of token accepted.
    #[serde(default = "Issuer::default_token_use")]
    pub token_use: Vec<TokenUse>,
    /// Names of cookies that may carry a token, in order of preference; empty means bearer only,
    /// beside the session's own cookies where visitors sign in with this issuer.
    #[serde(default)]
    pub cookies: Vec<String>,
    /// Seconds by which a token may be used after `exp` or before `nbf` and `iat`.
    #[serde(default)]
    pub leeway_seconds: u32,
    /// Where the key set is fetched, if not at `<issuer>/.well-known/jwks.json` (rule C4).
    #[serde(default)]
    pub jwks_url: Option<String>,
}

impl Issuer {
    fn default_token_use() -> Vec<TokenUse> {
        vec![TokenUse::Access]
    }
}

/// What an issuer's tokens look like.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum IssuerKind {
    /// Cognito's: the claim `token_use` says which kind one is (rule C2).
    #[default]
    Cognito,
    /// OpenID Connect's: access tokens as in RFC 9068, whose header has the `typ` `at+jwt`; ID tokens
    /// as in OpenID Connect Core 1.0, section 2, with a `typ` of `JWT` or none. The claim `groups`
    /// holds the groups.
    Oidc,
}

/// A kind of token: of Cognito's, the claim `token_use` (rule C2).
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TokenUse {
    /// Says what the bearer may do: the kind meant for APIs.
    Access,
    /// Says who the bearer is.
    Id,
}

/// When and how an issuer's key set is fetched again (rule C4).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct KeyRefresh {
    /// Least number of seconds between two fetches by one instance for one issuer; at least 1.
    pub cooldown_seconds: u32,
    /// Seconds after which a key set is fetched again though no unknown key asked for it, so that
    /// keys the issuer withdrew stop working; at least the cooldown.
    pub max_age_seconds: u32,
    /// Milliseconds a fetch may take: 100 to 10,000.
    pub timeout_ms: u32,
    /// Largest key set accepted, in bytes.
    pub max_bytes: u32,
}

/// Upper bounds on what one request may make the edge do.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Longest token looked at, in bytes.
    pub token_bytes: u32,
    /// How many cookies of a token's name are tried.
    pub cookies_tried: u32,
    /// How many verified tokens an instance remembers, with 4 KiB of memory for each: where tokens
    /// are longer, fewer.
    pub verdicts: u32,
}

impl Default for Site {
    fn default() -> Self {
        Self {
            mode: SiteMode::default(),
            index: "index.html".into(),
            not_found: NotFound::default(),
            not_found_page: None,
            viewer_request_attached: false,
            security_headers: SecurityHeaders::default(),
            headers: Vec::new(),
        }
    }
}

impl Default for KeyRefresh {
    fn default() -> Self {
        Self { cooldown_seconds: 30, max_age_seconds: 21_600, timeout_ms: 2_000, max_bytes: 65_536 }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { token_bytes: 16_384, cookies_tried: 4, verdicts: 512 }
    }
}
