//! JSON objects written member by member (RFC 8259): for log lines and refusals, of which nearly every
//! request has one. They are byte for byte what `serde_json` would write.

/// An object being written.
pub(crate) struct Object(String);

impl Object {
    pub fn new() -> Self {
        let mut json = String::with_capacity(512);
        json.push('{');
        Self(json)
    }

    /// A member that is text, whatever it holds.
    #[inline(never)]
    pub fn text(mut self, name: &'static str, value: &str) -> Self {
        self.begin(name);
        push_text(&mut self.0, value);
        self
    }

    /// A member that is text of which it is known that nothing in it needs an escape: one of our own
    /// words, a Region's name.
    #[inline(never)]
    pub fn word(mut self, name: &'static str, value: &str) -> Self {
        self.begin(name);
        push_word(&mut self.0, value);
        self
    }

    /// A member that is a list of such texts.
    pub fn words<'v>(
        mut self,
        name: &'static str,
        values: impl IntoIterator<Item = &'v str>,
    ) -> Self {
        self.begin(name);
        let mut before = '[';
        for value in values {
            self.0.push(before);
            push_word(&mut self.0, value);
            before = ',';
        }
        self.0.push_str(if before == '[' { "[]" } else { "]" });
        self
    }

    /// A member whose value is JSON already: a number, `null`.
    #[inline(never)]
    pub fn json(mut self, name: &'static str, value: &str) -> Self {
        self.begin(name);
        self.0.push_str(value);
        self
    }

    /// The whole object.
    pub fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }

    /// Names are ours: nothing in them needs an escape.
    fn begin(&mut self, name: &'static str) {
        self.0.push_str(if self.0.len() == 1 { "\"" } else { ",\"" });
        self.0.push_str(name);
        self.0.push_str("\":");
    }
}

/// A string (RFC 8259, section 7). What needs escapes is rare, and left to `serde_json`.
#[inline(never)]
fn push_text(json: &mut String, text: &str) {
    if needs_escapes(text) {
        json.push_str(&serde_json::to_string(text).unwrap_or_default());
    } else {
        push_word(json, text);
    }
}

#[inline(never)]
fn push_word(json: &mut String, word: &str) {
    debug_assert!(!needs_escapes(word), "{word}");
    json.push('"');
    json.push_str(word);
    json.push('"');
}

fn needs_escapes(text: &str) -> bool {
    // To the end, whatever is found: sixteen bytes at a time.
    text.bytes().fold(false, |found, byte| found | (byte < b' ') | (byte == b'"') | (byte == b'\\'))
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
