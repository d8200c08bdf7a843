//! Walks a binary tree by the numbers of its nodes, as every loader of boosted trees does when it predicts.

use super::fault::{Fault, Flaws};

/// Where a branch leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Branch {
    /// To another inner node.
    Node(usize),
    /// To a leaf with a number of its own.
    Leaf(usize),
    /// Nowhere that exists; told already.
    Nowhere,
}

/// Follows every branch from the root and tells nodes and leaves that are reached twice.
///
/// `branches` gives the two branches of a node, or none when it is a leaf itself.
pub(super) fn follow(
    (nodes, leaves): (usize, usize),
    branches: &mut dyn FnMut(usize, &mut Flaws) -> Option<[Branch; 2]>,
    (place, tree): (u64, &dyn Fn() -> String),
    flaws: &mut Flaws,
) {
    let mut seen_nodes = vec![false; nodes];
    let mut seen_leaves = vec![false; leaves];
    let mut open = vec![Branch::Node(0)];
    while let Some(branch) = open.pop() {
        let (seen, number) = match branch {
            Branch::Node(number) => (seen_nodes.get_mut(number), number),
            Branch::Leaf(number) => (seen_leaves.get_mut(number), number),
            Branch::Nowhere => continue,
        };
        let Some(seen) = seen else { continue };
        if std::mem::replace(seen, true) {
            let node = number as u64;
            let fault = Fault::Circle { tree: tree(), node };
            flaws.add(place, place.saturating_add(1), fault);
            // INVARIANT: a node is followed once, so the walk ends.
            continue;
        }
        if let Branch::Node(number) = branch
            && let Some(next) = branches(number, flaws)
        {
            open.extend(next);
        }
    }
}
