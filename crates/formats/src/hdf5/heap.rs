//! Local heaps, which hold names, and global heaps, which hold values of variable length (III.D, III.E).

use std::collections::BTreeSet;

use super::source::{Source, Step, malformed};
use crate::extent::Sort;
use crate::fields::Fields;

/// Collections whose layout is remembered; writers fill one after the other.
const REMEMBERED: usize = 4;

/// The data segment of a local heap.
pub(super) struct LocalHeap {
    data: Vec<u8>,
}

impl LocalHeap {
    pub(super) fn read(source: &mut Source<'_>, at: u64) -> Step<Self> {
        let size = 8_usize
            .saturating_add(source.lengths.saturating_mul(2))
            .saturating_add(source.offsets);
        let block = source.block("local heap", at, size as u64)?;
        let Some((address, length, free)) = local_segment(source, &block) else {
            return Err(malformed("local heap", at));
        };
        let data = source.peek("local heap", address, length)?;
        let mut taken = 0;
        for (start, end) in free_blocks(source, &data, free) {
            source.note(
                address.saturating_add(taken),
                start.saturating_sub(taken),
                Sort::Structure,
            );
            taken = end;
        }
        let rest = length.saturating_sub(taken);
        source.note(address.saturating_add(taken), rest, Sort::Structure);
        Ok(Self { data })
    }

    /// The text at an offset, up to its NUL.
    pub(super) fn text(&self, offset: u64) -> Option<&[u8]> {
        let offset = usize::try_from(offset).ok()?;
        Fields::new(self.data.get(offset..)?).until_nul()
    }
}

/// The segment's address and length, and where in it the first free block is.
fn local_segment(source: &Source<'_>, block: &[u8]) -> Option<(u64, u64, u64)> {
    let mut fields = Fields::new(block.strip_prefix(b"HEAP\0")?);
    fields.skip(3)?;
    let length = source.length(&mut fields)?;
    let free = source.length(&mut fields)?;
    Some((source.address(&mut fields)??, length, free))
}

/// What is free in a segment, behind the two numbers that say so of each block: the next one, and its own length.
fn free_blocks(source: &Source<'_>, data: &[u8], first: u64) -> Vec<(u64, u64)> {
    let head = source.lengths.saturating_mul(2) as u64;
    let mut free = Vec::new();
    let mut next = Some(first);
    // INVARIANT: no segment has more blocks than fit, so a list that turns in a circle ends too.
    for _ in 0..data.len() {
        let block = next
            .and_then(|at| usize::try_from(at).ok())
            .and_then(|at| data.get(at..))
            .filter(|block| block.len() as u64 >= head);
        let (Some(at), Some(block)) = (next, block) else {
            break;
        };
        let mut fields = Fields::new(block);
        next = source.length(&mut fields);
        let length = source.length(&mut fields).unwrap_or_default();
        if length > head && length <= block.len() as u64 {
            free.push((at.saturating_add(head), at.saturating_add(length)));
        }
    }
    free.sort_unstable();
    free
}

/// Where the objects of a global heap collection are.
struct Collection {
    at: u64,
    block: Vec<u8>,
    /// How much of it is not free.
    used: u64,
    /// Index, start in the block, length; sorted by index.
    objects: Vec<(u16, usize, usize)>,
}

/// The global heap collections that were read last.
#[derive(Default)]
pub(super) struct GlobalHeaps {
    collections: Vec<Collection>,
    /// The places of those that were noted.
    noted: BTreeSet<u64>,
}

impl GlobalHeaps {
    /// The object with an index in the collection at an address.
    pub(super) fn object(&mut self, source: &mut Source<'_>, at: u64, index: u32) -> Step<&[u8]> {
        let place = self.collections.iter().position(|known| known.at == at);
        let place = match place {
            Some(place) => place,
            None => {
                let collection = read_collection(source, at)?;
                if self.noted.insert(at) {
                    source.note(at, collection.used, Sort::Structure);
                }
                if self.collections.len() >= REMEMBERED {
                    self.collections.remove(0);
                }
                self.collections.push(collection);
                self.collections.len().saturating_sub(1)
            }
        };
        self.collections
            .get(place)
            .and_then(|collection| collection.object(index))
            .ok_or_else(|| malformed("reference into a global heap", at))
    }
}

impl Collection {
    fn object(&self, index: u32) -> Option<&[u8]> {
        let index = u16::try_from(index).ok()?;
        let place = self
            .objects
            .binary_search_by_key(&index, |object| object.0)
            .ok()?;
        let (_, start, length) = *self.objects.get(place)?;
        self.block.get(start..start.checked_add(length)?)
    }
}

fn read_collection(source: &mut Source<'_>, at: u64) -> Step<Collection> {
    let size = 8_usize.saturating_add(source.lengths);
    let head = source.peek("global heap", at, size as u64)?;
    let length = head
        .strip_prefix(b"GCOL\x01")
        .and_then(|rest| Fields::new(rest.get(3..)?).number(source.lengths));
    let Some(length) = length else {
        return Err(malformed("global heap", at));
    };
    let block = source.peek("global heap", at, length)?;
    let mut objects = Vec::new();
    let mut fields = Fields::new(block.get(size..).unwrap_or_default());
    while let Some((index, length)) = object_head(source, &mut fields) {
        let start = block.len().saturating_sub(fields.rest().len());
        // Index 0 is the free space at the end.
        if index == 0 || fields.skip(length).is_none() {
            break;
        }
        objects.push((index, start, length));
        if fields.skip(length.wrapping_neg() & 7).is_none() {
            break;
        }
    }
    // Behind the objects is the head of the free space, and the free space.
    let used = block.len().saturating_sub(fields.rest().len());
    objects.sort_unstable();
    Ok(Collection {
        at,
        block,
        used: used as u64,
        objects,
    })
}

fn object_head(source: &Source<'_>, fields: &mut Fields<'_>) -> Option<(u16, usize)> {
    let index = fields.short()?;
    fields.skip(6)?;
    Some((index, usize::try_from(source.length(fields)?).ok()?))
}
