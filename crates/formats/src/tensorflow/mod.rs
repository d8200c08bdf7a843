//! Describes TensorFlow graphs without loading one: `SavedModel`, `MetaGraphDef`, `GraphDef`, checkpoints.
//!
//! The files are protocol buffers. What is kept is what a judge of operators needs: every node of every
//! graph and function with its name, operator, inputs and the attributes that are texts, flags or names of
//! functions. Tensors of numbers are stepped over.

pub mod checkpoint;
mod graph;
mod recognise;
#[cfg(test)]
mod tests;
mod text;

use std::io;

use tutela_core::{Bytes, Limits};

use crate::Format;
use crate::extent::{Extents, Sort};
use crate::wire::{Reader, Wire};

pub(crate) use graph::node_of;
pub(crate) use recognise::recognise;

/// Bytes of one text that are kept.
const TEXT: u64 = 4 << 10;
/// Texts of one attribute that are kept: file names are few, vocabularies are not needed whole.
const TEXTS: usize = 1000;
/// Nodes that are kept, in all graphs; the largest published models have some hundred thousand.
const NODES: u64 = 2_000_000;
/// Graphs in texts of graphs in texts.
const NESTED: u32 = 3;
/// Functions, assets and other lists that are kept.
const LIST: usize = 100_000;

/// What a TensorFlow file says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Model {
    /// The version of TensorFlow that wrote it, as it says.
    pub version: Option<String>,
    /// Its graphs and functions.
    pub scopes: Vec<Scope>,
    /// Files beside the model that it reads when it is loaded.
    pub assets: Vec<Asset>,
    /// How many nodes it has, in all graphs.
    pub nodes: u64,
    /// What is malformed, or was not followed.
    pub faults: Vec<Fault>,
    /// Structure, texts and numbers in it; the rest belongs to nothing.
    pub(crate) extents: Extents,
}

/// A graph, or the body of a function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scope {
    /// The function's name; none for a graph itself.
    pub function: Option<String>,
    /// Which graph of the file it belongs to, from 0 on.
    pub graph: u64,
    /// Whether a text of another graph holds it, as `DatasetFromGraph` is given one.
    pub is_held: bool,
    /// The names of the function's arguments.
    pub arguments: Vec<String>,
    /// Its nodes.
    pub nodes: Vec<Node>,
}

/// One operation. Texts are as written, not escaped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Node {
    /// Its name.
    pub name: String,
    /// The operator.
    pub op: String,
    /// Where its inputs come from.
    pub inputs: Vec<String>,
    /// Attributes that are texts, flags or names of functions.
    pub attributes: Vec<Attribute>,
    /// Where it starts in the file.
    pub at: u64,
    /// One past it.
    pub end: u64,
}

impl Node {
    /// The texts of an attribute; none when it has none.
    #[must_use]
    pub fn texts(&self, name: &str) -> &[String] {
        let found = self
            .attributes
            .iter()
            .find(|attribute| attribute.name == name);
        found.map_or(&[], |attribute| attribute.texts.as_slice())
    }

    /// The functions that its attributes name.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        let names = self
            .attributes
            .iter()
            .flat_map(|attribute| &attribute.functions);
        names.map(String::as_str)
    }
}

/// An attribute of a node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its texts, also those in a constant tensor.
    pub texts: Vec<String>,
    /// The functions that it names.
    pub functions: Vec<String>,
    /// Its flag.
    pub flag: Option<bool>,
}

/// A file beside the model that it reads when it is loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Asset {
    /// Its name below `assets/`, as written.
    pub file: String,
    /// The tensor that gets its path.
    pub tensor: String,
    /// Which graph of the file it belongs to.
    pub graph: u64,
    /// Where the entry starts in the file.
    pub at: u64,
    /// One past it.
    pub end: u64,
}

/// What is malformed in a TensorFlow file, or was not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A field of a message is malformed.
    #[error("the field at byte {0} is malformed")]
    Malformed(u64),
    /// The text form of a message is malformed.
    #[error("the text at byte {0} is malformed")]
    Text(u64),
    /// A limit was reached.
    #[error("there are more {what} than the limit of {limit}")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

/// Describes a graph file of the given format. Time is linear in its size without the tensors of numbers.
///
/// # Errors
/// What reading the bytes returns.
pub fn read(bytes: &dyn Bytes, format: Format, limits: &Limits) -> io::Result<Model> {
    if recognise::is_text(bytes)? {
        let mut model = text::read(bytes, limits)?;
        model.extents.note(0, bytes.len(), Sort::Structure);
        return Ok(model);
    }
    let mut walk = Walk {
        reader: Reader::new(bytes, limits),
        model: Model::default(),
        graph: 0,
        held: None,
        bytes_left: limits.member_bytes,
    };
    let end = bytes.len();
    match format {
        Format::SavedModel => walk.saved_model(end)?,
        _ if recognise::is_meta_graph(bytes)? => walk.meta_graph((0, end))?,
        _ => walk.graph((0, end))?,
    }
    Ok(walk.finish(limits))
}

/// The state of one walk through a file.
struct Walk<'a> {
    reader: Reader<'a>,
    model: Model,
    /// The graph that is being read.
    graph: u64,
    /// How deep in texts the graph lies that is being read; none for a graph of the file itself.
    held: Option<u32>,
    /// How much text may still be kept.
    bytes_left: u64,
}

impl Walk<'_> {
    fn finish(mut self, limits: &Limits) -> Model {
        for at in &self.reader.malformed {
            self.model.faults.push(Fault::Malformed(*at));
        }
        if self.reader.is_exhausted() {
            self.model.note(Fault::Limit {
                what: "fields",
                limit: limits.steps,
            });
        }
        if self.bytes_left == 0 {
            self.model.note(Fault::Limit {
                what: "bytes of text",
                limit: limits.member_bytes,
            });
        }
        self.model.extents = std::mem::take(&mut self.reader.extents);
        if !self.model.faults.is_empty() {
            self.model.extents.stop();
        }
        self.model
    }

    /// `SavedModel` of `saved_model.proto`.
    fn saved_model(&mut self, end: u64) -> io::Result<()> {
        let mut at = 0;
        while let Some(field) = self.reader.next(&mut at, end)? {
            if let (2, Wire::Span(from, to)) = (field.number, field.value) {
                self.meta_graph((from, to))?;
                self.graph = self.graph.saturating_add(1);
            } else {
                self.reader.pass(field, 2);
            }
        }
        Ok(())
    }

    /// `MetaGraphDef` of `meta_graph.proto`.
    fn meta_graph(&mut self, (mut at, end): (u64, u64)) -> io::Result<()> {
        while let Some(field) = self.reader.next(&mut at, end)? {
            match (field.number, field.value) {
                (1, Wire::Span(from, to)) => self.meta_info((from, to))?,
                (2, Wire::Span(from, to)) => self.graph((from, to))?,
                (6, Wire::Span(from, to)) => self.asset((from, to))?,
                _ => self.reader.pass(field, 7),
            }
        }
        Ok(())
    }

    fn meta_info(&mut self, (mut at, end): (u64, u64)) -> io::Result<()> {
        while let Some(field) = self.reader.next(&mut at, end)? {
            if let (5, Wire::Span(from, to)) = (field.number, field.value) {
                self.model.version = Some(self.reader.text((from, to), 100)?);
            } else {
                self.reader.pass(field, 8);
            }
        }
        Ok(())
    }

    /// `AssetFileDef` of `meta_graph.proto`.
    fn asset(&mut self, (from, end): (u64, u64)) -> io::Result<()> {
        let mut asset = Asset {
            graph: self.graph,
            at: from,
            end,
            ..Asset::default()
        };
        let mut at = from;
        while let Some(field) = self.reader.next(&mut at, end)? {
            match (field.number, field.value) {
                (1, Wire::Span(from, to)) => asset.tensor = self.first_text((from, to))?,
                (2, Wire::Span(from, to)) => asset.file = self.reader.text((from, to), TEXT)?,
                _ => self.reader.pass(field, 2),
            }
        }
        if self.model.assets.len() >= LIST {
            self.model.note(Fault::Limit {
                what: "assets",
                limit: LIST as u64,
            });
        } else {
            self.model.assets.push(asset);
        }
        Ok(())
    }

    /// The text in field 1 of a message.
    fn first_text(&mut self, (mut at, end): (u64, u64)) -> io::Result<String> {
        let mut text = String::new();
        while let Some(field) = self.reader.next(&mut at, end)? {
            if let (1, Wire::Span(from, to)) = (field.number, field.value) {
                text = self.reader.text((from, to), TEXT)?;
            } else {
                // `TensorInfo` and `ArgDef`.
                self.reader.pass(field, 8);
            }
        }
        Ok(text)
    }
}

impl Model {
    fn note(&mut self, fault: Fault) {
        if self.faults.len() < 1000 && !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}
