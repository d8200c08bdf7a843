//! Reading text of any size in overlapping windows, with line and column, in bounded memory.

use std::cell::Cell;
use std::io;
use std::ops::Range;

use tutela_core::Bytes;

/// Text that one window owns at most; small enough to stay in the second-level cache.
const WINDOW: usize = 512 << 10;
/// What a window sees past the text it owns. A PEM block of a 16,384-bit RSA key has 13 KiB.
const OVERLAP: usize = 64 << 10;
/// What it sees before: more than any context word or URL scheme is away.
const BEFORE: usize = 512;
/// Where a NUL byte makes a file binary, as git decides.
const LOOKED_AT: usize = 8 << 10;

/// How the text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encoding {
    /// ASCII or anything that holds it: UTF-8, Latin-1. Taken byte by byte.
    Ascii,
    /// UTF-16, little end first, by its byte order mark.
    Utf16Le,
    /// UTF-16, big end first, by its byte order mark.
    Utf16Be,
}

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Text, all of it.
    Text {
        /// How it was written.
        encoding: Encoding,
        /// How many bytes the file had.
        bytes: u64,
    },
    /// Not text: a NUL byte in the first 8 KiB and no byte order mark of UTF-16. Nothing was examined.
    Binary,
}

/// A line and a column, both counted from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Line.
    pub line: u64,
    /// Character in the line.
    pub column: u64,
}

/// A piece of the text that owns a part of it, so that nothing is reported by two windows.
#[derive(Debug)]
pub struct TextWindow<'a> {
    /// The piece, with what stands around the part it owns. UTF-16 has become UTF-8.
    pub text: &'a [u8],
    owned: Range<usize>,
    // The last place asked for: spans come in order, and lines are then counted once.
    known: Cell<(usize, Place)>,
    begin: Place,
}

impl<'a> TextWindow<'a> {
    fn new(text: &'a [u8], owned: Range<usize>, begin: Place) -> Self {
        Self {
            text,
            owned,
            known: Cell::new((0, begin)),
            begin,
        }
    }

    /// Whether a span that begins here is this window's to report.
    #[must_use]
    pub fn owns(&self, start: usize) -> bool {
        self.owned.contains(&start)
    }

    /// Where a byte of this window stands in the file.
    #[must_use]
    pub fn place(&self, at: usize) -> Place {
        let (known, place) = self.known.get();
        let (from, place) = if known <= at {
            (known, place)
        } else {
            (0, self.begin)
        };
        let reached = moved(place, self.text.get(from..at).unwrap_or_default());
        self.known.set((at, reached));
        reached
    }
}

/// The place after some more text.
fn moved(place: Place, text: &[u8]) -> Place {
    let count = |bytes: &[u8], wanted: fn(u8) -> bool| {
        bytes
            .iter()
            .map(|byte| u64::from(wanted(*byte)))
            .sum::<u64>()
    };
    // A byte that continues a character of UTF-8 is not a column.
    let characters = |bytes: &[u8]| count(bytes, |byte| byte & 0xC0 != 0x80);
    let lines = count(text, |byte| byte == b'\n');
    if lines == 0 {
        return Place {
            line: place.line,
            column: place.column + characters(text),
        };
    }
    let last = text
        .rsplit(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    Place {
        line: place.line + lines,
        column: 1 + characters(last),
    }
}

/// Shows a text to `visit`, window by window; memory does not grow with the text.
///
/// # Errors
/// What reading returns.
pub fn each_window(
    bytes: &dyn Bytes,
    visit: &mut dyn FnMut(&TextWindow<'_>),
) -> io::Result<Reading> {
    let Some((encoding, mark)) = recognise(bytes)? else {
        return Ok(Reading::Binary);
    };
    let mut feed = Feed {
        bytes,
        encoding,
        offset: mark,
        held: Vec::new(),
    };
    let mut text = Vec::new();
    let mut begin = Place { line: 1, column: 1 };
    let mut owned_from = 0;
    loop {
        let ended = feed.fill(&mut text)?;
        let owned_to = if ended {
            text.len()
        } else {
            text.len().saturating_sub(OVERLAP)
        };
        visit(&TextWindow::new(&text, owned_from..owned_to, begin));
        if ended {
            return Ok(Reading::Text {
                encoding,
                bytes: feed.offset,
            });
        }
        let gone = owned_to.saturating_sub(BEFORE);
        begin = moved(begin, text.get(..gone).unwrap_or_default());
        text.drain(..gone);
        owned_from = owned_to - gone;
    }
}

/// The encoding and how long the byte order mark is; nothing for a binary file.
fn recognise(bytes: &dyn Bytes) -> io::Result<Option<(Encoding, u64)>> {
    let mut head = vec![
        0;
        usize::try_from(bytes.len())
            .unwrap_or(LOOKED_AT)
            .min(LOOKED_AT)
    ];
    bytes.read_exact_at(0, &mut head)?;
    Ok(match head.as_slice() {
        // UTF-32 is nobody's text file, and its mark begins like that of UTF-16.
        [0xFF, 0xFE, 0, 0, ..] => None,
        [0xFF, 0xFE, ..] => Some((Encoding::Utf16Le, 2)),
        [0xFE, 0xFF, ..] => Some((Encoding::Utf16Be, 2)),
        head if head.contains(&0) => None,
        [0xEF, 0xBB, 0xBF, ..] => Some((Encoding::Ascii, 3)),
        _ => Some((Encoding::Ascii, 0)),
    })
}

/// Reads on and decodes.
struct Feed<'a> {
    bytes: &'a dyn Bytes,
    encoding: Encoding,
    offset: u64,
    /// Bytes of UTF-16 that wait for the rest of their character.
    held: Vec<u8>,
}

impl Feed<'_> {
    /// Adds text until a window and its overlap are full; tells whether the file has ended.
    fn fill(&mut self, text: &mut Vec<u8>) -> io::Result<bool> {
        let mut chunk = vec![0; 64 << 10];
        while text.len() < WINDOW + OVERLAP + BEFORE {
            let count = match self.bytes.read_at(self.offset, &mut chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            self.offset += count as u64;
            let fresh = chunk.get(..count).unwrap_or_default();
            match self.encoding {
                Encoding::Ascii => text.extend_from_slice(fresh),
                Encoding::Utf16Le => self.decode(fresh, u16::from_le_bytes, text),
                Encoding::Utf16Be => self.decode(fresh, u16::from_be_bytes, text),
            }
            if count == 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn decode(&mut self, fresh: &[u8], unit: fn([u8; 2]) -> u16, text: &mut Vec<u8>) {
        let bytes = [self.held.as_slice(), fresh].concat();
        let (pairs, rest) = bytes.as_chunks::<2>();
        let split = pairs
            .last()
            .is_some_and(|last| (0xD800..0xDC00).contains(&unit(*last)));
        // At the end nothing more comes, and half a character is shown as such.
        let (pairs, last) = match pairs.split_last() {
            Some((last, whole)) if split && !fresh.is_empty() => (whole, last.as_slice()),
            _ => (pairs, [].as_slice()),
        };
        self.held = [last, rest].concat();
        let mut room = [0; 4];
        for character in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            text.extend_from_slice(character.encode_utf8(&mut room).as_bytes());
        }
    }
}
