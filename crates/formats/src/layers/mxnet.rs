//! `MXNet`: a graph as JSON (`-symbol.json`), and arrays one after the other (`.params`).

use std::io;

use tutela_core::{Bytes, Limits};

use super::{Fault, Model, Operator};
use crate::input::Input;
use crate::little::{u32_at, u64_at};
use crate::tree::{Document, Node};

/// Dimensions that are read.
const DIMENSIONS: u32 = 64;
/// The longest name of an array.
const NAME: u64 = 64 << 10;
/// What a list of arrays begins with: the magic number and eight bytes that are zero.
const MAGIC: &[u8] = b"\x12\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// Whether the first bytes are those of a list of arrays.
pub(crate) fn is_parameters(start: &[u8]) -> bool {
    // A count, and the magic number of an array or its dimensions.
    start.starts_with(MAGIC) && u64_at(start, 16).is_some_and(|count| count < 1 << 32)
}

/// Describes a graph; none when the JSON is none.
#[must_use]
pub fn symbol(document: &Document) -> Option<Model> {
    let root = document.roots.first()?;
    let has = |key: &str| root.all(key).next().is_some();
    if !(has("nodes") && (has("arg_nodes") || has("heads"))) {
        return None;
    }
    let mut model = Model::default();
    for node in root.all("nodes").flat_map(Node::items) {
        if let Some(kind) = node.texts("op").last().filter(|kind| *kind != "null") {
            let mut operator = Operator {
                kind: kind.to_owned(),
                at: node.start,
                ..Operator::default()
            };
            // Three names for the same thing, by age of the writer.
            for key in ["attrs", "attr", "param"] {
                for (name, value) in node.all(key).flat_map(|map| map.entries()) {
                    if let Some(text) = value.text() {
                        operator.add(name, text.to_owned());
                    }
                }
            }
            model.keep(operator);
        }
    }
    Some(model)
}

/// Describes a list of arrays with their names.
pub(super) fn parameters(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Model> {
    let mut input = Input::new(bytes);
    let mut model = Model::default();
    let count = u64_at(input.prefix(16, 8)?, 0).unwrap_or(u64::MAX);
    let mut at = 24_u64;
    let left = input.len().saturating_sub(at);
    // An array takes at least eight bytes.
    if count > left / 8 {
        model.note(Fault::Beyond {
            at: 16,
            declared: count.saturating_mul(8),
            left,
        });
        return Ok(model);
    }
    for number in 0..count {
        if number >= limits.steps {
            model.note(Fault::Limit {
                what: "arrays",
                limit: limits.steps,
            });
            return Ok(model);
        }
        match array(&mut input, at)? {
            Ok(end) => at = end,
            Err(fault) => {
                model.note(fault);
                return Ok(model);
            }
        }
        model.arrays = model.arrays.saturating_add(1);
    }
    if let Some(fault) = names(&mut input, at, count)? {
        model.note(fault);
    }
    Ok(model)
}

/// Where an array ends.
fn array(input: &mut Input<'_>, start: u64) -> io::Result<Result<u64, Fault>> {
    /// Arrays of today, and the version whose shapes may be empty.
    const VERSIONS: [u32; 2] = [0xf993_fac9, 0xf993_faca];
    let malformed = Ok(Err(Fault::Malformed { at: start }));
    let head = input.prefix(start, 16)?.to_vec();
    let (at, dimensions, wide) = match u32_at(&head, 0) {
        Some(version) if VERSIONS.contains(&version) => {
            if u32_at(&head, 4).is_none_or(|storage| storage != 0) {
                let what = "sparse array";
                return Ok(Err(Fault::NotRead { what, at: start }));
            }
            (start.saturating_add(12), u32_at(&head, 8), true)
        }
        Some(0xf993_fac8) => (start.saturating_add(8), u32_at(&head, 4), true),
        // Before there were versions, with dimensions of four bytes.
        dimensions => (start.saturating_add(4), dimensions, false),
    };
    let Some(dimensions) = dimensions.filter(|it| *it <= DIMENSIONS) else {
        return malformed;
    };
    // An array without dimensions is none, and has nothing behind.
    if dimensions == 0 && head.get(..4) != Some(&0xf993_faca_u32.to_le_bytes()) {
        return Ok(Ok(at));
    }
    let width = if wide { 8 } else { 4 };
    let length = u64::from(dimensions).saturating_mul(width);
    let shape = input.prefix(at, length.saturating_add(12))?.to_vec();
    let mut elements = Some(1_u64);
    for index in 0..usize::try_from(dimensions).unwrap_or_default() {
        let size = if wide {
            u64_at(&shape, index.saturating_mul(8))
        } else {
            u32_at(&shape, index.saturating_mul(4)).map(u64::from)
        };
        let Some(size) = size else { return malformed };
        elements = elements.and_then(|elements| elements.checked_mul(size));
    }
    // Behind the shape: where the array was, by two numbers, and its type.
    let kind = usize::try_from(length)
        .ok()
        .and_then(|length| u32_at(&shape, length.checked_add(8)?));
    let Some(size) = kind.and_then(size_of) else {
        return malformed;
    };
    let data = at.saturating_add(length).saturating_add(12);
    let declared = elements.and_then(|elements| elements.checked_mul(size));
    let left = input.len().saturating_sub(data);
    match declared.filter(|declared| *declared <= left) {
        Some(declared) => Ok(Ok(data.saturating_add(declared))),
        None => Ok(Err(Fault::Beyond {
            at: start,
            declared: declared.unwrap_or(u64::MAX),
            left,
        })),
    }
}

/// Bytes of one number by its type (mshadow's flags).
const fn size_of(kind: u32) -> Option<u64> {
    match kind {
        3 | 5 | 7 => Some(1),
        2 | 8 | 9 | 12 => Some(2),
        0 | 4 | 10 => Some(4),
        1 | 6 | 11 => Some(8),
        _ => None,
    }
}

/// The names behind the arrays: none, or one for each.
fn names(input: &mut Input<'_>, start: u64, arrays: u64) -> io::Result<Option<Fault>> {
    let malformed = Ok(Some(Fault::Malformed { at: start }));
    let Some(count) = u64_at(input.prefix(start, 8)?, 0) else {
        return malformed;
    };
    if count != 0 && count != arrays {
        return malformed;
    }
    let mut at = start.saturating_add(8);
    for _ in 0..count {
        let length = u64_at(input.prefix(at, 8)?, 0);
        let left = input.len().saturating_sub(at).saturating_sub(8);
        let Some(length) = length.filter(|it| *it <= NAME && *it <= left) else {
            return Ok(Some(Fault::Malformed { at }));
        };
        at = at.saturating_add(8).saturating_add(length);
    }
    let left = input.len().saturating_sub(at);
    let what = "data behind the names";
    Ok((left > 0).then_some(Fault::NotRead { what, at }))
}
