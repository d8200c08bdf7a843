//! Walks protocol buffers field by field without loading what it does not need.

use std::io;

use crate::input::Input;

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
