//! What was examined, and what was not.

use serde::{Deserialize, Serialize};

/// What coverage counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Bytes of files or archive members.
    Bytes,
    /// Whole files.
    Files,
    /// Rows of tables.
    Rows,
    /// Columns of tables.
    Columns,
}

impl Unit {
    /// The lower-case name used in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Files => "files",
            Self::Rows => "rows",
            Self::Columns => "columns",
        }
    }
}

/// How much of one unit a check examined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Coverage {
    /// What is counted.
    pub unit: Unit,
    /// How many were examined.
    pub examined: u64,
    /// How many there are.
    pub total: u64,
}

/// What bytes in a row are, and whether a check examined them as that.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Stretch {
    /// Whether they were examined as what they are; those that were not come first.
    pub examined: bool,
    /// The file, and behind `!` the member in it; escaped.
    pub place: String,
    /// The first byte in it, unpacked.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
    /// What they are, such as `pickle opcodes`.
    pub what: String,
    /// What is in them and is told by itself, by its name behind `place!`; escaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<String>,
}

/// Something left out on purpose, by a rule that the evidence states.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Skipped {
    /// What was left out, such as a path.
    pub what: String,
    /// The rule by which it was left out.
    pub why: String,
}
