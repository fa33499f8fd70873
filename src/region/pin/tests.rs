use cloudfront_worker::testing::Harness;
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};

use crate::Nearhop;
use crate::base64url::encode;

use super::*;

const KEY: &str = "a-key-for-pins-of-thirty-two-bytes";
const NOW: u64 = 1_790_000_000;

fn sign(key: &str, header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()));
    let key = EncodingKey::from_secret(key.as_bytes());
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{signed}.{signature}")
}

fn pin(region: &str, exp: u64) -> String {
    let claims = json!({ "region": region, "exp": exp }).to_string();
    sign(KEY, r#"{"alg":"HS256","typ":"JWT"}"#, &claims)
}

/// A function at an edge nearest to us-east-1, with a route that is not for Asia.
fn edge(with_key: bool) -> Harness<Nearhop> {
    let region = |name: &str| {
        json!({
            "name": name,
            "endpoint": format!("https://a.execute-api.{name}.amazonaws.com"),
        })
    };
    let trip = |ms: f32| json!({ "ms": ms, "measured": true });
    let mut bundle = json!({
        "config": {
            "routes": [
                { "pattern": "/api/*", "target": "api", "access": "public",
                  "regions": ["us-east-1", "eu-west-1"] },
            ],
            "api": {
                "regions": [region("us-east-1"), region("eu-west-1"), region("ap-northeast-1")],
            },
        },
        "key_sets": [],
        "distances": [
            { "edge": "us-east-1", "round_trips": [trip(1.0), trip(70.0), trip(150.0)] },
        ],
    });
    if with_key {
        bundle["config"]["api"]["pin"] = json!({ "env": "NEARHOP_PIN_KEY" });
        bundle["pin_key"] = KEY.into();
    }
    Harness::start("us-east-1", bundle.to_string().as_bytes()).unwrap()
}

/// What becomes of a request with these pins, at a trigger.
fn ask(edge: &mut Harness<Nearhop>, trigger: &str, pins: &[&str]) -> Value {
    let path = format!("{}/tests/events/{trigger}.json", env!("CARGO_MANIFEST_DIR"));
    let mut event: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let request = &mut event["Records"][0]["cf"]["request"];
    request["uri"] = "/api/hello".into();
    request["headers"]["x-nearhop-pin"] =
        pins.iter().map(|pin| json!({ "key": "X-Nearhop-Pin", "value": pin })).collect();
    edge.handle(&event, NOW * 1_000).result
}

/// The Region and the reason.
fn choice(result: &Value) -> (&str, &str) {
    let header = |name: &str| result["headers"][name][0]["value"].as_str().unwrap();
    (header("x-nearhop-region"), header("x-nearhop-reason"))
}

#[test]
fn a_signed_pin_chooses_at_both_triggers_and_never_reaches_the_api() {
    let (mut edge, pin) = (edge(true), pin("eu-west-1", NOW + 600));
    let viewer = ask(&mut edge, "viewer-request", &[&pin]);
    assert_eq!(choice(&viewer), ("eu-west-1", "override"));
    // Origin-request decides again, and needs it.
    assert_eq!(viewer["headers"]["x-nearhop-pin"][0]["value"], pin.as_str());
    let origin = ask(&mut edge, "origin-request", &[&pin]);
    assert_eq!(choice(&origin), ("eu-west-1", "override"));
    assert_eq!(origin["origin"]["custom"]["domainName"], "a.execute-api.eu-west-1.amazonaws.com");
    assert_eq!(origin["headers"]["x-nearhop-pin"], Value::Null);
}

#[test]
fn what_is_no_pin_is_ignored_and_stripped() {
    let claims = |claims: &str| sign(KEY, r#"{"alg":"HS256"}"#, claims);
    let header = |header: &str| {
        sign(KEY, header, &json!({ "region": "eu-west-1", "exp": NOW + 600 }).to_string())
    };
    let good = pin("eu-west-1", NOW + 600);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let other_key = "another-key-of-at-least-32-bytes-it-is";
    let unsigned = format!(
        "{}.{}.",
        encode(br#"{"alg":"none"}"#),
        encode(json!({ "region": "eu-west-1", "exp": NOW + 600 }).to_string().as_bytes())
    );
    let wrong: Vec<(&str, String)> = vec![
        ("plain text", "eu-west-1".into()),
        ("nothing", String::new()),
        ("dots", "..".into()),
        ("alg none", unsigned),
        ("no signature", format!("{signed}.")),
        ("a cut signature", format!("{signed}.{}", &signature[..42])),
        ("a longer signature", format!("{good}AAAA")),
        ("a padded signature", format!("{good}=")),
        ("a fourth part", format!("{good}.")),
        (
            "another's key",
            sign(
                other_key,
                r#"{"alg":"HS256"}"#,
                &json!({ "region": "eu-west-1", "exp": NOW + 600 }).to_string(),
            ),
        ),
        (
            "an empty key",
            sign(
                "",
                r#"{"alg":"HS256"}"#,
                &json!({ "region": "eu-west-1", "exp": NOW + 600 }).to_string(),
            ),
        ),
        ("expired", pin("eu-west-1", NOW)),
        ("long expired", pin("eu-west-1", 0)),
        ("too long a life", pin("eu-west-1", NOW + 86_401)),
        ("for ever", pin("eu-west-1", u64::MAX)),
        ("no such Region", pin("eu-west-2", NOW + 600)),
        ("no Region", claims(&json!({ "exp": NOW + 600 }).to_string())),
        ("no exp", claims(r#"{"region":"eu-west-1"}"#)),
        ("exp as text", claims(r#"{"region":"eu-west-1","exp":"1790000600"}"#)),
        ("exp twice", claims(r#"{"region":"eu-west-1","exp":1790000600,"exp":1790000600}"#)),
        ("more claims", claims(r#"{"region":"eu-west-1","exp":1790000600,"sub":"x"}"#)),
        ("another alg", header(r#"{"alg":"HS512"}"#)),
        ("alg none, signed", header(r#"{"alg":"none"}"#)),
        ("alg of users' tokens", header(r#"{"alg":"RS256"}"#)),
        ("crit", header(r#"{"alg":"HS256","crit":["b64"],"b64":false}"#)),
        (
            "too long",
            claims(&format!(r#"{{"region":"eu-west-1","exp":1790000600{}}}"#, " ".repeat(1_000))),
        ),
    ];
    let mut edge = edge(true);
    for (what, pin) in &wrong {
        for trigger in ["viewer-request", "origin-request"] {
            let result = ask(&mut edge, trigger, &[pin]);
            assert_eq!(choice(&result), ("us-east-1", "rtt"), "{what} at {trigger}");
            assert_eq!(result["headers"]["x-nearhop-pin"], Value::Null, "{what} at {trigger}");
        }
    }
    // Two are not one, even when both are good.
    let twice = ask(&mut edge, "origin-request", &[&good, &good]);
    assert_eq!(choice(&twice), ("us-east-1", "rtt"));
    let once = ask(&mut edge, "origin-request", &[&good]);
    assert_eq!(choice(&once), ("eu-west-1", "override"));
}

#[test]
fn every_changed_byte_makes_it_void() {
    let (mut edge, good) = (edge(true), pin("eu-west-1", NOW + 600));
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] ^= 1;
        let Ok(changed) = String::from_utf8(bytes) else { continue };
        let result = ask(&mut edge, "origin-request", &[&changed]);
        assert_eq!(choice(&result), ("us-east-1", "rtt"), "byte {at}");
    }
}

#[test]
fn a_pin_never_leaves_what_is_permitted() {
    let result = ask(&mut edge(true), "origin-request", &[&pin("ap-northeast-1", NOW + 600)]);
    assert_eq!(choice(&result), ("us-east-1", "rtt"));
}

#[test]
fn without_a_key_there_are_no_pins() {
    for trigger in ["viewer-request", "origin-request"] {
        let result = ask(&mut edge(false), trigger, &[&pin("eu-west-1", NOW + 600)]);
        assert_eq!(choice(&result), ("us-east-1", "rtt"));
        assert_eq!(result["headers"]["x-nearhop-pin"], Value::Null);
    }
}
