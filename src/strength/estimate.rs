//! Estimates how a text could be guessed.

use super::Problem;
use super::common_words::common_word_length;

/// Below, a text is guessable. Random texts of accepted lengths have at least half as many again.
const MIN_BITS: f64 = 36.0;

/// Bits per letter of natural language, at most.
const MAX_BITS_PER_LETTER: f64 = 2.0;

/// A shorter repetition is chance.
const MIN_REPETITION: usize = 4;

/// Why a text can be guessed, if it can.
///
/// The text is read as it would be described briefly: a common word, a date, a sequence, a repetition of what
/// came before. The remaining characters count, each with as many bits as their number of kinds gives.
pub(super) fn guess(text: &[u8]) -> Option<Problem> {
    let mut seen = [false; 256];
    let (mut unexpected, mut kinds, mut letters) = (0_usize, 0_usize, 0_usize);
    let (mut common, mut separators) = (0, 0);
    let mut position = 0;
    while let Some(rest @ [byte, ..]) = text.get(position..) {
        let word = common_word_length(rest);
        if word > 0 {
            common += word;
            position += word;
            continue;
        }
        if is_separator(byte) {
            separators += 1;
            position += 1;
            continue;
        }
        let mut covered =
            1.max(sequence_length(rest, 1)).max(sequence_length(rest, 2)).max(date_length(rest));
        if let Some(was_seen) = seen.get_mut(usize::from(*byte)) {
            if *was_seen {
                covered = covered.max(repetition_length(text, position));
            } else {
                *was_seen = true;
                kinds += 1;
            }
        }
        unexpected += 1;
        letters += usize::from(byte.is_ascii_alphabetic());
        // The verdict below can only grow: letters alone may still turn out to be language.
        if bits(unexpected, kinds, letters == unexpected) >= MIN_BITS {
            return None;
        }
        position += covered;
    }
    // Where half is common words and the rest is letters, the rest is words, too, that are not in the list.
    let is_language = letters == unexpected && common >= unexpected;
    if !is_language && bits(unexpected, kinds, false) >= MIN_BITS {
        return None;
    }
    let is_well_known = common > 0 && 2 * common >= text.len() - separators;
    Some(if is_well_known { Problem::WellKnown } else { Problem::Predictable })
}

#[expect(clippy::cast_precision_loss, reason = "a text has fewer than 2^52 characters")]
fn bits(characters: usize, kinds: usize, may_be_language: bool) -> f64 {
    let per_character = (kinds.max(1) as f64).log2();
    let per_character = if may_be_language { per_character.min(MAX_BITS_PER_LETTER) } else { per_character };
    characters as f64 * per_character
}

/// The length of a date at the beginning of a text, `2026-11-25`, `20261125` or a year alone; 0 if there is
/// none.
fn date_length(text: &[u8]) -> usize {
    let separator = |at: usize| usize::from(text.get(at).is_some_and(is_separator));
    if !matches!(two_digits(text, 0), Some(19 | 20)) || two_digits(text, 2).is_none() {
        return 0;
    }
    let month = 4 + separator(4);
    let day = month + 2 + separator(month + 2);
    if matches!((two_digits(text, month), two_digits(text, day)), (Some(1..=12), Some(1..=31))) {
        return day + 2;
    }
    if text.get(4).is_some_and(u8::is_ascii_digit) { 0 } else { 4 }
}

fn two_digits(text: &[u8], at: usize) -> Option<u8> {
    match text.get(at..)? {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9', ..] => Some((tens - b'0') * 10 + ones - b'0'),
        _ => None,
    }
}

/// How far `abc`, `321` or `aaa` goes on from the beginning of a text, if it is three characters or more;
/// with a distance of 2, `1a2b3c`, if it is six.
fn sequence_length(text: &[u8], distance: usize) -> usize {
    let step = |at: usize| Some(i16::from(*text.get(at)?) - i16::from(*text.get(at - distance)?));
    if !(distance..2 * distance).all(|at| matches!(step(at), Some(-1..=1))) {
        return 0;
    }
    let mut end = 2 * distance;
    while end < text.len() && step(end) == step(end - distance) {
        end += 1;
    }
    if end >= 3 * distance { end } else { 0 }
}

/// The length of what stands at a position and stood before; 0 if it is shorter than [`MIN_REPETITION`].
fn repetition_length(text: &[u8], position: usize) -> usize {
    let repeated = text.get(position..).unwrap_or_default();
    let mut longest = 0;
    for start in 0..position {
        let earlier = text.get(start..).unwrap_or_default();
        if earlier.get(longest) == repeated.get(longest) {
            longest =
                longest.max(earlier.iter().zip(repeated).take_while(|(one, other)| one == other).count());
        }
    }
    if longest >= MIN_REPETITION { longest } else { 0 }
}

/// What stands between words.
fn is_separator(byte: &u8) -> bool {
    matches!(byte, b' ' | b'-' | b'.' | b'/' | b':' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_sequences_and_repetitions_are_found_at_their_full_length() {
        for (text, length) in [
            ("2026-11-25x", 10),
            ("20261125T", 8),
            ("1999/1/1", 4),
            ("2026-13-25", 4),
            ("2026", 4),
            ("20267", 0),
            ("2126", 0),
        ] {
            assert_eq!(date_length(text.as_bytes()), length, "{text}");
        }
        for (text, distance, length) in [
            ("abcdx", 1, 4),
            ("321", 1, 3),
            ("aaab", 1, 3),
            ("abd", 1, 0),
            ("ab", 1, 0),
            ("1a2b3c4x", 2, 7),
            ("1a2b3", 2, 0),
            ("1a9b3c", 2, 0),
        ] {
            assert_eq!(sequence_length(text.as_bytes(), distance), length, "{text}");
        }
        for (text, position, length) in
            [("k9Tzk9Tzk", 4, 5), ("k9Tk9T", 3, 0), ("xk9Tzk9Tk9Tz", 8, 4), ("abcd", 2, 0)]
        {
            assert_eq!(repetition_length(text.as_bytes(), position), length, "{text}");
        }
    }

    #[test]
    fn texts_are_guessed_by_what_they_consist_of() {
        for (text, expected) in [
            ("your-jwt-secret", Some(Problem::WellKnown)),
            ("MySuperSecretJwtKeyForProduction2026!", Some(Problem::WellKnown)),
            // Words that are not in the list, between some that are.
            ("my_super_secret_key_that_nobody_knows", Some(Problem::WellKnown)),
            ("hunter2hunter2hunter2", Some(Problem::Predictable)),
            ("1987-06-05 1992-11-28 2003-04-17", Some(Problem::Predictable)),
            ("1a2b3c4d5e6f7g8h9i0j", Some(Problem::Predictable)),
            ("0110100110010110100101100110100101", Some(Problem::Predictable)),
            ("qzkvjxwmbhtfgrpn", None),
            ("zK7vQ2mXp9RtW4cY", None),
        ] {
            assert_eq!(guess(text.as_bytes()), expected, "{text}");
        }
    }
}
