//! The members' own headers, as a loader meets them that reads from the front.

use std::io;

use memchr::memmem;
use tutela_core::escape;

use super::directory::{LISTED, other_name, widen_fields};
use super::{Archive, Fault, Member};
use crate::input::Input;
use crate::little::{u16_at, u32_at};

const LOCAL: &[u8; 4] = b"PK\x03\x04";
const DESCRIPTOR: &[u8; 4] = b"PK\x07\x08";
/// How many bytes outside the members are searched for more members.
const SEARCH: u64 = 256 << 20;

/// What a member's own header says.
pub(super) struct Local {
    pub(super) name: Vec<u8>,
    /// Another name in an extra field.
    pub(super) other: Option<String>,
    pub(super) version: u16,
    pub(super) method: u16,
    pub(super) flags: u16,
    pub(super) crc: u32,
    pub(super) packed: u64,
    pub(super) unpacked: u64,
    pub(super) data: u64,
    /// Its extra fields, and where they begin.
    pub(super) extra: (Vec<u8>, u64),
}

impl Local {
    pub(super) fn read(input: &mut Input<'_>, at: u64) -> io::Result<Option<Self>> {
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
        Ok(Some(Self {
            other: other_name(&name, &extra),
            name,
            version: short(4),
            method: short(8),
            flags: short(6),
            crc: u32_at(&fixed, 14).unwrap_or_default(),
            packed,
            unpacked,
            data: extra_at.saturating_add(extra_length),
            extra: (extra, extra_at),
        }))
    }

    /// Whether its sizes stand behind the data, so that the header need not know them.
    pub(super) const fn is_streamed(&self) -> bool {
        self.flags & 8 != 0
    }

    /// Its name as text.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }

    /// The member that a loader sees that believes this header.
    pub(super) fn member(&self, header: u64) -> Member {
        Member {
            name: self.text(),
            local_name: self.other.clone(),
            method: self.method,
            flags: self.flags,
            crc: self.crc,
            packed: self.packed,
            unpacked: self.unpacked,
            header,
            data: Some(self.data),
            listed: false,
            mode: 0,
        }
    }

    /// The member as a loader reads it that believes this header, where that is other bytes.
    pub(super) fn differently(&self, listed: &Member) -> Option<Member> {
        let mut member = self.member(listed.header);
        if self.is_streamed() && self.packed == 0 {
            // Its sizes stand behind the data, where the directory has them from.
            (member.packed, member.unpacked) = (listed.packed, listed.unpacked);
        }
        let is_other = member.method != listed.method || member.packed != listed.packed;
        is_other.then_some(member)
    }

    /// Whether it is a header rather than four bytes that happen to look like its beginning.
    fn is_plausible(&self, length: u64) -> bool {
        let is_name = !self.name.is_empty() && !self.name.iter().any(u8::is_ascii_control);
        let is_method = matches!(self.method, 0..=20 | 93..=99);
        // Version 6.3 is the newest; the upper half is the system.
        is_name && is_method && self.version & 0xff <= 63 && self.data <= length
    }
}

/// A search for members in the bytes that no directory covers.
pub(super) struct Gaps<'a, 'b> {
    pub(super) input: &'a mut Input<'b>,
    pub(super) members: u64,
    pub(super) left: u64,
}

impl<'a, 'b> Gaps<'a, 'b> {
    pub(super) const fn new(input: &'a mut Input<'b>, members: u64) -> Self {
        Self {
            input,
            members,
            left: SEARCH,
        }
    }

    /// Adds the members in `from..to`, and tells the bytes that belong to none.
    pub(super) fn search(&mut self, from: u64, to: u64, archive: &mut Archive) -> io::Result<()> {
        let mut at = behind_descriptor(self.input, from)?;
        let mut first = true;
        while at < to && (archive.members.len() as u64) < self.members {
            let Some(found) = self.next(at, to, first)? else {
                break;
            };
            archive.note_gap(self.input, at, found)?;
            let Some(local) = Local::read(self.input, found)? else {
                break;
            };
            at = self.add(&local, found, to, archive)?;
            first = true;
        }
        if at < to && self.left == 0 {
            archive.note(None, Fault::Unsearched(to.saturating_sub(at)));
        }
        archive.note_gap(self.input, at, to)
    }

    /// Adds a member and returns where it ends.
    fn add(
        &mut self,
        local: &Local,
        header: u64,
        to: u64,
        archive: &mut Archive,
    ) -> io::Result<u64> {
        let mut member = local.member(header);
        if local.is_streamed() && member.packed == 0 {
            let end = self.find(local.data, to, &[DESCRIPTOR, LOCAL, LISTED])?;
            member.packed = end.unwrap_or(to).saturating_sub(local.data);
            member.unpacked = member.packed;
        }
        let shown = escape(&member.name, 200);
        archive.note(Some(archive.members.len()), Fault::Unlisted(shown));
        let end = local.data.saturating_add(member.packed);
        archive.members.push(member);
        archive.loosen(&local.extra.0, local.extra.1, self.members);
        behind_descriptor(self.input, end)
    }

    /// The next header: any at the very place where one is due, else one that is plausible.
    fn next(&mut self, at: u64, to: u64, due: bool) -> io::Result<Option<u64>> {
        if due && Local::read(self.input, at)?.is_some() {
            return Ok(Some(at));
        }
        let mut at = at;
        while let Some(found) = self.find(at, to, &[LOCAL])? {
            let local = Local::read(self.input, found)?;
            if local.is_some_and(|local| local.is_plausible(self.input.len())) {
                return Ok(Some(found));
            }
            at = found.saturating_add(4);
        }
        Ok(None)
    }

    /// The first place of one of these signatures.
    fn find(&mut self, from: u64, to: u64, wanted: &[&[u8; 4]]) -> io::Result<Option<u64>> {
        const STEP: u64 = 16 << 10;
        let mut at = from;
        while at < to && self.left > 0 {
            let piece = self.input.prefix(at, STEP.saturating_add(3))?;
            let is_wanted = |place: &usize| {
                let rest = piece.get(*place..).unwrap_or_default();
                wanted.iter().any(|signature| rest.starts_with(*signature))
            };
            // Every signature begins with these two.
            let found = memmem::find_iter(piece, b"PK").find(is_wanted);
            if let Some(place) = found {
                let place = at.saturating_add(place as u64);
                return Ok(Some(place).filter(|place| *place < to));
            }
            if piece.len() < 4 {
                break;
            }
            at = at.saturating_add(STEP);
            self.left = self.left.saturating_sub(STEP);
        }
        Ok(None)
    }
}

impl Archive {
    /// Tells bytes that belong to no member, unless they are only zeros.
    fn note_gap(&mut self, input: &mut Input<'_>, from: u64, to: u64) -> io::Result<()> {
        let length = to.saturating_sub(from);
        if length == 0 {
            return Ok(());
        }
        let zeros = input.prefix(from, length)?;
        if zeros.len() as u64 == length && zeros.iter().all(|byte| *byte == 0) {
            return Ok(());
        }
        let fault = if from == 0 {
            Fault::Prefix(length)
        } else {
            Fault::Gap { at: from, length }
        };
        self.note(None, fault);
        Ok(())
    }
}

/// Steps over the sizes that may stand behind a member's data.
pub(super) fn behind_descriptor(input: &mut Input<'_>, at: u64) -> io::Result<u64> {
    if !input.prefix(at, 4)?.starts_with(DESCRIPTOR) {
        return Ok(at);
    }
    // 16 bytes, or 24 with zip64 sizes: whichever is followed by a header.
    let wide = at.saturating_add(24);
    let is_wide = matches!(input.prefix(wide, 4)?, [b'P', b'K', 1 | 3 | 6, _]);
    Ok(if is_wide { wide } else { at.saturating_add(16) })
}
