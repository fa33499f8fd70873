/// The twelve bytes that sixteen letters stand for, if all are of the alphabet. Without a table or a
/// branch for a letter, so that sixteen are looked at together.
pub(super) fn twelve_of(letters: &[u8; 16]) -> Option<[u8; 12]> {
    let (mut known, mut sextets) = ([0; 16], [0; 16]);
    for ((letter, known), sextet) in letters.iter().zip(&mut known).zip(&mut sextets) {
        let upper = among(*letter, b'A', 26);
        let lower = among(*letter, b'a', 26);
        let digit = among(*letter, b'0', 10);
        let hyphen = among(*letter, b'-', 1);
        let underscore = among(*letter, b'_', 1);
        *known = upper | lower | digit | hyphen | underscore;
        let distance = upper & 0_u8.wrapping_sub(b'A')
            | lower & 26_u8.wrapping_sub(b'a')
            | digit & 52_u8.wrapping_sub(b'0')
            | hyphen & 62_u8.wrapping_sub(b'-')
            | underscore & 63_u8.wrapping_sub(b'_');
        *sextet = letter.wrapping_add(distance);
    }
    (u128::from_le_bytes(known) == u128::MAX).then(|| packed(sextets))
}

/// All bits of whether a letter is one of so many from the first on.
fn among(letter: u8, first: u8, count: u8) -> u8 {
    if letter.wrapping_sub(first) < count { u8::MAX } else { 0 }
}

/// Sixteen times six bits in twelve bytes.
fn packed(sextets: [u8; 16]) -> [u8; 12] {
    let mut bytes = [0; 12];
    for (triple, quad) in bytes.as_chunks_mut().0.iter_mut().zip(sextets.as_chunks().0) {
        let [a, b, c, d] = *quad;
        *triple = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
    }
    bytes
}
