//! Where something was found.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where something was found: which file, which member of an archive, which part.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Location {
    /// Path of the file relative to the project, `/` between parts; none for the whole artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Member of an archive, `!` between nesting levels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// Which part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
}

/// A part of a file or of a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type")]
#[non_exhaustive]
pub enum Region {
    /// Bytes from `start` up to, not including, `end`.
    Bytes {
        /// First byte, counted from 0.
        start: u64,
        /// One past the last byte.
        end: u64,
    },
    /// A place in a text file.
    Line {
        /// Line, counted from 1.
        line: u64,
        /// Character in the line, counted from 1.
        column: u64,
    },
    /// A row of a table, or one cell of it.
    Row {
        /// Row, counted from 0 over the whole file.
        row: u64,
        /// Column, when one cell is meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        column: Option<String>,
    },
    /// A range of rows, `start` up to, not including, `end`.
    Rows {
        /// First row, counted from 0.
        start: u64,
        /// One past the last row.
        end: u64,
        /// Column, when cells are meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        column: Option<String>,
    },
    /// A whole column of a table.
    Column {
        /// The column's name.
        name: String,
    },
    /// A value inside a JSON document (RFC 6901).
    Pointer {
        /// The JSON pointer.
        pointer: String,
    },
}

impl Location {
    /// A whole file.
    #[must_use]
    pub fn file(path: impl Into<String>) -> Self {
        Self {
            file: Some(path.into()),
            ..Self::default()
        }
    }

    /// The same place, in a member of the archive.
    #[must_use]
    pub fn in_member(mut self, member: impl Into<String>) -> Self {
        self.member = Some(member.into());
        self
    }

    /// The same place, narrowed to a region.
    #[must_use]
    pub fn at(mut self, region: Region) -> Self {
        self.region = Some(region);
        self
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            formatter.write_str(&crate::escape(file, 300))?;
        }
        if let Some(member) = &self.member {
            write!(formatter, "!{}", crate::escape(member, 300))?;
        }
        match &self.region {
            None => Ok(()),
            Some(Region::Line { line, column }) => write!(formatter, ":{line}:{column}"),
            Some(region) => {
                if self.file.is_some() || self.member.is_some() {
                    formatter.write_str(" ")?;
                }
                write!(formatter, "{region}")
            }
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = |formatter: &mut fmt::Formatter<'_>, column: &Option<String>| match column {
            None => Ok(()),
            Some(name) => write!(formatter, ", column {}", crate::escape(name, 80)),
        };
        match self {
            Self::Bytes { start, end } => write!(formatter, "bytes {start}..{end}"),
            Self::Line { line, column } => write!(formatter, "line {line}, column {column}"),
            Self::Row { row, column } => {
                write!(formatter, "row {row}")?;
                cells(formatter, column)
            }
            Self::Rows { start, end, column } => {
                write!(formatter, "rows {start}..{end}")?;
                cells(formatter, column)
            }
            Self::Column { name } => write!(formatter, "column {}", crate::escape(name, 80)),
            Self::Pointer { pointer } => write!(formatter, "{}", crate::escape(pointer, 200)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_read_well() {
        let place = Location::file("a.pt")
            .in_member("data.pkl")
            .at(Region::Bytes { start: 2, end: 9 });
        assert_eq!(place.to_string(), "a.pt!data.pkl bytes 2..9");
        let cell = Location::file("d.csv").at(Region::Row {
            row: 4,
            column: Some("age".into()),
        });
        assert_eq!(cell.to_string(), "d.csv row 4, column age");
        assert_eq!(
            Location::file("x")
                .at(Region::Line { line: 3, column: 1 })
                .to_string(),
            "x:3:1"
        );
    }
}
