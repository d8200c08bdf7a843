//! Finds columns that hold one value only, or almost.

use std::collections::BTreeMap;

use tutela_core::{
    Artifact, Check, Context, Error, Measure, Reference, Scratch, Setting, Severity, Sink,
    declare_check, escape,
};
use tutela_table::Cell;

use crate::stats::{percent, share, tell};
use crate::tables;

/// Fewer rows than this say nothing about a column.
const LEAST_ROWS: u64 = 20;

declare_check! {
    /// Columns that hold one value only, or almost.
    ///
    /// # What it finds
    /// Columns in which one value (missing counts as a value) takes at least `min-share` of all rows.
    ///
    /// # Why it matters
    /// A constant column tells a model nothing; it is usually a broken export, a filter nobody documented,
    /// or a sensor that died, and it says that the data do not cover what they claim to. A column that is
    /// almost constant is worse: its few odd rows are just where a poisoned trigger hides, and where a
    /// model learns from a handful of cases.
    ///
    /// # Example
    /// `loans.parquet column country: every value is the same`
    ///
    /// # How to fix
    /// Find out why. Repair the export, or drop the column and document that the data cover one case only.
    ///
    /// # Limits
    /// Tables of fewer than 20 rows are not judged. All files of the data set are taken together. Rare
    /// categories that matter (a disease, a fraud) may be near misses by design: raise `min-share` then.
    ///
    /// # References
    /// AI Act art. 10(3) (relevant and sufficiently representative) and 10(4) (setting of use), ATLAS
    /// AML.T0020.
    pub struct ConstantColumn {
        code: "constant-column",
        title: "A column holds one value only, or almost",
        severity: Low,
        class: Quality,
        suite: Data,
        stages: [Data],
        kinds: [Dataset],
        settings: [Setting {
            name: "min-share",
            help: "The share of rows with one value from which a column counts as constant.",
            default: 0.995,
            least: 0.5,
            greatest: 1.0,
        }],
        references: [
            Reference::atlas("AML.T0020"), Reference::ai_act("10(3)"), Reference::ai_act("10(4)"),
        ],
        user: "Everybody the system learned from is alike in some respect. If you differ in it, the system \
            has never seen a case like yours.",
        policymaker: "Article 10(3) of the AI Act asks for representative data. A constant column shows a \
            limit of coverage that the documentation must state.",
    }
}

impl Check for ConstantColumn {
    fn run(
        &self,
        artifact: &Artifact,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        let found = tables::tables(artifact, context, sink);
        if found.is_empty() {
            return Ok(());
        }
        let mut majorities: BTreeMap<String, Majority> = BTreeMap::new();
        let mut buffer = Vec::new();
        let mut complete = tables::read_all(&found, sink, |table, batch| {
            for (column, view) in table.columns().iter().zip(batch.views()) {
                let majority = majorities.entry(column.name.clone()).or_default();
                (0..batch.rows()).for_each(|row| majority.elect(view.cell(row), &mut buffer));
            }
        });
        // The second pass examines the same rows, so it counts towards no coverage.
        for table in found.iter().filter(|_table| complete) {
            let counted = table.batches().and_then(|batches| {
                for batch in batches {
                    let batch = batch?;
                    for (column, view) in table.columns().iter().zip(batch.views()) {
                        if let Some(majority) = majorities.get_mut(&column.name) {
                            (0..batch.rows())
                                .for_each(|row| majority.count(view.cell(row), &mut buffer));
                        }
                    }
                }
                Ok(())
            });
            if let Err(error) = counted {
                sink.incomplete(tables::said(error));
                complete = false;
                break;
            }
        }
        if complete {
            for (name, majority) in &majorities {
                tell_majority(name, majority, &found, context, sink);
            }
        }
        Ok(())
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        let (path, mut sheet) = crate::plant::first_sheet(scratch)?;
        sheet.add_column("planted", |_row| Some("same".to_owned()));
        while sheet.rows.len() < 20 {
            let copy = sheet.rows.clone();
            sheet.rows.extend(copy);
        }
        scratch.write(&path, &sheet.to_csv())
    }
}

fn tell_majority(
    name: &str,
    majority: &Majority,
    found: &[tutela_table::Table],
    context: &Context<'_>,
    sink: &mut dyn Sink,
) {
    let part = share(majority.votes, majority.rows);
    if majority.rows < LEAST_ROWS || part < context.settings.get("min-share") {
        return;
    }
    let method = "rows with the most frequent value (Boyer and Moore 1981, then counted)";
    let measure = Measure::exact("greatest-share", part, "share", majority.rows, method);
    tell(sink, measure.map(|measure| measure.about(escape(name, 80))));
    let others = majority.rows.saturating_sub(majority.votes);
    let message = if others == 0 {
        "every value is the same".to_owned()
    } else {
        format!(
            "{} of {} values are the same; {others} differ",
            percent(part),
            majority.rows
        )
    };
    let severity = if others == 0 {
        Severity::Medium
    } else {
        Severity::Low
    };
    let finding = ConstantColumn::INFO
        .finding(message)
        .with_identity(format!("constant {name}"))
        .with_severity(severity);
    sink.finding(finding.at(tables::column_place(found, name)));
}

/// Finds the only value that can take more than half of all rows, in constant memory (R. S. Boyer and
/// J. S. Moore, MJRTY, 1981); a second pass counts how many it really takes.
#[derive(Debug, Clone, Default)]
struct Majority {
    /// The canonical form of the value that leads.
    candidate: Vec<u8>,
    lead: u64,
    rows: u64,
    votes: u64,
}

impl Majority {
    fn elect(&mut self, cell: Cell<'_>, buffer: &mut Vec<u8>) {
        buffer.clear();
        cell.canonical(buffer);
        self.rows = self.rows.saturating_add(1);
        if self.lead == 0 {
            self.candidate.clone_from(buffer);
        }
        self.lead = if self.candidate == *buffer {
            self.lead.saturating_add(1)
        } else {
            self.lead.saturating_sub(1)
        };
    }

    fn count(&mut self, cell: Cell<'_>, buffer: &mut Vec<u8>) {
        buffer.clear();
        cell.canonical(buffer);
        if self.candidate == *buffer {
            self.votes = self.votes.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against counting every value, on all tables of eight rows and three values.
    #[test]
    fn the_majority_is_the_one_that_counting_finds() {
        for code in 0..3_u32.pow(8) {
            let values: Vec<i128> = (0..8)
                .map(|digit| i128::from(code / 3_u32.pow(digit) % 3))
                .collect();
            let mut buffer = Vec::new();
            let mut majority = Majority::default();
            values
                .iter()
                .for_each(|value| majority.elect(Cell::Integer(*value), &mut buffer));
            values
                .iter()
                .for_each(|value| majority.count(Cell::Integer(*value), &mut buffer));
            let most = (0..3)
                .map(|value| values.iter().filter(|other| **other == value).count())
                .max()
                .unwrap();
            if most > 4 {
                assert_eq!(majority.votes, most as u64, "{values:?}");
            }
        }
    }
}
