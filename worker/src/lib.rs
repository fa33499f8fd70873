//! Lambda@Edge handlers in Rust.
//!
//! CloudFront calls a function with an *event* and carries out what it returns. This crate turns
//! that event into a [`Request`] (and, on the way back, a [`Response`]), calls a [`Worker`], and
//! expresses its [`Outcome`] as *edits* to the very object that CloudFront sent, so that fields
//! this crate has never heard of survive by construction (rule E10).
//!
//! ```text
//!  CloudFront event ──► worker.mjs ──head──► Event ──► Worker::handle
//!                          │                                 │
//!  CloudFront result ◄── edits ◄──────text────────────── Outcome
//! ```
//!
//! The head of a request crosses into WebAssembly once, as flat text in a buffer this crate
//! reserves; only what changed comes back. Nothing here does I/O, reads a clock or logs: time, the
//! Region, entropy and fetched bytes are inputs.
//!
//! ```
//! use cloudfront_worker::{Context, Env, Event, Outcome, Reply, Worker, edits::Edits};
//! use http::{HeaderName, HeaderValue};
//!
//! struct Hello;
//!
//! impl Worker for Hello {
//!     type Error = std::convert::Infallible;
//!     type Configured = ();
//!
//!     fn configure(_: &[u8]) -> Result<(), Self::Error> {
//!         Ok(())
//!     }
//!
//!     fn start(_: (), _: Env<'_>) -> Self {
//!         Hello
//!     }
//!
//!     fn handle<'a>(&mut self, event: Event<'a>, _: &Context<'a>) -> Reply<'a> {
//!         match event {
//!             Event::ViewerRequest(request) if request.uri == "/hello" => {
//!                 http::Response::new("Hello from the edge".into()).into()
//!             }
//!             _ => Edits::new()
//!                 .set(HeaderName::from_static("x-hello"), HeaderValue::from_static("1"))
//!                 .into(),
//!         }
//!     }
//! }
//!
//! # fn main() {
//! use cloudfront_worker::testing::Harness;
//! let mut hello = Harness::<Hello>::start("eu-west-1", b"").unwrap();
//! let event = serde_json::json!({ "Records": [{ "cf": {
//!     "config": { "eventType": "viewer-request" },
//!     "request": {
//!         "clientIp": "203.0.113.7", "method": "GET", "uri": "/hello", "querystring": "",
//!         "headers": {},
//!     },
//! }}]});
//! assert_eq!(hello.handle(&event, 0).result["body"], "Hello from the edge");
//! # }
//! ```
//!
//! [`export!`] makes a worker loadable by `worker.mjs`, the JavaScript half of this crate.
//!
//! Rule ids such as `W3` name facts of the platform; `docs/rules.md` of the repository
//! says which.

pub mod edits;
pub mod rules;
#[cfg(feature = "testing")]
pub mod testing;

#[doc(hidden)]
pub mod host;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod event;
mod headers;
mod instance;
mod known;
mod outcome;
mod request_size;
mod wire;

pub use event::{
    Context, Entropy, Env, Event, EventFault, Origin, OriginKind, Request, RequestBody, Response,
    Trigger, UnixMillis, Worker,
};
pub use headers::{Headers, Values};
pub use http;
pub use instance::{Fault, Host, Instance};
pub use outcome::{Body, Fetch, FetchFault, Fetched, Outcome, Post, Reply};
