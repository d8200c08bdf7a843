//! How a check ended.

use serde::{Deserialize, Serialize};

/// How a check ended. *Could not look* is never clean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub enum Outcome {
    /// Everything was examined and nothing was found.
    Clean,
    /// Everything was examined and something was found.
    Findings,
    /// The check has no meaning for this artifact.
    NotApplicable {
        /// Why it has none.
        why: String,
    },
    /// Something could not be examined; there may be findings besides.
    Incomplete {
        /// What could not be examined and why; at least one.
        why: Vec<String>,
    },
}

impl Outcome {
    /// The kebab-case name used in every output.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Findings => "findings",
            Self::NotApplicable { .. } => "not-applicable",
            Self::Incomplete { .. } => "incomplete",
        }
    }
}
