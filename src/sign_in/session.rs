//! The session: the issuer's tokens, kept by the browser.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::callback::Trusted;
use super::{Visit, attempt, cookie};
use crate::config::{SessionCookies, TokenUse};
use crate::credentials::names::{ACCESS, AMPLIFY, ID, REFRESH, is_reserved};
use crate::credentials::{amplify_token, sent, session_token};

/// The most bytes of tokens a session may bring with every request: a request's headers are at most
/// 32,768 bytes in all (rule W9).
const MOST_BYTES: usize = 12_288;

/// That a visitor has just signed out.
const ENDED: &str = "__Host-nearhop-ended";
const ENDED_SECONDS: u32 = 60;

/// How many cookies one answer clears: it must stay under 40 KB (rule G2).
const MOST_CLEARED: usize = 64;

/// What a cookie's value may not hold (RFC 6265, section 4.1.1), and `~`, which stands after the
/// number of pieces.
const NOT_IN_COOKIES: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'%').add(b',').add(b';').add(b'\\').add(b'~');

/// What a cookie's name may not hold either, of a user's name.
const NOT_IN_NAMES: &AsciiSet = &percent_encoding::NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'*')
    .remove(b'\'');

/// How new tokens came.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Occasion {
    SignIn,
    Refresh,
}

impl Visit<'_, '_> {
    /// The cookies that keep these tokens, and put an end to what is left of others; `None` where
    /// they are too large.
    pub(super) fn session(&self, trusted: &Trusted, occasion: Occasion) -> Option<Vec<String>> {
        match self.sign_in.cookies {
            SessionCookies::HostOnly => self.host_only(trusted, occasion),
            SessionCookies::Amplify => self.amplify(trusted),
        }
    }

    /// Has the browser forget the session and everything else of sign-in, in whatever state it is.
    pub(super) fn end_session(&self) -> Vec<String> {
        self.clear(&|name| is_reserved(name) && !attempt::is_name(name) && name != ENDED)
    }

    /// The refresh token the browser brings.
    pub(super) fn refresh_token(&self) -> Option<Cow<'_, str>> {
        let value = match self.sign_in.cookies {
            SessionCookies::HostOnly => session_token(self.request, REFRESH)?,
            SessionCookies::Amplify => self.amplify_cookie(".refreshToken")?,
        };
        match value.contains('%') {
            true => {
                percent_decode_str(&value).decode_utf8().ok().map(|text| text.into_owned().into())
            }
            false => Some(value),
        }
    }

    /// The ID token the browser brings.
    pub(super) fn id_token(&self) -> Option<Cow<'_, str>> {
        match self.sign_in.cookies {
            SessionCookies::HostOnly => session_token(self.request, ID),
            SessionCookies::Amplify => self.amplify_cookie(".idToken"),
        }
    }

    fn host_only(
        &self,
        Trusted { tokens, .. }: &Trusted,
        occasion: Occasion,
    ) -> Option<Vec<String>> {
        let refresh = tokens.refresh_token.as_deref().map(encode);
        let access = (self.sign_in.credential == TokenUse::Access).then_some(&tokens.access_token);
        let mut kept: Vec<(&str, Cow<'_, str>)> = Vec::new();
        kept.extend(access.map(|token| (ACCESS, token.as_str().into())));
        kept.extend(tokens.id_token.as_deref().map(|token| (ID, token.into())));
        kept.extend(refresh.map(|token| (REFRESH, token)));
        let bytes = |kept: &[(&str, Cow<'_, str>)]| -> usize {
            kept.iter().map(|(_, token)| token.len()).sum()
        };
        // It says who somebody is: without it, /_nearhop/me says less.
        if bytes(&kept) > MOST_BYTES && self.sign_in.credential == TokenUse::Access {
            kept.retain(|(name, _)| *name != ID);
        }
        if bytes(&kept) > MOST_BYTES {
            return None;
        }
        let seconds = self.sign_in.session_seconds;
        let mut set: Vec<(String, String)> = Vec::new();
        for (name, token) in &kept {
            set.append(&mut pieces(name, token));
        }
        // A refresh need not bring all of them again. Whoever signs in may be somebody else.
        let is_new = occasion == Occasion::SignIn;
        let is_left_over = |name: &str| {
            let is_of = |token: &str| name.strip_prefix(token).is_some_and(is_piece);
            let is_token = is_of(ACCESS)
                || (is_of(ID) && (is_new || tokens.id_token.is_some()))
                || (is_of(REFRESH) && (is_new || tokens.refresh_token.is_some()));
            is_token && !set.iter().any(|(kept, _)| kept == name)
        };
        let mut cookies = self.clear(&is_left_over);
        cookies.extend(set.iter().map(|(name, value)| cookie::set(name, value, seconds)));
        Some(cookies)
    }

    /// What Amplify's `CookieStorage` keeps, under its names. It does not cut tokens up.
    fn amplify(&self, Trusted { tokens, username, .. }: &Trusted) -> Option<Vec<String>> {
        let client = &self.client().id;
        let user = utf8_percent_encode(username.as_deref()?, NOT_IN_NAMES).to_string();
        let of_client = [AMPLIFY, client, "."].concat();
        let seconds = self.sign_in.session_seconds;
        let refresh = tokens.refresh_token.as_deref().map(encode);
        let kept = [
            (".accessToken", Some(encode(&tokens.access_token))),
            (".idToken", tokens.id_token.as_deref().map(Cow::from)),
            (".refreshToken", refresh),
        ];
        let kept = || kept.iter().filter_map(|(name, token)| Some((*name, token.as_deref()?)));
        if kept().any(|(_, token)| token.len() > cookie::MOST_BYTES) {
            return None;
        }
        // Another user of this client may have been signed in.
        let is_another = |name: &str| {
            name.strip_prefix(&of_client).is_some_and(|rest| {
                rest != "LastAuthUser"
                    && !rest.strip_prefix(&user).is_some_and(|r| r.starts_with('.'))
            })
        };
        let mut cookies = self.clear(&is_another);
        let last = [&of_client, "LastAuthUser"].concat();
        cookies.push(cookie::set_readable(&last, &user, seconds));
        cookies.extend(kept().map(|(name, token)| {
            cookie::set_readable(&[&of_client, &user, name].concat(), token, seconds)
        }));
        Some(cookies)
    }

    /// Of the user whom `LastAuthUser` names: others may have left theirs.
    fn amplify_cookie(&self, ending: &'static str) -> Option<Cow<'_, str>> {
        let of_client = [AMPLIFY, &self.client().id, "."].concat();
        amplify_token(self.request, &of_client, ending)
    }

    /// Whether a session came back that was signed out of: by an answer that was on its way when the
    /// visitor signed out.
    pub fn is_signed_out(&self) -> bool {
        cookie::named(self.request, ENDED).is_some() && self.brings_session()
    }

    /// Remembers that the visitor has signed out.
    pub(super) fn ended(&self) -> Option<String> {
        self.brings_session().then(|| cookie::set(ENDED, "1", ENDED_SECONDS))
    }

    /// Amplify's sessions can begin without us.
    fn brings_session(&self) -> bool {
        self.sign_in.cookies == SessionCookies::HostOnly
            && [ACCESS, ID, REFRESH].iter().any(|name| cookie::named(self.request, name).is_some())
    }

    /// Forgets it: somebody signs in.
    pub(super) fn begun(&self) -> Option<String> {
        cookie::named(self.request, ENDED).map(|_| cookie::clear(ENDED))
    }

    /// Clears those of the request's cookies, each once.
    #[inline(never)]
    fn clear(&self, is_over: &dyn Fn(&str) -> bool) -> Vec<String> {
        let mut names =
            cookie::in_order(sent(self.request).map(|(name, _)| name).filter(|name| is_over(name)));
        names.dedup();
        names.into_iter().take(MOST_CLEARED).map(cookie::clear).collect()
    }
}

fn encode(token: &str) -> Cow<'_, str> {
    utf8_percent_encode(token, NOT_IN_COOKIES).into()
}

/// A token as cookies: whole where it fits into one, otherwise in pieces, the first of which begins
/// with their number (see [`session_token`]).
fn pieces(name: &str, token: &str) -> Vec<(String, String)> {
    if token.len() <= cookie::MOST_BYTES {
        return vec![(name.into(), token.into())];
    }
    // Percent-encoded, a token is ASCII throughout.
    let pieces: Vec<&str> = token
        .as_bytes()
        .chunks(cookie::MOST_BYTES)
        .map(|piece| std::str::from_utf8(piece).unwrap_or_default())
        .collect();
    let count = pieces.len().to_string();
    pieces
        .iter()
        .enumerate()
        .map(|(at, piece)| match at {
            0 => (name.to_owned(), [&count, "~", piece].concat()),
            at => ([name, "-", &at.to_string()].concat(), (*piece).to_owned()),
        })
        .collect()
}

/// What may stand after a token cookie's name.
fn is_piece(rest: &str) -> bool {
    rest.is_empty() || rest.strip_prefix('-').is_some_and(|at| at.parse::<u8>().is_ok())
}
