//! Tells what a PEM file holds, so that a wrong key is named and not just refused.

use p256::pkcs8::der::Decode as _;
use p256::pkcs8::{ObjectIdentifier, PrivateKeyInfoRef, spki::SubjectPublicKeyInfoRef};

use super::KeyError;

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// What a key file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    P256,
    Ed25519,
    Other(String),
}

impl Found {
    fn with_article(&self) -> String {
        match self {
            Self::P256 => "a P-256 key".to_owned(),
            Self::Ed25519 => "an Ed25519 key".to_owned(),
            Self::Other(name) => name.clone(),
        }
    }
}

/// Whether a private or a public key is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Private,
    Public,
}

/// The one PEM block of a file that matters: OpenSSL writes `EC PARAMETERS` before a SEC1 key.
pub(super) fn block(text: &str) -> &str {
    let start = text
        .find("-----BEGIN EC PRIVATE KEY-----")
        .filter(|_| text.contains("-----BEGIN EC PARAMETERS-----"))
        .unwrap_or_default();
    text.get(start..).unwrap_or(text)
}

/// Refuses a PEM text that holds another key than `wanted`, and says which.
pub(super) fn expect(
    text: &str,
    wanted: &Found,
    half: Half,
    expected: &'static str,
) -> Result<(), KeyError> {
    let wrong = |found: String| KeyError::WrongType { expected, found };
    let malformed = |why: &str| KeyError::Malformed {
        expected,
        why: why.to_owned(),
    };
    let label = label(text).ok_or_else(|| malformed("no PEM block"))?;
    if label == "ENCRYPTED PRIVATE KEY" || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(KeyError::Encrypted);
    }
    match (label, half) {
        ("PRIVATE KEY" | "EC PRIVATE KEY", Half::Public) => {
            return Err(wrong("a private key".to_owned()));
        }
        ("PUBLIC KEY", Half::Private) => return Err(wrong("a public key".to_owned())),
        ("RSA PRIVATE KEY" | "RSA PUBLIC KEY", _) => return Err(wrong("an RSA key".to_owned())),
        ("OPENSSH PRIVATE KEY", _) => return Err(wrong("an OpenSSH key".to_owned())),
        ("CERTIFICATE", _) => return Err(wrong("a certificate".to_owned())),
        ("EC PRIVATE KEY", Half::Private) if *wanted == Found::P256 => return Ok(()),
        ("EC PRIVATE KEY", Half::Private) => {
            return Err(wrong("an elliptic-curve key in SEC1 form".to_owned()));
        }
        ("PRIVATE KEY", Half::Private) | ("PUBLIC KEY", Half::Public) => {}
        (other, _) => return Err(wrong(format!("a PEM block `{other}`"))),
    }
    let found = algorithm(text, half).map_err(|why| malformed(&why))?;
    if found == *wanted {
        Ok(())
    } else {
        Err(wrong(found.with_article()))
    }
}

fn label(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, _) = rest.split_once("-----")?;
    (label.len() <= 64 && !label.contains('\n')).then_some(label)
}

fn algorithm(text: &str, half: Half) -> Result<Found, String> {
    let (_, der) = p256::pkcs8::der::pem::decode_vec(text.as_bytes())
        .map(|(label, der)| (label, zeroize::Zeroizing::new(der)))
        .map_err(|error| error.to_string())?;
    let (oid, curve) = match half {
        Half::Private => {
            let info = PrivateKeyInfoRef::from_der(&der).map_err(|error| error.to_string())?;
            (info.algorithm.oid, info.algorithm.parameters_oid().ok())
        }
        Half::Public => {
            let info =
                SubjectPublicKeyInfoRef::from_der(&der).map_err(|error| error.to_string())?;
            (info.algorithm.oid, info.algorithm.parameters_oid().ok())
        }
    };
    Ok(name(oid, curve))
}

fn name(oid: ObjectIdentifier, curve: Option<ObjectIdentifier>) -> Found {
    match (oid.to_string().as_str(), curve) {
        _ if oid == EC && curve == Some(P256) => Found::P256,
        _ if oid == ED25519 => Found::Ed25519,
        ("1.2.840.113549.1.1.1", _) => Found::Other("an RSA key".to_owned()),
        ("1.2.840.10045.2.1", Some(curve)) => {
            let name = match curve.to_string().as_str() {
                "1.3.132.0.34" => "a P-384 key".to_owned(),
                "1.3.132.0.35" => "a P-521 key".to_owned(),
                "1.3.132.0.10" => "a secp256k1 key".to_owned(),
                other => format!("a key on the curve {other}"),
            };
            Found::Other(name)
        }
        ("1.3.101.113", _) => Found::Other("an Ed448 key".to_owned()),
        ("1.3.101.110", _) => Found::Other("an X25519 key".to_owned()),
        (other, _) => Found::Other(format!("a key of the algorithm {other}")),
    }
}
