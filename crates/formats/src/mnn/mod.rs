//! Describes models of MNN without loading one.
//!
//! The file is a flatbuffer (`MNN.fbs`) without an identifier: a net of operators, and nets that its operators run. What is
//! kept is what reaches out of it (operators of plugins and engines, files with weights) and every offset or number of a
//! tensor that leads out.

#[cfg(test)]
mod tests;

use std::io;

use tutela_core::{Bytes, Limits};

use crate::flat::{Broken, Fault, Flat, Reads, Table};

/// Names and faults that are kept.
const KEPT: usize = 10_000;
/// Bytes of a name that are kept.
const NAME: u64 = 4 << 10;
/// `OpType_Plugin` and `OpType_Extra` of the schema.
const PLUGIN: u64 = 256;
const EXTRA: u64 = 512;
/// Types of operators end below.
const LAST_TYPE: u64 = 1_000;
/// Bytes that a root table is at most away from the start of a file that the library writes.
const ROOT: u64 = 256;

/// What a model says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Model {
    /// What reaches out of it.
    pub reaches: Vec<Reach>,
    /// How many operators it has, in all its nets.
    pub operators: u64,
    /// What is malformed, or was not followed.
    pub faults: Vec<Fault>,
}

/// Something that is not part of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reach {
    /// What it is.
    pub kind: Kind,
    /// Its name or path, as written.
    pub text: String,
    /// Where the operator stands.
    pub at: u64,
}

/// What an operator needs from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// An operator of a plugin.
    Plugin,
    /// An operator for an engine of its own.
    Engine,
    /// A file with its weights, opened by this path.
    File,
}

/// Whether the bytes are a model: a root table with a list of operators, and a list of the names of tensors.
///
/// # Errors
/// What reading the bytes returns.
pub(crate) fn looks_like(bytes: &dyn Bytes) -> io::Result<bool> {
    /// Operators that are looked at.
    const FIRST: u64 = 8;
    let limits = Limits {
        steps: 10_000,
        ..Limits::default()
    };
    let mut flat = Flat::new(bytes, &limits);
    let mut check = || -> Result<bool, Broken> {
        let at = flat.number(0, 4)?;
        if !(8..ROOT).contains(&at) || at % 4 != 0 {
            return Ok(false);
        }
        let root = flat.table(at)?;
        let operators = flat.vector(root, 3, 4)?;
        let names = flat.vector(root, 7, 4)?;
        if operators.count == 0 || names.count == 0 {
            return Ok(false);
        }
        for index in 0..names.count.min(FIRST) {
            flat.string(names.start.saturating_add(index.saturating_mul(4)), NAME)?;
        }
        for index in 0..operators.count.min(FIRST) {
            let operator = flat.item(operators, index)?;
            let kind = flat.value(operator, 5, 4)?;
            flat.vector(operator, 0, 4)?;
            let outputs = flat.vector(operator, 4, 4)?;
            let name = flat.text(operator, 3, NAME)?.unwrap_or_default();
            if kind >= LAST_TYPE || outputs.count > names.count || name.contains('\0') {
                return Ok(false);
            }
        }
        Ok(true)
    };
    match check() {
        Ok(found) => Ok(found),
        Err(Broken::Read(error)) => Err(error),
        Err(Broken::Outside(_) | Broken::Steps) => Ok(false),
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
        tensors: 0,
        limit: limits.steps,
    };
    let done = walk.root();
    walk.settle(done, "net", 0)?;
    Ok(walk.model)
}

struct Walk<'a> {
    flat: Flat<'a>,
    model: Model,
    /// How many tensors the net has whose operators are gone through.
    tensors: u64,
    limit: u64,
}

impl<'a> Reads<'a> for Walk<'a> {
    fn flat(&mut self) -> &mut Flat<'a> {
        &mut self.flat
    }

    fn outside(&mut self, what: &'static str, at: u64) {
        self.note(Fault::Outside { what, at });
    }

    fn exhausted(&mut self) {
        self.note(Fault::Limit {
            what: "steps",
            limit: self.limit,
        });
    }
}

impl Walk<'_> {
    fn note(&mut self, fault: Fault) {
        fault.keep(&mut self.model.faults, KEPT);
    }

    /// `Net`: operators, names of tensors, and nets that operators run.
    fn root(&mut self) -> Result<(), Broken> {
        let at = self.flat.target(0)?;
        let root = self.flat.table(at)?;
        self.tensors = self.flat.vector(root, 7, 4)?.count;
        let operators = self.flat.vector(root, 3, 4)?;
        self.each(operators, "operator", Self::operator)?;
        let nets = self.flat.vector(root, 10, 4)?;
        self.each(nets, "net", Self::net)
    }

    /// `SubGraphProto`: names of its tensors, and its operators.
    fn net(&mut self, net: Table) -> Result<(), Broken> {
        self.tensors = self.flat.vector(net, 3, 4)?.count;
        let operators = self.flat.vector(net, 4, 4)?;
        self.each(operators, "operator", Self::operator)
    }

    /// `Op`: tensors that go in and out, a kind with its settings, and perhaps a file.
    fn operator(&mut self, operator: Table) -> Result<(), Broken> {
        self.model.operators = self.model.operators.saturating_add(1);
        if let Some(path) = self.flat.text(operator, 7, NAME)? {
            self.reach(Kind::File, path, operator.at);
        }
        for (field, what) in [(0, "input"), (4, "output")] {
            let places = self.flat.vector(operator, field, 4)?;
            for number in 0..places.count {
                let at = places.start.saturating_add(number.saturating_mul(4));
                let index = signed(self.flat.number(at, 4)?);
                let fits = u64::try_from(index).is_ok_and(|index| index < self.tensors);
                // An input that is left out is -1.
                if !fits && index != -1 {
                    self.note(Fault::Index {
                        what,
                        at,
                        index,
                        count: self.tensors,
                    });
                }
            }
        }
        let kind = match self.flat.value(operator, 5, 4)? {
            PLUGIN => Kind::Plugin,
            EXTRA => Kind::Engine,
            _ => return Ok(()),
        };
        let Some(settings) = self.flat.inner(operator, 2)? else {
            return Ok(());
        };
        // `Plugin` has a type; `Extra` has a type and the name of an engine.
        let text = self.flat.text(settings, 0, NAME)?.unwrap_or_default();
        self.reach(kind, text, operator.at);
        Ok(())
    }

    fn reach(&mut self, kind: Kind, text: String, at: u64) {
        if self.model.reaches.len() < KEPT {
            self.model.reaches.push(Reach { kind, text, at });
        } else {
            self.note(Fault::Limit {
                what: "names",
                limit: KEPT as u64,
            });
        }
    }
}

/// A number of four bytes as the schema means it.
fn signed(number: u64) -> i64 {
    u32::try_from(number).map_or(i64::MAX, |number| i64::from(number.cast_signed()))
}
