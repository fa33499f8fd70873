//! What a worker draws, natively.

use cloudfront_worker::testing::Harness;
use cloudfront_worker::{Context, Env, Event, Reply, Worker, http};
use serde_json::{Value, json};

/// Answers with two draws.
struct Drawer;

impl Worker for Drawer {
    type Error = std::convert::Infallible;
    type Configured = ();

    fn configure(_: &[u8]) -> Result<(), Self::Error> {
        Ok(())
    }

    fn start(_: (), _: Env<'_>) -> Self {
        Drawer
    }

    fn handle<'a>(&mut self, event: Event<'a>, context: &Context<'a>) -> Reply<'a> {
        let text = match event.request().uri {
            "/none" => "nothing drawn".into(),
            _ => format!("{:?} {:?}", context.entropy.bytes::<3>(), context.entropy.bytes::<10>()),
        };
        http::Response::new(text.into()).into()
    }
}

#[test]
fn each_draw_is_its_number() {
    for _ in 0..2 {
        let mut harness = Harness::<Drawer>::start("eu-west-1", b"").unwrap();
        assert_eq!(answer(&mut harness, "/"), "[1, 0, 0] [2, 0, 0, 0, 0, 0, 0, 0, 2, 0]");
        assert_eq!(answer(&mut harness, "/none"), "nothing drawn");
        assert_eq!(answer(&mut harness, "/"), "[3, 0, 0] [4, 0, 0, 0, 0, 0, 0, 0, 4, 0]");
    }
}

#[test]
fn a_test_may_say_what_is_drawn() {
    let mut harness = Harness::<Drawer>::start("eu-west-1", b"").unwrap();
    let mut next = 7;
    harness.set_entropy(move |bytes| {
        bytes.fill(next);
        next += 1;
    });
    assert_eq!(answer(&mut harness, "/"), "[7, 7, 7] [8, 8, 8, 8, 8, 8, 8, 8, 8, 8]");
}

fn answer(harness: &mut Harness<Drawer>, uri: &str) -> Value {
    let event = json!({ "Records": [{ "cf": {
        "config": { "eventType": "viewer-request" },
        "request": {
            "clientIp": "::1", "method": "GET", "uri": uri, "querystring": "", "headers": {},
        },
    }}]});
    harness.handle(&event, 0).result["body"].clone()
}
