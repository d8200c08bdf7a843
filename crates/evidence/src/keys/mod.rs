//! Keys: ECDSA P-256 for statements, Ed25519 for the transparency log.
//!
//! A statement's key is known by the SHA-256 of its public PEM text, as `model-signing` knows it; a
//! log's key is known by a note verifier key (c2sp.org/signed-note), which carries the log's name.

mod entropy;
mod error;
mod file;
mod log;
mod pem;
mod ring;
mod statement;

pub use entropy::{Entropy, SystemEntropy};
pub use error::KeyError;
pub use log::{LogKey, LogName, LogVerifier};
pub use ring::KeyRing;
pub use statement::{StatementKey, StatementVerifier};
