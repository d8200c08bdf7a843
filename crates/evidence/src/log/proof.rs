//! Proofs over the tree (RFC 6962, sections 2.1.1 and 2.1.2; verified as in RFC 9162, section 2.1).

use tutela_core::Digest;

use super::tree::{leaf_hash, node_hash};

/// Whether a proof shows that the entry of this index and these bytes is in the tree of this size and root.
#[must_use]
pub fn verify_inclusion(
    entry: &[u8],
    index: u64,
    size: u64,
    root: &Digest,
    proof: &[Digest],
) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = leaf_hash(entry);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// A tree by its size and root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    /// How many entries it has.
    pub size: u64,
    /// Its root.
    pub root: Digest,
}

/// Whether a proof shows that the later tree holds the earlier one unchanged as its beginning.
///
/// Everything is consistent with an empty tree, whose root must be the hash of nothing.
#[must_use]
pub fn verify_consistency(earlier: &TreeHead, later: &TreeHead, proof: &[Digest]) -> bool {
    if earlier.size == later.size {
        return proof.is_empty() && earlier.root == later.root;
    }
    if earlier.size == 0 {
        return proof.is_empty() && earlier.root == Digest::of(b"");
    }
    if earlier.size > later.size {
        return false;
    }
    climb(earlier, later, proof).unwrap_or(false)
}

fn climb(earlier: &TreeHead, later: &TreeHead, proof: &[Digest]) -> Option<bool> {
    // A complete earlier tree is itself the first hash, and the proof leaves it out.
    let (first, rest) = if earlier.size.is_power_of_two() {
        (&earlier.root, proof)
    } else {
        proof.split_first()?
    };
    let (mut node, mut last) = (earlier.size - 1, later.size - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut old, mut new) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return None;
        }
        if node & 1 == 1 || node == last {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new = node_hash(&new, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    Some(last == 0 && old == earlier.root && new == later.root)
}
