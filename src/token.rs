//! Whether a token is one that counts (RFC 7515, RFC 7519, rules C1–C5).
//!
//! Two things are asked one after the other: whether one of the issuer's keys signed it ([`jws`]),
//! and whether what it then claims is for us ([`claims`]).

use std::cell::OnceCell;
use std::rc::Rc;

use cloudfront_worker::UnixMillis;
use serde_json::{Map, Value};

use crate::base64url;
use crate::config::TokenUse;
use crate::equal::equal;
use crate::identity::Identity;
use crate::issuer::Issuer;
use crate::keys::{KeyId, Keys};
use claims::{Claims, UnverifiedClaims};
use json::{members, text_claim};
use jws::Jws;

pub(crate) use jws::Header;

mod claims;
mod json;
mod jws;
mod plain;

/// What a token says about its bearer. Only [`verify`] makes one, from a token whose signature,
/// issuer, client, kind and times it has checked.
#[derive(Clone, Debug)]
pub struct Verified {
    issuer: usize,
    key: KeyId,
    claims: Claims,
    identity: OnceCell<Identity>,
}

/// The names of claims a configuration asks for by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct NamedClaims {
    /// Names the bearer's residency set.
    pub residency: Option<String>,
    /// Names the bearer's home Region.
    pub home: Option<String>,
}

impl Verified {
    /// The `sub` claim: opaque, unique within the issuer.
    pub fn subject(&self) -> &str {
        self.claims.subject()
    }

    /// The pool's name for the user, if the token has one; a machine's token has none (rule C2).
    pub fn username(&self) -> Option<&str> {
        self.claims.username()
    }

    /// The app client the token was issued to.
    pub fn client_id(&self) -> &str {
        self.claims.client_id()
    }

    /// The groups the user is in.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.claims.groups()
    }

    /// The scopes granted, separated by spaces; empty for an ID token.
    pub fn scopes(&self) -> &str {
        self.claims.scopes()
    }

    /// The claim `api.residency.claim` names, if the token has it.
    pub fn residency(&self) -> Option<&str> {
        self.claims.residency()
    }

    /// The claim `api.sticky.claim` names, if the token has it.
    pub fn home(&self) -> Option<&str> {
        self.claims.home()
    }

    /// The `exp` claim: Unix seconds.
    pub fn expires(&self) -> u64 {
        self.claims.expires
    }

    /// Whether the token is valid at `now` still: its times hold, and its issuer has its key.
    pub(crate) fn still_holds(&self, issuers: &[Issuer], keys: &Keys, now: UnixMillis) -> bool {
        self.claims.check_times(issuers[self.issuer].leeway_seconds, now).is_ok()
            && keys.holds(self.issuer, self.key)
    }

    /// About what it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.claims.heap_bytes()
    }

    pub(crate) fn issuer(&self) -> usize {
        self.issuer
    }

    /// What the API is told of the bearer.
    pub(crate) fn identity(&self) -> &Identity {
        self.identity.get_or_init(|| Identity::of(self))
    }
}

/// What is wrong with a token: always the bearer's to mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenFault {
    /// Not three base64url segments of which the first two are JSON objects of the right shape.
    Malformed,
    /// `alg` is not RS256, or the header asks for something not understood (`crit`, `b64`, `zip`).
    Algorithm,
    /// `iss` is no configured issuer's.
    Issuer,
    /// `kid` names no key the issuer has.
    KeyUnknown,
    /// The signature does not verify.
    Signature,
    /// `client_id` or `aud` is not among the issuer's clients.
    Client,
    /// It is not of a kind accepted from the issuer.
    Use,
    /// `exp` has passed.
    Expired,
    /// `nbf` or `iat` lies ahead.
    NotYetValid,
}

/// Why a token was not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unverified {
    Fault(TokenFault),
    /// This issuer's key set must be fetched first.
    Fetch(usize),
    /// The issuer's key set cannot be had at present.
    KeysUnavailable,
}

impl From<TokenFault> for Unverified {
    fn from(fault: TokenFault) -> Self {
        Unverified::Fault(fault)
    }
}

/// Verifies a token of any of the issuers, of a kind and for a client accepted from it.
pub(crate) fn verify(
    token: &str,
    issuers: &[Issuer],
    named: &NamedClaims,
    keys: &mut Keys,
    now: UnixMillis,
) -> Result<Rc<Verified>, Unverified> {
    let jws = Jws::parse(token, keys.last_header.as_ref())?;
    let unverified = UnverifiedClaims::parse(&jws.payload)?;
    // The issuer is looked up among ours, never computed from the token (rule C3).
    let at = issuers
        .iter()
        .position(|issuer| equal(&issuer.url, unverified.iss()))
        .ok_or(TokenFault::Issuer)?;
    let issuer = &issuers[at];
    let key = jws.signed_by(at, keys, now)?;
    let kind = unverified.kind(issuer.kind, jws.header.typ)?;
    if !issuer.token_use.contains(&kind) {
        return Err(TokenFault::Use.into());
    }
    let claims = unverified.check(kind, issuer, named, &jws.payload)?;
    claims.check_times(issuer.leeway_seconds, now)?;
    keys.last_header = Some(jws.header);
    Ok(Rc::new(Verified { issuer: at, key, claims, identity: OnceCell::new() }))
}

/// An ID token that counts. Only [`verify_id`] makes one.
#[derive(Clone, Debug)]
pub(crate) struct IdToken {
    /// The `sub` claim.
    pub subject: String,
    /// The `nonce` claim, if there is one: whoever asked for the token compares it.
    pub nonce: Option<String>,
    members: Map<String, Value>,
}

impl IdToken {
    /// Those of the claims with these names that the token has.
    pub fn claims<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Map<String, Value> {
        chosen(&self.members, names)
    }
}

/// Verifies an ID token of the issuer `at` for this client, whatever kinds of token the issuer's
/// `token_use` accepts on routes: such a token says who has signed in, and opens nothing.
pub(crate) fn verify_id(
    token: &str,
    at: usize,
    client: &str,
    issuers: &[Issuer],
    keys: &mut Keys,
    now: UnixMillis,
) -> Result<IdToken, Unverified> {
    let jws = Jws::parse(token, keys.last_header.as_ref())?;
    let unverified = UnverifiedClaims::parse(&jws.payload)?;
    let issuer = &issuers[at];
    if unverified.iss() != issuer.url {
        return Err(TokenFault::Issuer.into());
    }
    jws.signed_by(at, keys, now)?;
    let kind = unverified.kind(issuer.kind, jws.header.typ)?;
    if kind != TokenUse::Id {
        return Err(TokenFault::Use.into());
    }
    let claims = unverified.check(kind, issuer, &NamedClaims::default(), &jws.payload)?;
    if claims.client_id() != client {
        return Err(TokenFault::Client.into());
    }
    claims.check_times(issuer.leeway_seconds, now)?;
    Ok(IdToken {
        subject: claims.subject().to_owned(),
        nonce: text_claim(&jws.payload, Some("nonce"))?,
        members: members(&jws.payload)?,
    })
}

/// Those of a token's claims with these names. Nothing is verified here: for a token that has just
/// been.
pub(crate) fn claims_of<'n>(
    token: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Result<Map<String, Value>, TokenFault> {
    let payload = token.split('.').nth(1).and_then(base64url::decode);
    Ok(chosen(&members(&payload.ok_or(TokenFault::Malformed)?)?, names))
}

fn chosen<'n>(
    members: &Map<String, Value>,
    names: impl IntoIterator<Item = &'n str>,
) -> Map<String, Value> {
    let mut chosen = Map::new();
    // One by one: to collect them would bring a sorting algorithm along.
    for (name, value) in names.into_iter().filter_map(|name| members.get_key_value(name)) {
        chosen.insert(name.clone(), value.clone());
    }
    chosen
}

#[cfg(test)]
pub(crate) mod tests;
