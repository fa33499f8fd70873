//! Any bytes as a control document, and as several with a NUL between them: the edge takes what
//! `nearhop control` calls sound and nothing else, and goes on answering.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use nearhop::tools::exports;
use nearhop_fuzz::edge::{Edge, NOW, read, request};
use serde_json::Value;

static TOML: LazyLock<String> =
    LazyLock::new(|| format!("{}\n{CONTROL}", read("vectors/taipei.toml")));

const CONTROL: &str = "[api.control]\nurls = [\"https://control.example.com/nearhop.json\"]\n\
                       interval_seconds = 5\n";

static EDGE: LazyLock<Edge> = LazyLock::new(|| Edge::new(&TOML, "{}"));

fuzz_target!(|input: &[u8]| {
    let event = request("GET", "/api/hello", "", &[]);
    let mut harness = EDGE.start();
    for (document, look) in input.split(|byte| *byte == 0).take(4).zip(0..) {
        let now = (NOW + look * 10) * 1000;
        let handled = EDGE.answer(&mut harness, &event, now);
        let aside = handled.aside.expect("a look is due");
        let log = harness.record(aside.tag, Ok(document), now);
        EDGE.answer(&mut harness, &event, now + 1);
        if look == 0 {
            check(document, log.as_deref(), now);
        }
    }
});

/// Panics unless the first document came to the same here and there.
fn check(document: &[u8], log: Option<&str>, now: u64) {
    let log: Value =
        serde_json::from_str(log.expect("the first look says something")).expect("JSON");
    let taken = log["control"] == "in_force" && log["trouble"].is_null();
    let refused = log["control"] == "none" && log["trouble"].is_string();
    assert!(taken || refused, "{log}");
    let Ok(text) = str::from_utf8(document) else {
        return assert!(refused, "{log}");
    };
    let said: Value =
        serde_json::from_str(&exports::control(&TOML, text, now as f64)).expect("JSON");
    assert_eq!(said["ok"], taken, "{said} {log}");
}
