//! Which byte of a part is what: headers, opcodes, numbers, members, padding, and what belongs to nothing.
//!
//! The idea: each format claims the stretches that its loaders know, in the order of their weight; what nobody
//! claims is looked at for zeros, and what is left belongs to nothing. The stretches cover the part from its first
//! byte to its last, once each, so that nothing can be left out of the account.

mod claims;
mod parts;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;

use tutela_core::Limits;

use crate::{Entry, Format};
use claims::Claims;

/// Claims that are kept of one part. Where there are more, the rest is told as one with all that nobody claims.
pub const STRETCHES: usize = 100_000;

/// Bytes in a row that are the same to the format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// The first byte.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
    /// What they are.
    pub role: Role,
}

/// What bytes are to the format that they lie in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// Headers, tables and directories, which this crate parses.
    Headers(Format),
    /// All of a format that is parsed from its first byte to its last.
    Whole(Format),
    /// Opcodes of pickles with their arguments, followed one by one.
    Opcodes,
    /// A member of an archive, by its name; what is in it is told under that name.
    Member(String),
    /// A compressed stream; what comes out is told by itself.
    Packed(Format),
    /// Numbers: tensors and arrays.
    Numbers,
    /// Numbers that a filter of the format has packed.
    PackedNumbers,
    /// Text of no known format.
    Text,
    /// Bytes of no known format.
    Raw,
    /// Zeros between other parts.
    Zeros,
    /// Bytes that belong to nothing that the format knows.
    Unclaimed(Format),
    /// A part that the format knows and that is not looked into by itself.
    Part(Format),
    /// Bytes of which is not known to which part of the format they belong, as not all of it could be followed.
    Undivided(Format),
    /// A format that is recognised but not looked into.
    Opaque(Format),
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Headers(format) => write!(formatter, "headers ({format})"),
            Self::Whole(format) => write!(formatter, "{format}"),
            Self::Opcodes => formatter.write_str("pickle opcodes"),
            Self::Member(_) => formatter.write_str("members, each told by itself"),
            Self::Packed(format) => write!(formatter, "packed data ({format})"),
            Self::Numbers => formatter.write_str("numbers"),
            Self::PackedNumbers => formatter.write_str("packed numbers"),
            Self::Text => formatter.write_str("text"),
            Self::Raw => formatter.write_str("bytes of no known format"),
            Self::Zeros => formatter.write_str("zeros"),
            Self::Unclaimed(format) => write!(formatter, "belongs to nothing ({format})"),
            Self::Part(format) => write!(formatter, "parts that are stepped over ({format})"),
            Self::Undivided(format) => write!(formatter, "not told apart ({format})"),
            Self::Opaque(format) => write!(formatter, "not looked into ({format})"),
        }
    }
}

/// Says of every byte of a part what it is. Numbers and members are not read for it.
///
/// # Errors
/// What reading the bytes returns.
///
/// # Examples
/// ```
/// use tutela_core::Limits;
/// use tutela_formats::layout::{Role, layout};
/// let bytes = b"\x80\x04K\x01.left over".to_vec();
/// tutela_formats::walk(&bytes, &Limits::default(), &mut |entry| {
///     let stretches = layout(entry, &Limits::default())?;
///     assert_eq!(stretches[0].role, Role::Opcodes);
///     assert_eq!((stretches[1].start, stretches[1].end), (5, 14));
///     Ok(())
/// })
/// .unwrap();
/// ```
pub fn layout(entry: &Entry<'_>, limits: &Limits) -> io::Result<Vec<Stretch>> {
    let mut claims = Claims::new(entry.bytes.len());
    for format in entry.formats.iter().copied() {
        parts::claim(entry, format, limits, &mut claims)?;
    }
    match entry.formats.first() {
        Some(format) if claims.is_full => claims.finish(entry.bytes, &Role::Undivided(*format)),
        Some(format) => claims.finish(entry.bytes, &Role::Unclaimed(*format)),
        None => {
            claims.claim(0, entry.bytes.len(), &parts::unknown(entry)?);
            claims.finish(entry.bytes, &Role::Raw)
        }
    }
}
