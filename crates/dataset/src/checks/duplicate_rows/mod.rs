//! Finds rows that occur more than once in a file.

use tutela_core::{
    Artifact, Check, Context, Error, Finding, Location, Measure, Reference, Region, Scratch,
    Setting, Sink, declare_check,
};
use tutela_table::{Error as TableError, Fingerprint, Table};

use crate::stats::{percent, rows, share, tell};
use crate::tables;

declare_check! {
    /// Rows that occur more than once in a file.
    ///
    /// # What it finds
    /// Rows equal in every column to an earlier row of the same file, when they are more than `max-share`
    /// of the rows. The file's first repetition is named.
    ///
    /// # Why it matters
    /// A row that occurs ten times weighs ten times in training: copying is the cheapest way to poison a
    /// data set, and the commonest accident of a join. Repeated rows are also what a model memorises first,
    /// so they leak most easily.
    ///
    /// # Example
    /// `train.csv row 812: 204 of 1000 rows (20.4 %) repeat an earlier row; this one repeats row 3`
    ///
    /// # How to fix
    /// Find where the copies come from (often a join, or an export run twice) and remove them. If the rows
    /// are different people with equal values, keep them and raise
    /// `[checks.duplicate-rows] max-share`.
    ///
    /// # Limits
    /// Exact equality of the values, whatever the file format; near copies are not found. Rows with an own
    /// number in each are never equal. In a table of few, coarse columns different people are equal by
    /// chance.
    ///
    /// # References
    /// AI Act art. 10(3) (free of errors) and 15(5) (data poisoning), GDPR art. 5(1)(d), ATLAS AML.T0020.
    pub struct DuplicateRows {
        code: "duplicate-rows",
        title: "Rows occur more than once",
        severity: Medium,
        class: Quality,
        suite: Data,
        stages: [Data],
        kinds: [Dataset],
        settings: [Setting {
            name: "max-share",
            help: "The greatest share of a file's rows that may repeat an earlier one.",
            default: 0.01,
            least: 0.0,
            greatest: 1.0,
        }],
        references: [
            Reference::atlas("AML.T0020"), Reference::ai_act("10(3)"), Reference::ai_act("15(5)"),
            Reference::gdpr("5(1)(d)"),
        ],
        user: "Some records may count several times, so that a few people's cases weigh more than yours, \
            and a model may remember them word for word.",
        policymaker: "Repeated rows distort what a system learns and are the simplest form of the data \
            poisoning of Article 15(5) of the AI Act. Their share is counted exactly, over all rows.",
    }
}

impl Check for DuplicateRows {
    fn run(
        &self,
        artifact: &Artifact,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        let most = context.settings.get("max-share");
        let several = artifact.files.len() > 1;
        tables::each(artifact, context, sink, |table, sink| {
            let repeated = repeated(table)?;
            let part = share(repeated.count, table.rows());
            let method = "rows equal to an earlier row of the file, by 128 bits of SHA-256";
            let measure = Measure::exact("repeated-share", part, "share", table.rows(), method);
            let about = several.then(|| tutela_core::escape(&table.file().path, 200));
            tell(
                sink,
                measure.map(|measure| match about {
                    Some(path) => measure.about(path),
                    None => measure,
                }),
            );
            if part > most
                && let Some(first) = repeated.first
            {
                sink.finding(finding(table, repeated.count, first));
            }
            Ok(())
        });
        Ok(())
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        let (path, mut sheet) = crate::plant::first_sheet(scratch)?;
        let copy = sheet.rows.clone();
        sheet.rows.extend(copy);
        scratch.write(&path, &sheet.to_csv())
    }
}

fn finding(table: &Table, count: u64, (row, earlier): (u64, u64)) -> Finding {
    let message = format!(
        "{} of {} ({}) repeat an earlier one; this repeats row {earlier}",
        rows(count),
        table.rows(),
        percent(share(count, table.rows()))
    );
    let place = Location::file(table.file().path.clone()).at(Region::Row { row, column: None });
    DuplicateRows::INFO
        .finding(message)
        .with_identity("repeated rows")
        .at(place)
}

/// How many rows repeat an earlier one, and the first that does with the row that it repeats.
#[derive(Debug, Default, PartialEq, Eq)]
struct Repeated {
    count: u64,
    first: Option<(u64, u64)>,
}

/// Sorts fingerprints: 32 bytes a row, whatever the width of the table.
fn repeated(table: &Table) -> Result<Repeated, TableError> {
    let mut prints: Vec<(Fingerprint, u64)> = Vec::new();
    let mut buffer = Vec::new();
    for batch in table.batches()? {
        let batch = batch?;
        for row in 0..batch.rows() {
            let number = batch.first_row().saturating_add(row as u64);
            prints.push((batch.fingerprint(row, &mut buffer), number));
        }
    }
    prints.sort_unstable();
    let mut found = Repeated::default();
    let groups = prints.chunk_by(|(one, _), (other, _)| one == other);
    for group in groups {
        if let [(_, earliest), (_, next), ..] = group {
            found.count = found
                .count
                .saturating_add(group.len() as u64)
                .saturating_sub(1);
            let here = (*next, *earliest);
            found.first = Some(found.first.map_or(here, |first| first.min(here)));
        }
    }
    Ok(found)
}
