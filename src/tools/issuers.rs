//! What the issuers' discovery documents say, put where the configuration leaves it to them.

use super::discovery::{Discovery, discovery_url};
use crate::config::{Config, IssuerKind};
use crate::issuer::Issuer;
use crate::policy::{Problem, Problems};

/// The issuers' URLs, in the order of the configuration; what is wrong with them is said elsewhere.
pub(super) fn issuer_urls(config: &Config) -> Vec<String> {
    Issuer::all(config, &mut Problems::new()).into_iter().map(|issuer| issuer.url).collect()
}

/// The issuer visitors sign in with, by its place among `config.issuers`; `None` without sign-in, or
/// where it names none of them.
pub(super) fn sign_in_issuer(config: &Config) -> Option<usize> {
    let sign_in = config.sign_in.as_ref()?;
    let Some(name) = &sign_in.issuer else { return (config.issuers.len() == 1).then_some(0) };
    let mut issuers = config.issuers.iter().zip(issuer_urls(config));
    issuers.position(|(issuer, url)| url == *name || issuer.user_pool.as_ref() == Some(name))
}

/// Whether nothing but its discovery document says where an issuer's key set is.
pub(super) fn leaves_keys_to_discovery(config: &Config, index: usize) -> bool {
    let issuer = &config.issuers[index];
    issuer.kind == IssuerKind::Oidc && issuer.jwks_url.is_none()
}

/// Whether nothing but its discovery document says where people sign in with an issuer.
fn leaves_endpoints_to_discovery(config: &Config, index: usize) -> bool {
    let has_domain = config.sign_in.as_ref().is_some_and(|sign_in| sign_in.domain.is_some());
    !has_domain && sign_in_issuer(config) == Some(index)
}

/// Reads the documents at hand, in the order of the issuers, and says which are missing.
pub(super) fn read_documents(
    config: &Config,
    texts: &[Option<String>],
    problems: &mut Problems,
) -> Vec<Option<Discovery>> {
    let mut read = |(index, url): (usize, String)| {
        let key = match leaves_endpoints_to_discovery(config, index) {
            true => "sign_in".to_owned(),
            false => format!("issuers[{index}]"),
        };
        let Some(text) = texts.get(index).and_then(Option::as_ref) else {
            let needed = leaves_keys_to_discovery(config, index)
                || leaves_endpoints_to_discovery(config, index);
            if needed {
                problems.push(Problem::new(key, "no discovery document", missing(&url)));
            }
            return None;
        };
        Discovery::read(text, &url, config.issuers[index].kind)
            .map_err(|(found, allowed)| problems.push(Problem::new(key, found, allowed)))
            .ok()
    };
    issuer_urls(config).into_iter().enumerate().map(&mut read).collect()
}

fn missing(url: &str) -> String {
    format!(
        "the one at {}, fetched unless --no-fetch is given, or --discovery FILE; only a user pool \
         whose sign_in.domain is there, and an issuer whose jwks_url is, can do without",
        discovery_url(url)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::parse::parse;

    fn config(sign_in: &str) -> Config {
        let issuers = "[[issuers]]\nuser_pool = \"eu-west-1_Example01\"\nclients = [\"a\"]\n\
                       [[issuers]]\nissuer = \"https://id.example.com\"\nclients = [\"b\"]\n\
                       kind = \"oidc\"\n";
        parse(&format!("{issuers}{sign_in}")).unwrap().config
    }

    #[test]
    fn the_issuer_of_sign_in_is_named_either_way() {
        let with = |issuer: &str| {
            sign_in_issuer(&config(&format!("[sign_in]\nkey.env = \"K\"\nissuer = {issuer:?}\n")))
        };
        assert_eq!(with("eu-west-1_Example01"), Some(0));
        assert_eq!(
            with("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example01"),
            Some(0)
        );
        assert_eq!(with("https://id.example.com"), Some(1));
        assert_eq!(with("https://id.example.com/"), None);
        assert_eq!(sign_in_issuer(&config("[sign_in]\nkey.env = \"K\"\n")), None, "one of two");
        assert_eq!(sign_in_issuer(&config("")), None);
    }

    #[test]
    fn a_document_is_asked_for_where_nothing_else_says_it() {
        let missing = |sign_in: &str| {
            let mut problems = Problems::new();
            read_documents(&config(sign_in), &[], &mut problems);
            problems.into_iter().map(|problem| problem.key).collect::<Vec<_>>()
        };
        let pool = "[sign_in]\nkey.env = \"K\"\nissuer = \"eu-west-1_Example01\"\n";
        assert_eq!(missing(""), ["issuers[1]"]);
        assert_eq!(missing(pool), ["sign_in", "issuers[1]"]);
        assert_eq!(missing(&format!("{pool}domain = \"https://a.example\"\n")), ["issuers[1]"]);
    }
}
