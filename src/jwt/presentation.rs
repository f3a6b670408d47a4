//! Where in a header's value the token stands. RFC 6750 §2.1.

/// How a header carries a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presentation {
    /// `Bearer <token>`. What stands between the scheme's one space and the next space is the token: a
    /// second space before it leaves nothing, what follows it is ignored, as in the framework that this
    /// package replaces.
    Bearer,
    /// The same with the scheme in any case, as RFC 9110 §11.1 has it.
    BearerInAnyCase,
    /// The whole value.
    Bare,
}

const SCHEME: &[u8] = b"Bearer ";

impl Presentation {
    /// The presentation of this name: `bearer`, `bearer-in-any-case` or `bare`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "bearer" => Some(Self::Bearer),
            "bearer-in-any-case" => Some(Self::BearerInAnyCase),
            "bare" => Some(Self::Bare),
            _ => None,
        }
    }

    /// The token in a value; nothing if it carries none, or an empty one.
    #[must_use]
    pub fn token(self, value: &[u8]) -> Option<&[u8]> {
        let token = match self {
            Self::Bare => value,
            _ => {
                let (scheme, rest) = value.split_at_checked(SCHEME.len())?;
                if !(scheme == SCHEME || self == Self::BearerInAnyCase && scheme.eq_ignore_ascii_case(SCHEME))
                {
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
            let found = Presentation::Bearer.token(value.as_bytes());
            assert_eq!(found, token.map(str::as_bytes), "{value:?}");
        }
    }

    #[test]
    fn the_scheme_is_taken_in_any_case_where_that_is_asked_for() {
        for value in ["bearer T", "BEARER T", "bEARER T x", "Bearer T"] {
            assert_eq!(Presentation::BearerInAnyCase.token(value.as_bytes()), Some(&b"T"[..]), "{value:?}");
        }
        assert_eq!(Presentation::BearerInAnyCase.token(b"bearer\tT"), None);
        assert_eq!(Presentation::BearerInAnyCase.token("bearer\u{a0}T".as_bytes()), None);
    }

    #[test]
    fn a_bare_value_is_the_token() {
        assert_eq!(Presentation::Bare.token(b"a.b.c d"), Some(&b"a.b.c d"[..]));
        assert_eq!(Presentation::Bare.token(b""), None);
    }
}
