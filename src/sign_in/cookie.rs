//! Cookies as sign-in reads and writes them (RFC 6265bis).

use cloudfront_worker::Request;

use crate::credentials::sent;

/// The longest value of one cookie. Browsers refuse cookies whose name, value and attributes come to
/// more than 4,096 bytes (RFC 6265bis, section 5.6).
pub(super) const MOST_BYTES: usize = 3_800;

/// The first cookie of a name that is not empty.
pub(super) fn named<'a>(request: &Request<'a>, name: &str) -> Option<&'a str> {
    sent(request).find(|(found, value)| *found == name && !value.is_empty()).map(|(_, value)| value)
}

/// A cookie for the whole of this host and for no other, which scripts cannot read.
pub(super) fn set(name: &str, value: &str, seconds: u32) -> String {
    [
        name,
        "=",
        value,
        "; Path=/; Max-Age=",
        &seconds.to_string(),
        "; Secure; HttpOnly; SameSite=Lax",
    ]
    .concat()
}

/// The same for the site's scripts to read.
pub(super) fn set_readable(name: &str, value: &str, seconds: u32) -> String {
    [name, "=", value, "; Path=/; Max-Age=", &seconds.to_string(), "; Secure; SameSite=Lax"]
        .concat()
}

/// Has the browser forget a cookie, set in either way. The attributes are those it was set with: a
/// `__Host-` cookie is not touched otherwise.
pub(super) fn clear(name: &str) -> String {
    set(name, "", 0)
}

/// What was found among a request's cookies, in order. Each is put in its place: there are at most as
/// many as 32,768 bytes can name (rule W9), and `sort` is some 8 kB of code for each type.
pub(super) fn in_order<T: Ord>(found: impl Iterator<Item = T>) -> Vec<T> {
    let mut sorted = Vec::new();
    for each in found {
        let at = sorted.partition_point(|other| *other <= each);
        sorted.insert(at, each);
    }
    sorted
}
