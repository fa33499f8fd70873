//! What the CLI calls across the boundary to WebAssembly: text in, JSON text out.
//!
//! An answer is `{"ok": true, …}` with what the function describes, or
//! `{"ok": false, "diagnostics": […]}` with [`Diagnostic`]s.

use serde_json::{Value, json};
use wasm_bindgen::prelude::wasm_bindgen;

use super::diagnostic::Diagnostic;
use super::parse::parse;
use super::resolve::{Inputs, resolve};
use super::schema;
use crate::bundle::Bundle;

/// Checks the text of a `nearhop.toml`: `{"ok": true, "report": …}` with a
/// [`Report`](super::check::Report).
#[wasm_bindgen]
pub fn check(toml: &str) -> String {
    answer(super::check::check(toml), |report| json!({ "ok": true, "report": report }))
}

/// Makes what a bundle carries: `{"ok": true, "bundle": …}` with the text of `nearhop.json`, which
/// is the same for the same arguments.
///
/// `inputs` is an [`Inputs`] as JSON.
///
/// # Errors
/// `inputs` is not of that form.
#[wasm_bindgen]
pub fn bundle(toml: &str, inputs: &str) -> Result<String, String> {
    let inputs: Inputs = serde_json::from_str(inputs).map_err(|error| error.to_string())?;
    let resolved = parse(toml).and_then(|parsed| resolve(&parsed, inputs));
    Ok(answer(resolved, |(bundle, _)| json!({ "ok": true, "bundle": to_text(&bundle) })))
}

/// The text of `nearhop.schema.json`.
#[wasm_bindgen]
pub fn schema() -> String {
    schema::schema_text()
}

fn answer<T>(result: Result<T, Vec<Diagnostic>>, fine: impl FnOnce(T) -> Value) -> String {
    match result {
        Ok(value) => fine(value),
        Err(diagnostics) => json!({ "ok": false, "diagnostics": diagnostics }),
    }
    .to_string()
}

/// Straight to text: a `Value` in between would write 149.15 ms as 149.14999389648438.
fn to_text(bundle: &Bundle) -> String {
    serde_json::to_string(bundle).expect("our own types, with string keys only")
}
