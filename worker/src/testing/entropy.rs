//! What a worker draws natively.

use std::cell::RefCell;
use std::fmt;

/// Fills each draw of a worker's entropy.
pub(super) struct Draws(RefCell<Box<Fill>>);

type Fill = dyn FnMut(&mut [u8]) + Send;

impl Draws {
    pub(super) fn from(fill: impl FnMut(&mut [u8]) + Send + 'static) -> Self {
        Self(RefCell::new(Box::new(fill)))
    }

    pub(super) fn fill(&self, bytes: &mut [u8]) {
        (self.0.borrow_mut())(bytes);
    }
}

/// Each draw is its number.
impl Default for Draws {
    fn default() -> Self {
        let mut draw = 0_u64;
        Self::from(move |bytes| {
            draw += 1;
            for chunk in bytes.chunks_mut(8) {
                chunk.copy_from_slice(&draw.to_le_bytes()[..chunk.len()]);
            }
        })
    }
}

impl fmt::Debug for Draws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draws").finish_non_exhaustive()
    }
}
