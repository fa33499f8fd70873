//! Which route a path belongs to, and which patterns cannot stand.

use proptest::prelude::*;

use super::*;

fn config(patterns: &[&str]) -> Config {
    let routes = patterns.iter().map(
        |pattern| serde_json::json!({ "pattern": pattern, "target": "site", "access": "public" }),
    );
    serde_json::from_value(serde_json::json!({ "routes": routes.collect::<Vec<_>>() })).unwrap()
}

fn routes(patterns: &[&str]) -> Result<Routes, Problems> {
    let mut problems = Problems::new();
    let routes = Routes::new(&config(patterns), &mut problems);
    if problems.is_empty() { Ok(routes) } else { Err(problems) }
}

#[test]
fn a_pattern_matches_what_it_says_and_nothing_beside_it() {
    for (pattern, matching, others) in [
        ("/", &["/"][..], &["/a", "/index.html"][..]),
        ("/*", &["/", "/a", "/a/b", "/a/b/"], &[]),
        ("/api", &["/api", "/api/"], &["/ap", "/apix", "/api/x", "/API", "/x/api"]),
        ("/api/", &["/api", "/api/"], &["/apix", "/api/x"]),
        ("/api/*", &["/api", "/api/", "/api/x", "/api/x/y/"], &["/", "/apix", "/ap", "/Api/x"]),
        ("/u/{id}", &["/u/1", "/u/1/", "/u/a b", "/u/{id}"], &["/u", "/u/", "/u/1/x"]),
        ("/u/{id}/*", &["/u/1", "/u/1/", "/u/1/x"], &["/u", "/u/", "/ux/1"]),
        ("/{a}/b", &["/x/b", "/b/b/"], &["/b", "/x/y/b"]),
        ("/café/*", &["/café/x"], &["/cafe/x", "/caf%C3%A9/x"]),
    ] {
        let routes = routes(&[pattern]).unwrap();
        let found = |path: &str| routes.find(path).pattern == pattern;
        for path in matching {
            assert!(found(path), "{pattern} must match {path}");
        }
        for path in others {
            assert!(!found(path), "{pattern} must not match {path}");
        }
    }
}

#[test]
fn segments_of_any_length_are_told_apart() {
    let base = "abcdefghijklmnopqrstuvwxyz";
    let mut segments: Vec<String> = (1..=base.len()).map(|end| base[..end].to_owned()).collect();
    // Beginning and ending alike, too.
    segments.extend((0..base.len()).map(|at| format!("{}_{}", &base[..at], &base[at..])));
    segments.extend(["_".repeat(17), "_".repeat(18)]);
    let patterns: Vec<String> = segments.iter().map(|segment| format!("/{segment}/x")).collect();
    let routes = routes(&patterns.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    for pattern in &patterns {
        assert_eq!(&routes.find(pattern).pattern, pattern);
    }
    for other in ["/abcdefgh-jklmnopqrstuvwxyz/x", "/___/x", "//x", "/abcdefghijklmnopqrstuvwxy-/x"]
    {
        assert_eq!(routes.find(other).pattern, "*", "{other}");
    }
}

#[test]
fn the_most_specific_pattern_wins_wherever_it_stands() {
    let mut patterns =
        ["/*", "/api/*", "/api", "/api/{id}", "/api/me", "/api/me/*", "/api/{id}/posts", "/{a}/b"];
    for _ in 0..patterns.len() {
        patterns.rotate_left(1);
        let routes = routes(&patterns).unwrap();
        for (path, pattern) in [
            ("/", "/*"),
            ("/other", "/*"),
            ("/apix", "/*"),
            ("/api", "/api"),
            ("/api/", "/api"),
            ("/api/me", "/api/me"),
            ("/api/me/", "/api/me"),
            ("/api/me/posts", "/api/me/*"),
            ("/api/you", "/api/{id}"),
            ("/api/you/posts", "/api/{id}/posts"),
            ("/api/you/likes", "/api/*"),
            ("/api/you/posts/1", "/api/*"),
            ("/x/b", "/{a}/b"),
            ("/api/b", "/api/{id}"),
        ] {
            assert_eq!(routes.find(path).pattern, pattern, "{path}");
        }
    }
}

#[test]
fn what_no_pattern_matches_is_the_public_site() {
    let unmatched = routes(&["/api/*"]).unwrap();
    let unmatched = unmatched.find("/elsewhere");
    assert_eq!((unmatched.pattern.as_str(), unmatched.target), ("*", Target::Site));
    assert!(unmatched.demand.is_none() && unmatched.cors.is_none());
    assert!(unmatched.allows(&Method::DELETE));
}

#[test]
fn a_pattern_that_could_not_match_as_read_is_refused() {
    for pattern in [
        "",
        "api",
        "*",
        "//",
        "//*",
        "/api//",
        "/api//*",
        "/a//b",
        "/./a",
        "/a/..",
        "/a*",
        "/a/*/b",
        "/a/b*",
        "/a%20b",
        "/a b",
        "/a\tb",
        "/a\u{0}",
        "/a?b",
        "/a#b",
        "/a;b",
        "/a\\b",
        "/{}",
        "/{a-b}",
        "/{*rest}",
        "/{id",
        "/id}",
        "/x{id}",
        "/{id}.html",
    ] {
        let problems = routes(&[pattern]).expect_err(pattern);
        let [Problem { key, found, .. }] = problems.as_slice() else { panic!("{problems:?}") };
        assert_eq!((key.as_str(), found.as_str()), ("routes[0].pattern", pattern));
    }
}

#[test]
fn patterns_of_the_same_paths_clash_and_the_other_is_named() {
    for (one, two) in [
        ("/a", "/a"),
        ("/a", "/a/"),
        ("/a/*", "/a/*"),
        ("/*", "/*"),
        ("/u/{id}", "/u/{name}"),
        ("/u/{id}/*", "/u/{name}/*"),
    ] {
        let problems = routes(&[one, two]).expect_err(two);
        let [Problem { key, found, allowed }] = problems.as_slice() else { panic!("{problems:?}") };
        assert_eq!((key.as_str(), found.as_str()), ("routes[1].pattern", two));
        assert!(allowed.ends_with(&format!("as {one}")), "{allowed}");
    }
}

#[test]
fn patterns_with_parameters_of_other_names_stand_side_by_side() {
    let routes = routes(&["/u/{id}", "/u/{name}/posts", "/u/{x}/*"]).unwrap();
    assert_eq!(routes.find("/u/1").pattern, "/u/{id}");
    assert_eq!(routes.find("/u/1/posts").pattern, "/u/{name}/posts");
    assert_eq!(routes.find("/u/1/likes").pattern, "/u/{x}/*");
}

#[test]
fn methods_are_taken_to_the_letter() {
    let mut config = config(&["/a"]);
    config.routes[0].methods = vec!["GET".into(), "PURGE".into()];
    let routes = Routes::new(&config, &mut Problems::new());
    let route = routes.find("/a");
    for (method, allowed) in
        [("GET", true), ("PURGE", true), ("HEAD", false), ("get", false), ("OPTIONS", false)]
    {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        assert_eq!(route.allows(&method), allowed, "{method}");
    }
    assert_eq!(route.allowed_methods(), "GET, PURGE");
}

/// What `routes[].pattern` promises, said another way: how specific a match is, segment by
/// segment, a literal before a parameter before the rest of a tree.
fn specificity(pattern: &str, path: &str) -> Option<Vec<u8>> {
    let pattern: Vec<&str> = pattern[1..].split('/').collect();
    let path = path[1..].strip_suffix('/').unwrap_or(&path[1..]);
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let mut specificity = Vec::new();
    for part in pattern {
        match (part, segments.next()) {
            ("*", _) => {
                specificity.push(0);
                return Some(specificity);
            }
            (part, Some(segment)) if part == segment => specificity.push(2),
            (part, Some(_)) if part.starts_with('{') => specificity.push(1),
            _ => return None,
        }
    }
    specificity.push(3);
    segments.next().is_none().then_some(specificity)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn the_matcher_finds_what_the_promise_says(
        patterns in prop::collection::hash_set("(/(a|b|ab|\\{x\\})){1,3}(/\\*)?|/\\*", 1..10),
        paths in prop::collection::vec("(/(a|b|ab|c)){0,4}/?", 1..16),
    ) {
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
        let routes = routes(&patterns).unwrap();
        for path in paths.iter().filter(|path| !path.is_empty()) {
            let best = patterns
                .iter()
                .filter_map(|pattern| Some((specificity(pattern, path)?, *pattern)))
                .max();
            let expected = best.map_or("*", |(_, pattern)| pattern);
            prop_assert_eq!(&routes.find(path).pattern, expected, "{} of {:?}", path, patterns);
        }
    }
}
