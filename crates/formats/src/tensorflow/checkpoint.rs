//! Describes the index of a checkpoint: a sorted table (the layout of `LevelDB`) from names to
//! `BundleEntryProto` (`tensor_bundle.proto`), which say where each tensor lies in the data files.

use std::io;

use tutela_core::{Bytes, Limits};

use crate::input::{CHUNK, Input};
use crate::little::{u32_at, u64_at};
use crate::wire::{Reader, Wire, field, varint};

/// The last eight bytes.
const MAGIC: u64 = 0xdb47_7524_8b80_fb57;
/// Two handles of at most twenty bytes each, and the magic number.
const FOOTER: u64 = 48;
/// Bytes behind a block: its compression and its checksum.
const TRAILER: u64 = 5;
/// Tensors that are kept.
const ENTRIES: usize = 1_000_000;
/// Bytes of a name that are kept.
const NAME: usize = 4 << 10;

/// What the index of a checkpoint says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Index {
    /// How many data files belong to it.
    pub shards: u64,
    /// Its tensors.
    pub tensors: Vec<Tensor>,
    /// What is malformed, or was not followed.
    pub faults: Vec<Fault>,
}

/// A tensor in a data file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tensor {
    /// Its name, as written.
    pub name: String,
    /// Its `DataType`.
    pub dtype: u64,
    /// The data file, from 0 on.
    pub shard: u64,
    /// Where it starts there.
    pub offset: u64,
    /// How long it is.
    pub size: u64,
    /// How many values its shape has; none when that overflows.
    pub items: Option<u64>,
    /// Whether it is put together from slices under other names.
    pub sliced: bool,
}

impl Tensor {
    /// The bytes that its shape and type take, for types of a fixed size.
    #[must_use]
    pub fn expected(&self) -> Option<u64> {
        let each = match self.dtype {
            1 | 3 | 13 | 22 => 4,
            2 | 8 | 9 | 23 => 8,
            4 | 6 | 10..=12 => 1,
            5 | 14..=17 | 19 => 2,
            18 => 16,
            _ => return None,
        };
        self.items?.checked_mul(each)
    }
}

/// What is malformed in an index, or was not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A part of the table lies outside the file or is malformed.
    #[error("the table is malformed at byte {0}")]
    Malformed(u64),
    /// A block is compressed, which TensorFlow's writer does not do.
    #[error("the block at byte {0} is compressed")]
    Compressed(u64),
    /// There are more tensors than are kept.
    #[error("there are more tensors than the limit of {ENTRIES}")]
    TooMany,
}

/// Whether the bytes are a sorted table that begins with the header of a checkpoint.
pub(super) fn looks_like(bytes: &dyn Bytes) -> io::Result<bool> {
    let mut input = Input::new(bytes);
    let Some(at) = bytes.len().checked_sub(8) else {
        return Ok(false);
    };
    let magic = input.slice(at, 8)?.and_then(|tail| u64_at(tail, 0));
    if bytes.len() < FOOTER || magic != Some(MAGIC) {
        return Ok(false);
    }
    // The first key of a checkpoint is empty, and its value is `BundleHeaderProto`, which says how many
    // data files there are. LevelDB's own tables do not begin so.
    let head = input.prefix(0, 3)?;
    Ok(matches!(head, [0, 0, 2..=60]))
}

/// Is shown each key of a block and where its value lies.
type See<'s> = dyn FnMut(&mut Table<'_>, &[u8], (u64, u64)) -> io::Result<()> + 's;

/// A handle: where a block starts and how long it is.
type Handle = (u64, u64);

/// Describes an index. Time is linear in its size.
///
/// # Errors
/// What reading the bytes returns.
pub fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Index> {
    let mut table = Table {
        reader: Reader::new(bytes, limits),
        end: bytes.len().saturating_sub(FOOTER),
        index: Index::default(),
    };
    let footer = table.end;
    let Some(handle) = table.footer(footer)? else {
        table.index.faults.push(Fault::Malformed(footer));
        return Ok(table.index);
    };
    let mut blocks = Vec::new();
    table.block(handle, &mut |table, _, (from, to)| {
        if blocks.len() < ENTRIES {
            blocks.extend(table.handle(from, to)?.map(|(handle, _)| handle));
        }
        Ok(())
    })?;
    // INVARIANT: blocks do not overlap in a sound table, so no byte is read twice; one that turns back
    // would let a small file cost the square of its size.
    let mut behind = 0;
    for block in blocks {
        if block.0 < behind {
            table.index.faults.push(Fault::Malformed(block.0));
            break;
        }
        behind = block.0.saturating_add(block.1);
        table.block(block, &mut |table, key, value| table.entry(key, value))?;
    }
    Ok(table.index)
}

struct Table<'a> {
    reader: Reader<'a>,
    /// Where the footer starts.
    end: u64,
    index: Index,
}

impl Table<'_> {
    /// The handle of the block of blocks, which is the second one.
    fn footer(&mut self, at: u64) -> io::Result<Option<Handle>> {
        let end = at.saturating_add(FOOTER).saturating_sub(8);
        let Some((_, next)) = self.handle(at, end)? else {
            return Ok(None);
        };
        Ok(self.handle(next, end)?.map(|(handle, _)| handle))
    }

    fn handle(&mut self, at: u64, end: u64) -> io::Result<Option<(Handle, u64)>> {
        let Some((start, at)) = varint(&mut self.reader.input, at, end)? else {
            return Ok(None);
        };
        let size = varint(&mut self.reader.input, at, end)?;
        Ok(size.map(|(size, at)| ((start, size), at)))
    }

    /// Gives each key and the span of its value in a block to `see`.
    fn block(&mut self, (start, size): Handle, see: &mut See<'_>) -> io::Result<()> {
        let Some(entries) = self.entries_end(start, size)? else {
            return Ok(());
        };
        let mut at = start;
        let mut key: Vec<u8> = Vec::new();
        while at < entries {
            let Some((shared, fresh, length, from)) = self.lengths(at, entries)? else {
                self.malformed(at);
                return Ok(());
            };
            let value = from.saturating_add(fresh);
            let next = value.saturating_add(length);
            let shared = usize::try_from(shared)
                .ok()
                .filter(|shared| *shared <= key.len());
            let (Some(shared), true) = (shared, next <= entries) else {
                self.malformed(at);
                return Ok(());
            };
            key.truncate(shared);
            let room = NAME.saturating_sub(key.len()) as u64;
            let fresh = self
                .reader
                .input
                .prefix(from, fresh.min(room).min(CHUNK as u64))?;
            key.extend_from_slice(fresh);
            see(self, &key, (value, next))?;
            at = next;
        }
        Ok(())
    }

    /// Where the entries of a block end and its restart points begin.
    fn entries_end(&mut self, start: u64, size: u64) -> io::Result<Option<u64>> {
        let Some(end) = start
            .checked_add(size)
            .filter(|end| end.saturating_add(TRAILER) <= self.end && size >= 4)
        else {
            self.malformed(start);
            return Ok(None);
        };
        if self.reader.input.byte(end)? != Some(0) {
            self.index.faults.push(Fault::Compressed(start));
            return Ok(None);
        }
        let count = self.reader.input.slice(end.saturating_sub(4), 4)?;
        let restarts = count.and_then(|count| u32_at(count, 0)).map(u64::from);
        let entries = restarts
            .and_then(|count| count.checked_mul(4)?.checked_add(4))
            .and_then(|restarts| end.checked_sub(restarts))
            .filter(|entries| *entries >= start);
        if entries.is_none() {
            self.malformed(start);
        }
        Ok(entries)
    }

    /// How much of the last key is shared, how much is new, how long the value is, and what comes then.
    fn lengths(&mut self, at: u64, end: u64) -> io::Result<Option<(u64, u64, u64, u64)>> {
        let input = &mut self.reader.input;
        let Some((shared, at)) = varint(input, at, end)? else {
            return Ok(None);
        };
        let Some((fresh, at)) = varint(input, at, end)? else {
            return Ok(None);
        };
        let length = varint(input, at, end)?;
        Ok(length.map(|(length, at)| (shared, fresh, length, at)))
    }

    fn malformed(&mut self, at: u64) {
        if self.index.faults.len() < 100 {
            self.index.faults.push(Fault::Malformed(at));
        }
    }

    /// `BundleHeaderProto` under the empty key, `BundleEntryProto` under every other.
    fn entry(&mut self, key: &[u8], (from, end): (u64, u64)) -> io::Result<()> {
        if key.is_empty() {
            let mut at = from;
            while let Some(field) = self.reader.next(&mut at, end)? {
                if let (1, Wire::Varint(shards)) = (field.number, field.value) {
                    self.index.shards = shards;
                }
            }
            return self.check(from);
        }
        let mut tensor = Tensor {
            name: String::from_utf8_lossy(key).into_owned(),
            items: Some(1),
            ..Tensor::default()
        };
        let mut at = from;
        while let Some(field) = self.reader.next(&mut at, end)? {
            match (field.number, field.value) {
                (1, Wire::Varint(dtype)) => tensor.dtype = dtype,
                (2, Wire::Span(from, to)) => tensor.items = self.items((from, to))?,
                (3, Wire::Varint(shard)) => tensor.shard = shard,
                (4, Wire::Varint(offset)) => tensor.offset = offset,
                (5, Wire::Varint(size)) => tensor.size = size,
                (7, Wire::Span(..)) => tensor.sliced = true,
                _ => {}
            }
        }
        if self.index.tensors.len() < ENTRIES {
            self.index.tensors.push(tensor);
        } else if !self.index.faults.contains(&Fault::TooMany) {
            self.index.faults.push(Fault::TooMany);
        }
        self.check(from)
    }

    /// Passes on what the reader of messages found malformed.
    fn check(&mut self, at: u64) -> io::Result<()> {
        if !self.reader.malformed.is_empty() || self.reader.is_exhausted() {
            self.reader.malformed.clear();
            self.malformed(at);
        }
        Ok(())
    }

    /// How many values a `TensorShapeProto` has.
    fn items(&mut self, (mut at, end): (u64, u64)) -> io::Result<Option<u64>> {
        let mut items = Some(1_u64);
        while let Some(dimension) = self.reader.next(&mut at, end)? {
            let (2, Wire::Span(from, to)) = (dimension.number, dimension.value) else {
                continue;
            };
            // A dimension of zero is left out by writers.
            let mut size = 0;
            if let Some(inner) = field(&mut self.reader.input, from, to)?
                && let (1, Wire::Varint(written)) = (inner.number, inner.value)
            {
                size = written;
            }
            items = items.and_then(|items| items.checked_mul(size));
        }
        Ok(items)
    }
}
