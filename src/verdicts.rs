//! Tokens verified before, remembered.

use std::hash::Hasher;
use std::rc::Rc;

use crate::equal::equal;
use crate::token::Verified;

/// A memory of verified tokens, bounded in number and in bytes. Only what verified is remembered, so
/// nobody without a token can push anything out; a token is found by its every byte, so nothing but
/// itself can pass for it.
///
/// A token's place is in one of many sets. When its set is full, the one that was asked for longest
/// ago goes.
#[derive(Debug)]
pub(crate) struct Verdicts {
    seed: u64,
    ways: usize,
    /// Set after set.
    slots: Box<[Option<Verdict>]>,
    /// How often a token was asked for, or remembered.
    asked: u64,
    bytes: usize,
    most_bytes: usize,
    /// The set that gives one up next, when bytes run out.
    next: usize,
}

/// Places in a set. Of 512 tokens for 512 places asked for at random, 63 % are found with 1, 80 % with
/// 4, 86 % with 8; of 256, it is 79, 96 and 99 %.
const WAYS: usize = 8;

/// What a token may take on average, with what it says. Cognito's take half of that.
const BYTES_EACH: usize = 4_096;

/// Room for some of the longest tokens, however few are to be remembered.
const LEAST_BYTES: usize = 65_536;

#[derive(Clone, Debug)]
struct Verdict {
    tag: u32,
    /// [`Verdicts::asked`] when it was asked for.
    asked: u64,
    token: Box<str>,
    verified: Rc<Verified>,
}

impl Verdict {
    fn bytes(&self) -> usize {
        self.token.len() + self.verified.bytes()
    }
}

/// A token, and where it belongs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed<'t> {
    pub token: &'t str,
    /// Where its set begins.
    set: usize,
    /// Tells it from most others of its set, whose own text need not be looked at then: it lies
    /// elsewhere in memory.
    tag: u32,
}

impl Verdicts {
    /// A memory for at most this many tokens, and 4 KiB for each of them: long ones are fewer.
    pub fn new(capacity: u32, seed: u64) -> Self {
        let capacity = capacity.max(1) as usize;
        let ways = WAYS.min(capacity);
        Self {
            seed,
            ways,
            slots: vec![None; capacity / ways * ways].into_boxed_slice(),
            asked: 0,
            bytes: 0,
            most_bytes: (capacity * BYTES_EACH).max(LEAST_BYTES),
            next: 0,
        }
    }

    /// Where a token belongs. A signature's end is as good as random, so hashing it is as good as
    /// hashing the token; nobody can tell which tokens share a set without the seed.
    pub fn place<'t>(&self, token: &'t str) -> Placed<'t> {
        let mut hashed = [0; 24];
        let (seed, end) = hashed.split_at_mut(8);
        seed.copy_from_slice(&self.seed.to_le_bytes());
        match token.as_bytes().last_chunk::<16>() {
            Some(letters) => end.copy_from_slice(letters),
            None => end[..token.len()].copy_from_slice(token.as_bytes()),
        }
        let mut hasher = std::hash::DefaultHasher::new();
        hasher.write(&hashed);
        let hash = hasher.finish();
        let sets = self.slots.len() / self.ways;
        Placed { token, set: hash as u32 as usize % sets * self.ways, tag: (hash >> 32) as u32 }
    }

    /// What the token said when it verified. Time and keys have gone on since:
    /// [`Verified::still_holds`] must be asked again.
    pub fn find(&mut self, placed: Placed<'_>) -> Option<&Rc<Verified>> {
        self.asked += 1;
        let asked = self.asked;
        let verdict = self.slot(placed)?.as_mut()?;
        verdict.asked = asked;
        Some(&verdict.verified)
    }

    /// Remembers a token, and forgets those whose place or bytes it takes.
    pub fn remember(&mut self, placed: Placed<'_>, verified: Rc<Verified>) {
        self.forget(placed);
        self.asked += 1;
        let (asked, token) = (self.asked, placed.token.into());
        let verdict = Verdict { tag: placed.tag, asked, token, verified };
        let bytes = verdict.bytes();
        if bytes > self.most_bytes {
            return;
        }
        while self.bytes + bytes > self.most_bytes {
            self.give_up(self.next);
            self.next = (self.next + self.ways) % self.slots.len();
        }
        if self.set(placed.set).iter().all(Option::is_some) {
            self.give_up(placed.set);
        }
        if let Some(free) = self.set(placed.set).iter_mut().find(|slot| slot.is_none()) {
            *free = Some(verdict);
            self.bytes += bytes;
        }
    }

    /// Forgets a token that no longer holds.
    pub fn forget(&mut self, placed: Placed<'_>) {
        let gone = self.slot(placed).and_then(Option::take);
        self.bytes -= gone.map_or(0, |verdict| verdict.bytes());
    }

    /// Forgets the one of a set that was asked for longest ago, if there is any.
    fn give_up(&mut self, set: usize) {
        let full = self.set(set).iter_mut().filter(|slot| slot.is_some());
        let oldest = full.min_by_key(|slot| slot.as_ref().map(|verdict| verdict.asked));
        let gone = oldest.and_then(Option::take);
        self.bytes -= gone.map_or(0, |verdict| verdict.bytes());
    }

    fn slot(&mut self, Placed { token, set, tag }: Placed<'_>) -> Option<&mut Option<Verdict>> {
        let is_it = |verdict: &Verdict| verdict.tag == tag && equal(&verdict.token, token);
        self.set(set).iter_mut().find(|slot| slot.as_ref().is_some_and(is_it))
    }

    fn set(&mut self, start: usize) -> &mut [Option<Verdict>] {
        &mut self.slots[start..][..self.ways]
    }
}

#[cfg(test)]
mod tests;
