//! Describes models in onnxruntime's own format (`.ort`), a flatbuffer (ort.fbs, `ORTM`), as an ONNX model is described.
//!
//! It is what onnxruntime made of an ONNX model: graphs with nodes, attributes and initialisers, all of them inside the
//! file. Graphs lie in attributes of nodes, and the same graph may be named twice: each is gone through once.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io;

use tutela_core::{Bytes, Limits, escape};

use super::operators::Operators;
use super::size::{LAST_TYPE, size_of, times};
use super::{ATTRIBUTES, Fault, Model, Operator, TEXT};
use crate::flat::{Broken, Flat, Reads, Table};

/// Nodes that a graph may have room for: models have some hundred thousand, and the runtime allocates what is said here.
const ROOM: u64 = 1 << 24;
/// A tensor of texts in `TensorDataType`.
const TEXTS: u64 = 8;
/// What a record of the optimiser writes for a node that it does not have.
const NO_NODE: u64 = u32::MAX as u64;
/// Bytes of an `EdgeEnd`: a node and the numbers of two arguments.
const EDGE: u64 = 12;

/// Describes a model. Time is linear in the number of tables; tensors' bytes are stepped over.
///
/// # Errors
/// What reading the bytes returns.
pub fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Model> {
    let mut walk = Walk {
        flat: Flat::new(bytes, limits),
        model: Model::default(),
        operators: Operators::default(),
        waiting: Vec::new(),
        seen: HashSet::new(),
        limit: limits.steps,
    };
    let done = walk.session();
    walk.settle(done, "session", 0)?;
    while let Some(graph) = walk.waiting.pop() {
        let done = walk.graph(graph);
        walk.settle(done, "graph", graph.at)?;
    }
    let mut model = walk.model;
    walk.operators.settle(&mut model);
    model.opsets.sort();
    Ok(model)
}

struct Walk<'a> {
    flat: Flat<'a>,
    model: Model,
    operators: Operators,
    /// Graphs that are still to be gone through.
    waiting: Vec<Table>,
    /// Where the graphs lie that were found.
    seen: HashSet<u64>,
    limit: u64,
}

impl<'a> Reads<'a> for Walk<'a> {
    fn flat(&mut self) -> &mut Flat<'a> {
        &mut self.flat
    }

    fn outside(&mut self, what: &'static str, at: u64) {
        self.model.note(Fault::Outside { what, at });
    }

    fn exhausted(&mut self) {
        self.waiting.clear();
        self.model.note(Fault::Limit {
            what: "steps",
            limit: self.limit,
        });
    }
}

impl<'a> Walk<'a> {
    /// `InferenceSession`: the runtime's version, the model, and how its kernels name their types.
    fn session(&mut self) -> Result<(), Broken> {
        let at = self.flat.target(0)?;
        let session = self.flat.table(at)?;
        let Some(model) = self.flat.inner(session, 1)? else {
            return Ok(());
        };
        self.model.ir_version = Some(self.flat.value(model, 0, 8)?);
        let producer = self.flat.text(model, 2, TEXT)?;
        self.model.producer = producer.map(|name| escape(&name, 200));
        if let Some(graph) = self.flat.inner(model, 7)? {
            self.wait(graph);
        }
        self.list(model, 1, "operator set", Self::opset)?;
        self.list(model, 9, "metadata entry", Self::metadata)
    }

    fn wait(&mut self, graph: Table) {
        if self.seen.insert(graph.at) {
            self.waiting.push(graph);
        }
    }

    fn opset(&mut self, table: Table) -> Result<(), Broken> {
        let domain = self.text(table, 0)?;
        let version = self.flat.value(table, 1, 8)?;
        let opset = (domain, version);
        if self.model.opsets.len() < 1000 && !self.model.opsets.contains(&opset) {
            self.model.opsets.push(opset);
        }
        Ok(())
    }

    fn metadata(&mut self, table: Table) -> Result<(), Broken> {
        let entry = (self.text(table, 0)?, self.text(table, 1)?);
        if self.model.metadata.len() < 1000 {
            self.model.metadata.push(entry);
        }
        Ok(())
    }

    /// `Graph`: initialisers, nodes and edges, and what the optimiser will still replace.
    fn graph(&mut self, graph: Table) -> Result<(), Broken> {
        let room = self.flat.value(graph, 3, 4)?;
        if room > ROOM {
            self.model.note(Fault::Room {
                at: graph.at,
                count: room,
            });
        }
        self.list(graph, 2, "node", Self::node)?;
        self.list(graph, 0, "initializer", Self::tensor)?;
        self.list(graph, 7, "sparse initializer", Self::sparse)?;
        self.places(graph, room)?;
        if let Some(optimizations) = self.flat.inner(graph, 8)? {
            let containers = self.flat.vector(optimizations, 0, 4)?;
            for index in 0..containers.count {
                let container = self.flat.item(containers, index)?;
                let records = self.flat.vector(container, 1, 4)?;
                for index in 0..records.count {
                    let record = self.flat.item(records, index)?;
                    self.record(record, room)?;
                }
            }
        }
        Ok(())
    }

    /// The numbers of nodes, in nodes and edges: the runtime keeps nodes in a list of the size that the graph names.
    fn places(&mut self, graph: Table, room: u64) -> Result<(), Broken> {
        let nodes = self.flat.vector(graph, 2, 4)?;
        for index in 0..nodes.count {
            let node = self.flat.item(nodes, index)?;
            let place = self.flat.value(node, 4, 4)?;
            self.index("node", node.at, place, room);
        }
        let edges = self.flat.vector(graph, 4, 4)?;
        for index in 0..edges.count {
            let edge = self.flat.item(edges, index)?;
            let place = self.flat.value(edge, 0, 4)?;
            self.index("edge", edge.at, place, room);
            for field in [1, 2] {
                let ends = self.flat.vector(edge, field, EDGE)?;
                for number in 0..ends.count {
                    let at = ends.start.saturating_add(number.saturating_mul(EDGE));
                    let place = self.flat.number(at, 4)?;
                    self.index("end of an edge", at, place, room);
                }
            }
        }
        Ok(())
    }

    fn index(&mut self, what: &'static str, at: u64, index: u64, count: u64) {
        if index >= count {
            self.model.note(Fault::Index {
                what,
                at,
                index,
                count,
            });
        }
    }

    /// A replacement that the runtime makes when it loads the model: which nodes, and by which operators.
    fn record(&mut self, record: Table, room: u64) -> Result<(), Broken> {
        if let Some(nodes) = self.flat.inner(record, 1)? {
            let places = self.flat.vector(nodes, 0, 4)?;
            for number in 0..places.count {
                let at = places.start.saturating_add(number.saturating_mul(4));
                let place = self.flat.number(at, 4)?;
                if place != NO_NODE {
                    self.index("replaced node", at, place, room);
                }
            }
        }
        let produced = self.flat.vector(record, 3, 4)?;
        for index in 0..produced.count {
            // `domain:name:version`, of which the first may be empty.
            let at = produced.start.saturating_add(index.saturating_mul(4));
            let id = self.flat.string(at, TEXT)?;
            let mut parts = id.rsplitn(3, ':');
            let (_version, name, domain) = (parts.next(), parts.next(), parts.next());
            let operator = Operator {
                domain: domain.unwrap_or_default().to_owned(),
                name: name.unwrap_or_default().to_owned(),
                count: 1,
                at,
                end: at.saturating_add(4),
                ..Operator::default()
            };
            self.operators.keep(&mut self.model, operator);
        }
        Ok(())
    }

    /// `Node`: its operator, and attributes, which may be graphs and tensors.
    fn node(&mut self, node: Table) -> Result<(), Broken> {
        self.model.nodes = self.model.nodes.saturating_add(1);
        let mut operator = Operator {
            domain: self.text(node, 2)?,
            name: self.text(node, 5)?,
            count: 1,
            at: node.at,
            end: node.at.saturating_add(4),
            ..Operator::default()
        };
        let attributes = self.flat.vector(node, 10, 4)?;
        for index in 0..attributes.count {
            let attribute = self.flat.item(attributes, index)?;
            if operator.texts_matter() && operator.texts.len() < ATTRIBUTES {
                self.texts(attribute, &mut operator.texts)?;
            }
            self.attribute(attribute)?;
        }
        self.operators.keep(&mut self.model, operator);
        Ok(())
    }

    /// The texts of an attribute, with its name.
    fn texts(&mut self, attribute: Table, texts: &mut Vec<(String, String)>) -> Result<(), Broken> {
        let name = self.text(attribute, 0)?;
        if let Some(text) = self.flat.text(attribute, 5, TEXT)? {
            texts.push((name.clone(), text));
        }
        let list = self.flat.vector(attribute, 10, 4)?;
        for index in 0..list.count.min(ATTRIBUTES as u64) {
            let at = list.start.saturating_add(index.saturating_mul(4));
            texts.push((name.clone(), self.flat.string(at, TEXT)?));
        }
        Ok(())
    }

    /// `Attribute`: whatever its type says, all that it holds is looked at.
    fn attribute(&mut self, attribute: Table) -> Result<(), Broken> {
        if let Some(tensor) = self.flat.inner(attribute, 6)? {
            self.tensor(tensor)?;
        }
        if let Some(graph) = self.flat.inner(attribute, 7)? {
            self.wait(graph);
        }
        self.list(attribute, 11, "tensor", Self::tensor)?;
        self.list(attribute, 12, "graph", |walk, graph| {
            walk.wait(graph);
            Ok(())
        })
    }

    fn sparse(&mut self, sparse: Table) -> Result<(), Broken> {
        for field in [0, 1] {
            if let Some(tensor) = self.flat.inner(sparse, field)? {
                self.tensor(tensor)?;
            }
        }
        Ok(())
    }

    /// `Tensor`: shape, type, and its bytes, which older runtimes do not compare with them.
    fn tensor(&mut self, tensor: Table) -> Result<(), Broken> {
        self.model.tensors = self.model.tensors.saturating_add(1);
        let (at, end) = (tensor.at, tensor.at.saturating_add(4));
        let name = escape(&self.text(tensor, 0)?, 120);
        let dims = self.flat.vector(tensor, 2, 8)?;
        let mut shape = Some(1);
        for number in 0..dims.count {
            let place = dims.start.saturating_add(number.saturating_mul(8));
            shape = times(shape, self.flat.number(place, 8)?);
        }
        let kind = self.flat.value(tensor, 3, 4)?;
        let has_bytes = self.flat.field(tensor, 4)?.is_some();
        let bytes = self.flat.vector(tensor, 4, 1)?.count;
        let elsewhere = self.flat.field(tensor, 6)?;
        let expected = shape.and_then(|shape| size_of(shape, kind));
        let fault = match expected {
            _ if shape.is_none() => Fault::Overflow {
                tensor: name,
                at,
                end,
            },
            _ if kind > LAST_TYPE => Fault::UnknownType {
                tensor: name,
                kind,
                at,
                end,
            },
            Some(expected) if has_bytes && kind != TEXTS && bytes != expected => Fault::Size {
                tensor: name,
                bytes,
                expected,
                at,
                end,
            },
            _ if !has_bytes && self.is_place(elsewhere)? => Fault::Elsewhere { tensor: name, at },
            _ => return Ok(()),
        };
        self.model.note(fault);
        Ok(())
    }

    /// Whether a field holds an offset in another file; a negative one stands for none.
    fn is_place(&mut self, field: Option<u64>) -> Result<bool, Broken> {
        Ok(match field {
            Some(at) => i64::try_from(self.flat.number(at, 8)?).is_ok(),
            None => false,
        })
    }

    fn text(&mut self, table: Table, field: u64) -> Result<String, Broken> {
        Ok(self.flat.text(table, field, TEXT)?.unwrap_or_default())
    }
}
