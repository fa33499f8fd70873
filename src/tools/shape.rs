//! Whether a table has the shape the schema asks for: every misplaced, missing or misshapen key
//! at once, where serde would stop at the first.

use std::ops::Range;

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::diagnostic::Diagnostic;
use super::nearest::nearest;
use super::place::{KeyPath, Span};

/// Everything in `table`, parsed from `text`, that `schema` does not allow, in the file's order.
///
/// Knows the keywords that schemars writes for our types (a test holds it to that); what it let
/// pass serde would still refuse.
pub fn check(text: &str, table: &DeTable<'_>, schema: &Value) -> Vec<Diagnostic> {
    let mut walk = Walk { text, root: schema, wrong: Vec::new() };
    walk.table(table, None, &KeyPath::default(), schema);
    walk.wrong.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.column));
    walk.wrong
}

struct Walk<'a> {
    text: &'a str,
    root: &'a Value,
    wrong: Vec<Diagnostic>,
}

impl<'a> Walk<'a> {
    fn table(
        &mut self,
        table: &DeTable<'_>,
        place: Option<Range<usize>>,
        path: &KeyPath,
        schema: &'a Value,
    ) {
        let known = || schema["properties"].as_object().into_iter().flat_map(|keys| keys.keys());
        for (key, value) in table {
            let path = path.key(key.get_ref());
            match schema["properties"].get(key.get_ref().as_ref()) {
                Some(schema) => self.value(value.get_ref(), value.span(), &path, schema),
                None => {
                    let near = nearest(key.get_ref(), known().map(String::as_str));
                    let allowed = known().map(String::as_str).collect::<Vec<_>>().join(", ");
                    self.push(Some(key.span()), &path, "an unknown key", allowed, near);
                }
            }
        }
        for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !table.contains_key(key) {
                let path = path.key(key);
                let allowed = self.described(&schema["properties"][key], &path);
                let allowed = format!("{allowed} (this key is required)");
                self.push(place.clone(), &path, "nothing", allowed, None);
            }
        }
    }

    fn value(
        &mut self,
        value: &DeValue<'_>,
        place: Range<usize>,
        path: &KeyPath,
        schema: &'a Value,
    ) {
        let schema = self.resolved(schema);
        match (kind(schema), value) {
            (Kind::Table, DeValue::Table(table)) => self.table(table, Some(place), path, schema),
            (Kind::Array, DeValue::Array(array)) => {
                for (index, item) in array.iter().enumerate() {
                    let path = path.index(index);
                    self.value(item.get_ref(), item.span(), &path, &schema["items"]);
                }
            }
            (Kind::Text, DeValue::String(_)) | (Kind::Boolean, DeValue::Boolean(_)) => {}
            (Kind::Choice, DeValue::String(text)) if choices(schema).any(|name| name == text) => {}
            (Kind::Integer, DeValue::Integer(number))
                if i128::from_str_radix(number.as_str(), number.radix()).is_ok_and(|number| {
                    let (least, most) = bounds(schema);
                    least <= number && number <= most
                }) => {}
            (Kind::Unknown, _) => {}
            (_, value) => {
                let near = value.as_str().and_then(|text| nearest(text, choices(schema)));
                let allowed = self.described(schema, path);
                self.push(Some(place), path, &found(value), allowed, near);
            }
        }
    }

    /// What `schema` allows at `path`, in words.
    fn described(&self, schema: &'a Value, path: &KeyPath) -> String {
        let schema = self.resolved(schema);
        match kind(schema) {
            Kind::Table => format!("a table, [{path}]"),
            Kind::Array => match kind(self.resolved(&schema["items"])) {
                Kind::Table => format!("an array of tables, each beginning with [[{path}]]"),
                _ => format!(
                    "an array in brackets, each entry {}",
                    self.described(&schema["items"], path)
                ),
            },
            Kind::Text => "a string in quotes".into(),
            Kind::Choice => {
                let names: Vec<_> = choices(schema).map(|name| format!("\"{name}\"")).collect();
                names.join(", ")
            }
            Kind::Integer => {
                let (least, most) = bounds(schema);
                format!("a whole number from {least} to {most}")
            }
            Kind::Boolean => "true or false".into(),
            Kind::Unknown => "what docs/configuration.md says".into(),
        }
    }

    fn resolved(&self, schema: &'a Value) -> &'a Value {
        let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/"))
        else {
            return schema;
        };
        &self.root["$defs"][name]
    }

    fn push(
        &mut self,
        place: Option<Range<usize>>,
        path: &KeyPath,
        found: &str,
        allowed: String,
        near: Option<&str>,
    ) {
        let span = place.map(|place| Span::of(self.text, place));
        let near = near.map(str::to_owned);
        self.wrong.push(Diagnostic::new(span, path.to_string(), found, allowed, near));
    }
}

enum Kind {
    Table,
    Array,
    Text,
    Choice,
    Integer,
    Boolean,
    Unknown,
}

fn kind(schema: &Value) -> Kind {
    match schema["type"].as_str() {
        Some("object") => Kind::Table,
        Some("array") => Kind::Array,
        Some("string") if schema["enum"].is_array() => Kind::Choice,
        Some("string") => Kind::Text,
        Some("integer") => Kind::Integer,
        Some("boolean") => Kind::Boolean,
        _ if choices(schema).next().is_some() => Kind::Choice,
        _ => Kind::Unknown,
    }
}

/// The names an enumeration has: `enum` where its variants are undocumented, else `oneOf`.
fn choices(schema: &Value) -> impl Iterator<Item = &str> {
    let listed = schema["enum"].as_array().into_iter().flatten();
    let described =
        schema["oneOf"].as_array().into_iter().flatten().filter_map(|one| one.get("const"));
    listed.chain(described).filter_map(Value::as_str)
}

fn bounds(schema: &Value) -> (i128, i128) {
    let bound = |name: &str, otherwise| schema[name].as_i64().map_or(otherwise, i128::from);
    (bound("minimum", i64::MIN.into()), bound("maximum", i64::MAX.into()))
}

fn found(value: &DeValue<'_>) -> String {
    const LONGEST: usize = 60;
    match value {
        DeValue::String(text) if text.chars().count() > LONGEST => {
            let beginning: String = text.chars().take(LONGEST).collect();
            format!("{beginning:?}… ({} characters)", text.chars().count())
        }
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => format!("the number {number}"),
        DeValue::Float(number) => format!("the number {number}"),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(time) => format!("the date or time {time}"),
        DeValue::Array(_) => "an array".into(),
        DeValue::Table(_) => "a table".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::schema::schema;

    fn wrong(text: &str) -> Vec<String> {
        let table = DeTable::parse(text).unwrap().into_inner();
        check(text, &table, &schema()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn everything_is_reported_at_once_in_order() {
        let text = "[[routes]]\npatern = \"/a\"\ntarget = \"lambda\"\naccess = 5\nmethods = \"GET\"\n\
                    [site]\nviewer_request_attached = \"yes\"\nmode = \"Spa\"\n[keys]\ncooldown_seconds = -1\n";
        let expected = [
            "1:1: routes[0].pattern: found nothing, allowed: a string in quotes (this key is required)",
            "2:1: routes[0].patern: found an unknown key, allowed: access, clients, cookies, cors, \
             groups, methods, pattern, regions, scopes, target; did you mean \"pattern\"?",
            "3:10: routes[0].target: found \"lambda\", allowed: \"site\", \"api\"",
            "4:10: routes[0].access: found the number 5, allowed: \"public\", \"authenticated\"",
            "5:11: routes[0].methods: found \"GET\", allowed: an array in brackets, each entry a string in quotes",
            "7:27: site.viewer_request_attached: found \"yes\", allowed: true or false",
            "8:8: site.mode: found \"Spa\", allowed: \"spa\", \"clean-urls\", \"plain\"; did you mean \"spa\"?",
            "10:20: keys.cooldown_seconds: found the number -1, allowed: a whole number from 0 to 4294967295",
        ];
        assert_eq!(wrong(text), expected);
    }

    #[test]
    fn the_two_kinds_of_header_are_told_apart() {
        let one = wrong("[routes]\npattern = \"/a\"\n");
        assert_eq!(
            one,
            [
                "1:1: routes: found a table, allowed: an array of tables, each beginning with [[routes]]"
            ]
        );
        let many = wrong("[[site]]\nmode = \"spa\"\n");
        assert_eq!(many, ["1:1: site: found an array, allowed: a table, [site]"]);
    }

    #[test]
    fn numbers_are_held_to_their_bounds() {
        let with = |number: &str| wrong(&format!("keys.max_bytes = {number}")).len();
        for fine in ["0", "4294967295", "0xffff_ffff", "+5", "0b1"] {
            assert_eq!(with(fine), 0, "{fine}");
        }
        for bad in ["4294967296", "-1", "1.0", "1e3", "inf", "99999999999999999999", "1979-05-27"] {
            assert_eq!(with(bad), 1, "{bad}");
        }
    }

    #[test]
    fn a_number_may_be_negative_where_its_bounds_are() {
        let with = |number: &str| {
            wrong(&format!("[[api.regions]]\nname = \"a\"\nendpoint = \"b\"\nbias_ms = {number}\n"))
        };
        for fine in ["-1", "-2147483648", "2147483647"] {
            assert_eq!(with(fine), [""; 0], "{fine}");
        }
        for bad in ["-2147483649", "2147483648"] {
            let allowed = "a whole number from -2147483648 to 2147483647";
            let expected =
                format!("4:11: api.regions[0].bias_ms: found the number {bad}, allowed: {allowed}");
            assert_eq!(with(bad), [expected]);
        }
    }

    #[test]
    fn long_text_is_cut() {
        let text = format!("site.mode = \"{}\"", "é".repeat(500));
        let [only] = wrong(&text).try_into().unwrap();
        assert!(only.contains("… (500 characters)"), "{only}");
        assert!(only.len() < 300);
    }

    /// A keyword unknown to [`check`] would be a demand that nobody makes.
    #[test]
    fn the_schema_uses_no_keyword_unknown_here() {
        fn walk(schema: &Value) {
            let checked = ["$ref", "type", "properties", "required", "items", "oneOf", "enum"];
            let bounds = ["minimum", "maximum", "const", "additionalProperties"];
            let silent = ["$schema", "$defs", "title", "description", "default"];
            for (keyword, value) in schema.as_object().unwrap() {
                let name = keyword.as_str();
                assert!(
                    checked.contains(&name) || bounds.contains(&name) || silent.contains(&name),
                    "{keyword}: {value}"
                );
                match name {
                    "properties" | "$defs" => value.as_object().unwrap().values().for_each(walk),
                    "oneOf" => value.as_array().unwrap().iter().for_each(walk),
                    "items" => walk(value),
                    "additionalProperties" => assert_eq!(value, false),
                    _ => {}
                }
            }
        }
        walk(&schema());
    }
}
