//! Configurations, sources and what is made of them, for the tests.

use super::mmdb::{Database, Value};
use super::places;
use super::tree::{Answer, Branch, Tree};
use crate::bundle::Bundle;
use crate::policy::{Policy, Problem};
use crate::region::address::Network;
use crate::region::atlas::{Atlas, digest};
use crate::region::reason::Code;
use crate::tools::parse::parse;
use crate::tools::resolve::{Inputs, resolve};

/// A configuration with these rules.
pub(super) fn toml(more: &str) -> String {
    format!(
        "{more}\n[[routes]]\npattern = \"/*\"\ntarget = \"api\"\naccess = \"public\"\n\
         [[api.regions]]\nname = \"eu-west-1\"\nendpoint = \"https://a.example.com\"\n"
    )
}

pub(super) fn resolved(more: &str) -> (Bundle, Policy) {
    let text = toml(more);
    resolve(&parse(&text).unwrap(), Inputs::default()).unwrap()
}

pub(super) fn made_of(
    (bundle, policy): &(Bundle, Policy),
    source: Option<&[u8]>,
) -> Result<Option<Vec<u8>>, Problem> {
    let made = places(&bundle.config, policy.api.as_ref().unwrap(), source)?;
    Ok(made.map(|made| {
        assert_eq!(made.digest, digest(&made.bytes));
        made.bytes
    }))
}

pub(super) fn made(more: &str, source: Option<&[u8]>) -> Result<Option<Vec<u8>>, Problem> {
    made_of(&resolved(more), source)
}

pub(super) fn atlas(more: &str, source: Option<&[u8]>) -> Atlas {
    Atlas::load(&made(more, source).unwrap().expect("a database")).unwrap()
}

pub(super) fn rule_of(atlas: &Atlas, address: &str) -> Option<u16> {
    atlas.find(address).network_rule
}

/// A source as MaxMind or @ip-location-db shape it, of networks that do not overlap.
pub(super) fn source(ip_version: u16, nested: bool, networks: &[(Network, Code)]) -> Vec<u8> {
    let mut tree = Tree::new();
    for (network, country) in networks {
        tree.insert(network, Answer { country: Some(*country), ..Answer::default() });
    }
    let (mut nodes, answers) = tree.flatten();
    if ip_version == 4 {
        // IPv4's part alone: what 96 zeros lead to.
        let mut root = Branch::Node(0);
        for _ in 0..96 {
            let Branch::Node(node) = root else { break };
            root = nodes[node][0];
        }
        let Branch::Node(first) = root else { panic!("no IPv4 in it") };
        nodes = nodes[first..]
            .iter()
            .map(|sides| {
                sides.map(|side| match side {
                    Branch::Node(node) => Branch::Node(node - first),
                    other => other,
                })
            })
            .collect();
    }
    let codes: Vec<Code> = answers.iter().map(|answer| answer.country.unwrap()).collect();
    let records: Vec<Value<'_>> = codes
        .iter()
        .map(|code| {
            let text = Value::Text(code.as_str());
            match nested {
                true => Value::Map(vec![
                    ("continent", Value::Map(vec![("code", Value::Text("AN"))])),
                    (
                        "country",
                        Value::Map(vec![("geoname_id", Value::U32(7)), ("iso_code", text)]),
                    ),
                ]),
                false => Value::Map(vec![("country_code", text)]),
            }
        })
        .collect();
    let kind = "Test-Country";
    Database { kind, build_epoch: 1_700_000_000, ip_version, nodes: &nodes, records: &records }
        .to_bytes()
        .unwrap()
}

pub(super) fn network(text: &str) -> Network {
    Network::parse(text).unwrap()
}

pub(super) fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

pub(super) fn small(ip_version: u16, nested: bool) -> Vec<u8> {
    let mut networks = vec![
        (network("203.0.113.0/25"), code("BR")),
        (network("203.0.113.128/25"), code("AR")),
        (network("198.51.100.0/24"), code("DE")),
    ];
    if ip_version == 6 {
        networks.push((network("2600:1f18::/33"), code("BR")));
        networks.push((network("2600:1f18:8000::/33"), code("DE")));
    }
    source(ip_version, nested, &networks)
}

/// A rule for these networks, as TOML strings.
pub(super) fn rule_for(networks: &str) -> String {
    format!("[[api.rules]]\nnetworks = [{networks}]\nregions = [\"eu-west-1\"]\n")
}

pub(super) const BRAZIL: &str = "country_database = \"c.mmdb\"\n[[api.rules]]\n\
                                 countries = [\"BR\"]\nregions = [\"eu-west-1\"]\n";
