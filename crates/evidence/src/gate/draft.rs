//! A decision while it is being made: reasons and warnings in any order, sorted at the end.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use tutela_core::{Digest, Severity, Timestamp};

use super::{BaselineUse, Decision, Notice, Policy, Reason, Verdict, WaiverUse};

/// A decision while it is being made.
#[derive(Debug, Default)]
pub(super) struct Draft {
    reasons: Vec<Reason>,
    warnings: Vec<Notice>,
    relied_on: BTreeSet<Digest>,
}

impl Draft {
    pub(super) fn reason(&mut self, reason: Reason) {
        self.reasons.push(reason);
    }

    pub(super) fn warn(&mut self, rule: &str, message: String, cure: Option<String>) {
        self.warnings.push(Notice {
            rule: rule.to_owned(),
            message,
            cure,
        });
    }

    pub(super) fn rely_on(&mut self, evidence: Digest) {
        self.relied_on.insert(evidence);
    }

    /// Ends the drafting: sorts, so that the order of the input leaves no trace, and answers.
    pub(super) fn decide(
        mut self,
        policy: &Policy,
        as_of: Timestamp,
        waivers: Vec<WaiverUse>,
        baseline: Option<BaselineUse>,
    ) -> Decision {
        self.reasons.sort_by_cached_key(|reason| {
            (
                reason.verdict == Verdict::Incomplete,
                Reverse(reason.severity),
                reason.rule.clone(),
                (reason.artifact.clone(), reason.check.clone()),
                (reason.message.clone(), reason.evidence),
                reason.cure.clone(),
            )
        });
        self.reasons.dedup();
        self.warnings.sort_by_cached_key(|notice| {
            (
                notice.rule.clone(),
                notice.message.clone(),
                notice.cure.clone(),
            )
        });
        self.warnings.dedup();
        Decision {
            verdict: Verdict::of(&self.reasons),
            reasons: self.reasons,
            warnings: self.warnings,
            waivers,
            baseline,
            relied_on: self.relied_on.into_iter().collect(),
            policy: policy.digest(),
            fail_on: policy.fail_on,
            as_of,
        }
    }
}

impl Verdict {
    /// The answer that these reasons give: deny if any denies, else incomplete if there is any, else allow.
    #[must_use]
    pub(super) fn of(reasons: &[Reason]) -> Self {
        if reasons.iter().any(|reason| reason.verdict == Self::Deny) {
            Self::Deny
        } else if reasons.is_empty() {
            Self::Allow
        } else {
            Self::Incomplete
        }
    }
}

impl Reason {
    /// Something speaks against the system.
    pub(super) fn deny(rule: &str, message: String, cure: String) -> Self {
        Self::new(Verdict::Deny, rule, message, cure)
    }

    /// Something could not be checked or verified.
    pub(super) fn incomplete(rule: &str, message: String, cure: String) -> Self {
        Self::new(Verdict::Incomplete, rule, message, cure)
    }

    pub(super) fn new(verdict: Verdict, rule: &str, message: String, cure: String) -> Self {
        Self {
            verdict,
            rule: rule.to_owned(),
            message,
            cure,
            artifact: None,
            evidence: None,
            check: None,
            severity: None,
        }
    }

    pub(super) fn about(mut self, artifact: &str) -> Self {
        self.artifact = Some(artifact.to_owned());
        self
    }

    pub(super) const fn backed_by(mut self, evidence: Digest) -> Self {
        self.evidence = Some(evidence);
        self
    }

    pub(super) fn by_check(mut self, code: &str) -> Self {
        self.check = Some(code.to_owned());
        self
    }

    pub(super) const fn of_severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }
}
