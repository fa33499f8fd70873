//! The edge function as tests meet it natively: started from a configuration and key sets of
//! `tests/vectors`, given events made from `tests/events`, its fetches answered.

// Every test program that has this module uses a part of it.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cloudfront_worker::FetchFault;
use cloudfront_worker::testing::Harness;
use nearhop::Nearhop;
use nearhop::tools::exports;
use serde::Deserialize;
use serde_json::{Value, json};

/// What the API is told a request came through the edge by. Never to be seen elsewhere.
pub const ORIGIN_SECRET: &str = "the-secret-of-the-vectors";

/// What seals a browser's sign-in attempts. Never to be seen anywhere.
pub const SIGN_IN_KEY: &str = "the-sign-in-key-of-all-the-vectors";

/// Unix seconds for which the tokens of `tokens.json` were made.
pub const NOW: u64 = 1_790_000_000;

/// A configuration made ready, to start any number of instances from.
pub struct Bundle {
    text: String,
    key_set_urls: Vec<String>,
}

/// One instance.
pub struct Edge<'b> {
    harness: Harness<Nearhop>,
    bundle: &'b Bundle,
}

/// What an event led to.
#[derive(Debug)]
pub struct Answer {
    /// What would be returned to CloudFront.
    pub result: Value,
    pub log: Option<String>,
    pub fetches: u64,
}

impl Answer {
    /// The code in the body of a refusal, or `None` where CloudFront goes on.
    pub fn error(&self) -> Option<String> {
        let body: Value = serde_json::from_str(self.result["body"].as_str()?).ok()?;
        body["error"].as_str().map(str::to_owned)
    }

    /// Where the request goes on to; `None` where it was answered.
    pub fn forwarded(&self) -> Option<&str> {
        self.result["uri"].as_str()
    }
}

impl Bundle {
    /// Makes the text of a configuration ready, with a key set for each issuer.
    pub fn new(toml: &str, key_sets: &[Option<String>]) -> Self {
        let inputs = json!({
            "origin_secret": ORIGIN_SECRET, "sign_in_key": SIGN_IN_KEY, "key_sets": key_sets,
        });
        let made = exports::bundle(toml, &inputs.to_string()).expect("inputs of that form");
        let made: Value = serde_json::from_str(&made).expect("JSON from the tools");
        let text = made["bundle"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
        let report: Value = serde_json::from_str(&exports::check(toml)).expect("JSON");
        let issuers = report["report"]["issuers"].as_array().expect("issuers").iter();
        let key_set_urls =
            issuers.map(|issuer| issuer["jwks_url"].as_str().unwrap().to_owned()).collect();
        Self { text, key_set_urls }
    }

    /// `tests/vectors/nearhop.toml` with such changes, and a key set for each of its issuers.
    pub fn of_vectors(change: impl FnOnce(String) -> String) -> Self {
        let key_sets = ["1", "2"].map(|name| Some(key_set(name)));
        Self::new(&change(read("vectors/nearhop.toml")), &key_sets)
    }
}

impl Edge<'static> {
    /// Starts with `tests/vectors/nearhop.toml` and a key set for each of its issuers.
    pub fn of_vectors() -> Self {
        static BUNDLE: LazyLock<Bundle> = LazyLock::new(|| Bundle::of_vectors(|toml| toml));
        Self::start(&BUNDLE, "us-east-1")
    }
}

impl<'b> Edge<'b> {
    /// Starts in `region`.
    pub fn start(bundle: &'b Bundle, region: &str) -> Self {
        let harness = Harness::start(region, bundle.text.as_bytes());
        Self { harness: harness.expect("a bundle that starts"), bundle }
    }

    /// Gives it an event at `now`, milliseconds since 1970; `fetch` is asked for what it wants.
    pub fn answer(
        &mut self,
        event: &Value,
        now: u64,
        mut fetch: impl FnMut() -> Result<String, FetchFault<'static>>,
    ) -> Answer {
        let mut fetches = 0;
        loop {
            let handled = self.harness.handle(event, now);
            let Some(wanted) = &handled.fetch else {
                return Answer { result: handled.result, log: handled.log, fetches };
            };
            // Nothing a token says may decide where a key comes from.
            let known = self.bundle.key_set_urls.contains(&wanted.url);
            assert!(known, "fetches {}, which is no issuer's key set", wanted.url);
            fetches += 1;
            assert!(fetches < 5, "asks without end");
            let fetched = fetch();
            let result = fetched.as_deref().map(str::as_bytes).map_err(|fault| *fault);
            self.harness.record(wanted.tag, result, now);
        }
    }

    /// Asks for `/api/hello` with a token, `later` seconds after [`NOW`]; nothing can be fetched.
    pub fn ask(&mut self, token: &str, later: i64) -> Answer {
        self.ask_at("/api/hello", token, later)
    }

    /// The same for any path.
    pub fn ask_at(&mut self, uri: &str, token: &str, later: i64) -> Answer {
        self.ask_fetching(uri, token, later, || Err(FetchFault::Unreachable))
    }

    /// The same, with what fetches bring.
    pub fn ask_fetching(
        &mut self,
        uri: &str,
        token: &str,
        later: i64,
        fetch: impl FnMut() -> Result<String, FetchFault<'static>>,
    ) -> Answer {
        let event = bearer(uri, token);
        self.answer(&event, (NOW.checked_add_signed(later).expect("a time")) * 1000, fetch)
    }
}

/// A viewer's request with a token.
pub fn bearer(uri: &str, token: &str) -> Value {
    let mut event = base_event("viewer-request");
    let request = &mut event["Records"][0]["cf"]["request"];
    request["uri"] = uri.into();
    request["headers"]["authorization"] =
        json!([{ "key": "authorization", "value": format!("Bearer {token}") }]);
    event
}

/// The documented event of a trigger.
pub fn base_event(trigger: &str) -> Value {
    parse(format!("events/{trigger}.json"))
}

/// A token of `tokens.json`.
pub fn token(name: &str) -> &'static str {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Token {
        #[serde(rename = "why")]
        _why: String,
        token: String,
    }
    static TOKENS: LazyLock<BTreeMap<String, Token>> =
        LazyLock::new(|| parse("vectors/tokens.json"));
    &TOKENS.get(name).unwrap_or_else(|| panic!("no token {name} in tokens.json")).token
}

/// The text of `jwks-NAME.json`.
pub fn key_set(name: &str) -> String {
    read(format!("vectors/jwks-{name}.json"))
}

pub fn parse<T: serde::de::DeserializeOwned>(path: impl AsRef<Path>) -> T {
    let path = path.as_ref();
    serde_json::from_str(&read(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The text of a file in `tests`.
pub fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(tests().join(path))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}
