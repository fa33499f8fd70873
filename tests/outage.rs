//! A Region's outage and recovery, simulated: many instances of the real worker, viewers who come at
//! random, an origin group as CloudFront drives it (rules F3–F5), and a clock of its own.
//!
//! What is asserted is structure. What happened is a table, printed (`-- --nocapture`) and left in
//! `target/outage.txt`.

mod viewers;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::thread;

use cloudfront_worker::testing::Harness;
use nearhop::Nearhop;
use nearhop::tools::exports;
use serde_json::{Value, json};
use viewers::{Random, Request, requests};

const CONFIGURATION: &str = r#"
[[routes]]
pattern = "/api/*"
target = "api"
access = "public"

[api]
regions = [
  { name = "us-east-1", endpoint = "https://us-east-1.example.com" },
  { name = "eu-west-1", endpoint = "https://eu-west-1.example.com" },
  { name = "eu-central-1", endpoint = "https://eu-central-1.example.com" },
  { name = "ap-northeast-1", endpoint = "https://ap-northeast-1.example.com" },
]

[api.residency]
sets = [{ name = "EU", countries = ["EU"], regions = ["eu-west-1", "eu-central-1"] }]
"#;

/// Where EU's residents may be served.
const EU: [&str; 2] = ["eu-west-1", "eu-central-1"];
const DEAD: &str = "eu-west-1";
/// Edge Regions with the country of their viewers.
const EDGES: [(&str, &str); 6] = [
    ("us-east-1", "US"),
    ("eu-west-1", "IE"),
    ("eu-west-2", "GB"),
    ("eu-central-1", "DE"),
    ("ap-northeast-1", "JP"),
    ("sa-east-1", "BR"),
];
const INSTANCES_PER_EDGE: usize = 10;
/// Requests per second at each edge.
const RATE: f64 = 5.0;
const OUTAGE: std::ops::Range<u64> = 60_000..180_000;
const END: u64 = 420_000;
/// Milliseconds until an answer, and until CloudFront gives up on a Region that sends none.
const ANSWER: u64 = 60;
const NO_ANSWER: u64 = 3_000;
/// Milliseconds of the window by which moving and returning are told.
const WINDOW: u64 = 5_000;

/// How the Region fails, and what the distribution has for it.
#[derive(Clone, Copy)]
struct Scenario {
    name: &'static str,
    /// Whether the dead Region answers 503, or nothing at all: then origin-response does not run
    /// (rule F5).
    answers: bool,
    /// Whether GET has a second leg.
    origin_group: bool,
}

const SCENARIOS: [Scenario; 4] = [
    Scenario { name: "503, origin group", answers: true, origin_group: true },
    Scenario { name: "no answer, origin group", answers: false, origin_group: true },
    Scenario { name: "503, no origin group", answers: true, origin_group: false },
    Scenario { name: "no answer, no origin group", answers: false, origin_group: false },
];

/// Cases: failure-memory/recovery-ramp.
#[test]
fn traffic_leaves_a_dead_region_and_returns() {
    let reports: Vec<Report> = thread::scope(|scope| {
        let runs = SCENARIOS.map(|scenario| scope.spawn(move || simulate(scenario)));
        runs.map(|run| run.join().expect("a simulation")).into()
    });
    let table = table(&reports);
    println!("{table}");
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    fs::create_dir_all(&target).unwrap();
    fs::write(target.join("outage.txt"), table).unwrap();

    for report in &reports {
        let Scenario { name, answers, origin_group } = report.scenario;
        let (get, post) = (&report.outage["GET"], &report.outage["POST"]);
        assert!(get.sent > 500 && post.sent > 200, "{name}: too little to tell anything by");
        assert_eq!(report.lost_otherwise, 0, "{name}: lost while all Regions were well");
        assert!(report.share_before > 0.99, "{name}: it was not the nearest");
        assert_eq!(report.elsewhere_moved, 0, "{name}: others' traffic was moved as well");
        assert!(report.returned.is_some(), "{name}: did not return");
        assert!(report.share_at_end > 0.99, "{name}: not all returned");
        if origin_group {
            assert_eq!(get.lost, 0, "{name}: GET has a second leg");
        }
        if answers || origin_group {
            assert!(report.moved.is_some(), "{name}: did not move");
            assert!(report.share_in_outage < 0.5, "{name}: {}", report.share_in_outage);
            assert!(post.lost * 2 < post.sent, "{name}: most were lost");
        } else {
            // Nobody tells the function of what it never hears of.
            assert_eq!(report.moved, None);
            assert_eq!(post.lost, post.sent);
        }
    }
}

/// What a scenario came to. `affected` is who has the dead Region for the nearest.
struct Report {
    scenario: Scenario,
    /// Of the affected viewers' requests during the outage, by method.
    outage: BTreeMap<&'static str, Count>,
    /// Shares of the affected viewers' first legs that went to the dead Region.
    share_before: f64,
    share_in_outage: f64,
    share_at_end: f64,
    /// Seconds until 90 % had moved, and after the recovery until 90 % were back.
    moved: Option<f64>,
    returned: Option<f64>,
    lost_otherwise: usize,
    elsewhere_moved: usize,
}

#[derive(Default)]
struct Count {
    sent: usize,
    lost: usize,
}

/// A first leg: when, at which edge, for which Region.
struct Sent {
    at: u64,
    edge: &'static str,
    region: String,
}

struct World {
    scenario: Scenario,
    instances: BTreeMap<&'static str, Vec<Harness<Nearhop>>>,
    random: Random,
    first_legs: Vec<Sent>,
    /// Requests that came to nothing: when they were made, where, and their method.
    lost: Vec<(u64, &'static str, &'static str)>,
}

/// What happens next to a request.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    /// The origin-request of its first or second leg.
    Leg(u8),
    /// An answer of this status from this Region.
    Answer { leg: u8, status: u16, request: String },
    /// CloudFront gives up waiting.
    GiveUp(u8),
}

fn simulate(scenario: Scenario) -> Report {
    let bundle = bundle();
    let instances = EDGES.map(|(edge, _)| {
        let start = |_| Harness::start(edge, bundle.as_bytes()).expect("a bundle that starts");
        (edge, (0..INSTANCES_PER_EDGE).map(start).collect())
    });
    let mut world = World {
        scenario,
        instances: instances.into(),
        random: Random(17),
        first_legs: Vec::new(),
        lost: Vec::new(),
    };
    let all = requests(&EDGES, RATE, END);
    let start = |(number, request): (usize, &Request)| Reverse((request.at, number, Next::Leg(1)));
    let mut queue: BinaryHeap<_> = all.iter().enumerate().map(start).collect();
    while let Some(Reverse((now, number, next))) = queue.pop() {
        if let Some((later, next)) = world.step(now, number, &all[number], next) {
            queue.push(Reverse((later, number, next)));
        }
    }
    world.report(&all)
}

impl World {
    /// Takes one step of a request; what comes after it, and when.
    fn step(
        &mut self,
        now: u64,
        number: usize,
        request: &Request,
        next: Next,
    ) -> Option<(u64, Next)> {
        match next {
            Next::Leg(leg) => {
                let event = origin_request(number, request, leg);
                let sent = self.handle(request.edge, &event, now);
                let region = region_of(&sent);
                if request.country == "IE" || request.country == "DE" {
                    assert!(EU.contains(&region), "{} was sent to {region}", request.country);
                }
                if leg == 1 {
                    let region = region.to_owned();
                    self.first_legs.push(Sent { at: now, edge: request.edge, region });
                }
                let is_dead = region == DEAD && OUTAGE.contains(&now);
                if is_dead && !self.scenario.answers {
                    return Some((now + NO_ANSWER, Next::GiveUp(leg)));
                }
                let status = if is_dead { 503 } else { 200 };
                Some((now + ANSWER, Next::Answer { leg, status, request: sent.to_string() }))
            }
            Next::Answer { leg, status, request: sent } => {
                let event = origin_response(number, &sent, status);
                let answer = self.handle(request.edge, &event, now);
                assert!(answer["headers"]["x-nearhop-region"].is_array(), "{answer}");
                if status == 200 { None } else { self.failed(now, request, leg) }
            }
            Next::GiveUp(leg) => self.failed(now, request, leg),
        }
    }

    /// Rule F3: only GET, HEAD and OPTIONS have a second leg.
    fn failed(&mut self, now: u64, request: &Request, leg: u8) -> Option<(u64, Next)> {
        if leg == 1 && self.scenario.origin_group && request.method == "GET" {
            return Some((now, Next::Leg(2)));
        }
        self.lost.push((request.at, request.edge, request.method));
        None
    }

    /// Any instance of the edge may get any event (rule L5).
    fn handle(&mut self, edge: &str, event: &Value, now: u64) -> Value {
        let instances = self.instances.get_mut(edge).expect("an edge");
        let instance = self.random.below(instances.len());
        // Whole milliseconds since 1970, as Lambda's clock says them.
        let handled = instances[instance].handle(event, 1_800_000_000_000 + now);
        assert_eq!(handled.fetch, None);
        handled.result
    }

    fn report(self, all: &[Request]) -> Report {
        // Decided by what happened before anything failed.
        let nearest_is_dead = |edge: &str| {
            let first = self.first_legs.iter().find(|sent| sent.edge == edge);
            first.is_some_and(|sent| sent.region == DEAD)
        };
        let affected: Vec<&str> =
            EDGES.iter().map(|(edge, _)| *edge).filter(|edge| nearest_is_dead(edge)).collect();
        let is_affected = |edge: &str| affected.contains(&edge);
        let share = |from: u64, to: u64| {
            let within = self.first_legs.iter().filter(|sent| (from..to).contains(&sent.at));
            let of_affected: Vec<_> = within.filter(|sent| is_affected(sent.edge)).collect();
            let dead = of_affected.iter().filter(|sent| sent.region == DEAD).count();
            dead as f64 / of_affected.len() as f64
        };
        let reached = |from: u64, to: u64, is_reached: &dyn Fn(f64) -> bool| {
            let mut starts = (from..to.saturating_sub(WINDOW)).step_by(500);
            let start = starts.find(|start| is_reached(share(*start, start + WINDOW)))?;
            Some((start - from) as f64 / 1_000.0)
        };
        let mut outage: BTreeMap<&str, Count> = BTreeMap::new();
        for request in all {
            if is_affected(request.edge) && OUTAGE.contains(&request.at) {
                outage.entry(request.method).or_default().sent += 1;
            }
        }
        let mut lost_otherwise = 0;
        for (at, edge, method) in &self.lost {
            match is_affected(edge) && OUTAGE.contains(at) {
                true => outage.entry(method).or_default().lost += 1,
                false => lost_otherwise += 1,
            }
        }
        let elsewhere = self.first_legs.iter().filter(|sent| !is_affected(sent.edge));
        let mut by_edge: BTreeMap<&str, &str> = BTreeMap::new();
        let elsewhere_moved = elsewhere
            .filter(|sent| *by_edge.entry(sent.edge).or_insert(&sent.region) != sent.region)
            .count();
        Report {
            scenario: self.scenario,
            outage,
            share_before: share(0, OUTAGE.start),
            share_in_outage: share(OUTAGE.start, OUTAGE.end),
            share_at_end: share(END - 30_000, END),
            moved: reached(OUTAGE.start, OUTAGE.end, &|share| share <= 0.1),
            returned: reached(OUTAGE.end, END, &|share| share >= 0.9),
            lost_otherwise,
            elsewhere_moved,
        }
    }
}

fn bundle() -> String {
    let made = exports::bundle(CONFIGURATION, "{}").expect("inputs of that form");
    let made: Value = serde_json::from_str(&made).expect("JSON from the tools");
    made["bundle"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

fn origin_request(number: usize, request: &Request, leg: u8) -> Value {
    let field = |name: &str, value: &str| json!([{ "key": name, "value": value }]);
    json!({ "Records": [{ "cf": {
        "config": config("origin-request", number),
        "request": {
            "clientIp": request.client_ip,
            "method": request.method,
            "uri": "/api/hello",
            "querystring": "",
            "headers": {
                "host": field("host", "origin.example.com"),
                "cloudfront-viewer-country": field("cloudfront-viewer-country", request.country),
            },
            "origin": { "custom": {
                "customHeaders": { "x-nearhop-leg": field("x-nearhop-leg", &leg.to_string()) },
                "domainName": "origin.example.com",
                "keepaliveTimeout": 5, "path": "", "port": 443, "protocol": "https",
                "readTimeout": 30, "sslProtocols": ["TLSv1.2"],
            } },
        },
    } }] })
}

fn origin_response(number: usize, sent: &str, status: u16) -> Value {
    let request: Value = serde_json::from_str(sent).expect("a request");
    json!({ "Records": [{ "cf": {
        "config": config("origin-response", number),
        "request": request,
        "response": { "status": status.to_string(), "statusDescription": "", "headers": {} },
    } }] })
}

fn config(trigger: &str, number: usize) -> Value {
    json!({
        "distributionDomainName": "d111111abcdef8.cloudfront.net",
        "distributionId": "EDFDVBD6EXAMPLE",
        "eventType": trigger,
        "requestId": format!("request-{number}"),
    })
}

fn region_of(sent: &Value) -> &str {
    let domain = sent["origin"]["custom"]["domainName"].as_str();
    domain
        .and_then(|domain| domain.strip_suffix(".example.com"))
        .unwrap_or_else(|| panic!("{sent}"))
}

fn table(reports: &[Report]) -> String {
    let mut text = String::new();
    let (from, to) = (OUTAGE.start / 1_000, OUTAGE.end / 1_000);
    let (instances, edges) = (EDGES.len() * INSTANCES_PER_EDGE, EDGES.len());
    writeln!(
        text,
        "{DEAD} dead from {from} s to {to} s; {instances} instances on {edges} edges, {RATE} requests \
         per second on each.\nOf the viewers nearest to it; moved and returned by windows of {} s.",
        WINDOW / 1_000
    )
    .unwrap();
    writeln!(
        text,
        "{:28} {:>13} {:>13} {:>10} {:>14} {:>14}",
        "what the dead Region does",
        "GET lost",
        "POST lost",
        "90 % moved",
        "sent to it",
        "90 % returned",
    )
    .unwrap();
    for report in reports {
        let lost = |method: &str| {
            let Count { sent, lost } = report.outage[method];
            format!("{lost} of {sent}")
        };
        let after = |seconds: Option<f64>| match seconds {
            Some(seconds) => format!("{seconds:.1} s"),
            None => "never".into(),
        };
        let share = format!("{:.1} %", 100.0 * report.share_in_outage);
        writeln!(
            text,
            "{:28} {:>13} {:>13} {:>10} {:>14} {:>14}",
            report.scenario.name,
            lost("GET"),
            lost("POST"),
            after(report.moved),
            share,
            if report.moved.is_some() { after(report.returned) } else { "never left".into() },
        )
        .unwrap();
    }
    text
}
