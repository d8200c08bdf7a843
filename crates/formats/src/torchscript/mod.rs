//! Describes the programs in `TorchScript` archives without compiling one.
//!
//! torch keeps the code of a model as source in a language that looks like Python (`code/…​.py`), or, for
//! mobile devices, as instructions in a pickle (`bytecode.pkl`) or in a flatbuffer without an archive. [`source`]
//! reads the first, [`operators`] the second, [`mobile`] the third.

pub mod mobile;
pub mod source;
mod token;

use std::collections::BTreeMap;
use std::io;

use tutela_core::{Bytes, Limits};

use crate::pickle;

/// Operators of one pickle that are kept.
const KEPT: usize = 10_000;
/// Bytes of an operator's name.
const NAME: u64 = 200;

/// The operators and classes that a `bytecode.pkl` names, each with its first place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operators {
    /// `aten::add`, or `__torch__.torch.classes.…`, and where the name starts and ends.
    pub names: BTreeMap<String, (u64, u64)>,
    /// Whether there were more than are kept.
    pub overflowed: bool,
}

/// Reads the names in a `bytecode.pkl`: any text in it that is written as one, so that no trick with the
/// stack conceals an operator.
///
/// # Errors
/// What reading the bytes returns.
pub fn operators(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Operators> {
    let mut found = Operators::default();
    pickle::texts(bytes, limits, NAME, &mut |start, text| {
        let is_name = text.split_once("::").is_some_and(|(space, name)| {
            let is_word = |word: &str| {
                !word.is_empty()
                    && word
                        .chars()
                        .all(|letter| letter.is_alphanumeric() || letter == '_')
            };
            is_word(space) && is_word(name)
        });
        if !is_name && !text.starts_with(CLASSES) {
            return;
        }
        if found.names.len() < KEPT {
            let end = start.saturating_add(text.len() as u64);
            found.names.entry(text.to_owned()).or_insert((start, end));
        } else {
            found.overflowed = true;
        }
    })?;
    Ok(found)
}

/// What the names of classes that come from libraries begin with.
pub const CLASSES: &str = "__torch__.torch.classes.";
