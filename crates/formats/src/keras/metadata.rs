//! `keras_metadata.pb` beside a `SavedModel`: one configuration for each object of the model.
//!
//! The message is `SavedMetadata { repeated SavedObject nodes = 1 }`, and a `SavedObject` has its JSON in field 5
//! (`keras/protobuf/saved_metadata.proto`).

use std::io;

use tutela_core::{Bytes, Limits};

use super::{Config, Fault, describe};
use crate::input::Input;
use crate::wire::{Wire, field};

/// Whether the bytes are such a message: its first object is named as Keras names objects.
pub(crate) fn looks_like(bytes: &dyn Bytes, start: &[u8]) -> io::Result<bool> {
    let mark = b"_tf_keras_";
    if start.first() != Some(&0x0a) || memchr::memmem::find(start, mark).is_none() {
        return Ok(false);
    }
    let mut input = Input::new(bytes);
    let Some(node) = field(&mut input, 0, bytes.len())? else {
        return Ok(false);
    };
    Ok(node.value.span().is_some())
}

pub(super) fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Config> {
    let mut input = Input::new(bytes);
    let mut all = Config::default();
    let mut at = 0;
    while at < bytes.len() {
        let Some(node) = field(&mut input, at, bytes.len())? else {
            all.faults.push(Fault::Metadata(at));
            break;
        };
        if let (1, Wire::Span(from, to)) = (node.number, node.value) {
            object(&mut input, bytes, (from, to), limits, &mut all)?;
        }
        at = node.end;
    }
    Ok(all)
}

fn object(
    input: &mut Input<'_>,
    bytes: &dyn Bytes,
    (mut at, end): (u64, u64),
    limits: &Limits,
    all: &mut Config,
) -> io::Result<()> {
    while at < end {
        let Some(part) = field(input, at, end)? else {
            all.faults.push(Fault::Metadata(at));
            return Ok(());
        };
        at = part.end;
        let (5, Some((from, to))) = (part.number, part.value.span()) else {
            continue;
        };
        let length = usize::try_from(to.saturating_sub(from)).ok();
        let length = length.filter(|length| *length as u64 <= limits.member_bytes);
        let Some(length) = length else {
            all.faults.push(Fault::Unreadable);
            continue;
        };
        let mut text = vec![0; length];
        bytes.read_exact_at(from, &mut text)?;
        match describe(&text, limits.steps) {
            Some(config) => all.absorb(config),
            None if text.iter().all(u8::is_ascii_whitespace) => {}
            None => all.faults.push(Fault::Unreadable),
        }
    }
    Ok(())
}

impl Config {
    /// Adds another configuration; the places in it keep their own pointers.
    fn absorb(&mut self, other: Self) {
        let shift = self.objects.len();
        let moved = |owner: Option<usize>| owner.map(|index| index.saturating_add(shift));
        self.objects
            .extend(other.objects.into_iter().map(|mut object| {
                object.owner = moved(object.owner);
                object
            }));
        self.code.extend(other.code.into_iter().map(|mut code| {
            code.owner = moved(code.owner);
            code
        }));
        self.texts.extend(other.texts.into_iter().map(|mut text| {
            text.owner = moved(text.owner);
            text
        }));
        self.doubled.extend(other.doubled);
        self.faults.extend(other.faults);
    }
}
