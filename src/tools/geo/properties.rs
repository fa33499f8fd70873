//! What holds of every database, of large ones and of damaged ones.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use maxminddb::Reader;
use proptest::prelude::*;

use super::fixtures::*;
use crate::region::address::{Network, viewer_address};
use crate::region::atlas::{Atlas, digest};
use crate::region::place::{Place, continent_of};
use crate::region::reason::Code;

/// Every byte of a small file changed, and the file cut at every length.
///
/// Cases: location/truncated-database, location/corrupt-database.
#[test]
fn a_damaged_database_never_gets_far() {
    let brazil = resolved(BRAZIL);
    let bytes = made_of(&brazil, Some(&small(6, false))).unwrap().unwrap();
    let kept = digest(&bytes);
    let ask = |bytes: &[u8]| {
        // Where the layout passes, an answer is a place or none; a panic would fail the test.
        if let Ok(atlas) = Atlas::load(bytes) {
            for ip in ["203.0.113.1", "2600:1f18::1", "198.51.100.1", "9.9.9.9"] {
                atlas.find(ip);
            }
        }
        let _ = made_of(&brazil, Some(bytes));
    };
    for at in 0..bytes.len() {
        let cut = &bytes[..at];
        assert_ne!(digest(cut), kept);
        assert!(Atlas::load(cut).is_err(), "cut to {at} bytes");
        for change in [0x01, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            assert_ne!(digest(&changed), kept, "byte {at}");
            ask(&changed);
        }
    }
}

/// However many networks there are, every address is still answered by its own network.
#[test]
fn many_networks() {
    for count in [1_000_u32, 100_000] {
        // Spread over 16.0.0.0–31.255.255.255 and 2600::/16, alternating between two rules.
        let step = (1 << 28) / count;
        let v4 = |i: u32| Ipv4Addr::from((16 << 24) + i * step);
        let v6 = |i: u32| Ipv6Addr::from((0x2600 << 112) | (u128::from(i) << 80));
        let mut lists = [String::new(), String::new()];
        for i in 0..count {
            let list = &mut lists[i as usize % 2];
            match i % 3 {
                0 => list.push_str(&format!("\"{}/48\",", v6(i))),
                _ => list.push_str(&format!("\"{}/32\",", v4(i))),
            }
        }
        let rules = lists.map(|networks| rule_for(&networks));
        let bytes = made(&rules.concat(), None).unwrap().unwrap();
        Reader::from_source(&bytes[..]).unwrap().verify().unwrap();
        let atlas = Atlas::load(&bytes).unwrap();
        for i in (0..count).step_by(97) {
            let expected = Some((i % 2) as u16);
            let (at, beside) = match i % 3 {
                0 => (v6(i).to_string(), Ipv6Addr::from(u128::from(v6(i)) - 1).to_string()),
                _ => (v4(i).to_string(), Ipv4Addr::from(u32::from(v4(i)) + 1).to_string()),
            };
            assert_eq!(rule_of(&atlas, &at), expected, "{at}");
            if i % 3 != 0 {
                assert_eq!(rule_of(&atlas, &beside), None, "{beside}");
            }
        }
    }
}

/// Addresses crowded into few bits, so that networks meet them.
fn address() -> impl Strategy<Value = IpAddr> {
    let crowded = prop_oneof![0..16_u32, any::<u32>()];
    let v4 = crowded
        .clone()
        .prop_map(|bits| IpAddr::V4(Ipv4Addr::from((203 << 24) | (bits & 0xff_ffff))));
    let v6 = crowded.prop_map(|bits| {
        IpAddr::V6(Ipv6Addr::from((0x2600_u128 << 112) | (u128::from(bits) << 64)))
    });
    prop_oneof![v4, v6]
}

fn some_network() -> impl Strategy<Value = Network> {
    (address(), 0..=64_u8).prop_map(|(address, length)| {
        let length = if address.is_ipv4() { 32 - length % 33 } else { 64 - length };
        Network::new(address, length).unwrap()
    })
}

proptest! {
    /// For every question the rules ask, the pruned database says what the source says, and the
    /// rule is the one that a look at every network finds.
    #[test]
    fn pruned_answers_are_the_sources(
        networks in prop::collection::vec((some_network(), 0..6_usize), 1..24),
        rules in prop::collection::vec(some_network(), 0..12),
        asked in prop::sample::subsequence(vec!["BR", "AR", "DE", "FR", "JP", "QQ"], 1..4),
        continents in prop::sample::subsequence(vec!["SA", "EU"], 0..3),
        addresses in prop::collection::vec(address(), 1..40),
        nested in any::<bool>(),
    ) {
        let countries = ["BR", "AR", "DE", "FR", "JP", "QQ"];
        let networks: Vec<(Network, Code)> = networks
            .into_iter()
            .filter(|(network, _)| network.holds_viewers())
            .map(|(network, country)| (network, code(countries[country])))
            .collect();
        prop_assume!(!networks.is_empty());
        let file = source(6, nested, &networks);
        let rules: BTreeMap<String, Network> = rules
            .into_iter()
            .filter(Network::holds_viewers)
            .map(|network| (network.to_string(), network))
            .collect();
        let mut text = format!(
            "country_database = \"c\"\n[[api.rules]]\ncountries = {asked:?}\n\
             continents = {continents:?}\nregions = [\"eu-west-1\"]\n"
        );
        for network in rules.keys() {
            text += &rule_for(&format!("\"{network}\""));
        }
        let atlas = atlas(&text, Some(&file));
        let reader = Reader::from_source(&file[..]).unwrap();
        for address in addresses {
            let spellings = match address {
                IpAddr::V4(v4) => vec![v4.to_string(), v4.to_ipv6_mapped().to_string()],
                IpAddr::V6(v6) => vec![v6.to_string()],
            };
            let found = reader.lookup(address).unwrap();
            let path: &[_] = if nested {
                &maxminddb::path!["country", "iso_code"]
            } else {
                &maxminddb::path!["country_code"]
            };
            let country = found.decode_path::<&str>(path).unwrap().and_then(Code::new);
            let mut best: Option<(usize, u16)> = None;
            for (index, network) in rules.values().enumerate() {
                let length = network.bits().count();
                let most = if address.is_ipv4() { 32 } else { 128 };
                let around = Network::new(address, length.min(most) as u8);
                if around == Some(*network) && best.is_none_or(|(known, _)| length >= known) {
                    best = Some((length, index as u16 + 1));
                }
            }
            let expected = Place {
                network_rule: best.map(|(_, rule)| rule),
                country: country.filter(|code| asked.contains(&code.as_str())),
                continent: country
                    .and_then(continent_of)
                    .filter(|code| continents.contains(&code.as_str())),
                coordinates: None,
            };
            let public = viewer_address(&address.to_string()).is_some();
            let expected = if public { expected } else { Place::default() };
            for spelling in spellings {
                prop_assert_eq!(atlas.find(&spelling), expected, "{}", spelling);
            }
        }
    }

    /// Whatever bytes are taken for a database or a source, the answer is a refusal or a place.
    #[test]
    fn noise_is_no_database(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..30),
        cut in any::<prop::sample::Index>(),
        ip in address(),
    ) {
        let mut bytes = small(6, true);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let brazil = resolved(BRAZIL);
        let _ = made_of(&brazil, Some(&bytes));
        // The same in place of a bundle's own tree, in front of its own metadata.
        let own = made_of(&brazil, Some(&small(6, true))).unwrap().unwrap();
        let tail = own.len() - own.len() / 2;
        if let Ok(atlas) = Atlas::load(&[&bytes[..], &own[tail..]].concat()) {
            atlas.find(&ip.to_string());
        }
        bytes.drain(..cut.index(bytes.len()));
        let _ = made_of(&brazil, Some(&bytes));
    }
}
