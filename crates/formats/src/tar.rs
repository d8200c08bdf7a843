//! Lists the members of tar archives (POSIX ustar, GNU long names).

use std::io;

use tutela_core::{Bytes, Limits};

use crate::input::Input;

const BLOCK: u64 = 512;
/// A GNU long name is a path; longer than this is an abuse.
const LONG_NAME: u64 = 4 << 10;

/// A tar archive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Archive {
    /// The members that are files.
    pub members: Vec<Member>,
    /// Whether the archive ended as it should; if not, what follows the last member was not read.
    pub complete: bool,
}

/// A file in a tar archive.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Where its data starts.
    pub start: u64,
    /// How long its data is.
    pub length: u64,
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
    let mut archive = Archive::default();
    let mut input = Input::new(bytes);
    let mut at = 0;
    let mut long_name = None;
    while (archive.members.len() as u64) < limits.members {
        let Some(block) = input.slice(at, 512)?.map(<[u8]>::to_vec) else {
            break;
        };
        if block.iter().all(|byte| *byte == 0) {
            archive.complete = true;
            break;
        }
        let (true, Some(length)) = (is_header(&block), size_of(&block)) else {
            break;
        };
        let start = at.saturating_add(BLOCK);
        let next = start.saturating_add(length.div_ceil(BLOCK).saturating_mul(BLOCK));
        if start.saturating_add(length) > input.len() {
            break;
        }
        match block.get(156) {
            Some(b'L') => {
                let name = input.prefix(start, length.min(LONG_NAME))?;
                long_name = Some(text(name));
            }
            Some(b'0' | 0 | b'7') => archive.members.push(Member {
                name: long_name.take().unwrap_or_else(|| name_of(&block)),
                start,
                length,
            }),
            _ => {}
        }
        at = next;
    }
    Ok(archive)
}

fn is_header(block: &[u8]) -> bool {
    let declared = block.get(148..156).and_then(octal);
    let sum: u64 = block
        .iter()
        .enumerate()
        .map(|(place, byte)| {
            // The checksum counts its own field as blanks.
            let counted = if (148..156).contains(&place) {
                b' '
            } else {
                *byte
            };
            u64::from(counted)
        })
        .sum();
    declared == Some(sum) && block.first().is_some_and(|byte| *byte != 0)
}

fn size_of(block: &[u8]) -> Option<u64> {
    let field = block.get(124..136)?;
    match field {
        // GNU writes sizes over 8 GiB as a big-endian number behind a set high bit.
        [0x80, rest @ ..] => rest.iter().try_fold(0_u64, |size, byte| {
            size.checked_mul(256)?.checked_add(u64::from(*byte))
        }),
        _ => octal(field),
    }
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?;
    let digits = text.trim_matches(['\0', ' ']);
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
        let mut block = vec![0; 512];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[124..135].copy_from_slice(format!("{:011o}", data.len()).as_bytes());
        block[148..156].fill(b' ');
        block[156] = kind;
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
        bytes.resize(bytes.len() + 1024, 0);
        bytes
    }

    #[test]
    fn members_are_listed() {
        let found = read(&archive(), &Limits::default()).unwrap();
        let names: Vec<_> = found
            .members
            .iter()
            .map(|member| (member.name.as_str(), member.length))
            .collect();
        assert_eq!(names, [("a", 3), ("very/long/name", 600)]);
        assert!(found.complete);
        assert!(looks_like(&archive()).unwrap());
        assert!(!looks_like(&vec![b'a'; 600]).unwrap());
        assert!(!looks_like(&vec![0; 600]).unwrap());
    }

    #[test]
    fn truncated_at_every_byte() {
        let whole = archive();
        for length in 0..whole.len() - 1024 {
            assert!(
                !read(&whole[..length].to_vec(), &Limits::default())
                    .unwrap()
                    .complete
            );
        }
    }
}
