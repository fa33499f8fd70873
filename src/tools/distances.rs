//! How far each edge Region is from each API Region: measured where somebody measured it.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::regions::{Region, region, region_meant_by, regions};
use crate::bundle::{Coordinates, EdgeDistances, RoundTrip};
use crate::config::Api;
use crate::policy::Problem;
use crate::region::distance::fitted_ms;

/// One row per AWS Region, since each may execute the function one day (rule R1), with one round
/// trip per API Region of `api`.
///
/// # Errors
/// A problem at `api.regions[i].name` for each name that is no AWS Region's.
pub fn distances(api: &Api) -> Result<Vec<EdgeDistances>, Vec<Problem>> {
    let known: Vec<_> = api.regions.iter().map(|api| region(&api.name)).collect();
    let unknown: Vec<_> = (0..known.len())
        .filter(|index| known[*index].is_none())
        .map(|index| unknown_region(index, &api.regions[index].name))
        .collect();
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let rows = regions().iter().map(|edge| EdgeDistances {
        edge: edge.name.into(),
        round_trips: known.iter().flatten().map(|api| round_trip(edge, api)).collect(),
    });
    Ok(rows.collect())
}

/// The time from an edge Region to an API Region and back: the median of
/// `data/aws-latency.csv`, row = from, or the fit where it lacks the pair.
pub fn round_trip(edge: &Region, api: &Region) -> RoundTrip {
    match MATRIX.get(&(edge.name, api.name)) {
        Some(ms) => RoundTrip { ms: *ms, measured: true },
        None => RoundTrip { ms: fitted_ms(edge.coordinates(), api.coordinates()), measured: false },
    }
}

static MATRIX: LazyLock<HashMap<(&str, &str), f32>> = LazyLock::new(|| {
    let mut lines = include_str!("data/aws-latency.csv").lines().map(|line| line.split(','));
    let to: Vec<_> = lines.next().into_iter().flatten().skip(1).collect();
    let mut matrix = HashMap::new();
    for mut row in lines {
        let from = row.next().expect("split yields at least one field");
        // A pair nobody measured may be left empty.
        for (to, ms) in to.iter().zip(row).filter(|(_, ms)| !ms.is_empty()) {
            matrix.insert((from, *to), ms.parse().expect("data/aws-latency.csv: milliseconds"));
        }
    }
    matrix
});

/// Where the API's Regions are, in the configuration's order.
pub fn coordinates(api: &Api) -> Vec<Coordinates> {
    api.regions.iter().filter_map(|api| region(&api.name)).map(Region::coordinates).collect()
}

fn unknown_region(index: usize, name: &str) -> Problem {
    let allowed = match region_meant_by(name) {
        Some(meant) => format!("the name of an AWS Region; did you mean \"{meant}\"?"),
        None => "the name of an AWS Region, such as \"eu-west-1\"".into(),
    };
    Problem { key: format!("api.regions[{index}].name"), found: format!("{name:?}"), allowed }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn api(names: &[&str]) -> Api {
        let region = |name: &&str| json!({ "name": name, "endpoint": format!("https://a.execute-api.{name}.amazonaws.com") });
        let regions: Vec<_> = names.iter().map(region).collect();
        serde_json::from_value(json!({ "regions": regions })).unwrap()
    }

    fn between(edge: &str, api: &str) -> RoundTrip {
        round_trip(region(edge).unwrap(), region(api).unwrap())
    }

    #[test]
    fn every_region_has_a_row_and_every_api_region_a_column() {
        let rows = distances(&api(&["us-east-1", "ap-northeast-1"])).unwrap();
        assert_eq!(rows.len(), regions().len());
        assert!(rows.iter().all(|row| row.round_trips.len() == 2));
        let tokyo = rows.iter().find(|row| row.edge == "ap-northeast-1").unwrap();
        assert_eq!(tokyo.round_trips[0], RoundTrip { ms: 149.15, measured: true });
        assert_eq!(tokyo.round_trips[1], RoundTrip { ms: 2.54, measured: true });
    }

    #[test]
    fn rows_are_from_and_columns_to() {
        assert_eq!(between("af-south-1", "ap-east-1").ms, 350.17);
        assert_eq!(between("ap-east-1", "af-south-1").ms, 359.21);
    }

    #[test]
    fn the_matrix_is_whole_and_its_regions_are_known() {
        assert_eq!(MATRIX.len(), 32 * 32);
        for (from, to) in MATRIX.keys() {
            assert!(region(from).is_some() && region(to).is_some(), "{from} {to}");
        }
        assert!(MATRIX.values().all(|ms| (0.5..500.0).contains(ms)));
    }

    #[test]
    fn a_missing_pair_is_fitted_and_says_so() {
        let trip = between("ap-east-2", "ap-northeast-1");
        assert!(!trip.measured);
        // Taipei to Tokyo is about 2,100 km.
        assert!((55.0..60.0).contains(&trip.ms), "{trip:?}");
        let here = between("ap-southeast-6", "ap-southeast-6");
        assert_eq!(here, RoundTrip { ms: 25.0, measured: false });
    }

    #[test]
    fn unknown_regions_are_named_with_their_likely_meaning() {
        let problems = distances(&api(&["eu-west-1", "eu-wset-2", "moon"])).unwrap_err();
        let keys: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(keys, ["api.regions[1].name", "api.regions[2].name"]);
        assert_eq!(problems[0].found, "\"eu-wset-2\"");
        assert!(problems[0].allowed.contains("\"eu-west-2\""), "{}", problems[0].allowed);
        assert!(problems[1].allowed.contains("such as"), "{}", problems[1].allowed);
    }
}
