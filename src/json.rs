//! JSON objects written member by member (RFC 8259): for log lines and refusals, of which nearly every
//! request has one. They are byte for byte what `serde_json` would write.

use crate::sixteen::is_flawless;

/// An object being written.
pub(crate) struct Object(String);

impl Object {
    pub fn new() -> Self {
        // Room for most. The allocator is slower where more is asked for than 245 bytes.
        let mut json = String::with_capacity(240);
        json.push('{');
        Self(json)
    }

    /// A member that is text, whatever it holds.
    #[inline(never)]
    pub fn text(self, name: &'static str, value: &str) -> Self {
        if needs_escapes(value) {
            // What does is rare, and left to `serde_json`.
            return self.json(name, &serde_json::to_string(value).unwrap_or_default());
        }
        self.word(name, value)
    }

    /// A member that is text of which it is known that nothing in it needs an escape: one of our own
    /// words, a Region's name.
    #[inline(never)]
    pub fn word(mut self, name: &'static str, value: &str) -> Self {
        debug_assert!(!needs_escapes(value), "{value}");
        self.begin(name);
        self.0.push_str("\":\"");
        self.0.push_str(value);
        self.0.push_str("\",");
        self
    }

    /// A member that is a list of such texts.
    pub fn words<'v>(
        mut self,
        name: &'static str,
        values: impl IntoIterator<Item = &'v str>,
    ) -> Self {
        self.begin(name);
        self.0.push_str("\":[");
        for value in values {
            debug_assert!(!needs_escapes(value), "{value}");
            self.0.push('"');
            self.0.push_str(value);
            self.0.push_str("\",");
        }
        self.end_list(']');
        self.0.push(',');
        self
    }

    /// A member whose value is JSON already: a number, `null`.
    #[inline(never)]
    pub fn json(mut self, name: &'static str, value: &str) -> Self {
        self.begin(name);
        self.0.push_str("\":");
        self.0.push_str(value);
        self.0.push(',');
        self
    }

    /// The whole object.
    pub fn end(mut self) -> String {
        self.end_list('}');
        self.0
    }

    /// Names are ours: nothing in them needs an escape.
    fn begin(&mut self, name: &'static str) {
        self.0.push('"');
        self.0.push_str(name);
    }

    /// Puts a bracket in the place of the comma behind the last of them, if there is one.
    fn end_list(&mut self, bracket: char) {
        if self.0.ends_with(',') {
            self.0.pop();
        }
        self.0.push(bracket);
    }
}

/// RFC 8259, section 7.
fn needs_escapes(text: &str) -> bool {
    !is_flawless(text.as_bytes(), text.as_bytes(), |byte, _| {
        u8::from(byte < b' ') | u8::from(byte == b'"') | u8::from(byte == b'\\')
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_what_serde_json_writes(
            a in any::<String>(),
            b in "[ -~]{0,8}",
            list in prop::collection::vec("[!#-Z]{0,20}", 0..4),
        ) {
            #[derive(serde::Serialize)]
            struct Expected<'e> {
                a: &'e str,
                list: &'e [String],
                word: &'e str,
                none: Option<u8>,
                number: u16,
                b: &'e str,
            }
            let written = Object::new()
                .text("a", &a)
                .words("list", list.iter().map(String::as_str))
                .word("word", "rtt")
                .json("none", "null")
                .json("number", "401")
                .text("b", &b)
                .end();
            let expected =
                Expected { a: &a, list: &list, word: "rtt", none: None, number: 401, b: &b };
            prop_assert_eq!(written, serde_json::to_string(&expected).unwrap());
        }
    }
}
