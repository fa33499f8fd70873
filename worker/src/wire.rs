//! What crosses between `worker.mjs` and WebAssembly: two texts, what a fetch brought, random bytes.
//!
//! **The head**, inwards: values one after the other, in UTF-8. Before them stands how many bytes each
//! has, as many numbers of 32 bits as there are values, lowest byte first. The name of a header that
//! is [known](crate::known) has no bytes: its number stands there, plus [`KNOWN`].
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
//! u URI   q QUERY   - NAME   s STATUS REASON
//! = FIELD   + FIELD   set, append
//! o ORIGIN   x NAME      switch, and an origin's custom header to leave out
//! g TAG MILLISECONDS BYTES RETRIES URL
//! t | b          last: the rest is the body, as text or as bytes
//! ```
//!
//! A `FIELD` is one character and then nothing, or a name, a space and a value. The character is the
//! field's number plus that of `0`: what is written after it is known by that number from then on. Or
//! it is a space, and the field is not for keeping. An `ORIGIN` is such a character and then nothing, or
//! protocol, port, domain name and path with spaces between them.
//!
//! **What a fetch brought**, inwards: bytes in the input buffer, and a number, 0 for the body of a 200
//! answer. A number from 100 on is another status, and the bytes are what was said with it. There are
//! none where it is 2, too large, 3, unreachable, or 4, not modified.
//!
//! **Random bytes**, inwards: `cloudfront.random(at, length)` is called while an event is handled, and
//! overwrites that part of the memory.

use std::fmt::Write;

use http::{HeaderName, HeaderValue, Method, StatusCode};
use simdutf8::basic::from_utf8;

use crate::edits::{CustomOrigin, Edits, HeaderEdit, Protocol};
use crate::event::{
    Context, Entropy, Event, EventFault, Origin, OriginKind, Request, RequestBody, Response,
    Trigger, UnixMillis,
};
use crate::headers::Headers;
use crate::host::ascii_line;
use crate::instance::Host;
use crate::known::{Crossing, Known, Names, is_event_name};
use crate::outcome::{Body, Fetch, FetchFault, Outcome, Reply};

/// What the number of a known name has more than the length of a value could.
pub(crate) const KNOWN: u32 = 1 << 30;

/// Reads a head: the lengths of its values, and their text.
pub(crate) fn read<'a>(
    lengths: &'a [u8],
    text: &'a [u8],
    names: &'a Names,
    now: UnixMillis,
    host: Host<'a>,
) -> Result<(Event<'a>, Context<'a>), EventFault> {
    let rest = ascii_line(text).or_else(|| line(text)).ok_or(EventFault::Head)?;
    let mut head = Head { lengths: lengths.as_chunks().0, rest, names };
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
    if !head.rest.is_empty() || !head.lengths.is_empty() {
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

/// UTF-8 without a line feed.
#[inline(never)]
fn line(bytes: &[u8]) -> Option<&str> {
    from_utf8(bytes).ok().filter(|_| memchr::memchr(b'\n', bytes).is_none())
}

struct Head<'a> {
    lengths: &'a [[u8; 4]],
    rest: &'a str,
    names: &'a Names,
}

impl<'a> Head<'a> {
    fn next(&mut self) -> Result<&'a str, EventFault> {
        let (length, rest) = self.lengths.split_first().ok_or(EventFault::Head)?;
        self.lengths = rest;
        self.take(u32::from_le_bytes(*length))
    }

    fn take(&mut self, length: u32) -> Result<&'a str, EventFault> {
        let (value, rest) = self.rest.split_at_checked(length as usize).ok_or(EventFault::Head)?;
        self.rest = rest;
        Ok(value)
    }

    fn headers(&mut self) -> Result<Headers<'a>, EventFault> {
        let count: usize = self.next()?.parse().map_err(|_| EventFault::Head)?;
        // A false count cannot reserve more than the head could hold.
        let pairs = self.lengths.as_chunks().0.get(..count).ok_or(EventFault::Head)?;
        self.lengths = &self.lengths[2 * count..];
        let mut fields = Vec::with_capacity(count);
        for [name, value] in pairs {
            let name = match u32::from_le_bytes(*name) {
                length @ ..KNOWN => {
                    let name = self.take(length)?;
                    if !is_event_name(name) {
                        return Err(EventFault::HeaderName);
                    }
                    name
                }
                known => self.names.get(known - KNOWN).ok_or(EventFault::Head)?,
            };
            fields.push((name, self.take(u32::from_le_bytes(*value))?));
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
pub(crate) fn write(reply: &Reply<'_>, known: &mut Known, out: &mut Vec<u8>) {
    let mut out = Lines { out, known };
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
    out.out.push(b'o');
    let crossing = out.known.origins.cross(origin);
    if out.is_to_be_written(crossing) {
        let protocol = match origin.protocol {
            Protocol::Http => "http",
            Protocol::Https => "https",
        };
        out.text(&[protocol, " ", &origin.port.to_string(), " "]);
        out.text(&[&origin.domain_name, " ", &origin.path]);
    }
    out.out.push(b'\n');
    for name in &origin.without_custom_headers {
        out.line(b'x', &[name]);
    }
}

struct Lines<'a> {
    out: &'a mut Vec<u8>,
    known: &'a mut Known,
}

impl Lines<'_> {
    fn line(&mut self, letter: u8, parts: &[&str]) {
        self.out.push(letter);
        self.text(parts);
        self.out.push(b'\n');
    }

    fn text(&mut self, parts: &[&str]) {
        for part in parts {
            // A line break would begin a line of its own. Paths and queries have been checked and
            // header values cannot hold one; a log line or a form may.
            if memchr::memchr(b'\n', part.as_bytes()).is_some() {
                self.out.extend(part.bytes().map(|b| if b == b'\n' { b' ' } else { b }));
            } else {
                self.out.extend_from_slice(part.as_bytes());
            }
        }
    }

    /// Writes the character by which something crosses, and says whether the rest is to follow.
    fn is_to_be_written(&mut self, crossing: Crossing) -> bool {
        self.out.push(match crossing {
            Crossing::Known(number) | Crossing::New(number) => b'0' + number as u8,
            Crossing::Unknown => b' ',
        });
        !matches!(crossing, Crossing::Known(_))
    }

    fn field(&mut self, letter: u8, name: &HeaderName, value: &HeaderValue) {
        self.out.push(letter);
        let crossing = self.known.fields.cross(name, value);
        if self.is_to_be_written(crossing) {
            self.out.extend_from_slice(name.as_str().as_bytes());
            self.out.push(b' ');
            self.value(value.as_bytes());
        }
        self.out.push(b'\n');
    }

    fn value(&mut self, bytes: &[u8]) {
        if bytes.is_ascii() || std::str::from_utf8(bytes).is_ok() {
            self.out.extend_from_slice(bytes);
        } else {
            // Bytes that are not UTF-8 are what HTTP once called ISO-8859-1 (RFC 9110, section 5.5).
            let text: String = bytes.iter().map(|b| char::from(*b)).collect();
            self.out.extend_from_slice(text.as_bytes());
        }
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
                self.out.extend_from_slice(b"t\n");
                self.out.extend_from_slice(text.as_bytes());
            }
            Body::Bytes(bytes) => {
                self.out.extend_from_slice(b"b\n");
                self.out.extend_from_slice(bytes);
            }
        }
    }
}
