//! Where the token stands in the value of a header. RFC 6750 §2.1.

/// How a header carries a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenScheme {
    /// `Bearer <token>`. The token ends at the next space, and what follows is ignored. A second space before
    /// it leaves no token, as in the framework that this package replaces.
    Bearer,
    /// The same with the scheme in any case. RFC 9110 §11.1.
    BearerCaseInsensitive,
    /// The whole value.
    Raw,
}

const PREFIX: &[u8] = b"Bearer ";

impl TokenScheme {
    /// The scheme of this name: `bearer`, `bearer-any-case` or `raw`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "bearer" => Some(Self::Bearer),
            "bearer-any-case" => Some(Self::BearerCaseInsensitive),
            "raw" => Some(Self::Raw),
            _ => None,
        }
    }

    /// The token in a value; `None` if there is none, or an empty one.
    #[must_use]
    pub fn token(self, value: &[u8]) -> Option<&[u8]> {
        let token = match self {
            Self::Raw => value,
            Self::Bearer | Self::BearerCaseInsensitive => {
                let (prefix, rest) = value.split_at_checked(PREFIX.len())?;
                let ignores_case = self == Self::BearerCaseInsensitive;
                if !(prefix == PREFIX || ignores_case && prefix.eq_ignore_ascii_case(PREFIX)) {
                    return None;
                }
                memchr::memchr(b' ', rest).map_or(Some(rest), |end| rest.get(..end))?
            }
        };
        (!token.is_empty()).then_some(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_one_scheme() {
        for (name, scheme) in [
            ("bearer", Some(TokenScheme::Bearer)),
            ("bearer-any-case", Some(TokenScheme::BearerCaseInsensitive)),
            ("raw", Some(TokenScheme::Raw)),
            ("Bearer", None),
            ("", None),
        ] {
            assert_eq!(TokenScheme::from_name(name), scheme, "{name:?}");
        }
    }

    #[test]
    fn the_token_stands_between_the_first_space_and_the_next() {
        for (value, token) in [
            ("Bearer T", Some("T")),
            ("Bearer T junk", Some("T")),
            ("Bearer T ", Some("T")),
            ("Bearer  T", None),
            ("Bearer\tT", None),
            ("Bearer ", None),
            ("Bearer", None),
            ("BearerT", None),
            ("bearer T", None),
            ("Basic T", None),
            ("T", None),
            ("", None),
        ] {
            let found = TokenScheme::Bearer.token(value.as_bytes());
            assert_eq!(found, token.map(str::as_bytes), "{value:?}");
        }
    }

    #[test]
    fn the_scheme_is_accepted_in_any_case_where_configured() {
        for value in ["bearer T", "BEARER T", "bEARER T x", "Bearer T"] {
            assert_eq!(
                TokenScheme::BearerCaseInsensitive.token(value.as_bytes()),
                Some(&b"T"[..]),
                "{value:?}"
            );
        }
        assert_eq!(TokenScheme::BearerCaseInsensitive.token(b"bearer\tT"), None);
        assert_eq!(TokenScheme::BearerCaseInsensitive.token("bearer\u{a0}T".as_bytes()), None);
    }

    #[test]
    fn a_raw_value_is_the_token() {
        assert_eq!(TokenScheme::Raw.token(b"a.b.c d"), Some(&b"a.b.c d"[..]));
        assert_eq!(TokenScheme::Raw.token(b""), None);
    }
}
