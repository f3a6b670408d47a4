//! Keys in PEM form. RFC 7468.
//!
//! Read in two ways. First as OpenSSL reads PEM, with BEGIN and END on lines of their own, so that the same
//! one of several blocks counts. If there is none, leniently: blocks anywhere in a line, with newlines
//! removed or spelled `\n`, which is what environment variables do to them. The bytes are certain all the
//! same, because neither white space nor a backslash is base64; if it is uncertain which block is meant, the
//! text is rejected.

use zeroize::Zeroizing;

use super::der;
use super::encoding::{decode_base64, split_once};
use super::verification_key::Kind;
use crate::config_error::KeyError;

type ReadDer = fn(&[u8]) -> Result<Kind, KeyError>;

/// Labels of public keys, in the order in which Node's `crypto.createPublicKey` looks for them
/// anywhere in the text.
const PUBLIC: [&[(&str, ReadDer)]; 3] = [
    &[("PUBLIC KEY", der::spki)],
    &[("RSA PUBLIC KEY", der::pkcs1_public)],
    &[("CERTIFICATE", der::certificate), ("X509 CERTIFICATE", der::certificate)],
];

/// Labels of private keys. The first in the text counts if there is no public key.
const PRIVATE: &[(&str, ReadDer)] = &[
    ("PRIVATE KEY", der::pkcs8),
    ("RSA PRIVATE KEY", der::pkcs1_private),
    ("EC PRIVATE KEY", der::sec1_private),
    ("ENCRYPTED PRIVATE KEY", |_| Err(encrypted())),
];

/// Labels of what cannot be used here: what it is and what to do instead.
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

/// Whether a PEM block of some key or certificate begins or ends in the text, even a damaged one: spaces or
/// newlines lost or replaced, letters in another case, every byte followed by a NUL (UTF-16).
///
/// Labels of other things (`-----BEGIN SECRET-----`) do not count: such text may be a secret.
pub(super) fn is_pem(text: &[u8]) -> bool {
    const KEY_LABEL_WORDS: [&[u8]; 6] = [b"KEY", b"CERTIFICATE", b"PARAMETERS", b"PKCS7", b"CMS", b"CRL"];
    const MAX_LABEL_BYTES: usize = 64;
    // Allocated at full size: what a growing Vec leaves behind is not wiped.
    let mut squeezed = Zeroizing::new(Vec::with_capacity(text.len()));
    squeezed.extend(
        text.iter().filter(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').map(u8::to_ascii_uppercase),
    );
    [b"--BEGIN".as_slice(), b"--END".as_slice()].into_iter().any(|boundary| {
        let mut rest = squeezed.as_slice();
        while let Some((_, after)) = split_once(rest, boundary) {
            let label = after.get(..MAX_LABEL_BYTES).unwrap_or(after);
            let label = label.split(|byte| *byte == b'-').next().unwrap_or_default();
            if KEY_LABEL_WORDS.iter().any(|word| split_once(label, word).is_some()) {
                return true;
            }
            rest = after;
        }
        false
    })
}

/// Reads the key of the block that Node's `crypto.createPublicKey` would choose. Of a private key
/// only the public part is kept.
pub(super) fn read(text: &[u8]) -> Result<Kind, KeyError> {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    if let Some((block, read)) = choose(&blocks_on_lines(text)) {
        return block.read(*read);
    }
    let anywhere = blocks_anywhere(text);
    let readable = |block: &&Block<'_>| reader(block, &PUBLIC.concat()).or(reader(block, PRIVATE)).is_some();
    if anywhere.iter().filter(readable).count() > 1 {
        return Err(unreadable("PEM", "it holds several damaged blocks, but only one can be meant"));
    }
    if let Some((block, read)) = choose(&anywhere) {
        return block.read(*read);
    }
    for (label, found, remedy) in UNSUITABLE {
        if anywhere.iter().any(|block| block.label == label.as_bytes()) {
            return Err(KeyError::Unsuitable { found: found.into(), remedy: remedy.into() });
        }
    }
    Err(unreadable("PEM", "it holds no complete block of a public key, private key or certificate"))
}

/// The block that counts. A public key under a header (`Proc-Type: 4,ENCRYPTED` or any other, RFC 1421 §4.4)
/// is skipped, as Node does, if there is another block to read; and so is an encrypted private key.
fn choose<'b, 't>(blocks: &'b [Block<'t>]) -> Option<(&'b Block<'t>, &'static ReadDer)> {
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

fn encrypted() -> KeyError {
    KeyError::Unsuitable {
        found: "an encrypted private key".into(),
        remedy: "pass the public key, which needs no passphrase".into(),
    }
}

struct Block<'t> {
    label: &'t [u8],
    /// The text before its END, if there is one.
    body: Option<&'t [u8]>,
}

impl Block<'_> {
    fn has_header(&self) -> bool {
        self.body.is_some_and(|body| body.contains(&b':'))
    }

    fn is_encrypted(&self) -> bool {
        self.body.is_some_and(|body| split_once(body, b"ENCRYPTED").is_some())
    }

    fn read(&self, read_der: ReadDer) -> Result<Kind, KeyError> {
        let found = format!("a PEM {}", String::from_utf8_lossy(self.label));
        let body = self.body.ok_or_else(|| unreadable(&found, "its END line is missing"))?;
        if self.is_encrypted() {
            let is_private = reader(self, PRIVATE).is_some();
            return Err(if is_private { encrypted() } else { unreadable(&found, "it is encrypted") });
        }
        let der = decode_base64(body).ok_or_else(|| unreadable(&found, "its contents are not base64"))?;
        read_der(&der)
    }
}

const BEGIN: &[u8] = b"-----BEGIN ";
const DASHES: &[u8] = b"-----";

/// Blocks whose BEGIN and END stand on lines of their own. White space behind them is ignored.
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
    while let Some((_, after)) = split_once(rest, BEGIN) {
        let Some((label, after)) = split_once(after, DASHES) else { break };
        let end = [b"-----END ", label, DASHES].concat();
        let Some((body, following)) = split_once(after, &end) else {
            // Looking for the END of each further BEGIN would take the square of their number.
            blocks.push(Block { label, body: None });
            break;
        };
        blocks.push(Block { label, body: Some(body) });
        rest = following;
    }
    blocks
}

fn unreadable(found: &str, problem: &str) -> KeyError {
    KeyError::Unreadable { found: found.into(), problem: problem.into() }
}
