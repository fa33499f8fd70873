//! Path patterns, and the route a path belongs to.

use std::cmp::Ordering;

use http::Method;

use crate::config::{Access, Config, Cookies, Target};
use crate::cors::Cors;
use crate::policy::{Problem, Problems};
use crate::region::api::regions_named;
use crate::region::set::RegionSet;

/// Every route, found by path.
#[derive(Clone, Debug)]
pub(crate) struct Routes {
    patterns: Node,
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
        let mut patterns = Node::default();
        for (index, route) in routes.iter().enumerate() {
            let key = format!("routes[{index}].pattern");
            match Pattern::parse(&route.pattern) {
                Err(allowed) => problems.push(Problem::new(key, &route.pattern, allowed)),
                Ok(pattern) => match patterns.place(&pattern) {
                    Some(other) => {
                        let other = &routes[*other].pattern;
                        let allowed =
                            format!("a pattern that does not match the same paths as {other}");
                        problems.push(Problem::new(key, &route.pattern, allowed));
                    }
                    free => *free = Some(index),
                },
            }
        }
        Self { patterns, routes, unmatched: Route::public_site() }
    }

    /// The route of a decoded canonical path. Many servers read `/health/` as `/health`: so does the
    /// access rule.
    pub fn find(&self, path: &str) -> &Route {
        let found = self.patterns.find(path.strip_suffix('/').unwrap_or(path).as_bytes());
        found.map_or(&self.unmatched, |index| &self.routes[*index])
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

/// Patterns that begin alike, by what follows: a thousand are searched about as fast as ten.
#[derive(Clone, Debug, Default)]
struct Node {
    /// In order.
    literals: Vec<(Literal, Node)>,
    parameter: Option<Box<Node>>,
    /// The route of the path that ends here.
    end: Option<usize>,
    /// The route of every path from here on that no other pattern has.
    tree: Option<usize>,
}

impl Node {
    /// The route of the most specific pattern for the rest of a path, which begins with `/` or is empty:
    /// segment by segment, the path's
    /// end before a literal, a literal before a parameter, a parameter before a tree's rest.
    fn find(&self, path: &[u8]) -> Option<&usize> {
        let Some((_, path)) = path.split_first() else {
            return self.end.as_ref().or(self.tree.as_ref());
        };
        let end = path.iter().position(|byte| *byte == b'/').unwrap_or(path.len());
        let (segment, rest) = path.split_at(end);
        let literal = self.literal(Ends::of(segment), segment).ok();
        literal
            .and_then(|at| self.literals[at].1.find(rest))
            .or_else(|| self.parameter.as_ref()?.find(rest))
            .or(self.tree.as_ref())
    }

    /// Where a pattern's route stands, or is to stand.
    fn place(&mut self, pattern: &Pattern) -> &mut Option<usize> {
        let mut node = self;
        for segment in &pattern.segments {
            node = match segment {
                Segment::Parameter => node.parameter.get_or_insert_default(),
                Segment::Literal(text) => {
                    let ends = Ends::of(text.as_bytes());
                    let at = node.literal(ends, text.as_bytes()).unwrap_or_else(|at| {
                        let literal = Literal { ends, text: text.clone() };
                        node.literals.insert(at, (literal, Node::default()));
                        at
                    });
                    &mut node.literals[at].1
                }
            };
        }
        if pattern.is_tree { &mut node.tree } else { &mut node.end }
    }

    /// Where a literal stands among the others, or would.
    fn literal(&self, ends: Ends, segment: &[u8]) -> Result<usize, usize> {
        self.literals.binary_search_by(|(literal, _)| literal.compare(ends, segment))
    }
}

/// The text of a segment.
#[derive(Clone, Debug)]
struct Literal {
    ends: Ends,
    text: String,
}

impl Literal {
    /// The order is of no meaning: what is quick to compare comes first.
    fn compare(&self, ends: Ends, segment: &[u8]) -> Ordering {
        self.ends.cmp(&ends).then_with(|| match segment.len() {
            // There is no more of it.
            ..=16 => Ordering::Equal,
            _ => self.text.as_bytes().cmp(segment),
        })
    }
}

/// The last eight bytes of a text, the first eight and its length: all of it, up to sixteen bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ends(u64, u64, usize);

impl Ends {
    fn of(bytes: &[u8]) -> Self {
        let (first, last) = match (bytes.first_chunk(), bytes.last_chunk()) {
            (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
            _ => (0, bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))),
        };
        Self(last, first, bytes.len())
    }
}

/// What `routes[].pattern` says.
#[derive(Clone, Debug)]
struct Pattern {
    segments: Vec<Segment>,
    /// Everything below matches as well.
    is_tree: bool,
}

#[derive(Clone, Debug)]
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
