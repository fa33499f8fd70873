//! What a sound configuration still deserves to be asked about.

use api::about_api;
use prefix::about_prefix;
use sign_in::about_sign_in;

use crate::config::{Access, Config, NotFound, Route, Target, TokenUse};
use crate::site::headers::value_of;

mod api;
mod prefix;
mod sign_in;

/// The warnings about `config`: the key, and what is so with what to do if it is not meant.
pub fn warnings(config: &Config) -> Vec<(String, String)> {
    let mut list = List(Vec::new());
    about_site(config, &mut list);
    about_routes(config, &mut list);
    about_issuers(config, &mut list);
    about_sign_in(config, &mut list);
    about_api(config, &mut list);
    about_prefix(config, &mut list);
    if config.keys.max_age_seconds > 86_400 {
        list.add(
            "keys.max_age_seconds",
            "a key that the issuer withdrew goes on working for more than a day: choose 86400 or less",
        );
    }
    list.0
}

struct List(Vec<(String, String)>);

impl List {
    fn add(&mut self, key: impl Into<String>, message: impl Into<String>) {
        self.0.push((key.into(), message.into()));
    }
}

fn about_site(config: &Config, list: &mut List) {
    let missing = missing_security_headers(config);
    if !missing.is_empty() {
        list.add(
            "site.headers",
            format!(
                "the site's answers carry no {}: set them here, or leave security_headers at \
                 \"standard\"",
                missing.join(", ")
            ),
        );
    }
    if config.site.not_found == NotFound::Pass && config.site.not_found_page.is_some() {
        list.add(
            "site.not_found_page",
            "this page is never shown while not_found is \"pass\": choose \"status\"",
        );
    }
}

/// Headers that OWASP's secure headers project asks of every site, as far as a value of ours could
/// not break it.
fn missing_security_headers(config: &Config) -> Vec<&'static str> {
    let value = |name: &str| value_of(&config.site, name);
    let framing = value("x-frame-options").is_some()
        || value("content-security-policy")
            .is_some_and(|policy| policy.contains("frame-ancestors"));
    let mut missing = vec![
        "strict-transport-security",
        "content-security-policy",
        "x-content-type-options",
        "referrer-policy",
    ];
    missing.retain(|name| value(name).is_none());
    if !framing {
        missing.push("frame-ancestors (in content-security-policy)");
    }
    missing
}

fn about_routes(config: &Config, list: &mut List) {
    for (index, route) in config.routes.iter().enumerate() {
        let key = format!("routes[{index}]");
        if route.target == Target::Api && route.access == Access::Public {
            list.add(
                format!("{key}.access"),
                format!("{} reaches the API without a token: anyone may call it", route.pattern),
            );
        }
        if repeats_defaults(config, route) {
            list.add(
                &key,
                format!(
                    "{} says what holds without it (a path that no route matches belongs to the \
                     site and is public): leave it out",
                    route.pattern
                ),
            );
        }
        if route.cors.as_ref().is_some_and(|cors| cors.origins.iter().any(|origin| origin == "*")) {
            list.add(
                format!("{key}.cors.origins"),
                "any site's scripts may call this route and read its answers: name the origins",
            );
        }
        if page_loads_cannot_carry_tokens(config, route) {
            list.add(
                format!("{key}.access"),
                format!(
                    "a browser sends no Authorization header when it loads {}: name the token's \
                     cookie in issuers[..].cookies",
                    route.pattern
                ),
            );
        }
    }
}

/// A public site route is what an unmatched path gets, unless it makes a hole in a wider route.
fn repeats_defaults(config: &Config, route: &Route) -> bool {
    let plain = route.target == Target::Site
        && route.access == Access::Public
        && route.methods.is_empty()
        && route.cors.is_none();
    let others = || config.routes.iter().filter(|other| other.pattern != route.pattern);
    plain && !others().any(|other| covers(&other.pattern, &route.pattern))
}

/// Whether some path that `inner` matches is matched by `outer` too, segment by segment.
fn covers(outer: &str, inner: &str) -> bool {
    let mut inner = inner.split('/');
    for segment in outer.split('/') {
        match (segment, inner.next()) {
            ("*", _) | (_, Some("*")) => return true,
            (_, None) => return false,
            (outer, Some(inner)) => {
                let open = |segment: &str| segment.starts_with('{');
                if outer != inner && !open(outer) && !open(inner) {
                    return false;
                }
            }
        }
    }
    inner.next().is_none_or(|segment| segment == "*")
}

fn page_loads_cannot_carry_tokens(config: &Config, route: &Route) -> bool {
    route.target == Target::Site
        && route.access == Access::Authenticated
        && config.sign_in.is_none()
        && config.issuers.iter().all(|issuer| issuer.cookies.is_empty())
}

fn about_issuers(config: &Config, list: &mut List) {
    let needed = config.routes.iter().any(|route| route.access == Access::Authenticated);
    for (index, issuer) in config.issuers.iter().enumerate() {
        let key = format!("issuers[{index}]");
        if !needed {
            list.add(&key, "no route is \"authenticated\", so no token is ever asked for");
        }
        if issuer.token_use.contains(&TokenUse::Id) {
            list.add(
                format!("{key}.token_use"),
                "ID tokens are accepted: they carry no scopes and are meant for the client that \
                 signed in, not for APIs; prefer \"access\" alone",
            );
        }
        if issuer.leeway_seconds > 60 {
            list.add(
                format!("{key}.leeway_seconds"),
                format!(
                    "tokens work for {} s after they expired: clocks seldom differ by more than 60 s",
                    issuer.leeway_seconds
                ),
            );
        }
        if issuer.jwks_url.as_deref().is_some_and(|url| url.starts_with("http://")) {
            list.add(
                format!("{key}.jwks_url"),
                "keys fetched over http can be replaced on the way: use https outside of tests",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys warned about in a configuration that is quiet but for `more`.
    pub(super) fn keys(more: &str) -> Vec<String> {
        let quiet = r#"
            [[issuers]]
            user_pool = "eu-west-1_Example01"
            clients = ["c"]
            [[routes]]
            pattern = "/api/*"
            target = "api"
            access = "authenticated"
            [api]
            origin_secret.env = "SECRET"
            regions = [
              { name = "eu-west-1", endpoint = "https://a.example" },
              { name = "us-east-1", endpoint = "https://b.example" },
            ]
        "#;
        let mut base: toml::Table = toml::from_str(quiet).unwrap();
        for (key, value) in toml::from_str::<toml::Table>(more).unwrap() {
            match (base.get_mut(&key), value) {
                (Some(toml::Value::Array(base)), toml::Value::Array(more)) => base.extend(more),
                (Some(toml::Value::Table(base)), toml::Value::Table(more)) => base.extend(more),
                (_, value) => drop(base.insert(key, value)),
            }
        }
        let config = base.try_into().unwrap();
        warnings(&config).into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn a_quiet_configuration_has_none() {
        assert_eq!(keys(""), [""; 0]);
    }

    #[test]
    fn each_warning_is_given_for_its_reason() {
        let route =
            |pattern: &str, rest: &str| format!("[[routes]]\npattern = \"{pattern}\"\n{rest}\n");
        let public_api = "target = \"api\"\naccess = \"public\"";
        let public_site = "target = \"site\"\naccess = \"public\"";
        let closed_site = "target = \"site\"\naccess = \"authenticated\"";
        let any_origin = "target = \"api\"\naccess = \"authenticated\"\n\
                          cors = { preflight = \"answer\", origins = [\"*\"] }";
        let issuer = "[[issuers]]\nuser_pool = \"eu-west-1_Example02\"\nclients = [\"d\"]\n";
        let removed =
            |name: &str| format!("site.headers = [{{ name = \"{name}\", value = \"\" }}]");
        let cases = [
            (route("/api/health", public_api), "routes[1].access"),
            (route("/about", public_site), "routes[1]"),
            (route("/open/*", any_origin), "routes[1].cors.origins"),
            (route("/members/*", closed_site), "routes[1].access"),
            (format!("{issuer}token_use = [\"access\", \"id\"]"), "issuers[1].token_use"),
            (format!("{issuer}leeway_seconds = 61"), "issuers[1].leeway_seconds"),
            (format!("{issuer}jwks_url = \"http://127.0.0.1/k\""), "issuers[1].jwks_url"),
            ("site.security_headers = \"none\"".into(), "site.headers"),
            (removed("Referrer-Policy"), "site.headers"),
            (removed("content-security-policy"), "site.headers"),
            (
                "site.not_found = \"pass\"\nsite.not_found_page = \"404.html\"".into(),
                "site.not_found_page",
            ),
            ("keys.max_age_seconds = 86401".into(), "keys.max_age_seconds"),
            ("api.regions = [{ name = \"x\", endpoint = \"https://a\" }]".into(), "api.regions"),
        ];
        for (more, expected) in cases {
            assert_eq!(keys(&more), [expected], "{more}");
        }
    }

    #[test]
    fn what_is_declared_in_vain_is_said_so() {
        let empty: Config = toml::from_str(
            "[api]\nregions = []\n[[issuers]]\nclients = [\"c\"]\nuser_pool = \"p\"\n",
        )
        .unwrap();
        let keys: Vec<_> = warnings(&empty).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["issuers[0]", "api", "api.origin_secret"]);
    }

    #[test]
    fn a_hole_in_a_wider_route_is_no_repetition() {
        assert_eq!(
            keys("[[routes]]\npattern = \"/api/docs/*\"\ntarget = \"site\"\naccess = \"public\"\n"),
            [""; 0]
        );
    }

    #[test]
    fn patterns_cover_one_another_by_segments() {
        for (outer, inner) in [
            ("/api/*", "/api/docs"),
            ("/api/*", "/api"),
            ("/*", "/a/b"),
            ("/{x}/b", "/a/b"),
            ("/a/b", "/a/*"),
            ("/a", "/a/*"),
        ] {
            assert!(covers(outer, inner), "{outer} {inner}");
        }
        for (outer, inner) in [("/api/*", "/apix"), ("/a", "/b"), ("/a/b", "/a"), ("/a", "/a/b")] {
            assert!(!covers(outer, inner), "{outer} {inner}");
        }
    }
}
