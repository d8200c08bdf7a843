//! One piece of evidence verified with its proof alone: what an auditor does with two files and two keys.

use crate::keys::LogVerifier;
use crate::log::{Checkpoint, CheckpointError, Logged, ProofError, TlogProof};
use crate::signed::{StatementError, Verified, verify_statement};
use crate::trust::Trust;

/// Evidence that has been verified with its proof alone.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifiedEvidence {
    /// The statement and who signed it.
    pub signed: Verified<serde_json::Value>,
    /// Its place in the log.
    pub logged: Logged,
}

/// Why one piece of evidence cannot be relied on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// The statement or its signatures.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The proof that it is in the log.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

/// Verifies one piece of evidence with its proof, with no log at hand.
///
/// # Errors
/// [`EvidenceError`] when the statement, a signature or the proof cannot be relied on.
pub fn verify_evidence(
    envelope: &[u8],
    proof: &[u8],
    trust: &Trust,
) -> Result<VerifiedEvidence, EvidenceError> {
    verify_with(envelope, proof, trust, &|note, verifier| {
        Checkpoint::open(note, verifier)
    })
}

/// How a checkpoint is opened; many proofs share one, and its signature needs to be verified once.
pub(super) type OpenCheckpoint<'a> =
    &'a (dyn Fn(&str, &LogVerifier) -> Result<Checkpoint, CheckpointError> + Sync);

pub(super) fn verify_with(
    envelope: &[u8],
    proof: &[u8],
    trust: &Trust,
    open: OpenCheckpoint<'_>,
) -> Result<VerifiedEvidence, EvidenceError> {
    let signed: Verified<serde_json::Value> = verify_statement(envelope, &trust.signers)?;
    let text =
        std::str::from_utf8(proof).map_err(|_error| ProofError::Malformed("it is not UTF-8"))?;
    let proof = TlogProof::from_text(text)?;
    let checkpoint = open(proof.checkpoint_note(), &trust.log).map_err(ProofError::Checkpoint)?;
    let logged = proof.verify_in(checkpoint)?;
    let same = logged.entry.sha256 == signed.id
        && logged.entry.predicate_type == signed.statement.predicate_type;
    if !same {
        return Err(ProofError::OtherStatement.into());
    }
    Ok(VerifiedEvidence { signed, logged })
}
