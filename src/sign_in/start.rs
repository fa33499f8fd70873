//! Sending a visitor to the issuer's pages.

use http::{HeaderName, StatusCode};

use super::answer::{Answer, Page};
use super::attempt::{self, Attempt, StateParameter};
use super::settings::with_query;
use super::{CALLBACK, SIGN_IN, Visit, cookie, return_path};
use crate::base64url;
use crate::seal::sha256;

/// How many sign-ins in a row there have been, each soon after the one before.
const ARRIVALS: &str = "__Host-nearhop-arrivals";

/// Seconds after which a sign-in is none in a row.
const ARRIVALS_SECONDS: u32 = 60;

/// After so many sign-ins that led to no session that holds, the next page load is not sent to the
/// issuer again: it would come straight back.
const MOST_ARRIVALS: u8 = 3;

const SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");
const PURPOSE: HeaderName = HeaderName::from_static("purpose");

impl Visit<'_, '_> {
    /// Whether a browser, or a script that makes links faster, looks ahead (Fetch standard,
    /// `Sec-Purpose`; `Purpose` before it).
    pub(super) fn is_prefetch(&self) -> bool {
        let mut purposes =
            [SEC_PURPOSE, PURPOSE].into_iter().filter_map(|name| self.request.headers.get(&name));
        purposes.any(|purpose| purpose.contains("prefetch"))
    }

    /// For a page load that needs a token.
    pub(super) fn start(&self) -> Answer {
        let return_to = return_path::of_request(self.request);
        let arrivals = self.arrivals();
        if arrivals < MOST_ARRIVALS {
            return self.begin(return_to, arrivals + 1);
        }
        Answer::page(
            "stopped",
            &Page {
                status: StatusCode::BAD_REQUEST,
                title: "Signing in does not last",
                text: "You signed in several times in a row, but this browser did not bring the \
                       session back. It may block cookies here, or keep no more of them.",
                way_on: self.way_to_sign_in(&return_to),
            },
        )
    }

    /// For a visitor who asks to sign in.
    pub(super) fn start_asked(&self) -> Answer {
        let asked = form_urlencoded::parse(self.request.querystring.as_bytes())
            .find(|(name, _)| name == "return")
            .map(|(_, path)| path);
        self.begin(return_path::of_parameter(asked.as_deref().unwrap_or("/")).to_owned(), 1)
    }

    /// Remembers that somebody has just signed in.
    pub(super) fn arrived(&self, arrivals: u8) -> String {
        cookie::set(ARRIVALS, &arrivals.to_string(), ARRIVALS_SECONDS)
    }

    /// The way to another attempt, for a page.
    pub(super) fn way_to_sign_in(&self, return_to: &str) -> (String, &'static str) {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("return", return_to);
        ([SIGN_IN, "?", &query.finish()].concat(), "Sign in again")
    }

    fn arrivals(&self) -> u8 {
        cookie::named(self.request, ARRIVALS).and_then(|count| count.parse().ok()).unwrap_or(0)
    }

    fn begin(&self, return_to: String, arrivals: u8) -> Answer {
        let entropy = &self.context.entropy;
        let state = attempt::letters(&entropy.bytes::<32>());
        let attempt = Attempt {
            verifier: attempt::letters(&entropy.bytes::<32>()),
            nonce: attempt::letters(&entropy.bytes::<16>()),
            arrivals,
            return_to,
        };
        let now = self.context.now;
        let named = StateParameter::of(&state);
        let kept = attempt.keep(&named, &self.sign_in.key, entropy.bytes::<12>(), now);
        let dropped = attempt::crowded_out(self.request).into_iter().map(cookie::clear);
        Answer::redirect("started", StatusCode::FOUND, &self.authorization(&attempt, &state))
            .cookies(dropped)
            .cookies([kept])
    }

    /// The authorization request (RFC 6749, section 4.1.1; RFC 7636, section 4.3).
    fn authorization(&self, attempt: &Attempt, state: &str) -> String {
        let client = self.client();
        let challenge = base64url::encode(&sha256(attempt.verifier.as_bytes()));
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &client.id)
            .append_pair("redirect_uri", &self.origin.url(CALLBACK))
            .append_pair("scope", &self.sign_in.scopes)
            .append_pair("state", state)
            .append_pair("nonce", &attempt.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        if let Some(provider) = &client.identity_provider {
            query.append_pair("identity_provider", provider);
        }
        with_query(&self.sign_in.endpoints.authorization, &query.finish())
    }
}
