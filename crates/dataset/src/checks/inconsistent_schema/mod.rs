//! Finds tables that break their own form, or that disagree with each other or with the project file.

mod labels;

use tutela_core::{
    Artifact, Check, Context, DatasetDeclaration, Error, Location, Reference, Region, Scratch,
    Setting, Severity, Sink, Unit, declare_check, escape,
};
use tutela_table::{Column, Error as TableError, Kind, Lexical, LexicalCount, Table};

use crate::stats::{percent, share};
use crate::tables;

declare_check! {
    /// Tables that break their own form, or disagree with each other or with the project file.
    ///
    /// # What it finds
    /// Files that cannot be read as the table they claim to be; rows with too few or too many values;
    /// quotation marks that are never closed; text that is not UTF-8; column names used twice; a few values
    /// of another kind in a column (`twelve` among numbers); files of one data set with different columns
    /// or kinds, or with labels that the first file does not know (`yes.` beside `yes`); declared columns (label, sensitive, personal, subject key, timestamp) that are not there.
    ///
    /// # Why it matters
    /// A row that is read one column to the left is a wrong row in every column, and no later step will
    /// notice. A single word turns a column of numbers into text, and with it the model's input. Two
    /// parsers that read a broken row differently let an attacker show the reviewer one value and the
    /// trainer another. And a declared column that is not there silently turns off the checks that need it.
    ///
    /// # Example
    /// `data.csv:1042:1 the row has 20 values where the table has 21 columns`
    ///
    /// # How to fix
    /// Correct the rows at the place named, or write the data as Parquet, which declares the type of each
    /// column. Correct the name of the column in `tutela.toml` if that is what is wrong.
    ///
    /// # Limits
    /// The first 50 broken rows of a file are named one by one, the others are counted. For CSV, delimiter
    /// and header are recognised from the first 64 KiB. A column counts as numbers with odd values when at
    /// most `max-odd-share` of its values are no numbers; above that it is taken for text on purpose.
    ///
    /// # References
    /// AI Act art. 10(2) and 10(3) (data preparation, free of errors), GDPR art. 5(1)(d) (accuracy),
    /// CWE-20, CWE-436 (interpretation conflict), RFC 4180.
    pub struct InconsistentSchema {
        code: "inconsistent-schema",
        title: "Tables break their own form or disagree with each other",
        severity: Medium,
        class: Quality,
        suite: Data,
        stages: [Data],
        kinds: [Dataset],
        settings: [Setting {
            name: "max-odd-share",
            help: "The greatest share of values of another kind that still counts as an error in a column.",
            default: 0.05,
            least: 0.0,
            greatest: 0.5,
        }],
        references: [
            Reference::Cwe(20), Reference::Cwe(436), Reference::ai_act("10(2)"),
            Reference::ai_act("10(3)"), Reference::gdpr("5(1)(d)"),
            Reference::link("https://www.rfc-editor.org/rfc/rfc4180"),
        ],
        user: "Some records that the system learned from may have been read wrongly, so that it may know \
            wrong things about people like you.",
        policymaker: "Article 10(3) of the AI Act asks that training data be, to the best extent possible, \
            free of errors. Rows that cannot be read in one way only are errors that can be counted.",
    }
}

impl Check for InconsistentSchema {
    fn run(
        &self,
        artifact: &Artifact,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        let mut found = Vec::new();
        let mut broken = false;
        for (file, table) in tables::opened(artifact, context) {
            match table {
                Ok(table) => found.push(table),
                Err(TableError::Malformed { problem, .. }) => {
                    broken = true;
                    let place = Location::file(file.path.clone());
                    let finding = Self::INFO
                        .finding(format!("the table cannot be read: {}", problem.what))
                        .with_severity(Severity::High);
                    sink.finding(finding.at(at(place, problem.region.clone())));
                }
                Err(error) => broken |= tables::pass_over(file, error, sink),
            }
        }
        if found.is_empty() && !broken {
            sink.not_applicable("no file of it is a table".to_owned());
        }
        for table in &found {
            tell_problems(table, sink);
            tell_odd_values(table, context.settings.get("max-odd-share"), sink);
            if let Some(declared) = artifact.declaration.dataset() {
                tell_missing_columns(table, declared, sink);
            }
            if let Some(first) = found.first() {
                tell_differences(first, table, sink);
            }
            sink.examined(Unit::Rows, table.rows(), table.rows());
        }
        let declared = artifact.declaration.dataset();
        if let Some(label) = declared.and_then(|declared| declared.label.as_deref()) {
            labels::tell_unknown(&found, label, sink);
        }
        Ok(())
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        let (path, sheet) = crate::plant::first_sheet(scratch)?;
        let mut bytes = sheet.to_csv();
        let odd = vec!["planted"; sheet.names.len().saturating_add(2)].join(",");
        bytes.extend_from_slice(odd.as_bytes());
        scratch.write(&path, &bytes)
    }
}

fn at(place: Location, region: Option<Region>) -> Location {
    match region {
        Some(region) => place.at(region),
        None => place,
    }
}

fn tell_problems(table: &Table, sink: &mut dyn Sink) {
    let place = Location::file(table.file().path.clone());
    let problems = table.problems();
    for problem in problems.kept() {
        let place = at(place.clone(), problem.region.clone());
        sink.finding(
            InconsistentSchema::INFO
                .finding(problem.what.clone())
                .at(place),
        );
    }
    let more = problems
        .total()
        .saturating_sub(problems.kept().len() as u64);
    if more > 0 {
        let finding = InconsistentSchema::INFO
            .finding(format!("{more} more places break the form of the table"))
            .with_identity("more places");
        sink.finding(finding.at(place));
    }
}

/// A column of which almost all values are of one kind, so that the others look like errors.
fn tell_odd_values(table: &Table, most: f64, sink: &mut dyn Sink) {
    for column in table
        .columns()
        .iter()
        .filter(|column| column.kind == Kind::Text)
    {
        let Some((usual, odd)) = usual_and_odd(column) else {
            continue;
        };
        let all = usual.count.saturating_add(odd.count);
        if share(odd.count, all) > most {
            continue;
        }
        let message = format!(
            "{} of {all} values are {} where the others are {}; the first is here",
            odd.count,
            odd.lexical.plural(),
            usual.lexical.plural()
        );
        let place = Location::file(table.file().path.clone()).at(Region::Row {
            row: odd.first_row,
            column: Some(column.name.clone()),
        });
        let finding = InconsistentSchema::INFO
            .finding(message)
            .with_identity(format!("odd values in {}", column.name))
            .with_fix(format!(
                "correct the {} of the values, or make the column text on purpose",
                percent(share(odd.count, all))
            ));
        sink.finding(finding.at(place));
    }
}

/// The most frequent sort that is not text, with its relatives, against all the others.
fn usual_and_odd(column: &Column) -> Option<(LexicalCount, LexicalCount)> {
    let values = || {
        column
            .lexical
            .iter()
            .filter(|seen| !matches!(seen.lexical, Lexical::Null | Lexical::NullWord))
    };
    let family = |lexical| match lexical {
        Lexical::Integer | Lexical::Real => 1,
        Lexical::Date | Lexical::Moment => 2,
        Lexical::Boolean => 3,
        _ => 0,
    };
    let first = values()
        .next()
        .filter(|seen| seen.lexical != Lexical::Text)?;
    let total = |mine: bool| {
        let seen = values().filter(|seen| (family(seen.lexical) == family(first.lexical)) == mine);
        seen.copied().reduce(|one, other| LexicalCount {
            count: one.count.saturating_add(other.count),
            first_row: one.first_row.min(other.first_row),
            ..one
        })
    };
    Some((total(true)?, total(false)?))
}

fn tell_missing_columns(table: &Table, declared: &DatasetDeclaration, sink: &mut dyn Sink) {
    let one = |role, name: &Option<String>| name.clone().map(|name| (role, name));
    let many = |role, names: &[String]| -> Vec<(&str, String)> {
        names.iter().map(|name| (role, name.clone())).collect()
    };
    let wanted = one("label", &declared.label)
        .into_iter()
        .chain(one("timestamp", &declared.timestamp))
        .chain(one("subject key", &declared.subject_key))
        .chain(many("sensitive", &declared.sensitive))
        .chain(many("personal", &declared.personal));
    for (role, name) in wanted.filter(|(_role, name)| table.position(name).is_none()) {
        let message = format!(
            "the declared {role} column `{}` is not there",
            escape(&name, 80)
        );
        let finding = InconsistentSchema::INFO
            .finding(message)
            .with_severity(Severity::High);
        sink.finding(finding.at(Location::file(table.file().path.clone())));
    }
}

/// Compares with the first table of the data set.
fn tell_differences(first: &Table, table: &Table, sink: &mut dyn Sink) {
    if first.file().path == table.file().path {
        return;
    }
    let place = Location::file(table.file().path.clone());
    let model = escape(&first.file().path, 200);
    let mut tell = |message: String, severity| {
        let finding = InconsistentSchema::INFO
            .finding(message)
            .with_severity(severity);
        sink.finding(finding.at(place.clone()));
    };
    for column in first.columns() {
        let name = escape(&column.name, 80);
        match table
            .position(&column.name)
            .and_then(|index| table.columns().get(index))
        {
            None => tell(
                format!("column `{name}` of `{model}` is missing"),
                Severity::High,
            ),
            Some(other) if !agree(column, other) => tell(
                format!(
                    "column `{name}` holds {} where in `{model}` it holds {}",
                    other.kind.plural(),
                    column.kind.plural()
                ),
                Severity::Medium,
            ),
            Some(_same) => {}
        }
    }
    for column in table.columns() {
        if first.position(&column.name).is_none() {
            let name = escape(&column.name, 80);
            tell(
                format!("column `{name}` is not in `{model}`"),
                Severity::High,
            );
        }
    }
}

/// Whether the kinds fit together; a column without any value fits all.
fn agree(one: &Column, other: &Column) -> bool {
    let is_empty = |column: &Column| {
        !column.lexical.is_empty()
            && column
                .lexical
                .iter()
                .all(|seen| matches!(seen.lexical, Lexical::Null | Lexical::NullWord))
    };
    one.kind == other.kind
        || (one.kind.is_number() && other.kind.is_number())
        || is_empty(one)
        || is_empty(other)
}
