//! How a set of Regions serves the world: from every edge, when one fails, and with one more.
//!
//! The Region of an edge is chosen by the code that chooses at the edge, for a viewer of whom
//! nothing is known: rules, residency and home Regions do not count. A Region counts whole when it
//! takes half of its nearest viewers or more, and otherwise as standing by.

mod figures;
mod fleet;

use std::collections::BTreeMap;

use serde::Deserialize;

use super::distances::round_trip;
use super::explain::{Unexplained, check_region};
use super::issuers::{issuer_urls, sign_in_issuer};
use super::parse::parse;
use super::regions::{Region, region, regions};
use crate::region::place::continent_of;
use crate::region::reason::Code;
use crate::region::set::RegionSet;
use fleet::{Fleet, Member};

pub use figures::{
    Addition, ContinentPlan, EdgePlan, Failure, Next, Plan, Planned, SignInPlan, Single, Worst,
};

/// What to plan for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    /// Regions to plan with in place of the configuration's; empty for those.
    pub regions: Vec<String>,
    /// Every Region as an edge, not only those known to execute Lambda@Edge.
    pub all: bool,
    /// How much each edge counts; without it, all the same.
    pub weights: Option<BTreeMap<String, f64>>,
}

/// Plans for the Regions of a configuration, or for those named.
///
/// # Errors
/// Everything that is wrong with the configuration, or the first thing that is wrong with `wanted`.
pub fn plan(text: &str, wanted: &Wanted) -> Result<Plan, Unexplained> {
    let regions = match wanted.regions.as_slice() {
        [] => configured(text)?,
        named => named_regions(named)?,
    };
    let edges = edges(wanted)?;
    let fleet = Fleet::new(&regions);
    let plans: Vec<EdgePlan> = {
        let best = singles(&fleet, &edges, 0.0).swap_remove(0).region;
        edges.iter().map(|edge| edge_plan(&fleet, edge, &best)).collect()
    };
    let mean_ms = mean(&plans, |plan| plan.ms);
    Ok(Plan {
        mean_ms: rounded(mean_ms),
        distance_mean_ms: rounded(mean(&plans, |plan| plan.distance_ms)),
        singles: singles(&fleet, &edges, mean_ms),
        failures: regions.iter().map(|region| failure(region, &plans)).collect(),
        additions: additions(&regions, &edges, mean_ms),
        sign_in: user_pool(text, wanted).map(|(url, region)| sign_in(url, region, &edges)),
        continents: continents(&plans),
        regions: regions
            .iter()
            .map(|Member { region, bias_ms, stands_by }| Planned {
                region: region.name.into(),
                title: region.title,
                latitude: region.latitude,
                longitude: region.longitude,
                bias_ms: *bias_ms,
                stands_by: *stands_by,
            })
            .collect(),
        edges: plans,
    })
}

struct Edge {
    region: &'static Region,
    continent: String,
    weight: f64,
}

fn configured(text: &str) -> Result<Vec<Member>, Unexplained> {
    let report = super::check::check(text).map_err(Unexplained::Configuration)?;
    let parsed = parse(text).map_err(Unexplained::Configuration)?;
    let Some(api) = parsed.config.api.filter(|_| report.api.is_some()) else {
        let allowed = "the names of AWS Regions, where the configuration has no section [api]";
        return Err(Unexplained::Ask(format!("--regions: found nothing, allowed: {allowed}")));
    };
    let member = |api: &crate::config::ApiRegion| {
        let region = region(&api.name)?;
        Some(Member { region, bias_ms: api.bias_ms, stands_by: api.weight < 50 })
    };
    Ok(api.regions.iter().filter_map(member).collect())
}

fn named_regions(names: &[String]) -> Result<Vec<Member>, Unexplained> {
    let mut members: Vec<Member> = Vec::new();
    for name in names {
        check_region("--regions", name, &[])?;
        if members.iter().any(|member| member.region.name == name) {
            return Err(Unexplained::Ask(format!(
                "--regions: found {name:?} twice, allowed: each Region once"
            )));
        }
        let region = region(name).expect("just checked");
        members.push(Member { region, bias_ms: 0, stands_by: false });
    }
    Ok(members)
}

/// The edges with their weights, those of one continent together.
fn edges(wanted: &Wanted) -> Result<Vec<Edge>, Unexplained> {
    let is_edge = |region: &&Region| wanted.all || region.executes_edge;
    let weights = wanted.weights.as_ref();
    for (name, weight) in weights.into_iter().flatten() {
        let known: Vec<_> = regions().iter().filter(is_edge).map(|region| region.name).collect();
        if !known.contains(&name.as_str()) {
            let known = known.join(", ");
            return Err(Unexplained::Ask(format!(
                "--weights: found {name:?}, allowed: {known}{}",
                if wanted.all { "" } else { "; with --all, any Region" }
            )));
        }
        if !weight.is_finite() || *weight < 0.0 {
            return Err(Unexplained::Ask(format!(
                "--weights: found {weight} for {name}, allowed: a number from 0"
            )));
        }
    }
    let mut edges: Vec<_> = regions()
        .iter()
        .filter(is_edge)
        .map(|region| Edge {
            region,
            continent: Code::new(region.country)
                .and_then(continent_of)
                .map_or_else(String::new, |code| code.as_str().to_owned()),
            weight: weights.map_or(1.0, |weights| weights.get(region.name).copied().unwrap_or(0.0)),
        })
        .filter(|edge| edge.weight > 0.0)
        .collect();
    if edges.is_empty() {
        let allowed = "a number above 0 for at least one edge";
        return Err(Unexplained::Ask(format!("--weights: found none, allowed: {allowed}")));
    }
    edges.sort_by(|a, b| a.continent.cmp(&b.continent));
    Ok(edges)
}

/// The user pool that the configuration's visitors sign in with, and its Region (rule C3). Of other
/// issuers nobody knows where they are.
fn user_pool(text: &str, wanted: &Wanted) -> Option<(String, &'static Region)> {
    if !wanted.regions.is_empty() {
        return None;
    }
    let config = parse(text).ok()?.config;
    let url = issuer_urls(&config).swap_remove(sign_in_issuer(&config)?);
    let host = url.strip_prefix("https://")?.split('/').next()?;
    let named = host.strip_suffix(".amazonaws.com")?;
    let named = named.strip_prefix("issuer-").unwrap_or(named).strip_prefix("cognito-idp.")?;
    Some((url.clone(), region(named)?))
}

fn sign_in(issuer: String, region: &'static Region, edges: &[Edge]) -> SignInPlan {
    let ms = |edge: &Edge| f64::from(round_trip(edge.region, region).ms);
    let worst = edges.iter().max_by(|a, b| ms(a).total_cmp(&ms(b))).expect("there are edges");
    let total: f64 = edges.iter().map(|edge| edge.weight).sum();
    SignInPlan {
        issuer,
        region: region.name,
        mean_ms: rounded(edges.iter().map(|edge| ms(edge) * edge.weight).sum::<f64>() / total),
        worst_ms: rounded(ms(worst)),
        worst_edge: worst.region.name,
    }
}

fn edge_plan(fleet: &Fleet, edge: &Edge, best_single: &str) -> EdgePlan {
    let Edge { region: at, continent, weight } = edge;
    let chosen = fleet.choose(at, RegionSet::EMPTY);
    let trip = fleet.trip(at, chosen);
    let ms = f64::from(trip.ms);
    let by_distance = fleet.choose_by_distance(at);
    let next = fleet.choose(at, RegionSet::only(chosen));
    let single = fleet.members.iter().position(|member| member.region.name == best_single);
    let single_ms = single.map_or(ms, |single| fleet.ms(at, single));
    EdgePlan {
        edge: at.name,
        title: at.title,
        latitude: at.latitude,
        longitude: at.longitude,
        continent: continent.clone(),
        weight: *weight,
        region: fleet.name(chosen),
        ms: rounded(ms),
        measured: trip.measured,
        single_gain_ms: rounded(single_ms - ms),
        distance_region: fleet.name(by_distance),
        distance_ms: rounded(fleet.ms(at, by_distance)),
        distance_gain_ms: rounded(fleet.ms(at, by_distance) - ms),
        next: (next != chosen).then(|| Next {
            region: fleet.name(next),
            ms: rounded(fleet.ms(at, next)),
            added_ms: rounded(fleet.ms(at, next) - ms),
        }),
    }
}

fn singles(fleet: &Fleet, edges: &[Edge], mean_ms: f64) -> Vec<Single> {
    let single = |index: usize| {
        let ms = |edge: &Edge| fleet.ms(edge.region, index);
        let worst = edges.iter().max_by(|a, b| ms(a).total_cmp(&ms(b))).expect("there are edges");
        let total: f64 = edges.iter().map(|edge| edge.weight).sum();
        let mean = edges.iter().map(|edge| ms(edge) * edge.weight).sum::<f64>() / total;
        Single {
            region: fleet.name(index),
            mean_ms: rounded(mean),
            worst_ms: rounded(ms(worst)),
            worst_edge: worst.region.name,
            gain_ms: rounded(mean - mean_ms),
        }
    };
    let mut singles: Vec<_> = (0..fleet.members.len()).map(single).collect();
    singles.sort_by(|a, b| a.mean_ms.total_cmp(&b.mean_ms));
    singles
}

fn failure(member: &Member, plans: &[EdgePlan]) -> Failure {
    let region = member.region.name;
    let served: Vec<_> = plans.iter().filter(|plan| plan.region == region).collect();
    let moved: Vec<_> =
        served.iter().filter_map(|plan| Some((*plan, plan.next.as_ref()?))).collect();
    let mut next = BTreeMap::new();
    for (_, to) in &moved {
        *next.entry(to.region.clone()).or_insert(0) += 1;
    }
    let total: f64 = moved.iter().map(|(plan, _)| plan.weight).sum();
    let added: f64 = moved.iter().map(|(plan, to)| to.added_ms * plan.weight).sum();
    let worst = moved.iter().max_by(|a, b| a.1.added_ms.total_cmp(&b.1.added_ms));
    Failure {
        region: region.into(),
        edges: served.len(),
        next,
        mean_added_ms: (total > 0.0).then(|| rounded(added / total)),
        worst: worst.map(|(plan, to)| Worst {
            edge: plan.edge,
            added_ms: to.added_ms,
            ms: to.ms,
            next: to.region.clone(),
        }),
    }
}

/// Regions of other partitions are left out: no account of this one can have an API there.
fn additions(members: &[Member], edges: &[Edge], mean_ms: f64) -> Vec<Addition> {
    let is_new = |region: &&Region| !members.iter().any(|member| member.region.name == region.name);
    let addition = |region: &'static Region| {
        let more = Member { region, bias_ms: 0, stands_by: false };
        let fleet = Fleet::new(&[members, &[more]].concat());
        let chosen: Vec<_> =
            edges.iter().map(|edge| (edge, fleet.choose(edge.region, RegionSet::EMPTY))).collect();
        let total: f64 = edges.iter().map(|edge| edge.weight).sum();
        let ms = |(edge, index): &(&Edge, usize)| fleet.ms(edge.region, *index) * edge.weight;
        let mean = chosen.iter().map(ms).sum::<f64>() / total;
        let own = |(_, index): &&(&Edge, usize)| *index == members.len();
        Addition {
            region: region.name,
            title: region.title,
            mean_ms: rounded(mean),
            gain_ms: rounded(mean_ms - mean),
            edges: chosen.iter().filter(own).map(|(edge, _)| edge.region.name).collect(),
            measured: edges.iter().all(|edge| round_trip(edge.region, region).measured),
        }
    };
    let aws = regions().iter().filter(|region| region.partition == "aws").filter(is_new);
    let mut additions: Vec<_> =
        aws.map(addition).filter(|addition| addition.gain_ms > 0.0).collect();
    additions.sort_by(|a, b| b.gain_ms.total_cmp(&a.gain_ms));
    additions.truncate(5);
    additions
}

fn continents(plans: &[EdgePlan]) -> Vec<ContinentPlan> {
    plans
        .chunk_by(|a, b| a.continent == b.continent)
        .map(|plans| {
            let mut regions: Vec<_> = plans.iter().map(|plan| plan.region.clone()).collect();
            regions.sort();
            regions.dedup();
            let worst = plans.iter().max_by(|a, b| a.ms.total_cmp(&b.ms)).expect("no empty chunk");
            ContinentPlan {
                continent: plans[0].continent.clone(),
                edges: plans.len(),
                regions,
                mean_ms: rounded(mean(plans, |plan| plan.ms)),
                worst_ms: worst.ms,
                worst_edge: worst.edge,
                single_gain_ms: rounded(mean(plans, |plan| plan.single_gain_ms)),
                distance_gain_ms: rounded(mean(plans, |plan| plan.distance_gain_ms)),
            }
        })
        .collect()
}

fn mean(plans: &[EdgePlan], ms: impl Fn(&EdgePlan) -> f64) -> f64 {
    let total: f64 = plans.iter().map(|plan| plan.weight).sum();
    plans.iter().map(|plan| ms(plan) * plan.weight).sum::<f64>() / total
}

/// To hundredths, as the matrix has them.
fn rounded(ms: f64) -> f64 {
    (ms * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests;
