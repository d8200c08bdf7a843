//! What a gate says.

use serde::{Deserialize, Serialize};
use tutela_core::{Digest, Severity, Timestamp};

/// The answer of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every demand is met.
    Allow,
    /// A demand is not met.
    Deny,
    /// Something could not be checked or verified; never green.
    Incomplete,
}

impl Verdict {
    /// The lower-case name used in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Incomplete => "incomplete",
        }
    }
}

/// What a gate decided and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decision {
    /// The answer: deny if any reason denies, else incomplete if any is incomplete, else allow.
    pub verdict: Verdict,
    /// What kept it from allowing, worst first.
    pub reasons: Vec<Reason>,
    /// What does not change the answer but must be seen.
    pub warnings: Vec<Notice>,
    /// Waivers and what became of them.
    pub waivers: Vec<WaiverUse>,
    /// The baseline, when one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineUse>,
    /// Ids of the evidence that was relied on, sorted.
    pub relied_on: Vec<Digest>,
    /// The digest of the policy.
    pub policy: Digest,
    /// The mildest severity that denies.
    pub fail_on: Severity,
    /// The moment that counted as now.
    pub as_of: Timestamp,
}

/// Why a gate does not allow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reason {
    /// [`Verdict::Deny`] or [`Verdict::Incomplete`].
    pub verdict: Verdict,
    /// The demand, kebab-case: `finding`, `missing-evidence`, `stale-evidence`, `threshold` …
    pub rule: String,
    /// One sentence: what was demanded and what was there.
    pub message: String,
    /// The command that cures it.
    pub cure: String,
    /// The artifact, when it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<String>,
    /// The evidence, when it is about one piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Digest>,
    /// The check's code, when it is about a finding or a measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// The severity, when it is about a finding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
}

/// Something that does not change the answer but must be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Notice {
    /// The rule, kebab-case: `unused-waiver`, `findings-below-threshold`, `own-key-trusted` …
    pub rule: String,
    /// One sentence.
    pub message: String,
    /// The command that helps, where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cure: Option<String>,
}

/// A waiver and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WaiverUse {
    /// The code of the check.
    pub rule: String,
    /// The digest of the artifact.
    pub subject: Digest,
    /// Why the finding is acceptable.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// When it ends.
    pub expires: Timestamp,
    /// Whole days left at `as_of`; negative when expired.
    pub days_left: i64,
    /// How many findings it covered.
    pub covered: u64,
}

/// A baseline and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BaselineUse {
    /// The id of the baseline's statement.
    pub evidence: Digest,
    /// How many findings were known already.
    pub known: u64,
    /// How many findings of the baseline are gone.
    pub gone: u64,
}
