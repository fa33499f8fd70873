//! What a worker is called with.

use std::fmt;
use std::time::Duration;

use http::Method;

use crate::headers::Headers;
use crate::instance::Fault;
use crate::outcome::{Body, Fetched, Reply, internal_server_error};

/// A Lambda@Edge function.
pub trait Worker: Sized {
    /// Why a configuration cannot be used. Its text goes to the log.
    type Error: fmt::Display;

    /// What a configuration comes to, once it has been read and checked.
    type Configured;

    /// Reads and checks the bytes that the bundle carries for the worker; Lambda@Edge has no
    /// environment variables of the user's own (rule L2).
    ///
    /// This may happen where the bundle is made: then the instance's memory is kept, and every
    /// instance at the edge begins with a copy of it (`snapshot.mjs`). So the result must follow
    /// from the bytes alone. The host's functions must not be called: what they did would be
    /// missing at the edge.
    fn configure(config: &[u8]) -> Result<Self::Configured, Self::Error>;

    /// Makes the instance: once per execution environment, and once more after a trap.
    fn start(configured: Self::Configured, env: Env<'_>) -> Self;

    /// Answers one event.
    fn handle<'a>(&mut self, event: Event<'a>, context: &Context<'a>) -> Reply<'a>;

    /// Takes what a [`Fetch`](crate::Fetch) brought, or that it failed; returns a line for the log,
    /// if there is something to say. The events that wait for an
    /// [`Outcome::Fetch`](crate::Outcome::Fetch) are handled again right after.
    fn record(&mut self, now: UnixMillis, fetched: Fetched<'_>) -> Option<String> {
        let _ = (now, fetched);
        None
    }

    /// Answers an event that could not be read, or an outcome that CloudFront would refuse. The
    /// fault's own text is for the log; an answer must not repeat it. An answer that viewer-request
    /// would refuse is replaced by the default one.
    fn fault(fault: &Fault<'_>) -> http::Response<Body> {
        let _ = fault;
        internal_server_error()
    }
}

/// What is particular to one instance.
#[derive(Clone, Copy, Debug)]
pub struct Env<'a> {
    /// The Region executing the function, from `AWS_REGION` (rule R1).
    pub region: &'a str,
    /// A number that differs from instance to instance, for seeding hashes and spreading what
    /// instances would otherwise do at once. Clients do not learn it, but it is no secret: nothing
    /// may be encrypted or signed with it. For that there is [`Context::entropy`].
    pub seed: u64,
}

/// One of CloudFront's four events, with what it shows.
#[derive(Debug)]
pub enum Event<'a> {
    /// A viewer's request, before the cache.
    ViewerRequest(Request<'a>),
    /// A request about to go to its origin: the cache did not have the answer.
    OriginRequest(Request<'a>, Origin<'a>),
    /// The origin's answer, before the cache. Its body is never shown (rule E9).
    OriginResponse(Request<'a>, Origin<'a>, Response<'a>),
    /// The answer about to go to the viewer.
    ViewerResponse(Request<'a>, Response<'a>),
}

impl<'a> Event<'a> {
    /// Which of the four it is.
    pub fn trigger(&self) -> Trigger {
        match self {
            Event::ViewerRequest(..) => Trigger::ViewerRequest,
            Event::OriginRequest(..) => Trigger::OriginRequest,
            Event::OriginResponse(..) => Trigger::OriginResponse,
            Event::ViewerResponse(..) => Trigger::ViewerResponse,
        }
    }

    /// The request the event is about.
    pub fn request(&self) -> &Request<'a> {
        match self {
            Event::ViewerRequest(request)
            | Event::OriginRequest(request, _)
            | Event::OriginResponse(request, _, _)
            | Event::ViewerResponse(request, _) => request,
        }
    }
}

/// The name of an event: `config.eventType` (rule E1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Trigger {
    ViewerRequest,
    OriginRequest,
    OriginResponse,
    ViewerResponse,
}

impl Trigger {
    /// The trigger of that name, spelled as CloudFront spells it.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "viewer-request" => Trigger::ViewerRequest,
            "origin-request" => Trigger::OriginRequest,
            "origin-response" => Trigger::OriginResponse,
            "viewer-response" => Trigger::ViewerResponse,
            _ => return None,
        })
    }

    /// CloudFront's spelling.
    pub fn name(self) -> &'static str {
        match self {
            Trigger::ViewerRequest => "viewer-request",
            Trigger::OriginRequest => "origin-request",
            Trigger::OriginResponse => "origin-response",
            Trigger::ViewerResponse => "viewer-response",
        }
    }

    /// Whether the event carries an answer to edit rather than a request.
    pub fn is_response(self) -> bool {
        matches!(self, Trigger::OriginResponse | Trigger::ViewerResponse)
    }
}

/// A viewer's request as CloudFront shows it (rule E2).
#[derive(Debug)]
pub struct Request<'a> {
    /// The request's method.
    pub method: Method,
    /// The viewer's address, IPv4 or IPv6, unchecked.
    pub client_ip: &'a str,
    /// The path, beginning with `/`; percent-encoded as the viewer sent it.
    pub uri: &'a str,
    /// The query without its `?`; empty when absent.
    pub querystring: &'a str,
    /// The header fields.
    pub headers: Headers<'a>,
    /// The body, where the association includes it (rule E4).
    pub body: Option<RequestBody<'a>>,
}

/// A request's body. Its bytes stay outside WebAssembly until they are asked for.
pub struct RequestBody<'a> {
    /// True when CloudFront cut the body at its limit (rule G6).
    pub truncated: bool,
    pub(crate) read: &'a dyn Fn() -> Vec<u8>,
}

impl RequestBody<'_> {
    /// The body's bytes, decoded. Each call copies them.
    pub fn bytes(&self) -> Vec<u8> {
        (self.read)()
    }
}

impl fmt::Debug for RequestBody<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody").field("truncated", &self.truncated).finish_non_exhaustive()
    }
}

/// Where CloudFront will send a request, or sent it (rules E5–E7).
#[derive(Clone, Debug)]
pub struct Origin<'a> {
    /// Which of the two shapes the origin has.
    pub kind: OriginKind,
    /// Its DNS name.
    pub domain_name: &'a str,
    /// The path put before the request's; empty or beginning with `/`.
    pub path: &'a str,
    /// Headers the distribution adds for this origin; never also among the request's (rule E8).
    pub custom_headers: Headers<'a>,
}

/// The shape of an origin (rule E5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum OriginKind {
    Custom,
    S3,
}

/// An answer as CloudFront shows it: without its body (rule E9).
#[derive(Debug)]
pub struct Response<'a> {
    /// The status code.
    pub status: http::StatusCode,
    /// The header fields.
    pub headers: Headers<'a>,
}

/// What holds for the one event being handled.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The time at which handling began.
    pub now: UnixMillis,
    /// Random bytes that nobody can foresee.
    pub entropy: Entropy<'a>,
    /// CloudFront's id of the request; the same in every trigger.
    pub request_id: &'a str,
    /// The distribution's own domain, `d….cloudfront.net`.
    pub distribution_domain_name: &'a str,
    /// The distribution's id.
    pub distribution_id: &'a str,
}

/// Random bytes fit for keys, nonces and states: the host's `crypto.getRandomValues`. Drawn when they
/// are asked for, since loading Node's cryptography costs a cold start milliseconds.
#[derive(Clone, Copy)]
pub struct Entropy<'a> {
    fill: &'a dyn Fn(&mut [u8]),
}

impl<'a> Entropy<'a> {
    /// Entropy from a function that overwrites every byte it is given. Workers are handed theirs;
    /// this is for whoever makes a [`Context`] of their own.
    pub fn new(fill: &'a dyn Fn(&mut [u8])) -> Self {
        Self { fill }
    }

    /// Fresh random bytes at each call, 65,536 at most (the host gives no more at once).
    ///
    /// ```
    /// # use cloudfront_worker::Entropy;
    /// let entropy = Entropy::new(&|bytes| bytes.fill(7));
    /// assert_eq!(entropy.bytes(), [7; 4]);
    /// ```
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.fill)(&mut bytes);
        bytes
    }
}

impl fmt::Debug for Entropy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entropy").finish_non_exhaustive()
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixMillis(pub u64);

impl UnixMillis {
    /// Whole seconds since 1970-01-01T00:00:00Z, as JWT dates count them.
    pub fn seconds(self) -> u64 {
        self.0 / 1000
    }

    /// The time since `earlier`, or `None` where the clock has gone backwards.
    ///
    /// ```
    /// # use cloudfront_worker::UnixMillis;
    /// # use std::time::Duration;
    /// assert_eq!(UnixMillis(1500).since(UnixMillis(500)), Some(Duration::from_secs(1)));
    /// assert_eq!(UnixMillis(500).since(UnixMillis(1500)), None);
    /// ```
    pub fn since(self, earlier: UnixMillis) -> Option<Duration> {
        self.0.checked_sub(earlier.0).map(Duration::from_millis)
    }
}

/// What is wrong with an event: never the viewer's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventFault {
    /// `config.eventType` is none of the four.
    Trigger,
    /// The head ended early, is not UTF-8, or a value in it held a line break.
    Head,
    /// A header's name was empty or not in lower case.
    HeaderName,
    /// The method is not a token (RFC 9110, section 9.1).
    Method,
    /// The response's status is not a number from 100 to 999.
    Status,
    /// An origin event without an origin, or a response event without a response.
    Missing,
}

impl fmt::Display for EventFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EventFault::Trigger => "config.eventType is none of CloudFront's four triggers (E1)",
            EventFault::Head => {
                "the event's head is cut short, or a value in it holds a line break"
            }
            EventFault::HeaderName => "a header's name is empty or holds upper-case letters (E3)",
            EventFault::Method => "request.method is not an HTTP method (E2)",
            EventFault::Status => "response.status is not an HTTP status (E9)",
            EventFault::Missing => {
                "the event lacks the origin or response its trigger has (E5, E9)"
            }
        })
    }
}
