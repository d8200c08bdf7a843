//! Fills Arrow arrays from text, by the kinds that the first pass settled on.

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringBuilder,
};

use crate::batch::Values;
use crate::table::{BATCH_BYTES, BATCH_ROWS};
use crate::{Batch, Column, Kind, lexical};

/// Collects rows until they are a batch.
#[derive(Debug)]
pub(crate) struct Builder {
    columns: Vec<ColumnBuilder>,
    rows: usize,
    bytes: usize,
}

#[derive(Debug)]
enum ColumnBuilder {
    Boolean(BooleanBuilder),
    Integer(Int64Builder),
    Real(Float64Builder),
    Date(Date32Builder),
    Moment(Int64Builder),
    Text(StringBuilder),
}

impl Builder {
    pub(crate) fn new(columns: &[Column]) -> Self {
        Self {
            columns: columns
                .iter()
                .map(|column| ColumnBuilder::new(column.kind))
                .collect(),
            rows: 0,
            bytes: 0,
        }
    }

    /// Appends one row; columns for which there is no text get a missing value.
    pub(crate) fn push<'a>(&mut self, texts: impl IntoIterator<Item = Option<&'a str>>) {
        let mut texts = texts.into_iter();
        for column in &mut self.columns {
            let text = texts.next().flatten();
            // Eight bytes stand for a number or an offset.
            self.bytes = self
                .bytes
                .saturating_add(text.map_or(0, str::len))
                .saturating_add(8);
            column.push(text);
        }
        self.rows = self.rows.saturating_add(1);
    }

    pub(crate) const fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    /// The rows so far as a batch; none when there are none.
    pub(crate) fn finish(self, first_row: u64) -> Option<Batch> {
        if self.rows == 0 {
            return None;
        }
        let columns = self.columns.into_iter().map(ColumnBuilder::finish);
        Some(Batch::new(first_row, columns.collect()))
    }
}

impl ColumnBuilder {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Boolean => Self::Boolean(BooleanBuilder::new()),
            Kind::Integer => Self::Integer(Int64Builder::new()),
            Kind::Real => Self::Real(Float64Builder::new()),
            Kind::Date => Self::Date(Date32Builder::new()),
            Kind::Moment => Self::Moment(Int64Builder::new()),
            Kind::Text | Kind::Bytes => Self::Text(StringBuilder::new()),
        }
    }

    /// INVARIANT: what does not fit the kind is a word for a missing value, for the kind was settled
    /// over all values of the file, and the file is the same one.
    fn push(&mut self, text: Option<&str>) {
        match self {
            Self::Boolean(builder) => builder.append_option(text.and_then(lexical::boolean)),
            Self::Integer(builder) => {
                builder.append_option(text.and_then(|text| text.parse().ok()));
            }
            Self::Real(builder) => builder.append_option(text.and_then(real)),
            Self::Date(builder) => builder.append_option(text.and_then(lexical::date)),
            Self::Moment(builder) => builder.append_option(text.and_then(moment)),
            Self::Text(builder) => builder.append_option(text),
        }
    }

    fn finish(self) -> Values {
        match self {
            Self::Boolean(mut builder) => Values::Boolean(builder.finish()),
            Self::Integer(mut builder) => Values::Integer(builder.finish()),
            Self::Real(mut builder) => Values::Real(builder.finish()),
            Self::Date(mut builder) => Values::Date(builder.finish()),
            Self::Moment(mut builder) => Values::Moment(builder.finish(), 1),
            Self::Text(mut builder) => Values::Text(builder.finish()),
        }
    }
}

/// A word such as `nan` must stay a missing value, although it parses as a double.
fn real(text: &str) -> Option<f64> {
    lexical::real(text)
}

/// A date among moments is its first second in UTC.
fn moment(text: &str) -> Option<i64> {
    lexical::moment(text).or_else(|| {
        let days = lexical::date(text)?;
        i64::from(days).checked_mul(86_400_000_000_000)
    })
}
