//! What an explanation says.

use serde::Serialize;

use super::sign_in::SignInSeen;
use crate::config::Target;

/// What becomes of a request.
#[derive(Debug, Default, Serialize)]
pub struct Explanation {
    /// The Region that executes the function.
    pub edge: String,
    /// The trigger the request was explained at.
    pub trigger: String,
    /// The path in its one spelling; `None` where it is refused.
    pub path: Option<String>,
    /// The route it belongs to.
    pub route: Option<RouteFound>,
    /// The caller, once let in by a token.
    pub caller: Option<CallerFound>,
    /// Why the request goes nowhere.
    pub refusal: Option<Refused>,
    /// What sign-in does with it; `None` where it has no part in it.
    pub sign_in: Option<SignInSeen>,
    /// What is known of the viewer's place.
    pub place: Option<PlaceFound>,
    /// `api`, `site`, `preflight`, `sign-in` or `refused`.
    pub outcome: &'static str,
    /// The Region the request goes to; of one that wants a token, where it would go.
    pub region: Option<String>,
    /// Why that one: a word of the closed list in docs/regions.md.
    pub reason: Option<String>,
    /// At most three Regions in the order they are to be tried.
    pub order: Vec<String>,
    /// Every Region of the API, nearest first.
    pub candidates: Vec<CandidateFound>,
    /// What each stage of the choice did, in order.
    pub stages: Vec<StageSeen>,
    /// Where the chosen Region's API is, and the path it sees; for the site, the key in S3.
    pub destination: Option<String>,
    /// What was asked and did not count.
    pub notes: Vec<String>,
}

/// A route and why it is the one.
#[derive(Debug, Serialize)]
pub struct RouteFound {
    /// As configured; `*` for what no pattern matches.
    pub pattern: String,
    /// `api` or `site`.
    pub target: Target,
    /// Why the path belongs to it.
    pub why: String,
    /// `public` or `authenticated`.
    pub access: &'static str,
    /// Client ids, one of which the token must be for.
    pub clients: Vec<String>,
    /// Groups, one of which the caller must be in.
    pub groups: Vec<String>,
    /// Scopes, all of which the token must carry.
    pub scopes: Vec<String>,
}

/// Who is calling, by a verified token.
#[derive(Debug, Serialize)]
pub struct CallerFound {
    /// The `sub` claim.
    pub subject: String,
    /// The app client's id.
    pub client: String,
    /// The caller's groups.
    pub groups: Vec<String>,
    /// The claim that names the residency set.
    pub residency: Option<String>,
    /// The claim that names the home Region.
    pub home: Option<String>,
}

/// A refusal as the client and the log see it.
#[derive(Debug, Serialize)]
pub struct Refused {
    /// The answer's status.
    pub status: u16,
    /// The stable code.
    pub code: &'static str,
    /// What the client is told.
    pub message: &'static str,
    /// What the log says.
    pub detail: String,
}

/// A viewer's place, as far as it counts at this trigger.
#[derive(Debug, Serialize)]
pub struct PlaceFound {
    /// The viewer's address.
    pub ip: String,
    /// ISO 3166-1.
    pub country: Option<String>,
    /// Two letters.
    pub continent: Option<String>,
    /// The rule of the viewer's network, by its place in `api.rules`.
    pub network_rule: Option<u16>,
}

/// A Region that could serve the request.
#[derive(Debug, Serialize)]
pub struct CandidateFound {
    /// Its name.
    pub region: String,
    /// The round trip from the edge in milliseconds; `None` where the edge is not known.
    pub ms: Option<f32>,
    /// Whether that was measured, rather than fitted from distance.
    pub measured: bool,
    /// Milliseconds added by configuration.
    pub bias_ms: i32,
    /// What it is ranked by, in milliseconds.
    pub score: f32,
    /// The percentage of its nearest viewers that it takes.
    pub weight: u32,
    /// The stage that took it away.
    pub removed_by: Option<&'static str>,
    /// The stages that moved it back.
    pub moved_back_by: Vec<&'static str>,
}

/// What one stage did.
#[derive(Debug, Serialize)]
pub struct StageSeen {
    /// Its name.
    pub stage: &'static str,
    /// `removed` for filters, `moved back` for preferences.
    pub effect: &'static str,
    /// The Regions it concerned.
    pub regions: Vec<String>,
    /// The first candidate after it.
    pub first: Option<String>,
    /// Whether it changed the first candidate.
    pub changed_first: bool,
}
