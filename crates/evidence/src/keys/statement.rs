//! ECDSA P-256 keys that sign statements.

use std::fmt;

use p256::SecretKey;
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::pkcs8::{
    DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _,
    LineEnding,
};
use tutela_core::Digest;
use zeroize::Zeroizing;

use super::pem::{Found, Half, block, expect};
use super::{Entropy, KeyError};

const PRIVATE: &str = "a P-256 private key";
const PUBLIC: &str = "a P-256 public key";

/// A private key that signs statements. It is wiped when dropped, and printing it shows its id only.
#[derive(Clone)]
pub struct StatementKey {
    key: SigningKey,
    verifier: StatementVerifier,
}

/// A public key that verifies statements.
#[derive(Clone, PartialEq, Eq)]
pub struct StatementVerifier {
    key: VerifyingKey,
    pem: String,
    id: String,
}

impl StatementKey {
    /// Makes a new key.
    ///
    /// # Errors
    /// [`KeyError::Entropy`] when there is no randomness.
    pub fn generate(entropy: &mut dyn Entropy) -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0_u8; 32]);
        // A draw is outside the group once in 2^32 times; a source that never succeeds is broken.
        for _ in 0..64 {
            entropy
                .fill(seed.as_mut_slice())
                .map_err(KeyError::Entropy)?;
            if let Ok(secret) = SecretKey::from_slice(seed.as_slice()) {
                return Self::of(&secret);
            }
        }
        Err(KeyError::Entropy(std::io::Error::other(
            "every draw was out of range",
        )))
    }

    /// Reads a private key from PEM: PKCS#8, or SEC1 as `openssl ecparam` writes it.
    ///
    /// # Errors
    /// [`KeyError`] that says what the text holds instead.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let text = block(text);
        expect(text, &Found::P256, Half::Private, PRIVATE)?;
        let secret = if text.contains("-----BEGIN EC PRIVATE KEY-----") {
            SecretKey::from_sec1_pem(text).map_err(|error| malformed(PRIVATE, error))
        } else {
            SecretKey::from_pkcs8_pem(text).map_err(|error| malformed(PRIVATE, error))
        };
        Self::of(&secret?)
    }

    /// Writes the private key as PKCS#8 PEM.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] when the key cannot be encoded, which does not happen to a key that was made.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        self.key
            .to_pkcs8_pem(LineEnding::LF)
            .map_err(|error| malformed(PRIVATE, error))
    }

    /// The public half.
    #[must_use]
    pub const fn verifier(&self) -> &StatementVerifier {
        &self.verifier
    }

    /// Signs a message: ECDSA with SHA-256, deterministic (RFC 6979), the lower of the two equivalent
    /// signatures, in DER. That is what `model-signing` verifies.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] when the library refuses, which does not happen to a key that was made.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signature: Signature = self
            .key
            .try_sign(message)
            .map_err(|error| malformed(PRIVATE, error))?;
        Ok(signature.normalize_s().to_der().as_bytes().to_vec())
    }

    fn of(secret: &SecretKey) -> Result<Self, KeyError> {
        let key = SigningKey::from(secret);
        let verifier = StatementVerifier::of(*key.verifying_key())?;
        Ok(Self { key, verifier })
    }
}

impl StatementVerifier {
    /// Reads a public key from PEM (`SubjectPublicKeyInfo`).
    ///
    /// # Errors
    /// [`KeyError`] that says what the text holds instead.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        expect(text, &Found::P256, Half::Public, PUBLIC)?;
        let key =
            VerifyingKey::from_public_key_pem(text).map_err(|error| malformed(PUBLIC, error))?;
        Self::of(key)
    }

    /// The public key as PEM, with its final newline.
    #[must_use]
    pub fn to_pem(&self) -> &str {
        &self.pem
    }

    /// The hexadecimal SHA-256 of the PEM text: the hint that `model-signing` uses.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Verifies a signature in DER, made with ECDSA and SHA-256 by any implementation.
    #[must_use]
    pub fn verifies(&self, message: &[u8], der: &[u8]) -> bool {
        Signature::from_der(der).is_ok_and(|signature| self.key.verify(message, &signature).is_ok())
    }

    /// Like [`verifies`](Self::verifies), and the signature is written in the one way that
    /// [`StatementKey::sign`] writes it, so that no other bytes mean the same signature.
    #[must_use]
    pub fn verifies_strictly(&self, message: &[u8], der: &[u8]) -> bool {
        Signature::from_der(der).is_ok_and(|signature| {
            signature.normalize_s().to_der().as_bytes() == der
                && self.key.verify(message, &signature).is_ok()
        })
    }

    fn of(key: VerifyingKey) -> Result<Self, KeyError> {
        let pem = key
            .to_public_key_pem(LineEnding::LF)
            .map_err(|error| malformed(PUBLIC, error))?;
        let id = Digest::of(pem.as_bytes()).to_hex();
        Ok(Self { key, pem, id })
    }
}

fn malformed(expected: &'static str, error: impl fmt::Display) -> KeyError {
    KeyError::Malformed {
        expected,
        why: error.to_string(),
    }
}

impl fmt::Debug for StatementKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StatementKey({})", self.verifier.id)
    }
}

impl fmt::Debug for StatementVerifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StatementVerifier({})", self.id)
    }
}
