//! Finds rows and people of the test data that the model has already seen in training.

mod numbering;

use std::collections::{BTreeSet, HashSet};

use tutela_core::{
    Artifact, Check, Context, DatasetDeclaration, Error, Finding, Location, Measure, Reference,
    Region, Scratch, Setting, Sink, Split, declare_check, escape,
};
use tutela_table::{Batch, Cell, Fingerprint, Table};

use crate::stats::{percent, rows, share, tell};
use crate::tables;

declare_check! {
    /// Test data that the model has already seen in training.
    ///
    /// # What it finds
    /// Rows of the test or validation split that are also in the training split, equal in every column but
    /// the label, the subject key and a column that merely numbers the rows; and people (values of the
    /// declared subject key) who are in both.
    ///
    /// # Why it matters
    /// A test on known rows measures memory, not skill: the model will do worse on everybody else than the
    /// report says. An attacker who can copy training rows into the test set hides a backdoor from it.
    ///
    /// # Example
    /// `test.csv row 5: 40 of 200 rows (20.0 %) are also in the training data, 40 of them with the same label`
    ///
    /// # How to fix
    /// Split again: remove repeated rows first, then split by person (subject key), not by row, and over
    /// time where the future must not be known. Measure the model again.
    ///
    /// # Limits
    /// Exact equality only; near copies are not found. In a table of few, coarse columns different people
    /// are equal by chance: raise `max-share` then. Columns are matched by name; those that only one of
    /// the splits has are left out. Validation against test is not compared.
    ///
    /// # References
    /// AI Act art. 10(3) and 15(3) (accuracy metrics), ATLAS AML.T0020 and AML.T0059; Kapoor and Narayanan,
    /// Leakage and the reproducibility crisis in machine-learning-based science (2023).
    pub struct TrainTestLeakage {
        code: "train-test-leakage",
        title: "Test data were seen in training",
        severity: High,
        class: Quality,
        suite: Data,
        stages: [Data, Training, Test],
        kinds: [Dataset],
        settings: [Setting {
            name: "max-share",
            help: "The greatest share of a test file's rows that may also be in the training data.",
            default: 0.01,
            least: 0.0,
            greatest: 1.0,
        }],
        references: [
            Reference::atlas("AML.T0020"), Reference::atlas("AML.T0059"), Reference::ai_act("10(3)"),
            Reference::ai_act("15(3)"), Reference::link("https://doi.org/10.1016/j.patter.2023.100804"),
        ],
        user: "The system may have been tested on cases it already knew. It may be wrong about you more \
            often than its makers believe.",
        policymaker: "Article 15(3) of the AI Act demands that accuracy be declared. A figure measured on \
            training data is not an accuracy; this check shows that the test data are new, or are not.",
    }
}

impl Check for TrainTestLeakage {
    fn run(
        &self,
        artifact: &Artifact,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        let splits: BTreeSet<Split> = artifact
            .files
            .iter()
            .filter_map(|file| file.split)
            .collect();
        if !splits.contains(&Split::Train) || splits.len() < 2 {
            let why = "the project file does not declare a training split and another one";
            sink.not_applicable(why.to_owned());
            return Ok(());
        }
        let found = tables::tables(artifact, context, sink);
        let Some(columns) = Columns::of(&found, artifact.declaration.dataset(), sink) else {
            return Ok(());
        };
        let mut seen = Seen::default();
        let train: Vec<Table> = tables::of_split(&found, Split::Train)
            .into_iter()
            .cloned()
            .collect();
        let complete = tables::read_all(&train, sink, |table, batch| {
            columns.keys(table, batch, |_row, keys| seen.learn(&keys));
        });
        if !complete {
            return Ok(());
        }
        for table in &found {
            if matches!(table.file().split, Some(Split::Test | Split::Validation)) {
                compare(table, &columns, &seen, context, sink);
            }
        }
        Ok(())
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        let (_path, sheet) = crate::plant::first_sheet(scratch)?;
        for (path, split) in [
            ("planted-train.csv", Split::Train),
            ("planted-test.csv", Split::Test),
        ] {
            scratch.write(path, &sheet.to_csv())?;
            for file in scratch
                .artifact
                .files
                .iter_mut()
                .filter(|file| file.path == path)
            {
                file.split = Some(split);
            }
        }
        Ok(())
    }
}

/// Which columns are compared, by name.
struct Columns {
    features: Vec<String>,
    label: Option<String>,
    subject: Option<String>,
}

/// What of a row is looked up.
struct Keys {
    features: Fingerprint,
    labelled: Fingerprint,
    subject: Option<Fingerprint>,
}

/// What the training data hold.
#[derive(Default)]
struct Seen {
    features: HashSet<Fingerprint>,
    labelled: HashSet<Fingerprint>,
    subjects: HashSet<Fingerprint>,
}

impl Columns {
    /// None when the splits have no column in common, or could not be read.
    fn of(
        found: &[Table],
        declared: Option<&DatasetDeclaration>,
        sink: &mut dyn Sink,
    ) -> Option<Self> {
        let label = declared.and_then(|declared| declared.label.clone());
        let subject = declared.and_then(|declared| declared.subject_key.clone());
        let numbering = match numbering::columns(found) {
            Ok(numbering) => numbering,
            Err(error) => {
                sink.incomplete(tables::said(error));
                return None;
            }
        };
        let (first, rest) = found.split_first()?;
        let names = first.columns().iter().map(|column| column.name.clone());
        let features: Vec<String> = names
            .filter(|name| Some(name) != label.as_ref() && Some(name) != subject.as_ref())
            .filter(|name| !numbering.contains(name))
            .filter(|name| rest.iter().all(|table| table.position(name).is_some()))
            .collect();
        if features.is_empty() {
            sink.incomplete(
                "the splits have no column in common that could be compared".to_owned(),
            );
            return None;
        }
        Some(Self {
            features,
            label,
            subject,
        })
    }

    fn keys(&self, table: &Table, batch: &Batch, mut see: impl FnMut(u64, Keys)) {
        let place = |name: &String| table.position(name);
        let features: Vec<usize> = self.features.iter().filter_map(place).collect();
        let label = self.label.as_ref().and_then(place);
        let subject = self.subject.as_ref().and_then(place);
        let mut buffer = Vec::new();
        for row in 0..batch.rows() {
            let cells = || features.iter().map(|column| batch.cell(row, *column));
            let labelled = cells().chain(label.map(|column| batch.cell(row, column)));
            let person = subject
                .map(|column| batch.cell(row, column))
                .filter(|cell| !cell.is_missing());
            let keys = Keys {
                features: Fingerprint::of(cells(), &mut buffer),
                labelled: Fingerprint::of(labelled, &mut buffer),
                subject: person.map(|cell: Cell<'_>| Fingerprint::of([cell], &mut buffer)),
            };
            see(batch.first_row().saturating_add(row as u64), keys);
        }
    }
}

impl Seen {
    fn learn(&mut self, keys: &Keys) {
        self.features.insert(keys.features);
        self.labelled.insert(keys.labelled);
        self.subjects.extend(keys.subject);
    }
}

/// What of one file is known from training.
#[derive(Default)]
struct Overlap {
    rows: u64,
    labelled: u64,
    first: Option<u64>,
    people: HashSet<Fingerprint>,
    known_people: HashSet<Fingerprint>,
    first_person: Option<u64>,
}

fn compare(
    table: &Table,
    columns: &Columns,
    seen: &Seen,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) {
    let mut overlap = Overlap::default();
    let complete = tables::read_all(std::slice::from_ref(table), sink, |table, batch| {
        columns.keys(table, batch, |row, keys| overlap.see(row, &keys, seen));
    });
    if !complete {
        return;
    }
    let part = share(overlap.rows, table.rows());
    let path = escape(&table.file().path, 200);
    let method = "rows whose features are equal to those of a training row, by 128 bits of SHA-256";
    let measure = Measure::exact("known-rows-share", part, "share", table.rows(), method);
    tell(sink, measure.map(|measure| measure.about(path.clone())));
    if part > context.settings.get("max-share") {
        sink.finding(known_rows(table, columns, &overlap));
    }
    if columns.subject.is_none() {
        return;
    }
    let (known, all) = (
        overlap.known_people.len() as u64,
        overlap.people.len() as u64,
    );
    let method = "distinct subject keys that also occur in the training data";
    let measure = Measure::exact(
        "known-people-share",
        share(known, all),
        "share",
        all,
        method,
    );
    tell(sink, measure.map(|measure| measure.about(path)));
    if known > 0 {
        let message =
            format!("{known} of {all} people of this split are also in the training data");
        let finding = TrainTestLeakage::INFO
            .finding(message)
            .with_identity("known people");
        sink.finding(finding.at(row_place(
            table,
            overlap.first_person,
            columns.subject.clone(),
        )));
    }
}

fn known_rows(table: &Table, columns: &Columns, overlap: &Overlap) -> Finding {
    let labelled = if columns.label.is_some() {
        format!(", {} of them with the same label", overlap.labelled)
    } else {
        String::new()
    };
    let message = format!(
        "{} of {} ({}) are also in the training data{labelled}",
        rows(overlap.rows),
        table.rows(),
        percent(share(overlap.rows, table.rows()))
    );
    TrainTestLeakage::INFO
        .finding(message)
        .with_identity("known rows")
        .at(row_place(table, overlap.first, None))
}

fn row_place(table: &Table, row: Option<u64>, column: Option<String>) -> Location {
    let place = Location::file(table.file().path.clone());
    match row {
        Some(row) => place.at(Region::Row { row, column }),
        None => place,
    }
}

impl Overlap {
    fn see(&mut self, row: u64, keys: &Keys, seen: &Seen) {
        if seen.features.contains(&keys.features) {
            self.rows = self.rows.saturating_add(1);
            self.first.get_or_insert(row);
        }
        if seen.labelled.contains(&keys.labelled) {
            self.labelled = self.labelled.saturating_add(1);
        }
        if let Some(person) = keys.subject {
            self.people.insert(person);
            if seen.subjects.contains(&person) {
                self.known_people.insert(person);
                self.first_person.get_or_insert(row);
            }
        }
    }
}
