//! Signed evidence: statements, keys, the transparency log, and the gate that reads them.
//!
//! The flow inside this crate: a check's [`Record`](tutela_core::Record) becomes a [`CheckPredicate`] in an
//! in-toto [`Statement`]; the statement is signed (DSSE), its digest is logged, and the envelope is stored
//! beside its proof. Reading goes the other way: only what verifies becomes part of a [`Dossier`], and the
//! gate and the reports know nothing but a dossier.

mod dossier;
pub mod gate;
mod predicate;
mod statement;

pub use dossier::{Dossier, Evidence, LogState, Refused, Standing};
pub use predicate::{ArtifactRecord, CheckPredicate, CheckRecord, Configuration, SelfTest, Tool};
pub use statement::{
    BASELINE_PREDICATE, CHECK_PREDICATE, MANIFEST_PREDICATE, STATEMENT_TYPE, Statement, Subject,
    SubjectDigest, VSA_PREDICATE,
};
