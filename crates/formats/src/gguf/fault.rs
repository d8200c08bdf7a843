//! The rules of the format that a file may break.

use super::metadata::Kind;

/// A broken rule and the bytes that break it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Where it starts in the file.
    pub start: u64,
    /// One past its last byte.
    pub end: u64,
    /// What it is.
    pub fault: Fault,
}

/// A rule of the format that is broken. Texts are escaped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The version is none that exists.
    #[error("the version is {0}; versions 1 to 3 exist")]
    Version(u32),
    /// More things than the rest of the file can hold.
    #[error("the header declares {count} {what}, but the file has room for {possible} at most")]
    Count {
        /// What is counted.
        what: &'static str,
        /// How many it declares.
        count: u64,
        /// How many there can be.
        possible: u64,
    },
    /// A text or array is longer than the rest of the file.
    #[error("{what} declares {length} bytes or items, but only {left} bytes are left in the file")]
    Length {
        /// What is too long.
        what: &'static str,
        /// The length that it declares.
        length: u64,
        /// The bytes that are left.
        left: u64,
    },
    /// The header breaks off.
    #[error("the file ends inside {0}")]
    Ends(&'static str),
    /// A value's type is none that exists, so nothing behind it can be read.
    #[error("the value of `{key}` has the unknown type {kind}")]
    UnknownKind {
        /// The key.
        key: String,
        /// The type's number.
        kind: u32,
    },
    /// Arrays inside arrays, deeper than any reader goes.
    #[error("the value of `{0}` holds arrays in arrays, which readers refuse or recurse into")]
    Nested(String),
    /// A Boolean that is neither 0 nor 1.
    #[error("the Boolean `{key}` is {value}")]
    Boolean {
        /// The key.
        key: String,
        /// Its byte.
        value: u8,
    },
    /// A key stands twice; readers differ in which they take.
    #[error("the key `{0}` stands twice, and readers differ in which they take")]
    DuplicateKey(String),
    /// A tensor's name stands twice.
    #[error("two tensors are called `{0}`, and readers differ in which they take")]
    DuplicateTensor(String),
    /// A key or name that is empty, not UTF-8, overlong, or holds control characters.
    #[error("the {what} `{name}` {why}")]
    Name {
        /// Key or name.
        what: &'static str,
        /// What it is.
        name: String,
        /// What is wrong, as a sentence that goes on.
        why: &'static str,
    },
    /// A text that C programs end at its first NUL while others do not.
    #[error("the text of `{0}` holds a NUL, where some readers stop and others go on")]
    Nul(String),
    /// A word of the vocabulary that is written as a byte and names none.
    #[error(
        "the token `{0}` stands for a byte and names none, and readers write where its digits point"
    )]
    ByteToken(String),
    /// `general.alignment` cannot be used.
    #[error("`general.alignment` is {0}; expected a power of two as 32 bits")]
    Alignment(String),
    /// Too many dimensions.
    #[error("tensor `{name}` has {dimensions} dimensions; readers have room for 4")]
    Dimensions {
        /// The tensor.
        name: String,
        /// How many.
        dimensions: u32,
    },
    /// The product of the shape is more than readers can count, or a dimension is negative for them.
    #[error("the shape of tensor `{0}` overflows the readers' numbers")]
    Overflow(String),
    /// The first dimension is not a multiple of the type's block.
    #[error("a row of tensor `{name}` has {row} items; its type packs {block} together")]
    Block {
        /// The tensor.
        name: String,
        /// The first dimension.
        row: u64,
        /// The block of its type.
        block: u64,
    },
    /// A type that ggml does not know.
    #[error("tensor `{name}` has the unknown type {kind}")]
    UnknownType {
        /// The tensor.
        name: String,
        /// The type's number.
        kind: u32,
    },
    /// A tensor does not start where the alignment wants it.
    #[error("tensor `{name}` starts at {offset}, which is not aligned to {alignment}")]
    Unaligned {
        /// The tensor.
        name: String,
        /// Its offset.
        offset: u64,
        /// The alignment.
        alignment: u64,
    },
    /// A tensor reaches past the end of the file.
    #[error("tensor `{name}` wants {size} bytes from {offset} of the data, which has {data}")]
    OutOfBounds {
        /// The tensor.
        name: String,
        /// Its offset.
        offset: u64,
        /// Its bytes.
        size: u64,
        /// The bytes that there are.
        data: u64,
    },
    /// Two tensors share bytes.
    #[error("tensors `{first}` and `{second}` share bytes")]
    Overlap {
        /// The one that starts first.
        first: String,
        /// The other.
        second: String,
    },
    /// Bytes that belong to no tensor.
    #[error("{0} bytes belong to no tensor")]
    Gap(u64),
    /// Bytes behind the last tensor.
    #[error("{0} bytes follow the last tensor")]
    Trailing(u64),
    /// Bytes that only align something are not zero.
    #[error("{0} bytes that only align the next part are not zero")]
    Padding(u64),
    /// A limit was reached, so the rest was not read.
    #[error("{what} is more than the limit of {limit}, so the rest was not read")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

impl Fault {
    /// Whether nothing behind it was read.
    #[must_use]
    pub const fn ends_reading(&self) -> bool {
        matches!(
            self,
            Self::Version(_)
                | Self::Count { .. }
                | Self::Length { .. }
                | Self::Ends(_)
                | Self::UnknownKind { .. }
                | Self::Nested(_)
                | Self::Limit { .. }
        )
    }

    pub(super) fn unknown_kind(key: &str, kind: u32) -> Self {
        Self::UnknownKind {
            key: tutela_core::escape(key, 200),
            kind,
        }
    }

    pub(super) fn boolean(key: &str, value: u8) -> Self {
        Self::Boolean {
            key: tutela_core::escape(key, 200),
            value,
        }
    }

    pub(super) fn alignment(value: &super::Value) -> Self {
        Self::Alignment(match value {
            super::Value::Whole(Kind::Uint32, number) => number.to_string(),
            other => format!("{other:?}").chars().take(80).collect(),
        })
    }
}
