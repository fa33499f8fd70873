//! A worker that fetches what it answers with, natively: what it asks for and what it is told.

use std::time::Duration;

use cloudfront_worker::testing::Harness;
use cloudfront_worker::{
    Context, Env, Event, Fetch, FetchFault, Fetched, Post, Reply, UnixMillis, Worker, http,
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

    fn handle<'a>(&mut self, event: Event<'a>, _: &Context<'a>) -> Reply<'a> {
        match &self.fetched {
            Some(text) => http::Response::new(text.as_str().into()).into(),
            None => wanted(event.request().uri).into(),
        }
    }

    fn record(&mut self, now: UnixMillis, fetched: Fetched<'_>) -> Option<String> {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let result = match fetched.result {
            Err(FetchFault::Status { status, body }) => format!("{status} {}", text(body)),
            result => format!("{:?}", result.map(text)),
        };
        self.fetched = Some(format!("{} at {}: {result}", fetched.tag, now.0));
        Some(format!("{fetched:?}"))
    }
}

/// What a path stands for.
fn wanted(uri: &str) -> Fetch {
    let url = "https://issuer.example/keys?a=1 2";
    let fetch = Fetch::get(7, url, Duration::from_millis(1_500), 65_536);
    let form = "grant_type=authorization_code&code=secret".to_owned();
    let basic = Some("Basic c2VjcmV0".to_owned());
    match uri {
        "/post" => Fetch { post: Some(Post { authorization: basic, form }), retries: 2, ..fetch },
        "/public" => Fetch { post: Some(Post { authorization: None, form }), ..fetch },
        "/empty" => {
            let post = Post { authorization: Some(String::new()), form: String::new() };
            Fetch { post: Some(post), retries: u8::MAX, ..fetch }
        }
        "/broken" => Fetch {
            post: Some(Post { authorization: None, form: "a=1\nhBasic forged".into() }),
            ..fetch
        },
        _ => fetch,
    }
}

#[test]
fn what_was_fetched_is_recorded_and_the_event_handled_again() {
    for (result, answer) in [
        (Ok(&b"keys"[..]), r#"7 at 5: Ok("keys")"#),
        (Ok(&b""[..]), r#"7 at 5: Ok("")"#),
        (Err(FetchFault::Unreachable), "7 at 5: Err(Unreachable)"),
        (Err(FetchFault::Status { status: 404, body: b"" }), "7 at 5: 404 "),
        (Err(FetchFault::Status { status: 400, body: b"{}" }), "7 at 5: 400 {}"),
        (Err(FetchFault::NotModified), "7 at 5: Err(NotModified)"),
        (Err(FetchFault::TooLarge), "7 at 5: Err(TooLarge)"),
    ] {
        let mut harness = Harness::<Fetcher>::start("eu-west-1", b"any").unwrap();
        let asked = harness.handle(&event("/"), 0);
        assert_eq!(asked.result, Value::Null);
        assert_eq!(asked.fetch, Some(wanted("/")));
        harness.record(7, result, 5);
        assert_eq!(harness.handle(&event("/"), 10).result["body"], answer);
    }
}

#[test]
fn what_is_asked_for_crosses_whole() {
    for uri in ["/", "/post", "/public", "/empty"] {
        assert_eq!(ask(uri), wanted(uri), "{uri}");
    }
    assert_eq!(ask("/post").url, "https://issuer.example/keys?a=1 2");
}

#[test]
fn a_line_break_in_a_form_begins_no_line() {
    let post = ask("/broken").post.unwrap();
    assert_eq!(post, Post { authorization: None, form: "a=1 hBasic forged".into() });
}

#[test]
fn nothing_secret_is_in_what_debug_shows() {
    let shown = format!("{:?}", ask("/post"));
    assert!(shown.contains("https://issuer.example/keys"), "{shown}");
    for secret in ["code", "secret", "Basic", "c2VjcmV0"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let mut harness = Harness::<Fetcher>::start("eu-west-1", b"any").unwrap();
    let mut shown = |result| harness.record(7, result, 0).unwrap();
    assert_eq!(shown(Ok(b"a token")), "Fetched { tag: 7, result: Ok(7) }");
    assert_eq!(
        shown(Err(FetchFault::Status { status: 400, body: b"a token" })),
        "Fetched { tag: 7, result: Err(Status { status: 400, body: 7 bytes }) }"
    );
}

#[test]
fn a_worker_that_cannot_start_says_why() {
    let reason = Harness::<Fetcher>::start("eu-west-1", b"").unwrap_err();
    assert_eq!(reason, "no configuration");
}

fn ask(uri: &str) -> Fetch {
    let mut harness = Harness::<Fetcher>::start("eu-west-1", b"any").unwrap();
    harness.handle(&event(uri), 0).fetch.expect("a fetch")
}

fn event(uri: &str) -> Value {
    json!({ "Records": [{ "cf": {
        "config": { "eventType": "viewer-request" },
        "request": {
            "clientIp": "::1", "method": "GET", "uri": uri, "querystring": "", "headers": {},
        },
    }}]})
}
