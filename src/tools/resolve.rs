//! From a parsed configuration and what it refers to, to what a bundle carries.

use serde::Deserialize;
use serde_json::Value;

use super::diagnostic::Diagnostic;
use super::discovery::stand_in;
use super::distances::{coordinates, distances};
use super::issuers::{issuer_urls, leaves_keys_to_discovery, read_documents};
use super::parse::Parsed;
use crate::bundle::Bundle;
use crate::config::Config;
use crate::keys::{KeySetFault, check_key_set};
use crate::policy::{Policy, Problem};
use sign_in::sign_in_parts;

mod sign_in;

/// What a configuration refers to and does not hold itself.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Inputs {
    /// The value of the environment variable `api.origin_secret.env` names.
    pub origin_secret: Option<String>,
    /// The text of the file `site.not_found_page` names.
    pub not_found_page: Option<String>,
    /// The value of the environment variable `api.pin.env` names.
    pub pin_key: Option<String>,
    /// The value of the environment variable `sign_in.key.env` names.
    pub sign_in_key: Option<String>,
    /// The value of the environment variable `sign_in.client_secret.env` names, then those of
    /// `sign_in.hosts`, in their order.
    pub client_secrets: Vec<Option<String>>,
    /// One per issuer, in their order: its discovery document (OpenID Connect Discovery 1.0, section
    /// 4), if it could be had.
    pub discovery: Vec<Option<String>>,
    /// Origins that take the place of `sign_in.origins`.
    pub sign_in_origins: Option<Vec<String>>,
    /// A domain that takes the place of `sign_in.domain`.
    pub sign_in_domain: Option<String>,
    /// The digest of the `places.mmdb` that goes with the bundle, as [`super::geo`] made both.
    pub places: Option<String>,
    /// One per issuer, in their order: its JWKS (RFC 7517) as JSON text, if it could be had.
    pub key_sets: Vec<Option<String>>,
    /// One per issuer, in their order: a URL that takes the place of its `jwks_url`.
    pub jwks_urls: Vec<Option<String>>,
    /// URLs that take the place of `api.control.urls`.
    pub control_urls: Option<Vec<String>>,
}

impl Inputs {
    /// With what is not there replaced by something of the right form, for where a configuration is
    /// only read: the values themselves are checked where they are, when a bundle is built.
    pub fn with_stand_ins(mut self, config: &Config) -> Self {
        // Long enough for all of them, and no two the same.
        let secret = |text: &str| text.repeat(32);
        self.origin_secret.get_or_insert_with(|| secret("o"));
        self.pin_key.get_or_insert_with(|| secret("p"));
        self.sign_in_key.get_or_insert_with(|| secret("s"));
        let clients = 1 + config.sign_in.as_ref().map_or(0, |sign_in| sign_in.hosts.len());
        self.client_secrets.resize(clients, None);
        for value in &mut self.client_secrets {
            value.get_or_insert_with(|| secret("c"));
        }
        self.discovery.resize(config.issuers.len(), None);
        for (text, url) in self.discovery.iter_mut().zip(issuer_urls(config)) {
            text.get_or_insert_with(|| stand_in(&url));
        }
        self
    }
}

/// What a bundle of this configuration carries, and the policy it will start with.
///
/// # Errors
/// Every value that cannot stand, with its line.
pub fn resolve(parsed: &Parsed<'_>, inputs: Inputs) -> Result<(Bundle, Policy), Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let mut config = parsed.config.clone();
    for (issuer, url) in config.issuers.iter_mut().zip(inputs.jwks_urls) {
        if url.is_some() {
            issuer.jwks_url = url;
        }
    }
    let control = config.api.as_mut().and_then(|api| api.control.as_mut());
    if let (Some(control), Some(urls)) = (control, inputs.control_urls) {
        control.urls = urls;
    }
    if let Some(sign_in) = &mut config.sign_in {
        sign_in.origins = inputs.sign_in_origins.unwrap_or(std::mem::take(&mut sign_in.origins));
        sign_in.domain = inputs.sign_in_domain.or(sign_in.domain.take());
    }
    let documents = read_documents(&config, &inputs.discovery, &mut problems);
    for (index, document) in documents.iter().enumerate() {
        if let (Some(document), true) = (document, leaves_keys_to_discovery(&config, index)) {
            config.issuers[index].jwks_url = Some(document.jwks_uri.clone());
        }
    }
    let secrets = (inputs.sign_in_key, inputs.client_secrets);
    let sign_in = sign_in_parts(&config, secrets, &documents, &mut problems);
    let mut key_sets = inputs.key_sets;
    key_sets.resize(config.issuers.len(), None);
    for (index, key_set) in key_sets.iter().enumerate() {
        let max_bytes = config.keys.max_bytes;
        problems
            .extend(key_set.as_deref().and_then(|text| key_set_problem(index, text, max_bytes)));
    }
    let (distances, coordinates) = match config.api.as_ref().map(|api| (api, distances(api))) {
        None => Default::default(),
        Some((api, Ok(distances))) => (distances, coordinates(api)),
        Some((_, Err(unknown))) => {
            problems.extend(unknown);
            Default::default()
        }
    };
    let mut bundle = Bundle {
        config,
        origin_secret: inputs.origin_secret,
        not_found_page: inputs.not_found_page,
        key_sets,
        pin_key: inputs.pin_key,
        sign_in,
        places: inputs.places,
        distances,
        coordinates,
    };
    match Policy::new(&bundle) {
        Ok(policy) if problems.is_empty() => {
            if let (Some(_), Some(api)) = (&bundle.places, &mut bundle.config.api) {
                api.rules.iter_mut().for_each(|rule| rule.networks.clear());
            }
            Ok((bundle, policy))
        }
        Ok(_) => Err(parsed.placed(problems)),
        Err(more) => {
            // What was said of a key already is more exact.
            let known: Vec<_> = problems.iter().map(|problem| problem.key.clone()).collect();
            problems.extend(more.into_iter().filter(|problem| !known.contains(&problem.key)));
            Err(parsed.placed(problems))
        }
    }
}

/// Why a key set cannot be carried. A private key in a bundle would lie in every edge Region.
fn key_set_problem(index: usize, text: &str, max_bytes: u32) -> Option<Problem> {
    let found = if text.len() > max_bytes as usize {
        format!("a key set of {} bytes, where keys.max_bytes is {max_bytes}", text.len())
    } else {
        match check_key_set(text.as_bytes()) {
            Err(KeySetFault::Json(error)) => format!("what is no key set ({error})"),
            Err(KeySetFault::DuplicateKid) => "a key set with the same kid twice".into(),
            Err(KeySetFault::NoUsableKey) => {
                "a key set without an RS256 key of 2048 bits or more".into()
            }
            Ok(_) => format!("a key set that holds the private key {:?}", private_key(text)?),
        }
    };
    Some(Problem {
        key: format!("issuers[{index}]"),
        found,
        allowed: "the key set its issuer publishes: {\"keys\": [...]}, public keys only (RFC 7517)"
            .into(),
    })
}

/// The `kid` of a key with private members (RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1).
fn private_key(key_set: &str) -> Option<String> {
    let set: Value = serde_json::from_str(key_set).ok()?;
    let members = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    let key = set["keys"]
        .as_array()?
        .iter()
        .find(|key| members.iter().any(|member| key.get(member).is_some()))?;
    Some(key["kid"].as_str().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::parse::parse;

    const TOML: &str = r#"
[[routes]]
pattern = "/api/*"
target = "api"
access = "authenticated"
[[issuers]]
user_pool = "eu-west-1_Example01"
clients = ["c"]
[[issuers]]
user_pool = "eu-west-1_Example02"
clients = ["d"]
[api]
origin_secret = { env = "SECRET" }
regions = [{ name = "eu-west-1", endpoint = "https://a.execute-api.eu-west-1.amazonaws.com" }]
"#;

    fn resolved(inputs: Inputs) -> Result<(Bundle, Policy), Vec<Diagnostic>> {
        resolve(&parse(TOML).unwrap(), inputs)
    }

    fn inputs() -> Inputs {
        Inputs { origin_secret: Some("0123456789abcdef".into()), ..Inputs::default() }
    }

    fn key_set(more: &str) -> String {
        let modulus = crate::base64url::encode(&[0xc5; 256]);
        format!(r#"{{"keys":[{{"kid":"k1","kty":"RSA","n":"{modulus}","e":"AQAB"{more}}}]}}"#)
    }

    #[test]
    fn a_bundle_carries_what_the_configuration_refers_to() {
        let key_sets = vec![None, Some(key_set(""))];
        let jwks_urls = vec![Some("http://127.0.0.1:9/keys".into()), None];
        let (bundle, policy) = resolved(Inputs { key_sets, jwks_urls, ..inputs() }).unwrap();
        assert_eq!(bundle.origin_secret.as_deref(), Some("0123456789abcdef"));
        assert_eq!(bundle.key_sets, [None, Some(key_set(""))]);
        assert_eq!(bundle.distances.len(), 39);
        assert_eq!(policy.issuers[0].jwks_url, "http://127.0.0.1:9/keys");
        assert_eq!(
            policy.issuers[1].jwks_url,
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example02/.well-known/jwks.json"
        );
        assert_eq!(resolved(inputs()).unwrap().0.key_sets, [None, None]);
    }

    #[test]
    fn a_bad_secret_is_refused_and_not_repeated() {
        for secret in
            [None, Some("short"), Some("with a space inside it"), Some("zwölf mal ümlaut!")]
        {
            let origin_secret = secret.map(str::to_owned);
            let [only] =
                resolved(Inputs { origin_secret, ..inputs() }).unwrap_err().try_into().unwrap();
            assert_eq!((only.key.as_str(), only.line), ("api.origin_secret.env", Some(13)));
            assert!(!secret.is_some_and(|secret| format!("{only:?}").contains(secret)));
        }
    }

    #[test]
    fn bad_key_sets_are_refused_at_their_issuer() {
        for (text, found) in [
            ("<html>".to_owned(), "no key set"),
            ("{}".to_owned(), "no key set"),
            (r#"{"keys":[]}"#.to_owned(), "without an RS256 key"),
            (key_set(r#","d":"AQAB""#), "the private key \"k1\""),
            (
                key_set(&format!(r#","x5c":"{}""#, "A".repeat(70_000))),
                "where keys.max_bytes is 65536",
            ),
            (key_set(r#"},{"kid":"k2","kty":"oct","k":"c2VjcmV0""#), "the private key \"k2\""),
        ] {
            let key_sets = vec![None, Some(text.clone())];
            let [only] = resolved(Inputs { key_sets, ..inputs() }).unwrap_err().try_into().unwrap();
            assert_eq!((only.key.as_str(), only.line), ("issuers[1]", Some(9)));
            assert!(only.found.contains(found), "{text}: {}", only.found);
        }
    }

    #[test]
    fn an_override_must_be_a_url_to_trust() {
        let jwks_urls = vec![Some("http://keys.example.com/".into()), None];
        let [only] = resolved(Inputs { jwks_urls, ..inputs() }).unwrap_err().try_into().unwrap();
        assert_eq!(only.key, "issuers[0].jwks_url");
    }

    #[test]
    fn a_page_must_fit() {
        let not_found_page = Some("x".repeat(32_769));
        let [only] =
            resolved(Inputs { not_found_page, ..inputs() }).unwrap_err().try_into().unwrap();
        assert_eq!(only.key, "site.not_found_page");
    }
}
