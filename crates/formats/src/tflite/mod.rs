//! Describes TensorFlow Lite models without loading one.
//!
//! The file is a flatbuffer (schema.fbs, version 3): tables that point to each other by offsets. What is
//! kept is what runs (operators, and the TensorFlow nodes inside the Flex ones) and every offset or index
//! that leads out of the file or of its list.

mod flex;
mod map;
#[cfg(test)]
mod tests;

use std::io;

use tutela_core::{Bytes, Limits};

use crate::extent::Extents;
use crate::flat::{Broken, Flat, Reads, Table};
use crate::tensorflow::Node;

/// Operators that are kept.
const OPERATORS: usize = 100_000;
/// Bytes of a name that are kept.
const NAME: u64 = 1 << 10;
/// Bytes of an operator's options that are looked at; a node definition takes a few hundred.
const OPTIONS: u64 = 1 << 20;
/// `BuiltinOperator_CUSTOM` of the schema.
const CUSTOM: u64 = 32;

/// What a TensorFlow Lite model says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Model {
    /// The version of the schema.
    pub version: u64,
    /// Its operators that are not of TensorFlow Lite itself.
    pub custom: Vec<Custom>,
    /// How many operators run, in all graphs.
    pub operators: u64,
    /// How many tensors there are, in all graphs.
    pub tensors: u64,
    /// What is malformed, or was not followed.
    pub faults: Vec<Fault>,
    /// Tables, texts and buffers in it; the rest belongs to nothing.
    pub(crate) extents: Extents,
}

/// An operator that is not of TensorFlow Lite itself. Texts are as written, not escaped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Custom {
    /// What it is called.
    pub name: String,
    /// The TensorFlow node that a Flex operator runs, when it could be read.
    pub node: Option<Node>,
    /// Whether a graph runs it; else it is only declared.
    pub used: bool,
    /// Where it starts in the file.
    pub at: u64,
}

/// What is malformed in a TensorFlow Lite model, or was not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// An offset leads out of the file.
    #[error("the {what} at byte {at} reaches outside the file")]
    Outside {
        /// What has the offset.
        what: &'static str,
        /// Where it is.
        at: u64,
    },
    /// An index leads out of its list.
    #[error("the {what} at byte {at} names number {index} of a list of {count}")]
    Index {
        /// What has the index.
        what: &'static str,
        /// Where it is.
        at: u64,
        /// The index.
        index: i64,
        /// How many there are.
        count: u64,
    },
    /// A graph of the model runs itself without end.
    #[error("the operator at byte {at} runs its own graph")]
    Cycle {
        /// Where the operator is.
        at: u64,
    },
    /// A limit was reached.
    #[error("there is more to read than the limit of {limit} {what}")]
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
            Self::Outside { at, .. } | Self::Index { at, .. } | Self::Cycle { at } => Some(*at),
            Self::Limit { .. } => None,
        }
    }
}

/// Describes a model.
///
/// # Errors
/// What reading the bytes returns.
pub fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Model> {
    let mut walk = Walk {
        flat: Flat::new(bytes, limits),
        model: Model::default(),
        limits,
        codes: Vec::new(),
        buffers: 0,
        graphs: 0,
    };
    let done = walk.root();
    walk.settle(done, "model", 0)?;
    walk.unused();
    walk.model.extents = map::map(&mut Flat::new(bytes, limits))?;
    Ok(walk.model)
}

/// An entry of the list of operators.
struct Code {
    builtin: u64,
    name: String,
    used: bool,
    at: u64,
}

impl Code {
    /// A name makes an operator a foreign one, whatever its number says.
    const fn is_custom(&self) -> bool {
        self.builtin == CUSTOM || !self.name.is_empty()
    }
}

struct Walk<'a> {
    flat: Flat<'a>,
    model: Model,
    limits: &'a Limits,
    codes: Vec<Code>,
    buffers: u64,
    graphs: u64,
}

impl<'a> Reads<'a> for Walk<'a> {
    fn flat(&mut self) -> &mut Flat<'a> {
        &mut self.flat
    }

    fn outside(&mut self, what: &'static str, at: u64) {
        self.model.note(Fault::Outside { what, at });
    }

    fn exhausted(&mut self) {
        self.model.note(Fault::Limit {
            what: "steps",
            limit: self.limits.steps,
        });
    }
}

impl Walk<'_> {
    /// `Model`: version, operator codes, subgraphs, description, buffers, metadata.
    fn root(&mut self) -> Result<(), Broken> {
        let at = self.flat.target(0)?;
        let root = self.flat.table(at)?;
        self.model.version = self.flat.value(root, 0, 4)?;
        let codes = self.flat.vector(root, 1, 4)?;
        let graphs = self.flat.vector(root, 2, 4)?;
        let buffers = self.flat.vector(root, 4, 4)?;
        (self.buffers, self.graphs) = (buffers.count, graphs.count);
        self.each(codes, "operator code", Self::code)?;
        self.each(buffers, "buffer", Self::buffer)?;
        for index in 0..graphs.count {
            let done = self
                .flat
                .item(graphs, index)
                .and_then(|table| self.graph(table, index));
            self.settle(done, "graph", graphs.start)?;
        }
        let metadata = self.flat.vector(root, 6, 4)?;
        self.each(metadata, "metadata entry", Self::metadata)
    }

    /// `OperatorCode`. Codes above 127 stand in a field of their own since schema version 3a.
    fn code(&mut self, table: Table) -> Result<(), Broken> {
        let code = Code {
            builtin: self
                .flat
                .value(table, 0, 1)?
                .max(self.flat.value(table, 3, 4)?),
            name: self.flat.text(table, 1, NAME)?.unwrap_or_default(),
            used: false,
            at: table.at,
        };
        if self.codes.len() < OPERATORS {
            self.codes.push(code);
        }
        Ok(())
    }

    /// Foreign operators that no graph runs: a graph that could not be read may run them.
    fn unused(&mut self) {
        let unused = self
            .codes
            .iter()
            .filter(|code| code.is_custom() && !code.used);
        self.model.custom.extend(unused.map(|code| Custom {
            name: code.name.clone(),
            node: None,
            used: false,
            at: code.at,
        }));
    }

    /// `Buffer`: its bytes, or the place of bytes behind the flatbuffer.
    fn buffer(&mut self, table: Table) -> Result<(), Broken> {
        self.flat.vector(table, 0, 1)?;
        let (offset, size) = (self.flat.value(table, 1, 8)?, self.flat.value(table, 2, 8)?);
        self.stays_inside(offset, size, table.at, "buffer");
        Ok(())
    }

    /// Offsets of 0 and 1 mean that there is nothing.
    fn stays_inside(&mut self, offset: u64, size: u64, at: u64, what: &'static str) {
        let end = offset.checked_add(size);
        if offset > 1 && end.is_none_or(|end| end > self.flat.len()) {
            self.model.note(Fault::Outside { what, at });
        }
    }

    fn metadata(&mut self, table: Table) -> Result<(), Broken> {
        self.flat.text(table, 0, NAME)?;
        let buffer = self.flat.value(table, 1, 4)?;
        self.is_one_of(buffer, self.buffers, table.at, "metadata entry");
        Ok(())
    }

    fn is_one_of(&mut self, index: u64, count: u64, at: u64, what: &'static str) {
        if index >= count {
            self.model.note(Fault::Index {
                what,
                at,
                index: i64::try_from(index).unwrap_or(i64::MAX),
                count,
            });
        }
    }

    /// `SubGraph`: tensors, inputs, outputs, operators.
    fn graph(&mut self, table: Table, number: u64) -> Result<(), Broken> {
        let tensors = self.flat.vector(table, 0, 4)?;
        self.model.tensors = self.model.tensors.saturating_add(tensors.count);
        self.each(tensors, "tensor", Self::tensor)?;
        for field in [1, 2] {
            self.indices(table, field, tensors.count, "graph")?;
        }
        let operators = self.flat.vector(table, 3, 4)?;
        for index in 0..operators.count {
            let done = self
                .flat
                .item(operators, index)
                .and_then(|table| self.operator(table, tensors.count, number));
            if matches!(done, Err(Broken::Steps)) || self.model.faults.len() >= 1000 {
                return done;
            }
            self.settle(done, "operator", operators.start)?;
        }
        Ok(())
    }

    fn tensor(&mut self, table: Table) -> Result<(), Broken> {
        self.flat.vector(table, 0, 4)?;
        let buffer = self.flat.value(table, 2, 4)?;
        self.is_one_of(buffer, self.buffers.max(1), table.at, "tensor");
        Ok(())
    }

    /// Numbers of tensors; −1 stands for one that is left out.
    fn indices(
        &mut self,
        table: Table,
        field: u64,
        count: u64,
        what: &'static str,
    ) -> Result<(), Broken> {
        let list = self.flat.vector(table, field, 4)?;
        for place in 0..list.count {
            let at = list.start.saturating_add(place.saturating_mul(4));
            let raw = self.flat.number(at, 4)?;
            let index = i64::from(u32::try_from(raw).unwrap_or_default().cast_signed());
            let is_one = u64::try_from(index).is_ok_and(|index| index < count);
            if !is_one && index != -1 {
                self.model.note(Fault::Index {
                    what,
                    at,
                    index,
                    count,
                });
            }
        }
        Ok(())
    }

    /// `Operator`: the number of its code, tensors, options.
    fn operator(&mut self, table: Table, tensors: u64, graph: u64) -> Result<(), Broken> {
        self.model.operators = self.model.operators.saturating_add(1);
        for field in [1, 2, 8] {
            self.indices(table, field, tensors, "operator")?;
        }
        let index = self.flat.value(table, 0, 4)?;
        self.is_one_of(index, self.codes.len() as u64, table.at, "operator");
        let found = usize::try_from(index).ok();
        let Some(code) = found.and_then(|index| self.codes.get_mut(index)) else {
            return Ok(());
        };
        code.used = true;
        if !code.is_custom() {
            let builtin = code.builtin;
            return self.control(builtin, table, graph);
        }
        let mut custom = Custom {
            name: code.name.clone(),
            node: None,
            used: true,
            at: table.at,
        };
        let (start, count) = self.options(table)?;
        if custom.name.starts_with("Flex") {
            let options = self.flat.span(start, count.min(OPTIONS))?;
            custom.node = flex::node(&options, self.limits)?;
        }
        if self.model.custom.len() < OPERATORS {
            self.model.custom.push(custom);
        } else {
            self.model.note(Fault::Limit {
                what: "custom operators",
                limit: OPERATORS as u64,
            });
        }
        Ok(())
    }

    /// Where the options of a custom operator lie: in a vector, or behind the flatbuffer.
    fn options(&mut self, table: Table) -> Result<(u64, u64), Broken> {
        let near = self.flat.vector(table, 5, 1)?;
        let (offset, size) = (
            self.flat.value(table, 9, 8)?,
            self.flat.value(table, 10, 8)?,
        );
        self.stays_inside(offset, size, table.at, "operator's options");
        let fits = offset > 1 && offset.saturating_add(size) <= self.flat.len();
        Ok(if fits {
            (offset, size)
        } else {
            (near.start, near.count)
        })
    }

    /// Operators that run other graphs of the model: `IF`, `WHILE`, `CALL_ONCE`.
    fn control(&mut self, builtin: u64, table: Table, graph: u64) -> Result<(), Broken> {
        let runs: &[u64] = match builtin {
            118 | 119 => &[0, 1],
            129 => &[0],
            _ => return Ok(()),
        };
        let Some(options) = self.flat.inner(table, 4)? else {
            return Ok(());
        };
        for field in runs {
            let index = self.flat.value(options, *field, 4)?;
            self.is_one_of(index, self.graphs, table.at, "operator");
            if index == graph {
                self.model.note(Fault::Cycle { at: table.at });
            }
        }
        Ok(())
    }
}

impl Model {
    fn note(&mut self, fault: Fault) {
        if self.faults.len() < 1000 && !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}
