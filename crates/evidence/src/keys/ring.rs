//! The four key files of a project.

use std::path::{Path, PathBuf};

use super::file::{self, Readers};
use super::{Entropy, KeyError, LogKey, LogName, LogVerifier, StatementKey, StatementVerifier};

const STATEMENT_PRIVATE: &str = "statement.pem";
const STATEMENT_PUBLIC: &str = "statement.pub";
const LOG_PRIVATE: &str = "log.pem";
const LOG_PUBLIC: &str = "log.pub";

/// The private keys of a project: one for statements, one for the log.
#[derive(Debug, Clone)]
pub struct KeyRing {
    /// Signs statements.
    pub statement: StatementKey,
    /// Signs the log's checkpoints.
    pub log: LogKey,
}

impl KeyRing {
    /// Makes new keys and writes `statement.pem`, `statement.pub`, `log.pem` and `log.pub` in a folder,
    /// the private ones readable by their owner only.
    ///
    /// # Errors
    /// [`KeyError::Exists`] when one of the files exists: keys are never overwritten.
    pub fn create(
        folder: &Path,
        name: &LogName,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, KeyError> {
        let ring = Self {
            statement: StatementKey::generate(entropy)?,
            log: LogKey::generate(name.clone(), entropy)?,
        };
        file::create_folder(folder)?;
        // Asked for all four first, so that a refusal leaves nothing half-made.
        for name in [STATEMENT_PRIVATE, STATEMENT_PUBLIC, LOG_PRIVATE, LOG_PUBLIC] {
            let path = folder.join(name);
            if path.symlink_metadata().is_ok() {
                return Err(KeyError::Exists { path });
            }
        }
        let write =
            |name: &str, text: &str, readers| file::create(&folder.join(name), text, readers);
        write(STATEMENT_PRIVATE, &ring.statement.to_pem()?, Readers::Owner)?;
        write(
            STATEMENT_PUBLIC,
            ring.statement.verifier().to_pem(),
            Readers::Everyone,
        )?;
        write(LOG_PRIVATE, &ring.log.to_pem()?, Readers::Owner)?;
        write(
            LOG_PUBLIC,
            &format!("{}\n", ring.log.verifier()),
            Readers::Everyone,
        )?;
        file::sync_folder(folder)?;
        Ok(ring)
    }

    /// Reads the keys of a folder.
    ///
    /// # Errors
    /// [`KeyError`] when a file is missing, exposed, of the wrong kind, or does not belong to its pair.
    pub fn load(folder: &Path) -> Result<Self, KeyError> {
        let path = |name: &str| -> PathBuf { folder.join(name) };
        let private = path(STATEMENT_PRIVATE);
        let statement = StatementKey::load(&private)?;
        let public = path(STATEMENT_PUBLIC);
        if StatementVerifier::load(&public)? != *statement.verifier() {
            return Err(KeyError::Mismatch { private, public });
        }
        let (private, public) = (path(LOG_PRIVATE), path(LOG_PUBLIC));
        let text = file::read_private(&private)?;
        let verifier = LogVerifier::load(&public)?;
        let log = LogKey::from_pem(verifier.name().clone(), &text)
            .map_err(|error| error.in_file(&private))?;
        if verifier != *log.verifier() {
            return Err(KeyError::Mismatch { private, public });
        }
        Ok(Self { statement, log })
    }
}

impl StatementKey {
    /// Reads a private key file, which only its owner may be able to read.
    ///
    /// # Errors
    /// [`KeyError`] when it is missing, exposed, or holds something else.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        Self::from_pem(&file::read_private(path)?).map_err(|error| error.in_file(path))
    }
}

impl StatementVerifier {
    /// Reads a public key file.
    ///
    /// # Errors
    /// [`KeyError`] when it is missing or holds something else.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        Self::from_pem(&file::read_public(path)?).map_err(|error| error.in_file(path))
    }
}

impl LogVerifier {
    /// Reads a file with one note verifier key.
    ///
    /// # Errors
    /// [`KeyError`] when it is missing or holds something else.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let text = file::read_public(path)?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        line.parse::<Self>().map_err(|error| error.in_file(path))
    }
}
