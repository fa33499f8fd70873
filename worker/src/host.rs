//! Where WebAssembly and `worker.mjs` meet: what it calls, and what a worker calls there. All the
//! unsafe code is in this file; what its macros expand to is safe for whoever uses them.

#![allow(unsafe_code)]

use std::array;

pub use crate::event::UnixMillis;
pub use crate::instance::{Host, Instance};

/// The request's body, from `worker.mjs`, which knows its length.
pub fn read_body(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    cloudfront::read_body(&mut bytes);
    bytes
}

/// Overwrites `bytes` with random ones, from `worker.mjs`.
pub fn random(bytes: &mut [u8]) {
    cloudfront::random(bytes);
}

mod cloudfront {
    crate::import! {
        from "cloudfront";
        /// Writes the body of the request at hand.
        pub(super) fn read_body(into: &mut [u8]);
        /// Writes random bytes.
        pub(super) fn random(into: &mut [u8]);
    }
}

/// Bytes as text, if they are ASCII and of one line. Of others, and of fewer than 64, it says nothing:
/// nearly every event's text is such, and this takes it in one pass, sixteen bytes an instruction.
pub(crate) fn ascii_line(bytes: &[u8]) -> Option<&str> {
    let (mut all, mut nearest) = ([0; 16], [0xff; 16]);
    let mut look = |bytes: &[u8; 64]| {
        for sixteen in bytes.as_chunks::<16>().0 {
            for at in 0..16 {
                all[at] |= sixteen[at];
                nearest[at] = nearest[at].min(sixteen[at] ^ b'\n');
            }
        }
    };
    // The last ones perhaps a second time, where the length is no multiple.
    look(bytes.last_chunk()?);
    bytes.as_chunks().0.iter().for_each(look);
    let flaws: [u8; 16] = array::from_fn(|at| all[at] & 0x80 | u8::from(nearest[at] == 0));
    // SAFETY: every byte has been looked at, and ASCII is UTF-8.
    (flaws == [0; 16]).then(|| unsafe { str::from_utf8_unchecked(bytes) })
}

/// Compares memory as C's function of that name does. Slices are compared by it, and the one that comes
/// with the target goes byte by byte: eight at a time, a remembered token takes a tenth less.
///
/// # Safety
///
/// Both addresses are of at least `len` bytes: the compiler, which alone calls this, sees to that.
// SAFETY: it does what the compiler expects of that name.
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, len: usize) -> i32 {
    // SAFETY, here and below: `at` and the width of what is read there are within `len`.
    let word = |from: *const u8, at: usize| {
        u64::from_be_bytes(unsafe { from.add(at).cast::<[u8; 8]>().read() })
    };
    let byte = |from: *const u8, at: usize| unsafe { from.add(at).read() };
    let mut at = 0;
    while at + 8 <= len {
        let (of_a, of_b) = (word(a, at), word(b, at));
        if of_a != of_b {
            return if of_a < of_b { -1 } else { 1 };
        }
        at += 8;
    }
    while at < len {
        let (of_a, of_b) = (byte(a, at), byte(b, at));
        if of_a != of_b {
            return i32::from(of_a) - i32::from(of_b);
        }
        at += 1;
    }
    0
}

/// Makes a [`Worker`] loadable by `worker.mjs`: exports the functions it calls.
///
/// ```
/// # use cloudfront_worker::{Context, Env, Event, Reply, Worker, edits::Edits};
/// struct Pass;
///
/// impl Worker for Pass {
///     type Error = std::convert::Infallible;
///     type Configured = ();
///     fn configure(_: &[u8]) -> Result<(), Self::Error> {
///         Ok(())
///     }
///     fn start(_: (), _: Env<'_>) -> Self {
///         Pass
///     }
///     fn handle<'a>(&mut self, _: Event<'a>, _: &Context<'a>) -> Reply<'a> {
///         Edits::new().into()
///     }
/// }
///
/// cloudfront_worker::export!(Pass);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export {
    ($worker:ty) => {
        const _: () = {
            use $crate::host::{Host, Instance, UnixMillis, random, read_body};

            std::thread_local! {
                static INSTANCE: std::cell::RefCell<Instance<$worker>> =
                    const { std::cell::RefCell::new(Instance::new()) };
            }

            // SAFETY, here and below: no other function of a module begins with `cloudfront_`, and
            // the bodies are safe code, whatever numbers the host calls them with.
            #[unsafe(no_mangle)]
            extern "C" fn cloudfront_input(len: u32) -> *mut u8 {
                INSTANCE.with_borrow_mut(|instance| instance.input(len as usize).as_mut_ptr())
            }

            #[unsafe(no_mangle)]
            extern "C" fn cloudfront_output() -> *const u8 {
                INSTANCE.with_borrow(|instance| instance.output().as_ptr())
            }

            #[unsafe(no_mangle)]
            extern "C" fn cloudfront_configure(len: u32) -> u32 {
                INSTANCE.with_borrow_mut(|instance| {
                    instance.configure(len as usize);
                    instance.output().len() as u32
                })
            }

            #[unsafe(no_mangle)]
            extern "C" fn cloudfront_start(len: u32, seed: u64) {
                INSTANCE.with_borrow_mut(|instance| instance.start(len as usize, seed));
            }

            #[unsafe(no_mangle)]
            extern "C" fn cloudfront_name(len: u32) -> i32 {
                INSTANCE.with_borrow_mut(|instance| {
                    instance.name(len as usize).map_or(-1, |number| number as i32)
                })
            }

            #[unsafe(no_mangle)]
            extern "C" fn cloudfront_handle(values: u32, len: u32, now: f64, body: u32) -> u32 {
                INSTANCE.with_borrow_mut(|instance| {
                    let body = || read_body(body as usize);
                    let host = Host { read_body: &body, random: &random };
                    instance.handle(values as usize, len as usize, UnixMillis(now as u64), host);
                    instance.output().len() as u32
                })
            }

            #[unsafe(no_mangle)]
            extern "C" fn cloudfront_record(len: u32, tag: u32, fault: u32, now: f64) -> u32 {
                INSTANCE.with_borrow_mut(|instance| {
                    instance.record(len as usize, tag, fault, UnixMillis(now as u64));
                    instance.output().len() as u32
                })
            }
        };
    };
}

/// Declares functions of the host that a worker calls, which `worker.mjs` is given as `imports`. They
/// are safe to call.
///
/// ```
/// cloudfront_worker::import! {
///     from "clock";
///     /// Writes the time of a zone, and returns how many bytes that took.
///     fn local_time(zone: &[u8], into: &mut [u8]) -> i32;
/// }
/// # fn main() {}
/// ```
///
/// What crosses are numbers: an `i32` as it is, a slice as its address and its length, an array as
/// its address alone. What returns is nothing or an `i32`. The function of the host may read what it
/// is lent, and may write to what is `&mut`, within its length and before it returns: in that it is
/// trusted, as `worker.mjs` is.
///
/// Natively there is no host: calling one panics.
#[macro_export]
macro_rules! import {
    (
        from $module:literal;
        $($(#[$doc:meta])* $vis:vis fn $name:ident($($arguments:tt)*) $(-> $returns:tt)?;)+
    ) => {
        $(
            $crate::import! {
                @take $module [$(#[$doc])* $vis] $name [$(-> $returns)?] [] [] [] $($arguments)*
            }
        )+
    };

    (
        @take $module:literal [$($before:tt)*] $name:ident [$($returns:tt)*]
        [$($takes:tt)*] [$($passes:tt)*] [$($types:tt)*]
    ) => {
        #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
        $($before)* fn $name($($takes)*) $($returns)* {
            $crate::import!(@returns $($returns)*);
            #[link(wasm_import_module = $module)]
            unsafe extern "C" {
                fn $name($($types)*) $($returns)*;
            }
            // SAFETY: every address is that of a reference that lives until this returns, with the
            // length of what it refers to; the host writes only to those that are `&mut`, and there
            // is one thread.
            unsafe { $name($($passes)*) }
        }

        #[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
        $($before)* fn $name($($takes)*) $($returns)* {
            let _ = ($($passes)*);
            panic!(concat!("there is no host to call ", stringify!($name), " of"));
        }
    };

    (
        @take $module:literal $before:tt $name:ident $returns:tt
        [$($takes:tt)*] [$($passes:tt)*] [$($types:tt)*] $argument:ident: i32 $(, $($rest:tt)*)?
    ) => {
        $crate::import! {
            @take $module $before $name $returns
            [$($takes)* $argument: i32,] [$($passes)* $argument,] [$($types)* _: i32,] $($($rest)*)?
        }
    };
    (
        @take $module:literal $before:tt $name:ident $returns:tt
        [$($takes:tt)*] [$($passes:tt)*] [$($types:tt)*] $argument:ident: &[u8] $(, $($rest:tt)*)?
    ) => {
        $crate::import! {
            @take $module $before $name $returns
            [$($takes)* $argument: &[u8],]
            [$($passes)* $argument.as_ptr(), $argument.len(),]
            [$($types)* _: *const u8, _: usize,]
            $($($rest)*)?
        }
    };
    (
        @take $module:literal $before:tt $name:ident $returns:tt
        [$($takes:tt)*] [$($passes:tt)*] [$($types:tt)*]
        $argument:ident: &mut [u8] $(, $($rest:tt)*)?
    ) => {
        $crate::import! {
            @take $module $before $name $returns
            [$($takes)* $argument: &mut [u8],]
            [$($passes)* $argument.as_mut_ptr(), $argument.len(),]
            [$($types)* _: *mut u8, _: usize,]
            $($($rest)*)?
        }
    };
    (
        @take $module:literal $before:tt $name:ident $returns:tt
        [$($takes:tt)*] [$($passes:tt)*] [$($types:tt)*]
        $argument:ident: &[u8; $len:literal] $(, $($rest:tt)*)?
    ) => {
        $crate::import! {
            @take $module $before $name $returns
            [$($takes)* $argument: &[u8; $len],]
            [$($passes)* $argument.as_ptr(),]
            [$($types)* _: *const u8,]
            $($($rest)*)?
        }
    };
    (
        @take $module:literal $before:tt $name:ident $returns:tt
        [$($takes:tt)*] [$($passes:tt)*] [$($types:tt)*]
        $argument:ident: &mut [u8; $len:literal] $(, $($rest:tt)*)?
    ) => {
        $crate::import! {
            @take $module $before $name $returns
            [$($takes)* $argument: &mut [u8; $len],]
            [$($passes)* $argument.as_mut_ptr(),]
            [$($types)* _: *mut u8,]
            $($($rest)*)?
        }
    };

    (@returns) => {};
    (@returns -> i32) => {};
}

#[cfg(test)]
mod tests {
    use super::ascii_line;

    #[test]
    fn what_is_not_ascii_or_ends_a_line_is_found_wherever_it_stands() {
        for length in 0..=200 {
            let sound = vec![b'a'; length];
            let is_looked_at = length >= 64;
            assert_eq!(ascii_line(&sound).is_some(), is_looked_at, "{length}");
            for at in 0..length {
                for byte in 0..=255 {
                    let mut text = sound.clone();
                    text[at] = byte;
                    let is_sound = byte.is_ascii() && byte != b'\n';
                    let line = ascii_line(&text);
                    assert_eq!(
                        line.is_some(),
                        is_looked_at && is_sound,
                        "{byte} at {at} of {length}"
                    );
                    assert!(line.is_none_or(|line| line.as_bytes() == text));
                }
            }
        }
    }
}
