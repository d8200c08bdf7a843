//! Values with their numbers kept, as models of trees need them: lists of numbers take eight bytes an entry.

use tutela_core::escape;

use super::Text;
use super::fault::{Fault, Flaws};
use crate::tree::{Node, Value};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    /// Entries in their order, each with its place in the file.
    Object(Vec<(String, u64, Self)>),
    /// A list of anything but numbers.
    List(Vec<Self>),
    /// A list of numbers; `true` and `false` count as 1 and 0.
    Numbers(Vec<f64>),
    Number(f64),
    Text(String),
    Null,
}

impl Item {
    /// The value of a key with its place; the last when it stands twice, as in `XGBoost`'s own reader.
    pub(super) fn entry(&self, key: &str) -> Option<(u64, &Self)> {
        match self {
            Self::Object(entries) => {
                let mut entries = entries.iter().rev();
                let (_, at, item) = entries.find(|(name, ..)| name == key)?;
                Some((*at, item))
            }
            _ => None,
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|(_, item)| item)
    }

    /// The value behind several keys.
    pub(super) fn path(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |item, key| item.get(key))
    }

    /// A number, also when it is written as a text, as `XGBoost` writes its parameters.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// The numbers of a list; an empty list has none of anything.
    pub(super) fn numbers(&self) -> Option<&[f64]> {
        match self {
            Self::Numbers(numbers) => Some(numbers),
            Self::List(items) if items.is_empty() => Some(&[]),
            _ => None,
        }
    }

    pub(super) fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// How many entries a list has.
    pub(super) fn len(&self) -> Option<usize> {
        match self {
            Self::List(items) => Some(items.len()),
            Self::Numbers(numbers) => Some(numbers.len()),
            _ => None,
        }
    }

    /// Every text inside, keys included, and every key that stands twice.
    ///
    /// Recurses once a level, which the readers bound.
    pub(super) fn gather(
        &self,
        texts: &mut Vec<Text>,
        (place, key): (u64, &str),
        flaws: &mut Flaws,
    ) {
        let mut note = |place: u64, text: &str| {
            texts.push(Text {
                place,
                key: key.to_owned(),
                text: text.to_owned(),
            });
        };
        match self {
            Self::Text(text) => note(place, text),
            Self::List(items) => {
                for item in items {
                    item.gather(texts, (place, key), flaws);
                }
            }
            Self::Object(entries) => {
                let mut seen = std::collections::HashSet::new();
                for (name, at, _) in entries {
                    note(*at, name);
                    if !seen.insert(name.as_str()) {
                        let fault = Fault::Doubled(format!("`{}`", escape(name, 100)));
                        flaws.add(*at, at.saturating_add(1), fault);
                    }
                }
                for (name, at, item) in entries {
                    item.gather(texts, (*at, name), flaws);
                }
            }
            Self::Numbers(_) | Self::Number(_) | Self::Null => {}
        }
    }
}

/// Puts the items of a list together, numbers closely packed.
pub(super) fn packed(items: Vec<Item>) -> Item {
    let numbers: Option<Vec<f64>> = items
        .iter()
        .map(|item| match item {
            Item::Number(number) => Some(*number),
            _ => None,
        })
        .collect();
    match numbers {
        Some(numbers) if !numbers.is_empty() => Item::Numbers(numbers),
        _ => Item::List(items),
    }
}

/// A value of JSON with its numbers, which are read from the text.
///
/// Recurses once a level, which the reader of JSON bounds.
pub(super) fn of_json(text: &[u8], node: &Node) -> Item {
    match &node.value {
        Value::Text(text) => Item::Text(text.clone()),
        Value::Bool(flag) => Item::Number(f64::from(u8::from(*flag))),
        Value::List(items) => packed(items.iter().map(|item| of_json(text, item)).collect()),
        Value::Object(entries) => {
            let entries = entries.iter();
            let entry =
                |(key, node): &(String, Node)| (key.clone(), node.start, of_json(text, node));
            Item::Object(entries.map(entry).collect())
        }
        Value::Tagged(_, node) => of_json(text, node),
        Value::Other => word(text, node).map_or(Item::Null, Item::Number),
    }
}

/// The number that a word is; `NaN` and the infinities are numbers to `XGBoost`.
fn word(text: &[u8], node: &Node) -> Option<f64> {
    let start = usize::try_from(node.start).ok()?;
    let end = usize::try_from(node.end).ok()?;
    let word = std::str::from_utf8(text.get(start..end)?).ok()?;
    word.parse().ok()
}
