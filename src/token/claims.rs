//! What a token claims, and which of it counts (RFC 7519, rules C2 and C5; RFC 9068; OpenID Connect
//! Core 1.0, sections 2 and 3.1.3.7).

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use cloudfront_worker::UnixMillis;
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::TokenFault;
use super::jws::Typ;
use crate::config::{IssuerKind, TokenUse};
use crate::equal::equal;
use crate::issuer::Issuer;

/// Claims that count: the signature has verified, and they are for one of the issuer's clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claims {
    pub subject: String,
    pub username: Option<String>,
    pub client_id: String,
    pub groups: Vec<String>,
    pub scopes: String,
    pub residency: Option<String>,
    pub home: Option<String>,
    pub expires: u64,
    not_before: Option<u64>,
    issued: Option<u64>,
}

impl Claims {
    /// What they take in memory, beside this structure.
    pub fn heap_bytes(&self) -> usize {
        /// What an allocator keeps beside a block, and rounds it up by.
        const BLOCK: usize = 16;
        let Self { subject, username, client_id, groups, scopes, residency, home, .. } = self;
        let optional = [username, residency, home].into_iter().flatten();
        let texts = [subject, client_id, scopes].into_iter().chain(optional).chain(groups);
        let lists = groups.capacity() * size_of::<String>();
        texts.map(|text| text.capacity() + BLOCK).sum::<usize>() + lists + BLOCK
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
#[derive(Deserialize)]
pub(super) struct UnverifiedClaims<'p> {
    #[serde(borrow)]
    pub iss: Cow<'p, str>,
    #[serde(borrow)]
    sub: Cow<'p, str>,
    exp: u64,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    iat: Option<u64>,
    #[serde(borrow, default, deserialize_with = "present")]
    token_use: Option<Text<'p>>,
    #[serde(borrow, default, deserialize_with = "present")]
    client_id: Option<Text<'p>>,
    #[serde(borrow, default, deserialize_with = "present")]
    aud: Option<Audience<'p>>,
    /// Nothing is decided by it, but like the other claims RFC 7519 registers it has one kind.
    #[serde(borrow, default, rename = "jti", deserialize_with = "present")]
    _jti: Option<Text<'p>>,
    #[serde(borrow, default, deserialize_with = "present")]
    scope: Option<Text<'p>>,
    #[serde(default, rename = "cognito:groups", deserialize_with = "present")]
    groups: Option<Vec<String>>,
    #[serde(borrow, default, deserialize_with = "present")]
    username: Option<Text<'p>>,
    #[serde(borrow, default, rename = "cognito:username", deserialize_with = "present")]
    cognito_username: Option<Text<'p>>,
}

/// Text as it stands in the JSON, or a copy where something in it is escaped. A `Cow` that is not the
/// very type of a field is always a copy.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'j>(#[serde(borrow)] pub Cow<'j, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Text<'_> {
    fn into_owned(self) -> String {
        self.0.into_owned()
    }
}

/// The `aud` claim (RFC 7519, section 4.1.3).
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
                Ok(Audience::One(Text(one.into())))
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

impl<'p> UnverifiedClaims<'p> {
    pub fn parse(json: &'p [u8]) -> Result<Self, TokenFault> {
        let claims: Self = parse_object(json)?;
        // Beyond 2^53 readers differ on what the number is.
        const MOST: u64 = 1 << 53;
        let dates = [Some(claims.exp), claims.nbf, claims.iat];
        if dates.into_iter().flatten().any(|date| date > MOST) || claims.sub.is_empty() {
            return Err(TokenFault::Malformed);
        }
        Ok(claims)
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

    /// The claims that count, once the signature has verified.
    pub fn check(
        self,
        kind: TokenUse,
        issuer: &Issuer,
        payload: &[u8],
    ) -> Result<Claims, TokenFault> {
        if kind == TokenUse::Access && !self.is_meant_for(&issuer.audiences) {
            return Err(TokenFault::Client);
        }
        let Whom { client_id, username, groups } = match (issuer.kind, kind) {
            (IssuerKind::Cognito, TokenUse::Access) => Whom {
                client_id: self.client_id,
                username: self.username.map(Text::into_owned),
                groups: self.groups.unwrap_or_default(),
            },
            (IssuerKind::Cognito, TokenUse::Id) => Whom {
                client_id: match self.aud {
                    Some(Audience::One(aud)) => Some(aud),
                    _ => None,
                },
                username: self.cognito_username.map(Text::into_owned),
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
        Ok(Claims {
            subject: self.sub.into_owned(),
            username,
            client_id: client_id.into_owned(),
            groups,
            scopes: match kind {
                TokenUse::Access => self.scope.map(Text::into_owned).unwrap_or_default(),
                TokenUse::Id => String::new(),
            },
            residency: None,
            home: None,
            expires: self.exp,
            not_before: self.nbf,
            issued: self.iat,
        })
    }
}

/// Whom a token is for, and who its bearer is besides.
struct Whom<'p> {
    client_id: Option<Text<'p>>,
    username: Option<String>,
    groups: Vec<String>,
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
fn groups(members: &Map<String, Value>) -> Vec<String> {
    let list = members.get("groups").and_then(Value::as_array);
    let names = list.map(|list| list.iter().map(|name| name.as_str().map(str::to_owned)).collect());
    names.flatten().unwrap_or_default()
}

/// Every claim of a payload, each once.
pub(super) fn members(payload: &[u8]) -> Result<Map<String, Value>, TokenFault> {
    struct Members(Map<String, Value>);
    struct Each;

    impl<'de> Deserialize<'de> for Members {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(Each).map(Members)
        }
    }

    impl<'de> Visitor<'de> for Each {
        type Value = Map<String, Value>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Map::new();
            while let Some((name, value)) = map.next_entry()? {
                if members.insert(name, value).is_some() {
                    return Err(A::Error::custom("a claim appears twice"));
                }
            }
            Ok(members)
        }
    }

    parse_object(payload).map(|Members(members)| members)
}

/// A claim the configuration names: text, once. One that is there in another form is not taken for
/// absent, since its absence may permit more.
pub(super) fn text_claim(payload: &[u8], name: Option<&str>) -> Result<Option<String>, TokenFault> {
    struct Named<'n>(&'n str);

    impl<'de> Visitor<'de> for Named<'_> {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = None;
            while let Some(key) = map.next_key::<Text<'de>>()? {
                if *key != *self.0 {
                    map.next_value::<IgnoredAny>()?;
                } else if found.replace(map.next_value()?).is_some() {
                    return Err(A::Error::custom("the claim appears twice"));
                }
            }
            Ok(found)
        }
    }

    let Some(name) = name else { return Ok(None) };
    serde_json::Deserializer::from_slice(payload)
        .deserialize_map(Named(name))
        .map_err(|_| TokenFault::Malformed)
}

/// A member that may be absent, but not null: readers differ on whether null is a value.
pub(super) fn present<'j, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'j>,
    D: Deserializer<'j>,
{
    T::deserialize(deserializer).map(Some)
}

/// A JSON object in UTF-8 and nothing after it. An array would pass for the members in order.
pub(super) fn parse_object<'j, T: Deserialize<'j>>(json: &'j [u8]) -> Result<T, TokenFault> {
    let text = std::str::from_utf8(json).map_err(|_| TokenFault::Malformed)?;
    if !text.trim_start().starts_with('{') {
        return Err(TokenFault::Malformed);
    }
    serde_json::from_str(text).map_err(|_| TokenFault::Malformed)
}
