//! The options of a Flex operator: a flexbuffer with the operator's name and its serialised `NodeDef`.

use std::io;

use tutela_core::Limits;

use crate::tensorflow::{Node, node_of};

/// `FBT_STRING`, `FBT_VECTOR` and `FBT_BLOB` of flexbuffers.h.
const STRING: u8 = 5;
const VECTOR: u8 = 10;
const BLOB: u8 = 25;

/// The node of a Flex operator, when its options can be read.
pub(super) fn node(options: &[u8], limits: &Limits) -> io::Result<Option<Node>> {
    match definition(options) {
        Some(definition) => node_of(definition, limits),
        None => Ok(None),
    }
}

/// The second item of the vector at the root.
fn definition(options: &[u8]) -> Option<&[u8]> {
    let (width, rest) = options.split_last()?;
    let (kind, rest) = rest.split_last()?;
    let width = usize::from(*width);
    if kind >> 2 != VECTOR {
        return None;
    }
    let root = rest.len().checked_sub(width)?;
    let vector = root.checked_sub(number(options, root, width)?)?;
    let step = 1_usize << (kind & 3);
    let count = number(options, vector.checked_sub(step)?, step)?;
    if count < 2 {
        return None;
    }
    let kinds = vector.checked_add(count.checked_mul(step)?)?;
    let kind = options.get(kinds.checked_add(1)?)?;
    if !matches!(kind >> 2, STRING | BLOB) {
        return None;
    }
    let place = vector.checked_add(step)?;
    let start = place.checked_sub(number(options, place, step)?)?;
    let step = 1_usize << (kind & 3);
    let length = number(options, start.checked_sub(step)?, step)?;
    options.get(start..start.checked_add(length)?)
}

/// A little-endian number of 1, 2, 4 or 8 bytes.
fn number(bytes: &[u8], at: usize, width: usize) -> Option<usize> {
    if !matches!(width, 1 | 2 | 4 | 8) {
        return None;
    }
    let field = bytes.get(at..at.checked_add(width)?)?;
    let value = field
        .iter()
        .rev()
        .fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    usize::try_from(value).ok()
}
