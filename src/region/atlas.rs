//! The database that says of an address what the rules ask: `places.mmdb` of a bundle.
//!
//! `nearhop bundle` makes it out of the rules' networks and a country database
//! ([`crate::tools`]); it holds nothing else, and a bundle whose rules ask nothing has none.

use std::collections::BTreeSet;

use maxminddb::Reader;
use serde::Deserialize;

use crate::bundle::Bundle;
use crate::config::Config;
use crate::region::Api;
use crate::region::address::viewer_address;
use crate::region::place::Place;
use crate::region::reason::Code;

/// The database, with its layout checked.
#[derive(Debug)]
pub(crate) struct Atlas {
    reader: Reader<Vec<u8>>,
}

/// What its type is called, in its metadata.
pub(crate) const DATABASE_TYPE: &str = "Nearhop-Places";

/// One record: what follows from the networks an address is in.
#[derive(Debug, Default, Deserialize)]
struct Record<'r> {
    #[serde(default)]
    network_rule: Option<u16>,
    #[serde(default, borrow)]
    country_code: Option<&'r str>,
    #[serde(default, borrow)]
    continent_code: Option<&'r str>,
}

impl Atlas {
    /// The database of a bundle, if the bundle has one.
    ///
    /// # Errors
    /// It is damaged, is another bundle's, or is not there though the rules ask for it.
    pub fn of_bundle(
        bundle: &Bundle,
        api: Option<&Api>,
        bytes: Option<&[u8]>,
    ) -> Result<Option<Self>, String> {
        match (&bundle.places, bytes) {
            (Some(known), Some(bytes)) if *known == digest(bytes) => Self::load(bytes).map(Some),
            (Some(_), Some(_)) => Err("is damaged, or another bundle's".into()),
            (Some(_), None) => Err("is missing".into()),
            (None, Some(_)) => Err("is there, though nearhop.json says nothing of it".into()),
            (None, None) => match api.and_then(|api| Asked::of(&bundle.config, api)) {
                Some(_) => Err("is missing, though the rules ask for networks or countries".into()),
                None => Ok(None),
            },
        }
    }

    /// # Errors
    /// It is no MaxMind DB, or not of the layout that this version writes.
    pub fn load(bytes: &[u8]) -> Result<Self, String> {
        let reader = Reader::from_source(bytes.to_vec()).map_err(|error| error.to_string())?;
        let metadata = reader.metadata();
        match (metadata.database_type.as_str(), metadata.ip_version) {
            (DATABASE_TYPE, 6) => Ok(Self { reader }),
            (kind, version) => Err(format!("is of type {kind:?} for IPv{version}")),
        }
    }

    /// What is known of the place of an address, which may be any text.
    pub fn find(&self, client_ip: &str) -> Place {
        viewer_address(client_ip)
            .and_then(|address| self.reader.lookup(address).ok()?.decode().ok()?)
            .map(|Record { network_rule, country_code, continent_code }| Place {
                network_rule,
                country: country_code.and_then(Code::new),
                continent: continent_code.and_then(Code::new),
                coordinates: None,
            })
            .unwrap_or_default()
    }
}

/// What the rules ask of an address.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Whether some rule names networks.
    pub networks: bool,
    /// Countries that rules or residency sets name; none without a country database.
    pub countries: BTreeSet<Code>,
    /// Continents that rules name; none without a country database.
    pub continents: BTreeSet<Code>,
}

impl Asked {
    /// `None` where a database would answer nothing.
    pub fn of(config: &Config, api: &Api) -> Option<Self> {
        let networks = config
            .api
            .as_ref()
            .is_some_and(|api| api.rules.iter().any(|rule| !rule.networks.is_empty()));
        let mut asked = Self { networks, countries: BTreeSet::new(), continents: BTreeSet::new() };
        if config.country_database.is_some() {
            asked.countries.extend(api.rules.countries());
            asked.countries.extend(api.residency.iter().flat_map(|set| set.countries()));
            asked.continents.extend(api.rules.continents());
        }
        (asked.networks || asked.asks_countries()).then_some(asked)
    }

    /// Whether a country database is needed.
    pub fn asks_countries(&self) -> bool {
        !self.countries.is_empty() || !self.continents.is_empty()
    }
}

/// Tells a database from a damaged one: a change within any eight bytes is always seen. Not meant
/// against attackers, who would change it together with what it is compared to.
pub(crate) fn digest(bytes: &[u8]) -> String {
    let hash = bytes.chunks(8).fold(bytes.len() as u64 ^ 0xcbf2_9ce4_8422_2325, |hash, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x0100_0000_01b3).rotate_left(29)
    });
    format!("{hash:016x}")
}
