//! Describes GGUF models without loading a tensor, and tells everything by which one breaks the rules.
//!
//! A file is a header with two counts, key-value pairs, descriptions of tensors, and the tensors' bytes,
//! each part aligned. Every count and length is the author's choice: each is held against what is left of
//! the file before anything is read. Versions 1 to 3 and both byte orders are read.

mod fault;
mod kinds;
mod layout;
mod metadata;
mod reader;
mod tensors;
#[cfg(test)]
mod tests;

use std::io;

use tutela_core::{Bytes, Limits};

pub use fault::{Fault, Flaw};
pub use kinds::Packing;
pub use metadata::{Entry, Kind, Value};
use reader::{Reader, Stop};
pub use tensors::Tensor;

/// The first bytes of a GGUF file, in both byte orders.
pub const MAGIC: &[u8] = b"GGUF";
/// Where tensors start when nothing else is said.
const ALIGNMENT: u64 = 32;
/// Entries, tensors and flaws that are kept of each; a real model has a few thousand.
const KEPT: usize = 200_000;
/// The fewest bytes that a key with its value takes: a length, a type and a byte.
const LEAST_ENTRY: u64 = 9;
/// The fewest bytes that the description of a tensor takes: a length, two numbers and an offset.
const LEAST_TENSOR: u64 = 20;

/// The order of the bytes in a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// The least significant byte first.
    #[default]
    Little,
    /// The most significant byte first; from version 3 on.
    Big,
}

/// What a GGUF file says about itself.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Model {
    /// The version of the format.
    pub version: u32,
    /// The order of the bytes in its numbers.
    pub order: Order,
    /// The key-value pairs in their order.
    pub metadata: Vec<Entry>,
    /// The tensors in their order.
    pub tensors: Vec<Tensor>,
    /// To what tensors are aligned.
    pub alignment: u64,
    /// One past the last byte of the header.
    pub header_end: u64,
    /// Where the tensors' bytes start.
    pub data: u64,
    /// Everything that breaks a rule, or was not read.
    pub flaws: Vec<Flaw>,
}

impl Model {
    /// The last value of a key, if there is one.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.metadata
            .iter()
            .rev()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }

    /// Whether the whole header could be read; when not, a flaw says why.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.flaws.iter().any(|flaw| flaw.fault.ends_reading())
    }

    fn note(&mut self, start: u64, end: u64, fault: Fault) {
        // INVARIANT: what ends the reading is always kept, so that a part is never taken for the whole.
        if self.flaws.len() < KEPT || fault.ends_reading() {
            self.flaws.push(Flaw { start, end, fault });
        }
    }
}

/// Describes a model. Time is linear in the header; the tensors' bytes are stepped over.
///
/// # Errors
/// What reading the bytes returns.
///
/// # Examples
/// ```
/// use tutela_core::Limits;
/// // Version 3, no tensors, no metadata.
/// let bytes = [b"GGUF".as_slice(), &[3, 0, 0, 0], &[0; 16]].concat();
/// let model = tutela_formats::gguf::read(&bytes, &Limits::default()).unwrap();
/// assert_eq!((model.version, model.flaws.len()), (3, 0));
/// ```
pub fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Model> {
    let mut model = Model {
        alignment: ALIGNMENT,
        ..Model::default()
    };
    let mut reader = Reader::new(bytes, limits);
    match header(&mut reader, &mut model) {
        Ok(()) => {
            model.header_end = reader.at();
            layout::check(bytes, &mut model)?;
        }
        Err(Stop::Read(error)) => return Err(error),
        Err(Stop::Fault(fault)) => {
            model.header_end = reader.at();
            model.note(reader.at(), bytes.len(), fault);
        }
    }
    Ok(model)
}

fn header(reader: &mut Reader<'_>, model: &mut Model) -> Result<(), Stop> {
    model.version = reader.version()?;
    model.order = reader.order();
    let tensors = reader.length()?;
    let entries = reader.length()?;
    let left = reader.left();
    for (what, count, least) in [
        ("tensors", tensors, LEAST_TENSOR),
        ("key-value pairs", entries, LEAST_ENTRY),
    ] {
        let possible = left / least;
        if count > possible {
            return Err(Stop::Fault(Fault::Count {
                what,
                count,
                possible,
            }));
        }
    }
    metadata::read(reader, entries, model)?;
    tensors::read(reader, tensors, model)
}
