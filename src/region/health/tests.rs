//! What an instance learns from answers, by examples and for every sequence of them.

mod properties;

use super::*;

/// An instance with three Regions, and a clock.
struct Instance {
    health: Health,
    now: u64,
    requests: u64,
}

const CLIENT: u64 = 1;
const OTHER: u64 = 2;

impl Instance {
    fn new() -> Self {
        Self { health: Health::new(3, 7), now: 1_000_000, requests: 0 }
    }

    fn wait(&mut self, millis: u64) {
        self.now += millis;
    }

    fn outlook(&mut self) -> Outlook {
        self.outlook_of(0)
    }

    fn outlook_of(&mut self, key: u64) -> Outlook {
        self.health.outlook(key, UnixMillis(self.now))
    }

    /// An answer with a status from Region 0, to another request each time.
    fn answer(&mut self, status: u16, client: u64) {
        self.requests += 1;
        let verdict = Verdict::of(StatusCode::from_u16(status).unwrap());
        self.health.record(0, verdict, self.requests, client, UnixMillis(self.now));
    }

    fn eject(&mut self) {
        (0..3).for_each(|n| self.answer(503, n));
    }

    fn probe(&mut self) {
        self.health.probe(0, UnixMillis(self.now));
    }

    fn is_avoided(&mut self) -> bool {
        self.outlook().avoided.contains(0)
    }

    /// How long Region 0 stays avoided from now on, in milliseconds.
    fn ejected_for(&mut self) -> u64 {
        let start = self.now;
        while self.is_avoided() {
            self.wait(100);
        }
        let took = self.now - start;
        assert!(self.outlook().due.contains(0));
        took
    }
}

/// Cases: failure-memory/client-caused.
#[test]
fn only_what_no_client_can_cause_at_will_counts() {
    for status in [100, 400, 401, 403, 404, 408, 413, 429, 431, 499, 500, 501, 505] {
        assert_eq!(
            Verdict::of(StatusCode::from_u16(status).unwrap()),
            Verdict::Neither,
            "{status}"
        );
    }
    for status in [502, 503, 504] {
        assert_eq!(
            Verdict::of(StatusCode::from_u16(status).unwrap()),
            Verdict::Failure,
            "{status}"
        );
    }
    for status in [200, 204, 206, 301, 304] {
        assert_eq!(
            Verdict::of(StatusCode::from_u16(status).unwrap()),
            Verdict::Success,
            "{status}"
        );
    }
    let mut instance = Instance::new();
    for (n, status) in [400, 404, 429, 500].iter().cycle().take(1_000).enumerate() {
        instance.answer(*status, n as u64);
    }
    assert_eq!(instance.outlook(), Outlook::default());
}

#[test]
fn three_in_a_row_of_several_clients_eject() {
    let mut instance = Instance::new();
    instance.answer(502, CLIENT);
    instance.answer(504, CLIENT);
    assert!(!instance.is_avoided());
    instance.answer(503, OTHER);
    assert!(instance.is_avoided());
    assert_eq!(instance.outlook().avoided, RegionSet::only(0));
}

#[test]
fn a_success_between_starts_the_row_again_and_other_answers_do_not() {
    let mut instance = Instance::new();
    for _ in 0..10 {
        instance.answer(503, CLIENT);
        instance.answer(503, OTHER);
        instance.answer(200, CLIENT);
    }
    assert!(!instance.is_avoided());
    instance.answer(503, CLIENT);
    instance.answer(404, CLIENT);
    instance.answer(503, OTHER);
    instance.answer(429, CLIENT);
    instance.answer(503, OTHER);
    assert!(instance.is_avoided());
}

/// Cases: failure-memory/client-caused.
#[test]
fn one_client_alone_needs_six() {
    let mut instance = Instance::new();
    for _ in 0..5 {
        instance.answer(503, CLIENT);
        assert!(!instance.is_avoided());
    }
    instance.answer(503, CLIENT);
    assert!(instance.is_avoided());
    // The fifth is another's: there have been three and more.
    let mut instance = Instance::new();
    (0..4).for_each(|_| instance.answer(503, CLIENT));
    assert!(!instance.is_avoided());
    instance.answer(503, OTHER);
    assert!(instance.is_avoided());
}

#[test]
fn each_ejection_is_longer_up_to_five_minutes() {
    let mut instance = Instance::new();
    instance.eject();
    for seconds in (1..=30).map(|ejections| (30 * ejections).min(300)) {
        let took = instance.ejected_for();
        let (least, most) = (seconds * 900, seconds * 1_100);
        assert!((least..=most + 100).contains(&took), "{took} ms instead of about {seconds} s");
        instance.probe();
        assert!(instance.is_avoided());
        instance.answer(503, CLIENT);
        assert!(instance.is_avoided());
    }
}

#[test]
fn instances_do_not_return_in_step() {
    let lengths: std::collections::BTreeSet<u64> = (0..50)
        .map(|seed| {
            let mut instance = Instance { health: Health::new(3, seed), ..Instance::new() };
            instance.eject();
            instance.ejected_for()
        })
        .collect();
    assert!(lengths.len() > 10, "{lengths:?}");
}

/// Cases: failure-memory/recovery-ramp.
#[test]
fn a_probe_that_succeeds_brings_a_region_back_by_and_by() {
    let mut instance = Instance::new();
    instance.eject();
    instance.ejected_for();
    instance.probe();
    // One is under way: the others stay away.
    assert_eq!(instance.outlook(), Outlook { avoided: RegionSet::only(0), due: RegionSet::EMPTY });
    instance.answer(200, CLIENT);
    let share = |instance: &mut Instance| {
        (0..1_000).filter(|key| !instance.outlook_of(mix(*key)).avoided.contains(0)).count()
    };
    let mut let_in = Vec::new();
    let keys = |instance: &mut Instance| -> Vec<u64> {
        (0..1_000).filter(|key| !instance.outlook_of(mix(*key)).avoided.contains(0)).collect()
    };
    for second in 0..10 {
        let now_in = keys(&mut instance);
        // Whoever has been let in stays in.
        assert!(let_in.iter().all(|key| now_in.contains(key)));
        let expected = second * 100;
        assert!(now_in.len().abs_diff(expected) < 60, "{} after {second} s", now_in.len());
        let_in = now_in;
        instance.wait(1_000);
    }
    assert_eq!(share(&mut instance), 1_000);
}

/// Cases: failure-memory/flapping, failure-memory/recovery-ramp.
#[test]
fn a_failure_on_the_way_back_ejects_at_once_and_for_longer() {
    let mut instance = Instance::new();
    instance.eject();
    instance.ejected_for();
    instance.probe();
    instance.answer(200, CLIENT);
    instance.wait(5_000);
    instance.answer(503, CLIENT);
    assert!(instance.ejected_for() > 50_000);
}

#[test]
fn a_probe_that_is_never_answered_is_followed_by_another() {
    let mut instance = Instance::new();
    instance.eject();
    instance.ejected_for();
    for _ in 0..5 {
        instance.probe();
        instance.wait(9_999);
        assert!(instance.is_avoided());
        instance.wait(1);
        assert!(instance.outlook().due.contains(0));
    }
    // One that says nothing of the Region is no better than none.
    instance.probe();
    instance.answer(404, CLIENT);
    assert!(instance.is_avoided());
    instance.wait(10_000);
    assert!(instance.outlook().due.contains(0));
}

#[test]
fn several_regions_may_be_due_at_once() {
    // One that nobody here is sent to must not stand in the way of another.
    let mut instance = Instance::new();
    for region in [0, 1] {
        for client in 0..3 {
            let now = UnixMillis(instance.now);
            instance.health.record(region, Verdict::Failure, 100 + client, client, now);
        }
    }
    instance.wait(33_001);
    let both: RegionSet = [0, 1].into_iter().collect();
    assert_eq!(instance.outlook(), Outlook { avoided: RegionSet::EMPTY, due: both });
}

/// Cases: failure-memory/flapping.
#[test]
fn flapping_is_remembered_until_a_region_has_long_been_well() {
    let recovered = |minutes: u64| {
        let mut instance = Instance::new();
        instance.eject();
        instance.ejected_for();
        instance.probe();
        instance.answer(200, CLIENT);
        instance.wait(10_000);
        instance.outlook();
        instance.wait(minutes * 60_000);
        instance.answer(200, CLIENT);
        instance.eject();
        instance.ejected_for()
    };
    assert!((54_000..=66_100).contains(&recovered(4)));
    assert!((27_000..=33_100).contains(&recovered(5)));
}

#[test]
fn a_second_leg_reports_the_first_unless_its_answer_has_been_seen() {
    let now = UnixMillis(1_000);
    let mut health = Health::new(2, 0);
    // Three first legs that had no answer (rule F5).
    for request in 1..=3 {
        health.send(0, request);
        assert_eq!(health.first_leg(request), Some(0));
        health.record_second_leg(0, request, request, now);
    }
    assert!(health.outlook(0, now).avoided.contains(0));

    // Two whose answers were counted: two failures, not four.
    let mut health = Health::new(2, 0);
    for request in 1..=2 {
        health.send(0, request);
        health.record(0, Verdict::Failure, request, request, now);
        // Another request's answer in between makes no difference.
        health.record(1, Verdict::Success, request + 100, 9, now);
        health.record_second_leg(0, request, request, now);
    }
    assert!(!health.outlook(0, now).avoided.contains(0));
    health.record_second_leg(0, 3, 3, now);
    assert!(health.outlook(0, now).avoided.contains(0));
}

#[test]
fn first_legs_are_remembered_while_they_may_be_needed_and_no_longer() {
    let mut health = Health::new(2, 0);
    assert_eq!(health.first_leg(0), None);
    for request in 1..=1_000 {
        health.send(1, request);
        assert_eq!(health.first_leg(request.saturating_sub(15).max(1)), Some(1));
    }
    assert_eq!(health.first_leg(900), None);
    // One answered here and sent by another instance is known as well.
    health.record(0, Verdict::Failure, 5_000, 1, UnixMillis(0));
    assert_eq!(health.first_leg(5_000), Some(0));
}

/// Cases: failure-memory/clock-jump.
#[test]
fn a_clock_that_goes_backwards_starts_the_time_again() {
    let mut instance = Instance::new();
    instance.eject();
    instance.now = 10;
    assert!(instance.is_avoided());
    let took = instance.ejected_for();
    assert!((27_000..=33_100).contains(&took), "{took}");
    instance.probe();
    instance.now = 5;
    assert!(instance.outlook().due.contains(0));
    instance.wait(1);
    instance.probe();
    instance.answer(200, CLIENT);
    instance.now = 0;
    assert_eq!(instance.outlook(), Outlook::default());
}
