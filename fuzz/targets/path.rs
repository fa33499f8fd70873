//! Any text as a path: refused, or canonical once and for all.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nearhop::path::CanonicalPath;
use percent_encoding::percent_decode_str;

fuzz_target!(|uri: &str| {
    let path = match CanonicalPath::parse(uri) {
        Ok(path) => path,
        Err(fault) => {
            assert!(!is_ordinary(uri), "{fault}");
            return;
        }
    };
    let (encoded, decoded) = (path.encoded(), path.decoded());
    assert!(encoded.starts_with('/') && encoded.len() <= 8_192);
    assert!(encoded.bytes().all(|byte| byte.is_ascii_graphic()));
    assert_eq!(CanonicalPath::parse(encoded).as_ref().map(CanonicalPath::encoded), Ok(encoded));
    // Whoever decodes it once, before or after, reads what the policy read.
    assert_eq!(decode(uri), decoded);
    assert_eq!(decode(encoded), decoded);
    // And whoever decodes it twice.
    assert_eq!(decode(decoded), decoded);
    assert!(!decoded.contains(|c: char| c.is_ascii_control() || c == '\\' || c == ';'));
    let segments: Vec<&str> = decoded[1..].split('/').collect();
    assert!(!segments.iter().any(|segment| [".", ".."].contains(segment)));
    assert!(!segments[..segments.len() - 1].contains(&""));
});

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8().expect("UTF-8").into_owned()
}

/// Letters and digits between single slashes: what nobody may refuse.
fn is_ordinary(uri: &str) -> bool {
    let mut segments = uri.split('/');
    let is_word = |segment: &str| {
        !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    (2..=8_192).contains(&uri.len()) && segments.next() == Some("") && segments.all(is_word)
}
