//! Requests another site makes in a visitor's name (cross-site request forgery).
//!
//! A browser sends cookies along with what other sites make it ask, and `SameSite` leaves gaps: a
//! neighbour on another subdomain is of the same site. So what may change something, and is let in
//! by a cookie, must say that it comes from our own pages: by `Sec-Fetch-Site` (Fetch Metadata), which
//! no script can set, or by `Origin` (Fetch standard, "`Origin` header").

use http::header::ORIGIN;
use http::{HeaderName, Method};

use crate::access::Arrival;
use crate::cors::Cors;
use crate::origins::{OwnOrigins, only};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a request that brings its credentials in cookies may be another site's doing: its method
/// is not safe, and it shows neither that it comes from our own pages nor from those that the
/// route's CORS rule lets send cookies.
pub(crate) fn is_suspect(arrival: Arrival<'_, '_>, cors: Option<&Cors>, own: &OwnOrigins) -> bool {
    let Arrival { request, .. } = arrival;
    if [Method::GET, Method::HEAD, Method::OPTIONS].contains(&request.method) {
        return false;
    }
    let origin = only(&request.headers, &ORIGIN);
    let is_let_in = || origin.is_some_and(|origin| cors.is_some_and(|cors| cors.trusts(origin)));
    let is_ours = match only(&request.headers, &SEC_FETCH_SITE) {
        Some("same-origin" | "none") => true,
        None if !request.headers.contains(&SEC_FETCH_SITE) => {
            origin.is_some_and(|origin| own.has(origin, arrival)) || is_let_in()
        }
        // What the browser says of a page of another site, or nothing that a browser would say.
        _ => is_let_in(),
    };
    !is_ours
}

#[cfg(test)]
mod tests;
