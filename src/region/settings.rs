//! Settings of the API that need no more than a look: what they say is used as it stands.

use std::fmt;

use crate::config::{Control, OriginSecret, Pin, Sticky, StickyBy};
use crate::issuer::{is_http_on_loopback, is_https};
use crate::policy::{Problem, Problems, within};
use crate::region::api::is_origin;

pub(crate) fn check_sticky(sticky: &Sticky, problems: &mut Problems) {
    match (sticky.by, &sticky.claim) {
        (StickyBy::Claim, None) => problems.push(Problem::new(
            "api.sticky.claim",
            "nothing",
            "the name of the claim that names the Region",
        )),
        (StickyBy::Claim, Some(claim)) => check_claim("api.sticky.claim", claim, problems),
        (StickyBy::Subject | StickyBy::Cookie, Some(claim)) => {
            problems.push(Problem::new("api.sticky.claim", claim, "nothing, unless by = \"claim\""))
        }
        (StickyBy::Subject | StickyBy::Cookie, None) => {}
    }
    within(problems, "api.sticky.seconds", sticky.seconds, 1, 86_400);
}

/// A token in which the claim is something else than text is refused: a name that can only be
/// something else would refuse them all.
pub(crate) fn check_claim(key: &str, claim: &str, problems: &mut Problems) {
    const NEVER_TEXT: [&str; 6] =
        ["exp", "iat", "nbf", "auth_time", "cognito:groups", "cognito:roles"];
    if claim.is_empty() || NEVER_TEXT.contains(&claim) {
        let allowed = "the name of a claim whose value is text, such as \"custom:region\"";
        problems.push(Problem::new(key, claim, allowed));
    }
}

pub(crate) fn check_control(control: &Control, problems: &mut Problems) {
    if control.urls.is_empty() {
        problems.push(Problem::new("api.control.urls", "nothing", "at least one URL"));
    }
    for (index, url) in control.urls.iter().enumerate() {
        let key = format!("api.control.urls[{index}]");
        if !is_https(url) && !is_http_on_loopback(url) {
            let allowed = "an https URL (http only to 127.0.0.1, for trying things out)";
            problems.push(Problem::new(key, url, allowed));
        } else if control.urls[..index].contains(url) {
            problems.push(Problem::new(key, url, "each URL once"));
        }
    }
    within(problems, "api.control.interval_seconds", control.interval_seconds, 5, 3_600);
    within(problems, "api.control.timeout_ms", control.timeout_ms, 100, 10_000);
    within(problems, "api.control.max_bytes", control.max_bytes, 256, 65_536);
}

/// A request is known to be on its second leg by its origin's name as CloudFront has it (rule F4).
pub(crate) fn check_second_leg_domain(domain: &str, problems: &mut Problems) {
    if !is_origin(domain, 443, "") {
        let allowed = "the second origin's domain name without scheme and port, such as \
                       \"second.example.com\"";
        problems.push(Problem::new("api.second_leg_domain", domain, allowed));
    }
}

/// The key that pins are signed with: 32 bytes or more. It is never shown.
#[derive(Clone)]
pub(crate) struct PinKey(String);

impl PinKey {
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for PinKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinKey")
    }
}

pub(crate) fn pin_key(
    pin: &Pin,
    origin_secret: Option<&OriginSecret>,
    value: Option<&str>,
    problems: &mut Problems,
) -> Option<PinKey> {
    // Every API knows the origin secret; who knows the key chooses Regions.
    if origin_secret.is_some_and(|secret| secret.env == pin.env) {
        let allowed = "a variable of its own, not api.origin_secret.env";
        problems.push(Problem::new("api.pin.env", &pin.env, allowed));
        return None;
    }
    let key = demand_secret("api.pin.env", &pin.env, value, 32, problems)?;
    Some(PinKey(key.to_owned()))
}

/// The value that the environment variable `env` had when the bundle was built, if it is a secret
/// of `least` characters or more.
pub(crate) fn demand_secret<'v>(
    key: &str,
    env: &str,
    value: Option<&'v str>,
    least: usize,
    problems: &mut Problems,
) -> Option<&'v str> {
    if env.is_empty() || env.contains('=') || !env.bytes().all(|b| b.is_ascii_graphic()) {
        problems.push(Problem::new(key, env, "the name of an environment variable"));
        return None;
    }
    let is_secret =
        |value: &&str| value.len() >= least && value.bytes().all(|b| b.is_ascii_graphic());
    let checked = value.filter(is_secret);
    if checked.is_none() {
        // What was found is a secret, or part of one: it is not repeated.
        let found = if value.is_none() { "nothing" } else { "a value of another form" };
        problems.push(Problem::new(
            key,
            format!("{found} in the environment variable {env}"),
            format!(
                "{least} or more printable ASCII characters without spaces, in that variable at \
                 build time"
            ),
        ));
    }
    checked
}
