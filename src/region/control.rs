//! The operators' switches: a small JSON document, read without a deploy.
//!
//! An instance looks at it at most every so many seconds, beside an answer and never before one. A
//! document is taken whole or not at all, and what was taken stays until a newer one comes or its
//! own time is over: whoever stops the document from being read changes nothing.

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use cloudfront_worker::{Fetch, FetchFault, UnixMillis};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::config;
use crate::policy::{Problem, Problems};
use crate::region::choice::{Candidate, Switches};
use crate::region::set::RegionSet;

/// The tag of a look at the first URL; the others' follow. Issuers' come long before.
pub(crate) const TAG: u32 = 1 << 16;

/// What one instance knows of the control document.
#[derive(Debug, Default)]
pub(crate) struct Control {
    held: Option<Document>,
    /// A document that was refused for its time alone: the clock may have been wrong.
    late: Option<Document>,
    none: Switches,
    looked: Option<UnixMillis>,
    /// Which of the URLs the next look is at.
    next: usize,
    /// The last line for the log: the same is not said again.
    said: String,
}

/// A control document whose every value can stand.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Document {
    pub version: u64,
    /// Unix seconds from which on it counts no more.
    pub valid_until: Option<u64>,
    pub note: Option<String>,
    pub switches: Switches,
}

impl Control {
    /// The switches as they stand; none where no document is held, or its time is over.
    pub fn switches(&self, now: UnixMillis) -> &Switches {
        match &self.held {
            Some(document) if document.is_in_force(now) => &document.switches,
            _ => &self.none,
        }
    }

    /// Whether it is time for another look. A clock that has gone backwards costs one.
    pub fn is_due(&self, settings: &config::Control, now: UnixMillis) -> bool {
        let interval = Duration::from_secs(settings.interval_seconds.into());
        self.looked.and_then(|at| now.since(at)).is_none_or(|time| time >= interval)
    }

    /// The look to be taken now.
    pub fn look(&mut self, settings: &config::Control, now: UnixMillis) -> Fetch {
        self.looked = Some(now);
        let timeout = Duration::from_millis(settings.timeout_ms.into());
        let url = &settings.urls[self.next];
        Fetch::get(TAG + self.next as u32, url, timeout, settings.max_bytes)
    }

    /// Takes what a look brought. Returns a line for the log when there is something new to say.
    pub fn record(
        &mut self,
        settings: &config::Control,
        regions: &[Candidate],
        tag: u32,
        brought: Result<&[u8], FetchFault<'_>>,
        now: UnixMillis,
    ) -> Option<String> {
        let at = tag.checked_sub(TAG)? as usize;
        let url = settings.urls.get(at)?;
        let trouble = match brought {
            Ok(json) => parse(json, regions)
                .map_err(|problems| problems.into_iter().next())
                .and_then(|document| self.take(document, now).map_err(Some))
                .err()
                .map(Trouble::Refused),
            Err(FetchFault::NotModified) => {
                let late = self.late.take_if(|late| late.is_in_force(now));
                late.and_then(|document| self.take(document, now).err())
                    .map(|problem| Trouble::Refused(Some(problem)))
            }
            Err(fault) => Some(Trouble::Fetch(fault)),
        };
        // In order, and the first again as soon as one was well.
        self.next = if trouble.is_some() { (at + 1) % settings.urls.len() } else { 0 };
        let line = self.line(url, trouble.as_ref(), regions, now);
        if line == self.said {
            return None;
        }
        self.said.clone_from(&line);
        Some(line)
    }

    /// Takes a document in the place of the one held, or says why it must not.
    pub fn take(&mut self, document: Document, now: UnixMillis) -> Result<(), Problem> {
        if let Some(held) = self.held.as_ref().filter(|held| held.version > document.version) {
            let allowed = format!("{} or more: that one is held", held.version);
            return Err(Problem::new("version", document.version.to_string(), allowed));
        }
        if !document.is_in_force(now) {
            let found = document.valid_until.map(in_words).unwrap_or_default();
            self.late = Some(document);
            return Err(Problem::new("valid_until", found, "a time that has not passed"));
        }
        self.held = Some(document);
        self.late = None;
        Ok(())
    }

    /// What is so, as JSON.
    fn line(
        &self,
        url: &str,
        trouble: Option<&Trouble<'_>>,
        regions: &[Candidate],
        now: UnixMillis,
    ) -> String {
        #[derive(Serialize)]
        struct Line<'l> {
            control: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            version: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            drain: Option<Vec<&'l str>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            disable: Option<Vec<&'l str>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            pin: Option<&'l str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            trouble: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            url: Option<&'l str>,
        }

        let held = self.held.as_ref();
        let in_force = held.filter(|held| held.is_in_force(now));
        let named = |set: RegionSet| {
            let names: Vec<_> = set.iter().map(|index| regions[index].name.as_str()).collect();
            (!names.is_empty()).then_some(names)
        };
        let line = Line {
            control: match (held, in_force) {
                (_, Some(_)) => "in_force",
                (Some(_), None) => "expired",
                (None, None) => "none",
            },
            version: held.map(|held| held.version),
            drain: in_force.and_then(|held| named(held.switches.drained)),
            disable: in_force.and_then(|held| named(held.switches.disabled)),
            pin: in_force
                .and_then(|held| held.switches.pinned)
                .map(|index| regions[index].name.as_str()),
            trouble: trouble.map(Trouble::to_string),
            // A query may hold a signature.
            url: trouble.and_then(|_| url.split('?').next()),
        };
        serde_json::to_string(&line).unwrap_or_default()
    }
}

impl Document {
    fn is_in_force(&self, now: UnixMillis) -> bool {
        self.valid_until.is_none_or(|until| now.seconds() < until)
    }
}

/// Why a look changed nothing.
enum Trouble<'a> {
    Fetch(FetchFault<'a>),
    Refused(Option<Problem>),
}

impl fmt::Display for Trouble<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Fetch(FetchFault::Status { .. }) => f.write_str("answered other than 200"),
            Trouble::Fetch(FetchFault::TooLarge) => {
                f.write_str("larger than api.control.max_bytes")
            }
            Trouble::Fetch(_) => f.write_str("unreachable"),
            Trouble::Refused(None) => f.write_str("refused"),
            Trouble::Refused(Some(Problem { key, found, allowed })) => {
                let key = if key.is_empty() { "the document" } else { key };
                write!(f, "{key}: found {found}, allowed: {allowed}")
            }
        }
    }
}

/// Reads a document for an API in these Regions, or says everything that is wrong with it. A
/// problem's key is a member's, or `line 3` where the document cannot be read as one, or nothing.
pub(crate) fn parse(json: &[u8], regions: &[Candidate]) -> Result<Document, Problems> {
    let members = Members::parse(json).map_err(|problem| vec![problem])?;
    let mut reader = Reader { regions, problems: Problems::new() };
    let mut switches = Switches {
        drained: reader.set("drain", &members.drain),
        disabled: reader.set("disable", &members.disable),
        weights: vec![None; regions.len()],
        bias_ms: vec![0; regions.len()],
        pinned: reader.pin(&members.pin),
    };
    for (index, weight) in reader.numbers("weights", members.weights, 0, 100) {
        switches.weights[index] = Some(weight as u32);
    }
    for (index, bias) in reader.numbers("bias_ms", members.bias_ms, -1_000, 1_000) {
        switches.bias_ms[index] = bias as i32;
    }
    if switches.disabled == RegionSet::first(regions.len()) {
        let allowed = "at least one of the API's Regions left";
        reader.problem("disable", &members.disable, allowed);
    }
    if switches.pinned.is_some_and(|index| switches.disabled.contains(index)) {
        reader.problem("pin", &members.pin, "a Region that is not disabled");
    }
    let document = Document {
        version: reader.version(&members.version),
        valid_until: reader.time(&members.valid_until),
        note: reader.text("note", &members.note),
        switches,
    };
    if reader.problems.is_empty() { Ok(document) } else { Err(reader.problems) }
}

/// The members of the document; null is the same as nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    version: Value,
    #[serde(default)]
    valid_until: Value,
    #[serde(default)]
    note: Value,
    #[serde(default)]
    drain: Value,
    #[serde(default)]
    disable: Value,
    #[serde(default)]
    weights: Named,
    #[serde(default)]
    bias_ms: Named,
    #[serde(default)]
    pin: Value,
}

impl Members {
    fn parse(json: &[u8]) -> Result<Self, Problem> {
        let allowed = "a JSON object in UTF-8, such as {\"version\": 1, \"drain\": []}";
        let text = std::str::from_utf8(json).map_err(|_| Problem::new("", "bytes", allowed))?;
        // An array would pass for the members in their order.
        if !text.trim_start().starts_with('{') {
            return Err(Problem::new("", clipped(text), allowed));
        }
        serde_json::from_str(text).map_err(|error| {
            let (said, at) = (error.to_string(), format!("line {}", error.line()));
            let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said);
            match said.split_once(", expected ") {
                Some((found, expected)) => Problem::new(at, found, expected),
                None => Problem::new(at, said, allowed),
            }
        })
    }
}

/// Values by the name of a Region, each name once.
#[derive(Default)]
struct Named(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;

        impl<'de> Visitor<'de> for Names {
            type Value = Named;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with a number for each Region, such as {\"us-east-1\": 20}")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named, A::Error> {
                let mut named: Vec<(String, Value)> = Vec::new();
                while let Some((name, value)) = map.next_entry()? {
                    if named.iter().any(|(other, _)| *other == name) {
                        let twice = format!("duplicate field `{name}`, expected each Region once");
                        return Err(serde::de::Error::custom(twice));
                    }
                    named.push((name, value));
                }
                Ok(Named(named))
            }

            fn visit_unit<E>(self) -> Result<Named, E> {
                Ok(Named::default())
            }
        }

        deserializer.deserialize_any(Names)
    }
}

/// Reads values, and gathers what is wrong with them.
struct Reader<'r> {
    regions: &'r [Candidate],
    problems: Problems,
}

impl Reader<'_> {
    #[inline(never)]
    fn problem(&mut self, key: &str, found: &Value, allowed: &str) {
        let found = match found {
            Value::Null => "nothing".to_owned(),
            // Not by `Display`, which would be a second writer of JSON.
            found => clipped(&serde_json::to_string(found).unwrap_or_default()),
        };
        self.problems.push(Problem::new(key, found, allowed));
    }

    #[inline(never)]
    fn region(&mut self, key: &str, found: &Value) -> Option<usize> {
        let name = found.as_str();
        let index = self.regions.iter().position(|region| Some(region.name.as_str()) == name);
        if index.is_none() {
            let names: Vec<&str> = self.regions.iter().map(|region| region.name.as_str()).collect();
            let allowed = format!("one of the API's Regions: {}", names.join(", "));
            self.problem(key, found, &allowed);
        }
        index
    }

    #[inline(never)]
    fn set(&mut self, key: &str, found: &Value) -> RegionSet {
        let names = match found {
            Value::Null => return RegionSet::EMPTY,
            Value::Array(names) => names,
            other => {
                self.problem(key, other, "a list of Regions, such as [\"us-east-1\"]");
                return RegionSet::EMPTY;
            }
        };
        let mut set = RegionSet::EMPTY;
        for (i, name) in names.iter().enumerate() {
            let key = format!("{key}[{i}]");
            let Some(index) = self.region(&key, name) else { continue };
            if set.contains(index) {
                self.problem(&key, name, "each Region once");
            }
            set = set.or(RegionSet::only(index));
        }
        set
    }

    #[inline(never)]
    fn numbers(&mut self, key: &str, named: Named, least: i64, most: i64) -> Vec<(usize, i64)> {
        let mut numbers = Vec::new();
        for (name, value) in named.0 {
            let Some(index) = self.region(key, &Value::String(name.clone())) else { continue };
            match value.as_i64().filter(|number| (least..=most).contains(number)) {
                Some(number) => numbers.push((index, number)),
                None => {
                    let allowed = format!("a whole number from {least} to {most}");
                    self.problem(&format!("{key}.{name}"), &value, &allowed);
                }
            }
        }
        numbers
    }

    fn pin(&mut self, found: &Value) -> Option<usize> {
        (!found.is_null()).then(|| self.region("pin", found)).flatten()
    }

    fn version(&mut self, found: &Value) -> u64 {
        /// Beyond this, some readers of JSON take two numbers for one (RFC 8259, section 6).
        const MOST: u64 = (1 << 53) - 1;
        found.as_u64().filter(|version| *version <= MOST).unwrap_or_else(|| {
            self.problem("version", found, "a whole number from 0, more than the last one's");
            0
        })
    }

    fn time(&mut self, found: &Value) -> Option<u64> {
        if found.is_null() {
            return None;
        }
        let time = found.as_str().and_then(|text| humantime::parse_rfc3339(text).ok());
        let seconds = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        if seconds.is_none() {
            let allowed = "a time in UTC (RFC 3339), such as \"2026-12-01T00:00:00Z\"";
            self.problem("valid_until", found, allowed);
        }
        seconds.map(|seconds| seconds.as_secs())
    }

    fn text(&mut self, key: &str, found: &Value) -> Option<String> {
        match found {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => {
                self.problem(key, other, "text");
                None
            }
        }
    }
}

/// Unix seconds as a document writes them.
pub(crate) fn in_words(seconds: u64) -> String {
    match UNIX_EPOCH.checked_add(Duration::from_secs(seconds)) {
        Some(time) => humantime::format_rfc3339_seconds(time).to_string(),
        None => seconds.to_string(),
    }
}

/// What was found, where it may be anything.
fn clipped(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None if text.is_empty() => "nothing".into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests;
