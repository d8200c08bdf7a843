//! Places where a table breaks its own form.

use std::fmt;

use tutela_core::Region;

/// How many problems are kept one by one; the rest are counted.
const KEPT: usize = 50;

/// A place where a table breaks its own form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong: one clause that reads well after a colon.
    pub what: String,
    /// Where, if it is in one place.
    pub region: Option<Region>,
}

impl Problem {
    /// A problem in one line of a text file, counted from 1.
    pub(crate) fn in_line(line: u64, what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            region: Some(Region::Line { line, column: 1 }),
        }
    }

    /// A problem of the whole file.
    pub(crate) fn of_file(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            region: None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.region {
            None => formatter.write_str(&self.what),
            Some(region) => write!(formatter, "{} ({region})", self.what),
        }
    }
}

/// All problems of a table: the first few one by one, the rest counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems {
    kept: Vec<Problem>,
    total: u64,
}

impl Problems {
    pub(crate) fn add(&mut self, problem: Problem) {
        self.total = self.total.saturating_add(1);
        if self.kept.len() < KEPT {
            self.kept.push(problem);
        }
    }

    /// The first problems, in the order of the file.
    #[must_use]
    pub fn kept(&self) -> &[Problem] {
        &self.kept
    }

    /// How many problems there are in all.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Whether the table keeps its form everywhere.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.total == 0
    }
}
