//! Finds columns that merely number the rows, over all files of a data set.
//!
//! A row copied into the test data under a new number is still the same row. Only a column whose values
//! are all different *and* fill a range without a gap counts: a column of continuous measurements is all
//! different as well, and is just what tells rows apart.

use std::collections::{BTreeMap, BTreeSet};

use tutela_table::{Cell, Error, Table, View};

/// Least and greatest value, and how many.
#[derive(Debug, Clone, Copy, Default)]
struct Range {
    ends: Option<(i128, i128)>,
    count: u64,
}

impl Range {
    fn see(&mut self, cell: Cell<'_>) {
        let Cell::Integer(value) = cell else { return };
        let (least, greatest) = self.ends.unwrap_or((value, value));
        self.ends = Some((least.min(value), greatest.max(value)));
        self.count = self.count.saturating_add(1);
    }

    /// The least value, if as many values as rows lie in a range of just that size.
    fn start(self, rows: u64) -> Option<i128> {
        let (least, greatest) = self.ends?;
        let size = greatest.checked_sub(least)?.checked_add(1)?;
        (self.count == rows && size == i128::from(rows)).then_some(least)
    }
}

/// The names of the columns that number the rows.
pub(super) fn columns(tables: &[Table]) -> Result<BTreeSet<String>, Error> {
    let rows = tables.iter().map(Table::rows).fold(0, u64::saturating_add);
    let mut ranges: BTreeMap<String, Range> = BTreeMap::new();
    each_column(tables, |name, view| {
        let range = ranges.entry(name.to_owned()).or_default();
        (0..view.rows()).for_each(|row| range.see(view.cell(row)));
    })?;
    let mut marks: BTreeMap<String, Marks> = ranges
        .into_iter()
        .filter_map(|(name, range)| Some((name, Marks::new(range.start(rows)?, rows))))
        .collect();
    if !marks.is_empty() {
        each_column(tables, |name, view| {
            if let Some(marks) = marks.get_mut(name) {
                (0..view.rows()).for_each(|row| marks.see(view.cell(row)));
            }
        })?;
    }
    let numbering = marks.into_iter().filter(|(_name, marks)| !marks.repeated);
    Ok(numbering.map(|(name, _marks)| name).collect())
}

fn each_column(tables: &[Table], mut see: impl FnMut(&str, View<'_>)) -> Result<(), Error> {
    for table in tables {
        for batch in table.batches()? {
            let batch = batch?;
            for (column, view) in table.columns().iter().zip(batch.views()) {
                see(&column.name, view);
            }
        }
    }
    Ok(())
}

/// One bit for each value of the range.
struct Marks {
    start: i128,
    bits: Vec<u64>,
    repeated: bool,
}

impl Marks {
    fn new(start: i128, rows: u64) -> Self {
        let words = usize::try_from(rows.div_ceil(64)).unwrap_or_default();
        Self {
            start,
            bits: vec![0; words],
            repeated: false,
        }
    }

    fn see(&mut self, cell: Cell<'_>) {
        let Cell::Integer(value) = cell else { return };
        let place = value
            .checked_sub(self.start)
            .and_then(|place| u64::try_from(place).ok());
        let word = place
            .and_then(|place| usize::try_from(place / 64).ok())
            .and_then(|word| self.bits.get_mut(word));
        if let (Some(place), Some(word)) = (place, word) {
            let bit = 1 << (place % 64);
            self.repeated |= *word & bit != 0;
            *word |= bit;
        }
    }
}
