//! A worker that does on demand what none should: the path says what, the query with what.

#![forbid(unsafe_code)]

mod breaks;
mod host;
mod traps;

use std::collections::BTreeMap;
use std::time::Duration;

use cloudfront_worker::http::{HeaderName, HeaderValue, Response, header};
use cloudfront_worker::{
    Body, Context, Env, Event, Fault, Fetch, FetchFault, Fetched, Post, Reply, Request, UnixMillis,
    Worker, edits::Edits,
};

/// Remembers how many events it saw and what fetches brought.
#[derive(Debug, Default)]
pub struct Unruly {
    events: u32,
    /// What was asked for; a fetch's tag is the place of its own.
    wanted: Vec<String>,
    fetched: BTreeMap<u32, String>,
    /// What asides brought, in that order.
    seen: Vec<String>,
}

impl Worker for Unruly {
    type Error = String;
    /// Whether to panic when started.
    type Configured = bool;

    fn configure(config: &[u8]) -> Result<bool, String> {
        match config {
            b"refuse" => Err("refused, as asked".into()),
            b"refuse silently" => Err(String::new()),
            b"panic" => panic!("as asked"),
            b"call the host" => Err(host::call("throw", "")),
            b"draw entropy" => {
                cloudfront_worker::host::random(&mut [0; 8]);
                Ok(false)
            }
            _ => Ok(config == b"panic at start"),
        }
    }

    fn start(panics: bool, _: Env<'_>) -> Self {
        assert!(!panics, "as asked");
        Self::default()
    }

    fn handle<'a>(&mut self, event: Event<'a>, context: &Context<'a>) -> Reply<'a> {
        self.events += 1;
        let request = event.request();
        match request.uri {
            "/count" => text(self.events.to_string()),
            "/copy" => copy(request),
            "/remove" => Edits::new().remove_where(&request.headers, |name| name != "host").into(),
            "/mirror" => answer(match &request.body {
                None => Body::Empty,
                Some(body) => Body::Bytes(body.bytes()),
            }),
            "/body/text" => Edits::new().body("Grüße, 東京").into(),
            "/body/bytes" => {
                Edits::new().body(Body::Bytes(vec![0xff, b'\n', b'b', b'\n', 0])).into()
            }
            "/body/empty" => Edits::new().body(Body::Empty).into(),
            "/log" => Reply { log: Some("a line\nand another".into()), ..text("logged") },
            "/fetch" => self.fetch(request.querystring),
            "/random" => {
                let entropy = context.entropy;
                text(format!("{:?} {:?}", entropy.bytes::<32>(), entropy.bytes::<32>()))
            }
            "/aside" => aside(ASIDE, request.querystring, text("at once")),
            "/aside/record-panics" => aside(u32::MAX, request.querystring, text("at once")),
            "/aside/forward" => aside(ASIDE, request.querystring, Edits::new().into()),
            "/aside/seen" => text(self.seen.join(", ")),
            "/fetch/record-panics" => fetch(u32::MAX, request.querystring),
            "/fetch/never-content" => fetch(0, request.querystring),
            uri => match uri.strip_prefix("/trap/") {
                Some(trap) => text(traps::trap(trap)),
                None => match uri.strip_prefix("/host/") {
                    Some(function) => text(host::call(function, request.querystring)),
                    None => breaks::outcome(uri).into(),
                },
            },
        }
    }

    fn record(&mut self, _: UnixMillis, fetched: Fetched<'_>) -> Option<String> {
        assert_ne!(fetched.tag, u32::MAX, "as asked");
        let brought = match fetched.result {
            Ok(bytes) => format!("{} bytes: {}", bytes.len(), String::from_utf8_lossy(bytes)),
            Err(FetchFault::Status { status, body }) => {
                format!("status {status}: {}", String::from_utf8_lossy(body))
            }
            Err(FetchFault::TooLarge) => "too large".into(),
            Err(FetchFault::NotModified) => "not modified".into(),
            Err(_) => "unreachable".into(),
        };
        if fetched.tag == ASIDE {
            self.seen.push(brought.clone());
            return Some(format!("aside: {brought}"));
        }
        self.fetched.insert(fetched.tag, brought);
        None
    }

    /// Broken itself, where an outcome broke rule G1.
    fn fault(fault: &Fault<'_>) -> Response<Body> {
        let status = match fault {
            Fault::Outcome { violation, .. } if violation.rule == "G1" => 199,
            _ => 500,
        };
        Response::builder().status(status).body("a fault".into()).expect("valid")
    }
}

impl Unruly {
    fn fetch(&mut self, what: &str) -> Reply<'static> {
        let tag = match self.wanted.iter().position(|wanted| wanted == what) {
            Some(tag) => tag,
            None => {
                self.wanted.push(what.to_owned());
                self.wanted.len() - 1
            }
        };
        match self.fetched.get(&(tag as u32)) {
            Some(brought) => text(brought.clone()),
            None => fetch(tag as u32, what),
        }
    }
}

/// The tag of what is got beside an answer.
const ASIDE: u32 = 1_000;

fn aside<'a>(tag: u32, what: &str, reply: Reply<'a>) -> Reply<'a> {
    Reply { aside: Some(wanted(tag, what)), ..reply }
}

fn fetch(tag: u32, what: &str) -> Reply<'static> {
    wanted(tag, what).into()
}

/// `URL`, `URL RETRIES`, or `URL RETRIES FORM`, which may be followed by an `Authorization`.
fn wanted(tag: u32, what: &str) -> Fetch {
    let mut parts = what.splitn(4, ' ');
    let url = parts.next().unwrap_or_default();
    let retries = parts.next().map_or(0, |part| part.parse().expect("a number"));
    let post = parts
        .next()
        .map(|form| Post { authorization: parts.next().map(str::to_owned), form: form.to_owned() });
    Fetch { post, retries, ..Fetch::get(tag, url, Duration::from_millis(500), 1_000) }
}

/// Adds each value of `x-in` to `x-out`, or to what the query names, and says in the query how many
/// fields there are.
fn copy<'a>(request: &Request<'a>) -> Reply<'a> {
    let mut edits = Edits::new().querystring(request.headers.iter().count().to_string());
    let out = HeaderName::from_bytes(request.querystring.as_bytes())
        .unwrap_or(HeaderName::from_static("x-out"));
    for value in request.headers.get_all(&HeaderName::from_static("x-in")) {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            edits = edits.append(out.clone(), value);
        }
    }
    edits.into()
}

fn text(text: impl Into<String>) -> Reply<'static> {
    answer(Body::Text(text.into()))
}

fn answer(body: Body) -> Reply<'static> {
    let no_store = HeaderValue::from_static("no-store");
    let mut answer = Response::new(body);
    answer.headers_mut().insert(header::CACHE_CONTROL, no_store);
    answer.into()
}

cloudfront_worker::export!(Unruly);
