//! One worker in one WebAssembly instance, and the exports `worker.mjs` enters by.

use std::{fmt, mem};

use crate::event::{Env, Event, EventFault, Trigger, UnixMillis, Worker};
use crate::known::{Known, Names};
use crate::outcome::{Fetched, Outcome, Reply, internal_server_error};
use crate::request_size::RequestSize;
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
    /// With what the worker would have added, the request was larger than CloudFront takes (rule W9).
    /// The viewer's doing, mostly: an answer may say 431.
    TooLarge {
        /// The request's head in bytes, with the edits.
        bytes: usize,
        /// CloudFront's id of the request.
        request_id: &'a str,
    },
}

impl fmt::Display for Fault<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Event(fault) => fault.fmt(f),
            Fault::Outcome { violation, .. } => violation.fmt(f),
            Fault::TooLarge { bytes, .. } => write!(f, "W9: a request of {bytes} bytes"),
        }
    }
}

/// A worker with the buffers its texts cross in. [`export!`](crate::export) keeps one; tests may
/// keep their own.
pub struct Instance<W: Worker> {
    stage: Stage<W>,
    input: Vec<u8>,
    output: Vec<u8>,
    names: Names,
    known: Known,
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

impl<W: Worker> Instance<W> {
    /// An instance that knows no configuration yet.
    pub const fn new() -> Self {
        Self {
            stage: Stage::New,
            input: Vec::new(),
            output: Vec::new(),
            names: Names::new(),
            known: Known::new(),
        }
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

    /// The number by which a head may name the header whose name is in the input buffer, from now on;
    /// `None` for one that is to be written out.
    pub fn name(&mut self, len: usize) -> Option<u32> {
        self.names.learn(&self.input[..len])
    }

    /// Handles the event whose head is in the input buffer: the lengths of its `values` values and
    /// their text of `len` bytes. Leaves the outcome.
    pub fn handle(&mut self, values: usize, len: usize, now: UnixMillis, host: Host<'_>) {
        self.output.clear();
        let worker = self.stage.started();
        let (lengths, rest) = self.input.split_at(values * 4);
        let reply = match wire::read(lengths, &rest[..len], &self.names, now, host) {
            Err(fault) => refuse::<W>(&Fault::Event(fault)),
            Ok((event, context)) => {
                let trigger = event.trigger();
                let origin = match &event {
                    Event::OriginRequest(_, origin) => Some(origin.clone()),
                    _ => None,
                };
                let size = RequestSize::of(event.request(), len);
                let reply = worker.handle(event, &context);
                let too_large = match &reply.outcome {
                    Outcome::Forward(edits) if !trigger.is_response() => {
                        size.and_then(|size| size.too_large(edits))
                    }
                    _ => None,
                };
                let checked = rules::check_knowing(trigger, &reply.outcome, &self.known.origins)
                    .and_then(|()| rules::check_custom_headers(origin.as_ref(), &reply.outcome));
                let request_id = context.request_id;
                match (checked, too_large) {
                    (Ok(()), None) => reply,
                    (Ok(()), Some(bytes)) => refuse::<W>(&Fault::TooLarge { bytes, request_id }),
                    (Err(violation), _) => refuse::<W>(&Fault::Outcome { violation, request_id }),
                }
            }
        };
        wire::write(&reply, &mut self.known, &mut self.output);
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
