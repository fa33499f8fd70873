//! What `[sign_in]` refers to, resolved.

use crate::bundle::SignInParts;
use crate::config::{Config, Secret, SignIn};
use crate::policy::{Problem, Problems};
use crate::region::settings::demand_secret;
use crate::tools::discovery::{Discovery, endpoints_of_domain};
use crate::tools::issuers::sign_in_issuer;

/// What sign-in needs beside the configuration: the key and the clients' secrets, and what the
/// issuers' documents say.
pub(super) fn sign_in_parts(
    config: &Config,
    (key, values): (Option<String>, Vec<Option<String>>),
    documents: &[Option<Discovery>],
    problems: &mut Problems,
) -> Option<SignInParts> {
    let sign_in = config.sign_in.as_ref()?;
    check_sign_in_key(config, sign_in, key.as_deref(), problems);
    let mut values = values.into_iter();
    let client_secrets = client_secrets(sign_in)
        .map(|(at, secret)| {
            let value = values.next().flatten();
            let secret = secret?;
            demand_secret(&format!("{at}.env"), &secret.env, value.as_deref(), 1, problems)
                .map(str::to_owned)
        })
        .collect();
    let by_document = || documents.get(sign_in_issuer(config)?)?.as_ref().map(Discovery::endpoints);
    let endpoints = sign_in.domain.as_deref().map(endpoints_of_domain).or_else(by_document);
    Some(SignInParts { key, client_secrets, endpoints })
}

/// The keys of the app clients' secrets, as a bundle has them: the common one, then the hosts'.
fn client_secrets(sign_in: &SignIn) -> impl Iterator<Item = (String, Option<&Secret>)> {
    let common = ("sign_in.client_secret".to_owned(), sign_in.client_secret.as_ref());
    let hosts = sign_in.hosts.iter().enumerate().map(|(index, host)| {
        (format!("sign_in.hosts[{index}].client_secret"), host.client_secret.as_ref())
    });
    std::iter::once(common).chain(hosts)
}

/// Whoever knows the key can make a visitor's sign-in his own: the APIs, which know the origin
/// secret, must not.
fn check_sign_in_key(
    config: &Config,
    sign_in: &SignIn,
    value: Option<&str>,
    problems: &mut Problems,
) {
    let (at, env) = ("sign_in.key.env", &sign_in.key.env);
    let api = config.api.as_ref();
    let others = [
        api.and_then(|api| Some(&api.origin_secret.as_ref()?.env)),
        api.and_then(|api| Some(&api.pin.as_ref()?.env)),
    ];
    let mut others = others
        .into_iter()
        .flatten()
        .chain(client_secrets(sign_in).filter_map(|(_, s)| Some(&s?.env)));
    if others.any(|other| other == env) {
        problems.push(Problem::new(at, env, "a variable of its own, no other secret's"));
        return;
    }
    demand_secret(at, env, value, 32, problems);
}

#[cfg(test)]
mod tests {
    use crate::tools::discovery;
    use crate::tools::parse::parse;
    use crate::tools::resolve::{Inputs, resolve};

    /// Sign-in with an issuer of another kind, and an app client of its own for one host.
    const SIGN_IN: &str = r#"
[[issuers]]
issuer = "https://id.example.com"
kind = "oidc"
clients = ["c", "d"]
token_use = ["id"]
[sign_in]
key = { env = "KEY" }
client_secret = { env = "SECRET_C" }
[[sign_in.hosts]]
origin = "https://a.example.com"
client = "d"
[[sign_in.hosts]]
origin = "https://b.example.com"
client = "d"
client_secret = { env = "SECRET_D" }
"#;

    fn signing_in() -> Inputs {
        Inputs {
            sign_in_key: Some("0123456789abcdef0123456789abcdef".into()),
            client_secrets: vec![Some("of-c".into()), None, Some("of-d".into())],
            discovery: vec![Some(discovery::stand_in("https://id.example.com"))],
            ..Inputs::default()
        }
    }

    #[test]
    fn sign_in_has_its_secrets_and_endpoints() {
        let parsed = parse(SIGN_IN).unwrap();
        let (bundle, policy) = resolve(&parsed, signing_in()).unwrap();
        let parts = bundle.sign_in.unwrap();
        assert_eq!(parts.key.as_deref(), Some("0123456789abcdef0123456789abcdef"));
        assert_eq!(parts.client_secrets, [Some("of-c".into()), None, Some("of-d".into())]);
        assert_eq!(parts.endpoints.unwrap().token, "https://issuer.invalid/token");
        assert_eq!(
            bundle.config.issuers[0].jwks_url.as_deref(),
            Some("https://issuer.invalid/keys")
        );
        assert_eq!(policy.issuers[0].jwks_url, "https://issuer.invalid/keys");
        let origins = vec!["http://localhost:9".to_owned()];
        let domain = Some("http://127.0.0.1:8".to_owned());
        let inputs = Inputs {
            sign_in_origins: Some(origins.clone()),
            sign_in_domain: domain,
            ..signing_in()
        };
        let (bundle, _) = resolve(&parsed, inputs).unwrap();
        assert_eq!(bundle.config.sign_in.unwrap().origins, origins);
        let endpoints = bundle.sign_in.unwrap().endpoints.unwrap();
        assert_eq!(endpoints.authorization, "http://127.0.0.1:8/oauth2/authorize");
    }

    #[test]
    fn what_sign_in_lacks_is_said_by_name_and_line() {
        let text = SIGN_IN.trim_start();
        let told = |inputs: Inputs| {
            let told = resolve(&parse(text).unwrap(), inputs).unwrap_err();
            told.iter().map(|one| (one.key.clone(), one.line, one.message.clone())).collect()
        };
        let only = |inputs: Inputs, key: &str, line: u32, said: &str| {
            let told: Vec<(String, Option<u32>, String)> = told(inputs);
            assert_eq!((told[0].0.as_str(), told[0].1), (key, Some(line)), "{told:?}");
            assert!(told[0].2.contains(said), "{told:?}");
        };
        let key =
            |key: Option<&str>| Inputs { sign_in_key: key.map(str::to_owned), ..signing_in() };
        only(key(None), "sign_in.key.env", 7, "found nothing in the environment variable KEY");
        only(key(Some("short")), "sign_in.key.env", 7, "a value of another form");
        let client_secrets = vec![Some("of-c".into())];
        let inputs = Inputs { client_secrets, ..signing_in() };
        only(inputs, "sign_in.hosts[1].client_secret.env", 15, "variable SECRET_D");
        let inputs = Inputs { discovery: Vec::new(), ..signing_in() };
        only(inputs, "sign_in", 6, "https://id.example.com/.well-known/openid-configuration");
        let discovery = vec![Some(discovery::stand_in("https://evil.example"))];
        let inputs = Inputs { discovery, ..signing_in() };
        only(inputs, "sign_in", 6, "found the discovery document of \"https://evil.example\"");
    }

    #[test]
    fn the_key_of_sign_in_is_nobody_else_s() {
        let text = SIGN_IN.replace("env = \"KEY\"", "env = \"SECRET_D\"");
        let told = resolve(&parse(&text).unwrap(), signing_in()).unwrap_err();
        assert_eq!(told[0].key, "sign_in.key.env");
        assert!(told[0].allowed.contains("of its own"), "{told:?}");
    }
}
