//! Graphs, functions, nodes and their attributes (`graph.proto`, `function.proto`, `node_def.proto`,
//! `attr_value.proto`, `tensor.proto` of TensorFlow 2.21).

use std::io;

use super::{Attribute, Fault, LIST, NESTED, NODES, Node, Scope, TEXT, TEXTS, Walk, recognise};
use crate::extent::Sort;
use crate::wire::{Wire, varint};

/// `DT_STRING` of types.proto.
const STRING: u64 = 7;
/// Names of functions inside attributes of names of functions.
const DEPTH: u32 = 8;

impl Walk<'_> {
    /// `GraphDef`: nodes, and a library of functions.
    pub(super) fn graph(&mut self, (mut at, end): (u64, u64)) -> io::Result<()> {
        let mut scope = Scope {
            graph: self.graph,
            is_held: self.held.is_some(),
            ..Scope::default()
        };
        while let Some(field) = self.reader.next(&mut at, end)? {
            match (field.number, field.value) {
                (1, Wire::Span(from, to)) => self.node((from, to), &mut scope)?,
                (2, Wire::Span(from, to)) => self.library((from, to))?,
                _ => self.reader.pass(field, 5),
            }
        }
        self.model.scopes.push(scope);
        Ok(())
    }

    /// `FunctionDefLibrary`.
    fn library(&mut self, (mut at, end): (u64, u64)) -> io::Result<()> {
        while let Some(field) = self.reader.next(&mut at, end)? {
            if let (1, Wire::Span(from, to)) = (field.number, field.value) {
                self.function((from, to))?;
            } else {
                self.reader.pass(field, 3);
            }
        }
        Ok(())
    }

    /// `FunctionDef`.
    fn function(&mut self, (mut at, end): (u64, u64)) -> io::Result<()> {
        let mut scope = Scope {
            function: Some(String::new()),
            graph: self.graph,
            is_held: self.held.is_some(),
            ..Scope::default()
        };
        while let Some(field) = self.reader.next(&mut at, end)? {
            match (field.number, field.value) {
                (1, Wire::Span(from, to)) => self.signature((from, to), &mut scope)?,
                (3, Wire::Span(from, to)) => self.node((from, to), &mut scope)?,
                _ => self.reader.pass(field, 8),
            }
        }
        if self.model.scopes.len() >= LIST {
            self.model.note(Fault::Limit {
                what: "functions",
                limit: LIST as u64,
            });
        } else {
            self.model.scopes.push(scope);
        }
        Ok(())
    }

    /// `OpDef`, as far as it names a function and its arguments.
    fn signature(&mut self, (mut at, end): (u64, u64), scope: &mut Scope) -> io::Result<()> {
        while let Some(field) = self.reader.next(&mut at, end)? {
            match (field.number, field.value) {
                (1, Wire::Span(from, to)) => scope.function = Some(self.kept((from, to))?),
                (2, Wire::Span(from, to)) if scope.arguments.len() < LIST => {
                    let name = self.first_text((from, to))?;
                    scope.arguments.push(name);
                }
                _ => self.reader.pass(field, 21),
            }
        }
        Ok(())
    }

    /// `NodeDef`.
    pub(super) fn node(&mut self, (from, end): (u64, u64), scope: &mut Scope) -> io::Result<()> {
        self.model.nodes = self.model.nodes.saturating_add(1);
        if self.model.nodes > NODES {
            self.model.note(Fault::Limit {
                what: "nodes",
                limit: NODES,
            });
            return Ok(());
        }
        let mut node = Node {
            at: from,
            end,
            ..Node::default()
        };
        let mut at = from;
        while let Some(field) = self.reader.next(&mut at, end)? {
            match (field.number, field.value) {
                (1, Wire::Span(from, to)) => node.name = self.kept((from, to))?,
                (2, Wire::Span(from, to)) => node.op = self.kept((from, to))?,
                (3, Wire::Span(from, to)) if node.inputs.len() < LIST => {
                    let input = self.kept((from, to))?;
                    node.inputs.push(input);
                }
                (5, Wire::Span(from, to)) => self.attribute((from, to), &mut node)?,
                _ => self.reader.pass(field, 7),
            }
        }
        scope.nodes.push(node);
        Ok(())
    }

    /// An entry of `map<string, AttrValue>`.
    fn attribute(&mut self, (mut at, end): (u64, u64), node: &mut Node) -> io::Result<()> {
        let mut attribute = Attribute::default();
        while let Some(field) = self.reader.next(&mut at, end)? {
            match (field.number, field.value) {
                (1, Wire::Span(from, to)) => attribute.name = self.kept((from, to))?,
                (2, Wire::Span(from, to)) => self.value((from, to), &mut attribute, 0)?,
                _ => self.reader.pass(field, 2),
            }
        }
        let holds_something = attribute.flag.is_some()
            || !attribute.texts.is_empty()
            || !attribute.functions.is_empty();
        if holds_something && node.attributes.len() < TEXTS {
            node.attributes.push(attribute);
        }
        Ok(())
    }

    /// `AttrValue`. Recurses once for a name of a function with attributes, which [`DEPTH`] bounds.
    fn value(
        &mut self,
        (mut at, end): (u64, u64),
        attribute: &mut Attribute,
        depth: u32,
    ) -> io::Result<()> {
        while let Some(field) = self.reader.next(&mut at, end)? {
            match (field.number, field.value) {
                (1, Wire::Span(from, to)) => self.list((from, to), attribute, depth)?,
                (2, Wire::Span(from, to)) => self.keep_text((from, to), attribute)?,
                (5, Wire::Varint(flag)) => attribute.flag = Some(flag != 0),
                (8, Wire::Span(from, to)) => self.tensor((from, to), attribute)?,
                (10, Wire::Span(from, to)) => self.function_name((from, to), attribute, depth)?,
                _ => self.reader.pass(field, 10),
            }
        }
        Ok(())
    }

    /// `AttrValue.ListValue`.
    fn list(
        &mut self,
        (mut at, end): (u64, u64),
        attribute: &mut Attribute,
        depth: u32,
    ) -> io::Result<()> {
        while let Some(field) = self.reader.next(&mut at, end)? {
            match (field.number, field.value) {
                (2, Wire::Span(from, to)) => self.keep_text((from, to), attribute)?,
                (8, Wire::Span(from, to)) => self.tensor((from, to), attribute)?,
                (9, Wire::Span(from, to)) => self.function_name((from, to), attribute, depth)?,
                _ => self.reader.pass(field, 9),
            }
        }
        Ok(())
    }

    /// `NameAttrList`.
    fn function_name(
        &mut self,
        (mut at, end): (u64, u64),
        attribute: &mut Attribute,
        depth: u32,
    ) -> io::Result<()> {
        if depth >= DEPTH {
            self.model.note(Fault::Limit {
                what: "levels of attributes",
                limit: u64::from(DEPTH),
            });
            return Ok(());
        }
        while let Some(field) = self.reader.next(&mut at, end)? {
            match (field.number, field.value) {
                (1, Wire::Span(from, to)) if attribute.functions.len() < TEXTS => {
                    let name = self.kept((from, to))?;
                    attribute.functions.push(name);
                }
                (2, Wire::Span(mut from, to)) => {
                    while let Some(entry) = self.reader.next(&mut from, to)? {
                        if let (2, Wire::Span(from, to)) = (entry.number, entry.value) {
                            self.value((from, to), attribute, depth.saturating_add(1))?;
                        } else {
                            self.reader.pass(entry, 2);
                        }
                    }
                }
                _ => self.reader.pass(field, 2),
            }
        }
        Ok(())
    }

    /// `TensorProto`: only texts are kept.
    fn tensor(&mut self, (mut at, end): (u64, u64), attribute: &mut Attribute) -> io::Result<()> {
        let mut is_text = false;
        let mut content = None;
        while let Some(field) = self.reader.next(&mut at, end)? {
            match (field.number, field.value) {
                (1, Wire::Varint(dtype)) => is_text = dtype == STRING,
                (4, Wire::Span(from, to)) => content = Some((from, to)),
                (8, Wire::Span(from, to)) => self.keep_text((from, to), attribute)?,
                // The lists of numbers of each type.
                (5..=7 | 9..=13 | 16..=18, Wire::Span(from, to)) => {
                    self.reader.extents.note(from, to, Sort::Numbers);
                }
                _ => self.reader.pass(field, 18),
            }
        }
        match content {
            Some(span) if is_text => self.packed_texts(span, attribute),
            Some((from, to)) => {
                self.reader.extents.note(from, to, Sort::Numbers);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Texts in `tensor_content`: all lengths, then all texts. How many there are is told by where the
    /// lengths and the texts together fill the span.
    fn packed_texts(
        &mut self,
        (from, end): (u64, u64),
        attribute: &mut Attribute,
    ) -> io::Result<()> {
        self.reader.extents.note(from, end, Sort::Text);
        let (mut at, mut total) = (from, 0_u64);
        let mut lengths = Vec::new();
        while lengths.len() < TEXTS && at.saturating_add(total) < end {
            let Some((length, next)) = varint(&mut self.reader.input, at, end)? else {
                break;
            };
            lengths.push(length);
            total = total.saturating_add(length);
            at = next;
        }
        for length in lengths {
            let to = at.saturating_add(length).min(end);
            self.keep_text((at, to), attribute)?;
            at = to;
        }
        Ok(())
    }

    fn keep_text(&mut self, span: (u64, u64), attribute: &mut Attribute) -> io::Result<()> {
        self.held_graph(span)?;
        if attribute.texts.len() < TEXTS {
            let text = self.kept(span)?;
            attribute.texts.push(text);
        } else {
            self.reader.note_text(span);
        }
        Ok(())
    }

    /// A graph that a text is: some operators run what they are given so. Recurses at most [`NESTED`] times.
    fn held_graph(&mut self, span: (u64, u64)) -> io::Result<()> {
        /// The least that a node with an operator takes.
        const LEAST: u64 = 8;
        let (from, to) = span;
        if to.saturating_sub(from) < LEAST || !recognise::graph(&mut self.reader.input, span)? {
            return Ok(());
        }
        let depth = self.held.unwrap_or(0);
        if depth >= NESTED {
            self.model.note(Fault::Limit {
                what: "graphs in graphs",
                limit: u64::from(NESTED),
            });
            return Ok(());
        }
        let before = self.held.replace(depth.saturating_add(1));
        let read = self.graph(span);
        self.held = before;
        read
    }

    /// A text that counts against what may be kept.
    fn kept(&mut self, (from, to): (u64, u64)) -> io::Result<String> {
        let text = self.reader.text((from, to), TEXT.min(self.bytes_left))?;
        self.bytes_left = self.bytes_left.saturating_sub(text.len() as u64);
        Ok(text)
    }
}

/// The names of the operator and of the node in a serialised `NodeDef`, which must be small.
pub(crate) fn node_of(bytes: &[u8], limits: &tutela_core::Limits) -> io::Result<Option<Node>> {
    let bytes = bytes.to_vec();
    let mut walk = Walk {
        reader: crate::wire::Reader::new(&bytes, limits),
        model: super::Model::default(),
        graph: 0,
        held: Some(NESTED),
        bytes_left: limits.member_bytes,
    };
    let mut scope = Scope::default();
    walk.node((0, bytes.len() as u64), &mut scope)?;
    let is_whole = walk.reader.malformed.is_empty();
    Ok(scope.nodes.pop().filter(|_| is_whole))
}
