//! Counts what is missing in one column, in constant memory.

use std::collections::BTreeMap;

use tutela_table::{Cell, is_null_word};

/// Numbers that people write for a missing value.
const SENTINELS: [f64; 13] = [
    -9.0,
    -99.0,
    -999.0,
    -9_999.0,
    -99_999.0,
    -999_999.0,
    -1.0,
    99.0,
    999.0,
    9_999.0,
    99_999.0,
    999_999.0,
    9_999_999.0,
];
/// Different words that are counted one by one; there are only a dozen, in any case of letters.
const MOST_WORDS: usize = 64;

/// What is missing in one column.
#[derive(Debug, Clone, Default)]
pub(super) struct Missing {
    total: u64,
    open: u64,
    words: BTreeMap<String, u64>,
    sentinels: [u64; SENTINELS.len()],
    /// The least and the greatest of the other numbers.
    range: Option<(f64, f64)>,
}

impl Missing {
    pub(super) fn see(&mut self, cell: Cell<'_>) {
        self.total = self.total.saturating_add(1);
        match cell {
            Cell::Missing => self.open = self.open.saturating_add(1),
            Cell::Text(text) => self.see_text(text),
            Cell::Real(value) if value.is_nan() => self.open = self.open.saturating_add(1),
            Cell::Real(_) | Cell::Integer(_) => {
                if let Some(number) = cell.number() {
                    self.see_number(number);
                }
            }
            Cell::Boolean(_) | Cell::Date(_) | Cell::Moment(_) | Cell::Bytes(_) => {}
        }
    }

    fn see_text(&mut self, text: &str) {
        let is_blank = text.trim().is_empty();
        // In lower case it is a word of people, not of programs: "other debtors: none" misses nothing.
        let is_answer = text.trim() == "none";
        if !is_blank && (is_answer || !is_null_word(text)) {
            return;
        }
        let word = if is_blank { "" } else { text.trim() };
        if let Some(count) = self.words.get_mut(word) {
            *count = count.saturating_add(1);
        } else if self.words.len() < MOST_WORDS {
            self.words.insert(word.to_owned(), 1);
        }
    }

    #[expect(
        clippy::float_cmp,
        reason = "a sentinel is written as exactly this number"
    )]
    fn see_number(&mut self, number: f64) {
        let sentinel = SENTINELS.iter().position(|sentinel| *sentinel == number);
        if let Some(count) = sentinel.and_then(|index| self.sentinels.get_mut(index)) {
            *count = count.saturating_add(1);
            return;
        }
        let (least, greatest) = self.range.unwrap_or((number, number));
        self.range = Some((least.min(number), greatest.max(number)));
    }

    /// How many values there are, missing or not.
    pub(super) const fn total(&self) -> u64 {
        self.total
    }

    /// How many are missing, in disguise or not.
    pub(super) fn missing(&self) -> u64 {
        self.disguises().fold(self.open, |sum, (_disguise, count)| {
            sum.saturating_add(count)
        })
    }

    /// The words and numbers that stand for a missing value, with their counts.
    pub(super) fn disguises(&self) -> impl Iterator<Item = (String, u64)> {
        let words = self
            .words
            .iter()
            .map(|(word, count)| (word.clone(), *count));
        let numbers = SENTINELS
            .iter()
            .zip(self.sentinels)
            .filter(|(sentinel, count)| *count >= 2 && self.is_far(**sentinel))
            .map(|(sentinel, count)| (sentinel.to_string(), count));
        words.chain(numbers)
    }

    /// Whether a number lies further from all the others than these lie from each other. Other candidates
    /// are left out: a column with both -99 and -999 has two disguises. A column of one other value only
    /// has no spread to compare with.
    fn is_far(&self, sentinel: f64) -> bool {
        self.range.is_some_and(|(least, greatest)| {
            let spread = greatest - least;
            spread > 0.0 && (sentinel < least - spread || sentinel > greatest + spread)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(cells: &[Cell<'_>]) -> (u64, Vec<(String, u64)>) {
        let mut column = Missing::default();
        cells.iter().for_each(|cell| column.see(*cell));
        (column.missing(), column.disguises().collect())
    }

    #[test]
    fn numbers_in_disguise_stand_far_from_the_others() {
        let mut cells: Vec<Cell<'_>> = (0..60).map(Cell::Integer).collect();
        cells.extend([Cell::Integer(-999), Cell::Real(-999.0), Cell::Missing]);
        assert_eq!(missing(&cells), (3, vec![("-999".to_owned(), 2)]));
        // Once is no habit, and 99 is near the others.
        cells.pop();
        cells.pop();
        cells.extend([Cell::Integer(99), Cell::Integer(99)]);
        assert_eq!(missing(&cells), (0, vec![]));
    }

    #[test]
    fn words_in_disguise_count_whatever_their_case() {
        let cells = [
            Cell::Text("?"),
            Cell::Text("Na"),
            Cell::Text(" "),
            Cell::Text("Nancy"),
        ];
        let (count, disguises) = missing(&cells);
        assert_eq!(count, 3);
        assert_eq!(disguises.len(), 3);
    }
}
