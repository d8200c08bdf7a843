//! The decision as a SLSA Verification Summary Attestation, predicate v1 (specification 1.1).
//!
//! A consumer that knows nothing of Tutela reads `verificationResult`; ours reads the whole decision from an
//! extension field, whose name is a URI as the specification asks (*Parsing rules*).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tutela_core::{Digest, Timestamp};

use super::{Decision, Expected, Verdict};
use crate::{STATEMENT_TYPE, Statement, Subject, SubjectDigest, VSA_PREDICATE};

/// The name of the extension field that holds the whole decision: `schemas/decision-v1.json`.
pub const DECISION_FIELD: &str = "https://tutela.dev/decision/v1";
/// The version of the specification that the summary keeps to.
const SLSA_VERSION: &str = "1.1";
/// The gate verifies artifacts but judges no track of SLSA.
const NOT_EVALUATED: &str = "SLSA_BUILD_LEVEL_UNEVALUATED";
const FAILED: &str = "FAILED";

/// A verification summary. Unknown fields are ignored, as the specification demands of a reader.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vsa {
    /// Who decided.
    pub verifier: Verifier,
    /// When: the moment that counted as now.
    pub time_verified: Timestamp,
    /// What was decided about: the system.
    pub resource_uri: String,
    /// The policy that was applied.
    pub policy: PolicyDescriptor,
    /// All evidence that was relied on.
    pub input_attestations: Vec<InputAttestation>,
    /// Whether the gate allows; *incomplete* has not passed.
    pub verification_result: VerificationResult,
    /// `FAILED`, or that no SLSA level was judged.
    pub verified_levels: Vec<String>,
    /// The version of the specification.
    pub slsa_version: String,
    /// The whole decision.
    #[serde(rename = "https://tutela.dev/decision/v1")]
    pub decision: Decision,
}

/// Who decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verifier {
    /// A URI that names the verifier.
    pub id: String,
    /// Versions of its parts by name.
    pub version: BTreeMap<String, String>,
}

/// The policy that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyDescriptor {
    /// Where it stands.
    pub uri: String,
    /// Its digest.
    pub digest: SubjectDigest,
}

/// One piece of evidence that was relied on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputAttestation {
    /// The digest of its statement.
    pub digest: SubjectDigest,
}

/// Whether the gate allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum VerificationResult {
    /// It allows.
    Passed,
    /// It denies, or could not tell.
    Failed,
}

/// Why a statement is not the summary of one decision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VsaError {
    /// The statement is about something else.
    #[error("expected predicate type `{VSA_PREDICATE}`, found `{0}`")]
    OtherPredicate(String),
    /// The summary and the decision inside it say different things.
    #[error("the summary's `{0}` is not that of its decision")]
    Contradiction(&'static str),
}

impl Verifier {
    /// One program of one version.
    #[must_use]
    pub fn new(id: &str, component: &str, version: &str) -> Self {
        Self {
            id: id.to_owned(),
            version: BTreeMap::from([(component.to_owned(), version.to_owned())]),
        }
    }
}

impl Vsa {
    /// Summarises a decision.
    #[must_use]
    pub fn new(
        decision: Decision,
        verifier: Verifier,
        resource_uri: &str,
        policy_uri: &str,
    ) -> Self {
        let (verification_result, level) = result_of(decision.verdict);
        let input_attestations = decision.relied_on.iter().map(|id| InputAttestation {
            digest: SubjectDigest { sha256: *id },
        });
        Self {
            verifier,
            time_verified: decision.as_of,
            resource_uri: resource_uri.to_owned(),
            policy: PolicyDescriptor {
                uri: policy_uri.to_owned(),
                digest: SubjectDigest {
                    sha256: decision.policy,
                },
            },
            input_attestations: input_attestations.collect(),
            verification_result,
            verified_levels: vec![level.to_owned()],
            slsa_version: SLSA_VERSION.to_owned(),
            decision,
        }
    }

    /// Makes the statement: its subjects are the artifacts that were decided about, sorted.
    #[must_use]
    pub fn statement(self, expected: &[Expected]) -> Statement<Self> {
        let mut artifacts: Vec<(&str, Digest)> = expected
            .iter()
            .map(|artifact| (artifact.artifact.as_str(), artifact.digest))
            .collect();
        artifacts.sort_unstable();
        let subject = artifacts.into_iter().map(|(name, sha256)| Subject {
            name: name.to_owned(),
            digest: SubjectDigest { sha256 },
        });
        Statement {
            statement_type: STATEMENT_TYPE.to_owned(),
            subject: subject.collect(),
            predicate_type: VSA_PREDICATE.to_owned(),
            predicate: self,
        }
    }

    /// Takes the decision out of a statement whose signature was verified.
    ///
    /// # Errors
    /// [`VsaError`] when it is another statement, or says to others what its decision does not say.
    pub fn decision_of(statement: Statement<Self>) -> Result<Decision, VsaError> {
        if statement.predicate_type != VSA_PREDICATE {
            return Err(VsaError::OtherPredicate(statement.predicate_type));
        }
        statement.predicate.into_decision()
    }

    fn into_decision(self) -> Result<Decision, VsaError> {
        let decision = self.decision;
        let (result, level) = result_of(decision.verdict);
        let relied_on = self
            .input_attestations
            .iter()
            .map(|input| &input.digest.sha256);
        let agreements = [
            ("verificationResult", self.verification_result == result),
            ("verifiedLevels", self.verified_levels == [level]),
            ("timeVerified", self.time_verified == decision.as_of),
            ("policy", self.policy.digest.sha256 == decision.policy),
            ("inputAttestations", relied_on.eq(&decision.relied_on)),
            (
                "verdict",
                Verdict::of(&decision.reasons) == decision.verdict,
            ),
        ];
        let broken = agreements.into_iter().find(|(_, agrees)| !agrees);
        match broken {
            Some((field, _)) => Err(VsaError::Contradiction(field)),
            None => Ok(decision),
        }
    }
}

const fn result_of(verdict: Verdict) -> (VerificationResult, &'static str) {
    match verdict {
        Verdict::Allow => (VerificationResult::Passed, NOT_EVALUATED),
        Verdict::Deny | Verdict::Incomplete => (VerificationResult::Failed, FAILED),
    }
}
