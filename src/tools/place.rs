//! Where in the text a key stands: dotted key paths, lines and columns.

use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A stretch of one line of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    /// In characters; at least 1, at most to the end of the line.
    pub length: u32,
}

impl Span {
    /// The place of `bytes` in `text`; what lies beyond the end counts as the end.
    pub fn of(text: &str, bytes: Range<usize>) -> Self {
        let start = floor_char(text, bytes.start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let end = floor_char(text, bytes.end).clamp(start, line_end);
        let count = |range: Range<usize>| text[range].chars().count() as u32;
        Self {
            line: text[..start].bytes().filter(|b| *b == b'\n').count() as u32 + 1,
            column: count(line_start..start) + 1,
            length: count(start..end).max(1),
        }
    }
}

fn floor_char(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// A dotted key path such as `routes[1].target`.
#[derive(Clone, Debug, Default)]
pub struct KeyPath(Vec<Step>);

#[derive(Clone, Debug)]
enum Step {
    Key(String),
    Index(usize),
}

impl KeyPath {
    /// This path and `key` beneath it.
    pub fn key(&self, key: &str) -> Self {
        self.and(Step::Key(key.into()))
    }

    /// This path and the array element `index` beneath it.
    pub fn index(&self, index: usize) -> Self {
        self.and(Step::Index(index))
    }

    fn and(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// Reads what `Display` writes, as far as keys need no quotes: no key of ours does.
    pub fn parse(path: &str) -> Self {
        let mut steps = Vec::new();
        for part in path.split('.').filter(|part| !part.is_empty()) {
            let (key, indices) = part.split_once('[').unwrap_or((part, ""));
            if !key.is_empty() {
                steps.push(Step::Key(key.into()));
            }
            let indices = indices.split(['[', ']']).filter_map(|index| index.parse().ok());
            steps.extend(indices.map(Step::Index));
        }
        Self(steps)
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) => {
                    f.write_str(if at > 0 { "." } else { "" })?;
                    if !key.is_empty() && key.chars().all(bare) {
                        f.write_str(key)?;
                    } else {
                        write!(f, "{key:?}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Where the value at `path` stands; where it is missing, the nearest table around it that stands
/// in the file under a name of its own.
pub fn locate(root: &DeTable<'_>, path: &str) -> Option<Range<usize>> {
    let steps = KeyPath::parse(path).0;
    let Some((Step::Key(first), rest)) = steps.split_first() else {
        return None;
    };
    let mut here = root.get(first.as_str())?;
    for step in rest {
        let next = match step {
            Step::Key(key) => here.get_ref().get(key.as_str()),
            Step::Index(index) => here.get_ref().get(*index),
        };
        match next {
            Some(value) => here = value,
            None => break,
        }
    }
    Some(here.span())
}

/// The key path of what stands at the byte `offset`: the innermost key or value around it, else
/// the last key before it on its line.
pub fn key_at(root: &DeTable<'_>, text: &str, offset: usize) -> Option<KeyPath> {
    let offset = floor_char(text, offset);
    let line_start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let mut stretches = Vec::new();
    collect(root, &KeyPath::default(), &mut stretches);
    let around = stretches.iter().filter(|(span, _)| span.start <= offset && offset < span.end);
    let before =
        stretches.iter().filter(|(span, _)| span.start >= line_start && span.start <= offset);
    around
        .min_by_key(|(span, _)| span.len())
        .or_else(|| before.max_by_key(|(span, _)| span.start))
        .map(|(_, path)| path.clone())
}

fn collect(table: &DeTable<'_>, path: &KeyPath, into: &mut Vec<(Range<usize>, KeyPath)>) {
    for (key, value) in table {
        let path = path.key(key.get_ref());
        into.push((key.span(), path.clone()));
        collect_value(value, &path, into);
    }
}

fn collect_value(
    value: &Spanned<DeValue<'_>>,
    path: &KeyPath,
    into: &mut Vec<(Range<usize>, KeyPath)>,
) {
    into.push((value.span(), path.clone()));
    match value.get_ref() {
        DeValue::Table(table) => collect(table, path, into),
        DeValue::Array(array) => {
            for (index, item) in array.iter().enumerate() {
                collect_value(item, &path.index(index), into);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# é\n[[routes]]\npattern = \"/a\"\n[[routes]]\nmethods = [\"GET\", 'PÜT']\n\
                        [api]\nregions = [{ name = \"x\" }]\n";

    fn table() -> DeTable<'static> {
        DeTable::parse(TEXT).unwrap().into_inner()
    }

    fn located(path: &str) -> Option<&'static str> {
        locate(&table(), path).map(|span| &TEXT[span])
    }

    #[test]
    fn paths_lead_to_their_values() {
        assert_eq!(located("routes[0].pattern"), Some("\"/a\""));
        assert_eq!(located("routes[1].methods[1]"), Some("'PÜT'"));
        assert_eq!(located("api.regions[0].name"), Some("\"x\""));
    }

    #[test]
    fn what_is_missing_is_placed_at_its_table() {
        assert_eq!(located("routes[0].target"), Some("[[routes]]"));
        assert_eq!(located("api.origin_secret.env"), Some("[api]"));
        assert_eq!(located("api.regions[7].name"), Some("[{ name = \"x\" }]"));
        assert_eq!(located("issuers"), None);
        assert_eq!(located(""), None);
    }

    #[test]
    fn offsets_lead_to_their_keys() {
        let key = |needle: &str| {
            key_at(&table(), TEXT, TEXT.find(needle).unwrap()).map(|path| path.to_string())
        };
        assert_eq!(key("/a").as_deref(), Some("routes[0].pattern"));
        assert_eq!(key("PÜT").as_deref(), Some("routes[1].methods[1]"));
        assert_eq!(key("= [\"GET\"").as_deref(), Some("routes[1].methods"));
        assert_eq!(key("\"x\"").as_deref(), Some("api.regions[0].name"));
        assert_eq!(key("# é"), None);
    }

    #[test]
    fn columns_count_characters() {
        let at = TEXT.find("'PÜT'").unwrap();
        assert_eq!(Span::of(TEXT, at..at + 6), Span { line: 5, column: 19, length: 5 });
        assert_eq!(Span::of("a\nbc", 2..99), Span { line: 2, column: 1, length: 2 });
        assert_eq!(Span::of("a\n", 2..2), Span { line: 2, column: 1, length: 1 });
        assert_eq!(Span::of("", 0..0), Span { line: 1, column: 1, length: 1 });
        assert_eq!(Span::of("é", 1..2), Span { line: 1, column: 1, length: 1 });
    }

    #[test]
    fn key_paths_survive_being_written_and_read() {
        for path in ["routes[2].pattern", "a", "a[1][2].b-c", "site.headers[0]"] {
            assert_eq!(KeyPath::parse(path).to_string(), path);
        }
        assert_eq!(KeyPath::default().key("a").key("b c").to_string(), "a.\"b c\"");
    }
}
