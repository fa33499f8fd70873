//! Origin-response and viewer-response: what an answer is given on its way back, and what is learned
//! from it.

use cloudfront_worker::edits::Edits;
use cloudfront_worker::{Origin, Request, Response};
use http::HeaderValue;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, SET_COOKIE};

use super::{Descent, client_hash};
use crate::access::State;
use crate::config::Target;
use crate::cors::Allowed;
use crate::identity::{self, CORS, REASON, REGION};
use crate::path::CanonicalPath;
use crate::policy::Policy;
use crate::region::health::Verdict;

impl<'a> Descent<'_, 'a> {
    #[inline(never)]
    pub(super) fn origin_response(
        &self,
        request: &Request<'a>,
        origin: &Origin<'a>,
        response: &Response<'a>,
        state: &mut State,
    ) -> Edits<'a> {
        let stamp = request.headers.get(&REGION);
        let Some((api, index)) = self.policy.api.as_ref().and_then(|api| {
            let index = stamp.and_then(|name| api.answering(name, origin, request))?;
            Some((api, index))
        }) else {
            return self.site_response(request, response);
        };
        if api.passive_health {
            let verdict = Verdict::of(response.status);
            let (request_hash, client) = (self.request_hash(), client_hash(request));
            state.health.record(index, verdict, request_hash, client, self.context.now);
        }
        let mut edits = Edits::new().set(REGION, api.region(index).name.clone());
        let reason = request.headers.get(&REASON);
        if let Some(reason) = reason.and_then(|reason| HeaderValue::from_str(reason).ok()) {
            edits = edits.set(REASON, reason);
        }
        if let Some(cookie) = api.home_cookie(index, &request.method, response.status) {
            edits = edits.append(SET_COOKIE, cookie);
        }
        // Without a word from the API, a cache would keep for everyone what one caller may see.
        if identity::is_identified(&request.headers) && !response.headers.contains(&CACHE_CONTROL) {
            edits = edits.set(CACHE_CONTROL, NO_STORE);
        }
        // Where the API has a CORS answer of its own, that one stands.
        if response.headers.contains(&ACCESS_CONTROL_ALLOW_ORIGIN) {
            return edits;
        }
        let stamp = request.headers.get(&CORS).and_then(Allowed::from_stamp);
        stamp
            .iter()
            .filter(|allowed| self.policy.routes.cors().any(|cors| cors.grants(allowed)))
            .flat_map(Allowed::fields)
            .fold(edits, |edits, (name, value)| edits.append(name, value))
    }

    /// The site's security headers, on what the cache kept without them too. Not on errors of the
    /// origin: those do not come here (rule G5).
    #[inline(never)]
    pub(super) fn viewer_response(
        &self,
        request: &Request<'a>,
        response: &Response<'a>,
    ) -> Edits<'a> {
        match self.find(request) {
            Ok(found) if found.route.target == Target::Site => {
                self.policy.site.viewer_answer(response)
            }
            _ => Edits::new(),
        }
    }

    fn site_response(&self, request: &Request<'a>, response: &Response<'a>) -> Edits<'a> {
        let Policy { site, .. } = self.policy;
        let edits = site.answer(response);
        // The cache asks nobody for a token unless viewer-request stands before it.
        let is_guarded = || {
            CanonicalPath::parse(request.uri).is_ok_and(|path| self.route(&path).demand.is_some())
        };
        if !site.viewer_request_attached && is_guarded() {
            edits.set(CACHE_CONTROL, NO_STORE)
        } else {
            edits
        }
    }
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
