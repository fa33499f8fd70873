//! The issuers' public keys, and when to fetch them again.

use std::rc::Rc;
use std::time::Duration;

use cloudfront_worker::UnixMillis;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;

use crate::config::KeyRefresh;
use crate::equal::equal;
use crate::token::Header;

/// Turns an RSA key's modulus and exponent (base64url, RFC 7518, section 6.3.1) into what
/// jsonwebtoken verifies with. Where the host does RS256, the result only names the host's key.
pub type ImportKey = fn(modulus: &str, exponent: &str) -> Option<DecodingKey>;

/// The key sets of all issuers.
///
/// A set is fetched again when a token names a key that is not in it (rule C4) and when it has
/// reached its age; never twice within the cooldown, so that a flood of invented key ids costs one
/// fetch. A fetch that fails leaves the set as it was: known keys go on working.
#[derive(Debug)]
pub(crate) struct Keys {
    import: ImportKey,
    cooldown: Duration,
    max_age: Duration,
    sets: Vec<KeySet>,
    next_id: u64,
    /// Of the token that verified last: all tokens of one key have the same, and it is a word of what
    /// the text says, not of whether the key still counts.
    pub last_header: Option<Rc<Header>>,
}

#[derive(Debug, Default)]
struct KeySet {
    keys: Vec<Key>,
    /// When the set was last taken over; for a preloaded one, when it was first used.
    taken: Option<UnixMillis>,
    /// When a fetch last ended, well or badly.
    attempted: Option<UnixMillis>,
    failed: bool,
}

/// One key.
#[derive(Debug)]
pub(crate) struct Key {
    /// Tells this key from every other the instance has ever held.
    pub id: KeyId,
    pub decoding: DecodingKey,
    /// The length of its signatures in bytes.
    pub signature_bytes: usize,
    kid: String,
    modulus: String,
    exponent: String,
}

/// Of the longest modulus accepted, and so of the longest signature.
pub(crate) const MOST_BYTES: usize = 1_024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyId(u64);

/// What looking for a key led to.
#[derive(Debug)]
pub(crate) enum Lookup<'k> {
    Found(&'k Key),
    /// The set must be fetched first.
    Fetch,
    /// The issuer has no such key.
    Unknown,
    /// The issuer could not be asked.
    Unavailable,
}

/// Why a key set is not taken over. For the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySetFault {
    /// It is not a JWK Set (RFC 7517, section 5).
    Json(String),
    /// Two of its usable keys have the same `kid`.
    DuplicateKid,
    /// It has no RS256 key of 2,048 bits or more with a public exponent of 65,537 or more.
    NoUsableKey,
}

impl Keys {
    /// Key sets for the issuers, in the configuration's order, with the keys that are known from
    /// the start.
    pub fn new(refresh: &KeyRefresh, import: ImportKey, preloaded: Vec<Vec<PublicKey>>) -> Self {
        let mut keys = Self {
            import,
            cooldown: Duration::from_secs(refresh.cooldown_seconds.into()),
            max_age: Duration::from_secs(refresh.max_age_seconds.into()),
            sets: Vec::with_capacity(preloaded.len()),
            next_id: 0,
            last_header: None,
        };
        for (issuer, set) in preloaded.into_iter().enumerate() {
            keys.sets.push(KeySet::default());
            keys.sets[issuer].keys = keys.import(issuer, set);
        }
        keys
    }

    /// Looks for an issuer's key.
    pub fn find(&mut self, issuer: usize, kid: &str, now: UnixMillis) -> Lookup<'_> {
        let stale = self.is_stale(issuer, now);
        let cooling = self.is_cooling(issuer, now);
        let set = &self.sets[issuer];
        match set.keys.iter().find(|key| equal(&key.kid, kid)) {
            Some(key) if !stale || cooling => Lookup::Found(key),
            _ if !cooling => Lookup::Fetch,
            _ if set.failed => Lookup::Unavailable,
            _ => Lookup::Unknown,
        }
    }

    /// Whether a set has reached its age and may be fetched.
    pub fn wants_refresh(&mut self, issuer: usize, now: UnixMillis) -> bool {
        self.is_stale(issuer, now) && !self.is_cooling(issuer, now)
    }

    /// Whether an issuer still has a key: one that it withdrew verifies nothing any more, not even
    /// what it verified before.
    pub fn holds(&self, issuer: usize, id: KeyId) -> bool {
        self.sets[issuer].keys.iter().any(|key| key.id == id)
    }

    /// Takes a fetched set, or that there is none, and starts the cooldown.
    pub fn record(&mut self, issuer: usize, fetched: Option<&[u8]>, now: UnixMillis) {
        let taken = fetched.is_some_and(|json| self.take(issuer, json).is_ok());
        let set = &mut self.sets[issuer];
        set.attempted = Some(now);
        set.failed = !taken;
        if taken {
            set.taken = Some(now);
        }
    }

    fn is_stale(&mut self, issuer: usize, now: UnixMillis) -> bool {
        let set = &mut self.sets[issuer];
        let taken = *set.taken.get_or_insert(now);
        now.since(taken).map_or_else(
            || {
                // The clock has gone backwards: count the age from here.
                set.taken = Some(now);
                false
            },
            |age| age >= self.max_age,
        )
    }

    fn is_cooling(&self, issuer: usize, now: UnixMillis) -> bool {
        let attempted = self.sets[issuer].attempted;
        attempted.and_then(|at| now.since(at)).is_some_and(|age| age < self.cooldown)
    }

    fn take(&mut self, issuer: usize, json: &[u8]) -> Result<(), KeySetFault> {
        let keys = self.import(issuer, demand_some(usable_keys(json)?)?);
        self.sets[issuer].keys = demand_some(keys)?;
        Ok(())
    }

    /// A key that the issuer's set has already keeps its id.
    fn import(&mut self, issuer: usize, set: Vec<PublicKey>) -> Vec<Key> {
        let mut keys = Vec::with_capacity(set.len());
        for jwk in set {
            let known = self.sets[issuer].keys.iter().find(|key| key.is(&jwk));
            let id = known.map_or(KeyId(self.next_id), |key| key.id);
            let Some(decoding) = (self.import)(&jwk.modulus, &jwk.exponent) else { continue };
            self.next_id += 1;
            keys.push(Key {
                id,
                decoding,
                signature_bytes: jwk.modulus_bytes,
                kid: jwk.kid,
                modulus: jwk.modulus,
                exponent: jwk.exponent,
            });
        }
        keys
    }
}

impl Key {
    fn is(&self, jwk: &PublicKey) -> bool {
        self.kid == jwk.kid && self.modulus == jwk.modulus && self.exponent == jwk.exponent
    }
}

/// Checks a key set as a bundle would take it: how many of its keys can be used, or why none can.
pub fn check_key_set(json: &[u8]) -> Result<usize, KeySetFault> {
    Ok(demand_some(usable_keys(json)?)?.len())
}

/// The keys of each set that a bundle carries, none for an issuer whose set must be fetched.
pub(crate) fn preloaded(sets: &[Option<String>]) -> Result<Vec<Vec<PublicKey>>, KeySetFault> {
    let keys = |json: &String| demand_some(usable_keys(json.as_bytes())?);
    sets.iter().map(|set| set.as_ref().map_or(Ok(Vec::new()), keys)).collect()
}

fn demand_some<K>(keys: Vec<K>) -> Result<Vec<K>, KeySetFault> {
    if keys.is_empty() { Err(KeySetFault::NoUsableKey) } else { Ok(keys) }
}

/// An RS256 key as a key set has it: not imported, so that it can be carried.
#[derive(Debug)]
pub(crate) struct PublicKey {
    kid: String,
    modulus: String,
    exponent: String,
    modulus_bytes: usize,
}

/// The keys of a JWK Set that may verify Cognito's signatures (rule C1). Others are passed over, as
/// RFC 7517, section 5, asks.
fn usable_keys(json: &[u8]) -> Result<Vec<PublicKey>, KeySetFault> {
    #[derive(Deserialize)]
    struct JwkSet {
        keys: Vec<Jwk>,
    }

    #[derive(Deserialize)]
    struct Jwk {
        kty: Option<String>,
        #[serde(rename = "use")]
        usage: Option<String>,
        alg: Option<String>,
        kid: Option<String>,
        n: Option<String>,
        e: Option<String>,
    }

    let set: JwkSet =
        serde_json::from_slice(json).map_err(|error| KeySetFault::Json(error.to_string()))?;
    let mut keys: Vec<PublicKey> = Vec::new();
    for jwk in set.keys {
        let Some(kid) = jwk.kid.filter(|kid| !kid.is_empty()) else { continue };
        let for_rs256 = jwk.kty.as_deref() == Some("RSA")
            && jwk.usage.as_deref().is_none_or(|usage| usage == "sig")
            && jwk.alg.as_deref().is_none_or(|alg| alg == "RS256");
        let (Some(modulus), Some(exponent), true) = (jwk.n, jwk.e, for_rs256) else { continue };
        let Some(modulus_bytes) = strength(&modulus, &exponent) else { continue };
        // Which of two keys a token means would be anyone's guess. One of another kind or use it
        // cannot mean (RFC 7517, section 4.5).
        if keys.iter().any(|key| key.kid == kid) {
            return Err(KeySetFault::DuplicateKid);
        }
        keys.push(PublicKey { kid, modulus, exponent, modulus_bytes });
    }
    Ok(keys)
}

/// The modulus's length in bytes, if the key is strong enough: 2,048 bits or more, and an exponent
/// that padding forgeries are not known against.
fn strength(modulus: &str, exponent: &str) -> Option<usize> {
    let modulus = crate::base64url::decode(modulus)?;
    let exponent = crate::base64url::decode(exponent)?;
    let first = *modulus.first()?;
    let bits = modulus.len() * 8 - first.leading_zeros() as usize;
    let exponent = exponent.iter().try_fold(0_u64, |value, byte| {
        value.checked_mul(256).map(|value| value | u64::from(*byte))
    })?;
    let strong = first != 0 && (2_048..=8 * MOST_BYTES).contains(&bits);
    (strong && exponent >= 65_537 && exponent % 2 == 1).then_some(modulus.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwk(kid: &str, rest: &str) -> String {
        let modulus = crate::base64url::encode(&[0xc5; 256]);
        format!(r#"{{"kid":"{kid}","kty":"RSA","n":"{modulus}","e":"AQAB"{rest}}}"#)
    }

    fn set(keys: &[String]) -> String {
        format!(r#"{{"keys":[{}]}}"#, keys.join(","))
    }

    fn import(n: &str, e: &str) -> Option<DecodingKey> {
        DecodingKey::from_rsa_components(n, e).ok()
    }

    fn keys(preloaded: Option<String>) -> Keys {
        Keys::new(&KeyRefresh::default(), import, super::preloaded(&[preloaded]).unwrap())
    }

    const AT: UnixMillis = UnixMillis(1_000_000_000);

    fn later(seconds: u64) -> UnixMillis {
        UnixMillis(AT.0 + seconds * 1000)
    }

    /// Cases: signature/e-3, signature/1024-bit, keys/use-enc, keys/wrong-alg, keys/not-rsa.
    #[test]
    fn weak_and_foreign_keys_are_passed_over() {
        let short = crate::base64url::encode(&[0xc5; 128]);
        let padded = crate::base64url::encode(&[&[0][..], &[0xc5; 255]].concat());
        for (why, key) in [
            ("another use", jwk("a", r#","use":"enc""#)),
            ("another algorithm", jwk("a", r#","alg":"RS512""#)),
            ("no kid", jwk("", "")),
            ("1024 bits", format!(r#"{{"kid":"a","kty":"RSA","n":"{short}","e":"AQAB"}}"#)),
            ("2040 bits", format!(r#"{{"kid":"a","kty":"RSA","n":"{padded}","e":"AQAB"}}"#)),
            ("e = 3", jwk("a", "").replace("AQAB", "Aw")),
            ("e even", jwk("a", "").replace("AQAB", "AQAC")),
            ("e empty", jwk("a", "").replace("AQAB", "")),
            ("not base64url", jwk("a", "").replace("AQAB", "A+AB")),
            ("not RSA", r#"{"kid":"a","kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#.to_owned()),
        ] {
            assert_eq!(
                check_key_set(set(&[key]).as_bytes()),
                Err(KeySetFault::NoUsableKey),
                "{why}"
            );
        }
        assert_eq!(
            check_key_set(set(&[jwk("a", r#","use":"sig","alg":"RS256""#)]).as_bytes()),
            Ok(1)
        );
    }

    /// Cases: keys/empty, keys/not-json, keys/duplicate-kid.
    #[test]
    fn a_set_that_cannot_be_trusted_is_refused_whole() {
        let twice = set(&[jwk("a", ""), jwk("a", "")]);
        assert_eq!(check_key_set(twice.as_bytes()), Err(KeySetFault::DuplicateKid));
        assert_eq!(check_key_set(br#"{"keys":[]}"#), Err(KeySetFault::NoUsableKey));
        for json in ["", "null", "[]", "{}", "<html>", r#"{"keys":5}"#] {
            assert!(matches!(check_key_set(json.as_bytes()), Err(KeySetFault::Json(_))), "{json}");
        }
    }

    /// Cases: keys/unknown-kids, keys/known-kids.
    #[test]
    fn an_unknown_key_is_asked_for_once_per_cooldown() {
        let mut keys = keys(Some(set(&[jwk("a", "")])));
        assert!(matches!(keys.find(0, "a", AT), Lookup::Found(_)));
        assert!(matches!(keys.find(0, "b", AT), Lookup::Fetch));
        keys.record(0, Some(set(&[jwk("a", "")]).as_bytes()), AT);
        for second in 0..30 {
            assert!(matches!(keys.find(0, "b", later(second)), Lookup::Unknown));
            assert!(matches!(keys.find(0, "a", later(second)), Lookup::Found(_)));
        }
        assert!(matches!(keys.find(0, "b", later(30)), Lookup::Fetch));
    }

    /// Cases: keys/unreachable.
    #[test]
    fn known_keys_go_on_working_when_the_issuer_is_down() {
        let mut keys = keys(Some(set(&[jwk("a", "")])));
        assert!(matches!(keys.find(0, "a", AT), Lookup::Found(_)));
        let old = later(21_600);
        assert!(matches!(keys.find(0, "a", old), Lookup::Fetch), "at its age a set is fetched");
        for answer in [None, Some(&b"<html>"[..]), Some(br#"{"keys":[]}"#)] {
            keys.record(0, answer, old);
            assert!(matches!(keys.find(0, "a", old), Lookup::Found(_)));
            assert!(matches!(keys.find(0, "b", old), Lookup::Unavailable));
        }
    }

    /// Cases: keys/removed.
    #[test]
    fn a_withdrawn_key_stops_working_and_a_kept_one_keeps_its_id() {
        let mut keys = keys(Some(set(&[jwk("a", ""), jwk("b", "")])));
        let id = |kid: &str, keys: &mut Keys| match keys.find(0, kid, AT) {
            Lookup::Found(key) => key.id,
            other => panic!("{other:?}"),
        };
        let (a, b) = (id("a", &mut keys), id("b", &mut keys));
        keys.record(0, Some(set(&[jwk("b", ""), jwk("c", "")]).as_bytes()), AT);
        assert!(!keys.holds(0, a) && keys.holds(0, b));
        assert!(matches!(keys.find(0, "a", AT), Lookup::Unknown));
        assert_eq!(id("b", &mut keys), b);
        assert_ne!(id("c", &mut keys), a);
    }

    #[test]
    fn a_clock_that_jumps_back_does_not_wedge_the_set() {
        let mut keys = keys(Some(set(&[jwk("a", "")])));
        keys.record(0, None, later(1_000_000));
        assert!(matches!(keys.find(0, "a", AT), Lookup::Found(_)));
        assert!(matches!(keys.find(0, "b", AT), Lookup::Fetch));
        keys.record(0, None, AT);
        assert!(matches!(keys.find(0, "b", AT), Lookup::Unavailable));
        assert!(matches!(keys.find(0, "a", later(21_600)), Lookup::Fetch));
    }
}
