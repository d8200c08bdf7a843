//! The Merkle tree in memory (RFC 6962, section 2.1).
//!
//! The idea: row `h` holds the hash of every complete subtree of `2^h` entries, in order. Row 0 is the leaf
//! hashes; every eighth row is, cut into pieces of 256, exactly the tiles on disk. Appending costs two hashes
//! an entry, roots and proofs `O(log n)`, memory 64 bytes an entry.

use std::ops::Range;

use sha2::{Digest as _, Sha256};
use tutela_core::Digest;

/// Hashes of complete subtrees, by height.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    rows: Vec<Vec<Digest>>,
}

/// The hash of an entry.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(entry);
    Digest::from_bytes(hasher.finalize().into())
}

/// The hash of two subtrees.
pub(crate) fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update([1]);
    hasher.update(left.as_bytes());
    hasher.update(right.as_bytes());
    Digest::from_bytes(hasher.finalize().into())
}

impl Tree {
    /// How many entries there are.
    pub(crate) fn size(&self) -> u64 {
        self.rows.first().map_or(0, |row| row.len() as u64)
    }

    /// Appends the hash of an entry.
    pub(crate) fn push(&mut self, leaf: Digest) {
        let mut hash = leaf;
        for height in 0.. {
            if height == self.rows.len() {
                self.rows.push(Vec::new());
            }
            let Some(row) = self.rows.get_mut(height) else {
                return;
            };
            row.push(hash);
            // A pair is complete: its parent is new, too.
            match row.as_slice() {
                [.., left, right] if row.len().is_multiple_of(2) => hash = node_hash(left, right),
                _ => return,
            }
        }
    }

    /// Forgets all entries from `size` on.
    pub(crate) fn truncate(&mut self, size: u64) {
        let mut length = usize::try_from(size).unwrap_or(usize::MAX);
        for row in &mut self.rows {
            row.truncate(length);
            length /= 2;
        }
        self.rows.retain(|row| !row.is_empty());
    }

    /// The hashes of a tile: 256 or fewer of one row whose height is a multiple of eight.
    pub(crate) fn hashes(&self, height: usize, range: Range<u64>) -> Option<&[Digest]> {
        let start = usize::try_from(range.start).ok()?;
        let end = usize::try_from(range.end).ok()?;
        self.rows.get(height)?.get(start..end)
    }

    /// The hash of one entry.
    pub(crate) fn leaf(&self, index: u64) -> Option<Digest> {
        self.rows
            .first()?
            .get(usize::try_from(index).ok()?)
            .copied()
    }

    /// The root over the first `size` entries; none when there are fewer.
    pub(crate) fn root(&self, size: u64) -> Option<Digest> {
        if size > self.size() {
            return None;
        }
        if size == 0 {
            return Some(Digest::of(b""));
        }
        self.range_hash(0..size)
    }

    /// The hashes that lead from an entry to the root over the first `size` entries.
    pub(crate) fn inclusion(&self, index: u64, size: u64) -> Option<Vec<Digest>> {
        if index >= size || size > self.size() {
            return None;
        }
        let mut proof = Vec::new();
        let mut range = 0..size;
        while range.end - range.start > 1 {
            let middle = range.start + split(range.end - range.start);
            let sibling = if index < middle {
                let right = middle..range.end;
                range.end = middle;
                right
            } else {
                let left = range.start..middle;
                range.start = middle;
                left
            };
            proof.push(self.range_hash(sibling)?);
        }
        proof.reverse();
        Some(proof)
    }

    /// The hashes that show that the first `earlier` entries are the beginning of the first `later` ones.
    pub(crate) fn consistency(&self, earlier: u64, later: u64) -> Option<Vec<Digest>> {
        if earlier > later || later > self.size() {
            return None;
        }
        let mut proof = Vec::new();
        if earlier == 0 || earlier == later {
            return Some(proof);
        }
        let mut range = 0..later;
        // SUBPROOF of RFC 6962, walked down; `range.end == earlier` ends it.
        while range.end != earlier {
            let middle = range.start + split(range.end - range.start);
            let sibling = if earlier <= middle {
                let right = middle..range.end;
                range.end = middle;
                right
            } else {
                let left = range.start..middle;
                range.start = middle;
                left
            };
            proof.push(self.range_hash(sibling)?);
        }
        // The whole earlier tree is known to the verifier; any other subtree must be given.
        if range.start != 0 {
            proof.push(self.range_hash(range)?);
        }
        proof.reverse();
        Some(proof)
    }

    /// The tree hash of a range that begins at a multiple of the largest power of two below its length.
    fn range_hash(&self, range: Range<u64>) -> Option<Digest> {
        // The complete subtrees of the range, largest first; folded from the right.
        let mut parts = Vec::new();
        let mut start = range.start;
        while start < range.end {
            let height = (range.end - start).ilog2();
            let index = usize::try_from(start >> height).ok()?;
            parts.push(*self.rows.get(usize::try_from(height).ok()?)?.get(index)?);
            start += 1 << height;
        }
        parts
            .into_iter()
            .rev()
            .reduce(|right, left| node_hash(&left, &right))
    }
}

/// The largest power of two smaller than a length of at least two.
const fn split(length: u64) -> u64 {
    1 << (length - 1).ilog2()
}
