//! What is asked about paths that look alike to the API once `api.strip_prefix` is off.

use std::cmp::Ordering;
use std::mem;

use super::List;
use crate::config::{Access, Config, Route, Target};
use crate::policy::Problems;
use crate::route::Routes;

/// With `/api` off, `/api/admin` and `/admin` are one path to the API. Where the less specific of
/// two routes to it lets more callers in, they get round the other.
pub(super) fn about_prefix(config: &Config, list: &mut List) {
    let Some(prefix) = config.api.as_ref().and_then(|api| api.strip_prefix.as_deref()) else {
        return;
    };
    let of_api = || {
        let routes = config.routes.iter().enumerate();
        routes.filter(|(_, route)| route.target == Target::Api)
    };
    let taken_off = segments(prefix);
    let stripped: Vec<Arrival<'_>> =
        of_api().filter_map(|route| Arrival::stripped(route, &taken_off)).collect();
    let whole = of_api().map(Arrival::whole);
    let whole = whole.filter(|arrival| !arrival.segments.starts_with(&taken_off));
    let routes = Routes::new(config, &mut Problems::new());
    let leads_to = |path: &str, route: &Route| routes.find(path).pattern == route.pattern;

    let mut told = vec![false; config.routes.len()];
    for whole in whole {
        for stripped in &stripped {
            let Some(shared) = shared(&whole.segments, &stripped.segments) else { continue };
            let path = format!("/{}", shared.join("/"));
            let longer = format!("{prefix}{path}");
            let both_lead_there = !shared.starts_with(&taken_off)
                && leads_to(&path, whole.route)
                && leads_to(&longer, stripped.route);
            if !both_lead_there {
                continue;
            }
            for (lax, strict) in [(&whole, stripped), (stripped, &whole)] {
                if lax.gets_round(strict) && !mem::replace(&mut told[lax.index], true) {
                    list.add(
                        format!("routes[{}]", lax.index),
                        format!(
                            "the API cannot tell {path} from {longer} (api.strip_prefix), and {} \
                             is for fewer callers: ask the same here, or choose another path",
                            strict.route.pattern
                        ),
                    );
                }
            }
        }
    }
}

/// A route as the API sees its paths.
struct Arrival<'c> {
    index: usize,
    route: &'c Route,
    /// Of the pattern: text, `{name}` for one, and at the end `*` for any that follow.
    segments: Vec<&'c str>,
}

impl<'c> Arrival<'c> {
    fn whole((index, route): (usize, &'c Route)) -> Self {
        Self { index, route, segments: segments(&route.pattern) }
    }

    /// Those of its paths that begin with the prefix, without it.
    fn stripped(route: (usize, &'c Route), prefix: &[&str]) -> Option<Self> {
        let mut arrival = Self::whole(route);
        for wanted in prefix {
            match *arrival.segments.first()? {
                "*" => break,
                segment if segment == *wanted || is_open(segment) => arrival.segments.remove(0),
                _ => return None,
            };
        }
        Some(arrival)
    }

    /// Whether some callers that this route lets in are kept out by the other, which is as specific
    /// or more. Where the other is less specific, letting more in is what an exception is for.
    fn gets_round(&self, other: &Self) -> bool {
        let (own, others) = (self.segments.iter(), other.segments.iter());
        let order = own.map(|segment| rank(segment)).cmp(others.map(|segment| rank(segment)));
        order != Ordering::Less && lets_more_in(self.route, other.route)
    }
}

fn lets_more_in(lax: &Route, strict: &Route) -> bool {
    let is_any_of = |given: &[String], wanted: &[String]| {
        wanted.is_empty() || !given.is_empty() && given.iter().all(|one| wanted.contains(one))
    };
    strict.access == Access::Authenticated
        && (lax.access == Access::Public
            || !is_any_of(&lax.clients, &strict.clients)
            || !is_any_of(&lax.groups, &strict.groups)
            || !strict.scopes.iter().all(|scope| lax.scopes.contains(scope)))
}

/// A path that both match; `{name}` and `*` stand in it for themselves, which no pattern's text can
/// be.
fn shared<'c>(one: &[&'c str], other: &[&'c str]) -> Option<Vec<&'c str>> {
    let mut path = Vec::new();
    let (mut ones, mut others) = (one.iter().copied(), other.iter().copied());
    loop {
        let segment = match (ones.next(), others.next()) {
            (None, None) => return Some(path),
            (Some("*"), rest) | (rest, Some("*")) => {
                path.extend(rest.into_iter().chain(ones).chain(others));
                return Some(path);
            }
            (Some(one), Some(other)) if one == other || is_open(other) => one,
            (Some(one), Some(other)) if is_open(one) => other,
            _ => return None,
        };
        path.push(segment);
    }
}

/// The lower, the more specific (routes are found so).
fn rank(segment: &str) -> u8 {
    match segment {
        "*" => 2,
        _ if is_open(segment) => 1,
        _ => 0,
    }
}

fn is_open(segment: &str) -> bool {
    segment.starts_with('{')
}

fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|segment| !segment.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::warnings;
    use crate::config::Config;

    const PUBLIC: &str = "access = \"public\"";
    const SIGNED_IN: &str = "access = \"authenticated\"";
    const STAFF: &str = "access = \"authenticated\"\ngroups = [\"staff\"]";

    /// The routes that are said to be a way round another.
    fn ways_round(prefix: &str, routes: &[(&str, &str)]) -> Vec<String> {
        let tables = routes.iter().map(|(pattern, rest)| {
            format!("[[routes]]\npattern = \"{pattern}\"\ntarget = \"api\"\n{rest}\n")
        });
        let tables: String = tables.collect();
        let text = format!(
            "[[issuers]]\nuser_pool = \"eu-west-1_Example01\"\nclients = [\"c\"]\n\
             {tables}[api]\n{prefix}\nregions = []\n"
        );
        let config: Config = toml::from_str(&text).unwrap();
        let said = warnings(&config).into_iter();
        said.filter(|(_, message)| message.contains("strip_prefix")).map(|(key, _)| key).collect()
    }

    const API: &str = "strip_prefix = \"/api\"";

    #[test]
    fn a_way_round_a_stricter_route_is_asked_about() {
        for (routes, expected) in [
            (&[("/api/admin/*", STAFF), ("/*", PUBLIC)][..], "routes[1]"),
            (&[("/api/admin/*", STAFF), ("/admin/*", SIGNED_IN)], "routes[1]"),
            (&[("/api/admin", SIGNED_IN), ("/{page}", PUBLIC)], "routes[1]"),
            (&[("/api", SIGNED_IN), ("/", PUBLIC)], "routes[1]"),
            (&[("/api/*", PUBLIC), ("/admin/*", STAFF)], "routes[0]"),
            (&[("/api/{x}/b", SIGNED_IN), ("/a/*", PUBLIC), ("/{x}/b", PUBLIC)], "routes[2]"),
            (&[("/{tenant}/staff", STAFF), ("/staff", SIGNED_IN)], "routes[1]"),
        ] {
            assert_eq!(ways_round(API, routes), [expected], "{routes:?}");
        }
        let two = "strip_prefix = \"/v1/api\"";
        let routes = [("/v1/api/admin", STAFF), ("/admin", PUBLIC), ("/api/admin", PUBLIC)];
        assert_eq!(ways_round(two, &routes), ["routes[1]"]);
    }

    #[test]
    fn demands_are_compared_one_by_one() {
        let with = |more: &str| format!("{SIGNED_IN}\n{more}");
        for (lax, strict, is_way_round) in [
            ("groups = [\"staff\"]", "groups = [\"staff\", \"auditors\"]", false),
            ("groups = [\"staff\", \"auditors\"]", "groups = [\"staff\"]", true),
            ("scopes = [\"read\"]", "scopes = [\"read\", \"write\"]", true),
            ("scopes = [\"read\", \"write\"]", "scopes = [\"read\"]", false),
            ("", "clients = [\"c\"]", true),
            ("clients = [\"c\"]", "", false),
        ] {
            let (lax, strict) = (with(lax), with(strict));
            let routes = [("/*", lax.as_str()), ("/api/admin", strict.as_str())];
            let expected: &[&str] = if is_way_round { &["routes[0]"] } else { &[] };
            assert_eq!(ways_round(API, &routes), expected, "{lax} {strict}");
        }
    }

    #[test]
    fn what_is_no_way_round_is_let_pass() {
        for routes in [
            // An exception from a wider rule.
            &[("/api/*", SIGNED_IN), ("/hooks/{id}", PUBLIC)][..],
            &[("/api/*", SIGNED_IN), ("/api/health", PUBLIC)],
            &[("/api/*", SIGNED_IN), ("/graphql", SIGNED_IN)],
            &[("/api/admin", STAFF), ("/other", PUBLIC)],
            // The prefix is taken off once.
            &[("/api/*", PUBLIC), ("/api/api/admin", STAFF)],
            &[("/*", PUBLIC), ("/api/api/admin", STAFF)],
            // Another route has the path.
            &[("/api/admin", STAFF), ("/*", PUBLIC), ("/admin", STAFF)],
            &[("/api/*", STAFF), ("/api/open/*", PUBLIC), ("/open/*", PUBLIC)],
        ] {
            assert_eq!(ways_round(API, routes), [""; 0], "{routes:?}");
        }
        assert_eq!(ways_round("", &[("/api/admin", STAFF), ("/admin", PUBLIC)]), [""; 0]);
    }
}
