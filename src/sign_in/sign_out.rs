//! The end of a session, here and at the issuer.

use http::header::{HeaderName, ORIGIN, REFERER};
use http::{Method, StatusCode};

use super::answer::{Answer, Page};
use super::exchange::{Ask, ExchangeFault};
use super::settings::with_query;
use super::{Pause, SIGN_IN, SIGN_OUT, Visit};
use crate::access::State;
use crate::bundle::EndSession;

const SIGN_OUT_LOCAL: &str = "/_nearhop/sign-out?local";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

impl Visit<'_, '_> {
    /// Revokes the refresh token (RFC 7009), clears the cookies, and sends the visitor to the end of
    /// the issuer's own session; with the parameter `local` that one goes on. Works without cookies
    /// too, and with broken ones.
    pub(super) fn sign_out(&self, state: &mut State) -> Result<Answer, Pause> {
        if !self.is_own_sites() || self.is_aside() {
            return Ok(self.ask_first());
        }
        let revoked = self.revoke(state)?;
        let after = self.origin.url(&self.sign_in.after_sign_out);
        let next = match &self.sign_in.endpoints.end_session {
            Some(end) if !self.is_local() => self.end_at_issuer(end, &after),
            _ => after,
        };
        // After a POST, the way on is a GET (RFC 9110, section 15.4.4).
        let status = match self.request.method {
            Method::POST => StatusCode::SEE_OTHER,
            _ => StatusCode::FOUND,
        };
        let answer = Answer::redirect("signed_out", status, &next)
            .cookies(self.end_session())
            .cookies(self.ended());
        Ok(match revoked {
            Ok(()) => answer,
            Err(reason) => answer.detail(["the refresh token is not revoked: ", reason].concat()),
        })
    }

    /// What a visitor sees after signing out.
    pub(super) fn signed_out(&self) -> Answer {
        let page = Page {
            status: StatusCode::OK,
            title: "You are signed out",
            text: "Your session here has ended.",
            way_on: (SIGN_IN.into(), "Sign in"),
        };
        Answer::page("signed_out_page", &page)
    }

    /// Whether this comes from a page of the site, or from the visitor's own hand. A link or a form
    /// elsewhere must not sign anybody out.
    fn is_own_sites(&self) -> bool {
        let headers = &self.request.headers;
        match (headers.get(&SEC_FETCH_SITE), headers.get(&ORIGIN)) {
            (Some(site), _) => matches!(site, "same-origin" | "none"),
            (None, Some(origin)) => origin.eq_ignore_ascii_case(self.origin.as_str()),
            // A browser that sends neither with a link; with a form, all send one.
            (None, None) => {
                let referer = headers.get(&REFERER);
                let is_ours = |referer: &str| {
                    let rest = referer.strip_prefix(self.origin.as_str());
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                };
                self.request.method == Method::GET && referer.is_none_or(is_ours)
            }
        }
    }

    /// Whether no person is going there: an image or a frame that somebody put on a page of the site,
    /// or a browser that looks ahead.
    fn is_aside(&self) -> bool {
        let says_other = |(name, expected): (HeaderName, &str)| {
            self.request.headers.get(&name).is_some_and(|found| found != expected)
        };
        let asked_for = [(SEC_FETCH_MODE, "navigate"), (SEC_FETCH_DEST, "document")];
        let is_shown = !asked_for.into_iter().any(says_other);
        (self.request.method == Method::GET && !is_shown) || self.is_prefetch()
    }

    fn is_local(&self) -> bool {
        form_urlencoded::parse(self.request.querystring.as_bytes()).any(|(name, _)| name == "local")
    }

    fn ask_first(&self) -> Answer {
        let page = Page {
            status: StatusCode::OK,
            title: "Sign out?",
            text: "Another site leads here. You are still signed in.",
            way_on: (if self.is_local() { SIGN_OUT_LOCAL } else { SIGN_OUT }.into(), "Sign out"),
        };
        Answer::page("sign_out_asked", &page)
    }

    fn revoke(&self, state: &mut State) -> Result<Result<(), &'static str>, Pause> {
        let Some(token) = self.refresh_token() else { return Ok(Ok(())) };
        state.exchanges.forget(&self.refresh_form(&token));
        let Some(url) = &self.sign_in.endpoints.revocation else { return Ok(Ok(())) };
        let client = self.client();
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("token", &token)
            .append_pair("token_type_hint", "refresh_token")
            .append_pair("client_id", &client.id);
        let ask = Ask {
            url,
            form: form.finish(),
            authorization: client.authorization.as_deref(),
            timeout: self.sign_in.timeout,
        };
        let answer = state.exchanges.ask(ask, self.context.now).map_err(Pause::Ask)?;
        Ok(answer.map(|_| ()).map_err(|fault| match fault {
            ExchangeFault::Refused | ExchangeFault::Useless => "it is refused",
            ExchangeFault::Unavailable => "the issuer does not answer",
            ExchangeFault::Misconfigured(said) => said,
        }))
    }

    /// The URL that ends the issuer's session, and leads back.
    fn end_at_issuer(&self, end: &EndSession, after: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("client_id", &self.client().id);
        let url = match end {
            EndSession::Cognito(url) => {
                query.append_pair("logout_uri", after);
                url
            }
            EndSession::Oidc(url) => {
                query.append_pair("post_logout_redirect_uri", after);
                // Without it, issuers ask the visitor whether to sign out.
                if let Some(id_token) = self.id_token() {
                    query.append_pair("id_token_hint", &id_token);
                }
                url
            }
        };
        with_query(url, &query.finish())
    }
}
