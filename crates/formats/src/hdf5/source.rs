//! The bytes of an HDF5 file as its addresses see them: relative to the superblock, within a budget.

use std::io;

use tutela_core::{Bytes, Limits};

use super::Fault;
use crate::extent::{Extents, Sort};
use crate::fields::Fields;
use crate::input::Input;

const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";
/// How far behind a user block the signature is looked for.
const USER_BLOCK: u64 = 1 << 30;

/// Why a structure could not be followed.
#[derive(Debug)]
pub(super) enum Stop {
    /// The bytes could not be read.
    Read(io::Error),
    /// The structure is at fault; others may be sound.
    Fault(Fault),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

pub(super) type Step<T> = Result<T, Stop>;

/// A structure that does not read as it should.
pub(super) const fn malformed(what: &'static str, at: u64) -> Stop {
    Stop::Fault(Fault::Malformed { what, at })
}

/// A structure that is not followed.
pub(super) const fn unsupported(what: &'static str, at: u64) -> Stop {
    Stop::Fault(Fault::Unsupported { what, at })
}

/// Where the superblock is: at 0, 512, 1024, 2048 and so on.
pub(crate) fn signature(bytes: &dyn Bytes) -> io::Result<Option<u64>> {
    let input = Input::new(bytes);
    let mut at = 0_u64;
    while at < bytes.len() && at <= USER_BLOCK {
        let mut found = [0; 8];
        if at.saturating_add(8) <= input.len() {
            bytes.read_exact_at(at, &mut found)?;
        }
        if found == *SIGNATURE {
            return Ok(Some(at));
        }
        at = if at == 0 { 512 } else { at.saturating_mul(2) };
    }
    Ok(None)
}

/// The file and what it says of its own numbers.
pub(super) struct Source<'a> {
    bytes: &'a dyn Bytes,
    /// Where addresses count from.
    pub(super) base: u64,
    /// Bytes of an address.
    pub(super) offsets: usize,
    /// Bytes of a length.
    pub(super) lengths: usize,
    /// Bytes that may still be read: overlapping blocks would else be read without end.
    budget: u64,
    limit: u64,
    member: u64,
    /// What was read as what.
    pub(super) extents: Extents,
}

impl<'a> Source<'a> {
    pub(super) fn new(bytes: &'a dyn Bytes, base: u64, limits: &Limits) -> Self {
        let limit = bytes
            .len()
            .saturating_mul(8)
            .saturating_add(1 << 20)
            .min(limits.unpacked_bytes);
        Self {
            bytes,
            base,
            offsets: 8,
            lengths: 8,
            budget: limit,
            limit,
            member: limits.member_bytes,
            extents: Extents::default(),
        }
    }

    /// Bytes of the file behind the superblock.
    pub(super) fn len(&self) -> u64 {
        self.bytes.len().saturating_sub(self.base)
    }

    /// Notes what bytes at an address are.
    pub(super) fn note(&mut self, at: u64, count: u64, sort: Sort) {
        let start = self.base.saturating_add(at);
        self.extents.note(start, start.saturating_add(count), sort);
    }

    /// A block of structure at an address.
    pub(super) fn block(&mut self, what: &'static str, at: u64, count: u64) -> Step<Vec<u8>> {
        let block = self.peek(what, at, count)?;
        self.note(at, count, Sort::Structure);
        Ok(block)
    }

    /// A block at an address, of which the reader says by itself what is structure.
    pub(super) fn peek(&mut self, what: &'static str, at: u64, count: u64) -> Step<Vec<u8>> {
        let end = at.checked_add(count).filter(|end| *end <= self.len());
        if end.is_none() {
            return Err(malformed(what, at));
        }
        // A small block costs something too, so that there are not too many of them.
        let budget = self.budget.checked_sub(count.saturating_add(16));
        let (Some(budget), true) = (budget, count <= self.member) else {
            return Err(Stop::Fault(Fault::Limit {
                what: "bytes to read",
                limit: self.limit.min(self.member),
            }));
        };
        self.budget = budget;
        let Ok(count) = usize::try_from(count) else {
            return Err(malformed(what, at));
        };
        let mut block = vec![0; count];
        self.bytes
            .read_exact_at(self.base.saturating_add(at), &mut block)?;
        Ok(block)
    }

    /// A block that may be cut off by the end of the file, of which the reader says by itself what is structure.
    pub(super) fn up_to(&mut self, what: &'static str, at: u64, count: u64) -> Step<Vec<u8>> {
        let count = count.min(self.len().saturating_sub(at));
        self.peek(what, at, count)
    }

    /// The first bytes at an address, as many as there are.
    pub(super) fn head<'b>(&self, at: u64, head: &'b mut [u8; 16]) -> io::Result<&'b [u8]> {
        let count = self.bytes.read_at(self.base.saturating_add(at), head)?;
        Ok(head.get(..count).unwrap_or_default())
    }

    /// Lets a structure be malformed that only the map needs: then not everything is told apart.
    pub(super) fn optional<T>(&mut self, step: Step<T>) -> Step<Option<T>> {
        match step {
            Ok(value) => Ok(Some(value)),
            Err(Stop::Fault(_)) => {
                self.extents.stop();
                Ok(None)
            }
            Err(stop) => Err(stop),
        }
    }

    /// An address field; undefined is none.
    pub(super) fn address(&self, fields: &mut Fields<'_>) -> Option<Option<u64>> {
        fields.address(self.offsets)
    }

    /// A length field.
    pub(super) fn length(&self, fields: &mut Fields<'_>) -> Option<u64> {
        fields.number(self.lengths)
    }
}

/// What the superblock says.
pub(super) struct Superblock {
    pub(super) version: u8,
    /// The header of the root group.
    pub(super) root: Option<u64>,
    /// A block that says the file goes on in others.
    pub(super) driver: Option<u64>,
    /// A header with messages about the file.
    pub(super) extension: Option<u64>,
    /// How long it is.
    size: usize,
}

/// Reads the superblock and sets the sizes of numbers (specification, II.A).
pub(super) fn superblock(source: &mut Source<'_>) -> Step<Superblock> {
    let block = source.up_to("superblock", 0, 128)?;
    let parsed = match block.get(8) {
        Some(0 | 1) => first_generation(source, &block),
        Some(2 | 3) => second_generation(source, &block),
        _ => return Err(unsupported("superblock", source.base)),
    };
    let parsed = parsed.ok_or_else(|| malformed("superblock", source.base))?;
    source.note(0, parsed.size as u64, Sort::Structure);
    Ok(parsed)
}

fn sizes(source: &mut Source<'_>, fields: &mut Fields<'_>) -> Option<()> {
    let (offsets, lengths) = (fields.byte()?, fields.byte()?);
    if !matches!((offsets, lengths), (2 | 4 | 8, 2 | 4 | 8)) {
        return None;
    }
    source.offsets = usize::from(offsets);
    source.lengths = usize::from(lengths);
    Some(())
}

fn first_generation(source: &mut Source<'_>, block: &[u8]) -> Option<Superblock> {
    let mut fields = Fields::new(block);
    fields.skip(8)?;
    let version = fields.byte()?;
    fields.skip(4)?;
    sizes(source, &mut fields)?;
    fields.skip(if version == 0 { 9 } else { 13 })?;
    // The base address is where the superblock is; the library corrects it in the same way.
    fields.skip(source.offsets.checked_mul(3)?)?;
    let driver = source.address(&mut fields)?;
    fields.skip(source.offsets)?;
    let root = source.address(&mut fields)?;
    // What the entry of the root group says beside: how it is cached.
    fields.skip(24)?;
    Some(Superblock {
        version,
        root,
        driver,
        extension: None,
        size: block.len().saturating_sub(fields.rest().len()),
    })
}

fn second_generation(source: &mut Source<'_>, block: &[u8]) -> Option<Superblock> {
    let mut fields = Fields::new(block);
    fields.skip(8)?;
    let version = fields.byte()?;
    sizes(source, &mut fields)?;
    fields.skip(1)?;
    fields.skip(source.offsets)?;
    let extension = source.address(&mut fields)?;
    fields.skip(source.offsets)?;
    let root = source.address(&mut fields)?;
    fields.skip(4)?;
    Some(Superblock {
        version,
        root,
        driver: None,
        extension,
        size: block.len().saturating_sub(fields.rest().len()),
    })
}
