//! Walks protocol buffers field by field without loading what it does not need.

use std::io;

use tutela_core::{Bytes, Limits};

use crate::extent::{Extents, LONG, Sort};
use crate::input::Input;

/// Fields that a format does not know but that a later version may add: so many past the last one.
const NEWER: u64 = 16;

/// Gives the fields of messages one after the other, and notes what it could not read.
pub(crate) struct Reader<'a> {
    pub(crate) input: Input<'a>,
    /// Fields that may still be read.
    steps: u64,
    /// Where fields are malformed; the first few.
    pub(crate) malformed: Vec<u64>,
    /// What was read as what.
    pub(crate) extents: Extents,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a dyn Bytes, limits: &Limits) -> Self {
        Self {
            input: Input::new(bytes),
            steps: limits.steps,
            malformed: Vec::new(),
            extents: Extents::default(),
        }
    }

    /// Whether more fields were asked for than the limit allows.
    pub(crate) const fn is_exhausted(&self) -> bool {
        self.steps == 0
    }

    /// The field at a place, which moves behind it; none at the end, and where the rest is unreadable.
    pub(crate) fn next(&mut self, at: &mut u64, end: u64) -> io::Result<Option<Field>> {
        if *at < end && self.steps == 0 {
            self.extents.stop();
        }
        if *at >= end || self.steps == 0 {
            return Ok(None);
        }
        self.steps = self.steps.saturating_sub(1);
        if let Some(field) = field_or_mark(&mut self.input, *at, end)? {
            let value = field.value.span().map_or(field.end, |(from, _)| from);
            self.extents.note(*at, value, Sort::Structure);
            *at = field.end;
            return Ok(Some(field));
        }
        if self.malformed.len() < 100 {
            self.malformed.push(*at);
        }
        *at = end;
        Ok(None)
    }

    /// Steps over a field of a message whose last one has this number.
    pub(crate) fn pass(&mut self, field: Field, last: u64) {
        let Some((from, to)) = field.value.span() else {
            return;
        };
        let sort = if field.number > last.saturating_add(NEWER) {
            Sort::Nothing
        } else if to.saturating_sub(from) < LONG {
            Sort::Structure
        } else {
            Sort::Raw
        };
        self.extents.note(from, to, sort);
    }

    /// Notes a text, which is structure where it is short.
    pub(crate) fn note_text(&mut self, (from, to): (u64, u64)) {
        let is_long = to.saturating_sub(from) >= LONG;
        let sort = if is_long { Sort::Text } else { Sort::Structure };
        self.extents.note(from, to, sort);
    }

    /// The first `most` bytes of a span.
    pub(crate) fn bytes(&mut self, (from, to): (u64, u64), most: u64) -> io::Result<Vec<u8>> {
        self.note_text((from, to));
        Ok(self
            .input
            .prefix(from, to.saturating_sub(from).min(most))?
            .to_vec())
    }

    /// The first `most` bytes of a span as text.
    pub(crate) fn text(&mut self, span: (u64, u64), most: u64) -> io::Result<String> {
        Ok(String::from_utf8_lossy(&self.bytes(span, most)?).into_owned())
    }
}

/// One field of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) number: u64,
    pub(crate) value: Wire,
    /// One past its last byte.
    pub(crate) end: u64,
}

/// A field's value as the wire has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    Varint(u64),
    Fixed,
    /// From, to.
    Span(u64, u64),
}

impl Wire {
    pub(crate) const fn span(self) -> Option<(u64, u64)> {
        match self {
            Self::Span(from, to) => Some((from, to)),
            Self::Varint(_) | Self::Fixed => None,
        }
    }
}

/// As [`field`], but the marks around a group, which old writers used and every reader steps over, are
/// fields without a value. What is inside a group is so taken for fields of the message around it: more is
/// seen than a loader sees, never less.
pub(crate) fn field_or_mark(input: &mut Input<'_>, at: u64, end: u64) -> io::Result<Option<Field>> {
    match varint(input, at, end)? {
        Some((key, next)) if matches!(key & 7, 3 | 4) && key >> 3 != 0 => Ok(Some(Field {
            number: key >> 3,
            value: Wire::Fixed,
            end: next,
        })),
        _ => field(input, at, end),
    }
}

/// Reads the field at a place; none when it is malformed or crosses `end`.
pub(crate) fn field(input: &mut Input<'_>, at: u64, end: u64) -> io::Result<Option<Field>> {
    let Some((key, at)) = varint(input, at, end)? else {
        return Ok(None);
    };
    let number = key >> 3;
    if number == 0 || number >= 1 << 29 {
        return Ok(None);
    }
    let (value, next) = match key & 7 {
        0 => match varint(input, at, end)? {
            Some((value, next)) => (Wire::Varint(value), next),
            None => return Ok(None),
        },
        1 => (Wire::Fixed, at.saturating_add(8)),
        5 => (Wire::Fixed, at.saturating_add(4)),
        2 => {
            let Some((length, from)) = varint(input, at, end)? else {
                return Ok(None);
            };
            let to = from.saturating_add(length);
            (Wire::Span(from, to), to)
        }
        // Groups (3, 4) are not used by ONNX; 6 and 7 do not exist.
        _ => return Ok(None),
    };
    Ok((next <= end).then_some(Field {
        number,
        value,
        end: next,
    }))
}

/// A base-128 number and the place behind it; none when it is malformed or crosses `end`.
pub(crate) fn varint(input: &mut Input<'_>, at: u64, end: u64) -> io::Result<Option<(u64, u64)>> {
    let piece = input.prefix(at, end.saturating_sub(at).min(10))?;
    let mut value = 0_u64;
    for (index, byte) in piece.iter().enumerate() {
        let shift = index.saturating_mul(7);
        let bits = u64::from(byte & 0x7f);
        // The tenth byte has room for one bit only.
        if shift == 63 && bits > 1 {
            return Ok(None);
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok(Some((
                value,
                at.saturating_add(index as u64).saturating_add(1),
            )));
        }
    }
    Ok(None)
}
