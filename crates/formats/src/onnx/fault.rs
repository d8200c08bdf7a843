//! What can be wrong with an ONNX file's encoding.

/// What is malformed in an ONNX file, or was not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A field of a message is malformed; what follows in the message was not read.
    #[error("the field at byte {0} is malformed")]
    Malformed(u64),
    /// A field that may stand once stands again; readers merge, or take the first or the last.
    #[error(
        "field {number} of a {message} stands again at byte {at}, and readers differ in what they make of it"
    )]
    Doubled {
        /// The message.
        message: &'static str,
        /// The field's number.
        number: u64,
        /// Where it stands again.
        at: u64,
    },
    /// A known field is written as another type; readers step over it or refuse.
    #[error("field {number} of a {message} is written as something else than the format says")]
    Mistyped {
        /// The message.
        message: &'static str,
        /// The field's number.
        number: u64,
        /// Where it starts.
        at: u64,
        /// One past its end.
        end: u64,
    },
    /// A field that the format does not know; readers step over it.
    #[error(
        "field {number} of a {message} does not exist, and its {bytes} bytes are stepped over",
        bytes = end.saturating_sub(*from)
    )]
    Unknown {
        /// The message.
        message: &'static str,
        /// The field's number.
        number: u64,
        /// Where it starts.
        at: u64,
        /// Where its value starts.
        from: u64,
        /// One past its end.
        end: u64,
        /// Whether an older or a later version of the format may have it.
        plausible: bool,
    },
    /// A shape is negative or more than readers can count.
    #[error("the shape of tensor `{tensor}` overflows the readers' numbers")]
    Overflow {
        /// The tensor, escaped.
        tensor: String,
        /// Where it starts.
        at: u64,
        /// One past its end.
        end: u64,
    },
    /// The bytes of a tensor are not what its type and shape make.
    #[error("tensor `{tensor}` has {bytes} bytes, but its shape and type make {expected}")]
    Size {
        /// The tensor, escaped.
        tensor: String,
        /// Its bytes.
        bytes: u64,
        /// What type and shape make.
        expected: u64,
        /// Where it starts.
        at: u64,
        /// One past its end.
        end: u64,
    },
    /// The type of a tensor is none that exists.
    #[error("tensor `{tensor}` has the unknown type {kind}")]
    UnknownType {
        /// The tensor, escaped.
        tensor: String,
        /// The type's number.
        kind: u64,
        /// Where it starts.
        at: u64,
        /// One past its end.
        end: u64,
    },
    /// In onnxruntime's own format: an offset leads out of the file.
    #[error("the {what} at byte {at} reaches outside the file")]
    Outside {
        /// What has the offset.
        what: &'static str,
        /// Where it is.
        at: u64,
    },
    /// In onnxruntime's own format: an index leads out of its list.
    #[error("the {what} at byte {at} names number {index} of a list of {count}")]
    Index {
        /// What has the index.
        what: &'static str,
        /// Where it is.
        at: u64,
        /// The index.
        index: u64,
        /// How many there are.
        count: u64,
    },
    /// In onnxruntime's own format: a graph has a place for more nodes than any model has.
    #[error("the graph at byte {at} makes a reader set aside room for {count} nodes")]
    Room {
        /// Where the graph is.
        at: u64,
        /// How many nodes it has room for.
        count: u64,
    },
    /// In onnxruntime's own format: a tensor's data is kept elsewhere, and nothing says where.
    #[error("tensor `{tensor}` keeps its data in another file, which nothing names")]
    Elsewhere {
        /// The tensor, escaped.
        tensor: String,
        /// Where it starts.
        at: u64,
    },
    /// A limit was reached.
    #[error("there are more {what} than the limit of {limit}")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

impl Fault {
    /// Whether a part of the file was not read because of it.
    #[must_use]
    pub const fn leaves_unread(&self) -> bool {
        matches!(
            self,
            Self::Malformed(_) | Self::Outside { .. } | Self::Limit { .. }
        )
    }

    /// The bytes that it is about, as far as it is about some.
    #[must_use]
    pub const fn place(&self) -> Option<(u64, u64)> {
        match self {
            Self::Malformed(at) | Self::Doubled { at, .. } => Some((*at, at.saturating_add(1))),
            Self::Outside { at, .. }
            | Self::Index { at, .. }
            | Self::Room { at, .. }
            | Self::Elsewhere { at, .. } => Some((*at, at.saturating_add(4))),
            Self::Unknown { at, end, .. }
            | Self::Mistyped { at, end, .. }
            | Self::Overflow { at, end, .. }
            | Self::Size { at, end, .. }
            | Self::UnknownType { at, end, .. } => Some((*at, *end)),
            Self::Limit { .. } => None,
        }
    }
}
