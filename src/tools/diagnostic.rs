//! What is wrong with a configuration, and where.

use std::fmt;

use serde::Serialize;

use super::place::Span;

/// One thing that is wrong with a `nearhop.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Line in the file, from 1; `None` where the trouble is that something is nowhere in it.
    pub line: Option<u32>,
    /// Column in characters, from 1; `None` together with `line`.
    pub column: Option<u32>,
    /// How many characters of that line the trouble covers; at least 1.
    pub length: u32,
    /// The dotted key path, such as `routes[1].target`; empty where none is known.
    pub key: String,
    /// What stands there.
    pub found: String,
    /// What may stand there, or what to do.
    pub allowed: String,
    /// The known name nearest to a misspelt one.
    pub suggestion: Option<String>,
    /// `found`, `allowed` and `suggestion` as one sentence.
    pub message: String,
}

impl Diagnostic {
    pub(super) fn new(
        span: Option<Span>,
        key: impl Into<String>,
        found: impl Into<String>,
        allowed: impl Into<String>,
        suggestion: Option<String>,
    ) -> Self {
        let (found, allowed) = (found.into(), allowed.into());
        let mut message = format!("found {found}, allowed: {allowed}");
        if let Some(name) = &suggestion {
            message.push_str(&format!("; did you mean \"{name}\"?"));
        }
        Self {
            line: span.map(|span| span.line),
            column: span.map(|span| span.column),
            length: span.map_or(1, |span| span.length),
            key: key.into(),
            found,
            allowed,
            suggestion,
            message,
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, "{line}:{column}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}
