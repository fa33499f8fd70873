//! What a token claims, and which of it counts (RFC 7519, rules C2 and C5; RFC 9068; OpenID Connect
//! Core 1.0, sections 2 and 3.1.3.7).

use std::fmt;
use std::ops::Range;

use cloudfront_worker::UnixMillis;
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use simdutf8::basic::from_utf8;

use super::json::{Text, members, parse_text, text_claim};
use super::jws::Typ;
use super::plain::Plain;
use super::{NamedClaims, TokenFault};
use crate::config::{IssuerKind, TokenUse};
use crate::equal::equal;
use crate::issuer::Issuer;

/// Claims that count: the signature has verified, and they are for one of the issuer's clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claims {
    /// All their texts in one block of memory: one is soon freed, and many were dear.
    texts: String,
    subject: Span,
    username: Option<Span>,
    client_id: Span,
    groups: Vec<Span>,
    scopes: Span,
    residency: Option<Span>,
    home: Option<Span>,
    pub expires: u64,
    not_before: Option<u64>,
    issued: Option<u64>,
}

/// Where one of [`Claims::texts`] is.
type Span = Range<u32>;

impl Claims {
    pub fn subject(&self) -> &str {
        self.text(&self.subject)
    }

    pub fn username(&self) -> Option<&str> {
        self.username.as_ref().map(|span| self.text(span))
    }

    pub fn client_id(&self) -> &str {
        self.text(&self.client_id)
    }

    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(|span| self.text(span))
    }

    pub fn scopes(&self) -> &str {
        self.text(&self.scopes)
    }

    pub fn residency(&self) -> Option<&str> {
        self.residency.as_ref().map(|span| self.text(span))
    }

    pub fn home(&self) -> Option<&str> {
        self.home.as_ref().map(|span| self.text(span))
    }

    fn text(&self, span: &Span) -> &str {
        &self.texts[span.start as usize..span.end as usize]
    }

    /// What they take in memory, beside this structure.
    pub fn heap_bytes(&self) -> usize {
        /// What an allocator keeps beside a block, and rounds it up by.
        const BLOCK: usize = 16;
        let spans = self.groups.capacity() * size_of::<Span>();
        self.texts.capacity() + BLOCK + spans + BLOCK
    }

    /// RFC 7519, sections 4.1.4–4.1.6: valid before `exp`, not at it.
    pub fn check_times(&self, leeway: u64, now: UnixMillis) -> Result<(), TokenFault> {
        let now = now.seconds();
        if now >= self.expires.saturating_add(leeway) {
            return Err(TokenFault::Expired);
        }
        let begins = self.not_before.max(self.issued).unwrap_or(0);
        if begins > now.saturating_add(leeway) {
            return Err(TokenFault::NotYetValid);
        }
        Ok(())
    }
}

/// Claims nobody has vouched for yet. Unknown ones are ignored (rule C5); a known one that appears
/// twice is refused, because readers differ on which one counts.
#[derive(Debug, Default, PartialEq)]
pub(super) struct UnverifiedClaims<'p> {
    iss: Option<Text<'p>>,
    sub: Option<Text<'p>>,
    exp: Option<u64>,
    nbf: Option<u64>,
    iat: Option<u64>,
    token_use: Option<Text<'p>>,
    client_id: Option<Text<'p>>,
    aud: Option<Audience<'p>>,
    /// Nothing is decided by it, but like the other claims RFC 7519 registers it has one kind.
    jti: Option<Text<'p>>,
    scope: Option<Text<'p>>,
    groups: Option<Vec<Text<'p>>>,
    username: Option<Text<'p>>,
    cognito_username: Option<Text<'p>>,
}

impl<'p> UnverifiedClaims<'p> {
    pub fn parse(json: &'p [u8]) -> Result<Self, TokenFault> {
        let text = from_utf8(json).map_err(|_| TokenFault::Malformed)?;
        let claims = Self::plain(text).map_or_else(|| parse_text(text), Ok)?;
        // Beyond 2^53 readers differ on what the number is.
        const MOST: u64 = 1 << 53;
        let dates = [claims.exp, claims.nbf, claims.iat];
        let is_complete = claims.iss.is_some()
            && claims.exp.is_some()
            && claims.sub.as_ref().is_some_and(|sub| !sub.is_empty())
            && dates.into_iter().flatten().all(|date| date <= MOST);
        if is_complete { Ok(claims) } else { Err(TokenFault::Malformed) }
    }

    /// Reads them quickly, where they are written as issuers write them.
    fn plain(json: &'p str) -> Option<Self> {
        let mut claims = Self::default();
        let mut plain = Plain::of(json)?;
        loop {
            let name = plain.name()?;
            match claims.place(name) {
                None => plain.value(),
                Some(Place::Text(place)) => put(place, Text::of(plain.text()?)),
                Some(Place::Date(place)) => put(place, plain.number()?),
                Some(Place::Texts(place)) => put(place, plain.texts()?),
                Some(Place::Audience(place)) if plain.next()? == b'"' => {
                    put(place, Audience::One(Text::of(plain.text()?)))
                }
                Some(Place::Audience(place)) => put(place, Audience::Several(plain.texts()?)),
            }?;
            if !plain.goes_on()? {
                return Some(claims);
            }
        }
    }

    fn place(&mut self, name: &str) -> Option<Place<'_, 'p>> {
        Some(match name.as_bytes() {
            b"iss" => Place::Text(&mut self.iss),
            b"sub" => Place::Text(&mut self.sub),
            b"exp" => Place::Date(&mut self.exp),
            b"nbf" => Place::Date(&mut self.nbf),
            b"iat" => Place::Date(&mut self.iat),
            b"jti" => Place::Text(&mut self.jti),
            b"aud" => Place::Audience(&mut self.aud),
            b"client_id" => Place::Text(&mut self.client_id),
            b"scope" => Place::Text(&mut self.scope),
            b"token_use" => Place::Text(&mut self.token_use),
            b"username" => Place::Text(&mut self.username),
            b"cognito:username" => Place::Text(&mut self.cognito_username),
            b"cognito:groups" => Place::Texts(&mut self.groups),
            _ => return None,
        })
    }

    pub fn iss(&self) -> &str {
        self.iss.as_deref().unwrap_or_default()
    }

    /// Which kind of token it is, as its issuer tells them apart.
    pub fn kind(&self, issuer: IssuerKind, typ: Typ) -> Result<TokenUse, TokenFault> {
        match (issuer, typ) {
            (IssuerKind::Cognito, _) => match self.token_use.as_deref() {
                Some("access") => Ok(TokenUse::Access),
                Some("id") => Ok(TokenUse::Id),
                Some(_) => Err(TokenFault::Use),
                None => Err(TokenFault::Malformed),
            },
            (IssuerKind::Oidc, Typ::AccessToken) => Ok(TokenUse::Access),
            (IssuerKind::Oidc, Typ::Jwt) => Ok(TokenUse::Id),
            (IssuerKind::Oidc, Typ::Other) => Err(TokenFault::Use),
        }
    }

    /// Whether `aud` names one of these (RFC 9068, section 4), if there are any to name.
    fn is_meant_for(&self, audiences: &[String]) -> bool {
        let is_ours = |aud: &Text<'_>| audiences.iter().any(|ours| equal(ours, aud));
        audiences.is_empty()
            || match &self.aud {
                None => false,
                Some(Audience::One(aud)) => is_ours(aud),
                Some(Audience::Several(all)) => all.iter().any(is_ours),
            }
    }

    /// The claims that count, once the signature has verified, and of the others those that a
    /// configuration names.
    pub fn check(
        self,
        kind: TokenUse,
        issuer: &Issuer,
        named: &NamedClaims,
        payload: &[u8],
    ) -> Result<Claims, TokenFault> {
        if kind == TokenUse::Access && !self.is_meant_for(&issuer.audiences) {
            return Err(TokenFault::Client);
        }
        let Whom { client_id, username, groups } = match (issuer.kind, kind) {
            (IssuerKind::Cognito, TokenUse::Access) => Whom {
                client_id: self.client_id,
                username: self.username,
                groups: self.groups.unwrap_or_default(),
            },
            (IssuerKind::Cognito, TokenUse::Id) => Whom {
                client_id: match self.aud {
                    Some(Audience::One(aud)) => Some(aud),
                    _ => None,
                },
                username: self.cognito_username,
                groups: self.groups.unwrap_or_default(),
            },
            (IssuerKind::Oidc, TokenUse::Access) => {
                let members = members(payload)?;
                Whom { client_id: self.client_id, username: None, groups: groups(&members) }
            }
            (IssuerKind::Oidc, TokenUse::Id) => {
                let members = members(payload)?;
                // Access tokens of servers that do not write `at+jwt`, and logout tokens, look like
                // this; an ID token has none of them.
                if ["scope", "scp", "events"].iter().any(|name| members.contains_key(*name)) {
                    return Err(TokenFault::Use);
                }
                let client_id = authorized_party(self.aud, members.get("azp"));
                Whom { client_id, username: None, groups: groups(&members) }
            }
        };
        let is_accepted = |id: &Text<'_>| issuer.clients.iter().any(|client| equal(client, id));
        let client_id = client_id.filter(is_accepted).ok_or(TokenFault::Client)?;
        let residency = text_claim(payload, named.residency.as_deref())?;
        let home = text_claim(payload, named.home.as_deref())?;

        let subject = self.sub.as_deref().unwrap_or_default();
        let (username, residency, home) =
            (username.as_deref(), residency.as_deref(), home.as_deref());
        let scopes = match kind {
            TokenUse::Access => self.scope.as_deref().unwrap_or_default(),
            TokenUse::Id => "",
        };
        let single = [subject, &client_id, scopes].into_iter();
        let single = single.chain([username, residency, home].into_iter().flatten());
        let all = single.chain(groups.iter().map(|group| &**group));
        let mut texts = String::with_capacity(all.map(str::len).sum());
        let mut add = |text: &str| {
            let start = texts.len() as u32;
            texts.push_str(text);
            start..texts.len() as u32
        };
        Ok(Claims {
            subject: add(subject),
            username: username.map(&mut add),
            client_id: add(&client_id),
            groups: groups.iter().map(|group| add(group)).collect(),
            scopes: add(scopes),
            residency: residency.map(&mut add),
            home: home.map(&mut add),
            expires: self.exp.unwrap_or_default(),
            not_before: self.nbf,
            issued: self.iat,
            texts,
        })
    }
}

/// Where a known claim goes to, by its kind.
enum Place<'c, 'p> {
    Text(&'c mut Option<Text<'p>>),
    Texts(&'c mut Option<Vec<Text<'p>>>),
    Date(&'c mut Option<u64>),
    Audience(&'c mut Option<Audience<'p>>),
}

/// Puts a claim in its place, unless there is one already.
fn put<T>(place: &mut Option<T>, claim: T) -> Option<()> {
    place.replace(claim).is_none().then_some(())
}

/// However they are written.
impl<'de: 'p, 'p> Deserialize<'de> for UnverifiedClaims<'p> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = UnverifiedClaims<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut claims = UnverifiedClaims::default();
                while let Some(name) = map.next_key::<Text<'de>>()? {
                    match claims.place(&name) {
                        None => map.next_value::<IgnoredAny>().map(|_| Some(()))?,
                        Some(Place::Text(place)) => put(place, map.next_value()?),
                        Some(Place::Texts(place)) => put(place, map.next_value()?),
                        Some(Place::Date(place)) => put(place, map.next_value()?),
                        Some(Place::Audience(place)) => put(place, map.next_value()?),
                    }
                    .ok_or_else(|| A::Error::custom("a claim appears twice"))?;
                }
                Ok(claims)
            }
        }

        deserializer.deserialize_map(Each)
    }
}

/// The `aud` claim (RFC 7519, section 4.1.3).
#[derive(Debug, PartialEq)]
enum Audience<'p> {
    One(Text<'p>),
    Several(Vec<Text<'p>>),
}

/// By hand: `untagged` keeps a copy of whatever it reads, of any kind.
impl<'de: 'p, 'p> Deserialize<'de> for Audience<'p> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Audience<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, or a list of texts")
            }

            fn visit_borrowed_str<E>(self, one: &'de str) -> Result<Audience<'de>, E> {
                Ok(Audience::One(Text::of(one)))
            }

            fn visit_str<E>(self, one: &str) -> Result<Audience<'de>, E> {
                Ok(Audience::One(Text(one.to_owned().into())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Audience<'de>, A::Error> {
                let mut several = Vec::new();
                while let Some(each) = list.next_element()? {
                    several.push(each);
                }
                Ok(Audience::Several(several))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// Whom a token is for, and who its bearer is besides.
struct Whom<'p> {
    client_id: Option<Text<'p>>,
    username: Option<Text<'p>>,
    groups: Vec<Text<'p>>,
}

/// The client an ID token is for: its only audience, or the one of several that `azp` names. An
/// `azp` beside one audience must be the same (OpenID Connect Core 1.0, section 3.1.3.7).
fn authorized_party<'p>(aud: Option<Audience<'p>>, azp: Option<&Value>) -> Option<Text<'p>> {
    let audiences = match aud? {
        Audience::One(aud) => vec![aud],
        Audience::Several(audiences) => audiences,
    };
    let azp = match azp {
        Some(azp) => Some(azp.as_str()?),
        None => None,
    };
    match azp {
        Some(azp) => audiences.into_iter().find(|aud| **aud == *azp),
        None if audiences.len() == 1 => audiences.into_iter().next(),
        None => None,
    }
}

/// The claim `groups` (RFC 9068, section 2.2.3.1), where it is a list of names. In another form it
/// puts nobody in any group.
fn groups<'p>(members: &Map<String, Value>) -> Vec<Text<'p>> {
    let owned = |name: &Value| Some(Text(name.as_str()?.to_owned().into()));
    let list = members.get("groups").and_then(Value::as_array);
    let names = list.map(|list| list.iter().map(owned).collect());
    names.flatten().unwrap_or_default()
}

#[cfg(test)]
mod tests;
