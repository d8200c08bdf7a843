//! Caffe: layers as a protocol buffer (`.caffemodel`) or as text (`.prototxt`).

use std::io;

use tutela_core::{Bytes, Limits};

use super::{Model, Operator, TEXT};
use crate::input::Input;
use crate::wire::{Reader, Wire, field};

/// `NetParameter.layer`.
const LAYER: u64 = 100;
/// `LayerParameter.python_param`.
const PYTHON: u64 = 130;
/// The field of a layer that runs Python, in the text form.
const WORD: &str = "python_param";
/// Characters of a setting that are kept.
const LONGEST: usize = 4096;
/// Fields at the start that are looked at.
const FIELDS: u32 = 8;

/// Whether the bytes are a net: a name, then layers with a name and a type each.
pub(crate) fn looks_like(bytes: &dyn Bytes, start: &[u8]) -> io::Result<bool> {
    // The tag of a name, or of a layer.
    if !matches!(start, [0x0a, ..] | [0xa2, 0x06, ..]) {
        return Ok(false);
    }
    let mut input = Input::new(bytes);
    let (mut at, end) = (0, bytes.len());
    for _ in 0..FIELDS {
        let Some(found) = field(&mut input, at, end)? else {
            return Ok(false);
        };
        at = found.end;
        match (found.number, found.value) {
            (LAYER, Wire::Span(from, to)) => return is_layer(&mut input, from, to),
            (1 | 3, Wire::Span(..)) | (4..=7, _) => {}
            _ => return Ok(false),
        }
    }
    Ok(false)
}

fn is_layer(input: &mut Input<'_>, from: u64, to: u64) -> io::Result<bool> {
    let mut at = from;
    for number in 1..=2 {
        let Some(found) = field(input, at, to)? else {
            return Ok(false);
        };
        at = found.end;
        let Some((from, to)) = found.value.span().filter(|_| found.number == number) else {
            return Ok(false);
        };
        let text = input.prefix(from, to.saturating_sub(from).min(256))?;
        if text.is_empty() || !text.iter().all(|byte| (0x20..0x7f).contains(byte)) {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Model> {
    let mut reader = Reader::new(bytes, limits);
    let mut model = Model::default();
    let mut at = 0;
    while let Some(part) = reader.next(&mut at, bytes.len())? {
        if let (LAYER, Wire::Span(from, to)) = (part.number, part.value) {
            let layer = layer(&mut reader, from, to)?;
            model.keep(layer);
        }
    }
    super::paddle::finish(&reader, &mut model, limits);
    Ok(model)
}

/// `LayerParameter`: the type, and the texts of its settings one level down.
fn layer(reader: &mut Reader<'_>, at: u64, to: u64) -> io::Result<Operator> {
    let mut operator = Operator {
        at,
        ..Operator::default()
    };
    let mut from = at;
    while let Some(part) = reader.next(&mut from, to)? {
        match (part.number, part.value) {
            (2, Wire::Span(from, to)) => operator.kind = reader.text((from, to), TEXT)?,
            (PYTHON, Wire::Span(mut from, to)) => {
                while let Some(setting) = reader.next(&mut from, to)? {
                    let name = match setting.number {
                        1 => "module",
                        2 => "layer",
                        3 => "param_str",
                        _ => continue,
                    };
                    if let Some(span) = setting.value.span() {
                        let text = reader.text(span, TEXT)?;
                        operator.add(name, text);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(operator)
}

/// Describes the text form; none when the text is none.
///
/// Only layers that run Python are kept, with the texts of their settings: everything else is built in.
pub(super) fn prototxt(text: &str) -> Option<Model> {
    let is_net = ["layer", "layers"].iter().any(|word| {
        text.split_whitespace()
            .any(|found| found.trim_end_matches('{') == *word)
    });
    if !is_net || !text.contains(WORD) {
        return None;
    }
    let mut model = Model::default();
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once(WORD) {
        rest = behind;
        let block = rest.trim_start_matches([' ', ':', '\t', '\n', '\r']);
        let Some(block) = block.strip_prefix('{') else {
            continue;
        };
        let place = text
            .len()
            .saturating_sub(rest.len())
            .saturating_sub(WORD.len());
        let mut operator = Operator {
            kind: "Python".to_owned(),
            at: place as u64,
            ..Operator::default()
        };
        // Behind it, so that blocks without an end are not read once for each.
        rest = settings(block, &mut operator);
        model.keep(operator);
    }
    Some(model)
}

/// `name: "text"` up to the end of the block; gives what follows it.
fn settings<'a>(block: &'a str, operator: &mut Operator) -> &'a str {
    let mut rest = block;
    while let Some(colon) = rest.find([':', '}', '#']) {
        let (before, after) = rest.split_at(colon);
        let name = before.trim();
        if let Some(behind) = after.strip_prefix('}') {
            return behind;
        }
        if after.starts_with('#') {
            rest = after.split_once('\n').map_or("", |(_, rest)| rest);
            continue;
        }
        let value = after.trim_start_matches(':').trim_start();
        let quote = value
            .chars()
            .next()
            .filter(|quote| matches!(quote, '"' | '\''));
        let Some(quote) = quote else {
            let end = value.find([' ', '\n', '}']).unwrap_or(value.len());
            rest = value.get(end..).unwrap_or_default();
            continue;
        };
        let inner = value.get(1..).unwrap_or_default();
        let Some((inner, behind)) = inner.split_once(quote) else {
            return "";
        };
        operator.add(name, inner.chars().take(LONGEST).collect());
        rest = behind;
    }
    ""
}
