//! Requests such as an attacker would think of.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::edge::{base_event, token};

/// What a test asks for.
#[derive(Clone, Debug)]
pub struct Asked {
    pub trigger: &'static str,
    pub method: String,
    pub uri: String,
    pub headers: Vec<(String, String)>,
}

impl Asked {
    /// The documented event of the trigger, with this in it.
    pub fn event(&self) -> Value {
        let mut event = base_event(self.trigger);
        let request = &mut event["Records"][0]["cf"]["request"];
        request["method"] = self.method.clone().into();
        request["uri"] = self.uri.clone().into();
        request["querystring"] = "".into();
        let headers = request["headers"].as_object_mut().unwrap();
        headers.remove("accept");
        for (name, value) in &self.headers {
            let field = json!({ "key": name, "value": value });
            match headers.entry(name.clone()).or_insert(json!([])) {
                Value::Array(fields) => fields.push(field),
                other => panic!("{other}"),
            }
        }
        event
    }

    pub fn with(mut self, name: &str, value: String) -> Self {
        self.headers.push((name.to_owned(), value));
        self
    }
}

/// Any request, without a token that could let anybody in.
pub fn asked() -> impl Strategy<Value = Asked> {
    let trigger = prop::sample::select(vec!["viewer-request", "origin-request"]);
    (trigger, method(), path(), headers()).prop_map(|(trigger, method, uri, headers)| Asked {
        trigger,
        method,
        uri,
        headers,
    })
}

/// Names that are, or could be read as, ours.
pub fn our_name() -> impl Strategy<Value = String> {
    let names =
        "user username client groups scopes region reason edge cors origin-secret dev-edge x ";
    let names: Vec<&str> = names.split(' ').collect();
    (prop::sample::select(names), any::<bool>(), any::<bool>()).prop_map(|(name, one, two)| {
        let hyphen = |plain| if plain { '-' } else { '_' };
        format!("x{}nearhop{}{name}", hyphen(one), hyphen(two))
    })
}

fn path() -> impl Strategy<Value = String> {
    let end = prop_oneof![3 => Just(""), 1 => Just("/"), 1 => Just(".html")];
    let known = "/ /api /api/hello /api/health /api/open /api/admin/users /members/a /admin /docs/open \
                 /people/ann /reports/2026.pdf /login/";
    let known: Vec<&str> = known.split(' ').collect();
    prop_oneof![
        2 => (prop::collection::vec(segment(), 0..5), end)
            .prop_map(|(segments, end)| format!("/{}{end}", segments.join("/"))),
        1 => (prop::sample::select(known), prop::option::of(segment()), any::<usize>())
            .prop_map(|(path, segment, at)| match segment {
                Some(segment) => format!("{path}/{segment}"),
                None if at % 2 == 0 && path.len() > 1 => {
                    format!("/{}", escape_in(&path[1..], at / 2))
                }
                None => path.to_owned(),
            }),
    ]
}

fn segment() -> impl Strategy<Value = String> {
    let words = "api members health open admin docs people reports 2026.pdf login index index.html a \
                 a.html app.js";
    let words: Vec<&str> = words.split(' ').collect();
    let tricks =
        r" . .. %2e%2e .%2E %2f %5c \ ; ..; %00 %252e%252e %c0%af %zz é {id} * %20 + %2561pi";
    let tricks: Vec<&str> = tricks.split(' ').collect();
    prop_oneof![
        6 => prop::sample::select(words.clone()).prop_map(str::to_owned),
        2 => prop::sample::select(tricks.clone()).prop_map(str::to_owned),
        1 => (prop::sample::select(words.clone()), prop::sample::select(tricks))
            .prop_map(|(word, trick)| format!("{word}{trick}")),
        1 => (prop::sample::select(words), 0..16_usize)
            .prop_map(|(word, at)| escape_in(word, at)),
        1 => "[ -~]{0,6}",
    ]
}

/// The word with one of its letters percent-encoded.
fn escape_in(word: &str, at: usize) -> String {
    let at = at % word.len();
    format!("{}%{:02x}{}", &word[..at], word.as_bytes()[at], &word[at + 1..])
}

fn method() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just("GET".to_owned()),
        4 => prop::sample::select(vec!["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "get", "TRACE"])
            .prop_map(str::to_owned),
        1 => "[A-Za-z-]{1,8}",
    ]
}

/// Headers without a token that could let anybody in.
fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    let forged = token("none-signed");
    let fields = vec![
        ("accept", "text/html".to_owned()),
        ("accept", "application/json".to_owned()),
        ("sec-fetch-mode", "navigate".to_owned()),
        ("sec-fetch-mode", "cors".to_owned()),
        ("sec-fetch-site", "same-origin".to_owned()),
        ("sec-fetch-site", "cross-site".to_owned()),
        ("authorization", "Bearer x.y.z".to_owned()),
        ("authorization", "Basic YTpi".to_owned()),
        ("authorization", String::new()),
        ("authorization", format!("Bearer {forged}")),
        ("cookie", format!("nearhop_access={forged}; nearhop_access=x")),
        ("origin", "https://app.example.com".to_owned()),
        ("origin", "https://evil.example".to_owned()),
        ("access-control-request-method", "GET".to_owned()),
        ("host", "evil.example".to_owned()),
        ("x-original-url", "/api/health".to_owned()),
        ("x-forwarded-for", "127.0.0.1".to_owned()),
        ("x-nearhop-user", "admin".to_owned()),
        ("x-nearhop-region", "us-east-1".to_owned()),
    ];
    let fields: Vec<(String, String)> =
        fields.into_iter().map(|(n, v)| (n.to_owned(), v)).collect();
    prop::collection::vec(prop::sample::select(fields), 0..5)
}
