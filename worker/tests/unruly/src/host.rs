//! What a worker imports besides: through wasm-bindgen's glue, and from `imports`.

#![allow(unsafe_code)]

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// JavaScript's own. The glue reads the text out of the memory of the instance.
    #[wasm_bindgen(js_name = parseInt)]
    fn parse_int(text: &str) -> f64;
}

/// Calls a function of the host.
pub(crate) fn call(function: &str, argument: &str) -> String {
    match function {
        "glue" => parse_int(argument).to_string(),
        "fill" => fill_text(),
        "throw" => {
            throw();
            "nothing was thrown".into()
        }
        function => format!("no function of the host is called {function}"),
    }
}

fn fill_text() -> String {
    let mut text = [b'-'; 8];
    fill(text.as_mut_ptr(), text.len());
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
#[link(wasm_import_module = "unruly")]
unsafe extern "C" {
    safe fn fill(into: *mut u8, len: usize);
    safe fn throw();
}

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
fn fill(_: *mut u8, _: usize) {}

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
fn throw() {}
