//! What a worker answers.

use std::fmt;
use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};

use crate::edits::Edits;

/// A worker's answer to one event, and what it has to say about it.
#[derive(Debug)]
pub struct Reply<'a> {
    /// What CloudFront is to do.
    pub outcome: Outcome<'a>,
    /// A resource to get without holding up the answer. What it brings, or that it failed, reaches
    /// [`Worker::record`](crate::Worker::record) whenever it does: the execution environment may be
    /// frozen in between (rule L6), and then it ends, or fails, while a later event is handled. It
    /// is not begun while the same one (tag, URL and [`Post`]) is under way, and it is tried once.
    pub aside: Option<Fetch>,
    /// A line for the function's log.
    pub log: Option<String>,
}

/// What CloudFront is to do.
#[derive(Debug)]
pub enum Outcome<'a> {
    /// Go on with the request (or the answer) CloudFront sent, with these edits.
    Forward(Edits<'a>),
    /// Answer at once. At a response trigger: answer this instead.
    Respond(http::Response<Body>),
    /// Get these bytes, give them to [`Worker::record`](crate::Worker::record), and ask again.
    Fetch(Fetch),
}

/// A resource the worker wants: before it can answer, as [`Outcome::Fetch`], or beside its answer,
/// as [`Reply::aside`]. Performed outside WebAssembly, without following redirects. Events that
/// want the same (tag, URL and [`Post`]) share one.
///
/// Only an aside by `GET` is revalidated (RFC 9110, section 13.1.2): the instance's last answer to
/// it had an `ETag`, and it still holds. What an answer waits for is always got whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// Tells the worker's fetches apart in [`Fetched`].
    pub tag: u32,
    /// An absolute URL.
    pub url: String,
    /// The time after which a try has failed, its last byte included.
    pub timeout: Duration,
    /// The size in bytes above which it has failed.
    pub max_bytes: u32,
    /// What is sent by `POST`; by `GET` where there is none.
    pub post: Option<Post>,
    /// How many further tries there may be, each after a wait of about 100 ms, 200 ms, 400 ms …:
    /// only where a try brought no answer, none in time, or a status of 500 or more. None for an
    /// aside. The server may have acted on a try that brought no answer.
    pub retries: u8,
}

impl Fetch {
    /// A fetch by `GET` that is tried once.
    pub fn get(tag: u32, url: impl Into<String>, timeout: Duration, max_bytes: u32) -> Self {
        Self { tag, url: url.into(), timeout, max_bytes, post: None, retries: 0 }
    }
}

/// A form to be sent by `POST`. Its `Debug` shows nothing of it: forms and credentials are secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Post {
    /// The value of `Authorization`, such as a client's `Basic …` (RFC 6749, section 2.3.1). One
    /// that no header can have makes the fetch [`Unreachable`](FetchFault::Unreachable).
    pub authorization: Option<String>,
    /// The body, `application/x-www-form-urlencoded`: without line breaks, as that encoding is.
    pub form: String,
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post").finish_non_exhaustive()
    }
}

/// What a [`Fetch`] brought. `Debug` shows how long it is and no byte of it: it may be a token.
#[derive(Clone, Copy)]
pub struct Fetched<'a> {
    /// The fetch's tag.
    pub tag: u32,
    /// The body of a 200 answer, or why there is none.
    pub result: Result<&'a [u8], FetchFault<'a>>,
}

impl fmt::Debug for Fetched<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let result = self.result.map(|bytes| bytes.len());
        f.debug_struct("Fetched").field("tag", &self.tag).field("result", &result).finish()
    }
}

/// Why a fetch brought nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchFault<'a> {
    /// No answer, or none in time.
    Unreachable,
    /// An answer other than 200, redirects included.
    Status {
        /// The status, 100–599.
        status: u16,
        /// What the server said to a [`Post`], up to the size allowed: token endpoints say in JSON
        /// what was wrong (RFC 6749, section 5.2). Empty for a `GET`. `Debug` shows its length.
        body: &'a [u8],
    },
    /// More bytes than allowed.
    TooLarge,
    /// For an aside: what this instance was given last under this URL is still what is there (304).
    NotModified,
}

impl fmt::Debug for FetchFault<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FetchFault::Unreachable => f.write_str("Unreachable"),
            FetchFault::Status { status, body } => {
                write!(f, "Status {{ status: {status}, body: {} bytes }}", body.len())
            }
            FetchFault::TooLarge => f.write_str("TooLarge"),
            FetchFault::NotModified => f.write_str("NotModified"),
        }
    }
}

/// A body of an answer, or one that replaces a request's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Body {
    /// No body.
    #[default]
    Empty,
    /// Text, carried as it is.
    Text(String),
    /// Bytes, carried in base64.
    Bytes(Vec<u8>),
}

impl Body {
    /// The number of bytes CloudFront counts: after encoding (rules G2, G6).
    pub fn encoded_len(&self) -> usize {
        match self {
            Body::Empty => 0,
            Body::Text(text) => text.len(),
            Body::Bytes(bytes) => bytes.len().div_ceil(3) * 4,
        }
    }
}

/// The answer to a fault: never cached (rule G4), and without a word of what happened. Inline, so that
/// the map of headers is the worker's own and not a second one.
#[inline]
pub(crate) fn internal_server_error() -> http::Response<Body> {
    let mut response = http::Response::new(Body::from("Internal Server Error"));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

impl From<&str> for Body {
    fn from(text: &str) -> Self {
        Body::Text(text.into())
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Body::Text(text)
    }
}

impl<'a> From<Outcome<'a>> for Reply<'a> {
    fn from(outcome: Outcome<'a>) -> Self {
        Reply { outcome, aside: None, log: None }
    }
}

impl<'a> From<Edits<'a>> for Reply<'a> {
    fn from(edits: Edits<'a>) -> Self {
        Outcome::Forward(edits).into()
    }
}

impl From<http::Response<Body>> for Reply<'_> {
    fn from(response: http::Response<Body>) -> Self {
        Outcome::Respond(response).into()
    }
}

impl From<Fetch> for Reply<'_> {
    fn from(fetch: Fetch) -> Self {
        Outcome::Fetch(fetch).into()
    }
}
