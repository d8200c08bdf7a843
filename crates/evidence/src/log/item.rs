//! What goes into an append, and what comes out.

use tutela_core::{Digest, Timestamp};

/// A statement to be logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The digest of the statement.
    pub statement: Digest,
    /// Its predicate type.
    pub predicate_type: String,
}

/// When entries are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The moment that counts as now.
    pub now: Timestamp,
    /// What to do when the last entry is later than that.
    pub backdating: Backdating,
}

/// What to do when the last entry of the log is later than now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backdating {
    /// Refuse: the clock was set back.
    Refused,
    /// Log it all the same: `--as-of` says which moment counts.
    Allowed,
}

/// Where a statement is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// The index of its entry.
    pub index: u64,
    /// Whether this call appended it; otherwise it was there before.
    pub new: bool,
}
