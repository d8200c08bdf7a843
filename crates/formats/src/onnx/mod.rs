//! Describes ONNX models without loading a tensor.
//!
//! The file is a protocol buffer (`onnx.proto`). The walk goes through the messages that can hold a
//! tensor, however deep: graphs in attributes of nodes in graphs, functions, training information. It
//! keeps a work list instead of recursing, so that depth costs nothing. What onnxruntime makes of such a
//! model (`.ort`, a flatbuffer) is described in the same words.

mod fault;
mod messages;
mod operators;
mod recognise;
mod runtime;
mod size;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::BTreeSet;

use crate::extent::Extents;

pub use fault::Fault;
pub use recognise::looks_like;
pub use runtime::read as read_runtime;
pub use walk::read;

/// References to external data, operators and functions that are kept, of each.
const KEPT: usize = 100_000;
/// Bytes of a text that are kept: more than any path has, so that a long one cannot hide its end.
const TEXT: u64 = 16 << 10;
/// Attributes of one node that are looked at for texts.
const ATTRIBUTES: usize = 64;

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
    /// The operators that it uses, in all graphs and functions; those of other domains once for each set of texts.
    pub operators: Vec<Operator>,
    /// The functions that it brings along.
    pub functions: Vec<Function>,
    /// Its metadata: keys and values.
    pub metadata: Vec<(String, String)>,
    /// How many nodes it has, in all graphs.
    pub nodes: u64,
    /// How many tensors it has, in all graphs.
    pub tensors: u64,
    /// Tensors whose data lies in another file.
    pub external: Vec<External>,
    /// What is malformed, or was not followed.
    pub faults: Vec<Fault>,
    /// Numbers and texts in it, and what belongs to nothing; the rest is structure.
    pub(crate) extents: Extents,
}

/// An operator that the model uses. Texts are as written, not escaped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operator {
    /// Its domain; empty for the standard one.
    pub domain: String,
    /// Its name.
    pub name: String,
    /// Its attributes that are texts, outside the standard domains: names and values.
    pub texts: Vec<(String, String)>,
    /// How many nodes use it.
    pub count: u64,
    /// Where the first of them starts in the file.
    pub at: u64,
    /// One past that node.
    pub end: u64,
}

/// A function that the model brings along. Texts are as written, not escaped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Function {
    /// Its domain; empty for the standard one.
    pub domain: String,
    /// Its name.
    pub name: String,
    /// Where it starts in the file.
    pub at: u64,
    /// One past its last byte.
    pub end: u64,
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
    /// Keys that stand twice; readers differ in which they take.
    pub doubled: Vec<String>,
    /// Keys that are none of these.
    pub odd_keys: Vec<String>,
    /// Bytes that its type and shape take, when both are known.
    pub size: Option<u64>,
    /// Whether it says that its data is external (`data_location`); loaders differ without it.
    pub declared: bool,
}

impl Model {
    fn note(&mut self, fault: Fault) {
        let is_limit = matches!(fault, Fault::Limit { .. });
        // INVARIANT: a limit is always kept, so that a part is never taken for the whole.
        if (self.faults.len() < 1000 || is_limit) && !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

impl External {
    fn note_key(&mut self, key: &str, known: bool) {
        let keys = if known {
            &mut self.doubled
        } else {
            &mut self.odd_keys
        };
        if keys.len() < 10 {
            keys.push(key.to_owned());
        }
    }
}
