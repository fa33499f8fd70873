use cloudfront_worker::{Headers, Request, Trigger, UnixMillis};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::config;

/// Whether a request with these headers is suspect, to a site with such origins configured and a
/// route with such a CORS rule.
fn suspect(
    method: &str,
    trigger: Trigger,
    headers: &[(&str, &str)],
    origins: &[&str],
    cors: Option<(&[&str], bool)>,
) -> bool {
    let request = Request {
        method: Method::from_bytes(method.as_bytes()).unwrap(),
        client_ip: "192.0.2.1",
        uri: "/",
        querystring: "",
        headers: headers.iter().copied().collect::<Headers<'_>>(),
        body: None,
    };
    let cors = cors.map(|(origins, credentials)| {
        let json =
            json!({ "preflight": "forward", "origins": origins, "credentials": credentials });
        let config: config::Cors = serde_json::from_value(json).unwrap();
        Cors::new("cors", &config, &mut Vec::new())
    });
    let json = json!({ "sign_in": { "key": { "env": "KEY" }, "origins": origins } });
    let own = OwnOrigins::new(&serde_json::from_value(json).unwrap());
    let distribution = "d111111abcdef8.cloudfront.net";
    let arrival = Arrival { request: &request, trigger, now: UnixMillis(0), distribution };
    is_suspect(arrival, cors.as_ref(), &own)
}

fn at_origin(method: &str, headers: &[(&str, &str)]) -> bool {
    suspect(method, Trigger::OriginRequest, headers, &[], None)
}

const OWN: &str = "https://d111111abcdef8.cloudfront.net";

#[test]
fn only_what_changes_something_is_looked_at() {
    for method in ["GET", "HEAD", "OPTIONS"] {
        assert!(!at_origin(method, &[("sec-fetch-site", "cross-site")]), "{method}");
    }
    for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PURGE", "get", "Get"] {
        assert!(at_origin(method, &[("sec-fetch-site", "cross-site")]), "{method}");
        assert!(at_origin(method, &[]), "{method}");
        assert!(!at_origin(method, &[("sec-fetch-site", "same-origin")]), "{method}");
    }
}

#[test]
fn fetch_metadata_says_it_or_the_origin_does() {
    for headers in [
        &[("sec-fetch-site", "same-origin")][..],
        &[("sec-fetch-site", "none")],
        &[("origin", OWN)],
        &[("origin", "https://D111111abcdef8.CloudFront.net")],
        &[("sec-fetch-site", "same-origin"), ("origin", "null")],
    ] {
        assert!(!at_origin("POST", headers), "{headers:?}");
    }
    for headers in [
        &[][..],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "")],
        // A browser would not say both: one of them is made up.
        &[("sec-fetch-site", "same-site"), ("origin", OWN)],
        &[("sec-fetch-site", "cross-site"), ("origin", OWN)],
        &[("sec-fetch-site", "Same-Origin")],
        &[("sec-fetch-site", "same-origin, cross-site")],
        &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
        &[("origin", "null")],
        &[("origin", "")],
        &[("origin", "https://")],
        &[("origin", "http://d111111abcdef8.cloudfront.net")],
        &[("origin", "https://d111111abcdef8.cloudfront.net:8443")],
        &[("origin", "https://d111111abcdef8.cloudfront.net.evil.example")],
        &[("origin", "https://evil.example/https://d111111abcdef8.cloudfront.net")],
        &[("origin", "https://x.d111111abcdef8.cloudfront.net")],
        &[("origin", OWN), ("origin", "https://evil.example")],
        &[("origin", OWN), ("origin", OWN)],
        // A page's address proves nothing: it can be left out, and forged by proxies.
        &[("referer", "https://d111111abcdef8.cloudfront.net/")],
    ] {
        assert!(at_origin("POST", headers), "{headers:?}");
    }
}

#[test]
fn the_host_is_ours_at_viewer_request_only() {
    use Trigger::{OriginRequest, ViewerRequest};
    for (host, origin, at_viewer) in [
        ("app.example.com", "https://app.example.com", true),
        ("app.example.com", "https://APP.example.com", true),
        ("app.example.com", "http://app.example.com", false),
        ("app.example.com", "https://other.example.com", false),
        ("localhost:8080", "http://localhost:8080", true),
        ("localhost:8080", "http://localhost:8081", false),
        ("localhost", "http://localhost", true),
        ("127.0.0.1:8080", "http://127.0.0.1:8080", true),
        ("[::1]:8080", "http://[::1]:8080", true),
        ("localhost.example.com", "http://localhost.example.com", false),
        ("127.0.0.1.example.com:80", "http://127.0.0.1.example.com:80", false),
        ("", "https://", false),
    ] {
        let headers = &[("host", host), ("origin", origin)];
        assert_eq!(!suspect("POST", ViewerRequest, headers, &[], None), at_viewer, "{headers:?}");
        assert!(suspect("POST", OriginRequest, headers, &[], None), "{headers:?}");
    }
    let two = &[("host", "a.example"), ("host", "b.example"), ("origin", "https://a.example")];
    assert!(suspect("POST", ViewerRequest, two, &[], None));
}

#[test]
fn configured_origins_take_the_place_of_the_distribution_s_name() {
    let own = &["https://app.example.com", "http://localhost:8080"];
    for trigger in [Trigger::ViewerRequest, Trigger::OriginRequest] {
        let suspect = |origin| suspect("PUT", trigger, &[("origin", origin)], own, None);
        assert!(!suspect("https://app.example.com"));
        assert!(!suspect("http://localhost:8080"));
        assert!(suspect(OWN));
        assert!(suspect("https://admin.example.com"));
    }
}

#[test]
fn a_route_s_rule_lets_in_whom_it_lets_send_cookies() {
    let partner = "https://partner.example";
    for (origins, credentials, let_in) in [
        (&[partner][..], true, true),
        (&[partner], false, false),
        (&["*"], false, false),
        (&["https://other.example"], true, false),
        (&[], true, false),
    ] {
        let headers = &[("sec-fetch-site", "cross-site"), ("origin", partner)];
        let rule = Some((origins, credentials));
        let found = suspect("DELETE", Trigger::OriginRequest, headers, &[], rule);
        assert_eq!(!found, let_in, "{origins:?} {credentials}");
    }
}

proptest! {
    #[test]
    fn no_other_page_passes_for_ours(
        trigger in prop::sample::select(vec![Trigger::ViewerRequest, Trigger::OriginRequest]),
        method in "POST|PUT|PATCH|DELETE|[A-Z]{8}",
        site in prop::option::of("same-site|cross-site|[a-z-]{0,11}"),
        scheme in "https?",
        other in "[a-z0-9.:-]{0,20}(app\\.example\\.com)?[a-z0-9.:/?#@-]{1,20}",
    ) {
        let origin = format!("{scheme}://{other}");
        prop_assume!(!matches!(site.as_deref(), Some("same-origin" | "none")));
        prop_assume!(origin != "https://app.example.com");
        let mut headers = vec![("host", "app.example.com"), ("origin", origin.as_str())];
        headers.extend(site.as_deref().map(|site| ("sec-fetch-site", site)));
        prop_assert!(suspect(&method, trigger, &headers, &["https://app.example.com"], None));
    }
}
