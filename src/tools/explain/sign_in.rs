//! What sign-in does with a request, by the steps of viewer-request.

use cloudfront_worker::{Context, Outcome, Reply, Request, Trigger};
use http::header::LOCATION;
use http::{Method, StatusCode};
use serde::Serialize;

use crate::access::State;
use crate::config::{Config, Target};
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::route::Route;
use crate::sign_in::{Pause, Visit};
use crate::tools::issuers::sign_in_issuer;
use crate::tools::resolve::Inputs;

/// The distribution's own domain name, where a request does not say it.
const DISTRIBUTION: &str = "distribution.cloudfront.net";

/// What sign-in's own paths are for.
const RESERVED: [(&str, &str); 5] = [
    ("/_nearhop/sign-in", "302 to sign in; ?return=/path is where the visitor comes back to"),
    (
        "/_nearhop/callback",
        "where the issuer sends visitors back to: 302 to the URL they asked for",
    ),
    ("/_nearhop/sign-out", "ends the session, the issuer's too unless ?local is there"),
    ("/_nearhop/signed-out", "a page that says so, unless sign_in.after_sign_out names one"),
    ("/_nearhop/me", "200 with the visitor's claims as JSON, or 401"),
];

/// What sign-in does with a request.
#[derive(Debug, Serialize)]
pub struct SignInSeen {
    /// `redirect`: the visitor is sent to sign in · `refresh`: the session's tokens are refreshed ·
    /// `answer`: it is answered otherwise · `reserved`: the path is sign-in's own.
    pub step: &'static str,
    /// The issuer's authorization endpoint, for `redirect`; `None` where only its discovery document
    /// names it.
    pub location: Option<String>,
    /// What becomes of the request, in words.
    pub says: String,
}

/// A request as sign-in meets it.
pub struct Visitor<'e, 'a> {
    pub policy: &'e Policy,
    pub request: &'e Request<'a>,
    pub context: &'e Context<'a>,
    pub trigger: Trigger,
    /// Whether it is known where people sign in.
    pub knows_endpoints: bool,
}

impl Visitor<'_, '_> {
    /// What becomes of a request that a route refused for want of a token; `None` where the refusal
    /// stands.
    pub fn without_token(
        &self,
        refusal: &Refusal,
        route: &Route,
        state: &mut State,
    ) -> Option<SignInSeen> {
        let visit = Visit::new(self.policy, self.request, self.context)?;
        let (step, location, says) = match visit.without_token(refusal, route, state) {
            Ok(None) | Err(Pause::Keys(_)) => return None,
            Err(Pause::Ask(_)) => (
                "refresh",
                None,
                "307 to the same URL, once the issuer has refreshed the tokens".into(),
            ),
            Ok(Some(reply)) => match redirect(&reply) {
                Some(url) => {
                    let location = self.knows_endpoints.then_some(url);
                    let says = match &location {
                        Some(url) => format!("302 to sign in at {url}"),
                        None => "302 to sign in where the issuer's discovery document says".into(),
                    };
                    ("redirect", location, says)
                }
                None => ("answer", None, format!("{}, and not sent to sign in", status(&reply))),
            },
        };
        Some(SignInSeen { step, location, says })
    }

    /// What becomes of a request to a path of sign-in's own.
    pub fn reserved(&self, path: &str, state: &mut State) -> SignInSeen {
        let answered = Visit::new(self.policy, self.request, self.context)
            .map(|visit| visit.reserved(path, state).ok().map(|reply| status(&reply)));
        let says = match (answered, RESERVED.iter().find(|(reserved, _)| *reserved == path)) {
            (None, _) => "421: the host is none of sign_in.origins".into(),
            (_, None) => {
                let paths = RESERVED.map(|(path, _)| path).join(", ");
                format!("404: what there is of sign-in's is {paths}")
            }
            (Some(Some(StatusCode::METHOD_NOT_ALLOWED)), _) => {
                format!("405: it does not answer {}", self.request.method)
            }
            (_, Some((_, says))) if self.trigger == Trigger::OriginRequest => {
                format!("{says}. By viewer-request: origin-request answers 404")
            }
            (_, Some((_, says))) => (*says).into(),
        };
        SignInSeen { step: "reserved", location: None, says }
    }

    /// What there is to say beside: what would have become of the request elsewhere, or of a page
    /// load.
    pub fn note(&self, seen: Option<&SignInSeen>, route: &Route) -> Option<&'static str> {
        self.policy.sign_in.as_ref()?;
        let is_own = Visit::new(self.policy, self.request, self.context).is_some();
        match seen {
            Some(_) if self.trigger == Trigger::OriginRequest => {
                Some("sign-in is decided at viewer-request, before origin-request")
            }
            None if !is_own => {
                Some("nobody is sent to sign in from this host, which is none of sign_in.origins")
            }
            None if route.target == Target::Site && self.request.method == Method::GET => {
                Some("a page load is sent to sign in instead: --header 'sec-fetch-mode: navigate'")
            }
            _ => None,
        }
    }
}

impl SignInSeen {
    /// Whether the request, or the one it is turned into, will come to its route.
    pub fn leads_on(&self) -> bool {
        matches!(self.step, "redirect" | "refresh")
    }
}

/// The host a request is for, unless it says so itself: one that the site has.
pub fn usual_host(config: &Config) -> Option<&str> {
    let sign_in = config.sign_in.as_ref()?;
    let origin = sign_in.origins.first().and_then(|origin| origin.split_once("://"));
    Some(origin.map_or(DISTRIBUTION, |(_, host)| host))
}

/// The distribution's own domain name, if a request is for that.
pub fn distribution(host: Option<&str>) -> &str {
    host.filter(|host| host.ends_with(".cloudfront.net")).unwrap_or_default()
}

/// Whether it is known where people sign in: the document that says so is not always at hand.
pub fn knows_endpoints(config: &Config, inputs: &Inputs) -> bool {
    let has_domain = config.sign_in.as_ref().is_some_and(|sign_in| sign_in.domain.is_some())
        || inputs.sign_in_domain.is_some();
    let document = sign_in_issuer(config).and_then(|index| inputs.discovery.get(index)?.as_ref());
    has_domain || document.is_some()
}

/// Where an answer sends a visitor, but for the query.
fn redirect(reply: &Reply<'_>) -> Option<String> {
    let Outcome::Respond(response) = &reply.outcome else { return None };
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let is_redirect = response.status() == StatusCode::FOUND;
    is_redirect.then(|| location.split('?').next().unwrap_or_default().to_owned())
}

fn status(reply: &Reply<'_>) -> StatusCode {
    match &reply.outcome {
        Outcome::Respond(response) => response.status(),
        Outcome::Forward(_) | Outcome::Fetch(_) => StatusCode::OK,
    }
}
