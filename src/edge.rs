//! What is particular to running in Lambda@Edge: the exports, and RS256 by the host.
//!
//! Node's `crypto.verify` is some fifty times faster than RSA in WebAssembly, and it is OpenSSL.
//! The host imports each key once and keeps it; here a key is only the number of its slot there.

#![allow(unsafe_code)]

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey};

use crate::Nearhop;

cloudfront_worker::export!(Nearhop);

#[link(wasm_import_module = "nearhop")]
unsafe extern "C" {
    /// Imports the RSA key `MODULUS.EXPONENT` (base64url) and returns its slot, or -1.
    safe fn import_rsa_key(jwk: *const u8, len: usize) -> i32;
    /// Whether a PKCS #1 v1.5 SHA-256 signature of a message is the key's: 1 or 0.
    safe fn verify_rs256(
        slot: i32,
        message: *const u8,
        message_len: usize,
        signature: *const u8,
        signature_len: usize,
    ) -> i32;
}

/// Has the host import a key (see [`ImportKey`](crate::keys::ImportKey)).
pub(crate) fn import_key(modulus: &str, exponent: &str) -> Option<DecodingKey> {
    // Refused from the second time on, and meant to be: the provider is the same.
    let _ = PROVIDER.install_default();
    let jwk = format!("{modulus}.{exponent}");
    let slot = import_rsa_key(jwk.as_ptr(), jwk.len());
    (slot >= 0).then(|| DecodingKey::from_rsa_der(&slot.to_le_bytes()))
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(unsupported()),
    verifier_factory: |algorithm, key| match algorithm {
        Algorithm::RS256 => {
            let slot = key.try_get_as_bytes()?.try_into().map_err(|_| unsupported())?;
            Ok(Box::new(HostRs256 { slot: i32::from_le_bytes(slot) }))
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
