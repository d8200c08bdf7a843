//! The messages of `onnx.proto` (ONNX 1.20) that can hold a tensor, an operator or a graph.

use crate::wire::Wire;

/// Fields that the format does not know but that a later version may add: so many past the last one.
const NEWER: u64 = 16;

/// A message that the walk goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
    Model,
    Opset,
    Graph,
    Node,
    Attribute,
    Tensor,
    SparseTensor,
    Function,
    Training,
    Entry,
}

/// How a field stands on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A whole number.
    Number,
    /// Texts, bytes and messages.
    Span,
    /// A float.
    Fixed,
    /// Numbers or floats, one by one or packed into a span.
    Packed,
}

/// What the format says about a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) shape: Shape,
    /// Whether it may stand once only.
    pub(super) once: bool,
    /// The message in it, when the walk goes on there.
    pub(super) inside: Option<Message>,
}

const fn one(shape: Shape) -> Rule {
    Rule {
        shape,
        once: true,
        inside: None,
    }
}

const fn many(shape: Shape) -> Rule {
    Rule {
        shape,
        once: false,
        inside: None,
    }
}

const fn one_of(message: Message) -> Rule {
    Rule {
        shape: Shape::Span,
        once: true,
        inside: Some(message),
    }
}

const fn many_of(message: Message) -> Rule {
    Rule {
        shape: Shape::Span,
        once: false,
        inside: Some(message),
    }
}

impl Message {
    /// What people call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Opset => "operator set",
            Self::Graph => "graph",
            Self::Node => "node",
            Self::Attribute => "attribute",
            Self::Tensor => "tensor",
            Self::SparseTensor => "sparse tensor",
            Self::Function => "function",
            Self::Training => "training information",
            Self::Entry => "entry",
        }
    }

    /// The rule of a field; none for one that the format does not know.
    pub(super) const fn rule(self, number: u64) -> Option<Rule> {
        use Shape::{Fixed, Number, Packed, Span};
        Some(match (self, number) {
            (Self::Model, 1 | 5) | (Self::Opset, 2) => one(Number),
            (Self::Model, 2..=4 | 6) => one(Span),
            (Self::Model, 7) | (Self::Attribute, 6) | (Self::Training, 1 | 2) => {
                one_of(Self::Graph)
            }
            (Self::Model, 8) | (Self::Function, 9) => many_of(Self::Opset),
            (Self::Model, 14) => many_of(Self::Entry),
            (Self::Model, 20) => many_of(Self::Training),
            (Self::Model, 25) => many_of(Self::Function),
            (Self::Model, 26) | (Self::Training, 3 | 4) => many(Span),
            (Self::Opset, 1) | (Self::Entry, 1 | 2) => one(Span),
            (Self::Graph, 1) | (Self::Function, 7) => many_of(Self::Node),
            (Self::Graph, 2 | 10) => one(Span),
            (Self::Graph, 5) => many_of(Self::Tensor),
            (Self::Graph, 15) => many_of(Self::SparseTensor),
            (Self::Graph, 11..=14 | 16) => many(Span),
            (Self::Node, 3 | 4 | 6..=8) => one(Span),
            (Self::Node, 1 | 2 | 9 | 10) => many(Span),
            (Self::Node, 5) => many_of(Self::Attribute),
            (Self::Attribute, 1 | 4 | 13 | 14 | 21) => one(Span),
            (Self::Attribute, 2) => one(Fixed),
            (Self::Attribute, 3 | 20) => one(Number),
            (Self::Attribute, 5) => one_of(Self::Tensor),
            (Self::Attribute, 7 | 8) => many(Packed),
            (Self::Attribute, 9 | 15) => many(Span),
            (Self::Attribute, 10) => many_of(Self::Tensor),
            (Self::Attribute, 11) => many_of(Self::Graph),
            (Self::Attribute, 22) => one_of(Self::SparseTensor),
            (Self::Attribute, 23) => many_of(Self::SparseTensor),
            (Self::Tensor, 1 | 4 | 5 | 7 | 10 | 11) | (Self::SparseTensor, 3) => many(Packed),
            (Self::Tensor, 2 | 14) => one(Number),
            (Self::Tensor, 3 | 8 | 9 | 12) => one(Span),
            (Self::Tensor, 6 | 13 | 16) => many(Span),
            (Self::SparseTensor, 1 | 2) => one_of(Self::Tensor),
            (Self::Function, 1 | 8 | 10 | 13) => one(Span),
            (Self::Function, 4..=6 | 12 | 14) => many(Span),
            (Self::Function, 11) => many_of(Self::Attribute),
            _ => return None,
        })
    }

    /// Whether an unknown field is one that older files have (reserved since) or later ones may have.
    pub(super) const fn may_have(self, number: u64) -> bool {
        let last = match self {
            Self::Model => 26,
            Self::Opset | Self::Entry => 2,
            Self::Graph | Self::Tensor => 16,
            Self::Node => 10,
            Self::Attribute => 23,
            Self::SparseTensor => 3,
            Self::Function => 14,
            Self::Training => 4,
        };
        number <= last + NEWER
    }
}

impl Shape {
    /// Whether a value is written as the field wants it.
    pub(super) const fn fits(self, value: Wire) -> bool {
        match self {
            Self::Number => matches!(value, Wire::Varint(_)),
            Self::Span => matches!(value, Wire::Span(..)),
            Self::Fixed => matches!(value, Wire::Fixed),
            Self::Packed => true,
        }
    }
}
