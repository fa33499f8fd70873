//! One visitor's attempt to sign in, kept by the browser while it is at the issuer's.

use cloudfront_worker::{Request, UnixMillis};

use super::cookie;
use crate::base64url;
use crate::credentials::sent;
use crate::seal::{SealKey, open, seal};

/// What an attempt must know when the visitor comes back.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    /// Proves to the issuer that whoever began is who ends (RFC 7636, section 4.1).
    pub verifier: String,
    /// Ties the ID token to this attempt (OpenID Connect Core 1.0, section 3.1.2.1).
    pub nonce: String,
    /// Which sign-in in a row this is.
    pub arrivals: u8,
    /// A path here that has been checked.
    pub return_to: String,
}

/// Names an attempt in the issuer's redirects (RFC 6749, section 10.12): 32 random bytes. The first
/// of its letters name the attempt's cookie, so that several attempts stand beside each other; the
/// whole of it is needed to open that.
pub(super) struct StateParameter<'s>(&'s str);

/// Seconds an attempt may take: a code lives five minutes (rule C6), but people go and look for
/// their second factor.
const SECONDS: u64 = 600;

/// How many attempts a browser may have under way: tabs, mostly.
const MOST: usize = 5;

const NAME: &str = "__Host-nearhop-attempt-";
const NAME_LETTERS: usize = 11;
const STATE_LETTERS: usize = 43;

impl<'s> StateParameter<'s> {
    /// Of a new attempt.
    pub fn of(letters: &'s str) -> Self {
        Self(letters)
    }

    /// Of what came back in a redirect, where it has the form of one.
    pub fn parse(text: &'s str) -> Option<Self> {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (text.len() == STATE_LETTERS && text.bytes().all(is_letter)).then_some(Self(text))
    }

    pub fn cookie_name(&self) -> String {
        [NAME, &self.0[..NAME_LETTERS]].concat()
    }
}

impl Attempt {
    /// The cookie that keeps it, under its state.
    pub fn keep(
        &self,
        state: &StateParameter<'_>,
        key: &SealKey,
        nonce: [u8; 12],
        now: UnixMillis,
    ) -> String {
        let begun = now.0.to_string();
        let arrivals = self.arrivals.to_string();
        let text = [&self.verifier, &self.nonce, arrivals.as_str(), &begun, &self.return_to];
        let text = text.join("\n");
        let sealed = seal(key, nonce, state.0.as_bytes(), text.as_bytes());
        // The time stands before it too, for `crowded` to know which is the oldest.
        cookie::set(&state.cookie_name(), &[&begun, ".", &sealed].concat(), SECONDS as u32)
    }

    /// The attempt of that state in this browser; `None` where this browser began none, or too long
    /// ago.
    pub fn find(
        request: &Request<'_>,
        state: &StateParameter<'_>,
        key: &SealKey,
        now: UnixMillis,
    ) -> Option<Self> {
        let (_, sealed) = cookie::named(request, &state.cookie_name())?.split_once('.')?;
        let text = String::from_utf8(open(key, state.0.as_bytes(), sealed)?).ok()?;
        let [verifier, nonce, arrivals, begun, return_to] =
            text.splitn(5, '\n').collect::<Vec<_>>().try_into().ok()?;
        let age = now.0.abs_diff(begun.parse().ok()?);
        (age <= SECONDS * 1_000).then_some(Self {
            verifier: verifier.into(),
            nonce: nonce.into(),
            arrivals: arrivals.parse().ok()?,
            return_to: return_to.into(),
        })
    }
}

/// The names of attempts that make room for one more: the oldest ones.
pub(super) fn crowded_out<'a>(request: &Request<'a>) -> Vec<&'a str> {
    let attempts: Vec<(u64, &str)> =
        cookie::in_order(sent(request).filter(|(name, _)| is_name(name)).map(|(name, value)| {
            let begun = value.split_once('.').and_then(|(begun, _)| begun.parse().ok());
            (begun.unwrap_or(0), name)
        }));
    let too_many = (attempts.len() + 1).saturating_sub(MOST);
    // As many as fit an answer (rule G2).
    attempts.into_iter().take(too_many.min(64)).map(|(_, name)| name).collect()
}

/// Whether a cookie of this name keeps an attempt.
pub(super) fn is_name(name: &str) -> bool {
    name.strip_prefix(NAME).is_some_and(|id| {
        id.len() == NAME_LETTERS
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    })
}

/// Random bytes as a state, a verifier or a nonce.
pub(super) fn letters(random: &[u8]) -> String {
    base64url::encode(random)
}

#[cfg(test)]
mod tests {
    use cloudfront_worker::Headers;
    use http::Method;

    use super::*;

    const NOW: UnixMillis = UnixMillis(1_790_000_000_000);
    const STATE: &str = "AAAAAAAAAAAbbbbbbbbbbbccccccccccddddddddddd";

    fn with_cookie(cookie: &str) -> Request<'_> {
        Request {
            method: Method::GET,
            client_ip: "192.0.2.1",
            uri: "/",
            querystring: "",
            headers: [("cookie", cookie)].into_iter().collect::<Headers<'_>>(),
            body: None,
        }
    }

    fn attempt() -> Attempt {
        Attempt {
            verifier: "the-verifier".into(),
            nonce: "the-nonce".into(),
            arrivals: 1,
            return_to: "/a?b=c".into(),
        }
    }

    /// What the browser sends of an attempt kept at [`NOW`].
    fn kept(state: &str, key: &SealKey) -> String {
        let set = attempt().keep(&StateParameter::of(state), key, [7; 12], NOW);
        set.split(';').next().unwrap().to_owned()
    }

    #[test]
    fn an_attempt_is_found_by_its_state_and_within_ten_minutes() {
        let key = SealKey::of("a key");
        let cookie = kept(STATE, &key);
        let find = |state: &str, key: &SealKey, now: UnixMillis| {
            Attempt::find(&with_cookie(&cookie), &StateParameter::parse(state)?, key, now)
        };
        assert_eq!(find(STATE, &key, NOW), Some(attempt()));
        assert_eq!(find(STATE, &key, UnixMillis(NOW.0 + 600_000)), Some(attempt()));
        assert_eq!(find(STATE, &key, UnixMillis(NOW.0 + 600_001)), None);
        // A clock that goes backwards makes no attempt older than it is.
        assert_eq!(find(STATE, &key, UnixMillis(NOW.0 - 600_001)), None);
        assert_eq!(find(STATE, &SealKey::of("another"), NOW), None);
        // The cookie is found by the first letters; it opens by all of them.
        let other = STATE.replace("ddd", "eee");
        assert_eq!(find(&other, &key, NOW), None);
        for broken in ["", "short", &STATE.replace('d', "."), &[STATE, "x"].concat()] {
            assert!(StateParameter::parse(broken).is_none(), "{broken}");
        }
    }

    #[test]
    fn the_oldest_of_too_many_make_room() {
        let name = |n: u64| format!("__Host-nearhop-attempt-{n:011}");
        let cookies: Vec<_> =
            [4, 2, 9, 1, 7].iter().map(|n| format!("{}={n}.sealed", name(*n))).collect();
        let five = cookies.join("; ");
        assert_eq!(crowded_out(&with_cookie(&five)), [name(1)]);
        let broken = [&five, "; ", &name(8), "=no-time; other=1.a"].concat();
        assert_eq!(crowded_out(&with_cookie(&broken)), [name(8), name(1)]);
        assert!(crowded_out(&with_cookie(&cookies[..4].join("; "))).is_empty());
    }
}
