use core::arch::wasm32::*;

/// The twelve bytes that sixteen letters stand for, if all are of the alphabet.
///
/// A letter's high half is its row in ASCII, its low half its place there; tables of sixteen say what
/// is in which row, and what is missing at which place.
pub(super) fn twelve_of(letters: &[u8; 16]) -> Option<[u8; 12]> {
    let letters = vector(letters);
    let (row, place) = (u8x16_shr(letters, 4), v128_and(letters, u8x16_splat(0x0f)));
    let strange = v128_and(u8x16_swizzle(ROWS, row), u8x16_swizzle(MISSING, place));
    if v128_any_true(strange) {
        return None;
    }
    let underscore = u8x16_eq(letters, u8x16_splat(b'_'));
    let beyond = v128_and(underscore, u8x16_splat(65 + 63 - b'_'));
    let distance = u8x16_add(u8x16_swizzle(DISTANCES, row), beyond);
    Some(packed(u8x16_add(letters, distance)))
}

/// A bit for each kind of row: 2 has `-`, 3 the digits, 4 and 6 all but their first place, 5 its first
/// eleven and `_`, 7 its first eleven. 32 is for the rows with nothing.
const ROWS: v128 = u8x16(32, 32, 1, 2, 4, 8, 4, 16, 32, 32, 32, 32, 32, 32, 32, 32);

/// By place, the kinds of row that have nothing there.
const MISSING: v128 = u8x16(
    0b10_0101, 0b10_0001, 0b10_0001, 0b10_0001, 0b10_0001, 0b10_0001, 0b10_0001, 0b10_0001,
    0b10_0001, 0b10_0001, 0b10_0011, 0b11_1011, 0b11_1011, 0b11_1010, 0b11_1011, 0b11_0011,
);

/// By row, what added to a letter makes its value; `_` is further from its own than its row is.
const DISTANCES: v128 =
    i8x16(0, 0, 62 - 45, 52 - 48, -65, -65, 26 - 97, 26 - 97, 0, 0, 0, 0, 0, 0, 0, 0);

/// Sixteen times six bits in twelve bytes.
fn packed(sextets: v128) -> [u8; 12] {
    // In each lane of four d c b a, from its highest byte to its lowest: c and d, and a and b, to
    // twelve bits each, then all of them to 24.
    let dozens = v128_or(u16x8_shl(v128_and(sextets, u16x8_splat(0x3f)), 6), u16x8_shr(sextets, 8));
    let triples = i32x4_dot_i16x8(dozens, i32x4_splat(1 << 16 | 1 << 12));
    let bytes =
        u8x16_shuffle::<2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 3, 7, 11, 15>(triples, triples);
    let [low, high] = [u64x2_extract_lane::<0>(bytes), u64x2_extract_lane::<1>(bytes)];
    let mut twelve = [0; 12];
    twelve[..8].copy_from_slice(&low.to_le_bytes());
    twelve[8..].copy_from_slice(&high.to_le_bytes()[..4]);
    twelve
}

fn vector(bytes: &[u8; 16]) -> v128 {
    let [low, high] = [0, 8].map(|at| std::array::from_fn(|n| bytes[at + n]));
    u64x2(u64::from_le_bytes(low), u64::from_le_bytes(high))
}
