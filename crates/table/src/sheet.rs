//! A small table held in memory as text, for planting faults and for making test data.

use crate::{Error, Table};

/// A table held in memory as text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// The names of the columns.
    pub names: Vec<String>,
    /// The rows; none stands for a missing value.
    pub rows: Vec<Vec<Option<String>>>,
}

impl Sheet {
    /// Takes over the first rows of a table, at most `most_rows`.
    ///
    /// # Errors
    /// What kept it from reading.
    pub fn read(table: &Table, most_rows: usize) -> Result<Self, Error> {
        let names = table.columns().iter().map(|column| column.name.clone());
        let mut sheet = Self {
            names: names.collect(),
            rows: Vec::new(),
        };
        for batch in table.batches()? {
            let batch = batch?;
            for row in 0..batch.rows() {
                if sheet.rows.len() >= most_rows {
                    return Ok(sheet);
                }
                let texts = batch.row(row).map(|cell| cell.text().map(Into::into));
                sheet.rows.push(texts.collect());
            }
        }
        Ok(sheet)
    }

    /// Where a column stands.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// Changes one value; nothing happens where there is none.
    pub fn set(&mut self, row: usize, column: usize, value: Option<String>) {
        if let Some(cell) = self.rows.get_mut(row).and_then(|row| row.get_mut(column)) {
            *cell = value;
        }
    }

    /// Changes every value of one column, given its row.
    pub fn fill(&mut self, column: usize, value: impl Fn(usize) -> Option<String>) {
        for row in 0..self.rows.len() {
            self.set(row, column, value(row));
        }
    }

    /// Appends a column, given the value of each row.
    pub fn add_column(&mut self, name: &str, value: impl Fn(usize) -> Option<String>) {
        self.names.push(name.to_owned());
        for (index, row) in self.rows.iter_mut().enumerate() {
            row.push(value(index));
        }
    }

    /// Writes it as CSV (RFC 4180) with a header.
    ///
    /// A missing value is nothing; an empty text is `""`.
    #[must_use]
    pub fn to_csv(&self) -> Vec<u8> {
        let mut text = String::new();
        line(&mut text, self.names.iter().map(|name| Some(name.as_str())));
        for row in &self.rows {
            line(&mut text, row.iter().map(Option::as_deref));
        }
        text.into_bytes()
    }
}

fn line<'a>(text: &mut String, values: impl Iterator<Item = Option<&'a str>>) {
    let start = text.len();
    for (index, value) in values.enumerate() {
        if index > 0 {
            text.push(',');
        }
        write_value(text, value);
    }
    // A line of nothing would be skipped as blank.
    if text.len() == start {
        text.push_str("\"\"");
    }
    text.push_str("\r\n");
}

fn write_value(text: &mut String, value: Option<&str>) {
    let Some(value) = value else {
        return;
    };
    let is_plain = !value.is_empty()
        && !value.starts_with(' ')
        && !value.contains(['"', ',', ';', '\t', '|', '\r', '\n']);
    if is_plain {
        text.push_str(value);
    } else {
        text.push('"');
        text.push_str(&value.replace('"', "\"\""));
        text.push('"');
    }
}
