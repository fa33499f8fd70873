//! A worker that cargo alone compiles: nothing of wasm-bindgen is in it.

#![forbid(unsafe_code)]

use std::convert::Infallible;

use cloudfront_worker::{Context, Env, Event, Reply, Worker, edits::Edits, http};

/// Answers with what it was started with.
#[derive(Debug)]
pub struct Plain {
    config: String,
}

impl Worker for Plain {
    type Error = Infallible;
    type Configured = String;

    fn configure(config: &[u8]) -> Result<String, Self::Error> {
        Ok(String::from_utf8_lossy(config).into_owned())
    }

    fn start(config: String, _: Env<'_>) -> Self {
        Plain { config }
    }

    fn handle<'a>(&mut self, event: Event<'a>, _: &Context<'a>) -> Reply<'a> {
        match event {
            Event::ViewerRequest(_) => http::Response::new(self.config.as_str().into()).into(),
            _ => Edits::new().into(),
        }
    }
}

cloudfront_worker::export!(Plain);
