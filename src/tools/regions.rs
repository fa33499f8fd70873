//! The AWS Regions there are.

use std::sync::LazyLock;

use super::nearest::nearest;
use crate::bundle::Coordinates;

/// An AWS Region.
#[derive(Clone, Copy, Debug)]
pub struct Region {
    /// As AWS and this project's configuration write it, such as `eu-west-1`.
    pub name: &'static str,
    /// As people say it, such as `Europe (Ireland)`.
    pub title: &'static str,
    /// The country it is in, by its ISO 3166-1 code.
    pub country: &'static str,
    /// Degrees north, to the city.
    pub latitude: f64,
    /// Degrees east, to the city.
    pub longitude: f64,
    /// `aws`, or one of the partitions an account of that one cannot enter, such as `aws-cn`.
    pub partition: &'static str,
    /// Whether Lambda@Edge functions are executed here (rule R1).
    pub executes_edge: bool,
}

impl Region {
    /// Where it is.
    pub fn coordinates(&self) -> Coordinates {
        Coordinates { latitude: self.latitude as f32, longitude: self.longitude as f32 }
    }
}

/// Every Region of `data/aws-regions.csv`.
pub fn regions() -> &'static [Region] {
    static REGIONS: LazyLock<Vec<Region>> =
        LazyLock::new(|| include_str!("data/aws-regions.csv").lines().skip(1).map(row).collect());
    &REGIONS
}

/// The Region of that name.
pub fn region(name: &str) -> Option<&'static Region> {
    regions().iter().find(|region| region.name == name)
}

/// The Region whose name `name` is a likely misspelling of.
pub fn region_meant_by(name: &str) -> Option<&'static str> {
    nearest(name, regions().iter().map(|region| region.name))
}

fn row(line: &'static str) -> Region {
    let fields: Vec<_> = line.split(',').collect();
    let [name, title, _city, country, latitude, longitude, partition, rec, _measured] = fields[..]
    else {
        panic!("data/aws-regions.csv: not 9 fields: {line}");
    };
    let degrees = |text: &str| text.parse().expect("data/aws-regions.csv: degrees");
    Region {
        name,
        title,
        country,
        latitude: degrees(latitude),
        longitude: degrees(longitude),
        partition,
        executes_edge: rec == "1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole() {
        assert_eq!(regions().len(), 39);
        assert_eq!(regions().iter().filter(|region| region.executes_edge).count(), 13);
        for region in regions() {
            assert!(region.latitude.abs() < 90.0 && region.longitude.abs() < 180.0, "{region:?}");
        }
        assert_eq!(region("eu-west-1").unwrap().title, "Europe (Ireland)");
        assert!(region("eu-west-9").is_none());
    }

    #[test]
    fn misspellings_are_recognised() {
        assert_eq!(region_meant_by("eu-west1"), Some("eu-west-1"));
        assert_eq!(region_meant_by("us-esat-2"), Some("us-east-2"));
        assert_eq!(region_meant_by("mars"), None);
    }
}
