//! The answers to requests that go nowhere.

use std::borrow::Cow;

use cloudfront_worker::{Body, Context, Reply, Request};
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode};

use crate::config::Target;
use crate::json::Object;
use crate::path::PathFault;
use crate::route::Route;
use crate::site;
use crate::token::TokenFault;

/// Why a request is refused: a closed set, each with a stable code, a status, a message for the
/// client and one for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The route wants a token and the request has none.
    TokenMissing,
    /// The token does not count.
    Token(TokenFault),
    /// The `Authorization` field is there twice or cannot be read.
    RequestMalformed,
    /// The token's client may not call this route.
    ClientNotAllowed,
    /// The caller is in none of the route's groups.
    GroupRequired,
    /// The token lacks one of these scopes, which are separated by spaces.
    ScopeRequired(String),
    /// A request that changes something came with a cookie, and perhaps from another site.
    CrossSite,
    /// The path can be read in more than one way.
    Path(PathFault),
    /// The route does not answer the method; these it does.
    Method(String),
    /// The issuer's keys cannot be had at present.
    KeysUnavailable,
    /// No API Region may serve the request.
    NoRegion,
    /// Below `/_nearhop/` there is nothing of that name, or not at this trigger.
    NotFound,
    /// Sign-in is not for the host the request came to.
    HostUnknown,
    /// The issuer does not refresh the session at present, for this reason.
    SignInUnavailable(&'static str),
    /// With the headers that the edge adds, CloudFront would not take the request (rule W9).
    RequestTooLarge,
    /// The event or our own answer was broken.
    Internal,
}

impl Refusal {
    /// The stable code clients may depend on.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::TokenMissing => "token_missing",
            Refusal::Token(TokenFault::Malformed) => "token_malformed",
            Refusal::Token(TokenFault::Algorithm) => "token_algorithm",
            Refusal::Token(TokenFault::Issuer) => "token_issuer",
            Refusal::Token(TokenFault::KeyUnknown) => "token_key_unknown",
            Refusal::Token(TokenFault::Signature) => "token_signature",
            Refusal::Token(TokenFault::Client) => "token_client",
            Refusal::Token(TokenFault::Use) => "token_use",
            Refusal::Token(TokenFault::Expired) => "token_expired",
            Refusal::Token(TokenFault::NotYetValid) => "token_not_yet_valid",
            Refusal::RequestMalformed => "request_malformed",
            Refusal::ClientNotAllowed => "client_not_allowed",
            Refusal::GroupRequired => "group_required",
            Refusal::ScopeRequired(_) => "scope_required",
            Refusal::CrossSite => "cross_site",
            Refusal::Path(_) => "path_ambiguous",
            Refusal::Method(_) => "method_not_allowed",
            Refusal::KeysUnavailable => "keys_unavailable",
            Refusal::NoRegion => "no_region",
            Refusal::NotFound => "not_found",
            Refusal::HostUnknown => "host_unknown",
            Refusal::SignInUnavailable(_) => "sign_in_unavailable",
            Refusal::RequestTooLarge => "request_too_large",
            Refusal::Internal => "internal",
        }
    }

    /// The answer's status.
    pub fn status(&self) -> StatusCode {
        match self {
            Refusal::TokenMissing | Refusal::Token(_) => StatusCode::UNAUTHORIZED,
            Refusal::ClientNotAllowed
            | Refusal::GroupRequired
            | Refusal::ScopeRequired(_)
            | Refusal::CrossSite => StatusCode::FORBIDDEN,
            Refusal::RequestMalformed | Refusal::Path(_) => StatusCode::BAD_REQUEST,
            Refusal::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Refusal::KeysUnavailable | Refusal::NoRegion | Refusal::SignInUnavailable(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Refusal::NotFound => StatusCode::NOT_FOUND,
            Refusal::HostUnknown => StatusCode::MISDIRECTED_REQUEST,
            Refusal::RequestTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Refusal::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What the client is told: enough to mend its request, nothing of how the check works.
    pub fn message(&self) -> &'static str {
        match self {
            Refusal::TokenMissing => "This needs a token: send it as Authorization: Bearer.",
            Refusal::Token(TokenFault::Expired) => "The token has expired.",
            Refusal::Token(TokenFault::NotYetValid) => "The token is not valid yet.",
            Refusal::Token(_) => "The token is not valid.",
            Refusal::RequestMalformed => "The Authorization header cannot be read.",
            Refusal::ClientNotAllowed => "This application may not call this.",
            Refusal::GroupRequired => "You are not in a group that may call this.",
            Refusal::ScopeRequired(_) => "The token lacks a scope this needs.",
            Refusal::CrossSite => "Another site may not do this in your name.",
            Refusal::Path(_) => "The path is ambiguous.",
            Refusal::Method(_) => "The method is not allowed here.",
            Refusal::KeysUnavailable => "The token cannot be checked at present. Try again.",
            Refusal::NoRegion => "No Region can serve this at present.",
            Refusal::NotFound => "There is nothing here.",
            Refusal::HostUnknown => "Nobody can sign in at this address.",
            Refusal::SignInUnavailable(_) => {
                "Your session cannot be renewed at present. Try again."
            }
            Refusal::RequestTooLarge => "The request's headers are too large.",
            Refusal::Internal => "Something went wrong.",
        }
    }

    /// What the operator is told besides.
    pub(crate) fn detail(&self) -> Cow<'static, str> {
        match self {
            Refusal::Path(fault) => fault.text().into(),
            Refusal::Token(TokenFault::Malformed) => "not a compact JWS of two JSON objects".into(),
            Refusal::Token(TokenFault::Algorithm) => "alg is not RS256, or crit, b64 or zip".into(),
            Refusal::Token(TokenFault::Issuer) => "iss is no configured issuer".into(),
            Refusal::Token(TokenFault::KeyUnknown) => "kid is not in the issuer's key set".into(),
            Refusal::Token(TokenFault::Signature) => "the signature does not verify".into(),
            Refusal::Token(TokenFault::Client) => {
                "client_id or aud is no client or audience of ours".into()
            }
            Refusal::Token(TokenFault::Use) => "token_use is not accepted from the issuer".into(),
            Refusal::ScopeRequired(scopes) => ["needs ", scopes].concat().into(),
            Refusal::CrossSite => {
                "a cookie's token, and neither Sec-Fetch-Site: same-origin nor an Origin of ours"
                    .into()
            }
            Refusal::Method(allowed) => ["allowed: ", allowed].concat().into(),
            Refusal::KeysUnavailable => "the last fetch of the issuer's key set failed".into(),
            Refusal::HostUnknown => "Host is none of sign_in.origins".into(),
            Refusal::SignInUnavailable(reason) => (*reason).into(),
            _ => self.message().into(),
        }
    }

    /// The challenge of RFC 6750, section 3. Without a token there is no error to name, but a
    /// challenge must have a parameter.
    fn challenge(&self) -> Option<HeaderValue> {
        Some(match self {
            Refusal::TokenMissing => MISSING,
            Refusal::Token(TokenFault::Expired) => EXPIRED,
            Refusal::Token(TokenFault::NotYetValid) => NOT_YET_VALID,
            Refusal::Token(_) => INVALID,
            Refusal::RequestMalformed => MALFORMED,
            Refusal::ClientNotAllowed => WRONG_CLIENT,
            Refusal::GroupRequired => WRONG_GROUP,
            Refusal::ScopeRequired(scopes) => {
                return value(
                    [r#"Bearer error="insufficient_scope", scope=""#, scopes, "\""].concat(),
                );
            }
            _ => return None,
        })
    }

    /// The answer and the line for the log.
    pub(crate) fn reply(
        &self,
        request: &Request<'_>,
        route: Option<&Route>,
        context: &Context<'_>,
    ) -> Reply<'static> {
        let is_page =
            route.is_none_or(|route| route.target == Target::Site) && site::asks_for_page(request);
        let mut response = self.response(context.request_id, is_page);
        let cors = route.and_then(|route| route.cors.as_ref());
        if let Some(allowed) = cors.and_then(|cors| cors.allow(&request.headers)) {
            allowed.apply(response.headers_mut());
        }
        let line =
            Object::new().word("refused", self.code()).json("status", self.status().as_str());
        let line = match route {
            Some(route) => line.text("route", &route.pattern),
            None => line.json("route", "null"),
        };
        let line = line.text("request_id", context.request_id).text("detail", &self.detail());
        let mut reply = Reply::from(response);
        reply.log = Some(line.end());
        reply
    }

    /// The answer alone: a page for page loads, JSON for programs.
    pub(crate) fn response(&self, request_id: &str, is_page: bool) -> Response<Body> {
        let (kind, body) = match is_page {
            true => (HTML, self.page()),
            false => (JSON, self.json(request_id)),
        };
        let mut response = Response::new(Body::Text(body));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        // An answer made at origin-request would be cached otherwise (rule G4).
        headers.insert(CACHE_CONTROL, NO_STORE);
        headers.insert(CONTENT_TYPE, kind);
        headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        let (name, value) = match self {
            Refusal::Method(allowed) => (ALLOW, value(allowed.clone())),
            Refusal::KeysUnavailable | Refusal::NoRegion | Refusal::SignInUnavailable(_) => {
                (RETRY_AFTER, Some(HeaderValue::from_static("5")))
            }
            _ => (WWW_AUTHENTICATE, self.challenge()),
        };
        if let Some(value) = value {
            headers.insert(name, value);
        }
        response
    }

    fn json(&self, request_id: &str) -> String {
        Object::new()
            .word("error", self.code())
            .word("message", self.message())
            .text("request_id", request_id)
            .end()
    }

    fn page(&self) -> String {
        let (status, message) = (self.status(), self.message());
        format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{status}</title>\
             <h1>{status}</h1><p>{message}</p></html>\n"
        )
    }
}

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

// The challenges that say the same each time.
const MISSING: HeaderValue = HeaderValue::from_static(r#"Bearer realm="api""#);
const EXPIRED: HeaderValue = HeaderValue::from_static(
    r#"Bearer error="invalid_token", error_description="The token has expired.""#,
);
const NOT_YET_VALID: HeaderValue = HeaderValue::from_static(
    r#"Bearer error="invalid_token", error_description="The token is not valid yet.""#,
);
const INVALID: HeaderValue = HeaderValue::from_static(
    r#"Bearer error="invalid_token", error_description="The token is not valid.""#,
);
const MALFORMED: HeaderValue = HeaderValue::from_static(
    r#"Bearer error="invalid_request", error_description="The Authorization header cannot be read.""#,
);
const WRONG_CLIENT: HeaderValue = HeaderValue::from_static(
    r#"Bearer error="insufficient_scope", error_description="This application may not call this.""#,
);
const WRONG_GROUP: HeaderValue = HeaderValue::from_static(
    r#"Bearer error="insufficient_scope", error_description="You are not in a group that may call this.""#,
);

fn value(text: String) -> Option<HeaderValue> {
    HeaderValue::try_from(text).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn all() -> Vec<(u16, &'static str, Refusal)> {
        use TokenFault::*;
        let token = |fault| Refusal::Token(fault);
        vec![
            (401, "token_missing", Refusal::TokenMissing),
            (401, "token_malformed", token(Malformed)),
            (401, "token_algorithm", token(Algorithm)),
            (401, "token_issuer", token(Issuer)),
            (401, "token_key_unknown", token(KeyUnknown)),
            (401, "token_signature", token(Signature)),
            (401, "token_client", token(Client)),
            (401, "token_use", token(Use)),
            (401, "token_expired", token(Expired)),
            (401, "token_not_yet_valid", token(NotYetValid)),
            (400, "request_malformed", Refusal::RequestMalformed),
            (403, "client_not_allowed", Refusal::ClientNotAllowed),
            (403, "group_required", Refusal::GroupRequired),
            (403, "scope_required", Refusal::ScopeRequired("a/read b/write".into())),
            (403, "cross_site", Refusal::CrossSite),
            (400, "path_ambiguous", Refusal::Path(PathFault::DotSegment)),
            (405, "method_not_allowed", Refusal::Method("GET, HEAD".into())),
            (503, "keys_unavailable", Refusal::KeysUnavailable),
            (503, "no_region", Refusal::NoRegion),
            (404, "not_found", Refusal::NotFound),
            (421, "host_unknown", Refusal::HostUnknown),
            (503, "sign_in_unavailable", Refusal::SignInUnavailable("a reason")),
            (431, "request_too_large", Refusal::RequestTooLarge),
            (500, "internal", Refusal::Internal),
        ]
    }

    fn header<'r>(response: &'r Response<Body>, name: &str) -> Option<&'r str> {
        response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    fn text(response: &Response<Body>) -> &str {
        match response.body() {
            Body::Text(text) => text,
            other => panic!("{other:?}"),
        }
    }

    /// Cases: generated-responses/no-store, generated-responses/status, generated-responses/size.
    #[test]
    fn every_refusal_is_a_sound_answer_that_no_cache_keeps() {
        let mut codes = BTreeSet::new();
        for (status, code, refusal) in all() {
            assert!(codes.insert(code), "{code} is there twice");
            assert_eq!((refusal.status().as_u16(), refusal.code()), (status, code));
            for is_page in [false, true] {
                let response = refusal.response("the-id", is_page);
                assert_eq!(response.status(), status);
                assert_eq!(header(&response, "cache-control"), Some("no-store"), "{code}");
                assert_eq!(header(&response, "x-content-type-options"), Some("nosniff"), "{code}");
                // No other token would let a cross-site request in.
                let challenges = matches!(status, 401 | 403) && code != "cross_site"
                    || code == "request_malformed";
                assert_eq!(
                    response.headers().contains_key("www-authenticate"),
                    challenges,
                    "{code}"
                );
                assert_eq!(response.headers().contains_key("retry-after"), status == 503, "{code}");
                // Far below what viewer-request may answer (rule G2).
                assert!(text(&response).len() < 1_000, "{code}");
            }
        }
    }

    /// Cases: generated-responses/json, generated-responses/page.
    #[test]
    fn programs_get_json_and_page_loads_a_page() {
        for (_, code, refusal) in all() {
            let program = refusal.response("the-\"id\"", false);
            assert_eq!(header(&program, "content-type"), Some("application/json"));
            let body: serde_json::Value = serde_json::from_str(text(&program)).unwrap();
            assert_eq!((&body["error"], &body["request_id"]), (&code.into(), &"the-\"id\"".into()));
            assert_eq!(body["message"], refusal.message());
            assert_eq!(body.as_object().unwrap().len(), 3);

            let page = refusal.response("the-id", true);
            assert_eq!(header(&page, "content-type"), Some("text/html; charset=utf-8"));
            assert!(text(&page).starts_with("<!doctype html>"), "{code}");
            assert!(text(&page).contains(refusal.message()), "{code}");
        }
    }

    #[test]
    fn challenges_are_those_of_rfc_6750() {
        use TokenFault::{Malformed, NotYetValid};
        let challenge = |refusal: Refusal| {
            let value = refusal.challenge().expect("it has one");
            value.to_str().expect("it is ASCII").to_owned()
        };
        assert_eq!(challenge(Refusal::TokenMissing), r#"Bearer realm="api""#);
        for (error, refusals) in [
            (
                "invalid_token",
                &[TokenFault::Expired, NotYetValid, Malformed].map(Refusal::Token)[..],
            ),
            ("invalid_request", &[Refusal::RequestMalformed]),
            ("insufficient_scope", &[Refusal::ClientNotAllowed, Refusal::GroupRequired]),
        ] {
            for refusal in refusals {
                let told = refusal.message();
                let expected = format!(r#"Bearer error="{error}", error_description="{told}""#);
                assert_eq!(challenge(refusal.clone()), expected);
            }
        }
        assert_eq!(
            challenge(Refusal::ScopeRequired("a/read b/write".into())),
            r#"Bearer error="insufficient_scope", scope="a/read b/write""#
        );
        for (_, _, refusal) in all() {
            // Section 3's alphabet for error_description: no quote, no backslash.
            assert!(
                refusal
                    .message()
                    .bytes()
                    .all(|b| matches!(b, 0x20..=0x7e) && !b"\"\\".contains(&b))
            );
        }
    }

    #[test]
    fn a_method_that_is_refused_learns_which_are_not() {
        let response = Refusal::Method("GET, HEAD".into()).response("", false);
        assert_eq!(header(&response, "allow"), Some("GET, HEAD"));
    }

    #[test]
    fn the_client_is_not_told_what_the_operator_is() {
        for (_, code, refusal) in all() {
            let response = refusal.response("", false);
            let told = [Refusal::KeysUnavailable, Refusal::Token(TokenFault::Issuer)]
                .contains(&refusal)
                || matches!(refusal, Refusal::Path(_));
            if told {
                assert_ne!(refusal.detail(), refusal.message(), "{code}");
                assert!(!text(&response).contains(&*refusal.detail()), "{code}");
            }
        }
    }
}
