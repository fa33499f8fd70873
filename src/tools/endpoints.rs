//! Where an issuer signs people in and out.

use serde::Deserialize;

use crate::bundle::{EndSession, Endpoints};
use crate::config::SignIn;
use crate::policy::Problem;

/// The endpoints of a user pool's domain (rule C6), or else those a discovery document names; `None`
/// where there is neither yet.
pub(super) fn endpoints(
    sign_in: &SignIn,
    discovery: Option<&str>,
    problems: &mut Vec<Problem>,
) -> Option<Endpoints> {
    if let Some(domain) = &sign_in.domain {
        let domain = domain.trim_end_matches('/');
        return Some(Endpoints {
            authorization: format!("{domain}/oauth2/authorize"),
            token: format!("{domain}/oauth2/token"),
            revocation: Some(format!("{domain}/oauth2/revoke")),
            end_session: Some(EndSession::Cognito(format!("{domain}/logout"))),
        });
    }
    match serde_json::from_str::<Discovery>(discovery?) {
        Ok(document) => Some(document.endpoints()),
        Err(error) => {
            problems.push(Problem {
                key: "sign_in".into(),
                found: format!("a discovery document that cannot be read ({error})"),
                allowed: "one with authorization_endpoint and token_endpoint, or domain = \"…\""
                    .into(),
            });
            None
        }
    }
}

/// Provider metadata (OpenID Connect Discovery 1.0, section 3; RFC 8414, section 2).
#[derive(Deserialize)]
struct Discovery {
    authorization_endpoint: String,
    token_endpoint: String,
    revocation_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
}

impl Discovery {
    fn endpoints(self) -> Endpoints {
        // Cognito's document names its own /logout, which wants other parameters than OpenID
        // Connect's (rule C6).
        let is_cognitos = |url: &String| {
            url.ends_with("/logout") && self.token_endpoint.ends_with("/oauth2/token")
        };
        let end_session = self.end_session_endpoint.map(|url| match is_cognitos(&url) {
            true => EndSession::Cognito(url),
            false => EndSession::Oidc(url),
        });
        Endpoints {
            authorization: self.authorization_endpoint,
            token: self.token_endpoint,
            revocation: self.revocation_endpoint,
            end_session,
        }
    }
}
