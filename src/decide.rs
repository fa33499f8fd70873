//! From an event to an outcome: one descent, each step using up the one before.
//!
//! ```text
//! canonical path → route → preflight, method → credentials → claims → target
//! ```
//!
//! The steps that not every request takes are kept out of line: a WebAssembly engine compiles a
//! function whole when it is first entered, so a cold start would pay for those it does not take.

use std::borrow::Cow;

use cloudfront_worker::edits::Edits;
use cloudfront_worker::{Context, Event, Fetch, Origin, Reply, Request, Trigger};
use http::HeaderValue;

use crate::access::{Arrival, Caller, Denied, State, admit};
use crate::config::{Preflight, Target};
use crate::cors::{self, Cors};
use crate::credentials::Carrier;
use crate::identity::{REASON, REGION, is_spoofable};
use crate::json::Object;
use crate::path::{CanonicalPath, PathFault};
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::region::Api;
use crate::region::api::Viewer;
use crate::region::choice::{Chosen, Observer, Unobserved, choose, quick_hash, stable_hash};
use crate::region::health::Outlook;
use crate::region::pin::{PIN, pinned};
use crate::route::Route;
use crate::sign_in;
use crate::token::Verified;

mod to_api;
mod visitor;
mod way_back;

/// Decides what CloudFront is to do with an event, in the given edge Region.
pub(crate) fn decide<'a>(
    event: Event<'a>,
    context: &Context<'a>,
    policy: &Policy,
    state: &mut State,
    edge: &Edge,
) -> Reply<'a> {
    let descent = Descent { policy, context, edge };
    match event {
        Event::ViewerRequest(request) => {
            let found = descent.find(&request);
            let is_to_api = is_to_api(&found);
            let mut reply =
                match found.and_then(|found| descent.viewer_request(found, &request, state)) {
                    Ok(edits) => edits.into(),
                    Err(stop) => descent.answer_visitor(stop, &request, state),
                };
            reply.aside = descent.look(is_to_api, state);
            reply
        }
        Event::OriginRequest(request, origin) => {
            let found = descent.find(&request);
            let is_to_api = is_to_api(&found);
            let mut reply = found
                .and_then(|found| descent.origin_request(found, &request, &origin, state))
                .unwrap_or_else(|stop| descent.answer(stop, &request));
            reply.aside = descent.look(is_to_api, state);
            reply
        }
        Event::OriginResponse(request, origin, response) => {
            descent.origin_response(&request, &origin, &response, state).into()
        }
        Event::ViewerResponse(request, response) => {
            descent.viewer_response(&request, &response).into()
        }
    }
}

/// What every step of one descent may look at. `nearhop explain` walks the same steps.
pub(crate) struct Descent<'d, 'a> {
    pub policy: &'d Policy,
    pub context: &'d Context<'a>,
    pub edge: &'d Edge,
}

/// The Region that the edge function runs in; `unknown`, where no header could name it.
#[derive(Debug)]
pub(crate) struct Edge {
    pub name: String,
    pub header: HeaderValue,
}

impl Edge {
    pub fn new(region: &str) -> Self {
        match HeaderValue::from_str(region) {
            Ok(header) => Self { name: region.to_owned(), header },
            Err(_) => Self::new("unknown"),
        }
    }
}

/// Where a request is to go, if it is let in.
pub(crate) struct Found<'d, 'a> {
    pub route: &'d Route,
    pub path: CanonicalPath<'a>,
}

/// A request that has been let into its route.
pub(crate) struct Entered<'d, 'a> {
    pub route: &'d Route,
    pub path: CanonicalPath<'a>,
    pub caller: Caller<'a>,
}

/// What a Region is wanted for.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'d> {
    pub route: &'d Route,
    pub trigger: Trigger,
    pub second_leg: bool,
}

/// Where a descent ends before its target.
pub(crate) enum Stop<'d> {
    Refused(Refusal, Option<&'d Route>),
    /// Refused for want of a token that holds, by a request that had no `Authorization`.
    NoToken(Refusal, &'d Route),
    /// A CORS preflight, answered by the route's rule.
    Preflight(&'d Cors, &'d Route),
    /// One of sign-in's own paths.
    SignIn(String),
    /// What the browser is to do first, or we are.
    Answered(Box<Reply<'static>>),
    /// This issuer's key set is needed first.
    Fetch(usize),
}

impl<'d, 'a> Descent<'d, 'a> {
    #[inline(never)]
    fn viewer_request(
        &self,
        found: Found<'d, 'a>,
        request: &Request<'a>,
        state: &mut State,
    ) -> Result<Edits<'a>, Stop<'d>> {
        let trigger = Trigger::ViewerRequest;
        let Entered { route, path, caller } = self.enter(found, request, trigger, state)?;
        self.keep_fresh(request, route, &caller, state)?;
        match route.target {
            Target::Api => {
                // Origin-request asks for it once more, and takes it off.
                let kept =
                    if self.pinned(request).is_some() { Kept::Pin } else { Kept::Credentials };
                // For cache keys and logs only: origin-request decides again.
                let asked = Asked { route, trigger, second_leg: false };
                let edits = rewrite(strip(request, trigger, kept), request, path.encoded().into())?;
                Ok(match self.choose(request, &caller, asked, state, &mut Unobserved) {
                    Ok((api, chosen)) => edits
                        .set(REGION, api.region(chosen.region()).name.clone())
                        .set(REASON, chosen.reason.header()),
                    // The country, which permits one perhaps, is told there only (rule W8).
                    Err(_) => edits,
                })
            }
            Target::Site => {
                let site = &self.policy.site;
                // Origin-request needs them where it verifies again.
                let verifies_again = route.demand.is_some() && !site.viewer_request_attached;
                let kept = if verifies_again { Kept::Credentials } else { Kept::Nothing };
                rewrite(strip(request, trigger, kept), request, site.key(&path, request))
            }
        }
    }

    #[inline(never)]
    fn origin_request(
        &self,
        found: Found<'d, 'a>,
        request: &Request<'a>,
        origin: &Origin<'a>,
        state: &mut State,
    ) -> Result<Reply<'a>, Stop<'d>> {
        let (site, trigger) = (&self.policy.site, Trigger::OriginRequest);
        if site.viewer_request_attached && found.route.target == Target::Site {
            return Ok(strip(request, trigger, Kept::Nothing).into());
        }
        let entered = self.enter(found, request, trigger, state)?;
        match entered.route.target {
            Target::Site => {
                let edits = strip(request, trigger, Kept::Nothing);
                Ok(rewrite(edits, request, site.key(&entered.path, request))?.into())
            }
            Target::Api => {
                let api = self.policy.api.as_ref();
                let second_leg = api.is_some_and(|api| api.is_second_leg(origin));
                let asked = Asked { route: entered.route, trigger, second_leg };
                let (api, chosen) =
                    self.choose(request, &entered.caller, asked, state, &mut Unobserved)?;
                self.note_choice(request, &chosen, state);
                let mut reply: Reply<'a> =
                    self.to_api(request, origin, &entered, api, &chosen)?.into();
                reply.log = api.log_decisions.then(|| self.line(&chosen, asked.route, api));
                Ok(reply)
            }
        }
    }

    /// From the raw request to its route.
    pub fn find(&self, request: &Request<'a>) -> Result<Found<'d, 'a>, Stop<'d>> {
        let path = CanonicalPath::parse(request.uri)
            .map_err(|fault| Stop::Refused(Refusal::Path(fault), None))?;
        if self.policy.sign_in.is_some() && path.decoded().starts_with(sign_in::PREFIX) {
            return Err(Stop::SignIn(path.decoded().to_owned()));
        }
        Ok(Found { route: self.route(&path), path })
    }

    /// From a route to a caller let into it.
    pub fn enter(
        &self,
        Found { route, path }: Found<'d, 'a>,
        request: &Request<'a>,
        trigger: Trigger,
        state: &mut State,
    ) -> Result<Entered<'d, 'a>, Stop<'d>> {
        if let Some(cors) = route.cors.as_ref().filter(|_| cors::is_preflight(request)) {
            return match cors.preflight {
                Preflight::Answer => Err(Stop::Preflight(cors, route)),
                Preflight::Forward => Ok(Entered { route, path, caller: Caller::preflight() }),
            };
        }
        if !route.allows(&request.method) {
            return Err(Stop::Refused(Refusal::Method(route.allowed_methods()), Some(route)));
        }
        let arrival = Arrival {
            request,
            trigger,
            now: self.context.now,
            distribution: self.context.distribution_domain_name,
        };
        match admit(route, arrival, self.policy, state) {
            Ok(caller) => Ok(Entered { route, path, caller }),
            Err(Denied::Refused { refusal, by }) => Err(match (&refusal, by) {
                (Refusal::TokenMissing | Refusal::Token(_), Carrier::Absent | Carrier::Cookie) => {
                    Stop::NoToken(refusal, route)
                }
                _ => Stop::Refused(refusal, Some(route)),
            }),
            Err(Denied::Fetch(issuer)) => Err(Stop::Fetch(issuer)),
        }
    }

    #[inline(never)]
    fn answer(&self, stop: Stop<'d>, request: &Request<'a>) -> Reply<'a> {
        match stop {
            Stop::Refused(refusal, route) => refusal.reply(request, route, self.context),
            Stop::NoToken(refusal, route) => refusal.reply(request, Some(route), self.context),
            Stop::Preflight(cors, route) => cors.answer(request, &route.methods).into(),
            Stop::Answered(reply) => *reply,
            Stop::SignIn(_) => Refusal::NotFound.reply(request, None, self.context),
            Stop::Fetch(issuer) => self.fetch_keys(issuer).into(),
        }
    }

    /// The route of a path: of the file it means, where that is the site's; of its own letters
    /// otherwise, since an API reads `/health.html` as it likes.
    pub fn route(&self, path: &CanonicalPath<'_>) -> &'d Route {
        let Policy { routes, site, .. } = self.policy;
        let (letters, public) = (path.decoded(), site.public_path(path.decoded()));
        let file = routes.find(public);
        // One is the other's beginning.
        let are_same = public.len() == letters.len();
        if are_same || file.target == Target::Site { file } else { routes.find(letters) }
    }

    /// Chooses the Region that serves a request.
    pub fn choose(
        &self,
        request: &Request<'a>,
        caller: &Caller<'a>,
        asked: Asked<'d>,
        state: &mut State,
        observer: &mut impl Observer,
    ) -> Result<(&'d Api, Chosen<'d>), Stop<'d>> {
        let refuse = || Stop::Refused(Refusal::NoRegion, Some(asked.route));
        let api = self.policy.api.as_ref().ok_or_else(refuse)?;
        let switches = state.control.switches(self.context.now);
        let is_told_apart = api.tells_viewers_apart(switches) || state.health.tells_viewers_apart();
        let verified = caller.bearer().map(|bearer| bearer.verified.as_ref());
        let viewer = Viewer {
            place: api.wanted_place(request, asked.trigger),
            key: match is_told_apart {
                true => stable_hash(verified.map_or(request.client_ip, Verified::subject)),
                false => 0,
            },
            residency_claim: verified.and_then(Verified::residency),
            home_claim: verified.and_then(Verified::home),
            home_cookie: api.home_of_cookies(request),
            is_identified: verified.is_some(),
        };
        let outlook = match api.passive_health {
            true => state.health.outlook(viewer.key, self.context.now),
            false => Outlook::default(),
        };
        let mut question =
            api.question(api.here(), &viewer, asked.route.regions, switches, outlook);
        question.pinned = self.pinned(request);
        question.second_leg = asked.second_leg;
        if asked.second_leg {
            question.first_leg = state.health.first_leg(self.request_hash());
        }
        let chosen = choose(&question, observer).ok_or_else(refuse)?;
        Ok((api, chosen))
    }

    /// The Region a request has been allowed to choose for itself.
    #[inline(never)]
    fn pinned(&self, request: &Request<'a>) -> Option<usize> {
        pinned(request, self.policy.api.as_ref()?, self.context.now)
    }

    /// The look at the control document that goes beside this answer, if it is time for one: asked
    /// for by requests to the API, whatever became of them.
    fn look(&self, is_to_api: bool, state: &mut State) -> Option<Fetch> {
        let settings = self.policy.api.as_ref()?.control.as_ref().filter(|_| is_to_api)?;
        let is_due = state.control.is_due(settings, self.context.now);
        is_due.then(|| state.control.look(settings, self.context.now))
    }

    /// What is logged of a request that goes to the API.
    fn line(&self, chosen: &Chosen<'_>, route: &Route, api: &Api) -> String {
        let name = |index: usize| api.candidates[index].name.as_str();
        Object::new()
            .word("region", name(chosen.region()))
            .word("reason", &chosen.reason.text())
            .text("edge", &self.edge.name)
            .words("candidates", chosen.order().map(name))
            .text("request_id", self.context.request_id)
            .text("route", &route.pattern)
            .end()
    }

    /// What the instance learns from a choice: that a Region is being probed, or that a second leg
    /// reports the first one's failure (rule F4).
    fn note_choice(&self, request: &Request<'a>, chosen: &Chosen<'_>, state: &mut State) {
        let now = self.context.now;
        if chosen.probes {
            state.health.probe(chosen.region(), now);
        }
        match chosen.failed() {
            Some(failed) => {
                let client = client_hash(request);
                state.health.record_second_leg(failed, self.request_hash(), client, now);
            }
            None => state.health.send(chosen.region(), self.request_hash()),
        }
    }

    /// What tells this request from others; the same at each of its triggers.
    fn request_hash(&self) -> u64 {
        quick_hash(self.context.request_id)
    }

    fn fetch_keys(&self, issuer: usize) -> Fetch {
        let keys = &self.policy.keys;
        let url = &self.policy.issuers[issuer].jwks_url;
        let timeout = std::time::Duration::from_millis(keys.timeout_ms.into());
        Fetch::get(issuer as u32, url, timeout, keys.max_bytes)
    }
}

/// What tells a client from others.
fn client_hash(request: &Request<'_>) -> u64 {
    quick_hash(request.client_ip)
}

fn is_to_api(found: &Result<Found<'_, '_>, Stop<'_>>) -> bool {
    found.as_ref().is_ok_and(|found| found.route.target == Target::Api)
}

/// What [`strip`] leaves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// Neither credentials nor a pin. S3 needs none, and refuses headers over 8 KB (rule S2).
    Nothing,
    Credentials,
    /// Credentials, and a pin that counts: it is not a viewer's to make up.
    Pin,
}

/// Takes off what could pass for ours, for CloudFront's or for a proxy's. What is not there is not
/// taken off: an edit costs `worker.mjs` a change to the event.
fn strip<'a>(request: &Request<'a>, trigger: Trigger, kept: Kept) -> Edits<'a> {
    Edits::new().remove_where(&request.headers, |name| match name {
        "authorization" | "cookie" => kept == Kept::Nothing,
        _ => is_spoofable(name, trigger) && !(kept == Kept::Pin && name == PIN.as_str()),
    })
}

fn rewrite<'d, 'a>(
    edits: Edits<'a>,
    request: &Request<'a>,
    path: Cow<'_, str>,
) -> Result<Edits<'a>, Stop<'d>> {
    // Mostly it is the same text, and need not be read.
    if std::ptr::eq(path.as_ref(), request.uri) || path == request.uri {
        return Ok(edits);
    }
    // A file's name in place of a folder's can be too much (rule W9).
    let query = if request.querystring.is_empty() { 0 } else { 1 + request.querystring.len() };
    if path.len() + query > 8_192 {
        return Err(Stop::Refused(Refusal::Path(PathFault::TooLong), None));
    }
    Ok(edits.uri(path.into_owned()))
}
