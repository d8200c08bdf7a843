//! What JSON, YAML and TOML have in common: a tree of values that keeps every entry, doubled keys included.

/// A value and the bytes that it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The offset of its first byte in the text.
    pub start: u64,
    /// One past its last byte.
    pub end: u64,
    /// What it is.
    pub value: Value,
}

/// What a value is. Numbers are of no use to any check, so they are not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// A number or null.
    Other,
    /// `true` or `false`.
    Bool(bool),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// An object, with every entry in its order: a key that stands twice is there twice.
    Object(Vec<(String, Node)>),
    /// A value with a YAML tag of its own, such as `!!python/name:os.system`.
    Tagged(String, Box<Node>),
}

impl Node {
    /// The text, when it is one; the tag of a tagged text is looked through.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Tagged(_, node) => match &node.value {
                Value::Text(text) => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// The entries, when it is an object.
    #[must_use]
    pub fn entries(&self) -> &[(String, Self)] {
        match &self.value {
            Value::Object(entries) => entries,
            Value::Tagged(_, node) => match &node.value {
                Value::Object(entries) => entries,
                _ => &[],
            },
            _ => &[],
        }
    }

    /// The items, when it is a list.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// Every value of a key: readers differ in whether the first or the last of a doubled key counts.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Self> {
        self.entries()
            .iter()
            .filter_map(move |(name, node)| (name == key).then_some(node))
    }

    /// The texts of a key, of all its values.
    pub fn texts<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.all(key).filter_map(Self::text)
    }

    /// Shows the value and everything below it to `visit`, with the key that it stands under.
    ///
    /// A list's items stand under the list's key. The readers bound the depth, and with it this recursion.
    pub fn each<'a>(&'a self, key: &'a str, visit: &mut dyn FnMut(&'a str, &'a Self)) {
        visit(key, self);
        match &self.value {
            Value::List(items) => {
                for item in items {
                    item.each(key, visit);
                }
            }
            Value::Object(entries) => {
                for (name, node) in entries {
                    node.each(name, visit);
                }
            }
            Value::Tagged(_, node) => node.each(key, visit),
            Value::Other | Value::Bool(_) | Value::Text(_) => {}
        }
    }
}

/// A text that was read: all its documents, and the first thing that stopped the reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Document {
    /// The values, one after the other; what was read before a fault is here too.
    pub roots: Vec<Node>,
    /// Where reading stopped, and why.
    pub fault: Option<(u64, Fault)>,
}

/// Why the rest of a text was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It ends inside a value.
    #[error("the text ends inside a value")]
    Unfinished,
    /// It breaks the format's grammar.
    #[error("the text is not what its format allows here")]
    Grammar,
    /// Values nest deeper than the bound.
    #[error("values nest deeper than {DEPTH} levels")]
    TooDeep,
    /// More values than the bound.
    #[error("the text holds more than {VALUES} values")]
    TooMany,
    /// The text is longer than is read into memory.
    #[error("the text of {0} bytes is longer than is read")]
    TooLong(u64),
}

/// Levels of nesting that are followed. Python's own reader stops at about a thousand; configurations stay below 20.
pub const DEPTH: usize = 128;
/// Values that are kept: a tokenizer of 256,000 tokens has about a million.
pub const VALUES: usize = 8_000_000;
/// The longest text that is read into memory: the largest tokenizers are about 35 MB.
pub const LENGTH: u64 = 64 << 20;
