//! The static frontend: how a path becomes a key in S3, and what S3's answer becomes.

use std::borrow::Cow;

use cloudfront_worker::edits::Edits;
use cloudfront_worker::{Request, Response, Trigger};
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, StatusCode};

use crate::config::{self, NotFound, SiteMode};
use crate::path::{CanonicalPath, has_extension, split_name};
use crate::policy::{Problem, Problems};
use headers::ResponseHeaders;

pub(crate) mod headers;

/// The site, with its settings checked.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    mode: SiteMode,
    /// The index document's path at the site's root, `/index.html`.
    root: String,
    /// What of its name public paths end with: see [`page_of`].
    index_page: String,
    not_found: NotFound,
    not_found_page: Option<String>,
    pub headers: ResponseHeaders,
    pub viewer_request_attached: bool,
}

impl Site {
    pub fn new(site: &config::Site, page: Option<&str>, problems: &mut Problems) -> Self {
        let path = format!("/{}", site.index);
        let is_file = CanonicalPath::parse(&path).is_ok_and(|parsed| {
            parsed.has_extension() && parsed.encoded() == path && parsed.decoded() == path
        }) && !site.index.contains('/');
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
            index_page: page_of(site.mode, &site.index).to_owned(),
            root: path,
            not_found: site.not_found,
            not_found_page: page.map(str::to_owned),
            headers: ResponseHeaders::new(site, problems),
            viewer_request_attached: site.viewer_request_attached,
        }
    }

    /// The path a pattern is matched against. One file can be reached by several paths (`/admin`,
    /// `/admin.html`; `/docs/`, `/docs/index.html`, `/docs/index`): the rule of one is the rule of
    /// all. Takes a decoded path.
    pub fn public_path<'p>(&self, path: &'p str) -> &'p str {
        let (folder, name) = split_name(path);
        let page = page_of(self.mode, name);
        if page == self.index_page { folder } else { &path[..folder.len() + page.len()] }
    }

    /// The key in S3 for a request's path.
    pub fn key<'p>(&'p self, path: &'p CanonicalPath<'_>, request: &Request<'_>) -> Cow<'p, str> {
        let encoded = path.encoded();
        if path.has_extension() {
            return encoded.into();
        }
        match self.mode {
            SiteMode::Spa if is_page_load(request) => self.root.as_str().into(),
            SiteMode::CleanUrls if !encoded.ends_with('/') => [encoded, ".html"].concat().into(),
            _ if encoded.ends_with('/') => [encoded, &self.root[1..]].concat().into(),
            _ => encoded.into(),
        }
    }

    /// What is changed about an answer that is about to go to the viewer, cached or not.
    pub fn viewer_answer<'a>(&self, response: &Response<'a>) -> Edits<'a> {
        self.headers.set(response, Trigger::ViewerResponse)
    }

    /// What is changed about S3's answer.
    pub fn answer<'a>(&self, response: &Response<'a>) -> Edits<'a> {
        let mut edits = self.headers.set(response, Trigger::OriginResponse);
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

/// A file's name as [`Site::key`] would complete it: without `.html` in clean-URL mode, unless what is
/// left would pass for another file's whole name.
fn page_of(mode: SiteMode, file: &str) -> &str {
    match file.strip_suffix(".html") {
        Some(page) if mode == SiteMode::CleanUrls && !page.is_empty() && !has_extension(page) => {
            page
        }
        _ => file,
    }
}

const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Whether a browser is loading a page, and will show what comes. Fetch Metadata say so where the
/// browser sends them; otherwise a request that asks for HTML by its name passes for one. A program
/// that takes anything does not.
pub(crate) fn asks_for_page(request: &Request<'_>) -> bool {
    if request.method != Method::GET && request.method != Method::HEAD {
        return false;
    }
    match request.headers.get(&SEC_FETCH_MODE) {
        Some(mode) => mode == "navigate",
        None => accepts(request, &["text/html"]),
    }
}

/// Whether a browser is loading a page, rather than a script asking for data. Fetch metadata says
/// so where the browser sends it; otherwise a request that would take HTML passes for one.
pub(crate) fn is_page_load(request: &Request<'_>) -> bool {
    if request.method != Method::GET && request.method != Method::HEAD {
        return false;
    }
    if let Some(mode) = request.headers.get(&SEC_FETCH_MODE) {
        return mode == "navigate";
    }
    match request.headers.get(&ACCEPT) {
        // RFC 9110, section 12.5.1: without the field, anything is acceptable.
        None => true,
        Some(_) => accepts(request, &["text/html", "application/xhtml+xml", "text/*", "*/*"]),
    }
}

/// Whether one of the media ranges that a request accepts is spelled so.
fn accepts(request: &Request<'_>, ranges: &[&str]) -> bool {
    let is_wanted = |range: &[u8]| {
        let end = range.iter().position(|byte| *byte == b';').unwrap_or(range.len());
        let range = range[..end].trim_ascii();
        ranges.iter().any(|wanted| range.eq_ignore_ascii_case(wanted.as_bytes()))
    };
    let mut fields = request.headers.get_all(&ACCEPT);
    fields.any(|accept| accept.as_bytes().split(|byte| *byte == b',').any(is_wanted))
}

#[cfg(test)]
mod tests {
    use cloudfront_worker::Headers;
    use proptest::prelude::*;

    use super::*;

    fn site(mode: SiteMode, index: &str) -> Site {
        let config = config::Site { mode, index: index.into(), ..config::Site::default() };
        let mut problems = Problems::new();
        let site = Site::new(&config, None, &mut problems);
        assert_eq!(problems, []);
        site
    }

    /// A request without headers; for anything at all, as HTTP has it.
    fn request(method: Method) -> Request<'static> {
        Request {
            method,
            client_ip: "192.0.2.1",
            uri: "/",
            querystring: "",
            headers: Headers::default(),
            body: None,
        }
    }

    fn key(site: &Site, path: &str, method: Method) -> String {
        site.key(&CanonicalPath::parse(path).unwrap(), &request(method)).into_owned()
    }

    #[test]
    fn each_mode_finds_its_files() {
        use SiteMode::*;
        for (mode, path, load, script) in [
            (Spa, "/", "/index.html", "/index.html"),
            (Spa, "/orders/17", "/index.html", "/orders/17"),
            (Spa, "/orders/", "/index.html", "/orders/index.html"),
            (Spa, "/app.js", "/app.js", "/app.js"),
            (Spa, "/.well-known/x", "/index.html", "/.well-known/x"),
            (CleanUrls, "/", "/index.html", "/index.html"),
            (CleanUrls, "/about", "/about.html", "/about.html"),
            (CleanUrls, "/about.html", "/about.html", "/about.html"),
            (CleanUrls, "/docs/", "/docs/index.html", "/docs/index.html"),
            (CleanUrls, "/caf%c3%a9", "/caf%C3%A9.html", "/caf%C3%A9.html"),
            (CleanUrls, "/app.js", "/app.js", "/app.js"),
            (Plain, "/", "/index.html", "/index.html"),
            (Plain, "/about", "/about", "/about"),
            (Plain, "/docs/", "/docs/index.html", "/docs/index.html"),
        ] {
            let site = site(mode, "index.html");
            assert_eq!(key(&site, path, Method::GET), load, "{mode:?} {path}");
            assert_eq!(key(&site, path, Method::HEAD), load, "{mode:?} {path}");
            assert_eq!(key(&site, path, Method::POST), script, "{mode:?} {path}");
        }
    }

    #[test]
    fn a_file_is_matched_by_one_of_its_paths() {
        use SiteMode::*;
        for (mode, index, path, public) in [
            (Spa, "index.html", "/index.html", "/"),
            (Spa, "index.html", "/docs/index.html", "/docs/"),
            (Spa, "index.html", "/docs/index", "/docs/index"),
            (Spa, "index.html", "/about.html", "/about.html"),
            (Spa, "index.html", "/xindex.html", "/xindex.html"),
            (Spa, "index.html", "/index.html/x", "/index.html/x"),
            (Plain, "default.htm", "/docs/default.htm", "/docs/"),
            (Plain, "default.htm", "/docs/index.html", "/docs/index.html"),
            (CleanUrls, "index.html", "/about.html", "/about"),
            (CleanUrls, "index.html", "/about.HTML", "/about.HTML"),
            (CleanUrls, "index.html", "/docs/index.html", "/docs/"),
            (CleanUrls, "index.html", "/docs/index", "/docs/"),
            (CleanUrls, "index.html", "/index", "/"),
            (CleanUrls, "index.html", "/xindex", "/xindex"),
            (CleanUrls, "default.htm", "/docs/default.htm", "/docs/"),
            (CleanUrls, "default.htm", "/docs/default", "/docs/default"),
            // These are files beside the one whose name they seem to say in full.
            (CleanUrls, "index.html", "/report.pdf.html", "/report.pdf.html"),
            (CleanUrls, "index.html", "/docs/.html", "/docs/.html"),
        ] {
            assert_eq!(site(mode, index).public_path(path), public, "{mode:?} {index} {path}");
        }
    }

    #[test]
    fn media_ranges_take_html_or_do_not() {
        let takes_html = |range| {
            let headers = Headers::from_iter([("accept", range)]);
            is_page_load(&Request { headers, ..request(Method::GET) })
        };
        for range in ["text/html", " text/html;level=1", "TEXT/HTML", "text/*", "*/*;q=0.8"] {
            assert!(takes_html(range), "{range}");
        }
        for range in ["", "application/json", "text/plain", "text/htmlx", "image/*", "html"] {
            assert!(!takes_html(range), "{range}");
        }
    }

    fn mode() -> impl Strategy<Value = SiteMode> {
        prop::sample::select(vec![SiteMode::Spa, SiteMode::CleanUrls, SiteMode::Plain])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn paths_of_one_file_are_under_one_rule(
            mode in mode(),
            index in prop::sample::select(vec!["index.html", "a.htm", "a.b.html", "a.html"]),
            one in "(/(a|index|a\\.b|\\.a)?(\\.html|\\.htm|\\.)?){1,2}/?",
            other in "(/(a|index|a\\.b|\\.a)?(\\.html|\\.htm|\\.)?){1,2}/?",
        ) {
            let site = site(mode, index);
            let (Ok(one), Ok(other)) = (CanonicalPath::parse(&one), CanonicalPath::parse(&other))
            else {
                return Ok(());
            };
            let (one_key, other_key) =
                (site.key(&one, &request(Method::PUT)), site.key(&other, &request(Method::PUT)));
            if one_key == other_key {
                prop_assert_eq!(
                    site.public_path(one.decoded()),
                    site.public_path(other.decoded()),
                    "both are {}", one_key
                );
            }
        }

        #[test]
        fn a_key_stays_the_key_and_under_its_rule_at_the_next_trigger(
            mode in mode(),
            path in "(/[a-c.%é]{0,3}(index)?(\\.html)?){1,3}/?",
        ) {
            let path = path.replace('%', "%25").replace('é', "%c3%a9");
            let site = site(mode, "index.html");
            let Ok(path) = CanonicalPath::parse(&path) else { return Ok(()) };
            for method in [Method::GET, Method::PUT] {
                let key = key(&site, path.encoded(), method.clone());
                let again = CanonicalPath::parse(&key).unwrap();
                prop_assert_eq!(&*site.key(&again, &request(method.clone())), &key);
                // In a single-page application every page load has the index document's rule there.
                if method == Method::PUT {
                    let next = site.public_path(again.decoded());
                    prop_assert_eq!(next, site.public_path(path.decoded()));
                }
            }
        }
    }
}
