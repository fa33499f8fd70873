//! What the shared vectors cannot say of tokens, because it takes more than one event, or more
//! tokens than anyone would write down.

#[path = "../edge/mod.rs"]
mod edge;

mod altered;
mod keys;
mod verdicts;
mod wycheproof;
