//! Every finding, with what became of it.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use tutela_core::{Digest, Finding};
use tutela_evidence::gate::{BaselineUse, Decision, WaiverUse};
use tutela_evidence::{CheckPredicate, Evidence};

use super::View;

/// A finding, its evidence, and what became of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    /// What was found.
    pub(crate) finding: &'a Finding,
    /// Its place in the evidence.
    pub(crate) place: usize,
    /// The evidence that says so.
    pub(crate) evidence: &'a Evidence<CheckPredicate>,
    /// What became of it.
    pub(crate) status: Status<'a>,
}

/// What became of a finding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Status<'a> {
    /// It stands.
    Open,
    /// Somebody answers for it for a while.
    Waived(&'a WaiverUse),
    /// The gate had a baseline and did not count it.
    Known(&'a BaselineUse),
}

impl Status<'_> {
    /// The lower-case name used in every output.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waived(_) => "waived",
            Self::Known(_) => "known",
        }
    }

    /// A few words for people; none when the finding stands.
    pub(crate) fn brief(&self) -> Option<String> {
        match self {
            Self::Open => None,
            Self::Waived(waiver) => Some(format!("waived until {}", waiver.expires.date())),
            Self::Known(_) => Some("known from the baseline".to_owned()),
        }
    }

    /// One line for people; none when the finding stands.
    pub(crate) fn note(&self) -> Option<String> {
        use crate::report::text::{MESSAGE, NAME, show};
        match self {
            Self::Open => None,
            Self::Waived(waiver) => Some(format!(
                "waived by {} until {}: {}",
                show(&waiver.owner, NAME),
                waiver.expires.date(),
                show(&waiver.reason, MESSAGE)
            )),
            Self::Known(baseline) => Some(format!("known from baseline {}", baseline.evidence)),
        }
    }
}

/// All findings, worst first, then by artifact, check and the order in the evidence.
pub(super) fn rows<'a>(view: &View<'a>) -> Vec<Row<'a>> {
    let judge = Judge::new(view);
    let mut rows: Vec<Row<'a>> = Vec::new();
    for evidence in &view.dossier.checks {
        for (place, finding) in evidence.predicate.findings.iter().enumerate() {
            rows.push(Row {
                finding,
                place,
                evidence,
                status: judge.status(evidence, finding),
            });
        }
    }
    // Stable: the dossier is sorted by artifact, then by check.
    rows.sort_by_key(|row| Reverse(row.finding.severity));
    rows
}

/// Knows what the gate said about each piece of evidence.
struct Judge<'a> {
    decision: Option<&'a Decision>,
    relied_on: BTreeSet<Digest>,
    reproached: BTreeSet<Digest>,
}

impl<'a> Judge<'a> {
    fn new(view: &View<'a>) -> Self {
        let decision = view
            .dossier
            .decision
            .as_ref()
            .map(|evidence| &evidence.predicate);
        let relied_on = decision
            .iter()
            .flat_map(|decision| decision.relied_on.iter().copied());
        let reasons = decision.iter().flat_map(|decision| &decision.reasons);
        Self {
            decision,
            relied_on: relied_on.collect(),
            reproached: reasons.filter_map(|reason| reason.evidence).collect(),
        }
    }

    fn status(&self, evidence: &'a Evidence<CheckPredicate>, finding: &Finding) -> Status<'a> {
        let Some(decision) = self.decision else {
            return Status::Open;
        };
        // The decision says nothing about evidence that it did not see.
        if !self.relied_on.contains(&evidence.id) {
            return Status::Open;
        }
        let class = evidence.predicate.check.class;
        let waiver = decision.waivers.iter().find(|waiver| {
            class.can_be_waived()
                && waiver.rule == finding.code
                && finding.is_about(waiver.subject, evidence.subject)
                && waiver.days_left >= 0
                && waiver.covered > 0
        });
        if let Some(waiver) = waiver {
            return Status::Waived(waiver);
        }
        match &decision.baseline {
            // A finding over the threshold that is not known already is always a reason against.
            Some(baseline)
                if class.can_be_baselined()
                    && baseline.known > 0
                    && finding.severity >= decision.fail_on
                    && !self.reproached.contains(&evidence.id) =>
            {
                Status::Known(baseline)
            }
            _ => Status::Open,
        }
    }
}
