//! Whether the tensors cover the data: no overlap, no gap, nothing behind, padding of zeros.

use std::io;

use tutela_core::Bytes;

use super::{Fault, Model};
use crate::input::{CHUNK, Input};

/// Bytes of one gap that are looked at for whether they are zeros.
const LOOKED_AT: u64 = 1 << 20;

/// The bytes of a tensor in the file; `end` is none when its size cannot be told.
struct Place {
    index: usize,
    start: u64,
    end: Option<u64>,
}

pub(super) fn check(bytes: &dyn Bytes, model: &mut Model) -> io::Result<()> {
    let length = bytes.len();
    let mut input = Input::new(bytes);
    model.data = align(model.header_end, model.alignment);
    if model.tensors.is_empty() {
        // Some writers align the end of a file without tensors, others do not.
        return rest(&mut input, model.header_end, model.data, model);
    }
    if model.data > length {
        model.note(
            model.header_end,
            length,
            Fault::Ends("the padding of its header"),
        );
        return Ok(());
    }
    padding(&mut input, model.header_end, model.data, model)?;
    let mut places = places(model, length);
    places.sort_by_key(|place| (place.start, place.end));
    let mut reached = Place {
        index: usize::MAX,
        start: model.data,
        end: Some(model.data),
    };
    for place in places {
        between(&mut input, &reached, &place, model)?;
        if place
            .end
            .is_none_or(|end| reached.end.is_none_or(|reached| end >= reached))
        {
            reached = place;
        }
    }
    match reached.end {
        Some(end) => rest(
            &mut input,
            end,
            align_from(model.data, end, model.alignment),
            model,
        ),
        None => Ok(()),
    }
}

/// Where the tensors lie that do lie in the file; the others are noted.
fn places(model: &mut Model, length: u64) -> Vec<Place> {
    let (data, alignment) = (model.data, model.alignment);
    let available = length.saturating_sub(data);
    let mut places = Vec::new();
    let mut flaws = Vec::new();
    for (index, tensor) in model.tensors.iter().enumerate() {
        let name = || tensor.name.clone();
        let mut note = |fault| flaws.push((tensor.start, tensor.end, fault));
        if tensor.offset % alignment != 0 {
            note(Fault::Unaligned {
                name: name(),
                offset: tensor.offset,
                alignment,
            });
        }
        let end = tensor.offset.checked_add(tensor.size.unwrap_or_default());
        if end.is_none_or(|end| end > available) {
            note(Fault::OutOfBounds {
                name: name(),
                offset: tensor.offset,
                size: tensor.size.unwrap_or_default(),
                data: available,
            });
            continue;
        }
        let start = data.saturating_add(tensor.offset);
        places.push(Place {
            index,
            start,
            end: tensor.size.map(|size| start.saturating_add(size)),
        });
    }
    for (start, end, fault) in flaws {
        model.note(start, end, fault);
    }
    places
}

/// What lies between two tensors that follow each other.
fn between(
    input: &mut Input<'_>,
    before: &Place,
    next: &Place,
    model: &mut Model,
) -> io::Result<()> {
    let Some(end) = before.end else {
        // The size of the one before cannot be told: it may reach up to here.
        return Ok(());
    };
    if next.start < end {
        if next.end == Some(next.start) {
            return Ok(());
        }
        let name = |index: usize| {
            model
                .tensors
                .get(index)
                .map_or_else(String::new, |tensor| tensor.name.clone())
        };
        let fault = Fault::Overlap {
            first: name(before.index),
            second: name(next.index),
        };
        model.note(next.start, end.min(next.end.unwrap_or(end)), fault);
        return Ok(());
    }
    let aligned = align_from(model.data, end, model.alignment);
    if next.start > aligned {
        model.note(end, next.start, Fault::Gap(next.start.saturating_sub(end)));
        return Ok(());
    }
    padding(input, end, next.start, model)
}

/// Bytes up to the end of the file: what aligns, and what follows.
fn rest(input: &mut Input<'_>, from: u64, aligned: u64, model: &mut Model) -> io::Result<()> {
    let length = input.len();
    if length > aligned {
        model.note(from, length, Fault::Trailing(length.saturating_sub(from)));
        return Ok(());
    }
    padding(input, from, length.min(aligned), model)
}

/// Bytes that only align are zeros; anything else is a place to conceal something.
fn padding(input: &mut Input<'_>, from: u64, to: u64, model: &mut Model) -> io::Result<()> {
    let mut at = from;
    let last = to.min(from.saturating_add(LOOKED_AT));
    while at < last {
        let wanted = last.saturating_sub(at).min(CHUNK as u64);
        let piece = input.prefix(at, wanted)?;
        if piece.is_empty() || piece.iter().any(|byte| *byte != 0) {
            model.note(from, to, Fault::Padding(to.saturating_sub(from)));
            return Ok(());
        }
        at = at.saturating_add(piece.len() as u64);
    }
    if last < to {
        // More than any alignment needs: not looked at to its end, so not called padding.
        model.note(from, to, Fault::Gap(to.saturating_sub(from)));
    }
    Ok(())
}

fn align(at: u64, alignment: u64) -> u64 {
    at.checked_next_multiple_of(alignment.max(1))
        .unwrap_or(u64::MAX)
}

/// Tensors are aligned from the start of the data, which is itself aligned.
fn align_from(data: u64, at: u64, alignment: u64) -> u64 {
    data.saturating_add(align(at.saturating_sub(data), alignment))
}
