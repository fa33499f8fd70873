//! What is asked about sign-in.

use super::List;
use crate::config::{Access, Config, Route, SessionCookies, SignIn, Target, TokenUse};
use crate::policy::Problems;
use crate::route::Routes;
use crate::tools::issuers::sign_in_issuer;

pub(super) fn about_sign_in(config: &Config, list: &mut List) {
    let Some(sign_in) = &config.sign_in else { return };
    if !closed_routes(config).any(|(_, route)| route.target == Target::Site) {
        list.add(
            "sign_in",
            "no page is \"authenticated\", so visitors are signed in only where a page links to \
             /_nearhop/sign-in: give a route of the site access = \"authenticated\"",
        );
    }
    if !config.site.viewer_request_attached {
        list.add(
            "site.viewer_request_attached",
            "sign-in is decided at viewer-request: attach the function there, /_nearhop/* included, \
             and say true here",
        );
    }
    about_tokens(config, list);
    about_scopes(config, sign_in, list);
    about_browsers(config, sign_in, list);
}

fn closed_routes(config: &Config) -> impl Iterator<Item = (usize, &Route)> {
    config.routes.iter().enumerate().filter(|(_, route)| route.access == Access::Authenticated)
}

fn about_tokens(config: &Config, list: &mut List) {
    let Some(index) = sign_in_issuer(config) else { return };
    if !config.issuers[index].token_use.contains(&TokenUse::Access) {
        list.add(
            format!("issuers[{index}].token_use"),
            "without \"access\" the routes, and the API, see the ID token of whoever signed in, \
             which has no scopes and is meant for the client: add \"access\"",
        );
    }
}

fn about_scopes(config: &Config, sign_in: &SignIn, list: &mut List) {
    let asked = |scope: &str| sign_in.scopes.iter().any(|one| one == scope);
    if !asked("openid") {
        list.add(
            "sign_in.scopes",
            "openid is asked for all the same, since there is no ID token without it: name it",
        );
    }
    for (index, route) in closed_routes(config) {
        let missing: Vec<_> =
            route.scopes.iter().filter(|scope| !asked(scope)).map(String::as_str).collect();
        if !missing.is_empty() {
            list.add(
                "sign_in.scopes",
                format!(
                    "routes[{index}] demands {}, which is not asked for here: nobody who signs in \
                     can enter {}",
                    missing.join(", "),
                    route.pattern
                ),
            );
        }
    }
}

fn about_browsers(config: &Config, sign_in: &SignIn, list: &mut List) {
    if sign_in.cookies == SessionCookies::Amplify {
        list.add(
            "sign_in.cookies",
            "scripts can read the tokens, so one that is smuggled into a page can take them away: \
             choose \"host-only\" unless the frontend uses Amplify",
        );
    }
    if sign_in.origins.is_empty() {
        list.add(
            "sign_in.origins",
            "only the distribution's own domain name signs visitors in: name the site's origins, \
             such as \"https://app.example.com\"",
        );
    }
    if let Some(path) = &sign_in.after_sign_out {
        let routes = Routes::new(config, &mut Problems::new());
        if routes.find(path).demand.is_some() {
            list.add(
                "sign_in.after_sign_out",
                format!("{path} is \"authenticated\": whoever signs out is sent to sign in again"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::keys;

    const PAGE: &str =
        "[[routes]]\npattern = \"/notes\"\ntarget = \"site\"\naccess = \"authenticated\"\n";

    /// Sign-in that is not warned of, with `more` of its own.
    fn with(more: &str) -> Vec<String> {
        keys(&format!(
            "site.viewer_request_attached = true\n{PAGE}[sign_in]\nkey.env = \"K\"\n\
             origins = [\"https://app.example.com\"]\n{more}"
        ))
    }

    #[test]
    fn a_page_that_is_signed_in_to_is_quiet() {
        assert_eq!(with(""), [""; 0], "its cookies carry the token");
    }

    #[test]
    fn each_warning_is_given_for_its_reason() {
        let scoped = "[[routes]]\npattern = \"/api/orders\"\ntarget = \"api\"\n\
                      access = \"authenticated\"\nscopes = [\"orders/read\"]\n";
        for (more, expected) in [
            ("cookies = \"amplify\"".to_owned(), "sign_in.cookies"),
            ("scopes = [\"email\"]".to_owned(), "sign_in.scopes"),
            (scoped.to_owned(), "sign_in.scopes"),
            ("after_sign_out = \"/notes\"".to_owned(), "sign_in.after_sign_out"),
        ] {
            assert_eq!(with(&more), [expected], "{more}");
        }
        assert_eq!(with(&format!("scopes = [\"openid\", \"orders/read\"]\n{scoped}")), [""; 0]);
        assert_eq!(with("after_sign_out = \"/bye\""), [""; 0]);
    }

    #[test]
    fn sign_in_that_leads_nowhere_is_asked_about() {
        assert_eq!(
            keys("[sign_in]\nkey.env = \"K\"\n"),
            ["sign_in", "site.viewer_request_attached", "sign_in.origins"]
        );
    }

    #[test]
    fn id_tokens_alone_are_seldom_meant() {
        let other = "[[issuers]]\nuser_pool = \"eu-west-1_Example02\"\nclients = [\"d\"]\n\
                     token_use = [\"id\"]\n";
        let keys = with(&format!("issuer = \"eu-west-1_Example02\"\n{other}"));
        assert_eq!(keys, ["issuers[1].token_use", "issuers[1].token_use"]);
    }
}
