//! Where the site is, as browsers show it: scheme, host and port if any.

use std::borrow::Cow;

use cloudfront_worker::{Headers, Trigger};
use http::HeaderName;
use http::header::HOST;

use crate::access::Arrival;
use crate::config::Config;

/// The site's own origins.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnOrigins {
    named: Vec<String>,
    /// Whether the distribution's own domain name is one of them.
    is_at_distribution: bool,
}

/// One of them. Only [`OwnOrigins::of_host`] makes one, from a `Host` that is the site's: nobody is
/// sent anywhere else.
pub(crate) struct OwnOrigin<'v>(Cow<'v, str>);

impl OwnOrigins {
    /// Those of `sign_in`, as they are: whether they stand is said where they are used to sign in.
    /// The distribution's own name counts where `sign_in.origins` is empty.
    pub fn new(config: &Config) -> Self {
        let Some(sign_in) = &config.sign_in else {
            return Self { named: Vec::new(), is_at_distribution: true };
        };
        let hosts = sign_in.hosts.iter().map(|host| &host.origin);
        Self {
            named: sign_in.origins.iter().chain(hosts).cloned().collect(),
            is_at_distribution: sign_in.origins.is_empty(),
        }
    }

    /// The own origin a viewer's request came to. CloudFront shows the viewer's `Host` at
    /// viewer-request, where it cannot be changed (rule W4); a distribution may answer to more names
    /// than the site has.
    pub fn of_host<'v>(
        &'v self,
        headers: &Headers<'_>,
        distribution: &str,
    ) -> Option<OwnOrigin<'v>> {
        let host = only(headers, &HOST)?;
        let is_of_host = |origin: &&String| {
            origin.split_once("://").is_some_and(|(_, own)| own.eq_ignore_ascii_case(host))
        };
        if let Some(origin) = self.named.iter().find(is_of_host) {
            return Some(OwnOrigin(origin.into()));
        }
        let is_distribution = !distribution.is_empty() && host.eq_ignore_ascii_case(distribution);
        (self.is_at_distribution && is_distribution)
            .then(|| OwnOrigin(["https://", distribution].concat().into()))
    }

    /// Whether an `Origin` is the site's. The Host at viewer-request is one as well, since CloudFront
    /// found us by it; later it may be the origin's (rule E11).
    pub fn has(
        &self,
        origin: &str,
        Arrival { request, trigger, distribution, .. }: Arrival<'_, '_>,
    ) -> bool {
        let is_host = || {
            only(&request.headers, &HOST).is_some_and(|host| {
                is_https(origin, host) || (is_loopback(host) && is_of("http://", origin, host))
            })
        };
        self.named.iter().any(|own| own.eq_ignore_ascii_case(origin))
            || (self.is_at_distribution && is_https(origin, distribution))
            || (trigger == Trigger::ViewerRequest && is_host())
    }
}

impl OwnOrigin<'_> {
    /// The absolute URL of a path here: whatever follows its `/`, the host stays.
    pub fn url(&self, path: &str) -> String {
        [self.as_str(), path].concat()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The value of a field that is there once. Of two, nobody knows which the browser wrote.
pub(crate) fn only<'a>(headers: &Headers<'a>, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name);
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

fn is_https(origin: &str, host: &str) -> bool {
    is_of("https://", origin, host)
}

/// Whether an origin is this scheme and this host, which is never empty.
fn is_of(scheme: &str, origin: &str, host: &str) -> bool {
    let authority = origin.strip_prefix(scheme);
    !host.is_empty() && authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DISTRIBUTION: &str = "d111111abcdef8.cloudfront.net";

    /// The own origin of a request with these `Host` fields.
    fn origin_of(origins: &[&str], hosts: &[&str], sent: &[&str]) -> Option<String> {
        let hosts: Vec<_> =
            hosts.iter().map(|host| json!({ "origin": host, "client": "c" })).collect();
        let sign_in = json!({ "key": { "env": "KEY" }, "origins": origins, "hosts": hosts });
        let config = serde_json::from_value(json!({ "sign_in": sign_in })).unwrap();
        let headers: Headers<'_> = sent.iter().map(|host| ("host", *host)).collect();
        let own = OwnOrigins::new(&config);
        own.of_host(&headers, DISTRIBUTION).map(|origin| origin.as_str().to_owned())
    }

    #[test]
    fn only_the_site_s_own_hosts_are_led_back_to() {
        let app = "https://app.example.com";
        let admin = "https://admin.example.com";
        let local = "http://localhost:8080";
        for (origins, hosts, sent, found) in [
            (&[app][..], &[][..], &["app.example.com"][..], Some(app)),
            (&[app], &[], &["APP.example.com"], Some(app)),
            (&[app, local], &[], &["localhost:8080"], Some(local)),
            (&[app], &[admin], &["admin.example.com"], Some(admin)),
            (&[], &[], &[DISTRIBUTION], Some("https://d111111abcdef8.cloudfront.net")),
            (&[app], &[], &[DISTRIBUTION], None),
            (&[app], &[], &["app.example.com:8443"], None),
            (&[app], &[], &["app.example.com.evil.example"], None),
            (&[app], &[], &["evil.example"], None),
            (&[app], &[], &["app.example.com", "app.example.com"], None),
            (&[app], &[], &[""], None),
            (&[app], &[], &[], None),
            (&[local], &[], &["localhost"], None),
        ] {
            assert_eq!(origin_of(origins, hosts, sent).as_deref(), found, "{sent:?}");
        }
    }
}
