//! The known name that somebody probably meant.

/// The one of `known` that `word` is a likely misspelling of: at most a third of its letters
/// (at least one) added, left out or changed. Case, and `-` for `_`, do not count.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = folded(word);
    let allowed = (word.len() / 3).max(1);
    known
        .into_iter()
        .map(|name| (edit_distance(&word, &folded(name)), name))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= allowed && *distance < word.len())
        .map(|(_, name)| name)
}

fn folded(word: &str) -> Vec<char> {
    // Longer words are no misspellings, and the distance costs their product.
    word.chars().take(64).map(|c| if c == '-' { '_' } else { c.to_ascii_lowercase() }).collect()
}

/// Levenshtein's distance, by one row of its matrix.
fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspellings_find_their_name() {
        let known = ["pattern", "target", "access", "clients"];
        assert_eq!(nearest("patern", known), Some("pattern"));
        assert_eq!(nearest("tagret", known), Some("target"));
        assert_eq!(nearest("Access", known), Some("access"));
        assert_eq!(nearest("leeway-seconds", ["leeway_seconds"]), Some("leeway_seconds"));
        assert_eq!(nearest("eu-west1", ["us-west-1", "eu-west-1"]), Some("eu-west-1"));
    }

    #[test]
    fn other_words_find_none() {
        assert_eq!(nearest("lambda", ["site", "api"]), None);
        assert_eq!(nearest("", ["site"]), None);
        assert_eq!(nearest("x", ["a"]), None);
        assert_eq!(nearest("x", []), None);
    }

    #[test]
    fn distance_is_levenshteins() {
        let distance = |a: &str, b: &str| {
            edit_distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>())
        };
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("flaw", "lawn"), 2);
    }
}
