//! What a gate demands. The configuration is parsed into these types by `app`.

use serde::Serialize;
use serde_json::{Map, Value};
use tutela_core::{Class, Digest, Kind, Severity, Suite, Timestamp};

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
    /// The id of the key that signs on this machine, when there is one. It only adds a warning when that
    /// key is itself trusted, and is no part of the policy's digest.
    #[serde(skip)]
    pub own_key: Option<String>,
}

impl Policy {
    /// The digest of what is demanded, in whatever order it was written down.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut whole = serde_json::to_value(self).unwrap_or_default();
        let lists = whole.as_object_mut().into_iter().flat_map(Map::values_mut);
        for list in lists.filter_map(Value::as_array_mut) {
            list.sort_by_cached_key(canonical);
        }
        Digest::of(&canonical(&whole))
    }
}

fn canonical(value: &Value) -> Vec<u8> {
    // A JSON value of strings, small integers and finite numbers always has a canonical form.
    serde_json_canonicalizer::to_vec(value).unwrap_or_default()
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
    /// What sort of trouble it finds, as this program knows it.
    pub class: Class,
    /// The digest of its present configuration.
    pub configuration: Digest,
}
