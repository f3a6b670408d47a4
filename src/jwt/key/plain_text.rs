//! Text of key material without what editors, chat programs and configuration formats do to it.

use zeroize::Zeroizing;

/// The bytes as text: without invisible characters, and with ASCII for dashes, quotation marks and spaces that a word
/// processor puts in their places. `None` for bytes that are no text; those that were `decoded` may be anything, and
/// are text only if they look like it.
pub(super) fn read(bytes: &[u8], decoded: bool) -> Option<Zeroizing<String>> {
    // UTF-16 of ASCII.
    let nuls = bytes.iter().filter(|byte| **byte == 0).count();
    if nuls > 0 && nuls * 4 >= bytes.len() {
        let bytes: Zeroizing<Vec<u8>> =
            Zeroizing::new(bytes.iter().copied().filter(|byte| *byte != 0).collect());
        return read(&bytes, decoded);
    }
    let ascii = bytes.iter().filter(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()).count();
    let is_mostly_ascii = ascii * 5 >= bytes.len() * 4;
    let has_controls = || bytes.iter().any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace());
    let utf8 = str::from_utf8(bytes).ok().filter(|_| is_mostly_ascii || !decoded || !has_controls());
    if utf8.is_none() && !is_mostly_ascii {
        return None;
    }
    // As long as it can get, from the start: what a growing String leaves behind is not wiped.
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 2));
    match utf8 {
        Some(utf8) => utf8.chars().for_each(|character| push_plain(&mut text, character)),
        None => bytes.iter().for_each(|byte| push_plain(&mut text, char::from(*byte))),
    }
    Some(text)
}

fn push_plain(text: &mut String, character: char) {
    match character {
        // Those of Windows-1252, too.
        '\u{2010}'..='\u{2013}'
        | '\u{96}'
        | '\u{2212}'
        | '\u{2043}'
        | '\u{2e1a}'
        | '\u{58a}'
        | '\u{1806}'
        | '\u{2d7}'
        | '\u{207b}'
        | '\u{208b}'
        | '\u{fe58}'
        | '\u{fe63}'
        | '\u{2500}'
        | '\u{2501}' => text.push('-'),
        // Editors make one of these of two hyphens.
        '\u{2014}' | '\u{2015}' | '\u{97}' | '\u{2e3a}' | '\u{2e3b}' => text.push_str("--"),
        '\u{2018}'..='\u{201b}'
        | '\u{2032}'
        | '\u{2035}'
        | '\u{91}'
        | '\u{92}'
        | '\u{b4}'
        | '\u{2039}'
        | '\u{203a}'
        | '\u{ff07}'
        | '`' => text.push('\''),
        '\u{201c}'..='\u{201f}'
        | '\u{2033}'
        | '\u{2036}'
        | '\u{93}'
        | '\u{94}'
        | '\u{ab}'
        | '\u{bb}'
        | '\u{300c}'..='\u{300f}'
        | '\u{ff02}' => text.push('"'),
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => text.push(' '),
        '\u{85}' | '\u{2028}' | '\u{2029}' => text.push('\n'),
        // Invisible.
        '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}'
        | '\u{feff}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{180e}' => {}
        // Full width.
        '\u{ff01}'..='\u{ff5e}' => text.extend(char::from_u32(u32::from(character) - 0xfee0)),
        other => text.push(other),
    }
}

/// The bytes of a text with its escapes undone: those of JSON, of programming languages, of HTML, of URLs and of mail
/// (quoted-printable). `None` if there are none.
pub(super) fn unescape(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let is_quoted_printable = ["=3D", "=2D", "=\n", "=\r\n"].iter().any(|escape| text.contains(escape));
    let mut unescaped = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let escape = match first {
            '\\' => backslash(rest),
            '&' => entity(rest),
            '%' => hexadecimal(rest, 1, 2),
            '=' if is_quoted_printable => hexadecimal(rest, 1, 2).or_else(|| {
                ["=\n", "=\r\n"].iter().find(|end| rest.starts_with(**end)).map(|end| (None, end.len()))
            }),
            _ => None,
        };
        let (meant, length) = escape.unwrap_or((Some(first), first.len_utf8()));
        match meant {
            // A URL escapes the bytes of UTF-8.
            Some(meant) if matches!(first, '%' | '=') && length > 1 => {
                unescaped.extend(u8::try_from(meant).ok())
            }
            Some(meant) => unescaped.extend_from_slice(meant.encode_utf8(&mut [0; 4]).as_bytes()),
            None => {}
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    (*unescaped != text.as_bytes()).then_some(unescaped)
}

/// What an escape stands for, if anything, and its length.
type Escape = Option<(Option<char>, usize)>;

fn backslash(text: &str) -> Escape {
    let after = text.get(1..)?;
    Some(match after.chars().next()? {
        'n' | 'r' => (Some('\n'), 2),
        't' => (Some(' '), 2),
        'u' if after.starts_with("u{") => {
            let end = after.find('}')?;
            (from_digits(after.get(2..end)?, 16), end + 2)
        }
        'u' => hexadecimal(text, 2, 4)?,
        'x' => hexadecimal(text, 2, 2)?,
        '0'..='7'
            if after
                .get(..3)
                .is_some_and(|octal| octal.bytes().all(|digit| matches!(digit, b'0'..=b'7'))) =>
        {
            (from_digits(after.get(..3)?, 8), 4)
        }
        escaped if !escaped.is_ascii_alphanumeric() => (Some(escaped), 1 + escaped.len_utf8()),
        _ => return None,
    })
}

/// A character reference of HTML and XML.
fn entity(text: &str) -> Escape {
    const NAMED: [(&str, char); 15] = [
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("nbsp", ' '),
        ("hyphen", '-'),
        ("dash", '-'),
        ("minus", '-'),
        ("ndash", '-'),
        ("mdash", '\u{2014}'),
        ("equals", '='),
        ("plus", '+'),
        ("sol", '/'),
        ("NewLine", '\n'),
    ];
    const MAX_LENGTH: usize = 12;
    let end = text.bytes().take(MAX_LENGTH).position(|byte| byte == b';')?;
    let name = text.get(1..end)?;
    let character = match name.strip_prefix('#') {
        Some(digits) => match digits.strip_prefix(['x', 'X']) {
            Some(digits) => from_digits(digits, 16),
            None => from_digits(digits, 10),
        },
        None => NAMED.iter().find(|(known, _)| *known == name).map(|(_, character)| *character),
    };
    Some((Some(character?), end + 1))
}

/// An escape whose digits begin at a position.
fn hexadecimal(text: &str, start: usize, digits: usize) -> Escape {
    let character = from_digits(text.get(start..start + digits)?, 16)?;
    Some((Some(character), start + digits))
}

fn from_digits(digits: &str, radix: u32) -> Option<char> {
    let is_number = digits.chars().all(|digit| digit.is_digit(radix));
    is_number.then(|| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32))?
}

/// The text without white space and quotation marks around it, and the same of what follows `NAME=` or `name:`.
pub(super) fn values(text: &str) -> [&str; 2] {
    const MAX_NAME: usize = 80;
    let whole = trim(text);
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.$ \"':".contains(&byte);
    let value = whole
        .bytes()
        .take(MAX_NAME)
        .position(|byte| matches!(byte, b'=' | b':'))
        .filter(|end| *end > 0 && whole.bytes().take(*end).all(is_of_name))
        .and_then(|end| whole.get(end + 1..));
    [whole, value.map_or(whole, trim)]
}

fn trim(text: &str) -> &str {
    text.trim_matches(|end: char| end.is_whitespace() || "\"',;()[]<>".contains(end))
}

/// Whether a text holds another, in letters of any case.
pub(super) fn contains(text: &str, part: &str) -> bool {
    text.as_bytes().windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}
