//! From an event to an outcome: one descent, each step using up the one before.
//!
//! ```text
//! canonical path → route → preflight, method → credentials → claims → target
//! ```

use cloudfront_worker::edits::{CustomOrigin, Edits, Protocol};
use cloudfront_worker::{Context, Event, Fetch, Origin, Reply, Request, Response, Trigger};
use http::HeaderValue;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, AUTHORIZATION, CACHE_CONTROL, COOKIE, HOST};

use crate::access::{Caller, Denied, State, admit};
use crate::config::{Cookies, Preflight, Target};
use crate::cors::{self, Allowed, Cors};
use crate::credentials;
use crate::identity::{self, CORS, EDGE, REASON, REGION, X_FORWARDED_FOR, is_spoofable};
use crate::path::{CanonicalPath, PathFault};
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::region::{Api, Choice};
use crate::route::Route;

/// Decides what CloudFront is to do with an event, in the given edge Region.
pub(crate) fn decide<'a>(
    event: Event<'a>,
    context: &Context<'a>,
    policy: &Policy,
    state: &mut State,
    edge: &HeaderValue,
) -> Reply<'a> {
    let descent = Descent { policy, context, edge };
    match event {
        Event::ViewerRequest(request) => match descent.viewer_request(&request, state) {
            Ok(edits) => edits.into(),
            Err(stop) => descent.answer(stop, &request),
        },
        Event::OriginRequest(request, origin) => {
            match descent.origin_request(&request, &origin, state) {
                Ok(edits) => edits.into(),
                Err(stop) => descent.answer(stop, &request),
            }
        }
        Event::OriginResponse(request, origin, response) => {
            descent.origin_response(&request, &origin, &response).into()
        }
        Event::ViewerResponse(..) => Edits::new().into(),
    }
}

struct Descent<'d, 'a> {
    policy: &'d Policy,
    context: &'d Context<'a>,
    edge: &'d HeaderValue,
}

/// A request that has been let into its route.
struct Entered<'d, 'a> {
    route: &'d Route,
    path: CanonicalPath<'a>,
    caller: Caller<'a>,
}

/// Where a descent ends before its target.
enum Stop<'d> {
    Refused(Refusal, Option<&'d Route>),
    /// A CORS preflight, answered by the route's rule.
    Preflight(&'d Cors, &'d Route),
    /// This issuer's key set is needed first.
    Fetch(usize),
}

impl<'d, 'a> Descent<'d, 'a> {
    fn viewer_request(
        &self,
        request: &Request<'a>,
        state: &mut State,
    ) -> Result<Edits<'a>, Stop<'d>> {
        let Entered { route, path, .. } = self.enter(request, state)?;
        let edits = strip_spoofable(request, Trigger::ViewerRequest);
        match route.target {
            Target::Api => {
                // For cache keys and logs only: origin-request decides again.
                let (_, Choice { region, reason }) = self.nearest(route)?;
                Ok(rewrite(edits, request, path.encoded())?
                    .set(REGION, region.name.clone())
                    .set(REASON, reason.header()))
            }
            Target::Site => {
                let edits = rewrite(edits, request, &self.policy.site.key(&path, request))?;
                // Origin-request needs them where it verifies again.
                let verifies_again =
                    route.demand.is_some() && !self.policy.site.viewer_request_attached;
                Ok(if verifies_again { edits } else { strip_credentials(edits) })
            }
        }
    }

    fn origin_request(
        &self,
        request: &Request<'a>,
        origin: &Origin<'a>,
        state: &mut State,
    ) -> Result<Edits<'a>, Stop<'d>> {
        let site = &self.policy.site;
        let edits = strip_spoofable(request, Trigger::OriginRequest);
        if site.viewer_request_attached && self.belongs_to_site(request) {
            return Ok(strip_credentials(edits));
        }
        let entered = self.enter(request, state)?;
        match entered.route.target {
            Target::Site => {
                let key = site.key(&entered.path, request);
                Ok(strip_credentials(rewrite(edits, request, &key)?))
            }
            Target::Api => {
                let (api, choice) = self.nearest(entered.route)?;
                self.to_api(edits, request, origin, &entered, api, choice)
            }
        }
    }

    fn origin_response(
        &self,
        request: &Request<'a>,
        origin: &Origin<'a>,
        response: &Response<'a>,
    ) -> Edits<'a> {
        let api = self.policy.api.as_ref();
        let stamp = request.headers.get(&REGION);
        let is_api = |name: &&str| api.is_some_and(|api| api.answers(name, origin, request));
        let Some(region) = stamp.filter(is_api) else {
            return self.site_response(request, response);
        };
        let mut edits = Edits::new();
        for (name, value) in [(REGION, Some(region)), (REASON, request.headers.get(&REASON))] {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
                edits = edits.set(name, value);
            }
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

    /// From the raw request to a caller let into a route.
    fn enter(&self, request: &Request<'a>, state: &mut State) -> Result<Entered<'d, 'a>, Stop<'d>> {
        let path = CanonicalPath::parse(request.uri)
            .map_err(|fault| Stop::Refused(Refusal::Path(fault), None))?;
        let route = self.route(&path);
        if let Some(cors) = route.cors.as_ref().filter(|_| cors::is_preflight(request)) {
            return match cors.preflight {
                Preflight::Answer => Err(Stop::Preflight(cors, route)),
                Preflight::Forward => Ok(Entered { route, path, caller: Caller::preflight() }),
            };
        }
        if !route.allows(&request.method) {
            return Err(Stop::Refused(Refusal::Method(route.allowed_methods()), Some(route)));
        }
        match admit(route, request, self.policy, state, self.context.now) {
            Ok(caller) => Ok(Entered { route, path, caller }),
            Err(Denied::Refused(refusal)) => Err(Stop::Refused(refusal, Some(route))),
            Err(Denied::Fetch(issuer)) => Err(Stop::Fetch(issuer)),
        }
    }

    fn answer(&self, stop: Stop<'d>, request: &Request<'a>) -> Reply<'a> {
        match stop {
            Stop::Refused(refusal, route) => refusal.reply(request, route, self.context),
            Stop::Preflight(cors, route) => cors.answer(request, &route.methods).into(),
            Stop::Fetch(issuer) => self.fetch_keys(issuer).into(),
        }
    }

    /// The route of a path: of the file it means, where that is the site's; of its own letters
    /// otherwise, since an API reads `/health.html` as it likes.
    fn route(&self, path: &CanonicalPath<'_>) -> &'d Route {
        let Policy { routes, site, .. } = self.policy;
        let file = routes.find(site.public_path(path.decoded()));
        if file.target == Target::Site { file } else { routes.find(path.decoded()) }
    }

    fn belongs_to_site(&self, request: &Request<'_>) -> bool {
        CanonicalPath::parse(request.uri).is_ok_and(|path| self.route(&path).target == Target::Site)
    }

    fn nearest(&self, route: &'d Route) -> Result<(&'d Api, Choice<'d>), Stop<'d>> {
        let edge = self.edge.to_str().unwrap_or_default();
        let api = self.policy.api.as_ref();
        api.and_then(|api| Some((api, api.nearest(edge)?)))
            .ok_or(Stop::Refused(Refusal::NoRegion, Some(route)))
    }

    /// Sends a request to the API in the chosen Region (rules W3, A1).
    fn to_api(
        &self,
        edits: Edits<'a>,
        request: &Request<'a>,
        origin: &Origin<'a>,
        entered: &Entered<'d, 'a>,
        api: &Api,
        choice: Choice<'_>,
    ) -> Result<Edits<'a>, Stop<'d>> {
        let Choice { region, reason } = choice;
        let mut edits = rewrite(edits, request, api.path(&entered.path))?
            .set(HOST, region.host.clone())
            .set(REGION, region.name.clone())
            .set(REASON, reason.header())
            .set(EDGE, self.edge.clone());
        // What a viewer wrote there, CloudFront appended to: the API is to see its viewer only.
        edits = match HeaderValue::from_str(request.client_ip) {
            Ok(client_ip) => edits.set(X_FORWARDED_FOR.clone(), client_ip),
            Err(_) => edits.remove(&X_FORWARDED_FOR),
        };
        if let Some((name, value)) = &api.origin_secret {
            edits = edits.set(name.clone(), value.clone());
        }
        if let Some(bearer) = entered.caller.bearer() {
            edits = identity::identify(edits, &bearer.verified);
            // The API verifies the token itself (rule A4), and knows it by this header only.
            if !request.headers.contains(&AUTHORIZATION)
                && let Ok(value) = HeaderValue::from_str(&format!("Bearer {}", bearer.token))
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
            self.policy.issuers.iter().any(|issuer| issuer.cookies.iter().any(|c| c == name))
        };
        let kept: Vec<String> = match route.cookies {
            Cookies::Strip => Vec::new(),
            Cookies::Forward => request
                .headers
                .get_all(&COOKIE)
                .flat_map(credentials::cookies)
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
    fn clashing(&self, origin: &Origin<'_>, api: &Api) -> Vec<http::HeaderName> {
        origin
            .custom_headers
            .iter()
            .filter_map(|(name, _)| http::HeaderName::from_bytes(name.as_bytes()).ok())
            .filter(|name| {
                name.as_str().starts_with("x-nearhop-")
                    || [&HOST, &AUTHORIZATION, &COOKIE, &X_FORWARDED_FOR].contains(&name)
                    || api.origin_secret.as_ref().is_some_and(|(secret, _)| secret == name)
            })
            .collect()
    }

    fn fetch_keys(&self, issuer: usize) -> Fetch {
        let keys = &self.policy.keys;
        Fetch {
            tag: issuer as u32,
            url: self.policy.issuers[issuer].jwks_url.clone(),
            timeout: std::time::Duration::from_millis(keys.timeout_ms.into()),
            max_bytes: keys.max_bytes,
        }
    }
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

fn strip_spoofable<'a>(request: &Request<'a>, trigger: Trigger) -> Edits<'a> {
    Edits::new().remove_where(&request.headers, |name| is_spoofable(name, trigger))
}

/// S3 is shown neither: it needs none, and refuses headers over 8 KB (rule S2).
fn strip_credentials(edits: Edits<'_>) -> Edits<'_> {
    edits.remove(&COOKIE).remove(&AUTHORIZATION)
}

fn rewrite<'d, 'a>(
    edits: Edits<'a>,
    request: &Request<'a>,
    path: &str,
) -> Result<Edits<'a>, Stop<'d>> {
    if path == request.uri {
        return Ok(edits);
    }
    // A file's name in place of a folder's can be too much (rule W9).
    let query = if request.querystring.is_empty() { 0 } else { 1 + request.querystring.len() };
    if path.len() + query > 8_192 {
        return Err(Stop::Refused(Refusal::Path(PathFault::TooLong), None));
    }
    Ok(edits.uri(path.to_owned()))
}
