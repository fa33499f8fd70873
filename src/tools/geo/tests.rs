//! Databases made from rules and sources, asked the way the edge asks them.

use cloudfront_worker::Worker;
use maxminddb::Reader;

use super::fixtures::*;
use super::mmdb::{Database, Value};
use super::tree::Branch;
use crate::Nearhop;
use crate::region::atlas::{Atlas, digest};
use crate::region::place::Place;
use crate::tools::parse::parse;
use crate::tools::resolve::{Inputs, resolve};

#[test]
fn without_a_question_there_is_no_database() {
    assert!(made("", None).unwrap().is_none());
    assert!(made("country_database = \"c.mmdb\"", Some(&small(6, false))).unwrap().is_none());
    // Countries without a database are CloudFront's header's affair.
    let without = BRAZIL.replace("country_database = \"c.mmdb\"\n", "");
    assert!(made(&without, None).unwrap().is_none());
    assert!(
        made(
            "[api.residency]\nclaim = \"r\"\nsets = [{ name = \"a\", regions = [\"eu-west-1\"] }]",
            None
        )
        .unwrap()
        .is_none()
    );
}

#[test]
fn the_rule_of_the_longest_network_is_found() {
    let rules = [
        "\"203.0.113.0/24\", \"2001:db8::/32\"",
        "\"203.0.0.0/16\", \"203.0.113.7/32\"",
        "\"2001:db8:1::/48\", \"::/0\"",
    ];
    let atlas = atlas(&rules.map(rule_for).concat(), None);
    for (address, rule) in [
        ("203.0.113.6", Some(0)),
        ("203.0.113.7", Some(1)),
        ("203.0.113.8", Some(0)),
        ("203.0.114.1", Some(1)),
        ("203.1.0.0", None),
        ("::ffff:203.0.113.7", Some(1)),
        ("2002:cb00:7108::1", Some(0)),
        ("64:ff9b::203.0.114.1", Some(1)),
        ("2001:db8::1", Some(0)),
        ("2001:db8:1::1", Some(2)),
        ("2600::1", Some(2)),
        // ::/0 is of IPv6 addresses, and of public ones.
        ("198.51.100.1", None),
        ("::198.51.100.1", None),
        ("fe80::1", None),
        ("127.0.0.1", None),
        ("not an address", None),
    ] {
        assert_eq!(rule_of(&atlas, address), rule, "{address}");
    }
}

#[test]
fn every_shape_of_source_is_read() {
    for (ip_version, nested) in [(4, false), (4, true), (6, false), (6, true)] {
        let atlas = atlas(BRAZIL, Some(&small(ip_version, nested)));
        let country = |address: &str| atlas.find(address).country;
        assert_eq!(country("203.0.113.127"), Some(code("BR")));
        assert_eq!(country("::ffff:203.0.113.127"), Some(code("BR")));
        // Known to the source, and asked by nobody.
        assert_eq!(country("203.0.113.128"), None);
        assert_eq!(country("198.51.100.1"), None);
        let expected = (ip_version == 6).then(|| code("BR"));
        assert_eq!(country("2600:1f18::1"), expected);
        assert_eq!(country("2600:1f18:8000::1"), None);
    }
}

#[test]
fn continents_are_those_of_countries() {
    let rules = "country_database = \"c.mmdb\"\n[[api.rules]]\ncontinents = [\"SA\"]\n\
                 regions = [\"eu-west-1\"]\n";
    let atlas = atlas(rules, Some(&small(6, true)));
    let south_america = Place { continent: Some(code("SA")), ..Place::default() };
    assert_eq!(atlas.find("203.0.113.1"), south_america);
    assert_eq!(atlas.find("203.0.113.129"), south_america);
    assert_eq!(atlas.find("198.51.100.1"), Place::default());
    // The one the source names (AN, in these sources) counts where the country is not known to us.
    let known = source(6, true, &[(network("203.0.113.0/25"), code("BR"))]);
    let unknown = source(6, true, &[(network("203.0.113.0/25"), code("QQ"))]);
    let rules = rules.replace("\"SA\"", "\"AN\"");
    let continent = |source: &[u8]| {
        Atlas::load(&made(&rules, Some(source)).unwrap().unwrap())
            .unwrap()
            .find("203.0.113.1")
            .continent
    };
    assert_eq!(continent(&known), None);
    assert_eq!(continent(&unknown), Some(code("AN")));
}

#[test]
fn networks_with_one_answer_are_one() {
    let halves = made(&rule_for("\"203.0.112.0/24\", \"203.0.113.0/24\""), None).unwrap();
    let whole = made(&rule_for("\"203.0.112.0/23\""), None).unwrap();
    assert_eq!(halves, whole);
    // A longer network of the same rule changes nothing.
    let nested = made(&rule_for("\"203.0.112.0/23\", \"203.0.112.7/32\""), None).unwrap();
    assert_eq!(nested, whole);
    assert_eq!(made(BRAZIL, Some(&small(6, false))), made(BRAZIL, Some(&small(6, true))));
}

#[test]
fn all_addresses_in_one_network_make_a_database_too() {
    let both = atlas(&rule_for("\"0.0.0.0/0\", \"::/0\""), None);
    assert_eq!(rule_of(&both, "203.0.113.1"), Some(0));
    assert_eq!(rule_of(&both, "2600::1"), Some(0));
    let wide = atlas(&rule_for("\"::/0\""), None);
    assert_eq!(rule_of(&wide, "203.0.113.1"), None);
    assert_eq!(rule_of(&wide, "2600::1"), Some(0));
    let four = source(6, false, &[(network("0.0.0.0/0"), code("BR"))]);
    assert_eq!(atlas(BRAZIL, Some(&four)).find("203.0.113.1").country, Some(code("BR")));
    // A source without IPv4, whose wide networks have what would be its place.
    let nodes = [[Branch::Answer(0), Branch::Nothing]];
    let records = [Value::Map(vec![("country_code", Value::Text("BR"))])];
    let six =
        Database { kind: "T", build_epoch: 1, ip_version: 6, nodes: &nodes, records: &records }
            .to_bytes()
            .unwrap();
    assert_eq!(atlas(BRAZIL, Some(&six)).find("203.0.113.1").country, None);
    assert_eq!(atlas(BRAZIL, Some(&six)).find("2600::1").country, Some(code("BR")));
    // The rules ask for a country that nobody comes from.
    let none = atlas(&BRAZIL.replace("BR", "AQ"), Some(&small(6, false)));
    assert_eq!(none.find("203.0.113.1"), Place::default());
}

#[test]
fn a_source_that_is_none_is_refused() {
    let problem = |source: Option<&[u8]>| made(BRAZIL, source).unwrap_err();
    assert_eq!(problem(None).found, "nothing");
    for bytes in [&b""[..], b"<html>", &small(6, false)[..200]] {
        let problem = problem(Some(bytes));
        assert_eq!(problem.key, "country_database");
        assert!(problem.found.starts_with("a file that is none"), "{problem:?}");
    }
    let nodes = [[Branch::Answer(0), Branch::Nothing]];
    let records = [Value::Map(vec![("autonomous_system_number", Value::U32(64_500))])];
    let no_countries =
        Database { kind: "ASN", build_epoch: 1, ip_version: 4, nodes: &nodes, records: &records };
    let told = problem(no_countries.to_bytes().as_deref()).found;
    assert!(told.contains("of type \"ASN\", name no country"), "{told}");
    let loop_ = [[Branch::Node(0), Branch::Node(0)]];
    let endless = Database { nodes: &loop_, ..no_countries };
    assert!(problem(endless.to_bytes().as_deref()).found.contains("cycle"));
}

/// The format's own verifier, which is stricter than its reader.
#[test]
fn the_format_is_kept() {
    for bytes in [
        made(BRAZIL, Some(&small(6, false))).unwrap().unwrap(),
        made(&rule_for("\"::/0\""), None).unwrap().unwrap(),
        small(4, true),
        small(6, true),
    ] {
        Reader::from_source(&bytes[..]).unwrap().verify().unwrap();
    }
}

/// What [`Nearhop`] takes, and what it does not.
/// Cases: location/truncated-database, location/corrupt-database.
#[test]
fn a_bundle_is_made_with_its_own_database_only() {
    let text = toml(BRAZIL);
    let parsed = parse(&text).unwrap();
    let configure = |places: Option<&str>, file: Option<&[u8]>| {
        let inputs = Inputs { places: places.map(str::to_owned), ..Inputs::default() };
        let (bundle, _) = resolve(&parsed, inputs).unwrap();
        let mut config = serde_json::to_vec(&bundle).unwrap();
        config.extend(file.iter().flat_map(|file| [&[0], *file].concat()));
        Nearhop::configure(&config).map_err(|fault| fault.to_string())
    };
    let file = made(BRAZIL, Some(&small(6, false))).unwrap().unwrap();
    let known = digest(&file);
    assert!(configure(Some(&known), Some(&file)).is_ok());
    let damaged = [&file[..file.len() - 1], &[file[file.len() - 1] ^ 1]].concat();
    let foreign = small(6, false);
    let source = digest(&foreign);
    for (places, file, told) in [
        (Some(&known), Some(&damaged[..]), "is damaged"),
        (Some(&known), Some(&file[1..]), "is damaged"),
        (Some(&known), Some(&[]), "is damaged"),
        (Some(&known), None, "is missing"),
        (None, None, "is missing, though the rules ask"),
        (None, Some(&file[..]), "says nothing of it"),
        (Some(&source), Some(&foreign), "of type \"Test-Country\""),
    ] {
        let fault = configure(places.map(String::as_str), file).unwrap_err();
        assert!(fault.starts_with("places.mmdb ") && fault.contains(told), "{told}: {fault}");
    }
    // Nothing is asked, and nothing is there.
    let text = toml("");
    let (bundle, _) = resolve(&parse(&text).unwrap(), Inputs::default()).unwrap();
    let config = serde_json::to_vec(&bundle).unwrap();
    assert!(Nearhop::configure(&config).is_ok());
}
