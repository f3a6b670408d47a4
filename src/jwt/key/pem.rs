//! Keys in PEM form. RFC 7468.
//!
//! Read in two ways. First as OpenSSL reads PEM, with BEGIN and END on lines of their own, so that of
//! several blocks the same one counts. If there is none, leniently: blocks anywhere in a line, with
//! newlines removed or spelled `\n`, which is what environment variables do to them. That leaves no
//! doubt about the bytes, because neither white space nor a backslash is base64; if it leaves a doubt
//! about which block is meant, the text is refused.

use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, decoded_len_estimate};
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
const PUBLIC: [&[(&str, ReadDer)]; 3] = [
    &[("PUBLIC KEY", der::spki)],
    &[("RSA PUBLIC KEY", der::pkcs1_public)],
    &[("CERTIFICATE", der::certificate), ("X509 CERTIFICATE", der::certificate)],
];

/// Labels of private keys, of which the first in the text counts if there is no public key.
const PRIVATE: &[(&str, ReadDer)] = &[
    ("PRIVATE KEY", der::pkcs8),
    ("RSA PRIVATE KEY", der::pkcs1_private),
    ("EC PRIVATE KEY", der::sec1_private),
    ("ENCRYPTED PRIVATE KEY", |_| Err(encrypted())),
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

/// Whether a PEM block of some key or certificate begins or ends in the text, be it damaged: spaces
/// or newlines lost or replaced, letters in another case, every byte followed by a NUL (UTF-16).
///
/// Labels of other things (`-----BEGIN SECRET-----`) do not count: such text may be a secret.
pub(super) fn is_pem(text: &[u8]) -> bool {
    const KEYISH: [&[u8]; 6] = [b"KEY", b"CERTIFICATE", b"PARAMETERS", b"PKCS7", b"CMS", b"CRL"];
    const LONGEST_LABEL: usize = 64;
    // Of the right size from the start: what a growing Vec leaves behind is not wiped.
    let mut squeezed = Zeroizing::new(Vec::with_capacity(text.len()));
    squeezed.extend(
        text.iter().filter(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').map(u8::to_ascii_uppercase),
    );
    [b"--BEGIN".as_slice(), b"--END".as_slice()].into_iter().any(|boundary| {
        let mut rest = squeezed.as_slice();
        while let Some((_, after)) = cut(rest, boundary) {
            let label = after.get(..LONGEST_LABEL).unwrap_or(after);
            let label = label.split(|byte| *byte == b'-').next().unwrap_or_default();
            if KEYISH.iter().any(|word| cut(label, word).is_some()) {
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
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    if let Some((block, read)) = chosen(&blocks_on_lines(text)) {
        return block.read(*read);
    }
    let anywhere = blocks_anywhere(text);
    let readable = |block: &&Block<'_>| reader(block, &PUBLIC.concat()).or(reader(block, PRIVATE)).is_some();
    if anywhere.iter().filter(readable).count() > 1 {
        return Err(unreadable("PEM", "it holds several damaged blocks, of which only one can be meant"));
    }
    if let Some((block, read)) = chosen(&anywhere) {
        return block.read(*read);
    }
    for (label, found, remedy) in UNSUITABLE {
        if anywhere.iter().any(|block| block.label == label.as_bytes()) {
            return Err(ConfigError::UnsuitableKey { found: found.into(), remedy: remedy.into() });
        }
    }
    Err(unreadable("PEM", "it holds no complete block of a public key, private key or certificate"))
}

/// A block of a public key that has a header (`Proc-Type: 4,ENCRYPTED` or any other, RFC 1421 §4.4) is
/// passed over, as Node does, if there is another to read; and so is an encrypted private key.
fn chosen<'b, 't>(blocks: &'b [Block<'t>]) -> Option<(&'b Block<'t>, &'static ReadDer)> {
    let first = |labels| blocks.iter().find_map(|block| Some((block, reader(block, labels)?)));
    PUBLIC
        .iter()
        .copied()
        .find_map(|labels| first(labels).filter(|(block, _)| !block.has_header()))
        .or_else(|| {
            let mut readable = blocks.iter().filter(|block| !block.is_encrypted());
            readable.find_map(|block| Some((block, reader(block, PRIVATE)?)))
        })
        .or_else(|| first(PRIVATE))
        .or_else(|| PUBLIC.iter().copied().find_map(first))
}

fn reader<'l>(block: &Block<'_>, labels: &'l [(&str, ReadDer)]) -> Option<&'l ReadDer> {
    labels.iter().find(|(label, _)| block.label == label.as_bytes()).map(|(_, read)| read)
}

fn encrypted() -> ConfigError {
    ConfigError::UnsuitableKey {
        found: "an encrypted private key".into(),
        remedy: "pass the public key, which needs no passphrase".into(),
    }
}

/// The bytes behind text that is base64, base64url or hexadecimal and nothing else, white space, quotation
/// marks and what follows from a line of dashes on apart: that may be the END of a PEM whose BEGIN was lost.
pub(super) fn decoded(text: &[u8]) -> impl Iterator<Item = Zeroizing<Vec<u8>>> {
    let text = text.trim_ascii();
    let text = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text);
    let (text, _) = cut(text, b"\n-----").unwrap_or((text, text));
    [decode(text, &BASE64), decode(text, &BASE64URL), unhex(text)].into_iter().flatten()
}

/// base64 or base64url, padded or not.
pub(super) fn base64_leniently(text: &[u8]) -> Option<Vec<u8>> {
    decode(text, &BASE64URL).or_else(|| decode(text, &BASE64)).map(|mut bytes| std::mem::take(&mut *bytes))
}

/// Hexadecimal, its bytes parted by colons or not, as dumps print it.
fn unhex(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = compact(text);
    let digits = text.strip_prefix(b"0x").unwrap_or(&text).iter().filter(|byte| **byte != b':');
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut pairs = Zeroizing::new(Vec::with_capacity(text.len()));
    for byte in digits {
        pairs.push(digit(byte)?);
    }
    let bytes = pairs.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit));
    (pairs.len() % 2 == 0).then(|| Zeroizing::new(bytes.collect()))
}

struct Block<'t> {
    label: &'t [u8],
    /// What stands before its END, if there is one.
    body: Option<&'t [u8]>,
}

impl Block<'_> {
    fn has_header(&self) -> bool {
        self.body.is_some_and(|body| body.contains(&b':'))
    }

    fn is_encrypted(&self) -> bool {
        self.body.is_some_and(|body| cut(body, b"ENCRYPTED").is_some())
    }

    fn read(&self, read_der: ReadDer) -> Result<Kind, ConfigError> {
        let found = format!("a PEM {}", String::from_utf8_lossy(self.label));
        let body = self.body.ok_or_else(|| unreadable(&found, "its END line is missing"))?;
        if self.is_encrypted() {
            let is_private = reader(self, PRIVATE).is_some();
            return Err(if is_private { encrypted() } else { unreadable(&found, "it is encrypted") });
        }
        let der = decode(body, &BASE64).ok_or_else(|| unreadable(&found, "its contents are not base64"))?;
        read_der(&der)
    }
}

const BEGIN: &[u8] = b"-----BEGIN ";
const DASHES: &[u8] = b"-----";

/// Blocks whose BEGIN and END stand on lines of their own, white space behind them apart.
fn blocks_on_lines(text: &[u8]) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut offset = 0;
    let mut open: Option<(&[u8], usize)> = None;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let start = offset;
        offset += line.len();
        let line = line.trim_ascii_end();
        match open {
            None => {
                let label = line.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(DASHES));
                open = label.map(|label| (label, offset));
            }
            Some((label, body_start)) => {
                let end = line.strip_prefix(b"-----END ").and_then(|rest| rest.strip_suffix(DASHES));
                if end == Some(label) {
                    blocks.push(Block { label, body: text.get(body_start..start) });
                    open = None;
                }
            }
        }
    }
    blocks
}

/// Blocks that begin anywhere, up to the first that does not end.
fn blocks_anywhere(text: &[u8]) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = cut(rest, BEGIN) {
        let Some((label, after)) = cut(after, DASHES) else { break };
        let end = [b"-----END ", label, DASHES].concat();
        let Some((body, following)) = cut(after, &end) else {
            // Looking for the END of each further BEGIN would take the square of their number.
            blocks.push(Block { label, body: None });
            break;
        };
        blocks.push(Block { label, body: Some(body) });
        rest = following;
    }
    blocks
}

fn decode(body: &[u8], base64: &GeneralPurpose) -> Option<Zeroizing<Vec<u8>>> {
    let compact = compact(body);
    // Not `decode`, which drops unwiped what it has decoded when it comes to a wrong character.
    let mut decoded = Zeroizing::new(vec![0; decoded_len_estimate(compact.len())]);
    let length = base64.decode_slice(&*compact, &mut decoded).ok()?;
    decoded.truncate(length);
    Some(decoded)
}

/// The text without white space, be it spelled `\n` or `\r`.
fn compact(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut compact = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'\\' && bytes.next_if(|next| matches!(next, b'n' | b'r')).is_some() {
            continue;
        }
        if !byte.is_ascii_whitespace() {
            compact.push(byte);
        }
    }
    compact
}

fn unreadable(found: &str, problem: &str) -> ConfigError {
    ConfigError::UnreadableKey { found: found.into(), problem: problem.into() }
}

/// What stands before and after the first occurrence of `needle`.
fn cut<'t>(text: &'t [u8], needle: &[u8]) -> Option<(&'t [u8], &'t [u8])> {
    let start = text.windows(needle.len()).position(|window| window == needle)?;
    Some((text.get(..start)?, text.get(start + needle.len()..)?))
}
