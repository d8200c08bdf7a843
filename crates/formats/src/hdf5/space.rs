//! What of a file only its writers read: messages about the file itself, lists of free space, heaps that nothing leads to.

use super::dense;
use super::header;
use super::source::{Source, Step, malformed, unsupported};
use crate::extent::Sort;
use crate::fields::Fields;

/// Numbers of messages about the file.
const SHARED_MESSAGES: u16 = 0x0f;
const FILE_SPACE: u16 = 0x17;
const CACHE_IMAGE: u16 = 0x18;
/// Managers of free space that a file may have: one for each kind of what is stored, in two sizes.
const MANAGERS: usize = 12;

/// Steps over the header behind the superblock, and over what it leads to.
pub(super) fn extension(source: &mut Source<'_>, at: u64) -> Step<()> {
    let (messages, faults) = header::read(source, at)?;
    if !faults.is_empty() {
        return Err(malformed("extension of the superblock", at));
    }
    for message in messages {
        match message.kind {
            FILE_SPACE => file_space(source, &message.data, message.at)?,
            SHARED_MESSAGES | CACHE_IMAGE => {
                return Err(unsupported("message about the file", message.at));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The lists of what is free in the file, when it keeps them (IV.A.2.x).
fn file_space(source: &mut Source<'_>, data: &[u8], at: u64) -> Step<()> {
    let parsed = (|| {
        let mut fields = Fields::new(data);
        if fields.byte()? != 1 {
            return None;
        }
        fields.skip(1)?;
        let persists = fields.byte()? != 0;
        fields.skip(source.lengths.checked_mul(2)?)?;
        fields.skip(2_usize.checked_add(source.offsets)?)?;
        let mut managers = Vec::new();
        for _ in 0..if persists { MANAGERS } else { 0 } {
            managers.extend(source.address(&mut fields)?);
        }
        Some(managers)
    })();
    let managers = parsed.ok_or_else(|| unsupported("message about free space", at))?;
    for manager in managers {
        dense::free_space(source, manager)?;
    }
    Ok(())
}

/// Notes global heaps that lie in what is left: values of data sets that were not read lead to them.
pub(super) fn heaps(source: &mut Source<'_>) -> std::io::Result<()> {
    let length = source.len();
    for (start, end) in source
        .extents
        .gaps(source.base, length.saturating_add(source.base))
    {
        let mut at = start.saturating_sub(source.base);
        let end = end.saturating_sub(source.base);
        // Heaps begin where something else ends, at a multiple of eight.
        while let Some(size) = heap(source, at, end)? {
            source.note(at, size, Sort::Raw);
            at = at.saturating_add(size);
        }
    }
    Ok(())
}

/// How long the heap is that begins at a place, if one does and ends before `end`.
fn heap(source: &Source<'_>, at: u64, end: u64) -> std::io::Result<Option<u64>> {
    let mut head = [0; 16];
    let head = source.head(at, &mut head)?;
    let length = head
        .strip_prefix(b"GCOL\x01\0\0\0")
        .and_then(|rest| Fields::new(rest).number(source.lengths));
    let fits = |length: &u64| *length >= 16 && at.saturating_add(*length) <= end;
    Ok(length.filter(fits))
}
