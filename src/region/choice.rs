//! Which Regions may serve a request, in which order, and why.
//!
//! ```text
//! all ─► route's own ─► residency ─► not disabled ─► score ─► weight ─► rule ─► sticky ─► health ─► drained ─► first three
//!        └────────── never left ──────────────────┘  └──────────── only ever reorders ─────────────────────┘
//! ```
//!
//! A filter takes Regions away for good: no failure and no switch brings them back. A preference
//! moves Regions behind others. What a later stage says outweighs what an earlier one said, and the
//! last stage that changed the first candidate is the reason for it.

use crate::bundle::{Coordinates, RoundTrip};
use crate::region::distance;
use crate::region::reason::{Code, Reason};
use crate::region::set::{MOST, RegionSet};

/// Everything the choice depends on. Sets and numbers only: what they came from is settled before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'q, 's> {
    /// The API's Regions, in the configuration's order.
    pub regions: &'q [Candidate],
    /// Round trips from the edge's Region, if it is known.
    pub round_trips: Option<&'q [RoundTrip]>,
    /// How the Regions stand before anything is asked, where that is known beforehand.
    pub standing: Option<&'q Standing>,
    /// Where the viewer is, for an edge that is not.
    pub viewer: Option<Coordinates>,
    /// The route's own Regions.
    pub route: RegionSet,
    /// Where the viewer's data may be handled.
    pub residency: RegionSet,
    /// What the operators have switched.
    pub switches: &'s Switches,
    /// The rule for the viewer's place, if there is one.
    pub rule: Option<Preferred>,
    /// The viewer's home Region, if it has one.
    pub home: Option<usize>,
    /// A hash of what tells this viewer from others.
    pub key: u64,
    /// The Region asked for by a signed header.
    pub pinned: Option<usize>,
    /// Regions to be avoided because they have been failing.
    pub avoided: RegionSet,
    /// Regions whose time of being avoided is over: the next request for which one comes first
    /// probes it.
    pub due: RegionSet,
    /// Whether this is an origin group's second try.
    pub second_leg: bool,
    /// Where the first try went, if this instance knows.
    pub first_leg: Option<usize>,
}

/// What the choice needs to know of a Region.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub name: String,
    /// A hash of the name: its part in every draw.
    pub seed: u64,
    pub bias_ms: i32,
    /// Percent of the viewers nearest to it.
    pub weight: u32,
    pub coordinates: Option<Coordinates>,
}

/// What operators have switched by the control document; nothing, unless there is one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Switches {
    pub drained: RegionSet,
    pub disabled: RegionSet,
    /// By Region; `None` leaves the configuration's.
    pub weights: Vec<Option<u32>>,
    /// By Region; added to the configuration's.
    pub bias_ms: Vec<i32>,
    pub pinned: Option<usize>,
}

/// The Regions a rule prefers, and what the rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Preferred {
    pub regions: RegionSet,
    pub place: MatchedPlace,
}

/// What of a viewer's place a rule matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MatchedPlace {
    Network,
    Country(Code),
    Continent(Code),
}

/// At most three Regions in the order they are to be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chosen<'q> {
    order: [u8; 3],
    count: u8,
    /// Which of the three serves this request: the first, or on a second leg the next.
    at: u8,
    /// Whether the request tells if a failing Region has recovered.
    pub probes: bool,
    pub reason: Reason<'q>,
}

impl Chosen<'_> {
    /// The Region that serves the request.
    pub fn region(&self) -> usize {
        self.order[usize::from(self.at)].into()
    }

    /// All of them, first to last.
    pub fn order(&self) -> impl Iterator<Item = usize> {
        self.order[..usize::from(self.count)].iter().map(|index| usize::from(*index))
    }

    /// The Region whose failure made this a second leg.
    pub fn failed(&self) -> Option<usize> {
        (self.at > 0).then(|| self.order[0].into())
    }
}

/// A stage of the choice, as `nearhop explain` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Route,
    Residency,
    Disabled,
    Weight,
    Rule,
    Sticky,
    Health,
    Drained,
    Override,
    SecondLeg,
}

/// Sees the stages go by.
pub(crate) trait Observer {
    /// The Regions a stage took away or moved back, and the first candidate after it.
    fn stage(&mut self, stage: Stage, affected: RegionSet, first: Option<usize>);
    /// Each Region's score in milliseconds, bias included.
    fn scores(&mut self, scores: impl Iterator<Item = (usize, f32)>);
}

/// Sees nothing, and costs nothing.
pub(crate) struct Unobserved;

impl Observer for Unobserved {
    fn stage(&mut self, _: Stage, _: RegionSet, _: Option<usize>) {}
    fn scores(&mut self, _: impl Iterator<Item = (usize, f32)>) {}
}

/// Chooses. `None` where no Region is permitted.
pub(crate) fn choose<'q>(
    question: &Question<'q, '_>,
    observer: &mut impl Observer,
) -> Option<Chosen<'q>> {
    let all = RegionSet::first(question.regions.len());
    let made;
    let standing = match question.standing {
        Some(known) => known,
        None => {
            made = Standing::of(question);
            &made
        }
    };
    let mut ranking = Ranking::new(standing);
    observer.scores(all.iter().map(|index| (index, question.score(index))));

    let mut permitted = all;
    let mut first = ranking.first(all);
    let mut reason = first.map_or(Reason::Default, |first| question.base_reason(first));
    let filters = [
        (Stage::Route, question.route),
        (Stage::Residency, question.residency),
        (Stage::Disabled, all.without(question.switches.disabled)),
    ];
    for (stage, allowed) in filters {
        let removed = permitted.without(allowed);
        permitted = permitted.and(allowed);
        let next = if removed.is_empty() { first } else { ranking.first(permitted) };
        if next != first {
            reason = question.reason(stage, first);
            first = next;
        }
        observer.stage(stage, removed, first);
    }
    first?;

    for (at, (stage, moved)) in question.preferences(permitted, standing).into_iter().enumerate() {
        if !moved.is_empty() {
            ranking.move_back(at, moved);
            let next = ranking.first(permitted);
            if next != first {
                reason = question.reason(stage, first);
                first = next;
            }
        }
        observer.stage(stage, moved, first);
    }
    let probed = question.due.and(first.map_or(RegionSet::EMPTY, RegionSet::only));
    let probes = !question.second_leg && !probed.is_empty();
    if probes && reason != Reason::Override {
        reason = Reason::Probe;
    }
    // One request is enough to probe with: for the rest of the order they are failing still.
    ranking.move_back(HEALTH, question.due.without(probed));

    // What this instance has learned since the first leg, or another did not know then, must not
    // send the second where the first has failed.
    let failed = match question.first_leg.filter(|index| permitted.contains(*index)) {
        _ if !question.second_leg => None,
        None => ranking.but_for(HEALTH).first(permitted),
        known => known,
    };
    let mut order = [0; 3];
    let mut count = 0;
    let mut left = permitted;
    let mut next = failed.or(first);
    while let Some(index) = next {
        order[count] = index as u8;
        count += 1;
        left = left.without(RegionSet::only(index));
        next = if count < order.len() { ranking.first(left) } else { None };
    }
    let mut chosen = Chosen { order, count: count as u8, at: 0, probes, reason };
    if question.second_leg && count > 1 {
        chosen.at = 1;
        chosen.reason = Reason::SecondLeg;
        observer.stage(Stage::SecondLeg, RegionSet::only(order[0].into()), Some(order[1].into()));
    }
    Some(chosen)
}

impl<'q> Question<'q, '_> {
    /// Milliseconds to a Region; without any knowledge, its place in the configuration.
    fn score(&self, index: usize) -> f32 {
        let candidate = &self.regions[index];
        let base = match (self.round_trips, self.viewer, candidate.coordinates) {
            (Some(row), _, _) => row[index].ms,
            (None, Some(viewer), Some(at)) => distance::fitted_ms(viewer, at),
            _ => index as f32,
        };
        let switched = self.switches.bias_ms.get(index).copied().unwrap_or(0);
        base + candidate.bias_ms as f32 + switched as f32
    }

    fn base_reason(&self, first: usize) -> Reason<'q> {
        match (self.round_trips, self.viewer, self.regions[first].coordinates) {
            (Some(row), _, _) if row[first].measured => Reason::Rtt,
            (Some(_), _, _) | (None, Some(_), Some(_)) => Reason::Distance,
            _ => Reason::Default,
        }
    }

    /// Each stage that reorders, from the weakest to the strongest, with the Regions it moves back;
    /// [`HEALTH`] is the place of one.
    fn preferences(&self, permitted: RegionSet, standing: &Standing) -> [(Stage, RegionSet); 6] {
        // Moving all of them would only forget what the earlier stages said.
        let all_but = |kept: RegionSet| match kept.and(permitted).is_empty() {
            true => RegionSet::EMPTY,
            false => permitted.without(kept),
        };
        let behind = |moved: RegionSet| all_but(permitted.without(moved));
        // Where a rule prefers some, the nearest of those is what a weight is a share of.
        let ruled = self.rule.map_or(RegionSet::EMPTY, |rule| rule.regions.and(permitted));
        let others = permitted.without(ruled);
        let is_permitted = |pin: &usize| permitted.contains(*pin);
        let override_by = self.pinned.filter(is_permitted).or(self.switches.pinned);
        // A second leg is no time to probe: one failure is enough.
        let avoided = match self.second_leg {
            true => self.avoided.or(self.due),
            false => self.avoided,
        };
        [
            (
                Stage::Weight,
                self.left_by_weight(ruled, standing).or(self.left_by_weight(others, standing)),
            ),
            (Stage::Rule, all_but(ruled)),
            (
                Stage::Sticky,
                self.home.map_or(RegionSet::EMPTY, |home| all_but(RegionSet::only(home))),
            ),
            // Fails open: when all that is permitted has been failing, all of it is tried.
            (Stage::Health, behind(avoided)),
            (Stage::Drained, behind(self.switches.drained)),
            (
                Stage::Override,
                override_by.map_or(RegionSet::EMPTY, |pin| all_but(RegionSet::only(pin))),
            ),
        ]
    }

    /// Those of some Regions whose weight leaves this viewer to the next. Each Region draws for
    /// itself, so a changed weight moves the share it must and nobody else, and so does a Region
    /// that goes.
    fn left_by_weight(&self, among: RegionSet, standing: &Standing) -> RegionSet {
        let is_left = |index: &usize| self.draw(*index) >= self.weight(*index);
        let left: RegionSet = among.and(standing.shared).iter().filter(is_left).collect();
        if left.is_empty() || left != among {
            return left;
        }
        // Each left it to the next: the last that takes viewers at all has no next.
        let mut last = standing.nearest().iter().rev().map(|index| usize::from(*index));
        last.find(|index| among.contains(*index) && self.weight(*index) > 0)
            .map_or(RegionSet::EMPTY, |last| left.without(RegionSet::only(last)))
    }

    /// This viewer's draw for a Region: 0 to 99.
    fn draw(&self, index: usize) -> u32 {
        (mix(self.key ^ self.regions[index].seed) % 100) as u32
    }

    fn weight(&self, index: usize) -> u32 {
        let switched = self.switches.weights.get(index).copied().flatten();
        switched.unwrap_or(self.regions[index].weight)
    }

    fn reason(&self, stage: Stage, lost: Option<usize>) -> Reason<'q> {
        let lost = lost.map_or("", |index| self.regions[index].name.as_str());
        match stage {
            Stage::Route => Reason::Route,
            Stage::Residency => Reason::Residency,
            Stage::Disabled | Stage::Drained => Reason::Drained(lost),
            Stage::Weight => Reason::Weight,
            Stage::Rule => match self.rule.map(|rule| rule.place) {
                Some(MatchedPlace::Country(code)) => Reason::Country(code),
                Some(MatchedPlace::Continent(code)) => Reason::Continent(code),
                _ => Reason::Network,
            },
            Stage::Sticky => Reason::Sticky,
            Stage::Health => Reason::Ejected(lost),
            Stage::Override => Reason::Override,
            Stage::SecondLeg => Reason::SecondLeg,
        }
    }
}

/// The home Region of a subject by weighted rendezvous hashing among some Regions: when one of them
/// goes, only its own subjects move; when a weight changes, only the share it must.
pub(crate) fn home_of(key: u64, regions: &[Candidate], among: RegionSet) -> Option<usize> {
    let score = |index: usize| {
        // A uniform number in (0, 1]: the first 53 bits of the draw.
        let draw = ((mix(key ^ regions[index].seed) >> 11) + 1) as f64 / (1_u64 << 53) as f64;
        -f64::from(regions[index].weight) / draw.ln().min(-f64::MIN_POSITIVE)
    };
    among.iter().max_by(|a, b| score(*a).total_cmp(&score(*b)))
}

/// A hash of text that is the same in every instance, on every edge.
pub(crate) fn stable_hash(text: &str) -> u64 {
    // FNV-1a; `mix` spreads it.
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A hash of text for this instance alone: eight bytes at a time.
#[inline(never)]
pub(crate) fn quick_hash(text: &str) -> u64 {
    let (words, rest) = text.as_bytes().as_chunks();
    let hash = words.iter().fold(0, |hash, word| mix(hash ^ u64::from_le_bytes(*word)));
    rest.iter().fold(hash, |hash, byte| mix(hash ^ u64::from(*byte)))
}

/// The finalizer of splitmix64: every bit of the input reaches every bit of the output.
pub(crate) fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The place of health among the preferences.
const HEALTH: usize = 3;

/// How the Regions stand before a viewer is known: mostly the same from one request to the next.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    /// All of them, the least score first; of equal ones the first named. Then nothing.
    nearest: [u8; MOST],
    count: usize,
    /// Those that do not take all of the viewers nearest to them.
    shared: RegionSet,
}

impl Standing {
    /// Of no Regions.
    pub const EMPTY: Self = Self { nearest: [0; MOST], count: 0, shared: RegionSet::EMPTY };

    #[inline(never)]
    pub fn of(question: &Question<'_, '_>) -> Self {
        let all = RegionSet::first(question.regions.len());
        let mut scores = [f32::INFINITY; MOST];
        let mut nearest = [0; MOST];
        for index in all.iter() {
            let score = question.score(index);
            scores[index] = score;
            let is_before = |other: &u8| scores[usize::from(*other)].total_cmp(&score).is_le();
            let at = nearest[..index].partition_point(is_before);
            nearest.copy_within(at..index, at + 1);
            nearest[at] = index as u8;
        }
        let is_shared = |index: &usize| question.weight(*index) < 100;
        Self { nearest, count: all.iter().count(), shared: all.iter().filter(is_shared).collect() }
    }

    fn nearest(&self) -> &[u8] {
        &self.nearest[..self.count]
    }

    /// Whether the choice may depend on who the viewer is.
    pub fn is_shared(&self) -> bool {
        !self.shared.is_empty()
    }
}

#[derive(Clone, Copy)]
struct Ranking<'q> {
    nearest: &'q [u8],
    /// The Regions that each preference moved back; the last is the strongest.
    behind: [RegionSet; 6],
    /// All that any of them did.
    moved: RegionSet,
}

impl<'q> Ranking<'q> {
    fn new(standing: &'q Standing) -> Self {
        Self { nearest: standing.nearest(), behind: [RegionSet::EMPTY; 6], moved: RegionSet::EMPTY }
    }

    /// Moves Regions behind the others, by the preference of that place.
    fn move_back(&mut self, preference: usize, regions: RegionSet) {
        self.behind[preference] = self.behind[preference].or(regions);
        self.moved = self.moved.or(regions);
    }

    /// The first of a set: the least moved back, then the nearest.
    #[inline(never)]
    fn first(&self, set: RegionSet) -> Option<usize> {
        let ahead = match set.and(self.moved) {
            RegionSet::EMPTY => set,
            _ => self.ahead(set),
        };
        self.nearest.iter().map(|index| usize::from(*index)).find(|index| ahead.contains(*index))
    }

    /// Those of a set that are the least moved back.
    fn ahead(&self, set: RegionSet) -> RegionSet {
        self.behind.iter().rev().fold(set, |ahead, moved| match ahead.without(*moved) {
            RegionSet::EMPTY => ahead,
            rest => rest,
        })
    }

    /// The same, had one of the preferences not been asked.
    fn but_for(mut self, preference: usize) -> Self {
        self.behind[preference] = RegionSet::EMPTY;
        self
    }
}

#[cfg(test)]
mod tests;
