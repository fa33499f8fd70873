//! A control document, checked before it is published.

use cloudfront_worker::UnixMillis;
use serde::Serialize;

use super::diagnostic::Diagnostic;
use super::parse::parse;
use super::place::Span;
use super::resolve::{Inputs, resolve};
use crate::policy::{Problem, Problems};
use crate::region::Api;
use crate::region::control::{self, Document, in_words};
use crate::region::set::RegionSet;

/// What a sound control document says.
#[derive(Debug, Serialize)]
pub struct ControlReport {
    /// Documents of a lower one are not taken any more.
    pub version: u64,
    /// A time in UTC (RFC 3339); `None` where it holds until another comes.
    pub valid_until: Option<String>,
    /// For people.
    pub note: Option<String>,
    /// Regions that serve only what no other may.
    pub drain: Vec<String>,
    /// Regions that serve nothing.
    pub disable: Vec<String>,
    /// Percentages in the place of the configuration's.
    pub weights: Vec<(String, u32)>,
    /// Milliseconds added to the configuration's.
    pub bias_ms: Vec<(String, i32)>,
    /// The Region that everything goes to.
    pub pin: Option<String>,
}

/// Which of the two files is wrong, and what is.
#[derive(Debug)]
pub enum Unsound {
    /// `nearhop.toml`.
    Configuration(Vec<Diagnostic>),
    /// The control document.
    Document(Vec<Diagnostic>),
}

/// Reads a control document as the edge would at `now`, milliseconds since 1970.
///
/// # Errors
/// Everything that is wrong with it, or with the configuration it is for.
pub fn control(toml: &str, document: &str, now: u64) -> Result<ControlReport, Unsound> {
    let parsed = parse(toml).map_err(Unsound::Configuration)?;
    let inputs = Inputs::default().with_stand_ins(&parsed.config);
    let (_, policy) = resolve(&parsed, inputs).map_err(Unsound::Configuration)?;
    let api = policy.api.ok_or_else(|| {
        let allowed = "an [api] section: its Regions are what a control document is about";
        Unsound::Configuration(vec![Diagnostic::new(None, "api", "nothing", allowed, None)])
    })?;
    read(&api, document, UnixMillis(now))
        .map(|document| report(&api, document))
        .map_err(|problems| Unsound::Document(placed(document, problems)))
}

fn read(api: &Api, text: &str, now: UnixMillis) -> Result<Document, Problems> {
    let most = api.control.as_ref().map(|control| control.max_bytes as usize);
    if let Some(most) = most.filter(|most| text.len() > *most) {
        let allowed = format!("at most {most} (api.control.max_bytes)");
        return Err(vec![Problem::new("", format!("{} bytes", text.len()), allowed)]);
    }
    let document = control::parse(text.as_bytes(), &api.candidates)?;
    control::Control::default().take(document.clone(), now).map_err(|problem| vec![problem])?;
    Ok(document)
}

fn report(api: &Api, document: Document) -> ControlReport {
    let name = |index: usize| api.candidates[index].name.clone();
    let names = |set: RegionSet| set.iter().map(name).collect();
    let Document { version, valid_until, note, switches } = document;
    let weights = switches.weights.into_iter().enumerate();
    let biases = switches.bias_ms.into_iter().enumerate();
    ControlReport {
        version,
        valid_until: valid_until.map(in_words),
        note,
        drain: names(switches.drained),
        disable: names(switches.disabled),
        weights: weights.filter_map(|(index, weight)| Some((name(index), weight?))).collect(),
        bias_ms: biases.filter(|(_, ms)| *ms != 0).map(|(index, ms)| (name(index), ms)).collect(),
        pin: switches.pinned.map(name),
    }
}

/// Problems as diagnostics with their lines.
fn placed(text: &str, problems: Problems) -> Vec<Diagnostic> {
    let diagnostic = |Problem { key, found, allowed }: Problem| {
        let line = key.strip_prefix("line ").and_then(|line| line.parse().ok());
        match line {
            Some(line) => {
                let span = Span { line, column: 1, length: 1 };
                Diagnostic::new(Some(span), "", found, allowed, None)
            }
            None => Diagnostic::new(locate(text, &key), key, found, allowed, None),
        }
    };
    let mut placed: Vec<_> = problems.into_iter().map(diagnostic).collect();
    placed.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.column));
    placed
}

/// Where a member of the document's own begins: `drain` for `drain[1]`. No other name in it is one
/// of these.
fn locate(text: &str, key: &str) -> Option<Span> {
    let member = key.split(['.', '[']).next().filter(|member| !member.is_empty())?;
    let name = format!("\"{member}\"");
    text.match_indices(&name)
        .find(|(at, _)| text[at + name.len()..].trim_start().starts_with(':'))
        .map(|(at, _)| Span::of(text, at..at + name.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOML: &str = r#"
[[routes]]
pattern = "/api/*"
target = "api"
access = "public"
[api]
origin_secret = { env = "SECRET" }
pin = { env = "PIN" }
control = { urls = ["https://control.example.com/"], max_bytes = 256 }
[[api.regions]]
name = "us-east-1"
endpoint = "https://a.execute-api.us-east-1.amazonaws.com"
[[api.regions]]
name = "eu-west-1"
endpoint = "https://b.execute-api.eu-west-1.amazonaws.com"
"#;
    /// 2026-09-21
    const NOW: u64 = 1_790_000_000_000;

    fn problems(document: &str) -> Vec<(Option<u32>, Option<u32>, String)> {
        match control(TOML, document, NOW) {
            Err(Unsound::Document(diagnostics)) => {
                diagnostics.into_iter().map(|d| (d.line, d.column, d.key)).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_sound_document_is_told_in_names() {
        let document = r#"{"version":7,"valid_until":"2026-12-01T00:00:00Z","drain":["eu-west-1"],
            "weights":{"us-east-1":20},"bias_ms":{"eu-west-1":5},"pin":"us-east-1","note":"n"}"#;
        let report = control(TOML, document, NOW).unwrap();
        assert_eq!(
            serde_json::to_value(report).unwrap(),
            serde_json::json!({
                "version": 7, "valid_until": "2026-12-01T00:00:00Z", "note": "n",
                "drain": ["eu-west-1"], "disable": [], "weights": [["us-east-1", 20]],
                "bias_ms": [["eu-west-1", 5]], "pin": "us-east-1",
            })
        );
    }

    #[test]
    fn problems_have_their_lines() {
        let document = r#"{
  "note": "drain",
  "version": 1,
  "weights" : {"mars": 1},
  "drain": ["eu-west-2"]
}"#;
        assert_eq!(
            problems(document),
            [(Some(4), Some(3), "weights".to_owned()), (Some(5), Some(3), "drain[0]".to_owned()),]
        );
        assert_eq!(problems("{\n\n\"drian\": []}"), [(Some(3), Some(1), String::new())]);
        assert_eq!(problems("[]"), [(None, None, String::new())]);
    }

    #[test]
    fn what_the_edge_would_not_take_is_refused() {
        let stale = r#"{"version":1,"valid_until":"2026-09-01T00:00:00Z"}"#;
        assert_eq!(problems(stale), [(Some(1), Some(14), "valid_until".to_owned())]);
        let large = format!(r#"{{"version":1,"note":"{}"}}"#, "x".repeat(256));
        assert_eq!(problems(&large), [(None, None, String::new())]);
    }

    #[test]
    fn without_an_api_there_is_nothing_to_control() {
        let refused = control("", r#"{"version":1}"#, NOW);
        assert!(matches!(refused, Err(Unsound::Configuration(_))), "{refused:?}");
    }
}
