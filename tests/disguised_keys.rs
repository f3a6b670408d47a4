//! A public key is never an HMAC secret, whatever tools and people did to it; and a random secret always is one.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot set itself up must fail"
)]

use std::fmt::Write;

use aws_lc_rs::encoding::{AsBigEndian, AsDer, EcPublicKeyUncompressedBin};
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use mcp_native_auth::config_error::ConfigError;
use mcp_native_auth::jwt::{Key, KeyConfig, KeyMaterial, Verifier, VerifierConfig};

/// The same numbers in every run: SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    fn between(&mut self, min: usize, max: usize) -> usize {
        min + self.below(max - min + 1)
    }

    fn pick<'i, T>(&mut self, items: &'i [T]) -> &'i T {
        &items[self.below(items.len())]
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next().to_le_bytes()[3]).collect()
    }

    fn text(&mut self, characters: &str, length: usize) -> String {
        (0..length).map(|_| char::from(*self.pick(characters.as_bytes()))).collect()
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

const DIGITS: &str = "0123456789";
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const WORDS: [&str; 24] = [
    "correct",
    "horse",
    "battery",
    "staple",
    "key",
    "public",
    "certificate",
    "token",
    "sign",
    "rsa",
    "modulus",
    "begin",
    "end",
    "jwt",
    "secret",
    "cert",
    "orange",
    "Window",
    "EC",
    "oct",
    "path",
    "data",
    "home",
    "etc",
];

fn printable() -> String {
    (b'!'..=b'~').map(char::from).collect()
}

fn base64_of(random: &mut Random) -> String {
    let length = random.between(16, 64);
    STANDARD.encode(random.bytes(length))
}

type Generate = fn(&mut Random) -> Vec<u8>;

/// Secrets as libraries, tools and password managers generate them.
const SECRETS: [(&str, Generate); 27] = [
    ("base64", |random| base64_of(random).into()),
    ("base64 without padding", |random| base64_of(random).replace('=', "").into()),
    ("base64 of multiples of 3", |random| {
        let length = 3 * random.between(6, 32);
        STANDARD.encode(random.bytes(length)).into()
    }),
    ("base64url", |random| {
        let length = random.between(16, 64);
        URL_SAFE_NO_PAD.encode(random.bytes(length)).into()
    }),
    ("base64 with a prefix, as of Laravel", |random| format!("base64:{}", base64_of(random)).into()),
    ("base64 in lines, as of OpenSSL", |random| {
        let base64 = STANDARD.encode(random.bytes(96));
        format!("{}\n{}\n", &base64[..64], &base64[64..]).into()
    }),
    ("hexadecimal", |random| {
        let length = random.between(16, 64);
        hexadecimal(&random.bytes(length)).into()
    }),
    ("upper-case hexadecimal", |random| {
        let length = random.between(16, 64);
        hexadecimal(&random.bytes(length)).to_uppercase().into()
    }),
    ("bytes", |random| {
        let length = random.between(16, 128);
        random.bytes(length)
    }),
    ("bytes of lengths that keys have", |random| {
        let length = *random
            .pick(&[32, 33, 44, 48, 49, 57, 64, 65, 67, 91, 96, 97, 120, 128, 132, 133, 256, 270, 294]);
        random.bytes(length)
    }),
    ("UUID", |random| {
        let hex = hexadecimal(&random.bytes(16));
        format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..]).into()
    }),
    ("ULID", |random| format!("01{}", random.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 24)).into()),
    ("nanoid", |random| {
        let length = random.between(21, 64);
        random.text(&format!("{LETTERS}_-"), length).into()
    }),
    ("letters and digits", |random| {
        let length = random.between(16, 64);
        random.text(LETTERS, length).into()
    }),
    ("printable ASCII", |random| {
        let length = random.between(16, 64);
        random.text(&printable(), length).into()
    }),
    ("printable ASCII with spaces", |random| {
        let length = random.between(16, 64);
        random.text(&(printable() + " "), length).into()
    }),
    ("as of Django", |random| random.text("abcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*(-_=+)", 50).into()),
    ("base32", |random| random.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 32).into()),
    ("base58", |random| random.text("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", 44).into()),
    ("digits", |random| {
        let length = random.between(16, 80);
        random.text(DIGITS, length).into()
    }),
    ("prefixed", |random| {
        let prefix =
            *random.pick(&["sk_live_", "ghp_", "xoxb-", "SG.", "mna_", "whsec_", "github_pat_", "AKIA"]);
        let length = random.between(24, 64);
        (prefix.to_owned() + &random.text(LETTERS, length)).into()
    }),
    ("three parts", |random| {
        let part = |random: &mut Random| {
            let length = random.between(8, 40);
            URL_SAFE_NO_PAD.encode(random.bytes(length))
        };
        format!("{}.{}.{}", part(random), part(random), part(random)).into()
    }),
    ("an id and a secret", |random| {
        let separator = *random.pick(&[":", "=", " ", "|"]);
        let length = random.between(8, 24);
        format!("{}{separator}{}", random.text(LETTERS, length), base64_of(random)).into()
    }),
    ("words", |random| {
        let separator = *random.pick(&[" ", "-", "_", ".", ",", "", " / ", "; "]);
        let count = random.between(4, 9);
        (0..count).map(|_| *random.pick(&WORDS)).collect::<Vec<_>>().join(separator).into()
    }),
    ("characters beyond ASCII", |random| {
        let characters: Vec<char> = "äöüßéñçøłжпшλΩ漢字🔑£€–—“”«».".chars().collect();
        let length = random.between(16, 40);
        (0..length).map(|_| *random.pick(&characters)).collect::<String>().into()
    }),
    ("hash of a password", |random| format!("$2b$12${}", random.text(&format!("{LETTERS}./"), 53)).into()),
    ("JSON", |random| format!(r#"{{"secret":"{}","createdAt":"2026-01-01"}}"#, base64_of(random)).into()),
];

/// How many secrets of each form are made. `SECRETS_OF_EACH_FORM=100000 cargo test --release --test disguised_keys`
/// makes more.
fn secrets_of_each_form() -> usize {
    std::env::var("SECRETS_OF_EACH_FORM").ok().and_then(|count| count.parse().ok()).unwrap_or(1_000)
}

#[test]
fn every_random_secret_is_one() {
    for (seed, (form, generate)) in (1..).zip(SECRETS) {
        let mut random = Random(seed);
        let count = secrets_of_each_form();
        for number in 0..count {
            let secret = generate(&mut random);
            let key = Key::read(KeyMaterial::TextOrBytes(&secret));
            let text = String::from_utf8_lossy(&secret);
            assert!(key.is_ok(), "{form}, {number}: {text} is called {:?}", key.err());
        }
    }
}

fn main_key() -> (Vec<u8>, Vec<u8>, String) {
    let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
    let spki = pair.public_key().as_der().unwrap().as_ref().to_vec();
    let modulus = pair.public_key().modulus().big_endian_without_leading_zero().to_vec();
    let jwk = format!(r#"{{"kty":"RSA","n":"{}","e":"AQAB"}}"#, URL_SAFE_NO_PAD.encode(&modulus));
    (spki, modulus, jwk)
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", in_lines(&STANDARD.encode(der)))
}

fn in_lines(text: &str) -> String {
    let lines: Vec<String> =
        text.chars().collect::<Vec<_>>().chunks(64).map(|line| line.iter().collect()).collect();
    lines.join("\n")
}

fn open_ssh_line(public_key: &[u8]) -> String {
    let field = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
    let blob = [field(b"ssh-ed25519"), field(public_key)].concat();
    format!("ssh-ed25519 {} someone@example", STANDARD.encode(blob))
}

/// Texts that hold a public key or say where one is, by name.
fn forms() -> Vec<(&'static str, String)> {
    let (spki, modulus, jwk) = main_key();
    let rsa_pkcs1 = rsa::KeyPair::generate(rsa::KeySize::Rsa3072).unwrap().public_key().as_ref().to_vec();
    let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let ec_spki = ec.public_key().as_der().unwrap().as_ref().to_vec();
    let point: EcPublicKeyUncompressedBin<'_> = ec.public_key().as_be_bytes().unwrap();
    let (x, y) = point.as_ref()[1..].split_at(32);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    let ed = Ed25519KeyPair::generate().unwrap();
    let ed_spki = ed.public_key().as_der().unwrap().as_ref().to_vec();
    let ed_point = ed.public_key().as_ref();
    let base64 = |bytes: &[u8]| STANDARD.encode(bytes);
    vec![
        ("SPKI of RSA", base64(&spki)),
        ("SPKI of EC", base64(&ec_spki)),
        ("SPKI of Ed25519", base64(&ed_spki)),
        ("PKCS#1", base64(&rsa_pkcs1)),
        ("PKCS#8", base64(ec.to_pkcs8v1().unwrap().as_ref())),
        ("PEM", pem("PUBLIC KEY", &spki)),
        ("PEM of Ed25519", pem("PUBLIC KEY", &ed_spki)),
        ("JWK", jwk.clone()),
        ("EC JWK", format!(r#"{{"crv":"P-256","x":"{x}","y":"{y}","kty":"EC"}}"#)),
        ("OKP JWK", format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(ed_point))),
        ("JWK Set", format!(r#"{{"keys":[{jwk}]}}"#)),
        ("JWK Set in a document", format!(r#"{{"issuer":"a","a":[{{"b":{{"jwks":{{"keys":[{jwk}]}}}}}}]}}"#)),
        ("realm of Keycloak", format!(r#"{{"realm":"r","public_key":"{}"}}"#, base64(&spki))),
        ("x5c", format!(r#"{{"keys":[{{"x5c":["{}"]}}]}}"#, base64(&spki))),
        ("numbers", format!(r#"{{"n":"{}","e":"AQAB"}}"#, URL_SAFE_NO_PAD.encode(&modulus))),
        ("named bytes of Ed25519", format!(r#"{{"publicKey":"{}"}}"#, base64(ed_point))),
        ("OpenSSH", open_ssh_line(ed_point)),
        (
            "XML",
            format!(
                "<RSAKeyValue><Modulus>{}</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>",
                base64(&modulus)
            ),
        ),
        ("point", hexadecimal(point.as_ref())),
        ("point in base64", base64(point.as_ref())),
        ("point without its first byte", hexadecimal(&point.as_ref()[1..])),
    ]
}

fn each_other(text: &str, escape: impl Fn(char) -> String) -> String {
    text.chars()
        .map(
            |character| {
                if character.is_ascii_alphanumeric() { character.to_string() } else { escape(character) }
            },
        )
        .collect()
}

type Wrap = fn(&str) -> String;

/// What tools and people do to text without adding an encoding.
const WRAPS: [(&str, Wrap); 20] = [
    ("nothing", |text| text.into()),
    ("double quotes", |text| format!("\"{text}\"")),
    ("single quotes", |text| format!("'{text}'")),
    ("backticks", |text| format!("`{text}`")),
    ("typographic quotes", |text| format!("\u{201c}{text}\u{201d}")),
    ("white space", |text| format!("\n  {text} \r\n")),
    ("BOM", |text| format!("\u{feff}{text}")),
    ("zero width", |text| format!("\u{200b}{}\u{2060}", text.replacen('A', "A\u{200d}", 3))),
    ("no-break spaces", |text| text.replace(' ', "\u{a0}")),
    ("en dashes", |text| text.replace('-', "\u{2013}")),
    ("em dashes", |text| text.replace("--", "\u{2014}")),
    ("hyphens", |text| text.replace('-', "\u{2010}")),
    ("minus signs", |text| text.replace('-', "\u{2212}")),
    ("full width", |text| text.replace('-', "\u{ff0d}").replace('"', "\u{ff02}")),
    ("a name", |text| format!("JWT_PUBLIC_KEY={text}")),
    ("an exported name", |text| format!("export JWT_KEY=\"{text}\"")),
    ("YAML", |text| format!("jwtKey: '{text}'")),
    ("a comment", |text| format!("{text} # of the issuer")),
    ("a trailing comma", |text| format!("{text},")),
    ("a label", |text| format!("PUBLIC KEY\n{text}")),
];

/// Encodings. Lines of mail do not survive another one.
const ENCODINGS: [(&str, Wrap); 16] = [
    ("base64", |text| STANDARD.encode(text)),
    ("base64 without padding", |text| STANDARD_NO_PAD.encode(text)),
    ("base64url", |text| URL_SAFE_NO_PAD.encode(text)),
    ("base64 in lines", |text| in_lines(&STANDARD.encode(text))),
    ("hexadecimal", |text| hexadecimal(text.as_bytes())),
    ("upper-case hexadecimal", |text| hexadecimal(text.as_bytes()).to_uppercase()),
    ("hexadecimal with colons", |text| {
        text.bytes().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
    }),
    ("a list of hexadecimal numbers", |text| {
        text.bytes().map(|byte| format!("{byte:#04x}")).collect::<Vec<_>>().join(", ")
    }),
    ("a Buffer as JSON", |text| {
        let numbers: Vec<_> = text.bytes().map(|byte| byte.to_string()).collect();
        format!(r#"{{"type":"Buffer","data":[{}]}}"#, numbers.join(","))
    }),
    ("a JSON string", |text| serde_json::to_string(text).unwrap()),
    ("a JSON string with escaped slashes", |text| {
        serde_json::to_string(&[text]).unwrap().replace('/', "\\/")
    }),
    ("percent-encoding", |text| {
        each_other(text, |other| {
            other.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("%{byte:02X}")).collect()
        })
    }),
    ("entities", |text| each_other(text, |other| format!("&#{};", u32::from(other)))),
    ("hexadecimal entities", |text| each_other(text, |other| format!("&#x{:x};", u32::from(other)))),
    ("escapes", |text| each_other(text, |other| format!("\\u{:04x}", u32::from(other)))),
    ("a data URL", |text| format!("data:application/json;base64,{}", STANDARD.encode(text))),
];

/// Never a secret: rejected, or read as the public key that it is.
fn assert_is_no_secret(material: &[u8], what: &str) {
    for material in [KeyMaterial::TextOrBytes(material), KeyMaterial::Secret(material)] {
        let is_secret = Key::read(material).is_ok_and(|key| {
            key.supported_algorithms().iter().any(|algorithm| algorithm.mac_length().is_some())
        });
        assert!(!is_secret, "an HMAC secret: {what}");
    }
}

#[test]
fn a_public_key_is_never_a_secret_in_any_wrap_and_encoding() {
    // Each encoding with each form, and with each wrap of some form.
    for (number, (form, text)) in forms().into_iter().enumerate() {
        for (shift, (wrap, add)) in WRAPS.into_iter().enumerate() {
            let what = format!("{form} with {wrap}");
            assert_is_no_secret(add(&text).as_bytes(), &what);
            for (encoding, encode) in ENCODINGS.into_iter().skip((number + shift) % 4).step_by(4) {
                assert_is_no_secret(encode(&add(&text)).as_bytes(), &format!("{what} in {encoding}"));
                assert_is_no_secret(
                    add(&encode(&text)).as_bytes(),
                    &format!("{form} in {encoding} with {wrap}"),
                );
            }
        }
    }
}

#[test]
fn a_public_key_is_never_a_secret_behind_several_encodings() {
    let forms = forms();
    let mut random = Random(7);
    for _ in 0..500 {
        let (form, text) = random.pick(&forms);
        let mut what = (*form).to_owned();
        let mut text = text.clone();
        for _ in 0..random.between(2, 3) {
            let ((wrap, add), (encoding, encode)) = (*random.pick(&WRAPS), *random.pick(&ENCODINGS));
            text = encode(&add(&text));
            write!(what, " with {wrap} in {encoding}").unwrap();
        }
        if text.len() < 200_000 {
            assert_is_no_secret(text.as_bytes(), &what);
        }
    }
}

#[test]
fn a_public_key_is_never_a_secret_in_binary_forms() {
    let (spki, modulus, jwk) = main_key();
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let windows_1252 =
        pem("PUBLIC KEY", &spki).bytes().map(|byte| if byte == b'-' { 0x96 } else { byte }).collect();
    for (form, bytes) in [
        ("DER", spki.clone()),
        ("the end of DER", spki[4..].to_vec()),
        ("the beginning of DER", spki[..40].to_vec()),
        ("a JWK in UTF-16", utf16(&jwk)),
        ("a JWK in UTF-16 with BOM", [&[0xff, 0xfe], utf16(&jwk).as_slice()].concat()),
        ("PEM in Windows-1252", windows_1252),
        ("gzip", [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], modulus.as_slice()].concat()),
        (
            "gzip in base64",
            STANDARD.encode([&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 19], spki.as_slice()].concat()).into(),
        ),
        ("ZIP", [b"PK\x03\x04", modulus.as_slice()].concat()),
    ] {
        assert_is_no_secret(&bytes, form);
    }
}

/// Forms that are random bytes once they are damaged.
const WITHOUT_MARKS: [&str; 5] =
    ["point", "point in base64", "point without its first byte", "numbers", "named bytes of Ed25519"];

#[test]
fn a_public_key_is_never_a_secret_after_damage() {
    let mut random = Random(11);
    for (form, text) in forms().into_iter().filter(|(form, _)| !WITHOUT_MARKS.contains(form)) {
        for _ in 0..40 {
            let mut damaged: Vec<char> = text.chars().collect();
            // The first few characters of base64 say what the rest is.
            let at = random.between(damaged.len() / 3, damaged.len() - 1);
            match random.below(3) {
                0 => drop(damaged.remove(at)),
                1 => damaged.insert(at, *random.pick(&['A', '*', ' ', '\n', '\u{e9}'])),
                _ => damaged.truncate(at.max(60)),
            }
            let damaged: String = damaged.into_iter().collect();
            assert_is_no_secret(damaged.as_bytes(), &format!("damaged {form}: {damaged}"));
        }
    }
}

#[test]
fn texts_of_tools_are_never_secrets() {
    let (spki, modulus, jwk) = main_key();
    let (base64, n) = (STANDARD.encode(&spki), URL_SAFE_NO_PAD.encode(&modulus));
    let hex = hexadecimal(&modulus);
    // Version 0 and eight numbers, without any of the parts by which a key is known.
    let short_private_key = [b"\x30\x1b\x02\x01\x00".as_slice(), &b"\x02\x01\x05".repeat(8)].concat();
    let quoted = format!("> {}", in_lines(&base64).replace('\n', "\n> "));
    for (what, text) in [
        ("quoted mail", quoted),
        ("`openssl rsa -modulus`", format!("Modulus={}", hex.to_uppercase())),
        ("`openssl rsa -text`", format!("Public-Key: (2048 bit)\nModulus:\n    00:{}", hex)),
        ("YAML of a JWK", format!("kty: RSA\nn: {n}\ne: AQAB\n")),
        ("a literal of JavaScript", format!("{{ kty: 'RSA', n: '{n}', e: 'AQAB' }}")),
        ("a dictionary of Python", jwk.replace('"', "'")),
        ("a query", format!("kty=RSA&n={n}&e=AQAB")),
        ("bytes of Python", format!("b'{base64}'")),
        (
            "bytes of Python, escaped",
            spki.iter().fold("b'".to_owned(), |text, byte| text + &format!("\\x{byte:02x}")),
        ),
        ("a constant", format!("const key = \"{base64}\";")),
        ("a JWK in a string of JavaScript", each_other(&jwk, |other| format!("\\x{:02x}", u32::from(other)))),
        ("a command line", format!("--secret={base64}")),
        ("PowerShell", format!("$env:JWT_SECRET = '{base64}'")),
        ("PuTTY", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: x".into()),
        ("quoted-printable", format!("JWT=3D{}", in_lines(&base64).replace('\n', "=\n"))),
        ("discovery document", r#"{"issuer":"x","jwks_uri":"https://issuer.example/keys"}"#.into()),
        ("hex of a compressed point by name", format!("EC_PUBLIC_KEY=02{}", &hex[..64])),
        ("the `n` of a JWK alone", n.clone()),
        ("a short PKCS#1 private key", STANDARD.encode(&short_private_key)),
        ("PEM with lost dashes", format!("BEGIN PUBLIC KEY\n{}\nEND PUBLIC KEY", in_lines(&base64))),
    ] {
        let bare_modulus = text == n;
        let result = Key::read(KeyMaterial::TextOrBytes(text.as_bytes()));
        // One modulus in some has a small factor, or neither of the characters that tell base64url.
        assert!(result.is_err() || bare_modulus && !text.contains(['-', '_']), "an HMAC secret: {what}");
    }
}

fn message(secret: &str, algorithm: &str) -> String {
    let material = KeyMaterial::TextOrBytes(secret.as_bytes());
    let keys = vec![KeyConfig { material, id: None, issuers: Vec::new(), path: "secret" }];
    let config = VerifierConfig { keys, algorithms: vec![algorithm], ..VerifierConfig::default() };
    let error = Verifier::from_config(config)
        .err()
        .map(|error: ConfigError| format!("{}: {error}", error.code().trim_start_matches("ERR_MCP_AUTH_")));
    error.unwrap_or_default()
}

#[test]
fn file_names_and_addresses_are_called_by_their_name() {
    for name in [
        "./public.pem",
        "public.pem",
        "keys/public.PEM",
        "../certs/issuer.crt",
        "/etc/keys/public.pem",
        "/run/secrets/jwt_public_key",
        "/run/secrets/issuer",
        "~/.ssh/id_rsa.pub",
        "~/.ssh/id_ed25519",
        "C:\\keys\\public.pem",
        "C:\\Program Files\\App\\jwt-key",
        "\\\\server\\share\\public.key",
        "'./public.pem'",
        "PUBLIC_KEY=./public.pem",
        "@./public.pem",
        "$(cat public.pem)",
        "${HOME}/keys/public.pem",
        "%USERPROFILE%\\public.pem",
        "./keys/public-key",
        "config/jwks.json",
        "jwt.key",
        "clé.pem",
    ] {
        for algorithm in ["HS256", "RS256"] {
            assert_eq!(
                message(name, algorithm),
                "SECRET_UNSUITABLE: `secret` is a file name, which cannot verify tokens; read the file and pass its \
                 content",
                "{name}"
            );
        }
    }
    for address in [
        "https://issuer.example/.well-known/jwks.json",
        "http://localhost:8080/realms/master/protocol/openid-connect/certs",
        "HTTPS://issuer.example/",
        "\"https://issuer.example/keys?x=1\"",
        "JWKS_URL=https://issuer.example/keys",
        "file:///etc/keys/public",
        "s3://bucket/keys/public",
        "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
        "did:web:issuer.example#key-1",
        "issuer.example/.well-known/openid-configuration",
        "//issuer.example/.well-known/jwks.json",
        "localhost:3000/.well-known/jwks.json",
        "https:\\/\\/issuer.example\\/keys",
        "aHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS8ud2VsbC1rbm93bi9qd2tzLmpzb24=",
    ] {
        for algorithm in ["HS256", "RS256"] {
            assert_eq!(
                message(address, algorithm),
                "SECRET_UNSUITABLE: `secret` is an address, which cannot verify tokens; load the JWK Set from there and \
                 pass it as `keys`, or pass the key itself",
                "{address}"
            );
        }
    }
}

#[test]
fn each_form_has_its_own_cure() {
    let (spki, _, jwk) = main_key();
    let base64 = STANDARD.encode(&spki);
    for (text, part) in [
        (pem("PUBLIC KEY", &spki).replace('-', "\u{2013}"), "copy it again, with hyphens"),
        (STANDARD.encode(pem("PUBLIC KEY", &spki)), "decode it, pass the PEM text"),
        (base64.clone(), "pass it as PEM, with its BEGIN and END lines, and set `algorithms`"),
        (jwk.clone(), "pass one JWK as `secret` or a JWK Set as `keys`"),
        (STANDARD.encode(&jwk), "decode it and JSON.parse() it first"),
        (format!(r#"{{"publicKey":"{}"}}"#, "A".repeat(43)), "pass the key alone"),
        (STANDARD.encode([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2]), "decompress it"),
    ] {
        for algorithm in ["HS256", "RS256"] {
            let message = message(&text, algorithm);
            assert!(
                message.starts_with("SECRET_UNSUITABLE: ") && message.contains(part),
                "{part}: {message}"
            );
            assert!(!message.contains("HS256"), "{message}");
        }
    }
}

#[test]
fn what_may_be_a_public_key_is_never_advised_into_a_secret() {
    let ed25519 = URL_SAFE_NO_PAD.encode([7; 32]);
    let expected = "ALGORITHMS_INCOMPATIBLE: `secret` is not a public key in a known form, and an HMAC secret cannot \
                    verify RS256; pass the public key of the issuer as PEM, JWK or KeyObject";
    for text in [ed25519.as_str(), "public", "anything else"] {
        assert_eq!(message(text, "RS256"), expected);
    }
}

#[test]
fn a_declared_secret_may_look_like_a_modulus() {
    let (_, modulus, _) = main_key();
    let text = URL_SAFE_NO_PAD.encode(&modulus);
    assert!(Key::read(KeyMaterial::Secret(text.as_bytes())).is_ok());
    assert!(Key::read(KeyMaterial::Secret(&modulus)).is_ok());
    assert!(Key::read(KeyMaterial::TextOrBytes(&modulus)).is_ok(), "bytes that may be random");
    // 2^2048 - 1.
    let multiple_of_3 = URL_SAFE_NO_PAD.encode([0xff; 256]);
    assert!(Key::read(KeyMaterial::TextOrBytes(multiple_of_3.as_bytes())).is_ok(), "no modulus");
}
