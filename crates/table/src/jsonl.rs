//! One JSON object a line.
//!
//! Objects and lists inside a value are text: their JSON with the keys in the order of the file.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _};
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use tutela_core::{Bytes as _, FileBytes, Limits};

use crate::build::Builder;
use crate::column::Inference;
use crate::csv::too_many_rows;
use crate::table::Shape;
use crate::{Batch, Column, Error, Lexical, Problem, lexical};

/// The first line is looked at up to here to recognise the format.
const FIRST_LINE: u64 = 1 << 20;
/// More columns than any honest table has.
const MOST_COLUMNS: usize = 65_536;

/// The members of one object in order, doubles included.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// Whether the first line that is not blank is a JSON object.
pub(crate) fn looks_like(bytes: &Arc<FileBytes>) -> bool {
    let mut line = Vec::new();
    let mut input = BufReader::new(Source::new(Arc::clone(bytes)).take(FIRST_LINE));
    loop {
        line.clear();
        match input.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return false,
            Ok(_) if line.trim_ascii().is_empty() => {}
            Ok(_) => break,
        }
    }
    // A line longer than the sample cannot be parsed in part.
    let is_cut = line.len() as u64 >= FIRST_LINE;
    let text = line.trim_ascii();
    text.starts_with(b"{") && (is_cut || serde_json::from_slice::<Members>(text).is_ok())
}

/// Reads the whole file once.
pub(crate) fn open(path: &str, bytes: Arc<FileBytes>, limits: &Limits) -> Result<Shape, Error> {
    let mut lines = Lines::new(bytes, limits);
    let mut shape = Shape::default();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut columns: Vec<(String, Inference)> = Vec::new();
    // One past the last row in which each member was seen, to notice doubles.
    let mut seen: Vec<u64> = Vec::new();
    while let Some((line, members)) = lines.next(path)? {
        if shape.rows >= limits.rows {
            return Err(too_many_rows(path, limits));
        }
        let members = members.unwrap_or_else(|problem| {
            shape.problems.add(problem);
            Vec::new()
        });
        for (name, value) in members {
            let index = *known.entry(name).or_insert_with_key(|name| {
                columns.push((name.clone(), Inference::default()));
                seen.push(0);
                columns.len().saturating_sub(1)
            });
            if columns.len() > MOST_COLUMNS {
                return Err(too_wide(path, line));
            }
            let (Some((name, inference)), Some(count)) =
                (columns.get_mut(index), seen.get_mut(index))
            else {
                continue;
            };
            if *count > shape.rows {
                let what = format!("member `{}` occurs twice", tutela_core::escape(name, 80));
                shape.problems.add(Problem::in_line(line, what));
                continue;
            }
            inference.see(classify(&value), shape.rows);
            *count = shape.rows.saturating_add(1);
        }
        shape.rows = shape.rows.saturating_add(1);
    }
    shape.columns = columns
        .into_iter()
        .map(|(name, inference)| inference.column(name))
        .collect();
    Ok(shape)
}

fn too_wide(path: &str, line: u64) -> Error {
    let what = format!("the objects have more than {MOST_COLUMNS} different members");
    Error::Malformed {
        path: path.to_owned(),
        problem: Box::new(Problem::in_line(line, what)),
    }
}

fn classify(value: &Value) -> Lexical {
    match value {
        Value::Null => Lexical::Null,
        Value::Bool(_) => Lexical::Boolean,
        Value::Number(number) if number.is_i64() => Lexical::Integer,
        Value::Number(number) if number.is_f64() => Lexical::Real,
        // A whole number past 63 bits would lose digits as a double.
        Value::Number(_) | Value::Array(_) | Value::Object(_) => Lexical::Text,
        Value::String(text) => match lexical::classify(text) {
            found @ (Lexical::Date | Lexical::Moment) => found,
            _ => Lexical::Text,
        },
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

/// The second pass.
#[derive(Debug)]
pub(crate) struct Rows {
    lines: Lines,
}

impl Rows {
    pub(crate) fn new(bytes: Arc<FileBytes>, limits: &Limits) -> Self {
        Self {
            lines: Lines::new(bytes, limits),
        }
    }

    pub(crate) fn next(
        &mut self,
        path: &str,
        columns: &[Column],
        first_row: u64,
    ) -> Result<Option<Batch>, Error> {
        let mut builder = Builder::new(columns);
        let places: BTreeMap<&str, usize> = columns
            .iter()
            .enumerate()
            .map(|(index, column)| (column.name.as_str(), index))
            .collect();
        while !builder.is_full()
            && let Some((_line, members)) = self.lines.next(path)?
        {
            let mut texts: Vec<Option<String>> = vec![None; columns.len()];
            // The first of two members with one name counts, as in the first pass.
            for (name, value) in members.unwrap_or_default().into_iter().rev() {
                let place = places
                    .get(name.as_str())
                    .and_then(|place| texts.get_mut(*place));
                if let Some(place) = place {
                    *place = text(value);
                }
            }
            builder.push(texts.iter().map(Option::as_deref));
        }
        Ok(builder.finish(first_row))
    }
}

/// The lines that are not blank, parsed.
#[derive(Debug)]
struct Lines {
    input: BufReader<Source>,
    buffer: Vec<u8>,
    number: u64,
    most_bytes: u64,
}

type Row = Result<Vec<(String, Value)>, Problem>;

impl Lines {
    fn new(bytes: Arc<FileBytes>, limits: &Limits) -> Self {
        Self {
            input: BufReader::with_capacity(256 << 10, Source::new(bytes)),
            buffer: Vec::new(),
            number: 0,
            most_bytes: limits.member_bytes,
        }
    }

    fn next(&mut self, path: &str) -> Result<Option<(u64, Row)>, Error> {
        loop {
            self.buffer.clear();
            self.number = self.number.saturating_add(1);
            let mut bounded = (&mut self.input).take(self.most_bytes);
            let count = bounded
                .read_until(b'\n', &mut self.buffer)
                .map_err(|source| tutela_core::Error::Read {
                    path: path.to_owned(),
                    source,
                })?;
            if count == 0 {
                return Ok(None);
            }
            if count as u64 >= self.most_bytes {
                let what = format!("a line has more than {} bytes", self.most_bytes);
                return Err(Error::Malformed {
                    path: path.to_owned(),
                    problem: Box::new(Problem::in_line(self.number, what)),
                });
            }
            let line = self.buffer.trim_ascii();
            if !line.is_empty() {
                return Ok(Some((self.number, parse(line, self.number))));
            }
        }
    }
}

fn parse(line: &[u8], number: u64) -> Row {
    serde_json::from_slice::<Members>(line)
        .map(|members| members.0)
        .map_err(|error| {
            let what = format!("the line is not a JSON object: {error}");
            Problem::in_line(number, what)
        })
}

/// A sequential reader that owns its bytes; starts behind a byte order mark.
#[derive(Debug)]
struct Source {
    bytes: Arc<FileBytes>,
    offset: u64,
}

impl Source {
    fn new(bytes: Arc<FileBytes>) -> Self {
        let mut mark = [0; 3];
        let marked = bytes.read_exact_at(0, &mut mark).is_ok() && mark == [0xef, 0xbb, 0xbf];
        Self {
            bytes,
            offset: if marked { 3 } else { 0 },
        }
    }
}

impl std::io::Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.bytes.read_at(self.offset, buffer)?;
        self.offset = self.offset.saturating_add(count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
