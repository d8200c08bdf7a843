//! Statements with their signatures: making and verifying them, with no log needed.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tutela_core::{Digest, Manifest};

use crate::canonical::{CanonicalError, canonical_json, is_canonical};
use crate::dsse::{Envelope, EnvelopeError};
use crate::keys::{KeyError, StatementKey};
use crate::statement::{MANIFEST_PREDICATE, STATEMENT_TYPE, Statement};
use crate::trust::SignerTrust;

/// A statement ready to be signed: its bytes will not change any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    payload: Vec<u8>,
    id: Digest,
    predicate_type: String,
}

/// A statement whose signatures have been verified.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified<P> {
    /// The digest of the statement's bytes: the evidence's name.
    pub id: Digest,
    /// What was signed.
    pub statement: Statement<P>,
    /// The ids of the trusted keys that signed, sorted.
    pub signers: Vec<String>,
}

/// Why a statement could not be signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// It has no canonical form.
    #[error("the statement has no canonical form")]
    Canonical(#[from] CanonicalError),
    /// The key cannot sign.
    #[error("the statement could not be signed")]
    Key(#[from] KeyError),
}

/// Why a statement cannot be relied on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// Its envelope or a signature is wrong.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// What was signed is not a statement in canonical form.
    #[error("the signed payload is not canonical JSON")]
    NotCanonical,
    /// What was signed is not the statement that was expected.
    #[error("the signed payload is not the expected statement: {0}")]
    Malformed(String),
    /// It is another kind of statement.
    #[error("the statement is a `{found}`; expected `{expected}`")]
    PredicateType {
        /// Which kind was expected.
        expected: String,
        /// Which kind it is.
        found: String,
    },
    /// Its subject and its predicate name different things.
    #[error("the statement's subject is not what its predicate describes")]
    Subject,
}

impl Draft {
    /// Fixes the bytes of a statement.
    ///
    /// # Errors
    /// [`CanonicalError`] when it has no canonical form.
    pub fn new<P: Serialize>(statement: &Statement<P>) -> Result<Self, CanonicalError> {
        let payload = canonical_json(statement)?;
        Ok(Self {
            id: Digest::of(&payload),
            payload,
            predicate_type: statement.predicate_type.clone(),
        })
    }

    /// Takes over the statement in an envelope, whoever signed it.
    ///
    /// # Errors
    /// [`StatementError`] when it is no statement in canonical form.
    pub(crate) fn of_envelope(envelope: &Envelope) -> Result<Self, StatementError> {
        let statement: Statement<serde_json::Value> = read_statement(envelope.payload())?;
        Ok(Self {
            id: envelope.id(),
            payload: envelope.payload().to_vec(),
            predicate_type: statement.predicate_type,
        })
    }

    /// The digest of the statement's bytes: the evidence's name.
    #[must_use]
    pub const fn id(&self) -> Digest {
        self.id
    }

    /// The statement's bytes.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Which predicate it is.
    #[must_use]
    pub fn predicate_type(&self) -> &str {
        &self.predicate_type
    }
}

/// Signs a statement and returns the envelope's bytes.
///
/// # Errors
/// [`SignError`] when it has no canonical form or the key cannot sign.
pub fn sign_statement<P: Serialize>(
    statement: &Statement<P>,
    key: &StatementKey,
) -> Result<Vec<u8>, SignError> {
    let payload = canonical_json(statement)?;
    Ok(Envelope::sign(payload, key)?.to_bytes())
}

/// Verifies an envelope and reads the statement in it, whatever its predicate type.
///
/// # Errors
/// [`StatementError`] when it cannot be relied on or is not a `Statement<P>`.
pub fn verify_statement<P: DeserializeOwned>(
    bytes: &[u8],
    trust: &SignerTrust,
) -> Result<Verified<P>, StatementError> {
    let envelope = Envelope::from_bytes(bytes)?;
    let signers = envelope.verify(trust)?;
    Ok(Verified {
        id: envelope.id(),
        statement: read_statement(envelope.payload())?,
        signers,
    })
}

/// Reads a statement whose signatures have been verified already.
pub(crate) fn read_statement<P: DeserializeOwned>(
    payload: &[u8],
) -> Result<Statement<P>, StatementError> {
    if !is_canonical(payload) {
        return Err(StatementError::NotCanonical);
    }
    let statement: Statement<P> = serde_json::from_slice(payload)
        .map_err(|error| StatementError::Malformed(error.to_string()))?;
    if statement.statement_type == STATEMENT_TYPE {
        Ok(statement)
    } else {
        Err(StatementError::Malformed(format!(
            "its type is `{}`",
            tutela_core::escape(&statement.statement_type, 100)
        )))
    }
}

/// Signs a manifest and returns the envelope's bytes: a signature that needs no log.
///
/// # Errors
/// [`SignError`] when it has no canonical form or the key cannot sign.
pub fn sign_manifest(manifest: &Manifest, key: &StatementKey) -> Result<Vec<u8>, SignError> {
    sign_statement(&manifest_statement(manifest), key)
}

/// The statement that vouches for a manifest.
#[must_use]
pub fn manifest_statement(manifest: &Manifest) -> Statement<&Manifest> {
    Statement::new(
        &manifest.name,
        manifest.digest,
        MANIFEST_PREDICATE,
        manifest,
    )
}

/// Verifies a signed manifest and returns it with the ids of the trusted keys that signed.
///
/// # Errors
/// [`StatementError`] when it cannot be relied on or is no manifest.
pub fn verify_manifest(
    bytes: &[u8],
    trust: &SignerTrust,
) -> Result<(Manifest, Vec<String>), StatementError> {
    // Read as any statement first, so that another kind is called by its name.
    let any: Verified<serde_json::Value> = verify_statement(bytes, trust)?;
    expect_type(&any.statement.predicate_type, MANIFEST_PREDICATE)?;
    let verified: Verified<Manifest> = verify_statement(bytes, trust)?;
    let manifest = verified.statement.predicate;
    match verified.statement.subject.as_slice() {
        [subject] if subject.name == manifest.name && subject.digest.sha256 == manifest.digest => {
            Ok((manifest, verified.signers))
        }
        _ => Err(StatementError::Subject),
    }
}

fn expect_type(found: &str, expected: &str) -> Result<(), StatementError> {
    if found == expected {
        return Ok(());
    }
    Err(StatementError::PredicateType {
        expected: expected.to_owned(),
        found: tutela_core::escape(found, 200),
    })
}
