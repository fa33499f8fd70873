//! Header fields as an event carries them.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Header fields in the event's order, each value by itself: CloudFront never joins them, except
/// several `Cookie` fields, which arrive as one (rule E3).
#[derive(Clone, Debug, Default)]
pub struct Headers<'a> {
    pub(crate) fields: Vec<(&'a str, &'a str)>,
}

impl<'a> Headers<'a> {
    /// The first value of a field.
    pub fn get(&self, name: &HeaderName) -> Option<&'a str> {
        self.get_all(name).next()
    }

    /// Every value of a field.
    pub fn get_all<'s>(&'s self, name: &'s HeaderName) -> Values<'s, 'a> {
        Values { fields: self.fields.iter(), name: name.as_str() }
    }

    /// Whether the field is there, if only with an empty value.
    pub fn contains(&self, name: &HeaderName) -> bool {
        self.get(name).is_some()
    }

    /// Names and values. A name is spelled as the event's key spells it: lower case (rule E3).
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> + '_ {
        self.fields.iter().copied()
    }

    /// The same as the `http` crate's map. Fields that are not valid HTTP are left out, and those
    /// past what a map can hold (24,576; CloudFront allows far fewer, rule W9).
    pub fn to_map(&self) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in self.iter() {
            let name = HeaderName::from_bytes(name.as_bytes());
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
                let _ = map.try_append(name, value);
            }
        }
        map
    }
}

/// The values of one field, in the event's order.
#[derive(Clone, Debug)]
pub struct Values<'s, 'a> {
    fields: std::slice::Iter<'s, (&'a str, &'a str)>,
    name: &'s str,
}

impl<'a> Iterator for Values<'_, 'a> {
    type Item = &'a str;

    /// Out of line: policies look for many fields, and in WebAssembly each would have its own copy.
    #[inline(never)]
    fn next(&mut self) -> Option<&'a str> {
        self.fields.find(|(name, _)| *name == self.name).map(|(_, value)| *value)
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Headers<'a> {
    /// Names and values as an event would carry them: names in lower case (rule E3).
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(fields: I) -> Self {
        Self { fields: fields.into_iter().collect() }
    }
}
