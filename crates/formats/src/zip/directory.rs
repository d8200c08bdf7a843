//! The central directories, compared with the members' own headers and with each other.

use std::collections::HashMap;
use std::io;

use tutela_core::{Bytes, Limits, escape};

use super::end::{self, End, Reading};
use super::local::{Gaps, Local, behind_descriptor};
use super::{Anomaly, Archive, Fault, Member};
use crate::input::Input;
use crate::little::{u16_at, u32_at, u64_at};

pub(super) const LISTED: &[u8; 4] = b"PK\x01\x02";
/// The value that sends a reader to the zip64 fields.
const IN_ZIP64: u64 = 0xffff_ffff;

pub(super) fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Archive> {
    let mut archive = Archive::default();
    let mut reader = Reader {
        input: Input::new(bytes),
        limits,
        covered: Vec::new(),
    };
    let ends = end::find(bytes)?;
    if !reader.directories(&ends, &mut archive)? {
        archive.note(None, Fault::NoDirectory);
    }
    reader.gaps(&mut archive)?;
    note_overlaps(&mut archive);
    note_duplicates(&mut archive);
    note_end(ends.first(), bytes.len(), &mut archive);
    Ok(archive)
}

impl Archive {
    pub(super) fn note(&mut self, member: Option<usize>, fault: Fault) {
        // A few a member and a gap, and both are limited.
        self.anomalies.push(Anomaly { member, fault });
    }
}

struct Reader<'a> {
    input: Input<'a>,
    limits: &'a Limits,
    /// What is accounted for: directories and end records; members are added at the end.
    covered: Vec<(u64, u64)>,
}

impl Reader<'_> {
    /// Reads every directory; false when there is none that can be read.
    fn directories(&mut self, ends: &[End], archive: &mut Archive) -> io::Result<bool> {
        let mut read = false;
        for (number, end) in ends.iter().enumerate() {
            if number > 0 && archive.holds(end.at) {
                // The end of an archive that is stored inside this one.
                continue;
            }
            for reading in &end.readings {
                if !read {
                    self.cover(end, *reading);
                    read = self.directory(*reading, end.start, archive)?;
                } else if self.another(*reading, end, archive)? && number > 0 {
                    archive.note(None, Fault::SeveralEnds);
                }
            }
            if number == 0 {
                // An end record without a directory is still no data.
                self.covered.push((end.start, end.end));
            }
        }
        Ok(read)
    }

    fn cover(&mut self, end: &End, reading: Reading) {
        self.covered
            .push((reading.start, reading.start.saturating_add(reading.size)));
        self.covered.push((end.start, end.end));
    }

    /// Reads a directory that only some loaders find; adds what the others do not show. False when it
    /// shows the same.
    fn another(&mut self, reading: Reading, end: &End, archive: &mut Archive) -> io::Result<bool> {
        let mut other = Archive::default();
        self.directory(reading, end.start, &mut other)?;
        let mut differs = false;
        let loose = std::mem::take(&mut other.loose);
        for (index, member) in other.members.into_iter().enumerate() {
            let full = archive.members.len() as u64 >= self.limits.members;
            if full || member.data.is_none() || archive.members.contains(&member) {
                continue;
            }
            differs = true;
            let shown = escape(&member.name, 200);
            let place = archive.members.len();
            for anomaly in &other.anomalies {
                if anomaly.member == Some(index) {
                    archive.note(Some(place), anomaly.fault.clone());
                }
            }
            archive.note(Some(place), Fault::OtherDirectory(shown));
            archive.members.push(member);
        }
        if differs {
            archive.loose.extend(loose);
            self.cover(end, reading);
        }
        Ok(differs)
    }

    /// Reads one directory; false when it is broken.
    ///
    /// Some loaders go by its size, some by the number of members, some by the signatures: all entries
    /// that stand in a row are read.
    fn directory(
        &mut self,
        reading: Reading,
        limit: u64,
        archive: &mut Archive,
    ) -> io::Result<bool> {
        let mut at = reading.start;
        let stop = at.saturating_add(reading.size).min(self.input.len());
        let mut count = 0_u64;
        while at < stop.max(limit) {
            if archive.members.len() as u64 >= self.limits.members {
                archive.note(None, Fault::TooMany(self.limits.members));
                return Ok(true);
            }
            let Some(listed) = listed_member(&mut self.input, at)? else {
                if at < stop {
                    return Ok(false);
                }
                break;
            };
            if at >= stop {
                let shown = escape(&listed.member.name, 200);
                archive.note(Some(archive.members.len()), Fault::OtherDirectory(shown));
            }
            at = listed.next;
            self.member(listed, reading.shift, archive)?;
            count = count.saturating_add(1);
        }
        let promised = if reading.wide { count } else { count % 65_536 };
        if promised != reading.count {
            archive.note(
                None,
                Fault::Count {
                    declared: reading.count,
                    found: count,
                },
            );
        }
        Ok(true)
    }

    /// Adds a member, and a second one where its own header would have a loader read other bytes.
    fn member(&mut self, listed: Listed, shift: u64, archive: &mut Archive) -> io::Result<()> {
        let most = self.limits.members;
        archive.loosen(&listed.extra.0, listed.extra.1, most);
        let comment = listed.next.saturating_sub(listed.comment);
        archive.comment_at(listed.comment, comment, most);
        let (mut member, name) = (listed.member, listed.name.as_slice());
        member.header = member.header.saturating_add(shift);
        let index = archive.members.len();
        let local = Local::read(&mut self.input, member.header)?;
        let others = [
            member.local_name.clone(),
            local.as_ref().and_then(|local| local.other.clone()),
        ];
        for other in others.into_iter().flatten().take(1) {
            let fault = Fault::OtherName {
                name: escape(&member.name, 200),
                other: escape(&other, 200),
            };
            member.local_name = Some(other);
            archive.note(Some(index), fault);
        }
        if let Some(local) = &local {
            archive.loosen(&local.extra.0, local.extra.1, most);
        }
        match &local {
            Some(local) => compare(&mut member, name, local, index, archive),
            None => archive.note(Some(index), Fault::NoHeader),
        }
        if member.flags & 0x2061 != 0 {
            archive.note(Some(index), Fault::Encryption(member.flags));
        }
        if name.contains(&0) {
            archive.note(Some(index), Fault::Nul(escape(&member.name, 200)));
        }
        let second = local.and_then(|local| local.differently(&member));
        archive.members.push(member);
        archive.members.extend(second);
        Ok(())
    }

    /// Looks for members and other bytes in what no directory covers.
    fn gaps(&mut self, archive: &mut Archive) -> io::Result<()> {
        let mut covered = std::mem::take(&mut self.covered);
        archive.structure.clone_from(&covered);
        // Behind the archive is not in it; without an end, everything is.
        let stop = covered.iter().map(|(_, end)| *end).max();
        let stop = stop
            .unwrap_or_else(|| self.input.len())
            .min(self.input.len());
        for member in &archive.members {
            let end = member.data.map(|data| data.saturating_add(member.packed));
            covered.extend(end.map(|end| (member.header, end)));
        }
        covered.sort_unstable();
        covered.push((stop, stop));
        let mut at = 0_u64;
        let mut gaps = Gaps::new(&mut self.input, self.limits.members);
        for (start, end) in covered {
            if at < start {
                gaps.search(at, start.min(stop), archive)?;
            }
            let behind = behind_descriptor(gaps.input, end)?;
            archive.structure.push((end, behind));
            at = at.max(behind);
        }
        Ok(())
    }
}

impl Archive {
    /// Whether a place lies in the data of a member.
    fn holds(&self, at: u64) -> bool {
        self.members.iter().any(|member| {
            member
                .data
                .is_some_and(|data| data <= at && at < data.saturating_add(member.packed))
        })
    }
}

/// An entry of a directory.
struct Listed {
    member: Member,
    name: Vec<u8>,
    /// Its extra fields, and where they begin.
    extra: (Vec<u8>, u64),
    /// Where its comment begins.
    comment: u64,
    /// Where the next entry begins.
    next: u64,
}

fn listed_member(input: &mut Input<'_>, at: u64) -> io::Result<Option<Listed>> {
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
        local_name: other_name(&name, &extra),
        method: short(10),
        flags: short(8),
        crc: u32_at(&fixed, 16).unwrap_or_default(),
        packed,
        unpacked,
        header,
        data: None,
        listed: true,
        // The mode of Unix files stands in the upper half of the external attributes.
        mode: short(40),
    };
    let comment = extra_at.saturating_add(extra_length);
    Ok(Some(Listed {
        member,
        name,
        extra: (extra, extra_at),
        comment,
        next: comment.saturating_add(u64::from(short(32))),
    }))
}

/// Replaces each field that says "in zip64" by the next value of the zip64 extra field.
pub(super) fn widen_fields<const N: usize>(mut fields: [u64; N], extra: &[u8]) -> [u64; N] {
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

/// The name in a Unicode Path extra field (APPNOTE, section 4.6.9), where it is another one.
///
/// Its purpose is to write what the header's own character set cannot, and packers put other bytes or an escape such
/// as `#U00e9` into the header instead: of such names only the ends are compared. Loaders that know the field use it
/// only when its checksum fits the header's name; that is not asked here, since some do not look.
pub(super) fn other_name(name: &[u8], extra: &[u8]) -> Option<String> {
    let mut rest = extra;
    while let (Some(id), Some(size)) = (u16_at(rest, 0), u16_at(rest, 2)) {
        let end = usize::from(size).saturating_add(4);
        if id == 0x7075 {
            // A version and a checksum stand before the name.
            let other = rest.get(9..end)?;
            let both_plain = name.is_ascii() && other.is_ascii();
            let differs = if both_plain {
                name != other
            } else {
                ending(name) != ending(other)
            };
            return differs.then(|| String::from_utf8_lossy(other).into_owned());
        }
        rest = rest.get(end..).unwrap_or_default();
    }
    None
}

/// What stands behind the last point of a name.
fn ending(name: &[u8]) -> Option<&[u8]> {
    let point = name.iter().rposition(|byte| *byte == b'.')?;
    name.get(point..)
}

fn compare(member: &mut Member, name: &[u8], local: &Local, index: usize, archive: &mut Archive) {
    member.data = Some(local.data);
    let mut note = |fault| archive.note(Some(index), fault);
    if name != local.name {
        let local_name = local.text();
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
    // With bit 3 the numbers stand behind the data, and the header may hold zeros.
    let differs = |local_value: u64, listed: u64| {
        local_value != listed && !(local.is_streamed() && local_value == 0)
    };
    for (listed, local) in [
        (member.packed, local.packed),
        (member.unpacked, local.unpacked),
    ] {
        if differs(local, listed) {
            note(Fault::Size { listed, local });
            break;
        }
    }
    if differs(u64::from(local.crc), u64::from(member.crc)) {
        note(Fault::Crc {
            listed: member.crc,
            local: local.crc,
        });
    }
    if member.flags != local.flags {
        note(Fault::Flags {
            listed: member.flags,
            local: local.flags,
        });
    }
    if member.method == 0 && member.packed != member.unpacked && member.flags & 1 == 0 {
        note(Fault::StoredSize {
            packed: member.packed,
            unpacked: member.unpacked,
        });
    }
    member.flags |= local.flags;
}

fn note_overlaps(archive: &mut Archive) {
    let mut places: Vec<(u64, u64, usize)> = archive
        .members
        .iter()
        .enumerate()
        .filter(|(_, member)| member.listed)
        .filter_map(|(index, member)| {
            let end = member.data?.saturating_add(member.packed);
            Some((member.header, end, index))
        })
        .collect();
    places.sort_unstable();
    let mut last: Option<(u64, usize)> = None;
    let mut overlaps = Vec::new();
    for (start, end, index) in places {
        if let Some((before, other)) = last.filter(|(before, _)| start < *before) {
            overlaps.push((index, other));
            last = Some(if end > before {
                (end, index)
            } else {
                (before, other)
            });
        } else {
            last = Some((end, index));
        }
    }
    for (index, other) in overlaps {
        let name = |index: usize| {
            let member = archive.members.get(index);
            escape(member.map_or("", |member| &member.name), 200)
        };
        let fault = Fault::Overlap(name(index), name(other));
        archive.note(Some(index), fault);
    }
}

fn note_duplicates(archive: &mut Archive) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut faults = Vec::new();
    let members = archive.members.iter().enumerate();
    for (index, member) in members.filter(|(_, member)| member.listed) {
        let before = seen.entry(tidy(&member.name)).or_insert(index);
        let Some(other) = archive.members.get(*before).filter(|_| *before != index) else {
            continue;
        };
        let shown = escape(&member.name, 200);
        faults.push((
            index,
            if (other.crc, other.unpacked) == (member.crc, member.unpacked) {
                Fault::Repeated(shown)
            } else if other.name == member.name {
                Fault::Duplicate(shown)
            } else {
                Fault::Alike(escape(&other.name, 200), shown)
            },
        ));
    }
    for (index, fault) in faults {
        archive.note(Some(index), fault);
    }
}

/// A name as a file system reads it that folds case and takes both slashes.
fn tidy(name: &str) -> String {
    let folded = name.to_lowercase().replace('\\', "/");
    let parts: Vec<&str> = folded
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    parts.join("/")
}

fn note_end(end: Option<&End>, length: u64, archive: &mut Archive) {
    let Some(end) = end else {
        return;
    };
    if end.several_disks {
        archive.note(None, Fault::Disks);
    }
    archive.comment = Some(end.at.saturating_add(22));
    if let Some(trailing) = length.checked_sub(end.end).filter(|count| *count > 0) {
        archive.note(None, Fault::Trailing(trailing));
    }
}
