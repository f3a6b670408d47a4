//! The claims set of a token, read in one pass. RFC 7519 §4.

use super::{claims_scanner, json};
use crate::rejection::Rejection;

/// The registered claims. RFC 7519 §4.1.
const REGISTERED: [(&[u8], Claim); 7] = [
    (b"iss", Claim::ISSUER),
    (b"sub", Claim::SUBJECT),
    (b"aud", Claim::AUDIENCE),
    (b"exp", Claim::EXPIRATION),
    (b"nbf", Claim::NOT_BEFORE),
    (b"iat", Claim::ISSUED_AT),
    (b"jti", Claim::ID),
];

/// All registered names have this length; most others do not.
const REGISTERED_LENGTH: usize = 3;

/// A claim that a [`ClaimsReader`] reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim(usize);

impl Claim {
    pub(super) const ISSUER: Self = Self(0);
    pub(super) const SUBJECT: Self = Self(1);
    pub(super) const AUDIENCE: Self = Self(2);
    pub(super) const EXPIRATION: Self = Self(3);
    pub(super) const NOT_BEFORE: Self = Self(4);
    pub(super) const ISSUED_AT: Self = Self(5);
    pub(super) const ID: Self = Self(6);

    fn registered(name: &[u8]) -> Option<Self> {
        if name.len() != REGISTERED_LENGTH {
            return None;
        }
        REGISTERED.iter().find(|(registered, _)| *registered == name).map(|(_, claim)| *claim)
    }
}

/// Reads the registered claims, and those of further names that rules ask for.
pub(super) struct ClaimsReader {
    /// Sorted.
    names: Box<[Box<[u8]>]>,
}

impl ClaimsReader {
    pub(super) fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut names: Vec<Box<[u8]>> = names
            .into_iter()
            .map(str::as_bytes)
            .filter(|name| Claim::registered(name).is_none())
            .map(Into::into)
            .collect();
        names.sort_unstable();
        names.dedup();
        Self { names: names.into() }
    }

    /// The claim of a name, if it is registered or one of the further names.
    pub(super) fn claim(&self, name: &[u8]) -> Option<Claim> {
        Claim::registered(name).or_else(|| {
            let position = self.names.binary_search_by(|wanted| (**wanted).cmp(name)).ok()?;
            Some(Claim(REGISTERED.len() + position))
        })
    }

    /// Reads a JSON object.
    ///
    /// RFC 7519 §4 leaves it to the parser whether it rejects repeated names or takes the last. Repeated
    /// registered names are rejected: another parser in the chain may take the first.
    pub(super) fn read<'j>(&self, json: &'j str) -> Result<Claims<'j>, Rejection> {
        let mut claims = Claims::absent(self.names.len());
        if claims_scanner::each_member(json, |name, value| claims.note(self, name, value)).is_none() {
            claims = Claims::absent(self.names.len());
            json::each_member(json, |name, value| {
                claims.note(self, &name, value);
                Some(())
            })
            .ok_or(Rejection::PayloadInvalid)?;
        }
        if claims.repeats_registered_name { Err(Rejection::PayloadInvalid) } else { Ok(claims) }
    }
}

/// The claims of a token that rules look at, each as its JSON text. They borrow from the payload.
#[derive(Debug, Default)]
pub(super) struct Claims<'j> {
    registered: [Option<&'j [u8]>; REGISTERED.len()],
    others: Vec<Option<&'j [u8]>>,
    repeats_registered_name: bool,
}

impl<'j> Claims<'j> {
    fn absent(others: usize) -> Self {
        Self { others: vec![None; others], ..Self::default() }
    }

    fn note(&mut self, reader: &ClaimsReader, name: &[u8], value: &'j [u8]) {
        let Some(Claim(position)) = reader.claim(name) else { return };
        if let Some(claim) = self.registered.get_mut(position) {
            self.repeats_registered_name |= claim.is_some();
            *claim = Some(value);
        } else if let Some(claim) = self.others.get_mut(position - REGISTERED.len()) {
            *claim = Some(value);
        }
    }

    /// The raw value of a claim; `None` if it is absent, as every claim is from a payload without claims.
    pub(super) fn get(&self, Claim(position): Claim) -> Option<&'j [u8]> {
        let registered = self.registered.get(position);
        *registered.or_else(|| self.others.get(position.checked_sub(REGISTERED.len())?))?
    }

    pub(super) fn times(&self) -> Times {
        let time = |claim| self.get(claim).map_or(TimeClaim::Absent, TimeClaim::read);
        Times {
            expiration: time(Claim::EXPIRATION),
            not_before: time(Claim::NOT_BEFORE),
            issued_at: time(Claim::ISSUED_AT),
        }
    }
}

/// The claims whose verdict depends on the time of day: what is checked again whenever a cached token comes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Times {
    pub(super) expiration: TimeClaim,
    pub(super) not_before: TimeClaim,
    pub(super) issued_at: TimeClaim,
}

/// A NumericDate: seconds since 1970 UTC that need not be whole. RFC 7519 §2.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) enum TimeClaim {
    #[default]
    Absent,
    At(f64),
    NotANumber,
}

impl TimeClaim {
    /// Longer integers may not be exact as doubles.
    const MAX_EXACT_DIGITS: usize = 15;

    fn read(raw: &[u8]) -> Self {
        if raw.len() <= Self::MAX_EXACT_DIGITS && raw.iter().all(u8::is_ascii_digit) {
            return Self::At(raw.iter().fold(0.0, |seconds, digit| seconds * 10.0 + f64::from(digit - b'0')));
        }
        json::number(raw).map_or(Self::NotANumber, Self::At)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Claims<'_>, Rejection> {
        ClaimsReader::new([]).read(json)
    }

    #[test]
    fn the_registered_claims_have_their_positions_and_length() {
        for (position, (name, claim)) in REGISTERED.into_iter().enumerate() {
            assert_eq!((claim, name.len()), (Claim(position), REGISTERED_LENGTH));
        }
    }

    #[test]
    fn rejects_a_repeated_registered_claim_however_it_is_spelled() {
        for (name, _) in REGISTERED {
            let name = str::from_utf8(name).unwrap();
            for json in [format!(r#"{{"{name}":1,"{name}":1}}"#), format!(r#"{{"{name}":1, "{name}":2}}"#)] {
                assert_eq!(read(&json).err(), Some(Rejection::PayloadInvalid), "{json}");
            }
        }
        assert_eq!(read(r#"{"exp":1,"\u0065xp":2}"#).err(), Some(Rejection::PayloadInvalid));
        assert!(read(r#"{"role":1,"role":2,"Exp":1,"exp":2,"x":{"exp":1,"exp":2}}"#).is_ok());
    }

    #[test]
    fn reads_the_claims_of_further_names_in_any_spelling_and_the_last_of_repeated_ones() {
        let reader = ClaimsReader::new(["tenant", "azp", "iss", "azp", "\u{e9}"]);
        assert_eq!(reader.names.len(), 3);
        let value = |json: &'static str, name: &str| {
            reader.read(json).unwrap().get(reader.claim(name.as_bytes()).unwrap())
        };
        for json in [r#"{"azp":"a","x":1,"azp":[2]}"#, r#"{"\u0061zp" : 1,"x":1,"a\u007ap" : [2]}"#] {
            assert_eq!(value(json, "azp"), Some(b"[2]".as_slice()), "{json}");
            assert_eq!(value(json, "tenant"), None, "{json}");
            assert_eq!(value(json, "iss"), None, "{json}");
        }
        assert_eq!(value("{\"\u{e9}\":null}", "\u{e9}"), Some(b"null".as_slice()));
        assert_eq!(reader.claim(b"x"), None);
        assert_eq!(Claims::default().get(reader.claim(b"azp").unwrap()), None);
    }

    #[test]
    fn reads_numbers_as_javascript_does() {
        let time = |raw: &str| TimeClaim::read(raw.as_bytes());
        for (raw, seconds) in [
            ("0", 0.0),
            ("-0", -0.0),
            ("999999999999999", 999_999_999_999_999.0),
            ("92030920993190389", 92_030_920_993_190_384.0),
            ("1.5", 1.5),
            ("41024448E2", 4_102_444_800.0),
            ("1e-400", 0.0),
            ("1e400", f64::INFINITY),
            ("-1e400", f64::NEG_INFINITY),
        ] {
            assert_eq!(time(raw), TimeClaim::At(seconds), "{raw}");
        }
        for raw in [r#""1""#, "null", "true", "[1]", "{}", r#""inf""#] {
            assert_eq!(time(raw), TimeClaim::NotANumber, "{raw}");
        }
    }
}
