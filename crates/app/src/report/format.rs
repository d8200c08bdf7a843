//! The formats of a report and their names.

use std::fmt;
use std::str::FromStr;

/// A format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Aligned lines for a terminal, grouped by artifact.
    Table,
    /// The same with excerpts, fixes and references.
    Full,
    /// One self-contained page for people.
    Html,
    /// Everything, after `schemas/report-v1.json`.
    Json,
    /// One finding a line, each a JSON object.
    Jsonl,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// `JUnit` XML, for test dashboards.
    Junit,
    /// Workflow commands that annotate a pull request on GitHub.
    Github,
}

/// Text that names no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a format; expected {names}", names = Format::names())]
pub struct ParseFormatError(pub String);

impl Format {
    /// All formats.
    pub const ALL: [Self; 8] = [
        Self::Table,
        Self::Full,
        Self::Html,
        Self::Json,
        Self::Jsonl,
        Self::Sarif,
        Self::Junit,
        Self::Github,
    ];

    /// The name used on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Full => "full",
            Self::Html => "html",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Github => "github",
        }
    }

    /// All names as a sentence writes them: `` `table`, `full` or `html` ``.
    #[must_use]
    pub fn names() -> String {
        let names: Vec<String> = Self::ALL
            .iter()
            .map(|format| format!("`{format}`"))
            .collect();
        match names.split_last() {
            Some((last, others)) if !others.is_empty() => {
                format!("{} or {last}", others.join(", "))
            }
            _ => names.concat(),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = ParseFormatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or_else(|| ParseFormatError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_a_name_that_reads_back() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        let error = "pdf".parse::<Format>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`pdf` is not a format; expected `table`, `full`, `html`, `json`, `jsonl`, `sarif`, `junit` or `github`"
        );
    }
}
