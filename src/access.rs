//! Whether a caller may enter a route.

use std::borrow::Cow;
use std::rc::Rc;

use cloudfront_worker::{Request, Trigger, UnixMillis};
use serde_json::{Map, Value};

use crate::cors::Cors;
use crate::credentials::names::is_reserved;
use crate::credentials::{Carrier, Credentials, CredentialsFault, TokenCookie, is_b64token, sent};
use crate::cross_site;
use crate::keys::Keys;
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::region::control::Control;
use crate::region::health::Health;
use crate::route::{Demand, Route};
use crate::sign_in::Exchanges;
use crate::token::{self, TokenFault, Unverified, Verified};
use crate::verdicts::{Placed, Verdicts};

/// A request, and where and when it came in.
#[derive(Clone, Copy)]
pub(crate) struct Arrival<'r, 'a> {
    pub request: &'r Request<'a>,
    pub trigger: Trigger,
    pub now: UnixMillis,
    /// The distribution's own domain name.
    pub distribution: &'a str,
}

/// Who is calling, as far as the route cares. Only [`admit`] makes one with a bearer.
#[derive(Debug)]
pub(crate) struct Caller<'a>(Option<Bearer<'a>>);

/// A caller whose token met an authenticated route's demands.
#[derive(Debug)]
pub(crate) struct Bearer<'a> {
    pub verified: Rc<Verified>,
    pub token: Cow<'a, str>,
    /// How the token came.
    pub by: Carrier,
}

impl Bearer<'_> {
    /// Those of the token's claims with these names that it has.
    pub fn claims<'n>(
        &self,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Result<Map<String, Value>, TokenFault> {
        token::claims_of(&self.token, names)
    }
}

impl<'a> Caller<'a> {
    /// A CORS preflight that goes to the API: it carries no token and is nobody.
    pub fn preflight() -> Self {
        Caller(None)
    }

    /// The bearer of a token; `None` on a public route.
    pub fn bearer(&self) -> Option<&Bearer<'a>> {
        self.0.as_ref()
    }
}

/// Why a caller is not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    Refused {
        refusal: Refusal,
        /// How the credential came that was not good enough.
        by: Carrier,
    },
    /// This issuer's key set must be fetched before it can be said.
    Fetch(usize),
}

/// Why a token does not open a route, however it came.
enum Unmet {
    Refused(Refusal),
    Fetch(usize),
}

impl From<Refusal> for Unmet {
    fn from(refusal: Refusal) -> Self {
        Unmet::Refused(refusal)
    }
}

impl Unmet {
    fn by(self, by: Carrier) -> Denied {
        match self {
            Unmet::Refused(refusal) => Denied::Refused { refusal, by },
            Unmet::Fetch(issuer) => Denied::Fetch(issuer),
        }
    }
}

/// What an instance learns as it serves.
#[derive(Debug)]
pub(crate) struct State {
    pub keys: Keys,
    pub verdicts: Verdicts,
    pub health: Health,
    pub control: Control,
    pub exchanges: Exchanges,
}

/// Lets a request into a route, or says why not.
pub(crate) fn admit<'a>(
    route: &Route,
    arrival: Arrival<'_, 'a>,
    policy: &Policy,
    state: &mut State,
) -> Result<Caller<'a>, Denied> {
    match &route.demand {
        None => Ok(Caller(None)),
        Some(demand) => {
            Ok(Caller(Some(meet(demand, route.cors.as_ref(), arrival, policy, state)?)))
        }
    }
}

/// Finds the token that meets a demand. Out of line, as the steps of `decide`.
#[inline(never)]
pub(crate) fn meet<'a>(
    demand: &Demand,
    cors: Option<&Cors>,
    arrival: Arrival<'_, 'a>,
    policy: &Policy,
    state: &mut State,
) -> Result<Bearer<'a>, Denied> {
    let now = arrival.now;
    let refused = |refusal, by| Err(Denied::Refused { refusal, by });
    let (found, by) = match Credentials::of(arrival.request, &policy.issuers, &policy.limits) {
        Ok(Credentials::Bearer(token)) => {
            let by = Carrier::Authorization;
            let verified = recall_or_verify(token, policy, state, now);
            // One that verifies has no other characters.
            if verified.is_err() && !is_b64token(token) {
                return refused(Refusal::RequestMalformed, by);
            }
            (verified.map(|verified| (verified, token.into())), by)
        }
        Ok(Credentials::Cookies(cookies)) => {
            let found = match cross_site::is_suspect(arrival, cors, &policy.origins) {
                true => Err(Refusal::CrossSite.into()),
                false => verify_any(cookies, policy, state, now),
            };
            (found, Carrier::Cookie)
        }
        // A session whose token has run out may be refreshed, but not on another site's behalf.
        Ok(Credentials::None)
            if has_session(arrival.request, policy)
                && cross_site::is_suspect(arrival, cors, &policy.origins) =>
        {
            return refused(Refusal::CrossSite, Carrier::Cookie);
        }
        Ok(Credentials::None) => return refused(Refusal::TokenMissing, Carrier::Absent),
        Err(CredentialsFault::Scheme) => {
            return refused(Refusal::TokenMissing, Carrier::Authorization);
        }
        Err(CredentialsFault::Several | CredentialsFault::Syntax) => {
            return refused(Refusal::RequestMalformed, Carrier::Authorization);
        }
    };
    let (verified, token) = found.map_err(|unmet| unmet.by(by))?;
    demand.check(&verified).map_err(|refusal| Denied::Refused { refusal, by })?;
    Ok(Bearer { verified, token, by })
}

/// Whether a request brings any of a session's cookies.
fn has_session(request: &Request<'_>, policy: &Policy) -> bool {
    policy.sign_in.is_some() && sent(request).any(|(name, _)| is_reserved(name))
}

/// The first of several cookies whose token verifies, or else the first one's fault.
fn verify_any<'a>(
    cookies: Vec<TokenCookie<'a>>,
    policy: &Policy,
    state: &mut State,
    now: UnixMillis,
) -> Result<(Rc<Verified>, Cow<'a, str>), Unmet> {
    let mut first_fault = None;
    for TokenCookie { name, token } in cookies {
        let fault = match recall_or_verify(&token, policy, state, now) {
            Ok(verified) => {
                let issuer = &policy.issuers[verified.issuer()];
                // An issuer whose cookies are others, or none, has not agreed to this one.
                if issuer.cookies.iter().any(|its| its.is(name)) {
                    return Ok((verified, token));
                }
                Refusal::Token(TokenFault::Issuer)
            }
            Err(Unmet::Refused(refusal)) => refusal,
            Err(fetch) => return Err(fetch),
        };
        first_fault = first_fault.or(Some(fault));
    }
    Err(first_fault.unwrap_or(Refusal::TokenMissing).into())
}

fn recall_or_verify(
    token: &str,
    policy: &Policy,
    state: &mut State,
    now: UnixMillis,
) -> Result<Rc<Verified>, Unmet> {
    let placed = state.verdicts.place(token);
    recall(placed, policy, state, now).unwrap_or_else(|| verify(placed, policy, state, now))
}

/// What is remembered of a token, if it still holds. Where it does not, it is verified once more from
/// the beginning: its key may have come back, or the issuer must be asked.
fn recall(
    placed: Placed<'_>,
    policy: &Policy,
    state: &mut State,
    now: UnixMillis,
) -> Option<Result<Rc<Verified>, Unmet>> {
    let State { keys, verdicts, .. } = state;
    let verified = verdicts.find(placed)?;
    if keys.wants_refresh(verified.issuer(), now) {
        return Some(Err(Unmet::Fetch(verified.issuer())));
    }
    if verified.still_holds(&policy.issuers, keys, now) {
        return Some(Ok(Rc::clone(verified)));
    }
    verdicts.forget(placed);
    None
}

fn verify(
    placed: Placed<'_>,
    policy: &Policy,
    state: &mut State,
    now: UnixMillis,
) -> Result<Rc<Verified>, Unmet> {
    let token = placed.token;
    if token.len() > policy.limits.token_bytes as usize {
        return Err(Refusal::Token(TokenFault::Malformed).into());
    }
    let State { keys, verdicts, .. } = state;
    match token::verify(token, &policy.issuers, &policy.claims, keys, now) {
        Ok(verified) => {
            verdicts.remember(placed, Rc::clone(&verified));
            Ok(verified)
        }
        Err(Unverified::Fault(fault)) => Err(Refusal::Token(fault).into()),
        Err(Unverified::Fetch(issuer)) => Err(Unmet::Fetch(issuer)),
        Err(Unverified::KeysUnavailable) => Err(Refusal::KeysUnavailable.into()),
    }
}

impl Demand {
    fn check(&self, verified: &Verified) -> Result<(), Refusal> {
        if !self.clients.is_empty() && !self.clients.iter().any(|id| id == verified.client_id()) {
            return Err(Refusal::ClientNotAllowed);
        }
        let in_group = |group: &String| verified.groups().any(|its| its == group);
        if !self.groups.is_empty() && !self.groups.iter().any(in_group) {
            return Err(Refusal::GroupRequired);
        }
        let has_scope =
            |scope: &String| verified.scopes().split(' ').any(|granted| granted == scope);
        if !self.scopes.iter().all(has_scope) {
            return Err(Refusal::ScopeRequired(self.scopes.join(" ")));
        }
        Ok(())
    }
}
