//! Any bytes as databases of places, and any text as a viewer's address: damage is told, and what
//! is made of a country database can be used.
//!
//! An input is an address in a line of its own, and the file: first as what a bundle carries, then
//! as a `country_database`.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use nearhop::tools::explain::{Ask, explain};
use nearhop::tools::geo::places_of;
use nearhop::tools::resolve::Inputs;
use nearhop_fuzz::edge::NOW;
use nearhop_fuzz::signature;

const TOML: &str = r#"
country_database = "countries.mmdb"

[[routes]]
pattern = "/api/*"
target = "api"
access = "public"

[[api.regions]]
name = "eu-west-1"
endpoint = "https://a.execute-api.eu-west-1.amazonaws.com"

[[api.regions]]
name = "us-east-1"
endpoint = "https://b.execute-api.us-east-1.amazonaws.com"

[[api.rules]]
networks = ["203.0.113.0/24", "2001:db8::/32"]
countries = ["BR", "FR"]
continents = ["AF"]
regions = ["us-east-1"]
"#;

fuzz_target!(|input: &[u8]| -> Corpus {
    signature::install();
    let Some(end) = input.iter().position(|byte| *byte == b'\n') else { return Corpus::Reject };
    let (address, file) = (String::from_utf8_lossy(&input[..end]), &input[end + 1..]);
    let ask = Ask {
        edge: "eu-west-1".into(),
        trigger: "origin-request".into(),
        method: "GET".into(),
        uri: "/api/hello".into(),
        querystring: String::new(),
        client_ip: address.into_owned(),
        headers: Vec::new(),
        down: Vec::new(),
        control: None,
        second_leg: false,
        now: NOW * 1000,
    };
    // Damage is an error or an address that is not found; either is an answer.
    let _ = explain(TOML, Inputs::default(), &ask, file);
    if let Ok(made) = places_of(TOML, Some(file)) {
        let places = made.expect("the rules ask for places");
        let told = explain(TOML, Inputs::default(), &ask, &places.bytes);
        assert!(told.is_ok(), "a database of our own is refused: {told:?}");
    }
    Corpus::Keep
});
