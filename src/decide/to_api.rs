//! The last step of a call: what the API gets to see.

use std::borrow::Cow;

use cloudfront_worker::edits::{CustomOrigin, Edits, Protocol};
use cloudfront_worker::{Origin, Request, Trigger};
use http::HeaderValue;
use http::header::{AUTHORIZATION, COOKIE, HOST};

use super::{Descent, Entered, Kept, Stop, rewrite, strip};
use crate::config::Cookies;
use crate::credentials::names::is_reserved;
use crate::credentials::{Carrier, sent};
use crate::identity::{CORS, EDGE, REASON, REGION, X_FORWARDED_FOR};
use crate::region::choice::Chosen;
use crate::region::{Api, ApiRegion};
use crate::route::Route;

impl<'d, 'a> Descent<'d, 'a> {
    /// Sends a request to the API in the chosen Region (rules W3, A1).
    #[inline(never)]
    pub(super) fn to_api(
        &self,
        request: &Request<'a>,
        origin: &Origin<'a>,
        entered: &Entered<'d, 'a>,
        api: &Api,
        chosen: &Chosen<'_>,
    ) -> Result<Edits<'a>, Stop<'d>> {
        let region: &ApiRegion = api.region(chosen.region());
        let edits = strip(request, Trigger::OriginRequest, Kept::Credentials);
        let mut edits = rewrite(edits, request, api.path(&entered.path).into())?
            .set(HOST, region.host.clone())
            .set(REGION, region.name.clone())
            .set(REASON, chosen.reason.header())
            .set(EDGE, self.edge.header.clone());
        // What a viewer wrote there, CloudFront appended to: the API is to see its viewer only.
        edits = match HeaderValue::from_str(request.client_ip) {
            Ok(client_ip) => edits.set(X_FORWARDED_FOR.clone(), client_ip),
            Err(_) => edits.remove(&X_FORWARDED_FOR),
        };
        if let Some((name, value)) = &api.origin_secret {
            edits = edits.set(name.clone(), value.clone());
        }
        if let Some(bearer) = entered.caller.bearer() {
            edits = bearer.verified.identity().set(edits);
            // The API verifies the token itself (rule A4), and knows it by this header only.
            if bearer.by != Carrier::Authorization
                && let Ok(value) = HeaderValue::try_from(["Bearer ", &bearer.token].concat())
            {
                edits = edits.set(AUTHORIZATION, value);
            }
        }
        let cors = entered.route.cors.as_ref().and_then(|cors| cors.allow(&request.headers));
        if let Some(allowed) = cors {
            edits = edits.set(CORS, allowed.to_stamp());
        }
        Ok(self.forward_cookies(edits, request, entered.route).origin(CustomOrigin {
            protocol: Protocol::Https,
            domain_name: region.domain_name.clone().into(),
            port: region.port,
            path: region.path.clone().into(),
            without_custom_headers: self.clashing(origin, api),
        }))
    }

    /// What the API sees of the cookies: all but those that carry tokens, where it wants any
    /// (rule A2).
    fn forward_cookies(&self, edits: Edits<'a>, request: &Request<'a>, route: &Route) -> Edits<'a> {
        let is_token = |name: &str| {
            let mut names = self.policy.issuers.iter().flat_map(|issuer| &issuer.cookies);
            is_reserved(name) || names.any(|token| token.is(name))
        };
        if !request.headers.contains(&COOKIE) {
            return edits;
        }
        let kept: Vec<String> = match route.cookies {
            Cookies::Strip => return edits.remove(&COOKIE),
            Cookies::Forward => sent(request)
                .filter(|(name, _)| !is_token(name))
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
        };
        match HeaderValue::from_str(&kept.join("; ")) {
            Ok(value) if !kept.is_empty() => edits.set(COOKIE, value),
            _ => edits.remove(&COOKIE),
        }
    }

    /// The distribution's own headers for its origin that stand among ours (rule E8).
    fn clashing(&self, origin: &Origin<'a>, api: &Api) -> Vec<Cow<'a, str>> {
        let secret = api.origin_secret.as_ref().map(|(name, _)| name);
        let ours = [&HOST, &AUTHORIZATION, &COOKIE, &X_FORWARDED_FOR];
        origin
            .custom_headers
            .iter()
            .map(|(name, _)| name)
            .filter(|name| {
                name.starts_with("x-nearhop-")
                    || ours.into_iter().chain(secret).any(|other| other == name)
            })
            .map(Cow::Borrowed)
            .collect()
    }
}
