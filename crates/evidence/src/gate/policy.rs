//! What a gate demands. The configuration is parsed into these types by `app`.

use serde::Serialize;
use tutela_core::{Digest, Kind, Severity, Suite, Timestamp};

/// What a gate demands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// The mildest severity that denies.
    pub fail_on: Severity,
    /// Evidence that must be there. Empty means: every suite.
    pub require: Vec<Requirement>,
    /// The greatest age of evidence, in days.
    pub max_evidence_age_days: Option<u32>,
    /// Bounds on measures.
    pub thresholds: Vec<Threshold>,
    /// Findings that somebody answers for.
    pub waivers: Vec<Waiver>,
    /// Ids of the keys whose signatures count.
    pub trusted_keys: Vec<String>,
    /// How many different trusted keys must have signed each piece of evidence; at least 1.
    pub signatures: u32,
}

/// Evidence that must be there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Requirement {
    /// The result of every check of a suite, on every artifact that it applies to.
    Suite(Suite),
    /// The result of one check, by code, on every artifact that it applies to.
    Check(String),
    /// A signed manifest of every declared model and data set that matches it.
    Sign,
}

/// A bound on a measure.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Threshold {
    /// The check that measures it.
    pub check: String,
    /// The measure's name.
    pub measure: String,
    /// The least value allowed.
    pub min: Option<f64>,
    /// The greatest value allowed.
    pub max: Option<f64>,
    /// What is compared with the bounds.
    pub decide_on: Bound,
}

/// What of a measure is compared with a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// The value itself.
    Value,
    /// The unfavourable end of its confidence interval.
    #[default]
    Interval,
}

/// A finding that somebody answers for, for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiver {
    /// The code of the check.
    pub rule: String,
    /// The digest of the artifact: a waiver covers these bytes only.
    pub subject: Digest,
    /// Why the finding is acceptable.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// When it ends; at most 180 days from now.
    pub expires: Timestamp,
}

/// An artifact as it is now: evidence about another digest or configuration does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The artifact's name.
    pub artifact: String,
    /// What it is.
    pub kind: Kind,
    /// Its digest now.
    pub digest: Digest,
    /// Whether the project file declares it.
    pub declared: bool,
    /// The checks that apply to it.
    pub checks: Vec<ExpectedCheck>,
}

/// A check that applies to an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedCheck {
    /// The check's code.
    pub code: String,
    /// Its suite.
    pub suite: Suite,
    /// The digest of its present configuration.
    pub configuration: Digest,
}
