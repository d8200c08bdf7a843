//! in-toto Statement v1 (in-toto/attestation, `spec/v1/statement.md`).

use serde::{Deserialize, Serialize};
use tutela_core::Digest;

/// The type of every statement.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// The predicate of a check's result: `schemas/check-v1.json`.
pub const CHECK_PREDICATE: &str = "https://tutela.dev/check/v1";
/// The predicate of a signed manifest: `schemas/manifest-v1.json`.
pub const MANIFEST_PREDICATE: &str = "https://tutela.dev/manifest/v1";
/// The predicate of a baseline: `schemas/baseline-v1.json`.
pub const BASELINE_PREDICATE: &str = "https://tutela.dev/baseline/v1";
/// The predicate of a gate's decision (SLSA Verification Summary Attestation v1).
pub const VSA_PREDICATE: &str = "https://slsa.dev/verification_summary/v1";

/// A claim about subjects that are known by their digests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement<P> {
    /// Always [`STATEMENT_TYPE`].
    #[serde(rename = "_type")]
    pub statement_type: String,
    /// What the claim is about.
    pub subject: Vec<Subject>,
    /// Which predicate it is.
    pub predicate_type: String,
    /// The claim.
    pub predicate: P,
}

/// What a statement is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// The artifact's name.
    pub name: String,
    /// Its digest.
    pub digest: SubjectDigest,
}

/// A digest as in-toto writes it: hexadecimal under the algorithm's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectDigest {
    /// SHA-256.
    #[serde(with = "hex_digest")]
    pub sha256: Digest,
}

impl<P> Statement<P> {
    /// Makes a statement about one subject.
    #[must_use]
    pub fn new(name: &str, digest: Digest, predicate_type: &str, predicate: P) -> Self {
        Self {
            statement_type: STATEMENT_TYPE.to_owned(),
            subject: vec![Subject {
                name: name.to_owned(),
                digest: SubjectDigest { sha256: digest },
            }],
            predicate_type: predicate_type.to_owned(),
            predicate,
        }
    }
}

pub(crate) mod hex_digest {
    use serde::{Deserialize as _, Deserializer, Serializer};
    use tutela_core::Digest;

    pub(crate) fn serialize<S: Serializer>(
        digest: &Digest,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&digest.to_hex())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Digest, D::Error> {
        let hex = String::deserialize(deserializer)?;
        Digest::from_hex(&hex).map_err(serde::de::Error::custom)
    }
}
