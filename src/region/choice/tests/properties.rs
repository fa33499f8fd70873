//! What holds of every choice: its filters, its order, its shares, and whom a change moves.

use proptest::prelude::*;

use super::*;

const VIEWERS: usize = 20_000;

/// Keys as viewers' subjects and addresses make them.
fn viewers() -> impl Iterator<Item = u64> {
    (0..VIEWERS).map(|number| stable_hash(&format!("viewer-{number}")))
}

fn first(question: &Question<'_, '_>) -> Option<usize> {
    choose(question, &mut Unobserved).map(|chosen| chosen.region())
}

/// Asserts that a share of all viewers is what it should be, within five standard deviations of a
/// binomial distribution: less than one in a million would lie outside by chance.
fn assert_share(count: usize, share: f64, what: &str) {
    let n = VIEWERS as f64;
    let deviation = (n * share * (1.0 - share)).sqrt();
    let off = (count as f64 - n * share).abs();
    assert!(off <= 5.0 * deviation, "{what}: {count} of {n}, not {share}");
}

#[test]
fn weights_converge_to_their_shares() {
    for (weights, shares) in [
        (&[100, 100, 100][..], &[1.0, 0.0, 0.0][..]),
        (&[5, 100, 100], &[0.05, 0.95, 0.0]),
        (&[0, 100, 100], &[0.0, 1.0, 0.0]),
        (&[50, 50], &[0.5, 0.5]),
        (&[95, 5], &[0.95, 0.05]),
        (&[50, 50, 50], &[0.5, 0.25, 0.25]),
        (&[20, 0, 25, 100], &[0.2, 0.0, 0.2, 0.6]),
        (&[0, 0, 10], &[0.0, 0.0, 1.0]),
        (&[0, 0], &[1.0, 0.0]),
    ] {
        let setting = Setting::of(weights.len()).weights(weights);
        let mut counts = vec![0; weights.len()];
        for key in viewers() {
            counts[first(&Question { key, ..setting.question() }).unwrap()] += 1;
        }
        for (index, (count, share)) in counts.iter().zip(shares).enumerate() {
            assert_share(*count, *share, &format!("{weights:?}, Region {index}"));
        }
    }
}

#[test]
fn homes_converge_to_their_weights() {
    for weights in [&[100, 100, 100][..], &[100, 50, 50], &[0, 5, 95], &[1, 1, 0]] {
        let setting = Setting::of(weights.len()).weights(weights);
        let among = RegionSet::first(weights.len());
        let mut counts = vec![0; weights.len()];
        for key in viewers() {
            counts[home_of(key, &setting.regions, among).unwrap()] += 1;
        }
        let sum: u32 = weights.iter().sum();
        for (index, (count, weight)) in counts.iter().zip(weights).enumerate() {
            let share = f64::from(*weight) / f64::from(sum);
            assert_share(*count, share, &format!("{weights:?}, Region {index}"));
        }
    }
}

fn weight() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(5), Just(100), 0..=100_u32]
}

fn region_set() -> impl Strategy<Value = RegionSet> {
    prop_oneof![
        2 => Just(RegionSet::first(MOST)),
        2 => prop::collection::vec(0..MOST, 0..6).prop_map(|indexes| set(&indexes)),
        1 => any::<u64>().prop_map(|bits| (0..MOST).filter(|index| bits >> index & 1 == 1).collect()),
    ]
}

prop_compose! {
    fn setting(most: usize)(
        regions in prop::collection::vec(
            (weight(), -300..300_i32, prop_oneof![Just(10.0_f32), 0.0..400.0_f32], any::<bool>()),
            1..=most,
        ),
    ) -> Setting {
        let mut setting = Setting::of(regions.len());
        for (index, (weight, bias_ms, ms, measured)) in regions.into_iter().enumerate() {
            setting.regions[index].weight = weight;
            setting.regions[index].bias_ms = bias_ms;
            setting.row[index] = RoundTrip { ms, measured };
        }
        setting
    }
}

prop_compose! {
    fn switches()(
        drained in region_set(),
        disabled in prop_oneof![Just(RegionSet::EMPTY), region_set()],
        weights in prop::collection::vec(prop::option::of(weight()), 0..6),
        bias_ms in prop::collection::vec(-500..500_i32, 0..6),
        pinned in prop::option::of(0..MOST),
    ) -> Switches {
        Switches { drained, disabled, weights, bias_ms, pinned }
    }
}

/// What a question holds beside its setting. Indexes are brought into range by the setting's count.
#[derive(Clone, Debug)]
struct Asked {
    sets: [RegionSet; 4],
    rule: Option<RegionSet>,
    indexes: [Option<usize>; 3],
    key: u64,
    located: (bool, Option<(f32, f32)>),
    second_leg: bool,
}

fn asked() -> impl Strategy<Value = Asked> {
    let index = || prop::option::of(0..MOST);
    (
        [region_set(), region_set(), region_set(), region_set()],
        prop::option::of(region_set()),
        [index(), index(), index()],
        any::<u64>(),
        (any::<bool>(), prop::option::of((-90.0..90.0_f32, -180.0..180.0_f32))),
        any::<bool>(),
    )
        .prop_map(|(sets, rule, indexes, key, located, second_leg)| Asked {
            sets,
            rule,
            indexes,
            key,
            located,
            second_leg,
        })
}

impl Asked {
    fn of<'q>(&self, setting: &'q Setting) -> Question<'q, 'q> {
        let count = setting.regions.len();
        let all = RegionSet::first(count);
        let within = |index: Option<usize>| index.map(|index| index % count);
        let [route, residency, avoided, due] = self.sets.map(|set| set.and(all));
        let [home, pinned, first_leg] = self.indexes.map(within);
        let (knows_edge, viewer) = self.located;
        Question {
            round_trips: knows_edge.then_some(&setting.row),
            viewer: viewer.map(|(latitude, longitude)| Coordinates { latitude, longitude }),
            route,
            residency,
            rule: self.rule.map(|regions| Preferred { regions, place: MatchedPlace::Network }),
            home,
            key: self.key,
            pinned,
            avoided,
            due: due.without(avoided),
            second_leg: self.second_leg,
            first_leg,
            ..setting.question()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Filters are never left, whatever the preferences; nothing permitted is nothing chosen; at
    /// most three, none twice, the serving one among them.
    ///
    /// Cases: residency/all-down, residency/none-permitted.
    #[test]
    fn nothing_leaves_the_filters(
        mut setting in setting(MOST),
        switches in switches(),
        asked in asked(),
    ) {
        setting.switches = switches;
        let question = asked.of(&setting);
        let disabled = setting.switches.disabled;
        let permitted = question.route.and(question.residency).without(disabled);
        let Some(chosen) = choose(&question, &mut Unobserved) else {
            prop_assert!(permitted.is_empty());
            return Ok(());
        };
        let order: Vec<usize> = chosen.order().collect();
        prop_assert!(order.iter().all(|index| permitted.contains(*index)), "{order:?}");
        prop_assert_eq!(order.len(), permitted.iter().count().min(3));
        prop_assert_eq!(order.iter().copied().collect::<RegionSet>().iter().count(), order.len());
        prop_assert!(order.contains(&chosen.region()));
        // A second leg leaves the first one's Region wherever there is another.
        let failed = question.first_leg.filter(|index| permitted.contains(*index));
        if question.second_leg && permitted.iter().count() > 1 {
            prop_assert_eq!(chosen.region(), order[1]);
            prop_assert_eq!(chosen.failed(), Some(order[0]));
            prop_assert!(failed.is_none() || failed == chosen.failed());
        } else {
            prop_assert_eq!(chosen.failed(), None);
        }
    }

    /// Where a permitted Region has not been failing, none that has serves, unless the operators'
    /// own switches say so.
    ///
    /// Cases: failure-memory/all-down.
    #[test]
    fn a_failing_region_serves_only_when_all_do(setting in setting(12), asked in asked()) {
        let question = Question { pinned: None, ..asked.of(&setting) };
        let permitted = question.route.and(question.residency);
        let well = permitted.without(question.avoided);
        if let Some(chosen) = choose(&question, &mut Unobserved) {
            let served = chosen.region();
            // On a second leg the only well one may be the one that has just failed.
            let well = match chosen.failed() {
                Some(failed) => well.without(question.due).without(RegionSet::only(failed)),
                None => well,
            };
            prop_assert!(well.is_empty() || well.contains(served));
            prop_assert_eq!(chosen.probes, !question.second_leg && question.due.contains(served));
        }
    }

    /// With neither rule nor weight nor failure nothing permitted is nearer than the choice.
    #[test]
    fn nothing_permitted_is_nearer(setting in setting(12), asked in asked()) {
        let mut setting = setting;
        setting.regions.iter_mut().for_each(|region| region.weight = 100);
        let bare = setting.question();
        let Question { route, residency, round_trips, viewer, .. } = asked.of(&setting);
        let question = Question { route, residency, round_trips, viewer, ..bare };
        if let Some(first) = first(&question) {
            for other in route.and(residency).iter() {
                prop_assert!(question.score(first) <= question.score(other));
                prop_assert!(question.score(first) < question.score(other) || first <= other);
            }
        }
    }

    /// A changed weight moves viewers only towards the Region where it grows, only away where it
    /// shrinks.
    #[test]
    fn a_changed_weight_moves_only_towards_or_away(
        mut setting in setting(6),
        rule in prop::option::of(region_set()),
        changed in 0..6_usize,
        to in weight(),
    ) {
        let changed = changed % setting.regions.len();
        let rule = rule.map(|regions| Preferred { regions, place: MatchedPlace::Network });
        let choices = |setting: &Setting| -> Vec<usize> {
            let of = |key| first(&Question { key, rule, ..setting.question() }).unwrap();
            viewers().take(100).map(of).collect()
        };
        let before = choices(&setting);
        let from = std::mem::replace(&mut setting.regions[changed].weight, to);
        for (before, after) in before.into_iter().zip(choices(&setting)) {
            let stayed = before == after;
            prop_assert!(stayed || to > from && after == changed || to < from && before == changed);
        }
        let homes = |weight| -> Vec<usize> {
            let mut regions = setting.regions.clone();
            regions[changed].weight = weight;
            let all = RegionSet::first(regions.len());
            viewers().take(100).map(|key| home_of(key, &regions, all).unwrap()).collect()
        };
        for (before, after) in homes(from).into_iter().zip(homes(to)) {
            // Of Regions that all have no weight one must still be it.
            let none_left = setting.regions.iter().enumerate().all(|(index, region)| {
                index == changed || region.weight == 0
            });
            let stayed = before == after;
            prop_assert!(
                stayed || none_left
                    || to > from && after == changed
                    || to < from && before == changed
            );
        }
    }

    /// A Region that goes, in whatever way, moves only its own viewers; so it does when homes are
    /// drawn by subject.
    #[test]
    fn a_region_that_goes_moves_only_its_own(
        mut setting in setting(6),
        rule in prop::option::of(region_set()),
        gone in 0..6_usize,
        way in 0..5_usize,
        sticky in any::<bool>(),
    ) {
        prop_assume!(setting.regions.len() > 1);
        let gone = gone % setting.regions.len();
        let gone_set = RegionSet::only(gone);
        let rule = rule.map(|regions| Preferred { regions, place: MatchedPlace::Network });
        let all = RegionSet::first(setting.regions.len());
        let keys = || viewers().take(100);
        let home = |setting: &Setting, key, among| {
            home_of(key, &setting.regions, among).filter(|_| sticky)
        };
        let before: Vec<usize> = keys().map(|key| {
            let home = home(&setting, key, all);
            first(&Question { key, rule, home, ..setting.question() }).unwrap()
        }).collect();
        match way {
            0 => setting.switches.disabled = gone_set,
            1 => setting.switches.drained = gone_set,
            _ => {}
        }
        for (key, before) in keys().zip(before) {
            // Only a filter takes a home; health and draining find the next.
            let among = if [1, 2].contains(&way) { all } else { all.without(gone_set) };
            let mut question =
                Question { key, rule, home: home(&setting, key, among), ..setting.question() };
            match way {
                2 => question.avoided = gone_set,
                3 => question.route = all.without(gone_set),
                4 => question.residency = all.without(gone_set),
                _ => {}
            }
            let after = first(&question).unwrap();
            prop_assert!(after != gone);
            prop_assert!(before == gone || after == before);
        }
    }
}
