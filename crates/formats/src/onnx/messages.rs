//! The messages of `onnx.proto` (ONNX 1.20).

use crate::extent::Sort;
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
    /// An entry of the model's metadata, or of a tensor's external data.
    Entry,
    /// An entry of any other metadata.
    Pair,
    ValueInfo,
    Type,
    TensorType,
    Shape,
    Dimension,
    /// `TypeProto.Sequence` and `TypeProto.Optional`.
    Sequence,
    Map,
    Opaque,
    Annotation,
    Devices,
    NodeDevices,
    Sharding,
    DeviceGroup,
    ShardedDimension,
    SimpleSharding,
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
            Self::Opset => "set of operators",
            Self::Graph => "graph",
            Self::Node => "node",
            Self::Attribute => "node attribute",
            Self::Tensor => "tensor",
            Self::SparseTensor => "sparse tensor",
            Self::Function => "function",
            Self::Training => "training information",
            Self::Entry | Self::Pair => "metadata entry",
            Self::ValueInfo => "value information",
            Self::Type => "type",
            Self::TensorType => "tensor type",
            Self::Shape => "shape",
            Self::Dimension => "dimension",
            Self::Sequence => "sequence type",
            Self::Map => "map type",
            Self::Opaque => "foreign type",
            Self::Annotation => "tensor annotation",
            Self::Devices => "device configuration",
            Self::NodeDevices => "device configuration of a node",
            Self::Sharding => "sharding",
            Self::DeviceGroup => "group of devices",
            Self::ShardedDimension => "sharded dimension",
            Self::SimpleSharding => "simple sharding",
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
            (Self::Model, 26) => many_of(Self::Devices),
            (Self::Training, 3 | 4) => many_of(Self::Pair),
            (Self::Opset, 1) | (Self::Entry | Self::Pair, 1 | 2) => one(Span),
            (Self::Graph, 1) | (Self::Function, 7) => many_of(Self::Node),
            (Self::Graph, 2 | 10) => one(Span),
            (Self::Graph, 5) => many_of(Self::Tensor),
            (Self::Graph, 15) => many_of(Self::SparseTensor),
            (Self::Graph, 11..=13) | (Self::Function, 12) => many_of(Self::ValueInfo),
            (Self::Graph, 14) => many_of(Self::Annotation),
            (Self::Graph | Self::Tensor, 16)
            | (Self::Node, 9)
            | (Self::Function, 14)
            | (Self::ValueInfo, 4)
            | (Self::Annotation, 2) => many_of(Self::Pair),
            (Self::Node, 3 | 4 | 6..=8) => one(Span),
            (Self::Node, 1 | 2) => many(Span),
            (Self::Node, 10) => many_of(Self::NodeDevices),
            (Self::Node, 5) => many_of(Self::Attribute),
            (Self::Attribute, 1 | 4 | 13 | 21) => one(Span),
            (Self::Attribute, 14) => one_of(Self::Type),
            (Self::Attribute, 2) => one(Fixed),
            (Self::Attribute, 3 | 20) => one(Number),
            (Self::Attribute, 5) => one_of(Self::Tensor),
            (Self::Attribute, 7 | 8) => many(Packed),
            (Self::Attribute, 9) => many(Span),
            (Self::Attribute, 15) => many_of(Self::Type),
            (Self::Attribute, 10) => many_of(Self::Tensor),
            (Self::Attribute, 11) => many_of(Self::Graph),
            (Self::Attribute, 22) => one_of(Self::SparseTensor),
            (Self::Attribute, 23) => many_of(Self::SparseTensor),
            (Self::Tensor, 1 | 4 | 5 | 7 | 10 | 11) | (Self::SparseTensor, 3) => many(Packed),
            (Self::Tensor, 2 | 14) => one(Number),
            (Self::Tensor, 3 | 8 | 9 | 12) => one(Span),
            (Self::Tensor, 6 | 13) => many(Span),
            (Self::SparseTensor, 1 | 2) => one_of(Self::Tensor),
            (Self::Function, 1 | 8 | 10 | 13) => one(Span),
            (Self::Function, 4..=6) => many(Span),
            (Self::Function, 11) => many_of(Self::Attribute),
            _ => return self.type_rule(number),
        })
    }

    /// The rules of messages about types and devices.
    const fn type_rule(self, number: u64) -> Option<Rule> {
        use Shape::{Number, Packed, Span};
        Some(match (self, number) {
            (Self::ValueInfo, 1 | 3)
            | (Self::Type, 6)
            | (Self::Dimension, 2 | 3)
            | (Self::Opaque, 1 | 2)
            | (Self::Annotation | Self::Devices | Self::NodeDevices | Self::Sharding, 1)
            | (Self::SimpleSharding, 2) => one(Span),
            (Self::TensorType | Self::Dimension | Self::Map | Self::DeviceGroup, 1)
            | (Self::Devices, 2)
            | (Self::NodeDevices, 3)
            | (Self::ShardedDimension, 1)
            | (Self::SimpleSharding, 1 | 3) => one(Number),
            (Self::ValueInfo | Self::Map, 2) | (Self::Sequence, 1) => one_of(Self::Type),
            (Self::Type, 1 | 8) => one_of(Self::TensorType),
            (Self::Type, 4 | 9) => one_of(Self::Sequence),
            (Self::Type, 5) => one_of(Self::Map),
            (Self::Type, 7) => one_of(Self::Opaque),
            (Self::TensorType, 2) => one_of(Self::Shape),
            (Self::Shape, 1) => many_of(Self::Dimension),
            (Self::Devices, 3) => many(Span),
            (Self::NodeDevices, 2) => many_of(Self::Sharding),
            (Self::Sharding | Self::DeviceGroup, 2) => many(Packed),
            (Self::Sharding, 3) => many_of(Self::DeviceGroup),
            (Self::Sharding, 4) => many_of(Self::ShardedDimension),
            (Self::ShardedDimension, 2) => many_of(Self::SimpleSharding),
            _ => return None,
        })
    }

    /// What a known field holds whose value is a span that no message is in.
    pub(super) const fn sort(self, number: u64) -> Sort {
        match (self, number) {
            (Self::Tensor, 4 | 5 | 7 | 9..=11) | (Self::Attribute, 7 | 8) => Sort::Numbers,
            // An entry, which is read together with its tensor.
            (Self::Tensor, 13) => Sort::Structure,
            _ => Sort::Text,
        }
    }

    /// Whether an unknown field is one that older files have (reserved since) or later ones may have.
    pub(super) const fn may_have(self, number: u64) -> bool {
        let last = match self {
            Self::Model => 26,
            Self::Opset
            | Self::Entry
            | Self::Pair
            | Self::TensorType
            | Self::Map
            | Self::Opaque
            | Self::Annotation
            | Self::DeviceGroup
            | Self::ShardedDimension => 2,
            Self::Shape | Self::Sequence => 1,
            Self::Dimension | Self::Devices | Self::NodeDevices | Self::SimpleSharding => 3,
            Self::ValueInfo | Self::Sharding => 4,
            Self::Type => 9,
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
