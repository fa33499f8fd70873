//! Where a viewer's data may be handled: a filter that nothing leaves.

use crate::config::{self, Otherwise};
use crate::policy::{Problem, Problems};
use crate::region::place::members_of;
use crate::region::reason::Code;
use crate::region::set::RegionSet;
use crate::region::settings::check_claim;

/// The residency rule, with its settings checked.
#[derive(Clone, Debug)]
pub(crate) struct Residency {
    sets: Vec<Set>,
    otherwise: RegionSet,
}

#[derive(Clone, Debug)]
struct Set {
    name: String,
    countries: Vec<Code>,
    regions: RegionSet,
}

impl Residency {
    pub fn new(
        residency: &config::Residency,
        all: RegionSet,
        regions_named: &dyn Fn(&str, &[String], &mut Problems) -> RegionSet,
        problems: &mut Problems,
    ) -> Self {
        if let Some(claim) = &residency.claim {
            check_claim("api.residency.claim", claim, problems);
        }
        if residency.sets.is_empty() {
            problems.push(Problem::new("api.residency.sets", "nothing", "at least one set"));
        }
        let mut sets: Vec<Set> = Vec::new();
        for (index, set) in residency.sets.iter().enumerate() {
            let at = |key: &str| format!("api.residency.sets[{index}].{key}");
            if set.name.is_empty() || sets.iter().any(|other| other.name == set.name) {
                problems.push(Problem::new(at("name"), &set.name, "a name no other set has"));
            }
            if set.countries.is_empty() && residency.claim.is_none() {
                let allowed =
                    "at least one country, or a residency.claim by which viewers belong to it";
                problems.push(Problem::new(at("countries"), "nothing", allowed));
            }
            let mut countries = Vec::new();
            for (i, name) in set.countries.iter().enumerate() {
                match (members_of(name), Code::new(name)) {
                    (Some(members), _) => {
                        countries.extend(members.split(' ').filter_map(Code::new))
                    }
                    (None, Some(code)) => countries.push(code),
                    (None, None) => problems.push(Problem::new(
                        at(&format!("countries[{i}]")),
                        name,
                        "a country's ISO 3166-1 code such as \"DE\", or \"EU\" or \"EEA\"",
                    )),
                }
            }
            if let Some(code) = countries
                .iter()
                .find(|code| sets.iter().any(|other| other.countries.contains(code)))
            {
                let allowed = "each country in one set";
                problems.push(Problem::new(at("countries"), code.as_str(), allowed));
            }
            sets.push(Set {
                name: set.name.clone(),
                countries,
                regions: regions_named(&at("regions"), &set.regions, problems),
            });
        }
        let otherwise = match residency.otherwise {
            Otherwise::Any => all,
            Otherwise::None => RegionSet::EMPTY,
        };
        Self { sets, otherwise }
    }

    /// The Regions permitted to a viewer: by the claim's value if the token has the claim, else by
    /// the country.
    pub fn permits(&self, claim: Option<&str>, country: Option<Code>) -> RegionSet {
        let set = match (claim, country) {
            // A name that is no set's permits nothing: the claim was meant to restrict.
            (Some(name), _) => {
                return self
                    .sets
                    .iter()
                    .find(|set| set.name == name)
                    .map_or(RegionSet::EMPTY, |set| set.regions);
            }
            (None, Some(country)) => self.sets.iter().find(|set| set.countries.contains(&country)),
            (None, None) => None,
        };
        set.map_or(self.otherwise, |set| set.regions)
    }

    /// Every country a set names: what a country database is asked for.
    pub fn countries(&self) -> impl Iterator<Item = Code> {
        self.sets.iter().flat_map(|set| set.countries.iter().copied())
    }
}
