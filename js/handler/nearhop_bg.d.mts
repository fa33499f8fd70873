/** What wasm-bindgen writes beside the edge module; a bundle carries it as nearhop_bg.mjs. */
export function __wbg_set_wasm(exports: WebAssembly.Exports): void;
