//! A worker that decides nothing: it answers every event with the one outcome it was configured with.
//! So a request costs what every worker of the crate pays: the event is read and checked, an outcome made,
//! checked and written (benches/limits.js).

#![forbid(unsafe_code)]

use cloudfront_worker::edits::{CustomOrigin, Edits, Protocol};
use cloudfront_worker::http::{HeaderName, HeaderValue, Response, StatusCode};
use cloudfront_worker::{Body, Context, Env, Event, Reply, Worker};
use serde::Deserialize;

/// The outcome, as the configuration has it.
#[derive(Deserialize)]
struct Outcome {
    log: Option<String>,
    /// Of an answer; without one, the request goes on.
    status: Option<u16>,
    uri: Option<String>,
    fields: Vec<(String, String)>,
    origin: Option<Origin>,
    body: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Origin {
    domain_name: String,
    port: u16,
    path: String,
}

/// The outcome, in the crate's types.
#[derive(Debug)]
pub struct Undecided {
    log: Option<String>,
    status: Option<StatusCode>,
    uri: Option<String>,
    fields: Vec<(HeaderName, HeaderValue)>,
    origin: Option<Origin>,
    body: Option<String>,
}

impl Worker for Undecided {
    type Error = Box<dyn std::error::Error>;
    type Configured = Self;

    fn configure(config: &[u8]) -> Result<Self, Self::Error> {
        let Outcome { log, status, uri, fields, origin, body } = serde_json::from_slice(config)?;
        let fields = fields.into_iter().map(|(name, value)| Ok((name.parse()?, value.parse()?)));
        Ok(Self {
            log,
            status: status.map(StatusCode::from_u16).transpose()?,
            uri,
            fields: fields.collect::<Result<_, Self::Error>>()?,
            origin,
            body,
        })
    }

    fn start(configured: Self, _: Env<'_>) -> Self {
        configured
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
        let mut response = Response::new(Body::Text(self.body.clone().unwrap_or_default()));
        *response.status_mut() = status;
        for (name, value) in &self.fields {
            response.headers_mut().insert(name.clone(), value.clone());
        }
        response
    }

    fn edits<'a>(&self) -> Edits<'a> {
        let mut edits = Edits::new();
        if let Some(uri) = &self.uri {
            edits = edits.uri(uri.clone());
        }
        for (name, value) in &self.fields {
            edits = edits.set(name.clone(), value.clone());
        }
        match self.origin.clone() {
            None => edits,
            Some(Origin { domain_name, port, path }) => edits.origin(CustomOrigin {
                protocol: Protocol::Https,
                domain_name: domain_name.into(),
                port,
                path: path.into(),
                without_custom_headers: Vec::new(),
            }),
        }
    }
}

cloudfront_worker::export!(Undecided);
