//! What a report shows, apart from how: the view of a dossier that every renderer shares.

mod artifacts;
mod headline;
mod next;
mod row;
mod stages;
mod untested;

use std::collections::BTreeMap;

use tutela_core::{Digest, Outcome, Severity};
use tutela_evidence::{CheckPredicate, Dossier, Evidence, Standing};

pub(super) use artifacts::Group;
pub(super) use headline::{Headline, Signatures};
pub(super) use next::Step;
pub(super) use row::{Row, Status};
pub(super) use stages::StageView;
pub(super) use untested::{NoEvidence, ThinStage};

use super::Options;

/// How something stands, for colour and symbol. Never told by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tone {
    /// Nothing was looked at.
    Grey,
    /// Looked at, nothing wrong.
    Green,
    /// Something to look at.
    Amber,
    /// Something to stop for.
    Red,
}

impl Tone {
    /// The class in the style sheet.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Grey => "grey",
            Self::Green => "green",
            Self::Amber => "amber",
            Self::Red => "red",
        }
    }

    /// The word beside the colour.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Grey => "not checked",
            Self::Green => "clean",
            Self::Amber => "attention",
            Self::Red => "stop",
        }
    }

    /// The symbol beside the colour.
    pub(super) const fn symbol(self) -> &'static str {
        match self {
            Self::Grey => "○",
            Self::Green => "✓",
            Self::Amber => "!",
            Self::Red => "✗",
        }
    }
}

/// The view of a dossier that every renderer shares.
#[derive(Debug)]
pub(super) struct View<'a> {
    /// The evidence.
    pub(super) dossier: &'a Dossier,
    /// What the reader chose.
    pub(super) options: &'a Options<'a>,
    /// Every finding with what became of it, worst first.
    pub(super) rows: Vec<Row<'a>>,
}

impl<'a> View<'a> {
    /// Looks at a dossier.
    pub(super) fn new(dossier: &'a Dossier, options: &'a Options<'a>) -> Self {
        let mut view = Self {
            dossier,
            options,
            rows: Vec::new(),
        };
        view.rows = row::rows(&view);
        view
    }

    /// The mildest severity that counts as a failure.
    pub(super) fn fail_on(&self) -> Severity {
        self.dossier
            .decision
            .as_ref()
            .map_or(self.options.fail_on, |decision| decision.predicate.fail_on)
    }

    /// Whether a finding stands in the way.
    pub(super) fn fails(&self, row: &Row<'_>) -> bool {
        row.status == Status::Open && row.finding.severity >= self.fail_on()
    }

    /// How many open findings there are of each severity, mildest first.
    pub(super) fn open(&self) -> BTreeMap<Severity, usize> {
        let mut open: BTreeMap<Severity, usize> =
            Severity::ALL.map(|severity| (severity, 0)).into();
        for row in self.rows.iter().filter(|row| row.status == Status::Open) {
            if let Some(count) = open.get_mut(&row.finding.severity) {
                *count = count.saturating_add(1);
            }
        }
        open
    }

    /// How many findings were left out of the evidence by a limit.
    pub(super) fn omitted(&self) -> u64 {
        let each = self.dossier.checks.iter();
        each.map(|evidence| evidence.predicate.findings_omitted)
            .fold(0, u64::saturating_add)
    }

    /// The results that could not be completed, with the reasons.
    pub(super) fn incomplete(
        &self,
    ) -> impl Iterator<Item = (&'a Evidence<CheckPredicate>, &'a [String])> {
        self.dossier
            .checks
            .iter()
            .filter_map(|evidence| match &evidence.predicate.outcome {
                Outcome::Incomplete { why } => Some((evidence, why.as_slice())),
                Outcome::Clean | Outcome::Findings | Outcome::NotApplicable { .. } => None,
            })
    }

    /// The findings of one piece of evidence, worst first.
    pub(super) fn rows_of(&self, id: Digest) -> impl Iterator<Item = &Row<'a>> {
        self.rows.iter().filter(move |row| row.evidence.id == id)
    }

    /// A section of a check's rule page, when this version knows the check.
    pub(super) fn help(&self, code: &str, heading: &str) -> Option<String> {
        self.options
            .catalogue
            .get(code)?
            .info()
            .docs
            .section(heading)
    }

    /// The command that lists everything.
    pub(super) fn list_all(&self) -> &'static str {
        if self.signatures() == Signatures::None {
            "tutela scan -f json"
        } else {
            "tutela report json"
        }
    }
}

/// The command that verifies one piece of evidence.
pub(super) fn verify_command(id: Digest) -> String {
    format!(
        "tutela verify {}/{}.json",
        super::EVIDENCE_FOLDER,
        id.to_hex()
    )
}

/// Who signed, for people.
pub(super) fn signers(standing: &Standing) -> String {
    match standing {
        Standing::Verified { signers, .. } => {
            let names: Vec<String> = signers
                .iter()
                .map(|signer| super::text::show(signer, super::text::NAME))
                .collect();
            names.join(", ")
        }
        Standing::Unsigned | Standing::Undigested => "nobody".to_owned(),
    }
}
