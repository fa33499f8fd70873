//! What holds under every sequence of answers, probes and clocks.

use proptest::prelude::*;

use super::*;
use crate::region::choice::{Candidate, Question, Switches, Unobserved, choose, stable_hash};

const REGIONS: usize = 4;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// A request comes, is sent where the choice says, and perhaps answered.
    Request {
        key: u64,
        permitted: RegionSet,
        answer: Option<u16>,
        second_leg: bool,
    },
    /// An answer comes that this instance never asked for.
    Stray {
        region: usize,
        status: u16,
        client: u64,
    },
    Clock(u64),
    Back(u64),
    Set(u64),
    Drain(RegionSet),
    Disable(RegionSet),
}

fn some_regions() -> impl Strategy<Value = RegionSet> {
    (0..1_u8 << REGIONS).prop_map(|bits| (0..REGIONS).filter(|i| bits >> i & 1 == 1).collect())
}

fn status() -> impl Strategy<Value = u16> {
    prop_oneof![
        4 => prop::sample::select(vec![502_u16, 503, 504]),
        2 => Just(200_u16),
        1 => prop::sample::select(vec![301_u16, 404, 429, 500]),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (any::<u64>(), some_regions(), prop::option::of(status()), any::<bool>()).prop_map(
            |(key, permitted, answer, second_leg)| {
                Step::Request { key, permitted, answer, second_leg }
            }
        ),
        3 => (0..REGIONS, status(), 0..3_u64)
            .prop_map(|(region, status, client)| Step::Stray { region, status, client }),
        3 => (0..60_000_u64).prop_map(Step::Clock),
        1 => (0..600_000_u64).prop_map(Step::Clock),
        1 => (0..600_000_u64).prop_map(Step::Back),
        1 => prop_oneof![Just(0), Just(u64::MAX), any::<u64>()].prop_map(Step::Set),
        1 => some_regions().prop_map(Step::Drain),
        1 => some_regions().prop_map(Step::Disable),
    ]
}

/// One instance with the choice in front of its health, as `decide` joins them.
struct World {
    regions: Vec<Candidate>,
    switches: Switches,
    health: Health,
    now: u64,
    requests: u64,
}

impl World {
    fn new() -> Self {
        let candidate = |index: usize| Candidate {
            name: index.to_string(),
            seed: stable_hash(&index.to_string()),
            bias_ms: 0,
            weight: 100,
            coordinates: None,
        };
        Self {
            regions: (0..REGIONS).map(candidate).collect(),
            switches: Switches::default(),
            health: Health::new(REGIONS, 3),
            now: 1_700_000_000_000,
            requests: 0,
        }
    }

    /// Sends a request; where it went and what was avoided then.
    fn request(&mut self, key: u64, permitted: RegionSet, second_leg: bool) -> Option<usize> {
        self.requests += 1;
        let (now, request) = (UnixMillis(self.now), self.requests);
        let outlook = self.health.outlook(key, now);
        assert!(outlook.avoided.and(outlook.due).is_empty());
        let question = Question {
            regions: &self.regions,
            round_trips: None,
            standing: None,
            viewer: None,
            route: RegionSet::first(REGIONS),
            residency: permitted,
            switches: &self.switches,
            rule: None,
            home: None,
            key,
            pinned: None,
            avoided: outlook.avoided,
            due: outlook.due,
            second_leg,
            first_leg: None,
        };
        let allowed = permitted.without(self.switches.disabled);
        let Some(chosen) = choose(&question, &mut Unobserved) else {
            assert!(allowed.is_empty());
            return None;
        };
        assert!(chosen.order().all(|index| allowed.contains(index)));
        // What is avoided serves only where nothing else may, or where it is drained.
        let others = allowed.without(outlook.avoided).without(self.switches.drained);
        if !second_leg && outlook.avoided.contains(chosen.region()) {
            assert!(others.is_empty());
        }
        if chosen.probes {
            self.health.probe(chosen.region(), now);
        }
        match chosen.failed() {
            Some(failed) => self.health.record_second_leg(failed, request, key, now),
            None => self.health.send(chosen.region(), request),
        }
        Some(chosen.region())
    }

    fn answer(&mut self, region: usize, status: u16, client: u64) {
        let verdict = Verdict::of(StatusCode::from_u16(status).unwrap());
        self.health.record(region, verdict, self.requests, client, UnixMillis(self.now));
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Request { key, permitted, answer, second_leg } => {
                let served = self.request(key, permitted, second_leg);
                if let (Some(region), Some(status)) = (served, answer) {
                    self.answer(region, status, key);
                }
            }
            Step::Stray { region, status, client } => self.answer(region, status, client),
            Step::Clock(ahead) => self.now = self.now.saturating_add(ahead),
            Step::Back(back) => self.now = self.now.saturating_sub(back),
            Step::Set(now) => self.now = now,
            Step::Drain(drained) => self.switches.drained = drained,
            Step::Disable(disabled) => self.switches.disabled = disabled,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Filters hold at every step; the state has the size it began with; and whatever has been,
    /// once the APIs answer and the clock runs, a Region serves whom it is nearest to.
    ///
    /// Cases: failure-memory/flapping, failure-memory/clock-jump.
    #[test]
    fn nothing_wedges(
        steps in prop::collection::vec(step(), 0..120),
        near in some_regions(),
    ) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
            prop_assert_eq!(world.health.regions.len(), REGIONS);
        }
        world.switches = Switches::default();
        // Viewers near some of the Regions are left, and none near the others. A clock at the end of
        // time has no later.
        world.now = world.now.min(u64::MAX / 2);
        for second in 0..400_u64 {
            world.now += 1_000;
            for index in near.iter() {
                let permitted = (index..REGIONS).collect();
                if let Some(region) = world.request(second, permitted, false) {
                    world.answer(region, 200, second);
                }
            }
        }
        for index in near.iter() {
            for key in 0..20 {
                let permitted = (index..REGIONS).collect();
                prop_assert_eq!(world.request(mix(key), permitted, false), Some(index));
            }
        }
    }

    /// Whatever a client makes an API answer short of 502, 503 and 504, nothing is avoided.
    ///
    /// Cases: failure-memory/client-caused.
    #[test]
    fn no_other_status_ejects(
        answers in prop::collection::vec((0..REGIONS, 100..1000_u16, any::<u64>()), 0..300),
    ) {
        let mut world = World::new();
        for (region, status, client) in answers {
            if !(502..=504).contains(&status) {
                world.answer(region, status, client);
                world.now += 1;
            }
            prop_assert_eq!(world.health.outlook(client, UnixMillis(world.now)), Outlook::default());
        }
    }

    /// A client alone can eject nothing by fewer than six failures in a row, whatever else it does.
    ///
    /// Cases: failure-memory/client-caused.
    #[test]
    fn one_client_alone_needs_six_in_a_row(
        rows in prop::collection::vec((1..6_usize, prop::collection::vec(status_of_no_weight(), 0..3)), 0..20),
    ) {
        let mut world = World::new();
        for (failures, between) in rows {
            for _ in 0..failures {
                world.answer(0, 503, CLIENT);
            }
            between.into_iter().for_each(|status| world.answer(0, status, CLIENT));
            prop_assert_eq!(world.health.outlook(0, UnixMillis(world.now)), Outlook::default());
            world.answer(0, 200, CLIENT);
        }
    }
}

fn status_of_no_weight() -> impl Strategy<Value = u16> {
    prop::sample::select(vec![400_u16, 401, 403, 404, 429, 500])
}
