//! Describes HDF5 files: groups, links, attributes and how data sets are stored. No value of a data set is read.
//!
//! The file is a heap of small blocks that point to each other by address, in two generations: symbol
//! tables and B-trees of version 1, or link messages, fractal heaps and B-trees of version 2. Every
//! block is read once and charged to a budget, so that a cycle or an overlap costs nothing. Names of
//! numbers follow the "HDF5 File Format Specification, version 3.0".

mod chunks;
mod dense;
mod group;
mod header;
mod heap;
mod lists;
mod message;
mod source;
mod space;
#[cfg(test)]
mod tests;
mod virtual_dataset;
mod walk;

use std::collections::BTreeMap;
use std::io;

use tutela_core::{Bytes, Limits, escape};

use crate::extent::Extents;

pub(crate) use source::signature;

/// Elements of a text attribute that are kept; HDF5 keeps at most 64 KiB of references in a header.
const ELEMENTS: u64 = 1 << 16;

/// What an HDF5 file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct File {
    /// The version of its superblock.
    pub version: u8,
    /// Bytes before its superblock, which HDF5 leaves to the user.
    pub user_block: u64,
    /// Its groups, data sets and named types, the root group first.
    pub objects: Vec<Object>,
    /// Links that are more than the name of an object.
    pub links: Vec<Link>,
    /// What is malformed, or was not followed.
    pub faults: Vec<Fault>,
    /// Structure, values and texts in it; the rest is what HDF5 left free, if anything.
    pub(crate) extents: Extents,
}

/// A group, a data set or a named type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Object {
    /// The group that names it first, by its index; none for the root group.
    pub parent: Option<usize>,
    /// Its name there, as written.
    pub name: String,
    /// Where its header starts in the file.
    pub at: u64,
    /// Its attributes.
    pub attributes: Vec<Attribute>,
    /// How its values are stored, when it is a data set.
    pub dataset: Option<Dataset>,
}

impl Object {
    /// Texts that are cut into several attributes, `name0`, `name1` and so on, as Keras cuts long ones.
    #[must_use]
    pub fn joined(&self) -> Vec<(&str, Vec<u8>)> {
        let texts: BTreeMap<&str, &[u8]> =
            self.attributes.iter().filter_map(Attribute::text).collect();
        let mut found = Vec::new();
        for name in texts.keys() {
            // INVARIANT: no digit ends the stem, so a part belongs to one stem only and the work is linear.
            let stem = name.strip_suffix('0').unwrap_or_default();
            if stem.is_empty() || stem.ends_with(|letter: char| letter.is_ascii_digit()) {
                continue;
            }
            let part = |number| texts.get(format!("{stem}{number}").as_str()).copied();
            let parts: Vec<&[u8]> = (0..texts.len()).map_while(part).collect();
            if parts.len() > 1 {
                found.push((stem, parts.concat()));
            }
        }
        found
    }
}

impl Attribute {
    /// The name and the value, when it is a single text.
    fn text(&self) -> Option<(&str, &[u8])> {
        match self.values.as_slice() {
            [value] => Some((&self.name, value)),
            _ => None,
        }
    }
}

/// An attribute of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attribute {
    /// Its name, as written.
    pub name: String,
    /// The type of its elements.
    pub class: Class,
    /// How many elements it has.
    pub elements: u64,
    /// The elements, when they are texts or raw bytes; padding is cut off.
    pub values: Vec<Vec<u8>>,
}

/// The class of a datatype.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Class {
    /// A whole number, a bit field or an enumeration.
    Whole,
    /// A floating-point number.
    Float,
    /// A text of fixed length.
    Text,
    /// A text of variable length.
    VariableText,
    /// A list of variable length.
    Variable,
    /// Bytes without a meaning.
    Opaque,
    /// Anything else: compound, reference, array, time.
    Other,
}

/// How the values of a data set are stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dataset {
    /// Its dimensions; none for an empty data set.
    pub shape: Option<Vec<u64>>,
    /// Bytes of one element.
    pub element: u64,
    /// The class of its elements.
    pub class: Option<Class>,
    /// Where the values lie.
    pub layout: Layout,
    /// Its filters, by their registered numbers.
    pub filters: Vec<u16>,
    /// Other files that hold its values.
    pub external: Vec<String>,
    /// Data sets of other files that it is put together from.
    pub sources: Vec<VirtualSource>,
    /// The lists of bytes that are its values, when they are [`Class::Variable`].
    pub lists: Vec<Vec<u8>>,
    /// Whether these are all: chunks with rare filters or a newer index are not read.
    pub lists_complete: bool,
}

impl Dataset {
    /// Bytes that its values take unpacked; none when that is past counting.
    #[must_use]
    pub fn unpacked(&self) -> Option<u64> {
        let shape = self.shape.as_deref().unwrap_or(&[0]);
        shape
            .iter()
            .try_fold(self.element, |bytes, size| bytes.checked_mul(*size))
    }
}

/// Where the values of a data set lie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// Nothing says so.
    #[default]
    Unknown,
    /// In its header.
    Compact,
    /// In one piece.
    Contiguous {
        /// Where; none when nothing was written yet.
        at: Option<u64>,
        /// Its length.
        length: u64,
    },
    /// In chunks.
    Chunked,
    /// In other data sets.
    Virtual,
}

/// A data set of another file that a virtual data set shows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VirtualSource {
    /// The file, `.` for the same one.
    pub file: String,
    /// The data set in it.
    pub dataset: String,
}

/// A link that is more than the name of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The group that holds it, by its index.
    pub parent: usize,
    /// Its name, as written.
    pub name: String,
    /// Where it leads.
    pub target: Target,
}

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// To an object that has another name already, by its index.
    Object(usize),
    /// To a path in this file.
    Soft(String),
    /// To an object of another file.
    External {
        /// The file.
        file: String,
        /// The object in it.
        object: String,
    },
    /// To wherever a program registered for this class takes it.
    UserDefined(u8),
}

/// What is malformed in an HDF5 file, or was not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A structure does not read as the format wants it.
    #[error("the {what} at byte {at} is malformed")]
    Malformed {
        /// Which structure.
        what: &'static str,
        /// Where.
        at: u64,
    },
    /// A structure is of a kind that is not followed.
    #[error("the {what} at byte {at} is of a kind that is not followed")]
    Unsupported {
        /// Which structure.
        what: &'static str,
        /// Where.
        at: u64,
    },
    /// A limit was reached.
    #[error("there are more {what} than the limit of {limit}")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

impl File {
    /// The path of an object as HDF5 writes it, escaped; its middle is left out where it is long.
    #[must_use]
    pub fn path(&self, object: usize) -> String {
        let mut names = Vec::new();
        let mut next = Some(object);
        // INVARIANT: a parent stands before its child, so this ends; the bound keeps it short.
        while let Some(object) = next.and_then(|index| self.objects.get(index)) {
            if names.len() == 32 {
                names.push("…".to_owned());
                break;
            }
            if object.parent.is_some() {
                names.push(escape(&object.name, 80));
            }
            next = object.parent;
        }
        names.reverse();
        format!("/{}", names.join("/"))
    }

    /// The path of something that a group names.
    #[must_use]
    pub fn path_below(&self, group: usize, name: &str) -> String {
        let group = self.path(group);
        let slash = if group == "/" { "" } else { "/" };
        format!("{group}{slash}{}", escape(name, 80))
    }
}

/// Describes an HDF5 file. Time is linear in its metadata; the values of data sets are stepped over.
///
/// # Errors
/// What reading the bytes returns.
pub fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<File> {
    walk::read(bytes, limits)
}
