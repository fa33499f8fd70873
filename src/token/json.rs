//! JSON as a token's header and payload have it, read strictly (RFC 8259; RFC 8725, section 2.4).

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use simdutf8::basic::from_utf8;

use super::TokenFault;

/// Text as it stands in the JSON, or a copy where something in it is escaped. A `Cow` that is not the
/// very type of a field is always a copy.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(transparent)]
pub(super) struct Text<'j>(#[serde(borrow)] pub Cow<'j, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'j> Text<'j> {
    pub fn of(text: &'j str) -> Self {
        Self(text.into())
    }
}

/// Every claim of a payload, each once.
pub(super) fn members(payload: &[u8]) -> Result<Map<String, Value>, TokenFault> {
    struct Members(Map<String, Value>);
    struct Each;

    impl<'de> Deserialize<'de> for Members {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(Each).map(Members)
        }
    }

    impl<'de> Visitor<'de> for Each {
        type Value = Map<String, Value>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Map::new();
            while let Some((name, value)) = map.next_entry()? {
                if members.insert(name, value).is_some() {
                    return Err(A::Error::custom("a claim appears twice"));
                }
            }
            Ok(members)
        }
    }

    parse_object(payload).map(|Members(members)| members)
}

/// A claim the configuration names: text, once. One that is there in another form is not taken for
/// absent, since its absence may permit more.
pub(super) fn text_claim(payload: &[u8], name: Option<&str>) -> Result<Option<String>, TokenFault> {
    struct Named<'n>(&'n str);

    impl<'de> Visitor<'de> for Named<'_> {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = None;
            while let Some(key) = map.next_key::<Text<'de>>()? {
                if *key != *self.0 {
                    map.next_value::<IgnoredAny>()?;
                } else if found.replace(map.next_value()?).is_some() {
                    return Err(A::Error::custom("the claim appears twice"));
                }
            }
            Ok(found)
        }
    }

    let Some(name) = name else { return Ok(None) };
    serde_json::Deserializer::from_slice(payload)
        .deserialize_map(Named(name))
        .map_err(|_| TokenFault::Malformed)
}

/// A member that may be absent, but not null: readers differ on whether null is a value.
pub(super) fn present<'j, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'j>,
    D: Deserializer<'j>,
{
    T::deserialize(deserializer).map(Some)
}

/// A JSON object in UTF-8 and nothing after it. An array would pass for the members in order.
pub(super) fn parse_object<'j, T: Deserialize<'j>>(json: &'j [u8]) -> Result<T, TokenFault> {
    parse_text(from_utf8(json).map_err(|_| TokenFault::Malformed)?)
}

/// The same of text.
pub(super) fn parse_text<'j, T: Deserialize<'j>>(text: &'j str) -> Result<T, TokenFault> {
    if !text.trim_start().starts_with('{') {
        return Err(TokenFault::Malformed);
    }
    serde_json::from_str(text).map_err(|_| TokenFault::Malformed)
}
