//! Where a check puts what it learns.

use crate::{Coverage, Finding, Limits, Measure, Outcome, Skipped, Stretch, Unit};

/// Where a check puts what it learns.
pub trait Sink {
    /// Something was found.
    fn finding(&mut self, finding: Finding);
    /// Something was measured.
    fn measure(&mut self, measure: Measure);
    /// So many of a unit were examined, out of so many. Calls for the same unit add up.
    fn examined(&mut self, unit: Unit, examined: u64, total: u64);
    /// Bytes in a row, what they are and whether they were examined.
    fn stretch(&mut self, stretch: Stretch);
    /// Something was left out on purpose.
    fn skipped(&mut self, skipped: Skipped);
    /// Something could not be examined, and why.
    fn incomplete(&mut self, why: String);
    /// The check has no meaning for this artifact, and why.
    fn not_applicable(&mut self, why: String);
    /// Everything that a record holds.
    fn absorb(&mut self, record: Record);
}

/// Everything one check learned about one artifact.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    /// What was found, worst first.
    pub findings: Vec<Finding>,
    /// How many findings more there were than the limit keeps.
    pub findings_omitted: u64,
    /// What was measured.
    pub measures: Vec<Measure>,
    /// How much was examined, one entry a unit.
    pub coverage: Vec<Coverage>,
    /// What bytes are, as far as the limit on findings keeps it: first those that were not examined.
    pub stretches: Vec<Stretch>,
    /// How many stretches more there were.
    pub stretches_omitted: u64,
    /// What was left out on purpose.
    pub skipped: Vec<Skipped>,
    incomplete: Vec<String>,
    not_applicable: Option<String>,
}

impl Record {
    /// How the check ended.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        if !self.incomplete.is_empty() {
            Outcome::Incomplete {
                why: self.incomplete.clone(),
            }
        } else if !self.findings.is_empty() || self.findings_omitted > 0 {
            Outcome::Findings
        } else if let Some(why) = &self.not_applicable {
            Outcome::NotApplicable { why: why.clone() }
        } else {
            Outcome::Clean
        }
    }

    /// Brings everything into a fixed order and keeps the limit, so that evidence is reproducible.
    pub(crate) fn settle(&mut self, limits: &Limits) {
        self.findings.sort_by(|left, right| {
            right
                .severity
                .cmp(&left.severity)
                .then_with(|| left.location.cmp(&right.location))
                .then_with(|| left.message.cmp(&right.message))
                .then_with(|| left.identity.cmp(&right.identity))
        });
        self.findings.dedup();
        self.findings_omitted += cut(&mut self.findings, limits.findings);
        self.stretches.sort();
        self.stretches_omitted += cut(&mut self.stretches, limits.stretches);
        self.measures
            .sort_by(|left, right| (&left.name, &left.about).cmp(&(&right.name, &right.about)));
        self.coverage.sort_by_key(|coverage| coverage.unit);
        self.skipped.sort();
        self.skipped.dedup();
        self.incomplete.sort();
        self.incomplete.dedup();
    }
}

/// Keeps so many; says how many there were more.
fn cut<T>(items: &mut Vec<T>, most: usize) -> u64 {
    let kept = items.len().min(most);
    items.drain(kept..).len() as u64
}

impl Sink for Record {
    fn finding(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    fn measure(&mut self, measure: Measure) {
        self.measures.push(measure);
    }

    fn examined(&mut self, unit: Unit, examined: u64, total: u64) {
        if let Some(known) = self
            .coverage
            .iter_mut()
            .find(|coverage| coverage.unit == unit)
        {
            known.examined = known.examined.saturating_add(examined);
            known.total = known.total.saturating_add(total);
        } else {
            self.coverage.push(Coverage {
                unit,
                examined,
                total,
            });
        }
    }

    fn stretch(&mut self, stretch: Stretch) {
        self.stretches.push(stretch);
    }

    fn skipped(&mut self, skipped: Skipped) {
        self.skipped.push(skipped);
    }

    fn incomplete(&mut self, why: String) {
        self.incomplete.push(why);
    }

    fn not_applicable(&mut self, why: String) {
        self.not_applicable.get_or_insert(why);
    }

    fn absorb(&mut self, other: Record) {
        self.findings.extend(other.findings);
        self.findings_omitted += other.findings_omitted;
        self.measures.extend(other.measures);
        for coverage in other.coverage {
            self.examined(coverage.unit, coverage.examined, coverage.total);
        }
        self.stretches.extend(other.stretches);
        self.stretches_omitted += other.stretches_omitted;
        self.skipped.extend(other.skipped);
        self.incomplete.extend(other.incomplete);
        if self.not_applicable.is_none() {
            self.not_applicable = other.not_applicable;
        }
    }
}
