//! DSSE envelopes (secure-systems-lab/dsse, version 1.0): a payload and the signatures over it.
//!
//! Reading is strict: an envelope has exactly one spelling, its canonical JSON, and each signature has one
//! spelling, so every changed byte is noticed. What is verified is the payload's bytes as they are, never
//! JSON written again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tutela_core::Digest;

use crate::keys::{KeyError, StatementKey};
use crate::trust::SignerTrust;

/// The type of every payload: an in-toto statement.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// The largest envelope that is read: findings are bounded, so a larger one is not ours.
pub const ENVELOPE_LIMIT: u64 = 64 * 1024 * 1024;
/// More signers than this on one statement is an attempt to waste time.
const SIGNATURE_LIMIT: usize = 64;

/// A payload and the signatures over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    payload: Vec<u8>,
    /// Sorted by key id, without doubles.
    signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Signature {
    key_id: String,
    der: Vec<u8>,
}

/// Why an envelope cannot be relied on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Longer than is read.
    #[error("the envelope has {size} bytes; at most {ENVELOPE_LIMIT} are read")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
    },
    /// Not an envelope.
    #[error("not a signed statement: {0}")]
    Malformed(String),
    /// The same envelope would be written with other bytes.
    #[error("the envelope is not written in its canonical form; it was changed after it was made")]
    NotCanonical,
    /// Another payload type than an in-toto statement.
    #[error("the payload type is `{0}`; expected `{PAYLOAD_TYPE}`")]
    PayloadType(String),
    /// A signature of a trusted key is wrong.
    #[error("the signature of the trusted key {key} does not fit the statement")]
    BadSignature {
        /// The key's id.
        key: String,
    },
    /// Fewer trusted keys signed than are needed.
    #[error("signed by {found} trusted keys; {needed} needed")]
    TooFew {
        /// How many trusted keys signed.
        found: usize,
        /// How many are needed.
        needed: usize,
    },
}

/// How an envelope is spelled. The fields are in canonical order, and all values are plain ASCII.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    payload: String,
    payload_type: String,
    signatures: Vec<WrittenSignature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSignature {
    keyid: String,
    sig: String,
}

/// The bytes that are signed: DSSE's pre-authentication encoding, version 1.
#[must_use]
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    )
    .into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

impl Envelope {
    /// Signs a payload.
    ///
    /// # Errors
    /// [`KeyError`] when the key cannot sign.
    pub fn sign(payload: Vec<u8>, key: &StatementKey) -> Result<Self, KeyError> {
        let mut envelope = Self {
            payload,
            signatures: Vec::new(),
        };
        envelope.add_signature(key)?;
        Ok(envelope)
    }

    /// Adds the signature of one more key; replaces one that this key made before.
    ///
    /// # Errors
    /// [`KeyError`] when the key cannot sign.
    pub fn add_signature(&mut self, key: &StatementKey) -> Result<(), KeyError> {
        let signature = Signature {
            key_id: key.verifier().id().to_owned(),
            der: key.sign(&pae(PAYLOAD_TYPE, &self.payload))?,
        };
        self.signatures
            .retain(|other| other.key_id != signature.key_id);
        self.signatures.push(signature);
        self.signatures.sort();
        Ok(())
    }

    /// Adds the signatures of another envelope around the same payload; one of a key that signed here too
    /// replaces the one that is here.
    pub(crate) fn join(&mut self, other: &Self) {
        for signature in &other.signatures {
            self.signatures
                .retain(|known| known.key_id != signature.key_id);
            self.signatures.push(signature.clone());
        }
        self.signatures.sort();
    }

    /// The payload's bytes.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The digest of the payload: the name of the evidence.
    #[must_use]
    pub fn id(&self) -> Digest {
        Digest::of(&self.payload)
    }

    /// The ids of all keys that claim to have signed; verify before believing.
    pub fn claimed_signers(&self) -> impl Iterator<Item = &str> {
        self.signatures
            .iter()
            .map(|signature| signature.key_id.as_str())
    }

    /// Writes the envelope as canonical JSON.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let written = Written {
            payload: STANDARD.encode(&self.payload),
            payload_type: PAYLOAD_TYPE.to_owned(),
            signatures: self
                .signatures
                .iter()
                .map(|signature| WrittenSignature {
                    keyid: signature.key_id.clone(),
                    sig: STANDARD.encode(&signature.der),
                })
                .collect(),
        };
        // Strings in structs always have a form in JSON.
        serde_json::to_vec(&written).unwrap_or_default()
    }

    /// Reads an envelope that is written exactly as [`to_bytes`](Self::to_bytes) writes it.
    ///
    /// # Errors
    /// [`EnvelopeError`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        if bytes.len() as u64 > ENVELOPE_LIMIT {
            return Err(EnvelopeError::TooLarge { size: bytes.len() });
        }
        let malformed = |error: String| EnvelopeError::Malformed(error);
        let written: Written =
            serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
        if written.payload_type != PAYLOAD_TYPE {
            let shown = tutela_core::escape(&written.payload_type, 100);
            return Err(EnvelopeError::PayloadType(shown));
        }
        if written.signatures.len() > SIGNATURE_LIMIT {
            return Err(malformed(format!(
                "{} signatures; at most {SIGNATURE_LIMIT} are read",
                written.signatures.len()
            )));
        }
        let decode = |text: &str| {
            STANDARD
                .decode(text)
                .map_err(|error| malformed(error.to_string()))
        };
        let envelope = Self {
            payload: decode(&written.payload)?,
            signatures: written
                .signatures
                .into_iter()
                .map(|signature| {
                    Ok(Signature {
                        der: decode(&signature.sig)?,
                        key_id: signature.keyid,
                    })
                })
                .collect::<Result<_, _>>()?,
        };
        let sorted = envelope
            .signatures
            .is_sorted_by(|left, right| left.key_id < right.key_id);
        if sorted && envelope.to_bytes() == bytes {
            Ok(envelope)
        } else {
            Err(EnvelopeError::NotCanonical)
        }
    }

    /// Verifies the signatures and returns the ids of the trusted keys that signed, sorted.
    ///
    /// Signatures of keys that are not trusted are not looked at, so that a statement can be signed by
    /// more people than each reader knows; a wrong signature of a trusted key refuses the whole.
    ///
    /// # Errors
    /// [`EnvelopeError`] when a trusted key's signature is wrong or too few trusted keys signed.
    pub fn verify(&self, trust: &SignerTrust) -> Result<Vec<String>, EnvelopeError> {
        let message = pae(PAYLOAD_TYPE, &self.payload);
        let mut signers = Vec::new();
        for signature in &self.signatures {
            let Some(key) = trust.key(&signature.key_id) else {
                continue;
            };
            if !key.verifies_strictly(&message, &signature.der) {
                return Err(EnvelopeError::BadSignature {
                    key: signature.key_id.clone(),
                });
            }
            signers.push(signature.key_id.clone());
        }
        if signers.len() < trust.signatures() {
            return Err(EnvelopeError::TooFew {
                found: signers.len(),
                needed: trust.signatures(),
            });
        }
        Ok(signers)
    }
}
