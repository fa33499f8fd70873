//! The tokens a request carries.

use std::borrow::Cow;

use cloudfront_worker::{Headers, Request, Values};
use http::header::{AUTHORIZATION, COOKIE};
use memchr::memchr;

use crate::config::Limits;
use crate::issuer::Issuer;
use names::CookieName;

mod amplify;
mod chunks;
pub(crate) mod names;

/// What a request shows for itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Credentials<'a> {
    None,
    /// From the `Authorization` field. It is the only one that counts: a caller who sends it means
    /// it, and a cookie must not turn its refusal into something else. Whether it has a token's
    /// characters is for [`is_b64token`] to say, unless it has verified.
    Bearer(&'a str),
    /// From cookies of the issuers' names. A cookie can be set for the domain by a neighbour on
    /// another subdomain, so several are tried.
    Cookies(Vec<TokenCookie<'a>>),
}

/// A cookie of a name that some issuer's tokens come by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenCookie<'a> {
    /// Of the first one, where the token was cut.
    pub name: &'a str,
    pub token: Cow<'a, str>,
}

/// How a request brings what it shows for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// It shows nothing.
    Absent,
    /// In the `Authorization` field, whatever stands there.
    Authorization,
    /// In cookies. A browser sends them along with what other sites make it ask.
    Cookie,
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
        let mut session: Vec<TokenCookie<'a>> = Vec::new();
        let mut own: Vec<TokenCookie<'a>> = Vec::new();
        for name in names_of(issuers) {
            let found = match name {
                CookieName::Own(_) => &mut own,
                _ => &mut session,
            };
            if found.len() < most {
                add_tokens(found, request, name, most);
            }
        }
        // Where there is a session, no cookie that a neighbour may have set takes its place, not even
        // when it has expired.
        let mut found = if session.is_empty() { own } else { session };
        found.truncate(most);
        Ok(if found.is_empty() { Credentials::None } else { Credentials::Cookies(found) })
    }
}

/// What stands for the token in a `Bearer` credential: after the scheme, in any case, and one space
/// (RFC 6750, section 2.1).
fn bearer(field: &str) -> Result<&str, CredentialsFault> {
    let (scheme, token) = match memchr(b' ', field.as_bytes()) {
        Some(space) => (&field[..space], &field[space + 1..]),
        None => (field, ""),
    };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(CredentialsFault::Scheme);
    }
    if token.is_empty() { Err(CredentialsFault::Syntax) } else { Ok(token) }
}

/// Whether text is a `b64token` (RFC 6750, section 2.1), which is never empty. Without a branch for
/// a byte, so that many are compared at once.
pub(crate) fn is_b64token(text: &str) -> bool {
    let is_in_token = |byte: u8| {
        let is_letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        // From - to 9: `-./0123456789`.
        let is_digit_or_mark = byte.wrapping_sub(b'-') < 13;
        let is_other = (byte == b'_') | (byte == b'~') | (byte == b'+') | (byte == b'=');
        is_letter | is_digit_or_mark | is_other
    };
    !text.is_empty() && text.bytes().fold(true, |all, byte| all & is_in_token(byte))
}

/// Adds the tokens in the cookies of one name, in the request's order, so many of them at most.
fn add_tokens<'a>(
    all: &mut Vec<TokenCookie<'a>>,
    request: &Request<'a>,
    name: &CookieName,
    most: usize,
) {
    let found = sent(request).filter(|(found, value)| name.is(found) && !value.is_empty());
    match name {
        CookieName::Own(_) => all.extend(
            found.take(most).map(|(name, token)| TokenCookie { name, token: token.into() }),
        ),
        CookieName::Session(_) => all.extend(found.take(most).filter_map(|(name, value)| {
            Some(TokenCookie { name, token: chunks::whole(request, name, value)? })
        })),
        CookieName::Amplify { prefix, suffix } => {
            // Somebody else may have been signed in here before.
            let last = amplify::last_user(request, prefix);
            let (tokens, others): (Vec<_>, Vec<_>) = found
                .map(|(name, token)| TokenCookie { name, token: token.into() })
                .partition(|cookie| {
                    let user = names::username(cookie.name, prefix, suffix);
                    amplify::is_same_user(user, last)
                });
            all.extend(tokens.into_iter().chain(others).take(most));
        }
    }
}

/// A token of the session by its cookie's name (see [`names`]), put together where it was cut.
pub(crate) fn session_token<'a>(request: &Request<'a>, name: &str) -> Option<Cow<'a, str>> {
    let mut found = sent(request).filter(|(found, value)| *found == name && !value.is_empty());
    found.find_map(|(_, value)| chunks::whole(request, name, value))
}

/// A token in one of Amplify's cookies, of the user whom its `LastAuthUser` names.
pub(crate) fn amplify_token<'a>(
    request: &Request<'a>,
    prefix: &str,
    suffix: &'static str,
) -> Option<Cow<'a, str>> {
    let last = amplify::last_user(request, prefix);
    let is_theirs = |name| amplify::is_same_user(names::username(name, prefix, suffix), last);
    sent(request)
        .find(|(name, value)| is_theirs(name) && !value.is_empty())
        .map(|(_, value)| value.into())
}

/// The names of the issuers' cookies in their order, each once though several issuers may have it.
fn names_of(issuers: &[Issuer]) -> impl Iterator<Item = &CookieName> {
    let all = || issuers.iter().flat_map(|issuer| &issuer.cookies);
    all()
        .enumerate()
        .filter(move |(at, name)| !all().take(*at).any(|other| other == *name))
        .map(|(_, name)| name)
}

/// Every cookie a request brings, by name and value.
pub(crate) fn sent<'r, 'a>(request: &'r Request<'a>) -> Sent<'r, 'a> {
    Sent::of(&request.headers)
}

/// Names and values in the `Cookie` fields (RFC 6265, section 4.2.1). A name is taken to the letter:
/// only the spaces of the grammar are trimmed, not every character that looks like one.
pub(crate) struct Sent<'r, 'a> {
    fields: Values<'r, 'a>,
    /// What is left of the field being read.
    rest: &'a str,
}

impl<'r, 'a> Sent<'r, 'a> {
    fn of(headers: &'r Headers<'a>) -> Self {
        Self { fields: headers.get_all(&COOKIE), rest: "" }
    }
}

impl<'a> Iterator for Sent<'_, 'a> {
    type Item = (&'a str, &'a str);

    /// Out of line: cookies are looked through in many places. By `memchr`, which has SIMD in
    /// WebAssembly: a cookie may be thousands of bytes long.
    #[inline(never)]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            while !self.rest.is_empty() {
                let end = memchr(b';', self.rest.as_bytes()).unwrap_or(self.rest.len());
                let pair = self.rest[..end].trim_matches([' ', '\t']);
                self.rest = self.rest.get(end + 1..).unwrap_or_default();
                if let Some(at) = memchr(b'=', pair.as_bytes()) {
                    return Some((&pair[..at], &pair[at + 1..]));
                }
            }
            self.rest = self.fields.next()?;
        }
    }
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
        ] {
            assert_eq!(bearer(field), read, "{field:?}");
            assert_eq!(read.is_ok_and(is_b64token), read.is_ok(), "{field:?}");
        }
        for field in [
            "Bearer  abc",
            "Bearer abc ",
            "Bearer \tabc",
            "Bearer abc, Bearer def",
            "Bearer \"abc\"",
            "Bearer ab\u{a0}c",
            "Bearer aé",
        ] {
            assert!(!bearer(field).is_ok_and(is_b64token), "{field:?}");
        }
    }

    #[test]
    fn a_token_has_these_characters_and_no_other() {
        let marks = "-._~+/=";
        for byte in 0..=127 {
            let character = char::from(byte);
            let is_allowed = character.is_ascii_alphanumeric() || marks.contains(character);
            // Beyond what is compared at once, and within.
            for before in [0, 40] {
                let text = ["a".repeat(before), character.to_string()].concat();
                assert_eq!(is_b64token(&text), is_allowed, "{text:?}");
            }
        }
        assert!(!is_b64token("") && !is_b64token("é"));
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
            let headers = Headers::from_iter([("accept", "a=0"), ("cookie", field)]);
            assert_eq!(Sent::of(&headers).collect::<Vec<_>>(), pairs, "{field:?}");
        }
    }
}
