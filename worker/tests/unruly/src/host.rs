//! What a worker imports besides: through wasm-bindgen's glue, and from `imports`.

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
    fill(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

cloudfront_worker::import! {
    from "unruly";
    /// Writes an `x` for every byte.
    fn fill(into: &mut [u8]);
    /// Throws.
    fn throw();
}
