//! Tokens that are too long for one cookie.

use std::borrow::Cow;

use cloudfront_worker::Request;

use super::sent;

/// The token in a session's cookie of this name and value. A long one is cut: the value is
/// `N~CHUNK`, N from 2 to 9, and the other chunks are in NAME-1 to NAME-(N-1), wherever they stand.
/// `None` where one of them is missing.
pub(super) fn whole<'a>(request: &Request<'a>, name: &str, value: &'a str) -> Option<Cow<'a, str>> {
    let [count @ b'2'..=b'9', b'~', ..] = value.as_bytes() else { return Some(value.into()) };
    let mut token = value[2..].to_owned();
    for number in b'1'..*count {
        token.push_str(chunk(request, name, number)?);
    }
    Some(token.into())
}

/// The chunk in the first cookie NAME-NUMBER that holds any.
fn chunk<'a>(request: &Request<'a>, name: &str, number: u8) -> Option<&'a str> {
    let is_its = |found: &str| {
        found.strip_prefix(name).is_some_and(|rest| rest.as_bytes() == [b'-', number])
    };
    sent(request).find(|(found, value)| is_its(found) && !value.is_empty()).map(|(_, value)| value)
}
