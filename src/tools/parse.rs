//! From the text of `nearhop.toml` to [`Config`], or to everything that is wrong with it.

use serde::Deserialize;
use toml::de::{DeTable, Deserializer, Error};

use super::diagnostic::Diagnostic;
use super::place::{Span, key_at, locate};
use super::{schema, shape};
use crate::config::Config;
use crate::policy::Problem;

/// A configuration whose shape is right, with the text it came from.
#[derive(Debug)]
pub struct Parsed<'a> {
    /// What the text says.
    pub config: Config,
    text: &'a str,
    table: DeTable<'a>,
}

/// Reads the text of a `nearhop.toml`.
///
/// # Errors
/// Either what breaks TOML's own rules, the first on each line, or, once the text is TOML, every
/// key that is unknown, missing or of the wrong kind. Whether the values make sense together is
/// for [`Policy::new`](crate::policy::Policy::new) to say; [`Parsed::placed`] puts its answers
/// at their lines.
pub fn parse(text: &str) -> Result<Parsed<'_>, Vec<Diagnostic>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(syntax(text, table.get_ref(), &errors));
    }
    let wrong = shape::check(text, table.get_ref(), &schema::schema());
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let table_kept = table.get_ref().clone();
    let config = Config::deserialize(Deserializer::from(table))
        .map_err(|error| vec![of_error(text, &table_kept, &error)])?;
    Ok(Parsed { config, text, table: table_kept })
}

impl Parsed<'_> {
    /// Problems as diagnostics with their lines, in the file's order.
    pub fn placed(&self, problems: Vec<Problem>) -> Vec<Diagnostic> {
        let mut placed: Vec<_> = problems
            .into_iter()
            .map(|Problem { key, found, allowed }| {
                let stands = locate(&self.table, &key).map(|place| &self.text[place]);
                let found = match stands {
                    // Where the value itself was found, it is shown as it stands.
                    Some(text)
                        if text.len() == found.len() + 2 && text[1..].starts_with(&found) =>
                    {
                        text.to_owned()
                    }
                    _ => found,
                };
                Diagnostic::new(self.span(&key), key, found, allowed, None)
            })
            .collect();
        placed.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.column));
        placed
    }

    /// Where the value at the key path stands, or else the table it would belong to.
    pub(super) fn span(&self, key: &str) -> Option<Span> {
        locate(&self.table, key).map(|place| Span::of(self.text, place))
    }
}

/// One error is often told again at every token that follows it on its line.
fn syntax(text: &str, table: &DeTable<'_>, errors: &[Error]) -> Vec<Diagnostic> {
    let mut told: Vec<_> = errors.iter().map(|error| of_error(text, table, error)).collect();
    told.sort_by_key(|diagnostic| diagnostic.line);
    told.dedup_by_key(|diagnostic| diagnostic.line);
    told
}

fn of_error(text: &str, table: &DeTable<'_>, error: &Error) -> Diagnostic {
    let place = error.span();
    let key = place.as_ref().and_then(|place| key_at(table, text, place.start));
    let slice = place.clone().and_then(|place| text.get(place)).unwrap_or_default();
    let (found, allowed) = in_our_words(error.message(), slice);
    let span = place.map(|place| Span::of(text, place));
    Diagnostic::new(span, key.unwrap_or_default().to_string(), found, allowed, None)
}

/// The toml crate's message as what was found and what is allowed.
fn in_our_words(message: &str, slice: &str) -> (String, String) {
    let (what, expected) = message.split_once(", expected ").unwrap_or((message, "valid TOML"));
    match what {
        "duplicate key" => {
            (format!("{slice} a second time"), "each key and each [table] once".into())
        }
        "string values must be quoted" if slice.is_empty() => {
            ("nothing".into(), "a value, such as \"text\", 5, true or [...]".into())
        }
        "string values must be quoted" => {
            (slice.into(), format!("a value; text stands in quotes: {slice:?}"))
        }
        _ => (what.into(), expected.into()),
    }
}
