//! Some rows of a table in memory, and the way to look at their cells.

use std::borrow::Cow;

use arrow_array::{
    Array, BinaryArray, BinaryViewArray, BooleanArray, Date32Array, Float64Array, Int64Array,
    RecordBatch, StringArray, StringViewArray, UInt64Array,
};

use crate::{Cell, Error, Fingerprint, normal};

/// Some rows of a table.
#[derive(Debug, Clone)]
pub struct Batch {
    first_row: u64,
    rows: usize,
    columns: Vec<Values>,
}

/// The values of one column, in one of few Arrow types.
#[derive(Debug, Clone)]
pub(crate) enum Values {
    Boolean(BooleanArray),
    Integer(Int64Array),
    Unsigned(UInt64Array),
    Real(Float64Array),
    Text(StringArray),
    /// Texts that share their memory.
    SharedText(StringViewArray),
    Date(Date32Array),
    /// Counts of a unit since 1970, and how many nanoseconds the unit has.
    Moment(Int64Array, i128),
    Bytes(BinaryArray),
    /// Raw bytes that share their memory.
    SharedBytes(BinaryViewArray),
}

impl Values {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Boolean(array) => array.len(),
            Self::Integer(array) | Self::Moment(array, _) => array.len(),
            Self::Unsigned(array) => array.len(),
            Self::Real(array) => array.len(),
            Self::Text(array) => array.len(),
            Self::SharedText(array) => array.len(),
            Self::Date(array) => array.len(),
            Self::Bytes(array) => array.len(),
            Self::SharedBytes(array) => array.len(),
        }
    }

    /// How many bytes the texts have together when each is read, shared or not.
    fn unpacked_bytes(&self) -> u64 {
        let sum = |lengths: &mut dyn Iterator<Item = u32>| {
            lengths.map(u64::from).fold(0, u64::saturating_add)
        };
        match self {
            Self::SharedText(array) => sum(&mut array.lengths()),
            Self::SharedBytes(array) => sum(&mut array.lengths()),
            Self::Text(array) => array.value_data().len() as u64,
            Self::Bytes(array) => array.value_data().len() as u64,
            other => (other.len() as u64).saturating_mul(8),
        }
    }
}

impl Batch {
    pub(crate) fn new(first_row: u64, columns: Vec<Values>) -> Self {
        let rows = columns.iter().map(Values::len).min().unwrap_or(0);
        Self {
            first_row,
            rows,
            columns,
        }
    }

    /// Takes over an Arrow batch that starts at this row of its table.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when a value cannot be brought into one of the sorts of [`Cell`].
    pub fn from_arrow(first_row: u64, batch: &RecordBatch) -> Result<Self, Error> {
        let columns = batch.columns().iter().map(normal::values);
        let columns: Vec<Values> = columns.collect::<Result<_, _>>()?;
        Ok(Self {
            rows: batch.num_rows(),
            ..Self::new(first_row, columns)
        })
    }

    /// The first row, counted from 0 over the whole file.
    #[must_use]
    pub const fn first_row(&self) -> u64 {
        self.first_row
    }

    /// How many rows there are.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// How many bytes there are to look at.
    pub(crate) fn unpacked_bytes(&self) -> u64 {
        self.columns
            .iter()
            .map(Values::unpacked_bytes)
            .fold(0, u64::saturating_add)
    }

    /// The columns, in the order of the table's.
    pub fn views(&self) -> impl Iterator<Item = View<'_>> {
        self.columns.iter().map(View)
    }

    /// One column.
    #[must_use]
    pub fn view(&self, column: usize) -> Option<View<'_>> {
        self.columns.get(column).map(View)
    }

    /// One cell; missing when it is out of range.
    #[must_use]
    pub fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        self.view(column)
            .map_or(Cell::Missing, |view| view.cell(row))
    }

    /// The cells of one row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = Cell<'_>> {
        self.views().map(move |view| view.cell(row))
    }

    /// The fingerprint of one row over all columns. `buffer` is scratch space, to be used again.
    #[must_use]
    pub fn fingerprint(&self, row: usize, buffer: &mut Vec<u8>) -> Fingerprint {
        Fingerprint::of(self.row(row), buffer)
    }
}

/// One column of a batch.
#[derive(Debug, Clone, Copy)]
pub struct View<'a>(&'a Values);

impl<'a> View<'a> {
    /// One cell, by its row in the batch; missing when it is out of range.
    #[must_use]
    pub fn cell(self, row: usize) -> Cell<'a> {
        match self.0 {
            Values::Boolean(array) => value(array, row, |row| Cell::Boolean(array.value(row))),
            Values::Integer(array) => value(array, row, |row| {
                Cell::Integer(i128::from(array.value(row)))
            }),
            Values::Unsigned(array) => value(array, row, |row| {
                Cell::Integer(i128::from(array.value(row)))
            }),
            Values::Real(array) => value(array, row, |row| Cell::Real(array.value(row))),
            Values::Text(array) => value(array, row, |row| Cell::Text(array.value(row))),
            Values::SharedText(array) => value(array, row, |row| Cell::Text(array.value(row))),
            Values::Date(array) => value(array, row, |row| Cell::Date(array.value(row))),
            Values::Moment(array, unit) => value(array, row, |row| {
                Cell::Moment(i128::from(array.value(row)).saturating_mul(*unit))
            }),
            Values::Bytes(array) => value(array, row, |row| Cell::Bytes(array.value(row))),
            Values::SharedBytes(array) => value(array, row, |row| Cell::Bytes(array.value(row))),
        }
    }

    /// One cell as text; none when it is missing.
    #[must_use]
    pub fn text(self, row: usize) -> Option<Cow<'a, str>> {
        self.cell(row).text()
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(self) -> usize {
        self.0.len()
    }
}

fn value<'a>(array: &'a dyn Array, row: usize, get: impl FnOnce(usize) -> Cell<'a>) -> Cell<'a> {
    // Arrow's `value` panics out of range and reads garbage where a value is missing.
    if row < array.len() && array.is_valid(row) {
        get(row)
    } else {
        Cell::Missing
    }
}
