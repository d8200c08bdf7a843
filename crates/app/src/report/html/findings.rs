//! The findings, grouped by check, worst first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use tutela_core::{Finding, Reference, Severity};

use super::prose::{Block, Span, blocks, spans};
use super::{Budget, Cut};
use crate::report::text::{MESSAGE, NAME, count, show};
use crate::report::view::{Row, Status, View};

/// All findings of one check.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) code: String,
    pub(super) title: String,
    pub(super) worst: Severity,
    pub(super) is_open: bool,
    pub(super) counts: String,
    pub(super) class: &'static str,
    pub(super) stages: String,
    pub(super) why: Vec<Block>,
    pub(super) fix: Vec<Block>,
    pub(super) references: Vec<Link>,
    pub(super) items: Cut<Item>,
}

/// One finding.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) severity: Severity,
    pub(super) confidence: &'static str,
    pub(super) status: &'static str,
    pub(super) note: Option<String>,
    pub(super) message: Vec<Span>,
    pub(super) artifact: String,
    pub(super) location: String,
    pub(super) excerpt: Option<String>,
    pub(super) trace: Vec<Step>,
    pub(super) fix: Option<Vec<Span>>,
    pub(super) references: Vec<Link>,
    pub(super) evidence: String,
}

/// Something that leads up to a finding.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) text: String,
    pub(super) place: Option<String>,
    /// How far it is moved in, in steps.
    pub(super) nesting: u32,
}

/// A reference, with its address when that can be trusted to be one.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) name: String,
    pub(super) address: Option<String>,
}

/// The groups that fit, worst first.
pub(super) fn groups(view: &View<'_>, budget: Budget) -> Cut<Group> {
    let mut by_code: BTreeMap<&str, Vec<&Row<'_>>> = BTreeMap::new();
    for row in &view.rows {
        by_code
            .entry(&row.evidence.predicate.check.code)
            .or_default()
            .push(row);
    }
    let mut groups: Vec<_> = by_code.into_values().collect();
    groups.sort_by_key(|rows| {
        let failing = rows.iter().any(|row| view.fails(row));
        let open = rows.iter().filter(|row| row.status == Status::Open);
        (
            Reverse(failing),
            Reverse(open.map(|row| row.finding.severity).max()),
        )
    });
    let mut left = budget.findings;
    let build = |rows: Vec<&Row<'_>>| {
        let most = budget.per_check.min(left);
        left = left.saturating_sub(rows.len().min(most));
        group(view, &rows, most, budget)
    };
    let cut = Cut::map(groups, budget.rows, build);
    Cut {
        shown: cut.shown.into_iter().flatten().collect(),
        more: cut.more,
    }
}

fn group(view: &View<'_>, rows: &[&Row<'_>], most: usize, budget: Budget) -> Option<Group> {
    let check = &rows.first()?.evidence.predicate.check;
    let failing = rows.iter().any(|row| view.fails(row));
    let help = |heading| {
        view.help(&check.code, heading)
            .map(|text| blocks(&text))
            .unwrap_or_default()
    };
    let stages: Vec<&str> = check.stages.iter().map(|stage| stage.as_str()).collect();
    Some(Group {
        code: show(&check.code, NAME),
        title: show(&check.title, NAME),
        worst: rows.iter().map(|row| row.finding.severity).max()?,
        is_open: failing,
        counts: counts(rows),
        class: check.class.as_str(),
        stages: stages.join(", "),
        why: help("Why it matters"),
        fix: help("How to fix"),
        references: links(&check.references),
        items: Cut::map(rows, most, |row| item(row, budget)),
    })
}

fn counts(rows: &[&Row<'_>]) -> String {
    let answered = rows.iter().filter(|row| row.status != Status::Open).count();
    let all = count(rows.len(), "finding", "findings");
    if answered > 0 {
        format!("{all}, {answered} answered for")
    } else {
        all
    }
}

fn trace(finding: &Finding, budget: Budget) -> Vec<Step> {
    const DEEPEST: u32 = 8;
    let steps = finding.trace.iter();
    steps
        .map(|step| Step {
            text: show(&step.text, budget.text),
            place: step.region.as_ref().map(ToString::to_string),
            nesting: step.nesting.min(DEEPEST),
        })
        .collect()
}

fn item(row: &Row<'_>, budget: Budget) -> Item {
    let finding = row.finding;
    Item {
        severity: finding.severity,
        confidence: finding.confidence.as_str(),
        status: row.status.as_str(),
        note: row.status.note(),
        message: spans(&show(&finding.message, budget.text)),
        artifact: show(&row.evidence.predicate.artifact.name, NAME),
        location: show(&finding.location.to_string(), budget.text),
        excerpt: finding
            .excerpt
            .as_deref()
            .map(|excerpt| show(excerpt, budget.text)),
        trace: trace(finding, budget),
        fix: finding
            .fix
            .as_deref()
            .map(|fix| spans(&show(fix, budget.text))),
        references: links(&finding.references),
        evidence: row.evidence.id.short(),
    }
}

/// The references as links; an address that is not plain `https` stays text, because evidence could
/// carry `javascript:` or a look-alike.
pub(super) fn links(references: &[Reference]) -> Vec<Link> {
    let link = |reference: &Reference| {
        let plain = |address: &String| {
            address.starts_with("https://")
                && address.len() < 500
                && address.bytes().all(|byte| byte.is_ascii_graphic())
        };
        Link {
            name: show(&reference.to_string(), MESSAGE),
            address: reference.address().filter(plain),
        }
    };
    references.iter().take(30).map(link).collect()
}
