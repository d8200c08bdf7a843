//! Describes `PyTorch` models for mobile devices that are flatbuffers (`mobile_bytecode.fbs`, `PTMF`).
//!
//! A module is a list of values, of which some are functions: instructions, the operators that they call by number, and
//! constants. Loading it runs the functions that set up objects. What is kept is what runs (operators, classes of
//! libraries, source that is brought along) and every number that leads out of its list, which torch before 2.2 follows.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;

use tutela_core::{Bytes, Limits};

use super::{CLASSES, KEPT, NAME};
use crate::flat::{Broken, Fault, Flat, Reads, Table, Vector};

/// Files of one list that are kept.
const FILES: usize = 10_000;
/// Bytes of an `Instruction`: a code, a count, a number.
const INSTRUCTION: u64 = 8;
/// The last code of an instruction (`instruction.h` of torch 2.15).
const LAST_CODE: u64 = 48;

/// What a module says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Module {
    /// The operators and classes of libraries that it names, each with its first place.
    pub names: BTreeMap<String, (u64, u64)>,
    /// Source of `TorchScript` that it brings along.
    pub sources: Vec<Packed>,
    /// Other files that it brings along.
    pub extra: Vec<Packed>,
    /// How many functions it has.
    pub functions: u64,
    /// How many tensors it has.
    pub tensors: u64,
    /// What is malformed, or was not followed.
    pub faults: Vec<Fault>,
}

/// A file in a module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Packed {
    /// What it is called, as written.
    pub name: String,
    /// Where its content starts.
    pub start: u64,
    /// One past its content.
    pub end: u64,
}

impl Packed {
    /// How long its content is.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }
}

/// Describes a module.
///
/// # Errors
/// What reading the bytes returns.
pub fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Module> {
    let mut walk = Walk {
        flat: Flat::new(bytes, limits),
        module: Module::default(),
        lists: Lists::default(),
        limit: limits.steps,
    };
    let done = walk.root();
    walk.settle(done, "module", 0)?;
    Ok(walk.module)
}

/// The lists that numbers lead into.
#[derive(Default)]
struct Lists {
    values: u64,
    types: u64,
    storages: Vector,
}

/// What the numbers of a function lead into.
struct Function {
    instructions: Vector,
    operators: u64,
    constants: u64,
    types: u64,
    registers: u64,
}

struct Walk<'a> {
    flat: Flat<'a>,
    module: Module,
    lists: Lists,
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

impl<'a> Walk<'a> {
    fn note(&mut self, fault: Fault) {
        fault.keep(&mut self.module.faults, FILES);
    }

    /// `Module`: files, methods, state, values, storages, types, source, constants.
    fn root(&mut self) -> Result<(), Broken> {
        let at = self.flat.target(0)?;
        let root = self.flat.table(at)?;
        self.lists = Lists {
            values: self.flat.vector(root, 4, 4)?.count,
            types: self.flat.vector(root, 7, 4)?.count,
            storages: self.flat.vector(root, 6, 4)?,
        };
        self.list(root, 1, "extra file", |walk, table| {
            let packed = walk.packed(table)?;
            keep(&mut walk.module.extra, packed);
            Ok(())
        })?;
        self.list(root, 8, "source", |walk, table| {
            let packed = walk.packed(table)?;
            keep(&mut walk.module.sources, packed);
            Ok(())
        })?;
        self.list(root, 7, "type", Self::class)?;
        self.list(root, 4, "value", Self::value)?;
        self.list(root, 6, "storage", |walk, table| {
            walk.flat.vector(table, 0, 1).map(|_| ())
        })?;
        let claimed = self.flat.value(root, 5, 4)?;
        if claimed > self.lists.storages.count {
            // The loader sets aside as many places as are claimed.
            self.index(
                "number of storages",
                root.at,
                claimed,
                self.lists.storages.count,
            );
        }
        // Zero stands for all of them.
        let ordinary = self.flat.value(root, 11, 4)?;
        if ordinary > self.lists.values {
            self.index("number of values", root.at, ordinary, self.lists.values);
        }
        let state = self.flat.value(root, 3, 4)?;
        self.index("state of the module", root.at, state, self.lists.values);
        self.numbers(root, 2, "method", self.lists.values)?;
        self.numbers(root, 9, "constant", self.lists.values)
    }

    fn index(&mut self, what: &'static str, at: u64, index: u64, count: u64) {
        if index >= count {
            self.note(Fault::Index {
                what,
                at,
                index: i64::try_from(index).unwrap_or(i64::MAX),
                count,
            });
        }
    }

    /// A list of numbers of four bytes, each of which leads into a list.
    fn numbers(
        &mut self,
        table: Table,
        field: u64,
        what: &'static str,
        count: u64,
    ) -> Result<(), Broken> {
        let items = self.flat.vector(table, field, 4)?;
        for number in 0..items.count {
            let at = items.start.saturating_add(number.saturating_mul(4));
            let index = self.flat.number(at, 4)?;
            self.index(what, at, index, count);
        }
        Ok(())
    }

    /// `ExtraFile`: a name and a content.
    fn packed(&mut self, table: Table) -> Result<Packed, Broken> {
        let name = self.flat.text(table, 0, NAME)?.unwrap_or_default();
        let content = self.flat.vector(table, 1, 1)?;
        Ok(Packed {
            name,
            start: content.start,
            end: content.start.saturating_add(content.count),
        })
    }

    /// `ObjectType`: the name of a class, which may be one of a library.
    fn class(&mut self, table: Table) -> Result<(), Broken> {
        self.classes_in(table, 0)
    }

    /// The classes of libraries that a text names, such as `List[__torch__.torch.classes.a.B]`.
    fn classes_in(&mut self, table: Table, field: u64) -> Result<(), Broken> {
        let text = self.flat.text(table, field, NAME)?.unwrap_or_default();
        self.classes(table.at, &text);
        Ok(())
    }

    fn classes(&mut self, at: u64, text: &str) {
        for (start, _) in text.match_indices(CLASSES) {
            let rest = text.get(start..).unwrap_or_default();
            let is_name = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '.';
            let end = rest.find(|letter| !is_name(letter)).unwrap_or(rest.len());
            self.name(rest.get(..end).unwrap_or_default().to_owned(), at);
        }
    }

    fn name(&mut self, name: String, at: u64) {
        if self.module.names.len() < KEPT {
            let end = at.saturating_add(4);
            self.module.names.entry(name).or_insert((at, end));
        } else {
            self.note(Fault::Limit {
                what: "operators",
                limit: KEPT as u64,
            });
        }
    }

    /// `IValue`: a number for the kind, and a table or a struct.
    fn value(&mut self, table: Table) -> Result<(), Broken> {
        let kind = self.flat.value(table, 0, 1)?;
        // Numbers are structs and lead nowhere.
        if matches!(kind, 0..=4) {
            return Ok(());
        }
        let Some(inner) = self.flat.inner(table, 1)? else {
            return Ok(());
        };
        let values = self.lists.values;
        match kind {
            5 => self.tensor(inner),
            7 | 8 => {
                self.classes_in(inner, 1)?;
                self.numbers(inner, 0, "item", values)
            }
            9 => {
                self.numbers(inner, 0, "key", values)?;
                self.numbers(inner, 1, "item", values)
            }
            10 => self.object(inner),
            15 => {
                let index = self.flat.value(inner, 1, 4)?;
                self.index("enumeration", inner.at, index, values);
                Ok(())
            }
            16 => self.function(inner),
            _ => Ok(()),
        }
    }

    /// `Object`: a class, its state, its attributes, and the function that sets it up.
    fn object(&mut self, table: Table) -> Result<(), Broken> {
        for (field, what, count) in [
            (0, "class of an object", self.lists.types),
            (1, "state of an object", self.lists.values),
            (3, "function of an object", self.lists.values),
        ] {
            let index = self.flat.value(table, field, 4)?;
            self.index(what, table.at, index, count);
        }
        self.numbers(table, 2, "attribute", self.lists.values)
    }

    /// `TensorMetadata`: a storage, and which of its numbers the tensor takes. The loader does not compare the two.
    fn tensor(&mut self, table: Table) -> Result<(), Broken> {
        self.module.tensors = self.module.tensors.saturating_add(1);
        let storage = self.flat.value(table, 0, 4)?;
        self.index(
            "storage of a tensor",
            table.at,
            storage,
            self.lists.storages.count,
        );
        let kind = self.flat.value(table, 1, 1)?;
        let offset = signed(self.flat.value(table, 2, 4)?);
        let sizes = self.flat.vector(table, 3, 4)?;
        let strides = self.flat.vector(table, 4, 4)?;
        if let Some(schema) = self.flat.inner(table, 6)? {
            // What scales a quantised tensor are tensors, which have none of their own.
            for field in [3, 4] {
                if let Some(inner) = self.flat.inner(schema, field)?
                    && self.flat.field(inner, 6)?.is_none()
                {
                    self.tensor(inner)?;
                }
            }
        }
        let mut last = Some(offset);
        let mut is_empty = false;
        for number in 0..sizes.count {
            let step = number.saturating_mul(4);
            let size = signed(self.flat.number(sizes.start.saturating_add(step), 4)?);
            let stride = match number < strides.count {
                true => signed(self.flat.number(strides.start.saturating_add(step), 4)?),
                false => 0,
            };
            is_empty |= size == 0;
            let reach = size.saturating_sub(1).checked_mul(stride);
            last = last.and_then(|last| last.checked_add(reach?));
            last = last.filter(|_| size >= 0 && stride >= 0);
        }
        let count = self.lists.storages.count;
        if is_empty || storage >= count || strides.count != sizes.count {
            return Ok(());
        }
        let data = self.flat.item(self.lists.storages, storage)?;
        let bytes = self.flat.vector(data, 0, 1)?.count;
        let end = last.filter(|_| offset >= 0).and_then(|last| {
            u64::try_from(last)
                .ok()?
                .checked_add(1)?
                .checked_mul(width(kind))
        });
        if end.is_none_or(|end| end > bytes) {
            self.note(Fault::Tensor {
                what: "takes more than its storage has",
                at: table.at,
            });
        }
        Ok(())
    }

    /// `Function`: instructions, and the lists that their numbers lead into.
    fn function(&mut self, table: Table) -> Result<(), Broken> {
        self.module.functions = self.module.functions.saturating_add(1);
        self.list(table, 2, "operator", |walk, operator| {
            let name = walk.flat.text(operator, 0, NAME)?.unwrap_or_default();
            walk.name(name, operator.at);
            Ok(())
        })?;
        self.numbers(table, 3, "constant", self.lists.values)?;
        let class = self.flat.value(table, 8, 4)?;
        self.index("class of a function", table.at, class, self.lists.types);
        let function = Function {
            instructions: self.flat.vector(table, 1, INSTRUCTION)?,
            operators: self.flat.vector(table, 2, 4)?.count,
            constants: self.flat.vector(table, 3, 4)?.count,
            types: self.annotations(table)?,
            registers: self.flat.value(table, 5, 4)?,
        };
        for number in 0..function.instructions.count {
            self.instruction(&function, number)?;
        }
        Ok(())
    }

    /// The types that instructions name, which may be classes of libraries.
    fn annotations(&mut self, table: Table) -> Result<u64, Broken> {
        let texts = self.flat.vector(table, 4, 4)?;
        for number in 0..texts.count {
            let at = texts.start.saturating_add(number.saturating_mul(4));
            let text = self.flat.string(at, NAME)?;
            self.classes(at, &text);
        }
        Ok(texts.count)
    }

    /// A code, a count and a number, which leads into the list that the code says.
    fn instruction(&mut self, function: &Function, number: u64) -> Result<(), Broken> {
        let start = function.instructions.start;
        let at = start.saturating_add(number.saturating_mul(INSTRUCTION));
        let code = self.flat.number(at, 1)?;
        let count = self.flat.number(at.saturating_add(2), 2)?;
        let x = signed(self.flat.number(at.saturating_add(4), 4)?);
        let (what, first, last, end) = match code {
            0 | 1 => ("call of an operator", x, x, function.operators),
            // Registers are counted from one, from the end of the list.
            2 | 3 | 5 | 7 => (
                "register",
                x.saturating_sub(1),
                x.saturating_sub(1),
                function.registers,
            ),
            4 => {
                let last = x
                    .saturating_add(i64::try_from(count).unwrap_or_default())
                    .saturating_sub(2);
                ("register", x.saturating_sub(1), last, function.registers)
            }
            8 => ("load of a constant", x, x, function.constants),
            9..=11 => {
                let to = x.saturating_add(i64::try_from(number).unwrap_or(i64::MAX));
                ("jump", to, to, function.instructions.count)
            }
            25..=28 => ("type", x, x, function.types),
            29 => {
                let last = x
                    .saturating_add(i64::try_from(count).unwrap_or_default())
                    .saturating_sub(1);
                ("type", x, last, function.types)
            }
            0..=LAST_CODE => return Ok(()),
            _ => (
                "instruction",
                i64::try_from(code).unwrap_or_default(),
                0,
                LAST_CODE,
            ),
        };
        for index in [first, last] {
            if u64::try_from(index).is_ok_and(|index| index < end) {
                continue;
            }
            self.note(Fault::Index {
                what,
                at,
                index,
                count: end,
            });
            break;
        }
        Ok(())
    }
}

fn keep(files: &mut Vec<Packed>, file: Packed) {
    if files.len() < FILES {
        files.push(file);
    }
}

/// Bytes of an item of a `ScalarType`, at least: what is not known is taken for one byte.
const fn width(kind: u64) -> u64 {
    match kind {
        2 | 5 | 15 => 2,
        3 | 6 | 8 | 14 => 4,
        4 | 7 | 9 => 8,
        10 => 16,
        // Quantised numbers of less than a byte share one.
        16 | 17 => 0,
        _ => 1,
    }
}

/// A number of four bytes as the schema means it.
fn signed(number: u64) -> i64 {
    u32::try_from(number).map_or(i64::MAX, |number| i64::from(number.cast_signed()))
}
