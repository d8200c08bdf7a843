//! Which files a log of a given size has, and how they are named (c2sp.org/tlog-tiles).

use std::fmt;

/// Hashes in a full tile, entries in a full bundle.
pub(super) const WIDTH: u64 = 256;
/// Rows of the tree between two levels of tiles: `2^8 == WIDTH`.
pub(super) const ROWS: usize = 8;
/// A tree of `2^64` entries has eight levels.
const LEVELS: u8 = 8;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Content {
    /// Entries, each after its length.
    Entries,
    /// Hashes of this level.
    Hashes(u8),
}

/// One tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Tile {
    pub(super) content: Content,
    pub(super) index: u64,
    /// 1 to 256; less than 256 is a partial tile.
    pub(super) width: u64,
}

impl Content {
    /// The level of hashes whose number decides how many tiles there are.
    const fn level(self) -> u8 {
        match self {
            Self::Entries => 0,
            Self::Hashes(level) => level,
        }
    }

    /// How many hashes or entries a tree of this size has here.
    pub(super) const fn count(self, size: u64) -> u64 {
        let shift = 8 * self.level() as u32;
        if shift < u64::BITS { size >> shift } else { 0 }
    }

    fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Self::Entries).chain((0..LEVELS).map(Self::Hashes))
    }
}

impl Tile {
    /// The full tile of the same place.
    pub(super) const fn full(self) -> Self {
        Self {
            width: WIDTH,
            ..self
        }
    }

    pub(super) const fn is_full(self) -> bool {
        self.width == WIDTH
    }

    /// The place of its first hash or entry.
    pub(super) const fn start(self) -> u64 {
        self.index.saturating_mul(WIDTH)
    }

    /// The place after its last hash or entry.
    pub(super) const fn end(self) -> u64 {
        self.start().saturating_add(self.width)
    }

    /// Whether a tree of this size, or one that it grew from, has this tile.
    pub(super) const fn within(self, size: u64) -> bool {
        self.end() <= self.content.count(size)
    }

    /// The path below the log's folder, `/` between parts.
    pub(super) fn path(self) -> String {
        self.to_string()
    }

    /// Reads a path that is written exactly as [`path`](Self::path) writes it.
    pub(super) fn from_path(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("tile/")?;
        let (content, rest) = rest.split_once('/')?;
        let content = match content {
            "entries" => Content::Entries,
            level => Content::Hashes(level.parse().ok().filter(|level| *level < LEVELS)?),
        };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok()?),
            None => (rest, WIDTH),
        };
        let mut index = 0_u64;
        for part in number.split('/') {
            let digits = part.strip_prefix('x').unwrap_or(part);
            let value: u64 = digits.parse().ok().filter(|value| *value < 1000)?;
            index = index.checked_mul(1000)?.checked_add(value)?;
        }
        let tile = Self {
            content,
            index,
            width,
        };
        // Only one spelling, and a full tile never has a width in its name.
        let sound = (1..=WIDTH).contains(&width) && tile.path() == path;
        sound.then_some(tile)
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("tile/")?;
        match self.content {
            Content::Entries => formatter.write_str("entries")?,
            Content::Hashes(level) => write!(formatter, "{level}")?,
        }
        let mut groups = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        while let Some(group) = groups.pop() {
            let more = if groups.is_empty() { "" } else { "x" };
            write!(formatter, "/{more}{group:03}")?;
        }
        if self.is_full() {
            Ok(())
        } else {
            write!(formatter, ".p/{}", self.width)
        }
    }
}

/// The tiles that a tree of size `new` has and the one of size `old` that it grew from has not.
pub(super) fn added(old: u64, new: u64) -> impl Iterator<Item = Tile> {
    Content::all().flat_map(move |content| {
        let (before, after) = (content.count(old), content.count(new));
        let tile = move |index, width| Tile {
            content,
            index,
            width,
        };
        let full = (before / WIDTH..after / WIDTH).map(move |index| tile(index, WIDTH));
        let rest = after % WIDTH;
        let partial = (after > before && rest > 0).then(|| tile(after / WIDTH, rest));
        full.chain(partial)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(old: u64, new: u64) -> Vec<String> {
        added(old, new).map(Tile::path).collect()
    }

    /// The examples of the specification.
    #[test]
    fn names_and_counts_of_the_specification() {
        let tile = Tile {
            content: Content::Hashes(0),
            index: 1_234_067,
            width: 256,
        };
        assert_eq!(tile.path(), "tile/0/x001/x234/067");
        assert_eq!(Tile::from_path("tile/0/x001/x234/067"), Some(tile));

        let all = paths(0, 70_000);
        let of = |prefix: &str| all.iter().filter(|path| path.starts_with(prefix)).count();
        assert_eq!(of("tile/0/"), 274);
        assert_eq!(of("tile/1/"), 2);
        assert_eq!(of("tile/entries/"), 274);
        for partial in ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"] {
            assert!(all.iter().any(|path| path == partial), "{partial}");
        }
        assert_eq!(
            paths(0, 256),
            ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]
        );
    }

    #[test]
    fn growing_adds_only_what_is_new() {
        assert_eq!(paths(5, 5), [""; 0]);
        assert_eq!(paths(5, 6), ["tile/entries/000.p/6", "tile/0/000.p/6"]);
        assert_eq!(paths(300, 301).len(), 2);
        assert_eq!(paths(511, 512).len(), 3);
    }

    #[test]
    fn other_spellings_are_refused() {
        for path in [
            "tile/0/1",
            "tile/0/x000/001",
            "tile/00/001",
            "tile/8/001",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/+1",
            "tile/entries/../000",
            "tile/entries/001/002",
            "checkpoint",
            "tile/0/",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(Tile::from_path(path), None, "{path}");
        }
    }
}
