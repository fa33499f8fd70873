//! A token's form and its signature: a compact JWS (RFC 7515), RS256.

use std::borrow::Cow;
use std::rc::Rc;

use cloudfront_worker::UnixMillis;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::json::{Text, parse_object, present};
use super::{TokenFault, Unverified};
use crate::base64url;
use crate::equal::equal;
use crate::keys::{KeyId, Keys, Lookup};

/// A token taken apart. Nobody has vouched for it yet.
pub(super) struct Jws<'t> {
    /// Header, dot and payload: what was signed.
    signed: &'t str,
    signature: &'t str,
    pub header: Rc<Header>,
    /// The claims, as JSON nobody has looked at.
    pub payload: Vec<u8>,
}

/// What the header's `typ` says of the kind of token (RFC 8725, section 3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Typ {
    /// Nothing: there is none, or it is `JWT`.
    Jwt,
    /// An access token (RFC 9068, section 2.1).
    AccessToken,
    /// Another kind.
    Other,
}

impl<'t> Jws<'t> {
    /// Takes a token apart (RFC 7515, section 7.1). Where its header is the `known` one, that is not
    /// read again.
    pub fn parse(token: &'t str, known: Option<&Rc<Header>>) -> Result<Self, TokenFault> {
        let dot = memchr::memrchr(b'.', token.as_bytes()).ok_or(TokenFault::Malformed)?;
        let (signed, signature) = (&token[..dot], &token[dot + 1..]);
        let dot = memchr::memchr(b'.', signed.as_bytes()).ok_or(TokenFault::Malformed)?;
        let (header, payload) = (&signed[..dot], &signed[dot + 1..]);
        let header = match known.filter(|known| equal(&known.segment, header)) {
            Some(known) => Rc::clone(known),
            None => Rc::new(Header::parse(header)?),
        };
        // A dot more would be in the payload, and is no base64url.
        let payload = base64url::decode(payload).ok_or(TokenFault::Malformed)?;
        Ok(Self { signed, signature, header, payload })
    }

    /// The key of this issuer that made the signature.
    pub fn signed_by(
        &self,
        issuer: usize,
        keys: &mut Keys,
        now: UnixMillis,
    ) -> Result<KeyId, Unverified> {
        let key = match keys.find(issuer, &self.header.kid, now) {
            Lookup::Found(key) => key,
            Lookup::Fetch => return Err(Unverified::Fetch(issuer)),
            Lookup::Unknown => return Err(TokenFault::KeyUnknown.into()),
            Lookup::Unavailable => return Err(Unverified::KeysUnavailable),
        };
        if self.signature.len() != (key.signature_bytes * 4).div_ceil(3) {
            return Err(TokenFault::Signature.into());
        }
        match verifies(self.signature, self.signed, &key.decoding) {
            true => Ok(key.id),
            false => Err(TokenFault::Signature.into()),
        }
    }
}

#[cfg(all(feature = "edge", target_arch = "wasm32"))]
use crate::edge::verifies;

#[cfg(not(all(feature = "edge", target_arch = "wasm32")))]
fn verifies(signature: &str, signed: &str, key: &jsonwebtoken::DecodingKey) -> bool {
    use jsonwebtoken::{Algorithm, crypto};
    matches!(crypto::verify(signature, signed.as_bytes(), key, Algorithm::RS256), Ok(true))
}

/// A protected header. Where keys come from is never its affair: `jwk`, `jku`, `x5c` and `x5u` are
/// not even read.
#[derive(Debug)]
pub(crate) struct Header {
    /// As the token has it.
    segment: Box<str>,
    kid: String,
    pub(super) typ: Typ,
}

impl Header {
    fn parse(segment: &str) -> Result<Self, TokenFault> {
        #[derive(Deserialize)]
        struct Members<'h> {
            #[serde(borrow)]
            alg: Cow<'h, str>,
            kid: String,
            #[serde(borrow, default, deserialize_with = "present")]
            typ: Option<Text<'h>>,
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
        let typ = members.typ.as_deref().map_or(Typ::Jwt, Typ::of);
        Ok(Self { segment: segment.into(), kid: members.kid, typ })
    }
}

impl Typ {
    /// A media type in any case, whose `application/` may be left out (RFC 7515, section 4.1.9).
    fn of(typ: &str) -> Self {
        let subtype = match typ.split_at_checked("application/".len()) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
            _ => typ,
        };
        match subtype {
            typ if typ.eq_ignore_ascii_case("jwt") => Typ::Jwt,
            typ if typ.eq_ignore_ascii_case("at+jwt") => Typ::AccessToken,
            _ => Typ::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_token_by_their_media_type() {
        for (typ, kind) in [
            ("JWT", Typ::Jwt),
            ("jwt", Typ::Jwt),
            ("application/jwt", Typ::Jwt),
            ("at+jwt", Typ::AccessToken),
            ("AT+JWT", Typ::AccessToken),
            ("application/at+jwt", Typ::AccessToken),
            ("Application/AT+jwt", Typ::AccessToken),
            ("", Typ::Other),
            ("at+jwt ", Typ::Other),
            ("text/at+jwt", Typ::Other),
            ("application/application/at+jwt", Typ::Other),
            ("application/", Typ::Other),
            ("applicationé/at+jwt", Typ::Other),
            ("logout+jwt", Typ::Other),
            ("at+jwtx", Typ::Other),
        ] {
            assert_eq!(Typ::of(typ), kind, "{typ:?}");
        }
    }
}
