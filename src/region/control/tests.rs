use proptest::prelude::*;

use super::*;

const NAMES: [&str; 3] = ["us-east-1", "eu-west-1", "ap-northeast-1"];
/// 2026-12-01T00:00:00Z
const DECEMBER: u64 = 1_796_083_200;
const NOW: UnixMillis = UnixMillis(1_790_000_000_000);

fn regions() -> Vec<Candidate> {
    let candidate = |name: &str| Candidate {
        name: name.into(),
        seed: 0,
        bias_ms: 0,
        weight: 100,
        coordinates: None,
    };
    NAMES.map(candidate).into()
}

fn settings() -> config::Control {
    serde_json::from_value(serde_json::json!({
        "urls": ["https://a.example/control.json?sig=secret", "https://b.example/control.json"],
        "interval_seconds": 20,
    }))
    .unwrap()
}

fn read(json: &str) -> Result<Document, Vec<(String, String)>> {
    parse(json.as_bytes(), &regions())
        .map_err(|problems| problems.into_iter().map(|p| (p.key, p.found)).collect())
}

/// Takes what the first URL brought at `now`.
fn bring(control: &mut Control, json: &str, now: UnixMillis) -> Option<String> {
    control.record(&settings(), &regions(), TAG, Ok(json.as_bytes()), now)
}

fn fail(control: &mut Control, tag: u32, fault: FetchFault<'_>) -> Option<String> {
    control.record(&settings(), &regions(), tag, Err(fault), NOW)
}

const MISSING: FetchFault<'_> = FetchFault::Status { status: 404, body: b"" };

fn later(seconds: u64) -> UnixMillis {
    UnixMillis(NOW.0 + seconds * 1_000)
}

/// What is drained, by name.
fn drained(control: &Control, now: UnixMillis) -> Vec<&'static str> {
    control.switches(now).drained.iter().map(|index| NAMES[index]).collect()
}

#[test]
fn every_member_means_something() {
    let document = read(
        r#"{
          "version": 7,
          "valid_until": "2026-12-01T00:00:00Z",
          "drain": ["eu-west-1"],
          "disable": ["ap-northeast-1"],
          "weights": {"us-east-1": 20, "eu-west-1": 0},
          "bias_ms": {"eu-west-1": -15},
          "pin": "us-east-1",
          "note": "maintenance"
        }"#,
    );
    let switches = Switches {
        drained: RegionSet::only(1),
        disabled: RegionSet::only(2),
        weights: vec![Some(20), Some(0), None],
        bias_ms: vec![0, -15, 0],
        pinned: Some(0),
    };
    let (valid_until, note) = (Some(DECEMBER), Some("maintenance".into()));
    assert_eq!(document, Ok(Document { version: 7, valid_until, note, switches }));
}

#[test]
fn what_is_left_out_or_null_switches_nothing() {
    let nothing = Switches { weights: vec![None; 3], bias_ms: vec![0; 3], ..Switches::default() };
    for json in [
        r#"{"version":0}"#,
        r#" {"version":0,"drain":[],"disable":[],"weights":{},"bias_ms":{},"pin":null} "#,
        r#"{"version":0,"drain":null,"disable":null,"weights":null,"bias_ms":null,"note":null,"valid_until":null}"#,
    ] {
        let document = read(json).unwrap();
        assert_eq!((document.version, document.valid_until), (0, None), "{json}");
        assert_eq!(document.switches, nothing, "{json}");
    }
}

/// Cases: control-document/malformed, control-document/unknown-region.
#[test]
fn what_cannot_stand_is_told_by_key_and_refuses_the_whole() {
    for (json, key, found) in [
        ("", "", "nothing"),
        ("<html>", "", "<html>"),
        ("[7]", "", "[7]"),
        ("{", "line 1", "EOF while parsing an object"),
        (r#"{"version":1} {}"#, "line 1", "trailing characters"),
        ("{}", "line 1", "missing field `version`"),
        (r#"{"version":1,"version":2}"#, "line 1", "duplicate field `version`"),
        (r#"{"version":1,"drian":["eu-west-1"]}"#, "line 1", "unknown field `drian`"),
        (r#"{"version":1,"weights":[1]}"#, "line 1", "invalid type: sequence"),
        (
            r#"{"version":1,"weights":{"us-east-1":1,"us-east-1":2}}"#,
            "line 1",
            "duplicate field `us-east-1`",
        ),
        (r#"{"version":null}"#, "version", "nothing"),
        (r#"{"version":"7"}"#, "version", "\"7\""),
        (r#"{"version":1.5}"#, "version", "1.5"),
        (r#"{"version":-1}"#, "version", "-1"),
        (r#"{"version":9007199254740992}"#, "version", "9007199254740992"),
        (r#"{"version":1,"drain":"eu-west-1"}"#, "drain", "\"eu-west-1\""),
        (r#"{"version":1,"drain":["eu-west-2"]}"#, "drain[0]", "\"eu-west-2\""),
        (r#"{"version":1,"drain":["eu-west-1",7]}"#, "drain[1]", "7"),
        (r#"{"version":1,"drain":["eu-west-1","eu-west-1"]}"#, "drain[1]", "\"eu-west-1\""),
        (r#"{"version":1,"disable":["EU-WEST-1"]}"#, "disable[0]", "\"EU-WEST-1\""),
        (r#"{"version":1,"weights":{"mars":1}}"#, "weights", "\"mars\""),
        (r#"{"version":1,"weights":{"us-east-1":101}}"#, "weights.us-east-1", "101"),
        (r#"{"version":1,"weights":{"us-east-1":-1}}"#, "weights.us-east-1", "-1"),
        (r#"{"version":1,"weights":{"us-east-1":"20"}}"#, "weights.us-east-1", "\"20\""),
        (r#"{"version":1,"bias_ms":{"us-east-1":1001}}"#, "bias_ms.us-east-1", "1001"),
        (r#"{"version":1,"pin":"mars"}"#, "pin", "\"mars\""),
        (r#"{"version":1,"pin":"us-east-1","disable":["us-east-1"]}"#, "pin", "\"us-east-1\""),
        (r#"{"version":1,"note":7}"#, "note", "7"),
        (r#"{"version":1,"valid_until":1796083200}"#, "valid_until", "1796083200"),
        (r#"{"version":1,"valid_until":"tomorrow"}"#, "valid_until", "\"tomorrow\""),
        (
            r#"{"version":1,"valid_until":"2026-12-01T00:00:00+01:00"}"#,
            "valid_until",
            "\"2026-12-01T00:00:00+01:00\"",
        ),
        (
            r#"{"version":1,"valid_until":"2026-13-01T00:00:00Z"}"#,
            "valid_until",
            "\"2026-13-01T00:00:00Z\"",
        ),
    ] {
        assert_eq!(read(json), Err(vec![(key.into(), found.into())]), "{json}");
    }
    assert!(parse(b"{\"version\":1,\"note\":\"\xff\"}", &regions()).is_err());
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let json = r#"{"version":-1,"drain":["mars"],"weights":{"us-east-1":200}}"#;
    let keys: Vec<_> = read(json).unwrap_err().into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["drain[0]", "weights.us-east-1", "version"]);
}

#[test]
fn to_disable_every_region_is_taken_for_a_mistake() {
    let json = r#"{"version":1,"disable":["us-east-1","eu-west-1","ap-northeast-1"]}"#;
    assert_eq!(read(json).unwrap_err()[0].0, "disable");
}

#[test]
fn looks_are_an_interval_apart_whatever_the_clock_does() {
    let (mut control, settings) = (Control::default(), settings());
    assert!(control.is_due(&settings, NOW));
    let look = control.look(&settings, NOW);
    assert_eq!((look.tag, look.url.as_str()), (TAG, settings.urls[0].as_str()));
    assert_eq!((look.max_bytes, look.timeout), (16_384, Duration::from_secs(2)));
    // Asking counts, not the answer, which may never come (rule L6).
    assert!(!control.is_due(&settings, NOW));
    assert!(!control.is_due(&settings, later(19)));
    assert!(control.is_due(&settings, later(20)));
    for jump in [later(1_000_000_000), UnixMillis(0)] {
        assert!(control.is_due(&settings, jump));
        control.look(&settings, jump);
        assert!(!control.is_due(&settings, jump));
        control.look(&settings, NOW);
        assert!(!control.is_due(&settings, later(1)));
    }
}

/// Cases: control-document/malformed, control-document/unknown-region, control-document/older.
/// Cases: control-document/stale, control-document/gone, control-document/oversized.
#[test]
fn the_last_good_one_stays() {
    let good = r#"{"version":5,"drain":["eu-west-1"]}"#;
    let mut control = Control::default();
    bring(&mut control, good, NOW);
    for bad in [
        "",                                                                 // malformed
        r#"{"version":6,"drain":["#,                                        // cut off
        r#"{"version":6,"drain":["eu-west-2"]}"#,                           // unknown
        r#"{"version":4,"drain":[]}"#,                                      // older
        r#"{"version":6,"drain":[],"valid_until":"2020-01-01T00:00:00Z"}"#, // stale
        r#"{"version":6,"drian":[]}"#,                                      // misspelt
    ] {
        assert!(bring(&mut control, bad, NOW).is_some(), "{bad} is told");
        assert_eq!(drained(&control, NOW), ["eu-west-1"], "{bad}");
    }
    for fault in [FetchFault::Unreachable, MISSING, FetchFault::TooLarge, FetchFault::NotModified] {
        fail(&mut control, TAG, fault);
        assert_eq!(drained(&control, NOW), ["eu-west-1"], "{fault:?}");
    }
    // As long as it takes: nobody gets traffic back by making the document unreachable.
    assert_eq!(drained(&control, later(1_000_000_000)), ["eu-west-1"]);
}

#[test]
fn newer_and_equal_versions_take_its_place() {
    let mut control = Control::default();
    bring(&mut control, r#"{"version":5,"drain":["eu-west-1"]}"#, NOW);
    bring(&mut control, r#"{"version":5,"drain":["us-east-1"]}"#, NOW);
    assert_eq!(drained(&control, NOW), ["us-east-1"]);
    bring(&mut control, r#"{"version":6}"#, NOW);
    assert_eq!(drained(&control, NOW), [""; 0]);
}

/// Cases: control-document/stale.
#[test]
fn switches_end_when_their_time_is_over() {
    let json = r#"{"version":5,"drain":["eu-west-1"],"valid_until":"2026-12-01T00:00:00Z"}"#;
    let mut control = Control::default();
    bring(&mut control, json, NOW);
    let last = UnixMillis(DECEMBER * 1_000 - 1);
    let over = UnixMillis(DECEMBER * 1_000);
    assert_eq!(drained(&control, last), ["eu-west-1"]);
    assert_eq!(drained(&control, over), [""; 0]);
    let said = control.record(&settings(), &regions(), TAG, Err(FetchFault::NotModified), over);
    assert_eq!(said.as_deref(), Some(r#"{"control":"expired","version":5}"#));
    // An older one does not come back with it.
    assert!(bring(&mut control, r#"{"version":4,"drain":["us-east-1"]}"#, over).is_some());
    assert_eq!(drained(&control, over), [""; 0]);
    // A clock that has only jumped has ended nothing.
    assert_eq!(drained(&control, NOW), ["eu-west-1"]);
}

#[test]
fn a_document_refused_while_the_clock_was_wrong_is_taken_once_it_is_right() {
    let json = r#"{"version":5,"drain":["eu-west-1"],"valid_until":"2026-12-01T00:00:00Z"}"#;
    let mut control = Control::default();
    bring(&mut control, json, UnixMillis(DECEMBER * 1_000));
    assert_eq!(drained(&control, NOW), [""; 0]);
    // It has not changed, so it does not come again.
    fail(&mut control, TAG, FetchFault::NotModified);
    assert_eq!(drained(&control, NOW), ["eu-west-1"]);
}

/// Cases: control-document/gone.
#[test]
fn after_a_failure_comes_the_next_url_and_after_a_success_the_first() {
    let (mut control, settings) = (Control::default(), settings());
    let look_at = |control: &mut Control| control.look(&settings, NOW).tag - TAG;
    assert_eq!(look_at(&mut control), 0);
    fail(&mut control, TAG, FetchFault::Unreachable);
    assert_eq!(look_at(&mut control), 1);
    control.record(&settings, &regions(), TAG + 1, Ok(b"not JSON"), NOW);
    assert_eq!(look_at(&mut control), 0);
    fail(&mut control, TAG, MISSING);
    assert_eq!(look_at(&mut control), 1);
    control.record(&settings, &regions(), TAG + 1, Err(FetchFault::NotModified), NOW);
    assert_eq!(look_at(&mut control), 0);
}

#[test]
fn what_is_none_of_its_looks_is_passed_over() {
    let mut control = Control::default();
    for tag in [0, TAG - 1, TAG + 2, u32::MAX] {
        let brought = Ok(&br#"{"version":5,"drain":["eu-west-1"]}"#[..]);
        assert_eq!(control.record(&settings(), &regions(), tag, brought, NOW), None);
        assert_eq!(drained(&control, NOW), [""; 0]);
    }
}

#[test]
fn the_log_says_what_has_changed_and_says_it_once() {
    let mut control = Control::default();
    let good = r#"{"version":5,"drain":["eu-west-1"],"disable":["us-east-1"],"pin":"eu-west-1"}"#;
    let in_force = r#"{"control":"in_force","version":5,"drain":["eu-west-1"],"disable":["us-east-1"],"pin":"eu-west-1"#;
    let gone = r#"{"control":"none","trouble":"answered other than 200","url":"https://a.example/control.json"}"#;
    assert_eq!(fail(&mut control, TAG, MISSING).as_deref(), Some(gone));
    assert_eq!(fail(&mut control, TAG, MISSING), None);
    assert_eq!(bring(&mut control, good, NOW), Some(format!("{in_force}\"}}")));
    assert_eq!(bring(&mut control, good, NOW), None);
    assert_eq!(fail(&mut control, TAG, FetchFault::NotModified), None);
    let refused = bring(&mut control, r#"{"version":4}"#, NOW).unwrap();
    assert_eq!(
        refused,
        format!(
            r#"{in_force}","trouble":"version: found 4, allowed: 5 or more: that one is held","url":"https://a.example/control.json"}}"#
        )
    );
    assert_eq!(bring(&mut control, good, NOW), Some(format!("{in_force}\"}}")));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Err(problems) = parse(&bytes, &regions()) {
            prop_assert!(!problems.is_empty());
        }
    }

    /// Whatever comes in whatever order, the held version never falls, and every Region named by
    /// the switches is one of the API's.
    #[test]
    fn the_version_held_never_falls(
        steps in proptest::collection::vec((0_u64..9, 0_usize..5, 0_u64..3_000_000_000_000), 1..40)
    ) {
        let mut control = Control::default();
        let mut held = None;
        for (version, region, now) in steps {
            let name = NAMES.get(region).unwrap_or(&"mars");
            let json = format!(
                r#"{{"version":{version},"drain":["{name}"],"valid_until":"2026-12-01T00:00:00Z"}}"#
            );
            bring(&mut control, &json, UnixMillis(now));
            let version = control.held.as_ref().map(|document| document.version);
            prop_assert!(version >= held);
            held = version;
            let switched = control.switches(UnixMillis(now)).drained;
            prop_assert!(switched.without(RegionSet::first(NAMES.len())).is_empty());
        }
    }
}
