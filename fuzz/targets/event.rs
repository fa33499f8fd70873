//! Any JSON as an event, and as several, a line each and a second between them: always an answer
//! that CloudFront takes.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::{Corpus, fuzz_target};
use nearhop_fuzz::edge::{Edge, NOW};
use serde_json::Value;

static EDGES: LazyLock<[Edge; 3]> = LazyLock::new(|| {
    ["nearhop", "signed-in", "clean-urls"].map(|name| Edge::of_vectors(name, "1"))
});

fuzz_target!(|input: &str| -> Corpus {
    let events: Vec<Value> =
        input.lines().take(4).filter_map(|line| serde_json::from_str(line).ok()).collect();
    if events.is_empty() {
        return Corpus::Reject;
    }
    for edge in &*EDGES {
        let mut harness = edge.start();
        for (event, second) in events.iter().zip(NOW..) {
            edge.answer(&mut harness, event, second * 1000);
        }
    }
    Corpus::Keep
});
