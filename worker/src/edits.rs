//! Changes to the request or answer that CloudFront sent.

use std::borrow::Cow;

use http::{HeaderName, HeaderValue, StatusCode};

use crate::headers::Headers;
use crate::outcome::Body;

/// Changes, applied in the order they were made. What is not named stays as it was.
///
/// At a request trigger the header edits are the request's, at a response trigger the answer's.
#[derive(Debug, Default)]
pub struct Edits<'a> {
    pub(crate) uri: Option<Cow<'a, str>>,
    pub(crate) querystring: Option<Cow<'a, str>>,
    pub(crate) headers: Vec<HeaderEdit<'a>>,
    pub(crate) origin: Option<Box<CustomOrigin<'a>>>,
    pub(crate) status: Option<StatusCode>,
    pub(crate) body: Option<Body>,
}

/// A change to one header field.
#[derive(Debug)]
pub(crate) enum HeaderEdit<'a> {
    Remove(&'a str),
    Set(HeaderName, HeaderValue),
    Append(HeaderName, HeaderValue),
}

/// An origin the request is switched to at origin-request (rules W3, E6). Fields not named here,
/// such as time limits, keep the values the distribution's own custom origin has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomOrigin<'a> {
    /// `http` or `https`.
    pub protocol: Protocol,
    /// A DNS name; the `host` header must be set to it as well (rule A1).
    pub domain_name: Cow<'a, str>,
    /// 80, 443 or 1024–65535.
    pub port: u16,
    /// Empty, or beginning with `/` and not ending with it.
    pub path: Cow<'a, str>,
    /// Names, in lower case, of the distribution's custom headers for its origin that must not be
    /// sent: a name may not be there and among the request's headers (rule E8).
    pub without_custom_headers: Vec<Cow<'a, str>>,
}

/// How CloudFront speaks to a custom origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Protocol {
    Http,
    Https,
}

impl<'a> Edits<'a> {
    /// No change.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the path. Never selects another cache behavior (rule W2).
    pub fn uri(mut self, uri: impl Into<Cow<'a, str>>) -> Self {
        self.uri = Some(uri.into());
        self
    }

    /// Replaces the query, given without `?`.
    pub fn querystring(mut self, querystring: impl Into<Cow<'a, str>>) -> Self {
        self.querystring = Some(querystring.into());
        self
    }

    /// Sets a field to this one value.
    pub fn set(self, name: HeaderName, value: HeaderValue) -> Self {
        self.edit(HeaderEdit::Set(name, value))
    }

    /// Adds a value to a field.
    pub fn append(self, name: HeaderName, value: HeaderValue) -> Self {
        self.edit(HeaderEdit::Append(name, value))
    }

    /// Removes a field.
    pub fn remove(self, name: &'static HeaderName) -> Self {
        self.remove_key(name.as_str())
    }

    /// Removes those of `headers` whose name the predicate accepts. The predicate sees the event's
    /// own spelling, which is lower case (rule E3) unless the event is broken.
    pub fn remove_where(mut self, headers: &Headers<'a>, remove: impl Fn(&str) -> bool) -> Self {
        let mut last = None;
        for (name, _) in headers.iter() {
            // The values of one field stand together.
            if remove(name) && last != Some(name) {
                last = Some(name);
                self = self.remove_key(name);
            }
        }
        self
    }

    /// Switches the origin; at origin-request only (rule W3).
    pub fn origin(mut self, origin: CustomOrigin<'a>) -> Self {
        self.origin = Some(Box::new(origin));
        self
    }

    /// Replaces the answer's status; not at viewer-response (rule W6).
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }

    /// Replaces the body of the request (rule E4), or of the answer at origin-response.
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = Some(body.into());
        self
    }

    fn remove_key(self, name: &'a str) -> Self {
        self.edit(HeaderEdit::Remove(name))
    }

    fn edit(mut self, edit: HeaderEdit<'a>) -> Self {
        if self.headers.capacity() == 0 {
            // What a request to an origin is given, in one allocation.
            self.headers.reserve(16);
        }
        self.headers.push(edit);
        self
    }
}
