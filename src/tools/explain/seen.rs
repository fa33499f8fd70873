//! The stages of a choice, written down as they go by.

use super::explanation::{CandidateFound, StageSeen};
use crate::region::Api;
use crate::region::choice::{Observer, Stage, Switches};
use crate::region::set::RegionSet;

/// The stages as they went by.
pub struct Seen<'p> {
    api: &'p Api,
    scores: Vec<(usize, f32)>,
    stages: Vec<(Stage, RegionSet, Option<usize>)>,
}

impl Observer for Seen<'_> {
    fn stage(&mut self, stage: Stage, affected: RegionSet, first: Option<usize>) {
        self.stages.push((stage, affected, first));
    }

    fn scores(&mut self, scores: impl Iterator<Item = (usize, f32)>) {
        self.scores.extend(scores);
    }
}

impl<'p> Seen<'p> {
    /// Nothing has gone by yet.
    pub fn new(api: &'p Api) -> Self {
        Self { api, scores: Vec::new(), stages: Vec::new() }
    }

    fn name(&self, index: usize) -> String {
        self.api.candidates[index].name.clone()
    }

    /// The nearest by score before any stage: what the first stage's word is held against.
    fn nearest(&self) -> Option<usize> {
        self.scores.iter().min_by(|a, b| a.1.total_cmp(&b.1)).map(|(index, _)| *index)
    }

    /// The candidates, nearest first.
    pub fn candidates(&self, switches: &Switches) -> Vec<CandidateFound> {
        let round_trips = self.api.round_trips(self.api.here());
        let mut scores = self.scores.clone();
        scores.sort_by(|a, b| a.1.total_cmp(&b.1));
        let candidate = |(index, score): (usize, f32)| {
            let by = |filters: bool| {
                self.stages
                    .iter()
                    .filter(move |(stage, affected, _)| {
                        is_filter(*stage) == filters && affected.contains(index)
                    })
                    .map(|(stage, ..)| stage_name(*stage))
            };
            let round_trip = round_trips.map(|row| row[index]);
            let switched = switches.weights.get(index).copied().flatten();
            CandidateFound {
                region: self.name(index),
                ms: round_trip.map(|trip| trip.ms),
                measured: round_trip.is_some_and(|trip| trip.measured),
                bias_ms: self.api.candidates[index].bias_ms
                    + switches.bias_ms.get(index).copied().unwrap_or(0),
                score,
                weight: switched.unwrap_or(self.api.candidates[index].weight),
                removed_by: by(true).next(),
                moved_back_by: by(false).collect(),
            }
        };
        scores.into_iter().map(candidate).collect()
    }

    /// The stages, in order.
    pub fn stages(&self) -> Vec<StageSeen> {
        let mut before = self.nearest();
        let stage = |(stage, affected, first): &(Stage, RegionSet, Option<usize>)| {
            let changed_first = *first != before;
            before = *first;
            StageSeen {
                stage: stage_name(*stage),
                effect: if is_filter(*stage) { "removed" } else { "moved back" },
                regions: affected.iter().map(|index| self.name(index)).collect(),
                first: first.map(|index| self.name(index)),
                changed_first,
            }
        };
        self.stages.iter().map(stage).collect()
    }
}

fn is_filter(stage: Stage) -> bool {
    matches!(stage, Stage::Route | Stage::Residency | Stage::Disabled)
}

fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Route => "route",
        Stage::Residency => "residency",
        Stage::Disabled => "disabled",
        Stage::Weight => "weight",
        Stage::Rule => "rule",
        Stage::Sticky => "sticky",
        Stage::Health => "health",
        Stage::Drained => "drained",
        Stage::Override => "override",
        Stage::SecondLeg => "second leg",
    }
}
