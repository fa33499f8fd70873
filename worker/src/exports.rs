//! What [`export!`](crate::export) expands to refers to.

pub use crate::event::UnixMillis;
pub use crate::instance::{Charset, Instance};
pub use crate::outcome::FetchFault;

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

/// Natively there is no `worker.mjs`: tests give an [`Instance`] their own body.
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
pub fn read_body(_: usize) -> Vec<u8> {
    Vec::new()
}
