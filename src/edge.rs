//! What is particular to running in Lambda@Edge: the exports, and signatures by the host.
//!
//! Node's `crypto.verify` is some fifty times faster than RSA in WebAssembly, and it is OpenSSL.
//! The host imports each key once and keeps it; here a key is only the number of its slot there, so
//! keys are handed over when an instance starts, and not when it is configured.

#![allow(unsafe_code)]

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};

use crate::Nearhop;

cloudfront_worker::export!(Nearhop);

#[link(wasm_import_module = "nearhop")]
unsafe extern "C" {
    /// Takes the RSA key `MODULUS.EXPONENT` (base64url) and returns its slot. One that OpenSSL would
    /// not have verifies nothing.
    safe fn import_rsa_key(jwk: *const u8, len: usize) -> i32;
    /// Whether a PKCS #1 v1.5 SHA-256 signature of a message is the key's: 1 or 0.
    safe fn verify_rs256(
        slot: i32,
        message: *const u8,
        message_len: usize,
        signature: *const u8,
        signature_len: usize,
    ) -> i32;
    /// Whether an HMAC SHA-256 of a message is the key's: 1 or 0.
    safe fn verify_hs256(
        key: *const u8,
        key_len: usize,
        message: *const u8,
        message_len: usize,
        signature: *const u8,
        signature_len: usize,
    ) -> i32;
}

/// Has the host verify signatures from now on.
pub(crate) fn install() {
    // Refused from the second time on, and meant to be: the provider is the same.
    let _ = PROVIDER.install_default();
}

/// Has the host take a key (see [`ImportKey`](crate::keys::ImportKey)). It imports it when a
/// signature is first to be verified: most instances serve pages only.
pub(crate) fn import_key(modulus: &str, exponent: &str) -> Option<DecodingKey> {
    install();
    // Not with format!: nothing else at a cold start enters it.
    let jwk = [modulus, ".", exponent].concat();
    let slot = import_rsa_key(jwk.as_ptr(), jwk.len());
    Some(DecodingKey::from_rsa_der(&slot.to_le_bytes()))
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(unsupported()),
    // By the key's family too: a slot's number must never pass for a secret.
    verifier_factory: |algorithm, key| match (algorithm, key.family()) {
        (Algorithm::RS256, AlgorithmFamily::Rsa) => {
            let slot = key.try_get_as_bytes()?.try_into().map_err(|_| unsupported())?;
            Ok(Box::new(HostRs256 { slot: i32::from_le_bytes(slot) }))
        }
        (Algorithm::HS256, AlgorithmFamily::Hmac) => {
            let key = key.try_get_as_bytes()?.to_vec();
            // RFC 7518, section 3.2: at least as long as the hash.
            if key.len() < 32 { Err(unsupported()) } else { Ok(Box::new(HostHs256 { key })) }
        }
        _ => Err(unsupported()),
    },
    key_utils: KeyUtils::new_unimplemented(),
};

fn unsupported() -> Error {
    ErrorKind::InvalidAlgorithm.into()
}

/// RS256 with a key the host holds.
struct HostRs256 {
    slot: i32,
}

impl JwtVerifier for HostRs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

impl Verifier<Vec<u8>> for HostRs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let verifies = verify_rs256(
            self.slot,
            message.as_ptr(),
            message.len(),
            signature.as_ptr(),
            signature.len(),
        );
        if verifies == 1 { Ok(()) } else { Err(signature::Error::new()) }
    }
}

/// HS256 with a secret.
struct HostHs256 {
    key: Vec<u8>,
}

impl JwtVerifier for HostHs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl Verifier<Vec<u8>> for HostHs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let verifies = verify_hs256(
            self.key.as_ptr(),
            self.key.len(),
            message.as_ptr(),
            message.len(),
            signature.as_ptr(),
            signature.len(),
        );
        if verifies == 1 { Ok(()) } else { Err(signature::Error::new()) }
    }
}
