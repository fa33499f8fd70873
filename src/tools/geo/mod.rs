//! What a bundle's `places.mmdb` is made of: the networks of the rules, and a country database
//! pruned to the places that rules and residency name.

mod mmdb;
mod source;
mod tree;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use super::diagnostic::Diagnostic;
use super::parse::parse;
use super::resolve::{Inputs, resolve};
use crate::config::Config;
use crate::policy::Problem;
use crate::region::Api;
use crate::region::address::Network;
use crate::region::atlas::{Asked, DATABASE_TYPE, digest};
use mmdb::{Database, Value};
use tree::{Answer, Tree};

/// A `places.mmdb`, as MaxMind DB that any reader of the format reads. One record for each answer:
/// `network_rule`, the place in `api.rules` of the rule with the longest network; `country_code`
/// and `continent_code`, where some rule or residency set asks for them.
#[derive(Debug)]
pub struct Places {
    /// The file.
    pub bytes: Vec<u8>,
    /// What `nearhop.json` says of it.
    pub digest: String,
}

/// Makes the database of the text of a `nearhop.toml`; the same for the same arguments.
///
/// `source` holds the file that `country_database` names. `Ok(None)` where nothing is asked of an
/// address.
///
/// # Errors
/// Everything that is wrong with the configuration; or `source` is not there though places are
/// asked for, is no country database, or is damaged.
pub fn places_of(text: &str, source: Option<&[u8]>) -> Result<Option<Places>, Vec<Diagnostic>> {
    let parsed = parse(text)?;
    let (bundle, policy) = resolve(&parsed, Inputs::default().with_stand_ins(&parsed.config))?;
    let Some(api) = &policy.api else { return Ok(None) };
    places(&bundle.config, api, source).map_err(|problem| parsed.placed(vec![problem]))
}

fn places(config: &Config, api: &Api, source: Option<&[u8]>) -> Result<Option<Places>, Problem> {
    let Some(asked) = Asked::of(config, api) else { return Ok(None) };
    let mut tree = Tree::new();
    let mut build_epoch = 0;
    if asked.asks_countries() {
        let fault = |found: String| Problem::new("country_database", found, ALLOWED);
        let source = source.ok_or_else(|| fault("nothing".into()))?;
        build_epoch = source::read(source, &asked, &mut tree)
            .map_err(|reason| fault(format!("a file that is none ({reason})")))?;
    }
    let rules = config.api.iter().flat_map(|api| &api.rules).zip(0..);
    for (rule, index) in rules {
        for network in rule.networks.iter().filter_map(|text| Network::parse(text).ok()) {
            tree.insert(&network, Answer { network_rule: Some(index), ..Answer::default() });
        }
    }
    let (nodes, answers) = tree.flatten();
    let records: Vec<Value<'_>> = answers.iter().map(record).collect();
    let database = Database {
        kind: DATABASE_TYPE,
        build_epoch,
        ip_version: 6,
        nodes: &nodes,
        records: &records,
    };
    let bytes = database.to_bytes().ok_or_else(|| {
        let found = format!("networks that take {} nodes", nodes.len());
        Problem::new("api.rules", found, "rules whose database fits a bundle of 50 MB (rule L1)")
    })?;
    let digest = digest(&bytes);
    Ok(Some(Places { bytes, digest }))
}

fn record(answer: &Answer) -> Value<'_> {
    let rule = answer.network_rule.map(|rule| ("network_rule", Value::U16(rule)));
    let country = answer.country.as_ref().map(|code| ("country_code", code));
    let continent = answer.continent.as_ref().map(|code| ("continent_code", code));
    let codes = [country, continent].into_iter().flatten();
    Value::Map(rule.into_iter().chain(codes.map(|(k, v)| (k, Value::Text(v.as_str())))).collect())
}

const ALLOWED: &str = "a MaxMind DB with countries in it, such as iptoasn-country.mmdb, \
                       GeoLite2-Country.mmdb or GeoIP2-City.mmdb (docs/places.md)";
