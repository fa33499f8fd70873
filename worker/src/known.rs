//! Header names, fields and origins that both sides know by number, so that they need not cross again.
//!
//! Nearly every event brings the same names, and nearly every outcome the same fields. A string that
//! crosses costs `worker.mjs` more than reading it here does: as the key of a header it must be looked
//! up among all names V8 has met.

use http::{HeaderName, HeaderValue};

use crate::edits::{CustomOrigin, Protocol};

/// What outcomes are known to hold.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub fields: Fields,
    pub origins: Origins,
}

impl Known {
    pub const fn new() -> Self {
        Self { fields: Fields::new(), origins: Origins::new() }
    }
}

/// The names of an event's headers that are known by number: the first ones that came. There are not
/// so many that a viewer who thinks of ever new ones could fill the memory.
#[derive(Debug, Default)]
pub(crate) struct Names(Vec<Box<str>>);

impl Names {
    /// How many names there are at most, and how long one is in bytes.
    const MOST: usize = 256;
    pub const LONGEST: usize = 64;

    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The number by which a name is known from now on; `None` for one that is to come as it is. Told
    /// once of each.
    pub fn learn(&mut self, name: &[u8]) -> Option<u32> {
        let name = str::from_utf8(name).ok().filter(|name| is_event_name(name))?;
        if self.0.len() == Self::MOST || name.len() > Self::LONGEST {
            return None;
        }
        self.0.push(name.into());
        Some(self.0.len() as u32 - 1)
    }

    pub fn get(&self, number: u32) -> Option<&str> {
        self.0.get(number as usize).map(|name| &**name)
    }
}

/// Whether an event may have a header of that name. Edits name fields in lower case; one spelled
/// otherwise would escape them (rule E3).
pub(crate) fn is_event_name(name: &str) -> bool {
    !name.is_empty() && !name.bytes().any(|byte| byte.is_ascii_uppercase() || byte == b'\n')
}

/// The fields of outcomes: of each name, the value it was given last.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    last: Vec<(HeaderName, HeaderValue)>,
    /// Where the next one is looked for first: outcomes are alike, and so is their order.
    next: usize,
}

/// The origins that requests were switched to.
#[derive(Debug, Default)]
pub(crate) struct Origins(Vec<Place>);

/// An origin, without what differs from request to request.
#[derive(Debug)]
struct Place {
    protocol: Protocol,
    domain_name: Box<str>,
    port: u16,
    path: Box<str>,
}

/// How a field or an origin crosses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crossing {
    /// By this number alone.
    Known(usize),
    /// As it is, and from now on by this number.
    New(usize),
    /// As it is.
    Unknown,
}

impl Fields {
    /// How many names there are at most, and how long a value is in bytes.
    const MOST: usize = 64;
    const LONGEST: usize = 256;

    pub const fn new() -> Self {
        Self { last: Vec::new(), next: 0 }
    }

    /// How this field crosses, now that it does.
    pub fn cross(&mut self, name: &HeaderName, value: &HeaderValue) -> Crossing {
        if value.len() > Self::LONGEST {
            return Crossing::Unknown;
        }
        let is_it = |(other, _): &(HeaderName, HeaderValue)| is_same(other.as_str(), name.as_str());
        let at = match self.last.get(self.next) {
            Some(next) if is_it(next) => self.next,
            _ => self.last.iter().position(is_it).unwrap_or(self.last.len()),
        };
        self.next = at + 1;
        match self.last.get_mut(at) {
            Some((_, last)) if is_same_bytes(last.as_bytes(), value.as_bytes()) => {
                return Crossing::Known(at);
            }
            Some((_, last)) => *last = value.clone(),
            None if at == Self::MOST => return Crossing::Unknown,
            None => self.last.push((name.clone(), value.clone())),
        }
        Crossing::New(at)
    }
}

impl Origins {
    const MOST: usize = 64;
    /// How long a domain name and a path are together, in bytes.
    const LONGEST: usize = 512;

    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The number of an origin that has crossed before, and so was checked then (rule E6).
    pub fn find(&self, origin: &CustomOrigin<'_>) -> Option<usize> {
        self.0.iter().position(|place| {
            place.port == origin.port
                && place.protocol == origin.protocol
                && is_same(&place.domain_name, &origin.domain_name)
                && is_same(&place.path, &origin.path)
        })
    }

    /// How this origin crosses, now that it does.
    pub fn cross(&mut self, origin: &CustomOrigin<'_>) -> Crossing {
        if let Some(number) = self.find(origin) {
            return Crossing::Known(number);
        }
        let CustomOrigin { protocol, domain_name, port, path, .. } = origin;
        if self.0.len() == Self::MOST || domain_name.len() + path.len() > Self::LONGEST {
            return Crossing::Unknown;
        }
        let (domain_name, path) = (domain_name.as_ref().into(), path.as_ref().into());
        self.0.push(Place { protocol: *protocol, domain_name, port: *port, path });
        Crossing::New(self.0.len() - 1)
    }
}

fn is_same(a: &str, b: &str) -> bool {
    is_same_bytes(a.as_bytes(), b.as_bytes())
}

/// Names are constants and values often shared: then where they are says enough.
fn is_same_bytes(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && (a.as_ptr() == b.as_ptr() || a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_up_to_a_number_and_a_length() {
        let mut names = Names::new();
        assert_eq!(names.learn(b"host"), Some(0));
        assert_eq!(names.learn(b"x-b"), Some(1));
        for refused in [&b""[..], b"Host", b"x-\xff", &[b'a'; Names::LONGEST + 1]] {
            assert_eq!(names.learn(refused), None, "{refused:?}");
        }
        assert_eq!((names.get(0), names.get(1), names.get(2)), (Some("host"), Some("x-b"), None));
        let learned = (0..1_000).filter(|n| names.learn(format!("x-{n}").as_bytes()).is_some());
        assert_eq!(learned.count(), Names::MOST - 2);
    }

    #[test]
    fn a_field_is_known_while_its_value_stays() {
        let mut fields = Fields::new();
        let mut cross = |name: &'static str, value: &str| {
            fields.cross(&HeaderName::from_static(name), &HeaderValue::from_str(value).unwrap())
        };
        assert_eq!(cross("a", "1"), Crossing::New(0));
        assert_eq!(cross("b", "1"), Crossing::New(1));
        assert_eq!(cross("a", "1"), Crossing::Known(0));
        assert_eq!(cross("b", "2"), Crossing::New(1));
        assert_eq!(cross("b", "2"), Crossing::Known(1));
        assert_eq!(cross("a", &"1".repeat(Fields::LONGEST + 1)), Crossing::Unknown);
        assert_eq!(cross("a", "1"), Crossing::Known(0));
    }

    #[test]
    fn no_more_names_are_kept_than_there_are_numbers() {
        let mut fields = Fields::new();
        let value = HeaderValue::from_static("1");
        for at in 0..Fields::MOST + 9 {
            let name = HeaderName::try_from(format!("x-{at}")).unwrap();
            let new = if at < Fields::MOST { Crossing::New(at) } else { Crossing::Unknown };
            let again = if at < Fields::MOST { Crossing::Known(at) } else { Crossing::Unknown };
            assert_eq!((fields.cross(&name, &value), fields.cross(&name, &value)), (new, again));
        }
    }

    #[test]
    fn an_origin_is_known_by_all_that_crosses_of_it() {
        let origin = |domain_name: &str, path: &str| CustomOrigin {
            protocol: Protocol::Https,
            domain_name: domain_name.to_owned().into(),
            port: 443,
            path: path.to_owned().into(),
            without_custom_headers: Vec::new(),
        };
        let mut origins = Origins::new();
        for (number, other) in [
            origin("a.example", ""),
            origin("b.example", ""),
            origin("a.example", "/prod"),
            CustomOrigin { port: 8443, ..origin("a.example", "") },
            CustomOrigin { protocol: Protocol::Http, ..origin("a.example", "") },
        ]
        .into_iter()
        .enumerate()
        {
            assert_eq!(origins.find(&other), None);
            assert_eq!(origins.cross(&other), Crossing::New(number));
            assert_eq!(origins.cross(&other), Crossing::Known(number));
            assert_eq!(origins.find(&other), Some(number));
        }
        let without = vec!["x-a".into()];
        let other = CustomOrigin { without_custom_headers: without, ..origin("b.example", "") };
        assert_eq!(origins.cross(&other), Crossing::Known(1));
        for at in 5..Origins::MOST + 9 {
            let new = if at < Origins::MOST { Crossing::New(at) } else { Crossing::Unknown };
            assert_eq!(origins.cross(&origin(&format!("{at}.example"), "")), new);
        }
        assert_eq!(origins.cross(&origin("a.example", &"/".repeat(600))), Crossing::Unknown);
    }
}
