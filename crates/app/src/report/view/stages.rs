//! The life cycle: how each stage stands, from the checks that belong to it.

use tutela_core::{Outcome, Stage};
use tutela_evidence::{CheckPredicate, Evidence};

use super::{Tone, View};
use crate::report::text::count;

/// How one stage of the life cycle stands.
#[derive(Debug, Clone)]
pub(crate) struct StageView {
    /// The stage.
    pub(crate) stage: Stage,
    /// How it stands.
    pub(crate) tone: Tone,
    /// What was counted, one phrase each.
    pub(crate) facts: Vec<String>,
}

/// The counts of one stage.
#[derive(Debug, Default)]
struct Tally {
    looked: usize,
    clean: usize,
    failing: usize,
    other: usize,
    answered: usize,
    incomplete: usize,
    missing: usize,
    blunt: usize,
    omitted: u64,
}

impl View<'_> {
    /// Every stage in the order of the life cycle.
    pub(crate) fn stages(&self) -> Vec<StageView> {
        Stage::ALL
            .into_iter()
            .map(|stage| self.stage(stage))
            .collect()
    }

    fn stage(&self, stage: Stage) -> StageView {
        let mut tally = Tally::default();
        let of_stage =
            |evidence: &&Evidence<CheckPredicate>| evidence.predicate.check.stages.contains(&stage);
        for evidence in self.dossier.checks.iter().filter(of_stage) {
            tally.take(&evidence.predicate);
        }
        let rows = self.rows.iter().filter(|row| of_stage(&row.evidence));
        for row in rows {
            let counter = if self.fails(row) {
                &mut tally.failing
            } else if row.status == super::Status::Open {
                &mut tally.other
            } else {
                &mut tally.answered
            };
            *counter = counter.saturating_add(1);
        }
        tally.missing = self.missing_in(stage);
        StageView {
            stage,
            tone: tally.tone(),
            facts: tally.facts(),
        }
    }

    /// Demands of the gate about checks of this stage that have no evidence of their own.
    fn missing_in(&self, stage: Stage) -> usize {
        let reasons = self
            .dossier
            .decision
            .iter()
            .flat_map(|decision| &decision.predicate.reasons);
        let catalogue = self.options.catalogue;
        reasons
            .filter(|reason| reason.evidence.is_none())
            .filter_map(|reason| catalogue.get(reason.check.as_deref()?))
            .filter(|check| check.info().stages.contains(&stage))
            .count()
    }
}

impl Tally {
    fn take(&mut self, predicate: &CheckPredicate) {
        match &predicate.outcome {
            Outcome::NotApplicable { .. } => return,
            Outcome::Clean => self.clean = self.clean.saturating_add(1),
            Outcome::Incomplete { .. } => self.incomplete = self.incomplete.saturating_add(1),
            Outcome::Findings => {}
        }
        self.looked = self.looked.saturating_add(1);
        self.omitted = self.omitted.saturating_add(predicate.findings_omitted);
        if predicate.self_test.as_ref().is_some_and(|test| !test.red) {
            self.blunt = self.blunt.saturating_add(1);
        }
    }

    const fn tone(&self) -> Tone {
        if self.failing > 0 {
            Tone::Red
        } else if self.other > 0
            || self.answered > 0
            || self.incomplete > 0
            || self.missing > 0
            || self.blunt > 0
            || self.omitted > 0
        {
            Tone::Amber
        } else if self.looked > 0 {
            Tone::Green
        } else {
            Tone::Grey
        }
    }

    fn facts(&self) -> Vec<String> {
        if self.looked == 0 && self.missing == 0 {
            return vec!["no check looked".to_owned()];
        }
        let lines = [
            (self.failing, "finding to stop for", "findings to stop for"),
            (self.other, "lesser finding", "lesser findings"),
            (
                self.answered,
                "finding answered for",
                "findings answered for",
            ),
            (self.incomplete, "check incomplete", "checks incomplete"),
            (
                self.missing,
                "demand without evidence",
                "demands without evidence",
            ),
            (
                self.blunt,
                "check failed its self-test",
                "checks failed their self-test",
            ),
            (self.clean, "check clean", "checks clean"),
        ];
        let omitted = usize::try_from(self.omitted).unwrap_or(usize::MAX);
        let left_out = (omitted, "finding left out", "findings left out");
        let lines = lines.into_iter().chain([left_out]);
        let seen = lines.filter(|(number, ..)| *number > 0);
        seen.map(|(number, one, many)| count(number, one, many))
            .collect()
    }
}
