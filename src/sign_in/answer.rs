//! The answers sign-in makes: redirects and small pages, never cached, with cookies.

use cloudfront_worker::{Body, Context, Outcome, Reply, Request};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::cors::Cors;

/// An answer, and what is logged of it.
pub(super) struct Answer {
    response: Response<Body>,
    event: &'static str,
    detail: Option<String>,
}

/// A page for the visitor, with one way on.
pub(super) struct Page {
    pub status: StatusCode,
    pub title: &'static str,
    pub text: &'static str,
    /// Where the way on leads, and what it is called.
    pub way_on: (String, &'static str),
}

impl Answer {
    /// Sends the browser to a URL. `event` is what the log calls it.
    pub fn redirect(event: &'static str, status: StatusCode, url: &str) -> Self {
        let mut answer = Self::empty(event, status);
        // Codes and states stand in URLs here, and are nobody else's affair.
        answer.set(REFERRER_POLICY, "no-referrer");
        answer.set(LOCATION, url);
        answer
    }

    /// Shows the visitor a page.
    pub fn page(event: &'static str, page: &Page) -> Self {
        let mut answer = Self::empty(event, page.status);
        answer.set(CONTENT_TYPE, "text/html; charset=utf-8");
        answer.set(X_CONTENT_TYPE_OPTIONS, "nosniff");
        answer.set(REFERRER_POLICY, "no-referrer");
        answer.set(
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
        );
        *answer.response.body_mut() = Body::Text(page.html());
        answer
    }

    /// What the log adds. Never a token, a code, or anything a visitor sent as it is.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Sets cookies, each a whole `Set-Cookie` value.
    pub fn cookies(mut self, cookies: impl IntoIterator<Item = String>) -> Self {
        append_cookies(&mut self.response, cookies);
        self
    }

    /// Lets a page on another origin follow, where the route's rule lets it in.
    pub fn cors(mut self, cors: Option<&Cors>, request: &Request<'_>) -> Self {
        if let Some(allowed) = cors.and_then(|cors| cors.allow(&request.headers)) {
            allowed.apply(self.response.headers_mut());
        }
        self
    }

    pub fn reply(self, context: &Context<'_>) -> Reply<'static> {
        #[derive(Serialize)]
        struct Line<'l> {
            sign_in: &'l str,
            #[serde(skip_serializing_if = "Option::is_none")]
            detail: Option<&'l str>,
            request_id: &'l str,
        }

        let line = Line {
            sign_in: self.event,
            detail: self.detail.as_deref(),
            request_id: context.request_id,
        };
        let mut reply = Reply::from(self.response);
        reply.log = serde_json::to_string(&line).ok();
        reply
    }

    fn empty(event: &'static str, status: StatusCode) -> Self {
        let mut response = Response::new(Body::Empty);
        *response.status_mut() = status;
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Self { response, event, detail: None }
    }

    fn set(&mut self, name: http::HeaderName, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.response.headers_mut().insert(name, value);
        }
    }
}

/// A refusal that sets cookies besides.
pub(super) fn with_cookies(
    mut reply: Reply<'static>,
    cookies: impl IntoIterator<Item = String>,
) -> Reply<'static> {
    if let Outcome::Respond(response) = &mut reply.outcome {
        append_cookies(response, cookies);
    }
    reply
}

fn append_cookies(response: &mut Response<Body>, cookies: impl IntoIterator<Item = String>) {
    for cookie in cookies {
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(SET_COOKIE, value);
        }
    }
}

impl Page {
    fn html(&self) -> String {
        let (href, label) = &self.way_on;
        [
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\"><title>",
            self.title,
            "</title><style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;\
             margin:15vh auto;padding:0 1.5rem}a{display:inline-block;padding:.6rem 1.2rem;\
             border:1px solid;border-radius:.4rem;color:inherit;text-decoration:none}\
             a:hover,a:focus-visible{outline:2px solid;outline-offset:2px}</style><main><h1>",
            self.title,
            "</h1><p>",
            self.text,
            "</p><p><a href=\"",
            &escape(href),
            "\">",
            label,
            "</a></p></main></html>\n",
        ]
        .concat()
    }
}

/// For an attribute's value between double quotes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_shows_where_it_leads_and_cannot_be_led_astray() {
        let page = Page {
            status: StatusCode::BAD_REQUEST,
            title: "Title",
            text: "Text.",
            way_on: ("/a?b=\"><script>&c".into(), "Go on"),
        };
        let html = page.html();
        assert!(html.contains(r#"<a href="/a?b=&quot;>&lt;script>&amp;c">Go on</a>"#), "{html}");
    }
}
