//! Checkpoints (c2sp.org/tlog-checkpoint): what a log has signed about its size and its root.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tutela_core::Digest;

use super::note::{self, NoteError};
use crate::keys::{LogKey, LogName, LogVerifier};

/// A checkpoint whose signature has been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: LogName,
    size: u64,
    root: Digest,
    note: String,
}

/// Why a checkpoint cannot be relied on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The note or its signature is wrong.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Signed, but no checkpoint.
    #[error("not a checkpoint: {0}")]
    Malformed(&'static str),
    /// The checkpoint of another log.
    #[error("the checkpoint is of the log `{found}`; expected `{expected}`")]
    Origin {
        /// The log that was expected.
        expected: String,
        /// The log it is of.
        found: String,
    },
}

impl Checkpoint {
    /// Signs a tree's size and root. The caller vouches that the key never signed anything inconsistent.
    pub(crate) fn sign(size: u64, root: Digest, key: &LogKey) -> Self {
        let origin = key.verifier().name().clone();
        let text = format!("{origin}\n{size}\n{}\n", STANDARD.encode(root.as_bytes()));
        Self {
            note: note::sign(&text, key),
            origin,
            size,
            root,
        }
    }

    /// Verifies a checkpoint's signature and reads it.
    ///
    /// # Errors
    /// [`CheckpointError`] when it cannot be relied on.
    pub fn open(note: &str, verifier: &LogVerifier) -> Result<Self, CheckpointError> {
        let malformed = CheckpointError::Malformed;
        let text = note::open(note, verifier)?;
        let mut lines = text.split_terminator('\n');
        let (Some(origin), Some(size), Some(root), None) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(malformed("expected three lines"));
        };
        if origin != verifier.name().as_str() {
            return Err(CheckpointError::Origin {
                expected: verifier.name().to_string(),
                found: tutela_core::escape(origin, 200),
            });
        }
        let size = decimal(size).ok_or(malformed("the size is not a number"))?;
        let root = hash(root).ok_or(malformed("the root is not a hash"))?;
        Ok(Self {
            origin: verifier.name().clone(),
            size,
            root,
            note: note.to_owned(),
        })
    }

    /// The log's name.
    #[must_use]
    pub const fn origin(&self) -> &LogName {
        &self.origin
    }

    /// How many entries the tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree.
    #[must_use]
    pub const fn root(&self) -> Digest {
        self.root
    }

    /// The signed note, as it was read or made.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }
}

/// A decimal number written in the one allowed way.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// A hash written in base64.
pub(super) fn hash(text: &str) -> Option<Digest> {
    let bytes = <[u8; 32]>::try_from(STANDARD.decode(text).ok()?).ok()?;
    Some(Digest::from_bytes(bytes))
}
