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
    /// Set after set, and in each the latest asked for first, with none empty between.
    slots: Box<[Option<Verdict>]>,
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
    token: Box<str>,
    verified: Rc<Verified>,
}

impl Verdict {
    fn bytes(&self) -> usize {
        self.token.len() + self.verified.bytes()
    }
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
            bytes: 0,
            most_bytes: (capacity * BYTES_EACH).max(LEAST_BYTES),
            next: 0,
        }
    }

    /// What the token said when it verified. Time and keys have gone on since:
    /// [`Verified::still_holds`] must be asked again.
    pub fn find(&mut self, token: &str) -> Option<&Rc<Verified>> {
        let start = self.set(token);
        let set = &mut self.slots[start..][..self.ways];
        let at = position(set, token)?;
        set[..=at].rotate_right(1);
        set[0].as_ref().map(|verdict| &verdict.verified)
    }

    /// Remembers a token, and forgets those whose place or bytes it takes.
    pub fn remember(&mut self, token: &str, verified: Rc<Verified>) {
        let start = self.set(token);
        self.forget_in(start, token);
        let verdict = Verdict { token: token.into(), verified };
        let bytes = verdict.bytes();
        if bytes > self.most_bytes {
            return;
        }
        while self.bytes + bytes > self.most_bytes {
            self.forget_one();
        }
        let set = &mut self.slots[start..][..self.ways];
        set.rotate_right(1);
        let last = set[0].replace(verdict);
        self.bytes += bytes;
        self.bytes -= last.map_or(0, |verdict| verdict.bytes());
    }

    /// Forgets a token that no longer holds.
    pub fn forget(&mut self, token: &str) {
        self.forget_in(self.set(token), token);
    }

    fn forget_in(&mut self, start: usize, token: &str) {
        let set = &mut self.slots[start..][..self.ways];
        let Some(at) = position(set, token) else { return };
        set[at..].rotate_left(1);
        let gone = set.last_mut().and_then(Option::take);
        self.bytes -= gone.map_or(0, |verdict| verdict.bytes());
    }

    /// Forgets the one of the next set that was asked for longest ago.
    fn forget_one(&mut self) {
        let set = &mut self.slots[self.next..][..self.ways];
        let gone = set.iter_mut().rev().find_map(Option::take);
        self.bytes -= gone.map_or(0, |verdict| verdict.bytes());
        self.next = (self.next + self.ways) % self.slots.len();
    }

    /// Where the set begins that a token belongs to. A signature's end is as good as random, so
    /// hashing it is as good as hashing the token; nobody can tell which tokens share a set without
    /// the seed.
    fn set(&self, token: &str) -> usize {
        let mut hashed = [0; 24];
        let (seed, end) = hashed.split_at_mut(8);
        seed.copy_from_slice(&self.seed.to_le_bytes());
        match token.as_bytes().last_chunk::<16>() {
            Some(letters) => end.copy_from_slice(letters),
            None => end[..token.len()].copy_from_slice(token.as_bytes()),
        }
        let mut hasher = std::hash::DefaultHasher::new();
        hasher.write(&hashed);
        let sets = (self.slots.len() / self.ways) as u64;
        (hasher.finish() % sets) as usize * self.ways
    }
}

fn position(set: &[Option<Verdict>], token: &str) -> Option<usize> {
    set.iter().position(|slot| slot.as_ref().is_some_and(|verdict| equal(&verdict.token, token)))
}

#[cfg(test)]
mod tests;
