//! Key material in the forms and damages in which people configure it.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up must fail")]

use aws_lc_rs::encoding::{
    AsBigEndian, AsDer, EcPrivateKeyRfc5915Der, EcPublicKeyUncompressedBin, Pkcs8V1Der,
};
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use mcp_native_auth::config_error::KeyError;
use mcp_native_auth::jwt::{Algorithm, Key, KeyMaterial};

fn read(material: impl AsRef<[u8]>) -> Result<Key, KeyError> {
    Key::read(KeyMaterial::TextOrBytes(material.as_ref()))
}

fn read_jwk(json: &str) -> Result<Key, KeyError> {
    Key::read(KeyMaterial::Jwk { json, k: None })
}

fn algorithms(material: impl AsRef<[u8]>) -> String {
    let key = read(material).unwrap();
    for algorithm in key.supported_algorithms() {
        key.for_algorithm(algorithm).unwrap();
    }
    key.supported_algorithms().into_iter().map(Algorithm::name).collect::<Vec<_>>().join(" ")
}

fn code(result: Result<Key, KeyError>) -> &'static str {
    result.map_or_else(|error| error.code().trim_start_matches("ERR_MCP_AUTH_"), |key| panic_with(&key))
}

#[expect(clippy::panic, reason = "the failure of an assertion")]
fn panic_with(key: &Key) -> &'static str {
    panic!("was read as {key:?}")
}

fn pem(label: &str, der: impl AsRef<[u8]>) -> String {
    let body = STANDARD.encode(der);
    let lines: Vec<&str> = body.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn p256() -> (EcdsaKeyPair, String) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let spki = pem("PUBLIC KEY", pair.public_key().as_der().unwrap().as_ref());
    (pair, spki)
}

#[test]
fn public_keys_support_the_algorithms_of_their_kind() {
    let rsa = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
    let rsa_algorithms = "RS256 RS384 RS512 PS256 PS384 PS512";
    assert_eq!(algorithms(pem("PUBLIC KEY", rsa.public_key().as_der().unwrap().as_ref())), rsa_algorithms);
    assert_eq!(algorithms(pem("RSA PUBLIC KEY", rsa.public_key().as_ref())), rsa_algorithms);
    for (curve, crv, algorithm) in [
        (&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256", "ES256"),
        (&ECDSA_P384_SHA384_FIXED_SIGNING, "P-384", "ES384"),
        (&ECDSA_P521_SHA512_FIXED_SIGNING, "P-521", "ES512"),
    ] {
        let pair = EcdsaKeyPair::generate(curve).unwrap();
        assert_eq!(algorithms(pem("PUBLIC KEY", pair.public_key().as_der().unwrap().as_ref())), algorithm);
        let point = &pair.public_key().as_ref()[1..];
        let (x, y) = point.split_at(point.len() / 2);
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let key = read_jwk(&format!(r#"{{"kty":"EC","crv":"{crv}","x":"{x}","y":"{y}"}}"#)).unwrap();
        assert_eq!(key.supported_algorithms().first().unwrap().name(), algorithm);
    }
    let ed25519 = Ed25519KeyPair::generate().unwrap();
    assert_eq!(
        algorithms(pem("PUBLIC KEY", ed25519.public_key().as_der().unwrap().as_ref())),
        "EdDSA Ed25519"
    );
    assert_eq!(algorithms("a secret"), "HS256 HS384 HS512");
}

#[test]
fn private_keys_give_their_public_part() {
    let rsa = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
    let pkcs8 = AsDer::<Pkcs8V1Der<'_>>::as_der(&rsa).unwrap();
    assert_eq!(algorithms(pem("PRIVATE KEY", pkcs8.as_ref())), "RS256 RS384 RS512 PS256 PS384 PS512");

    let (pair, _) = p256();
    let pkcs8 = pair.to_pkcs8v1().unwrap();
    assert_eq!(algorithms(pem("PRIVATE KEY", pkcs8.as_ref())), "ES256");
    let sec1: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der().unwrap();
    assert_eq!(algorithms(pem("EC PRIVATE KEY", sec1.as_ref())), "ES256");

    let ed25519 = Ed25519KeyPair::generate().unwrap().to_pkcs8().unwrap();
    assert_eq!(algorithms(pem("PRIVATE KEY", ed25519.as_ref())), "EdDSA Ed25519");
}

#[test]
fn pem_survives_what_editors_and_environment_variables_do_to_it() {
    let (_, spki) = p256();
    let one_line = spki.replace('\n', "");
    for text in [
        spki.replace('\n', "\r\n"),
        spki.replace('\n', "\\n"),
        spki.replace('\n', "\\r\\n"),
        spki.replace('\n', " "),
        one_line.clone(),
        format!("# key of the issuer\n{spki}"),
        format!("  \t{spki}"),
        format!("\u{feff}{spki}"),
        format!("\u{200b}{spki}"),
        format!("\"{one_line}\""),
        format!("{spki}trailing text"),
        spki.trim_end().to_string(),
    ] {
        assert_eq!(algorithms(&text), "ES256", "{text:?}");
    }
}

#[test]
fn a_public_key_comes_before_the_first_private_one() {
    let (pair, spki) = p256();
    let private = pem("PRIVATE KEY", pair.to_pkcs8v1().unwrap().as_ref());
    let other = pem("PRIVATE KEY", Ed25519KeyPair::generate().unwrap().to_pkcs8().unwrap().as_ref());
    assert_eq!(algorithms(format!("{other}{spki}")), "ES256");
    assert_eq!(algorithms(format!("{other}{private}")), "EdDSA Ed25519");
    assert_eq!(algorithms(format!("{private}{other}")), "ES256");
    let sec1: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der().unwrap();
    let sec1 = pem("EC PRIVATE KEY", sec1.as_ref());
    assert_eq!(algorithms(format!("{other}{sec1}")), "EdDSA Ed25519");
    assert_eq!(algorithms(format!("{sec1}{other}")), "ES256");
    // OpenSSL does not read public keys under a header, and Node goes on to the next kind of key.
    for header in ["Proc-Type: 4,ENCRYPTED", "Comment: of a kind"] {
        let with_header = spki.replacen('\n', &format!("\n{header}\n\n"), 1);
        assert_eq!(code(read(&with_header)), "SECRET_UNREADABLE", "{header}");
        assert_eq!(algorithms(format!("{with_header}{other}")), "EdDSA Ed25519", "{header}");
    }
}

#[test]
fn an_encrypted_private_key_is_skipped_if_there_is_another() {
    let (pair, _) = p256();
    let good = pem("PRIVATE KEY", pair.to_pkcs8v1().unwrap());
    let body = STANDARD.encode([7; 90]);
    let encrypted = format!(
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n{body}\n-----END RSA PRIVATE KEY-----\n"
    );
    assert_eq!(algorithms(format!("{encrypted}{good}")), "ES256");
    assert_eq!(algorithms(format!("{good}{encrypted}")), "ES256");
    assert_eq!(code(read(encrypted)), "SECRET_UNSUITABLE");
}

#[test]
fn text_in_which_a_key_begins_is_never_a_secret() {
    let (_, spki) = p256();
    for text in [
        spki.replace("-----END", "----END"),
        spki.replace("-----BEGIN", "----BEGIN"),
        spki.replacen('M', "*", 1),
        spki.replacen('M', "N", 1),
        spki.replace("PUBLIC", "PUBLlC"),
        spki.replace("-----BEGIN PUBLIC KEY-----\n", ""),
        "-----BEGIN PUBLIC KEY-----".into(),
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----".into(),
        "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----".into(),
    ] {
        assert_eq!(code(read(&text)), "SECRET_UNREADABLE", "{text}");
    }
    for label in [
        "ENCRYPTED PRIVATE KEY",
        "CERTIFICATE REQUEST",
        "NEW CERTIFICATE REQUEST",
        "OPENSSH PRIVATE KEY",
        "DSA PRIVATE KEY",
        "PGP PUBLIC KEY BLOCK",
    ] {
        assert_eq!(code(read(pem(label, [0x30; 40]))), "SECRET_UNSUITABLE", "{label}");
    }
    let old_encryption =
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----";
    assert_eq!(code(read(old_encryption)), "SECRET_UNSUITABLE");
    assert_eq!(code(Key::read(KeyMaterial::Secret(spki.as_bytes()))), "SECRET_UNSUITABLE");
    assert_eq!(algorithms("-----BEGIN SECRET-----\nabc\n-----END SECRET-----"), "HS256 HS384 HS512");
    assert_eq!(algorithms("BEGIN PUBLIC KEY"), "HS256 HS384 HS512");
}

#[test]
fn keys_in_other_forms_than_pem_are_never_a_secret() {
    let (pair, _) = p256();
    let spki = pair.public_key().as_der().unwrap();
    let pkcs8 = pair.to_pkcs8v1().unwrap();
    let sec1: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der().unwrap();
    for der in [spki.as_ref(), pkcs8.as_ref(), sec1.as_ref()] {
        assert_eq!(code(read(der)), "SECRET_UNSUITABLE");
        assert_eq!(code(read(STANDARD.encode(der))), "SECRET_UNSUITABLE");
        assert_eq!(code(read(URL_SAFE_NO_PAD.encode(der))), "SECRET_UNSUITABLE");
        assert_eq!(code(read(format!("\n{}\n", STANDARD.encode(der)))), "SECRET_UNSUITABLE");
        let damaged = format!("{}\n-----END PUBLIC SECRET-----\n", STANDARD.encode(der));
        assert_eq!(code(read(damaged)), "SECRET_UNSUITABLE");
        for parted_by in ["", " ", ":", "\n"] {
            let hexadecimal: Vec<_> = der.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(code(read(hexadecimal.join(parted_by))), "SECRET_UNSUITABLE", "{parted_by:?}");
        }
    }
    for text in [
        r#"{"kty":"oct","k":"AAAA"}"#,
        " {\"use\":\"sig\",\"kty\":\"RSA\"}\n",
        r#"{"keys":[{"kty":"RSA"}]}"#,
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ== user@host",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA",
    ] {
        assert_eq!(code(read(text)), "SECRET_UNSUITABLE", "{text}");
    }
    for secret in [
        r#"{"keys":"x"}"#,
        r#"{"keys":[]}"#,
        r#"{"a":1}"#,
        "ssh-rsa is my secret",
        "MIIB",
        "M",
        "0",
        "ktyRSA",
        "kty         RSA",
    ] {
        assert_eq!(algorithms(secret), "HS256 HS384 HS512", "{secret}");
    }
    assert_eq!(code(read("")), "SECRET_EMPTY");
}

#[test]
fn rejects_rsa_keys_outside_the_bounds() {
    let jwk = |modulus: &[u8], exponent: &[u8]| {
        let (n, e) = (URL_SAFE_NO_PAD.encode(modulus), URL_SAFE_NO_PAD.encode(exponent));
        read_jwk(&format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}"}}"#))
    };
    let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
    let modulus = pair.public_key().modulus();
    let modulus = modulus.big_endian_without_leading_zero();
    assert!(jwk(modulus, &[1, 0, 1]).is_ok());
    assert!(jwk(modulus, &[3]).is_ok());
    assert!(jwk(&[&[0, 0], modulus].concat(), &[0, 1, 0, 1]).is_ok());
    let mut even = modulus.to_vec();
    *even.last_mut().unwrap() &= 0xfe;
    let mut large = vec![0xff; 1025];
    large[0] = 0x01;
    for (modulus, exponent) in [
        (modulus, &[1][..]),
        (modulus, &[0]),
        (modulus, &[]),
        (modulus, &[2]),
        (modulus, &[1, 0, 0]),
        (modulus, &[4, 0, 0, 0, 1]),
        (&modulus[1..], &[1, 0, 1]),
        (&[0x7f; 256], &[1, 0, 1]),
        (&even, &[1, 0, 1]),
        (&large, &[1, 0, 1]),
    ] {
        assert_eq!(code(jwk(modulus, exponent)), "SECRET_WEAK_RSA", "{} {exponent:?}", modulus.len());
    }
}

#[test]
fn the_metadata_of_jwks_is_obeyed() {
    let (pair, _) = p256();
    let point: EcPublicKeyUncompressedBin<'_> = pair.public_key().as_be_bytes().unwrap();
    let (x, y) = point.as_ref()[1..].split_at(32);
    let jwk = |x: &[u8], more: &str| {
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        read_jwk(&format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"{more}}}"#))
    };
    for more in
        ["", r#","use":"sig""#, r#","key_ops":["verify"]"#, r#","alg":"ES256""#, r#","kid":"1","x5c":["AA"]"#]
    {
        let key = jwk(x, more).unwrap();
        assert_eq!(key.supported_algorithms(), [Algorithm::ES256], "{more}");
        assert!(key.for_algorithm(Algorithm::ES256).is_ok());
    }
    for more in [
        r#","use":"enc""#,
        r#","key_ops":["sign"]"#,
        r#","key_ops":[]"#,
        r#","alg":"ES384""#,
        r#","alg":"ECDH-ES""#,
        r#","alg":"ES256K""#,
    ] {
        assert_eq!(code(jwk(x, more)), "SECRET_JWK_USE", "{more}");
    }
    assert_eq!(code(jwk(&[x, &[0]].concat(), "")), "SECRET_UNREADABLE");
    let off_curve = jwk(&[1; 32], "").unwrap();
    assert!(off_curve.for_algorithm(Algorithm::ES256).is_err());
    for json in [
        "",
        "{}",
        "[]",
        r#"{"kty":"EC","crv":"P-256","x":"AA"}"#,
        r#"{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}"#,
        r#"{"kty":"EC","crv":"Ed25519","x":"AA","y":"AA"}"#,
        r#"{"kty":"OKP","crv":"X25519","x":"AA"}"#,
        r#"{"kty":"OKP","crv":"P-256","x":"AA"}"#,
        r#"{"kty":"RSA","n":"!","e":"AQAB"}"#,
        r#"{"kty":"oct","k":5}"#,
        r#"{"kty":"oct","k":"AAAA","alg":5}"#,
    ] {
        assert!(read_jwk(json).is_err(), "{json}");
    }
    let secret = read_jwk(r#"{"kty":"oct","k":"AAAA","alg":"HS512"}"#).unwrap();
    assert_eq!(secret.supported_algorithms(), [Algorithm::HS512]);
    assert_eq!(code(read_jwk(r#"{"kty":"oct","k":""}"#)), "SECRET_EMPTY");
    let read_apart = |json, k: &'static [u8]| Key::read(KeyMaterial::Jwk { json, k: Some(k) });
    let secret = read_apart(r#"{"kty":"oct","alg":"HS384"}"#, b"AAAA").unwrap();
    assert_eq!(secret.supported_algorithms(), [Algorithm::HS384]);
    assert_eq!(code(read_apart(r#"{"kty":"oct"}"#, b"")), "SECRET_EMPTY");
    assert_eq!(code(read_apart(r#"{"kty":"oct"}"#, b"\"}\xff")), "SECRET_UNREADABLE");
    assert_eq!(code(read_jwk(r#"{"kty":"oct"}"#)), "SECRET_UNSUITABLE");
}
