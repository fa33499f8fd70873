//! Addresses of viewers, and networks of them.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::config::PlaceRule;
use crate::policy::{Problem, Problems};

/// The public address a viewer's place follows from: where an IPv6 address only carries an IPv4
/// one, that. `None` for what is no address, or none that a viewer on the internet can have.
pub(crate) fn viewer_address(text: &str) -> Option<IpAddr> {
    let address = match text.parse().ok()? {
        IpAddr::V6(address) => carried(address).map_or(IpAddr::V6(address), IpAddr::V4),
        IpAddr::V4(address) => IpAddr::V4(address),
    };
    Network::of(address).is_public().then_some(address)
}

/// The IPv4 address inside an IPv6 one that is mapped or compatible (RFC 4291, section 2.5.5),
/// NAT64's (RFC 6052), 6to4's (RFC 3056) or Teredo's, which has its bits inverted (RFC 4380).
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = u128::from(address);
    let last = Ipv4Addr::from(bits as u32);
    match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(last),
        [0x2002, ..] => Some(Ipv4Addr::from((bits >> 80) as u32)),
        [0x2001, 0, ..] => Some(Ipv4Addr::from(!(bits as u32))),
        _ => None,
    }
}

/// A network of IPv4 or IPv6 addresses: one tree for both, IPv4's at `::/96`, as MaxMind has it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Network {
    bits: u128,
    /// Of the 128 bits, as many as count.
    length: u8,
    is_ipv4: bool,
}

impl Network {
    /// The first `length` bits of an address.
    pub fn new(address: IpAddr, length: u8) -> Option<Self> {
        let (bits, offset) = match address {
            IpAddr::V4(address) => (u128::from(u32::from(address)), 96),
            IpAddr::V6(address) => (u128::from(address), 0),
        };
        let length = length.checked_add(offset).filter(|length| *length <= 128)?;
        Some(Self { bits: bits & mask(length), length, is_ipv4: address.is_ipv4() })
    }

    /// The network of one address.
    fn of(address: IpAddr) -> Self {
        Self::new(address, if address.is_ipv4() { 32 } else { 128 }).expect("not too long")
    }

    /// A network as rules write it, `203.0.113.0/24`; the error is what would be allowed.
    pub fn parse(text: &str) -> Result<Self, String> {
        const FORM: &str =
            "an address and a prefix length, such as 203.0.113.0/24 or 2001:db8::/32";
        let (address, length) = text.split_once('/').unwrap_or((text, ""));
        let address = address.parse::<IpAddr>().map_err(|_| FORM.to_owned())?;
        if length.is_empty() {
            return Err(format!("{FORM}; for this address alone, {}", Self::of(address)));
        }
        let length = Some(length).filter(|length| length.bytes().all(|b| b.is_ascii_digit()));
        let network = length
            .and_then(|length| Self::new(address, length.parse().ok()?))
            .ok_or_else(|| FORM.to_owned())?;
        if !network.contains(&Self::of(address)) || network.address() != address {
            return Err(format!("{network}: zeros behind the prefix"));
        }
        if network.is_carried() {
            return Err("a network of IPv4 addresses as such: an IPv6 address that carries one \
                        counts as that"
                .into());
        }
        if !network.is_public() {
            return Err("a network of public addresses: a viewer has no other".into());
        }
        Ok(network)
    }

    fn address(&self) -> IpAddr {
        match self.is_ipv4 {
            true => IpAddr::V4(Ipv4Addr::from(self.bits as u32)),
            false => IpAddr::V6(Ipv6Addr::from(self.bits)),
        }
    }

    fn contains(&self, other: &Self) -> bool {
        self.is_ipv4 == other.is_ipv4
            && self.length <= other.length
            && (self.bits ^ other.bits) & mask(self.length) == 0
    }

    /// Whether it lies in the ranges whose addresses stand for the IPv4 ones they carry.
    fn is_carried(&self) -> bool {
        let inside = |(address, length)| {
            Self::new(IpAddr::V6(address), length).is_some_and(|range| range.contains(self))
        };
        CARRYING.into_iter().any(inside)
    }

    fn is_public(&self) -> bool {
        let inside = |(address, length)| {
            Self::new(IpAddr::V4(address), length).is_some_and(|range| range.contains(self))
        };
        match self.is_ipv4 {
            true => !NOT_PUBLIC.into_iter().any(inside),
            // Global unicast, all of which is in 2000::/3 (RFC 3587), or a network around it.
            false => (self.bits ^ (1 << 125)) & mask(self.length.min(3)) == 0,
        }
    }
}

/// What making a database asks.
#[cfg(feature = "tools")]
impl Network {
    /// A network as it stands in a tree for both families: what is at `::/96` is IPv4's.
    pub fn in_tree(address: IpAddr, length: u8) -> Option<Self> {
        match (address, length.checked_sub(96)) {
            (IpAddr::V6(v6), Some(length)) if u128::from(v6) >> 32 == 0 => {
                Self::new(IpAddr::V4(Ipv4Addr::from(u128::from(v6) as u32)), length)
            }
            _ => Self::new(address, length),
        }
    }

    /// Whether some address in it can be a viewer's, and is looked up as it stands.
    pub fn holds_viewers(&self) -> bool {
        self.is_public() && !self.is_carried()
    }

    pub fn is_ipv4(&self) -> bool {
        self.is_ipv4
    }

    /// Its bits as a way down the tree of its family.
    pub fn bits(&self) -> impl Iterator<Item = bool> {
        let (bits, length) = (self.bits, self.length);
        let start = if self.is_ipv4 { 96 } else { 0 };
        (start..length).map(move |depth| bits >> (127 - depth) & 1 == 1)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = if self.is_ipv4 { self.length - 96 } else { self.length };
        write!(f, "{}/{length}", self.address())
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn mask(length: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0)
}

const CARRYING: [(Ipv6Addr, u8); 5] = [
    (Ipv6Addr::UNSPECIFIED, 96),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96),
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32),
];

/// What IANA's registry of special addresses keeps off the internet, with multicast and beyond. The
/// ranges for documentation are left in: examples and tests use them.
const NOT_PUBLIC: [(Ipv4Addr, u8); 8] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// Every network is one, and stands in one place only.
pub(crate) fn check_networks(rules: &[PlaceRule], problems: &mut Problems) {
    let mut known: HashMap<Network, String> = HashMap::new();
    for (index, rule) in rules.iter().enumerate() {
        for (i, text) in rule.networks.iter().enumerate() {
            let key = format!("api.rules[{index}].networks[{i}]");
            match Network::parse(text) {
                Err(allowed) => problems.push(Problem::new(key, text, allowed)),
                Ok(network) => match known.get(&network) {
                    Some(first) => {
                        let allowed = format!("each network once; it stands in {first} already");
                        problems.push(Problem::new(key, text, allowed));
                    }
                    None => drop(known.insert(network, key)),
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cases: location/ipv4-mapped, location/private, location/multicast.
    /// Cases: location/malformed-address.
    #[test]
    fn an_address_that_carries_another_counts_as_that() {
        for (text, expected) in [
            ("203.0.113.9", Some("203.0.113.9")),
            ("2600:1f18::7", Some("2600:1f18::7")),
            // IPv4-mapped, in both spellings, and IPv4-compatible.
            ("::ffff:203.0.113.9", Some("203.0.113.9")),
            ("::FFFF:cb00:7109", Some("203.0.113.9")),
            ("::203.0.113.9", Some("203.0.113.9")),
            // 6to4, NAT64, and Teredo of RFC 4380's server and client.
            ("2002:cb00:7109:1::5", Some("203.0.113.9")),
            ("64:ff9b::203.0.113.9", Some("203.0.113.9")),
            ("2001:0:4136:e378:8000:63bf:3fff:fdd2", Some("192.0.2.45")),
            // Carried, but not public.
            ("::ffff:10.0.0.1", None),
            ("2002:7f00:1::", None),
            ("64:ff9b::192.168.1.1", None),
            ("2001:0:4136:e378:8000:63bf:f5ff:fffe", None),
            // Not public.
            ("0.0.0.0", None),
            ("10.255.255.255", None),
            ("100.64.0.1", None),
            ("127.0.0.1", None),
            ("169.254.169.254", None),
            ("172.31.0.1", None),
            ("192.168.0.1", None),
            ("224.0.0.1", None),
            ("255.255.255.255", None),
            ("::", None),
            ("::1", None),
            ("fe80::1", None),
            ("fc00::1", None),
            ("fd12::1", None),
            ("ff02::1", None),
            ("64:ff9b:1::203.0.113.9", None),
            // Their neighbours are.
            ("9.255.255.255", Some("9.255.255.255")),
            ("100.63.255.255", Some("100.63.255.255")),
            ("100.128.0.0", Some("100.128.0.0")),
            ("172.32.0.0", Some("172.32.0.0")),
            ("223.255.255.255", Some("223.255.255.255")),
            ("2001:1::1", Some("2001:1::1")),
            ("3fff:ffff::1", Some("3fff:ffff::1")),
            ("4000::1", None),
            // No addresses.
            ("", None),
            ("203.0.113", None),
            ("203.0.113.9:443", None),
            ("203.0.113.09", None),
            ("[2600:1f18::7]", None),
            ("fe80::1%eth0", None),
            (" 203.0.113.9", None),
            ("203.0.113.9, 198.51.100.1", None),
            ("localhost", None),
        ] {
            let expected = expected.map(|address| address.parse().unwrap());
            assert_eq!(viewer_address(text), expected, "{text}");
        }
    }

    #[test]
    fn networks_are_read_as_rules_write_them() {
        for text in ["203.0.113.0/24", "0.0.0.0/0", "198.51.100.7/32", "::/0", "2001:db8::/32"] {
            assert_eq!(Network::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Network::parse("2001:DB8::/32"), Network::parse("2001:db8:0::/32"));
        assert_ne!(Network::parse("0.0.0.0/0"), Network::parse("::/0"));
        for (text, allowed) in [
            ("203.0.113.0", "203.0.113.0/32"),
            ("2001:db8::", "2001:db8::/128"),
            ("203.0.113.0/33", "prefix length"),
            ("203.0.113.0/-1", "prefix length"),
            ("203.0.113.0/+8", "prefix length"),
            ("203.0.113/24", "prefix length"),
            ("2001:db8::/129", "prefix length"),
            ("2001:db8::/300", "prefix length"),
            ("", "prefix length"),
            ("/", "prefix length"),
            ("203.0.113.7/24", "203.0.113.0/24: zeros"),
            ("2001:db8::1/32", "2001:db8::/32: zeros"),
            ("::ffff:203.0.113.0/120", "IPv4 addresses as such"),
            ("2002:cb00:7100::/40", "IPv4 addresses as such"),
            ("10.0.0.0/8", "public"),
            ("127.0.0.1/32", "public"),
            ("fc00::/7", "public"),
            ("ff00::/8", "public"),
        ] {
            let told = Network::parse(text).expect_err(text);
            assert!(told.contains(allowed), "{text}: {told}");
        }
    }

    #[test]
    fn a_network_stands_in_one_place() {
        let rule = |networks: &[&str]| PlaceRule {
            networks: networks.iter().map(|network| (*network).to_owned()).collect(),
            countries: Vec::new(),
            continents: Vec::new(),
            regions: Vec::new(),
        };
        let mut problems = Vec::new();
        check_networks(
            &[
                rule(&["2001:db8::/32", "203.0.113.0/24"]),
                rule(&["203.0.113.0/25", "2001:0db8::/32", "x"]),
            ],
            &mut problems,
        );
        let told: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(told, ["api.rules[1].networks[1]", "api.rules[1].networks[2]"]);
        assert!(problems[0].allowed.contains("api.rules[0].networks[0]"), "{problems:?}");
    }
}
