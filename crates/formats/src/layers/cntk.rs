//! CNTK 2: a tree of dictionaries as a protocol buffer (`CNTK.proto`), in which functions may be of the user.
//!
//! What such a function is stands in a dictionary with a `module`: with `class`, the name of a class of Python, which the
//! loader imports by running the text `from module import class`; with `deserialize_method`, a function in a native
//! library, which the loader opens by that name.

use std::io;

use tutela_core::{Bytes, Limits};

use super::{Fault, Model, Operator, TEXT, TEXTS};
use crate::input::Input;
use crate::little::u32_at;
use crate::wire::{Field, Reader, Wire, varint};

/// What stands before a message with its weights behind it, when both are more than 2 GiB together.
const MAGIC: u32 = 0x636e_746b;
/// The longest key of a dictionary that a recogniser takes for one.
const KEY: u64 = 64;

/// What a dictionary says of a function of the user.
const KEYS: &[&str] = &["class", "deserialize_method", "module", "op_name"];

/// Whether the bytes are a dictionary: a version, and an entry whose value has a version and a type.
pub(crate) fn looks_like(bytes: &dyn Bytes, start: &[u8]) -> io::Result<bool> {
    let from = if u32_at(start, 0) == Some(MAGIC) {
        8
    } else {
        0
    };
    let head = start.get(from..).unwrap_or_default();
    if !matches!(head, [0x08, 1..=9, 0x12, ..]) {
        return Ok(false);
    }
    let mut input = Input::new(bytes);
    let at = (from as u64).saturating_add(3);
    let Some((_, at)) = varint(&mut input, at, bytes.len())? else {
        return Ok(false);
    };
    is_entry(&mut input, at, bytes.len())
}

/// A key in lower case, and a value with a version and a type.
fn is_entry(input: &mut Input<'_>, at: u64, end: u64) -> io::Result<bool> {
    let [0x0a, length, ..] = *input.prefix(at, 2)? else {
        return Ok(false);
    };
    let length = u64::from(length);
    let key = input.prefix(at.saturating_add(2), length.min(KEY))?;
    let is_word = |byte: &u8| byte.is_ascii_lowercase() || *byte == b'_';
    if length == 0 || length > KEY || !key.iter().all(is_word) {
        return Ok(false);
    }
    let at = at.saturating_add(2).saturating_add(length);
    if input.prefix(at, 1)? != [0x12] {
        return Ok(false);
    }
    let Some((_, at)) = varint(input, at.saturating_add(1), end)? else {
        return Ok(false);
    };
    Ok(matches!(input.prefix(at, 4)?, [0x08, 1..=9, 0x10, 0..=11]))
}

/// A message that is still to be gone through.
#[derive(Clone, Copy)]
enum Part {
    Dictionary,
    Vector,
    Value,
}

pub(super) fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Model> {
    let head = Input::new(bytes).prefix(0, 8)?.to_vec();
    let (from, to) = match (u32_at(&head, 0), u32_at(&head, 4)) {
        (Some(MAGIC), Some(size)) => (8, u64::from(size).saturating_add(8).min(bytes.len())),
        _ => (0, bytes.len()),
    };
    let mut reader = Reader::new(bytes, limits);
    let mut model = Model::default();
    let mut waiting = vec![(Part::Dictionary, from, to)];
    while let Some((part, from, to)) = waiting.pop() {
        match part {
            Part::Dictionary => dictionary(&mut reader, (from, to), &mut model, &mut waiting)?,
            Part::Vector => {
                each(&mut reader, (from, to), &mut |_, field| {
                    if let (1, Wire::Span(from, to)) = (field.number, field.value) {
                        waiting.push((Part::Value, from, to));
                    }
                    Ok(())
                })?;
            }
            Part::Value => {
                value(&mut reader, (from, to), &mut waiting)?;
            }
        }
    }
    super::paddle::finish(&reader, &mut model, limits);
    Ok(model)
}

fn each(
    reader: &mut Reader<'_>,
    (mut at, to): (u64, u64),
    see: &mut dyn FnMut(&mut Reader<'_>, Field) -> io::Result<()>,
) -> io::Result<()> {
    while let Some(field) = reader.next(&mut at, to)? {
        see(reader, field)?;
    }
    Ok(())
}

/// A dictionary: its texts, by their keys, say whether it describes a function of the user.
fn dictionary(
    reader: &mut Reader<'_>,
    span: (u64, u64),
    model: &mut Model,
    waiting: &mut Vec<(Part, u64, u64)>,
) -> io::Result<()> {
    let mut overflowed = false;
    let mut operator = Operator {
        at: span.0,
        ..Operator::default()
    };
    each(reader, span, &mut |reader, field| {
        let (2, Wire::Span(from, to)) = (field.number, field.value) else {
            return Ok(());
        };
        let mut key = String::new();
        each(reader, (from, to), &mut |reader, field| {
            match (field.number, field.value) {
                (1, Wire::Span(from, to)) => key = reader.text((from, to), KEY)?,
                (2, Wire::Span(from, to)) => {
                    let text = value(reader, (from, to), waiting)?;
                    // Other keys could crowd these out.
                    if let Some(text) = text.filter(|_| KEYS.contains(&key.as_str())) {
                        overflowed |= operator.texts.len() >= TEXTS;
                        operator.add(&key, text);
                    }
                }
                _ => {}
            }
            Ok(())
        })
    })?;
    if overflowed {
        model.note(Fault::Limit {
            what: "texts of a function",
            limit: TEXTS as u64,
        });
    }
    let has = |name: &str| operator.text(name).is_some();
    let kind = if !has("module") {
        return Ok(());
    } else if has("deserialize_method") {
        "native"
    } else if has("class") {
        "python"
    } else {
        return Ok(());
    };
    operator.kind = kind.to_owned();
    model.keep(operator);
    Ok(())
}

/// A value: its text, when it is one; what holds further values is gone through later.
fn value(
    reader: &mut Reader<'_>,
    span: (u64, u64),
    waiting: &mut Vec<(Part, u64, u64)>,
) -> io::Result<Option<String>> {
    let mut text = None;
    each(reader, span, &mut |reader, field| {
        match (field.number, field.value) {
            (8, Wire::Span(from, to)) => text = Some(reader.text((from, to), TEXT)?),
            (11, Wire::Span(from, to)) => waiting.push((Part::Vector, from, to)),
            (12, Wire::Span(from, to)) => waiting.push((Part::Dictionary, from, to)),
            _ => {}
        }
        Ok(())
    })?;
    Ok(text)
}
