//! Describes programs of `ExecuTorch` without running one.
//!
//! The file is a flatbuffer (program.fbs, `ET12`), and behind it segments of raw bytes, which an extended header points
//! to. What is kept is what runs (operators, and the backends that parts are delegated to), and every offset or index
//! that leads out of the file or of its list: the runtime follows them without asking on a telephone.

#[cfg(test)]
mod tests;

use std::io;

use tutela_core::{Bytes, Limits, Window};

use crate::flat::{Broken, Flat, Reads, Table};
use crate::input::Input;
use crate::little::{u32_at, u64_at};

/// Bytes of a name that are kept.
const NAME: u64 = 512;
/// Operators, delegates and faults that are kept.
const KEPT: usize = 10_000;
/// Numbers of `KernelTypes` in the schema.
const TENSOR: u64 = 5;
const TENSOR_LISTS: std::ops::RangeInclusive<u64> = 10..=11;

/// What a program says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Program {
    /// What its methods call.
    pub operators: Vec<Operator>,
    /// The backends that get a part of it, each with bytes that only they understand.
    pub delegates: Vec<Delegate>,
    /// How many segments lie behind it.
    pub segments: u64,
    /// What is malformed, or was not followed.
    pub faults: Vec<Fault>,
}

/// An operator, by its name in the runtime's register.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Operator {
    /// Its library and name, such as `aten::add`.
    pub name: String,
    /// Where it stands.
    pub at: u64,
}

/// A backend that gets a part of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delegate {
    /// What the backend is called.
    pub id: String,
    /// Where it stands.
    pub at: u64,
}

/// What is malformed in a program, or was not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// An offset leads out of the program.
    #[error("the {what} at byte {at} reaches outside the program")]
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
    /// A tensor has a shape that no memory holds, or an order of dimensions that is none.
    #[error("the tensor at byte {at} has {what}")]
    Tensor {
        /// What it has.
        what: &'static str,
        /// Where it is.
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
            Self::Outside { at, .. } | Self::Index { at, .. } | Self::Tensor { at, .. } => {
                Some(*at)
            }
            Self::Limit { .. } => None,
        }
    }
}

/// Describes a program.
///
/// # Errors
/// What reading the bytes returns.
pub fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Program> {
    let mut program = Program::default();
    let header = Header::read(bytes, &mut program)?;
    let window = Window::new(bytes, 0, header.program);
    let mut walk = Walk {
        flat: Flat::new(&window, limits),
        program,
        header,
        limits,
        lists: Lists::default(),
    };
    let done = walk.root();
    walk.settle(done, "program", 0)?;
    Ok(walk.program)
}

/// Where the parts of the file begin and end.
struct Header {
    /// How long the flatbuffer is.
    program: u64,
    /// Where the segments begin.
    base: u64,
    /// How long the file is.
    file: u64,
}

impl Header {
    /// The extended header, `eh00`, where there is one; else everything is the program.
    fn read(bytes: &dyn Bytes, program: &mut Program) -> io::Result<Self> {
        let file = bytes.len();
        let head = Input::new(bytes).prefix(0, 32)?.to_vec();
        let mut header = Self {
            program: file,
            base: file,
            file,
        };
        if head.get(8..12) != Some(b"eh00") || u32_at(&head, 12).is_none_or(|size| size < 24) {
            return Ok(header);
        }
        if let (Some(size), Some(base)) = (u64_at(&head, 16), u64_at(&head, 24)) {
            if size > file {
                program.note(outside("size of the program", 16));
            }
            if base > file {
                program.note(outside("start of the segments", 24));
            }
            header.program = size.min(file);
            header.base = base;
        }
        Ok(header)
    }
}

/// How long the lists are that indices lead into.
#[derive(Default)]
struct Lists {
    inline: u64,
    segments: Vec<u64>,
    constants: u64,
    values: u64,
    operators: u64,
    delegates: u64,
}

struct Walk<'a> {
    flat: Flat<'a>,
    program: Program,
    header: Header,
    limits: &'a Limits,
    lists: Lists,
}

impl<'a> Reads<'a> for Walk<'a> {
    fn flat(&mut self) -> &mut Flat<'a> {
        &mut self.flat
    }

    fn outside(&mut self, what: &'static str, at: u64) {
        self.program.note(outside(what, at));
    }

    fn exhausted(&mut self) {
        self.program.note(Fault::Limit {
            what: "steps",
            limit: self.limits.steps,
        });
    }
}

impl<'a> Walk<'a> {
    /// `Program`: version, plans, constants, delegated data, segments, and where constants lie in them.
    fn root(&mut self) -> Result<(), Broken> {
        let at = self.flat.target(0)?;
        let root = self.flat.table(at)?;
        let constants = self.flat.vector(root, 2, 4)?;
        self.lists.inline = self.flat.vector(root, 3, 4)?.count;
        let segments = self.flat.vector(root, 4, 4)?;
        self.program.segments = segments.count;
        self.each(segments, "segment", Self::segment)?;
        self.lists.constants = constants.count;
        self.each(constants, "constant", Self::constant)?;
        if let Some(table) = self.flat.inner(root, 5)? {
            let offsets = self.offsets(table)?;
            self.lists.constants = self.lists.constants.max(offsets);
        }
        let mutable = self.flat.vector(root, 6, 4)?;
        self.each(mutable, "mutable segment", |walk, table| {
            walk.offsets(table).map(|_| ())
        })?;
        let named = self.flat.vector(root, 7, 4)?;
        self.each(named, "named data", Self::named)?;
        let plans = self.flat.vector(root, 1, 4)?;
        self.each(plans, "method", Self::plan)
    }

    /// `DataSegment`: offset and size behind the start of all segments.
    fn segment(&mut self, table: Table) -> Result<(), Broken> {
        let offset = self.flat.value(table, 0, 8)?;
        let size = self.flat.value(table, 1, 8)?;
        let end = self
            .header
            .base
            .checked_add(offset)
            .and_then(|start| start.checked_add(size));
        if end.is_none_or(|end| end > self.header.file) {
            self.program.note(outside("segment", table.at));
        }
        if self.lists.segments.len() < KEPT {
            self.lists.segments.push(size);
        }
        Ok(())
    }

    fn constant(&mut self, table: Table) -> Result<(), Broken> {
        self.flat.vector(table, 0, 1).map(|_| ())
    }

    /// `SubsegmentOffsets`: a segment and places in it; how many there are.
    fn offsets(&mut self, table: Table) -> Result<u64, Broken> {
        let index = self.flat.value(table, 0, 4)?;
        let offsets = self.flat.vector(table, 1, 8)?;
        let Some(size) = self.segment_size("constant", table, index) else {
            return Ok(offsets.count);
        };
        for number in 0..offsets.count {
            let at = offsets.start.saturating_add(number.saturating_mul(8));
            if self.flat.number(at, 8)? > size {
                self.program.note(outside("constant", at));
            }
        }
        Ok(offsets.count)
    }

    /// `NamedData`: a key and the segment that it stands for.
    fn named(&mut self, table: Table) -> Result<(), Broken> {
        let index = self.flat.value(table, 1, 4)?;
        self.segment_size("named data", table, index);
        Ok(())
    }

    fn segment_size(&mut self, what: &'static str, table: Table, index: u64) -> Option<u64> {
        let count = self.program.segments;
        self.index(what, table.at, index.cast_signed(), count);
        let place = usize::try_from(index).ok()?;
        self.lists.segments.get(place).copied()
    }

    fn index(&mut self, what: &'static str, at: u64, index: i64, count: u64) {
        if u64::try_from(index).is_ok_and(|index| index < count) {
            return;
        }
        self.program.note(Fault::Index {
            what,
            at,
            index,
            count,
        });
    }

    /// `ExecutionPlan`: values, inputs, outputs, chains, operators and delegates.
    fn plan(&mut self, table: Table) -> Result<(), Broken> {
        let values = self.flat.vector(table, 2, 4)?;
        let operators = self.flat.vector(table, 6, 4)?;
        let delegates = self.flat.vector(table, 7, 4)?;
        self.lists.values = values.count;
        self.lists.operators = operators.count;
        self.lists.delegates = delegates.count;
        self.each(operators, "operator", Self::operator)?;
        self.each(delegates, "delegate", Self::delegate)?;
        self.each(values, "value", Self::value)?;
        for field in [3, 4] {
            self.indices("input or output", table, field)?;
        }
        let chains = self.flat.vector(table, 5, 4)?;
        self.each(chains, "chain", Self::chain)
    }

    fn operator(&mut self, table: Table) -> Result<(), Broken> {
        let name = self.flat.text(table, 0, NAME)?.unwrap_or_default();
        if self.program.operators.len() < KEPT {
            self.program.operators.push(Operator { name, at: table.at });
        }
        Ok(())
    }

    /// `BackendDelegate`: a name, and the number of its bytes in one of two lists.
    fn delegate(&mut self, table: Table) -> Result<(), Broken> {
        let id = self.flat.text(table, 0, NAME)?.unwrap_or_default();
        if self.program.delegates.len() < KEPT {
            self.program.delegates.push(Delegate { id, at: table.at });
        }
        if let Some(place) = self.flat.inner(table, 1)? {
            let in_segment = self.flat.value(place, 0, 1)? == 1;
            let index = self.flat.value(place, 1, 4)?;
            let count = if in_segment {
                self.program.segments
            } else {
                self.lists.inline
            };
            self.index("delegate's data", table.at, index.cast_signed(), count);
        }
        Ok(())
    }

    /// `EValue`: a number for the kind, and a table.
    fn value(&mut self, table: Table) -> Result<(), Broken> {
        let kind = self.flat.value(table, 0, 1)?;
        let Some(inner) = self.flat.inner(table, 1)? else {
            return Ok(());
        };
        if kind == TENSOR {
            return self.tensor(inner);
        }
        if TENSOR_LISTS.contains(&kind) {
            return self.indices("list of tensors", inner, 0);
        }
        Ok(())
    }

    /// `Tensor`: a shape, an order of its dimensions, and the number of its constant.
    fn tensor(&mut self, table: Table) -> Result<(), Broken> {
        let sizes = self.flat.vector(table, 2, 4)?;
        let order = self.flat.vector(table, 3, 1)?;
        let mut bytes = Some(8_u64);
        for number in 0..sizes.count {
            let at = sizes.start.saturating_add(number.saturating_mul(4));
            let size = signed(self.flat.number(at, 4)?);
            bytes = u64::try_from(size)
                .ok()
                .and_then(|size| bytes?.checked_mul(size));
        }
        if bytes.is_none() {
            let what = "a shape that no memory holds";
            self.program.note(Fault::Tensor { what, at: table.at });
        }
        let mut fits = order.count == 0 || order.count == sizes.count;
        for number in 0..order.count {
            let dimension = self.flat.number(order.start.saturating_add(number), 1)?;
            fits &= dimension < sizes.count;
        }
        if !fits {
            let what = "an order of dimensions that it does not have";
            self.program.note(Fault::Tensor { what, at: table.at });
        }
        let constant = self.flat.value(table, 5, 4)?;
        let is_allocated = self.flat.field(table, 6)?.is_some();
        let is_elsewhere = self.flat.field(table, 9)?.is_some();
        if constant > 0 && !is_allocated && !is_elsewhere {
            let count = self.lists.constants;
            self.index("constant tensor", table.at, constant.cast_signed(), count);
        }
        Ok(())
    }

    /// A list of numbers of values; -1 stands for none.
    fn indices(&mut self, what: &'static str, table: Table, field: u64) -> Result<(), Broken> {
        let items = self.flat.vector(table, field, 4)?;
        for number in 0..items.count {
            let at = items.start.saturating_add(number.saturating_mul(4));
            let index = signed(self.flat.number(at, 4)?);
            if index != -1 {
                self.index(what, at, index, self.lists.values);
            }
        }
        Ok(())
    }

    fn chain(&mut self, table: Table) -> Result<(), Broken> {
        let instructions = self.flat.vector(table, 2, 4)?;
        for index in 0..instructions.count {
            let done = self
                .flat
                .item(instructions, index)
                .and_then(|table| self.instruction(table, instructions.count));
            if let Err(Broken::Steps) = done {
                return done;
            }
            self.settle(done, "instruction", instructions.start)?;
        }
        Ok(())
    }

    /// `Instruction`: a call of an operator or of a delegate, a move, a jump, or the end of a value.
    fn instruction(&mut self, table: Table, instructions: u64) -> Result<(), Broken> {
        let kind = self.flat.value(table, 0, 1)?;
        let Some(inner) = self.flat.inner(table, 1)? else {
            return Ok(());
        };
        let first = signed(self.flat.value(inner, 0, 4)?);
        let values = self.lists.values;
        let (what, count) = match kind {
            1 => ("call of an operator", self.lists.operators),
            2 => ("call of a delegate", self.lists.delegates),
            3 => ("move", values),
            4 => ("jump", values),
            5 => ("end of a value", values),
            _ => return Ok(()),
        };
        self.index(what, inner.at, first, count);
        match kind {
            1 | 2 => self.indices(what, inner, 1)?,
            3 => {
                let to = signed(self.flat.value(inner, 1, 4)?);
                self.index(what, inner.at, to, values);
            }
            4 => {
                let to = signed(self.flat.value(inner, 1, 4)?);
                // One past the last ends the method.
                self.index(what, inner.at, to, instructions.saturating_add(1));
            }
            _ => {}
        }
        Ok(())
    }
}

impl Program {
    fn note(&mut self, fault: Fault) {
        if self.faults.len() < KEPT {
            self.faults.push(fault);
        }
    }
}

const fn outside(what: &'static str, at: u64) -> Fault {
    Fault::Outside { what, at }
}

/// A number of four bytes as the schema means it.
fn signed(number: u64) -> i64 {
    u32::try_from(number).map_or(i64::MAX, |number| i64::from(number.cast_signed()))
}
