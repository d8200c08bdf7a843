//! Workflow commands of GitHub Actions: annotations beside the changed lines.
//!
//! GitHub shows at most ten errors, ten warnings and ten notices a step and drops the rest without a
//! word; so the worst come first, and the tenth of each says how many more there are.

use std::io;

use tutela_core::{Region, Severity};
use tutela_evidence::gate::Verdict;

use super::Error;
use super::text::{MESSAGE, NAME, count, show};
use super::view::{Row, Status, View};

/// How many annotations of one level GitHub shows a step.
const SHOWN: usize = 10;

/// The level of an annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Error,
    Warning,
    Notice,
}

/// One workflow command.
#[derive(Debug)]
struct Annotation {
    level: Level,
    file: Option<String>,
    line: Option<(u64, u64)>,
    title: String,
    message: String,
}

/// Writes the annotations, worst first.
pub(super) fn render(view: &View<'_>, writer: &mut dyn io::Write) -> Result<(), Error> {
    let annotations = annotations(view);
    for level in [Level::Error, Level::Warning, Level::Notice] {
        let of_level: Vec<&Annotation> = annotations
            .iter()
            .filter(|one| one.level == level)
            .collect();
        let shown = if of_level.len() > SHOWN {
            SHOWN - 1
        } else {
            SHOWN
        };
        for annotation in of_level.iter().take(shown) {
            write_one(annotation, writer)?;
        }
        let more = of_level.len().saturating_sub(shown);
        if more > 0 {
            let message = format!(
                "{} are not shown here; `{}` lists all",
                count(more, "annotation more", "annotations more"),
                view.list_all()
            );
            write_one(&plain(level, "tutela: more".to_owned(), message), writer)?;
        }
    }
    Ok(())
}

fn annotations(view: &View<'_>) -> Vec<Annotation> {
    let mut annotations = Vec::new();
    let rows = view.rows.iter().map(|row| of_row(view, row));
    let headline = view.headline();
    if let Some(decision) = &view.dossier.decision {
        let level = match decision.predicate.verdict {
            Verdict::Allow => Level::Notice,
            Verdict::Deny | Verdict::Incomplete => Level::Error,
        };
        let title = format!("tutela: {}", headline.word.to_lowercase());
        annotations.push(plain(level, title, headline.sentence));
    }
    // A finding speaks at its place in the file; that helps more than a reason without one.
    annotations.extend(rows);
    if let Some(decision) = &view.dossier.decision {
        let others = decision
            .predicate
            .reasons
            .iter()
            .filter(|reason| reason.severity.is_none());
        annotations.extend(others.map(|reason| {
            let message = format!(
                "{}\ncure: {}",
                show(&reason.message, MESSAGE),
                show(&reason.cure, MESSAGE)
            );
            plain(
                Level::Error,
                format!("tutela: {}", show(&reason.rule, NAME)),
                message,
            )
        }));
    }
    for refused in &view.dossier.refused {
        let message = format!(
            "{}: {}",
            show(&refused.file, NAME),
            show(&refused.why, MESSAGE)
        );
        annotations.push(plain(
            Level::Error,
            "tutela: evidence refused".to_owned(),
            message,
        ));
    }
    for (evidence, why) in view.incomplete() {
        let code = show(&evidence.predicate.check.code, NAME);
        let reasons: Vec<String> = why.iter().map(|why| show(why, MESSAGE)).collect();
        let message = format!(
            "{} could not be checked: {}",
            show(&evidence.predicate.artifact.name, NAME),
            reasons.join("; ")
        );
        annotations.push(plain(Level::Error, format!("{code}: incomplete"), message));
    }
    annotations
}

const fn plain(level: Level, title: String, message: String) -> Annotation {
    Annotation {
        level,
        file: None,
        line: None,
        title,
        message,
    }
}

fn of_row(view: &View<'_>, row: &Row<'_>) -> Annotation {
    let finding = row.finding;
    let level = match finding.severity {
        _ if row.status != Status::Open => Level::Notice,
        _ if view.fails(row) => Level::Error,
        Severity::Critical | Severity::High => Level::Error,
        Severity::Medium => Level::Warning,
        Severity::Low | Severity::Info => Level::Notice,
    };
    let mut message = show(&finding.message, MESSAGE);
    if finding.location.member.is_some()
        || !matches!(finding.location.region, None | Some(Region::Line { .. }))
    {
        message = format!(
            "{message} ({})",
            show(&finding.location.to_string(), MESSAGE)
        );
    }
    for note in [
        row.status.note(),
        finding
            .fix
            .as_deref()
            .map(|fix| format!("fix: {}", show(fix, MESSAGE))),
    ]
    .into_iter()
    .flatten()
    {
        message = format!("{message}\n{note}");
    }
    Annotation {
        level,
        file: finding
            .location
            .file
            .as_deref()
            .map(|file| show(file, 1000)),
        line: match finding.location.region {
            Some(Region::Line { line, column }) => Some((line, column)),
            _ => None,
        },
        title: format!("{} {}", finding.severity, show(&finding.code, NAME)),
        message,
    }
}

fn write_one(annotation: &Annotation, writer: &mut dyn io::Write) -> Result<(), Error> {
    let level = match annotation.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Notice => "notice",
    };
    write!(writer, "::{level} ")?;
    if let Some(file) = &annotation.file {
        write!(writer, "file={},", property(file))?;
    }
    if let Some((line, column)) = annotation.line {
        write!(writer, "line={line},col={column},")?;
    }
    writeln!(
        writer,
        "title={}::{}",
        property(&annotation.title),
        data(&annotation.message)
    )?;
    Ok(())
}

/// Escapes the message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
