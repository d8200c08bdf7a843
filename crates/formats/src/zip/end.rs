//! The end records, and every directory that some loader finds through them.
//!
//! Python takes the last end record, assumes that the directory stands right before it, and shifts all
//! offsets by what then is left over; torch's reader takes the offset as it is written; some believe the
//! zip64 record always, some only when they are sent to it. Where these differ there are several
//! directories, and all are read.

use std::io;

use memchr::memmem;
use tutela_core::{Bytes, Window, read_all};

use crate::input::Input;
use crate::little::{u16_at, u32_at, u64_at};

use super::directory::LISTED;

const END: &[u8; 4] = b"PK\x05\x06";
const END_LENGTH: u64 = 22;
/// An end record is 22 bytes and a comment of at most 65,535.
const END_SEARCH: u64 = END_LENGTH + 65_535;
/// End records that are followed; an honest archive has one, and one for each archive within.
const ENDS: usize = 64;
/// The values that send a reader to the zip64 record.
const IN_ZIP64: u64 = 0xffff_ffff;
const COUNT_IN_ZIP64: u64 = 0xffff;

/// An end record.
#[derive(Debug, Clone)]
pub(super) struct End {
    pub(super) at: u64,
    /// One past its comment.
    pub(super) end: u64,
    /// Where what belongs to it begins: itself, or its zip64 record.
    pub(super) start: u64,
    pub(super) several_disks: bool,
    /// The directories that loaders find through it, the usual one first.
    pub(super) readings: Vec<Reading>,
}

/// A directory as some loader finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) start: u64,
    pub(super) size: u64,
    /// By how much the members' offsets are shifted.
    pub(super) shift: u64,
    /// How many members are promised; modulo 65,536 unless `wide`.
    pub(super) count: u64,
    pub(super) wide: bool,
}

/// The fields of an end record, plain or zip64.
#[derive(Clone, Copy)]
struct Fields {
    size: u64,
    offset: u64,
    count: u64,
    wide: bool,
}

pub(super) fn has_end(bytes: &dyn Bytes) -> io::Result<bool> {
    let (_, tail) = tail(bytes)?;
    Ok(memmem::find(&tail, END).is_some())
}

/// Every end record, the last one first.
pub(super) fn find(bytes: &dyn Bytes) -> io::Result<Vec<End>> {
    let (start, tail) = tail(bytes)?;
    let places = memmem::rfind_iter(&tail, END).take(ENDS);
    let mut ends = Vec::new();
    let mut input = Input::new(bytes);
    for place in places {
        let record = tail.get(place..).unwrap_or_default();
        let at = start.saturating_add(place as u64);
        if let Some(end) = end(&mut input, record, at)? {
            ends.push(end);
        }
    }
    Ok(ends)
}

fn tail(bytes: &dyn Bytes) -> io::Result<(u64, Vec<u8>)> {
    let start = bytes.len().saturating_sub(END_SEARCH);
    let tail = read_all(&Window::new(bytes, start, END_SEARCH), END_SEARCH)?;
    Ok((start, tail))
}

fn end(input: &mut Input<'_>, record: &[u8], at: u64) -> io::Result<Option<End>> {
    let (Some(size), Some(offset), Some(comment)) =
        (u32_at(record, 12), u32_at(record, 16), u16_at(record, 20))
    else {
        return Ok(None);
    };
    let short = |place| u64::from(u16_at(record, place).unwrap_or_default());
    let plain = Fields {
        size: u64::from(size),
        offset: u64::from(offset),
        count: short(10),
        wide: false,
    };
    let is_disk = |number: u64| number != 0 && number != COUNT_IN_ZIP64;
    let mut end = End {
        at,
        end: at
            .saturating_add(END_LENGTH)
            .saturating_add(u64::from(comment)),
        start: at,
        several_disks: is_disk(short(4)) || is_disk(short(6)) || short(8) != short(10),
        readings: Vec::new(),
    };
    let sent = plain.size == IN_ZIP64 || plain.offset == IN_ZIP64 || plain.count == COUNT_IN_ZIP64;
    if let Some((record_at, wide)) = zip64(input, at)? {
        end.start = record_at;
        end.add(input, record_at, wide)?;
    }
    if end.readings.is_empty() || !sent {
        end.add(input, at, plain)?;
    }
    Ok(Some(end))
}

/// The zip64 record, as the locator names it or, behind a prefix, right before the locator.
fn zip64(input: &mut Input<'_>, end_at: u64) -> io::Result<Option<(u64, Fields)>> {
    let Some(locator_at) = end_at.checked_sub(20) else {
        return Ok(None);
    };
    let declared = match input.slice(locator_at, 20)? {
        Some(locator) if locator.starts_with(b"PK\x06\x07") => {
            u64_at(locator, 8).unwrap_or(u64::MAX)
        }
        _ => return Ok(None),
    };
    for at in [declared, locator_at.saturating_sub(56)] {
        if let Some(record) = input.slice(at, 56)?
            && record.starts_with(b"PK\x06\x06")
        {
            let number = |place| u64_at(record, place).unwrap_or_default();
            let fields = Fields {
                size: number(40),
                offset: number(48),
                count: number(32),
                wide: true,
            };
            return Ok(Some((at, fields)));
        }
    }
    Ok(None)
}

impl End {
    /// Adds the readings of one set of fields, where there is a directory.
    fn add(&mut self, input: &mut Input<'_>, before: u64, fields: Fields) -> io::Result<()> {
        let adjacent = before.saturating_sub(fields.size);
        for (start, shift) in [
            (adjacent, adjacent.checked_sub(fields.offset)),
            (fields.offset, Some(0)),
        ] {
            let Some(shift) = shift else {
                continue;
            };
            let reading = Reading {
                start,
                size: fields.size,
                shift,
                count: fields.count,
                wide: fields.wide,
            };
            let is_empty = fields.size == 0 && fields.count == 0 && start <= before;
            let is_there = is_empty || input.prefix(start, 4)?.starts_with(LISTED);
            let known = |other: &Reading| (other.start, other.shift) == (start, shift);
            if is_there && !self.readings.iter().any(known) {
                self.readings.push(reading);
            }
        }
        // The usual reading is the one that leads to members, wherever the directory stands.
        let (mut leading, mut others) = (Vec::new(), Vec::new());
        for reading in std::mem::take(&mut self.readings) {
            if leads(input, &reading)? {
                leading.push(reading);
            } else {
                others.push(reading);
            }
        }
        leading.append(&mut others);
        self.readings = leading;
        Ok(())
    }
}

/// Whether the directory's first entry leads to a member's header.
fn leads(input: &mut Input<'_>, reading: &Reading) -> io::Result<bool> {
    let offset = input.slice(reading.start.saturating_add(42), 4)?;
    let offset = u64::from(
        offset
            .and_then(|offset| u32_at(offset, 0))
            .unwrap_or_default(),
    );
    if reading.size == 0 || offset == IN_ZIP64 {
        return Ok(true);
    }
    let header = input.prefix(reading.shift.saturating_add(offset), 4)?;
    Ok(header.starts_with(b"PK\x03\x04"))
}
