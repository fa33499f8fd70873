//! The edge function as the targets meet it: started from configurations of the repository's
//! `tests/vectors`, its fetches answered, its answers checked.

use std::fs;
use std::path::Path;

use cloudfront_worker::testing::{Handled, Harness};
use cloudfront_worker::{FetchFault, Instance};
use nearhop::Nearhop;
use nearhop::tools::exports;
use serde_json::{Value, json};

use crate::{answer, signature};

/// Unix seconds at which every target begins: tokens of `tests/vectors` were made for it.
pub const NOW: u64 = 1_790_000_000;

/// How many bytes the keys of `tests/vectors` have.
pub const KEY_BYTES: usize = 256;

/// A configuration made ready, to start any number of instances from.
pub struct Edge {
    bundle: String,
    key_set: String,
}

impl Edge {
    /// Makes `tests/vectors/NAME.toml` ready, with a key set for none of its issuers: each is fetched,
    /// and is the one of `jwks-NAME.json`.
    pub fn of_vectors(name: &str, key_set: &str) -> Self {
        let toml = read(&format!("vectors/{name}.toml"));
        Self::new(&toml, &read(&format!("vectors/jwks-{key_set}.json")))
    }

    /// The same for the text of any configuration.
    pub fn new(toml: &str, key_set: &str) -> Self {
        signature::install();
        let inputs = json!({
            "origin_secret": "the-secret-of-the-fuzzers-origin",
            "sign_in_key": "the-sign-in-key-of-all-the-fuzzers",
            "pin_key": "the-pin-key-of-all-the-fuzz-targets",
        });
        let made = exports::bundle(toml, &inputs.to_string()).expect("inputs of that form");
        let made: Value = serde_json::from_str(&made).expect("JSON");
        let bundle = made["bundle"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
        Self { bundle, key_set: key_set.to_owned() }
    }

    /// A new instance, standing in us-east-1.
    pub fn start(&self) -> Harness<Nearhop> {
        Harness::start("us-east-1", self.bundle.as_bytes()).expect("a bundle that starts")
    }

    /// The same for who gives it heads.
    pub fn start_instance(&self) -> Instance<Nearhop> {
        let mut instance = Instance::new();
        let bundle = self.bundle.as_bytes();
        instance.input(bundle.len())[..bundle.len()].copy_from_slice(bundle);
        instance.configure(bundle.len());
        assert!(instance.output().is_empty(), "a bundle that starts");
        let region = b"us-east-1";
        instance.input(region.len())[..region.len()].copy_from_slice(region);
        instance.start(region.len(), 0);
        instance
    }

    /// Hands over an event at `now`, milliseconds since 1970, and whatever key set is asked for;
    /// nothing else can be fetched. Panics if the answer is not one that CloudFront would take.
    pub fn answer(&self, harness: &mut Harness<Nearhop>, event: &Value, now: u64) -> Handled {
        self.answer_with(harness, event, now, self.key_set.as_bytes())
    }

    /// The same with another key set.
    pub fn answer_with(
        &self,
        harness: &mut Harness<Nearhop>,
        event: &Value,
        now: u64,
        key_set: &[u8],
    ) -> Handled {
        for _ in 0..8 {
            let handled = harness.handle(event, now);
            let Some(fetch) = &handled.fetch else {
                answer::check(event, &handled);
                return handled;
            };
            let is_key_set = fetch.url.contains("jwks") && fetch.post.is_none();
            let brought = if is_key_set { Ok(key_set) } else { Err(FetchFault::Unreachable) };
            harness.record(fetch.tag, brought, now);
        }
        panic!("asks without end");
    }
}

/// The documented event of origin-request, with such a request in it. What a viewer sent reaches
/// the API from there, so that everything Nearhop does is done.
pub fn request(method: &str, uri: &str, querystring: &str, fields: &[(&str, &str)]) -> Value {
    let mut event = base_event();
    let request = &mut event["Records"][0]["cf"]["request"];
    request["method"] = method.into();
    request["uri"] = uri.into();
    request["querystring"] = querystring.into();
    for (name, value) in fields {
        let field = json!({ "key": name, "value": value });
        match &mut request["headers"][*name] {
            Value::Array(there) => there.push(field),
            nothing => *nothing = json!([field]),
        }
    }
    event
}

/// What an answer forwards under this name, if it forwards one value.
pub fn forwarded<'h>(handled: &'h Handled, name: &str) -> Option<&'h str> {
    handled.result["uri"].as_str()?;
    handled.result["headers"][name][0]["value"].as_str()
}

fn base_event() -> Value {
    thread_local! {
        static EVENT: Value =
            serde_json::from_str(&read("events/origin-request.json")).expect("JSON");
    }
    EVENT.with(Value::clone)
}

/// The text of a file in `tests`.
pub fn read(path: &str) -> String {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests");
    fs::read_to_string(tests.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
