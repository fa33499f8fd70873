//! Which Regions viewers from certain places are sent to first.

use crate::config::PlaceRule;
use crate::policy::{Problem, Problems};
use crate::region::address::check_networks;
use crate::region::choice::{MatchedPlace, Preferred};
use crate::region::place::Place;
use crate::region::reason::Code;
use crate::region::set::RegionSet;

/// The rules, with their settings checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    regions: Vec<RegionSet>,
    countries: Vec<(Code, RegionSet)>,
    continents: Vec<(Code, RegionSet)>,
}

impl Rules {
    /// `networks_elsewhere`: whether a bundle's database has the rules' networks.
    pub fn new(
        rules: &[PlaceRule],
        networks_elsewhere: bool,
        regions_named: &dyn Fn(&str, &[String], &mut Problems) -> RegionSet,
        problems: &mut Problems,
    ) -> Self {
        let mut checked = Self::default();
        check_networks(rules, problems);
        if rules.len() > usize::from(u16::MAX) {
            let found = rules.len().to_string();
            let allowed = format!("at most {} rules", u16::MAX);
            problems.push(Problem::new("api.rules", found, allowed));
        }
        for (index, rule) in rules.iter().enumerate() {
            let at = |key: &str| format!("api.rules[{index}].{key}");
            let regions = regions_named(&at("regions"), &rule.regions, problems);
            checked.regions.push(regions);
            let is_empty =
                rule.networks.is_empty() && rule.countries.is_empty() && rule.continents.is_empty();
            if is_empty && !networks_elsewhere {
                problems.push(Problem::new(
                    format!("api.rules[{index}]"),
                    "no place",
                    "networks, countries or continents: at least one",
                ));
            }
            let lists = [
                ("countries", &rule.countries, &mut checked.countries, COUNTRY),
                ("continents", &rule.continents, &mut checked.continents, CONTINENT),
            ];
            for (key, names, known, allowed) in lists {
                for (i, name) in names.iter().enumerate() {
                    let key = at(&format!("{key}[{i}]"));
                    let code = Code::new(name)
                        .filter(|code| allowed != CONTINENT || CONTINENTS.contains(&code.as_str()));
                    match code {
                        None => problems.push(Problem::new(key, name, allowed)),
                        Some(code) if known.iter().any(|(other, _)| *other == code) => {
                            problems.push(Problem::new(key, name, "each place in one rule"));
                        }
                        Some(code) => known.push((code, regions)),
                    }
                }
            }
        }
        checked
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.regions.is_empty()
    }

    /// The Regions a place is sent to first: network, else country, else continent.
    pub fn preferred(&self, place: &Place) -> Option<Preferred> {
        if let Some(regions) =
            place.network_rule.and_then(|rule| self.regions.get(usize::from(rule)))
        {
            return Some(Preferred { regions: *regions, place: MatchedPlace::Network });
        }
        let find = |known: &[(Code, RegionSet)], code: Option<Code>| {
            known.iter().find(|(other, _)| Some(*other) == code).copied()
        };
        if let Some((code, regions)) = find(&self.countries, place.country) {
            return Some(Preferred { regions, place: MatchedPlace::Country(code) });
        }
        let (code, regions) = find(&self.continents, place.continent)?;
        Some(Preferred { regions, place: MatchedPlace::Continent(code) })
    }

    /// Every country a rule names.
    pub fn countries(&self) -> impl Iterator<Item = Code> {
        self.countries.iter().map(|(code, _)| *code)
    }

    /// Every continent a rule names.
    pub fn continents(&self) -> impl Iterator<Item = Code> {
        self.continents.iter().map(|(code, _)| *code)
    }
}

const COUNTRY: &str = "a country's ISO 3166-1 code, such as \"BR\"";
const CONTINENT: &str = "one of AF, AN, AS, EU, NA, OC, SA";
const CONTINENTS: [&str; 7] = ["AF", "AN", "AS", "EU", "NA", "OC", "SA"];
