//! Signed evidence: statements, keys, the transparency log, and the gate that reads them.
//!
//! The flow inside this crate: a check's [`Record`](tutela_core::Record) becomes a [`CheckPredicate`] in an
//! in-toto [`Statement`]; the statement is signed (DSSE), its digest is logged, and the envelope is stored
//! beside its proof. Reading goes the other way: only what verifies becomes part of a [`Dossier`], and the
//! gate and the reports know nothing but a dossier.

mod canonical;
mod dossier;
mod dsse;
pub mod gate;
pub mod keys;
pub mod log;
mod predicate;
mod signed;
mod statement;
mod store;
mod trust;

pub use canonical::{CanonicalError, canonical_json};
pub use dossier::{Dossier, Evidence, LogState, Refused, Standing};
pub use dsse::{ENVELOPE_LIMIT, Envelope, EnvelopeError, PAYLOAD_TYPE, pae};
pub use predicate::{
    ArtifactRecord, CheckPredicate, CheckRecord, Configuration, Run, SelfTest, Tool,
};
pub use signed::{
    Draft, SignError, StatementError, Verified, manifest_statement, sign_manifest, sign_statement,
    verify_manifest, verify_statement,
};
pub use statement::{
    BASELINE_PREDICATE, CHECK_PREDICATE, MANIFEST_PREDICATE, STATEMENT_TYPE, Statement, Subject,
    SubjectDigest, VSA_PREDICATE,
};
pub use store::{EvidenceError, Recorded, Store, StoreError, VerifiedEvidence, verify_evidence};
pub use trust::{SignerTrust, Trust, TrustError};
