//! Tells ONNX models from other protocol buffers, and from anything else.

use std::io;

use tutela_core::Bytes;

use super::messages::Message;
use crate::input::Input;
use crate::wire::{Field, Wire, field};

/// Fields of one message that are looked at; a model has a handful and one for each function.
const FIELDS: u32 = 1000;

/// Whether the bytes are an ONNX model.
///
/// Either only fields of the model message, with a version and a graph; or a graph with a node in it, whatever
/// else stands around it: a stranger's field, or bytes behind the model, must not make it another format.
///
/// # Errors
/// What reading the bytes returns.
pub fn looks_like(bytes: &dyn Bytes) -> io::Result<bool> {
    let mut input = Input::new(bytes);
    let (mut at, end) = (0, bytes.len());
    let (mut version, mut graph, mut sound) = (false, false, true);
    for _ in 0..FIELDS {
        if at >= end {
            break;
        }
        let Some(field) = field(&mut input, at, end)? else {
            return Ok(false);
        };
        at = field.end;
        match (field.number, field.value) {
            (1, Wire::Varint(number)) if (1..1000).contains(&number) => version = true,
            (7, Wire::Span(from, to)) => {
                if has_node(&mut input, from, to)? {
                    return Ok(true);
                }
                graph = from == to || is_message(&mut input, Message::Graph, from, to)?;
            }
            _ => sound &= fits(Message::Model, field),
        }
    }
    Ok(version && graph && sound)
}

fn fits(message: Message, field: Field) -> bool {
    message
        .rule(field.number)
        .is_some_and(|rule| rule.shape.fits(field.value))
}

/// Whether the first fields are fields of the message.
fn is_message(input: &mut Input<'_>, message: Message, from: u64, to: u64) -> io::Result<bool> {
    let mut at = from;
    for _ in 0..8 {
        if at >= to {
            break;
        }
        match field(input, at, to)? {
            Some(field) if fits(message, field) => at = field.end,
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// Whether a graph holds a node with the name of an operator.
fn has_node(input: &mut Input<'_>, from: u64, to: u64) -> io::Result<bool> {
    let mut at = from;
    for _ in 0..FIELDS {
        if at >= to {
            break;
        }
        let Some(found) = field(input, at, to)? else {
            return Ok(false);
        };
        at = found.end;
        if let (1, Wire::Span(from, to)) = (found.number, found.value) {
            return is_node(input, from, to);
        }
    }
    Ok(false)
}

fn is_node(input: &mut Input<'_>, from: u64, to: u64) -> io::Result<bool> {
    let mut at = from;
    for _ in 0..FIELDS {
        if at >= to {
            break;
        }
        let Some(found) = field(input, at, to)? else {
            return Ok(false);
        };
        at = found.end;
        if !fits(Message::Node, found) {
            return Ok(false);
        }
        if let (4, Wire::Span(from, to)) = (found.number, found.value) {
            let name = input.prefix(from, to.saturating_sub(from).min(256))?;
            return Ok(!name.is_empty() && name.iter().all(u8::is_ascii_graphic));
        }
    }
    Ok(false)
}
