//! The list of sources of a virtual data set, in a global heap ("Virtual Dataset Global Heap Block").

use super::VirtualSource;
use crate::fields::{Fields, text};

/// Sources that are kept; the rest only repeat a pattern in practice, and make the list incomplete.
const SOURCES: u64 = 100_000;

/// Every source that can be read, and whether that is all of them.
pub(super) fn sources(block: &[u8], lengths: usize) -> (Vec<VirtualSource>, bool) {
    let mut fields = Fields::new(block);
    let mut found = Vec::new();
    let (Some(version @ (0 | 1)), Some(count)) = (fields.byte(), fields.number(lengths)) else {
        return (found, false);
    };
    for _ in 0..count.min(SOURCES) {
        let Some(source) = one(&mut fields, version, lengths, &found) else {
            return (found, false);
        };
        found.push(source);
        let selections = selection(&mut fields).and_then(|()| selection(&mut fields));
        if selections.is_none() {
            return (found, false);
        }
    }
    (found, count <= SOURCES)
}

/// In version 1 flags say which names are those of an earlier entry, or of the file itself.
fn one(
    fields: &mut Fields<'_>,
    version: u8,
    lengths: usize,
    earlier: &[VirtualSource],
) -> Option<VirtualSource> {
    let flags = if version == 0 { 0 } else { fields.byte()? };
    let mut known = || earlier.get(usize::try_from(fields.number(lengths)?).ok()?);
    let file = match flags & 5 {
        0 => None,
        1 => Some(known()?.file.clone()),
        _ => Some(".".to_owned()),
    };
    let file = match file {
        Some(file) => file,
        None => text(fields.until_nul()?),
    };
    let dataset = if flags & 2 == 0 {
        text(fields.until_nul()?)
    } else {
        let index = usize::try_from(fields.number(lengths)?).ok()?;
        earlier.get(index)?.dataset.clone()
    };
    Some(VirtualSource { file, dataset })
}

/// Steps over a selection ("Dataspace Selection", VIII).
fn selection(fields: &mut Fields<'_>) -> Option<()> {
    match (fields.word()?, fields.word()?) {
        (0 | 3, _) => fields.skip(8),
        (1, 1) | (2, 1) => {
            fields.skip(4)?;
            let length = fields.length()?;
            fields.skip(length)
        }
        (1, 2) => {
            let size = usize::from(fields.byte()?);
            let rank = fields.length()?;
            let points = usize::try_from(fields.number(size)?).ok()?;
            fields.skip(points.checked_mul(rank)?.checked_mul(size)?)
        }
        (2, 2) => {
            fields.skip(1)?;
            let length = fields.length()?;
            fields.skip(length)
        }
        (2, 3) => {
            let regular = fields.byte()? & 1 != 0;
            let size = usize::from(fields.byte()?);
            let rank = fields.length()?;
            let numbers = if regular {
                rank.checked_mul(4)?
            } else {
                let blocks = usize::try_from(fields.number(size)?).ok()?;
                blocks.checked_mul(rank)?.checked_mul(2)?
            };
            fields.skip(numbers.checked_mul(size)?)
        }
        _ => None,
    }
}
