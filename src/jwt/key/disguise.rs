//! Public keys in the disguises that tools and people give them, where an HMAC secret is configured.
//!
//! A public key is not secret: anyone who knows it could sign tokens if its text were taken for an HMAC secret. RFC 8725
//! §2.1. Neither is a file name or an address. So all encodings that are likely are undone, several times over, and
//! whatever turns up is examined.
//!
//! What cannot be told from random bytes is not looked for: 32 bytes of an Ed25519 key, a compressed EC point, the bytes
//! of a modulus. These are found where a name says what they are. A bare modulus is found in the encoding of a JWK.

use aws_lc_rs::signature::ParsedPublicKey;
use zeroize::Zeroizing;

use super::verification_key::ecdsa;
use super::{der, encoding, pem, plain_text};
use crate::config_error::KeyError;
use crate::jwt::algorithm::Algorithm;

/// How many encodings are undone.
const MAX_LAYERS: usize = 4;
/// So much of a text is examined.
const MAX_TEXT_BYTES: usize = 1 << 20;
/// So many bytes are examined in all encodings together.
const MAX_EXAMINED_BYTES: usize = 16 << 20;

/// What is wrong with these bytes as an HMAC secret, if anything is. `is_declared` says that they were passed as a secret
/// that is one in any case, such as a `KeyObject`: then only what cannot be random is found.
pub(super) fn find_public_key(bytes: &[u8], is_declared: bool) -> Option<KeyError> {
    let bytes = bytes.get(..MAX_TEXT_BYTES).unwrap_or(bytes);
    let mut search = Search { unexamined: MAX_EXAMINED_BYTES, is_declared };
    let (found, layers) = search.examine(bytes, 0)?;
    let (found, remedy) = found.describe(layers > 0);
    Some(KeyError::Unsuitable { found: found.into(), remedy: remedy.into() })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Pem,
    Der,
    Jwk,
    OpenSsh,
    Xml,
    Point,
    Modulus,
    /// A name or text of a tool says that a public key follows.
    Named,
    Compressed,
    Address,
    FileName,
}

impl Found {
    /// What it is, and what to pass instead. `is_encoded` says that it was found behind an encoding.
    fn describe(self, is_encoded: bool) -> (&'static str, &'static str) {
        match (self, is_encoded) {
            (Self::Pem, false) => (
                "PEM with other characters for its dashes",
                "copy it again, with hyphens, and set `algorithms` to those of the key, such as RS256",
            ),
            (Self::Pem, true) => (
                "PEM in another encoding, such as base64",
                "decode it, pass the PEM text, and set `algorithms` to those of the key, such as RS256",
            ),
            (Self::Der, false) => (
                "a key or certificate in DER form",
                "pass it as PEM text or as a KeyObject of type public, and set `algorithms` to those of the key, such \
                 as RS256",
            ),
            (Self::Der, true) => (
                "a key or certificate in base64 or another encoding",
                "pass it as PEM, with its BEGIN and END lines, and set `algorithms` to those of the key, such as RS256",
            ),
            (Self::Jwk, false) => (
                "the text of a JWK or JWK Set",
                "JSON.parse() it first, and pass one JWK as `secret` or a JWK Set as `keys`",
            ),
            (Self::Jwk, true) => (
                "a JWK or JWK Set in base64 or another encoding",
                "decode it and JSON.parse() it first, and pass one JWK as `secret` or a JWK Set as `keys`",
            ),
            (Self::OpenSsh, _) => (
                "an OpenSSH public key",
                "convert it to PEM with `ssh-keygen -e -m pkcs8 -f key.pub`, and set `algorithms` to those of the key",
            ),
            (Self::Xml, _) => (
                "a key in XML",
                "convert it to PEM or a JWK, and set `algorithms` to those of the key, such as RS256",
            ),
            (Self::Point, _) => (
                "the point of an EC public key",
                "pass the key as PEM or as a JWK, and set `algorithms` to that of the key, such as ES256",
            ),
            (Self::Modulus, _) => (
                "what may be the modulus of an RSA key",
                "pass the whole key as PEM or as a JWK; if these are random bytes, pass crypto.createSecretKey() of them",
            ),
            (Self::Named, _) => (
                "text with a public key in it",
                "pass the key alone, as PEM, JWK or KeyObject, and set `algorithms` to those of the key",
            ),
            (Self::Compressed, _) => {
                ("compressed data", "decompress it, and pass the key as PEM, JWK or KeyObject")
            }
            (Self::Address, _) => {
                ("an address", "load the JWK Set from there and pass it as `keys`, or pass the key itself")
            }
            (Self::FileName, _) => ("a file name", "read the file and pass its content"),
        }
    }
}

struct Search {
    /// Bytes that may still be examined.
    unexamined: usize,
    is_declared: bool,
}

impl Search {
    /// What the bytes are, and behind how many encodings.
    fn examine(&mut self, bytes: &[u8], layers: usize) -> Option<(Found, usize)> {
        self.unexamined = self.unexamined.checked_sub(bytes.len())?;
        if let Some(found) = in_bytes(bytes) {
            return Some((found, layers));
        }
        let text = plain_text::read(bytes, layers > 0)?;
        if let Some(found) = self.in_text(&text) {
            return Some((found, layers));
        }
        if layers == MAX_LAYERS {
            return None;
        }
        if let Some(unescaped) = plain_text::unescape(&text)
            && let found @ Some(_) = self.examine(&unescaped, layers + 1)
        {
            return found;
        }
        for decoded in encoding::decodings(&text) {
            if let found @ Some(_) = self.examine(&decoded, layers + 1) {
                return found;
            }
        }
        for shifted in encoding::shifted_decodings(&text) {
            self.unexamined = self.unexamined.checked_sub(shifted.len())?;
            if let Some(found) = within_bytes(&shifted) {
                return Some((found, layers + 1));
            }
        }
        None
    }

    fn in_text(&self, text: &str) -> Option<Found> {
        if pem::is_pem(text.as_bytes()) {
            Some(Found::Pem)
        } else if is_jwk(text) {
            Some(Found::Jwk)
        } else if is_open_ssh(text) {
            Some(Found::OpenSsh)
        } else if is_xml(text) {
            Some(Found::Xml)
        } else if is_named(text) {
            Some(Found::Named)
        } else if is_address(text) {
            Some(Found::Address)
        } else if is_file_name(text) {
            Some(Found::FileName)
        } else if !self.is_declared && is_modulus_text(text) {
            Some(Found::Modulus)
        } else {
            None
        }
    }
}

fn in_bytes(bytes: &[u8]) -> Option<Found> {
    if der::is_key(bytes) {
        Some(Found::Der)
    } else if let found @ Some(_) = within_bytes(bytes) {
        found
    } else if is_point(bytes) {
        Some(Found::Point)
    } else if is_compressed(bytes) {
        Some(Found::Compressed)
    } else {
        None
    }
}

/// gzip, bzip2, xz, Zstandard, LZ4 and ZIP. Two bytes of zlib say too little.
fn is_compressed(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0x1f, 0x8b, 8, 0..0x20, _, _, _, _, 0 | 2 | 4, 0..=13 | 255, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', b'&', b'S', b'Y', ..]
            | [0xfd, b'7', b'z', b'X', b'Z', 0, ..]
            | [0x28, 0xb5, 0x2f, 0xfd, ..]
            | [4, 0x22, 0x4d, 0x18, ..]
            | [b'P', b'K', 3, 4, ..]
    )
}

/// What is recognized wherever it begins, and if its beginning or its end is lost.
fn within_bytes(bytes: &[u8]) -> Option<Found> {
    /// Parts of DER that keys and certificates have: identifiers of the algorithms of RSA and of PKCS#7 and #12, of EC,
    /// of Ed25519, X25519 and their kin with 448; the beginning of a modulus of 2048, 3072, 4096 and 8192 bits.
    const IN_DER: [&[u8]; 10] = [
        b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01",
        b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01",
        b"\x30\x05\x06\x03\x2b\x65\x6e",
        b"\x30\x05\x06\x03\x2b\x65\x6f",
        b"\x30\x05\x06\x03\x2b\x65\x70",
        b"\x30\x05\x06\x03\x2b\x65\x71",
        b"\x02\x82\x01\x01\x00",
        b"\x02\x82\x01\x81\x00",
        b"\x02\x82\x02\x01\x00",
        b"\x02\x82\x04\x01\x00",
    ];
    /// A length and the beginning of a name. RFC 4253 §6.6, RFC 5656 §3.1, RFC 8709 §4.
    const IN_OPEN_SSH: [&[u8]; 7] = [
        b"\0\0\0\x07ssh-rsa",
        b"\0\0\0\x07ssh-dss",
        b"\0\0\0\x0bssh-ed25519",
        b"\0\0\0\x09ssh-ed448",
        b"\0\0\0\x13ecdsa-sha2-nistp",
        b"\0\0\0\x1ask-ssh-ed25519",
        b"\0\0\0\x22sk-ecdsa-sha2-nistp",
    ];
    let holds = |part: &&[u8]| memchr::memmem::find(bytes, part).is_some();
    if IN_DER.iter().any(holds) {
        Some(Found::Der)
    } else if IN_OPEN_SSH.iter().any(holds) {
        Some(Found::OpenSsh)
    } else {
        None
    }
}

/// An uncompressed point of a curve, with or without its first byte. SEC 1 §2.3.3. Random bytes of this length are no
/// point of the curve.
fn is_point(bytes: &[u8]) -> bool {
    const UNCOMPRESSED: u8 = 4;
    let algorithm = match bytes.len() {
        64 | 65 => Algorithm::ES256,
        96 | 97 => Algorithm::ES384,
        132 | 133 => Algorithm::ES512,
        _ => return false,
    };
    let is_on_curve = |point: &[u8]| ParsedPublicKey::new(ecdsa(algorithm), point).is_ok();
    if bytes.len().is_multiple_of(2) {
        is_on_curve(&Zeroizing::new([&[UNCOMPRESSED], bytes].concat()))
    } else {
        bytes.first() == Some(&UNCOMPRESSED) && is_on_curve(bytes)
    }
}

/// Whether members of a JWK are in a text: JSON in any state, YAML, a literal of a programming language, a query.
fn is_jwk(text: &str) -> bool {
    const TYPES: [&str; 5] = ["RSA", "EC", "OKP", "oct", "AKP"];
    const CURVES: [&str; 5] = ["P-", "Ed25519", "Ed448", "X25519", "secp"];
    let is_word = |rest: &str, word: &str| {
        rest.strip_prefix(word)
            .is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric()))
    };
    values_of(text, "kty").any(|value| TYPES.iter().any(|name| is_word(value, name)))
        || values_of(text, "crv").any(|value| CURVES.iter().any(|name| value.starts_with(name)))
}

/// What follows each occurrence of a name as a word, and between one and eight other characters.
fn values_of<'t>(text: &'t str, name: &'static str) -> impl Iterator<Item = &'t str> {
    const MAX_SEPARATOR: usize = 8;
    text.match_indices(name).filter_map(move |(start, _)| {
        let before = text.get(..start)?.chars().next_back();
        let after = text.get(start + name.len()..)?;
        let value = after.trim_start_matches(|next: char| !next.is_ascii_alphanumeric());
        let separator = after.len() - value.len();
        let is_word = before.is_none_or(|before| !before.is_ascii_alphanumeric());
        (is_word && (1..=MAX_SEPARATOR).contains(&separator)).then_some(value)
    })
}

/// A line of `authorized_keys`, `known_hosts` or a `.pub` file; a file of PuTTY.
fn is_open_ssh(text: &str) -> bool {
    const TYPES: [&str; 5] = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-", "rsa-sha2-"];
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let word = word.trim_start_matches(|start: char| !start.is_ascii_alphanumeric());
        if TYPES.iter().any(|name| word.starts_with(name))
            && words.peek().is_some_and(|next| next.starts_with("AAAA"))
        {
            return true;
        }
    }
    text.contains("PuTTY-User-Key-File")
}

/// XML Signature, SAML metadata, and the keys of .NET.
fn is_xml(text: &str) -> bool {
    const ELEMENTS: [&str; 8] = [
        "RSAKeyValue",
        "ECKeyValue",
        "DSAKeyValue",
        "X509Certificate",
        "X509Data",
        "KeyDescriptor",
        "KeyInfo",
        "Modulus",
    ];
    text.contains('<') && ELEMENTS.iter().any(|name| plain_text::contains(text, name))
}

/// Whether a name says that a key follows: `publicKey`, `JWT_PUBLIC_KEY`, `x5c`, and a value that is long enough.
fn is_named(text: &str) -> bool {
    /// 32 bytes in base64url.
    const MIN_VALUE: usize = 43;
    /// 1024 bits in base64url.
    const MIN_MODULUS: usize = 171;
    encoding::words(text).filter(|(_, value)| value.len() >= MIN_VALUE).any(|(start, value)| {
        let before = text.get(..start).unwrap_or_default();
        let named = before.trim_end_matches(|end: char| !end.is_ascii_alphanumeric());
        let separator = before.get(named.len()..).unwrap_or_default();
        let is_separated = separator.contains(|part: char| part.is_whitespace() || "=:>\"'".contains(part));
        is_separated && (is_name_of_key(named) || value.len() >= MIN_MODULUS && ends_in_word(named, "n"))
    }) || ["Public-Key: (", "Modulus:", "Modulus ("].iter().any(|label| text.contains(label))
}

fn is_name_of_key(named: &str) -> bool {
    const ANYWHERE: [&str; 5] = ["publickey", "pubkey", "verifykey", "verificationkey", "verifyingkey"];
    const AT_END: [&str; 7] = ["public", "certificate", "cert", "x509", "x5c", "spki", "modulus"];
    const MAX_NAME: usize = 64;
    if AT_END.iter().any(|end| ends_in_word(named, end)) {
        return true;
    }
    let mut name = Zeroizing::new([0; MAX_NAME]);
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-. ".contains(byte);
    let letters = named.bytes().rev().take_while(is_of_name).filter(u8::is_ascii_alphanumeric);
    for (target, letter) in name.iter_mut().rev().zip(letters) {
        *target = letter.to_ascii_lowercase();
    }
    ANYWHERE.iter().any(|part| memchr::memmem::find(&*name, part.as_bytes()).is_some())
}

/// Whether a text ends in a word, in letters of any case, as `cert` in `issuer_cert` and `issuerCert`.
fn ends_in_word(text: &str, word: &str) -> bool {
    let Some((before, end)) = text.split_at_checked(text.len().saturating_sub(word.len())) else {
        return false;
    };
    let begins_in_middle = before.ends_with(|last: char| {
        last.is_ascii_alphanumeric()
            && !(last.is_ascii_lowercase() && end.starts_with(|first: char| first.is_ascii_uppercase()))
    });
    end.eq_ignore_ascii_case(word) && !begins_in_middle
}

/// Where keys can be fetched from: a URL, one that has lost its scheme, or a decentralized identifier, which may hold
/// the key itself.
fn is_address(text: &str) -> bool {
    let is_did = |text: &str| {
        let method =
            text.strip_prefix("did:").and_then(|rest| rest.split_once(':')).map(|(method, _)| method);
        method.is_some_and(|method| !method.is_empty() && method.bytes().all(|b| b.is_ascii_alphanumeric()))
    };
    const SCHEMES: [&str; 9] = ["https", "http", "ftp", "ftps", "sftp", "file", "s3", "gs", "ldap"];
    const ENDS: [&str; 7] =
        ["/jwks.json", "/jwks", "/jwks/", "/jwk", "/certs", "/discovery/keys", "/openid-configuration"];
    let is_url = |text: &str| {
        text.split_once(":/").is_some_and(|(scheme, rest)| {
            SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known)) && rest.starts_with('/')
        })
    };
    let is_known_path = |text: &str| {
        let host = text.strip_prefix("//").unwrap_or(text).split('/').next().unwrap_or_default();
        let begins_with_host =
            host.contains('.') && host.starts_with(|first: char| first.is_ascii_alphanumeric());
        text.contains("/.well-known/") || (begins_with_host && ENDS.iter().any(|end| text.ends_with(end)))
    };
    plain_text::values(text).into_iter().any(|text| is_url(text) || is_did(text) || is_known_path(text))
        || ["jwks_ur", "jwksur"].iter().any(|name| plain_text::contains(text, name))
}

fn is_file_name(text: &str) -> bool {
    const ENDS: [&str; 22] = [
        ".pem", ".pub", ".crt", ".cer", ".der", ".key", ".jwk", ".jwks", ".cert", ".pfx", ".p12", ".p8",
        ".p7b", ".ppk", ".jks", ".json", ".txt", ".asc", ".conf", ".env", ".yaml", ".yml",
    ];
    const FOLDERS: [&str; 26] = [
        "/etc/",
        "/run/",
        "/var/",
        "/home/",
        "/root/",
        "/opt/",
        "/usr/",
        "/srv/",
        "/tmp/",
        "/mnt/",
        "/app/",
        "/secrets/",
        "/keys/",
        "/certs/",
        "/Users/",
        "/Library/",
        "/private/",
        "/data/",
        "/config/",
        "/workspace/",
        "/media/",
        "/dev/",
        "/proc/",
        "/sys/",
        "/vault/",
        "/ssl/",
    ];
    const WORD_ENDS: [&str; 4] = [".key", ".pub", ".cert", ".env"];
    const STARTS: [&str; 7] = ["./", "../", "~/", ".\\", "..\\", "\\\\", "/"];
    const WORDS: [&str; 10] = ["key", "pub", "pem", "cert", "jwk", "jwt", "secret", "rsa", "ed25519", "sign"];
    const PUNCTUATION: &[u8] = b"_-./\\:~ ()@%+,$<{}";
    let is_drive = |text: &str| matches!(text.as_bytes(), [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic());
    plain_text::values(text).into_iter().any(|text| {
        let is_of_path =
            |byte: u8| byte.is_ascii_alphanumeric() || !byte.is_ascii() || PUNCTUATION.contains(&byte);
        // References to secrets look like URLs.
        if !text.bytes().all(is_of_path) || text.contains("://") {
            return false;
        }
        // Words that people join by dots end so, too.
        let is_name_of_words = |end: &&str| {
            WORD_ENDS.contains(end) && !text.contains(['/', '\\']) && text.matches('.').count() > 2
        };
        let ends_in_type = ENDS.iter().any(|end| {
            text.len() > end.len()
                && (text.ends_with(end) || text.ends_with(&end.to_ascii_uppercase()))
                && !is_name_of_words(end)
        });
        ends_in_type
            || FOLDERS.iter().any(|folder| text.starts_with(folder))
            || ((is_drive(text) || STARTS.iter().any(|start| text.starts_with(start)))
                && WORDS.iter().any(|word| plain_text::contains(text, word))
                && text.split(['/', '\\']).all(is_name))
    })
}

/// Whether a part of a path looks like a name. One of random base64 does not.
fn is_name(segment: &str) -> bool {
    const MAX_NAME: usize = 32;
    segment.len() <= MAX_NAME
        && !segment.contains('+')
        && (segment.len() < 4 || segment.bytes().filter(u8::is_ascii_uppercase).count() * 4 <= segment.len())
}

/// Whether a text is what the member `n` of a JWK is: base64url without padding, of a length that RSA keys have, odd, its
/// highest bit set, without small factors. One in 40 random texts of that length and alphabet is, too.
fn is_modulus_text(text: &str) -> bool {
    const LENGTHS: [usize; 4] = [256, 384, 512, 1024];
    let [_, text] = plain_text::values(text);
    if text.contains(['+', '/', '=']) || !text.contains(['-', '_']) {
        return false;
    }
    let mut runs = encoding::words(text);
    let (Some((0, word)), None) = (runs.next(), runs.next()) else { return false };
    let modulus = encoding::base64(word.bytes());
    word.len() == text.len()
        && LENGTHS.contains(&modulus.len())
        && modulus.first().is_some_and(|first| first & 0x80 != 0)
        && modulus.last().is_some_and(|last| last & 1 == 1)
        && !has_small_factor(&modulus)
}

fn has_small_factor(number: &[u8]) -> bool {
    const MAX_FACTOR: u32 = 1 << 16;
    (3..MAX_FACTOR).step_by(2).any(|factor| {
        number.iter().fold(0, |remainder, byte| (remainder << 8 | u32::from(*byte)) % factor) == 0
    })
}
