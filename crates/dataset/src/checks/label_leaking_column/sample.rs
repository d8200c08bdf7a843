//! Rows chosen by a hash of their number, held column by column.

use std::collections::BTreeMap;

use tutela_table::{Cell, Error, Fingerprint, Table};

use super::determination::{Codes, FOLDS};

/// Rows that are used at most: enough for an interval of a hundredth.
const MOST_ROWS: u64 = 50_000;
/// Values that are held at most.
const MOST_VALUES: u64 = 20_000_000;
/// More different values than this are a quantity.
const MOST_CLASSES: usize = 50;
/// Groups into which a quantity is cut, as a column (finely and coarsely) and as a label.
const COLUMN_GROUPS: [usize; 2] = [32, 8];
const LABEL_GROUPS: usize = 10;

/// A value, so far as equality and order matter.
#[derive(Debug, Clone, Copy)]
enum Value {
    Missing,
    Number(f64),
    Other(Fingerprint),
}

/// A sample of the rows that have a label.
#[derive(Debug)]
pub(super) struct Sample {
    columns: BTreeMap<String, Vec<Value>>,
    label_name: String,
    label: Vec<Value>,
    folds: Vec<usize>,
    /// One row in so many is taken.
    stride: u64,
    seed: u64,
    /// Rows seen so far, over all tables.
    seen: u64,
}

impl Sample {
    pub(super) fn new(
        names: impl Iterator<Item = String>,
        label: &str,
        total: u64,
        seed: u64,
    ) -> Self {
        let columns: BTreeMap<String, Vec<Value>> = names
            .filter(|name| name != label)
            .map(|name| (name, Vec::new()))
            .collect();
        let most = (MOST_VALUES / (columns.len() as u64).max(1)).clamp(1, MOST_ROWS);
        Self {
            columns,
            label_name: label.to_owned(),
            label: Vec::new(),
            folds: Vec::new(),
            stride: total.div_ceil(most).max(1),
            seed,
            seen: 0,
        }
    }

    pub(super) fn take(&mut self, table: &Table) -> Result<(), Error> {
        let Some(label) = table.position(&self.label_name) else {
            return Ok(());
        };
        let names = self.columns.keys();
        let places: Vec<Option<usize>> = names.map(|name| table.position(name)).collect();
        let mut buffer = Vec::new();
        for batch in table.batches()? {
            let batch = batch?;
            for row in 0..batch.rows() {
                let hash = mixed(self.seen ^ self.seed.rotate_left(32));
                self.seen = self.seen.saturating_add(1);
                let value = value(batch.cell(row, label), &mut buffer);
                if !hash.is_multiple_of(self.stride) || matches!(value, Value::Missing) {
                    continue;
                }
                self.label.push(value);
                // Other bits than those that chose the row.
                self.folds
                    .push(usize::try_from((hash >> 32) % FOLDS as u64).unwrap_or_default());
                for (values, place) in self.columns.values_mut().zip(&places) {
                    let cell = place.map_or(Cell::Missing, |column| batch.cell(row, column));
                    values.push(self::value(cell, &mut buffer));
                }
            }
        }
        Ok(())
    }

    /// The names of the columns without the label.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }

    pub(super) fn folds(&self) -> &[usize] {
        &self.folds
    }

    /// The label's classes; none when it has too many that cannot be put in order.
    pub(super) fn classes(&self) -> Option<Codes> {
        let exact = codes(&self.label);
        if exact.count <= MOST_CLASSES {
            return Some(exact);
        }
        let is_number = |value: &Value| matches!(value, Value::Number(_));
        self.label
            .iter()
            .all(is_number)
            .then(|| quantiles(&self.label, LABEL_GROUPS))
    }

    /// The ways to group the values of a column: one by one or in ranges, finely and coarsely, and, where
    /// some are missing, into those and the others: a column filled in after the fact tells by that alone.
    pub(super) fn groupings(&self, column: &str) -> Vec<Codes> {
        let values = self
            .columns
            .get(column)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let exact = codes(values);
        let is_ordered = |value: &Value| !matches!(value, Value::Other(_));
        let mut groupings = if exact.count > MOST_CLASSES && values.iter().all(is_ordered) {
            COLUMN_GROUPS
                .into_iter()
                .map(|groups| quantiles(values, groups))
                .collect()
        } else {
            vec![exact]
        };
        if values.iter().any(|value| matches!(value, Value::Missing)) {
            groupings.push(presence(values));
        }
        groupings
    }
}

/// Two groups: missing, and there.
fn presence(values: &[Value]) -> Codes {
    let codes = values
        .iter()
        .map(|value| usize::from(matches!(value, Value::Missing)));
    Codes {
        codes: codes.collect(),
        count: 2,
    }
}

fn value(cell: Cell<'_>, buffer: &mut Vec<u8>) -> Value {
    match (cell.number(), cell.seconds()) {
        (Some(number), _) => Value::Number(number),
        (None, Some(seconds)) => Value::Number(whole(seconds)),
        (None, None) if cell.is_missing() => Value::Missing,
        (None, None) => Value::Other(Fingerprint::of([cell], buffer)),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "seconds of any date are exact in a double"
)]
const fn whole(seconds: i64) -> f64 {
    seconds as f64
}

impl Value {
    /// Equal keys for equal values.
    fn key(self) -> (u8, u128) {
        match self {
            Self::Missing => (0, 0),
            Self::Number(number) => (1, u128::from((number + 0.0).to_bits())),
            Self::Other(print) => (2, print.bits()),
        }
    }
}

fn codes(values: &[Value]) -> Codes {
    let mut known: BTreeMap<(u8, u128), usize> = BTreeMap::new();
    let codes = values.iter().map(|value| {
        let next = known.len();
        *known.entry(value.key()).or_insert(next)
    });
    let codes = codes.collect();
    Codes {
        codes,
        count: known.len(),
    }
}

/// Cuts numbers into ranges with about equally many rows; what is missing has a group of its own. The
/// label plays no part, so nothing about it is learned here.
fn quantiles(values: &[Value], groups: usize) -> Codes {
    let mut numbers: Vec<f64> = values
        .iter()
        .filter_map(|value| match value {
            Value::Number(number) => Some(*number),
            Value::Missing | Value::Other(_) => None,
        })
        .collect();
    numbers.sort_by(f64::total_cmp);
    let cuts = (1..groups).filter_map(|cut| numbers.get(numbers.len() * cut / groups).copied());
    let mut cuts: Vec<f64> = cuts.collect();
    cuts.dedup_by(|one, other| one.total_cmp(other).is_eq());
    let missing = cuts.len().saturating_add(1);
    let codes = values.iter().map(|value| match value {
        Value::Number(number) => cuts.partition_point(|cut| cut <= number),
        Value::Missing | Value::Other(_) => missing,
    });
    Codes {
        codes: codes.collect(),
        count: missing.saturating_add(1),
    }
}

/// `SplitMix64`'s output function (Steele, Lea and Flood 2014): neighbours get unrelated numbers.
const fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_cut_into_equal_groups() {
        let values: Vec<Value> = (0..1000)
            .map(|number| Value::Number(f64::from(number)))
            .collect();
        let cut = quantiles(&values, 10);
        for group in 0..10 {
            assert_eq!(cut.codes.iter().filter(|code| **code == group).count(), 100);
        }
        // Half of the values are one: its group takes them all, and nothing is lost.
        let values: Vec<Value> = (0..1000)
            .map(|number| Value::Number(f64::from(number.max(500))))
            .collect();
        let cut = quantiles(&values, 10);
        assert!(cut.codes.iter().all(|code| *code < cut.count));
        assert_eq!(cut.codes[0], cut.codes[500]);
    }

    /// The published first output of `SplitMix64` from state 1234567 (Vigna's reference code).
    #[test]
    fn the_hash_is_splitmix64() {
        assert_eq!(mixed(1_234_567), 6_457_827_717_110_365_317);
    }
}
