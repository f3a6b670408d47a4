//! Which API keys and HMAC secrets can be guessed.
//!
//! What is looked for is evidence of weakness. Random keys are never called weak: 22 or more characters of
//! base64url, 32 or more of hexadecimal, a UUID, 32 random bytes. A key that is not called weak need not be a
//! good one: how it was made cannot be seen.
//!
//! Nothing is copied but a window of an API key, which is wiped.

mod common_words;
mod estimate;

use base64_simd::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

/// In characters. Hexadecimal digits carry 4 bits, so that fewer than 16 have less than the 64 bits that
/// NIST SP 800-63B §7.1 and OWASP ASVS 4.0.3 §3.2.2 require of session secrets (ASVS 5.0 §7.2.3: 128).
pub const MIN_API_KEY_CHARACTERS: usize = 16;

/// How much of each end of a long text is looked at.
const WINDOW: usize = 256;

/// Keys that everyone has: those of RFC 7515 A.1.1 and RFC 7520 §3.5. Other widely copied ones consist of
/// common words.
const PUBLISHED: [&str; 2] = [
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
];

/// What makes a key weak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// White space at an end.
    WhiteSpace,
    /// Made of common words, or published.
    WellKnown,
    /// Too short, however random.
    TooShort,
    /// Repetition, sequences, dates, few different characters.
    Predictable,
}

impl Problem {
    /// Every problem, each at the position `problem as usize`.
    pub const ALL: [Self; 4] = [Self::WhiteSpace, Self::WellKnown, Self::TooShort, Self::Predictable];

    /// The stable name of the problem.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WhiteSpace => "white-space",
            Self::WellKnown => "well-known",
            Self::TooShort => "too-short",
            Self::Predictable => "predictable",
        }
    }
}

/// What makes an API key weak: two problems at most. Characters are UTF-16 code units, as in JavaScript.
#[must_use]
pub fn judge_api_key(key: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    if key.starts_with(is_white_space) || key.ends_with(is_white_space) {
        problems.push(Problem::WhiteSpace);
    }
    let length = key.encode_utf16().count();
    let head = Window::of(key.encode_utf16());
    let mut guess = estimate::guess(head.bytes());
    if guess.is_some() && length > WINDOW {
        guess = estimate::guess(Window::of(key.encode_utf16().skip(length - WINDOW)).bytes());
    }
    let is_short = length < MIN_API_KEY_CHARACTERS;
    match guess {
        Some(Problem::WellKnown) => problems.push(Problem::WellKnown),
        _ if is_short => problems.push(Problem::TooShort),
        Some(problem) => problems.push(problem),
        None => {}
    }
    problems
}

/// What makes an HMAC secret weak. RFC 7518 §3.2: it must have as many bytes as the MAC.
#[must_use]
pub fn judge_secret(secret: &[u8], min_bytes: usize) -> Vec<Problem> {
    let mut problems = Vec::new();
    if secret.len() < min_bytes {
        problems.push(Problem::TooShort);
    }
    let [head, tail] = ends(secret);
    let mut guess = estimate::guess(head);
    if guess.is_some() && secret.len() > WINDOW {
        guess = estimate::guess(tail);
    }
    if is_published(secret) {
        guess = Some(Problem::WellKnown);
    }
    match guess {
        Some(Problem::WellKnown) => problems.push(Problem::WellKnown),
        // That a short secret is predictable adds nothing.
        Some(problem) if problems.is_empty() => problems.push(problem),
        _ => {}
    }
    if has_white_space_at_an_end(secret) {
        problems.push(Problem::WhiteSpace);
    }
    problems
}

/// Some characters of an API key as bytes. Those beyond ASCII keep the bits that tell most of them apart.
struct Window {
    bytes: Zeroizing<[u8; WINDOW]>,
    length: usize,
}

impl Window {
    fn of(characters: impl Iterator<Item = u16>) -> Self {
        let mut window = Self { bytes: Zeroizing::new([0; WINDOW]), length: 0 };
        for (byte, character) in window.bytes.iter_mut().zip(characters) {
            let [low, high] = character.to_le_bytes();
            *byte = if high == 0 { low } else { low | 0x80 };
            window.length += 1;
        }
        window
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// The beginning and the end of a text, all of it if it is short.
fn ends(text: &[u8]) -> [&[u8]; 2] {
    let [head, tail] = [text.first_chunk::<WINDOW>(), text.last_chunk()];
    [head.map_or(text, |head| head), tail.map_or(text, |tail| tail)]
}

fn is_published(secret: &[u8]) -> bool {
    PUBLISHED.iter().any(|text| {
        secret == text.as_bytes() || URL_SAFE_NO_PAD.decode_to_vec(text).is_ok_and(|bytes| secret == bytes)
    })
}

/// What `String.prototype.trim` removes, and the other control characters.
fn is_white_space(character: char) -> bool {
    matches!(character,
        '\0'..=' ' | '\x7f'..='\u{a0}' | '\u{feff}' | '\u{1680}' | '\u{2000}'..='\u{200a}'
        | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// Applies to ASCII text alone: among random bytes, white space is as good as any other byte.
fn has_white_space_at_an_end(secret: &[u8]) -> bool {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let is_text = |byte: &u8| matches!(byte, b' '..=b'~') || is_space(byte);
    (secret.first().is_some_and(is_space) || secret.last().is_some_and(is_space))
        && ends(secret).iter().all(|end| end.iter().all(is_text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Problem::{Predictable, TooShort, WellKnown, WhiteSpace};

    #[test]
    fn a_problem_stands_at_its_number() {
        for (position, problem) in Problem::ALL.into_iter().enumerate() {
            assert_eq!(problem as usize, position);
        }
    }

    #[test]
    fn api_keys_are_judged_by_both_ends_and_their_length() {
        let random = "zK7vQ2mXp9RtW4cYb3Ns8Dq1";
        let filler = "secret".repeat(1_000);
        for (key, problems) in [
            (random.to_owned(), vec![]),
            (random.get(..15).unwrap().to_owned(), vec![TooShort]),
            ("your-jwt-secret".into(), vec![WellKnown]),
            (" x ".into(), vec![WhiteSpace, TooShort]),
            (format!("\u{2003}{random}"), vec![WhiteSpace]),
            ("\u{e9}".repeat(40), vec![Predictable]),
            ("\u{1f600}".repeat(7), vec![TooShort]),
            (filler.clone(), vec![WellKnown]),
            (format!("{filler}{random}"), vec![]),
            (format!("{random}{filler}"), vec![]),
            ("ab".repeat(1_000), vec![Predictable]),
        ] {
            assert_eq!(judge_api_key(&key), problems, "{key}");
        }
    }

    #[test]
    fn secrets_are_judged_by_both_ends_and_by_what_they_must_have() {
        let random: Vec<u8> = (0..64_u8).map(|n| n.wrapping_mul(n).wrapping_add(n % 7 * 37)).collect();
        let filled = |at: usize| {
            let mut secret = vec![0; 10_000];
            for (byte, random) in secret.iter_mut().skip(at).zip(&random) {
                *byte = *random;
            }
            secret
        };
        for (secret, min_bytes, problems) in [
            (random.clone(), 64, vec![]),
            (random.clone(), 65, vec![TooShort]),
            (b"Your-JWT-Secret\n".to_vec(), 32, vec![TooShort, WellKnown, WhiteSpace]),
            (PUBLISHED[1].into(), 32, vec![WellKnown]),
            (URL_SAFE_NO_PAD.decode_to_vec(PUBLISHED[1]).unwrap(), 32, vec![WellKnown]),
            (vec![0; 64], 64, vec![Predictable]),
            (filled(1_000), 64, vec![Predictable]),
            (filled(0), 64, vec![]),
            (filled(10_000 - 64), 64, vec![]),
            ([b" ", random.as_slice()].concat(), 64, vec![]),
        ] {
            assert_eq!(judge_secret(&secret, min_bytes), problems, "{secret:?}");
        }
    }
}
