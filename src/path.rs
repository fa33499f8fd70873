//! The one form of a path that policy and origin both see.

use std::borrow::Cow;
use std::fmt;

use crate::sixteen::is_flawless;

/// A request's path in canonical form.
///
/// Two servers that read a path differently are how access rules are walked around, so a path that
/// could be read in two ways is refused, not repaired: empty and dot segments, encoded slashes,
/// backslashes, path parameters (`;x`), encoded `?` and `#`, double encoding, a space at the end,
/// octets that are not UTF-8. What is left is
/// brought to one spelling (RFC 3986, section 6.2.2): unreserved characters decoded, hexadecimal
/// digits upper case.
///
/// ```
/// use nearhop::path::CanonicalPath;
///
/// let path = CanonicalPath::parse("/%61pi/caf%c3%a9").unwrap();
/// assert_eq!(path.encoded(), "/api/caf%C3%A9");
/// assert_eq!(path.decoded(), "/api/café");
/// assert!(CanonicalPath::parse("/site/%2e%2e/api").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalPath<'a> {
    encoded: Cow<'a, str>,
    decoded: Option<String>,
}

/// Why a path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathFault {
    /// It does not begin with `/`.
    NotAbsolute,
    /// It is longer than the 8,192 characters of rule W9.
    TooLong,
    /// It has an empty segment: `//`.
    EmptySegment,
    /// It has a segment `.` or `..`, encoded or not.
    DotSegment,
    /// A slash or backslash stands in it encoded, or a backslash as it is.
    Separator,
    /// It has path parameters: `;`, encoded or not.
    Parameter,
    /// It has a control character, `#` or `?`, encoded or not; a space or a character outside ASCII as
    /// it is; or an encoded space at its end.
    Character,
    /// A `%` is not followed by two hexadecimal digits.
    Escape,
    /// It is encoded twice: decoded once, it has a `%` followed by two hexadecimal digits.
    DoubleEncoding,
    /// Its encoded octets are not UTF-8.
    Utf8,
}

impl<'a> CanonicalPath<'a> {
    /// Reads the path of an event (`request.uri`).
    pub fn parse(uri: &'a str) -> Result<Self, PathFault> {
        if !uri.starts_with('/') {
            return Err(PathFault::NotAbsolute);
        }
        if uri.len() > 8_192 {
            return Err(PathFault::TooLong);
        }
        if is_plain(uri) {
            return Ok(Self { encoded: Cow::Borrowed(uri), decoded: None });
        }
        let (encoded, decoded) = normalize(uri)?;
        check_segments(&decoded)?;
        Ok(Self { encoded: Cow::Owned(encoded), decoded: Some(decoded) })
    }

    /// The path as the origin gets it.
    pub fn encoded(&self) -> &str {
        &self.encoded
    }

    /// The path as patterns match it.
    pub fn decoded(&self) -> &str {
        self.decoded.as_deref().unwrap_or(&self.encoded)
    }

    /// Whether the last segment has a file extension: `/app.js`, but not `/v1.2/users` or
    /// `/.well-known`.
    pub fn has_extension(&self) -> bool {
        let (_, name) = split_name(self.decoded());
        has_extension(name)
    }
}

/// A path's folder with its last slash, and the file's name behind it.
pub(crate) fn split_name(path: &str) -> (&str, &str) {
    path.split_at(last(b'/', path).map_or(0, |slash| slash + 1))
}

/// Whether a file's name has an extension.
pub(crate) fn has_extension(name: &str) -> bool {
    last(b'.', name).is_some_and(|dot| dot > 0 && dot + 1 < name.len())
}

/// Byte by byte: names are short, and `rfind` is made for long texts.
fn last(wanted: u8, text: &str) -> Option<usize> {
    text.bytes().rposition(|byte| byte == wanted)
}

/// Whether a path is canonical as it is, as nearly all are: no escape, no empty segment, none that
/// begins with a dot, no character that would be refused. Of other paths it says nothing.
fn is_plain(uri: &str) -> bool {
    let bytes = uri.as_bytes();
    // The first is a slash (`parse`). Each of the others is seen with the one before it.
    is_flawless(&bytes[..bytes.len() - 1], &bytes[1..], |before, byte| {
        let is_refused = u8::from(byte <= b' ')
            | u8::from(byte >= 0x7f)
            | u8::from(byte == b'%')
            | u8::from(byte == b'\\')
            | u8::from(byte == b';')
            | u8::from(byte == b'#')
            | u8::from(byte == b'?');
        let begins_so = u8::from(byte == b'/') | u8::from(byte == b'.');
        is_refused | (u8::from(before == b'/') & begins_so)
    })
}

fn check_literal(byte: u8) -> Result<(), PathFault> {
    match byte {
        b'\\' => Err(PathFault::Separator),
        b';' => Err(PathFault::Parameter),
        0..=b' ' | b'#' | b'?' | 0x7f.. => Err(PathFault::Character),
        _ => Ok(()),
    }
}

fn check_segments(decoded: &str) -> Result<(), PathFault> {
    // Whoever parses the decoded path as a URL takes it off.
    if decoded.ends_with(' ') {
        return Err(PathFault::Character);
    }
    let mut segments = decoded.as_bytes()[1..].split(|byte| *byte == b'/').peekable();
    while let Some(segment) = segments.next() {
        match segment {
            b"" if segments.peek().is_some() => return Err(PathFault::EmptySegment),
            b"." | b".." => return Err(PathFault::DotSegment),
            _ => {}
        }
    }
    Ok(())
}

/// The encoded and the decoded form of a path with escapes.
fn normalize(uri: &str) -> Result<(String, String), PathFault> {
    let mut encoded = String::with_capacity(uri.len());
    let mut decoded = Vec::with_capacity(uri.len());
    let mut rest = uri.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'%' {
            check_literal(byte)?;
            encoded.push(char::from(byte));
            decoded.push(byte);
            continue;
        }
        let octet = escaped(rest).ok_or(PathFault::Escape)?;
        rest = &rest[2..];
        match octet {
            b'/' | b'\\' => return Err(PathFault::Separator),
            b';' => return Err(PathFault::Parameter),
            // An API that is handed the decoded path, and parses that as a URL, would end it there.
            0..=0x1f | b'?' | b'#' | 0x7f => return Err(PathFault::Character),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(octet));
            }
            _ => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                encoded.push('%');
                encoded.push(char::from(HEX[usize::from(octet >> 4)]));
                encoded.push(char::from(HEX[usize::from(octet & 15)]));
            }
        }
        decoded.push(octet);
    }
    // The two digits may have been encoded themselves: `%25%32%66` is `%2f`, too.
    if decoded.windows(3).any(|octets| octets[0] == b'%' && escaped(&octets[1..]).is_some()) {
        return Err(PathFault::DoubleEncoding);
    }
    // Refuses overlong forms too: `%c0%af` is no slash.
    let decoded = String::from_utf8(decoded).map_err(|_| PathFault::Utf8)?;
    Ok((encoded, decoded))
}

fn escaped(digits: &[u8]) -> Option<u8> {
    let hex = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    Some(hex(*digits.first()?)? << 4 | hex(*digits.get(1)?)?)
}

impl PathFault {
    /// What is wrong, in words.
    pub(crate) fn text(self) -> &'static str {
        match self {
            PathFault::NotAbsolute => "the path does not begin with /",
            PathFault::TooLong => "the path is longer than 8,192 characters",
            PathFault::EmptySegment => "the path has an empty segment (//)",
            PathFault::DotSegment => "the path has a dot segment (. or ..)",
            PathFault::Separator => "the path has a backslash or an encoded slash",
            PathFault::Parameter => "the path has a semicolon",
            PathFault::Character => "the path has a character that must be percent-encoded",
            PathFault::Escape => "the path has a % without two hexadecimal digits",
            PathFault::DoubleEncoding => "the path is percent-encoded twice",
            PathFault::Utf8 => "the path's encoded octets are not UTF-8",
        }
    }
}

impl fmt::Display for PathFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Cases: path-tricks/double-slash, path-tricks/dot-segment, path-tricks/dot-dot.
    /// Cases: path-tricks/encoded-dot-dot, path-tricks/encoded-slash, path-tricks/encoded-backslash.
    /// Cases: path-tricks/backslash, path-tricks/parameter, path-tricks/nul, path-tricks/overlong.
    /// Cases: path-tricks/control-character, path-tricks/double-encoding, path-tricks/bad-escape.
    /// Cases: path-tricks/not-a-path, path-tricks/8192-bytes.
    #[test]
    fn each_trick_is_refused_by_name() {
        use PathFault::*;
        for (uri, fault) in [
            ("", NotAbsolute),
            ("api/x", NotAbsolute),
            ("https://evil.example/", NotAbsolute),
            ("//api", EmptySegment),
            ("/api//x", EmptySegment),
            ("/./api", DotSegment),
            ("/api/..", DotSegment),
            ("/a/%2e%2e/api", DotSegment),
            ("/a/%2E./api", DotSegment),
            ("/a%2fapi", Separator),
            ("/a%5capi", Separator),
            ("/a\\api", Separator),
            ("/api;x/y", Parameter),
            ("/api%3bx", Parameter),
            ("/api%00", Character),
            ("/api%0d%0a", Character),
            ("/api x", Character),
            ("/api#x", Character),
            ("/café", Character),
            ("/api%", Escape),
            ("/api%4", Escape),
            ("/api%zz", Escape),
            ("/%252e%252e/api", DoubleEncoding),
            ("/%2561pi", DoubleEncoding),
            ("/%25%36%31pi", DoubleEncoding),
            ("/%256%31pi", DoubleEncoding),
            ("/%25%32%66api", DoubleEncoding),
            ("/%c0%af", Utf8),
            ("/%c0%ae%c0%ae/api", Utf8),
            ("/%ff", Utf8),
        ] {
            assert_eq!(CanonicalPath::parse(uri), Err(fault), "{uri}");
        }
        let long = format!("/{}", "a".repeat(8_192));
        assert_eq!(CanonicalPath::parse(&long), Err(TooLong));
    }

    /// Cases: path-tricks/one-path, path-tricks/case, path-tricks/trailing-dot.
    #[test]
    fn one_spelling_is_left() {
        for (uri, encoded, decoded) in [
            ("/", "/", "/"),
            ("/api/", "/api/", "/api/"),
            ("/%61%70%69", "/api", "/api"),
            ("/API", "/API", "/API"),
            ("/api.", "/api.", "/api."),
            ("/a%20b", "/a%20b", "/a b"),
            ("/a%2bb", "/a%2Bb", "/a+b"),
            ("/a+b", "/a+b", "/a+b"),
            ("/100%25", "/100%25", "/100%"),
            ("/%e2%82%ac", "/%E2%82%AC", "/€"),
        ] {
            let path = CanonicalPath::parse(uri).unwrap();
            assert_eq!((path.encoded(), path.decoded()), (encoded, decoded), "{uri}");
        }
        assert!(CanonicalPath::parse(&format!("/{}", "a".repeat(8_191))).is_ok());
    }

    #[test]
    fn a_file_has_an_extension() {
        for (uri, has) in [
            ("/app.js", true),
            ("/", false),
            ("/v1.2/users", false),
            ("/.env", false),
            ("/a.", false),
        ] {
            assert_eq!(CanonicalPath::parse(uri).unwrap().has_extension(), has, "{uri}");
        }
    }

    #[test]
    fn what_is_not_plain_is_found_wherever_it_stands() {
        for length in 1..40 {
            let plain = format!("/{}", "a".repeat(length));
            assert!(is_plain(&plain), "{plain}");
            for at in 1..=length {
                for odd in ["%41", "\\", ";", "#", "?", " ", "\u{1f}", "\u{7f}", "é", "//", "/."] {
                    let uri = format!("{}{odd}{}", &plain[..at], &plain[at..]);
                    assert!(!is_plain(&uri), "{uri}");
                }
                let uri = format!("{}/{}", &plain[..at], &plain[at..]);
                assert_eq!(is_plain(&uri), at > 1, "{uri}");
                let uri = format!("{}.{}", &plain[..at], &plain[at..]);
                assert_eq!(is_plain(&uri), at > 1, "{uri}");
            }
        }
    }

    proptest! {
        /// Cases: path-tricks/one-path.
        #[test]
        fn any_text_is_refused_or_canonical_once_and_for_all(uri in "/(%[0-9a-f]{2}|[ -~é/.]){0,24}") {
            if let Ok(path) = CanonicalPath::parse(&uri) {
                let again = CanonicalPath::parse(path.encoded()).unwrap();
                prop_assert_eq!(again.encoded(), path.encoded());
                prop_assert_eq!(again.decoded(), path.decoded());
                prop_assert!(!path.decoded().contains("//") && !path.decoded().contains("/../"));
            }
        }
    }
}
