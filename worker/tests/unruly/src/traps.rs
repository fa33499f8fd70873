//! The ways in which WebAssembly ends without an answer.

use std::hint::black_box;

/// Ends as `kind` says; returns only when it could not.
pub(crate) fn trap(kind: &str) -> String {
    match kind {
        "panic" => panic!("as asked"),
        "overflow" => format!("counted to {}", descend(black_box(0))),
        "exhaust" => exhaust(),
        kind => format!("no trap is called {kind}"),
    }
}

#[allow(unconditional_recursion)]
fn descend(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    descend(frame[0] + 1) + frame[63]
}

/// Asks for memory, which it never touches, until there is none.
fn exhaust() -> String {
    for _ in 0..64 {
        std::mem::forget(black_box(Vec::<u8>::with_capacity(1 << 28)));
    }
    "found no end of the memory".into()
}
