//! Finds classes that are too rare to learn or to test.

use std::collections::BTreeMap;

use tutela_core::{
    Artifact, Check, Context, Error, Finding, Measure, Reference, Scratch, Setting, Severity, Sink,
    declare_check, escape,
};
use tutela_table::Table;

use crate::stats::{LEVEL, percent, real, rows, share, tell, wilson};
use crate::tables;

/// More different labels than this are not classes.
const MOST_CLASSES: usize = 1000;
/// More different numbers than this are a quantity to predict, not classes.
const MOST_NUMBERS: usize = 50;

declare_check! {
    /// Classes that are too rare to learn or to test.
    ///
    /// # What it finds
    /// Counts the values of the declared label. Reports a class that has less than `min-share` of the even
    /// share (with four classes the even share is 25 %, and the default of 0.2 asks for 5 %), a class with
    /// fewer than `min-rows` rows, and a label with one class only. Each class's share is given with
    /// its 95 % interval (Wilson's score interval).
    ///
    /// # Why it matters
    /// A model that never predicts a class of 1 % is right in 99 % of all cases and useless for the people in
    /// that class. A test on eight rows cannot tell 60 % accuracy from 95 %. And a class that shrank since the
    /// last release may have been cut by someone.
    ///
    /// # Example
    /// `loans.parquet column default: class yes has 12 of 1000 rows (1.2 %), the even share would be 50.0 %`
    ///
    /// # How to fix
    /// Collect more cases of the rare class. Otherwise weight the classes in training, report the accuracy
    /// of each class, and document the limit.
    ///
    /// # Limits
    /// Rare classes are often the truth about the world (fraud, disease): then the finding stands for a duty
    /// to measure each class, and `min-share` may be lowered. All files of the data set are taken together.
    /// A label with over 50 different numbers or 1,000 different values is a quantity, not a class.
    ///
    /// # References
    /// AI Act art. 10(2)(f) (biases) and 10(3) (representative); E. B. Wilson, Probable inference (1927);
    /// R. G. Newcombe, Statistics in Medicine 17 (1998).
    pub struct ClassImbalance {
        code: "class-imbalance",
        title: "A class is too rare to learn or to test",
        severity: Medium,
        class: Quality,
        suite: Data,
        stages: [Data, Training, Test],
        kinds: [Dataset],
        settings: [
            Setting {
                name: "min-share",
                help: "The least share of a class, as a part of the even share of one divided by the number of classes.",
                default: 0.2,
                least: 0.0,
                greatest: 1.0,
            },
            Setting {
                name: "min-rows",
                help: "The least number of rows of a class.",
                default: 10.0,
                least: 0.0,
                greatest: 1_000_000.0,
            },
        ],
        references: [
            Reference::ai_act("10(2)(f)"), Reference::ai_act("10(3)"),
            Reference::link("https://doi.org/10.1080/01621459.1927.10502953"),
        ],
        user: "The system has seen few cases of one outcome. If that is yours, it is likelier to be wrong \
            about you than its average accuracy suggests.",
        policymaker: "Article 10(2)(f) of the AI Act demands an examination for biases. The distribution of \
            outcomes, with its uncertainty, is the first thing to examine.",
    }
}

impl Check for ClassImbalance {
    fn run(
        &self,
        artifact: &Artifact,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        let label = artifact
            .declaration
            .dataset()
            .and_then(|declared| declared.label.clone());
        let Some(label) = label else {
            sink.not_applicable("the project file declares no label".to_owned());
            return Ok(());
        };
        let found = tables::tables(artifact, context, sink);
        if found.is_empty() {
            return Ok(());
        }
        let mut classes = Classes::default();
        let complete = tables::read_all(&found, sink, |table, batch| {
            let view = table.position(&label).and_then(|column| batch.view(column));
            if let Some(view) = view {
                (0..batch.rows()).for_each(|row| classes.see(view.text(row).as_deref()));
            }
        });
        if found.iter().any(|table| table.position(&label).is_none()) {
            let name = escape(&label, 80);
            sink.incomplete(format!(
                "the declared label column `{name}` is not in every file"
            ));
        } else if complete {
            judge(&classes, &label, &found, context, sink);
        }
        Ok(())
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        let (path, mut sheet) = crate::plant::first_sheet(scratch)?;
        sheet.add_column("planted", |row| {
            Some(if row == 0 { "rare" } else { "usual" }.to_owned())
        });
        scratch.artifact.files.retain(|file| file.path == path);
        crate::plant::declare(scratch, |declared| {
            declared.label = Some("planted".to_owned());
        });
        scratch.write(&path, &sheet.to_csv())
    }
}

/// How often each label occurs.
#[derive(Debug, Default)]
struct Classes {
    counts: BTreeMap<String, u64>,
    rows: u64,
    too_many: bool,
}

impl Classes {
    fn see(&mut self, label: Option<&str>) {
        // A missing label is told by `missing-values`.
        let Some(label) = label else { return };
        self.rows = self.rows.saturating_add(1);
        if let Some(count) = self.counts.get_mut(label) {
            *count = count.saturating_add(1);
        } else if self.counts.len() < MOST_CLASSES {
            self.counts.insert(label.to_owned(), 1);
        } else {
            self.too_many = true;
        }
    }
}

fn judge(
    classes: &Classes,
    label: &str,
    found: &[Table],
    context: &Context<'_>,
    sink: &mut dyn Sink,
) {
    let is_number = found.iter().all(|table| {
        let column = table
            .position(label)
            .and_then(|place| table.columns().get(place));
        column.is_some_and(|column| column.kind.is_number())
    });
    if classes.too_many || (is_number && classes.counts.len() > MOST_NUMBERS) {
        sink.not_applicable("the label is a quantity, not a class".to_owned());
        return;
    }
    let place = tables::column_place(found, label);
    let tell_finding =
        |sink: &mut dyn Sink, finding: Finding| sink.finding(finding.at(place.clone()));
    if classes.counts.len() < 2 && classes.rows > 0 {
        let finding = ClassImbalance::INFO
            .finding("every label is the same: there is nothing to learn")
            .with_severity(Severity::High);
        tell_finding(sink, finding);
        return;
    }
    let even = 1.0 / real(classes.counts.len().max(1) as u64);
    for (class, count) in &classes.counts {
        measure(class, *count, classes.rows, sink);
        let part = share(*count, classes.rows);
        let is_rare = part < even * context.settings.get("min-share");
        if is_rare || real(*count) < context.settings.get("min-rows") {
            let message = format!(
                "class `{}` has {} of {} ({}); the even share would be {}",
                escape(class, 80),
                rows(*count),
                classes.rows,
                percent(part),
                percent(even)
            );
            let finding = ClassImbalance::INFO
                .finding(message)
                .with_identity(format!("rare class {class}"));
            tell_finding(sink, finding);
        }
    }
}

fn measure(class: &str, count: u64, total: u64, sink: &mut dyn Sink) {
    let (low, high) = wilson(count, total);
    let method = "share of labelled rows; Wilson's score interval for the population that they are drawn from";
    let measure = Measure::exact("class-share", share(count, total), "share", total, method)
        .and_then(|measure| measure.with_interval(low, high, LEVEL));
    tell(
        sink,
        measure.map(|measure| measure.about(escape(class, 80))),
    );
}
