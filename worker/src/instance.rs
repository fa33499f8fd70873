//! One worker in one WebAssembly instance, and the exports `worker.mjs` enters by.

use std::borrow::Cow;
use std::{fmt, mem};

use crate::event::{Env, Event, EventFault, Trigger, UnixMillis, Worker};
use crate::outcome::{Fetched, Reply, internal_server_error};
use crate::rules::{self, Violation};
use crate::wire;

/// Why a worker was not asked, or its answer not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault<'a> {
    /// The event could not be read.
    Event(EventFault),
    /// CloudFront would have refused the outcome.
    Outcome {
        /// The rule it broke.
        violation: Violation,
        /// CloudFront's id of the request.
        request_id: &'a str,
    },
}

impl fmt::Display for Fault<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Event(fault) => fault.fmt(f),
            Fault::Outcome { violation, .. } => violation.fmt(f),
        }
    }
}

/// A worker with the buffers its texts cross in. [`export!`](crate::export) keeps one; tests may
/// keep their own.
pub struct Instance<W: Worker> {
    stage: Stage<W>,
    input: Vec<u8>,
    output: Vec<u8>,
}

enum Stage<W: Worker> {
    New,
    Configured(W::Configured),
    Started(W),
}

/// What an event's handling may ask the host for.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct Host<'a> {
    /// Gives the request's body, decoded.
    pub read_body: &'a dyn Fn() -> Vec<u8>,
    /// Overwrites bytes with random ones.
    pub random: &'a dyn Fn(&mut [u8]),
}

/// How `worker.mjs` wrote the text in the input buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Charset {
    Latin1,
    Utf8,
}

impl<W: Worker> Instance<W> {
    /// An instance that knows no configuration yet.
    pub const fn new() -> Self {
        Self { stage: Stage::New, input: Vec::new(), output: Vec::new() }
    }

    /// The input buffer, at least `len` bytes long. It stays where it is until it must grow.
    pub fn input(&mut self, len: usize) -> &mut [u8] {
        if self.input.len() < len {
            self.input.resize(len.next_power_of_two(), 0);
        }
        &mut self.input
    }

    /// The text the last call left.
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// Reads the configuration in the input buffer. Leaves nothing, or the reason it cannot be
    /// used.
    pub fn configure(&mut self, len: usize) {
        self.output.clear();
        match W::configure(&self.input[..len]) {
            Ok(configured) => self.stage = Stage::Configured(configured),
            Err(error) => {
                self.output = error.to_string().into_bytes();
                if self.output.is_empty() {
                    self.output.extend_from_slice(b"it gives no reason");
                }
            }
        }
        // A snapshot would carry what stays here.
        self.input.fill(0);
        self.input = Vec::new();
    }

    /// Starts the configured worker in the Region whose name is in the input buffer.
    pub fn start(&mut self, len: usize, seed: u64) {
        self.output.clear();
        let region = str::from_utf8(&self.input[..len]).unwrap_or_default();
        let configured = match mem::replace(&mut self.stage, Stage::New) {
            Stage::Configured(configured) => configured,
            other => {
                mem::forget(other);
                panic!("worker.mjs configures an instance and starts it once");
            }
        };
        let started = Stage::Started(W::start(configured, Env { region, seed }));
        // `New` holds nothing. Without this, what drops a worker would be carried to the edge, where
        // none is ever dropped.
        mem::forget(mem::replace(&mut self.stage, started));
    }

    /// Handles the event whose head of `values` values is in the input buffer, and leaves the
    /// outcome.
    pub fn handle(
        &mut self,
        len: usize,
        values: u32,
        charset: Charset,
        now: UnixMillis,
        host: Host<'_>,
    ) {
        self.output.clear();
        let worker = self.stage.started();
        let head = decode(&self.input[..len], charset);
        let reply = match wire::read(&head, values, now, host) {
            Err(fault) => refuse::<W>(&Fault::Event(fault)),
            Ok((event, context)) => {
                let trigger = event.trigger();
                let origin = match &event {
                    Event::OriginRequest(_, origin) => Some(origin.clone()),
                    _ => None,
                };
                let reply = worker.handle(event, &context);
                let checked = rules::check(trigger, &reply.outcome)
                    .and_then(|()| rules::check_custom_headers(origin.as_ref(), &reply.outcome));
                match checked {
                    Ok(()) => reply,
                    Err(violation) => {
                        refuse::<W>(&Fault::Outcome { violation, request_id: context.request_id })
                    }
                }
            }
        };
        wire::write(&reply, &mut self.output);
    }

    /// Records what a fetch brought: the bytes in the input buffer and `worker.mjs`'s number for the
    /// fault, if there is one. Leaves nothing, or a line for the log.
    pub fn record(&mut self, len: usize, tag: u32, fault: u32, now: UnixMillis) {
        let worker = self.stage.started();
        let result = wire::read_fetched(fault, &self.input[..len]);
        let log = worker.record(now, Fetched { tag, result });
        self.output = log.unwrap_or_default().into_bytes();
    }
}

impl<W: Worker> Stage<W> {
    fn started(&mut self) -> &mut W {
        match self {
            Stage::Started(worker) => worker,
            _ => panic!("worker.mjs starts an instance before it calls"),
        }
    }
}

impl<W: Worker> fmt::Debug for Instance<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.stage {
            Stage::New => "new",
            Stage::Configured(_) => "configured",
            Stage::Started(_) => "started",
        };
        f.debug_struct("Instance").field("stage", &stage).finish_non_exhaustive()
    }
}

impl<W: Worker> Default for Instance<W> {
    fn default() -> Self {
        Self::new()
    }
}

fn refuse<W: Worker>(fault: &Fault<'_>) -> Reply<'static> {
    let answer = W::fault(fault);
    let mut reply = Reply::from(match rules::check_response(Trigger::ViewerRequest, &answer) {
        Ok(()) => answer,
        Err(_) => internal_server_error(),
    });
    reply.log = Some(format!("cloudfront-worker: {fault}"));
    reply
}

/// Bytes as text. Latin-1 that is all ASCII, which is nearly every head, is not copied.
fn decode(bytes: &[u8], charset: Charset) -> Cow<'_, str> {
    match charset {
        Charset::Latin1 if !bytes.is_ascii() => bytes.iter().map(|b| char::from(*b)).collect(),
        // Taken for valid first: from_utf8_lossy goes byte by byte.
        _ => str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed),
    }
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
        #[allow(unsafe_code)]
        const _: () = {
            use $crate::exports::{Charset, Host, Instance, UnixMillis, random, read_body};

            std::thread_local! {
                static INSTANCE: std::cell::RefCell<Instance<$worker>> =
                    const { std::cell::RefCell::new(Instance::new()) };
            }

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
            extern "C" fn cloudfront_handle(
                len: u32,
                values: u32,
                utf8: u32,
                now: f64,
                body: u32,
            ) -> u32 {
                INSTANCE.with_borrow_mut(|instance| {
                    let charset = if utf8 == 0 { Charset::Latin1 } else { Charset::Utf8 };
                    let body = || read_body(body as usize);
                    let host = Host { read_body: &body, random: &random };
                    instance.handle(len as usize, values, charset, UnixMillis(now as u64), host);
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
