//! What lies on the symbolic stack: values that are known, and graph nodes for those that are made.

use std::collections::HashMap;

/// How the bytes of a text are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// UTF-8, as BINUNICODE writes it.
    Utf8,
    /// Python's raw-unicode-escape, as UNICODE writes it.
    RawUnicodeEscape,
    /// A quoted Python string with escapes, as STRING writes it.
    Quoted,
    /// Bytes that Python decodes as ASCII, as BINSTRING writes them.
    Ascii,
    /// Bytes that stay bytes.
    Data,
}

/// A value of the symbolic machine. Small and `Copy`; whatever has parts is a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value {
    /// Nothing is known of it.
    Opaque,
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A text or byte string that still lies in the input.
    Text {
        at: u64,
        length: u64,
        encoding: Encoding,
    },
    EmptyTuple,
    Node(u32),
}

/// What sort of container it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Tuple,
    List,
    Set,
}

/// A value with parts.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// A tuple, list or set: the first items only, and how many there were.
    Items {
        kind: Kind,
        items: Vec<Value>,
        count: u64,
    },
    /// A dictionary: the first entries only.
    Dict {
        entries: Vec<(Value, Value)>,
        count: u64,
    },
    /// Something imported, by its index in the description.
    Import(usize),
    /// What a call returned.
    Returned {
        /// The call, by its index in the description.
        call: usize,
        /// The state that was set on it.
        state: Option<Value>,
        /// What it is known to be, by its index in the machine.
        meaning: Option<u32>,
    },
    /// What the loader's `persistent_load` makes of a value.
    Persistent(Value),
}

/// Items that a container keeps: enough for the arguments that are shown and for joblib's headers.
pub(super) const KEPT_ITEMS: usize = 24;

impl Node {
    pub(super) fn items(kind: Kind, values: &[Value]) -> Self {
        Self::Items {
            kind,
            items: values.get(..KEPT_ITEMS).unwrap_or(values).to_vec(),
            count: values.len() as u64,
        }
    }

    /// How many values it keeps.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Items { items, .. } => items.capacity(),
            Self::Dict { entries, .. } => entries.capacity().saturating_mul(2),
            Self::Import(_) | Self::Returned { .. } | Self::Persistent(_) => 0,
        }
    }

    pub(super) fn extend(&mut self, values: &[Value]) {
        match self {
            Self::Items { items, count, .. } => {
                let room = KEPT_ITEMS.saturating_sub(items.len());
                items.extend(values.iter().take(room));
                *count = count.saturating_add(values.len() as u64);
            }
            Self::Dict { entries, count } => {
                let pairs = values.chunks_exact(2);
                *count = count.saturating_add(pairs.len() as u64);
                let room = KEPT_ITEMS.saturating_sub(entries.len());
                entries.extend(pairs.take(room).filter_map(|pair| match pair {
                    [key, value] => Some((*key, *value)),
                    _ => None,
                }));
            }
            Self::Import(_) | Self::Returned { .. } | Self::Persistent(_) => {}
        }
    }
}

/// The memo: dense from zero in ordinary pickles, sparse in hostile ones.
#[derive(Debug, Default)]
pub(super) struct Memo {
    dense: Vec<Value>,
    sparse: HashMap<u64, Value>,
}

impl Memo {
    pub(super) fn len(&self) -> u64 {
        (self.dense.len() as u64).saturating_add(self.sparse.len() as u64)
    }

    pub(super) fn put(&mut self, index: u64, value: Value) {
        let next = self.dense.len() as u64;
        if index == next {
            // INVARIANT: an index is in one of the two, or `len` would count it twice.
            self.sparse.remove(&index);
            self.dense.push(value);
        } else if let Some(place) = usize::try_from(index)
            .ok()
            .and_then(|index| self.dense.get_mut(index))
        {
            *place = value;
        } else {
            self.sparse.insert(index, value);
        }
    }

    pub(super) fn get(&self, index: u64) -> Option<Value> {
        usize::try_from(index)
            .ok()
            .and_then(|index| self.dense.get(index))
            .or_else(|| self.sparse.get(&index))
            .copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memo_counts_each_index_once() {
        let mut memo = Memo::default();
        memo.put(2, Value::Int(2));
        memo.put(0, Value::Int(0));
        memo.put(1, Value::Int(1));
        memo.put(2, Value::Int(3));
        assert_eq!(memo.len(), 3);
        assert_eq!(memo.get(2), Some(Value::Int(3)));
        assert_eq!(memo.get(u64::MAX), None);
    }
}
