//! Objects of R as `saveRDS`, `save` and `serialize` write them (R Internals, section 1.8; serialize.c of R).
//!
//! A stream is one object with everything that it holds: numbers, texts, functions with their environments, calls,
//! promises, byte code. Data is passed over, code is kept as a tree ([`Code`]). Nothing is evaluated.

mod bytecode;
mod code;
mod restored;
mod source;
#[cfg(test)]
mod tests;
mod vectors;
mod walk;

use std::io;

use tutela_core::{Bytes, Limits};

pub use code::{Argument, Code, Id, Node};
pub use source::Encoding;

/// What a stream of R holds.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Image {
    /// How it is written.
    pub header: Header,
    /// All code in it.
    pub code: Code,
    /// Where code is kept, in the order of the stream.
    pub held: Vec<Held>,
    /// Vectors of bytes; models keep other formats in them.
    pub raws: Vec<Raw>,
    /// Objects whose class restores them by running code.
    pub restored: Vec<Restored>,
    /// Packages that are loaded with it.
    pub packages: Vec<String>,
    /// Objects that only a function of the reader can restore, by their names.
    pub persistent: Vec<String>,
    /// Where the stream ends.
    pub end: u64,
    /// What is malformed, or was not followed. The stream is not read on behind the first.
    pub faults: Vec<Fault>,
}

/// The head of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Header {
    /// Whether it is a workspace, whose variables `load` defines by their names.
    pub is_workspace: bool,
    /// How it is encoded, once that is known.
    pub encoding: Option<Encoding>,
    /// The version of the format.
    pub version: i32,
    /// The version of R that wrote it: major, minor, patch.
    pub writer: (i32, i32, i32),
}

/// A piece of code and where it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Held {
    /// What it is.
    pub kind: Kind,
    /// What holds it.
    pub place: Place,
    /// The name under which it is held; empty when it has none.
    pub name: String,
    /// The code.
    pub node: Id,
    /// Where it starts in the stream.
    pub at: u64,
}

/// What kind of code is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A function, which runs when it is called.
    Function,
    /// A promise, whose code runs when its value is asked for.
    Promise,
    /// A call or an expression, which runs when it is evaluated.
    Call,
}

/// What holds a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It is the whole object.
    Whole,
    /// It is a variable that `load` defines.
    Workspace,
    /// It is a variable of an environment.
    Variable,
    /// It is the function of a variable that is worked out at each access.
    Active,
    /// It is one of the arguments that `...` stands for.
    Argument,
    /// It is an attribute of an object.
    Attribute,
    /// It is an element of a list.
    Element,
    /// It is a part of code.
    Code,
    /// It is the list of the variables of an environment itself.
    Frame,
}

/// A vector of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// Where it starts in the stream.
    pub at: u64,
    /// How many bytes it has.
    pub length: u64,
    /// Its first bytes, when they are written as text.
    pub decoded: Option<Vec<u8>>,
}

/// An object whose class restores it by running code (ALTREP).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The class.
    pub class: String,
    /// The package of the class, which is loaded.
    pub package: String,
    /// What it is restored from, when that is a part of the description.
    pub state: Id,
    /// Where it starts in the stream.
    pub at: u64,
}

/// What is malformed in a stream of R, or was not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It ends too early.
    #[error("the R object breaks off at byte {at}")]
    Truncated {
        /// Where more was expected.
        at: u64,
    },
    /// Something has a size that does not fit.
    #[error("the R object at byte {at} declares {length} elements, more than the file holds")]
    Length {
        /// Where the elements would start.
        at: u64,
        /// How many are declared.
        length: u64,
    },
    /// Text stands where a number is expected.
    #[error("no number stands at byte {at} of the R object")]
    Number {
        /// Where.
        at: u64,
    },
    /// The version is not known.
    #[error("the R object is of version {version} of the format, which is not known")]
    Version {
        /// The version.
        version: i32,
    },
    /// A type does not exist.
    #[error("type {code} at byte {at} of the R object does not exist")]
    Type {
        /// Its number.
        code: u8,
        /// Where.
        at: u64,
    },
    /// A reference points at nothing.
    #[error("the R object refers to number {index} at byte {at}, of {count}")]
    Reference {
        /// To which.
        index: i32,
        /// How many there are.
        count: u64,
        /// Where.
        at: u64,
    },
    /// Something else than the format wants stands at a place.
    #[error("no {wanted} stands at byte {at} of the R object")]
    Wanted {
        /// What the format wants.
        wanted: &'static str,
        /// Where.
        at: u64,
    },
    /// A limit was reached.
    #[error("there is more to read in the R object than the limit of {limit} {what}")]
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
            Self::Truncated { at }
            | Self::Length { at, .. }
            | Self::Number { at }
            | Self::Type { at, .. }
            | Self::Reference { at, .. }
            | Self::Wanted { at, .. } => Some(*at),
            Self::Version { .. } | Self::Limit { .. } => None,
        }
    }
}

/// Whether a file begins as a stream of R.
pub(crate) fn looks_like(head: &[u8]) -> bool {
    let rest = match head {
        [
            b'R',
            b'D',
            b'X' | b'A' | b'B',
            b'1'..=b'9',
            b'\n',
            rest @ ..,
        ] => {
            // Those of before R 1.4 have a head of their own.
            if matches!(head.get(3), Some(b'1')) {
                return true;
            }
            rest
        }
        _ => head,
    };
    match rest {
        [b'X', b'\n', 0, 0, 0, 1..=9, a, _, _, _, b, ..]
        | [b'B', b'\n', 0, 0, 0, 1..=9, a, _, _, _, b, ..]
        | [b'B', b'\n', 1..=9, 0, 0, 0, _, _, _, a, _, _, _, b, ..] => *a == 0 && *b == 0,
        [b'A', b'\n', b'1'..=b'9', b'\n', rest @ ..] => {
            let mut lines = rest.split(|byte| *byte == b'\n');
            let is_number = |line: Option<&[u8]>| {
                line.is_some_and(|line| !line.is_empty() && line.iter().all(u8::is_ascii_digit))
            };
            is_number(lines.next()) && is_number(lines.next())
        }
        _ => false,
    }
}

/// Describes a stream.
///
/// # Errors
/// What reading the bytes returns.
pub fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Image> {
    walk::read(bytes, limits)
}
