//! Finds columns with many missing values, also those in disguise.

mod column;

use std::collections::BTreeMap;

use tutela_core::{
    Artifact, Check, Context, Error, Measure, Reference, Scratch, Setting, Severity, Sink,
    declare_check, escape,
};

use crate::stats::{percent, rows, share, tell};
use crate::tables;
use column::Missing;

declare_check! {
    /// Columns in which many values are missing, openly or in disguise.
    ///
    /// # What it finds
    /// Columns of which more than `max-share` of the values are missing; any missing label; and values that
    /// only look like values: words such as `?`, `NA` or `None` in a column of text, and numbers such as
    /// -999 that stand far from all others.
    ///
    /// # Why it matters
    /// Values are seldom missing by chance: people who were not asked differ from those who were. A model
    /// learns the gap itself, and -999 as an income. A row without a label teaches nothing, or whatever the
    /// training code fills in.
    ///
    /// # Example
    /// `adult.csv column workclass: 1836 of 32561 values (5.6 %) are missing, all of them as the word ?`
    ///
    /// # How to fix
    /// Find out why the values are missing. Then collect them, drop the column, or fill them in a documented
    /// way that keeps a mark of what was filled. Write missing values as nothing, not as a word or number.
    ///
    /// # Limits
    /// `none` in lower case is taken for an answer ("other debtors: none"), not for a gap.
    /// It counts; it cannot say whether values are missing at random. A number in disguise is recognised
    /// only if it is one of the usual ones (-9, -99, -999 … and 999, 9999 …), occurs at least twice, and lies
    /// further from every other value than these lie from each other.
    ///
    /// # References
    /// AI Act art. 10(2)(h) (data gaps) and 10(3) (complete), GDPR art. 5(1)(d) (accuracy).
    pub struct MissingValues {
        code: "missing-values",
        title: "Many values of a column are missing",
        severity: Medium,
        class: Quality,
        suite: Data,
        stages: [Data],
        kinds: [Dataset],
        settings: [Setting {
            name: "max-share",
            help: "The greatest share of a column's values that may be missing.",
            default: 0.05,
            least: 0.0,
            greatest: 1.0,
        }],
        references: [
            Reference::ai_act("10(2)(h)"), Reference::ai_act("10(3)"), Reference::gdpr("5(1)(d)"),
        ],
        user: "The system may have learned from records with gaps. If what is missing is what matters about \
            people like you, its answers about you are guesses.",
        policymaker: "Article 10(2)(h) of the AI Act demands that data gaps be identified and addressed, \
            and 10(3) that data be sufficiently complete. This check is the identification.",
    }
}

impl Check for MissingValues {
    fn run(
        &self,
        artifact: &Artifact,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        let found = tables::tables(artifact, context, sink);
        let mut columns: BTreeMap<String, Missing> = BTreeMap::new();
        let complete = tables::read_all(&found, sink, |table, batch| {
            for (column, view) in table.columns().iter().zip(batch.views()) {
                let missing = columns.entry(column.name.clone()).or_default();
                for row in 0..batch.rows() {
                    missing.see(view.cell(row));
                }
            }
        });
        if !complete {
            return Ok(());
        }
        let label = artifact
            .declaration
            .dataset()
            .and_then(|declared| declared.label.as_deref());
        for (name, missing) in &columns {
            let is_label = label == Some(name.as_str());
            let all = missing.total();
            let part = share(missing.missing(), all);
            if missing.missing() > 0 {
                let method =
                    "count of missing values, words and numbers that stand for them included";
                let measure = Measure::exact("missing-share", part, "share", all, method);
                tell(sink, measure.map(|measure| measure.about(escape(name, 80))));
            }
            let most = if is_label {
                0.0
            } else {
                context.settings.get("max-share")
            };
            if part > most {
                let finding = Self::INFO
                    .finding(message(missing, is_label))
                    .with_identity(format!("missing in {name}"))
                    .with_severity(if is_label {
                        Severity::High
                    } else {
                        Severity::Medium
                    });
                sink.finding(finding.at(tables::column_place(&found, name)));
            }
        }
        Ok(())
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        let (path, mut sheet) = crate::plant::first_sheet(scratch)?;
        sheet.add_column("planted", |_row| Some("?".to_owned()));
        scratch.write(&path, &sheet.to_csv())
    }
}

fn message(missing: &Missing, is_label: bool) -> String {
    let all = missing.total();
    if is_label {
        return format!("{} of {all} have no label", rows(missing.missing()));
    }
    let mut text = format!(
        "{} of {all} values ({}) are missing",
        missing.missing(),
        percent(share(missing.missing(), all))
    );
    let disguises: Vec<String> = missing
        .disguises()
        .map(|(disguise, count)| format!("{count} as `{}`", escape(&disguise, 20)))
        .collect();
    if !disguises.is_empty() {
        text.push_str(", of which ");
        text.push_str(&disguises.join(", "));
    }
    text
}
