//! Links and attributes of the second generation: a B-tree of version 2 that points into a fractal heap (III.A.2, III.G).

use std::collections::BTreeSet;

use super::source::{Source, Step, malformed, unsupported};
use crate::extent::Sort;
use crate::fields::Fields;

/// Levels of a heap or a tree; each at least doubles what it holds, and addresses have 64 bits.
const LEVELS: u32 = 64;

/// A record, and the type of its tree.
type Record = (u8, Vec<u8>);
/// A node's address, how many records it has, and its depth.
type Child = (u64, u64, u16);

/// Every object that a tree of names points to, in the order of the tree.
pub(super) fn objects(source: &mut Source<'_>, heap: u64, tree: u64) -> Step<Vec<Vec<u8>>> {
    let mut heap = FractalHeap::read(source, heap)?;
    if let Some(free) = heap.free {
        let free = free_space(source, free);
        source.optional(free)?;
    }
    let records = records(source, tree)?;
    let mut objects = Vec::new();
    for (kind, record) in records {
        // Links are sorted by the hash of their name, attributes too, but their record begins with the place.
        let id = match kind {
            5 => record.get(4..),
            6 => record.get(8..),
            8 | 9 => record.get(..heap.id_size),
            _ => None,
        };
        let Some(id) = id else {
            return Err(unsupported("tree of names", tree));
        };
        objects.push(heap.object(source, id)?);
    }
    Ok(objects)
}

/// Steps over a list of what is free, which is structure (III.H).
pub(super) fn free_space(source: &mut Source<'_>, at: u64) -> Step<()> {
    let size = 18_usize
        .saturating_add(source.lengths.saturating_mul(7))
        .saturating_add(source.offsets);
    let block = source.block("list of free space", at, size as u64)?;
    let parsed = (|| {
        let mut fields = Fields::new(block.strip_prefix(b"FSHD\0")?);
        fields.skip(9_usize.checked_add(source.lengths.checked_mul(5)?)?)?;
        let sections = source.address(&mut fields)?;
        Some((sections, source.length(&mut fields)?))
    })();
    match parsed {
        Some((Some(sections), used)) => source
            .block("list of free space", sections, used)
            .map(|_| ()),
        Some((None, _)) => Ok(()),
        None => Err(malformed("list of free space", at)),
    }
}

/// The records of a B-tree of version 2.
pub(super) fn records(source: &mut Source<'_>, at: u64) -> Step<Vec<Record>> {
    let size = 22_usize
        .saturating_add(source.offsets)
        .saturating_add(source.lengths);
    let head = source.block("tree of version 2", at, size as u64)?;
    let Some(tree) = Tree::parse(source, &head) else {
        return Err(malformed("tree of version 2", at));
    };
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut waiting = Vec::new();
    waiting.extend(tree.root.map(|root| (root, tree.in_root, tree.depth)));
    while let Some((at, count, depth)) = waiting.pop() {
        if !seen.insert(at) {
            return Err(malformed("tree of version 2", at));
        }
        let block = source.up_to("tree of version 2", at, tree.node_size)?;
        let Some((records, children, size)) = tree.node(source, &block, count, depth) else {
            return Err(malformed("tree of version 2", at));
        };
        // A checksum stands behind what is used of it.
        source.note(at, size.saturating_add(4), Sort::Structure);
        found.extend(records);
        waiting.extend(children);
    }
    Ok(found)
}

/// The header of a B-tree of version 2.
struct Tree {
    kind: u8,
    node_size: u64,
    record: usize,
    depth: u16,
    root: Option<u64>,
    in_root: u64,
}

impl Tree {
    fn parse(source: &Source<'_>, head: &[u8]) -> Option<Self> {
        let mut fields = Fields::new(head.strip_prefix(b"BTHD\0")?);
        let tree = Self {
            kind: fields.byte()?,
            node_size: u64::from(fields.word()?),
            record: usize::from(fields.short()?),
            depth: fields.short()?,
            root: {
                fields.skip(2)?;
                source.address(&mut fields)?
            },
            in_root: u64::from(fields.short()?),
        };
        (tree.record > 0 && u32::from(tree.depth) < LEVELS && tree.node_size <= 1 << 20)
            .then_some(tree)
    }

    /// Bytes of the numbers in a pointer from a node of this depth: records in the child, and below it.
    fn pointer(&self, source: &Source<'_>, depth: u16) -> Option<(usize, usize)> {
        let record = self.record as u64;
        let room = self.node_size.checked_sub(10)?;
        let leaf = room / record;
        let in_child = size_of_number(leaf);
        let mut most = leaf;
        let mut below = 0;
        for _ in 1..depth {
            let pointer = (source.offsets as u64)
                .checked_add(in_child)?
                .checked_add(below)?;
            let records = room.checked_sub(pointer)? / record.checked_add(pointer)?;
            most = records
                .saturating_add(1)
                .saturating_mul(most)
                .saturating_add(records);
            below = size_of_number(most);
        }
        Some((
            usize::try_from(in_child).ok()?,
            usize::try_from(below).ok()?,
        ))
    }

    /// The records of a node, and its children.
    fn node(
        &self,
        source: &Source<'_>,
        block: &[u8],
        count: u64,
        depth: u16,
    ) -> Option<(Vec<Record>, Vec<Child>, u64)> {
        let signature: &[u8] = if depth == 0 { b"BTLF\0" } else { b"BTIN\0" };
        let mut fields = Fields::new(block.strip_prefix(signature)?);
        if fields.byte()? != self.kind {
            return None;
        }
        let mut records = Vec::new();
        for _ in 0..count {
            records.push((self.kind, fields.take(self.record)?.to_vec()));
        }
        let mut children = Vec::new();
        if depth > 0 {
            let (in_child, below) = self.pointer(source, depth)?;
            for _ in 0..=count {
                let at = source.address(&mut fields)??;
                let count = fields.number(in_child)?;
                fields.skip(below)?;
                children.push((at, count, depth.checked_sub(1)?));
            }
        }
        children.reverse();
        let size = block.len().saturating_sub(fields.rest().len());
        Some((records, children, size as u64))
    }
}

/// Bytes that a number up to this one takes (`H5VM_limit_enc_size`).
fn size_of_number(most: u64) -> u64 {
    u64::from(most.max(1).ilog2() / 8).saturating_add(1)
}

/// The header of a fractal heap.
struct FractalHeap {
    at: u64,
    id_size: usize,
    filtered: bool,
    /// Whether its direct blocks have a checksum.
    is_checked: bool,
    /// The list of what is free in it.
    free: Option<u64>,
    width: u64,
    starting: u64,
    largest: u64,
    /// Bytes of an offset in the heap.
    offset: usize,
    /// Bytes of the length of an object.
    length: usize,
    root: Option<u64>,
    /// Rows of the root block; none when it holds the objects itself.
    rows: u64,
    huge: Option<u64>,
    /// Blocks that were noted.
    noted: BTreeSet<u64>,
}

impl FractalHeap {
    fn read(source: &mut Source<'_>, at: u64) -> Step<Self> {
        let size = 26_usize
            .saturating_add(source.lengths.saturating_mul(12))
            .saturating_add(source.offsets.saturating_mul(3));
        let block = source.block("fractal heap", at, size as u64)?;
        let heap = Self::parse(source, &block, at).ok_or_else(|| malformed("fractal heap", at))?;
        if heap.filtered {
            return Err(unsupported("filtered fractal heap", at));
        }
        Ok(heap)
    }

    fn parse(source: &Source<'_>, block: &[u8], at: u64) -> Option<Self> {
        let mut fields = Fields::new(block.strip_prefix(b"FRHP\0")?);
        let id_size = usize::from(fields.short()?);
        let filtered = fields.short()? != 0;
        let is_checked = fields.byte()? & 2 != 0;
        let most = u64::from(fields.word()?);
        fields.skip(source.lengths)?;
        let huge = source.address(&mut fields)?;
        fields.skip(source.lengths)?;
        let free = source.address(&mut fields)?;
        fields.skip(source.lengths.checked_mul(8)?)?;
        let width = u64::from(fields.short()?);
        let starting = source.length(&mut fields)?;
        let largest = source.length(&mut fields)?;
        let bits = fields.short()?;
        fields.skip(2)?;
        let root = source.address(&mut fields)?;
        let rows = u64::from(fields.short()?);
        let sound = width.is_power_of_two()
            && starting.is_power_of_two()
            && largest.is_power_of_two()
            && (8..=64).contains(&bits);
        sound.then_some(Self {
            at,
            id_size,
            filtered,
            is_checked,
            free,
            width,
            starting,
            largest,
            offset: usize::from(bits.div_ceil(8)),
            length: usize::try_from(size_of_number(largest).min(size_of_number(most))).ok()?,
            root,
            rows,
            huge,
            noted: BTreeSet::new(),
        })
    }

    fn object(&mut self, source: &mut Source<'_>, id: &[u8]) -> Step<Vec<u8>> {
        let heap = self.at;
        let wrong = || malformed("name of an object in a fractal heap", heap);
        let (first, rest) = id.split_first().ok_or_else(wrong)?;
        let mut fields = Fields::new(rest);
        match (first >> 6, (first >> 4) & 3) {
            (0, 0) => {
                let offset = fields.number(self.offset).ok_or_else(wrong)?;
                let length = fields.number(self.length).ok_or_else(wrong)?;
                let at = self.place(source, offset)?;
                source.block("object in a fractal heap", at, length)
            }
            (0, 1) => self.huge(source, &mut fields),
            (0, 2) => {
                let extended = self.id_size > 18;
                let low = u16::from(first & 15);
                let length = if extended {
                    (low << 8) | u16::from(fields.byte().ok_or_else(wrong)?)
                } else {
                    low
                };
                let tiny = fields.take(usize::from(length).saturating_add(1));
                Ok(tiny.ok_or_else(wrong)?.to_vec())
            }
            _ => Err(unsupported("object in a fractal heap", self.at)),
        }
    }

    /// An object outside the heap: its number is looked up in a tree of its own.
    fn huge(&self, source: &mut Source<'_>, fields: &mut Fields<'_>) -> Step<Vec<u8>> {
        let wrong = || malformed("huge object in a fractal heap", self.at);
        let direct = source.offsets.saturating_add(source.lengths) < self.id_size;
        let (at, length) = if direct {
            (source.address(fields).flatten(), source.length(fields))
        } else {
            let number = fields
                .number(fields.rest().len().min(8))
                .ok_or_else(wrong)?;
            let tree = self.huge.ok_or_else(wrong)?;
            let mut place = (None, None);
            for (kind, record) in records(source, tree)? {
                let mut fields = Fields::new(&record);
                let found = (
                    source.address(&mut fields).flatten(),
                    source.length(&mut fields),
                );
                if kind == 1 && source.length(&mut fields) == Some(number) {
                    place = found;
                }
            }
            place
        };
        let (Some(at), Some(length)) = (at, length) else {
            return Err(wrong());
        };
        source.block("huge object in a fractal heap", at, length)
    }

    /// Where an offset of the heap is in the file.
    fn place(&mut self, source: &mut Source<'_>, offset: u64) -> Step<u64> {
        let heap = self.at;
        let wrong = || malformed("block of a fractal heap", heap);
        let mut at = self.root.ok_or_else(wrong)?;
        let (mut rows, mut offset) = (self.rows, offset);
        for _ in 0..LEVELS {
            self.note_block(source, at, rows);
            if rows == 0 {
                return at.checked_add(offset).ok_or_else(wrong);
            }
            let (entry, size, inside) = self.entry(rows, offset).ok_or_else(wrong)?;
            let skip = 5_usize
                .saturating_add(source.offsets)
                .saturating_add(self.offset) as u64;
            let place = entry
                .checked_mul(source.offsets as u64)
                .and_then(|place| place.checked_add(at)?.checked_add(skip))
                .ok_or_else(wrong)?;
            let pointer = source.peek("block of a fractal heap", place, source.offsets as u64)?;
            at = source
                .address(&mut Fields::new(&pointer))
                .flatten()
                .ok_or_else(wrong)?;
            offset = inside;
            rows = if size <= self.largest {
                0
            } else {
                // An indirect block of this size has as many rows as it takes to fill it.
                let first = self.starting.checked_mul(self.width).ok_or_else(wrong)?;
                u64::from(size.ilog2().saturating_sub(first.max(1).ilog2())).saturating_add(1)
            };
        }
        Err(wrong())
    }

    /// Notes what of a block is not objects: the head of a direct one, all of an indirect one.
    fn note_block(&mut self, source: &mut Source<'_>, at: u64, rows: u64) {
        if !self.noted.insert(at) {
            return;
        }
        let head = 5_u64
            .saturating_add(source.offsets as u64)
            .saturating_add(self.offset as u64);
        let more = if rows == 0 {
            if self.is_checked { 4 } else { 0 }
        } else {
            let entries = rows.saturating_mul(self.width);
            let offsets = source.offsets as u64;
            entries.saturating_mul(offsets).saturating_add(4)
        };
        source.note(at, head.saturating_add(more), Sort::Structure);
    }

    /// Which child of an indirect block holds an offset, how large it is, and the offset in it.
    fn entry(&self, rows: u64, offset: u64) -> Option<(u64, u64, u64)> {
        let mut start = 0_u64;
        for row in 0..rows.min(u64::from(LEVELS)) {
            // The first two rows are of the starting size, each further one is twice as large.
            let shift = u32::try_from(row.saturating_sub(1)).ok()?;
            let size = self.starting.checked_mul(1_u64.checked_shl(shift)?)?;
            let whole = size.checked_mul(self.width)?;
            let inside = offset.checked_sub(start)?;
            if inside < whole {
                let column = inside / size;
                let entry = row.checked_mul(self.width)?.checked_add(column)?;
                return Some((entry, size, inside % size));
            }
            start = start.checked_add(whole)?;
        }
        None
    }
}
