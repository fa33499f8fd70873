//! Whether a token is a Cognito token that counts (RFC 7515, RFC 7519, rules C1–C5).

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

use cloudfront_worker::UnixMillis;
use jsonwebtoken::Algorithm;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::base64url;
use crate::config::TokenUse;
use crate::issuer::Issuer;
use crate::keys::{KeyId, Keys, Lookup};

/// What a token says about its bearer. Only [`verify`] makes one, from a token whose signature,
/// issuer, client, kind and times it has checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    issuer: usize,
    key: KeyId,
    claims: Claims,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Claims {
    subject: String,
    username: Option<String>,
    client_id: String,
    groups: Vec<String>,
    scopes: String,
    residency: Option<String>,
    home: Option<String>,
    expires: u64,
    not_before: Option<u64>,
    issued: Option<u64>,
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
        &self.claims.subject
    }

    /// The pool's name for the user, if the token has one; a machine's token has none (rule C2).
    pub fn username(&self) -> Option<&str> {
        self.claims.username.as_deref()
    }

    /// The app client the token was issued to.
    pub fn client_id(&self) -> &str {
        &self.claims.client_id
    }

    /// The groups the user is in.
    pub fn groups(&self) -> &[String] {
        &self.claims.groups
    }

    /// The scopes granted, separated by spaces; empty for an ID token.
    pub fn scopes(&self) -> &str {
        &self.claims.scopes
    }

    /// The claim `api.residency.claim` names, if the token has it.
    pub fn residency(&self) -> Option<&str> {
        self.claims.residency.as_deref()
    }

    /// The claim `api.sticky.claim` names, if the token has it.
    pub fn home(&self) -> Option<&str> {
        self.claims.home.as_deref()
    }

    /// Whether the token is valid at `now` still: its times hold, and its issuer has its key.
    pub(crate) fn still_holds(&self, issuers: &[Issuer], keys: &Keys, now: UnixMillis) -> bool {
        check_times(&self.claims, issuers[self.issuer].leeway_seconds, now).is_ok()
            && keys.holds(self.issuer, self.key)
    }

    pub(crate) fn issuer(&self) -> usize {
        self.issuer
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
    /// `token_use` is not a kind accepted from the issuer.
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

/// Verifies a token.
pub(crate) fn verify(
    token: &str,
    issuers: &[Issuer],
    named: &NamedClaims,
    keys: &mut Keys,
    now: UnixMillis,
) -> Result<Rc<Verified>, Unverified> {
    let parts = Compact::parse(token)?;
    let header = Header::parse(parts.header)?;
    let payload = base64url::decode(parts.payload).ok_or(TokenFault::Malformed)?;
    let unverified = UnverifiedClaims::parse(&payload)?;

    // The issuer is looked up among ours, never computed from the token (rule C3).
    let at =
        issuers.iter().position(|issuer| issuer.url == unverified.iss).ok_or(TokenFault::Issuer)?;
    let key = match keys.find(at, &header.kid, now) {
        Lookup::Found(key) => key,
        Lookup::Fetch => return Err(Unverified::Fetch(at)),
        Lookup::Unknown => return Err(TokenFault::KeyUnknown.into()),
        Lookup::Unavailable => return Err(Unverified::KeysUnavailable),
    };
    if parts.signature.len() != (key.signature_bytes * 4).div_ceil(3) {
        return Err(TokenFault::Signature.into());
    }
    let verifies = jsonwebtoken::crypto::verify(
        parts.signature,
        parts.signed.as_bytes(),
        &key.decoding,
        Algorithm::RS256,
    );
    if !matches!(verifies, Ok(true)) {
        return Err(TokenFault::Signature.into());
    }

    let mut claims = unverified.check(&issuers[at])?;
    claims.residency = text_claim(&payload, named.residency.as_deref())?;
    claims.home = text_claim(&payload, named.home.as_deref())?;
    check_times(&claims, issuers[at].leeway_seconds, now)?;
    Ok(Rc::new(Verified { issuer: at, key: key.id, claims }))
}

/// The segments of a compact JWS (RFC 7515, section 7.1).
struct Compact<'t> {
    header: &'t str,
    payload: &'t str,
    signature: &'t str,
    /// Header, dot and payload: what was signed.
    signed: &'t str,
}

impl<'t> Compact<'t> {
    fn parse(token: &'t str) -> Result<Self, TokenFault> {
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenFault::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenFault::Malformed)?;
        // A dot more would be in the payload, and is no base64url.
        Ok(Self { header, payload, signature, signed })
    }
}

/// A protected header. Where keys come from is never its affair: `jwk`, `jku`, `x5c` and `x5u` are
/// not even read.
struct Header {
    kid: String,
}

impl Header {
    fn parse(segment: &str) -> Result<Self, TokenFault> {
        #[derive(Deserialize)]
        struct Members<'h> {
            #[serde(borrow)]
            alg: Cow<'h, str>,
            kid: String,
            #[serde(default, deserialize_with = "present")]
            crit: Option<IgnoredAny>,
            #[serde(default, deserialize_with = "present")]
            b64: Option<IgnoredAny>,
            #[serde(default, deserialize_with = "present")]
            zip: Option<IgnoredAny>,
        }

        let json = base64url::decode(segment).ok_or(TokenFault::Malformed)?;
        let members: Members<'_> = parse_object(&json)?;
        let extended = members.crit.is_some() || members.b64.is_some() || members.zip.is_some();
        // Exactly this: the algorithm is ours to choose, not the token's (RFC 8725, section 3.1).
        if members.alg != "RS256" || extended {
            return Err(TokenFault::Algorithm);
        }
        if members.kid.is_empty() || members.kid.len() > 256 {
            return Err(TokenFault::KeyUnknown);
        }
        Ok(Self { kid: members.kid })
    }
}

/// Claims nobody has vouched for yet. Unknown ones are ignored (rule C5); a known one that appears
/// twice is refused, because readers differ on which one counts.
#[derive(Deserialize)]
struct UnverifiedClaims<'p> {
    #[serde(borrow)]
    iss: Cow<'p, str>,
    sub: String,
    exp: u64,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    iat: Option<u64>,
    #[serde(borrow)]
    token_use: Cow<'p, str>,
    #[serde(default, deserialize_with = "present")]
    client_id: Option<String>,
    #[serde(default, deserialize_with = "present")]
    aud: Option<Audience>,
    /// Nothing is decided by it, but like the other claims RFC 7519 registers it has one kind.
    #[serde(default, rename = "jti", deserialize_with = "present")]
    _jti: Option<String>,
    #[serde(default, deserialize_with = "present")]
    scope: Option<String>,
    #[serde(default, rename = "cognito:groups", deserialize_with = "present")]
    groups: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    username: Option<String>,
    #[serde(default, rename = "cognito:username", deserialize_with = "present")]
    cognito_username: Option<String>,
}

/// The `aud` claim (RFC 7519, section 4.1.3).
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(#[allow(dead_code)] Vec<String>),
}

impl<'p> UnverifiedClaims<'p> {
    fn parse(json: &'p [u8]) -> Result<Self, TokenFault> {
        let claims: Self = parse_object(json)?;
        // Beyond 2^53 readers differ on what the number is.
        const MOST: u64 = 1 << 53;
        let dates = [Some(claims.exp), claims.nbf, claims.iat];
        if dates.into_iter().flatten().any(|date| date > MOST) || claims.sub.is_empty() {
            return Err(TokenFault::Malformed);
        }
        Ok(claims)
    }

    /// The claims, once the signature has verified (rule C2).
    fn check(self, issuer: &Issuer) -> Result<Claims, TokenFault> {
        let token_use = match self.token_use.as_ref() {
            "access" => TokenUse::Access,
            "id" => TokenUse::Id,
            _ => return Err(TokenFault::Use),
        };
        if !issuer.token_use.contains(&token_use) {
            return Err(TokenFault::Use);
        }
        let (client_id, username) = match token_use {
            TokenUse::Access => (self.client_id, self.username),
            TokenUse::Id => match self.aud {
                Some(Audience::One(aud)) => (Some(aud), self.cognito_username),
                _ => (None, None),
            },
        };
        let client_id =
            client_id.filter(|id| issuer.clients.contains(id)).ok_or(TokenFault::Client)?;
        Ok(Claims {
            subject: self.sub,
            username,
            client_id,
            groups: self.groups.unwrap_or_default(),
            scopes: match token_use {
                TokenUse::Access => self.scope.unwrap_or_default(),
                TokenUse::Id => String::new(),
            },
            residency: None,
            home: None,
            expires: self.exp,
            not_before: self.nbf,
            issued: self.iat,
        })
    }
}

/// A claim the configuration names: text, once. One that is there in another form is not taken for
/// absent, since its absence may permit more.
fn text_claim(payload: &[u8], name: Option<&str>) -> Result<Option<String>, TokenFault> {
    struct Named<'n>(&'n str);

    impl<'de> Visitor<'de> for Named<'_> {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = None;
            while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                if key != self.0 {
                    map.next_value::<IgnoredAny>()?;
                } else if found.replace(map.next_value()?).is_some() {
                    return Err(serde::de::Error::custom("the claim appears twice"));
                }
            }
            Ok(found)
        }
    }

    let Some(name) = name else { return Ok(None) };
    serde_json::Deserializer::from_slice(payload)
        .deserialize_map(Named(name))
        .map_err(|_| TokenFault::Malformed)
}

/// RFC 7519, sections 4.1.4–4.1.6: valid before `exp`, not at it.
fn check_times(claims: &Claims, leeway: u64, now: UnixMillis) -> Result<(), TokenFault> {
    let now = now.seconds();
    if now >= claims.expires.saturating_add(leeway) {
        return Err(TokenFault::Expired);
    }
    let begins = claims.not_before.max(claims.issued).unwrap_or(0);
    if begins > now.saturating_add(leeway) {
        return Err(TokenFault::NotYetValid);
    }
    Ok(())
}

/// A member that may be absent, but not null: readers differ on whether null is a value.
fn present<'j, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'j>,
    D: Deserializer<'j>,
{
    T::deserialize(deserializer).map(Some)
}

/// A JSON object in UTF-8 and nothing after it. An array would pass for the members in order.
fn parse_object<'j, T: Deserialize<'j>>(json: &'j [u8]) -> Result<T, TokenFault> {
    let text = std::str::from_utf8(json).map_err(|_| TokenFault::Malformed)?;
    if !text.trim_start().starts_with('{') {
        return Err(TokenFault::Malformed);
    }
    serde_json::from_str(text).map_err(|_| TokenFault::Malformed)
}
