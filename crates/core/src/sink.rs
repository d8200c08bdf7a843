//! Where a check puts what it learns.

use crate::{Coverage, Finding, Limits, Measure, Outcome, Severity, Skipped, Unit};

/// Where a check puts what it learns.
pub trait Sink {
    /// Something was found.
    fn finding(&mut self, finding: Finding);
    /// Something was measured.
    fn measure(&mut self, measure: Measure);
    /// So many of a unit were examined, out of so many. Calls for the same unit add up.
    fn examined(&mut self, unit: Unit, examined: u64, total: u64);
    /// Something was left out on purpose.
    fn skipped(&mut self, skipped: Skipped);
    /// Something could not be examined, and why.
    fn incomplete(&mut self, why: String);
    /// The check has no meaning for this artifact, and why.
    fn not_applicable(&mut self, why: String);
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

    /// The severity of the worst finding.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }

    /// Adds everything that another record holds.
    pub fn absorb(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.findings_omitted = self.findings_omitted.saturating_add(other.findings_omitted);
        self.measures.extend(other.measures);
        for coverage in other.coverage {
            self.examined(coverage.unit, coverage.examined, coverage.total);
        }
        self.skipped.extend(other.skipped);
        self.incomplete.extend(other.incomplete);
        if self.not_applicable.is_none() {
            self.not_applicable = other.not_applicable;
        }
    }

    /// Passes everything on to a sink.
    pub fn pour(self, sink: &mut dyn Sink) {
        self.findings
            .into_iter()
            .for_each(|finding| sink.finding(finding));
        self.measures
            .into_iter()
            .for_each(|measure| sink.measure(measure));
        for coverage in self.coverage {
            sink.examined(coverage.unit, coverage.examined, coverage.total);
        }
        self.skipped
            .into_iter()
            .for_each(|skipped| sink.skipped(skipped));
        self.incomplete
            .into_iter()
            .for_each(|why| sink.incomplete(why));
        if let Some(why) = self.not_applicable {
            sink.not_applicable(why);
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
        let kept = self.findings.len().min(limits.findings);
        let omitted = self.findings.drain(kept..).len();
        self.findings_omitted = self.findings_omitted.saturating_add(omitted as u64);
        self.measures
            .sort_by(|left, right| (&left.name, &left.about).cmp(&(&right.name, &right.about)));
        self.coverage.sort_by_key(|coverage| coverage.unit);
        self.skipped.sort();
        self.skipped.dedup();
        self.incomplete.sort();
        self.incomplete.dedup();
    }
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

    fn skipped(&mut self, skipped: Skipped) {
        self.skipped.push(skipped);
    }

    fn incomplete(&mut self, why: String) {
        self.incomplete.push(why);
    }

    fn not_applicable(&mut self, why: String) {
        self.not_applicable.get_or_insert(why);
    }
}
