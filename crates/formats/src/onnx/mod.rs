//! Describes ONNX models without loading a tensor.
//!
//! The file is a protocol buffer (`onnx.proto`). The walk goes through the messages that can hold a
//! tensor, however deep: graphs in attributes of nodes in graphs, functions, training information. It
//! keeps a work list instead of recursing, so that depth costs nothing.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::io;

use tutela_core::{Bytes, Limits, escape};

use crate::input::Input;
use crate::wire::{self, Field, Wire, field};

/// References to external data that are kept.
const EXTERNAL: usize = 100_000;
/// Bytes of a text that are kept.
const TEXT: u64 = 4 << 10;

/// What an ONNX model says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Model {
    /// The version of the format.
    pub ir_version: Option<u64>,
    /// Who made it.
    pub producer: Option<String>,
    /// The operator sets that it imports: domain and version.
    pub opsets: Vec<(String, u64)>,
    /// The domains of its nodes other than the standard ones.
    pub domains: BTreeSet<String>,
    /// How many nodes it has, in all graphs.
    pub nodes: u64,
    /// How many tensors it has, in all graphs.
    pub tensors: u64,
    /// Tensors whose data lies in another file.
    pub external: Vec<External>,
    /// What is malformed, or was not followed.
    pub faults: Vec<Fault>,
}

/// A tensor whose data lies in another file. Texts are as written, not escaped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct External {
    /// The tensor's name.
    pub tensor: String,
    /// Where the tensor's message starts in the file.
    pub at: u64,
    /// One past the message.
    pub end: u64,
    /// The file with the data; none when it is missing.
    pub location: Option<String>,
    /// Where the data starts, as written.
    pub offset: Option<String>,
    /// How long it is, as written.
    pub length: Option<String>,
    /// The SHA-1 checksum, as written.
    pub checksum: Option<String>,
    /// Keys that are none of these, or that stand twice.
    pub odd_keys: Vec<String>,
    /// Bytes that its type and shape take, when both are known.
    pub size: Option<u64>,
    /// Whether it says that its data is external (`data_location`); loaders differ without it.
    pub declared: bool,
}

/// What is malformed in an ONNX file, or was not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A field of a message is malformed.
    #[error("the field at byte {0} is malformed")]
    Malformed(u64),
    /// A limit was reached.
    #[error("there are more {what} than the limit of {limit}")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

/// The messages of `onnx.proto` that the walk goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Message {
    Model,
    Opset,
    Graph,
    Node,
    Attribute,
    Tensor,
    SparseTensor,
    Function,
    Training,
}

impl Message {
    /// The messages inside a message, by field number (onnx.proto of ONNX 1.17).
    const fn inside(self, number: u64) -> Option<Self> {
        Some(match (self, number) {
            (Self::Model, 7) | (Self::Attribute, 6 | 11) | (Self::Training, 1 | 2) => Self::Graph,
            (Self::Model, 8) | (Self::Function, 9) => Self::Opset,
            (Self::Model, 20) => Self::Training,
            (Self::Model, 25) => Self::Function,
            (Self::Graph, 1) | (Self::Function, 7) => Self::Node,
            (Self::Graph, 5) | (Self::Attribute, 5 | 10) | (Self::SparseTensor, 1 | 2) => {
                Self::Tensor
            }
            (Self::Graph, 15) | (Self::Attribute, 22 | 23) => Self::SparseTensor,
            (Self::Node, 5) | (Self::Function, 11) => Self::Attribute,
            _ => return None,
        })
    }
}

/// Whether the bytes are an ONNX model: only fields of the model message, with a version and a graph.
///
/// # Errors
/// What reading the bytes returns.
pub fn looks_like(bytes: &dyn Bytes) -> io::Result<bool> {
    let mut input = Input::new(bytes);
    let (mut at, end) = (0, bytes.len());
    let (mut version, mut graph) = (false, false);
    // A model message has a handful of fields and one per function; no need to see more.
    for _ in 0..1000 {
        if at >= end {
            break;
        }
        let Some(field) = field(&mut input, at, end)? else {
            return Ok(false);
        };
        match (field.number, field.value) {
            (1, Wire::Varint(number)) if (1..1000).contains(&number) => version = true,
            (7, Wire::Span(from, to)) => {
                graph = from == to || wire::field(&mut input, from, to)?.is_some();
            }
            (2..=4 | 6 | 8 | 14 | 20 | 25 | 26, Wire::Span(..)) | (5, Wire::Varint(_)) => {}
            _ => return Ok(false),
        }
        at = field.end;
    }
    Ok(version && graph)
}

/// Describes a model. Time is linear in the number of fields; tensors' bytes are stepped over.
///
/// # Errors
/// What reading the bytes returns.
pub fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Model> {
    let mut walk = Walk {
        input: Input::new(bytes),
        model: Model::default(),
        waiting: vec![(Message::Model, 0, bytes.len())],
        steps: limits.steps,
        limit: limits.steps,
    };
    while let Some((message, from, to)) = walk.waiting.pop() {
        if message == Message::Tensor {
            walk.tensor(from, to)?;
        } else {
            walk.message(message, from, to)?;
        }
    }
    walk.model.external.sort_by_key(|external| external.at);
    walk.model.opsets.sort();
    Ok(walk.model)
}

struct Walk<'a> {
    input: Input<'a>,
    model: Model,
    waiting: Vec<(Message, u64, u64)>,
    steps: u64,
    limit: u64,
}

impl Walk<'_> {
    /// Gives every field of a message to `see`; notes where one is malformed.
    fn fields(
        &mut self,
        from: u64,
        to: u64,
        mut see: impl FnMut(&mut Self, Field) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut at = from;
        while at < to {
            let Some(steps) = self.steps.checked_sub(1) else {
                self.model.note(Fault::Limit {
                    what: "fields",
                    limit: self.limit,
                });
                self.waiting.clear();
                return Ok(());
            };
            self.steps = steps;
            let Some(field) = field(&mut self.input, at, to)? else {
                self.model.note(Fault::Malformed(at));
                return Ok(());
            };
            at = field.end;
            see(self, field)?;
        }
        Ok(())
    }

    fn message(&mut self, message: Message, from: u64, to: u64) -> io::Result<()> {
        if message == Message::Opset {
            return self.opset(from, to);
        }
        self.model.nodes = self
            .model
            .nodes
            .saturating_add(u64::from(message == Message::Node));
        self.fields(from, to, |walk, field| {
            match (message, field.number, field.value) {
                (Message::Model, 1, Wire::Varint(version)) => {
                    walk.model.ir_version = Some(version);
                }
                (Message::Model, 2, Wire::Span(from, to)) => {
                    walk.model.producer = Some(escape(&walk.text(from, to)?, 200));
                }
                (Message::Node, 7, Wire::Span(from, to)) => {
                    let domain = walk.text(from, to)?;
                    if !matches!(domain.as_str(), "" | "ai.onnx") && walk.model.domains.len() < 1000
                    {
                        walk.model.domains.insert(domain);
                    }
                }
                (_, number, Wire::Span(from, to)) => {
                    if let Some(inner) = message.inside(number) {
                        walk.waiting.push((inner, from, to));
                    }
                }
                _ => {}
            }
            Ok(())
        })
    }

    fn opset(&mut self, from: u64, to: u64) -> io::Result<()> {
        let mut opset = (String::new(), 0);
        self.fields(from, to, |walk, field| {
            match (field.number, field.value) {
                (1, Wire::Span(from, to)) => opset.0 = walk.text(from, to)?,
                (2, Wire::Varint(version)) => opset.1 = version,
                _ => {}
            }
            Ok(())
        })?;
        if self.model.opsets.len() < 1000 {
            self.model.opsets.push(opset);
        }
        Ok(())
    }

    fn tensor(&mut self, from: u64, to: u64) -> io::Result<()> {
        self.model.tensors = self.model.tensors.saturating_add(1);
        let mut external = External {
            at: from,
            end: to,
            ..External::default()
        };
        let mut has_entries = false;
        let mut dtype = 0;
        let mut shape = Some(1_u64);
        self.fields(from, to, |walk, field| {
            match (field.number, field.value) {
                // dims may be packed into one field or stand one by one.
                (1, Wire::Varint(size)) => shape = shape.and_then(|shape| shape.checked_mul(size)),
                (1, Wire::Span(from, to)) => shape = walk.packed(shape, from, to)?,
                (2, Wire::Varint(number)) => dtype = number,
                (8, Wire::Span(from, to)) => external.tensor = walk.text(from, to)?,
                (13, Wire::Span(from, to)) => {
                    has_entries = true;
                    walk.entry(&mut external, from, to)?;
                }
                (14, Wire::Varint(location)) => external.declared = location == 1,
                _ => {}
            }
            Ok(())
        })?;
        external.size = shape.and_then(|shape| size_of(shape, dtype));
        if !has_entries && !external.declared {
            return Ok(());
        }
        if self.model.external.len() >= EXTERNAL {
            self.model.note(Fault::Limit {
                what: "tensors in other files",
                limit: EXTERNAL as u64,
            });
        } else {
            self.model.external.push(external);
        }
        Ok(())
    }

    fn packed(&mut self, shape: Option<u64>, from: u64, to: u64) -> io::Result<Option<u64>> {
        let mut product = shape;
        let (mut at, mut left) = (from, 64);
        while at < to && left > 0 {
            let Some((size, next)) = wire::varint(&mut self.input, at, to)? else {
                return Ok(None);
            };
            product = product.and_then(|product| product.checked_mul(size));
            at = next;
            left -= 1;
        }
        Ok(if at < to { None } else { product })
    }

    /// One key and value of `external_data`.
    fn entry(&mut self, external: &mut External, from: u64, to: u64) -> io::Result<()> {
        let (mut key, mut value) = (String::new(), String::new());
        self.fields(from, to, |walk, field| {
            match (field.number, field.value.span()) {
                (1, Some((from, to))) => key = walk.text(from, to)?,
                (2, Some((from, to))) => value = walk.text(from, to)?,
                _ => {}
            }
            Ok(())
        })?;
        let place = match key.as_str() {
            "location" => &mut external.location,
            "offset" => &mut external.offset,
            "length" => &mut external.length,
            "checksum" => &mut external.checksum,
            _ => {
                external.note_odd(&key);
                return Ok(());
            }
        };
        if place.replace(value).is_some() {
            external.note_odd(&key);
        }
        Ok(())
    }

    fn text(&mut self, from: u64, to: u64) -> io::Result<String> {
        let bytes = self.input.prefix(from, to.saturating_sub(from).min(TEXT))?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

impl External {
    fn note_odd(&mut self, key: &str) {
        if self.odd_keys.len() < 10 {
            self.odd_keys.push(key.to_owned());
        }
    }
}

impl Model {
    fn note(&mut self, fault: Fault) {
        if self.faults.len() < 1000 && !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

/// Bytes of so many items of a `TensorProto.DataType`.
fn size_of(items: u64, dtype: u64) -> Option<u64> {
    let bits = match dtype {
        1 | 6 | 12 => 32,
        2 | 3 | 9 | 17..=20 | 24 => 8,
        4 | 5 | 10 | 16 => 16,
        7 | 11 | 13 | 14 => 64,
        15 => 128,
        21..=23 => 4,
        _ => return None,
    };
    Some(items.checked_mul(bits)?.div_ceil(8))
}
