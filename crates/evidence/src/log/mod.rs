//! The transparency log: a directory of tiles (c2sp.org/tlog-tiles) under signed checkpoints.
//!
//! `checkpoint` is a signed note that names the size and the root of an RFC 6962 tree; `tile/<L>/<N>` hold
//! its hashes, `tile/entries/<N>` its entries. Any web server can publish the folder as it is. An entry is
//! the digest of a statement with its type and the time of logging; the statement lies elsewhere.

mod append;
mod bundle;
mod checkpoint;
mod disk;
mod entry;
mod error;
mod fsck;
mod handle;
mod image;
mod item;
mod layout;
mod note;
mod proof;
mod tlog_proof;
mod tree;

#[cfg(test)]
mod tests;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use entry::{Entry, EntryError};
pub use error::LogError;
pub use fsck::{Fsck, Problem, fsck};
pub use handle::Log;
pub use item::{Backdating, Item, Moment, Placed};
pub use note::NoteError;
pub use proof::{TreeHead, verify_consistency, verify_inclusion};
pub use tlog_proof::{Logged, ProofError, TlogProof};
pub use tree::leaf_hash;

pub(crate) use disk::read_bounded;
pub(crate) use tlog_proof::LIMIT as PROOF_LIMIT;
