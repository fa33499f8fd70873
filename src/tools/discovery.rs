//! What an OpenID Connect issuer publishes of itself (OpenID Connect Discovery 1.0).

use serde::Deserialize;
use serde_json::json;

use crate::bundle::{EndSession, Endpoints};
use crate::config::IssuerKind;
use crate::issuer::{is_http_on_loopback, is_https};

/// Where an issuer's document is (section 4).
pub(super) fn discovery_url(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

/// A document of `issuer`, of the right form, for where none is at hand and none is needed.
pub(super) fn stand_in(issuer: &str) -> String {
    let url = |path: &str| format!("https://issuer.invalid/{path}");
    json!({
        "issuer": issuer,
        "authorization_endpoint": url("authorize"),
        "token_endpoint": url("token"),
        "jwks_uri": url("keys"),
    })
    .to_string()
}

/// Provider metadata (section 3; RFC 8414, section 2), as far as it is used.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Discovery {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    /// Where the key set is.
    pub jwks_uri: String,
    revocation_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
    id_token_signing_alg_values_supported: Option<Vec<String>>,
    code_challenge_methods_supported: Option<Vec<String>>,
}

/// What is wrong with a document: what was found, and what is allowed.
pub(super) type Unfit = (String, String);

impl Discovery {
    /// Reads the document of `issuer`, whose `iss` claim that is to the letter.
    pub fn read(text: &str, issuer: &str, kind: IssuerKind) -> Result<Self, Unfit> {
        let document: Self = serde_json::from_str(text).map_err(|error| {
            let allowed = "what the issuer publishes: a JSON object with issuer, \
                           authorization_endpoint, token_endpoint and jwks_uri";
            (format!("a discovery document that cannot be read ({error})"), allowed.into())
        })?;
        document.is_of(issuer)?;
        document.urls_can_be_trusted()?;
        document.does_what_we_do()?;
        document.has_a_domain(kind)?;
        Ok(document)
    }

    /// Section 4.3. Without this, whoever can answer in the issuer's place at one URL could have
    /// everybody sign in elsewhere.
    fn is_of(&self, issuer: &str) -> Result<(), Unfit> {
        if self.issuer == issuer {
            return Ok(());
        }
        Err((
            format!("the discovery document of {:?}", self.issuer),
            format!(
                "that of {issuer:?}, to the letter (OpenID Connect Discovery 1.0, section 4.3)"
            ),
        ))
    }

    fn urls_can_be_trusted(&self) -> Result<(), Unfit> {
        let urls = [
            ("authorization_endpoint", Some(&self.authorization_endpoint)),
            ("token_endpoint", Some(&self.token_endpoint)),
            ("jwks_uri", Some(&self.jwks_uri)),
            ("revocation_endpoint", self.revocation_endpoint.as_ref()),
            ("end_session_endpoint", self.end_session_endpoint.as_ref()),
        ];
        for (name, url) in urls {
            if let Some(url) = url.filter(|url| !is_https(url) && !is_http_on_loopback(url)) {
                return Err((
                    format!("a discovery document whose {name} is {url:?}"),
                    "https URLs (http only to 127.0.0.1, for trying things out)".into(),
                ));
            }
        }
        Ok(())
    }

    /// Only an issuer that says what it supports, and leaves out what is needed, is refused.
    fn does_what_we_do(&self) -> Result<(), Unfit> {
        let needed = [
            (
                "id_token_signing_alg_values_supported",
                &self.id_token_signing_alg_values_supported,
                "RS256",
            ),
            ("code_challenge_methods_supported", &self.code_challenge_methods_supported, "S256"),
        ];
        for (name, listed, value) in needed {
            if let Some(listed) = listed
                && !listed.iter().any(|one| one == value)
            {
                let listed = listed.join(", ");
                return Err((
                    format!("a discovery document whose {name} are {listed}"),
                    format!("an issuer with {value} among them"),
                ));
            }
        }
        Ok(())
    }

    /// A user pool without a domain names endpoints below its issuer's URL, which serve no pages.
    fn has_a_domain(&self, kind: IssuerKind) -> Result<(), Unfit> {
        let below = self.authorization_endpoint.strip_prefix(&self.issuer);
        if kind == IssuerKind::Oidc || !below.is_some_and(|rest| rest.starts_with('/')) {
            return Ok(());
        }
        let found = format!("the authorization_endpoint {:?}", self.authorization_endpoint);
        Err((found, "a user pool with a domain: give it one, or name it in sign_in.domain".into()))
    }

    /// Where people sign in and out.
    pub fn endpoints(&self) -> Endpoints {
        // Cognito's document names its own /logout, which wants other parameters than OpenID
        // Connect's (rule C6).
        let is_cognitos = |url: &String| {
            url.ends_with("/logout") && self.token_endpoint.ends_with("/oauth2/token")
        };
        let end_session = self.end_session_endpoint.clone().map(|url| match is_cognitos(&url) {
            true => EndSession::Cognito(url),
            false => EndSession::Oidc(url),
        });
        Endpoints {
            authorization: self.authorization_endpoint.clone(),
            token: self.token_endpoint.clone(),
            revocation: self.revocation_endpoint.clone(),
            end_session,
        }
    }
}

/// The endpoints of a user pool's domain (rule C6).
pub(super) fn endpoints_of_domain(domain: &str) -> Endpoints {
    let domain = domain.trim_end_matches('/');
    Endpoints {
        authorization: format!("{domain}/oauth2/authorize"),
        token: format!("{domain}/oauth2/token"),
        revocation: Some(format!("{domain}/oauth2/revoke")),
        end_session: Some(EndSession::Cognito(format!("{domain}/logout"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    const POOL: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example01";

    /// A user pool's document with some members changed; null takes one away.
    fn document(changes: Value) -> String {
        let domain = |path: &str| format!("https://example.auth.eu-west-1.amazoncognito.com{path}");
        let mut document = json!({
            "issuer": POOL,
            "authorization_endpoint": domain("/oauth2/authorize"),
            "token_endpoint": domain("/oauth2/token"),
            "revocation_endpoint": domain("/oauth2/revoke"),
            "end_session_endpoint": domain("/logout"),
            "jwks_uri": format!("{POOL}/.well-known/jwks.json"),
            "id_token_signing_alg_values_supported": ["RS256"],
        });
        for (name, value) in changes.as_object().unwrap() {
            document[name] = value.clone();
        }
        document.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        document.to_string()
    }

    fn read(changes: Value, kind: IssuerKind) -> Result<Discovery, Unfit> {
        Discovery::read(&document(changes), POOL, kind)
    }

    #[test]
    fn a_user_pool_s_document_says_what_its_domain_says() {
        let told = read(json!({}), IssuerKind::Cognito).unwrap();
        let domain = "https://example.auth.eu-west-1.amazoncognito.com/";
        assert_eq!(told.endpoints(), endpoints_of_domain(domain));
    }

    #[test]
    fn another_issuer_ends_sessions_in_openid_s_way_if_at_all() {
        let end = "https://id.example.com/session/end";
        let more = json!({ "end_session_endpoint": end, "revocation_endpoint": null });
        let told = read(more, IssuerKind::Oidc).unwrap().endpoints();
        assert_eq!(told.end_session, Some(EndSession::Oidc(end.into())));
        assert_eq!(told.revocation, None);
        let told = read(json!({ "end_session_endpoint": null }), IssuerKind::Oidc).unwrap();
        assert_eq!(told.endpoints().end_session, None);
    }

    #[test]
    fn what_cannot_be_signed_in_with_is_refused() {
        let below = format!("{POOL}/authorize");
        for (changes, said) in [
            (json!({ "issuer": format!("{POOL}/") }), "the discovery document of"),
            (json!({ "issuer": "https://evil.example" }), "\"https://evil.example\""),
            (json!({ "issuer": null }), "cannot be read"),
            (json!({ "token_endpoint": null }), "cannot be read"),
            (json!({ "jwks_uri": 5 }), "cannot be read"),
            (json!({ "token_endpoint": "http://id.example.com/t" }), "token_endpoint is \"http:"),
            (json!({ "authorization_endpoint": "javascript:x" }), "authorization_endpoint is"),
            (json!({ "jwks_uri": "https://a@b/" }), "jwks_uri is"),
            (json!({ "revocation_endpoint": "/revoke" }), "revocation_endpoint is"),
            (json!({ "end_session_endpoint": "" }), "end_session_endpoint is"),
            (json!({ "id_token_signing_alg_values_supported": ["ES256"] }), "are ES256"),
            (json!({ "code_challenge_methods_supported": ["plain"] }), "are plain"),
            (json!({ "authorization_endpoint": below }), "the authorization_endpoint"),
        ] {
            let (found, _) = read(changes.clone(), IssuerKind::Cognito).unwrap_err();
            assert!(found.contains(said), "{changes}: {found}");
        }
        assert!(Discovery::read("<html>", POOL, IssuerKind::Oidc).is_err());
        let below = json!({ "authorization_endpoint": format!("{POOL}/authorize") });
        assert!(read(below, IssuerKind::Oidc).is_ok(), "elsewhere that is usual");
    }

    #[test]
    fn this_machine_may_do_without_tls() {
        let local = json!({ "token_endpoint": "http://127.0.0.1:9/token" });
        assert!(read(local, IssuerKind::Oidc).is_ok());
    }

    #[test]
    fn a_document_that_stands_in_is_a_good_one() {
        for kind in [IssuerKind::Cognito, IssuerKind::Oidc] {
            assert!(Discovery::read(&stand_in(POOL), POOL, kind).is_ok());
        }
    }

    #[test]
    fn the_document_is_below_the_issuer() {
        let url = "https://id.example.com/.well-known/openid-configuration";
        assert_eq!(discovery_url("https://id.example.com"), url);
        assert_eq!(discovery_url("https://id.example.com/"), url);
    }
}
