//! The verdict, in words and tone, and how far the evidence can be relied on.

use std::collections::BTreeSet;

use tutela_core::Digest;
use tutela_evidence::Standing;
use tutela_evidence::gate::Verdict;

use super::{Tone, View};
use crate::report::text::count;

/// The verdict, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Headline {
    /// One or two words.
    pub(crate) word: &'static str,
    /// One sentence.
    pub(crate) sentence: String,
    /// How it stands.
    pub(crate) tone: Tone,
}

/// Whether the evidence is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signatures {
    /// Every piece is.
    All,
    /// Some pieces are not.
    Some,
    /// No piece is, or there is none.
    None,
}

impl View<'_> {
    /// The verdict, for people.
    pub(crate) fn headline(&self) -> Headline {
        let failing = self.rows.iter().filter(|row| self.fails(row)).count();
        let Some(decision) = &self.dossier.decision else {
            return self.undecided(failing);
        };
        let reasons = &decision.predicate.reasons;
        let of = |verdict| {
            reasons
                .iter()
                .filter(|reason| reason.verdict == verdict)
                .count()
        };
        let doubtful = failing > 0 || decision.standing == Standing::Unsigned;
        match decision.predicate.verdict {
            Verdict::Allow if doubtful => Headline {
                word: "Allow?",
                sentence: "The gate allowed, but its answer is unsigned or does not cover what is shown here."
                    .to_owned(),
                tone: Tone::Amber,
            },
            Verdict::Allow => Headline {
                word: "Allow",
                sentence: format!(
                    "Every demand of the gate is met by {} of verified evidence.",
                    count(decision.predicate.relied_on.len(), "piece", "pieces")
                ),
                tone: Tone::Green,
            },
            Verdict::Deny => Headline {
                word: "Deny",
                sentence: format!(
                    "The gate denies for {}.",
                    count(of(Verdict::Deny), "reason", "reasons")
                ),
                tone: Tone::Red,
            },
            Verdict::Incomplete => Headline {
                word: "Incomplete",
                sentence: format!(
                    "{} could not be settled, and what could not be checked is never green.",
                    count(of(Verdict::Incomplete), "demand", "demands")
                ),
                tone: Tone::Amber,
            },
        }
    }

    fn undecided(&self, failing: usize) -> Headline {
        let incomplete = self.incomplete().count();
        let (sentence, tone) = if failing > 0 {
            let findings = count(failing, "finding is", "findings are");
            let sentence = format!(
                "{findings} {} or worse. No gate has decided.",
                self.fail_on()
            );
            (sentence, Tone::Red)
        } else if incomplete > 0 || !self.dossier.refused.is_empty() {
            let sentence = "Something could not be checked. No gate has decided.";
            (sentence.to_owned(), Tone::Amber)
        } else if self.dossier.checks.is_empty() {
            let sentence = "There is no evidence: nothing was checked.";
            (sentence.to_owned(), Tone::Grey)
        } else if self.rows.is_empty() {
            let sentence = "The checks that ran found nothing. No gate has decided.";
            (sentence.to_owned(), Tone::Grey)
        } else {
            let sentence = format!(
                "Nothing is {} or worse. No gate has decided.",
                self.fail_on()
            );
            (sentence, Tone::Amber)
        };
        Headline {
            word: "No decision",
            sentence,
            tone,
        }
    }

    /// Whether the evidence is signed.
    pub(crate) fn signatures(&self) -> Signatures {
        let dossier = self.dossier;
        let checks = dossier.checks.iter().map(|evidence| &evidence.standing);
        let manifests = dossier.manifests.iter().map(|evidence| &evidence.standing);
        let decision = dossier.decision.iter().map(|evidence| &evidence.standing);
        let (mut signed, mut unsigned) = (false, false);
        for standing in checks.chain(manifests).chain(decision) {
            match standing {
                Standing::Verified { .. } => signed = true,
                Standing::Unsigned | Standing::Undigested => unsigned = true,
            }
        }
        match (signed, unsigned) {
            (true, false) => Signatures::All,
            (true, true) => Signatures::Some,
            (false, _) => Signatures::None,
        }
    }

    /// A loud line when the evidence cannot be relied on as proof.
    pub(crate) fn alarm(&self) -> Option<&'static str> {
        match self.signatures() {
            Signatures::All => None,
            Signatures::Some => {
                Some("partly not signed: some of this is no evidence for anyone else")
            }
            Signatures::None => Some("not signed, not logged: this is no evidence for anyone else"),
        }
    }

    /// Every disagreement between the decision and the evidence shown, one sentence each.
    pub(crate) fn disagreements(&self) -> Vec<String> {
        let Some(decision) = &self.dossier.decision else {
            return Vec::new();
        };
        let decision = &decision.predicate;
        let dossier = self.dossier;
        let relied: BTreeSet<Digest> = decision.relied_on.iter().copied().collect();
        let checks: BTreeSet<Digest> = dossier.checks.iter().map(|evidence| evidence.id).collect();
        let manifests = dossier.manifests.iter().map(|evidence| evidence.id);
        let baseline = decision.baseline.iter().map(|baseline| baseline.evidence);
        let others: BTreeSet<Digest> = manifests.chain(baseline).collect();
        let mut notes = Vec::new();
        if decision.as_of != dossier.as_of {
            notes.push(format!(
                "The gate decided as of {}; this report is as of {}.",
                decision.as_of, dossier.as_of
            ));
        }
        let unseen = checks.difference(&relied).count();
        if unseen > 0 {
            let results = count(unseen, "result", "results");
            notes.push(format!(
                "The gate did not rely on {results} of those shown here."
            ));
        }
        let missing = relied
            .iter()
            .filter(|id| !checks.contains(id) && !others.contains(id))
            .count();
        if missing > 0 {
            let pieces = count(missing, "piece of evidence", "pieces of evidence");
            notes.push(format!(
                "The gate relied on {pieces} that cannot be shown here."
            ));
        }
        notes
    }
}
