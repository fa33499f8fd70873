//! Whether a caller may enter a route.

use std::rc::Rc;

use cloudfront_worker::{Request, UnixMillis};

use crate::credentials::{Credentials, CredentialsFault, TokenCookie};
use crate::keys::Keys;
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::region::control::Control;
use crate::region::health::Health;
use crate::route::{Demand, Route};
use crate::token::{self, TokenFault, Unverified, Verified};
use crate::verdicts::Verdicts;

/// Who is calling, as far as the route cares. Only [`admit`] makes one with a bearer.
#[derive(Debug)]
pub(crate) struct Caller<'a>(Option<Bearer<'a>>);

/// A caller whose token met an authenticated route's demands.
#[derive(Debug)]
pub(crate) struct Bearer<'a> {
    pub verified: Rc<Verified>,
    pub token: &'a str,
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
    Refused(Refusal),
    /// This issuer's key set must be fetched before it can be said.
    Fetch(usize),
}

impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        Denied::Refused(refusal)
    }
}

/// What an instance learns as it serves.
#[derive(Debug)]
pub(crate) struct State {
    pub keys: Keys,
    pub verdicts: Verdicts,
    pub health: Health,
    pub control: Control,
}

/// Lets a request into a route, or says why not.
pub(crate) fn admit<'a>(
    route: &Route,
    request: &Request<'a>,
    policy: &Policy,
    state: &mut State,
    now: UnixMillis,
) -> Result<Caller<'a>, Denied> {
    match &route.demand {
        None => Ok(Caller(None)),
        Some(demand) => Ok(Caller(Some(meet(demand, request, policy, state, now)?))),
    }
}

/// Finds the token that meets a demand. Out of line, as the steps of `decide`.
#[inline(never)]
fn meet<'a>(
    demand: &Demand,
    request: &Request<'a>,
    policy: &Policy,
    state: &mut State,
    now: UnixMillis,
) -> Result<Bearer<'a>, Denied> {
    let credentials = Credentials::of(request, &policy.issuers, &policy.limits);
    let bearer = match credentials {
        Ok(Credentials::Bearer(token)) => verify(token, policy, state, now)?,
        Ok(Credentials::Cookies(cookies)) => verify_any(&cookies, policy, state, now)?,
        Ok(Credentials::None) | Err(CredentialsFault::Scheme) => {
            return Err(Refusal::TokenMissing.into());
        }
        Err(CredentialsFault::Several | CredentialsFault::Syntax) => {
            return Err(Refusal::RequestMalformed.into());
        }
    };
    demand.check(&bearer.verified)?;
    Ok(bearer)
}

/// The first of several cookies whose token verifies, or else the first one's fault.
fn verify_any<'a>(
    cookies: &[TokenCookie<'a>],
    policy: &Policy,
    state: &mut State,
    now: UnixMillis,
) -> Result<Bearer<'a>, Denied> {
    let mut first_fault = None;
    for cookie in cookies {
        let fault = match verify(cookie.token, policy, state, now) {
            // An issuer whose cookies are others, or none, has not agreed to this one.
            Ok(Bearer { verified, .. })
                if !policy.issuers[verified.issuer()].cookies.iter().any(|c| c == cookie.name) =>
            {
                Refusal::Token(TokenFault::Issuer)
            }
            Err(Denied::Refused(refusal)) => refusal,
            done => return done,
        };
        first_fault = first_fault.or(Some(fault));
    }
    Err(first_fault.unwrap_or(Refusal::TokenMissing).into())
}

fn verify<'a>(
    token: &'a str,
    policy: &Policy,
    state: &mut State,
    now: UnixMillis,
) -> Result<Bearer<'a>, Denied> {
    if token.len() > policy.limits.token_bytes as usize {
        return Err(Refusal::Token(TokenFault::Malformed).into());
    }
    let State { keys, verdicts, .. } = state;
    if let Some(verified) = verdicts.find(token).cloned() {
        if keys.wants_refresh(verified.issuer(), now) {
            return Err(Denied::Fetch(verified.issuer()));
        }
        if verified.still_holds(&policy.issuers, keys, now) {
            return Ok(Bearer { verified, token });
        }
        // Once more from the beginning: its key may have come back, or the issuer must be asked.
        verdicts.forget(token);
    }
    match token::verify(token, &policy.issuers, &policy.claims, keys, now) {
        Ok(verified) => {
            verdicts.remember(token, Rc::clone(&verified));
            Ok(Bearer { verified, token })
        }
        Err(Unverified::Fault(fault)) => Err(Refusal::Token(fault).into()),
        Err(Unverified::Fetch(issuer)) => Err(Denied::Fetch(issuer)),
        Err(Unverified::KeysUnavailable) => Err(Refusal::KeysUnavailable.into()),
    }
}

impl Demand {
    fn check(&self, verified: &Verified) -> Result<(), Refusal> {
        if !self.clients.is_empty() && !self.clients.iter().any(|id| id == verified.client_id()) {
            return Err(Refusal::ClientNotAllowed);
        }
        let in_group = |group: &String| verified.groups().contains(group);
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
