//! What is asked about the API and the choice of its Regions.

use std::iter;

use http::Method;

use super::List;
use crate::config::{
    Access, Api, Config, Otherwise, PlaceRule, Residency, ResidencySet, Route, Sticky, StickyBy,
    Target,
};
use crate::region::place::{continent_of, members_of};
use crate::region::reason::Code;

pub(super) fn about_api(config: &Config, list: &mut List) {
    let Some(api) = &config.api else { return };
    if api_routes(config).next().is_none() {
        list.add("api", "no route's target is \"api\", so no request ever gets there");
    }
    if api.origin_secret.is_none() {
        list.add(
            "api.origin_secret",
            "nothing tells the API that a request came through the edge, so callers may go round \
             it: set origin_secret and let the API demand it",
        );
    }
    about_regions(api, list);
    for (index, rule) in api.rules.iter().enumerate() {
        about_rule(api, index, rule, list);
    }
    if let Some(residency) = &api.residency {
        about_residency(config, residency, list);
    }
    if let Some(sticky) = &api.sticky {
        about_sticky(config, sticky, list);
    }
    about_countries(config, api, list);
    about_operations(api, list);
}

fn about_regions(api: &Api, list: &mut List) {
    if let [only] = api.regions.as_slice() {
        list.add(
            "api.regions",
            format!("{} is the only Region: when it fails there is no other", only.name),
        );
        if api.second_leg_domain.is_some() {
            list.add(
                "api.second_leg_domain",
                "the second leg goes to the next Region, and there is only one: it is sent there \
                 again",
            );
        }
    }
    if !api.regions.is_empty() && api.regions.iter().all(|region| region.weight == 0) {
        list.add(
            "api.regions",
            "every Region's weight is 0, which decides as if each were 100: give one a share",
        );
    }
}

fn about_rule(api: &Api, index: usize, rule: &PlaceRule, list: &mut List) {
    let key = format!("api.rules[{index}]");
    if api.regions.len() > 1 && api.regions.iter().all(|region| rule.regions.contains(&region.name))
    {
        list.add(
            format!("{key}.regions"),
            "the rule names every Region, so it changes nothing: name those to be tried first",
        );
    }
    let codes = rule.countries.iter().map(String::as_str).enumerate();
    about_codes(&format!("{key}.countries"), codes, list);
    let sets = api.residency.iter().flat_map(|residency| &residency.sets);
    for (set, country) in sets.flat_map(|set| iter::repeat(set).zip(&rule.countries)) {
        let is_kept = countries_of(set).any(|code| code == country);
        if is_kept && !rule.regions.iter().any(|name| set.regions.contains(name)) {
            list.add(
                format!("{key}.countries"),
                format!(
                    "residency keeps viewers from {country} in {}, none of which is a Region of \
                     this rule: it never moves them",
                    set.regions.join(", ")
                ),
            );
        }
    }
}

fn about_residency(config: &Config, residency: &Residency, list: &mut List) {
    for (index, set) in residency.sets.iter().enumerate() {
        let codes = set.countries.iter().map(String::as_str).enumerate();
        let codes = codes.filter(|(_, name)| members_of(name).is_none());
        about_codes(&format!("api.residency.sets[{index}].countries"), codes, list);
    }
    for (index, route) in config.routes.iter().enumerate() {
        let is_closed = |set: &&ResidencySet| {
            !route.regions.is_empty()
                && !route.regions.iter().any(|name| set.regions.contains(name))
        };
        let closed: Vec<&str> =
            residency.sets.iter().filter(is_closed).map(|set| set.name.as_str()).collect();
        if !closed.is_empty() {
            list.add(
                format!("routes[{index}].regions"),
                format!(
                    "{} is answered 503 for viewers of {}, whose Regions are others",
                    route.pattern,
                    closed.join(", ")
                ),
            );
        }
    }
    if residency.claim.is_none() {
        return;
    }
    if !api_routes(config).any(|route| route.access == Access::Authenticated) {
        list.add(
            "api.residency.claim",
            "no route to the API is \"authenticated\", so no viewer has claims: the country alone \
             decides",
        );
    }
    let only_claims = residency.sets.iter().all(|set| set.countries.is_empty());
    let open = api_routes(config).find(|route| route.access == Access::Public);
    if let (true, Otherwise::Any, Some(route)) = (only_claims, residency.otherwise, open) {
        list.add(
            "api.residency.sets",
            format!(
                "{} is public, and without a token only the country tells a viewer's set: any \
                 Region serves it; name countries, or choose otherwise = \"none\"",
                route.pattern
            ),
        );
    }
}

fn about_sticky(config: &Config, sticky: &Sticky, list: &mut List) {
    let by_token = matches!(sticky.by, StickyBy::Subject | StickyBy::Claim);
    if by_token && !api_routes(config).any(|route| route.access == Access::Authenticated) {
        list.add(
            "api.sticky.by",
            "no route to the API is \"authenticated\", so no viewer is known: nobody has a home \
             Region",
        );
    }
    if sticky.by == StickyBy::Cookie && !api_routes(config).any(allows_writes) {
        list.add(
            "api.sticky.by",
            "the cookie is set by the answer to a write, and no route to the API has a method \
             other than GET, HEAD, OPTIONS and TRACE: nobody ever gets it",
        );
    }
    if by_token && sticky.seconds != Sticky::default_seconds() {
        list.add("api.sticky.seconds", "only a cookie has a lifetime: this plays no part");
    }
}

/// Where viewers' countries are asked for, and what tells them.
fn about_countries(config: &Config, api: &Api, list: &mut List) {
    let of_residency = api.residency.iter().flat_map(|residency| &residency.sets);
    let residency_asks = of_residency.clone().any(|set| !set.countries.is_empty());
    let rules_ask =
        api.rules.iter().any(|rule| !rule.countries.is_empty() || !rule.continents.is_empty());
    if config.country_database.is_some() {
        if !residency_asks && !rules_ask {
            list.add(
                "country_database",
                "neither rules nor residency ask for a country: the bundle carries nothing of it",
            );
        }
        return;
    }
    let without = "is known only at origin-request, and only if the origin request policy forwards \
                   CloudFront-Viewer-Country";
    if let (true, Some(residency)) = (residency_asks, &api.residency) {
        let then = match residency.otherwise {
            Otherwise::Any => "any Region may serve the viewer",
            Otherwise::None => "the viewer gets 503",
        };
        list.add(
            "api.residency.sets",
            format!("a viewer's country {without}; else {then}: set country_database too"),
        );
    } else if rules_ask {
        list.add("api.rules", format!("a viewer's country {without}: set country_database too"));
    }
}

fn about_operations(api: &Api, list: &mut List) {
    if !api.passive_health && api.regions.len() > 1 {
        list.add(
            "api.passive_health",
            "requests go on being sent to a Region that fails them: leave it on unless something \
             else drains Regions",
        );
    }
    for (index, url) in api.control.iter().flat_map(|control| &control.urls).enumerate() {
        if url.starts_with("http://") {
            list.add(
                format!("api.control.urls[{index}]"),
                "nothing at the edge answers there, and http can be changed on the way: use https \
                 outside of tests",
            );
        }
    }
}

/// Two letters pass for a country's code; a code that no country has matches no viewer.
fn about_codes<'c>(key: &str, codes: impl Iterator<Item = (usize, &'c str)>, list: &mut List) {
    for (index, name) in codes {
        if Code::new(name).is_some_and(|code| continent_of(code).is_none()) {
            let meant = match name {
                "UK" => "; did you mean \"GB\"?",
                "EL" => "; did you mean \"GR\"?",
                "EU" => "; did you mean continents = [\"EU\"]?",
                _ => "",
            };
            list.add(
                format!("{key}[{index}]"),
                format!("no country has the code {name}, so no viewer is from there{meant}"),
            );
        }
    }
}

fn countries_of(set: &ResidencySet) -> impl Iterator<Item = &str> {
    set.countries.iter().flat_map(|name| members_of(name).unwrap_or(name).split(' '))
}

fn api_routes(config: &Config) -> impl Iterator<Item = &Route> {
    config.routes.iter().filter(|route| route.target == Target::Api)
}

fn allows_writes(route: &Route) -> bool {
    let is_write = |name: &String| name.parse().is_ok_and(|method: Method| !method.is_safe());
    route.methods.is_empty() || route.methods.iter().any(is_write)
}

#[cfg(test)]
mod tests {
    use super::super::tests::keys;

    /// The keys warned about with `api` in place of the quiet configuration's settings.
    fn with(api: &str) -> Vec<String> {
        keys(&format!("country_database = \"countries.mmdb\"\n[api]\n{api}\n"))
    }

    const EU: &str =
        "residency.sets = [{ name = \"EU\", countries = [\"EU\"], regions = [\"eu-west-1\"] }]";
    const BR: &str = "rules = [{ countries = [\"BR\"], regions = [\"us-east-1\"] }]";

    #[test]
    fn what_is_meant_is_let_pass() {
        for api in [
            EU,
            BR,
            "rules = [{ continents = [\"EU\"], regions = [\"eu-west-1\"] }]",
            &format!("{EU}\nsticky = {{ by = \"subject\" }}"),
            &format!("{EU}\nsticky = {{ by = \"claim\", claim = \"custom:home\" }}"),
            &format!("{EU}\nsticky = {{ by = \"cookie\", seconds = 5 }}"),
            &format!("{EU}\nresidency.claim = \"custom:residency\""),
            &format!("{EU}\nsecond_leg_domain = \"second.example.com\"\npin = {{ env = \"PIN\" }}"),
            &format!("{EU}\ncontrol.urls = [\"https://control.example.com/nearhop.json\"]"),
        ] {
            assert_eq!(with(api), [""; 0], "{api}");
        }
    }

    #[test]
    fn what_never_comes_about_is_said_so() {
        let zero = "regions = [\n{ name = \"eu-west-1\", endpoint = \"https://a.example\", weight = 0 },\n\
                    { name = \"us-east-1\", endpoint = \"https://b.example\", weight = 0 }]";
        let all = "rules = [{ countries = [\"BR\"], regions = [\"us-east-1\", \"eu-west-1\"] }]";
        let never = "rules = [{ countries = [\"FR\"], regions = [\"us-east-1\"] }]";
        let lone = "regions = [{ name = \"eu-west-1\", endpoint = \"https://a.example\" }]\n\
                    second_leg_domain = \"second.example.com\"";
        for (api, expected) in [
            (format!("{BR}\n{zero}"), &["api.regions"][..]),
            (all.into(), &["api.rules[0].regions"]),
            (format!("{EU}\n{never}"), &["api.rules[0].countries"]),
            (format!("{EU}\n{lone}"), &["api.regions", "api.second_leg_domain"]),
            (format!("{EU}\npassive_health = false"), &["api.passive_health"]),
            (
                format!("{EU}\nsticky = {{ by = \"subject\", seconds = 60 }}"),
                &["api.sticky.seconds"],
            ),
            (format!("{EU}\ncontrol.urls = [\"http://127.0.0.1:9/c\"]"), &["api.control.urls[0]"]),
            ("passive_health = true".into(), &["country_database"]),
        ] {
            assert_eq!(with(&api), expected, "{api}");
        }
    }

    #[test]
    fn codes_that_no_country_has_are_said_so() {
        let rules = "rules = [{ countries = [\"UK\", \"GB\", \"EU\"], regions = [\"us-east-1\"] }]";
        assert_eq!(with(rules), ["api.rules[0].countries[0]", "api.rules[0].countries[2]"]);
        let sets = "residency.sets = [{ name = \"a\", countries = [\"EEA\", \"QQ\"], \
                    regions = [\"eu-west-1\"] }]";
        assert_eq!(with(sets), ["api.residency.sets[0].countries[1]"]);
    }

    #[test]
    fn a_country_that_nothing_tells_is_asked_about() {
        assert_eq!(keys(&format!("[api]\n{EU}")), ["api.residency.sets"]);
        assert_eq!(keys(&format!("[api]\n{BR}")), ["api.rules"]);
        assert_eq!(keys(&format!("[api]\n{EU}\n{BR}")), ["api.residency.sets"]);
        let networks = "rules = [{ networks = [\"203.0.113.0/24\"], regions = [\"us-east-1\"] }]";
        assert_eq!(keys(&format!("[api]\n{networks}")), [""; 0]);
    }

    #[test]
    fn viewers_without_a_token_have_no_claims() {
        let route = |access: &str, more: &str| {
            format!(
                "[[routes]]\npattern = \"/open\"\ntarget = \"api\"\naccess = \"{access}\"\n{more}"
            )
        };
        let claim = "residency = { claim = \"custom:residency\", sets = \
                     [{ name = \"EU\", regions = [\"eu-west-1\"] }] }";
        let open = route("public", "");
        assert_eq!(
            keys(&format!("{open}\n[api]\n{claim}")),
            ["routes[1].access", "api.residency.sets"]
        );
        let closed = claim.replace("sets =", "otherwise = \"none\", sets =");
        assert_eq!(keys(&format!("{open}\n[api]\n{closed}")), ["routes[1].access"]);
        assert_eq!(keys(&format!("{}\n[api]\n{claim}", route("authenticated", ""))), [""; 0]);
    }

    #[test]
    fn a_route_closed_to_a_set_is_asked_about() {
        let route = "country_database = \"c\"\n[[routes]]\npattern = \"/us\"\ntarget = \"api\"\n\
                     access = \"authenticated\"\nregions = [\"us-east-1\"]\n";
        assert_eq!(keys(&format!("{route}[api]\n{EU}")), ["routes[1].regions"]);
        let both = route.replace("regions = [", "regions = [\"eu-west-1\", ");
        assert_eq!(keys(&format!("{both}[api]\n{EU}")), [""; 0]);
    }

    #[test]
    fn homes_and_claims_need_a_token_and_cookies_a_write() {
        let keys = |access: &str, methods: &str, api: &str| {
            let route = format!("access = \"{access}\"\nmethods = {methods}\ntarget = \"api\"");
            let text =
                format!("[[routes]]\npattern = \"/a\"\n{route}\n[api]\nregions = []\n{api}\n");
            let config = toml::from_str(&text).unwrap();
            let keys = super::super::warnings(&config).into_iter().map(|(key, _)| key);
            let about = ["api.sticky", "api.residency"];
            keys.filter(|key| about.iter().any(|start| key.starts_with(start))).collect::<Vec<_>>()
        };
        let (subject, cookie) = ("sticky.by = \"subject\"", "sticky.by = \"cookie\"");
        assert_eq!(keys("public", "[]", subject), ["api.sticky.by"]);
        assert_eq!(keys("public", "[]", cookie), [""; 0]);
        assert_eq!(keys("public", "[\"GET\", \"HEAD\"]", cookie), ["api.sticky.by"]);
        assert_eq!(keys("authenticated", "[\"GET\"]", subject), [""; 0]);
        assert_eq!(keys("authenticated", "[\"GET\", \"PATCH\"]", cookie), [""; 0]);
        let claim = "residency = { claim = \"r\", otherwise = \"none\", sets = [] }";
        assert_eq!(keys("public", "[]", claim), ["api.residency.claim"]);
        assert_eq!(keys("authenticated", "[]", claim), [""; 0]);
    }
}
