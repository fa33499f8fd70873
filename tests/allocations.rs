//! The choice of a Region allocates nothing for each candidate: a request costs as many allocations
//! among 39 Regions as among two.

use cloudfront_worker::testing::Harness;
use nearhop::Nearhop;
use nearhop::tools::exports;
use serde_json::{Value, json};

const NOW: u64 = 1_800_000_000_000;

/// Every Region there is; the one that will serve first, then the one nearest to the edges asked, so
/// that the reason is as long with two as with all.
fn regions() -> Vec<&'static str> {
    let rows = include_str!("../src/tools/data/aws-regions.csv").lines().skip(1);
    let names = rows.map(|row| row.split(',').next().expect("a name"));
    let first = ["us-east-1", "eu-central-1"];
    let others = names.filter(|name| !first.contains(name));
    first.into_iter().chain(others).collect()
}

/// The edge function with so many Regions and everything that a choice may ask.
fn start(edge: &str, count: usize) -> Harness<Nearhop> {
    let names = &regions()[..count];
    let endpoint = |name| {
        format!("{{ name = \"{name}\", endpoint = \"https://{name}.example.com\", weight = 100 }}")
    };
    let regions = names.iter().map(endpoint).collect::<Vec<_>>().join(", ");
    let toml = format!(
        r#"
routes = [{{ pattern = "/*", target = "api", access = "public" }}]
[api]
regions = [{regions}]
rules = [{{ countries = ["US"], regions = ["us-east-1"] }}]
residency = {{ sets = [{{ name = "US", countries = ["US"], regions = {names:?} }}] }}
sticky = {{ by = "cookie" }}
"#
    );
    let made = exports::bundle(&toml, "{}").expect("inputs of that form");
    let made: Value = serde_json::from_str(&made).expect("JSON");
    let bundle = made["bundle"].as_str().unwrap_or_else(|| panic!("{made}"));
    Harness::start(edge, bundle.as_bytes()).expect("a bundle that starts")
}

fn event(trigger: &str, client_ip: &str, sent: Option<&Value>) -> Value {
    let field = |name: &str, value: &str| json!([{ "key": name, "value": value }]);
    let request = json!({
        "clientIp": client_ip,
        "method": "GET",
        "uri": "/hello",
        "querystring": "",
        "headers": {
            "host": field("host", "origin.example.com"),
            "cookie": field("cookie", "nearhop_home=us-east-1"),
            "cloudfront-viewer-country": field("cloudfront-viewer-country", "US"),
            "cloudfront-viewer-latitude": field("cloudfront-viewer-latitude", "38.9"),
            "cloudfront-viewer-longitude": field("cloudfront-viewer-longitude", "-77.4"),
        },
        "origin": { "custom": {
            "customHeaders": {}, "domainName": "origin.example.com", "keepaliveTimeout": 5,
            "path": "", "port": 443, "protocol": "https", "readTimeout": 30,
            "sslProtocols": ["TLSv1.2"],
        } },
    });
    json!({ "Records": [{ "cf": {
        "config": { "eventType": trigger, "requestId": client_ip },
        "request": sent.unwrap_or(&request),
        "response": { "status": "503", "statusDescription": "", "headers": {} },
    } }] })
}

/// Allocations of one request at origin-request, once all there is to remember is remembered.
fn allocations(edge: &str, count: usize, ejected: bool) -> u64 {
    let mut harness = start(edge, count);
    let asks = event("origin-request", "198.51.100.7", None);
    let sent = harness.handle(&asks, NOW).result;
    assert_eq!(sent["origin"]["custom"]["domainName"], "us-east-1.example.com");
    if ejected {
        for client_ip in ["198.51.100.1", "198.51.100.2", "198.51.100.3"] {
            let mut answer = event("origin-response", client_ip, Some(&sent));
            answer["Records"][0]["cf"]["request"]["clientIp"] = client_ip.into();
            assert_eq!(harness.handle(&answer, NOW).result["status"], "503");
        }
        let sent = harness.handle(&asks, NOW).result;
        assert_eq!(sent["headers"]["x-nearhop-reason"][0]["value"], "ejected:us-east-1");
    }
    let mut count_of = || {
        let mut result = Value::Null;
        let info = allocation_counter::measure(|| result = harness.handle(&asks, NOW).result);
        assert!(result["origin"].is_object(), "{result}");
        info.count_total
    };
    count_of();
    count_of()
}

#[test]
fn a_request_among_39_regions_allocates_no_more_than_among_two() {
    assert_eq!(regions().len(), 39);
    // The third edge is one of which nothing is known: coordinates and the fit decide.
    for edge in ["us-east-1", "eu-central-1", "xx-nowhere-1"] {
        for ejected in [false, true] {
            let of_two = allocations(edge, 2, ejected);
            assert!(of_two > 0, "nothing was counted");
            for count in [6, 39] {
                assert_eq!(allocations(edge, count, ejected), of_two, "{edge}, {count} Regions");
            }
        }
    }
}
