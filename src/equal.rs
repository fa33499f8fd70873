//! Whether two texts are the same, where long ones are compared for every request: on WebAssembly `==`
//! goes through them byte by byte.

/// Every byte of two texts. By their ends first: tokens, and URLs of one host, begin alike.
pub(crate) fn equal(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    match (one.last_chunk::<16>(), other.last_chunk::<16>()) {
        (Some(end), Some(other_end)) => {
            same(&[*end], &[*other_end]) && same(one.as_chunks().0, other.as_chunks().0)
        }
        _ => one == other,
    }
}

/// To the end, whatever is found: so the compiler sees that sixteen can be compared together.
fn same(one: &[[u8; 16]], other: &[[u8; 16]]) -> bool {
    let mut differences = [0; 16];
    for (one, other) in one.iter().zip(other) {
        for ((difference, one), other) in differences.iter_mut().zip(one).zip(other) {
            *difference |= one ^ other;
        }
    }
    u128::from_le_bytes(differences) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_equal_where_every_byte_is() {
        for length in 0..70 {
            let text = "x".repeat(length);
            assert!(equal(&text, &text.clone()), "{length}");
            for at in 0..length {
                let mut other = text.clone();
                other.replace_range(at..=at, "#");
                assert!(!equal(&text, &other) && !equal(&other, &text), "{length}: {at}");
            }
            assert!(!equal(&text, &format!("{text}x")) && !equal(&format!("x{text}"), &text));
        }
    }
}
