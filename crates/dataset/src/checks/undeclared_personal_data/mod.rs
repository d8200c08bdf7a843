//! Finds columns that hold personal data which nobody declared.

mod column;

use std::collections::BTreeMap;

use tutela_core::{
    Artifact, Check, Context, DatasetDeclaration, Error, Measure, Reference, Scratch, Setting,
    Sink, declare_check, escape,
};

use crate::stats::{LEVEL, share, tell, wilson};
use crate::tables;
use column::{Column, Verdict};

declare_check! {
    /// Columns that hold e-mail addresses, phone numbers or numbers of people, and are not declared as
    /// personal.
    ///
    /// # What it finds
    /// Columns whose values look like e-mail addresses, phone numbers, payment cards, bank accounts,
    /// internet addresses or the numbers that some forty states give to people, and that are neither in
    /// `personal` nor the `subject_key` of the data set. All values are looked at, also inside free text.
    /// Where the shape alone is proof (an address, an IBAN) a share of `min-share` is enough. A number whose
    /// check digit holds proves little alone: nine in ten values must pass, and ten different ones, or half
    /// of them where the column's name says what they are.
    ///
    /// # Why it matters
    /// Personal data that nobody knows of is protected by nobody: it is not erased on request, not masked
    /// before training, not in the register. Models repeat rare strings, addresses among them, word for
    /// word.
    ///
    /// # Example
    /// `loans.csv column contact: undeclared personal data: e-mail address (998 of 1000 values)`
    ///
    /// # How to fix
    /// Remove the column where the purpose does not need it. Otherwise declare it in `tutela.toml` with
    /// `personal = ["contact"]`, and record the legal basis; before training replace or mask the values.
    ///
    /// # Limits
    /// It knows numbers and addresses, not names, faces, voices or places, and not combinations that single
    /// out a person. A number that lost its leading zeros, or stands inside nested values, may be missed.
    /// Serial numbers with the check digit of a national id are taken for it.
    ///
    /// # References
    /// GDPR art. 5(1)(c) (data minimisation), 30(1) (records of processing), 87 (national identification
    /// numbers), AI Act art. 10(2)(b) (origin of data), ATLAS AML.T0057 (data leakage), CWE-359.
    pub struct UndeclaredPersonalData {
        code: "undeclared-personal-data",
        title: "A column holds personal data that nobody declared",
        severity: High,
        class: Privacy,
        suite: Data,
        stages: [Data],
        kinds: [Dataset],
        settings: [Setting {
            name: "min-share",
            help: "The least share of values with an unmistakable shape that makes a column personal.",
            default: 0.001,
            least: 0.0,
            greatest: 1.0,
        }],
        references: [
            Reference::gdpr("5(1)(c)"), Reference::gdpr("30(1)"), Reference::gdpr("87"),
            Reference::ai_act("10(2)(b)"), Reference::atlas("AML.T0057"), Reference::Cwe(359),
        ],
        user: "Your address, phone number or a number that names you may be in the data without anyone \
            knowing. Nobody can then show it to you, correct it or erase it.",
        policymaker: "Personal data must be adequate, relevant and limited to the purpose (GDPR article \
            5(1)(c)) and its categories recorded (article 30). An undeclared column breaks both. This check \
            is evidence that the declared columns are all there are, as far as values can tell.",
    }
}

impl Check for UndeclaredPersonalData {
    fn run(
        &self,
        artifact: &Artifact,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        let found = tables::tables(artifact, context, sink);
        let mut columns: BTreeMap<String, Column> = BTreeMap::new();
        // What was read counts even where another file could not be: one address is personal data.
        let _complete = tables::read_all(&found, sink, |table, batch| {
            for (column, view) in table.columns().iter().zip(batch.views()) {
                let seen = columns
                    .entry(column.name.clone())
                    .or_insert_with(|| Column::new(&column.name));
                for text in (0..batch.rows()).filter_map(|row| view.text(row)) {
                    seen.see(&text);
                }
            }
        });
        let declared = artifact.declaration.dataset();
        for (name, column) in &columns {
            let verdicts = column.verdicts(context.settings.get("min-share"));
            let Some(first) = verdicts.first() else {
                continue;
            };
            tell(sink, measure(name, first, column.values()));
            if declared.is_some_and(|declared| is_declared(declared, name)) {
                continue;
            }
            let finding = Self::INFO
                .finding(message(&verdicts, column.values()))
                .with_confidence(first.confidence)
                .with_identity(format!("{} in {name}", first.kind.code()))
                .with_excerpt(&first.example)
                .with_fix(format!(
                    "remove the column, or declare it with `personal = [\"{}\"]` and mask it before training",
                    escape(name, 80)
                ));
            sink.finding(finding.at(tables::column_place(&found, name)));
        }
        Ok(())
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        let (path, mut sheet) = crate::plant::first_sheet(scratch)?;
        sheet.add_column("planted", |row| Some(format!("person{row}@example.org")));
        scratch.write(&path, &sheet.to_csv())
    }
}

fn is_declared(declared: &DatasetDeclaration, name: &str) -> bool {
    declared.personal.iter().any(|known| known == name)
        || declared.subject_key.as_deref() == Some(name)
}

fn measure(
    name: &str,
    verdict: &Verdict,
    values: u64,
) -> Result<Measure, tutela_core::MeasureError> {
    let part = share(verdict.count, values);
    let (low, high) = wilson(verdict.count, values);
    let method = "share of the column's values that satisfy the rules of a kind of personal data; Wilson's \
        score interval";
    Measure::exact("personal-share", part, "share", values, method)?
        .about(escape(name, 80))
        .with_interval(low, high, LEVEL)
}

fn message(verdicts: &[Verdict], values: u64) -> String {
    let kinds: Vec<String> = verdicts
        .iter()
        .map(|verdict| format!("{} ({} of {values} values)", verdict.kind, verdict.count))
        .collect();
    format!("undeclared personal data: {}", kinds.join(", "))
}
