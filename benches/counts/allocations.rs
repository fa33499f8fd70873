//! Counts what an event's handling allocates, natively: from the head in the input buffer to the
//! outcome in the output buffer. benches/counts.js runs it.
//!
//! stdin: `[{ "name", "bundle", "region", "now", "before": [HEAD], "counted": HEAD }]`, where
//! `HEAD` is the list of an event's values as worker.mjs makes it, and `before` has been handled by the
//! same instance.
//! stdout: `{ NAME: { "allocations", "bytes" } }`.

use std::collections::BTreeMap;
use std::error::Error;
use std::io;

use cloudfront_worker::{Host, Instance, UnixMillis};
use jsonwebtoken::Algorithm;
use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::signature::{self, Verifier};
use nearhop::Nearhop;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Case {
    name: String,
    bundle: String,
    region: String,
    /// Unix milliseconds.
    now: u64,
    before: Vec<Vec<String>>,
    counted: Vec<String>,
}

#[derive(Serialize)]
struct Count {
    allocations: u64,
    bytes: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    AS_AT_THE_EDGE.install_default().map_err(|_| "signatures are verified by somebody else")?;
    let cases: Vec<Case> = serde_json::from_reader(io::stdin().lock())?;
    let mut counts = BTreeMap::new();
    for case in cases {
        let count = count(&case).map_err(|reason| format!("{}: {reason}", case.name))?;
        counts.insert(case.name, count);
    }
    serde_json::to_writer(io::stdout().lock(), &counts)?;
    Ok(())
}

fn count(case: &Case) -> Result<Count, String> {
    let mut instance = start(&case.bundle, &case.region)?;
    for values in &case.before {
        Head::of(values).handle(&mut instance, case.now);
    }
    let head = Head::of(&case.counted);
    let info = allocation_counter::measure(|| head.handle(&mut instance, case.now));
    Ok(Count { allocations: info.count_total, bytes: info.bytes_total })
}

fn start(bundle: &str, region: &str) -> Result<Instance<Nearhop>, String> {
    let mut instance = Instance::new();
    instance.input(bundle.len())[..bundle.len()].copy_from_slice(bundle.as_bytes());
    instance.configure(bundle.len());
    if let reason @ [_, ..] = instance.output() {
        return Err(String::from_utf8_lossy(reason).into_owned());
    }
    instance.input(region.len())[..region.len()].copy_from_slice(region.as_bytes());
    instance.start(region.len(), 0);
    Ok(instance)
}

/// What crosses of an event.
struct Head {
    values: usize,
    text: usize,
    bytes: Vec<u8>,
}

impl Head {
    fn of(values: &[String]) -> Self {
        let lengths = values.iter().flat_map(|value| (value.len() as u32).to_le_bytes());
        let bytes: Vec<u8> = lengths.chain(values.iter().flat_map(|value| value.bytes())).collect();
        Head { values: values.len(), text: bytes.len() - values.len() * 4, bytes }
    }

    fn handle(&self, instance: &mut Instance<Nearhop>, now: u64) {
        instance.input(self.bytes.len())[..self.bytes.len()].copy_from_slice(&self.bytes);
        let host = Host { read_body: &Vec::new, random: &|bytes| bytes.fill(1) };
        instance.handle(self.values, self.text, UnixMillis(now), host);
    }
}

/// Allocates what the one of src/edge.rs does, which leaves the arithmetic to the host. Every
/// signature verifies: what that costs the host is not counted here.
static AS_AT_THE_EDGE: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::InvalidAlgorithm.into()),
    verifier_factory: |_, _| Ok(Box::new(ByTheHost { slot: SLOT })),
    key_utils: KeyUtils::new_unimplemented(),
};

const SLOT: i32 = 0;

/// With a slot, as `HostRs256` has one: what has no size is boxed without an allocation.
struct ByTheHost {
    slot: i32,
}

impl JwtVerifier for ByTheHost {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

impl Verifier<Vec<u8>> for ByTheHost {
    fn verify(&self, _: &[u8], _: &Vec<u8>) -> Result<(), signature::Error> {
        if self.slot == SLOT { Ok(()) } else { Err(signature::Error::new()) }
    }
}
