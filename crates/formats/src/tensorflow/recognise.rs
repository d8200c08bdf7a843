//! Tells TensorFlow's protocol buffers from other ones. They have no magic number: what decides is that
//! every field is one of the message and that a node, or a function, looks like one.

use std::io;

use tutela_core::Bytes;

use super::checkpoint;
use crate::Format;
use crate::input::Input;
use crate::wire::{Wire, field};

/// Fields of one message that are looked at.
const FIELDS: u32 = 64;

/// The format of the bytes, if they are TensorFlow's.
pub(crate) fn recognise(bytes: &dyn Bytes) -> io::Result<Option<Format>> {
    if checkpoint::looks_like(bytes)? {
        return Ok(Some(Format::TfCheckpoint));
    }
    let mut input = Input::new(bytes);
    let whole = (0, bytes.len());
    if saved_model(&mut input, whole)? || text(&mut input)? == Some(Format::SavedModel) {
        return Ok(Some(Format::SavedModel));
    }
    let is_graph =
        meta_graph(&mut input, whole)? || graph(&mut input, whole)? || text(&mut input)?.is_some();
    Ok(is_graph.then_some(Format::TfGraph))
}

/// Whether a graph file is a `MetaGraphDef`.
pub(super) fn is_meta_graph(bytes: &dyn Bytes) -> io::Result<bool> {
    meta_graph(&mut Input::new(bytes), (0, bytes.len()))
}

/// Whether a file is in the text form.
pub(super) fn is_text(bytes: &dyn Bytes) -> io::Result<bool> {
    Ok(text(&mut Input::new(bytes))?.is_some())
}

/// The text form begins with a field of the message and a brace.
fn text(input: &mut Input<'_>) -> io::Result<Option<Format>> {
    let head = input.prefix(0, 4 << 10)?;
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines().map(str::trim);
    let first = lines
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .unwrap_or_default();
    let opens = |name: &str| {
        let rest = first.strip_prefix(name).map(str::trim_start);
        rest.is_some_and(|rest| rest.trim_start_matches(':').trim_start().starts_with('{'))
    };
    if first.starts_with("saved_model_schema_version:") || opens("meta_graphs") {
        return Ok(Some(Format::SavedModel));
    }
    let names_operator =
        head.contains("op: \"") || head.contains("op:\"") || head.contains("signature");
    let is_graph = opens("meta_info_def")
        || opens("graph_def")
        || (names_operator && (opens("node") || opens("library")));
    Ok(is_graph.then_some(Format::TfGraph))
}

/// Asks `known` about every field of a message; false when one is not of it or malformed. `known` says
/// none for a foreign field, and whether the field proves the message.
fn proves(
    input: &mut Input<'_>,
    (from, end): (u64, u64),
    mut known: impl FnMut(&mut Input<'_>, u64, Wire) -> io::Result<Option<bool>>,
) -> io::Result<bool> {
    let (mut at, mut proven) = (from, false);
    for _ in 0..FIELDS {
        if at >= end {
            break;
        }
        let Some(field) = field(input, at, end)? else {
            // What breaks off behind a proof is a broken file of the format, not another format.
            return Ok(proven);
        };
        match known(input, field.number, field.value)? {
            Some(proof) => proven |= proof,
            None => return Ok(false),
        }
        at = field.end;
    }
    Ok(proven)
}

/// A span that may reach past the end, as in a file that breaks off, is clipped to what is there.
fn saved_model(input: &mut Input<'_>, whole: (u64, u64)) -> io::Result<bool> {
    proves(input, whole, |input, number, value| {
        Ok(match (number, value) {
            (1, Wire::Varint(version)) if version < 1000 => Some(false),
            (2, Wire::Span(from, to)) => Some(meta_graph(input, (from, to))?),
            _ => None,
        })
    })
}

fn meta_graph(input: &mut Input<'_>, span: (u64, u64)) -> io::Result<bool> {
    proves(input, span, |input, number, value| {
        Ok(match (number, value) {
            (1, Wire::Span(from, to)) => Some(meta_info(input, (from, to))?),
            (2, Wire::Span(from, to)) => Some(graph(input, (from, to))?),
            (3..=7, Wire::Span(..)) => Some(false),
            _ => None,
        })
    })
}

/// `MetaInfoDef` with the version of TensorFlow or a list of operators.
fn meta_info(input: &mut Input<'_>, span: (u64, u64)) -> io::Result<bool> {
    proves(input, span, |input, number, value| {
        Ok(match (number, value) {
            (5, Wire::Span(from, to)) => {
                let version = input.prefix(from, to.saturating_sub(from).min(20))?;
                Some(version.first().is_some_and(u8::is_ascii_digit) && version.contains(&b'.'))
            }
            (1..=4 | 6 | 8, Wire::Span(..)) | (7, Wire::Varint(_)) => Some(false),
            _ => None,
        })
    })
}

fn graph(input: &mut Input<'_>, span: (u64, u64)) -> io::Result<bool> {
    proves(input, span, |input, number, value| {
        Ok(match (number, value) {
            (1, Wire::Span(from, to)) => node(input, (from, to))?.then_some(true),
            (2, Wire::Span(from, to)) => Some(library(input, (from, to))?),
            (3, Wire::Varint(_)) | (4 | 5, Wire::Span(..)) => Some(false),
            _ => None,
        })
    })
}

fn library(input: &mut Input<'_>, span: (u64, u64)) -> io::Result<bool> {
    proves(input, span, |input, number, value| {
        Ok(match (number, value) {
            (1, Wire::Span(from, to)) => proves(input, (from, to), |input, number, value| {
                Ok(match (number, value) {
                    (3, Wire::Span(from, to)) => node(input, (from, to))?.then_some(true),
                    (1 | 2 | 4..=8, Wire::Span(..)) => Some(false),
                    _ => None,
                })
            })?
            .then_some(true),
            (2 | 3, Wire::Span(..)) => Some(false),
            _ => None,
        })
    })
}

/// A node has a name and an operator that are names.
fn node(input: &mut Input<'_>, span: (u64, u64)) -> io::Result<bool> {
    let mut named = false;
    let has_operator = proves(input, span, |input, number, value| {
        Ok(match (number, value) {
            (1, Wire::Span(from, to)) => {
                named = is_name(input, (from, to))?;
                named.then_some(false)
            }
            (2, Wire::Span(from, to)) => is_name(input, (from, to))?.then_some(true),
            (3..=7, Wire::Span(..)) => Some(false),
            _ => None,
        })
    })?;
    Ok(has_operator && named)
}

fn is_name(input: &mut Input<'_>, (from, to): (u64, u64)) -> io::Result<bool> {
    let length = to.saturating_sub(from);
    let text = input.prefix(from, length.min(1024))?;
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"_>./\\-^:".contains(byte);
    Ok((1..=4096).contains(&length) && text.iter().all(is_letter))
}
