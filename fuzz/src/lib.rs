//! What the fuzz targets have in common: the edge function started from a configuration, and the
//! rules that its every answer must keep.
//!
//! Each target starts afresh for each input, so that an input alone leads to what was found.

#![forbid(unsafe_code)]

pub mod answer;
pub mod edge;
pub mod signature;
