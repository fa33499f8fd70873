//! What people use before anything runs at the edge: reading `nearhop.toml`, saying what is wrong
//! with it, showing what it means, and writing what a bundle carries.
//!
//! The CLI loads this as a second WebAssembly module ([`exports`]), so that it and the edge read a
//! configuration by the same code.

pub mod check;
pub mod control;
pub mod diagnostic;
pub mod distances;
pub mod explain;
pub mod exports;
pub mod geo;
pub mod gzip;
pub mod parse;
pub mod plan;
pub mod regions;
pub mod resolve;
pub mod schema;

#[cfg(target_arch = "wasm32")]
mod crypto;
mod discovery;
mod issuers;
mod nearest;
mod place;
mod shape;
mod warnings;

#[cfg(test)]
mod fixtures;
