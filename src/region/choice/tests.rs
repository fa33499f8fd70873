//! The choice by examples: how each reason comes about, and what does not leave the filters.

mod properties;

use super::*;
use crate::region::set::MOST;

/// Regions named a, b, c … from near to far: 10, 20, 30 … ms away, as measured.
#[derive(Debug)]
pub(super) struct Setting {
    pub regions: Vec<Candidate>,
    pub row: Vec<RoundTrip>,
    pub switches: Switches,
}

impl Setting {
    pub fn of(count: usize) -> Self {
        let name = |index: usize| char::from_u32('a' as u32 + index as u32).unwrap().to_string();
        let candidate = |index| Candidate {
            seed: stable_hash(&name(index)),
            name: name(index),
            bias_ms: 0,
            weight: 100,
            coordinates: Some(Coordinates { latitude: 0.0, longitude: 2.0 * index as f32 }),
        };
        let trip = |index| RoundTrip { ms: 10.0 * (index + 1) as f32, measured: true };
        Self {
            regions: (0..count).map(candidate).collect(),
            row: (0..count).map(trip).collect(),
            switches: Switches::default(),
        }
    }

    pub fn weights(mut self, weights: &[u32]) -> Self {
        for (region, weight) in self.regions.iter_mut().zip(weights) {
            region.weight = *weight;
        }
        self
    }

    fn biases(mut self, biases: &[i32]) -> Self {
        for (region, bias_ms) in self.regions.iter_mut().zip(biases) {
            region.bias_ms = *bias_ms;
        }
        self
    }

    fn trips(mut self, trips: &[(f32, bool)]) -> Self {
        self.row = trips.iter().map(|&(ms, measured)| RoundTrip { ms, measured }).collect();
        self
    }

    pub fn switched(mut self, switch: impl FnOnce(&mut Switches)) -> Self {
        switch(&mut self.switches);
        self
    }

    /// A viewer at a known edge, whom nothing restricts.
    pub fn question(&self) -> Question<'_, '_> {
        let all = RegionSet::first(self.regions.len());
        Question {
            regions: &self.regions,
            round_trips: Some(&self.row),
            standing: None,
            viewer: None,
            route: all,
            residency: all,
            switches: &self.switches,
            rule: None,
            home: None,
            key: 1,
            pinned: None,
            avoided: RegionSet::EMPTY,
            due: RegionSet::EMPTY,
            second_leg: false,
            first_leg: None,
        }
    }

    /// A key that is drawn for these Regions (in their order, as percentages) as the test says.
    pub fn key(&self, draws: impl Fn(&[u32]) -> bool) -> u64 {
        let draws_of = |key| {
            let question = Question { key, ..self.question() };
            (0..self.regions.len()).map(|index| question.draw(index)).collect::<Vec<_>>()
        };
        (0..100_000).map(mix).find(|key| draws(&draws_of(*key))).expect("a key of such draws")
    }

    /// The order, the first and the reason in one line, such as `b a c: rtt`; with the serving
    /// Region in brackets where that is not the first.
    fn answer(&self, change: impl FnOnce(&mut Question<'_, '_>)) -> String {
        let mut question = self.question();
        change(&mut question);
        let Some(chosen) = choose(&question, &mut Unobserved) else {
            return "none".into();
        };
        let serving = chosen.order().position(|index| index == chosen.region());
        let name = |(at, index): (usize, usize)| match serving == Some(at) && at > 0 {
            true => format!("[{}]", self.regions[index].name),
            false => self.regions[index].name.clone(),
        };
        let names: Vec<_> = chosen.order().enumerate().map(name).collect();
        format!("{}: {}", names.join(" "), chosen.reason)
    }
}

fn set(indexes: &[usize]) -> RegionSet {
    indexes.iter().copied().collect()
}

fn for_country(code: &str, regions: &[usize]) -> Option<Preferred> {
    let place = MatchedPlace::Country(Code::new(code).unwrap());
    Some(Preferred { regions: set(regions), place })
}

/// What is different about a question.
type Change = fn(&mut Question<'_, '_>);

fn nothing(_: &mut Question<'_, '_>) {}

#[test]
fn the_shortest_round_trip_wins_and_says_how_it_is_known() {
    let of = |trips: &[(f32, bool)]| Setting::of(3).trips(trips).answer(nothing);
    assert_eq!(of(&[(90.0, true), (20.0, true), (50.0, false)]), "b c a: rtt");
    assert_eq!(of(&[(90.0, true), (80.0, false), (85.0, true)]), "b c a: distance");
    // The first named wins a tie.
    assert_eq!(of(&[(7.5, true), (7.5, false), (7.5, true)]), "a b c: rtt");
    assert_eq!(of(&[(f32::NAN, true), (300.0, false), (f32::INFINITY, true)]), "b c a: distance");
}

#[test]
fn an_unknown_edge_goes_by_the_viewers_coordinates_or_by_the_configuration() {
    let setting = Setting::of(3);
    let near_c = Coordinates { latitude: 1.0, longitude: 4.5 };
    let unknown = |question: &mut Question<'_, '_>| question.round_trips = None;
    assert_eq!(setting.answer(unknown), "a b c: default");
    let located = |question: &mut Question<'_, '_>| {
        question.round_trips = None;
        question.viewer = Some(near_c);
    };
    assert_eq!(setting.answer(located), "c b a: distance");
    // A known edge knows better than coordinates (rule R3).
    assert_eq!(setting.answer(|question| question.viewer = Some(near_c)), "a b c: rtt");
    // Regions of which nobody knows where they are.
    let mut placeless = Setting::of(3);
    placeless.regions.iter_mut().for_each(|region| region.coordinates = None);
    assert_eq!(placeless.answer(located), "a b c: default");
}

#[test]
fn bias_is_added_to_the_round_trip() {
    assert_eq!(Setting::of(3).biases(&[11, 0, 0]).answer(nothing), "b a c: rtt");
    assert_eq!(Setting::of(3).biases(&[10, 0, 0]).answer(nothing), "a b c: rtt");
    assert_eq!(Setting::of(3).biases(&[0, 0, -25]).answer(nothing), "c a b: rtt");
    let switched = |bias: &[i32]| {
        let bias_ms = bias.to_vec();
        Setting::of(3).biases(&[11, 0, 0]).switched(|s| s.bias_ms = bias_ms).answer(nothing)
    };
    assert_eq!(switched(&[-2]), "a b c: rtt");
    assert_eq!(switched(&[0, 15, -15]), "c a b: rtt");
}

#[test]
fn each_reason_comes_about() {
    let three = || Setting::of(3);
    let a_drained = || three().switched(|s| s.drained = set(&[0]));
    let a_disabled = || three().switched(|s| s.disabled = set(&[0]));
    let a_pinned_c = || three().switched(|s| s.pinned = Some(2));
    let rows: Vec<(Setting, Change, &str)> = vec![
        (three(), nothing, "a b c: rtt"),
        (three(), |q| q.route = set(&[1, 2]), "b c: route"),
        (three(), |q| q.residency = set(&[2]), "c: residency"),
        (three(), |q| q.route = set(&[0, 2]), "a c: rtt"),
        (three(), |q| (q.route, q.residency) = (set(&[1, 2]), set(&[0, 2])), "c: residency"),
        (a_disabled(), nothing, "b c: drained:a"),
        (a_drained(), nothing, "b c a: drained:a"),
        (three(), |q| q.rule = for_country("BR", &[2, 1]), "b c a: rule:country=BR"),
        (
            three(),
            |q| {
                let place = MatchedPlace::Network;
                q.rule = Some(Preferred { regions: set(&[2]), place });
            },
            "c a b: rule:network",
        ),
        (
            three(),
            |q| {
                let place = MatchedPlace::Continent(Code::new("SA").unwrap());
                q.rule = Some(Preferred { regions: set(&[1]), place });
            },
            "b a c: rule:continent=SA",
        ),
        (three(), |q| q.rule = for_country("BR", &[0]), "a b c: rtt"),
        (three(), |q| q.home = Some(2), "c a b: sticky"),
        (three(), |q| q.home = Some(0), "a b c: rtt"),
        (three().weights(&[0]), nothing, "b c a: weight"),
        (three(), |q| q.avoided = set(&[0]), "b c a: ejected:a"),
        (three(), |q| q.avoided = set(&[1]), "a c b: rtt"),
        (three(), |q| q.due = set(&[0]), "a b c: probe"),
        // One that is due and not the first is no better than one that is failing.
        (three(), |q| q.due = set(&[1]), "a c b: rtt"),
        (three(), |q| (q.avoided, q.due) = (set(&[0]), set(&[1])), "b c a: probe"),
        (three(), |q| q.pinned = Some(2), "c a b: override"),
        (three(), |q| (q.pinned, q.due) = (Some(2), set(&[2])), "c a b: override"),
        (a_pinned_c(), nothing, "c a b: override"),
        (a_pinned_c(), |q| q.pinned = Some(1), "b a c: override"),
        (three(), |q| q.second_leg = true, "a [b] c: failover:2"),
    ];
    for (number, (setting, change, expected)) in rows.into_iter().enumerate() {
        assert_eq!(setting.answer(change), expected, "row {number}");
    }
}

#[test]
fn what_is_stronger_has_the_last_word() {
    let three = || Setting::of(3);
    let rows: Vec<(Setting, Change, &str)> = vec![
        // Weight, rule, sticky, health, drained, override.
        (three().weights(&[0]), |q| q.rule = for_country("BR", &[2]), "c b a: rule:country=BR"),
        (three(), |q| (q.rule, q.home) = (for_country("BR", &[1]), Some(2)), "c b a: sticky"),
        (three(), |q| (q.home, q.avoided) = (Some(2), set(&[2])), "a b c: ejected:c"),
        (
            three().switched(|s| s.drained = set(&[0])),
            |q| q.avoided = set(&[1]),
            "c b a: drained:a",
        ),
        (
            three().switched(|s| s.drained = set(&[0])),
            |q| q.avoided = set(&[1, 2]),
            "b c a: drained:a",
        ),
        (
            three().switched(|s| s.drained = set(&[2])),
            |q| (q.pinned, q.avoided) = (Some(2), set(&[2])),
            "c a b: override",
        ),
        // A filter is stronger than all of them.
        (
            three().switched(|s| s.disabled = set(&[2])),
            |q| (q.pinned, q.home, q.rule) = (Some(2), Some(2), for_country("BR", &[2])),
            "a b: rtt",
        ),
    ];
    for (number, (setting, change, expected)) in rows.into_iter().enumerate() {
        assert_eq!(setting.answer(change), expected, "row {number}");
    }
}

/// Cases: residency/none-permitted.
#[test]
fn what_is_not_permitted_is_not_to_be_had() {
    let three = || Setting::of(3);
    // A pin outside the permitted set counts for nothing: the operators' own stands then.
    assert_eq!(three().answer(|q| (q.residency, q.pinned) = (set(&[0, 1]), Some(2))), "a b: rtt");
    let b_pinned = three().switched(|s| s.pinned = Some(1));
    let outside = b_pinned.answer(|q| (q.residency, q.pinned) = (set(&[0, 1]), Some(2)));
    assert_eq!(outside, "b a: override");
    // Nor does a home, or a rule whose Regions are all outside.
    assert_eq!(three().answer(|q| (q.route, q.home) = (set(&[0, 1]), Some(2))), "a b: rtt");
    let ruled = three().answer(|q| (q.route, q.rule) = (set(&[0, 1]), for_country("BR", &[2])));
    assert_eq!(ruled, "a b: rtt");

    for empty in [
        three().answer(|q| q.residency = RegionSet::EMPTY),
        three().answer(|q| q.route = RegionSet::EMPTY),
        three().answer(|q| (q.route, q.residency) = (set(&[0]), set(&[1, 2]))),
        three().switched(|s| s.disabled = set(&[0, 1, 2])).answer(nothing),
        three().switched(|s| s.disabled = set(&[0])).answer(|q| q.residency = set(&[0])),
        three().answer(|q| (q.residency, q.pinned) = (RegionSet::EMPTY, Some(1))),
        Setting::of(0).answer(nothing),
    ] {
        assert_eq!(empty, "none");
    }
}

#[test]
fn what_is_drained_serves_when_nothing_else_does_and_what_is_disabled_never() {
    let drained = |indexes: &[usize]| {
        let drained = set(indexes);
        Setting::of(3).switched(|s| s.drained = drained)
    };
    assert_eq!(drained(&[0, 1]).answer(nothing), "c a b: drained:a");
    assert_eq!(drained(&[0]).answer(|q| q.residency = set(&[0])), "a: rtt");
    // All drained is none drained.
    assert_eq!(drained(&[0, 1, 2]).answer(nothing), "a b c: rtt");
    let disabled = Setting::of(3).switched(|s| s.disabled = set(&[0, 1]));
    assert_eq!(disabled.answer(|q| q.avoided = set(&[2])), "c: drained:a");
}

/// Cases: failure-memory/all-down, residency/all-down.
#[test]
fn when_all_that_is_permitted_has_been_failing_all_of_it_is_tried() {
    let three = Setting::of(3);
    assert_eq!(three.answer(|q| q.avoided = set(&[0, 1, 2])), "a b c: rtt");
    let resident = |q: &mut Question<'_, '_>| {
        (q.residency, q.avoided) = (set(&[1, 2]), set(&[1, 2]));
    };
    assert_eq!(three.answer(resident), "b c: residency");
    let one_is_due = |q: &mut Question<'_, '_>| (q.avoided, q.due) = (set(&[0, 1]), set(&[2]));
    assert_eq!(three.answer(one_is_due), "c a b: probe");
}

#[test]
fn a_second_leg_goes_where_the_first_did_not() {
    let three = Setting::of(3);
    let second = |change: fn(&mut Question<'_, '_>)| {
        three.answer(|q| {
            q.second_leg = true;
            change(q);
        })
    };
    assert_eq!(second(nothing), "a [b] c: failover:2");
    assert_eq!(second(|q| q.residency = set(&[1, 2])), "b [c]: failover:2");
    assert_eq!(second(|q| q.residency = set(&[1])), "b: residency");
    assert_eq!(second(|q| q.home = Some(2)), "c [a] b: failover:2");
    // This instance knows where the first leg went.
    assert_eq!(second(|q| q.first_leg = Some(1)), "b [a] c: failover:2");
    assert_eq!(second(|q| q.first_leg = Some(0)), "a [b] c: failover:2");
    // The first leg's own answer has ejected its Region since: it is not the second now.
    assert_eq!(second(|q| (q.first_leg, q.avoided) = (Some(0), set(&[0]))), "a [b] c: failover:2");
    // Another instance sent it, which did not know what this one does.
    assert_eq!(second(|q| q.avoided = set(&[0])), "a [b] c: failover:2");
    assert_eq!(second(|q| q.due = set(&[0])), "a [b] c: failover:2");
    // The next has been failing, too: the one after it.
    assert_eq!(second(|q| q.avoided = set(&[1])), "a [c] b: failover:2");
    assert_eq!(second(|q| q.due = set(&[1])), "a [c] b: failover:2");
    assert_eq!(second(|q| q.avoided = set(&[0, 1, 2])), "a [b] c: failover:2");
    // What was disabled meanwhile is not even listed.
    let disabled = Setting::of(3).switched(|s| s.disabled = set(&[0]));
    let answer = disabled.answer(|q| (q.second_leg, q.first_leg) = (true, Some(0)));
    assert_eq!(answer, "b [c]: failover:2");
}

#[test]
fn a_probe_is_known_for_one() {
    let setting = Setting::of(2);
    let probes = |change: fn(&mut Question<'_, '_>)| {
        let mut question = setting.question();
        change(&mut question);
        choose(&question, &mut Unobserved).unwrap().probes
    };
    assert!(probes(|q| q.due = set(&[0])));
    assert!(probes(|q| (q.due, q.pinned) = (set(&[1]), Some(1))));
    assert!(!probes(|q| q.due = set(&[1])));
    assert!(!probes(|q| (q.due, q.second_leg) = (set(&[0]), true)));
    assert!(!probes(nothing));
}

#[test]
fn a_weight_is_the_share_of_those_nearest() {
    let canary = || Setting::of(2).weights(&[5, 100]);
    let inside = canary().key(|draws| draws[0] == 4);
    let outside = canary().key(|draws| draws[0] == 5);
    assert_eq!(canary().answer(|q| q.key = inside), "a b: rtt");
    assert_eq!(canary().answer(|q| q.key = outside), "b a: weight");
    // 0 gets nobody while another serves, however little that takes.
    let spare = || Setting::of(2).weights(&[0, 5]);
    for key in [spare().key(|draws| draws[1] < 5), spare().key(|draws| draws[1] >= 5)] {
        assert_eq!(spare().answer(|q| q.key = key), "b a: weight");
        assert_eq!(spare().answer(|q| (q.key, q.avoided) = (key, set(&[1]))), "a b: ejected:b");
    }
    assert_eq!(Setting::of(2).weights(&[0, 0]).answer(nothing), "a b: rtt");
    // The last takes what all of them leave to the next.
    let halves = || Setting::of(3).weights(&[50, 50, 50]);
    let nobodys = halves().key(|draws| draws.iter().all(|draw| *draw >= 50));
    assert_eq!(halves().answer(|q| q.key = nobodys), "c a b: weight");
    // Operators' weights take the place of the configuration's.
    let switched = Setting::of(2).weights(&[5]).switched(|s| s.weights = vec![Some(100)]);
    assert_eq!(switched.answer(|q| q.key = outside), "a b: rtt");
    let unswitched = Setting::of(2).weights(&[5]).switched(|s| s.weights = vec![None, Some(0)]);
    assert_eq!(unswitched.answer(|q| q.key = outside), "a b: rtt");
}

#[test]
fn a_weight_is_a_share_of_what_a_rule_prefers() {
    let setting = || Setting::of(3).weights(&[100, 5, 5]);
    let outside = setting().key(|draws| draws[1] >= 5 && draws[2] >= 5);
    let ruled = |key| setting().answer(|q| (q.key, q.rule) = (key, for_country("BR", &[1, 2])));
    assert_eq!(ruled(outside), "c b a: rule:country=BR");
    assert_eq!(ruled(setting().key(|draws| draws[1] < 5)), "b c a: rule:country=BR");
}

#[test]
fn as_many_regions_as_there_are() {
    for count in [1, 2, 39, MOST] {
        let mut setting = Setting::of(count);
        for (index, trip) in setting.row.iter_mut().enumerate() {
            trip.ms = (count - index) as f32;
        }
        let chosen = choose(&setting.question(), &mut Unobserved).unwrap();
        let expected: Vec<_> = (0..count).rev().take(3).collect();
        assert_eq!(chosen.order().collect::<Vec<_>>(), expected);
        let only_first = Question { residency: RegionSet::only(0), ..setting.question() };
        assert_eq!(choose(&only_first, &mut Unobserved).unwrap().region(), 0);
    }
}

#[test]
fn an_observer_sees_each_stage_and_what_it_did() {
    #[derive(Default)]
    struct Seen {
        stages: Vec<(Stage, RegionSet, Option<usize>)>,
        scores: Vec<(usize, f32)>,
    }
    impl Observer for Seen {
        fn stage(&mut self, stage: Stage, affected: RegionSet, first: Option<usize>) {
            self.stages.push((stage, affected, first));
        }
        fn scores(&mut self, scores: impl Iterator<Item = (usize, f32)>) {
            self.scores.extend(scores);
        }
    }
    let setting = Setting::of(3).biases(&[0, 1, 0]);
    let question = Question {
        residency: set(&[1, 2]),
        avoided: set(&[1]),
        second_leg: true,
        ..setting.question()
    };
    let mut seen = Seen::default();
    choose(&question, &mut seen).unwrap();
    let none = RegionSet::EMPTY;
    let expected = [
        (Stage::Route, none, Some(0)),
        (Stage::Residency, set(&[0]), Some(1)),
        (Stage::Disabled, none, Some(1)),
        (Stage::Weight, none, Some(1)),
        (Stage::Rule, none, Some(1)),
        (Stage::Sticky, none, Some(1)),
        (Stage::Health, set(&[1]), Some(2)),
        (Stage::Drained, none, Some(2)),
        (Stage::Override, none, Some(2)),
        (Stage::SecondLeg, set(&[1]), Some(2)),
    ];
    assert_eq!(seen.stages, expected);
    assert_eq!(seen.scores, [(0, 10.0), (1, 21.0), (2, 30.0)]);
}

#[test]
fn hashes_stay_what_they_are() {
    // A viewer's share and home must be the same in every version.
    assert_eq!(stable_hash(""), 0xcbf2_9ce4_8422_2325);
    assert_eq!(stable_hash("a"), 0xaf63_dc4c_8601_ec8c);
    assert_eq!(mix(0x9e37_79b9_7f4a_7c15), 0xe220_a839_7b1d_cdaf);
}
