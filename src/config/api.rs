//! The section `[api]`: where the API is, and how a Region of it is chosen.

use serde::{Deserialize, Serialize};

#[cfg(feature = "tools")]
use schemars::JsonSchema;

/// The Regional API Gateways behind the one domain.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// A path prefix taken off before the API sees the path: with `/api`, `/api/hello` arrives as
    /// `/hello`. Left out, the path arrives as it is.
    #[serde(default)]
    pub strip_prefix: Option<String>,
    /// The secret that tells the API a request came through the edge (rule A4).
    #[serde(default)]
    pub origin_secret: Option<OriginSecret>,
    /// Where the API is deployed; at least one Region, at most 64.
    pub regions: Vec<ApiRegion>,
    /// Regions that viewers from certain places are sent to first. The rule of the longest network
    /// that holds the viewer's address counts; then the one of the country; then the continent's.
    #[serde(default)]
    pub rules: Vec<PlaceRule>,
    /// Regions outside of which a viewer's requests may not go, whatever happens.
    #[serde(default)]
    pub residency: Option<Residency>,
    /// Keeps a viewer in one Region, for data that takes time to reach the others.
    #[serde(default)]
    pub sticky: Option<Sticky>,
    /// Whether an instance remembers which Regions failed and avoids them for a while.
    #[serde(default = "Api::default_passive_health")]
    pub passive_health: bool,
    /// The domain name of the second origin of an origin group: a request that comes with it is on
    /// its second leg (rule F4). A custom header `x-nearhop-leg: 2` of that origin says the same.
    #[serde(default)]
    pub second_leg_domain: Option<String>,
    /// The operators' switches, read without a deploy.
    #[serde(default)]
    pub control: Option<Control>,
    /// Lets the holder of a key choose the Region of single requests, for tests.
    #[serde(default)]
    pub pin: Option<Pin>,
    /// Whether the function logs a line for each request it sends to the API: the Region, the
    /// reason, the candidates.
    #[serde(default = "Api::default_log_decisions")]
    pub log_decisions: bool,
}

impl Api {
    fn default_log_decisions() -> bool {
        true
    }

    fn default_passive_health() -> bool {
        true
    }
}

/// Regions to be tried first by viewers from certain places. At least one place, at least one
/// Region.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlaceRule {
    /// Networks of viewers' addresses, such as `203.0.113.0/24` or `2001:db8::/32`.
    #[serde(default)]
    pub networks: Vec<String>,
    /// Countries by their ISO 3166-1 codes, such as `BR`.
    #[serde(default)]
    pub countries: Vec<String>,
    /// Continents: `AF`, `AN`, `AS`, `EU`, `NA`, `OC`, `SA`.
    #[serde(default)]
    pub continents: Vec<String>,
    /// API Regions, the nearest of which is taken.
    pub regions: Vec<String>,
}

/// Where data of certain viewers may be handled.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Residency {
    /// A claim of the verified token that names the viewer's set, such as `custom:residency`. It
    /// counts before the country; one that names no set permits no Region.
    #[serde(default)]
    pub claim: Option<String>,
    /// What holds for a viewer who belongs to no set, or whose country is not known.
    #[serde(default)]
    pub otherwise: Otherwise,
    /// The sets; at least one.
    pub sets: Vec<ResidencySet>,
}

/// What holds for a viewer who belongs to no residency set.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Otherwise {
    /// Any Region may serve.
    #[default]
    Any,
    /// No Region may: 503.
    None,
}

/// A set of Regions for viewers of certain countries.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ResidencySet {
    /// What the claim says, such as `EU`.
    pub name: String,
    /// Countries by their ISO 3166-1 codes; `EU` and `EEA` stand for all their members.
    #[serde(default)]
    pub countries: Vec<String>,
    /// The API Regions that may serve them; at least one.
    pub regions: Vec<String>,
}

/// What keeps a viewer in one Region.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Sticky {
    /// What the home Region is known by.
    pub by: StickyBy,
    /// The claim's name, with `by = "claim"`: its value is the Region's name.
    #[serde(default)]
    pub claim: Option<String>,
    /// Seconds that a cookie keeps a viewer in the Region that last served a write, with
    /// `by = "cookie"`: longer than the tables take to replicate.
    #[serde(default = "Sticky::default_seconds")]
    pub seconds: u32,
}

impl Sticky {
    /// Five minutes.
    pub fn default_seconds() -> u32 {
        300
    }
}

/// What a home Region is known by.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum StickyBy {
    /// A hash of the verified subject: the same Region from everywhere, users spread evenly.
    Subject,
    /// A verified claim that names it.
    Claim,
    /// A cookie, set by the answer to a write.
    Cookie,
}

/// Where the control document is, and how often it is looked at.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// https URLs, tried in order; at least one.
    pub urls: Vec<String>,
    /// Least number of seconds between two looks by one instance: 5 to 3,600.
    #[serde(default = "Control::default_interval")]
    pub interval_seconds: u32,
    /// Milliseconds a look may take: 100 to 10,000.
    #[serde(default = "Control::default_timeout")]
    pub timeout_ms: u32,
    /// Largest document accepted, in bytes.
    #[serde(default = "Control::default_max_bytes")]
    pub max_bytes: u32,
}

impl Control {
    fn default_interval() -> u32 {
        20
    }

    fn default_timeout() -> u32 {
        2_000
    }

    fn default_max_bytes() -> u32 {
        16_384
    }
}

/// How a request may choose its own Region.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The environment variable that holds the key when the bundle is built: 32 characters or
    /// more. The header `x-nearhop-pin` then carries what `nearhop pin` signs with it.
    pub env: String,
}

/// A secret header the edge sets and the API demands.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OriginSecret {
    /// The header's name.
    #[serde(default = "OriginSecret::default_header")]
    pub header: String,
    /// The environment variable that holds the value when the bundle is built. The value itself
    /// has no place in this file.
    pub env: String,
}

impl OriginSecret {
    fn default_header() -> String {
        "x-nearhop-origin-secret".into()
    }
}

/// The API in one Region.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "tools", derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ApiRegion {
    /// The AWS Region's name, such as `eu-west-1`.
    pub name: String,
    /// The API's URL with its stage path if it has one, such as
    /// `https://abc123.execute-api.eu-west-1.amazonaws.com/prod`.
    pub endpoint: String,
    /// Milliseconds added to its round trips: more to be chosen less, less to be chosen more.
    #[serde(default)]
    pub bias_ms: i32,
    /// The percentage of the viewers nearest to it that it gets; the others go to the next. 5 makes
    /// a canary of it, 0 keeps it for when the others fail.
    #[serde(default = "ApiRegion::default_weight")]
    pub weight: u32,
}

impl ApiRegion {
    fn default_weight() -> u32 {
        100
    }
}
