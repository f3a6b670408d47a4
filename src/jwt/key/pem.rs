//! Keys in PEM form. RFC 7468.
//!
//! Read more leniently than that RFC: text before and after a block, any line lengths, CRLF, and
//! the damage that environment variables do (newlines removed, or spelled `\n`), which leaves no
//! doubt about the bytes because neither white space nor a backslash is base64.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::{Kind, der};
use crate::error::ConfigError;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const BASE64URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

type ReadDer = fn(&[u8]) -> Result<Kind, ConfigError>;

/// Labels of public keys, in the order in which Node's `crypto.createPublicKey` looks for them
/// anywhere in the text.
const PUBLIC: [(&str, ReadDer); 4] = [
    ("PUBLIC KEY", der::spki),
    ("RSA PUBLIC KEY", der::pkcs1_public),
    ("CERTIFICATE", der::certificate),
    ("X509 CERTIFICATE", der::certificate),
];

/// Labels of private keys, of which the first in the text counts if there is no public key.
const PRIVATE: [(&str, ReadDer); 3] = [
    ("PRIVATE KEY", der::pkcs8),
    ("RSA PRIVATE KEY", der::pkcs1_private),
    ("EC PRIVATE KEY", der::sec1_private),
];

/// Labels that are known and of no use here, with what they are and what to do instead.
const UNSUITABLE: [(&str, &str, &str); 6] = [
    ("CERTIFICATE REQUEST", "a certificate request", "pass the certificate or the public key"),
    ("NEW CERTIFICATE REQUEST", "a certificate request", "pass the certificate or the public key"),
    ("DSA PRIVATE KEY", "a DSA key", "use an RSA, EC or Ed25519 key"),
    (
        "OPENSSH PRIVATE KEY",
        "an OpenSSH private key",
        "pass the public key: `ssh-keygen -e -m pkcs8 -f key.pub`",
    ),
    ("PGP PUBLIC KEY BLOCK", "a PGP key", "use a key made with openssl or ssh-keygen"),
    ("PGP PRIVATE KEY BLOCK", "a PGP key", "use a key made with openssl or ssh-keygen"),
];

/// Whether a PEM block of some key or certificate begins or ends in the text, be it damaged.
///
/// Labels of other things (`-----BEGIN SECRET-----`) do not count: such text may be a secret.
pub(super) fn is_pem(text: &[u8]) -> bool {
    const KEYISH: [&[u8]; 6] = [b"KEY", b"CERTIFICATE", b"PARAMETERS", b"PKCS7", b"CMS", b"CRL"];
    [b"BEGIN ".as_slice(), b"END ".as_slice()].into_iter().any(|boundary| {
        let mut rest = text;
        while let Some((before, after)) = cut(rest, boundary) {
            let label = after.split(|byte| matches!(byte, b'-' | b'\n')).next().unwrap_or_default();
            if before.trim_ascii_end().ends_with(b"-") && KEYISH.iter().any(|word| cut(label, word).is_some())
            {
                return true;
            }
            rest = after;
        }
        false
    })
}

/// Reads the key of the block that Node's `crypto.createPublicKey` would choose. Of a private key
/// only the public part is kept.
pub(super) fn read(text: &[u8]) -> Result<Kind, ConfigError> {
    let public = PUBLIC.iter().find_map(|(label, read)| Some((label, read, block(text, label)?)));
    let private = || {
        PRIVATE
            .iter()
            .filter_map(|(label, read)| Some((label, read, block(text, label)?)))
            .min_by_key(|(_, _, block)| block.start)
    };
    if let Some((label, read, block)) = public.or_else(private) {
        let found = format!("a PEM {label}");
        let body = block.body.ok_or_else(|| unreadable(&found, "its END line is missing"))?;
        if cut(body, b"ENCRYPTED").is_some() {
            return Err(encrypted());
        }
        let der = decode(body, &BASE64).ok_or_else(|| unreadable(&found, "its contents are not base64"))?;
        return read(&der);
    }
    if block(text, "ENCRYPTED PRIVATE KEY").is_some() {
        return Err(encrypted());
    }
    for (label, found, remedy) in UNSUITABLE {
        if block(text, label).is_some() {
            return Err(ConfigError::UnsuitableKey { found: found.into(), remedy: remedy.into() });
        }
    }
    Err(unreadable("PEM", "it holds no complete block of a public key, private key or certificate"))
}

fn encrypted() -> ConfigError {
    ConfigError::UnsuitableKey {
        found: "an encrypted private key".into(),
        remedy: "pass the public key, which needs no passphrase".into(),
    }
}

/// The DER behind text that is base64 or base64url and nothing else, white space apart.
pub(super) fn base64_of_der(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    // Each DER form of a key is a SEQUENCE of more than 127 bytes, or a short Ed25519 or EC one:
    // tag 0x30 is `M` in base64.
    if text.first() != Some(&b'M') {
        return None;
    }
    decode(text, &BASE64).or_else(|| decode(text, &BASE64URL))
}

struct Block<'t> {
    /// Where its BEGIN line starts in the text.
    start: usize,
    /// What stands before its END line, if there is one.
    body: Option<&'t [u8]>,
}

/// The first block of this label.
fn block<'t>(text: &'t [u8], label: &str) -> Option<Block<'t>> {
    let (before, after) = cut(text, format!("-----BEGIN {label}-----").as_bytes())?;
    let body = cut(after, format!("-----END {label}-----").as_bytes()).map(|(body, _)| body);
    Some(Block { start: before.len(), body })
}

fn decode(body: &[u8], base64: &GeneralPurpose) -> Option<Zeroizing<Vec<u8>>> {
    let mut compact = Zeroizing::new(Vec::with_capacity(body.len()));
    let mut bytes = body.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'\\' && bytes.next_if(|next| matches!(next, b'n' | b'r')).is_some() {
            continue;
        }
        if !byte.is_ascii_whitespace() {
            compact.push(byte);
        }
    }
    base64.decode(&*compact).ok().map(Zeroizing::new)
}

fn unreadable(found: &str, problem: &str) -> ConfigError {
    ConfigError::UnreadableKey { found: found.into(), problem: problem.into() }
}

/// What stands before and after the first occurrence of `needle`.
fn cut<'t>(text: &'t [u8], needle: &[u8]) -> Option<(&'t [u8], &'t [u8])> {
    let start = text.windows(needle.len()).position(|window| window == needle)?;
    Some((text.get(..start)?, text.get(start + needle.len()..)?))
}
