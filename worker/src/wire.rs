//! What crosses between `worker.mjs` and WebAssembly: two texts, what a fetch brought, random bytes.
//!
//! **The head**, inwards: values one after the other, in UTF-8. Before them stands how many bytes each
//! has, as many numbers of 32 bits as there are values, lowest byte first.
//!
//! ```text
//! eventType requestId distributionDomainName distributionId
//! method clientIp uri querystring
//! n, then n × (name, value)                                     the request's headers
//! "" | "complete" | "truncated"                                 the request's body
//! "" | "custom" | "s3", domainName, path, n, n × (name, value)  the origin
//! "" | status, n, n × (name, value)                             the response
//! ```
//!
//! No value may hold a line feed: in an outcome it would begin a line.
//!
//! **The outcome**, outwards: lines, each begun by a letter that says what it is.
//!
//! ```text
//! F | R | G      forward with edits, respond, or get
//! l LOG          a line for the log
//! a TAG MILLISECONDS BYTES RETRIES URL   to be got without holding up the answer
//! p FORM         of an a or g before it: sent by POST
//! h VALUE        after a p: with this Authorization
//! u URI   q QUERY   - NAME   = NAME VALUE   + NAME VALUE   s STATUS REASON
//! o PROTOCOL PORT DOMAIN PATH     x NAME (an origin's custom header to leave out)
//! g TAG MILLISECONDS BYTES RETRIES URL
//! t | b          last: the rest is the body, as text or as bytes
//! ```
//!
//! **What a fetch brought**, inwards: bytes in the input buffer, and a number, 0 for the body of a 200
//! answer. A number from 100 on is another status, and the bytes are what was said with it. There are
//! none where it is 2, too large, 3, unreachable, or 4, not modified.
//!
//! **Random bytes**, inwards: `cloudfront.random(at, length)` is called while an event is handled, and
//! overwrites that part of the memory.

use std::borrow::Cow;
use std::fmt::Write;

use http::{HeaderName, HeaderValue, Method, StatusCode};

use crate::edits::{CustomOrigin, Edits, HeaderEdit, Protocol};
use crate::event::{
    Context, Entropy, Event, EventFault, Origin, OriginKind, Request, RequestBody, Response,
    Trigger, UnixMillis,
};
use crate::headers::Headers;
use crate::instance::Host;
use crate::outcome::{Body, Fetch, FetchFault, Outcome, Reply};

/// Reads a head: the lengths of its values, and their text.
pub(crate) fn read<'a>(
    lengths: &'a [u8],
    text: &'a str,
    now: UnixMillis,
    host: Host<'a>,
) -> Result<(Event<'a>, Context<'a>), EventFault> {
    if memchr::memchr(b'\n', text.as_bytes()).is_some() {
        return Err(EventFault::Head);
    }
    let mut head = Head { lengths: lengths.chunks_exact(4), rest: text };
    let trigger = head.next()?;
    let context = Context {
        now,
        entropy: Entropy::new(host.random),
        request_id: head.next()?,
        distribution_domain_name: head.next()?,
        distribution_id: head.next()?,
    };
    let method = head.next()?;
    let request = Request {
        method: Method::from_bytes(method.as_bytes()).map_err(|_| EventFault::Method)?,
        client_ip: head.next()?,
        uri: head.next()?,
        querystring: head.next()?,
        headers: head.headers()?,
        body: head.body(host.read_body)?,
    };
    let origin = head.origin()?;
    let response = head.response()?;
    if !head.rest.is_empty() || head.lengths.next().is_some() {
        return Err(EventFault::Head);
    }
    let event = match Trigger::from_name(trigger).ok_or(EventFault::Trigger)? {
        Trigger::ViewerRequest => Event::ViewerRequest(request),
        Trigger::OriginRequest => Event::OriginRequest(request, origin.ok_or(EventFault::Missing)?),
        Trigger::OriginResponse => Event::OriginResponse(
            request,
            origin.ok_or(EventFault::Missing)?,
            response.ok_or(EventFault::Missing)?,
        ),
        Trigger::ViewerResponse => {
            Event::ViewerResponse(request, response.ok_or(EventFault::Missing)?)
        }
    };
    Ok((event, context))
}

struct Head<'a> {
    lengths: std::slice::ChunksExact<'a, u8>,
    rest: &'a str,
}

impl<'a> Head<'a> {
    fn next(&mut self) -> Result<&'a str, EventFault> {
        let length = self.lengths.next().ok_or(EventFault::Head)?;
        let length = u32::from_le_bytes(length.try_into().map_err(|_| EventFault::Head)?);
        let (value, rest) = self.rest.split_at_checked(length as usize).ok_or(EventFault::Head)?;
        self.rest = rest;
        Ok(value)
    }

    fn headers(&mut self) -> Result<Headers<'a>, EventFault> {
        let count: usize = self.next()?.parse().map_err(|_| EventFault::Head)?;
        // A false count cannot reserve more than the head could hold.
        let mut fields = Vec::with_capacity(count.min(self.lengths.len() / 2));
        for _ in 0..count {
            let name = self.next()?;
            // Edits name fields in lower case; one spelled otherwise would escape them (rule E3).
            if name.is_empty() || has_uppercase(name.as_bytes()) {
                return Err(EventFault::HeaderName);
            }
            fields.push((name, self.next()?));
        }
        Ok(Headers { fields })
    }

    fn body(
        &mut self,
        read: &'a dyn Fn() -> Vec<u8>,
    ) -> Result<Option<RequestBody<'a>>, EventFault> {
        Ok(match self.next()? {
            "" => None,
            "complete" => Some(RequestBody { truncated: false, read }),
            "truncated" => Some(RequestBody { truncated: true, read }),
            _ => return Err(EventFault::Head),
        })
    }

    fn origin(&mut self) -> Result<Option<Origin<'a>>, EventFault> {
        let kind = match self.next()? {
            "" => return Ok(None),
            "custom" => OriginKind::Custom,
            "s3" => OriginKind::S3,
            _ => return Err(EventFault::Head),
        };
        Ok(Some(Origin {
            kind,
            domain_name: self.next()?,
            path: self.next()?,
            custom_headers: self.headers()?,
        }))
    }

    fn response(&mut self) -> Result<Option<Response<'a>>, EventFault> {
        let status = match self.next()? {
            "" => return Ok(None),
            status => StatusCode::from_bytes(status.as_bytes()).map_err(|_| EventFault::Status)?,
        };
        Ok(Some(Response { status, headers: self.headers()? }))
    }
}

/// Whether there is a capital letter in a name, eight bytes at a time: one by one, this was a third of
/// what a page cost.
fn has_uppercase(name: &[u8]) -> bool {
    /// The same byte eight times.
    const fn all(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    let (chunks, rest) = name.as_chunks::<8>();
    let in_chunk = |chunk: &[u8; 8]| {
        // In each byte the highest bit says: at least `A`; above `Z`; not ASCII.
        let bytes = u64::from_ne_bytes(*chunk);
        let low = bytes & all(0x7f);
        (low + all(0x80 - b'A')) & !(low + all(0x7f - b'Z')) & !bytes & all(0x80) != 0
    };
    chunks.iter().any(in_chunk) || rest.iter().any(u8::is_ascii_uppercase)
}

/// Reads what a fetch brought.
pub(crate) fn read_fetched(fault: u32, bytes: &[u8]) -> Result<&[u8], FetchFault<'_>> {
    match fault {
        0 => Ok(bytes),
        100..=999 => Err(FetchFault::Status { status: fault as u16, body: bytes }),
        2 => Err(FetchFault::TooLarge),
        4 => Err(FetchFault::NotModified),
        _ => Err(FetchFault::Unreachable),
    }
}

/// Writes a reply whose outcome has been [checked](crate::rules::check).
pub(crate) fn write(reply: &Reply<'_>, out: &mut Vec<u8>) {
    let mut out = Lines(out);
    match &reply.outcome {
        Outcome::Forward(edits) => {
            out.line(b'F', &[]);
            out.beside(reply);
            write_edits(edits, &mut out);
        }
        Outcome::Respond(response) => {
            out.line(b'R', &[]);
            out.beside(reply);
            out.status(response.status());
            for (name, value) in response.headers() {
                out.field(b'+', name, value);
            }
            out.body(response.body());
        }
        Outcome::Fetch(fetch) => {
            out.line(b'G', &[]);
            out.beside(reply);
            out.fetch(b'g', fetch);
        }
    }
}

fn write_edits(edits: &Edits<'_>, out: &mut Lines<'_>) {
    if let Some(uri) = &edits.uri {
        out.line(b'u', &[uri]);
    }
    if let Some(querystring) = &edits.querystring {
        out.line(b'q', &[querystring]);
    }
    for edit in &edits.headers {
        match edit {
            HeaderEdit::Remove(name) => out.line(b'-', &[name]),
            HeaderEdit::Set(name, value) => out.field(b'=', name, value),
            HeaderEdit::Append(name, value) => out.field(b'+', name, value),
        }
    }
    if let Some(origin) = &edits.origin {
        write_origin(origin, out);
    }
    if let Some(status) = edits.status {
        out.status(status);
    }
    match &edits.body {
        None => {}
        // Unlike an answer without a body: what was there is to be gone.
        Some(Body::Empty) => out.body(&Body::Text(String::new())),
        Some(body) => out.body(body),
    }
}

fn write_origin(origin: &CustomOrigin<'_>, out: &mut Lines<'_>) {
    let protocol = match origin.protocol {
        Protocol::Http => "http",
        Protocol::Https => "https",
    };
    let port = match origin.port {
        443 => Cow::Borrowed("443"),
        port => Cow::Owned(port.to_string()),
    };
    out.line(b'o', &[protocol, " ", &port, " ", &origin.domain_name, " ", &origin.path]);
    for name in &origin.without_custom_headers {
        out.line(b'x', &[name]);
    }
}

struct Lines<'a>(&'a mut Vec<u8>);

impl Lines<'_> {
    fn line(&mut self, letter: u8, parts: &[&str]) {
        self.0.push(letter);
        for part in parts {
            // A line break would begin a line of its own. Paths and queries have been checked and
            // header values cannot hold one; a log line or a form may.
            if memchr::memchr(b'\n', part.as_bytes()).is_some() {
                self.0.extend(part.bytes().map(|b| if b == b'\n' { b' ' } else { b }));
            } else {
                self.0.extend_from_slice(part.as_bytes());
            }
        }
        self.0.push(b'\n');
    }

    fn field(&mut self, letter: u8, name: &HeaderName, value: &HeaderValue) {
        self.0.push(letter);
        self.0.extend_from_slice(name.as_str().as_bytes());
        self.0.push(b' ');
        let bytes = value.as_bytes();
        if bytes.is_ascii() || std::str::from_utf8(bytes).is_ok() {
            self.0.extend_from_slice(bytes);
        } else {
            // Bytes that are not UTF-8 are what HTTP once called ISO-8859-1 (RFC 9110, section 5.5).
            let text: String = bytes.iter().map(|b| char::from(*b)).collect();
            self.0.extend_from_slice(text.as_bytes());
        }
        self.0.push(b'\n');
    }

    fn status(&mut self, status: StatusCode) {
        self.line(b's', &[status.as_str(), " ", status.canonical_reason().unwrap_or("")]);
    }

    /// What an outcome of any kind may have beside it.
    fn beside(&mut self, reply: &Reply<'_>) {
        if let Some(log) = &reply.log {
            self.line(b'l', &[log]);
        }
        if let Some(aside) = &reply.aside {
            self.fetch(b'a', aside);
        }
    }

    fn fetch(&mut self, letter: u8, fetch: &Fetch) {
        let mut numbers = String::new();
        let Fetch { tag, timeout, max_bytes, retries, .. } = fetch;
        let _ = write!(numbers, "{tag} {} {max_bytes} {retries} ", timeout.as_millis());
        self.line(letter, &[&numbers, &fetch.url]);
        let Some(post) = &fetch.post else { return };
        self.line(b'p', &[&post.form]);
        if let Some(authorization) = &post.authorization {
            self.line(b'h', &[authorization]);
        }
    }

    fn body(&mut self, body: &Body) {
        match body {
            Body::Empty => {}
            Body::Text(text) => {
                self.0.extend_from_slice(b"t\n");
                self.0.extend_from_slice(text.as_bytes());
            }
            Body::Bytes(bytes) => {
                self.0.extend_from_slice(b"b\n");
                self.0.extend_from_slice(bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::has_uppercase;

    #[test]
    fn capital_letters_are_found_wherever_they_stand() {
        for byte in 0..=u8::MAX {
            for at in 0..17 {
                let mut name = *b"abcdefghijklmnopq";
                name[at] = byte;
                assert_eq!(has_uppercase(&name), byte.is_ascii_uppercase(), "{byte} at {at}");
            }
        }
    }
}
