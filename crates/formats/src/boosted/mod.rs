//! Models of boosted trees: `XGBoost`, `LightGBM` and `CatBoost`, each held against its own counts.
//!
//! Such a model is lists of numbers that point into each other: children, parents, features, offsets. The
//! libraries are written in C++ and follow many of them as they stand. What a loader would read or write outside of
//! its memory, or walk for ever, is told as a [`Flaw`].

mod binary;
mod catboost;
mod fault;
mod item;
mod lightgbm;
mod shape;
#[cfg(test)]
mod tests;
mod ubjson;
mod xgboost;

use std::io;

use tutela_core::{Bytes, Limits, read_all};

pub use fault::{Fault, Flaw};

use crate::tree::{self, DEPTH, LENGTH, VALUES};
use crate::{Format, json};
use fault::Flaws;
use item::{Item, of_json};

/// What a model of trees holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Model {
    /// The texts in it: attributes, objectives, names of features, settings of the training.
    pub texts: Vec<Text>,
    /// Everything that is wrong with it.
    pub flaws: Vec<Flaw>,
    /// Where the model ends; behind it is nothing that a loader reads.
    pub end: u64,
}

/// A text in a model.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Text {
    /// Where it stands.
    pub place: u64,
    /// What it is called in the model.
    pub key: String,
    /// The text.
    pub text: String,
}

/// Which of these formats the first bytes are of.
pub(crate) fn recognise(head: &[u8]) -> Option<Format> {
    if head.starts_with(b"CBM1") {
        return Some(Format::CatBoost);
    }
    if lightgbm::looks_like(head) {
        return Some(Format::LightGbm);
    }
    (is_universal(head) || binary::looks_like(head)).then_some(Format::XgBoost)
}

/// Which of these formats a text of JSON is, by its first keys.
pub(crate) fn recognise_json(head: &[u8]) -> Option<Format> {
    let document = json::parse(head);
    let root = document.roots.first()?;
    let first = root.entries().first().map(|(key, _)| key.as_str())?;
    let has = |wanted: &str| root.all(wanted).next().is_some();
    let is_learner = has("learner") && matches!(first, "learner" | "version");
    if is_learner || matches!(first, "Config" | "Model") && nested(root) {
        return Some(Format::XgBoost);
    }
    let is_trees = |word: &&str| has(word);
    let is_catboost = matches!(first, "features_info" | "ctr_data" | "model_info")
        || ["oblivious_trees", "features_info"].iter().all(is_trees);
    is_catboost.then_some(Format::CatBoost)
}

/// Whether the settings or the model of a pickled booster lie below.
fn nested(root: &tree::Node) -> bool {
    let entries = root.entries().iter();
    entries
        .take(2)
        .any(|(_, node)| node.all("learner").next().is_some())
}

/// UBJSON with the keys of a model of `XGBoost`.
fn is_universal(head: &[u8]) -> bool {
    let Some(rest) = head.strip_prefix(b"{") else {
        return false;
    };
    let is_length = matches!(
        rest.first(),
        Some(b'L' | b'l' | b'I' | b'i' | b'U' | b'N' | b'$' | b'#')
    );
    let start = rest.get(..32).unwrap_or(rest);
    let names: [&[u8]; 3] = [b"learner", b"version", b"Config"];
    is_length
        && names
            .iter()
            .any(|name| start.windows(name.len()).any(|window| window == *name))
}

/// Reads a model of one of these formats.
///
/// # Errors
/// What reading the bytes returns.
pub fn read(bytes: &dyn Bytes, format: Format, limits: &Limits) -> io::Result<Model> {
    let mut flaws = Flaws::default();
    let mut model = Model {
        end: bytes.len(),
        ..Model::default()
    };
    match format {
        Format::LightGbm => model.texts = lightgbm::read(bytes, &mut flaws)?,
        Format::CatBoost if starts_with(bytes, b"CBM1")? => {
            (model.texts, model.end) = catboost::read(bytes, limits, &mut flaws)?;
        }
        _ => in_memory(bytes, (format, limits), &mut model, &mut flaws)?,
    }
    model.flaws = flaws.list;
    Ok(model)
}

fn starts_with(bytes: &dyn Bytes, magic: &[u8]) -> io::Result<bool> {
    let mut head = vec![0; magic.len()];
    if bytes.len() < magic.len() as u64 {
        return Ok(false);
    }
    bytes.read_exact_at(0, &mut head)?;
    Ok(head == magic)
}

/// What is read whole: JSON, UBJSON and the old binary format.
fn in_memory(
    bytes: &dyn Bytes,
    (format, limits): (Format, &Limits),
    model: &mut Model,
    flaws: &mut Flaws,
) -> io::Result<()> {
    let longest = LENGTH.min(limits.member_bytes);
    if bytes.len() > longest {
        let fault = Fault::Limit {
            what: "the length of the model",
            limit: longest,
        };
        flaws.add(0, bytes.len(), fault);
        return Ok(());
    }
    let bytes = read_all(bytes, longest)?;
    if binary::looks_like(&bytes) {
        (model.texts, model.end) = binary::read(&bytes, flaws);
        return Ok(());
    }
    let root = if is_universal(&bytes) {
        let (root, end) = ubjson::parse(&bytes, flaws);
        model.end = end;
        root
    } else {
        json_item(&bytes, flaws)
    };
    // Where reading stopped, everything behind is missing: that is told already.
    if flaws.list.is_empty() {
        match format {
            Format::CatBoost => catboost::check_json(&root, flaws),
            _ => xgboost::check(&root, flaws),
        }
    }
    root.gather(&mut model.texts, (0, ""), flaws);
    Ok(())
}

fn json_item(bytes: &[u8], flaws: &mut Flaws) -> Item {
    let text = json::decode(bytes);
    let document = json::parse(&text);
    if let Some((at, fault)) = document.fault {
        let fault = match fault {
            tree::Fault::TooDeep => Fault::TooDeep(DEPTH),
            tree::Fault::TooMany | tree::Fault::TooLong(_) => Fault::Limit {
                what: "the number of values",
                limit: VALUES as u64,
            },
            tree::Fault::Unfinished => Fault::Ends("a value".to_owned()),
            tree::Fault::Grammar => Fault::Broken("the text".to_owned()),
        };
        flaws.add(at, at.saturating_add(1), fault);
    }
    if let Some(second) = document.roots.get(1) {
        let length = (text.len() as u64).saturating_sub(second.start);
        flaws.add(second.start, text.len() as u64, Fault::Trailing(length));
    }
    document
        .roots
        .first()
        .map_or(Item::Null, |root| of_json(&text, root))
}
