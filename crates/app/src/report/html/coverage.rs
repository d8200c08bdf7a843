//! Which check looked at which artifact, and how far.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use tutela_core::{Outcome, Unit};
use tutela_evidence::{CheckPredicate, Evidence};

use super::{Budget, Cut};
use crate::report::text::{NAME, count, grouped, show, size};
use crate::report::view::{Group, Tone, View};

/// More columns cannot be read, nor printed.
const MOST_COLUMNS: usize = 8;

/// Checks against artifacts.
#[derive(Debug)]
pub(super) struct Matrix {
    pub(super) columns: Vec<(String, &'static str)>,
    pub(super) columns_more: usize,
    pub(super) rows: Cut<(String, Vec<Cell>)>,
}

/// The outcome of one check on one artifact.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) tone: &'static str,
    pub(super) symbol: &'static str,
    pub(super) words: String,
}

/// How far one check looked.
#[derive(Debug)]
pub(super) struct Extent {
    pub(super) code: String,
    pub(super) artifact: String,
    pub(super) outcome: &'static str,
    pub(super) examined: String,
    pub(super) skipped: usize,
    pub(super) is_whole: bool,
    pub(super) evidence: String,
}

/// Checks against artifacts: the artifacts with most to say come first when not all fit.
pub(super) fn matrix(view: &View<'_>, groups: &[Group<'_>], budget: Budget) -> Matrix {
    let mut order: Vec<&Group<'_>> = groups
        .iter()
        .filter(|group| !group.checks.is_empty())
        .collect();
    let worst = |group: &&Group<'_>| {
        let cells = group.checks.iter().map(|evidence| tone(view, evidence));
        Reverse(cells.max().unwrap_or(Tone::Grey))
    };
    if order.len() > MOST_COLUMNS {
        order.sort_by_key(worst);
    }
    let columns_more = order.len().saturating_sub(MOST_COLUMNS);
    order.truncate(MOST_COLUMNS);
    let mut by_code: BTreeMap<&str, BTreeMap<usize, &Evidence<CheckPredicate>>> = BTreeMap::new();
    for check in view.options.catalogue.iter() {
        by_code.entry(check.info().code).or_default();
    }
    for (column, group) in order.iter().enumerate() {
        for evidence in &group.checks {
            let cells = by_code.entry(&evidence.predicate.check.code).or_default();
            cells.insert(column, evidence);
        }
    }
    let row = |(code, cells): (&str, BTreeMap<usize, &Evidence<CheckPredicate>>)| {
        let of_column = |(column, group): (usize, &&Group<'_>)| match cells.get(&column) {
            Some(evidence) => cell(view, evidence),
            None => no_evidence(view, code, group),
        };
        (
            show(code, NAME),
            order.iter().enumerate().map(of_column).collect(),
        )
    };
    Matrix {
        rows: Cut::map(by_code, budget.rows, row),
        columns: order
            .iter()
            .map(|group| (show(group.name, 40), group.kind.as_str()))
            .collect(),
        columns_more,
    }
}

fn tone(view: &View<'_>, evidence: &Evidence<CheckPredicate>) -> Tone {
    match &evidence.predicate.outcome {
        Outcome::NotApplicable { .. } => Tone::Grey,
        Outcome::Clean => Tone::Green,
        Outcome::Incomplete { .. } | Outcome::Findings => {
            if view.rows_of(evidence.id).any(|row| view.fails(row)) {
                Tone::Red
            } else {
                Tone::Amber
            }
        }
    }
}

fn cell(view: &View<'_>, evidence: &Evidence<CheckPredicate>) -> Cell {
    let predicate = &evidence.predicate;
    let tone = tone(view, evidence);
    let (symbol, words) = match &predicate.outcome {
        Outcome::Clean => ("✓", "clean".to_owned()),
        Outcome::Findings => (
            tone.symbol(),
            count(predicate.findings.len(), "finding", "findings"),
        ),
        Outcome::Incomplete { .. } if predicate.findings.is_empty() => {
            ("?", "incomplete".to_owned())
        }
        Outcome::Incomplete { .. } => {
            let findings = count(predicate.findings.len(), "finding", "findings");
            ("?", format!("incomplete, {findings}"))
        }
        Outcome::NotApplicable { .. } => ("–", "not applicable".to_owned()),
    };
    Cell {
        tone: tone.class(),
        symbol,
        words,
    }
}

fn no_evidence(view: &View<'_>, code: &str, group: &Group<'_>) -> Cell {
    let applies = view
        .options
        .catalogue
        .get(code)
        .is_some_and(|check| check.info().applies_to(group.kind));
    if applies {
        Cell {
            tone: "hole",
            symbol: "○",
            words: "not run".to_owned(),
        }
    } else {
        Cell {
            tone: "none",
            symbol: "",
            words: String::new(),
        }
    }
}

/// How far each check looked.
pub(super) fn extents(view: &View<'_>, budget: Budget) -> Cut<Extent> {
    let extent = |evidence: &Evidence<CheckPredicate>| {
        let predicate = &evidence.predicate;
        let parts = predicate.coverage.iter().map(|part| match part.unit {
            Unit::Bytes => format!("{} of {}", size(part.examined), size(part.total)),
            Unit::Files | Unit::Rows | Unit::Columns => {
                format!(
                    "{} of {} {}",
                    grouped(part.examined),
                    grouped(part.total),
                    part.unit.as_str()
                )
            }
        });
        let examined: Vec<String> = parts.collect();
        Extent {
            code: show(&predicate.check.code, NAME),
            artifact: show(&predicate.artifact.name, NAME),
            outcome: predicate.outcome.as_str(),
            examined: if examined.is_empty() {
                "nothing counted".to_owned()
            } else {
                examined.join(", ")
            },
            skipped: predicate.skipped.len(),
            is_whole: predicate
                .coverage
                .iter()
                .all(|part| part.examined >= part.total),
            evidence: evidence.id.short(),
        }
    };
    Cut::map(&view.dossier.checks, budget.rows, extent)
}
