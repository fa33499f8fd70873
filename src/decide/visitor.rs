//! Viewer-request, where visitors can be signed in.

use cloudfront_worker::{Reply, Request};

use super::{Descent, Stop};
use crate::access::{Caller, State};
use crate::credentials::Carrier;
use crate::refusal::Refusal;
use crate::route::Route;
use crate::sign_in::{Pause, Visit};
use crate::site::asks_for_page;

impl<'d, 'a> Descent<'d, 'a> {
    /// Stops a request whose session was signed out of, and a page load whose token is about to expire,
    /// where the browser is to come back with a fresh one.
    pub(super) fn keep_fresh(
        &self,
        request: &Request<'a>,
        route: &'d Route,
        caller: &Caller<'a>,
        state: &mut State,
    ) -> Result<(), Stop<'d>> {
        let Some(bearer) = caller.bearer().filter(|bearer| bearer.by == Carrier::Cookie) else {
            return Ok(());
        };
        let Some(visit) = Visit::new(self.policy, request, self.context) else { return Ok(()) };
        if visit.is_signed_out() {
            return Err(Stop::NoToken(Refusal::TokenMissing, route));
        }
        match visit.with_token(bearer.verified.expires(), state) {
            Ok(None) => Ok(()),
            Ok(Some(reply)) => Err(Stop::Answered(reply.into())),
            Err(pause) => Err(Stop::Answered(self.pause(pause))),
        }
    }

    /// As [`answer`](Self::answer), and where signing in can help, by that.
    #[inline(never)]
    pub(super) fn answer_visitor(
        &self,
        stop: Stop<'d>,
        request: &Request<'a>,
        state: &mut State,
    ) -> Reply<'a> {
        let visit = || Visit::new(self.policy, request, self.context);
        let answered = match &stop {
            Stop::SignIn(path) => match visit() {
                Some(visit) => visit.reserved(path, state).map(Some),
                None => return Refusal::HostUnknown.reply(request, None, self.context),
            },
            Stop::NoToken(refusal, route) => match visit() {
                Some(visit) => visit.without_token(refusal, route, state),
                // Better than to ask a person for a header.
                None if self.policy.sign_in.is_some() && asks_for_page(request) => {
                    return Refusal::HostUnknown.reply(request, Some(route), self.context);
                }
                None => Ok(None),
            },
            _ => Ok(None),
        };
        match answered {
            Ok(Some(reply)) => reply,
            Ok(None) => self.answer(stop, request),
            Err(pause) => *self.pause(pause),
        }
    }

    fn pause(&self, pause: Pause) -> Box<Reply<'static>> {
        let fetch = match pause {
            Pause::Keys(issuer) => self.fetch_keys(issuer),
            Pause::Ask(fetch) => fetch,
        };
        Box::new(fetch.into())
    }
}
