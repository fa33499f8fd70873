//! The Region that a request may choose for itself, by a header only operators can sign.
//!
//! The header is a compact JWS (RFC 7515) with HMAC SHA-256 over `{"region": …, "exp": …}`. Its key
//! belongs to pins alone: tokens of users are never verified by a secret.

use cloudfront_worker::{Request, UnixMillis};
use http::HeaderName;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

use crate::base64url;
use crate::region::Api;

/// Carries a pin.
pub(crate) const PIN: HeaderName = HeaderName::from_static("x-nearhop-pin");

/// Longest life of a pin, in seconds: it is for a test, and cannot be withdrawn.
const LONGEST: u64 = 86_400;
/// No pin that we sign is as long, in bytes.
const MOST_BYTES: usize = 1_024;

/// The Region a request asks for, if it may: one of the API's, signed and in time. What is not
/// counts as if it were not there.
pub(crate) fn pinned(request: &Request<'_>, api: &Api, now: UnixMillis) -> Option<usize> {
    let key = api.pin_key.as_ref()?;
    let name = PIN;
    let mut pins = request.headers.get_all(&name);
    let pin = pins.next().filter(|pin| pin.len() <= MOST_BYTES)?;
    if pins.next().is_some() {
        return None;
    }
    let claims = verify(pin, key.as_bytes())?;
    let lasts = claims.exp.checked_sub(now.seconds())?;
    if lasts == 0 || lasts > LONGEST {
        return None;
    }
    api.index_of(&claims.region)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    #[serde(rename = "typ")]
    _typ: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    region: String,
    /// Unix seconds: the pin is void from then on.
    exp: u64,
}

fn verify(pin: &str, key: &[u8]) -> Option<Claims> {
    #[cfg(all(feature = "edge", target_arch = "wasm32"))]
    crate::edge::install();

    let (signed, signature) = pin.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    let header: Header = serde_json::from_slice(&base64url::decode(header)?).ok()?;
    if header.alg != "HS256" {
        return None;
    }
    let key = DecodingKey::from_secret(key);
    let verifies =
        jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &key, Algorithm::HS256);
    if !matches!(verifies, Ok(true)) {
        return None;
    }
    serde_json::from_slice(&base64url::decode(payload)?).ok()
}

#[cfg(test)]
mod tests;
