//! What [`export!`](crate::export) expands to refers to.

pub use crate::event::UnixMillis;
pub use crate::instance::{Charset, Host, Instance};

/// The request's body, from `worker.mjs`, which knows its length.
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
#[allow(unsafe_code)]
pub fn read_body(len: usize) -> Vec<u8> {
    #[link(wasm_import_module = "cloudfront")]
    unsafe extern "C" {
        fn read_body(into: *mut u8);
    }
    let mut bytes = vec![0; len];
    // SAFETY: worker.mjs writes the `len` bytes it announced, and nothing past them.
    unsafe { read_body(bytes.as_mut_ptr()) };
    bytes
}

/// Overwrites `bytes` with random ones, from `worker.mjs`.
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
#[allow(unsafe_code)]
pub fn random(bytes: &mut [u8]) {
    #[link(wasm_import_module = "cloudfront")]
    unsafe extern "C" {
        fn random(into: *mut u8, len: usize);
    }
    // SAFETY: worker.mjs writes `len` bytes, and nothing past them.
    unsafe { random(bytes.as_mut_ptr(), bytes.len()) };
}

/// Natively there is no `worker.mjs`, and nothing else is taken for random.
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
pub fn random(_: &mut [u8]) {
    panic!("entropy comes from worker.mjs");
}

/// Natively there is no `worker.mjs`: tests give an [`Instance`] their own body.
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
pub fn read_body(_: usize) -> Vec<u8> {
    Vec::new()
}
