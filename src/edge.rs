//! What is particular to running in Lambda@Edge: the exports, and signatures by the host.
//!
//! Node's `crypto.verify` is some fifty times faster than RSA in WebAssembly, and it is OpenSSL.
//! The host imports each key once and keeps it; here a key is only the number of its slot there, so
//! keys are handed over when an instance starts, and not when it is configured.

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};

use crate::Nearhop;
use crate::base64url;
use crate::keys::MOST_BYTES;
use crate::seal::TAG_BYTES;

cloudfront_worker::export!(Nearhop);

cloudfront_worker::import! {
    from "nearhop";
    /// Takes the RSA key `MODULUS.EXPONENT` (base64url) and returns its slot. One that OpenSSL would
    /// not have verifies nothing.
    fn import_rsa_key(jwk: &[u8]) -> i32;
    /// Whether a PKCS #1 v1.5 SHA-256 signature of a message is the key's: 1 or 0.
    fn verify_rs256(slot: i32, message: &[u8], signature: &[u8]) -> i32;
    /// Whether an HMAC SHA-256 of a message is the key's: 1 or 0.
    fn verify_hs256(key: &[u8], message: &[u8], signature: &[u8]) -> i32;
    /// Writes the SHA-256 of a message.
    fn sha256_digest(message: &[u8], digest: &mut [u8; 32]);
    /// Writes a text encrypted by AES-256-GCM, and the tag of 16 bytes after it.
    fn aes_256_gcm_encrypt(
        key: &[u8; 32],
        nonce: &[u8; 12],
        about: &[u8],
        text: &[u8],
        encrypted: &mut [u8],
    );
    /// Writes the text that was encrypted, without the tag: 1. Or 0, where the tag does not verify.
    fn aes_256_gcm_decrypt(
        key: &[u8; 32],
        nonce: &[u8; 12],
        about: &[u8],
        encrypted: &[u8],
        text: &mut [u8],
    ) -> i32;
}

/// SHA-256.
pub(crate) fn sha256(message: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    sha256_digest(message, &mut digest);
    digest
}

/// See [`crate::seal::seal`].
pub(crate) fn encrypt(key: &[u8; 32], nonce: &[u8; 12], about: &[u8], text: &[u8]) -> Vec<u8> {
    let mut encrypted = vec![0; text.len() + TAG_BYTES];
    aes_256_gcm_encrypt(key, nonce, about, text, &mut encrypted);
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
    let verifies = aes_256_gcm_decrypt(key, nonce, about, encrypted, &mut text);
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
    let slot = import_rsa_key(jwk.as_bytes());
    Some(DecodingKey::from_rsa_der(&slot.to_le_bytes()))
}

/// Whether a signature, in base64url, of a text is the key's, by RS256. Not by way of the provider: a
/// token not seen before would pay for a box and for decoding by the base64 crate.
pub(crate) fn verifies(signature: &str, signed: &str, key: &DecodingKey) -> bool {
    // By the key's family too: a secret must never pass for a slot's number.
    let AlgorithmFamily::Rsa = key.family() else { return false };
    let slot = key.try_get_as_bytes().ok().and_then(|slot| slot.try_into().ok());
    let mut buffer = [0; MOST_BYTES];
    let signature = base64url::decode_into(signature, &mut buffer);
    let (Some(slot), Some(signature)) = (slot, signature) else { return false };
    let slot = i32::from_le_bytes(slot);
    verify_rs256(slot, signed.as_bytes(), signature) == 1
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(unsupported()),
    // By the key's family too: a slot's number must never pass for a secret.
    verifier_factory: |algorithm, key| match (algorithm, key.family()) {
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
        let verifies = verify_hs256(&self.key, message, signature);
        if verifies == 1 { Ok(()) } else { Err(signature::Error::new()) }
    }
}
