//! Lists the members of tar archives: POSIX ustar and pax, GNU long names and sparse files.
//!
//! Extended headers change the name, the link and the size of the next member. Loaders differ in which
//! they honour, so an archive in which they matter is read twice: once by them, once by the plain headers
//! alone. What either reading finds is listed, and what they disagree on is told (CVE-2025-62518).

use std::io;

use tutela_core::{Bytes, Limits, escape};

use crate::input::Input;

const BLOCK: u64 = 512;
/// A GNU long name is a path; longer than this is an abuse.
const LONG_NAME: u64 = 4 << 10;
/// Extended headers hold a few names and times.
const EXTENDED: u64 = 64 << 10;

/// Sizes from here on do not fit the octal field, and are left out of it (POSIX, ustar).
const TOO_LARGE: u64 = 8 << 30;

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
    /// Whether an extended header says something else than a plain one.
    overridden: bool,
    /// How many members only the reading by plain headers finds; they are the last.
    second: usize,
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
    /// A global header that names a path or a size: for some readers it holds for all members, for others for none.
    #[error(
        "a global header gives `{0}`, which readers apply to all members, to the next one, or to none"
    )]
    Global(&'static str),
    /// A key that an extended header gives twice.
    #[error("an extended header gives `{0}` twice")]
    Doubled(&'static str),
    /// A number that readers take differently: negative, or with other characters than digits.
    #[error(
        "the size of the member `{0}` is negative or no number, and readers take it differently"
    )]
    Number(String),
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
    let mut archive = chain(bytes, limits, Reading::Extended)?;
    if archive.overridden {
        let plain = chain(bytes, limits, Reading::Plain)?;
        archive.merge(plain);
    }
    note_duplicates(&mut archive);
    Ok(archive)
}

/// Which headers a reader goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// Extended headers change what plain ones say.
    Extended,
    /// Plain headers alone; extended ones are stepped over.
    Plain,
}

/// Follows the headers, each of which says where the next one is.
fn chain(bytes: &dyn Bytes, limits: &Limits, reading: Reading) -> io::Result<Archive> {
    let mut reader = Reader {
        input: Input::new(bytes),
        archive: Archive::default(),
        pending: Pending::default(),
        global: Pending::default(),
        reading,
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
    Ok(reader.archive)
}

impl Archive {
    /// Takes over what only the other reading finds: other data, or names that lead out of a folder.
    fn merge(&mut self, other: Self) {
        let known: std::collections::HashSet<(u64, u64)> = self
            .members
            .iter()
            .map(|member| (member.start, member.length))
            .collect();
        let leads_out = |text: &str| text.starts_with(['/', '\\']) || text.contains("..");
        let is_new = |member: &Member| {
            let is_other = !known.contains(&(member.start, member.length));
            let target = member.target.as_deref().is_some_and(leads_out);
            is_other && member.length > 0 || leads_out(&member.name) || target
        };
        self.headers.extend(other.headers);
        self.headers.sort_unstable();
        self.headers.dedup();
        let new = other.members.into_iter().filter(is_new);
        let at = self.members.len();
        self.members.extend(new);
        self.second = self.members.len().saturating_sub(at);
    }
}

/// What extended headers say about the next member.
#[derive(Default, Clone)]
struct Pending {
    name: Option<String>,
    target: Option<String>,
    size: Option<u64>,
}

struct Reader<'a> {
    input: Input<'a>,
    archive: Archive,
    pending: Pending,
    /// What global headers say about all members.
    global: Pending,
    reading: Reading,
}

impl Reader<'_> {
    /// Reads one header; returns where the next one is, none where the archive breaks.
    fn member(&mut self, block: &[u8], at: u64) -> io::Result<Option<u64>> {
        if !is_header(block) {
            return Ok(None);
        }
        let plain = self.size(block);
        let start = at.saturating_add(BLOCK);
        let letter = block.get(156).copied().unwrap_or_default();
        let is_extended = matches!(letter, b'L' | b'K' | b'x' | b'X' | b'g');
        let length = match self.pending.size.or(self.global.size) {
            Some(size) if !is_extended => size,
            _ => plain,
        };
        let left = self.input.len().saturating_sub(start);
        let is_cut = length > left;
        let length = length.min(left);
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
            self.add(block, letter, start, (plain, length));
        }
        // What is there of a member that breaks off is read by some loaders before they notice.
        if is_cut {
            return Ok(None);
        }
        Ok(Some(start.saturating_add(
            length.div_ceil(BLOCK).saturating_mul(BLOCK),
        )))
    }

    /// The size in a plain header; as lenient readers take it where it is no number.
    fn size(&mut self, block: &[u8]) -> u64 {
        let field = block.get(124..136).unwrap_or_default();
        number(field).unwrap_or_else(|| {
            let name = escape(&name_of(block), 200);
            self.archive.faults.push(Fault::Number(name));
            let digits = field.iter().skip_while(|byte| **byte == b' ');
            let digits = digits.take_while(|byte| (b'0'..=b'7').contains(*byte));
            digits.fold(0, |size, digit| size << 3 | u64::from(digit & 7))
        })
    }

    fn add(&mut self, block: &[u8], letter: u8, start: u64, (plain, length): (u64, u64)) {
        let pending = std::mem::take(&mut self.pending);
        let name = pending.name.or_else(|| self.global.name.clone());
        self.archive.overridden |= name.is_some() || pending.target.is_some() || plain != length;
        let name = name.unwrap_or_else(|| name_of(block));
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
        if plain != length
            && (plain != 0 || length < TOO_LARGE)
            && self.reading == Reading::Extended
        {
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
            .or_else(|| self.global.target.clone())
            .unwrap_or_else(|| text(block.get(157..257).unwrap_or_default()));
        self.archive.members.push(Member {
            name,
            kind,
            target: is_link.then_some(target),
            start,
            length,
        });
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
        if self.reading == Reading::Plain {
            return Ok(());
        }
        let data = self.input.prefix(start, length.min(limit))?.to_vec();
        match letter {
            b'g' => {
                let mut global = self.global.clone();
                self.read_pax(&data, start, &mut global);
                for (key, is_given) in [
                    ("path", global.name.is_some()),
                    ("linkpath", global.target.is_some()),
                    ("size", global.size.is_some()),
                ] {
                    if is_given {
                        self.archive.faults.push(Fault::Global(key));
                    }
                }
                self.global = global;
            }
            b'L' => self.pending.name = Some(text(&data)),
            b'K' => self.pending.target = Some(text(&data)),
            _ => {
                let mut pending = std::mem::take(&mut self.pending);
                self.read_pax(&data, start, &mut pending);
                self.pending = pending;
            }
        }
        Ok(())
    }

    fn read_pax(&mut self, data: &[u8], start: u64, into: &mut Pending) {
        let mut seen = Vec::new();
        if pax(data, into, &mut seen).is_none() {
            self.archive.faults.push(Fault::Extended(start));
        }
        for key in KEYS {
            if seen.iter().filter(|found| *found == key).count() > 1 {
                self.archive.faults.push(Fault::Doubled(key));
            }
        }
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

/// The keys of extended headers that change where data goes and how much there is.
const KEYS: &[&str] = &["path", "linkpath", "size", "GNU.sparse.name"];

/// Records of `length key=value` and a line feed, the length counting itself (POSIX, pax format).
fn pax(mut data: &[u8], into: &mut Pending, seen: &mut Vec<&'static str>) -> Option<()> {
    while data.first().is_some_and(|byte| *byte != 0) {
        let blank = data.iter().take(20).position(|byte| *byte == b' ')?;
        let length = std::str::from_utf8(data.get(..blank)?).ok()?;
        let length: usize = length.parse().ok()?;
        let record = data.get(blank.checked_add(1)?..length.checked_sub(1)?)?;
        let split = record.iter().position(|byte| *byte == b'=')?;
        let value = record.get(split.checked_add(1)?..)?;
        let shown = || String::from_utf8_lossy(value).into_owned();
        let key = record.get(..split)?;
        seen.extend(KEYS.iter().find(|known| known.as_bytes() == key));
        match key {
            b"path" | b"GNU.sparse.name" => into.name = Some(shown()),
            b"linkpath" => into.target = Some(shown()),
            b"size" => into.size = Some(shown().trim().parse().ok()?),
            _ => {}
        }
        data = data.get(length..)?;
    }
    Some(())
}

fn note_duplicates(archive: &mut Archive) {
    let mut seen = std::collections::HashSet::new();
    // What only the second reading finds has the names of the first.
    let first = archive.members.len().saturating_sub(archive.second);
    let doubles: Vec<Fault> = archive
        .members
        .iter()
        .take(first)
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
mod tests;
