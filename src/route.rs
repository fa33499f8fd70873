//! Path patterns, and the route a path belongs to.

use std::cmp::Reverse;

use http::Method;

use crate::config::{Access, Config, Cookies, Target};
use crate::cors::Cors;
use crate::policy::{Problem, Problems};
use crate::region::api::regions_named;
use crate::region::set::RegionSet;

/// Every route, found by path.
#[derive(Clone, Debug)]
pub(crate) struct Routes {
    /// Each with its route's index, the most specific first: the first that matches is the one.
    patterns: Vec<(Pattern, usize)>,
    routes: Vec<Route>,
    /// Where a path belongs that no pattern matches: the public site.
    unmatched: Route,
}

/// A route with its demands checked and ready.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    /// The pattern as written, for the log; `*` alone for what no pattern matches.
    pub pattern: String,
    pub target: Target,
    /// What the caller must show; `None` for a public route.
    pub demand: Option<Demand>,
    /// Methods it answers; empty for all.
    pub methods: Vec<Method>,
    pub cookies: Cookies,
    pub cors: Option<Cors>,
    /// The API Regions that may serve it.
    pub regions: RegionSet,
}

/// What an authenticated route asks beside a valid token.
#[derive(Clone, Debug, Default)]
pub(crate) struct Demand {
    /// Client ids, one of which the token must be for; empty for any the issuer names.
    pub clients: Vec<String>,
    /// Groups, one of which the caller must be in; empty for no demand.
    pub groups: Vec<String>,
    /// Scopes, all of which the token must carry.
    pub scopes: Vec<String>,
}

impl Routes {
    pub fn new(config: &Config, problems: &mut Problems) -> Self {
        let routes: Vec<Route> = config
            .routes
            .iter()
            .enumerate()
            .map(|(index, route)| Route::new(index, route, config, problems))
            .collect();
        let mut patterns: Vec<(Pattern, usize)> = Vec::with_capacity(routes.len());
        for (index, route) in routes.iter().enumerate() {
            let key = format!("routes[{index}].pattern");
            match Pattern::parse(&route.pattern) {
                Err(allowed) => problems.push(Problem::new(key, &route.pattern, allowed)),
                Ok(pattern) => match patterns.iter().find(|(other, _)| *other == pattern) {
                    Some((_, other)) => {
                        let other = &routes[*other].pattern;
                        let allowed =
                            format!("a pattern that does not match the same paths as {other}");
                        problems.push(Problem::new(key, &route.pattern, allowed));
                    }
                    None => patterns.push((pattern, index)),
                },
            }
        }
        patterns.sort_by_cached_key(|(pattern, _)| Reverse(pattern.specificity()));
        Self { patterns, routes, unmatched: Route::public_site() }
    }

    /// The route of a decoded canonical path.
    pub fn find(&self, path: &str) -> &Route {
        let found = self.patterns.iter().find(|(pattern, _)| pattern.matches(path));
        found.map_or(&self.unmatched, |(_, index)| &self.routes[*index])
    }

    /// Every route's rule for callers on other origins.
    pub fn cors(&self) -> impl Iterator<Item = &Cors> {
        self.routes.iter().filter_map(|route| route.cors.as_ref())
    }
}

impl Route {
    fn new(
        index: usize,
        route: &crate::config::Route,
        config: &Config,
        problems: &mut Problems,
    ) -> Self {
        let at = |key: &str| format!("routes[{index}].{key}");
        let demand = Demand {
            clients: route.clients.clone(),
            groups: route.groups.clone(),
            scopes: route.scopes.clone(),
        };
        if route.access == Access::Public {
            for (key, list) in [
                ("clients", &demand.clients),
                ("groups", &demand.groups),
                ("scopes", &demand.scopes),
            ] {
                if !list.is_empty() {
                    let allowed = "no demand on a public route: make it access = \"authenticated\"";
                    problems.push(Problem::new(at(key), list.join(", "), allowed));
                }
            }
        }
        let known = |id: &String| config.issuers.iter().any(|issuer| issuer.clients.contains(id));
        for (i, id) in demand.clients.iter().enumerate().filter(|(_, id)| !known(id)) {
            problems.push(Problem::new(
                at(&format!("clients[{i}]")),
                id,
                "a client id that one of the issuers names in its own clients",
            ));
        }
        for (i, scope) in demand.scopes.iter().enumerate() {
            if !is_scope(scope) {
                let allowed = "one scope: no spaces, quotes or backslashes (RFC 6749, section 3.3)";
                problems.push(Problem::new(at(&format!("scopes[{i}]")), scope, allowed));
            }
        }
        if route.target == Target::Api && config.api.is_none() {
            problems.push(Problem::new(
                at("target"),
                "api",
                "\"site\", or a section [api] that says where the API is",
            ));
        }
        if route.access == Access::Authenticated && config.issuers.is_empty() {
            problems.push(Problem::new(
                at("access"),
                "authenticated",
                "\"public\", or at least one section [[issuers]]",
            ));
        }
        if route.target == Target::Site && route.cookies == Cookies::Forward {
            problems.push(Problem::new(
                at("cookies"),
                "forward",
                "\"strip\": S3 has no use for cookies and refuses headers over 8 KB (rule S2)",
            ));
        }
        let mut methods = Vec::new();
        for (i, name) in route.methods.iter().enumerate() {
            match Method::from_bytes(name.as_bytes()) {
                Ok(method) if !name.bytes().any(|b| b.is_ascii_lowercase()) => methods.push(method),
                _ => problems.push(Problem::new(
                    at(&format!("methods[{i}]")),
                    name,
                    "an HTTP method in upper case, such as \"GET\"",
                )),
            }
        }
        let cors = route.cors.as_ref().map(|cors| Cors::new(&at("cors"), cors, problems));
        Self {
            pattern: route.pattern.clone(),
            target: route.target,
            demand: (route.access == Access::Authenticated).then_some(demand),
            methods,
            cookies: route.cookies,
            cors,
            regions: route_regions(&at("regions"), route, config, problems),
        }
    }

    fn public_site() -> Self {
        Self {
            pattern: "*".into(),
            target: Target::Site,
            demand: None,
            methods: Vec::new(),
            cookies: Cookies::Strip,
            cors: None,
            regions: RegionSet::EMPTY,
        }
    }

    /// Its methods as the `Allow` field lists them.
    pub fn allowed_methods(&self) -> String {
        let names: Vec<&str> = self.methods.iter().map(Method::as_str).collect();
        names.join(", ")
    }

    /// Whether the route answers this method.
    pub fn allows(&self, method: &Method) -> bool {
        self.methods.is_empty() || self.methods.contains(method)
    }
}

/// The Regions a route names, or all of them.
fn route_regions(
    key: &str,
    route: &crate::config::Route,
    config: &Config,
    problems: &mut Problems,
) -> RegionSet {
    let regions = config.api.as_ref().map_or(&[][..], |api| &api.regions);
    match (route.regions.as_slice(), route.target) {
        ([], Target::Api) => RegionSet::first(regions.len()),
        ([], Target::Site) => RegionSet::EMPTY,
        (names, Target::Api) => regions_named(regions, key, names, problems),
        (names, Target::Site) => {
            problems.push(Problem::new(key, names.join(", "), "none on a route of the site"));
            RegionSet::EMPTY
        }
    }
}

/// What `routes[].pattern` says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    segments: Vec<Segment>,
    /// Everything below matches as well.
    is_tree: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    /// Its name is for people: it plays no part.
    Parameter,
}

impl Pattern {
    /// Parses the notation, or says what is allowed.
    fn parse(pattern: &str) -> Result<Self, String> {
        let Some(path) = pattern.strip_prefix('/') else {
            return Err("a pattern that begins with /".into());
        };
        let (path, is_tree) = match path.strip_suffix('*') {
            Some("") => ("", true),
            Some(root) => match root.strip_suffix('/') {
                Some(root) => (root, true),
                None => {
                    return Err("* only as a whole last segment: /api/*".into());
                }
            },
            None => (path.strip_suffix('/').unwrap_or(path), false),
        };
        let segments = match pattern {
            "/" | "/*" => Vec::new(),
            _ => path.split('/').map(Segment::parse).collect::<Result<_, _>>()?,
        };
        Ok(Self { segments, is_tree })
    }

    /// Whether a decoded canonical path is one of the pattern's. Many servers read `/health/` as
    /// `/health`: so does the access rule.
    fn matches(&self, path: &str) -> bool {
        let mut found = path.strip_suffix('/').unwrap_or(path).split('/').skip(1);
        self.segments.iter().all(|segment| match (segment, found.next()) {
            (Segment::Literal(text), Some(found)) => text == found,
            (Segment::Parameter, Some(_)) => true,
            (_, None) => false,
        }) && (self.is_tree || found.next().is_none())
    }

    /// Greater for the more specific of two patterns that match one path: segment by segment, the
    /// path's end before a literal, a literal before a parameter, a parameter before a tree's rest.
    fn specificity(&self) -> Vec<u8> {
        let segments = self.segments.iter().map(|segment| match segment {
            Segment::Literal(_) => 2,
            Segment::Parameter => 1,
        });
        segments.chain([if self.is_tree { 0 } else { 3 }]).collect()
    }
}

impl Segment {
    fn parse(segment: &str) -> Result<Self, String> {
        match segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                return Ok(Segment::Parameter);
            }
            Some(_) => return Err("a parameter's name of letters and digits: /users/{id}".into()),
            None => {}
        }
        match segment {
            "" => Err("no empty segment: // is refused in requests".into()),
            "." | ".." => Err("no dot segment: they are refused in requests".into()),
            _ if segment.contains(['{', '}', '*', '\\', ';', '?', '#', '%', ' '])
                || segment.contains(char::is_control) =>
            {
                Err("segments of plain characters, decoded; {name} for one whole segment; * last"
                    .into())
            }
            _ => Ok(Segment::Literal(segment.to_owned())),
        }
    }
}

/// RFC 6749, section 3.3: `scope-token`.
fn is_scope(scope: &str) -> bool {
    !scope.is_empty() && scope.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

#[cfg(test)]
mod tests;
