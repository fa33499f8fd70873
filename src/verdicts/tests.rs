use cloudfront_worker::UnixMillis;

use super::*;
use crate::token;

const SEED: u64 = 0x1234_5678_9abc_def0;

/// What a real token says.
fn verified() -> Rc<Verified> {
    token::tests::access(UnixMillis(1_790_000_000_000))
}

/// The same in memory of its own, as each verified token has it.
fn copy(of: &Rc<Verified>) -> Rc<Verified> {
    Rc::new(Verified::clone(of))
}

fn name(number: usize, length: usize) -> String {
    let number = number.to_string();
    "x".repeat(length - number.len()) + &number
}

#[test]
fn a_million_tokens_take_no_more_than_a_thousand() {
    let verified = verified();
    // Of the longest there are fewer than places.
    for length in [100, 1_000, 16_384] {
        let count = if length == 100 { 1_000_000 } else { 20_000 };
        let mut verdicts = Verdicts::new(512, SEED);
        let grown = allocation_counter::measure(|| {
            for number in 0..count {
                verdicts.remember(verdicts.place(&name(number, length)), copy(&verified));
            }
        });
        assert!(grown.bytes_max <= 512 * BYTES_EACH as u64 + 50_000, "{length}: {grown:?}");
        assert!(verdicts.find(verdicts.place(&name(count - 1, length))).is_some(), "{length}");
        let held = verdicts.slots.iter().flatten();
        assert_eq!(held.map(Verdict::bytes).sum::<usize>(), verdicts.bytes, "{length}");
    }
}

#[test]
fn no_more_tokens_than_there_is_room_for() {
    let verified = verified();
    for (capacity, most) in [(1, 1), (7, 7), (8, 8), (100, 96), (512, 512)] {
        let mut verdicts = Verdicts::new(capacity, SEED);
        for number in 0..5_000 {
            verdicts.remember(verdicts.place(&name(number, 50)), Rc::clone(&verified));
        }
        assert_eq!(verdicts.slots.iter().flatten().count(), most, "{capacity}");
    }
}

#[test]
fn tokens_that_end_alike_are_told_apart_by_every_byte() {
    let verified = verified();
    for length in [33, 47, 48, 49, 1_002] {
        let mut verdicts = Verdicts::new(512, SEED);
        let known = name(1, length);
        verdicts.remember(verdicts.place(&known), copy(&verified));
        // The place comes from the last 16 bytes.
        for at in 0..length {
            let mut other = known.clone();
            other.replace_range(at..=at, "#");
            assert!(verdicts.find(verdicts.place(&other)).is_none(), "{length}: {at}");
        }
        for other in [&known[1..], &format!("x{known}"), &format!("{known}x"), ""] {
            assert!(verdicts.find(verdicts.place(other)).is_none(), "{length}: {other}");
        }
        assert!(verdicts.find(verdicts.place(&known)).is_some(), "{length}");
    }
}

#[test]
fn who_was_asked_for_longest_ago_goes_first() {
    let verified = verified();
    let mut verdicts = Verdicts::new(WAYS as u32, SEED);
    (0..WAYS).for_each(|number| {
        verdicts.remember(verdicts.place(&name(number, 50)), Rc::clone(&verified))
    });
    assert!(verdicts.find(verdicts.place(&name(0, 50))).is_some());
    verdicts.remember(verdicts.place(&name(WAYS, 50)), Rc::clone(&verified));
    assert!(verdicts.find(verdicts.place(&name(0, 50))).is_some());
    assert!(verdicts.find(verdicts.place(&name(1, 50))).is_none());
    assert!((2..=WAYS).all(|number| verdicts.find(verdicts.place(&name(number, 50))).is_some()));
}

#[test]
fn what_is_forgotten_or_remembered_again_is_counted_once() {
    let verified = verified();
    let mut verdicts = Verdicts::new(64, SEED);
    let one = name(1, 50);
    for _ in 0..3 {
        verdicts.remember(verdicts.place(&one), Rc::clone(&verified));
    }
    assert_eq!(verdicts.bytes, 50 + verified.bytes());
    verdicts.forget(verdicts.place(&name(2, 50)));
    assert!(verdicts.find(verdicts.place(&one)).is_some());
    verdicts.forget(verdicts.place(&one));
    verdicts.forget(verdicts.place(&one));
    assert!(verdicts.find(verdicts.place(&one)).is_none());
    assert_eq!(verdicts.bytes, 0);
}

#[test]
fn one_longer_than_all_the_room_pushes_nothing_out() {
    let verified = verified();
    let mut verdicts = Verdicts::new(1, SEED);
    verdicts.remember(verdicts.place(&name(1, 32_768)), Rc::clone(&verified));
    verdicts.remember(verdicts.place(&name(2, LEAST_BYTES)), Rc::clone(&verified));
    assert!(verdicts.find(verdicts.place(&name(1, 32_768))).is_some());
}

#[test]
fn another_seed_places_tokens_otherwise() {
    let place = |seed| {
        let mut verdicts = Verdicts::new(16_384, seed);
        verdicts.remember(verdicts.place(&name(1, 50)), verified());
        verdicts.slots.iter().position(Option::is_some)
    };
    assert_eq!(place(1), place(1));
    assert!((2..10).any(|seed| place(seed) != place(1)));
}
