//! What a file claims to be by its name, and what lies where nothing should.

use std::io;

use tutela_core::{Bytes, Limits, Window};
use tutela_formats::{Entry, Format, executable, sniff};

/// A file whose name says one format and whose content is not of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The name claims nothing, or what is true.
    Kept,
    /// Version control left a pointer in place of the file.
    Pointer,
    /// The content is something else, of this name.
    Broken(&'static str),
}

/// Holds a name against the content.
pub(crate) fn claim(name: &str, extension: &str, entry: &Entry<'_>) -> io::Result<Claim> {
    let claims = std::path::Path::new(name)
        .extension()
        .is_some_and(|found| found.eq_ignore_ascii_case(extension));
    if !claims {
        return Ok(Claim::Kept);
    }
    if is_pointer(entry.bytes)? {
        return Ok(Claim::Pointer);
    }
    let format = entry.formats.first().copied();
    Ok(Claim::Broken(
        format.map_or("of no known format", Format::name),
    ))
}

/// Git LFS and git-annex keep large files elsewhere and a line of text in their place.
fn is_pointer(bytes: &dyn Bytes) -> io::Result<bool> {
    const SIGNS: &[&[u8]] = &[
        b"version https://git-lfs.github.com/spec/",
        b"/annex/objects/",
    ];
    let mut head = vec![0; usize::try_from(bytes.len().min(40)).unwrap_or_default()];
    bytes.read_exact_at(0, &mut head)?;
    // A pointer is one or three short lines; anything longer only begins as one.
    Ok(bytes.len() < 1024 && SIGNS.iter().any(|sign| head.starts_with(sign)))
}

/// What lies in bytes that belong to nothing, as a part of a sentence; empty when it is not known.
pub(crate) fn concealed(
    bytes: &dyn Bytes,
    start: u64,
    end: u64,
    limits: &Limits,
) -> io::Result<String> {
    /// Filling before a payload that is stepped over.
    const FILLING: u64 = 4096;
    let window = Window::new(bytes, start, end.saturating_sub(start));
    let mut head = vec![0; usize::try_from(window.len().min(FILLING)).unwrap_or_default()];
    window.read_exact_at(0, &mut head)?;
    let zeros = head.iter().take_while(|byte| **byte == 0).count() as u64;
    for skipped in [0, zeros] {
        let rest = Window::new(&window, skipped, u64::MAX);
        if !rest.is_empty()
            && let Some(format) = sniff(&rest, limits)?
        {
            return Ok(format!(" and hold something else: {}", format.name()));
        }
        if zeros == 0 {
            break;
        }
    }
    Ok(String::new())
}

/// What kind of program the bytes at a place begin as: weights do not begin as one by chance.
pub(crate) fn program(bytes: &dyn Bytes, start: u64) -> io::Result<Option<Format>> {
    /// As far as a program's own header reaches.
    const HEAD: u64 = 4096;
    let found = executable::recognise(&Window::new(bytes, start, HEAD))?;
    Ok(found.filter(|format| matches!(format, Format::Elf | Format::Pe | Format::Ape)))
}
