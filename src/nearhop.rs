//! Nearhop as a worker: what CloudFront's events reach first.

use std::fmt;
use std::sync::Arc;

use cloudfront_worker::{Body, Context, Env, Event, Fault, Fetched, Reply, UnixMillis, Worker};

use crate::access::State;
use crate::bundle::Bundle;
use crate::decide::{Edge, decide};
use crate::keys::{self, ImportKey, KeySetFault, Keys, PublicKey};
use crate::policy::{Policy, Problem};
use crate::refusal::Refusal;
use crate::region::atlas::Atlas;
use crate::region::control::Control;
use crate::region::health::Health;
use crate::sign_in::{Exchanges, exchange};
use crate::verdicts::Verdicts;

/// The edge function: a policy, and what one instance has learned.
#[derive(Debug)]
pub struct Nearhop {
    pub(crate) policy: Policy,
    pub(crate) state: State,
    pub(crate) edge: Edge,
}

/// Why a bundle's configuration cannot be used. `nearhop bundle` writes none that would say this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigureFault {
    /// Its `nearhop.json` is not what this version reads.
    Bundle(String),
    /// Its configuration has problems.
    Policy(Vec<Problem>),
    /// One of its key sets cannot be used.
    Keys(KeySetFault),
    /// Its `places.mmdb` cannot be used.
    Places(String),
}

/// A policy and the key sets that begin with it: what a bundle's configuration comes to.
#[derive(Debug)]
pub struct Configured {
    policy: Policy,
    key_sets: Vec<Vec<PublicKey>>,
}

impl Worker for Nearhop {
    type Error = ConfigureFault;
    type Configured = Configured;

    fn configure(config: &[u8]) -> Result<Configured, ConfigureFault> {
        let (json, places) = files(config);
        let bundle: Bundle = serde_json::from_slice(json)
            .map_err(|error| ConfigureFault::Bundle(error.to_string()))?;
        let mut policy = Policy::new(&bundle).map_err(ConfigureFault::Policy)?;
        let atlas = Atlas::of_bundle(&bundle, policy.api.as_ref(), places)
            .map_err(ConfigureFault::Places)?;
        if let Some(api) = &mut policy.api {
            api.atlas = atlas.map(Arc::new);
        }
        let key_sets = keys::preloaded(&bundle.key_sets).map_err(ConfigureFault::Keys)?;
        Ok(Configured { policy, key_sets })
    }

    fn start(Configured { mut policy, key_sets }: Configured, env: Env<'_>) -> Self {
        if let Some(api) = &mut policy.api {
            api.stand_at(env.region);
        }
        let keys = Keys::new(&policy.keys, IMPORT_KEY, key_sets);
        let verdicts = Verdicts::new(policy.limits.verdicts, env.seed);
        let edge = Edge::new(env.region);
        let regions = policy.api.as_ref().map_or(0, |api| api.candidates.len());
        let health = Health::new(regions, env.seed);
        let (control, exchanges) = (Control::default(), Exchanges::new());
        let state = State { keys, verdicts, health, control, exchanges };
        Self { policy, state, edge }
    }

    fn handle<'a>(&mut self, event: Event<'a>, context: &Context<'a>) -> Reply<'a> {
        decide(event, context, &self.policy, &mut self.state, &self.edge)
    }

    fn record(&mut self, now: UnixMillis, fetched: Fetched<'_>) -> Option<String> {
        let Fetched { tag, result } = fetched;
        if (tag as usize) < self.policy.issuers.len() {
            self.state.keys.record(tag as usize, result.ok(), now);
            return None;
        }
        if tag >= exchange::TAG {
            self.state.exchanges.record(tag, result, now);
            return None;
        }
        let api = self.policy.api.as_ref()?;
        self.state.control.record(api.control.as_ref()?, &api.candidates, tag, result, now)
    }

    fn fault(fault: &Fault<'_>) -> http::Response<Body> {
        match fault {
            Fault::Outcome { request_id, .. } => Refusal::Internal.response(request_id, false),
            Fault::TooLarge { request_id, .. } => {
                Refusal::RequestTooLarge.response(request_id, false)
            }
            Fault::Event(_) => Refusal::Internal.response("", false),
        }
    }
}

/// A bundle's `nearhop.json` and its `places.mmdb`: whoever configures puts a NUL between them,
/// which JSON never holds.
fn files(config: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(0, config) {
        Some(end) => (&config[..end], Some(&config[end + 1..])),
        None => (config, None),
    }
}

#[cfg(all(feature = "edge", target_arch = "wasm32"))]
const IMPORT_KEY: ImportKey = crate::edge::import_key;

#[cfg(not(all(feature = "edge", target_arch = "wasm32")))]
const IMPORT_KEY: ImportKey =
    |modulus, exponent| jsonwebtoken::DecodingKey::from_rsa_components(modulus, exponent).ok();

impl fmt::Display for ConfigureFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigureFault::Bundle(reason) => write!(f, "nearhop.json: {reason}"),
            ConfigureFault::Policy(problems) => {
                f.write_str("nearhop.json:")?;
                problems.iter().try_for_each(|Problem { key, found, allowed }| {
                    write!(f, " {key}: found {found}, allowed: {allowed};")
                })
            }
            ConfigureFault::Keys(fault) => write!(f, "a key set: {fault:?}"),
            ConfigureFault::Places(reason) => write!(f, "places.mmdb {reason}"),
        }
    }
}
