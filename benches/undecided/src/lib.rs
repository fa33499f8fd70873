//! A worker that decides nothing: it answers every event with the one outcome it was configured with.
//! So a request costs what a worker of the crate cannot do without: the event is read and checked, an
//! outcome made, checked and written (benches/limits.js). Its texts are never freed and so need not be
//! copied or counted.

#![forbid(unsafe_code)]

use cloudfront_worker::edits::{CustomOrigin, Edits, Protocol};
use cloudfront_worker::http::{HeaderName, HeaderValue, Response, StatusCode};
use cloudfront_worker::{Body, Context, Env, Event, Reply, Worker};
use serde::Deserialize;

/// The outcome, as the configuration has it.
#[derive(Debug, Deserialize)]
pub struct Outcome {
    log: Option<String>,
    /// Of an answer; without one, the request goes on.
    status: Option<u16>,
    uri: Option<String>,
    fields: Vec<(String, String)>,
    origin: Option<Origin>,
    body: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Origin {
    domain_name: String,
    port: u16,
    path: String,
}

/// The outcome, ready to be given.
#[derive(Debug)]
pub struct Undecided {
    log: Option<String>,
    status: Option<StatusCode>,
    uri: Option<&'static str>,
    fields: Vec<(HeaderName, HeaderValue)>,
    origin: Option<CustomOrigin<'static>>,
    body: String,
}

impl Worker for Undecided {
    type Error = serde_json::Error;
    type Configured = Outcome;

    fn configure(config: &[u8]) -> Result<Outcome, Self::Error> {
        serde_json::from_slice(config)
    }

    fn start(Outcome { log, status, uri, fields, origin, body }: Outcome, _: Env<'_>) -> Self {
        let fields = fields.into_iter().map(|(name, value)| {
            (HeaderName::from_static(name.leak()), HeaderValue::from_static(value.leak()))
        });
        Self {
            log,
            status: status.and_then(|status| StatusCode::from_u16(status).ok()),
            uri: uri.map(|uri| &*uri.leak()),
            fields: fields.collect(),
            origin: origin.map(|Origin { domain_name, port, path }| CustomOrigin {
                protocol: Protocol::Https,
                domain_name: (&*domain_name.leak()).into(),
                port,
                path: (&*path.leak()).into(),
                without_custom_headers: Vec::new(),
            }),
            body: body.unwrap_or_default(),
        }
    }

    fn handle<'a>(&mut self, _: Event<'a>, _: &Context<'a>) -> Reply<'a> {
        let mut reply = match self.status {
            Some(status) => Reply::from(self.answer(status)),
            None => Reply::from(self.edits()),
        };
        reply.log = self.log.clone();
        reply
    }
}

impl Undecided {
    fn answer(&self, status: StatusCode) -> Response<Body> {
        let mut response = Response::new(Body::Text(self.body.clone()));
        *response.status_mut() = status;
        for (name, value) in &self.fields {
            response.headers_mut().insert(name.clone(), value.clone());
        }
        response
    }

    fn edits<'a>(&self) -> Edits<'a> {
        let mut edits = Edits::new();
        if let Some(uri) = self.uri {
            edits = edits.uri(uri);
        }
        for (name, value) in &self.fields {
            edits = edits.set(name.clone(), value.clone());
        }
        match &self.origin {
            Some(origin) => edits.origin(origin.clone()),
            None => edits,
        }
    }
}

cloudfront_worker::export!(Undecided);
