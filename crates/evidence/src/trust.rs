//! Whose word counts.

use std::collections::BTreeMap;

use crate::keys::{LogVerifier, StatementVerifier};

/// Whose signatures on statements count, and how many are needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerTrust {
    keys: BTreeMap<String, StatementVerifier>,
    signatures: usize,
}

/// Whose signatures count: on statements, and on the log's checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// The signers of statements.
    pub signers: SignerTrust,
    /// The log.
    pub log: LogVerifier,
}

/// A demand for signatures that nothing could or everything would meet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{needed} signatures of {keys} trusted keys are demanded; expected at least 1 and at most as many as there are keys"
)]
pub struct TrustError {
    /// How many signatures are demanded.
    pub needed: u32,
    /// How many different keys are trusted.
    pub keys: usize,
}

impl SignerTrust {
    /// Trusts these keys when so many different ones of them signed.
    ///
    /// # Errors
    /// [`TrustError`] when no signature or more than there are keys would be needed.
    pub fn new(
        keys: impl IntoIterator<Item = StatementVerifier>,
        signatures: u32,
    ) -> Result<Self, TrustError> {
        let keys: BTreeMap<String, StatementVerifier> = keys
            .into_iter()
            .map(|key| (key.id().to_owned(), key))
            .collect();
        let wrong = TrustError {
            needed: signatures,
            keys: keys.len(),
        };
        match usize::try_from(signatures) {
            Ok(signatures) if (1..=keys.len()).contains(&signatures) => {
                Ok(Self { keys, signatures })
            }
            Ok(_) | Err(_) => Err(wrong),
        }
    }

    /// Trusts one key.
    #[must_use]
    pub fn one(key: &StatementVerifier) -> Self {
        Self {
            keys: BTreeMap::from([(key.id().to_owned(), key.clone())]),
            signatures: 1,
        }
    }

    /// How many different trusted keys must have signed.
    #[must_use]
    pub const fn signatures(&self) -> usize {
        self.signatures
    }

    /// The trusted keys, sorted by id.
    pub fn keys(&self) -> impl Iterator<Item = &StatementVerifier> {
        self.keys.values()
    }

    /// The trusted key of this id.
    pub(crate) fn key(&self, id: &str) -> Option<&StatementVerifier> {
        self.keys.get(id)
    }
}
