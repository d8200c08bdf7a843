//! What the log holds of a statement: its digest, its type, and when it was logged.

use serde::{Deserialize, Serialize};
use tutela_core::{Digest, Timestamp};

use crate::canonical::{CanonicalError, canonical_json};

/// One entry of the log. It holds no personal data: a statement can be erased while the log stays whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The digest of the statement, in hexadecimal.
    #[serde(with = "crate::statement::hex_digest")]
    pub sha256: Digest,
    /// When it was logged.
    pub time: Timestamp,
    /// The statement's predicate type.
    #[serde(rename = "type")]
    pub predicate_type: String,
}

/// Bytes that are no entry of such a log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// Not an entry at all.
    #[error("not a log entry")]
    Malformed(#[source] serde_json::Error),
    /// The same entry would be written with other bytes.
    #[error("the log entry is not canonical JSON")]
    NotCanonical,
    /// It has no canonical form.
    #[error("the log entry has no canonical form")]
    Canonical(#[from] CanonicalError),
    /// Longer than the format of the log can hold.
    #[error("the log entry has {0} bytes; at most 65535 fit")]
    TooLong(usize),
}

impl Entry {
    /// The entry's bytes: canonical JSON.
    ///
    /// # Errors
    /// [`EntryError`] when it does not fit into a log.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EntryError> {
        let bytes = canonical_json(self)?;
        if bytes.len() > usize::from(u16::MAX) {
            return Err(EntryError::TooLong(bytes.len()));
        }
        Ok(bytes)
    }

    /// Reads an entry that is written exactly as [`to_bytes`](Self::to_bytes) writes it.
    ///
    /// # Errors
    /// [`EntryError`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EntryError> {
        let entry: Self = serde_json::from_slice(bytes).map_err(EntryError::Malformed)?;
        if entry.to_bytes()? == bytes {
            Ok(entry)
        } else {
            Err(EntryError::NotCanonical)
        }
    }
}
