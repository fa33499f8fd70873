//! How much is remembered of tokens, however many there are.

use super::*;
use crate::verdicts::Verdicts;

const PLACES: usize = 512;

/// Whoever can make sound tokens, or has many users, decides how many there are; not how many are
/// held. Each that is held holds the verdict.
///
/// Cases: verdict-cache/million.
#[test]
fn a_million_distinct_tokens_take_as_many_places_as_there_are() {
    let (token, now) = (token("access"), UnixMillis(NOW * 1000));
    let verified =
        verify(&token, &issuers(), &NamedClaims::default(), &mut keys(), now).expect("a token");
    let mut verdicts = Verdicts::new(PLACES as u32, 7);
    let mut most = 0;
    for n in 0..1_000_000_u32 {
        let distinct = format!("{n:032x}");
        verdicts.remember(verdicts.place(&distinct), Rc::clone(&verified));
        assert!(verdicts.find(verdicts.place(&distinct)).is_some(), "{n}");
        most = most.max(Rc::strong_count(&verified) - 1);
    }
    assert_eq!(most, PLACES);
    drop(verdicts);
    assert_eq!(Rc::strong_count(&verified), 1);
}
