//! Sets of API Regions.

/// At most this many Regions: a set is one machine word.
pub(crate) const MOST: usize = 64;

/// A set of API Regions, by their place in the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RegionSet(u64);

impl RegionSet {
    pub const EMPTY: Self = Self(0);

    /// The first `count` Regions.
    pub fn first(count: usize) -> Self {
        Self(if count >= MOST { u64::MAX } else { (1 << count) - 1 })
    }

    pub fn only(index: usize) -> Self {
        Self(1 << index)
    }

    pub fn contains(self, index: usize) -> bool {
        self.0 >> index & 1 == 1
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub fn iter(self) -> impl Iterator<Item = usize> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let index = rest.trailing_zeros() as usize;
            rest &= rest.wrapping_sub(1);
            (index < MOST).then_some(index)
        })
    }
}

impl FromIterator<usize> for RegionSet {
    fn from_iter<I: IntoIterator<Item = usize>>(indexes: I) -> Self {
        indexes.into_iter().fold(Self::EMPTY, |set, index| set.or(Self::only(index)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_set_holds_up_to_its_most() {
        for count in [0, 1, 2, 39, 63, MOST] {
            let set = RegionSet::first(count);
            assert_eq!(set.iter().count(), count);
            assert_eq!(set.is_empty(), count == 0);
            assert_eq!(set.iter().collect::<Vec<_>>(), (0..count).collect::<Vec<_>>());
            assert_eq!(set.contains(MOST - 1), count == MOST);
        }
        assert_eq!(RegionSet::first(MOST + 1), RegionSet::first(MOST));
        assert_eq!(RegionSet::only(MOST - 1).iter().collect::<Vec<_>>(), [MOST - 1]);
    }

    proptest! {
        #[test]
        fn it_is_what_the_standard_librarys_is(
            a in prop::collection::btree_set(0..MOST, 0..20),
            b in prop::collection::btree_set(0..MOST, 0..20),
        ) {
            let of = |set: &BTreeSet<usize>| set.iter().copied().collect::<RegionSet>();
            let (left, right) = (of(&a), of(&b));
            prop_assert_eq!(left.and(right), of(&(&a & &b)));
            prop_assert_eq!(left.or(right), of(&(&a | &b)));
            prop_assert_eq!(left.without(right), of(&(&a - &b)));
            prop_assert_eq!(left.iter().collect::<BTreeSet<_>>(), a.clone());
            prop_assert!((0..MOST).all(|index| left.contains(index) == a.contains(&index)));
        }
    }
}
