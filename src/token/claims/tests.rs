use proptest::prelude::*;
use proptest::sample::select;

use super::*;

fn name() -> impl Strategy<Value = String> {
    let known = select(vec![
        "iss",
        "sub",
        "exp",
        "nbf",
        "iat",
        "jti",
        "aud",
        "client_id",
        "scope",
        "token_use",
        "username",
        "cognito:username",
        "cognito:groups",
    ]);
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => "[a-z\\\\\" é]{0,20}"]
}

fn value() -> impl Strategy<Value = String> {
    let odd = select(vec![
        "true",
        "false",
        "null",
        "tru",
        "truefalse",
        "[]",
        r#"["a"]"#,
        r#"["a","b"]"#,
        r#"["a",]"#,
        r#"["a" ,"b"]"#,
        r#"["a",1]"#,
        "[1]",
        r#"[["a"]]"#,
        "{}",
        r#"{"iss":1}"#,
        r#""\u0061""#,
        r#""\n""#,
        "00",
        "01",
        "0",
        "9007199254740993",
        "",
    ]);
    prop_oneof![
        4 => "\"[ -!#-\\[\\]-~é]{0,40}\"",
        4 => "[0-9]{1,17}",
        1 => "\"[\\x00-\\x7f]{0,20}\"",
        1 => "-?[0-9]{0,3}([.eE+-][0-9]{0,3})?",
        3 => odd.prop_map(str::to_owned),
    ]
}

/// What may stand between, and mostly must not.
fn gap() -> impl Strategy<Value = String> {
    prop_oneof![20 => Just(String::new()), 1 => "[ ,:{}\"\\n]"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    #[test]
    fn what_is_read_quickly_is_what_serde_json_reads(
        members in prop::collection::vec((name(), gap(), value()), 0..5),
        before in gap(),
        after in gap(),
    ) {
        let member = |(name, gap, value): (String, String, String)| format!("\"{name}\":{gap}{value}");
        let members: Vec<_> = members.into_iter().map(member).collect();
        let json = format!("{before}{{{}}}{after}", members.join(","));
        if let Some(claims) = UnverifiedClaims::plain(&json) {
            prop_assert_eq!(Ok(claims), parse_text(&json), "{}", json);
        }
    }
}

#[test]
fn claims_as_issuers_write_them_are_read_quickly() {
    for json in [
        r#"{"sub":"a","cognito:groups":["b","c"],"iss":"https://d","version":2,"exp":1,"e":true}"#,
        r#"{"aud":"a","email_verified":false,"name":"Jürgen","exp":0,"iat":123456789012345}"#,
        r#"{"aud":["a","b"],"scope":"","f":["g"]}"#,
    ] {
        let claims = UnverifiedClaims::plain(json);
        assert!(claims.is_some(), "{json}");
        assert_eq!(claims, parse_text(json).ok(), "{json}");
    }
}

#[test]
fn claims_in_another_form_are_left_to_serde_json() {
    for json in [
        "",
        "{",
        "{}",
        "[]",
        r#"{"a":1"#,
        r#"{"a":1}}"#,
        r#"{"a":1} "#,
        r#" {"a":1}"#,
        r#"{"a" :1}"#,
        r#"{"a": 1}"#,
        r#"{"a":1,}"#,
        r#"{"a":01}"#,
        r#"{"a":1.0}"#,
        r#"{"a":-1}"#,
        r#"{"a":1e3}"#,
        r#"{"a":}"#,
        r#"{"a":null}"#,
        r#"{"a":{}}"#,
        r#"{"a":[]}"#,
        r#"{"a":["b",1]}"#,
        r#"{"a":["b",]}"#,
        r#"{"a":"\u0062"}"#,
        r#"{"a":"b"#,
        r#"{"a":truer}"#,
        r#"{a:1}"#,
        r#"{"exp":1234567890123456}"#,
        r#"{"iss":"a","iss":"a"}"#,
        r#"{"iss":1}"#,
        r#"{"exp":"1"}"#,
        r#"{"aud":1}"#,
        "{\"a\":\"\n\"}",
        "{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":\"\t\"}",
    ] {
        assert_eq!(UnverifiedClaims::plain(json), None, "{json}");
    }
}
