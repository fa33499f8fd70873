//! JSON objects in the form that issuers write, read quickly: no white space, no escape, and no value
//! but texts, lists of texts, whole numbers, `true` and `false`.

use memchr::memchr;

use super::json::Text;

/// A reader of such an object. It answers `None` to everything in another form, JSON or not, of which
/// it can say nothing: that is for `serde_json`, which reads the same from an object of this form.
pub(super) struct Plain<'j> {
    json: &'j str,
    /// Up to where it has been read.
    at: usize,
}

impl<'j> Plain<'j> {
    /// Before the first member's name.
    pub fn of(json: &'j str) -> Option<Self> {
        let mut plain = Self { json, at: 0 };
        plain.skip(b'{')?;
        (!has_escapes(json.as_bytes())).then_some(plain)
    }

    /// A member's name, and the colon after it.
    pub fn name(&mut self) -> Option<&'j str> {
        let name = self.text()?;
        self.skip(b':')?;
        Some(name)
    }

    /// After a member's value: whether another one follows. If none does, nothing at all does.
    pub fn goes_on(&mut self) -> Option<bool> {
        match self.json.as_bytes()[self.at..] {
            [b',', ..] => {
                self.at += 1;
                Some(true)
            }
            [b'}'] => Some(false),
            _ => None,
        }
    }

    pub fn text(&mut self) -> Option<&'j str> {
        self.skip(b'"')?;
        let rest = &self.json[self.at..];
        let end = memchr(b'"', rest.as_bytes())?;
        self.at += end + 1;
        Some(&rest[..end])
    }

    /// A list, not an empty one.
    pub fn texts(&mut self) -> Option<Vec<Text<'j>>> {
        self.skip(b'[')?;
        let mut texts = vec![Text::of(self.text()?)];
        while self.skip(b',').is_some() {
            texts.push(Text::of(self.text()?));
        }
        self.skip(b']')?;
        Some(texts)
    }

    /// Below 10^15. What comes after its digits shows whether it is whole.
    pub fn number(&mut self) -> Option<u64> {
        let start = self.at;
        let mut number = 0;
        while let Some(digit @ b'0'..=b'9') = self.next() {
            number = number * 10 + u64::from(digit - b'0');
            self.at += 1;
            if self.at - start > 15 {
                return None;
            }
        }
        let digits = &self.json.as_bytes()[start..self.at];
        // No digits, or a zero before others, are no number (RFC 8259, section 6).
        (!digits.is_empty() && !matches!(digits, [b'0', _, ..])).then_some(number)
    }

    /// Whatever the next value is.
    pub fn value(&mut self) -> Option<()> {
        match self.next()? {
            b'"' => self.text().map(drop),
            b'[' => self.texts().map(drop),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            _ => self.number().map(drop),
        }
    }

    pub fn next(&self) -> Option<u8> {
        self.json.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then(|| self.at += 1)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.json[self.at..].starts_with(word).then(|| self.at += word.len())
    }
}

/// Whether anything in a JSON text is an escape, or ought to be one (RFC 8259, section 7): where
/// nothing is, a string ends at the next quotation mark. Sixteen bytes are looked at together.
fn has_escapes(json: &[u8]) -> bool {
    let escapes = |byte: u8| if byte < b' ' || byte == b'\\' { u8::MAX } else { 0 };
    let (blocks, rest) = json.as_chunks::<16>();
    let mut found = [0; 16];
    for block in blocks {
        for (found, byte) in found.iter_mut().zip(block) {
            *found |= escapes(*byte);
        }
    }
    u128::from_le_bytes(found) != 0 || rest.iter().any(|byte| escapes(*byte) != 0)
}
