//! Baselines: findings that were known when somebody signed them off, so that only new ones deny.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tutela_core::{Class, Digest, Finding, Severity, Timestamp};

use super::cases::{Case, Trust, cases};
use super::draft::Draft;
use super::wording::{count, name, sentence};
use super::{BaselineUse, Expected, Policy, Reason};
use crate::{Dossier, Evidence};

/// The findings that a system had at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BaselinePredicate {
    /// The system's name.
    pub system: String,
    /// The findings, sorted; one entry for each, also when two have the same fingerprint.
    pub entries: Vec<BaselineEntry>,
    /// The moment.
    pub as_of: Timestamp,
}

/// One finding of a baseline.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BaselineEntry {
    /// The artifact's name.
    pub artifact: String,
    /// The code of the check.
    pub code: String,
    /// How bad it was; when it gets worse, it is new.
    pub severity: Severity,
    /// [`Finding::fingerprint`] in that artifact.
    pub fingerprint: Digest,
}

impl BaselinePredicate {
    /// Writes down the findings that the gate would weigh now, but for malware and secrets.
    #[must_use]
    pub fn of(policy: &Policy, expected: &[Expected], dossier: &Dossier) -> Self {
        let cases = cases(policy, expected, dossier);
        let mut entries: Vec<BaselineEntry> = cases
            .iter()
            .filter_map(|case| Some((case, case.speaks?)))
            .flat_map(|(case, piece)| {
                let findings = piece.predicate.findings.iter();
                findings
                    .filter(|finding| can_be_baselined(case, finding))
                    .map(|finding| BaselineEntry {
                        artifact: case.artifact.artifact.clone(),
                        code: finding.code.clone(),
                        severity: finding.severity,
                        fingerprint: finding.fingerprint(&case.artifact.artifact),
                    })
            })
            .collect();
        entries.sort_unstable();
        Self {
            system: dossier.system.clone(),
            entries,
            as_of: dossier.as_of,
        }
    }
}

/// A finding under the code of another check has no class that could be relied on.
fn can_be_baselined(case: &Case<'_>, finding: &Finding) -> bool {
    finding.code == case.code && case.classes().all(Class::can_be_baselined)
}

/// The baseline that a gate is given.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum BaselineInput<'a> {
    /// None was asked for: every finding counts.
    #[default]
    None,
    /// One was asked for but cannot be relied on, and why. Never green.
    Unverifiable(&'a str),
    /// One whose signature and place in the log were verified.
    Verified(&'a Evidence<BaselinePredicate>),
}

/// A baseline while findings are weighed against it.
#[derive(Default)]
pub(super) struct Ledger {
    evidence: Option<Digest>,
    /// What is left of the entries with one fingerprint, mildest first.
    left: BTreeMap<Digest, Vec<Severity>>,
    /// How many entries have no finding with their fingerprint any more.
    unseen: BTreeMap<Digest, u64>,
    known: u64,
}

impl Ledger {
    pub(super) fn open(
        policy: &Policy,
        dossier: &Dossier,
        input: BaselineInput<'_>,
        draft: &mut Draft,
    ) -> Self {
        let piece = match input {
            BaselineInput::None => return Self::default(),
            BaselineInput::Unverifiable(why) => {
                draft.reason(unverifiable(&sentence(why)));
                return Self::default();
            }
            BaselineInput::Verified(piece) => piece,
        };
        if let Some(why) = fault(policy, dossier, piece) {
            draft.reason(unverifiable(&why).backed_by(piece.id));
            return Self::default();
        }
        draft.rely_on(piece.id);
        let mut ledger = Self {
            evidence: Some(piece.id),
            ..Self::default()
        };
        for entry in &piece.predicate.entries {
            let severities = ledger.left.entry(entry.fingerprint).or_default();
            severities.push(entry.severity);
            let unseen = ledger.unseen.entry(entry.fingerprint).or_default();
            *unseen = unseen.saturating_add(1);
        }
        ledger
            .left
            .values_mut()
            .for_each(|left| left.sort_unstable());
        ledger
    }

    /// Whether the baseline has this finding, as bad or worse; each entry speaks for one finding only.
    ///
    /// Findings of one fingerprint must come worst first.
    pub(super) fn knows(&mut self, case: &Case<'_>, finding: &Finding) -> bool {
        if self.evidence.is_none() {
            return false;
        }
        let fingerprint = finding.fingerprint(&case.artifact.artifact);
        if let Some(unseen) = self.unseen.get_mut(&fingerprint) {
            *unseen = unseen.saturating_sub(1);
        }
        if !can_be_baselined(case, finding) {
            return false;
        }
        let Some(left) = self.left.get_mut(&fingerprint) else {
            return false;
        };
        let known = left.pop_if(|worst| *worst >= finding.severity).is_some();
        self.known = self.known.saturating_add(u64::from(known));
        known
    }

    pub(super) fn close(self, draft: &mut Draft) -> Option<BaselineUse> {
        let evidence = self.evidence?;
        let gone = self
            .unseen
            .values()
            .fold(0, |sum: u64, one| sum.saturating_add(*one));
        if gone > 0 {
            let message = format!(
                "{} of the baseline {} gone: a new baseline would hold the progress",
                count(gone, "finding"),
                if gone == 1 { "is" } else { "are" }
            );
            draft.warn("baseline-outgrown", message, None);
        }
        Some(BaselineUse {
            evidence,
            known: self.known,
            gone,
        })
    }
}

fn unverifiable(why: &str) -> Reason {
    let message = format!("the baseline cannot be relied on: {why}");
    let cure = "tutela gate  # without a baseline, or with one that the trusted keys signed";
    Reason::incomplete("unverifiable-baseline", message, cure.to_owned())
}

fn fault(
    policy: &Policy,
    dossier: &Dossier,
    piece: &Evidence<BaselinePredicate>,
) -> Option<String> {
    match Trust::of(policy, &piece.standing) {
        Trust::Enough => {}
        Trust::TooFew => return Some("too few trusted keys signed it".to_owned()),
        Trust::Nobody => return Some("no trusted key signed it".to_owned()),
        Trust::Unsigned => return Some("nobody signed it".to_owned()),
    }
    if piece.predicate.system != dossier.system {
        return Some(format!(
            "it is about {}, not about {}",
            name(&piece.predicate.system),
            name(&dossier.system)
        ));
    }
    (piece.predicate.as_of > dossier.as_of).then(|| {
        format!(
            "it was made at {}, after {}, which counts as now",
            piece.predicate.as_of, dossier.as_of
        )
    })
}
