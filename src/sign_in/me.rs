//! Who is signed in, for the frontend.

use cloudfront_worker::{Body, Reply, Trigger};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Pause, Visit, refresh};
use crate::access::{self, Arrival, Bearer, Denied, State};
use crate::credentials::Carrier;
use crate::refusal::Refusal;
use crate::route::Demand;
use crate::token::{self, Unverified};

impl Visit<'_, '_> {
    /// The claims the configuration chose, and when the token expires; 401 where nobody is signed in.
    pub(super) fn me(&self, state: &mut State) -> Result<Reply<'static>, Pause> {
        let arrival = Arrival {
            request: self.request,
            trigger: Trigger::ViewerRequest,
            now: self.context.now,
            distribution: self.context.distribution_domain_name,
        };
        match access::meet(&Demand::default(), None, arrival, self.policy, state) {
            Ok(bearer) if bearer.by == Carrier::Cookie && self.is_signed_out() => {
                Ok(self.tell(refresh::Outcome::Over, &Refusal::TokenMissing, None))
            }
            Ok(bearer) => {
                let claims = self.claims(&bearer, state)?;
                Ok(told(&claims, bearer.verified.expires()).into())
            }
            Err(Denied::Fetch(issuer)) => Err(Pause::Keys(issuer)),
            Err(Denied::Refused { refusal, by }) => {
                let may_help = by != Carrier::Authorization
                    && matches!(refusal, Refusal::TokenMissing | Refusal::Token(_));
                let outcome = if may_help { self.refresh(state)? } else { None };
                Ok(match outcome {
                    Some(outcome) => self.tell(outcome, &refusal, None),
                    None => self.refuse(&refusal),
                })
            }
        }
    }

    /// Of the ID token where there is one of the same person: it says most.
    fn claims(&self, bearer: &Bearer<'_>, state: &mut State) -> Result<Map<String, Value>, Pause> {
        let names = || self.sign_in.claims.iter().map(String::as_str);
        if let Some(token) = self.id_token() {
            let (issuer, client) = (self.sign_in.issuer, &self.client().id);
            let (issuers, now) = (&self.policy.issuers, self.context.now);
            match token::verify_id(&token, issuer, client, issuers, &mut state.keys, now) {
                Ok(id) if id.subject == bearer.verified.subject() => return Ok(id.claims(names())),
                Err(Unverified::Fetch(issuer)) => return Err(Pause::Keys(issuer)),
                _ => {}
            }
        }
        Ok(bearer.claims(names()).unwrap_or_default())
    }
}

fn told(claims: &Map<String, Value>, expires: u64) -> Response<Body> {
    #[derive(Serialize)]
    struct Me<'m> {
        claims: &'m Map<String, Value>,
        expires: u64,
    }
    let body = serde_json::to_string(&Me { claims, expires }).unwrap_or_default();
    let mut response = Response::new(Body::Text(body));
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
