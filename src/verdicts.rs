//! Tokens verified before, remembered.

use std::hash::Hasher;
use std::rc::Rc;

use memchr::arch::all::is_equal;

use crate::token::Verified;

/// A bounded memory of verified tokens. Only what verified is remembered, so nobody without a
/// token can push anything out; a token is found by its every byte, so nothing but itself can pass
/// for it.
#[derive(Debug)]
pub(crate) struct Verdicts {
    seed: u64,
    slots: Box<[Option<Verdict>]>,
}

#[derive(Clone, Debug)]
struct Verdict {
    token: Box<str>,
    verified: Rc<Verified>,
}

impl Verdict {
    /// Every byte of it. On WebAssembly `==` would go through them one by one.
    fn is_of(&self, token: &str) -> bool {
        is_equal(self.token.as_bytes(), token.as_bytes())
    }
}

impl Verdicts {
    /// A memory for this many tokens.
    pub fn new(capacity: u32, seed: u64) -> Self {
        Self { seed, slots: vec![None; capacity.max(1) as usize].into_boxed_slice() }
    }

    /// What the token said when it verified. Time and keys have gone on since:
    /// [`Verified::still_holds`] must be asked again.
    pub fn find(&self, token: &str) -> Option<&Rc<Verified>> {
        self.slots[self.slot(token)]
            .as_ref()
            .filter(|verdict| verdict.is_of(token))
            .map(|verdict| &verdict.verified)
    }

    /// Remembers a token, and forgets the one whose place it takes.
    pub fn remember(&mut self, token: &str, verified: Rc<Verified>) {
        let slot = self.slot(token);
        self.slots[slot] = Some(Verdict { token: token.into(), verified });
    }

    /// Forgets a token that no longer holds.
    pub fn forget(&mut self, token: &str) {
        let slot = self.slot(token);
        if self.slots[slot].as_ref().is_some_and(|verdict| verdict.is_of(token)) {
            self.slots[slot] = None;
        }
    }

    /// A signature's end is as good as random, so hashing it is as good as hashing the token.
    fn slot(&self, token: &str) -> usize {
        let bytes = token.as_bytes();
        let mut hasher = std::hash::DefaultHasher::new();
        hasher.write_u64(self.seed);
        hasher.write(&bytes[bytes.len().saturating_sub(32)..]);
        (hasher.finish() % self.slots.len() as u64) as usize
    }
}
