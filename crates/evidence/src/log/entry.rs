//! What the log holds of a statement: its digest, its type, and when it was logged.

use serde::{Deserialize, Serialize};
use tutela_core::{Digest, Timestamp};

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
    /// JSON cannot express it.
    #[error("the log entry has no form in JSON")]
    Unwritable(#[source] serde_json::Error),
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
        // The fields are in canonical order and strings have one spelling, so this is RFC 8785 already;
        // a test compares it with the general way, which is ten times slower.
        let bytes = serde_json::to_vec(self).map_err(EntryError::Unwritable)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::canonical_json;

    #[test]
    fn written_as_canonical_json() {
        let kinds = [
            "https://tutela.dev/check/v1",
            "a\"b\\c\u{8}\u{c}\n\r\t\u{1}\u{7f}\u{2028}é😀/",
        ];
        for kind in kinds {
            let entry = Entry {
                sha256: Digest::of(b"x"),
                time: Timestamp::from_seconds(0),
                predicate_type: kind.to_owned(),
            };
            let bytes = entry.to_bytes().unwrap();
            assert_eq!(bytes, canonical_json(&entry).unwrap());
            assert_eq!(Entry::from_bytes(&bytes).unwrap(), entry);
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        let entry = Entry {
            sha256: Digest::of(b"x"),
            time: Timestamp::from_seconds(0),
            predicate_type: "t".repeat(70_000),
        };
        assert!(matches!(entry.to_bytes(), Err(EntryError::TooLong(_))));
        let hex = Digest::of(b"").to_hex();
        for text in [
            String::new(),
            "{}".to_owned(),
            format!(r#"{{"time":"1970-01-01T00:00:00Z","sha256":"{hex}","type":"t"}}"#),
            format!(r#"{{"sha256":"{hex}","time":"1970-01-01","type":"t"}}"#),
            format!(r#"{{"sha256":"{hex}","time":"1970-01-01T00:00:00Z","type":"t","x":1}}"#),
        ] {
            assert!(Entry::from_bytes(text.as_bytes()).is_err(), "{text}");
        }
    }
}
