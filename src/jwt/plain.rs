//! Claims sets as issuers write them, read in one pass: no white space, no escapes, whole numbers.
//!
//! That saves a tenth of a microsecond of the two and a half that accepting a new token of HS256 takes.
//! What is not plain is left to serde_json; of what is, it says the same.

use super::claims::{Members, TimeClaim};

/// How deep values may nest below the claims set.
const DEEPEST: usize = 4;

/// Larger numbers may not be exact as doubles.
const MOST_DIGITS: usize = 15;

const QUOTE: u8 = b'"';

/// What a claims set holds; nothing if it is not plain, be it JSON or not.
pub(super) fn members(json: &[u8]) -> Option<Members> {
    // Then nothing but a quotation mark ends a string. A fold without early exit compiles to vector code.
    if json.iter().fold(false, |found, byte| found | (*byte < b' ') | (*byte == b'\\')) {
        return None;
    }
    let mut text = Text(json);
    let mut members = Members::default();
    text.each_member(|text, name| {
        members.note(name);
        match name {
            b"exp" => members.times.expires = text.time()?,
            b"nbf" => members.times.not_before = text.time()?,
            _ => text.skip_value(DEEPEST)?,
        }
        Some(())
    })?;
    text.0.is_empty().then_some(members)
}

/// What is left of a text without control characters and backslashes.
struct Text<'j>(&'j [u8]);

impl<'j> Text<'j> {
    /// Reads an object, of which `read_value` is to read the value of each member.
    fn each_member(&mut self, mut read_value: impl FnMut(&mut Self, &'j [u8]) -> Option<()>) -> Option<()> {
        self.skip(b'{')?;
        if self.skip(b'}').is_some() {
            return Some(());
        }
        loop {
            let name = self.string()?;
            self.skip(b':')?;
            read_value(self, name)?;
            if self.skip(b',').is_none() {
                return self.skip(b'}');
            }
        }
    }

    fn skip_value(&mut self, deepest: usize) -> Option<()> {
        match self.0.first()? {
            b'"' => self.string().map(|_| ()),
            b'0'..=b'9' => self.whole_number().map(|_| ()),
            b'{' => {
                let deepest = deepest.checked_sub(1)?;
                self.each_member(|text, _| text.skip_value(deepest))
            }
            b'[' => self.skip_array(deepest.checked_sub(1)?),
            b't' => self.skip_word(b"true"),
            b'f' => self.skip_word(b"false"),
            b'n' => self.skip_word(b"null"),
            _ => None,
        }
    }

    fn skip_array(&mut self, deepest: usize) -> Option<()> {
        self.skip(b'[')?;
        if self.skip(b']').is_some() {
            return Some(());
        }
        loop {
            self.skip_value(deepest)?;
            if self.skip(b',').is_none() {
                return self.skip(b']');
            }
        }
    }

    fn time(&mut self) -> Option<TimeClaim> {
        let digits = self.whole_number().filter(|digits| digits.len() <= MOST_DIGITS)?;
        let seconds = digits.iter().fold(0.0, |seconds, digit| seconds * 10.0 + f64::from(digit - b'0'));
        Some(TimeClaim::At(seconds))
    }

    /// The digits of a number without sign, fraction and exponent.
    fn whole_number(&mut self) -> Option<&'j [u8]> {
        let end = self.0.iter().position(|byte| !byte.is_ascii_digit())?;
        let (digits, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        // A fraction or an exponent is what cannot follow a value.
        match digits {
            [] | [b'0', _, ..] => None,
            _ => Some(digits),
        }
    }

    /// What stands between two quotation marks.
    fn string(&mut self) -> Option<&'j [u8]> {
        self.skip(QUOTE)?;
        let (string, rest) = self.0.split_at_checked(quote(self.0)?)?;
        self.0 = rest;
        self.skip(QUOTE)?;
        Some(string)
    }

    fn skip_word(&mut self, word: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(word)?;
        Some(())
    }

    fn skip(&mut self, byte: u8) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        if *first != byte {
            return None;
        }
        self.0 = rest;
        Some(())
    }
}

/// The position of the first quotation mark. Names and values are short: with `memchr`, a token takes 45 ns more.
fn quote(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let mut at = 0;
    while let Some(eight) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        // Zero where a quotation mark is. The lowest zero byte sets its highest bit, and none below it does.
        let marks = u64::from_le_bytes(*eight) ^ u64::from_le_bytes([QUOTE; 8]);
        let zeros = marks.wrapping_sub(ONES) & !marks & (ONES << 7);
        if zeros != 0 {
            return Some(at + zeros.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    Some(at + bytes.get(at..)?.iter().position(|byte| *byte == QUOTE)?)
}

#[cfg(test)]
mod tests {
    use super::super::json;
    use super::*;

    const USUAL: &str = r#"{"iss":"https://é.example","aud":["a","b"],"exp":1767229200,"nbf":0,"ok":true,"x":{"y":[null,{"z":12}]},"":false}"#;

    /// Whether it is plain; then serde_json must have read the same.
    fn is_plain(text: &[u8]) -> bool {
        let Some(members) = members(text) else { return false };
        assert_eq!(Some(members), json::object(text), "{}", String::from_utf8_lossy(text));
        true
    }

    #[test]
    fn what_issuers_write_is_plain() {
        for text in [
            USUAL,
            "{}",
            r#"{"exp":999999999999999}"#,
            r#"{"a":99999999999999999999999999}"#,
            r#"{"a":[],"b":{},"c":[[[[1]]]],"exp":1,"exp":2}"#,
        ] {
            assert!(is_plain(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn the_rest_is_left_to_serde_json() {
        for text in [
            "",
            "[]",
            "{",
            "{}{}",
            "{} ",
            " {}",
            "{\n}",
            "{\"a\tb\":1}",
            r#"{"a": 1}"#,
            r#"{"a":1,}"#,
            r#"{,"a":1}"#,
            r#"{"\u0065xp":1}"#,
            r#"{"a":"\""}"#,
            r#"{"exp":"1"}"#,
            r#"{"exp":null}"#,
            r#"{"exp":1.5}"#,
            r#"{"exp":1e9}"#,
            r#"{"exp":-1}"#,
            r#"{"exp":01}"#,
            r#"{"exp":1000000000000000}"#,
            r#"{"nbf":[]}"#,
            r#"{"a":00}"#,
            r#"{"a":-1}"#,
            r#"{"a":[[[[[1]]]]]}"#,
            r#"{"a":truefalse}"#,
            r#"{"a":[1,]}"#,
            r#"{"a":1"#,
            r#"{"a":"1}"#,
            r#"{"a"}"#,
        ] {
            assert!(!is_plain(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn of_each_text_that_differs_in_one_byte_it_says_what_serde_json_says() {
        let mut plain = 0;
        for at in 0..=USUAL.len() {
            let (before, after) = USUAL.as_bytes().split_at(at);
            let mut check = |middle: &[u8], after: &[u8]| {
                plain += u32::from(is_plain(&[before, middle, after].concat()));
            };
            for byte in 0..=u8::MAX {
                check(&[byte], after);
                if let Some((_, after)) = after.split_first() {
                    check(&[byte], after);
                    check(&[], after);
                }
            }
        }
        // Mostly what was changed within strings and numbers.
        assert!(plain > 10_000, "{plain}");
    }

    #[test]
    fn of_each_short_row_of_tokens_it_says_what_serde_json_says() {
        const TOKENS: [&str; 16] = [
            "{", "}", "[", "]", ",", ":", "\"exp\"", "\"b\"", "\"", "10", "0", ".5", "-", "true", "null", "é",
        ];
        const ROW: u32 = 4;
        let mut plain = 0;
        for (before, after) in [
            ("", ""),
            ("{", "}"),
            ("{\"exp\":", "}"),
            ("{\"a\":1,", "}"),
            ("{\"a\":[", "]}"),
            ("{\"a\":{", "}}"),
        ] {
            for row in 0..TOKENS.len().pow(ROW) {
                let mut text = before.to_string();
                for place in 0..ROW {
                    // As many as there are digits of base 16.
                    text.push_str(TOKENS[row / TOKENS.len().pow(place) % TOKENS.len()]);
                }
                plain += u32::from(is_plain((text + after).as_bytes()));
            }
        }
        assert!(plain > 100, "{plain}");
    }

    #[test]
    fn the_first_quotation_mark_is_found_wherever_it_stands() {
        for filler in [b'!', b'#', 0xa2, 0xff, 0x80, b'a'] {
            for length in 0..40 {
                for at in 0..length {
                    let mut bytes = vec![filler; length];
                    bytes[at] = QUOTE;
                    assert_eq!(quote(&bytes), Some(at));
                    bytes[length - 1] = QUOTE;
                    assert_eq!(quote(&bytes), Some(at));
                }
                assert_eq!(quote(&vec![filler; length]), None);
            }
        }
    }
}
