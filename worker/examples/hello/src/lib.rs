//! Answers `/hello`, marks every other request on its way, stamps every answer on its way back.
//! `run.mjs` beside this crate shows it at work.

#![forbid(unsafe_code)]

use std::convert::Infallible;

use cloudfront_worker::http::{HeaderName, HeaderValue, Response, header};
use cloudfront_worker::{Body, Context, Env, Event, Reply, Request, Worker, edits::Edits};
use wasm_bindgen as _; // wasm-pack needs it to be linked, if only so

const REGION: HeaderName = HeaderName::from_static("x-hello-region");

/// Knows the Region it runs in.
#[derive(Debug)]
pub struct Hello {
    region: String,
}

impl Worker for Hello {
    type Error = Infallible;
    type Configured = ();

    fn configure(_: &[u8]) -> Result<(), Self::Error> {
        Ok(())
    }

    fn start(_: (), env: Env<'_>) -> Self {
        Hello { region: env.region.to_owned() }
    }

    fn handle<'a>(&mut self, event: Event<'a>, _: &Context<'a>) -> Reply<'a> {
        match event {
            Event::ViewerRequest(request) if request.uri == "/hello" => self.answer(&request),
            // A request is marked and an answer stamped: the header is that of either.
            _ => Edits::new().set(REGION, value(&self.region)).into(),
        }
    }
}

impl Hello {
    fn answer(&self, request: &Request<'_>) -> Reply<'static> {
        let (kind, body) = match &request.body {
            None => ("text/plain", Body::from(format!("Hello from {}\n", self.region))),
            Some(body) => {
                let bytes = body.bytes();
                let answer = serde_json::json!({
                    "region": self.region,
                    "method": request.method.as_str(),
                    "bytes": bytes.len(),
                    "truncated": body.truncated,
                    "text": String::from_utf8_lossy(&bytes),
                });
                ("application/json", Body::from(answer.to_string()))
            }
        };
        let answer = Response::builder()
            .header(header::CONTENT_TYPE, kind)
            .header(header::CACHE_CONTROL, "no-store")
            .header(REGION, value(&self.region))
            .body(body);
        answer.expect("a status and headers that are valid").into()
    }
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unknown"))
}

cloudfront_worker::export!(Hello);
