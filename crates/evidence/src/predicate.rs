//! What the evidence of a check says.
//!
//! Nothing in here depends on when or where the program ran, except `as_of`: two runs on the same input
//! with the same configuration, seed and `--as-of` give the same bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tutela_core::{
    Artifact, Check, CheckInfo, Class, Context, Coverage, Declaration, Digest, Finding, Kind,
    Measure, Outcome, Record, Reference, Severity, Skipped, Stage, Stretch, Suite, Timestamp,
};

/// The result of one check on one artifact.
///
/// What many results have in common is shared: a folder of a thousand models has some forty thousand results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckPredicate {
    /// The program that ran the check.
    pub tool: Arc<Tool>,
    /// The check.
    pub check: Arc<CheckRecord>,
    /// What it examined.
    pub artifact: Arc<ArtifactRecord>,
    /// How it ended.
    pub outcome: Outcome,
    /// What it found, worst first.
    pub findings: Vec<Finding>,
    /// How many findings more there were than the limit keeps.
    pub findings_omitted: u64,
    /// What it measured.
    pub measures: Vec<Measure>,
    /// How much it examined.
    pub coverage: Vec<Coverage>,
    /// What the bytes are that it examined, and those that it did not; only a check that accounts for bytes says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stretches: Vec<Stretch>,
    /// How many stretches more there were than the limit keeps.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub stretches_omitted: u64,
    /// What was left out on purpose.
    pub skipped: Vec<Skipped>,
    /// Under which configuration.
    pub configuration: Arc<Configuration>,
    /// Whether the check went red on a planted fault, when that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_test: Option<SelfTest>,
    /// The seed of every random number drawn.
    pub seed: u64,
    /// The moment that counted as now.
    pub as_of: Timestamp,
}

/// What serde asks of a number that is left out when there is nothing to say.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The program that ran a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tool {
    /// `tutela`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A check as evidence records it, so that a reader needs no other version of the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckRecord {
    /// Its code.
    pub code: String,
    /// Its title.
    pub title: String,
    /// The usual severity of its findings.
    pub severity: Severity,
    /// What sort of trouble it finds.
    pub class: Class,
    /// The group that a gate can require.
    pub suite: Suite,
    /// The stages of the life cycle it belongs to.
    pub stages: Vec<Stage>,
    /// Public names for what it is about.
    pub references: Vec<Reference>,
}

/// What a check examined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ArtifactRecord {
    /// The artifact's name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// How many files it has.
    pub files: u64,
    /// How many bytes they have.
    pub bytes: u64,
}

/// The configuration under which a check ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Configuration {
    /// Digest of everything that could change the result: settings, declaration, limits, manifest, and what the
    /// check looks at beside the artifact.
    pub digest: Digest,
    /// The settings, with defaults filled in.
    pub settings: BTreeMap<String, f64>,
}

/// Whether a check went red on a planted fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SelfTest {
    /// Whether it went red.
    pub red: bool,
    /// The finding that it made, or why there was none.
    pub saw: String,
}

/// Under what a check ran, and on what.
#[derive(Debug, Clone)]
pub struct Run<'a> {
    /// The program.
    pub tool: Arc<Tool>,
    /// The check.
    pub check: Arc<CheckRecord>,
    /// What it examined.
    pub artifact: Arc<ArtifactRecord>,
    /// What the check could know.
    pub context: &'a Context<'a>,
    /// What [`Configuration::of`] says of that context and the artifact's declaration.
    pub configuration: Arc<Configuration>,
}

impl CheckPredicate {
    /// Describes what a check learned.
    #[must_use]
    pub fn new(run: Run<'_>, record: Record) -> Self {
        let outcome = record.outcome();
        Self {
            tool: run.tool,
            check: run.check,
            artifact: run.artifact,
            outcome,
            findings: record.findings,
            findings_omitted: record.findings_omitted,
            measures: record.measures,
            coverage: record.coverage,
            stretches: record.stretches,
            stretches_omitted: record.stretches_omitted,
            skipped: record.skipped,
            configuration: run.configuration,
            self_test: None,
            seed: run.context.seed,
            as_of: run.context.as_of,
        }
    }
}

impl ArtifactRecord {
    /// Describes an artifact.
    #[must_use]
    pub fn of(artifact: &Artifact) -> Self {
        Self {
            name: artifact.name.clone(),
            kind: artifact.kind,
            files: artifact.files.len() as u64,
            bytes: artifact.size(),
        }
    }
}

impl CheckRecord {
    /// Describes a check.
    #[must_use]
    pub fn of(info: &CheckInfo) -> Self {
        Self {
            code: info.code.to_owned(),
            title: info.title.to_owned(),
            severity: info.severity,
            class: info.class,
            suite: info.suite,
            stages: info.stages.to_vec(),
            references: info.references.to_vec(),
        }
    }
}

impl Configuration {
    /// Describes the configuration of one check on an artifact of which this was declared.
    #[must_use]
    pub fn of(check: &dyn Check, declaration: &Declaration, context: &Context<'_>) -> Self {
        let settings: BTreeMap<String, f64> = context
            .settings
            .iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let manifest = declaration.manifest().map(|status| match status {
            tutela_core::ManifestStatus::Absent => "absent".to_owned(),
            tutela_core::ManifestStatus::Verified { manifest, signer } => {
                format!("{} signed by {signer}", manifest.digest)
            }
            tutela_core::ManifestStatus::Refused { why } => format!("refused: {why}"),
        });
        let mut whole = serde_json::json!({
            "settings": settings,
            "limits": context.limits,
            "declaration": declaration,
            "manifest": manifest,
            "seed": context.seed,
        });
        if let (Some(beside), Some(object)) = (check.beside(context), whole.as_object_mut()) {
            object.insert("beside".to_owned(), beside.to_string().into());
        }
        // A JSON value of strings, integers and finite numbers always has a canonical form.
        let canonical = serde_json_canonicalizer::to_vec(&whole).unwrap_or_default();
        Self {
            digest: Digest::of(&canonical),
            settings,
        }
    }
}
