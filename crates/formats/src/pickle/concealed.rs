//! Pickles behind bytes that are none: a loader that seeks, or skips what it does not know, finds them.

use std::io;
use std::ops::Range;

use memchr::{memchr_iter, memrchr_iter};
use tutela_core::{Bytes, Limits, Window};

use super::{Callee, Fault, Pickles, describe, glance, is_dotted_name};
use crate::input::{CHUNK, Input};

/// The opcode that a pickle of protocol 2 or later begins with.
const MAGIC: u8 = 0x80;

/// Places that are tried; each costs a few opcodes.
const TRIES: u32 = 1_000;
/// Pickles that are told.
const FOUND: usize = 64;
/// Imports of protocol 0 that are tried.
const LINES: usize = 1_000;
/// Bytes of a module or name of those.
const NAME: usize = 128;
/// Bytes ahead of an import among which the mark of its arguments is looked for.
const AHEAD: usize = 512;
/// Bytes that a try may look at before it is taken for a pickle.
const GLANCE: u64 = 4 << 10;

/// Pickles that call something, between two offsets; where each begins.
///
/// They are looked for by the magic of protocol 2 and later, and by the lines of an import of older ones. Data may
/// hold either by chance, so only what calls an import counts.
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
    let mut found = with_magic(bytes, from..to, (limits, &briefly))?;
    for at in lines(bytes, from..to)? {
        let is_known = |(start, pickles): &(u64, Pickles)| {
            (*start..start.saturating_add(pickles.examined)).contains(&at)
        };
        if found.len() < FOUND
            && !found.iter().any(is_known)
            && calls_soundly(&glance(&Window::new(bytes, at, GLANCE), &briefly)?)
        {
            found.push((at, describe(&Window::new(bytes, at, u64::MAX), limits)?));
        }
    }
    found.sort_by_key(|(at, _)| *at);
    Ok(found)
}

/// Those of protocol 2 and later.
fn with_magic(
    bytes: &dyn Bytes,
    Range {
        start: from,
        end: to,
    }: Range<u64>,
    (limits, briefly): (&Limits, &Limits),
) -> io::Result<Vec<(u64, Pickles)>> {
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
        if at < to && calls(&glance(&Window::new(bytes, at, GLANCE), briefly)?) {
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

/// Where an import of protocol 0 or 1 may stand: `c` or `i`, a module and a name, each to the end of its line.
fn lines(bytes: &dyn Bytes, range: Range<u64>) -> io::Result<Vec<u64>> {
    let mut found = Vec::new();
    let mut input = Input::new(bytes);
    let mut at = range.start;
    while at < range.end.min(bytes.len()) && found.len() < LINES {
        let piece = input.prefix(at, CHUNK as u64)?;
        for newline in memchr_iter(b'\n', piece) {
            if at.saturating_add(newline as u64) >= range.end || found.len() >= LINES {
                break;
            }
            let (before, after) = piece.split_at(newline);
            if is_name_line(after.get(1..).unwrap_or_default()) {
                let starts = imports(before).into_iter();
                found.extend(starts.map(|start| at.saturating_add(start as u64)));
            }
        }
        // Two names and what follows them may lie on both sides of the end of a piece.
        let step = piece.len().saturating_sub(2 * NAME + AHEAD).max(1);
        at = at.saturating_add(step as u64);
    }
    found.dedup();
    Ok(found)
}

/// Whether a line is a dotted name, and what follows could be what a call is given.
fn is_name_line(bytes: &[u8]) -> bool {
    let line = bytes.get(..NAME).unwrap_or(bytes);
    let Some(end) = line.iter().position(|byte| *byte == b'\n') else {
        return false;
    };
    let (name, after) = bytes.split_at(end);
    let is_name = name.first().is_some_and(|first| !first.is_ascii_digit());
    is_name
        && name.iter().all(|byte| is_of_name(*byte))
        && match after.get(1..).unwrap_or_default() {
            [
                b'(' | b')' | b'.' | b'V' | b'X' | b'U' | b'T' | b'q' | b']' | 0x8c | 0x94,
                ..,
            ] => true,
            [b'p' | b'I' | b'L' | b'g', digit, ..] => digit.is_ascii_digit(),
            [b'S', quote, ..] => matches!(quote, b'\'' | b'"'),
            _ => false,
        }
}

/// Where a pickle may begin that ends with `c` or `i` and a module: there, or at a mark ahead of it.
fn imports(before: &[u8]) -> Vec<usize> {
    const EACH: usize = 8;
    const MARKS: usize = 4;
    let from = before.len().saturating_sub(NAME);
    let tail = before.get(from..).unwrap_or_default();
    let name = tail
        .iter()
        .rev()
        .take_while(|byte| is_of_name(**byte))
        .count();
    let first = before.len().saturating_sub(name);
    let mut found = Vec::new();
    for at in first..before.len() {
        let follows = before.get(at.saturating_add(1));
        if !follows.is_some_and(|next| next.is_ascii_alphabetic() || *next == b'_') {
            continue;
        }
        let (ahead, _) = before.split_at(at);
        let from = ahead.len().saturating_sub(AHEAD);
        let marks = memrchr_iter(b'(', ahead.get(from..).unwrap_or_default());
        let marks = marks.map(|mark| mark.saturating_add(from));
        match before.get(at) {
            // Its arguments may stand ahead of it, behind a mark.
            Some(b'i') => found.extend(marks.take(MARKS)),
            Some(b'c') if ahead.ends_with(b"(") => found.push(at.saturating_sub(1)),
            Some(b'c') => found.push(at),
            _ => {}
        }
    }
    found.truncate(EACH);
    found
}

const fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')
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

/// Whether a call is reached without taking from an empty stack, as lines of text do.
fn calls_soundly(pickles: &Pickles) -> bool {
    let first = pickles.calls.iter().map(|call| call.at).min();
    let is_sound = |before: u64| {
        !pickles.anomalies.iter().any(|anomaly| {
            anomaly.at <= before && matches!(anomaly.fault, Fault::Underflow(_) | Fault::NoMark(_))
        })
    };
    first.is_some_and(is_sound) && calls(pickles)
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
        // The magic is tried too often; the lines of the import are found all the same.
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, at as u64 + 2);
        let found = concealed(&bytes, at as u64 - 100, u64::MAX, &limits).unwrap();
        assert_eq!(found[0].0, at as u64);
        assert_eq!(found[0].1.calls[0].expression, "os.system(\"id\")");
        assert_eq!(concealed(&bytes, 0, at as u64, &limits).unwrap(), []);
    }

    #[test]
    fn pickles_without_magic_are_found_behind_other_bytes() {
        let limits = Limits::default();
        for pickle in [
            "cos\nsystem\n(S'id'\ntR.",
            "cos\nsystem\np0\n(S'id'\ntR.",
            "(S'id'\nios\nsystem\n.",
            "(cos\nsystem\nU\u{2}ido.",
        ] {
            for before in [&b"\x00\x01\xff"[..], b"some words\n", b"\x80\x02N.junk"] {
                let mut bytes = before.repeat(50);
                bytes.extend_from_slice(pickle.as_bytes());
                bytes.extend_from_slice(&[0; 40]);
                let found = concealed(&bytes, 0, u64::MAX, &limits).unwrap();
                let first = &found[0].1.imports[0];
                assert_eq!(first.to_string(), "os.system", "{pickle:?}");
            }
        }
        let words = b"cat\ndog\npicnic\nrose\n(a)\n".repeat(500);
        assert_eq!(concealed(&words, 0, u64::MAX, &limits).unwrap(), []);
    }
}
