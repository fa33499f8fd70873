//! Nearhop as a worker: what CloudFront's events reach first.

use std::fmt;

use cloudfront_worker::{Body, Context, Env, Event, Fault, Fetched, Reply, UnixMillis, Worker};
use http::HeaderValue;

use crate::access::State;
use crate::bundle::Bundle;
use crate::decide::decide;
use crate::keys::{ImportKey, KeySetFault, Keys};
use crate::policy::{Policy, Problem};
use crate::refusal::Refusal;
use crate::region::choice::Switches;
use crate::region::health::Health;
use crate::verdicts::Verdicts;

/// The edge function: a policy, and what one instance has learned.
#[derive(Debug)]
pub struct Nearhop {
    policy: Policy,
    state: State,
    edge: HeaderValue,
}

/// Why a bundle cannot start. `nearhop bundle` writes none that would say this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartFault {
    /// Its `nearhop.json` is not what this version reads.
    Bundle(String),
    /// Its configuration has problems.
    Policy(Vec<Problem>),
    /// One of its key sets cannot be used.
    Keys(KeySetFault),
}

impl Worker for Nearhop {
    type Error = StartFault;

    fn start(env: Env<'_>) -> Result<Self, StartFault> {
        let bundle: Bundle = serde_json::from_slice(env.config)
            .map_err(|error| StartFault::Bundle(error.to_string()))?;
        let policy = Policy::new(&bundle).map_err(StartFault::Policy)?;
        let keys =
            Keys::new(&policy.keys, IMPORT_KEY, &bundle.key_sets).map_err(StartFault::Keys)?;
        let verdicts = Verdicts::new(policy.limits.verdicts, env.seed);
        let edge = HeaderValue::from_str(env.region)
            .unwrap_or_else(|_| HeaderValue::from_static("unknown"));
        let regions = policy.api.as_ref().map_or(0, |api| api.candidates.len());
        let health = Health::new(regions, env.seed);
        let switches = Switches::default();
        Ok(Self { policy, state: State { keys, verdicts, health, switches }, edge })
    }

    fn handle<'a>(&mut self, event: Event<'a>, context: &Context<'a>) -> Reply<'a> {
        decide(event, context, &self.policy, &mut self.state, &self.edge)
    }

    fn record(&mut self, now: UnixMillis, fetched: Fetched<'_>) {
        let issuer = fetched.tag as usize;
        if issuer < self.policy.issuers.len() {
            self.state.keys.record(issuer, fetched.result.ok(), now);
        }
    }

    fn fault(fault: &Fault<'_>) -> http::Response<Body> {
        let request_id = match fault {
            Fault::Outcome { request_id, .. } => request_id,
            Fault::Event(_) => "",
        };
        Refusal::Internal.response(request_id, false)
    }
}

#[cfg(all(feature = "edge", target_arch = "wasm32"))]
const IMPORT_KEY: ImportKey = crate::edge::import_key;

#[cfg(not(all(feature = "edge", target_arch = "wasm32")))]
const IMPORT_KEY: ImportKey =
    |modulus, exponent| jsonwebtoken::DecodingKey::from_rsa_components(modulus, exponent).ok();

impl fmt::Display for StartFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartFault::Bundle(reason) => write!(f, "nearhop.json: {reason}"),
            StartFault::Policy(problems) => {
                f.write_str("nearhop.json:")?;
                problems.iter().try_for_each(|Problem { key, found, allowed }| {
                    write!(f, " {key}: found {found}, allowed: {allowed};")
                })
            }
            StartFault::Keys(fault) => write!(f, "a key set: {fault:?}"),
        }
    }
}
