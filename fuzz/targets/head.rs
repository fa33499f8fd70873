//! Any bytes as the head of a request, with any lengths: always an answer, and one that can be read.
//!
//! An input that begins with `=` is a head as it crosses: how many values there are, in one byte,
//! their lengths of four bytes each, and their text. Any other is a value a line, with the lengths
//! that fit them; so a fuzzer gets past the lengths.

#![no_main]

use std::cell::RefCell;
use std::sync::LazyLock;

use cloudfront_worker::{Host, Instance, UnixMillis};
use libfuzzer_sys::fuzz_target;
use nearhop::Nearhop;
use nearhop_fuzz::edge::{Edge, NOW};

static EDGE: LazyLock<Edge> = LazyLock::new(|| Edge::of_vectors("nearhop", "1"));

thread_local! {
    /// One that no event has reached.
    static NEW: RefCell<Option<Instance<Nearhop>>> = const { RefCell::new(None) };
}

fuzz_target!(|input: &[u8]| {
    let (values, head) = match input {
        [b'=', values, head @ ..] => {
            // The host reserves what it announces.
            let mut head = head.to_vec();
            head.resize(head.len().max(usize::from(*values) * 4), 0);
            (usize::from(*values), head)
        }
        lines => {
            let values: Vec<&[u8]> = lines.split(|byte| *byte == b'\n').collect();
            let lengths = values.iter().flat_map(|value| (value.len() as u32).to_le_bytes());
            (values.len(), lengths.chain(values.concat()).collect())
        }
    };
    let mut instance = NEW.take().unwrap_or_else(|| EDGE.start_instance());
    instance.input(head.len())[..head.len()].copy_from_slice(&head);
    let body = || b"body".to_vec();
    let host = Host { read_body: &body, random: &|bytes| bytes.fill(7) };
    instance.handle(values, head.len() - values * 4, UnixMillis(NOW * 1000), host);
    check(instance.output());
    if instance.output().starts_with(b"R\nlcloudfront-worker: ") {
        NEW.set(Some(instance));
    }
});

/// Panics unless these are the lines of an outcome (`worker/src/wire.rs`).
fn check(mut output: &[u8]) {
    let text = String::from_utf8_lossy(output).into_owned();
    let kind = line(&mut output);
    assert!(["F", "R", "G"].contains(&&*kind), "{text}");
    let allowed = match &*kind {
        "F" => "lauq-=+osxphtb",
        "R" => "la+sphtb",
        _ => "laphg",
    };
    let mut status = None;
    while !output.is_empty() {
        let line = line(&mut output);
        let (letter, rest) = line.split_at_checked(1).unwrap_or_else(|| panic!("{text}"));
        assert!(allowed.contains(letter), "{letter} after {kind}: {text}");
        match letter {
            "s" => status = rest.split(' ').next().and_then(|status| status.parse().ok()),
            "u" => assert!(rest.starts_with('/'), "{text}"),
            "t" | "b" => break,
            _ => {}
        }
    }
    assert!(
        kind != "R" || status.is_some_and(|status: u16| (200..600).contains(&status)),
        "{text}"
    );
}

fn line(rest: &mut &[u8]) -> String {
    let end = rest.iter().position(|byte| *byte == b'\n').expect("lines end");
    let line = String::from_utf8(rest[..end].to_vec()).expect("UTF-8");
    *rest = &rest[end + 1..];
    line
}
