//! What was *not* tested. Derived from the evidence and from what this version can check; a report that
//! is silent about this would lie.

use std::collections::BTreeSet;

use tutela_core::{Class, Kind, Outcome, Stage};

use super::View;
use crate::report::text::{MESSAGE, NAME, grouped, show};

/// Every sort of trouble that a check could look for.
const CLASSES: [Class; 6] = [
    Class::Malware,
    Class::Integrity,
    Class::Vulnerability,
    Class::Secret,
    Class::Privacy,
    Class::Quality,
];

/// Every kind of artifact that a check could examine.
const KINDS: [Kind; 3] = [Kind::Model, Kind::Dataset, Kind::Files];

/// What was not tested.
#[derive(Debug, Default)]
pub(crate) struct Untested {
    /// Checks of this version that apply to an artifact but left no evidence.
    pub(crate) without_evidence: Vec<NoEvidence>,
    /// What could not be finished, and why.
    pub(crate) incomplete: Vec<(String, String)>,
    /// What was examined only in part although the check ended.
    pub(crate) partly: Vec<(String, String)>,
    /// What was left out on purpose, by which rule.
    pub(crate) skipped: Vec<(String, String)>,
    /// Checks that did not go red on their planted fault.
    pub(crate) blunt: Vec<(String, String)>,
    /// Stages in which nothing was looked at.
    pub(crate) grey: Vec<Stage>,
    /// What this version has no checks for, by stage.
    pub(crate) thin: Vec<ThinStage>,
}

/// A check without evidence.
#[derive(Debug)]
pub(crate) struct NoEvidence {
    /// The check's code.
    pub(crate) code: &'static str,
    /// The check's title.
    pub(crate) title: &'static str,
    /// The artifacts that it would apply to; empty when there is none of its kind.
    pub(crate) artifacts: Vec<String>,
}

/// What this version can check in one stage, and what not.
#[derive(Debug)]
pub(crate) struct ThinStage {
    /// The stage.
    pub(crate) stage: Stage,
    /// How many checks this version has for it.
    pub(crate) checks: usize,
    /// The kinds of artifact that none of them examines.
    pub(crate) kinds: Vec<&'static str>,
    /// The sorts of trouble that none of them looks for.
    pub(crate) classes: Vec<&'static str>,
}

impl View<'_> {
    /// What was not tested.
    pub(crate) fn untested(&self) -> Untested {
        let mut untested = Untested {
            without_evidence: self.without_evidence(),
            thin: self.thin_stages(),
            ..Untested::default()
        };
        let grey = |stage: &super::StageView| stage.tone == super::Tone::Grey;
        untested.grey = self
            .stages()
            .iter()
            .filter(|s| grey(s))
            .map(|s| s.stage)
            .collect();
        for evidence in &self.dossier.checks {
            untested.take(&evidence.predicate);
        }
        untested
    }

    fn without_evidence(&self) -> Vec<NoEvidence> {
        let artifacts = self.artifacts();
        let checks = self.dossier.checks.iter();
        let done: BTreeSet<_> = checks
            .map(|evidence| (evidence.predicate.check.code.as_str(), evidence.subject))
            .collect();
        let mut missing = Vec::new();
        for check in self.options.catalogue.iter() {
            let info = check.info();
            let fitting: Vec<_> = artifacts
                .iter()
                .filter(|group| info.applies_to(group.kind))
                .collect();
            let without = fitting
                .iter()
                .filter(|group| !done.contains(&(info.code, group.subject)));
            let names: Vec<String> = without.map(|group| show(group.name, NAME)).collect();
            if fitting.is_empty() || !names.is_empty() {
                missing.push(NoEvidence {
                    code: info.code,
                    title: info.title,
                    artifacts: names,
                });
            }
        }
        missing
    }

    fn thin_stages(&self) -> Vec<ThinStage> {
        let of_stage = |stage| {
            let checks = self.options.catalogue.iter();
            checks.filter(move |check| check.info().stages.contains(&stage))
        };
        let thin = |stage| ThinStage {
            stage,
            checks: of_stage(stage).count(),
            kinds: KINDS
                .into_iter()
                .filter(|kind| !of_stage(stage).any(|check| check.info().applies_to(*kind)))
                .map(Kind::as_str)
                .collect(),
            classes: CLASSES
                .into_iter()
                .filter(|class| !of_stage(stage).any(|check| check.info().class == *class))
                .map(Class::as_str)
                .collect(),
        };
        Stage::ALL.into_iter().map(thin).collect()
    }
}

impl Untested {
    fn take(&mut self, predicate: &tutela_evidence::CheckPredicate) {
        let what = format!(
            "{} on {}",
            show(&predicate.check.code, NAME),
            show(&predicate.artifact.name, NAME)
        );
        if let Outcome::Incomplete { why } = &predicate.outcome {
            let reasons = why.iter().map(|why| (what.clone(), show(why, MESSAGE)));
            self.incomplete.extend(reasons);
        } else {
            let partly = predicate
                .coverage
                .iter()
                .filter(|part| part.examined < part.total);
            self.partly.extend(partly.map(|part| {
                let unit = part.unit.as_str();
                let examined = grouped(part.examined);
                let total = grouped(part.total);
                (
                    what.clone(),
                    format!("{examined} of {total} {unit} examined"),
                )
            }));
        }
        let skipped = predicate.skipped.iter();
        self.skipped.extend(skipped.map(|skipped| {
            let left_out = format!("{what}: {}", show(&skipped.what, MESSAGE));
            (left_out, show(&skipped.why, MESSAGE))
        }));
        if let Some(test) = predicate.self_test.as_ref().filter(|test| !test.red) {
            self.blunt.push((what, show(&test.saw, MESSAGE)));
        }
    }
}
