//! Fresh tokens for a session whose own have expired (RFC 6749, section 6; rule C7).
//!
//! A request that brings an expired token is answered with the new cookies and sent to the same URL
//! again. What a browser sends at once may arrive at several instances, all with the same refresh
//! token; an issuer that rotates them without grace refuses all but the first. So a refusal ends
//! nothing yet: the browser is sent to the same URL with a *mark* of the token that was refused, and
//! only a request that still brings that very token has no session any more. The mark also ends the
//! circle of a browser that does not take the new tokens, and it counts: tokens that are fresh time
//! and again, and still do not open the route, are no session either.

use http::StatusCode;

use super::answer::Answer;
use super::callback::Untrusted;
use super::exchange::ExchangeFault;
use super::session::Occasion;
use super::{Pause, Visit, cookie};
use crate::access::State;
use crate::base64url;
use crate::seal::sha256;

/// Which refresh token was used last, and how many were in a row: `DIGEST.COUNT`.
const MARK: &str = "__Host-nearhop-refreshed";
/// Seconds after which a refresh is none in a row.
const MARK_SECONDS: u32 = 30;
const MOST_IN_A_ROW: u8 = 5;

/// What a refresh came to.
pub(super) enum Outcome {
    /// The browser is to ask again.
    Answer(Answer),
    /// The session is over.
    Over,
    /// The issuer does not answer, for this reason; the session may be as good as before.
    Unavailable(&'static str),
}

impl Visit<'_, '_> {
    /// Refreshes the session of a request that has no token that holds; `None` where there is none to
    /// refresh.
    pub(super) fn refresh(&self, state: &mut State) -> Result<Option<Outcome>, Pause> {
        if self.is_signed_out() {
            return Ok(Some(Outcome::Over));
        }
        let Some(token) = self.refresh_token() else { return Ok(None) };
        let Some(mark) = self.mark(&token) else { return Ok(Some(Outcome::Over)) };
        Ok(Some(match self.renew(&token, state)? {
            Ok(cookies) => Outcome::Answer(self.again("refreshed", cookies, &mark)),
            Err(ExchangeFault::Refused) => {
                Outcome::Answer(self.again("refresh_refused", Vec::new(), &mark))
            }
            Err(ExchangeFault::Unavailable) => Outcome::Unavailable("the issuer does not answer"),
            Err(ExchangeFault::Misconfigured(said)) => Outcome::Unavailable(said),
            Err(ExchangeFault::Useless) => Outcome::Over,
        }))
    }

    /// Refreshes the session of a page load whose token is about to expire. Whatever fails, the page
    /// is served: the token still holds.
    pub(super) fn refresh_early(&self, state: &mut State) -> Result<Option<Answer>, Pause> {
        let Some(token) = self.refresh_token() else { return Ok(None) };
        // Tokens that are about to expire when they are fresh would be refreshed for ever.
        let is_recent = cookie::named(self.request, MARK).is_some();
        let Some(mark) = self.mark(&token).filter(|_| !is_recent) else { return Ok(None) };
        let renewed = self.renew(&token, state)?;
        Ok(renewed.ok().map(|cookies| self.again("refreshed_early", cookies, &mark)))
    }

    /// What asks for new tokens.
    pub(super) fn refresh_form(&self, refresh_token: &str) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "refresh_token")
            .append_pair("client_id", &self.client().id)
            .append_pair("refresh_token", refresh_token);
        form.finish()
    }

    /// The cookies of new tokens.
    fn renew(
        &self,
        refresh_token: &str,
        state: &mut State,
    ) -> Result<Result<Vec<String>, ExchangeFault>, Pause> {
        let form = self.refresh_form(refresh_token);
        let tokens = match self.tokens(&form, state)? {
            Ok(tokens) => tokens,
            Err(fault) => return Ok(Err(fault)),
        };
        Ok(match self.trust(tokens, state)? {
            Ok(trusted) => self.session(&trusted, Occasion::Refresh).ok_or(ExchangeFault::Useless),
            Err(Untrusted::KeysUnavailable) => Err(ExchangeFault::Unavailable),
            Err(Untrusted::Because(_)) => {
                state.exchanges.forget(&form);
                Err(ExchangeFault::Useless)
            }
        })
    }

    /// To the same URL again, with the same method and body (RFC 9110, section 15.4.8).
    fn again(&self, event: &'static str, cookies: Vec<String>, mark: &str) -> Answer {
        let path = match self.request.querystring {
            "" => self.request.uri.to_owned(),
            query => [self.request.uri, "?", query].concat(),
        };
        Answer::redirect(event, StatusCode::TEMPORARY_REDIRECT, &self.origin.url(&path))
            .cookies(cookies)
            .cookies([cookie::set(MARK, mark, MARK_SECONDS)])
    }

    /// The mark of this refresh token; `None` where it has been used just now, or so many in a row
    /// that one more will not help.
    fn mark(&self, refresh_token: &str) -> Option<String> {
        // Tells refresh tokens apart, and nothing else about them.
        let digest = base64url::encode(&sha256(refresh_token.as_bytes())[..8]);
        let last = cookie::named(self.request, MARK).and_then(|mark| mark.split_once('.'));
        let count = match last {
            None => 0,
            Some((last, _)) if last == digest => return None,
            Some((_, count)) => count.parse().unwrap_or(MOST_IN_A_ROW),
        };
        (count < MOST_IN_A_ROW).then(|| [&digest, ".", &(count + 1).to_string()].concat())
    }
}
