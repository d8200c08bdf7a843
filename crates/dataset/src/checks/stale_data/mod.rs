//! Finds data that are too old, of unknown age, or from the future.

use tutela_core::{
    Artifact, Check, Context, DatasetDeclaration, Error, Finding, Location, Measure, Reference,
    Region, Scratch, Setting, Severity, Sink, Timestamp, Unit, declare_check, escape,
};
use tutela_table::{Kind, Table};

use crate::stats::tell;
use crate::tables;

const DAY: i64 = 86_400;
/// Clocks and time zones differ by less than this; later is the future.
const TOLERANCE: i64 = DAY;

declare_check! {
    /// Data that are too old, of unknown age, or from the future.
    ///
    /// # What it finds
    /// Takes the newest moment in the declared timestamp column, else the declared day of collection, and
    /// compares its age with the declared greatest age (`max_age`). Reports data older than that; data older
    /// than `notice-days` for which nobody declared a greatest age; data whose age nobody knows; and rows
    /// recorded more than a day after now.
    ///
    /// # Why it matters
    /// The world moves: prices, habits, fraud, the language of patients. A model is right about the time of
    /// its data. And people have a right to data that are kept up to date, and kept no longer than needed.
    ///
    /// # Example
    /// `loans: the data are 412 days old (newest 2025-10-07), the greatest age declared is 90 days`
    ///
    /// # How to fix
    /// Collect new data and train again; or, if the age does no harm, say so by declaring a greater
    /// `max_age`. Declare `timestamp` or `collected` where the age is unknown.
    ///
    /// # Limits
    /// It believes the column and the declaration; it cannot know when a row was really recorded. The newest
    /// row counts, so one new row hides that all others are old: the measure `oldest-age` shows it.
    /// Numbers are not taken for moments: write dates as `2026-11-23` or `2026-11-23T08:00:00Z`.
    ///
    /// # References
    /// GDPR art. 5(1)(d) (kept up to date) and 5(1)(e) (storage limitation), AI Act art. 10(3) and 15(4).
    pub struct StaleData {
        code: "stale-data",
        title: "Data are too old, or of unknown age",
        severity: High,
        class: Quality,
        suite: Data,
        stages: [Data, Maintenance],
        kinds: [Dataset],
        settings: [Setting {
            name: "notice-days",
            help: "The age in days from which data need a declared greatest age.",
            default: 1826.0,
            least: 1.0,
            greatest: 36_525.0,
        }],
        references: [
            Reference::gdpr("5(1)(d)"), Reference::gdpr("5(1)(e)"), Reference::ai_act("10(3)"),
            Reference::ai_act("15(4)"),
        ],
        user: "The system may know a world that is gone, and old facts about you that are no longer true.",
        policymaker: "Article 5(1)(d) of the GDPR demands that personal data be kept up to date, 5(1)(e) that \
            they be kept no longer than necessary. The age of the data is measured and compared with the declared one.",
    }
}

impl Check for StaleData {
    fn run(
        &self,
        artifact: &Artifact,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        let Some(declared) = artifact.declaration.dataset() else {
            sink.not_applicable("the project file does not declare the data set".to_owned());
            return Ok(());
        };
        if let Some(column) = &declared.timestamp {
            examine_column(column, artifact, declared, context, sink);
            return Ok(());
        }
        let files = artifact.files.len() as u64;
        sink.examined(Unit::Files, files, files);
        match declared.collected {
            Some(collected) => judge(collected, declared, &Location::default(), context, sink),
            None if declared.max_age_days.is_some() => sink.incomplete(
                "a greatest age is declared, but neither a timestamp column nor a day of collection"
                    .to_owned(),
            ),
            None => {
                let finding = Self::INFO
                    .finding("nobody declared when the data were collected, so their age is unknown")
                    .with_severity(Severity::Low)
                    .with_fix("declare `timestamp` (a column) or `collected` (a day), and `max_age`");
                sink.finding(finding);
            }
        }
        Ok(())
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        crate::plant::declare(scratch, |declared| {
            declared.timestamp = None;
            declared.collected = Some(Timestamp::from_seconds(0));
            declared.max_age_days = Some(1);
        });
        Ok(())
    }
}

/// The ends of a timestamp column, and what lies in the future.
#[derive(Debug, Default)]
struct Span {
    ends: Option<(i64, i64)>,
    unreadable: u64,
    values: u64,
    future: u64,
    first_future: Option<(String, u64)>,
}

fn examine_column(
    column: &str,
    artifact: &Artifact,
    declared: &DatasetDeclaration,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) {
    let found = tables::tables(artifact, context, sink);
    let name = escape(column, 80);
    for table in found.iter().filter(|table| !holds_moments(table, column)) {
        let path = escape(&table.file().path, 200);
        sink.incomplete(format!(
            "`{path}` has no column `{name}` that holds dates or moments"
        ));
    }
    let readable: Vec<Table> = found
        .iter()
        .filter(|table| holds_moments(table, column))
        .cloned()
        .collect();
    let mut span = Span::default();
    let complete = tables::read_all(&readable, sink, |table, batch| {
        let view = table.position(column).and_then(|place| batch.view(place));
        let Some(view) = view else { return };
        for row in 0..batch.rows() {
            let cell = view.cell(row);
            let is_value = !cell.is_missing();
            let number = batch.first_row().saturating_add(row as u64);
            span.see(is_value, cell.seconds(), context.as_of, || {
                (table.file().path.clone(), number)
            });
        }
    });
    if !complete {
        return;
    }
    if span.unreadable > 0 {
        sink.incomplete(format!(
            "{} values of column `{name}` are out of range",
            span.unreadable
        ));
    }
    tell_future(&span, column, sink);
    if let Some((oldest, newest)) = span.ends {
        measure("oldest-age", oldest, &span, context, sink);
        measure("newest-age", newest, &span, context, sink);
        let place = tables::column_place(&found, column);
        judge(
            Timestamp::from_seconds(newest),
            declared,
            &place,
            context,
            sink,
        );
    } else if !readable.is_empty() {
        sink.incomplete(format!("column `{name}` holds no moment up to now"));
    }
}

fn holds_moments(table: &Table, column: &str) -> bool {
    let column = table
        .position(column)
        .and_then(|place| table.columns().get(place));
    column.is_some_and(|column| matches!(column.kind, Kind::Date | Kind::Moment))
}

impl Span {
    fn see(
        &mut self,
        is_value: bool,
        seconds: Option<i64>,
        now: Timestamp,
        place: impl FnOnce() -> (String, u64),
    ) {
        let Some(seconds) = seconds else {
            self.unreadable = self.unreadable.saturating_add(u64::from(is_value));
            return;
        };
        self.values = self.values.saturating_add(1);
        if seconds > now.seconds().saturating_add(TOLERANCE) {
            // Left out of the ends: one row from the future must not make old data look new.
            self.future = self.future.saturating_add(1);
            self.first_future.get_or_insert_with(place);
            return;
        }
        let (oldest, newest) = self.ends.unwrap_or((seconds, seconds));
        self.ends = Some((oldest.min(seconds), newest.max(seconds)));
    }
}

fn tell_future(span: &Span, column: &str, sink: &mut dyn Sink) {
    let Some((path, row)) = &span.first_future else {
        return;
    };
    let message = format!(
        "{} of {} moments lie in the future; the first is here",
        span.future, span.values
    );
    let place = Location::file(path.clone()).at(Region::Row {
        row: *row,
        column: Some(column.to_owned()),
    });
    let finding = StaleData::INFO
        .finding(message)
        .with_identity("moments in the future")
        .with_severity(Severity::Medium);
    sink.finding(finding.at(place));
}

fn measure(name: &str, seconds: i64, span: &Span, context: &Context<'_>, sink: &mut dyn Sink) {
    let age = days(context.as_of.since(Timestamp::from_seconds(seconds)));
    let method = "from the moment in the timestamp column to `as_of`, in days of 86,400 s";
    tell(sink, Measure::exact(name, age, "days", span.values, method));
}

#[expect(
    clippy::cast_precision_loss,
    reason = "seconds of ten thousand years are exact in a double"
)]
fn days(seconds: i64) -> f64 {
    seconds as f64 / DAY as f64
}

fn judge(
    newest: Timestamp,
    declared: &DatasetDeclaration,
    place: &Location,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) {
    let age = context.as_of.since(newest);
    if age < -TOLERANCE {
        let finding = StaleData::INFO
            .finding(format!(
                "the declared day of collection, {}, lies in the future",
                newest.date()
            ))
            .with_severity(Severity::Medium);
        sink.finding(finding);
        return;
    }
    let stale = |finding: Finding| finding.with_identity("stale").at(place.clone());
    let whole = age.div_euclid(DAY);
    let known = format!("the data are {whole} days old (newest {})", newest.date());
    match declared.max_age_days {
        Some(most) if age > i64::from(most).saturating_mul(DAY) => {
            let message = format!("{known}, the greatest age declared is {most} days");
            sink.finding(stale(StaleData::INFO.finding(message)));
        }
        None if days(age) > context.settings.get("notice-days") => {
            let message = format!("{known}, and nobody declared a greatest age");
            sink.finding(stale(
                StaleData::INFO
                    .finding(message)
                    .with_severity(Severity::Low),
            ));
        }
        _ => {}
    }
}
