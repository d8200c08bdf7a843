//! Describes `MessagePack` without building one of its values: Flax checkpoints, msgpack-numpy, spaCy's models.
//!
//! The values are walked with a stack of open lists and maps, so that depth costs no recursion, and what is long
//! (the bytes of arrays) is stepped over. What is kept is what a loader may do more with than store it: extensions,
//! arrays of Python objects, and every count or length that the file does not keep.

mod array;
mod recognise;
#[cfg(test)]
mod tests;
mod walk;

use std::io;

use tutela_core::{Bytes, Limits};

use crate::extent::Extents;
pub(crate) use recognise::looks_like;
use walk::Walk;

/// Levels of nesting that are followed: msgpack's own reader for Python stops at 1024, others at the end of their stack.
pub const DEPTH: usize = 512;
/// Parts and faults that are kept.
const KEPT: usize = 100_000;

/// What a `MessagePack` file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Document {
    /// How many values there are, keys included.
    pub values: u64,
    /// Values that stand one after the other at the top.
    pub roots: u64,
    /// Arrays of numbers, in the manner of Flax or of msgpack-numpy.
    pub arrays: u64,
    /// Bytes that are no array of numbers.
    pub parts: Vec<Part>,
    /// Where the last value ends.
    pub end: u64,
    /// What is malformed, or was not followed.
    pub faults: Vec<Fault>,
    /// Numbers and texts in it; what else was read is structure.
    pub(crate) extents: Extents,
    /// How far it was read, also into a value that cannot be one.
    pub(crate) read: u64,
}

/// Bytes that are no array of numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// Where they begin in the file.
    pub at: u64,
    /// How many there are.
    pub length: u64,
    /// What they are.
    pub kind: Kind,
}

/// What bytes in a `MessagePack` file are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Plain bytes.
    Bytes,
    /// An array of Python objects of msgpack-numpy, which it unpickles.
    Objects,
    /// An extension, whose meaning its reader gives it.
    Extension(i8),
    /// An extension that begins with two texts: readers such as `LangGraph`'s import the first and call the second.
    Call {
        /// The number of the extension.
        code: i8,
        /// The module, as written.
        module: String,
        /// The name in it, as written.
        name: String,
    },
}

impl Document {
    /// The parts that are looked into by themselves.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &Part> {
        /// Shorter bytes are identifiers and digests, and there may be millions.
        const LEAST: u64 = 12;
        self.parts.iter().filter(|part| part.length >= LEAST)
    }
}

impl Part {
    /// What it is called where it is looked into.
    pub(crate) fn member(&self) -> String {
        format!("bytes at {}", self.at)
    }
}

/// What is malformed in a `MessagePack` file, or was not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// More is declared than the file holds.
    #[error("the {what} at byte {at} declares {declared}, but {left} bytes follow")]
    Beyond {
        /// What declares it.
        what: &'static str,
        /// Where it is.
        at: u64,
        /// Its entries or bytes.
        declared: u64,
        /// Bytes that follow.
        left: u64,
    },
    /// The one byte that the format reserves.
    #[error("byte {at} is one that the format never uses")]
    Reserved {
        /// Where it is.
        at: u64,
    },
    /// The file ends inside of a value.
    #[error("the file ends inside of a value at byte {at}")]
    Unfinished {
        /// Where it ends.
        at: u64,
    },
    /// Values nest too deep.
    #[error("values nest deeper than {DEPTH} levels at byte {at}")]
    TooDeep {
        /// Where.
        at: u64,
    },
    /// An array's shape is not that of its bytes.
    #[error("the array at byte {at} declares {declared} bytes by its shape and holds {held}")]
    Shape {
        /// Where it is.
        at: u64,
        /// What its shape asks for; all ones when that is more than a number holds.
        declared: u64,
        /// What is there.
        held: u64,
    },
    /// An array of Python objects where only numbers may be.
    #[error("the array at byte {at} is one of Python objects")]
    ObjectType {
        /// Where it is.
        at: u64,
    },
    /// A key of a map stands twice.
    #[error("a key of the map that ends at byte {at} stands there twice")]
    DoubledKey {
        /// Where the map ends.
        at: u64,
    },
    /// Bytes behind the last value are no value.
    #[error("{length} bytes follow the last value")]
    Trailing {
        /// Where they begin.
        at: u64,
        /// How many there are.
        length: u64,
    },
    /// A limit was reached.
    #[error("there is more to read than the limit of {limit} {what}")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

impl Fault {
    /// Where it is, when it is at a place.
    #[must_use]
    pub const fn at(&self) -> Option<u64> {
        match self {
            Self::Beyond { at, .. }
            | Self::Reserved { at }
            | Self::Unfinished { at }
            | Self::TooDeep { at }
            | Self::Shape { at, .. }
            | Self::ObjectType { at }
            | Self::DoubledKey { at }
            | Self::Trailing { at, .. } => Some(*at),
            Self::Limit { .. } => None,
        }
    }
}

/// Describes a file.
///
/// # Errors
/// What reading the bytes returns.
///
/// # Examples
/// ```
/// use tutela_core::Limits;
/// let bytes = b"\x81\xa6params\x93\x01\x02\x03".to_vec();
/// let document = tutela_formats::msgpack::read(&bytes, &Limits::default()).unwrap();
/// assert_eq!((document.values, document.faults.len()), (6, 0));
/// ```
pub fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Document> {
    let mut walk = Walk::new(bytes, limits.steps);
    walk.run()?;
    Ok(walk.document)
}
