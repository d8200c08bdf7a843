//! Where the chunks of a data set are when their index is of the newer generation (specification, IV.A.2.i and VII).

use super::dense;
use super::lists::Piece;
use super::source::{Source, Step, malformed, unsupported};
use super::{Dataset, ELEMENTS};
use crate::fields::Fields;

/// An index of chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chunks {
    pub(super) kind: Kind,
    /// Where it is, or where the only chunk is.
    pub(super) at: u64,
    /// The dimensions of a chunk; the last is the size of an element.
    pub(super) dimensions: Vec<u64>,
}

/// The kinds of indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One chunk; its length when it is filtered, with the filters that were left out.
    Single(Option<(u64, u32)>),
    /// All chunks one after the other.
    Implicit,
    /// An array of fixed length.
    Fixed,
    /// An array that grows.
    Extensible,
    /// A B-tree of version 2.
    Tree,
}

impl Chunks {
    /// What a layout message of version 4 says behind the class.
    pub(super) fn parse(source: &Source<'_>, fields: &mut Fields<'_>) -> Option<(Self, bool)> {
        let flags = fields.byte()?;
        let rank = fields.byte()?;
        let size = usize::from(fields.byte()?);
        let mut dimensions = Vec::new();
        for _ in 0..rank {
            dimensions.push(fields.number(size)?);
        }
        let kind = match fields.byte()? {
            1 if flags & 2 != 0 => Kind::Single(Some((source.length(fields)?, fields.word()?))),
            1 => Kind::Single(None),
            2 => Kind::Implicit,
            3 => {
                fields.skip(1)?;
                Kind::Fixed
            }
            4 => {
                fields.skip(5)?;
                Kind::Extensible
            }
            5 => {
                fields.skip(6)?;
                Kind::Tree
            }
            _ => return None,
        };
        let at = source.address(fields)?;
        let is_written = at.is_some();
        let at = at.unwrap_or_default();
        Some((
            Self {
                kind,
                at,
                dimensions,
            },
            is_written,
        ))
    }

    /// Bytes of a chunk that is not filtered.
    fn length(&self) -> Option<u64> {
        let sizes = self.dimensions.iter();
        sizes.copied().try_fold(1_u64, u64::checked_mul)
    }

    /// The chunks that it names.
    pub(super) fn pieces(&self, source: &mut Source<'_>, dataset: &Dataset) -> Step<Vec<Piece>> {
        let wrong = || malformed("index of chunks", self.at);
        let length = self.length().ok_or_else(wrong)?;
        let piece = |at, length, skipped| Piece {
            at,
            length,
            skipped,
        };
        match self.kind {
            Kind::Single(None) => Ok(vec![piece(self.at, length, 0)]),
            Kind::Single(Some((length, skipped))) => Ok(vec![piece(self.at, length, skipped)]),
            Kind::Implicit => {
                let length = self
                    .count(dataset)
                    .and_then(|count| count.checked_mul(length));
                Ok(vec![piece(self.at, length.ok_or_else(wrong)?, 0)])
            }
            Kind::Tree => self.tree(source, length),
            Kind::Fixed => fixed(source, self.at, length),
            Kind::Extensible => extensible(source, self.at, length),
        }
    }

    /// How many chunks cover the data set.
    fn count(&self, dataset: &Dataset) -> Option<u64> {
        let shape = dataset.shape.as_deref()?;
        shape
            .iter()
            .zip(&self.dimensions)
            .try_fold(1_u64, |count, (size, chunk)| {
                count.checked_mul(
                    size.checked_add(chunk.checked_sub(1)?)?
                        .checked_div(*chunk)?,
                )
            })
    }

    /// Records of type 10 are an address and the place of a chunk; those of type 11 have its length too.
    fn tree(&self, source: &mut Source<'_>, length: u64) -> Step<Vec<Piece>> {
        let places = self.dimensions.len().saturating_sub(1).saturating_mul(8);
        let mut found = Vec::new();
        for (kind, record) in dense::records(source, self.at)? {
            let entry = record.get(..record.len().saturating_sub(places));
            let entry = entry.filter(|_| matches!(kind, 10 | 11));
            let piece = entry.and_then(|entry| Entries::piece(source, entry, length));
            found.extend(piece.ok_or_else(|| malformed("index of chunks", self.at))?);
        }
        Ok(found)
    }
}

/// The entries of an array, and the pieces that they name so far.
struct Entries {
    size: u64,
    length: u64,
    found: Vec<Piece>,
}

impl Entries {
    /// The piece that an entry names: an address, and when it is filtered a length and the filters that were left out.
    /// Nothing inside when the chunk was not written yet.
    #[expect(
        clippy::option_option,
        reason = "no chunk and no entry are two answers"
    )]
    fn piece(source: &Source<'_>, entry: &[u8], length: u64) -> Option<Option<Piece>> {
        let mut fields = Fields::new(entry);
        let at = source.address(&mut fields)?;
        let (length, skipped) = if fields.rest().is_empty() {
            (length, 0)
        } else {
            let size = fields.rest().len().checked_sub(4)?;
            (fields.number(size)?, fields.word()?)
        };
        Some(at.map(|at| Piece {
            at,
            length,
            skipped,
        }))
    }

    /// Reads so many entries and the checksum behind them; returns where they end.
    fn read(&mut self, source: &mut Source<'_>, at: u64, count: u64) -> Step<u64> {
        let wrong = || malformed("index of chunks", at);
        let length = count.checked_mul(self.size).ok_or_else(wrong)?;
        let block = source.block("index of chunks", at, length)?;
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        for entry in block.chunks_exact(size.max(1)) {
            self.found
                .extend(Self::piece(source, entry, self.length).ok_or_else(wrong)?);
        }
        if self.found.len() as u64 > ELEMENTS {
            return Err(unsupported("index of chunks", at));
        }
        Ok(at.saturating_add(length))
    }

    /// Reads the pages of which a bitmap says that they were written, of so many entries each.
    fn pages(&mut self, source: &mut Source<'_>, at: u64, pages: &Pages<'_>) -> Step<()> {
        let mut at = at;
        let mut left = pages.entries;
        let mut number = pages.first;
        while left > 0 {
            let count = left.min(pages.each);
            if pages.is_written(number) {
                let end = self.read(source, at, count)?;
                source.block("index of chunks", end, 4)?;
            }
            at = at
                .saturating_add(count.saturating_mul(self.size))
                .saturating_add(4);
            left = left.saturating_sub(count);
            number = number.saturating_add(1);
        }
        Ok(())
    }
}

/// The pages of a block of an array.
struct Pages<'a> {
    /// Entries in all pages.
    entries: u64,
    /// Entries in each page, but for the last.
    each: u64,
    /// A bit for each page that was written, the highest first.
    bitmap: &'a [u8],
    /// The number of the first page in the bitmap.
    first: u64,
}

impl Pages<'_> {
    fn is_written(&self, number: u64) -> bool {
        let byte = usize::try_from(number / 8).ok();
        let byte = byte.and_then(|byte| self.bitmap.get(byte));
        byte.is_some_and(|byte| byte & (0x80 >> (number % 8)) != 0)
    }
}

/// A fixed array (VII.B).
fn fixed(source: &mut Source<'_>, at: u64, length: u64) -> Step<Vec<Piece>> {
    let wrong = || malformed("index of chunks", at);
    let size = 12_usize
        .saturating_add(source.lengths)
        .saturating_add(source.offsets);
    let head = source.block("index of chunks", at, size as u64)?;
    let parsed = (|| {
        let mut fields = Fields::new(head.strip_prefix(b"FAHD\0")?);
        fields.skip(1)?;
        let size = u64::from(fields.byte()?);
        let each = 1_u64.checked_shl(u32::from(fields.byte()?))?;
        let entries = source.length(&mut fields)?;
        Some((size, each, entries, source.address(&mut fields)?))
    })();
    let (size, each, entries, block) = parsed.ok_or_else(wrong)?;
    let Some(block) = block else {
        return Ok(Vec::new());
    };
    let mut found = Entries {
        size,
        length,
        found: Vec::new(),
    };
    let prefix = 6_u64.saturating_add(source.offsets as u64);
    signed(source, block, b"FADB\0", prefix)?;
    let start = block.saturating_add(prefix);
    if entries <= each {
        let end = found.read(source, start, entries)?;
        source.block("index of chunks", end, 4)?;
    } else {
        let bytes = entries.div_ceil(each.max(1)).div_ceil(8);
        let bitmap = source.block("index of chunks", start, bytes)?;
        source.block("index of chunks", start.saturating_add(bytes), 4)?;
        let pages = Pages {
            entries,
            each,
            bitmap: &bitmap,
            first: 0,
        };
        let start = start.saturating_add(bytes).saturating_add(4);
        found.pages(source, start, &pages)?;
    }
    Ok(found.found)
}

/// A block's head, which begins with a signature and a version.
fn signed(source: &mut Source<'_>, at: u64, signature: &[u8], size: u64) -> Step<()> {
    let head = source.block("index of chunks", at, size)?;
    if head.starts_with(signature) {
        Ok(())
    } else {
        Err(malformed("index of chunks", at))
    }
}

/// The numbers of an extensible array (VII.C).
struct Growth {
    /// Bytes of an entry.
    size: u64,
    /// Entries in the index block itself.
    inside: u64,
    /// Entries of the smallest block.
    least: u64,
    /// Super blocks whose blocks the index block names itself.
    direct: u32,
    /// Super blocks in all.
    supers: u32,
    /// Entries of a page.
    page: u64,
    /// Bytes of a place in the array.
    place: u64,
    index: Option<u64>,
}

impl Growth {
    fn parse(source: &Source<'_>, head: &[u8]) -> Option<Self> {
        let mut fields = Fields::new(head.strip_prefix(b"EAHD\0")?);
        fields.skip(1)?;
        let size = u64::from(fields.byte()?);
        let bits = u32::from(fields.byte()?);
        let inside = u64::from(fields.byte()?);
        let least = u64::from(fields.byte()?);
        let pointers = u64::from(fields.byte()?);
        let page = 1_u64.checked_shl(u32::from(fields.byte()?))?;
        fields.skip(source.lengths.checked_mul(6)?)?;
        let sound = least.is_power_of_two() && pointers.is_power_of_two() && bits <= 64;
        sound.then_some(Self {
            size,
            inside,
            least,
            direct: pointers.ilog2().checked_mul(2)?,
            supers: bits.checked_sub(least.ilog2())?.checked_add(1)?,
            page,
            place: u64::from(bits.div_ceil(8)),
            index: source.address(&mut fields)?,
        })
    }

    /// How many blocks a super block has, and how many entries each of them.
    fn blocks(&self, number: u32) -> Option<(u64, u64)> {
        let count = 1_u64.checked_shl(number / 2)?;
        let entries = 1_u64.checked_shl(number.div_ceil(2))?;
        Some((count, entries.checked_mul(self.least)?))
    }
}

fn extensible(source: &mut Source<'_>, at: u64, length: u64) -> Step<Vec<Piece>> {
    let wrong = || malformed("index of chunks", at);
    let size = 16_usize
        .saturating_add(source.lengths.saturating_mul(6))
        .saturating_add(source.offsets);
    let head = source.block("index of chunks", at, size as u64)?;
    let growth = Growth::parse(source, &head).ok_or_else(wrong)?;
    let mut found = Entries {
        size: growth.size,
        length,
        found: Vec::new(),
    };
    let Some(index) = growth.index else {
        return Ok(Vec::new());
    };
    let prefix = 6_u64.saturating_add(source.offsets as u64);
    signed(source, index, b"EAIB\0", prefix)?;
    let mut next = found.read(source, index.saturating_add(prefix), growth.inside)?;
    for number in 0..growth.direct {
        let (count, entries) = growth.blocks(number).ok_or_else(wrong)?;
        for block in addresses(source, &mut next, count)? {
            data_block(source, &growth, &mut found, (block, entries, &[], 0))?;
        }
    }
    let supers = growth.supers.saturating_sub(growth.direct);
    let supers = addresses(source, &mut next, u64::from(supers))?;
    source.block("index of chunks", next, 4)?;
    let numbered = supers.into_iter().zip(growth.direct..);
    for (block, number) in numbered {
        super_block(source, &growth, &mut found, (block, number))?;
    }
    Ok(found.found)
}

/// So many addresses; undefined ones are none. The place moves behind them.
fn addresses(source: &mut Source<'_>, at: &mut u64, count: u64) -> Step<Vec<Option<u64>>> {
    let length = count.saturating_mul(source.offsets as u64);
    let block = source.block("index of chunks", *at, length)?;
    *at = at.saturating_add(length);
    let mut fields = Fields::new(&block);
    Ok(std::iter::from_fn(|| source.address(&mut fields)).collect())
}

/// A super block: which pages of its blocks were written, and where the blocks are.
fn super_block(
    source: &mut Source<'_>,
    growth: &Growth,
    found: &mut Entries,
    (at, number): (Option<u64>, u32),
) -> Step<()> {
    let Some(at) = at else { return Ok(()) };
    let wrong = || malformed("index of chunks", at);
    let (count, entries) = growth.blocks(number).ok_or_else(wrong)?;
    let prefix = 6_u64
        .saturating_add(source.offsets as u64)
        .saturating_add(growth.place);
    signed(source, at, b"EASB\0", prefix)?;
    let mut next = at.saturating_add(prefix);
    let pages = if entries > growth.page {
        entries.checked_div(growth.page).unwrap_or_default()
    } else {
        0
    };
    let bytes = count.saturating_mul(pages.div_ceil(8));
    let bitmap = source.block("index of chunks", next, bytes)?;
    next = next.saturating_add(bytes);
    let blocks = addresses(source, &mut next, count)?;
    source.block("index of chunks", next, 4)?;
    for (block, number) in blocks.into_iter().zip(0_u64..) {
        let first = number.saturating_mul(pages);
        data_block(source, growth, found, (block, entries, &bitmap, first))?;
    }
    Ok(())
}

/// A block of so many entries, in pages when there are more than one page holds.
fn data_block(
    source: &mut Source<'_>,
    growth: &Growth,
    found: &mut Entries,
    (at, entries, bitmap, first): (Option<u64>, u64, &[u8], u64),
) -> Step<()> {
    let Some(at) = at else { return Ok(()) };
    let prefix = 6_u64
        .saturating_add(source.offsets as u64)
        .saturating_add(growth.place);
    signed(source, at, b"EADB\0", prefix)?;
    let start = at.saturating_add(prefix);
    if entries <= growth.page {
        let end = found.read(source, start, entries)?;
        return source.block("index of chunks", end, 4).map(|_| ());
    }
    source.block("index of chunks", start, 4)?;
    let pages = Pages {
        entries,
        each: growth.page,
        bitmap,
        first,
    };
    found.pages(source, start.saturating_add(4), &pages)
}
