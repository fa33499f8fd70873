//! RS256 and HS256 by Node's `crypto`, for the CLI's module: as at the edge, cryptography is the
//! host's.

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, DecodingKeyKind};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::base64url;

/// Has signatures verified by Node from now on.
pub(super) fn install() {
    // Refused from the second time on, and meant to be: the provider is the same.
    let _ = PROVIDER.install_default();
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = JSON, js_name = parse, catch)]
    fn parse_json(text: &str) -> Result<JsValue, JsValue>;
}

#[wasm_bindgen(module = "node:crypto")]
extern "C" {
    #[wasm_bindgen(js_name = createPublicKey, catch)]
    fn create_public_key(input: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = verify, catch)]
    fn verify(
        digest: &str,
        message: &[u8],
        key: &JsValue,
        signature: &[u8],
    ) -> Result<bool, JsValue>;

    type Hmac;
    #[wasm_bindgen(js_name = createHmac)]
    fn create_hmac(digest: &str, key: &[u8]) -> Hmac;
    #[wasm_bindgen(method)]
    fn update(this: &Hmac, message: &[u8]) -> Hmac;
    #[wasm_bindgen(method)]
    fn digest(this: &Hmac) -> Vec<u8>;
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(unsupported()),
    verifier_factory: |algorithm, key| match (algorithm, key.kind()) {
        (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) => {
            let (modulus, exponent) = (base64url::encode(n), base64url::encode(e));
            Ok(Box::new(NodeRs256 { modulus, exponent }))
        }
        (Algorithm::HS256, DecodingKeyKind::SecretOrDer(secret)) => {
            Ok(Box::new(NodeHs256 { secret: secret.clone() }))
        }
        _ => Err(unsupported()),
    },
    key_utils: KeyUtils::new_unimplemented(),
};

fn unsupported() -> Error {
    ErrorKind::InvalidAlgorithm.into()
}

/// RS256 with one public key, both its numbers in base64url.
struct NodeRs256 {
    modulus: String,
    exponent: String,
}

impl JwtVerifier for NodeRs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

impl Verifier<Vec<u8>> for NodeRs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        // Base64url needs no escapes in JSON.
        let jwk = format!(
            r#"{{"format":"jwk","key":{{"kty":"RSA","n":"{}","e":"{}"}}}}"#,
            self.modulus, self.exponent
        );
        let key = parse_json(&jwk).and_then(|jwk| create_public_key(&jwk));
        match key.and_then(|key| verify("sha256", message, &key, signature)) {
            Ok(true) => Ok(()),
            _ => Err(signature::Error::new()),
        }
    }
}

/// HS256 with one secret.
struct NodeHs256 {
    secret: Vec<u8>,
}

impl JwtVerifier for NodeHs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl Verifier<Vec<u8>> for NodeHs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        // Whoever runs this has the secret: nobody is there to measure how long it takes.
        let expected = create_hmac("sha256", &self.secret).update(message).digest();
        if expected == *signature { Ok(()) } else { Err(signature::Error::new()) }
    }
}
