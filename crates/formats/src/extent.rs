//! What a parser has to say of the bytes that it goes through, noted while it reads: numbers, texts, what belongs to nothing.
//!
//! The idea: a parser knows best where the parts of a format are, so it says so itself, and the map of a file is not
//! read a second time by other code that may see it otherwise.

/// Extents that are noted of one file; more of them are not told apart.
const EXTENTS: usize = 200_000;

/// Texts shorter than this count as the structure around them: they are names, and there may be millions.
pub(crate) const LONG: u64 = 64;

/// What bytes are to the parser that noted them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sort {
    /// Structure that the parser reads.
    Structure,
    /// Numbers of a tensor.
    Numbers,
    /// Numbers of a tensor, packed by a filter of the format.
    Packed,
    /// Text.
    Text,
    /// A part that the format knows and the parser steps over.
    Raw,
    /// Bytes that the format does not know.
    Nothing,
}

/// Bytes in a row of one sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) sort: Sort,
}

/// What a parser noted of a file. Where two extents share bytes, the earlier one counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Extents {
    list: Vec<Extent>,
    /// Whether there is something that the parser did not go through, so that what it did not note may be anything.
    is_partial: bool,
}

impl Extents {
    /// Notes what bytes are.
    pub(crate) fn note(&mut self, start: u64, end: u64, sort: Sort) {
        if start >= end {
            return;
        }
        let is_full = self.list.len() >= EXTENTS;
        match self.list.last_mut() {
            Some(last) if last.sort == sort && last.end == start => last.end = end,
            // Work lists go through a file backwards.
            Some(last) if last.sort == sort && last.start == end => last.start = start,
            _ if is_full => self.is_partial = true,
            _ => self.list.push(Extent { start, end, sort }),
        }
    }

    /// Notes a text, unless it is as short as a name.
    pub(crate) fn note_text(&mut self, (start, end): (u64, u64)) {
        if end.saturating_sub(start) >= LONG {
            self.note(start, end, Sort::Text);
        }
    }

    /// What was not noted between two places.
    pub(crate) fn gaps(&self, from: u64, to: u64) -> Vec<(u64, u64)> {
        let mut taken: Vec<(u64, u64)> = self.list.iter().map(|it| (it.start, it.end)).collect();
        taken.sort_unstable();
        let mut gaps = Vec::new();
        let mut at = from;
        for (start, end) in taken.into_iter().chain([(to, to)]) {
            let start = start.min(to);
            if at < start {
                gaps.push((at, start));
            }
            at = at.max(end);
        }
        gaps
    }

    /// Says that there is something that was not gone through.
    pub(crate) const fn stop(&mut self) {
        self.is_partial = true;
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Extent> {
        self.list.iter().copied()
    }

    pub(crate) const fn is_partial(&self) -> bool {
        self.is_partial
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_one_sort_are_one() {
        let mut extents = Extents::default();
        extents.note(10, 20, Sort::Numbers);
        extents.note(20, 30, Sort::Numbers);
        extents.note(5, 10, Sort::Numbers);
        extents.note(5, 5, Sort::Text);
        extents.note(30, 40, Sort::Text);
        let found: Vec<(u64, u64)> = extents.iter().map(|it| (it.start, it.end)).collect();
        assert_eq!(found, [(5, 30), (30, 40)]);
        assert_eq!(extents.gaps(0, 50), [(0, 5), (40, 50)]);
        assert_eq!(extents.gaps(6, 39), []);
    }

    #[test]
    fn too_many_are_said_to_be_too_many() {
        let mut extents = Extents::default();
        for at in 0..=EXTENTS as u64 {
            assert!(!extents.is_partial());
            extents.note(at * 2, at * 2 + 1, Sort::Numbers);
        }
        assert!(extents.is_partial());
    }
}
