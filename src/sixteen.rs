//! Text looked at sixteen bytes at a time: WebAssembly has instructions for as many at once, and
//! the compiler uses them for arrays of this length.

/// Whether `flaw` is 0 at every place of two texts of the same length: it is shown a byte of each.
/// What it does must be plain arithmetic, or it is done byte by byte after all.
#[inline(always)]
pub(crate) fn is_flawless(a: &[u8], b: &[u8], flaw: impl Fn(u8, u8) -> u8) -> bool {
    let mut flaws = [0; 16];
    let mut look = |a: &[u8; 16], b: &[u8; 16]| {
        for (at, flaws) in flaws.iter_mut().enumerate() {
            *flaws |= flaw(a[at], b[at]);
        }
    };
    if let (Some(last_a), Some(last_b)) = (a.last_chunk(), b.last_chunk()) {
        a.as_chunks().0.iter().zip(b.as_chunks().0).for_each(|(a, b)| look(a, b));
        // Some of it once more, where the length is no multiple of sixteen.
        look(last_a, last_b);
    } else if let (Some(first_a), Some(first_b)) = (a.first(), b.first()) {
        // Too short: bytes that are looked at anyhow stand in for those that are missing.
        let (mut all_a, mut all_b) = ([*first_a; 16], [*first_b; 16]);
        all_a[..a.len()].copy_from_slice(a);
        all_b[..b.len()].copy_from_slice(b);
        look(&all_a, &all_b);
    }
    flaws == [0; 16]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flaw_is_found_wherever_it_stands() {
        for length in 0..=50 {
            let sound = vec![b'a'; length];
            let flaw = |a: u8, b: u8| u8::from(a == b'x') | u8::from(a == b'a' && b == b'y');
            assert!(is_flawless(&sound, &sound, flaw), "{length}");
            for at in 0..length {
                let with = |byte| {
                    let mut text = sound.clone();
                    text[at] = byte;
                    text
                };
                assert!(!is_flawless(&with(b'x'), &sound, flaw), "{at} of {length}");
                assert!(!is_flawless(&sound, &with(b'y'), flaw), "{at} of {length}");
                assert!(is_flawless(&with(b'b'), &with(b'y'), flaw), "{at} of {length}");
            }
        }
    }
}
