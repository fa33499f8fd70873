//! Authenticated encryption and a digest, by the host's OpenSSL at the edge and by RustCrypto
//! everywhere else.

use std::fmt;

use crate::base64url;

/// A key for [`seal`] and [`open`]: AES-256.
#[derive(Clone)]
pub(crate) struct SealKey(String);

/// Without the secret.
impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey")
    }
}

impl SealKey {
    /// The key of a secret text, which must be one that nobody can guess: it is hashed, not
    /// stretched.
    pub fn of(secret: &str) -> Self {
        Self(secret.to_owned())
    }

    /// Not when it is made: that is while a worker is configured, without the host.
    fn bytes(&self) -> [u8; 32] {
        sha256(self.0.as_bytes())
    }
}

/// Encrypts `text` by AES-256-GCM, as base64url. It can be opened with the same key and the same
/// `about` only. A nonce must never be used twice with one key; random ones of 12 bytes are good
/// for 2^32 messages (NIST SP 800-38D, section 8.3).
pub(crate) fn seal(key: &SealKey, nonce: [u8; 12], about: &[u8], text: &[u8]) -> String {
    let mut sealed = nonce.to_vec();
    sealed.extend(encrypt(&key.bytes(), &nonce, about, text));
    base64url::encode(&sealed)
}

/// What was sealed, or `None` where it was not by this key, not about this, or was changed since.
pub(crate) fn open(key: &SealKey, about: &[u8], sealed: &str) -> Option<Vec<u8>> {
    let sealed = base64url::decode(sealed)?;
    let (nonce, encrypted) = sealed.split_first_chunk::<12>()?;
    if encrypted.len() < TAG_BYTES {
        return None;
    }
    decrypt(&key.bytes(), nonce, about, encrypted)
}

/// GCM's authentication tag, which stands after the text.
pub(crate) const TAG_BYTES: usize = 16;

#[cfg(all(feature = "edge", target_arch = "wasm32"))]
pub(crate) use crate::edge::{decrypt, encrypt, sha256};

#[cfg(not(all(feature = "edge", target_arch = "wasm32")))]
pub(crate) use native::{decrypt, encrypt, sha256};

#[cfg(not(all(feature = "edge", target_arch = "wasm32")))]
mod native {
    use aes_gcm::aead::{Aead, KeyInit, Payload};
    use aes_gcm::{Aes256Gcm, Nonce};
    use sha2::{Digest, Sha256};

    pub(crate) fn sha256(message: &[u8]) -> [u8; 32] {
        Sha256::digest(message).into()
    }

    pub(crate) fn encrypt(key: &[u8; 32], nonce: &[u8; 12], about: &[u8], text: &[u8]) -> Vec<u8> {
        let payload = Payload { msg: text, aad: about };
        let encrypted = Aes256Gcm::new(key.into()).encrypt(&Nonce::from(*nonce), payload);
        encrypted.expect("a text far below GCM's limit of 64 GiB")
    }

    pub(crate) fn decrypt(
        key: &[u8; 32],
        nonce: &[u8; 12],
        about: &[u8],
        encrypted: &[u8],
    ) -> Option<Vec<u8>> {
        let payload = Payload { msg: encrypted, aad: about };
        Aes256Gcm::new(key.into()).decrypt(&Nonce::from(*nonce), payload).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_with_its_key_and_about_the_same_only() {
        let (key, other) = (SealKey::of("one secret"), SealKey::of("another"));
        let sealed = seal(&key, [7; 12], b"a", b"text");
        assert_eq!(open(&key, b"a", &sealed).as_deref(), Some(&b"text"[..]));
        assert_eq!(open(&key, b"b", &sealed), None);
        assert_eq!(open(&other, b"a", &sealed), None);
        assert_eq!(open(&key, b"a", ""), None);
        assert_eq!(open(&key, b"a", &sealed[..sealed.len() - 4]), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(open(&key, b"a", std::str::from_utf8(&changed).unwrap()), None, "at {at}");
        }
    }

    /// GCM specification (McGrew and Viega), test case 16: so that natively and at the edge it is the
    /// same cipher.
    #[test]
    fn it_is_aes_256_gcm() {
        let hex = |text: &str| -> Vec<u8> {
            let digit = |byte: u8| (byte as char).to_digit(16).unwrap() as u8;
            text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
        };
        let key = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
        let nonce = hex("cafebabefacedbaddecaf888");
        let about = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let text = hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
             1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
        let encrypted = encrypt(
            key.as_slice().try_into().unwrap(),
            nonce.as_slice().try_into().unwrap(),
            &about,
            &text,
        );
        let expected = hex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
             8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662\
             76fc6ece0f4e1768cddf8853bb2d551b");
        assert_eq!(encrypted, expected);
    }
}
