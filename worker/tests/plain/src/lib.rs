//! A worker that cargo alone compiles: nothing of wasm-bindgen is in it.

use std::convert::Infallible;

use cloudfront_worker::{Context, Env, Event, Reply, Worker, edits::Edits, http};

/// Answers with what it was started with.
#[derive(Debug)]
pub struct Plain {
    config: String,
}

impl Worker for Plain {
    type Error = Infallible;

    fn start(env: Env<'_>) -> Result<Self, Self::Error> {
        Ok(Plain { config: String::from_utf8_lossy(env.config).into_owned() })
    }

    fn handle<'a>(&mut self, event: Event<'a>, _: &Context<'a>) -> Reply<'a> {
        match event {
            Event::ViewerRequest(_) => http::Response::new(self.config.as_str().into()).into(),
            _ => Edits::new().into(),
        }
    }
}

cloudfront_worker::export!(Plain);
