//! Sign-in at the edge: the authorization code flow with PKCE (RFC 6749, RFC 7636, OpenID Connect
//! Core 1.0), so that the frontend needs no code for it.
//!
//! ```text
//! page load without a token ─► start ──302──► the issuer's pages
//!                                                   │
//!            the URL asked for ◄──302── callback ◄──┘ code, state
//!                  │                      └─ exchange ─► tokens in cookies (session)
//!   expired ───────┴──307 to itself── refresh
//! ```
//!
//! Everything is answered at viewer-request. Nothing is kept here between requests but what
//! [`exchange`] remembers for seconds: an attempt is in a cookie that only this site can open, the
//! session is its tokens.

use cloudfront_worker::{Context, Fetch, Reply, Request};
use http::Method;

use crate::access::State;
use crate::origins::OwnOrigin;
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::route::Route;
use crate::site::asks_for_page;

pub(crate) mod exchange;

mod answer;
mod attempt;
mod callback;
mod cookie;
mod me;
mod refresh;
mod return_path;
mod session;
mod settings;
mod sign_out;
mod start;

pub(crate) use exchange::Exchanges;
pub(crate) use settings::SignIn;

/// Everything below belongs to sign-in where it is configured.
pub(crate) const PREFIX: &str = "/_nearhop/";

const SIGN_IN: &str = "/_nearhop/sign-in";
/// Where the issuer sends a visitor back to.
pub(crate) const CALLBACK: &str = "/_nearhop/callback";
const SIGN_OUT: &str = "/_nearhop/sign-out";
/// What a visitor sees after that, unless the site has a page of its own.
pub(crate) const SIGNED_OUT: &str = "/_nearhop/signed-out";
const ME: &str = "/_nearhop/me";

/// One visitor's request to one of the site's own origins.
pub(crate) struct Visit<'v, 'a> {
    policy: &'v Policy,
    sign_in: &'v SignIn,
    request: &'v Request<'a>,
    context: &'v Context<'a>,
    origin: OwnOrigin<'v>,
}

/// What must be had before a visit can be answered.
pub(crate) enum Pause {
    /// This issuer's key set.
    Keys(usize),
    /// The issuer's answer to a request of ours.
    Ask(Fetch),
}

impl<'v, 'a> Visit<'v, 'a> {
    /// `None` without sign-in, or where the request is to a host that is not the site's: nobody may
    /// be sent there, or from there to the issuer.
    pub fn new(
        policy: &'v Policy,
        request: &'v Request<'a>,
        context: &'v Context<'a>,
    ) -> Option<Self> {
        let sign_in = policy.sign_in.as_ref()?;
        let distribution = context.distribution_domain_name;
        let origin = policy.origins.of_host(&request.headers, distribution)?;
        Some(Self { policy, sign_in, request, context, origin })
    }

    /// Answers one of sign-in's own paths.
    #[inline(never)]
    pub fn reserved(&self, path: &str, state: &mut State) -> Result<Reply<'static>, Pause> {
        let allowed: &[Method] = match path {
            SIGN_IN | SIGNED_OUT | ME => &[Method::GET, Method::HEAD],
            CALLBACK => &[Method::GET],
            SIGN_OUT => &[Method::GET, Method::POST],
            _ => return Ok(self.refuse(&Refusal::NotFound)),
        };
        if !allowed.contains(&self.request.method) {
            let names: Vec<&str> = allowed.iter().map(Method::as_str).collect();
            return Ok(self.refuse(&Refusal::Method(names.join(", "))));
        }
        let answer = match path {
            SIGN_IN => self.start_asked(),
            CALLBACK => self.callback(state)?,
            SIGN_OUT => self.sign_out(state)?,
            SIGNED_OUT => self.signed_out(),
            _ => return self.me(state),
        };
        Ok(answer.reply(self.context))
    }

    /// What becomes of a request that a route refused for want of a token: it is answered here where
    /// fresh tokens or signing in can help; otherwise the refusal stands.
    #[inline(never)]
    pub fn without_token(
        &self,
        refusal: &Refusal,
        route: &Route,
        state: &mut State,
    ) -> Result<Option<Reply<'static>>, Pause> {
        let is_page = asks_for_page(self.request) && !self.is_prefetch();
        Ok(match self.refresh(state)? {
            None => is_page.then(|| self.start().reply(self.context)),
            Some(refresh::Outcome::Over) if is_page => {
                Some(self.start().cookies(self.end_session()).reply(self.context))
            }
            Some(outcome) => Some(self.tell(outcome, refusal, Some(route))),
        })
    }

    /// What becomes of a page load whose token holds until `expires`, a time in Unix seconds.
    #[inline(never)]
    pub fn with_token(
        &self,
        expires: u64,
        state: &mut State,
    ) -> Result<Option<Reply<'static>>, Pause> {
        let left = expires.saturating_sub(self.context.now.seconds());
        if left >= self.sign_in.refresh_before_seconds || !asks_for_page(self.request) {
            return Ok(None);
        }
        Ok(self.refresh_early(state)?.map(|answer| answer.reply(self.context)))
    }

    /// The answer to a request whose session has been refreshed, or could not be.
    fn tell(
        &self,
        outcome: refresh::Outcome,
        refusal: &Refusal,
        route: Option<&Route>,
    ) -> Reply<'static> {
        let refuse = |refusal: &Refusal| refusal.reply(self.request, route, self.context);
        match outcome {
            refresh::Outcome::Answer(answer) => {
                let cors = route.and_then(|route| route.cors.as_ref());
                answer.cors(cors, self.request).reply(self.context)
            }
            refresh::Outcome::Over => answer::with_cookies(refuse(refusal), self.end_session()),
            refresh::Outcome::Unavailable(reason) => refuse(&Refusal::SignInUnavailable(reason)),
        }
    }

    fn refuse(&self, refusal: &Refusal) -> Reply<'static> {
        refusal.reply(self.request, None, self.context)
    }

    fn client(&self) -> &'v settings::Client {
        self.sign_in.client_of(&self.origin)
    }
}
