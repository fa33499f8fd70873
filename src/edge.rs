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
use crate::seal::TAG_BYTES;

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
    /// Writes the SHA-256 of a message: 32 bytes.
    fn sha256_digest(message: *const u8, message_len: usize, digest: *mut u8);
    /// Writes a text encrypted by AES-256-GCM, and the tag of 16 bytes after it.
    fn aes_256_gcm_encrypt(
        key: *const u8,
        nonce: *const u8,
        about: *const u8,
        about_len: usize,
        text: *const u8,
        text_len: usize,
        encrypted: *mut u8,
    );
    /// Writes the text that was encrypted, without the tag: 1. Or 0, where the tag does not verify.
    fn aes_256_gcm_decrypt(
        key: *const u8,
        nonce: *const u8,
        about: *const u8,
        about_len: usize,
        encrypted: *const u8,
        encrypted_len: usize,
        text: *mut u8,
    ) -> i32;
}

/// SHA-256.
pub(crate) fn sha256(message: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    // SAFETY: the host writes the 32 bytes that are there.
    unsafe { sha256_digest(message.as_ptr(), message.len(), digest.as_mut_ptr()) };
    digest
}

/// See [`crate::seal::seal`].
pub(crate) fn encrypt(key: &[u8; 32], nonce: &[u8; 12], about: &[u8], text: &[u8]) -> Vec<u8> {
    let mut encrypted = vec![0; text.len() + TAG_BYTES];
    // SAFETY: the host writes as many bytes as the text and the tag have, which are there.
    unsafe {
        aes_256_gcm_encrypt(
            key.as_ptr(),
            nonce.as_ptr(),
            about.as_ptr(),
            about.len(),
            text.as_ptr(),
            text.len(),
            encrypted.as_mut_ptr(),
        );
    }
    encrypted
}

/// See [`crate::seal::open`], which sees to it that there is a tag.
pub(crate) fn decrypt(
    key: &[u8; 32],
    nonce: &[u8; 12],
    about: &[u8],
    encrypted: &[u8],
) -> Option<Vec<u8>> {
    let mut text = vec![0; encrypted.len().checked_sub(TAG_BYTES)?];
    // SAFETY: the host writes as many bytes as the text has, which are there.
    let verifies = unsafe {
        aes_256_gcm_decrypt(
            key.as_ptr(),
            nonce.as_ptr(),
            about.as_ptr(),
            about.len(),
            encrypted.as_ptr(),
            encrypted.len(),
            text.as_mut_ptr(),
        )
    };
    (verifies == 1).then_some(text)
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
