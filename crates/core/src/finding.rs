//! What was found.

use serde::{Deserialize, Serialize};

use crate::{Digest, Hasher, Location, Reference, Region, Severity};

/// How sure a check is of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A hint; expect false alarms.
    Low,
    /// Probably so.
    Medium,
    /// Certain, or certain but for deliberate imitation.
    High,
}

impl Confidence {
    /// The lower-case name used in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Steps of a trace that are kept.
const STEPS: usize = 12;

/// Something that leads up to a finding, such as a call whose result is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// What happens, bounded and escaped.
    pub text: String,
    /// Where, in the finding's file or member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// How deep it lies in what is found: 0 for that itself, 1 for what that uses.
    pub nesting: u32,
}

/// Something a check found, where, and what to do about it.
///
/// Made by [`crate::CheckInfo::finding`], so that the code and the usual severity are the check's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Finding {
    /// The code of the check that found it.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// How sure the check is.
    pub confidence: Confidence,
    /// One sentence without a final period: what was found, what was expected.
    pub message: String,
    /// Where it was found.
    pub location: Location,
    /// A bounded, escaped piece of what was found; secrets and personal data are masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
    /// What leads up to it, in the order in which it happens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trace: Vec<Step>,
    /// What to do about it, when the rule page's general advice can be made concrete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// References beyond the check's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// What makes this the same finding in a later run, even when it has moved.
    pub identity: String,
    /// The digest of the file it is in, where the artifact has several. Set by the runner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_digest: Option<Digest>,
}

impl Finding {
    /// Says where it was found.
    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.location = location;
        self
    }

    /// Replaces the check's usual severity.
    #[must_use]
    pub const fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Says how sure the check is; the default is high.
    #[must_use]
    pub const fn with_confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    /// Adds a piece of what was found. It is escaped and cut to 200 characters here.
    #[must_use]
    pub fn with_excerpt(mut self, excerpt: &str) -> Self {
        self.excerpt = Some(crate::escape(excerpt, 200));
        self
    }

    /// Adds what leads up to it: the last steps, each escaped and cut to 200 characters here.
    #[must_use]
    pub fn with_trace(mut self, steps: Vec<Step>) -> Self {
        let more = steps.len().saturating_sub(STEPS);
        let kept = steps.into_iter().skip(more);
        self.trace = kept
            .map(|step| Step {
                text: crate::escape(&step.text, 200),
                ..step
            })
            .collect();
        self
    }

    /// Adds concrete advice.
    #[must_use]
    pub fn with_fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// Adds a reference beyond the check's own.
    #[must_use]
    pub fn with_reference(mut self, reference: Reference) -> Self {
        self.references.push(reference);
        self
    }

    /// Says what makes it the same finding in a later run; the default is the message.
    #[must_use]
    pub fn with_identity(mut self, identity: impl Into<String>) -> Self {
        self.identity = identity.into();
        self
    }

    /// The bytes that it is about: its file where the artifact has several, else the whole artifact.
    ///
    /// A waiver names these bytes, so that one for a file does not end when another file changes.
    #[must_use]
    pub fn subject(&self, artifact: Digest) -> Digest {
        self.file_digest.unwrap_or(artifact)
    }

    /// Whether it is about these bytes: its file's, or the whole artifact's.
    #[must_use]
    pub fn is_about(&self, subject: Digest, artifact: Digest) -> bool {
        subject == artifact || self.file_digest == Some(subject)
    }

    /// A digest that stays the same while the finding moves inside its file, for baselines.
    #[must_use]
    pub fn fingerprint(&self, artifact: &str) -> Digest {
        let mut hasher = Hasher::default();
        let file = self.location.file.as_deref().unwrap_or_default();
        let member = self.location.member.as_deref().unwrap_or_default();
        for part in [self.code.as_str(), artifact, file, member, &self.identity] {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finish()
    }
}
