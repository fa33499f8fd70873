//! The policy core of Nearhop: from a CloudFront event to an outcome.
//!
//! ```text
//!             ┌─ path ─► route ─► access ───────────────► site ──► a key in S3
//!  Event ─► decide                  │                  └► region ─► the nearest API
//!             └─ refusal ◄──────────┤
//!                                   └─ credentials ─► token ─► keys
//! ```
//!
//! Nothing here does I/O, reads a clock, draws random numbers or logs: time, the Region, entropy
//! and fetched bytes are inputs, and a line for the log is part of the answer. What has been
//! verified is a type of its own ([`token::Verified`]), which only the verifier makes.
//!
//! Rule ids such as `W3` name facts of CloudFront, Lambda@Edge, Cognito and their neighbours;
//! docs/rules.md says which.

#![forbid(unsafe_code)]

pub mod bundle;
pub mod config;
mod json;
pub mod keys;
pub mod path;
pub mod policy;
pub mod refusal;
pub mod token;
#[cfg(feature = "tools")]
pub mod tools;

mod access;
mod base64url;
mod cors;
mod credentials;
mod cross_site;
mod decide;
#[cfg(all(feature = "edge", target_arch = "wasm32"))]
mod edge;
mod equal;
mod identity;
mod issuer;
mod nearhop;
mod origins;
mod region;
mod route;
mod seal;
mod sign_in;
mod site;
mod sixteen;
mod verdicts;

pub use nearhop::{ConfigureFault, Configured, Nearhop};
