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
    Cookies(Vec<&'a str>),
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
        let found: Vec<&str> = issuers
            .iter()
            .flat_map(|issuer| &issuer.cookies)
            .flat_map(|name| cookies_named(request, name))
            .filter(|value| !value.is_empty())
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
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    if token.is_empty() || !token.bytes().all(is_token) {
        return Err(CredentialsFault::Syntax);
    }
    Ok(token)
}

/// Values of the cookies of one name, in the request's order.
fn cookies_named<'a>(request: &Request<'a>, name: &str) -> impl Iterator<Item = &'a str> {
    let fields: Vec<&'a str> = request.headers.get_all(&COOKIE).collect();
    let name = name.to_owned();
    fields
        .into_iter()
        .flat_map(cookies)
        .filter_map(move |(key, value)| (key == name).then_some(value))
}

/// Names and values in a `Cookie` field (RFC 6265, section 4.2.1). A name is taken to the letter:
/// only the spaces of the grammar are trimmed, not every character that looks like one.
pub(crate) fn cookies(field: &str) -> impl Iterator<Item = (&str, &str)> {
    field.split(';').filter_map(|pair| pair.trim_matches([' ', '\t']).split_once('='))
}
