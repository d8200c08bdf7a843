//! Tells TensorFlow's protocol buffers from other ones. They have no magic number: what decides is that
//! a node, in a graph or a function, looks like one.

use std::io;

use tutela_core::Bytes;

use super::checkpoint;
use crate::Format;
use crate::input::Input;
use crate::wire::{Wire, field_or_mark};

/// Fields of one message that are looked at.
const FIELDS: u32 = 10_000;

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

/// Asks `known` about every field of a message until one proves it. Fields that a message does not have are
/// stepped over, as every loader does: they must not hide a graph.
fn proves(
    input: &mut Input<'_>,
    (from, end): (u64, u64),
    mut known: impl FnMut(&mut Input<'_>, u64, Wire) -> io::Result<bool>,
) -> io::Result<bool> {
    let mut at = from;
    for _ in 0..FIELDS {
        if at >= end {
            break;
        }
        let Some(field) = field_or_mark(input, at, end)? else {
            break;
        };
        if known(input, field.number, field.value)? {
            return Ok(true);
        }
        at = field.end;
    }
    Ok(false)
}

fn saved_model(input: &mut Input<'_>, whole: (u64, u64)) -> io::Result<bool> {
    proves(input, whole, |input, number, value| match (number, value) {
        (2, Wire::Span(from, to)) => meta_graph(input, (from, to)),
        _ => Ok(false),
    })
}

fn meta_graph(input: &mut Input<'_>, span: (u64, u64)) -> io::Result<bool> {
    proves(input, span, |input, number, value| match (number, value) {
        (1, Wire::Span(from, to)) => meta_info(input, (from, to)),
        (2, Wire::Span(from, to)) => graph(input, (from, to)),
        _ => Ok(false),
    })
}

/// `MetaInfoDef` with the version of TensorFlow.
fn meta_info(input: &mut Input<'_>, span: (u64, u64)) -> io::Result<bool> {
    proves(input, span, |input, number, value| match (number, value) {
        (5, Wire::Span(from, to)) => {
            let version = input.prefix(from, to.saturating_sub(from).min(20))?;
            Ok(version.first().is_some_and(u8::is_ascii_digit) && version.contains(&b'.'))
        }
        _ => Ok(false),
    })
}

/// Whether a span of a file is a `GraphDef` of its own.
pub(super) fn graph(input: &mut Input<'_>, span: (u64, u64)) -> io::Result<bool> {
    proves(input, span, |input, number, value| match (number, value) {
        (1, Wire::Span(from, to)) => node(input, (from, to)),
        (2, Wire::Span(from, to)) => library(input, (from, to)),
        _ => Ok(false),
    })
}

fn library(input: &mut Input<'_>, span: (u64, u64)) -> io::Result<bool> {
    proves(input, span, |input, number, value| match (number, value) {
        (1, Wire::Span(from, to)) => proves(input, (from, to), |input, number, value| {
            match (number, value) {
                (3, Wire::Span(from, to)) => node(input, (from, to)),
                _ => Ok(false),
            }
        }),
        _ => Ok(false),
    })
}

/// A node has an operator and a name that look like such, and no number among its first fields.
fn node(input: &mut Input<'_>, span: (u64, u64)) -> io::Result<bool> {
    let (mut named, mut operates) = (false, false);
    let sound = !proves(input, span, |input, number, value| {
        match (number, value) {
            (1, Wire::Span(from, to)) => named = is_name(input, (from, to))?,
            (2, Wire::Span(from, to)) => {
                let first = input.byte(from)?.unwrap_or_default();
                operates = is_name(input, (from, to))? && !first.is_ascii_lowercase();
            }
            (3..=7, Wire::Span(..)) => {}
            // Stops where a field of a node has another type.
            (1..=7, _) => return Ok(true),
            _ => {}
        }
        Ok(false)
    })?;
    Ok(sound && named && operates)
}

fn is_name(input: &mut Input<'_>, (from, to): (u64, u64)) -> io::Result<bool> {
    let length = to.saturating_sub(from);
    let text = input.prefix(from, length.min(1024))?;
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"_>./\\-^:".contains(byte);
    Ok((1..=4096).contains(&length) && text.iter().all(is_letter))
}
