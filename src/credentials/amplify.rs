//! Whose session Amplify's cookies are.

use cloudfront_worker::Request;

use super::sent;

/// Who was signed in last, as the cookie `LastAuthUser` of the client with this prefix says.
pub(super) fn last_user<'a>(request: &Request<'a>, prefix: &str) -> Option<&'a str> {
    let is_last = |name: &str| name.strip_prefix(prefix) == Some("LastAuthUser");
    sent(request).find(|(name, _)| is_last(name)).map(|(_, value)| value)
}

/// Whether the user in a cookie's name is the one in a cookie's value: each is percent-encoded where
/// it must be, and they must be in different places.
pub(super) fn is_same_user(in_name: Option<&str>, in_value: Option<&str>) -> bool {
    in_name.zip(in_value).is_some_and(|(name, value)| decoded(name).eq(decoded(value)))
}

/// The bytes that percent-encoded text stands for (RFC 3986, section 2.1); what is no escape stands
/// for itself.
fn decoded(text: &str) -> impl Iterator<Item = u8> + '_ {
    let mut rest = text.as_bytes();
    std::iter::from_fn(move || {
        let (&first, after) = rest.split_first()?;
        let escaped = || {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            let [b'%', high, low, ..] = *rest else { return None };
            u8::try_from(digit(high)? * 16 + digit(low)?).ok()
        };
        let (byte, after) = escaped().map_or((first, after), |byte| (byte, &rest[3..]));
        rest = after;
        Some(byte)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_is_spelled_in_several_ways() {
        for (name, value) in [
            ("ada", "ada"),
            ("ada%40example.com", "ada@example.com"),
            ("ada@example.com", "ada%40example.com"),
            ("%c3%a9", "%C3%A9"),
            ("a%2Fb", "a/b"),
            ("100%", "100%"),
            ("%4", "%4"),
            ("%zz", "%zz"),
        ] {
            assert!(is_same_user(Some(name), Some(value)), "{name} {value}");
        }
        for (name, value) in [
            (Some("ada"), Some("Ada")),
            (Some("ada"), Some("ad")),
            (Some("ada"), Some("")),
            (Some("%2540"), Some("@")),
            (Some("ada"), None),
            (None, None),
        ] {
            assert!(!is_same_user(name, value), "{name:?} {value:?}");
        }
    }
}
