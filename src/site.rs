//! The static frontend: how a path becomes a key in S3, and what S3's answer becomes.

use std::borrow::Cow;

use cloudfront_worker::edits::Edits;
use cloudfront_worker::{Request, Response, Trigger, rules};
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, StatusCode};

use crate::config::{self, NotFound, SiteMode};
use crate::path::CanonicalPath;
use crate::policy::{Problem, Problems};

/// The site, with its settings checked.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    mode: SiteMode,
    index: String,
    not_found: NotFound,
    not_found_page: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
    pub viewer_request_attached: bool,
}

impl Site {
    pub fn new(site: &config::Site, page: Option<&str>, problems: &mut Problems) -> Self {
        let is_file = CanonicalPath::parse(&format!("/{}", site.index))
            .is_ok_and(|path| path.has_extension() && path.encoded() == path.decoded())
            && !site.index.contains('/');
        if !is_file {
            problems.push(Problem::new(
                "site.index",
                &site.index,
                "a file name with an extension and without /, such as \"index.html\"",
            ));
        }
        if page.is_some_and(|page| page.len() > 32_768) {
            problems.push(Problem::new(
                "site.not_found_page",
                format!("a file of {} bytes", page.map_or(0, str::len)),
                "at most 32768 bytes: the page is carried in the function",
            ));
        }
        Self {
            mode: site.mode,
            index: site.index.clone(),
            not_found: site.not_found,
            not_found_page: page.map(str::to_owned),
            headers: response_headers(&site.headers, problems),
            viewer_request_attached: site.viewer_request_attached,
        }
    }

    /// The path a pattern is matched against. One file can be reached by several paths
    /// (`/admin`, `/admin.html`; `/docs/`, `/docs/index.html`): the rule of one is the rule of all.
    pub fn public_path<'p>(&self, path: &'p CanonicalPath<'_>) -> &'p str {
        let path = path.decoded();
        if let Some(folder) = path.strip_suffix(self.index.as_str())
            && folder.ends_with('/')
        {
            return folder;
        }
        match path.strip_suffix(".html") {
            Some(page) if self.mode == SiteMode::CleanUrls && !page.ends_with('/') => page,
            _ => path,
        }
    }

    /// The key in S3 for a request's path.
    pub fn key<'p>(&self, path: &'p CanonicalPath<'_>, request: &Request<'_>) -> Cow<'p, str> {
        let encoded = path.encoded();
        if path.has_extension() {
            return encoded.into();
        }
        match self.mode {
            SiteMode::Spa if is_page_load(request) => format!("/{}", self.index).into(),
            SiteMode::CleanUrls if !encoded.ends_with('/') => format!("{encoded}.html").into(),
            _ if encoded.ends_with('/') => format!("{encoded}{}", self.index).into(),
            _ => encoded.into(),
        }
    }

    /// What is changed about S3's answer.
    pub fn answer<'a>(&self, response: &Response<'a>) -> Edits<'a> {
        let mut edits = Edits::new();
        for (name, value) in &self.headers {
            edits = edits.set(name.clone(), value.clone());
        }
        let missing = matches!(response.status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND);
        if !missing || self.not_found == NotFound::Pass {
            return edits;
        }
        // S3's own body is XML that names the bucket's key.
        edits = edits.status(StatusCode::NOT_FOUND).set(CACHE_CONTROL, NO_STORE);
        let (kind, body) = match &self.not_found_page {
            Some(page) => ("text/html; charset=utf-8", page.as_str()),
            None => ("text/plain; charset=utf-8", "Not Found"),
        };
        edits.set(CONTENT_TYPE, HeaderValue::from_static(kind)).body(body)
    }
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Whether a browser is loading a page, rather than a script asking for data. Fetch metadata says
/// so where the browser sends it; otherwise a request that would take HTML passes for one.
pub(crate) fn is_page_load(request: &Request<'_>) -> bool {
    if request.method != Method::GET && request.method != Method::HEAD {
        return false;
    }
    if let Some(mode) = request.headers.get(&HeaderName::from_static("sec-fetch-mode")) {
        return mode == "navigate";
    }
    match request.headers.get(&ACCEPT) {
        // RFC 9110, section 12.5.1: without the field, anything is acceptable.
        None => true,
        Some(accept) => accept.split(',').any(|range| {
            let media_type = range.split(';').next().unwrap_or_default().trim();
            matches!(media_type, "text/html" | "text/*" | "*/*" | "application/xhtml+xml")
        }),
    }
}

fn response_headers(
    headers: &[config::ResponseHeader],
    problems: &mut Problems,
) -> Vec<(HeaderName, HeaderValue)> {
    let mut checked = Vec::with_capacity(headers.len());
    for (i, header) in headers.iter().enumerate() {
        let key = |part: &str| format!("site.headers[{i}].{part}");
        let name = HeaderName::from_bytes(header.name.as_bytes());
        let value = HeaderValue::from_str(&header.value);
        match &name {
            Err(_) => problems.push(Problem::new(key("name"), &header.name, "a header's name")),
            Ok(name)
                if rules::is_disallowed(name.as_str())
                    || rules::read_only(Trigger::OriginResponse, name.as_str()).is_some() =>
            {
                problems.push(Problem::new(
                    key("name"),
                    &header.name,
                    "a header a function may set at origin-response (rules W6, W7)",
                ));
            }
            Ok(_) => {}
        }
        if value.is_err() {
            let allowed = "printable ASCII without line breaks";
            problems.push(Problem::new(key("value"), &header.value, allowed));
        }
        checked.extend(name.ok().zip(value.ok()));
    }
    checked
}
