//! What one instance has seen of the Regions' health.
//!
//! Passive: nothing is ever asked, only answers are counted. An instance is one of many small copies
//! (rule L5) and sees little, so few failures must do; and since a client can make an API fail, they
//! must not all be its own.
//!
//! ```text
//! healthy ──failures──► ejected ──time──► let in on probation ──success──► ramp ──time──► healthy
//!                          ▲                      │ failure                  │ failure
//!                          └──────────────────────┴──────────────────────────┘
//! ```

use std::time::Duration;

use cloudfront_worker::UnixMillis;
use http::StatusCode;

use crate::region::choice::mix;
use crate::region::set::RegionSet;

/// Failures in a row, of more than one client, that eject a Region.
const FAILURES: u32 = 3;
/// Failures in a row that do when they are all one client's: it may be the only one there is.
const FAILURES_OF_ONE: u32 = 6;
/// The first ejection; the second is twice as long, and so on.
const EJECTION: Duration = Duration::from_secs(30);
const LONGEST_EJECTION: Duration = Duration::from_secs(300);
/// How long a returning Region takes to get its whole share again.
const RAMP: Duration = Duration::from_secs(10);
/// After this time without an answer a probe is taken for lost, and another may go.
const PROBE: Duration = Duration::from_secs(10);

/// The Regions' health as this instance knows it.
#[derive(Clone, Debug)]
pub(crate) struct Health {
    regions: Vec<RegionHealth>,
    /// Those that may not be healthy: all others are.
    doubtful: RegionSet,
    seed: u64,
    /// The first legs seen last, for when a second one comes (rule F4). An instance handles one
    /// request at a time, so few are under way.
    first_legs: [FirstLeg; 16],
    /// Which of them is overwritten next.
    oldest: usize,
}

/// What is known of the try before an origin group's second.
#[derive(Clone, Copy, Debug, Default)]
struct FirstLeg {
    request: u64,
    region: usize,
    /// Whether its own answer has been counted: the second leg is no second report then.
    answered: bool,
}

#[derive(Clone, Debug, Default)]
struct RegionHealth {
    state: State,
    failures: u32,
    /// The client of the first of the failures, and whether there has been another.
    client: u64,
    several_clients: bool,
    /// How many times in a row the Region has been ejected.
    ejections: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    #[default]
    Healthy,
    Ejected {
        at: UnixMillis,
        length: Duration,
    },
    Probed {
        at: UnixMillis,
    },
    Ramping {
        at: UnixMillis,
    },
    /// Whole again, but an ejection now would not be the first.
    Recovered {
        at: UnixMillis,
    },
}

/// What an answer says of its Region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Success,
    Failure,
    /// Nothing: a client can cause it at will.
    Neither,
}

/// What the choice is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outlook {
    /// Regions this viewer is to avoid.
    pub avoided: RegionSet,
    /// Regions that may be probed by this request, if one is its first.
    pub due: RegionSet,
}

impl Verdict {
    /// Reads a status: 502, 503 and 504 are the platform's ways to say that an API did not answer.
    /// A 500 may be one client's doing, 429 surely is.
    pub fn of(status: StatusCode) -> Self {
        match status.as_u16() {
            502..=504 => Verdict::Failure,
            200..=399 => Verdict::Success,
            _ => Verdict::Neither,
        }
    }
}

impl Health {
    /// So many Regions, all healthy. The seed keeps instances from returning in step.
    pub fn new(regions: usize, seed: u64) -> Self {
        let regions = vec![RegionHealth::default(); regions];
        Self {
            regions,
            doubtful: RegionSet::EMPTY,
            seed,
            first_legs: Default::default(),
            oldest: 0,
        }
    }

    /// Whether the outlook may depend on who the viewer is.
    pub fn tells_viewers_apart(&self) -> bool {
        !self.doubtful.is_empty()
    }

    /// What a viewer of this key is to avoid now.
    pub fn outlook(&mut self, key: u64, now: UnixMillis) -> Outlook {
        let mut outlook = Outlook::default();
        for index in self.doubtful.iter() {
            let region = &mut self.regions[index];
            match region.state {
                State::Healthy | State::Recovered { .. } => {
                    self.doubtful = self.doubtful.without(RegionSet::only(index));
                }
                State::Ejected { at, length } => match now.since(at) {
                    Some(time) if time >= length => {
                        outlook.due = outlook.due.or(RegionSet::only(index));
                    }
                    Some(_) => outlook.avoided = outlook.avoided.or(RegionSet::only(index)),
                    None => {
                        region.state = State::Ejected { at: now, length };
                        outlook.avoided = outlook.avoided.or(RegionSet::only(index));
                    }
                },
                State::Probed { at } => match now.since(at) {
                    Some(time) if time < PROBE => {
                        outlook.avoided = outlook.avoided.or(RegionSet::only(index));
                    }
                    _ => {
                        region.state = State::Ejected { at: now, length: Duration::ZERO };
                        outlook.due = outlook.due.or(RegionSet::only(index));
                    }
                },
                State::Ramping { at } => match now.since(at) {
                    Some(time) if time < RAMP => {
                        let share = time.as_millis() as u64 * 100 / RAMP.as_millis() as u64;
                        // A draw apart from the one for weights: the same viewers come back first.
                        if mix(key ^ index as u64) % 100 >= share {
                            outlook.avoided = outlook.avoided.or(RegionSet::only(index));
                        }
                    }
                    _ => region.state = State::Recovered { at: now },
                },
            }
        }
        outlook
    }

    /// Takes note that a request is on its way to a Region: its hash, so that its second leg can be
    /// told where the first has failed.
    pub fn send(&mut self, index: usize, request: u64) {
        *self.first_leg_mut(request) = FirstLeg { request, region: index, answered: false };
    }

    /// Where the first leg of a request went, if this instance has seen it.
    pub fn first_leg(&self, request: u64) -> Option<usize> {
        let leg = self.first_legs.iter().find(|leg| leg.request == request && request != 0)?;
        Some(leg.region)
    }

    /// Takes note that a request has gone to a Region on probation.
    pub fn probe(&mut self, index: usize, now: UnixMillis) {
        self.regions[index].state = State::Probed { at: now };
        self.doubtful = self.doubtful.or(RegionSet::only(index));
    }

    /// Takes an answer's verdict. `request` and `client` are hashes.
    pub fn record(
        &mut self,
        index: usize,
        verdict: Verdict,
        request: u64,
        client: u64,
        now: UnixMillis,
    ) {
        *self.first_leg_mut(request) = FirstLeg { request, region: index, answered: true };
        match verdict {
            Verdict::Success => self.regions[index].succeed(now),
            Verdict::Failure => self.fail(index, client, now),
            Verdict::Neither => {}
        }
    }

    /// Takes the report that a second leg makes of the first (rule F4), unless the first leg's own
    /// answer has been seen: then that one knows better.
    pub fn record_second_leg(&mut self, index: usize, request: u64, client: u64, now: UnixMillis) {
        let is_known = |leg: &FirstLeg| leg.request == request && leg.answered;
        if !self.first_legs.iter().any(is_known) {
            self.fail(index, client, now);
        }
    }

    /// The place of a request among the first legs: its own, or else the oldest's.
    fn first_leg_mut(&mut self, request: u64) -> &mut FirstLeg {
        let known = self.first_legs.iter().position(|leg| leg.request == request);
        let place = known.unwrap_or(self.oldest);
        if known.is_none() {
            self.oldest = (place + 1) % self.first_legs.len();
        }
        &mut self.first_legs[place]
    }

    fn fail(&mut self, index: usize, client: u64, now: UnixMillis) {
        let draw = mix(self.seed ^ index as u64 ^ now.0);
        self.doubtful = self.doubtful.or(RegionSet::only(index));
        let region = &mut self.regions[index];
        match region.failures {
            0 => {
                region.client = client;
                region.several_clients = false;
            }
            _ => region.several_clients |= client != region.client,
        }
        region.failures = region.failures.saturating_add(1);
        let enough = if region.several_clients { FAILURES } else { FAILURES_OF_ONE };
        match region.state {
            State::Ejected { .. } => {}
            State::Probed { .. } | State::Ramping { .. } => region.eject(draw, now),
            State::Healthy | State::Recovered { .. } if region.failures >= enough => {
                region.eject(draw, now);
            }
            State::Healthy | State::Recovered { .. } => {}
        }
    }
}

impl RegionHealth {
    fn succeed(&mut self, now: UnixMillis) {
        self.failures = 0;
        match self.state {
            State::Probed { .. } => self.state = State::Ramping { at: now },
            // It has stayed well for as long as the longest ejection: the past is forgotten.
            State::Recovered { at }
                if now.since(at).is_none_or(|time| time >= LONGEST_EJECTION) =>
            {
                self.state = State::Healthy;
                self.ejections = 0;
            }
            _ => {}
        }
    }

    fn eject(&mut self, draw: u64, now: UnixMillis) {
        self.ejections = self.ejections.saturating_add(1);
        let length = EJECTION.saturating_mul(self.ejections).min(LONGEST_EJECTION);
        // Between nine and eleven tenths, so that instances do not come back in step.
        let tenths = 90 + (draw % 21) as u32;
        self.state = State::Ejected { at: now, length: length * tenths / 100 };
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests;
