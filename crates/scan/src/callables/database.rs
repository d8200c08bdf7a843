//! The derived database: what every callable of the analysed libraries does.
//!
//! `cargo xtask callables` writes it from the libraries' sources; it is part of the program and does not
//! depend on the host. It is packed in blocks of some modules of one library, unpacked when one of their names is asked for.
//!
//! ```text
//! tutela callables 2                      format and its version
//! # scikit-learn 1.5.2 03b6158e…          what it was made from: library, version, digest of the wheel
//! pandas.core 0 1234                      a block: its first module, place and length of its packed text
//!                                         an empty line, then the packed texts (zlib)
//! ```
//! A packed text has one section for each module: the module, then `name effect` lines, then an empty line.
//! Blocks, sections and names are sorted by their bytes; no block holds modules of two libraries.

use std::sync::OnceLock;

use tutela_core::Limits;
use tutela_formats::stream::{self, Codec};

use super::Effect;

/// The database as it is shipped.
static SHIPPED: Database = Database::new(include_bytes!("database.z"));

/// The largest text of a block: a module is never divided, and the largest has 300 KiB.
const UNPACKED: u64 = 8 << 20;

const MAGIC: &str = "tutela callables 2";

/// What the database tells of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// What calling it does, and what making an instance without calling it does.
    Known { called: Effect, made: Effect },
    /// The library was analysed and has no such name.
    NoSuchName,
    /// The library was not analysed.
    NoSuchLibrary,
}

/// Looks a name up in the database as it is shipped.
pub(super) fn look_up(module: &str, name: &str) -> Answer {
    SHIPPED.look_up(module, name)
}

/// Whether a module was analysed.
pub(super) fn has_module(module: &str) -> bool {
    SHIPPED.section(module).is_some()
}

/// A database: the bytes, and what has been unpacked of them.
struct Database {
    bytes: &'static [u8],
    blocks: OnceLock<Vec<Block>>,
}

struct Block {
    /// The first of its modules.
    first: &'static str,
    packed: &'static [u8],
    text: OnceLock<Text>,
}

/// The text of a block, with the places of its sections.
#[derive(Default)]
struct Text {
    text: String,
    sections: Vec<(usize, usize)>,
}

impl Database {
    const fn new(bytes: &'static [u8]) -> Self {
        Self {
            bytes,
            blocks: OnceLock::new(),
        }
    }

    /// The lines of a module; nothing is unpacked but the block that would hold it.
    fn section(&self, module: &str) -> Option<&str> {
        let blocks = self.blocks.get_or_init(|| blocks(self.bytes));
        let after = blocks.partition_point(|block| follows(module, block.first));
        let block = blocks.get(after.checked_sub(1)?)?;
        let text = block.text.get_or_init(|| Text::unpack(block.packed));
        text.section(module)
    }

    fn look_up(&self, module: &str, name: &str) -> Answer {
        let blocks = self.blocks.get_or_init(|| blocks(self.bytes));
        let library = library_of(module);
        // The block that begins last of those that do not begin behind the module; libraries begin a block each.
        let after = blocks.partition_point(|block| follows(module, block.first));
        let mut around = blocks.iter().skip(after.saturating_sub(1)).take(2);
        if !around.any(|block| library_of(block.first) == library) {
            return Answer::NoSuchLibrary;
        }
        self.section(module)
            .and_then(|section| effects(section, name))
            .unwrap_or(Answer::NoSuchName)
    }
}

/// The library that a module belongs to.
fn library_of(module: &str) -> &str {
    module.split('.').next().unwrap_or_default()
}

/// Whether a module stands at or behind the first of a block: by library, then by its whole name.
fn follows(module: &str, first: &str) -> bool {
    (library_of(first), first) <= (library_of(module), module)
}

/// The blocks that the head lists; none when the head is not what it should be.
fn blocks(bytes: &'static [u8]) -> Vec<Block> {
    let Some((head, packed)) = split(bytes) else {
        return Vec::new();
    };
    let mut lines = head.lines();
    if lines.next() != Some(MAGIC) {
        return Vec::new();
    }
    lines
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut fields = line.split(' ');
            let first = fields.next()?;
            let start: usize = fields.next()?.parse().ok()?;
            let length: usize = fields.next()?.parse().ok()?;
            Some(Block {
                first,
                packed: packed.get(start..start.checked_add(length)?)?,
                text: OnceLock::new(),
            })
        })
        .collect()
}

/// The head, and the packed texts behind the empty line.
fn split(bytes: &'static [u8]) -> Option<(&'static str, &'static [u8])> {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n")?;
    let head = std::str::from_utf8(bytes.get(..end)?).ok()?;
    Some((head, bytes.get(end.checked_add(2)?..)?))
}

impl Text {
    fn unpack(packed: &'static [u8]) -> Self {
        let limits = Limits::default();
        let Ok(unpacked) = stream::unpack(&packed.to_vec(), Codec::Zlib, UNPACKED, &limits) else {
            return Self::default();
        };
        let Ok(text) = String::from_utf8(unpacked.bytes) else {
            return Self::default();
        };
        let mut sections = Vec::new();
        let mut start = 0_usize;
        for (end, _) in text.match_indices("\n\n") {
            sections.push((start, end));
            start = end.saturating_add(2);
        }
        Self { text, sections }
    }

    /// The lines below a module.
    fn section(&self, module: &str) -> Option<&str> {
        let index = self
            .sections
            .binary_search_by_key(&module, |section| self.parts(*section).0)
            .ok()?;
        Some(self.parts(*self.sections.get(index)?).1)
    }

    fn parts(&self, (start, end): (usize, usize)) -> (&str, &str) {
        let section = self.text.get(start..end).unwrap_or_default();
        section.split_once('\n').unwrap_or((section, ""))
    }
}

/// Finds `name effect` by bisection over the bytes of sorted lines.
fn effects(lines: &str, name: &str) -> Option<Answer> {
    let (mut low, mut high) = (0, lines.len());
    while low < high {
        let middle = low.midpoint(high);
        let start = lines
            .as_bytes()
            .get(..middle)?
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |newline| newline.saturating_add(1));
        let rest = lines.get(start..)?;
        let line = rest.split('\n').next()?;
        let (found, letters) = line.split_once(' ')?;
        match found.cmp(name) {
            std::cmp::Ordering::Equal => return answer(letters),
            std::cmp::Ordering::Less => low = start.saturating_add(line.len()).saturating_add(1),
            std::cmp::Ordering::Greater => high = start,
        }
    }
    None
}

/// One letter for both, or one for the call and one for the making.
fn answer(letters: &str) -> Option<Answer> {
    let mut letters = letters.chars();
    let called = effect(letters.next()?)?;
    let made = letters.next().map_or(Some(called), effect)?;
    Some(Answer::Known { called, made })
}

/// The letters of `analyse.py`.
const fn effect(letter: char) -> Option<Effect> {
    Some(match letter {
        'p' => Effect::Pure,
        'g' => Effect::Calls,
        'u' => Effect::Unknown,
        'a' => Effect::Reaches,
        'r' => Effect::Reads,
        'w' => Effect::Writes,
        'i' => Effect::Process,
        'n' => Effect::Network,
        'c' => Effect::Code,
        'l' => Effect::Loads,
        'x' => Effect::Programs,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
