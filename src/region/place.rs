//! Where a viewer is.

use cloudfront_worker::{Request, Trigger};
use http::HeaderName;

use crate::bundle::Coordinates;
use crate::region::reason::Code;

// Made when this is compiled: `http` has 12 kB of code for names made at run time.
static VIEWER_COUNTRY: HeaderName = HeaderName::from_static("cloudfront-viewer-country");
static VIEWER_LATITUDE: HeaderName = HeaderName::from_static("cloudfront-viewer-latitude");
static VIEWER_LONGITUDE: HeaderName = HeaderName::from_static("cloudfront-viewer-longitude");

/// What is known of a viewer's place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Place {
    /// The rule of the longest network that holds the viewer's address, by its place in
    /// `api.rules`.
    pub network_rule: Option<u16>,
    pub country: Option<Code>,
    pub continent: Option<Code>,
    pub coordinates: Option<Coordinates>,
}

impl Place {
    /// What CloudFront says of the viewer. Before origin-request such headers are the viewer's own
    /// words (rule W8).
    pub fn by_headers(request: &Request<'_>, trigger: Trigger) -> Self {
        if trigger == Trigger::ViewerRequest {
            return Self::default();
        }
        let field = |name| request.headers.get(name);
        // By the reader of JSON, which is there: that of the standard library is some 16 kB more.
        let degrees = |name, most: f32| {
            serde_json::from_str(field(name)?).ok().filter(|degrees: &f32| degrees.abs() <= most)
        };
        let coordinates = degrees(&VIEWER_LATITUDE, 90.0)
            .zip(degrees(&VIEWER_LONGITUDE, 180.0))
            .map(|(latitude, longitude)| Coordinates { latitude, longitude });
        let country = field(&VIEWER_COUNTRY).and_then(Code::new);
        Self { network_rule: None, country, continent: country.and_then(continent_of), coordinates }
    }

    /// What another source adds: a country of its own only where none is known.
    pub fn or(self, other: Self) -> Self {
        let named = if self.country.is_some() { self } else { other };
        Self {
            network_rule: self.network_rule.or(other.network_rule),
            country: named.country,
            continent: named.continent,
            coordinates: self.coordinates.or(other.coordinates),
        }
    }
}

/// The continent of a country.
pub(crate) fn continent_of(country: Code) -> Option<Code> {
    CONTINENTS
        .iter()
        .find(|(_, countries)| {
            // Two letters and a space each.
            countries.as_bytes().chunks(3).any(|code| code.starts_with(country.as_str().as_bytes()))
        })
        .and_then(|(continent, _)| Code::new(continent))
}

/// Continents with their countries and territories: ISO 3166-1 codes by the continents of the UN's
/// geographic regions (M49), as MaxMind's databases name them; countries on two stand with the one
/// M49 gives.
const CONTINENTS: [(&str, &str); 7] = [
    (
        "AF",
        "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG \
         ML MR MU MW MZ NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TG TN TZ UG YT ZA ZM ZW",
    ),
    ("AN", "AQ BV GS HM TF"),
    (
        "AS",
        "AE AF AM AZ BD BH BN BT CN CY GE HK ID IL IN IO IQ IR JO JP KG KH KP KR KW KZ LA LB LK MM \
         MN MO MV MY NP OM PH PK PS QA SA SG SY TH TJ TL TM TR TW UZ VN YE",
    ),
    (
        "EU",
        "AD AL AT AX BA BE BG BY CH CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT \
         LU LV MC MD ME MK MT NL NO PL PT RO RS RU SE SI SJ SK SM UA VA XK",
    ),
    (
        "NA",
        "AG AI AW BB BL BM BQ BS BZ CA CR CU CW DM DO GD GL GP GT HN HT JM KN KY LC MF MQ MS MX NI \
         PA PM PR SV SX TC TT US VC VG VI",
    ),
    ("OC", "AS AU CC CK CX FJ FM GU KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TO TV UM VU WF WS"),
    ("SA", "AR BO BR CL CO EC FK GF GY PE PY SR UY VE"),
];

/// Groups of countries a residency set may name in place of each of them.
pub(crate) fn members_of(group: &str) -> Option<&'static str> {
    const EU: &str =
        "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK";
    const EEA: &str =
        "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK";
    match group {
        "EU" => Some(EU),
        "EEA" => Some(EEA),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cloudfronts_word_counts_before_the_database() {
        let code = |text| Code::new(text);
        let coordinates = Some(Coordinates { latitude: 1.0, longitude: 2.0 });
        let said =
            Place { country: code("AR"), continent: code("SA"), coordinates, network_rule: None };
        let found = Place {
            network_rule: Some(3),
            country: code("DE"),
            continent: code("EU"),
            coordinates: None,
        };
        assert_eq!(said.or(found), Place { network_rule: Some(3), ..said });
        assert_eq!(Place::default().or(found), found);
        assert_eq!(said.or(Place::default()), said);
        // One source says both: no country is put on another's continent.
        let unknown = Place { country: code("QQ"), continent: None, ..said };
        assert_eq!(unknown.or(found).continent, None);
    }
}
