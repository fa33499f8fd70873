//! What of the Regions' cases only shows at the whole function: where a viewer is, residency at both
//! triggers, second legs, and what a client can do to an instance's memory of failures.

use cloudfront_worker::testing::Harness;
use nearhop::Nearhop;
use nearhop::tools::exports;
use serde_json::{Value, json};

const NOW: u64 = 1_800_000_000_000;
const REGIONS: &str = r#"
routes = [{ pattern = "/*", target = "api", access = "public" }]
[api]
regions = [
  { name = "us-east-1", endpoint = "https://us-east-1.example.com" },
  { name = "eu-west-1", endpoint = "https://eu-west-1.example.com" },
  { name = "ap-northeast-1", endpoint = "https://ap-northeast-1.example.com" },
]
"#;

struct Function(Harness<Nearhop>);

/// A request as the function sees it.
#[derive(Clone, Copy)]
struct Ask<'a> {
    trigger: &'a str,
    request_id: &'a str,
    client_ip: &'a str,
    headers: &'a [(&'a str, &'a str)],
    leg: &'a str,
}

const ASK: Ask<'_> = Ask {
    trigger: "origin-request",
    request_id: "request-1",
    client_ip: "198.51.100.7",
    headers: &[],
    leg: "1",
};

impl Function {
    fn start(edge: &str, more: &str) -> Self {
        let made = exports::bundle(&format!("{REGIONS}{more}"), "{}").expect("inputs of that form");
        let made: Value = serde_json::from_str(&made).expect("JSON");
        let bundle = made["bundle"].as_str().unwrap_or_else(|| panic!("{made}"));
        Self(Harness::start(edge, bundle.as_bytes()).expect("a bundle that starts"))
    }

    fn result(&mut self, ask: Ask<'_>) -> Value {
        let field = |name: &str, value: &str| json!([{ "key": name, "value": value }]);
        let mut headers = json!({ "host": field("host", "d111111abcdef8.cloudfront.net") });
        for (name, value) in ask.headers {
            headers[name] = field(name, value);
        }
        let mut request = json!({
            "clientIp": ask.client_ip, "method": "GET", "uri": "/hello", "querystring": "",
            "headers": headers,
        });
        if ask.trigger == "origin-request" {
            request["origin"] = json!({ "custom": {
                "customHeaders": { "x-nearhop-leg": field("x-nearhop-leg", ask.leg) },
                "domainName": "origin.example.com", "keepaliveTimeout": 5, "path": "", "port": 443,
                "protocol": "https", "readTimeout": 30, "sslProtocols": ["TLSv1.2"],
            } });
        }
        let config = json!({ "eventType": ask.trigger, "requestId": ask.request_id });
        let event = json!({ "Records": [{ "cf": { "config": config, "request": request } }] });
        self.0.handle(&event, NOW).result
    }

    /// The Region and its reason, or the code of a refusal.
    fn ask(&mut self, ask: Ask<'_>) -> String {
        let result = self.result(ask);
        let header = |name: &str| result["headers"][name][0]["value"].as_str();
        match (header("x-nearhop-region"), header("x-nearhop-reason"), result["body"].as_str()) {
            (Some(region), Some(reason), None) => format!("{region}: {reason}"),
            (None, None, None) => "no stamp".into(),
            (None, None, Some(body)) => {
                let body: Value = serde_json::from_str(body).expect("a refusal in JSON");
                assert_eq!(header("cache-control"), Some("no-store"));
                format!(
                    "{} {}",
                    result["status"].as_str().unwrap(),
                    body["error"].as_str().unwrap()
                )
            }
            _ => panic!("{result}"),
        }
    }

    /// Has a request answered with a status by the Region it is sent to.
    fn answered(&mut self, ask: Ask<'_>, status: u16) {
        let mut request = self.result(ask);
        request["clientIp"] = ask.client_ip.into();
        let config = json!({ "eventType": "origin-response", "requestId": ask.request_id });
        let response =
            json!({ "status": status.to_string(), "statusDescription": "", "headers": {} });
        let cf = json!({ "config": config, "request": request, "response": response });
        self.0.handle(&json!({ "Records": [{ "cf": cf }] }), NOW);
    }
}

/// Cases: location/coordinates, location/unknown-edge.
#[test]
fn coordinates_count_where_the_edge_is_unknown_and_are_true() {
    let mut known = Function::start("eu-west-1", "");
    let mut unknown = Function::start("xx-nowhere-1", "");
    let at = |latitude, longitude, trigger| {
        let headers =
            [("cloudfront-viewer-latitude", latitude), ("cloudfront-viewer-longitude", longitude)];
        (headers, trigger)
    };
    for ((headers, trigger), expected) in [
        (at("35.6", "139.7", "origin-request"), "ap-northeast-1: distance"),
        (at("53.3", "-6.2", "origin-request"), "eu-west-1: distance"),
        (at("-90", "180", "origin-request"), "us-east-1: distance"),
        (at("91", "139.7", "origin-request"), "us-east-1: default"),
        (at("35.6", "180.1", "origin-request"), "us-east-1: default"),
        (at("north", "139.7", "origin-request"), "us-east-1: default"),
        (at("NaN", "139.7", "origin-request"), "us-east-1: default"),
        (at("inf", "139.7", "origin-request"), "us-east-1: default"),
        (at("", "", "origin-request"), "us-east-1: default"),
        (at("1e99", "0", "origin-request"), "us-east-1: default"),
        // There they are the viewer's own words (rule W8).
        (at("35.6", "139.7", "viewer-request"), "us-east-1: default"),
    ] {
        let ask = Ask { trigger, headers: &headers, ..ASK };
        let found = unknown.ask(ask);
        let expected = match expected {
            // Every Region is about as far from the pole as the next: that it is fitted is enough.
            "us-east-1: distance" => {
                assert!(found.ends_with(": distance"), "{found}");
                continue;
            }
            expected => expected,
        };
        assert_eq!(found, expected, "{headers:?} at {trigger}");
        assert_eq!(known.ask(ask), "eu-west-1: rtt");
    }
    for edge in ["", "eu-west-1 ", "EU-WEST-1", "../eu-west-1", "unknown"] {
        assert_eq!(Function::start(edge, "").ask(ASK), "us-east-1: default", "{edge}");
    }
}

/// Cases: residency/all-down.
#[test]
fn residency_is_kept_when_all_that_is_permitted_fails() {
    let eu = "residency = { sets = [{ name = \"EU\", countries = [\"EU\"], regions = [\"eu-west-1\"] }] }";
    let mut function = Function::start("us-east-1", eu);
    let german = Ask { headers: &[("cloudfront-viewer-country", "DE")], ..ASK };
    for client_ip in ["198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4"] {
        function.answered(Ask { client_ip, request_id: client_ip, ..german }, 503);
        assert_eq!(function.ask(german), "eu-west-1: residency");
        assert_eq!(function.ask(Ask { leg: "2", ..german }), "eu-west-1: residency");
    }
    assert_eq!(function.ask(ASK), "us-east-1: rtt");
}

/// Cases: residency/none-permitted.
#[test]
fn where_nothing_is_permitted_the_answer_is_503_and_it_is_origin_request_that_knows() {
    let eu = "residency = { otherwise = \"none\", sets = [{ name = \"EU\", countries = [\"EU\"], \
              regions = [\"eu-west-1\"] }] }";
    let mut function = Function::start("us-east-1", eu);
    let from = |country| [("cloudfront-viewer-country", country)];
    assert_eq!(function.ask(Ask { headers: &from("DE"), ..ASK }), "eu-west-1: residency");
    for country in ["US", "de", "EU", "", "DEU"] {
        assert_eq!(function.ask(Ask { headers: &from(country), ..ASK }), "503 no_region");
    }
    assert_eq!(function.ask(ASK), "503 no_region");
    // Before origin-request nobody knows the country (rule W8): that refuses nobody.
    let early = Ask { trigger: "viewer-request", ..ASK };
    assert_eq!(function.ask(early), "no stamp");
    let spoofed = [("x-nearhop-region", "us-east-1"), ("x-nearhop-reason", "rtt")];
    assert_eq!(function.ask(Ask { headers: &spoofed, ..early }), "no stamp");
}

/// Cases: failure-memory/client-caused.
#[test]
fn one_client_does_not_take_a_region_from_the_others() {
    let mut function = Function::start("eu-west-1", "");
    let ids: Vec<String> = (0..200).map(|n| format!("request-{n}")).collect();
    for (request_id, status) in ids.iter().zip([400, 401, 403, 404, 429, 500].into_iter().cycle()) {
        function.answered(Ask { request_id, ..ASK }, status);
    }
    for request_id in &ids[..5] {
        function.answered(Ask { request_id, ..ASK }, 503);
        assert_eq!(function.ask(ASK), "eu-west-1: rtt");
    }
    function.answered(Ask { request_id: &ids[5], ..ASK }, 503);
    assert_eq!(function.ask(ASK), "us-east-1: ejected:eu-west-1");
}

#[test]
fn a_second_leg_goes_elsewhere_though_the_first_ones_answer_has_been_counted() {
    let mut function = Function::start("eu-west-1", "");
    for client_ip in ["198.51.100.1", "198.51.100.2", "198.51.100.3"] {
        let ask = Ask { client_ip, request_id: client_ip, ..ASK };
        assert_eq!(function.ask(ask), "eu-west-1: rtt");
        function.answered(ask, 503);
        // The third of them has just ejected it.
        assert_eq!(function.ask(Ask { leg: "2", ..ask }), "us-east-1: failover:2");
    }
    assert_eq!(function.ask(ASK), "us-east-1: ejected:eu-west-1");
}

#[test]
fn without_passive_health_nothing_is_remembered_and_a_second_leg_still_goes_elsewhere() {
    let mut function = Function::start("eu-west-1", "passive_health = false");
    for n in 0..20 {
        let client_ip = format!("198.51.100.{n}");
        let ask = Ask { client_ip: &client_ip, request_id: &client_ip, ..ASK };
        function.answered(ask, 503);
        assert_eq!(function.ask(Ask { leg: "2", ..ask }), "us-east-1: failover:2");
        assert_eq!(function.ask(ask), "eu-west-1: rtt");
    }
}
