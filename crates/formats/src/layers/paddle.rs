//! Paddle: a program as a protocol buffer (framework.proto), or tensors one after the other.

use std::io;

use tutela_core::{Bytes, Limits};

use super::{Fault, Model, Operator, TEXT};
use crate::input::Input;
use crate::little::{u32_at, u64_at};
use crate::wire::{Reader, Wire, field};

/// Where each operator was written in the author's script: text of that script, which nothing runs.
const CALL_STACK: &str = "op_callstack";
/// The longest description of a tensor; it holds a type and dimensions.
const DESCRIPTION: u32 = 1 << 10;

pub(super) fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Model> {
    let first = Input::new(bytes).byte(0)?;
    if first == Some(0x0a) {
        program(bytes, limits)
    } else {
        tensors(bytes, limits)
    }
}

/// `ProgramDesc`: blocks, each with variables and operators.
fn program(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Model> {
    let mut reader = Reader::new(bytes, limits);
    let mut model = Model::default();
    let mut at = 0;
    while let Some(block) = reader.next(&mut at, bytes.len())? {
        let (1, Wire::Span(mut from, to)) = (block.number, block.value) else {
            continue;
        };
        while let Some(part) = reader.next(&mut from, to)? {
            if let (4, Wire::Span(from, to)) = (part.number, part.value) {
                let operator = operator(&mut reader, from, to)?;
                model.keep(operator);
            }
        }
    }
    finish(&reader, &mut model, limits);
    Ok(model)
}

pub(super) fn finish(reader: &Reader<'_>, model: &mut Model, limits: &Limits) {
    for at in &reader.malformed {
        model.note(Fault::Malformed { at: *at });
    }
    if reader.is_exhausted() {
        model.note(Fault::Limit {
            what: "fields",
            limit: limits.steps,
        });
    }
}

/// `OpDesc`: a type, and attributes of which some are texts.
fn operator(reader: &mut Reader<'_>, at: u64, to: u64) -> io::Result<Operator> {
    let mut operator = Operator {
        at,
        ..Operator::default()
    };
    let mut from = at;
    while let Some(part) = reader.next(&mut from, to)? {
        match (part.number, part.value) {
            (3, Wire::Span(from, to)) => operator.kind = reader.text((from, to), TEXT)?,
            (4, Wire::Span(from, to)) => attribute(reader, (from, to), &mut operator)?,
            _ => {}
        }
    }
    Ok(operator)
}

/// `OpDesc.Attr`: a name, and in the fields 5 and 8 a text or several.
fn attribute(
    reader: &mut Reader<'_>,
    (mut from, to): (u64, u64),
    operator: &mut Operator,
) -> io::Result<()> {
    let mut name = String::new();
    let mut texts = Vec::new();
    while let Some(part) = reader.next(&mut from, to)? {
        match (part.number, part.value) {
            (1, Wire::Span(from, to)) => name = reader.text((from, to), TEXT)?,
            (5 | 8, Wire::Span(from, to)) if texts.len() < super::TEXTS => {
                texts.push(reader.text((from, to), TEXT)?);
            }
            _ => {}
        }
    }
    if name != CALL_STACK {
        for text in texts.into_iter().filter(|text| !text.is_empty()) {
            operator.add(&name, text);
        }
    }
    Ok(())
}

/// Tensors: versions, levels of detail, a description, and the numbers.
fn tensors(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Model> {
    let mut input = Input::new(bytes);
    let mut model = Model::default();
    let mut at = 0_u64;
    while at < input.len() {
        if model.arrays >= limits.steps {
            model.note(Fault::Limit {
                what: "arrays",
                limit: limits.steps,
            });
            break;
        }
        let Some((data, size)) = tensor(&mut input, at)? else {
            model.note(Fault::Malformed { at });
            break;
        };
        let left = input.len().saturating_sub(data);
        if size > left {
            model.note(Fault::Beyond {
                at,
                declared: size,
                left,
            });
            break;
        }
        model.arrays = model.arrays.saturating_add(1);
        at = data.saturating_add(size);
    }
    Ok(model)
}

/// Where the numbers of a tensor begin, and how many bytes they should have.
fn tensor(input: &mut Input<'_>, start: u64) -> io::Result<Option<(u64, u64)>> {
    let mut at = start;
    let head = input.prefix(at, 12)?.to_vec();
    let (Some(0), Some(levels)) = (u32_at(&head, 0), u64_at(&head, 4)) else {
        return Ok(None);
    };
    // More levels than a sentence of documents has are none that the library writes.
    if levels > 16 {
        return Ok(None);
    }
    at = at.saturating_add(12);
    for _ in 0..levels {
        let Some(size) = u64_at(input.prefix(at, 8)?, 0) else {
            return Ok(None);
        };
        at = at.saturating_add(8).saturating_add(size);
    }
    let head = input.prefix(at, 8)?.to_vec();
    let (Some(0), Some(length)) = (u32_at(&head, 0), u32_at(&head, 4)) else {
        return Ok(None);
    };
    if length > DESCRIPTION {
        return Ok(None);
    }
    at = at.saturating_add(8);
    let end = at.saturating_add(u64::from(length));
    Ok(size(input, at, end)?.map(|size| (end, size)))
}

/// `VarType.TensorDesc`: a type, and dimensions one by one.
fn size(input: &mut Input<'_>, mut at: u64, end: u64) -> io::Result<Option<u64>> {
    let mut bytes = None;
    let mut count = Some(1_u64);
    while at < end {
        let Some(found) = field(input, at, end)? else {
            return Ok(None);
        };
        at = found.end;
        match (found.number, found.value) {
            (1, Wire::Varint(kind)) => bytes = width(kind),
            (2, Wire::Varint(dimension)) => {
                count = count.and_then(|count| count.checked_mul(dimension));
            }
            _ => {}
        }
    }
    Ok(bytes.map(|width| {
        count
            .and_then(|count| count.checked_mul(width))
            .unwrap_or(u64::MAX)
    }))
}

/// `VarType.Type`: bytes of one number.
const fn width(kind: u64) -> Option<u64> {
    match kind {
        0 | 20 | 21 | 32 | 33 => Some(1),
        1 | 4 | 22 => Some(2),
        2 | 5 => Some(4),
        3 | 6 | 19 | 23 => Some(8),
        24 => Some(16),
        _ => None,
    }
}
