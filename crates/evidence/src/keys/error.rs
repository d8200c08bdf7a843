//! What can be wrong with a key or its file.

use std::io;
use std::path::PathBuf;

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// There is no such file.
    #[error("key file `{}` does not exist", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A new key would replace an old one.
    #[error("key file `{}` exists already; keys are never overwritten", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file could not be read.
    #[error("cannot read key file `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A file could not be written.
    #[error("cannot write key file `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// Others than the owner may read a private key.
    #[error("private key `{}` can be read by others (mode {mode:04o})", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file holds something that cannot be used.
    #[error("key file `{}` cannot be used", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<Self>,
    },
    /// It is another kind of key.
    #[error("expected {expected}, found {found}")]
    WrongType {
        /// What was expected, with its article.
        expected: &'static str,
        /// What it is, with its article.
        found: String,
    },
    /// It is protected by a passphrase.
    #[error("the private key is encrypted with a passphrase")]
    Encrypted,
    /// It is damaged, or no key at all.
    #[error("not {expected}: {why}")]
    Malformed {
        /// What was expected, with its article.
        expected: &'static str,
        /// What is wrong.
        why: String,
    },
    /// A public key does not belong to the private key beside it.
    #[error("`{}` does not belong to `{}`", public.display(), private.display())]
    Mismatch {
        /// The file with the private key.
        private: PathBuf,
        /// The file with the public key.
        public: PathBuf,
    },
    /// A log's name has forbidden characters.
    #[error("`{name}` cannot name a log; expected text without spaces, `+` and control characters")]
    Name {
        /// The name.
        name: String,
    },
    /// No randomness for a new key.
    #[error("no randomness for a new key")]
    Entropy(#[source] io::Error),
}

impl KeyError {
    /// What to do about it, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { .. } => Some("`tutela init` makes keys".to_owned()),
            Self::Exists { path } => Some(format!(
                "move `{}` away first if you really want a new key; evidence signed with the old one \
                 stays valid only while its public key is trusted",
                path.display()
            )),
            Self::Exposed { path, .. } => Some(format!(
                "run `chmod 600 {}`; if others could have read it, make a new key",
                path.display()
            )),
            Self::Encrypted => Some(
                "decrypt it with `openssl pkcs8 -in KEY -out PLAIN` and keep the result readable only \
                 by you"
                    .to_owned(),
            ),
            Self::WrongType { .. } => Some(
                "statements are signed with ECDSA P-256, the log with Ed25519; check that the two \
                 files are not swapped"
                    .to_owned(),
            ),
            Self::File { source, path } => match source.as_ref() {
                Self::Encrypted => Some(format!(
                    "decrypt it with `openssl pkcs8 -in {} -out PLAIN` and keep the result readable \
                     only by you",
                    path.display()
                )),
                other => other.hint(),
            },
            Self::Read { .. }
            | Self::Write { .. }
            | Self::Malformed { .. }
            | Self::Mismatch { .. }
            | Self::Name { .. }
            | Self::Entropy(_) => None,
        }
    }

    /// Says in which file the trouble is.
    pub(crate) fn in_file(self, path: &std::path::Path) -> Self {
        Self::File {
            path: path.to_owned(),
            source: Box::new(self),
        }
    }
}
