//! Finds columns that give the label away.

mod determination;
mod sample;

use tutela_core::{
    Artifact, Check, Context, Error, Location, Measure, Reference, Scratch, Setting, Sink, Split,
    Unit, declare_check, escape,
};
use tutela_table::Table;

use crate::stats::{LEVEL, half_width, percent, tell};
use crate::tables;
use determination::{Determination, determination};
use sample::Sample;

/// Fewer labelled rows than this say nothing.
const LEAST_ROWS: usize = 50;
/// Columns that say less than this about the label are not listed among the measures.
const WORTH_TELLING: f64 = 0.01;

declare_check! {
    /// Columns that give the label away.
    ///
    /// # What it finds
    /// For each column, how much of the uncertainty about the label it takes away:
    /// `U = 1 - CE(label | column) / CE(label)`, where CE is the mean of `-log2 p` over rows, and p is the
    /// probability that a table learned on *other* rows gives the row's label (five folds, by a hash of the
    /// row's number). `p(y|x) = (n_xy + p(y)) / (n_x + 1)` and `p(y) = (n_y + 1) / (n + K)` with K classes.
    /// 0 is nothing, 1 is everything; a column is reported from `min-determination` on. Numbers with over 50
    /// different values are cut into 32 and into 8 groups of equal size, a column with gaps is also split into
    /// gaps and values, and the best of these counts. A label of over 50 different numbers is cut into ten
    /// groups. This is Theil's uncertainty coefficient (1972), cross-validated: a column of names or
    /// numbers that never repeat determines every label in hindsight and none in advance, and gets 0.
    ///
    /// # Why it matters
    /// A column that nearly determines the label was usually filled in after the fact (a date of default, a
    /// recovered amount, a treatment). The model is brilliant in the test and blind in use, where the
    /// column is still empty. It is also the shape of a backdoor: a mark that flips the label.
    ///
    /// # Example
    /// `loans.csv column recovered_amount: it takes away 99.1 % of the uncertainty about the label`
    ///
    /// # How to fix
    /// Ask when the column gets its value. If that is after the moment of prediction, leave it out of
    /// training. If the column is rightly that good, the label may not need a model: say so, and raise
    /// `min-determination`.
    ///
    /// # Limits
    /// One column at a time: two columns that give the label away only together are not found. At most
    /// 50,000 rows are used, chosen by a hash of their number and the seed; the interval shows what that
    /// leaves open. Repeated rows fall into several folds and make a column look better than it is. Fewer
    /// than 50 labelled rows are not judged.
    ///
    /// # References
    /// AI Act art. 10(2) and 15(3), ATLAS AML.T0020; H. Theil, Statistical Decomposition Analysis (1972);
    /// Kaufman and others, Leakage in data mining (2012); W. G. Cochran, Sampling Techniques (1977), ch. 6,
    /// for the interval of a ratio.
    pub struct LabelLeakingColumn {
        code: "label-leaking-column",
        title: "A column gives the label away",
        severity: High,
        class: Quality,
        suite: Data,
        stages: [Data, Training],
        kinds: [Dataset],
        settings: [Setting {
            name: "min-determination",
            help: "The share of the uncertainty about the label from which a column counts as giving it away.",
            default: 0.8,
            least: 0.05,
            greatest: 1.0,
        }],
        references: [
            Reference::atlas("AML.T0020"), Reference::ai_act("10(2)"), Reference::ai_act("15(3)"),
            Reference::link("https://doi.org/10.1145/2382577.2382579"),
        ],
        user: "The system may have learned from something nobody can know yet when it decides about you. It \
            then only looked good in the test.",
        policymaker: "Article 15(3) of the AI Act demands that accuracy be declared. Accuracy that rests on \
            information which is not there in use is not accuracy.",
    }
}

impl Check for LabelLeakingColumn {
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
        let mut train: Vec<Table> = tables::of_split(&found, Split::Train)
            .into_iter()
            .cloned()
            .collect();
        if train.is_empty() {
            train = found;
        }
        let Some(sample) = take_sample(&train, &label, context, sink) else {
            return Ok(());
        };
        let Some(classes) = sample.classes() else {
            sink.not_applicable(
                "the label has more than 50 different values that are no numbers".to_owned(),
            );
            return Ok(());
        };
        if classes.codes.len() < LEAST_ROWS || classes.count < 2 {
            let why = format!("fewer than {LEAST_ROWS} labelled rows, or one class only");
            sink.not_applicable(why);
            return Ok(());
        }
        for name in sample.columns() {
            let best = sample
                .groupings(name)
                .iter()
                .map(|groups| determination(groups, &classes, sample.folds()))
                .max_by(|one, other| one.value.total_cmp(&other.value));
            if let Some(best) = best {
                let place = tables::column_place(&train, name);
                judge(name, best, place, context, sink);
            }
        }
        Ok(())
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        let (path, mut sheet) = crate::plant::first_sheet(scratch)?;
        while sheet.rows.len() < LEAST_ROWS.saturating_mul(2) {
            let copy = sheet.rows.clone();
            sheet.rows.extend(copy);
        }
        let outcome = |row: usize, yes: &str, no: &str| {
            Some(if row.is_multiple_of(2) { yes } else { no }.to_owned())
        };
        sheet.add_column("planted_label", |row| outcome(row, "good", "bad"));
        sheet.add_column("planted", |row| outcome(row, "paid", "lost"));
        scratch.artifact.files.retain(|file| file.path == path);
        crate::plant::declare(scratch, |declared| {
            declared.label = Some("planted_label".to_owned());
        });
        scratch.write(&path, &sheet.to_csv())
    }
}

/// None when there is nothing that could be judged; the reason has been told.
fn take_sample(
    train: &[Table],
    label: &str,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> Option<Sample> {
    let first = train.first()?;
    if train.iter().any(|table| table.position(label).is_none()) {
        let name = escape(label, 80);
        sink.incomplete(format!(
            "the declared label column `{name}` is not in every file"
        ));
        return None;
    }
    let total = train.iter().map(Table::rows).fold(0, u64::saturating_add);
    let names = first.columns().iter().map(|column| column.name.clone());
    let names = names.filter(|name| train.iter().all(|table| table.position(name).is_some()));
    let mut sample = Sample::new(names, label, total, context.seed);
    for table in train {
        if let Err(error) = sample.take(table) {
            sink.incomplete(tables::said(error));
            return None;
        }
    }
    // All rows are read; the interval of each measure says what the choice of rows leaves open.
    sink.examined(Unit::Rows, total, total);
    Some(sample)
}

fn judge(
    name: &str,
    found: Determination,
    place: Location,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) {
    if found.value >= WORTH_TELLING {
        let half = half_width(found.standard_error);
        let method = "Theil's uncertainty coefficient, five-fold cross-validated; interval of a ratio (Cochran 1977)";
        let measure = Measure::exact("determination", found.value, "share", found.rows, method)
            .and_then(|measure| {
                measure.with_interval(
                    found.value - half,
                    (found.value + half).min(1.0).max(found.value),
                    LEVEL,
                )
            });
        tell(sink, measure.map(|measure| measure.about(escape(name, 80))));
    }
    if found.value >= context.settings.get("min-determination") {
        let message = format!(
            "it takes away {} of the uncertainty about the label",
            percent(found.value)
        );
        let finding = LabelLeakingColumn::INFO
            .finding(message)
            .with_identity(format!("leaking {name}"));
        sink.finding(finding.at(place));
    }
}
