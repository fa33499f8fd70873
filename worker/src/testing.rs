//! Runs a worker natively on CloudFront events in JSON: what `worker.mjs` does in Node, so that a
//! test says the same about both.

mod entropy;
mod head;
mod outcome;

use serde_json::{Value, json};

use crate::event::{UnixMillis, Worker};
use crate::instance::{Host, Instance};
use crate::outcome::{Fetch, FetchFault};
use entropy::Draws;

/// A started worker.
#[derive(Debug)]
pub struct Harness<W: Worker> {
    instance: Instance<W>,
    draws: Draws,
    known: outcome::Known,
}

/// What one event led to.
#[derive(Clone, Debug, PartialEq)]
pub struct Handled {
    /// What would be returned to CloudFront; null when the worker wants a fetch first.
    pub result: Value,
    /// The line for the log.
    pub log: Option<String>,
    /// The fetch it wants.
    pub fetch: Option<Fetch>,
    /// What it wants got without holding up the answer.
    pub aside: Option<Fetch>,
}

impl<W: Worker> Harness<W> {
    /// Starts a worker as in `region`, with a seed of 0, or says why it cannot.
    pub fn start(region: &str, config: &[u8]) -> Result<Self, String> {
        let mut instance = Instance::new();
        instance.input(config.len())[..config.len()].copy_from_slice(config);
        instance.configure(config.len());
        if let reason @ [_, ..] = instance.output() {
            return Err(String::from_utf8_lossy(reason).into_owned());
        }
        instance.input(region.len())[..region.len()].copy_from_slice(region.as_bytes());
        instance.start(region.len(), 0);
        Ok(Self { instance, draws: Draws::default(), known: outcome::Known::new() })
    }

    /// Where the entropy comes from that the worker draws from now on: a function that overwrites
    /// every byte it is given. Otherwise it is the same at each run: the bytes of the first draw are
    /// `1 0 0 0 0 0 0 0`, the number of the draw with its lowest byte first, over and over until there
    /// are enough.
    pub fn set_entropy(&mut self, fill: impl FnMut(&mut [u8]) + Send + 'static) {
        self.draws = Draws::from(fill);
    }

    /// Handles an event at `now`, milliseconds since 1970. Unlike in Node, a panic is the caller's.
    pub fn handle(&mut self, event: &Value, now: u64) -> Handled {
        let head = match head::read(event) {
            Ok(head) => head,
            Err(found) => return malformed(&found),
        };
        let lengths = head.lengths.iter().flat_map(|length| length.to_le_bytes());
        let bytes: Vec<u8> = lengths.chain(head.text.bytes()).collect();
        self.instance.input(bytes.len())[..bytes.len()].copy_from_slice(&bytes);
        let body = || head.body.clone();
        let random = |bytes: &mut [u8]| self.draws.fill(bytes);
        let host = Host { read_body: &body, random: &random };
        self.instance.handle(head.lengths.len(), head.text.len(), UnixMillis(now), host);
        let cf = event["Records"][0]["cf"].clone();
        outcome::carry_out(cf, self.instance.output(), &mut self.known)
    }

    /// Records what a fetch brought. Returns the line for the log.
    pub fn record(
        &mut self,
        tag: u32,
        result: Result<&[u8], FetchFault<'_>>,
        now: u64,
    ) -> Option<String> {
        let (fault, bytes) = match result {
            Ok(bytes) => (0, bytes),
            Err(FetchFault::Status { status, body }) => (status.into(), body),
            Err(FetchFault::TooLarge) => (2, &[][..]),
            Err(FetchFault::Unreachable) => (3, &[][..]),
            Err(FetchFault::NotModified) => (4, &[][..]),
        };
        self.instance.input(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.instance.record(bytes.len(), tag, fault, UnixMillis(now));
        let log = String::from_utf8_lossy(self.instance.output());
        (!log.is_empty()).then(|| log.into_owned())
    }
}

/// An event that reaches no worker: it lacks the shape of rules E1–E9.
fn malformed(found: &str) -> Handled {
    let field = |name: &str, value: &str| json!([{ "key": name, "value": value }]);
    Handled {
        result: json!({
            "status": "500",
            "statusDescription": "Internal Server Error",
            "headers": {
                "cache-control": field("cache-control", "no-store"),
                "content-type": field("content-type", "text/plain; charset=utf-8"),
            },
            "body": "Internal Server Error",
        }),
        log: Some(format!("cloudfront-worker: malformed event: {found}")),
        fetch: None,
        aside: None,
    }
}
