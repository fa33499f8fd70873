//! The answers to requests that go nowhere.

use cloudfront_worker::{Body, Context, Reply, Request};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::config::Target;
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
    /// The path can be read in more than one way.
    Path(PathFault),
    /// The route does not answer the method; these it does.
    Method(String),
    /// The issuer's keys cannot be had at present.
    KeysUnavailable,
    /// No API Region may serve the request.
    NoRegion,
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
            Refusal::Path(_) => "path_ambiguous",
            Refusal::Method(_) => "method_not_allowed",
            Refusal::KeysUnavailable => "keys_unavailable",
            Refusal::NoRegion => "no_region",
            Refusal::Internal => "internal",
        }
    }

    /// The answer's status.
    pub fn status(&self) -> StatusCode {
        match self {
            Refusal::TokenMissing | Refusal::Token(_) => StatusCode::UNAUTHORIZED,
            Refusal::ClientNotAllowed | Refusal::GroupRequired | Refusal::ScopeRequired(_) => {
                StatusCode::FORBIDDEN
            }
            Refusal::RequestMalformed | Refusal::Path(_) => StatusCode::BAD_REQUEST,
            Refusal::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Refusal::KeysUnavailable | Refusal::NoRegion => StatusCode::SERVICE_UNAVAILABLE,
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
            Refusal::Path(_) => "The path is ambiguous.",
            Refusal::Method(_) => "The method is not allowed here.",
            Refusal::KeysUnavailable => "The token cannot be checked at present. Try again.",
            Refusal::NoRegion => "No Region can serve this at present.",
            Refusal::Internal => "Something went wrong.",
        }
    }

    /// What the operator is told besides.
    fn detail(&self) -> String {
        match self {
            Refusal::Path(fault) => fault.to_string(),
            Refusal::Token(TokenFault::Malformed) => "not a compact JWS of two JSON objects".into(),
            Refusal::Token(TokenFault::Algorithm) => "alg is not RS256, or crit, b64 or zip".into(),
            Refusal::Token(TokenFault::Issuer) => "iss is no configured issuer".into(),
            Refusal::Token(TokenFault::KeyUnknown) => "kid is not in the issuer's key set".into(),
            Refusal::Token(TokenFault::Signature) => "the signature does not verify".into(),
            Refusal::Token(TokenFault::Client) => "client_id or aud is no client of ours".into(),
            Refusal::Token(TokenFault::Use) => "token_use is not accepted from the issuer".into(),
            Refusal::ScopeRequired(scopes) => format!("needs {scopes}"),
            Refusal::Method(allowed) => format!("allowed: {allowed}"),
            Refusal::KeysUnavailable => "the last fetch of the issuer's key set failed".into(),
            _ => self.message().into(),
        }
    }

    /// The challenge of RFC 6750, section 3. Without a token there is no error to name.
    fn challenge(&self) -> Option<String> {
        let error = match self {
            Refusal::TokenMissing => return Some("Bearer".into()),
            Refusal::Token(_) => "invalid_token",
            Refusal::RequestMalformed => "invalid_request",
            Refusal::ClientNotAllowed | Refusal::GroupRequired => "insufficient_scope",
            Refusal::ScopeRequired(scopes) => {
                return Some(format!(r#"Bearer error="insufficient_scope", scope="{scopes}""#));
            }
            _ => return None,
        };
        Some(format!(r#"Bearer error="{error}", error_description="{}""#, self.message()))
    }

    /// The answer and the line for the log.
    pub(crate) fn reply(
        &self,
        request: &Request<'_>,
        route: Option<&Route>,
        context: &Context<'_>,
    ) -> Reply<'static> {
        #[derive(Serialize)]
        struct Line<'l> {
            refused: &'l str,
            status: u16,
            route: Option<&'l str>,
            request_id: &'l str,
            detail: &'l str,
        }

        let is_page =
            route.is_none_or(|route| route.target == Target::Site) && site::is_page_load(request);
        let mut response = self.response(context.request_id, is_page);
        let cors = route.and_then(|route| route.cors.as_ref());
        if let Some(allowed) = cors.and_then(|cors| cors.allow(&request.headers)) {
            allowed.apply(response.headers_mut());
        }
        let line = Line {
            refused: self.code(),
            status: self.status().as_u16(),
            route: route.map(|route| route.pattern.as_str()),
            request_id: context.request_id,
            detail: &self.detail(),
        };
        let mut reply = Reply::from(response);
        reply.log = serde_json::to_string(&line).ok();
        reply
    }

    /// The answer alone: a page for page loads, JSON for programs.
    pub(crate) fn response(&self, request_id: &str, is_page: bool) -> Response<Body> {
        let (kind, body) = match is_page {
            true => ("text/html; charset=utf-8", self.page()),
            false => ("application/json", self.json(request_id)),
        };
        let mut response = Response::new(Body::Text(body));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        // An answer made at origin-request would be cached otherwise (rule G4).
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(
            HeaderName::from_static("x-content-type-options"),
            HeaderValue::from_static("nosniff"),
        );
        let mut set = |name, value: String| {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        };
        if let Some(challenge) = self.challenge() {
            set(WWW_AUTHENTICATE, challenge);
        }
        match self {
            Refusal::Method(allowed) => set(ALLOW, allowed.clone()),
            Refusal::KeysUnavailable | Refusal::NoRegion => set(RETRY_AFTER, "5".into()),
            _ => {}
        }
        response
    }

    fn json(&self, request_id: &str) -> String {
        #[derive(Serialize)]
        struct Error<'e> {
            error: &'e str,
            message: &'e str,
            request_id: &'e str,
        }
        let error = Error { error: self.code(), message: self.message(), request_id };
        serde_json::to_string(&error).unwrap_or_default()
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
