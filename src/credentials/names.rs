//! The names of cookies that tokens come by.

use crate::config::{SessionCookies, SignIn, TokenUse};

/// A session's access token.
pub(crate) const ACCESS: &str = "__Host-nearhop-access";
/// A session's ID token.
pub(crate) const ID: &str = "__Host-nearhop-id";
/// A session's refresh token.
pub(crate) const REFRESH: &str = "__Host-nearhop-refresh";

const OURS: &str = "__Host-nearhop-";
/// What the names of Amplify's cookies begin with.
pub(crate) const AMPLIFY: &str = "CognitoIdentityServiceProvider.";

/// Whether a cookie is sign-in's or Amplify's: no token of a session travels on, and no issuer's own
/// cookie may be called so. In any case, as browsers know the prefix `__Host-`.
pub(crate) fn is_reserved(name: &str) -> bool {
    [OURS, AMPLIFY].iter().any(|prefix| {
        name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    })
}

/// A cookie, or some cookies, that an issuer's tokens come by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CookieName {
    /// One of `issuers[].cookies`.
    Own(String),
    /// One of the session's, which may be cut into chunks.
    Session(&'static str),
    /// Amplify's of one app client: `PREFIX USERNAME SUFFIX`, for each user who was ever signed in.
    Amplify {
        /// Up to the dot before the user's name.
        prefix: String,
        /// From the dot after it.
        suffix: &'static str,
    },
}

impl CookieName {
    /// The cookies of a session that its tokens for routes come by, where `clients` are the issuer's
    /// and `token_use` what it accepts: the access token's if that counts, the ID token's otherwise.
    pub fn of_session(sign_in: &SignIn, clients: &[String], token_use: &[TokenUse]) -> Vec<Self> {
        let is_access = token_use.contains(&TokenUse::Access);
        match sign_in.cookies {
            SessionCookies::HostOnly => vec![Self::Session(if is_access { ACCESS } else { ID })],
            SessionCookies::Amplify => {
                let suffix = if is_access { ".accessToken" } else { ".idToken" };
                let mut names = Vec::new();
                let common = sign_in.client.as_ref().or(clients.first());
                for client in
                    common.into_iter().chain(sign_in.hosts.iter().map(|host| &host.client))
                {
                    let name = Self::Amplify { prefix: format!("{AMPLIFY}{client}."), suffix };
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
                names
            }
        }
    }

    /// Whether a cookie is called so, to the letter.
    pub fn is(&self, name: &str) -> bool {
        match self {
            Self::Own(own) => own == name,
            Self::Session(session) => *session == name,
            Self::Amplify { prefix, suffix } => username(name, prefix, suffix).is_some(),
        }
    }
}

/// The user in the name of one of Amplify's cookies, percent-encoded as it stands there.
pub(super) fn username<'c>(name: &'c str, prefix: &str, suffix: &str) -> Option<&'c str> {
    let user = name.strip_prefix(prefix)?.strip_suffix(suffix)?;
    (!user.is_empty()).then_some(user)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign_in(more: serde_json::Value) -> SignIn {
        let mut json = serde_json::json!({ "key": { "env": "KEY" } });
        json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(json).unwrap()
    }

    fn names(more: serde_json::Value, token_use: &[TokenUse]) -> Vec<CookieName> {
        CookieName::of_session(&sign_in(more), &["a".into(), "b".into()], token_use)
    }

    #[test]
    fn the_credential_is_the_access_token_where_that_counts() {
        let none = serde_json::json!({});
        for (token_use, name) in [
            (&[TokenUse::Access][..], ACCESS),
            (&[TokenUse::Id, TokenUse::Access], ACCESS),
            (&[TokenUse::Id], ID),
        ] {
            assert_eq!(names(none.clone(), token_use), [CookieName::Session(name)]);
        }
    }

    #[test]
    fn amplify_s_names_are_those_of_sign_in_s_clients() {
        let amplify = |more: serde_json::Value| {
            let mut json = serde_json::json!({ "cookies": "amplify" });
            json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            names(json, &[TokenUse::Access])
        };
        let name = |client: &str| CookieName::Amplify {
            prefix: format!("CognitoIdentityServiceProvider.{client}."),
            suffix: ".accessToken",
        };
        assert_eq!(amplify(serde_json::json!({})), [name("a")]);
        assert_eq!(amplify(serde_json::json!({ "client": "b" })), [name("b")]);
        let host =
            |client: &str| serde_json::json!({ "origin": "https://a.example", "client": client });
        let hosts = serde_json::json!({ "hosts": [host("b"), host("a"), host("b")] });
        assert_eq!(amplify(hosts), [name("a"), name("b")]);

        let [only] = amplify(serde_json::json!({})).try_into().unwrap();
        for user in ["ada", "ada%40example.com", "a.b", "LastAuthUser.accessToken", "é"] {
            assert!(
                only.is(&format!("CognitoIdentityServiceProvider.a.{user}.accessToken")),
                "{user}"
            );
        }
        for other in [
            "CognitoIdentityServiceProvider.a..accessToken",
            "CognitoIdentityServiceProvider.a.accessToken",
            "CognitoIdentityServiceProvider.a.ada.idToken",
            "CognitoIdentityServiceProvider.a.ada.refreshToken",
            "CognitoIdentityServiceProvider.a.LastAuthUser",
            "CognitoIdentityServiceProvider.b.ada.accessToken",
            "CognitoIdentityServiceProvider.a.ada.accessToken ",
            "cognitoIdentityServiceProvider.a.ada.accessToken",
            "",
        ] {
            assert!(!only.is(other), "{other}");
        }
    }

    #[test]
    fn reserved_names_are_known_by_how_they_begin() {
        for name in [
            ACCESS,
            ID,
            REFRESH,
            "__Host-nearhop-access-1",
            "__host-Nearhop-anything",
            "__Host-nearhop-",
            "CognitoIdentityServiceProvider.a.LastAuthUser",
            "cognitoidentityserviceprovider.",
        ] {
            assert!(is_reserved(name), "{name}");
        }
        for name in
            ["", "nearhop_access", "__Host-nearhop", "x__Host-nearhop-a", "__Host-nearhoé-", "é"]
        {
            assert!(!is_reserved(name), "{name}");
        }
    }
}
