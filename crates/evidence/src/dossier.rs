//! Evidence that has been verified, ready for the gate and the reports.

use tutela_core::{Digest, Manifest, Timestamp};

use crate::CheckPredicate;
use crate::gate::Decision;

/// Everything that is known about a system from evidence, and nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct Dossier {
    /// The system's name.
    pub system: String,
    /// The moment that counts as now.
    pub as_of: Timestamp,
    /// Results of checks, sorted by artifact, then by check.
    pub checks: Vec<Evidence<CheckPredicate>>,
    /// Signed manifests, sorted by artifact.
    pub manifests: Vec<Evidence<Manifest>>,
    /// The gate's decision, when there is one.
    pub decision: Option<Evidence<Decision>>,
    /// Evidence that was there but could not be relied on.
    pub refused: Vec<Refused>,
    /// The transparency log, when the evidence is logged.
    pub log: Option<LogState>,
}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence<P> {
    /// The digest of the statement: the evidence's name. Of a result that is [undigested](Standing::Undigested), a name
    /// in this run only.
    pub id: Digest,
    /// The digest of what it is about; likewise.
    pub subject: Digest,
    /// The claim.
    pub predicate: P,
    /// How far it can be relied on.
    pub standing: Standing,
}

/// How far evidence can be relied on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Signed by trusted keys, and in the log.
    Verified {
        /// The ids of the trusted keys that signed, sorted, without doubles.
        signers: Vec<String>,
        /// Its place in the log.
        index: u64,
    },
    /// Made in this run and signed by nobody (`tutela scan`). Never enough for a gate.
    Unsigned,
    /// As [unsigned](Self::Unsigned), about an artifact of which no digest was taken, since no output names one.
    Undigested,
}

/// Evidence that was there but could not be relied on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refused {
    /// The file, relative to the project.
    pub file: String,
    /// Why it was refused.
    pub why: String,
}

/// The state of the transparency log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogState {
    /// The log's name.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// The root of its tree.
    pub root: Digest,
}
