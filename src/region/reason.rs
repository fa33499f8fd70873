//! Why a Region was chosen.

use std::borrow::Cow;
use std::fmt;

use http::HeaderValue;

/// Why the first candidate is the first: the last stage of the choice that put it there.
///
/// A closed list of stable words, sent as `x-nearhop-reason` and documented in docs/regions.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason<'r> {
    /// The shortest measured round trip from the edge's Region.
    Rtt,
    /// The shortest round trip as fitted from distance.
    Distance,
    /// The first Region of the configuration: nothing is known of edge or viewer.
    Default,
    /// The nearest Region may not have this viewer's data.
    Residency,
    /// The nearest Region is not one of the route's own.
    Route,
    /// The control document drained the nearest Region, or disabled it.
    Drained(&'r str),
    /// A rule for the viewer's network, country or continent.
    Network,
    Country(Code),
    Continent(Code),
    /// The nearest Region's weight left this viewer to the next.
    Weight,
    /// The viewer's home Region.
    Sticky,
    /// The nearest Region has been failing.
    Ejected(&'r str),
    /// The nearest Region has been failing, and this request tells whether it has recovered.
    Probe,
    /// The request is on its second leg.
    SecondLeg,
    /// Asked for by a signed header, or by the control document's pin.
    Override,
}

/// Two letters of a country or continent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Code([u8; 2]);

impl Code {
    /// A code of two upper-case letters.
    pub fn new(text: &str) -> Option<Self> {
        let code: [u8; 2] = text.as_bytes().try_into().ok()?;
        code.iter().all(u8::is_ascii_uppercase).then_some(Self(code))
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Reason<'_> {
    /// The reason's word.
    pub fn text(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Reason::Rtt => "rtt",
            Reason::Distance => "distance",
            Reason::Default => "default",
            Reason::Residency => "residency",
            Reason::Route => "route",
            Reason::Drained(region) => return ["drained:", region].concat().into(),
            Reason::Network => "rule:network",
            Reason::Country(code) => return ["rule:country=", code.as_str()].concat().into(),
            Reason::Continent(code) => return ["rule:continent=", code.as_str()].concat().into(),
            Reason::Weight => "weight",
            Reason::Sticky => "sticky",
            Reason::Ejected(region) => return ["ejected:", region].concat().into(),
            Reason::Probe => "probe",
            Reason::SecondLeg => "failover:2",
            Reason::Override => "override",
        })
    }

    /// The reason as a header's value.
    pub fn header(self) -> HeaderValue {
        match self.text() {
            Cow::Borrowed(word) => HeaderValue::from_static(word),
            Cow::Owned(word) => {
                HeaderValue::try_from(word).unwrap_or_else(|_| HeaderValue::from_static("default"))
            }
        }
    }
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_reasons_is_closed() {
        let code = Code::new("BR").unwrap();
        for (reason, text) in [
            (Reason::Rtt, "rtt"),
            (Reason::Distance, "distance"),
            (Reason::Default, "default"),
            (Reason::Residency, "residency"),
            (Reason::Route, "route"),
            (Reason::Drained("eu-west-1"), "drained:eu-west-1"),
            (Reason::Network, "rule:network"),
            (Reason::Country(code), "rule:country=BR"),
            (Reason::Continent(code), "rule:continent=BR"),
            (Reason::Weight, "weight"),
            (Reason::Sticky, "sticky"),
            (Reason::Ejected("eu-west-1"), "ejected:eu-west-1"),
            (Reason::Probe, "probe"),
            (Reason::SecondLeg, "failover:2"),
            (Reason::Override, "override"),
        ] {
            assert_eq!(reason.to_string(), text);
            assert_eq!(reason.header(), text);
        }
    }

    #[test]
    fn a_code_is_two_upper_case_letters() {
        assert_eq!(Code::new("DE").unwrap().as_str(), "DE");
        for text in ["", "D", "de", "De", "DEU", "D1", "É", "--"] {
            assert_eq!(Code::new(text), None, "{text}");
        }
    }
}
