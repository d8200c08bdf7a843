//! Values that hold the same parts over and over: a few bytes that stand for billions of values.
//!
//! Loading them is cheap, since Python keeps one copy; but hashing, comparing, copying or printing such a value goes
//! through all that it stands for, and a key of a dictionary is hashed while it is loaded.

use super::machine::Machine;
use super::value::{Node, Value};

/// More values than this in one stand for nothing that a library writes: nobody could go through them.
const MOST: u64 = 1 << 32;

/// How far the values of a node are counted.
#[derive(Clone, Copy)]
enum Count {
    Unknown,
    /// Begun and not ended: who meets it again goes in a circle, which stands for no more values.
    Begun,
    Known(u64),
}

impl Machine<'_> {
    /// Whether a list, tuple, set or dictionary of the stream stands for more values than anybody can go through.
    ///
    /// Linear in the values that are kept. Objects are not looked into: graphs of them share parts as a matter of course.
    pub(super) fn expands(&self) -> bool {
        let mut counts = vec![Count::Unknown; self.nodes.len()];
        (0..self.nodes.len()).any(|node| self.count(node, &mut counts) > MOST)
    }

    /// Counts what a node stands for, without recursion.
    fn count(&self, node: usize, counts: &mut [Count]) -> u64 {
        let mut open = vec![node];
        while let Some(node) = open.last().copied() {
            match counts.get(node) {
                Some(Count::Unknown) => {
                    set(counts, node, Count::Begun);
                    let parts = self.parts(node).into_iter().filter_map(index);
                    open.extend(
                        parts.filter(|part| matches!(counts.get(*part), Some(Count::Unknown))),
                    );
                }
                Some(Count::Begun) => {
                    let parts = self.parts(node).into_iter();
                    let sum = parts.fold(1_u64, |sum, part| {
                        sum.saturating_add(match index(part).and_then(|at| counts.get(at)) {
                            Some(Count::Known(count)) => *count,
                            _ => 1,
                        })
                    });
                    set(counts, node, Count::Known(sum));
                    open.pop();
                }
                _ => {
                    open.pop();
                }
            }
        }
        match counts.get(node) {
            Some(Count::Known(count)) => *count,
            _ => 1,
        }
    }

    /// What a plain container holds, as far as it is kept.
    fn parts(&self, node: usize) -> Vec<Value> {
        match self.nodes.get(node) {
            Some(Node::Items { items, .. }) => items.clone(),
            Some(Node::Dict { entries, .. }) => entries
                .iter()
                .flat_map(|(key, value)| [*key, *value])
                .collect(),
            _ => Vec::new(),
        }
    }
}

fn set(counts: &mut [Count], node: usize, count: Count) {
    if let Some(place) = counts.get_mut(node) {
        *place = count;
    }
}

fn index(value: Value) -> Option<usize> {
    match value {
        Value::Node(index) => usize::try_from(index).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use tutela_core::Limits;

    use crate::pickle::{Fault, describe};

    fn expands(bytes: &[u8]) -> bool {
        let pickles = describe(&bytes.to_vec(), &Limits::default()).unwrap();
        pickles
            .anomalies
            .iter()
            .any(|it| it.fault == Fault::Expansion)
    }

    /// A tuple of itself and itself, so many times.
    fn doubled(times: usize) -> Vec<u8> {
        [
            b"\x80\x04K\x01".to_vec(),
            b"2\x86".repeat(times),
            b".".to_vec(),
        ]
        .concat()
    }

    #[test]
    fn a_few_bytes_that_stand_for_billions() {
        assert!(!expands(&doubled(30)));
        assert!(expands(&doubled(33)));
        // As a key, which is hashed while it is loaded.
        let key = [
            b"\x80\x04}K\x01".to_vec(),
            b"2\x86".repeat(40),
            b"Ns.".to_vec(),
        ]
        .concat();
        assert!(expands(&key));
    }

    #[test]
    fn circles_and_long_lists_do_not() {
        assert!(!expands(b"\x80\x04]q\0h\0a."));
        let list = [
            b"\x80\x04](".to_vec(),
            b"K\x01".repeat(100_000),
            b"e.".to_vec(),
        ]
        .concat();
        assert!(!expands(&list));
    }
}
