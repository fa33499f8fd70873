//! The configurations in tests/config, and others made from them at random.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde::Deserialize;
use toml::de::{DeTable, Deserializer};
use toml::{Table, Value};

use super::check::check;
use super::diagnostic::Diagnostic;
use super::{schema, shape};
use crate::config::Config;

const EVERY_KEY: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/config/good/every-key.toml"));

#[test]
fn good_ones_are_accepted() {
    for (path, text) in fixtures("good") {
        let checked = check(&text);
        assert!(checked.is_ok(), "{path:?}: {checked:#?}");
    }
}

#[test]
fn bad_ones_are_refused_exactly_where_they_say() {
    for (path, text) in ["syntax", "shape", "meaning"].into_iter().flat_map(fixtures) {
        let diagnostics = check(&text).expect_err(&path.to_string_lossy());
        let mut told: Vec<_> = diagnostics
            .iter()
            .map(|Diagnostic { line, key, .. }| (*line, if key.is_empty() { "-" } else { key }))
            .map(|(line, key)| (line, key.to_owned()))
            .collect();
        let mut expected = expected(&text);
        told.sort();
        expected.sort();
        assert_eq!(told, expected, "{path:?}: {diagnostics:#?}");
    }
}

#[test]
fn every_key_is_in_the_example_of_every_key() {
    let table: Table = EVERY_KEY.parse().unwrap();
    let schema = schema::schema();
    let mut text = Vec::new();
    names(&Value::Table(table), &mut text);
    let tables = schema["$defs"].as_object().unwrap().values().chain([&schema]);
    for key in tables.filter_map(|table| table["properties"].as_object()).flat_map(|t| t.keys()) {
        assert!(text.contains(key), "{key}");
    }
}

#[test]
fn the_repository_s_own_configuration_is_good() {
    let checked = check(&fs::read_to_string(root().join("nearhop.toml")).unwrap());
    assert!(checked.is_ok(), "{checked:#?}");
}

/// What the file's `#~` and `#~~` comments announce.
fn expected(text: &str) -> Vec<(Option<u32>, String)> {
    let mut expected = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let Some((_, keys)) = line.split_once("#~") else { continue };
        let (line, keys) = match keys.strip_prefix('~') {
            Some(keys) => (None, keys),
            None => (Some(number), keys),
        };
        // A quoted key may hold a space.
        let keys = keys.replace("rate limit", "rate\u{a0}limit");
        let keys = keys.split(' ').filter(|key| !key.is_empty());
        expected.extend(keys.map(|key| (line, key.replace('\u{a0}', " "))));
    }
    assert!(!expected.is_empty(), "no expectation in {text}");
    expected
}

fn fixtures(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = root().join("tests/config").join(folder);
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn names(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                into.push(key.clone());
                names(value, into);
            }
        }
        Value::Array(array) => array.iter().for_each(|value| names(value, into)),
        _ => {}
    }
}

/// Changes what the `nth` value in the tree is (counted depth first), or takes its key away.
fn mutate(value: &mut Value, nth: &mut usize, change: &Option<Value>) -> bool {
    let children: Vec<&mut Value> = match value {
        Value::Table(table) => {
            for key in table.keys().cloned().collect::<Vec<_>>() {
                if *nth == 0 {
                    match change {
                        Some(new) => drop(table.insert(key, new.clone())),
                        None => drop(table.remove(&key)),
                    }
                    return true;
                }
                *nth -= 1;
            }
            table.iter_mut().map(|(_, value)| value).collect()
        }
        Value::Array(array) => array.iter_mut().collect(),
        _ => return false,
    };
    children.into_iter().any(|child| mutate(child, nth, change))
}

fn replacement() -> impl Strategy<Value = Option<Value>> {
    let text = prop_oneof![
        Just("spa"),
        Just("site"),
        Just("api"),
        Just("access"),
        Just("public"),
        Just("answer"),
        Just("cookie"),
        Just("none"),
        Just("")
    ];
    let leaf = prop_oneof![
        text.prop_map(|text| Value::String(text.into())),
        any::<i64>().prop_map(Value::Integer),
        (0..5000_i64).prop_map(Value::Integer),
        any::<bool>().prop_map(Value::Boolean),
        any::<f64>().prop_map(Value::Float),
    ];
    let some = leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::btree_map("[a-z]{1,3}", inner, 0..3)
                .prop_map(|map| Value::Table(map.into_iter().collect())),
        ]
    });
    prop::option::of(some)
}

proptest! {
    /// What the schema's check lets pass serde accepts, and what it refuses serde refuses, but for
    /// two spellings that only serde would take: a struct as an array of its fields, and a variant
    /// as a table.
    #[test]
    fn schema_and_serde_are_of_one_mind(
        changes in prop::collection::vec((0..100_usize, replacement()), 1..3),
    ) {
        let mut tree = Value::Table(EVERY_KEY.parse().unwrap());
        for (mut nth, change) in changes {
            mutate(&mut tree, &mut nth, &change);
        }
        let text = toml::to_string(&tree).unwrap();
        let table = DeTable::parse(&text).unwrap();
        let by_schema = shape::check(&text, table.get_ref(), &schema::schema());
        let by_serde = Config::deserialize(Deserializer::from(table));
        if by_schema.is_empty() {
            prop_assert!(by_serde.is_ok(), "{:?}", by_serde);
        } else {
            let positional =
                |diagnostic: &Diagnostic| ["an array", "a table"].contains(&&*diagnostic.found);
            prop_assert!(by_serde.is_err() || by_schema.iter().all(positional), "{:?}", by_schema);
        }
    }

    /// No text, however broken, leads anywhere but to a report or to diagnostics with a place in
    /// the file.
    #[test]
    fn any_text_is_answered(
        cuts in prop::collection::vec((0..2_000_usize, "\\PC{0,3}|[\\[\\]{}\"'=.#\n\t\u{0}]{1,2}"), 0..4),
        from in 0..2_000_usize,
    ) {
        let mut text: Vec<char> = EVERY_KEY.chars().skip(from).collect();
        for (at, insert) in cuts {
            let at = at.min(text.len());
            let end = (at + insert.len()).min(text.len());
            text.splice(at..end, insert.chars());
        }
        let text: String = text.into_iter().collect();
        if let Err(diagnostics) = check(&text) {
            prop_assert!(!diagnostics.is_empty());
            for diagnostic in diagnostics {
                let lines = text.split('\n').count();
                prop_assert!(diagnostic.line.is_none_or(|line| line as usize <= lines && line > 0));
                prop_assert!(!diagnostic.found.is_empty() && !diagnostic.allowed.is_empty());
            }
        }
    }
}
