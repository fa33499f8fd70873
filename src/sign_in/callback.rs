//! The visitor comes back from the issuer (RFC 6749, section 4.1.2).

use std::borrow::Cow;
use std::rc::Rc;

use http::StatusCode;

use super::answer::{Answer, Page};
use super::attempt::{Attempt, StateParameter};
use super::exchange::{Ask, ExchangeFault, Tokens};
use super::session::Occasion;
use super::{CALLBACK, Pause, Visit, cookie};
use crate::access::State;
use crate::config::TokenUse;
use crate::token::{self, TokenFault, Unverified, Verified};

/// What the issuer's redirect says, each at most once.
#[derive(Default)]
struct Redirect<'q> {
    code: Option<Cow<'q, str>>,
    state: Option<Cow<'q, str>>,
    error: Option<Cow<'q, str>>,
}

/// Why tokens that an issuer gave are not taken.
pub(super) enum Untrusted {
    /// What is wrong with them, for the log.
    Because(&'static str),
    /// The issuer's keys cannot be had at present.
    KeysUnavailable,
}

/// Tokens that have been verified, of one person and for our client.
pub(super) struct Trusted {
    pub tokens: Tokens,
    /// The issuer's name for the person, where it has one.
    pub username: Option<String>,
    /// How the ID token says which attempt it is of.
    pub nonce: Option<String>,
}

impl Visit<'_, '_> {
    /// Ends an attempt: with a session, or with a page that says why not.
    pub(super) fn callback(&self, state: &mut State) -> Result<Answer, Pause> {
        let Some(redirect) = Redirect::read(self.request.querystring) else {
            return Ok(self.not_begun("a parameter twice"));
        };
        let text = redirect.state.unwrap_or_default();
        let Some(named) = StateParameter::parse(&text) else {
            return Ok(self.not_begun("no state"));
        };
        let now = self.context.now;
        let Some(attempt) = Attempt::find(self.request, &named, &self.sign_in.key, now) else {
            return Ok(self.not_begun("this browser has no such attempt"));
        };
        // Whatever comes of it, it cannot be used again.
        let used = cookie::clear(&named.cookie_name());
        let answer = match (redirect.code, redirect.error) {
            (Some(code), None) => self.redeem(&code, &attempt, state)?,
            (_, Some(error)) => self.refused_by_issuer(&error, &attempt),
            (None, None) => self.failed(&attempt, "neither a code nor an error"),
        };
        Ok(answer.cookies([used]))
    }

    /// Exchanges the code for tokens, and takes them for a session if they hold.
    fn redeem(&self, code: &str, attempt: &Attempt, state: &mut State) -> Result<Answer, Pause> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("client_id", &self.client().id)
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.origin.url(CALLBACK))
            .append_pair("code_verifier", &attempt.verifier);
        let form = form.finish();
        let tokens = match self.tokens(&form, state)? {
            Ok(tokens) => tokens,
            Err(ExchangeFault::Unavailable) => return Ok(self.issuer_silent(attempt)),
            Err(ExchangeFault::Refused) => return Ok(self.failed(attempt, "the code is refused")),
            Err(ExchangeFault::Useless) => return Ok(self.failed(attempt, "no tokens")),
            Err(ExchangeFault::Misconfigured(said)) => return Ok(self.failed(attempt, said)),
        };
        let trusted = self.trust(tokens, state)?;
        // A code counts once, with us as with the issuer.
        state.exchanges.forget(&form);
        let trusted = match trusted {
            Ok(trusted) => trusted,
            Err(Untrusted::KeysUnavailable) => return Ok(self.issuer_silent(attempt)),
            Err(Untrusted::Because(reason)) => return Ok(self.failed(attempt, reason)),
        };
        if trusted.nonce.as_deref() != Some(attempt.nonce.as_str()) {
            return Ok(self.failed(attempt, "the ID token's nonce is another attempt's"));
        }
        let Some(session) = self.session(&trusted, Occasion::SignIn) else {
            return Ok(self.failed(attempt, "the tokens are too large for cookies"));
        };
        let back = self.origin.url(&attempt.return_to);
        Ok(Answer::redirect("completed", StatusCode::FOUND, &back)
            .cookies(session)
            .cookies(self.begun())
            .cookies([self.arrived(attempt.arrivals)]))
    }

    /// Asks the token endpoint.
    pub(super) fn tokens(
        &self,
        form: &str,
        state: &mut State,
    ) -> Result<Result<Tokens, ExchangeFault>, Pause> {
        let ask = Ask {
            url: &self.sign_in.endpoints.token,
            form: form.to_owned(),
            authorization: self.client().authorization.as_deref(),
            timeout: self.sign_in.timeout,
        };
        let answer = state.exchanges.ask(ask, self.context.now).map_err(Pause::Ask)?;
        Ok(answer.and_then(|body| Tokens::read(&body)))
    }

    /// Verifies the tokens an issuer gave: that they are its own, for this client, and of one person.
    pub(super) fn trust(
        &self,
        tokens: Tokens,
        state: &mut State,
    ) -> Result<Result<Trusted, Untrusted>, Pause> {
        match self.verified(tokens, state) {
            Ok(trusted) => Ok(Ok(trusted)),
            Err((Unverified::Fetch(issuer), _)) => Err(Pause::Keys(issuer)),
            Err((Unverified::KeysUnavailable, _)) => Ok(Err(Untrusted::KeysUnavailable)),
            Err((Unverified::Fault(_), reason)) => Ok(Err(Untrusted::Because(reason))),
        }
    }

    fn verified(
        &self,
        tokens: Tokens,
        state: &mut State,
    ) -> Result<Trusted, (Unverified, &'static str)> {
        let (issuer, client) = (self.sign_in.issuer, self.client());
        if tokens.access_token.len() > self.policy.limits.token_bytes as usize {
            return Err((TokenFault::Malformed.into(), "the token is over limits.token_bytes"));
        }
        let (issuers, now) = (&self.policy.issuers, self.context.now);
        let keys = &mut state.keys;
        let id = match &tokens.id_token {
            None => None,
            Some(token) => {
                let id = token::verify_id(token, issuer, &client.id, issuers, keys, now);
                Some(id.map_err(|fault| (fault, "the ID token does not hold"))?)
            }
        };
        let access: Option<Rc<Verified>> = match self.sign_in.credential {
            TokenUse::Id if id.is_none() => {
                return Err((TokenFault::Malformed.into(), "there is no ID token"));
            }
            TokenUse::Id => None,
            TokenUse::Access => {
                let claims = &self.policy.claims;
                let access = token::verify(&tokens.access_token, issuers, claims, keys, now);
                Some(access.map_err(|fault| (fault, "the access token does not hold"))?)
            }
        };
        let is_ours = |access: &Rc<Verified>| {
            access.issuer() == issuer
                && access.client_id() == client.id
                && id.as_ref().is_none_or(|id| id.subject == access.subject())
        };
        if !access.as_ref().is_none_or(is_ours) {
            let reason = "the two tokens are of different people or clients";
            return Err((TokenFault::Client.into(), reason));
        }
        let username = access.as_ref().and_then(|access| access.username().map(str::to_owned));
        let username = username.or_else(|| id.as_ref().map(|id| id.subject.clone()));
        Ok(Trusted { nonce: id.and_then(|id| id.nonce), username, tokens })
    }

    /// Not of this browser: a link from elsewhere, another tab's that has ended, or too late. Nothing
    /// is changed by it.
    fn not_begun(&self, reason: &str) -> Answer {
        let page = Page {
            status: StatusCode::BAD_REQUEST,
            title: "This sign-in is over",
            text: "It was used already, took too long, or was begun in another browser. If you have \
                   signed in, just go on.",
            way_on: ("/".into(), "Go on"),
        };
        Answer::page("not_begun", &page).detail(reason)
    }

    /// RFC 6749, section 4.1.2.1. What the issuer wrote is not shown: anybody can make such a link.
    fn refused_by_issuer(&self, error: &str, attempt: &Attempt) -> Answer {
        const CODES: [&str; 7] = [
            "access_denied",
            "invalid_request",
            "unauthorized_client",
            "unsupported_response_type",
            "invalid_scope",
            "server_error",
            "temporarily_unavailable",
        ];
        let code = CODES.into_iter().find(|code| *code == error).unwrap_or("another error");
        let page = match code {
            "access_denied" => Page {
                status: StatusCode::FORBIDDEN,
                title: "You are not signed in",
                text: "Signing in was cancelled or refused.",
                way_on: self.way_to_sign_in(&attempt.return_to),
            },
            "server_error" | "temporarily_unavailable" => return self.issuer_silent(attempt),
            _ => return self.failed(attempt, code),
        };
        Answer::page("refused", &page).detail(code)
    }

    fn issuer_silent(&self, attempt: &Attempt) -> Answer {
        let page = Page {
            status: StatusCode::SERVICE_UNAVAILABLE,
            title: "Signing in is not possible at present",
            text: "The service that signs people in does not answer. Try again in a moment.",
            way_on: self.way_to_sign_in(&attempt.return_to),
        };
        Answer::page("unavailable", &page)
    }

    fn failed(&self, attempt: &Attempt, reason: &str) -> Answer {
        let page = Page {
            status: StatusCode::BAD_GATEWAY,
            title: "Signing in failed",
            text: "What the service that signs people in answered cannot be used.",
            way_on: self.way_to_sign_in(&attempt.return_to),
        };
        Answer::page("failed", &page).detail(reason)
    }
}

impl<'q> Redirect<'q> {
    /// `None` where a parameter stands there twice: readers differ on which one counts.
    fn read(query: &'q str) -> Option<Self> {
        let mut read = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match name.as_ref() {
                "code" => &mut read.code,
                "state" => &mut read.state,
                "error" => &mut read.error,
                _ => continue,
            };
            if place.replace(value).is_some() {
                return None;
            }
        }
        Some(read)
    }
}
