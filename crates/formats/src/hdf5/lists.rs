//! Lists of variable length in a data set: the bytes of each, also where the references to them are packed.
//!
//! `PyTables` keeps Python objects so, each a pickle in a list of bytes, and unpickles them when they are read.

use tutela_core::Limits;

use super::message::Index;
use super::source::{Source, Step, malformed, unsupported};
use super::{Class, Dataset, ELEMENTS, Layout};
use crate::extent::Sort;
use crate::fields::Fields;
use crate::stream::{self, Codec};

/// The most that a chunk of references may unpack to.
const CHUNK: u64 = 64 << 20;

/// The number of the filter that only adds a checksum, Fletcher's.
const CHECKSUM: u16 = 3;

/// A piece of the file with elements.
pub(super) struct Piece {
    pub(super) at: u64,
    pub(super) length: u64,
    /// The filters that it did not go through, a bit for each.
    pub(super) skipped: u32,
}

/// Where the elements of a data set are: pieces of the file.
pub(super) fn pieces(
    source: &mut Source<'_>,
    dataset: &Dataset,
    index: &Index,
) -> Step<Vec<Piece>> {
    match (dataset.layout, index) {
        (
            Layout::Contiguous {
                at: Some(at),
                length,
            },
            _,
        ) => Ok(vec![Piece {
            at: at.saturating_sub(source.base),
            length,
            skipped: 0,
        }]),
        (Layout::Chunked, Index::Chunks(tree, rank)) => chunked(source, *tree, *rank),
        (Layout::Chunked, Index::Newer(chunks)) => chunks.pieces(source, dataset),
        (Layout::Chunked, Index::Unknown) => Err(unsupported("index of chunks", source.base)),
        _ => Ok(Vec::new()),
    }
}

/// The chunks that a B-tree of version 1 names (III.A.1, node type 1).
fn chunked(source: &mut Source<'_>, tree: u64, rank: usize) -> Step<Vec<Piece>> {
    let wrong = |at| malformed("tree of chunks", at);
    let key = rank.saturating_mul(8).saturating_add(8);
    let pair = key.saturating_add(source.offsets);
    let start = 8_usize.saturating_add(source.offsets.saturating_mul(2));
    let mut seen = std::collections::BTreeSet::new();
    let (mut found, mut waiting) = (Vec::new(), vec![tree]);
    while let Some(at) = waiting.pop() {
        let head = source.block("tree of chunks", at, 8)?;
        let mut fields = Fields::new(head.strip_prefix(b"TREE\x01").ok_or_else(|| wrong(at))?);
        let (Some(level), Some(used), true) = (fields.byte(), fields.short(), seen.insert(at))
        else {
            return Err(wrong(at));
        };
        let size = start.saturating_add(pair.saturating_mul(usize::from(used)));
        let block = source.block("tree of chunks", at, size as u64)?;
        // One key more than children.
        source.note(at.saturating_add(size as u64), key as u64, Sort::Structure);
        for entry in block.get(start..).unwrap_or_default().chunks_exact(pair) {
            let mut fields = Fields::new(entry);
            let length = fields.word().map(u64::from);
            let skipped = fields.word();
            let child = fields
                .skip(key.saturating_sub(8))
                .and_then(|()| source.address(&mut fields)?);
            let (Some(length), Some(skipped), Some(child)) = (length, skipped, child) else {
                return Err(wrong(at));
            };
            if level == 0 {
                found.push(Piece {
                    at: child,
                    length,
                    skipped,
                });
            } else {
                waiting.push(child);
            }
        }
        if found.len() as u64 > ELEMENTS {
            return Err(wrong(at));
        }
    }
    Ok(found)
}

/// Notes what pieces of a data set hold.
pub(super) fn note(source: &mut Source<'_>, dataset: &Dataset, pieces: &[Piece]) {
    for piece in pieces {
        let is_packed = went_through(piece, &dataset.filters).any(|filter| *filter != CHECKSUM);
        let sort = match dataset.class {
            _ if is_packed => Sort::Packed,
            Some(Class::Text) => Sort::Text,
            Some(Class::Opaque) => Sort::Raw,
            _ => Sort::Numbers,
        };
        source.note(piece.at, piece.length, sort);
    }
}

/// The filters that a chunk went through, the first one first.
fn went_through<'a>(piece: &Piece, filters: &'a [u16]) -> impl DoubleEndedIterator<Item = &'a u16> {
    let skipped = piece.skipped;
    let kept = filters
        .iter()
        .enumerate()
        .filter(move |(number, _)| *number < 32 && skipped >> number & 1 == 0);
    kept.map(|(_, filter)| filter)
}

/// Undoes the filters of a chunk, the last one first: deflate (1) and shuffle (2). Others are none.
pub(super) fn unfiltered(
    piece: &Piece,
    chunk: Vec<u8>,
    filters: &[u16],
    element: usize,
) -> Option<Vec<u8>> {
    went_through(piece, filters)
        .rev()
        .try_fold(chunk, |chunk, filter| match filter {
            1 => {
                let limits = Limits::default();
                let unpacked = stream::unpack(&chunk, Codec::Zlib, CHUNK, &limits).ok()?;
                unpacked.is_complete().then_some(unpacked.bytes)
            }
            2 => Some(unshuffled(&chunk, element)),
            _ => None,
        })
}

/// Shuffled bytes stand together by their place in an element.
fn unshuffled(chunk: &[u8], element: usize) -> Vec<u8> {
    let count = chunk.len().checked_div(element).unwrap_or_default();
    let place = |at: usize| {
        let (row, column) = (at.checked_div(element)?, at.checked_rem(element)?);
        chunk
            .get(column.checked_mul(count)?.checked_add(row)?)
            .copied()
    };
    let whole = (0..count.saturating_mul(element)).filter_map(place);
    let rest = chunk.iter().skip(count.saturating_mul(element)).copied();
    whole.chain(rest).collect()
}
