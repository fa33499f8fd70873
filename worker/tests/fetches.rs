//! A worker that fetches what it answers with, natively.

use std::time::Duration;

use cloudfront_worker::testing::Harness;
use cloudfront_worker::{
    Context, Env, Event, Fetch, FetchFault, Fetched, Reply, UnixMillis, Worker, http,
};
use serde_json::{Value, json};

/// Answers with what it fetched, and when.
#[derive(Debug)]
struct Fetcher {
    fetched: Option<String>,
}

impl Worker for Fetcher {
    type Error = String;
    type Configured = ();

    fn configure(config: &[u8]) -> Result<(), String> {
        match config {
            b"" => Err("no configuration".into()),
            _ => Ok(()),
        }
    }

    fn start(_: (), _: Env<'_>) -> Self {
        Fetcher { fetched: None }
    }

    fn handle<'a>(&mut self, _: Event<'a>, _: &Context<'a>) -> Reply<'a> {
        match &self.fetched {
            Some(text) => http::Response::new(text.as_str().into()).into(),
            None => Fetch {
                tag: 7,
                url: "https://issuer.example/keys?a=1 2".into(),
                timeout: Duration::from_millis(1_500),
                max_bytes: 65_536,
            }
            .into(),
        }
    }

    fn record(&mut self, now: UnixMillis, fetched: Fetched<'_>) -> Option<String> {
        let result = fetched.result.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        self.fetched = Some(format!("{} at {}: {result:?}", fetched.tag, now.0));
        None
    }
}

#[test]
fn what_was_fetched_is_recorded_and_the_event_handled_again() {
    for (result, answer) in [
        (Ok(&b"keys"[..]), r#"7 at 5: Ok("keys")"#),
        (Ok(&b""[..]), r#"7 at 5: Ok("")"#),
        (Err(FetchFault::Unreachable), "7 at 5: Err(Unreachable)"),
        (Err(FetchFault::Status), "7 at 5: Err(Status)"),
        (Err(FetchFault::TooLarge), "7 at 5: Err(TooLarge)"),
    ] {
        let mut harness = Harness::<Fetcher>::start("eu-west-1", b"any").unwrap();
        let asked = harness.handle(&event(), 0);
        assert_eq!(asked.result, Value::Null);
        assert_eq!(asked.fetch.unwrap(), "7 1500 65536 https://issuer.example/keys?a=1 2");
        harness.record(7, result, 5);
        assert_eq!(harness.handle(&event(), 10).result["body"], answer);
    }
}

#[test]
fn a_worker_that_cannot_start_says_why() {
    let reason = Harness::<Fetcher>::start("eu-west-1", b"").unwrap_err();
    assert_eq!(reason, "no configuration");
}

fn event() -> Value {
    json!({ "Records": [{ "cf": {
        "config": { "eventType": "viewer-request" },
        "request": {
            "clientIp": "::1", "method": "GET", "uri": "/", "querystring": "", "headers": {},
        },
    }}]})
}
