//! The central directory, the members' own headers, and what differs between them.

use std::collections::HashSet;
use std::io;

use tutela_core::{Bytes, Limits, escape};

use super::{Anomaly, Archive, Fault, Member};
use crate::input::Input;
use crate::little::{u16_at, u32_at, u64_at};

const END: &[u8; 4] = b"PK\x05\x06";
const LISTED: &[u8; 4] = b"PK\x01\x02";
const LOCAL: &[u8; 4] = b"PK\x03\x04";
const DESCRIPTOR: &[u8; 4] = b"PK\x07\x08";
/// An end record is 22 bytes and a comment of at most 65,535.
const END_SEARCH: u64 = 22 + 65_535;
/// The value that sends a reader to the zip64 fields.
const IN_ZIP64: u64 = 0xffff_ffff;

/// The end record.
struct End {
    at: u64,
    /// One past its comment.
    end: u64,
    /// Where the directory is, as an offset into the archive.
    directory: u64,
    size: u64,
    /// Bytes before the archive, by which all offsets are shifted.
    prefix: u64,
    several: bool,
}

/// What a member's own header says.
struct Local {
    name: Vec<u8>,
    method: u16,
    flags: u16,
    crc: u32,
    packed: u64,
    unpacked: u64,
    data: u64,
}

pub(super) fn has_end(bytes: &dyn Bytes) -> io::Result<bool> {
    Ok(find_end(bytes)?.is_some())
}

pub(super) fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Archive> {
    let mut archive = Archive::default();
    let mut input = Input::new(bytes);
    let end = find_end(bytes)?;
    let listed = match &end {
        Some(end) => read_listed(&mut input, end, limits, &mut archive)?,
        None => false,
    };
    if !listed {
        archive.note(None, Fault::NoDirectory);
    }
    let stop = end.as_ref().map_or(bytes.len(), |end| {
        end.prefix.saturating_add(end.directory).min(bytes.len())
    });
    find_unlisted(&mut input, stop, limits, &mut archive)?;
    note_duplicates(&mut archive);
    if let Some(end) = end {
        note_surroundings(&end, bytes.len(), &mut archive);
    }
    Ok(archive)
}

impl Archive {
    fn note(&mut self, member: Option<usize>, fault: Fault) {
        // At most three a member, and members are limited.
        self.anomalies.push(Anomaly { member, fault });
    }
}

fn find_end(bytes: &dyn Bytes) -> io::Result<Option<End>> {
    let length = bytes.len();
    let start = length.saturating_sub(END_SEARCH);
    let tail = tutela_core::read_all(
        &tutela_core::Window::new(bytes, start, END_SEARCH),
        END_SEARCH,
    )?;
    let mut places = tail
        .windows(4)
        .enumerate()
        .rev()
        .filter(|(_, window)| *window == END)
        .map(|(place, _)| start.saturating_add(place as u64));
    let Some(at) = places.next() else {
        return Ok(None);
    };
    let several = places.next().is_some();
    let record = tail
        .get(usize::try_from(at.saturating_sub(start)).unwrap_or(usize::MAX)..)
        .unwrap_or_default();
    let (Some(size), Some(directory), Some(comment)) =
        (u32_at(record, 12), u32_at(record, 16), u16_at(record, 20))
    else {
        return Ok(None);
    };
    let mut end = End {
        at,
        end: at.saturating_add(22).saturating_add(u64::from(comment)),
        directory: u64::from(directory),
        size: u64::from(size),
        prefix: 0,
        several,
    };
    widen(bytes, &mut end)?;
    Ok(Some(end))
}

/// Reads the zip64 end record, when there is one, and finds where the archive really starts.
fn widen(bytes: &dyn Bytes, end: &mut End) -> io::Result<()> {
    let mut directory_end = end.at;
    let mut input = Input::new(bytes);
    if let Some(locator_at) = end.at.checked_sub(20)
        && let Some(locator) = input.slice(locator_at, 20)?
        && locator.starts_with(b"PK\x06\x07")
    {
        let declared = u64_at(locator, 8).unwrap_or(u64::MAX);
        // Behind a prefix the declared place is wrong; the record then lies right before the locator.
        for at in [declared, locator_at.saturating_sub(56)] {
            if let Some(record) = input.slice(at, 56)?
                && record.starts_with(b"PK\x06\x06")
            {
                end.size = u64_at(record, 40).unwrap_or(end.size);
                end.directory = u64_at(record, 48).unwrap_or(end.directory);
                directory_end = at;
                break;
            }
        }
    }
    end.prefix = directory_end
        .saturating_sub(end.size)
        .saturating_sub(end.directory);
    Ok(())
}

/// Reads the central directory; false when it is not one.
fn read_listed(
    input: &mut Input<'_>,
    end: &End,
    limits: &Limits,
    archive: &mut Archive,
) -> io::Result<bool> {
    let mut at = end.prefix.saturating_add(end.directory);
    let stop = at.saturating_add(end.size).min(input.len());
    while at < stop {
        if archive.members.len() as u64 >= limits.members {
            archive.note(None, Fault::TooMany(limits.members));
            return Ok(true);
        }
        let Some((mut member, name, next)) = listed_member(input, at)? else {
            return Ok(false);
        };
        member.header = member.header.saturating_add(end.prefix);
        let index = archive.members.len();
        match local_header(input, member.header)? {
            Some(local) => compare(&mut member, &name, &local, index, archive),
            None => archive.note(Some(index), Fault::NoHeader),
        }
        if member.flags & 0x61 != 0 {
            archive.note(Some(index), Fault::Encryption(member.flags));
        }
        archive.members.push(member);
        at = next;
    }
    Ok(true)
}

fn listed_member(input: &mut Input<'_>, at: u64) -> io::Result<Option<(Member, Vec<u8>, u64)>> {
    let Some(fixed) = input.slice(at, 46)?.map(<[u8]>::to_vec) else {
        return Ok(None);
    };
    if !fixed.starts_with(LISTED) {
        return Ok(None);
    }
    let number = |place| u64::from(u32_at(&fixed, place).unwrap_or_default());
    let short = |place| u16_at(&fixed, place).unwrap_or_default();
    let (name_length, extra_length) = (u64::from(short(28)), u64::from(short(30)));
    let name_at = at.saturating_add(46);
    let name = input.prefix(name_at, name_length)?.to_vec();
    let extra_at = name_at.saturating_add(name_length);
    let extra = input.prefix(extra_at, extra_length)?.to_vec();
    let [unpacked, packed, header] = widen_fields([number(24), number(20), number(42)], &extra);
    let member = Member {
        name: String::from_utf8_lossy(&name).into_owned(),
        local_name: None,
        method: short(10),
        flags: short(8),
        crc: u32_at(&fixed, 16).unwrap_or_default(),
        packed,
        unpacked,
        header,
        data: None,
        listed: true,
    };
    let next = extra_at
        .saturating_add(extra_length)
        .saturating_add(u64::from(short(32)));
    Ok(Some((member, name, next)))
}

/// Replaces each field that says "in zip64" by the next value of the zip64 extra field.
fn widen_fields<const N: usize>(mut fields: [u64; N], extra: &[u8]) -> [u64; N] {
    let mut rest = extra;
    while let (Some(id), Some(size)) = (u16_at(rest, 0), u16_at(rest, 2)) {
        let end = usize::from(size).saturating_add(4);
        if id == 1 {
            let mut values = rest.get(4..end).unwrap_or_default().chunks_exact(8);
            for field in fields.iter_mut().filter(|field| **field == IN_ZIP64) {
                if let Some(value) = values.next().and_then(|value| u64_at(value, 0)) {
                    *field = value;
                }
            }
            break;
        }
        rest = rest.get(end..).unwrap_or_default();
    }
    fields
}

fn local_header(input: &mut Input<'_>, at: u64) -> io::Result<Option<Local>> {
    let Some(fixed) = input.slice(at, 30)?.map(<[u8]>::to_vec) else {
        return Ok(None);
    };
    if !fixed.starts_with(LOCAL) {
        return Ok(None);
    }
    let short = |place| u16_at(&fixed, place).unwrap_or_default();
    let number = |place| u64::from(u32_at(&fixed, place).unwrap_or_default());
    let (name_length, extra_length) = (u64::from(short(26)), u64::from(short(28)));
    let name_at = at.saturating_add(30);
    let name = input.prefix(name_at, name_length)?.to_vec();
    let extra_at = name_at.saturating_add(name_length);
    let extra = input.prefix(extra_at, extra_length)?.to_vec();
    let [unpacked, packed] = widen_fields([number(22), number(18)], &extra);
    Ok(Some(Local {
        name,
        method: short(8),
        flags: short(6),
        crc: u32_at(&fixed, 14).unwrap_or_default(),
        packed,
        unpacked,
        data: extra_at.saturating_add(extra_length),
    }))
}

fn compare(member: &mut Member, name: &[u8], local: &Local, index: usize, archive: &mut Archive) {
    member.data = Some(local.data);
    let mut note = |fault| archive.note(Some(index), fault);
    if name != local.name {
        let local_name = String::from_utf8_lossy(&local.name).into_owned();
        note(Fault::Name {
            listed: escape(&member.name, 200),
            local: escape(&local_name, 200),
        });
        member.local_name = Some(local_name);
    }
    if member.method != local.method {
        note(Fault::Method {
            listed: member.method,
            local: local.method,
        });
    }
    // With bit 3 the sizes stand behind the data, and the header may hold zeros.
    if local.packed != member.packed && (local.flags & 8 == 0 || local.packed != 0) {
        note(Fault::Size {
            listed: member.packed,
            local: local.packed,
        });
    }
    if member.flags != local.flags {
        note(Fault::Flags {
            listed: member.flags,
            local: local.flags,
        });
    }
    member.flags |= local.flags;
}

/// Looks for members in the bytes that no listed member covers.
fn find_unlisted(
    input: &mut Input<'_>,
    stop: u64,
    limits: &Limits,
    archive: &mut Archive,
) -> io::Result<()> {
    let mut covered: Vec<(u64, u64)> = archive
        .members
        .iter()
        .filter_map(|member| Some((member.header, member.data?.saturating_add(member.packed))))
        .collect();
    covered.sort_unstable();
    covered.push((stop, stop));
    let mut at = 0;
    for (start, end) in covered {
        while at < start.min(stop) && (archive.members.len() as u64) < limits.members {
            let Some(local) = local_header(input, at)? else {
                break;
            };
            let next = local.data.saturating_add(local.packed);
            let name = String::from_utf8_lossy(&local.name).into_owned();
            archive.note(
                Some(archive.members.len()),
                Fault::Unlisted(escape(&name, 200)),
            );
            archive.members.push(unlisted(name, &local, at));
            at = behind_descriptor(input, next)?;
        }
        at = at.max(behind_descriptor(input, end)?);
    }
    Ok(())
}

fn unlisted(name: String, local: &Local, header: u64) -> Member {
    Member {
        name,
        local_name: None,
        method: local.method,
        flags: local.flags,
        crc: local.crc,
        packed: local.packed,
        unpacked: local.unpacked,
        header,
        data: Some(local.data),
        listed: false,
    }
}

/// Steps over the sizes that may stand behind a member's data.
fn behind_descriptor(input: &mut Input<'_>, at: u64) -> io::Result<u64> {
    if !input.prefix(at, 4)?.starts_with(DESCRIPTOR) {
        return Ok(at);
    }
    // 16 bytes, or 24 with zip64 sizes: whichever is followed by a header.
    let wide = at.saturating_add(24);
    let is_wide = matches!(input.prefix(wide, 4)?, [b'P', b'K', 1 | 3 | 6, _]);
    Ok(if is_wide { wide } else { at.saturating_add(16) })
}

fn note_duplicates(archive: &mut Archive) {
    let mut seen = HashSet::new();
    let doubles: Vec<(usize, String)> = archive
        .members
        .iter()
        .enumerate()
        .filter(|(_, member)| !seen.insert(member.name.as_str()))
        .map(|(index, member)| (index, escape(&member.name, 200)))
        .collect();
    for (index, name) in doubles {
        archive.note(Some(index), Fault::Duplicate(name));
    }
}

fn note_surroundings(end: &End, length: u64, archive: &mut Archive) {
    if end.several {
        archive.note(None, Fault::SeveralEnds);
    }
    let first = archive.members.iter().map(|member| member.header).min();
    if let Some(first) = first.filter(|first| *first > 0) {
        archive.note(None, Fault::Prefix(first));
    }
    if let Some(trailing) = length.checked_sub(end.end).filter(|count| *count > 0) {
        archive.note(None, Fault::Trailing(trailing));
    }
}
