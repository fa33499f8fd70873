//! The JSON Schema of `nearhop.toml`, for editors and for [`parse`](super::parse).

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::Value;

use crate::config::Config;

/// The JSON Schema (draft 2020-12) of `nearhop.toml`, derived from [`Config`] with its doc
/// comments as descriptions.
pub fn schema() -> Value {
    let mut schema =
        SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Config>();
    RecursiveTransform(|schema: &mut Schema| {
        without_null(schema);
        bound_integers(schema);
        unwrap_description(schema);
    })
    .transform(&mut schema);
    schema.insert("title".into(), "nearhop.toml".into());
    schema.into()
}

/// [`schema`] as the text of `nearhop.schema.json`.
pub fn schema_text() -> String {
    format!("{:#}\n", schema())
}

/// TOML has no null: an optional key is left out.
fn without_null(schema: &mut Schema) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(any_of)) = schema.get_mut("anyOf") {
        any_of.retain(|option| option["type"] != "null");
        if let [Value::Object(only)] = any_of.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            for (keyword, value) in only {
                schema.insert(keyword, value);
            }
        }
    }
    match schema.get_mut("default") {
        Some(Value::Null) => {
            schema.remove("default");
        }
        Some(Value::Object(default)) => default.retain(|_, value| !value.is_null()),
        _ => {}
    }
}

/// `format: uint32` and its like are schemars' own words; the bounds they stand for are everyone's.
fn bound_integers(schema: &mut Schema) {
    let (least, most) = match schema.get("format").and_then(Value::as_str) {
        Some("uint32") => (0, i64::from(u32::MAX)),
        Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => return,
    };
    schema.remove("format");
    schema.insert("minimum".into(), least.into());
    schema.insert("maximum".into(), most.into());
}

/// Doc comments are wrapped at the source's width; a description is wrapped by whoever shows it.
fn unwrap_description(schema: &mut Schema) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        let paragraphs = text.split("\n\n").map(|paragraph| paragraph.replace('\n', " "));
        *text = paragraphs.collect::<Vec<_>>().join("\n\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_schema_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/nearhop.schema.json");
        if std::env::var_os("NEARHOP_WRITE_SCHEMA").is_some() {
            std::fs::write(path, schema_text()).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap();
        assert!(
            committed == schema_text(),
            "nearhop.schema.json is out of date: run NEARHOP_WRITE_SCHEMA=1 cargo test --features tools schema"
        );
    }

    #[test]
    fn every_key_is_described() {
        let schema = schema();
        let mut checked = 0;
        let tables = schema["$defs"].as_object().unwrap().values().chain([&schema]);
        for (key, property) in tables.filter_map(|table| table["properties"].as_object()).flatten()
        {
            assert!(property["description"].as_str().is_some_and(|text| text.len() > 10), "{key}");
            checked += 1;
        }
        assert!(checked > 40, "only {checked} keys");
    }

    #[test]
    fn nothing_is_nullable_and_nothing_unbounded() {
        let text = schema_text();
        assert!(!text.contains("\"null\"") && !text.contains(": null"), "{text}");
        assert!(!text.contains("\"format\""), "{text}");
        for bound in ["\"minimum\"", "\"maximum\""] {
            assert_eq!(text.matches("\"integer\"").count(), text.matches(bound).count(), "{bound}");
        }
    }
}
