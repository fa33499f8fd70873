//! How large a request is once a worker has edited it (rule W9).

use crate::edits::{Edits, HeaderEdit};
use crate::event::Request;
use crate::headers::Headers;
use crate::known::Names;

/// The largest request CloudFront takes back, without its body, in bytes (rule W9).
const MOST: usize = 32_768;

/// What counts of a request. Kept while the worker has it, if that is large.
pub(crate) struct RequestSize<'a> {
    method: usize,
    uri: usize,
    querystring: usize,
    headers: Headers<'a>,
}

impl<'a> RequestSize<'a> {
    /// Of a request whose event took so many bytes, but for known names; `None` where edits are far
    /// from making it too large.
    pub fn of(request: &Request<'a>, bytes: usize) -> Option<Self> {
        let most = bytes + request.headers.fields.len() * Names::LONGEST;
        (most > MOST / 2).then(|| Self {
            method: request.method.as_str().len(),
            uri: request.uri.len(),
            querystring: request.querystring.len(),
            headers: request.headers.clone(),
        })
    }

    /// The bytes of the request with these edits, where they have made it larger than it may be. One
    /// that was too large before came from nobody but a test.
    pub fn too_large(&self, edits: &Edits<'_>) -> Option<usize> {
        let after = self.with(edits);
        (after > MOST && self.with(&Edits::new()) <= MOST).then_some(after)
    }

    /// In bytes, as HTTP/1.1 writes it.
    fn with(&self, edits: &Edits<'_>) -> usize {
        let uri = edits.uri.as_ref().map_or(self.uri, |uri| uri.len());
        let querystring = edits.querystring.as_ref().map_or(self.querystring, |query| query.len());
        let mut fields: Vec<(&str, usize)> =
            self.headers.iter().map(|(name, value)| (name, value.len())).collect();
        for edit in &edits.headers {
            let name = match edit {
                HeaderEdit::Remove(name) => name,
                HeaderEdit::Set(name, _) | HeaderEdit::Append(name, _) => name.as_str(),
            };
            if !matches!(edit, HeaderEdit::Append(..)) {
                fields.retain(|(other, _)| *other != name);
            }
            if let HeaderEdit::Set(_, value) | HeaderEdit::Append(_, value) = edit {
                fields.push((name, value.len()));
            }
        }
        let line = self.method + " ".len() + uri + "?".len() + querystring + " HTTP/1.1\r\n".len();
        let fields: usize =
            fields.iter().map(|(name, value)| name.len() + ": ".len() + value + "\r\n".len()).sum();
        line + fields + "\r\n".len()
    }
}
