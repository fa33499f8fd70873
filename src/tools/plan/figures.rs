//! What a plan says.

use std::collections::BTreeMap;

use serde::Serialize;

/// A set of Regions, and how it serves. Means are over the edges, by their weights; milliseconds
/// are round trips from the edge's Region to the API's.
#[derive(Debug, Serialize)]
pub struct Plan {
    /// The API's Regions.
    pub regions: Vec<Planned>,
    /// Where the edges' requests go, grouped by continent, nearest first.
    pub edges: Vec<EdgePlan>,
    /// The same by continent.
    pub continents: Vec<ContinentPlan>,
    /// The mean round trip.
    pub mean_ms: f64,
    /// The mean round trip if each edge went to the Region nearest on the map.
    pub distance_mean_ms: f64,
    /// What one Region alone would do, the best first.
    pub singles: Vec<Single>,
    /// What happens when one Region fails.
    pub failures: Vec<Failure>,
    /// The Regions that would help most if added, the best first; at most five.
    pub additions: Vec<Addition>,
    /// How far sign-in's calls go; `None` without sign-in, or where the issuer is no user pool.
    pub sign_in: Option<SignInPlan>,
}

/// The way from the edges to the user pool that visitors sign in with, which is in one Region.
#[derive(Debug, Serialize)]
#[allow(missing_docs)]
pub struct SignInPlan {
    pub issuer: String,
    pub region: &'static str,
    pub mean_ms: f64,
    pub worst_ms: f64,
    pub worst_edge: &'static str,
}

/// A Region of the API.
#[derive(Debug, Serialize)]
#[allow(missing_docs)]
pub struct Planned {
    pub region: String,
    pub title: &'static str,
    pub latitude: f64,
    pub longitude: f64,
    /// Milliseconds added by configuration before Regions are compared.
    pub bias_ms: i32,
    /// Whether it takes fewer than half of its nearest viewers, and so counts only when the others
    /// fail.
    pub stands_by: bool,
}

/// Where the requests of one edge go.
#[derive(Debug, Serialize)]
#[allow(missing_docs)]
pub struct EdgePlan {
    pub edge: &'static str,
    pub title: &'static str,
    pub latitude: f64,
    pub longitude: f64,
    pub continent: String,
    pub weight: f64,
    /// The Region chosen.
    pub region: String,
    pub ms: f64,
    /// Whether that is a measured figure, rather than one fitted from distance.
    pub measured: bool,
    /// Milliseconds saved over the best single Region.
    pub single_gain_ms: f64,
    /// The Region nearest on the map, and what it would cost.
    pub distance_region: String,
    pub distance_ms: f64,
    /// Milliseconds saved over that one.
    pub distance_gain_ms: f64,
    /// Where requests go when the Region chosen fails; `None` where there is no other.
    pub next: Option<Next>,
}

/// The next Region.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)]
pub struct Next {
    pub region: String,
    pub ms: f64,
    /// Milliseconds more than before.
    pub added_ms: f64,
}

/// How the edges of one continent are served.
#[derive(Debug, Serialize)]
#[allow(missing_docs)]
pub struct ContinentPlan {
    pub continent: String,
    pub edges: usize,
    /// The Regions chosen there.
    pub regions: Vec<String>,
    pub mean_ms: f64,
    pub worst_ms: f64,
    pub worst_edge: &'static str,
    pub single_gain_ms: f64,
    pub distance_gain_ms: f64,
}

/// One Region alone.
#[derive(Debug, Serialize)]
#[allow(missing_docs)]
pub struct Single {
    pub region: String,
    pub mean_ms: f64,
    pub worst_ms: f64,
    pub worst_edge: &'static str,
    /// Milliseconds saved over it in the mean by all the Regions together.
    pub gain_ms: f64,
}

/// One Region's failure.
#[derive(Debug, Serialize)]
#[allow(missing_docs)]
pub struct Failure {
    pub region: String,
    /// How many edges it serves.
    pub edges: usize,
    /// The Regions that take over, each with how many edges.
    pub next: BTreeMap<String, usize>,
    /// Milliseconds added in the mean over the edges it serves; `None` without any, or a successor.
    pub mean_added_ms: Option<f64>,
    /// The edge that loses most.
    pub worst: Option<Worst>,
}

/// The edge that loses most.
#[derive(Debug, Serialize)]
#[allow(missing_docs)]
pub struct Worst {
    pub edge: &'static str,
    pub added_ms: f64,
    pub ms: f64,
    pub next: String,
}

/// One Region more.
#[derive(Debug, Serialize)]
#[allow(missing_docs)]
pub struct Addition {
    pub region: &'static str,
    pub title: &'static str,
    pub mean_ms: f64,
    /// Milliseconds saved in the mean.
    pub gain_ms: f64,
    /// The edges it would serve.
    pub edges: Vec<&'static str>,
    /// Whether all its figures are measured ones.
    pub measured: bool,
}
