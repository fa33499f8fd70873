//! The tokens a request carries.

use cloudfront_worker::Request;
use http::header::{AUTHORIZATION, COOKIE};

use crate::config::Limits;
use crate::issuer::Issuer;

/// What a request shows for itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Credentials<'a> {
    None,
    /// From the `Authorization` field. It is the only one that counts: a caller who sends it means
    /// it, and a cookie must not turn its refusal into something else.
    Bearer(&'a str),
    /// From cookies of the configured names. A cookie can be set for the domain by a neighbour on
    /// another subdomain, so several are tried.
    Cookies(Vec<TokenCookie<'a>>),
}

/// A cookie of a name that some issuer's tokens come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TokenCookie<'a> {
    pub name: &'a str,
    pub token: &'a str,
}

/// Why the `Authorization` field is no credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CredentialsFault {
    /// There is more than one.
    Several,
    /// It is not `Bearer`, one space and a token.
    Syntax,
    /// Its scheme is another one.
    Scheme,
}

impl<'a> Credentials<'a> {
    /// Reads them off a request.
    pub fn of(
        request: &Request<'a>,
        issuers: &[Issuer],
        limits: &Limits,
    ) -> Result<Self, CredentialsFault> {
        let mut fields = request.headers.get_all(&AUTHORIZATION);
        if let Some(field) = fields.next() {
            if fields.next().is_some() {
                return Err(CredentialsFault::Several);
            }
            return bearer(field).map(Credentials::Bearer);
        }
        let most = limits.cookies_tried as usize;
        let found: Vec<TokenCookie<'a>> = names(issuers)
            .into_iter()
            .flat_map(|name| cookies_named(request, name))
            .filter(|cookie| !cookie.token.is_empty())
            .take(most)
            .collect();
        Ok(if found.is_empty() { Credentials::None } else { Credentials::Cookies(found) })
    }
}

/// The token of a `Bearer` credential: the scheme in any case, one space, a `b64token` (RFC 6750,
/// section 2.1).
fn bearer(field: &str) -> Result<&str, CredentialsFault> {
    let (scheme, token) = field.split_once(' ').unwrap_or((field, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(CredentialsFault::Scheme);
    }
    // One look-up a byte, without a branch: this is read for every request.
    let is_b64token = token.bytes().fold(true, |all, byte| all & B64TOKEN[usize::from(byte)]);
    if token.is_empty() || !is_b64token {
        return Err(CredentialsFault::Syntax);
    }
    Ok(token)
}

/// The characters of a `b64token`.
const B64TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric()
            || matches!(byte as u8, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=');
        byte += 1;
    }
    table
};

/// The configured names in their order, each once though several issuers may have it.
fn names(issuers: &[Issuer]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for name in issuers.iter().flat_map(|issuer| &issuer.cookies) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

/// The cookies of one name, in the request's order.
fn cookies_named<'a>(request: &Request<'a>, name: &str) -> impl Iterator<Item = TokenCookie<'a>> {
    let fields: Vec<&'a str> = request.headers.get_all(&COOKIE).collect();
    fields
        .into_iter()
        .flat_map(cookies)
        .filter(move |(key, _)| *key == name)
        .map(|(name, token)| TokenCookie { name, token })
}

/// Names and values in a `Cookie` field (RFC 6265, section 4.2.1). A name is taken to the letter:
/// only the spaces of the grammar are trimmed, not every character that looks like one.
pub(crate) fn cookies(field: &str) -> impl Iterator<Item = (&str, &str)> {
    field.split(';').filter_map(|pair| pair.trim_matches([' ', '\t']).split_once('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_credential_is_one_scheme_one_space_and_a_token() {
        use CredentialsFault::{Scheme, Syntax};
        for (field, read) in [
            ("Bearer abc", Ok("abc")),
            ("bearer abc", Ok("abc")),
            ("BEARER abc", Ok("abc")),
            ("Bearer a-b.c_d~e+f/g==", Ok("a-b.c_d~e+f/g==")),
            ("", Err(Scheme)),
            ("abc", Err(Scheme)),
            ("Basic YTpi", Err(Scheme)),
            ("Bearers abc", Err(Scheme)),
            ("Bearer\tabc", Err(Scheme)),
            (" Bearer abc", Err(Scheme)),
            ("Bearer,abc", Err(Scheme)),
            ("Bearer", Err(Syntax)),
            ("Bearer ", Err(Syntax)),
            ("Bearer  abc", Err(Syntax)),
            ("Bearer abc ", Err(Syntax)),
            ("Bearer \tabc", Err(Syntax)),
            ("Bearer abc, Bearer def", Err(Syntax)),
            ("Bearer \"abc\"", Err(Syntax)),
            ("Bearer ab\u{a0}c", Err(Syntax)),
            ("Bearer aé", Err(Syntax)),
        ] {
            assert_eq!(bearer(field), read, "{field:?}");
        }
    }

    #[test]
    fn cookies_are_cut_by_the_grammar_and_nothing_else() {
        for (field, pairs) in [
            ("", &[][..]),
            ("a=1", &[("a", "1")]),
            ("a=1; b=2;c=3", &[("a", "1"), ("b", "2"), ("c", "3")]),
            (" a=1\t;\t b=2 ", &[("a", "1"), ("b", "2")]),
            ("a=1; a=2", &[("a", "1"), ("a", "2")]),
            ("a=b=c", &[("a", "b=c")]),
            ("a=", &[("a", "")]),
            ("=a", &[("", "a")]),
            ("a; b=1;;", &[("b", "1")]),
            ("a=\"1\"", &[("a", "\"1\"")]),
            ("a%3D=1", &[("a%3D", "1")]),
            ("\u{a0}a=1", &[("\u{a0}a", "1")]),
            ("a =1", &[("a ", "1")]),
            ("a=1, b=2", &[("a", "1, b=2")]),
        ] {
            assert_eq!(cookies(field).collect::<Vec<_>>(), pairs, "{field:?}");
        }
    }
}
