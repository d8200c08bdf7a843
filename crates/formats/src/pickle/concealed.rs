//! Pickles behind bytes that are none: a loader that seeks, or skips what it does not know, finds them.

use std::io;

use memchr::memchr_iter;
use tutela_core::{Bytes, Limits, Window};

use super::{Callee, Pickles, describe, glance, is_dotted_name};
use crate::input::{CHUNK, Input};

/// The opcode that a pickle of protocol 2 or later begins with.
const MAGIC: u8 = 0x80;

/// Places that are tried; each costs a few opcodes.
const TRIES: u32 = 1_000;
/// Pickles that are told.
const FOUND: usize = 8;
/// Bytes that a try may look at before it is taken for a pickle.
const GLANCE: u64 = 4 << 10;

/// Pickles with a magic number that call something, between two offsets; where each begins.
///
/// Data may hold the two bytes of the magic by chance, so only what calls an import counts.
///
/// # Errors
/// What reading the bytes returns.
pub fn concealed(
    bytes: &dyn Bytes,
    from: u64,
    to: u64,
    limits: &Limits,
) -> io::Result<Vec<(u64, Pickles)>> {
    // A payload calls early; a try must cost little, for data can be made of nothing but tries.
    let briefly = Limits {
        steps: 1_000,
        ..*limits
    };
    let mut found = Vec::new();
    let mut input = Input::new(bytes);
    let mut tries = TRIES;
    let mut at = from;
    while at < to.min(bytes.len()) && found.len() < FOUND {
        let piece = input.prefix(at, CHUNK as u64)?;
        let mut magics = memchr_iter(MAGIC, piece);
        let Some(next) = magics.find(|at| piece.get(*at..).is_some_and(begins)) else {
            // The last two bytes may be the start of a magic that goes on behind the piece.
            let length = piece.len().saturating_sub(2).max(1) as u64;
            at = at.saturating_add(length);
            continue;
        };
        at = at.saturating_add(next as u64);
        let Some(left) = tries.checked_sub(1) else {
            break;
        };
        tries = left;
        if at < to && calls(&glance(&Window::new(bytes, at, GLANCE), &briefly)?) {
            let pickles = describe(&Window::new(bytes, at, u64::MAX), limits)?;
            let length = pickles.examined.max(1);
            found.push((at, pickles));
            at = at.saturating_add(length);
        } else {
            at = at.saturating_add(1);
        }
    }
    Ok(found)
}

fn begins(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [
            MAGIC,
            2..=5,
            b'c' | b'(' | b'}' | b']' | b')' | b'X' | b'U' | 0x8c | 0x95,
            ..
        ]
    )
}

fn calls(pickles: &Pickles) -> bool {
    let is_name = |part: &Option<String>| part.as_deref().is_some_and(is_dotted_name);
    pickles.calls.iter().any(|call| match call.callee {
        Callee::Import(index) => pickles
            .imports
            .get(index)
            .is_some_and(|import| is_name(&import.module) && is_name(&import.name)),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_behind_other_bytes_is_found() {
        let mut bytes = b"\x80\x02random\x80\x04\x80\x03c".repeat(2_000);
        let at = bytes.len();
        bytes.extend_from_slice(b"\x80\x02cos\nsystem\nU\x02id\x85R.");
        let limits = Limits::default();
        let found = concealed(&bytes, 0, u64::MAX, &limits).unwrap();
        assert_eq!(found.len(), 0, "too many tries");
        let found = concealed(&bytes, at as u64 - 100, u64::MAX, &limits).unwrap();
        assert_eq!(found[0].0, at as u64);
        assert_eq!(found[0].1.calls[0].expression, "os.system(\"id\")");
        assert_eq!(concealed(&bytes, 0, 30_000, &limits).unwrap(), []);
    }
}
