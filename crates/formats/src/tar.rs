//! Lists the members of tar archives: POSIX ustar and pax, GNU long names and sparse files.
//!
//! Extended headers change the name, the link and the size of the next member. Loaders differ in which
//! they honour, so a member whose plain header says something else is told, and both sizes count.

use std::io;

use tutela_core::{Bytes, Limits, escape};

use crate::input::Input;

const BLOCK: u64 = 512;
/// A GNU long name is a path; longer than this is an abuse.
const LONG_NAME: u64 = 4 << 10;
/// Extended headers hold a few names and times.
const EXTENDED: u64 = 64 << 10;

/// A tar archive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Archive {
    /// The members, folders and links included.
    pub members: Vec<Member>,
    /// Whether the archive ended as it should; if not, what follows the last member was not read.
    pub complete: bool,
    /// Where bytes stand behind the end, other than zeros.
    pub trailing: Option<u64>,
    /// Where headers lie, start and end: plain and extended ones, the latter with what they say.
    pub headers: Vec<(u64, u64)>,
    /// Everything that loaders may read differently.
    pub faults: Vec<Fault>,
}

/// A member of a tar archive.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Where a link leads.
    pub target: Option<String>,
    /// Where its data starts.
    pub start: u64,
    /// How long its data is.
    pub length: u64,
}

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A file, or something that loaders which do not know it take for one.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    SymbolicLink,
    /// Another name of a member.
    HardLink,
    /// A device or a pipe.
    Device,
}

/// What loaders may read differently.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The plain header and an extended one give different sizes.
    #[error(
        "the member `{name}` has {plain} bytes by its header and {extended} by its extended header"
    )]
    Size {
        /// The member, escaped.
        name: String,
        /// In the header.
        plain: u64,
        /// In the extended header.
        extended: u64,
    },
    /// An extended header that cannot be read, or is too long.
    #[error("an extended header at byte {0} cannot be read")]
    Extended(u64),
    /// A folder or a link that carries data, which some loaders step over and some take for headers.
    #[error("the member `{0}` is no file but carries data")]
    Data(String),
    /// Two members have the same name: the last one wins, but not for every loader.
    #[error("two members are called `{0}`")]
    Duplicate(String),
}

/// Whether the bytes begin with a tar header: a name, and a checksum that fits.
///
/// # Errors
/// What reading the bytes returns.
pub fn looks_like(bytes: &dyn Bytes) -> io::Result<bool> {
    let mut input = Input::new(bytes);
    Ok(input.slice(0, 512)?.is_some_and(is_header))
}

/// Lists the members; their data is not read.
///
/// # Errors
/// What reading the bytes returns.
pub fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Archive> {
    let mut reader = Reader {
        input: Input::new(bytes),
        archive: Archive::default(),
        pending: Pending::default(),
    };
    let mut at = 0;
    while (reader.archive.members.len() as u64) < limits.members {
        let Some(block) = reader.input.slice(at, 512)?.map(<[u8]>::to_vec) else {
            break;
        };
        if block.iter().all(|byte| *byte == 0) {
            reader.archive.complete = true;
            reader.archive.trailing = reader.behind(at)?;
            break;
        }
        let Some(next) = reader.member(&block, at)? else {
            break;
        };
        at = next;
    }
    note_duplicates(&mut reader.archive);
    Ok(reader.archive)
}

/// What extended headers say about the next member.
#[derive(Default)]
struct Pending {
    name: Option<String>,
    target: Option<String>,
    size: Option<u64>,
}

struct Reader<'a> {
    input: Input<'a>,
    archive: Archive,
    pending: Pending,
}

impl Reader<'_> {
    /// Reads one header; returns where the next one is, none where the archive breaks.
    fn member(&mut self, block: &[u8], at: u64) -> io::Result<Option<u64>> {
        let (true, Some(plain)) = (is_header(block), size_of(block)) else {
            return Ok(None);
        };
        let start = at.saturating_add(BLOCK);
        let letter = block.get(156).copied().unwrap_or_default();
        let is_extended = matches!(letter, b'L' | b'K' | b'x' | b'X' | b'g');
        let length = match self.pending.size {
            Some(size) if !is_extended => size,
            _ => plain,
        };
        if start.saturating_add(length) > self.input.len() {
            return Ok(None);
        }
        let start = match letter {
            b'S' => self.behind_map(block, start)?,
            _ => start,
        };
        if is_extended {
            let end = start.saturating_add(length);
            self.archive.headers.push((at, end));
            self.extended(letter, start, length)?;
        } else {
            self.archive.headers.push((at, start));
            self.add(block, letter, start, (plain, length))?;
        }
        Ok(Some(start.saturating_add(
            length.div_ceil(BLOCK).saturating_mul(BLOCK),
        )))
    }

    fn add(
        &mut self,
        block: &[u8],
        letter: u8,
        start: u64,
        (plain, length): (u64, u64),
    ) -> io::Result<()> {
        let pending = std::mem::take(&mut self.pending);
        let name = pending.name.unwrap_or_else(|| name_of(block));
        let kind = match letter {
            b'1' => Kind::HardLink,
            b'2' => Kind::SymbolicLink,
            b'3' | b'4' | b'6' => Kind::Device,
            b'5' => Kind::Folder,
            // Before POSIX a folder was a file whose name ends so.
            0 | b'0' if name.ends_with('/') && length == 0 => Kind::Folder,
            _ => Kind::File,
        };
        let shown = escape(&name, 200);
        if plain != length && plain != 0 {
            self.archive.faults.push(Fault::Size {
                name: shown.clone(),
                plain,
                extended: length,
            });
        }
        if kind != Kind::File && length > 0 {
            self.archive.faults.push(Fault::Data(shown));
        }
        let is_link = matches!(kind, Kind::HardLink | Kind::SymbolicLink);
        let target = pending
            .target
            .unwrap_or_else(|| text(block.get(157..257).unwrap_or_default()));
        self.archive.members.push(Member {
            name,
            kind,
            target: is_link.then_some(target),
            start,
            // A loader may believe either size.
            length: length.max(plain),
        });
        Ok(())
    }

    fn extended(&mut self, letter: u8, start: u64, length: u64) -> io::Result<()> {
        let limit = if matches!(letter, b'L' | b'K') {
            LONG_NAME
        } else {
            EXTENDED
        };
        if length > limit {
            self.archive.faults.push(Fault::Extended(start));
        }
        let data = self.input.prefix(start, length.min(limit))?.to_vec();
        match letter {
            b'L' => self.pending.name = Some(text(&data)),
            b'K' => self.pending.target = Some(text(&data)),
            _ => {
                if self.pax(&data).is_none() {
                    self.archive.faults.push(Fault::Extended(start));
                }
            }
        }
        Ok(())
    }

    /// Records of `length key=value` and a line feed, the length counting itself (POSIX, pax format).
    ///
    /// A global header holds for all members that follow, but honest ones name no paths; its are taken
    /// for the next member, as some loaders do.
    fn pax(&mut self, mut data: &[u8]) -> Option<()> {
        while data.first().is_some_and(|byte| *byte != 0) {
            let blank = data.iter().take(20).position(|byte| *byte == b' ')?;
            let length = std::str::from_utf8(data.get(..blank)?).ok()?;
            let length: usize = length.parse().ok()?;
            let record = data.get(blank.checked_add(1)?..length.checked_sub(1)?)?;
            let split = record.iter().position(|byte| *byte == b'=')?;
            let value = record.get(split.checked_add(1)?..)?;
            let shown = || String::from_utf8_lossy(value).into_owned();
            match record.get(..split)? {
                b"path" | b"GNU.sparse.name" => self.pending.name = Some(shown()),
                b"linkpath" => self.pending.target = Some(shown()),
                b"size" => self.pending.size = Some(shown().trim().parse().ok()?),
                _ => {}
            }
            data = data.get(length..)?;
        }
        Some(())
    }

    /// A sparse file of old GNU has the rest of its map, in blocks, before its data.
    fn behind_map(&mut self, header: &[u8], mut start: u64) -> io::Result<u64> {
        let mut more = header.get(482).is_some_and(|more| *more != 0);
        while more {
            let Some(block) = self.input.slice(start, 512)? else {
                break;
            };
            more = block.get(504).is_some_and(|more| *more != 0);
            start = start.saturating_add(BLOCK);
        }
        Ok(start)
    }

    /// Where something other than zeros stands behind the end.
    fn behind(&mut self, end: u64) -> io::Result<Option<u64>> {
        let mut at = end;
        loop {
            let piece = self.input.prefix(at, 16 << 10)?;
            if piece.is_empty() {
                return Ok(None);
            }
            if let Some(place) = piece.iter().position(|byte| *byte != 0) {
                let block = (place as u64) / BLOCK;
                return Ok(Some(at.saturating_add(block.saturating_mul(BLOCK))));
            }
            at = at.saturating_add(piece.len() as u64);
        }
    }
}

fn note_duplicates(archive: &mut Archive) {
    let mut seen = std::collections::HashSet::new();
    let doubles: Vec<Fault> = archive
        .members
        .iter()
        .filter(|member| member.kind != Kind::Folder && !seen.insert(member.name.as_str()))
        .map(|member| Fault::Duplicate(escape(&member.name, 200)))
        .collect();
    archive.faults.extend(doubles);
}

fn is_header(block: &[u8]) -> bool {
    let Some(declared) = block.get(148..156).and_then(number) else {
        return false;
    };
    // The checksum counts its own field as blanks; old programs summed signed bytes, and loaders take both.
    let counted = |(place, byte): (usize, &u8)| match place {
        148..156 => b' ',
        _ => *byte,
    };
    let bytes = || block.iter().enumerate().map(counted);
    let unsigned: i64 = bytes().map(i64::from).sum();
    let signed: i64 = bytes().map(|byte| i64::from(byte.cast_signed())).sum();
    i64::try_from(declared).is_ok_and(|declared| declared == unsigned || declared == signed)
}

fn size_of(block: &[u8]) -> Option<u64> {
    block.get(124..136).and_then(number)
}

/// A number in octal digits, or as GNU writes large ones: big-endian behind a set high bit.
fn number(field: &[u8]) -> Option<u64> {
    match field {
        [0x80, rest @ ..] => rest.iter().try_fold(0_u64, |number, byte| {
            number.checked_mul(256)?.checked_add(u64::from(*byte))
        }),
        _ => octal(field),
    }
}

fn octal(field: &[u8]) -> Option<u64> {
    // Loaders stop at the first zero byte.
    let end = field.iter().position(|byte| *byte == 0);
    let text = std::str::from_utf8(field.get(..end.unwrap_or(field.len()))?).ok()?;
    let digits = text.trim_matches(' ');
    if digits.is_empty() {
        return Some(0);
    }
    u64::from_str_radix(digits, 8).ok()
}

fn name_of(block: &[u8]) -> String {
    let name = text(block.get(..100).unwrap_or_default());
    let is_posix = block.get(257..262) == Some(b"ustar");
    let prefix = text(block.get(345..500).unwrap_or_default());
    if is_posix && !prefix.is_empty() {
        format!("{prefix}/{name}")
    } else {
        name
    }
}

fn text(bytes: &[u8]) -> String {
    let end = bytes
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, kind: u8, data: &[u8]) -> Vec<u8> {
        link(name, kind, "", data)
    }

    fn link(name: &str, kind: u8, target: &str, data: &[u8]) -> Vec<u8> {
        let mut block = vec![0; 512];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[124..135].copy_from_slice(format!("{:011o}", data.len()).as_bytes());
        block[148..156].fill(b' ');
        block[156] = kind;
        block[157..157 + target.len()].copy_from_slice(target.as_bytes());
        block[257..262].copy_from_slice(b"ustar");
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        block[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
        block.extend(data);
        block.resize(block.len().div_ceil(512) * 512, 0);
        block
    }

    fn archive() -> Vec<u8> {
        let mut bytes = member("a", b'0', b"one");
        bytes.extend(member("folder", b'5', b""));
        bytes.extend(member("long", b'L', b"very/long/name\0"));
        bytes.extend(member("cut", b'0', &[7; 600]));
        bytes.extend(member("pax", b'x', b"14 path=a/b/c\n17 linkpath=../x\n"));
        bytes.extend(link("short", b'2', "y", b""));
        bytes.resize(bytes.len() + 1024, 0);
        bytes
    }

    fn of(bytes: &[u8]) -> Archive {
        read(&bytes.to_vec(), &Limits::default()).unwrap()
    }

    #[test]
    fn members_are_listed() {
        let found = of(&archive());
        let members: Vec<_> = found
            .members
            .iter()
            .map(|member| (member.name.as_str(), member.kind, member.length))
            .collect();
        assert_eq!(
            members,
            [
                ("a", Kind::File, 3),
                ("folder", Kind::Folder, 0),
                ("very/long/name", Kind::File, 600),
                ("a/b/c", Kind::SymbolicLink, 0),
            ]
        );
        assert_eq!(found.members[3].target.as_deref(), Some("../x"));
        assert_eq!((found.complete, found.trailing), (true, None));
        assert_eq!(found.faults, []);
        assert!(looks_like(&archive()).unwrap());
        assert!(!looks_like(&vec![b'a'; 600]).unwrap());
        assert!(!looks_like(&vec![0; 600]).unwrap());
    }

    #[test]
    fn a_checksum_of_signed_bytes_is_taken_too() {
        let mut bytes = member("\u{fc}", b'0', b"x");
        bytes[148..156].fill(b' ');
        let sum: i32 = bytes[..512]
            .iter()
            .map(|byte| i32::from(byte.cast_signed()))
            .sum();
        bytes[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
        assert!(looks_like(&bytes).unwrap());
    }

    #[test]
    fn what_loaders_read_differently_is_told() {
        let mut bytes = member("pax", b'x', b"10 size=2\n");
        bytes.extend(member("a", b'0', b"one"));
        bytes.extend(member("a", b'0', b"two"));
        bytes.extend(member("bad", b'x', b"99 path=a\n"));
        bytes.extend(member("folder", b'5', b"data"));
        bytes.resize(bytes.len() + 1024, 0);
        let end = bytes.len() as u64;
        bytes.extend(member("behind", b'0', b"x"));
        let found = of(&bytes);
        assert_eq!(
            found.faults,
            [
                Fault::Size {
                    name: "a".to_owned(),
                    plain: 3,
                    extended: 2
                },
                Fault::Extended(3072 + 512),
                Fault::Data("folder".to_owned()),
                Fault::Duplicate("a".to_owned()),
            ]
        );
        assert_eq!((found.complete, found.trailing), (true, Some(end)));
    }

    #[test]
    fn truncated_at_every_byte() {
        let whole = archive();
        for length in 0..whole.len() - 1024 {
            assert!(!of(&whole[..length]).complete);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_change_is_survived(at in proptest::prelude::any::<proptest::sample::Index>(), byte in proptest::prelude::any::<u8>()) {
            let mut bytes = archive();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            assert!(of(&bytes).members.len() < 10);
        }
    }
}
