//! What a worker gets without holding up an answer, natively.

use std::time::Duration;

use cloudfront_worker::edits::Edits;
use cloudfront_worker::testing::Harness;
use cloudfront_worker::{
    Context, Env, Event, Fetch, FetchFault, Fetched, Outcome, Post, Reply, UnixMillis, Worker,
};
use serde_json::json;

/// Wants the same aside beside every outcome, and says in the log what it brought.
struct Curious;

impl Worker for Curious {
    type Error = std::convert::Infallible;
    type Configured = ();

    fn configure(_: &[u8]) -> Result<(), Self::Error> {
        Ok(())
    }

    fn start(_: (), _: Env<'_>) -> Self {
        Curious
    }

    fn handle<'a>(&mut self, event: Event<'a>, _: &Context<'a>) -> Reply<'a> {
        let edits = Edits::new().uri("/other");
        let outcome = match event.request().uri {
            "/respond" => Outcome::Respond(http::Response::new("answered".into())),
            "/fetch" => Outcome::Fetch(fetch(1)),
            "/post" => {
                let post = Post { authorization: None, form: "token=secret".into() };
                return Reply {
                    aside: Some(Fetch { post: Some(post), ..fetch(7) }),
                    ..edits.into()
                };
            }
            "/broken" => Outcome::Forward(Edits::new().uri("no path")),
            _ => Outcome::Forward(edits),
        };
        Reply { outcome, aside: Some(fetch(7)), log: Some("a\nb".into()) }
    }

    fn record(&mut self, now: UnixMillis, fetched: Fetched<'_>) -> Option<String> {
        (fetched.tag == 7).then(|| format!("{:?} at {}", fetched.result, now.0))
    }
}

fn fetch(tag: u32) -> Fetch {
    Fetch::get(tag, "https://example.com/a b", Duration::from_secs(2), 9)
}

fn handle(uri: &str) -> cloudfront_worker::testing::Handled {
    let event = json!({ "Records": [{ "cf": {
        "config": { "eventType": "viewer-request" },
        "request": {
            "clientIp": "203.0.113.7", "method": "GET", "uri": uri, "querystring": "",
            "headers": {},
        },
    }}]});
    Harness::<Curious>::start("eu-west-1", b"").unwrap().handle(&event, 0)
}

#[test]
fn it_goes_beside_every_kind_of_outcome() {
    for (uri, key, value) in
        [("/forward", "uri", json!("/other")), ("/respond", "body", json!("answered"))]
    {
        let handled = handle(uri);
        assert_eq!(handled.aside, Some(fetch(7)), "{uri}");
        assert_eq!(handled.log.as_deref(), Some("a b"), "{uri}");
        assert_eq!((&handled.result[key], handled.fetch), (&value, None), "{uri}");
    }
    let handled = handle("/fetch");
    assert_eq!(handled.aside, Some(fetch(7)));
    assert_eq!(handled.fetch, Some(fetch(1)));
}

#[test]
fn it_may_post_a_form() {
    let handled = handle("/post");
    assert_eq!(handled.aside.unwrap().post.unwrap().form, "token=secret");
    assert_eq!(handled.result["uri"], "/other");
}

#[test]
fn it_is_not_begun_for_an_outcome_that_is_refused() {
    let handled = handle("/broken");
    assert_eq!(handled.result["status"], "500");
    assert_eq!(handled.aside, None);
}

#[test]
fn recording_may_leave_a_line_for_the_log() {
    let mut curious = Harness::<Curious>::start("eu-west-1", b"").unwrap();
    assert_eq!(curious.record(7, Ok(b"x"), 5).as_deref(), Some("Ok([120]) at 5"));
    let not_modified = curious.record(7, Err(FetchFault::NotModified), 6);
    assert_eq!(not_modified.as_deref(), Some("Err(NotModified) at 6"));
    assert_eq!(curious.record(1, Ok(b"x"), 7), None);
}
