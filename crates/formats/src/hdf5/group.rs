//! Groups of the first generation: a B-tree of version 1 over nodes of symbols (III.A.1, III.B).

use std::collections::BTreeSet;

use super::heap::LocalHeap;
use super::message::{Leads, Named};
use super::source::{Source, Step, malformed};
use crate::extent::Sort;
use crate::fields::{Fields, text};

/// All names of a group with a symbol table.
pub(super) fn symbols(source: &mut Source<'_>, tree: u64, heap: u64) -> Step<Vec<Named>> {
    let heap = LocalHeap::read(source, heap)?;
    let mut names = Vec::new();
    let mut seen = BTreeSet::new();
    let mut waiting = vec![tree];
    while let Some(at) = waiting.pop() {
        if !seen.insert(at) {
            return Err(malformed("tree of a group", at));
        }
        let head = source.up_to("tree of a group", at, 8)?;
        if head.starts_with(b"SNOD\x01") {
            leaf(source, &heap, at, &mut names)?;
        } else {
            waiting.extend(children(source, at, &head)?);
        }
    }
    Ok(names)
}

fn children(source: &mut Source<'_>, at: u64, head: &[u8]) -> Step<Vec<u64>> {
    let used = head
        .strip_prefix(b"TREE\0")
        .and_then(|rest| Fields::new(rest.get(1..)?).short());
    let Some(used) = used else {
        return Err(malformed("tree of a group", at));
    };
    let pair = source.lengths.saturating_add(source.offsets);
    let start = 8_usize.saturating_add(source.offsets.saturating_mul(2));
    let size = start.saturating_add(pair.saturating_mul(usize::from(used)));
    let block = source.block("tree of a group", at, size as u64)?;
    // One key more than children.
    let lengths = source.lengths as u64;
    source.note(at.saturating_add(size as u64), lengths, Sort::Structure);
    let mut fields = Fields::new(block.get(start..).unwrap_or_default());
    let mut children = Vec::new();
    for _ in 0..used {
        let child = fields
            .skip(source.lengths)
            .and_then(|()| source.address(&mut fields)?);
        children.push(child.ok_or_else(|| malformed("tree of a group", at))?);
    }
    children.reverse();
    Ok(children)
}

fn leaf(source: &mut Source<'_>, heap: &LocalHeap, at: u64, names: &mut Vec<Named>) -> Step<()> {
    let head = source.block("symbols of a group", at, 8)?;
    let count = Fields::new(head.get(6..).unwrap_or_default())
        .short()
        .unwrap_or_default();
    let size = source.offsets.saturating_mul(2).saturating_add(24);
    let length = size.saturating_mul(usize::from(count)).saturating_add(8);
    let block = source.block("symbols of a group", at, length as u64)?;
    for entry in block.get(8..).unwrap_or_default().chunks_exact(size) {
        names.push(symbol(source, heap, entry).ok_or_else(|| malformed("symbols of a group", at))?);
    }
    Ok(())
}

fn symbol(source: &Source<'_>, heap: &LocalHeap, entry: &[u8]) -> Option<Named> {
    let mut fields = Fields::new(entry);
    let name = text(heap.text(fields.number(source.offsets)?)?);
    let header = source.address(&mut fields)?;
    let cache = fields.word()?;
    fields.skip(4)?;
    let leads = match (cache, header) {
        (2, _) => Leads::Soft(text(heap.text(u64::from(fields.word()?))?)),
        (_, Some(at)) => Leads::Object(at),
        (_, None) => return None,
    };
    Some(Named { name, leads })
}
