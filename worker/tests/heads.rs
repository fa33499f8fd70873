//! Heads as an attacker would write them: whatever the text and however many values it claims to
//! hold, there is an answer, and a line feed in a value never gets an event to the worker.

use std::cell::Cell;
use std::convert::Infallible;

use cloudfront_worker::edits::Edits;
use cloudfront_worker::{Context, Env, Event, Host, Instance, Reply, UnixMillis, Worker};
use proptest::prelude::*;

thread_local! {
    static EVENTS: Cell<u32> = const { Cell::new(0) };
}

/// Counts the events it gets, and reads each of their parts.
struct Count;

impl Worker for Count {
    type Error = Infallible;
    type Configured = ();

    fn configure(_: &[u8]) -> Result<(), Infallible> {
        Ok(())
    }

    fn start(_: (), _: Env<'_>) -> Self {
        Count
    }

    fn handle<'a>(&mut self, event: Event<'a>, _: &Context<'a>) -> Reply<'a> {
        EVENTS.set(EVENTS.get() + 1);
        let request = event.request();
        let map = request.headers.to_map();
        assert!(map.len() <= request.headers.iter().count());
        if let Some(body) = &request.body {
            assert_eq!(body.bytes(), b"body");
        }
        Edits::new().remove_where(&request.headers, |name| name.starts_with("x-")).into()
    }
}

/// What a head led to: the lines that come out, and how many events reached the worker.
fn handle(lengths: &[u32], text: &[u8]) -> (Vec<u8>, u32) {
    handle_knowing(&[], lengths, text)
}

/// The same, where names are known by number.
fn handle_knowing(names: &[&str], lengths: &[u32], text: &[u8]) -> (Vec<u8>, u32) {
    EVENTS.set(0);
    let mut instance = Instance::<Count>::new();
    instance.configure(0);
    instance.start(0, 0);
    for name in names {
        instance.input(name.len())[..name.len()].copy_from_slice(name.as_bytes());
        let _ = instance.name(name.len());
    }
    let lengths_and_text: Vec<u8> = lengths
        .iter()
        .flat_map(|length| length.to_le_bytes())
        .chain(text.iter().copied())
        .collect();
    instance.input(lengths_and_text.len())[..lengths_and_text.len()]
        .copy_from_slice(&lengths_and_text);
    let host = Host { read_body: &|| b"body".to_vec(), random: &|_| unreachable!("nobody draws") };
    instance.handle(lengths.len(), text.len(), UnixMillis(0), host);
    (instance.output().to_vec(), EVENTS.get())
}

fn handle_values(values: &[String]) -> (Vec<u8>, u32) {
    handle(&lengths(values), values.concat().as_bytes())
}

fn lengths(values: &[String]) -> Vec<u32> {
    values.iter().map(|value| value.len() as u32).collect()
}

fn is_refusal(output: &[u8]) -> bool {
    output.starts_with(b"R\nlcloudfront-worker: ")
        && output.windows(6).any(|line| line == b"\ns500 ")
}

/// The values of a whole event.
fn event() -> impl Strategy<Value = Vec<String>> {
    let value = "[ -~ü東]{0,12}";
    let headers = prop::collection::vec(("[a-z][a-z0-9-]{0,8}", value), 0..6);
    let trigger = prop::sample::select(vec![
        "viewer-request",
        "origin-request",
        "origin-response",
        "viewer-response",
    ]);
    let body = prop::sample::select(vec!["", "complete", "truncated"]);
    let kind = prop::sample::select(vec!["custom", "s3"]);
    (trigger, "[A-Z]{1,8}", value, headers.clone(), headers.clone(), headers, body, kind).prop_map(
        |(trigger, method, uri, of_request, of_origin, of_response, body, kind)| {
            let mut values: Vec<String> =
                [trigger, "id", "d.cloudfront.net", "E", &method, "::1", &uri, "q=1"]
                    .map(str::to_owned)
                    .into();
            let headers = |values: &mut Vec<String>, fields: Vec<(String, String)>| {
                values.push(fields.len().to_string());
                values.extend(fields.into_iter().flat_map(|(name, value)| [name, value]));
            };
            headers(&mut values, of_request);
            values.push(body.into());
            values.extend([kind, "a.example", "/path"].map(str::to_owned));
            headers(&mut values, of_origin);
            values.push("200".into());
            headers(&mut values, of_response);
            values
        },
    )
}

/// Pieces a head is made of, so that what is generated gets past the first line.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "origin-request",
            "viewer-response",
            "custom",
            "s3",
            "complete",
            "truncated",
            "200",
            "0",
            "1",
            "2",
            "-1",
            "4294967296",
            "18446744073709551616",
            "",
            "GET",
            "host",
            "Host",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,6}",
    ]
}

proptest! {
    #[test]
    fn a_whole_event_reaches_the_worker(values in event()) {
        let (output, events) = handle_values(&values);
        prop_assert_eq!(events, 1);
        prop_assert!(output.starts_with(b"F\n"), "{}", String::from_utf8_lossy(&output));
    }

    #[test]
    fn an_injected_line_feed_never_yields_an_event(
        values in event(),
        place in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        injected in prop_oneof![
            Just("\n".to_owned()),
            prop::collection::vec(piece(), 1..12)
                .prop_map(|pieces| format!("\n{}", pieces.join("\n"))),
        ],
    ) {
        let mut broken = values.clone();
        let value = &mut broken[place.index(values.len())];
        let ends: Vec<usize> =
            value.char_indices().map(|(i, _)| i).chain([value.len()]).collect();
        value.insert_str(ends[at.index(ends.len())], &injected);
        let (output, events) = handle_values(&broken);
        prop_assert_eq!(events, 0);
        prop_assert!(is_refusal(&output), "{}", String::from_utf8_lossy(&output));
    }

    #[test]
    fn lengths_that_do_not_fit_the_text_never_yield_an_event(
        values in event(),
        place in any::<prop::sample::Index>(),
        length in prop_oneof![any::<u32>(), 0..20_u32],
    ) {
        let mut broken = lengths(&values);
        let place = &mut broken[place.index(values.len())];
        prop_assume!(*place != length);
        *place = length;
        let (output, events) = handle(&broken, values.concat().as_bytes());
        prop_assert_eq!(events, 0);
        prop_assert!(is_refusal(&output), "{}", String::from_utf8_lossy(&output));
    }

    #[test]
    fn a_length_more_or_less_never_yields_an_event(
        values in event(),
        more in prop::option::of(0..3_u32),
    ) {
        let mut broken = lengths(&values);
        match more {
            Some(length) => broken.push(length),
            None => drop(broken.pop()),
        }
        let (output, events) = handle(&broken, values.concat().as_bytes());
        prop_assert_eq!(events, 0);
        prop_assert!(is_refusal(&output), "{}", String::from_utf8_lossy(&output));
    }

    #[test]
    fn a_text_cut_short_never_yields_an_event(
        values in event(),
        at in any::<prop::sample::Index>(),
    ) {
        let whole = values.concat();
        let cut = &whole.as_bytes()[..at.index(whole.len())];
        let (output, events) = handle(&lengths(&values), cut);
        prop_assert_eq!(events, 0);
        prop_assert!(is_refusal(&output), "{}", String::from_utf8_lossy(&output));
    }

    #[test]
    fn any_bytes_and_any_lengths_get_an_answer(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        lengths in prop::collection::vec(prop_oneof![any::<u32>(), 0..12_u32], 0..40),
    ) {
        let (output, events) = handle(&lengths, &bytes);
        prop_assert!(is_refusal(&output) || (output.starts_with(b"F\n") && events == 1));
    }

    #[test]
    fn any_values_get_an_answer(values in prop::collection::vec(piece(), 0..60)) {
        let (output, events) = handle_values(&values);
        prop_assert!(is_refusal(&output) || (output.starts_with(b"F\n") && events == 1));
    }
}

#[test]
fn more_headers_than_a_map_holds_are_read() {
    let fixed = ["viewer-request", "", "", "", "GET", "::1", "/", "", "40000"].map(str::to_owned);
    let fields = (0..40_000).flat_map(|i| [format!("x-{i}"), i.to_string()]);
    let values: Vec<String> =
        fixed.into_iter().chain(fields).chain(["", "", ""].map(str::to_owned)).collect();
    let (output, events) = handle_values(&values);
    assert_eq!(events, 1);
    assert_eq!(output.iter().filter(|b| **b == b'\n').count(), 40_001);
}

#[test]
fn a_name_may_come_by_its_number_once_it_is_known() {
    const KNOWN: u32 = 1 << 30;
    let values =
        ["viewer-request", "", "", "", "GET", "::1", "/", "", "1", "NAME", "v", "", "", ""];
    let head = |number: u32| {
        let name = values.iter().position(|value| *value == "NAME").unwrap();
        let mut lengths: Vec<u32> = values.iter().map(|value| value.len() as u32).collect();
        lengths[name] = number;
        (lengths, values.concat().replace("NAME", ""))
    };
    let known = |names: &[&str], number: u32| {
        let (lengths, text) = head(number);
        handle_knowing(names, &lengths, text.as_bytes())
    };
    assert_eq!(known(&["host", "x-a"], KNOWN), (b"F\n".to_vec(), 1));
    assert_eq!(known(&["host", "x-a"], KNOWN + 1), (b"F\n-x-a\n".to_vec(), 1));
    for unknown in [KNOWN + 2, KNOWN + 300, u32::MAX] {
        let (output, events) = known(&["host", "x-a"], unknown);
        assert!(is_refusal(&output) && events == 0, "{unknown}");
    }
    // Refused, and so not known.
    assert!(is_refusal(&known(&["X-A"], KNOWN).0));
}
