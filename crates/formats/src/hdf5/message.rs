//! What the messages of an object header say (specification, IV.A.2).

use super::chunks::Chunks;
use super::source::Source;
use super::{Class, Layout};
use crate::fields::{Fields, text};

/// A name in a group, and where it leads.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) leads: Leads,
}

/// Where a name leads.
#[derive(Debug, Clone)]
pub(super) enum Leads {
    Object(u64),
    Soft(String),
    External { file: String, object: String },
    UserDefined(u8),
}

/// A link message.
pub(super) fn link(source: &Source<'_>, data: &[u8]) -> Option<Named> {
    let mut fields = Fields::new(data);
    if fields.byte()? != 1 {
        return None;
    }
    let flags = fields.byte()?;
    let class = if flags & 8 == 0 { 0 } else { fields.byte()? };
    if flags & 4 != 0 {
        fields.skip(8)?;
    }
    if flags & 16 != 0 {
        fields.skip(1)?;
    }
    let length = fields.number(1 << (flags & 3))?;
    let name = text(fields.take(usize::try_from(length).ok()?)?);
    let leads = match class {
        0 => Leads::Object(source.address(&mut fields)??),
        1 => {
            let length = usize::from(fields.short()?);
            Leads::Soft(text(fields.take(length)?))
        }
        64 => {
            fields.skip(3)?;
            Leads::External {
                file: text(fields.until_nul()?),
                object: text(fields.until_nul().unwrap_or_default()),
            }
        }
        class => Leads::UserDefined(class),
    };
    Some(Named { name, leads })
}

/// A datatype: what its elements are, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Datatype {
    pub(super) class: Class,
    pub(super) size: u64,
}

pub(super) fn datatype(data: &[u8]) -> Option<Datatype> {
    let mut fields = Fields::new(data);
    let class = fields.byte()? & 15;
    let bits = fields.number(3)?;
    let size = u64::from(fields.word()?);
    let class = match class {
        0 | 4 | 8 => Class::Whole,
        1 => Class::Float,
        3 => Class::Text,
        5 => Class::Opaque,
        9 if bits & 15 == 1 => Class::VariableText,
        9 => Class::Variable,
        _ => Class::Other,
    };
    Some(Datatype { class, size })
}

/// The dimensions of a dataspace: none for an empty one, no entries for a single value.
pub(super) fn dataspace(source: &Source<'_>, data: &[u8]) -> Option<Option<Vec<u64>>> {
    let mut fields = Fields::new(data);
    let version = fields.byte()?;
    let rank = fields.byte()?;
    fields.skip(1)?;
    let class = fields.byte()?;
    match version {
        1 => fields.skip(4)?,
        2 if class == 2 => return Some(None),
        2 => {}
        _ => return None,
    }
    let mut shape = Vec::new();
    for _ in 0..rank {
        shape.push(source.length(&mut fields)?);
    }
    Some(Some(shape))
}

/// How many elements a shape has.
pub(super) fn elements(shape: Option<&[u64]>) -> u64 {
    shape.map_or(0, |shape| {
        shape
            .iter()
            .fold(1, |count: u64, size| count.saturating_mul(*size))
    })
}

/// What a layout leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Index {
    /// Nothing more.
    None,
    /// The tree of its chunks, and how many numbers their places have.
    Chunks(u64, usize),
    /// An index of the newer generation.
    Newer(Chunks),
    /// An index that is not known, or malformed.
    Unknown,
    /// The list of sources of a virtual data set: a global heap, and the number in it.
    Sources(u64, u32),
}

/// A layout message, and what it leads to.
pub(super) fn layout(source: &Source<'_>, data: &[u8]) -> Option<(Layout, Index)> {
    let mut fields = Fields::new(data);
    let version = fields.byte()?;
    if version < 3 {
        let layout = old_layout(source, fields)?;
        let index = match layout {
            Layout::Chunked => Index::Unknown,
            _ => Index::None,
        };
        return Some((layout, index));
    }
    let layout = match fields.byte()? {
        0 => Layout::Compact,
        1 => Layout::Contiguous {
            at: in_file(source, source.address(&mut fields)?),
            length: source.length(&mut fields)?,
        },
        2 if version == 3 => {
            let rank = usize::from(fields.byte()?);
            let tree = source.address(&mut fields)?;
            let index = tree.map_or(Index::None, |tree| Index::Chunks(tree, rank));
            return Some((Layout::Chunked, index));
        }
        2 => {
            let index = match Chunks::parse(source, &mut fields) {
                Some((chunks, true)) => Index::Newer(chunks),
                Some((_, false)) => Index::None,
                None => Index::Unknown,
            };
            return Some((Layout::Chunked, index));
        }
        3 => {
            let list = source.address(&mut fields)?;
            let index = fields.word()?;
            let index = list.map_or(Index::None, |at| Index::Sources(at, index));
            return Some((Layout::Virtual, index));
        }
        _ => return None,
    };
    Some((layout, Index::None))
}

/// An address as a place in the file, behind the user block.
fn in_file(source: &Source<'_>, address: Option<u64>) -> Option<u64> {
    address.map(|at| at.saturating_add(source.base))
}

fn old_layout(source: &Source<'_>, mut fields: Fields<'_>) -> Option<Layout> {
    let rank = fields.byte()?;
    let class = fields.byte()?;
    fields.skip(5)?;
    Some(match class {
        0 => Layout::Compact,
        1 => {
            let at = in_file(source, source.address(&mut fields)?);
            let mut length = 1_u64;
            for _ in 0..rank {
                length = length.saturating_mul(u64::from(fields.word()?));
            }
            Layout::Contiguous { at, length }
        }
        2 => Layout::Chunked,
        _ => return None,
    })
}

/// The numbers of the filters that values go through.
pub(super) fn filters(data: &[u8]) -> Option<Vec<u16>> {
    let mut fields = Fields::new(data);
    let version = fields.byte()?;
    let count = fields.byte()?;
    if version == 1 {
        fields.skip(6)?;
    }
    let mut numbers = Vec::new();
    for _ in 0..count {
        let number = fields.short()?;
        let named = version == 1 || number >= 256;
        let mut name = if named {
            usize::from(fields.short()?)
        } else {
            0
        };
        fields.skip(2)?;
        let values = usize::from(fields.short()?);
        if version == 1 {
            name = name.next_multiple_of(8);
        }
        fields.skip(name)?;
        fields.skip(values.checked_mul(4)?)?;
        if version == 1 && values % 2 == 1 {
            fields.skip(4)?;
        }
        numbers.push(number);
    }
    Some(numbers)
}

/// An attribute message, cut into its parts.
pub(super) struct RawAttribute<'a> {
    pub(super) name: String,
    pub(super) datatype: &'a [u8],
    pub(super) datatype_shared: bool,
    pub(super) dataspace: &'a [u8],
    pub(super) dataspace_shared: bool,
    pub(super) data: &'a [u8],
}

pub(super) fn attribute(data: &[u8]) -> Option<RawAttribute<'_>> {
    let mut fields = Fields::new(data);
    let version = fields.byte()?;
    // In version 1 this byte is reserved.
    let flags = fields.byte()? & if version == 1 { 0 } else { 3 };
    let name = usize::from(fields.short()?);
    let datatype = usize::from(fields.short()?);
    let dataspace = usize::from(fields.short()?);
    if version >= 3 {
        fields.skip(1)?;
    }
    let mut part = |length| {
        let part = fields.take(length)?;
        if version == 1 {
            fields.align()?;
        }
        Some(part)
    };
    let name = part(name)?;
    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
    Some(RawAttribute {
        name: text(name),
        datatype: part(datatype)?,
        datatype_shared: flags & 1 != 0,
        dataspace: part(dataspace)?,
        dataspace_shared: flags & 2 != 0,
        data: fields.rest(),
    })
}

/// Where the real message is when one is shared: in another header; none when in a heap of messages.
pub(super) fn shared(source: &Source<'_>, data: &[u8]) -> Option<Option<u64>> {
    let mut fields = Fields::new(data);
    let version = fields.byte()?;
    let class = fields.byte()?;
    match (version, class) {
        (1, _) => fields.skip(6)?,
        (3, 1) => return Some(None),
        (2, _) | (3, 2) => {}
        _ => return None,
    }
    source.address(&mut fields)
}

/// The files of an external file list: the heap with their names, and their places in it.
pub(super) fn external_files(source: &Source<'_>, data: &[u8]) -> Option<(u64, Vec<u64>)> {
    let mut fields = Fields::new(data);
    fields.skip(6)?;
    let used = fields.short()?;
    let heap = source.address(&mut fields)??;
    let mut names = Vec::new();
    for _ in 0..used {
        names.push(source.length(&mut fields)?);
        fields.skip(source.lengths.checked_mul(2)?)?;
    }
    Some((heap, names))
}
