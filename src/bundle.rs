//! What a bundle carries beside the code: the configuration with everything it refers to resolved.

use serde::{Deserialize, Serialize};

use crate::config::Config;

/// The contents of a bundle's `nearhop.json`: written by `nearhop bundle`, and read there, by the
/// function that is then carried with what came of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Bundle {
    /// `nearhop.toml`, parsed, with every default filled in.
    pub config: Config,
    /// The origin secret's value, read from the environment when the bundle was built.
    pub origin_secret: Option<String>,
    /// The text of the page `site.not_found_page` names.
    pub not_found_page: Option<String>,
    /// One per issuer, in the order of `config.issuers`: its JWKS (RFC 7517) as JSON text, or
    /// `None` where none could be had and the function must fetch it.
    pub key_sets: Vec<Option<String>>,
    /// The key of `api.pin`, read from the environment when the bundle was built.
    #[serde(default)]
    pub pin_key: Option<String>,
    /// What `config.sign_in` refers to; `None` where there is no such section.
    #[serde(default)]
    pub sign_in: Option<SignInParts>,
    /// The digest of `places.mmdb`, which answers what the rules ask of a viewer's address; `None`
    /// where there is no such file. With it, the networks of `config.api.rules` are left out: the
    /// file has them.
    #[serde(default)]
    pub places: Option<String>,
    /// How far each edge Region is from each API Region.
    pub distances: Vec<EdgeDistances>,
    /// Where each API Region is, in the order of `config.api.regions`: for viewers whose edge
    /// Region is not known.
    #[serde(default)]
    pub coordinates: Vec<Coordinates>,
}

/// What sign-in refers to, resolved.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SignInParts {
    /// The value of `sign_in.key`, read from the environment when the bundle was built.
    pub key: Option<String>,
    /// The value of `sign_in.client_secret`, then those of `sign_in.hosts` in their order; `None`
    /// for a client without one.
    pub client_secrets: Vec<Option<String>>,
    /// The issuer's endpoints.
    pub endpoints: Option<Endpoints>,
}

/// Where an issuer signs people in and out: absolute URLs.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Endpoints {
    /// RFC 6749, section 3.1.
    pub authorization: String,
    /// RFC 6749, section 3.2.
    pub token: String,
    /// RFC 7009; `None` where refresh tokens cannot be revoked.
    pub revocation: Option<String>,
    /// Where the issuer's own session ends; `None` where it cannot be ended.
    pub end_session: Option<EndSession>,
}

/// How an issuer's own session is ended.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndSession {
    /// Cognito's `/logout`, by `client_id` and `logout_uri` (rule C6).
    Cognito(String),
    /// OpenID Connect RP-Initiated Logout 1.0, by `client_id` and `post_logout_redirect_uri`.
    Oidc(String),
}

/// A place on the globe, in degrees.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Coordinates {
    /// Degrees north.
    pub latitude: f32,
    /// Degrees east.
    pub longitude: f32,
}

/// One edge Region's row of round trips.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct EdgeDistances {
    /// The edge Region's name, as `AWS_REGION` has it (rule R1).
    pub edge: String,
    /// One per API Region, in the order of `config.api.regions`.
    pub round_trips: Vec<RoundTrip>,
}

/// The time from an edge Region to an API Region and back.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct RoundTrip {
    /// Milliseconds.
    pub ms: f32,
    /// True for a figure from the latency matrix, false for one fitted from distance.
    pub measured: bool,
}
