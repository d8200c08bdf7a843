//! Ed25519 keys that sign the log's checkpoints (c2sp.org/signed-note, signature type 0x01).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, KeypairBytes};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use p256::pkcs8::LineEnding;
use tutela_core::Digest;
use zeroize::Zeroizing;

use super::pem::{Found, Half, expect};
use super::{Entropy, KeyError};

const PRIVATE: &str = "an Ed25519 private key";
const VERIFIER: &str = "a note verifier key";
/// The signature type of Ed25519 in signed notes.
const ED25519: u8 = 0x01;
/// A name is one line of a checkpoint; nothing sensible is longer.
const NAME_LIMIT: usize = 255;

/// The name of a log: the origin line of its checkpoints.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogName(String);

/// A private key that signs checkpoints. It is wiped when dropped, and printing it shows its name only.
#[derive(Clone)]
pub struct LogKey {
    key: SigningKey,
    verifier: LogVerifier,
}

/// A public key that verifies checkpoints, written `name+hash+base64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogVerifier {
    name: LogName,
    key: VerifyingKey,
    hash: [u8; 4],
}

impl LogName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LogName {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let allowed = |character: char| {
            !character.is_whitespace() && !character.is_control() && character != '+'
        };
        if text.is_empty() || text.len() > NAME_LIMIT || !text.chars().all(allowed) {
            return Err(KeyError::Name {
                name: tutela_core::escape(text, NAME_LIMIT),
            });
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for LogName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl LogKey {
    /// Makes a new key for the log of this name.
    ///
    /// # Errors
    /// [`KeyError::Entropy`] when there is no randomness.
    pub fn generate(name: LogName, entropy: &mut dyn Entropy) -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0_u8; 32]);
        entropy
            .fill(seed.as_mut_slice())
            .map_err(KeyError::Entropy)?;
        Ok(Self::of(name, SigningKey::from_bytes(&seed)))
    }

    /// Reads a private key from PKCS#8 PEM.
    ///
    /// # Errors
    /// [`KeyError`] that says what the text holds instead.
    pub fn from_pem(name: LogName, text: &str) -> Result<Self, KeyError> {
        expect(text, &Found::Ed25519, Half::Private, PRIVATE)?;
        let key = SigningKey::from_pkcs8_pem(text).map_err(|error| KeyError::Malformed {
            expected: PRIVATE,
            why: error.to_string(),
        })?;
        Ok(Self::of(name, key))
    }

    /// Writes the private key as PKCS#8 PEM.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] when the key cannot be encoded, which does not happen to a key that was made.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        // Without the public half: OpenSSL reads only that older form.
        let bytes = KeypairBytes {
            secret_key: self.key.to_bytes(),
            public_key: None,
        };
        bytes
            .to_pkcs8_pem(LineEnding::LF)
            .map_err(|error| KeyError::Malformed {
                expected: PRIVATE,
                why: error.to_string(),
            })
    }

    /// The public half.
    #[must_use]
    pub const fn verifier(&self) -> &LogVerifier {
        &self.verifier
    }

    /// Signs the text of a note.
    pub(crate) fn sign(&self, text: &[u8]) -> [u8; 64] {
        self.key.sign(text).to_bytes()
    }

    fn of(name: LogName, key: SigningKey) -> Self {
        let verifier = LogVerifier::of(name, key.verifying_key());
        Self { key, verifier }
    }
}

impl LogVerifier {
    /// The log's name.
    #[must_use]
    pub const fn name(&self) -> &LogName {
        &self.name
    }

    /// The four bytes by which a signature line names its key.
    pub(crate) const fn hash(&self) -> [u8; 4] {
        self.hash
    }

    /// Verifies a signature over the text of a note.
    pub(crate) fn verifies(&self, text: &[u8], signature: &[u8; 64]) -> bool {
        // Strict: refuses the malleable and small-order signatures that RFC 8032 leaves open.
        self.key
            .verify_strict(text, &Signature::from_bytes(signature))
            .is_ok()
    }

    fn of(name: LogName, key: VerifyingKey) -> Self {
        let mut text = name.as_str().as_bytes().to_vec();
        text.extend([b'\n', ED25519]);
        text.extend(key.as_bytes());
        let digest = Digest::of(&text);
        let [first, second, third, fourth, ..] = *digest.as_bytes();
        Self {
            name,
            key,
            hash: [first, second, third, fourth],
        }
    }
}

impl fmt::Display for LogVerifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![ED25519];
        key.extend(self.key.as_bytes());
        let hash = u32::from_be_bytes(self.hash);
        write!(
            formatter,
            "{}+{hash:08x}+{}",
            self.name,
            STANDARD.encode(key)
        )
    }
}

impl FromStr for LogVerifier {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let malformed = |why: &str| KeyError::Malformed {
            expected: VERIFIER,
            why: why.to_owned(),
        };
        if text.contains("-----BEGIN ") {
            return Err(KeyError::WrongType {
                expected: VERIFIER,
                found: "a PEM file".to_owned(),
            });
        }
        let shape = || malformed("expected `name+hash+base64`");
        // Base64 may hold a `+`, the name and the hash may not.
        let (name, rest) = text.split_once('+').ok_or_else(shape)?;
        let (_, base64) = rest.split_once('+').ok_or_else(shape)?;
        let bytes = STANDARD
            .decode(base64)
            .map_err(|error| malformed(&error.to_string()))?;
        let (kind, key) = bytes.split_first().ok_or_else(shape)?;
        if *kind != ED25519 {
            return Err(KeyError::WrongType {
                expected: VERIFIER,
                found: format!("a verifier of signature type {kind:#04x}"),
            });
        }
        let key = <[u8; 32]>::try_from(key)
            .ok()
            .and_then(|key| VerifyingKey::from_bytes(&key).ok())
            .filter(|key| !key.is_weak())
            .ok_or_else(|| malformed("the key is not a point of the curve"))?;
        let verifier = Self::of(name.parse()?, key);
        // One spelling only: this also refuses a hash that is not the key's.
        if verifier.to_string() == text {
            Ok(verifier)
        } else {
            Err(malformed("the hash does not belong to the key"))
        }
    }
}

impl fmt::Debug for LogKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "LogKey({})", self.verifier)
    }
}
