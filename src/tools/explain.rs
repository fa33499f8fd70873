//! Where one request would go, and every step on the way there.
//!
//! Nothing is decided here: the steps are those of [`decide`](crate::decide), walked one by one and
//! written down.

mod explanation;
mod seen;
mod sign_in;

use cloudfront_worker::{
    Context, Entropy, Env, Headers, Origin, OriginKind, Request, Trigger, UnixMillis, Worker,
};
use http::Method;
use http::header::HOST;
use serde::Deserialize;

use super::diagnostic::Diagnostic;
use super::nearest::nearest;
use super::parse::parse;
use super::regions::{region, regions};
use super::resolve::{Inputs, resolve};
use crate::Nearhop;
use crate::access::{Caller, State};
use crate::bundle::Bundle;
use crate::config::Target;
use crate::decide::{Asked, Descent, Entered, Stop};
use crate::path::CanonicalPath;
use crate::policy::Problem;
use crate::refusal::Refusal;
use crate::region::Api;
use crate::region::api::LEG;
use crate::region::atlas::digest;
use crate::region::choice::stable_hash;
use crate::region::control;
use crate::region::health::Verdict;
use crate::route::Route;
use seen::Seen;
use sign_in::{Visitor, distribution, knows_endpoints, usual_host};

pub use explanation::{
    CallerFound, CandidateFound, Explanation, PlaceFound, Refused, RouteFound, StageSeen,
};
pub use sign_in::SignInSeen;

/// A request to be explained.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The Region that executes the function, or `unknown`.
    pub edge: String,
    /// `viewer-request` or `origin-request`.
    pub trigger: String,
    /// The request's method.
    pub method: String,
    /// Its path as the viewer sent it.
    pub uri: String,
    /// Its query without the `?`.
    pub querystring: String,
    /// The viewer's address.
    pub client_ip: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// API Regions this instance has ejected.
    pub down: Vec<String>,
    /// The text of the control document this instance holds.
    pub control: Option<String>,
    /// Whether the request comes with an origin group's second origin (rule F4).
    pub second_leg: bool,
    /// Milliseconds since 1970.
    pub now: u64,
}

/// Why a request cannot be explained.
#[derive(Debug)]
pub enum Unexplained {
    /// The configuration is at fault.
    Configuration(Vec<Diagnostic>),
    /// What was asked is: the option, what was found and what is allowed.
    Ask(String),
}

/// Explains what becomes of a request under the configuration in `text`. `places` is the bundle's
/// `places.mmdb`, empty where it has none.
///
/// # Errors
/// Everything that is wrong with the configuration, or the first thing that is wrong with `ask`.
pub fn explain(
    text: &str,
    mut inputs: Inputs,
    ask: &Ask,
    places: &[u8],
) -> Result<Explanation, Unexplained> {
    #[cfg(target_arch = "wasm32")]
    super::crypto::install();
    let parsed = parse(text).map_err(Unexplained::Configuration)?;
    let knows_endpoints = knows_endpoints(&parsed.config, &inputs);
    // What is never shown may be anything of the right form.
    inputs = inputs.with_stand_ins(&parsed.config);
    inputs.places = (!places.is_empty()).then(|| digest(places));
    let (bundle, _) = resolve(&parsed, inputs).map_err(Unexplained::Configuration)?;
    let mut config = serde_json::to_vec(&bundle).expect("our own types, with string keys only");
    if bundle.places.is_some() {
        config.push(0);
        config.extend_from_slice(places);
    }
    check_region("--edge", &ask.edge, &["unknown"])?;
    let configured = Nearhop::configure(&config)
        .map_err(|fault| Unexplained::Ask(format!("the bundle cannot be made: {fault}")))?;
    let nearhop = Nearhop::start(configured, Env { region: &ask.edge, seed: 0 });

    let trigger = match Trigger::from_name(&ask.trigger) {
        Some(trigger) if !trigger.is_response() => trigger,
        _ => return Err(found("--trigger", &ask.trigger, "viewer-request, origin-request")),
    };
    let method = Method::from_bytes(ask.method.as_bytes())
        .map_err(|_| found("--method", &ask.method, "an HTTP method, such as GET"))?;
    let given = || ask.headers.iter().map(|(name, value)| (&**name, &**value));
    let says_host = given().any(|(name, _)| name == HOST);
    let usual = usual_host(&bundle.config).filter(|_| !says_host);
    let usual = usual.into_iter().map(|host| (HOST.as_str(), host));
    let request = Request {
        method,
        client_ip: &ask.client_ip,
        uri: &ask.uri,
        querystring: &ask.querystring,
        headers: usual.chain(given()).collect(),
        body: None,
    };
    walk(nearhop, &bundle, knows_endpoints, ask, trigger, &request)
}

fn walk(
    nearhop: Nearhop,
    bundle: &Bundle,
    knows_endpoints: bool,
    ask: &Ask,
    trigger: Trigger,
    request: &Request<'_>,
) -> Result<Explanation, Unexplained> {
    let Nearhop { policy, mut state, edge, .. } = nearhop;
    let context = Context {
        now: UnixMillis(ask.now),
        // Nothing made here is sent to anybody.
        entropy: Entropy::new(&|bytes| bytes.fill(0)),
        request_id: "explain",
        distribution_domain_name: distribution(request.headers.get(&HOST)),
        distribution_id: "",
    };
    let descent = Descent { policy: &policy, context: &context, edge: &edge };
    let mut told = Explanation {
        edge: ask.edge.clone(),
        trigger: ask.trigger.clone(),
        ..Explanation::default()
    };
    if let Some(api) = &policy.api {
        take_down(api, ask, &mut state, &mut told)?;
        take_control(api, ask, &mut state)?;
        if ask.control.is_some() && api.control.is_none() {
            told.notes.push(
                "--control: without a section [api.control] no instance ever reads one".into(),
            );
        }
    }
    if let Ok(path) = CanonicalPath::parse(request.uri) {
        told.route = Some(route_found(descent.route(&path), &path));
        told.path = Some(path.encoded().to_owned());
    }
    note_headers(ask, trigger, &mut told);

    let enter = |state: &mut State| {
        descent.find(request).and_then(|found| descent.enter(found, request, trigger, state))
    };
    let mut entered = enter(&mut state);
    if let Err(Stop::Fetch(issuer)) = entered {
        // The edge would fetch the key set: here it gets the one at hand, if there is one.
        let key_set = bundle.key_sets[issuer].as_deref().map(str::as_bytes);
        state.keys.record(issuer, key_set, context.now);
        entered = enter(&mut state);
    }
    let context = &context;
    let visitor = Visitor { policy: &policy, request, context, trigger, knows_endpoints };
    let entered = match entered {
        Ok(entered) => entered,
        // Nobody has said yet who is calling: the rest holds for whoever has a token.
        Err(Stop::NoToken(refusal, route)) => {
            told.sign_in = visitor.without_token(&refusal, route, &mut state);
            told.notes.extend(visitor.note(told.sign_in.as_ref(), route).map(str::to_owned));
            if !told.sign_in.as_ref().is_some_and(SignInSeen::leads_on) {
                told.refusal = Some(refused(&refusal));
                if refusal != Refusal::TokenMissing {
                    told.outcome = "refused";
                    return Ok(told);
                }
            }
            let path = CanonicalPath::parse(request.uri).expect("it has found its route");
            Entered { route, path, caller: Caller::preflight() }
        }
        Err(Stop::SignIn(path)) => {
            told.route = None;
            told.outcome = "sign-in";
            told.sign_in = Some(visitor.reserved(&path, &mut state));
            return Ok(told);
        }
        Err(stop) => {
            told.outcome =
                if matches!(stop, Stop::Preflight(..)) { "preflight" } else { "refused" };
            told.refusal = refusal_of(&stop);
            return Ok(told);
        }
    };
    told.outcome = match (&told.refusal, &told.sign_in, entered.route.target) {
        (Some(_), _, _) => "refused",
        (None, Some(_), _) => "sign-in",
        (None, None, Target::Api) => "api",
        (None, None, Target::Site) => "site",
    };
    told.caller = entered.caller.bearer().map(|bearer| CallerFound {
        subject: bearer.verified.subject().to_owned(),
        client: bearer.verified.client_id().to_owned(),
        groups: bearer.verified.groups().map(str::to_owned).collect(),
        residency: bearer.verified.residency().map(str::to_owned),
        home: bearer.verified.home().map(str::to_owned),
    });
    match entered.route.target {
        Target::Site => told.destination = Some(policy.site.key(&entered.path, request).into()),
        Target::Api => choose(&descent, request, &entered, trigger, ask, &mut state, &mut told),
    }
    Ok(told)
}

/// The choice of a Region with all its stages.
fn choose<'a>(
    descent: &Descent<'_, 'a>,
    request: &Request<'a>,
    entered: &Entered<'_, 'a>,
    trigger: Trigger,
    ask: &Ask,
    state: &mut State,
    told: &mut Explanation,
) {
    let Some(api) = &descent.policy.api else { return };
    let leg = LEG;
    let custom_headers: Headers<'_> =
        [(leg.as_str(), "2")].into_iter().filter(|_| ask.second_leg).collect();
    let kind = OriginKind::Custom;
    let origin = Origin { kind, domain_name: "", path: "", custom_headers };
    let second_leg = trigger == Trigger::OriginRequest && api.is_second_leg(&origin);
    if ask.second_leg && !second_leg {
        told.notes.push("--second-leg: only origin-request is called a second time".into());
    }
    let place = api.place(request, trigger);
    told.place = Some(PlaceFound {
        ip: request.client_ip.to_owned(),
        country: place.country.map(|code| code.as_str().to_owned()),
        continent: place.continent.map(|code| code.as_str().to_owned()),
        network_rule: place.network_rule,
    });
    let mut seen = Seen::new(api);
    let asked = Asked { route: entered.route, trigger, second_leg };
    let chosen = descent.choose(request, &entered.caller, asked, state, &mut seen);
    told.candidates = seen.candidates(state.control.switches(descent.context.now));
    told.stages = seen.stages();
    match chosen {
        Ok((_, chosen)) => {
            let region = api.region(chosen.region());
            told.region = Some(api.candidates[chosen.region()].name.clone());
            told.reason = Some(chosen.reason.to_string());
            told.order = chosen.order().map(|index| api.candidates[index].name.clone()).collect();
            let path = api.path(&entered.path);
            told.destination = Some(format!("https://{}{}{path}", region.domain_name, region.path));
        }
        // What is done for want of a token comes first.
        Err(stop) if told.refusal.is_none() && told.sign_in.is_none() => {
            told.outcome = "refused";
            told.refusal = refusal_of(&stop);
        }
        Err(_) => {}
    }
}

/// Lets the named Regions fail until they are ejected.
fn take_down(
    api: &Api,
    ask: &Ask,
    state: &mut State,
    told: &mut Explanation,
) -> Result<(), Unexplained> {
    let known: Vec<&str> = api.candidates.iter().map(|region| region.name.as_str()).collect();
    for name in &ask.down {
        let index = api.index_of(name).ok_or_else(|| {
            let allowed = format!("the API's Regions: {}", known.join(", "));
            found_near("--down", name, &allowed, known.iter().copied())
        })?;
        // As often as it takes, each time another client's request.
        for failure in 0..10_u64 {
            if state.health.outlook(0, UnixMillis(ask.now)).avoided.contains(index) {
                break;
            }
            let hash = stable_hash(&failure.to_string());
            state.health.record(index, Verdict::Failure, hash, hash, UnixMillis(ask.now));
        }
    }
    if !ask.down.is_empty() && !api.passive_health {
        told.notes.push("--down: api.passive_health is false, so failures are not counted".into());
    }
    Ok(())
}

/// Holds the control document as if a look had brought it.
fn take_control(api: &Api, ask: &Ask, state: &mut State) -> Result<(), Unexplained> {
    let Some(text) = &ask.control else { return Ok(()) };
    control::parse(text.as_bytes(), &api.candidates)
        .and_then(|document| {
            state.control.take(document, UnixMillis(ask.now)).map_err(|problem| vec![problem])
        })
        .map_err(|problems| {
            let line = |Problem { key, found, allowed }: &Problem| match key.as_str() {
                "" => format!("--control: found {found}, allowed: {allowed}"),
                key => format!("--control: {key}: found {found}, allowed: {allowed}"),
            };
            Unexplained::Ask(problems.iter().map(line).collect::<Vec<_>>().join("\n"))
        })
}

/// Says of headers that would count elsewhere that they do not here.
fn note_headers(ask: &Ask, trigger: Trigger, told: &mut Explanation) {
    let of_cloudfront =
        || ask.headers.iter().any(|(name, _)| name.starts_with("cloudfront-viewer-"));
    if trigger == Trigger::ViewerRequest && of_cloudfront() {
        told.notes.push(
            "cloudfront-viewer-* headers are a viewer's own words at viewer-request, and do not \
             count (rule W8)"
                .into(),
        );
    }
}

fn route_found(route: &Route, path: &CanonicalPath<'_>) -> RouteFound {
    let demand = route.demand.clone();
    let access = if demand.is_some() { "authenticated" } else { "public" };
    let demand = demand.unwrap_or_default();
    let why = match route.pattern.as_str() {
        "*" => format!("no pattern matches {}, so it belongs to the public site", path.decoded()),
        pattern => format!("{pattern} is the most specific pattern that matches"),
    };
    RouteFound {
        pattern: route.pattern.clone(),
        target: route.target,
        why,
        access,
        clients: demand.clients,
        groups: demand.groups,
        scopes: demand.scopes,
    }
}

fn refusal_of(stop: &Stop<'_>) -> Option<Refused> {
    match stop {
        Stop::Refused(refusal, _) | Stop::NoToken(refusal, _) => Some(refused(refusal)),
        Stop::Fetch(_) => Some(refused(&Refusal::KeysUnavailable)),
        Stop::Preflight(..) | Stop::SignIn(_) | Stop::Answered(_) => None,
    }
}

fn refused(refusal: &Refusal) -> Refused {
    Refused {
        status: refusal.status().as_u16(),
        code: refusal.code(),
        message: refusal.message(),
        detail: refusal.detail().into_owned(),
    }
}

/// Refuses what is no AWS Region's name, nor one of some other words.
pub(super) fn check_region(option: &str, name: &str, others: &[&str]) -> Result<(), Unexplained> {
    if region(name).is_some() || others.contains(&name) {
        return Ok(());
    }
    let mut allowed = String::from("the name of an AWS Region, such as \"eu-west-1\"");
    others.iter().for_each(|other| allowed.push_str(&format!(", or \"{other}\"")));
    Err(found_near(option, name, &allowed, regions().iter().map(|region| region.name)))
}

fn found(option: &str, found: &str, allowed: &str) -> Unexplained {
    Unexplained::Ask(format!("{option}: found {found:?}, allowed: {allowed}"))
}

fn found_near<'k>(
    option: &str,
    word: &str,
    allowed: &str,
    known: impl Iterator<Item = &'k str>,
) -> Unexplained {
    let meant = nearest(word, known).map(|name| format!("; did you mean \"{name}\"?"));
    found(option, word, &format!("{allowed}{}", meant.unwrap_or_default()))
}
