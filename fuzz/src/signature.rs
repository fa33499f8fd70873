//! Signatures a fuzzer can make: all zeros is sound, whatever was signed and by whichever key, and
//! nothing else is. So what follows a signature is reached, and what forbids a forged one is, too.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey};

/// Has signatures judged so from now on.
pub fn install() {
    // Refused from the second time on: it is there already.
    let _ = PROVIDER.install_default();
}

/// A compact JWS (RFC 7515, section 7.1) of these bytes, sound for a key of so many bytes.
pub fn signed(header: &[u8], payload: &[u8], key_bytes: usize) -> String {
    let segments = [header, payload, &vec![0; key_bytes]].map(|bytes| BASE64URL.encode(bytes));
    segments.join(".")
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::InvalidAlgorithm.into()),
    verifier_factory: |algorithm, _: &DecodingKey| Ok(Box::new(Zeros(*algorithm))),
    key_utils: KeyUtils::new_unimplemented(),
};

struct Zeros(Algorithm);

impl JwtVerifier for Zeros {
    fn algorithm(&self) -> Algorithm {
        self.0
    }
}

impl Verifier<Vec<u8>> for Zeros {
    fn verify(&self, _: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let is_sound = signature.iter().all(|byte| *byte == 0);
        if is_sound { Ok(()) } else { Err(signature::Error::new()) }
    }
}
