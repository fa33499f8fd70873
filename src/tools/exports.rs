//! What the CLI calls across the boundary to WebAssembly: text in, JSON text out.
//!
//! An answer is `{"ok": true, …}` with what the function describes, or
//! `{"ok": false, "diagnostics": […]}` with [`Diagnostic`]s.

use serde::Serialize;
use serde_json::{Value, json};
use wasm_bindgen::prelude::wasm_bindgen;

use super::control::Unsound;
use super::diagnostic::Diagnostic;
use super::explain::{Ask, Unexplained};
use super::parse::parse;
use super::plan::Wanted;
use super::resolve::{Inputs, resolve};
use super::schema;
use crate::bundle::Bundle;
use crate::policy::Policy;

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

/// Where each issuer's key set is, by the configuration, by what takes its place in `inputs`, or by
/// the issuer's discovery document: `{"ok": true, "urls": […]}`, in the order of the issuers.
///
/// `inputs` is an [`Inputs`] as JSON, of which no secret is needed.
///
/// # Errors
/// `inputs` is not of that form.
#[wasm_bindgen]
pub fn key_set_urls(toml: &str, inputs: &str) -> Result<String, String> {
    let inputs: Inputs = serde_json::from_str(inputs).map_err(|error| error.to_string())?;
    let resolved =
        parse(toml).and_then(|parsed| resolve(&parsed, inputs.with_stand_ins(&parsed.config)));
    let urls = |policy: &Policy| -> Vec<String> {
        policy.issuers.iter().map(|issuer| issuer.jwks_url.clone()).collect()
    };
    Ok(answer(resolved, |(_, policy)| json!({ "ok": true, "urls": urls(&policy) })))
}

/// Checks a control document as of `now`, milliseconds since 1970: `{"ok": true, "control": …}` with
/// a [`ControlReport`](super::control::ControlReport). Where it is not sound, `of` says which text
/// the diagnostics are about: `configuration` or `document`.
#[wasm_bindgen]
pub fn control(toml: &str, document: &str, now: f64) -> String {
    let (of, diagnostics) = match super::control::control(toml, document, now as u64) {
        Ok(report) => return json!({ "ok": true, "control": report }).to_string(),
        Err(Unsound::Configuration(diagnostics)) => ("configuration", diagnostics),
        Err(Unsound::Document(diagnostics)) => ("document", diagnostics),
    };
    json!({ "ok": false, "of": of, "diagnostics": diagnostics }).to_string()
}

/// Makes a bundle's `places.mmdb` of the rules and the file that `country_database` names (no bytes
/// where it names none): `{"ok": true, "digest": …}` with what [`Inputs::places`] is to be, and
/// behind it a NUL and the file; `"digest": null` alone where nothing is asked of addresses.
#[wasm_bindgen]
pub fn places(toml: &str, country_database: &[u8]) -> Vec<u8> {
    let source = (!country_database.is_empty()).then_some(country_database);
    let made = super::geo::places_of(toml, source);
    let (digest, file) = match &made {
        Ok(Some(places)) => (Some(&places.digest), [&[0], &places.bytes[..]].concat()),
        _ => (None, Vec::new()),
    };
    let said = json!({ "ok": true, "digest": digest });
    [answer(made.as_ref().map_err(Vec::clone), |_| said).as_bytes(), &file].concat()
}

/// Explains what becomes of a request: `{"ok": true, "explanation": …}` with an
/// [`Explanation`](super::explain::Explanation).
///
/// `inputs` is an [`Inputs`], `ask` an [`Ask`](super::explain::Ask) as JSON; `places` is the bundle's
/// `places.mmdb`, empty where it has none.
///
/// # Errors
/// What is wrong with `inputs` or `ask`.
#[wasm_bindgen]
pub fn explain(toml: &str, inputs: &str, ask: &str, places: &[u8]) -> Result<String, String> {
    let inputs: Inputs = serde_json::from_str(inputs).map_err(|error| error.to_string())?;
    let ask: Ask = serde_json::from_str(ask).map_err(|error| error.to_string())?;
    told("explanation", super::explain::explain(toml, inputs, &ask, places))
}

/// Plans for a set of Regions: `{"ok": true, "plan": …}` with a [`Plan`](super::plan::Plan).
///
/// `wanted` is a [`Wanted`](super::plan::Wanted) as JSON.
///
/// # Errors
/// What is wrong with `wanted`.
#[wasm_bindgen]
pub fn plan(toml: &str, wanted: &str) -> Result<String, String> {
    let wanted: Wanted = serde_json::from_str(wanted).map_err(|error| error.to_string())?;
    told("plan", super::plan::plan(toml, &wanted))
}

/// The text of `nearhop.schema.json`.
#[wasm_bindgen]
pub fn schema() -> String {
    schema::schema_text()
}

/// See [`super::gzip::gzip`].
#[wasm_bindgen]
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    super::gzip::gzip(bytes)
}

fn answer<T>(result: Result<T, Vec<Diagnostic>>, fine: impl FnOnce(T) -> Value) -> String {
    match result {
        Ok(value) => fine(value),
        Err(diagnostics) => json!({ "ok": false, "diagnostics": diagnostics }),
    }
    .to_string()
}

fn told<T: Serialize>(key: &str, result: Result<T, Unexplained>) -> Result<String, String> {
    match result {
        // Straight to text, for the reason given below.
        Ok(value) => {
            let text = serde_json::to_string(&value).expect("our own types, with string keys only");
            Ok(format!(r#"{{"ok":true,"{key}":{text}}}"#))
        }
        Err(Unexplained::Configuration(diagnostics)) => {
            Ok(json!({ "ok": false, "diagnostics": diagnostics }).to_string())
        }
        Err(Unexplained::Ask(message)) => Err(message),
    }
}

/// Straight to text: a `Value` in between would write 149.15 ms as 149.14999389648438.
fn to_text(bundle: &Bundle) -> String {
    serde_json::to_string(bundle).expect("our own types, with string keys only")
}
