//! Where a visitor comes back to: always a path here.

use cloudfront_worker::Request;

use super::PREFIX;
use crate::path::CanonicalPath;

/// The longest one kept: it travels in a cookie, sealed.
const MOST_BYTES: usize = 2_000;

/// The URL of a request, as it was asked for.
pub(super) fn of_request(request: &Request<'_>) -> String {
    let whole = match request.querystring {
        "" => request.uri.to_owned(),
        query => [request.uri, "?", query].concat(),
    };
    // Better the page without its query than none.
    checked(&whole).or_else(|| checked(request.uri)).unwrap_or("/").to_owned()
}

/// What somebody asks to come back to; `/` where that is not a path here.
pub(super) fn of_parameter(asked: &str) -> &str {
    checked(asked).unwrap_or("/")
}

/// A path, and a query and a fragment if it has them. Anything that a browser could read as another
/// host, and any character that a header could not carry, is refused: `//evil`, `/\evil`, CR, LF.
fn checked(target: &str) -> Option<&str> {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let stays = CanonicalPath::parse(path).is_ok_and(|path| !path.decoded().starts_with(PREFIX));
    let is_plain = target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    (stays && is_plain && target.len() <= MOST_BYTES).then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_comes_back_here_or_to_the_start() {
        for path in
            ["/", "/notes", "/notes/1?a=b&c=%2F#top", "/caf%C3%A9", "/a?next=https://b.example"]
        {
            assert_eq!(of_parameter(path), path);
        }
        for path in [
            "",
            "notes",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/%5cevil.example",
            "/%2fevil.example",
            "/.//evil.example",
            "https://evil.example",
            "https:evil.example",
            "http:/evil.example",
            "javascript:alert(1)",
            "@evil.example",
            "/\r\nset-cookie: a=b",
            "/a\tb",
            "/ a",
            "/a?b c",
            "/a?b\n",
            "/é",
            "/a?é",
            "/a?\\\\evil.example",
            "/_nearhop/sign-out",
            "/%5fnearhop/sign-in",
        ] {
            assert_eq!(of_parameter(path), "/", "{path:?}");
        }
        assert_eq!(of_parameter(&format!("/{}", "a".repeat(2_000))), "/");
    }
}
