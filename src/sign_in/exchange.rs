//! Asking the issuer for tokens (RFC 6749, sections 4.1.3 and 6), and what came of it.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use cloudfront_worker::{Fetch, FetchFault, Post, UnixMillis};
use serde::Deserialize;

/// The tag of the first request to a token endpoint; the others' follow. Key sets' and the control
/// document's come long before.
pub(crate) const TAG: u32 = 1 << 24;

/// What one instance asked of issuers lately. An answer with tokens is there for whoever asks the
/// same again within [`KEEP_MS`], unless it is forgotten: requests that a page sends at once all
/// bring the same refresh token, and an issuer that rotates them takes it once (rule C7). A failure
/// is told once.
pub(crate) struct Exchanges {
    kept: Vec<Exchange>,
    next: u32,
}

struct Exchange {
    tag: u32,
    form: String,
    outcome: Option<(UnixMillis, Outcome)>,
}

/// What an endpoint answered.
type Outcome = Result<Rc<[u8]>, ExchangeFault>;

const KEEP_MS: u64 = 10_000;
const MOST_KEPT: usize = 16;

/// A request to one of the issuer's endpoints that only its client may make.
pub(super) struct Ask<'r> {
    pub url: &'r str,
    pub form: String,
    pub authorization: Option<&'r str>,
    pub timeout: Duration,
}

/// The tokens an issuer gave (RFC 6749, section 5.1; OpenID Connect Core 1.0, section 3.1.3.3).
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub access_token: String,
    pub id_token: Option<String>,
    pub refresh_token: Option<String>,
}

/// Why there are no tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExchangeFault {
    /// The code or the refresh token does not count, or no longer: the visitor signs in again.
    Refused,
    /// The issuer does not answer, or not now.
    Unavailable,
    /// There are tokens, but not such as make a session: another sign-in may bring better ones.
    Useless,
    /// The issuer does not take our requests: somebody must look at the configuration. Its error
    /// code, where that is one of the standard's.
    Misconfigured(&'static str),
}

impl Exchanges {
    pub const fn new() -> Self {
        Self { kept: Vec::new(), next: 0 }
    }

    /// What the endpoint answered to this request, or the fetch that asks it.
    pub(super) fn ask(&mut self, ask: Ask<'_>, now: UnixMillis) -> Result<Outcome, Fetch> {
        self.kept.retain(|exchange| exchange.is_fresh(now));
        let known = self.kept.iter().position(|exchange| exchange.form == ask.form);
        let tag = match known {
            Some(at) => match &self.kept[at].outcome {
                Some((_, Ok(body))) => return Ok(Ok(Rc::clone(body))),
                Some((_, Err(fault))) => {
                    let fault = *fault;
                    self.kept.remove(at);
                    return Ok(Err(fault));
                }
                None => self.kept[at].tag,
            },
            None => {
                if self.kept.len() == MOST_KEPT {
                    self.kept.remove(0);
                }
                let tag = TAG + self.next;
                self.next = (self.next + 1) % TAG;
                self.kept.push(Exchange { tag, form: ask.form.clone(), outcome: None });
                tag
            }
        };
        Err(ask.fetch(tag))
    }

    /// Forgets what was answered to this: it has been used, or is no good.
    pub(super) fn forget(&mut self, form: &str) {
        self.kept.retain(|exchange| exchange.form != form);
    }

    /// Takes what a fetch of [`ask`](Self::ask) brought.
    pub fn record(&mut self, tag: u32, result: Result<&[u8], FetchFault<'_>>, now: UnixMillis) {
        if let Some(exchange) = self.kept.iter_mut().find(|exchange| exchange.tag == tag) {
            let outcome = result.map(Rc::from).map_err(ExchangeFault::of);
            exchange.outcome = Some((now, outcome));
        }
    }
}

impl Exchange {
    fn is_fresh(&self, now: UnixMillis) -> bool {
        let Some((at, _)) = &self.outcome else { return true };
        now.since(*at).is_some_and(|age| age.as_millis() < KEEP_MS.into())
    }
}

impl Ask<'_> {
    fn fetch(self, tag: u32) -> Fetch {
        Fetch {
            tag,
            url: self.url.to_owned(),
            timeout: self.timeout,
            max_bytes: 65_536,
            post: Some(Post {
                authorization: self.authorization.map(str::to_owned),
                form: self.form,
            }),
            retries: 1,
        }
    }
}

impl Tokens {
    /// Reads a token endpoint's answer.
    pub fn read(body: &[u8]) -> Result<Self, ExchangeFault> {
        serde_json::from_slice(body)
            .map_err(|_| ExchangeFault::Misconfigured("an answer without access_token"))
    }
}

impl ExchangeFault {
    fn of(fault: FetchFault<'_>) -> Self {
        #[derive(Deserialize)]
        struct Said<'s> {
            #[serde(borrow)]
            error: std::borrow::Cow<'s, str>,
        }

        let FetchFault::Status { status, body } = fault else { return Self::Unavailable };
        if status == 429 || status >= 500 {
            return Self::Unavailable;
        }
        // RFC 6749, section 5.2.
        const CODES: [&str; 5] = [
            "invalid_request",
            "invalid_client",
            "unauthorized_client",
            "unsupported_grant_type",
            "invalid_scope",
        ];
        let said = serde_json::from_slice::<Said<'_>>(body).ok();
        match said.as_ref().map(|said| said.error.as_ref()) {
            Some("invalid_grant") => Self::Refused,
            said => {
                let known = CODES.into_iter().find(|code| said == Some(code));
                Self::Misconfigured(known.unwrap_or("an answer the standard does not have"))
            }
        }
    }
}

/// Without the forms and the answers: codes and tokens.
impl fmt::Debug for Exchanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchanges").field("kept", &self.kept.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_790_000_000_000);

    fn ask(exchanges: &mut Exchanges, form: &str, now: UnixMillis) -> Result<Outcome, Fetch> {
        let url = "https://id.example.com/token";
        let timeout = Duration::from_secs(2);
        exchanges.ask(Ask { url, form: form.into(), authorization: None, timeout }, now)
    }

    fn later(ms: u64) -> UnixMillis {
        UnixMillis(NOW.0 + ms)
    }

    #[test]
    fn an_answer_is_there_for_a_while_and_a_failure_once() {
        let mut exchanges = Exchanges::new();
        let fetch = ask(&mut exchanges, "a", NOW).unwrap_err();
        assert_eq!(ask(&mut exchanges, "a", NOW).unwrap_err(), fetch, "the same is under way");
        exchanges.record(fetch.tag, Ok(b"tokens"), NOW);
        assert_eq!(ask(&mut exchanges, "a", later(9_999)).unwrap().as_deref(), Ok(&b"tokens"[..]));
        assert!(ask(&mut exchanges, "a", later(10_000)).is_err(), "asked again");

        let fetch = ask(&mut exchanges, "b", NOW).unwrap_err();
        exchanges.record(fetch.tag, Err(FetchFault::Unreachable), NOW);
        assert_eq!(ask(&mut exchanges, "b", NOW).unwrap(), Err(ExchangeFault::Unavailable));
        assert!(ask(&mut exchanges, "b", NOW).is_err(), "asked again");
    }

    #[test]
    fn what_is_forgotten_and_what_is_too_much_is_gone() {
        let mut exchanges = Exchanges::new();
        let first = ask(&mut exchanges, "0", NOW).unwrap_err();
        exchanges.record(first.tag, Ok(b"tokens"), NOW);
        exchanges.forget("0");
        assert_ne!(ask(&mut exchanges, "0", NOW).unwrap_err().tag, first.tag);
        for n in 0..1_000 {
            let _ = ask(&mut exchanges, &n.to_string(), NOW);
        }
        assert_eq!(exchanges.kept.len(), MOST_KEPT);
        // Of one that is no longer known.
        exchanges.record(first.tag, Ok(b"tokens"), NOW);
    }

    #[test]
    fn what_went_wrong_is_known_by_status_and_code() {
        let of = |status, body: &[u8]| ExchangeFault::of(FetchFault::Status { status, body });
        for (status, body, fault) in [
            (400, &br#"{"error":"invalid_grant"}"#[..], ExchangeFault::Refused),
            (400, br#"{"error":"invalid_client"}"#, ExchangeFault::Misconfigured("invalid_client")),
            (401, br#"{"error":"invalid_client"}"#, ExchangeFault::Misconfigured("invalid_client")),
            (429, br#"{"error":"invalid_grant"}"#, ExchangeFault::Unavailable),
            (500, b"", ExchangeFault::Unavailable),
            (503, br#"{"error":"invalid_grant"}"#, ExchangeFault::Unavailable),
        ] {
            assert_eq!(of(status, body), fault, "{status}");
        }
        for body in [&b""[..], b"{}", b"[]", br#"{"error":"<script>"}"#, br#"{"error":1}"#] {
            let ExchangeFault::Misconfigured(said) = of(400, body) else { panic!("{body:?}") };
            assert!(!said.contains('<'), "{said}");
        }
        assert_eq!(ExchangeFault::of(FetchFault::TooLarge), ExchangeFault::Unavailable);
    }
}
