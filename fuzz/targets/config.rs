//! Any text as a `nearhop.toml`: it is sound, or what is wrong is said with its place; and whatever
//! is sound makes a bundle that starts and answers.

#![no_main]

use cloudfront_worker::testing::Harness;
use libfuzzer_sys::fuzz_target;
use nearhop::Nearhop;
use nearhop::tools::check::check;
use nearhop::tools::geo::places_of;
use nearhop::tools::parse::parse;
use nearhop::tools::resolve::{Inputs, resolve};
use nearhop_fuzz::edge::{NOW, request};
use nearhop_fuzz::{answer, signature};

fuzz_target!(|toml: &str| {
    signature::install();
    match check(toml) {
        Ok(_) => start(toml),
        Err(diagnostics) => {
            assert!(!diagnostics.is_empty());
            let lines = toml.split('\n').count();
            for found in diagnostics {
                assert!(found.line.is_none_or(|line| (1..=lines).contains(&(line as usize))));
                assert!(!found.found.is_empty() && !found.allowed.is_empty(), "{found:?}");
            }
        }
    }
});

fn start(toml: &str) {
    let parsed = parse(toml).expect("it has been checked");
    let mut inputs = Inputs::default().with_stand_ins(&parsed.config);
    // Without a country database, only networks can be looked up.
    let Ok(places) = places_of(toml, None) else { return };
    inputs.places = places.as_ref().map(|places| places.digest.clone());
    // A file that the bundle brings in is not checked before.
    inputs.not_found_page = Some("<!doctype html>".into());
    let Ok((bundle, _)) = resolve(&parsed, inputs) else { return };
    let mut config = serde_json::to_vec(&bundle).expect("JSON");
    if let Some(places) = places {
        config.push(0);
        config.extend_from_slice(&places.bytes);
    }
    let mut harness: Harness<Nearhop> =
        Harness::start("us-east-1", &config).unwrap_or_else(|fault| panic!("{fault}"));
    for uri in ["/", "/api/hello", "/_nearhop/callback"] {
        let event = request("GET", uri, "", &[("host", "app.example.com")]);
        let handled = harness.handle(&event, NOW * 1000);
        if handled.fetch.is_none() {
            answer::check(&event, &handled);
        }
    }
}
