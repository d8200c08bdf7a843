//! Describes files of Torch 7, the Lua library, without making one of their objects.
//!
//! A file is one object (File.lua of torch7): a number for its kind, then numbers, texts, tables, instances of classes,
//! or functions in Lua's compiled form, which a reader hands to `loadstring`. It is walked with a stack of how many
//! objects are still to come. What is kept is where the functions lie; the weights are stepped over.

mod reader;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::io;

use tutela_core::{Bytes, Limits};

use reader::{Reader, Stop};

/// Levels of nesting that are followed.
const DEPTH: usize = 10_000;
/// Functions that are kept.
const KEPT: usize = 10_000;
/// Dimensions of a tensor that are read.
const DIMENSIONS: u64 = 64;
/// The longest name of a class.
const NAME: u64 = 256;

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct File {
    /// Functions in Lua's compiled form.
    pub functions: Vec<Function>,
    /// Objects, in all.
    pub objects: u64,
    /// Texts and names of classes among them.
    pub texts: u64,
    /// Where the object ends.
    pub end: u64,
    /// Why the rest was not read, if it was not.
    pub fault: Option<Fault>,
}

/// A function in Lua's compiled form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Function {
    /// Where its code begins.
    pub at: u64,
    /// How many bytes it has.
    pub length: u64,
}

/// Why a file was not read to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It ends inside of an object, or holds no number where one must be.
    #[error("the object at byte {at} is not one that the library writes")]
    Malformed {
        /// Where.
        at: u64,
    },
    /// More is declared than there is.
    #[error("the {what} at byte {at} declares {declared}, but {left} bytes follow")]
    Beyond {
        /// What declares it.
        what: &'static str,
        /// Where it is.
        at: u64,
        /// How many bytes or entries; negative ones too.
        declared: i64,
        /// Bytes that follow.
        left: u64,
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

/// Describes a file.
///
/// # Errors
/// What reading the bytes returns.
pub fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<File> {
    Walk::new(bytes, limits.steps).run()
}

/// Whether the bytes begin as a file of Torch 7: objects with a text among the first ones.
pub(crate) fn looks_like(bytes: &dyn Bytes, start: &[u8]) -> io::Result<bool> {
    /// Objects that are looked at.
    const OBJECTS: u64 = 64;
    let is_binary = matches!(
        start,
        [3 | 4 | 7 | 8, 0, 0, 0, 1, 0, 0, 0, ..] | [6, 0, 0, 0, ..]
    );
    let is_text = matches!(start, [b'3' | b'4' | b'7' | b'8', b'\n', b'1', b'\n', ..]);
    if !(is_binary || is_text) {
        return Ok(false);
    }
    let file = Walk::new(bytes, OBJECTS).run()?;
    let is_code = |function: &Function| {
        let from = usize::try_from(function.at).ok();
        from.and_then(|from| start.get(from)) == Some(&0x1b)
    };
    Ok(match file.fault {
        _ if file.functions.iter().any(is_code) => true,
        None => file.texts > 0 && file.end == bytes.len(),
        Some(Fault::Limit { .. }) => file.texts > 2,
        // Broken: the version of a class has to speak for it.
        Some(_) => has_version(start),
    })
}

/// The version of a class, as every instance has it, in either way of writing.
fn has_version(start: &[u8]) -> bool {
    let holds = |version: &[u8]| memchr::memmem::find(start, version).is_some();
    holds(b"\x03\0\0\0V 1") || holds(b"\n3\nV 1\n")
}

struct Walk<'a> {
    reader: Reader<'a>,
    file: File,
    steps: u64,
    limit: u64,
    /// How many objects are still to come, at each level.
    open: Vec<u64>,
    /// Objects that were read; naming one again reads nothing.
    known: BTreeSet<i64>,
}

impl<'a> Walk<'a> {
    fn new(bytes: &'a dyn Bytes, steps: u64) -> Self {
        Self {
            reader: Reader::new(bytes),
            file: File::default(),
            steps,
            limit: steps,
            open: vec![1],
            known: BTreeSet::new(),
        }
    }

    fn run(mut self) -> io::Result<File> {
        match self.objects() {
            Ok(()) => {}
            Err(Stop::Read(error)) => return Err(error),
            Err(Stop::Fault(fault)) => self.file.fault = Some(fault),
        }
        self.file.end = self.reader.at();
        Ok(self.file)
    }

    fn objects(&mut self) -> Result<(), Stop> {
        while let Some(left) = self.open.last_mut() {
            let Some(fewer) = left.checked_sub(1) else {
                self.open.pop();
                continue;
            };
            *left = fewer;
            self.steps = self.steps.checked_sub(1).ok_or(Stop::Fault(Fault::Limit {
                what: "objects",
                limit: self.limit,
            }))?;
            self.object()?;
            self.file.objects = self.file.objects.saturating_add(1);
        }
        Ok(())
    }

    fn expect(&mut self, objects: u64) -> Result<(), Stop> {
        if self.open.len() >= DEPTH {
            return Err(Stop::Fault(Fault::Limit {
                what: "levels",
                limit: DEPTH as u64,
            }));
        }
        self.open.push(objects);
        Ok(())
    }

    fn object(&mut self) -> Result<(), Stop> {
        let at = self.reader.at();
        match self.reader.int()? {
            0 => Ok(()),
            1 => self.reader.double(),
            2 => {
                self.file.texts = self.file.texts.saturating_add(1);
                self.reader.text("text").map(|_| ())
            }
            5 => self.reader.int().map(|_| ()),
            6 => self.function(),
            kind @ (3 | 4 | 7 | 8) => {
                let index = self.reader.int()?;
                if !self.known.insert(index) {
                    return Ok(());
                }
                match kind {
                    3 => self.table(at),
                    4 => self.instance(at),
                    _ => self.function(),
                }
            }
            _ => Err(Stop::Fault(Fault::Malformed { at })),
        }
    }

    /// Code, and an object with what it has around it.
    fn function(&mut self) -> Result<(), Stop> {
        let (at, length) = self.reader.text("function")?;
        if self.file.functions.len() < KEPT {
            self.file.functions.push(Function { at, length });
        }
        self.expect(1)
    }

    fn table(&mut self, at: u64) -> Result<(), Stop> {
        let size = self.reader.int()?;
        let left = self.reader.left();
        let pairs = u64::try_from(size).ok().filter(|pairs| *pairs <= left / 2);
        let Some(pairs) = pairs else {
            return Err(Stop::Fault(Fault::Beyond {
                what: "table",
                at,
                declared: size,
                left,
            }));
        };
        self.expect(pairs.saturating_mul(2))
    }

    /// The version and the name of a class, and what its own reader takes.
    fn instance(&mut self, at: u64) -> Result<(), Stop> {
        let mut name = self.name()?;
        // Before there were versions, the name came first.
        if name.starts_with("V ") {
            name = self.name()?;
        }
        self.file.texts = self.file.texts.saturating_add(1);
        let kind = name.strip_prefix("torch.").unwrap_or_default();
        if let Some(element) = kind.strip_suffix("Storage") {
            return self.storage(at, element);
        }
        if kind.ends_with("Tensor") {
            return self.tensor(at);
        }
        self.expect(1)
    }

    fn name(&mut self) -> Result<String, Stop> {
        let (at, length) = self.reader.text("name of a class")?;
        if length > NAME {
            return Err(Stop::Fault(Fault::Malformed { at }));
        }
        self.reader.shown(at, length)
    }

    /// Dimensions, sizes, strides and an offset; then the storage.
    fn tensor(&mut self, at: u64) -> Result<(), Stop> {
        let dimensions = self.reader.int()?;
        let count = u64::try_from(dimensions)
            .ok()
            .filter(|it| *it <= DIMENSIONS);
        let Some(count) = count else {
            return Err(Stop::Fault(Fault::Beyond {
                what: "tensor",
                at,
                declared: dimensions,
                left: self.reader.left(),
            }));
        };
        for _ in 0..count.saturating_mul(2).saturating_add(1) {
            self.reader.long()?;
        }
        self.expect(1)
    }

    fn storage(&mut self, at: u64, element: &str) -> Result<(), Stop> {
        let size = self.reader.long()?;
        let width = match element.trim_start_matches("Cuda") {
            "Byte" | "Char" => 1,
            "Short" | "Half" => 2,
            "Int" | "Float" | "" => 4,
            "Long" | "Double" => 8,
            _ => return Err(Stop::Fault(Fault::Malformed { at })),
        };
        self.reader.elements(size, width, at)
    }
}
