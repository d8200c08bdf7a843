//! `JUnit` XML: a test suite for each artifact, a test case for each check, and the gate as a suite of its own.

use std::io;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use tutela_core::Outcome;
use tutela_evidence::gate::{Decision, Verdict};
use tutela_evidence::{CheckPredicate, Evidence};

use super::Error;
use super::text::{MESSAGE, NAME, count, count_u64, show};
use super::view::{Group, Row, Status, View};

/// How many findings of one check are listed; dashboards choke on more.
const LISTED: usize = 100;

/// Writes the report.
pub(super) fn render(view: &View<'_>, writer: &mut dyn io::Write) -> Result<(), Error> {
    let mut report = Report::new(format!("tutela {}", show(&view.dossier.system, NAME)));
    for group in view
        .artifacts()
        .iter()
        .filter(|group| !group.checks.is_empty())
    {
        report.add_test_suite(suite(view, group));
    }
    if let Some(gate) = gate(view) {
        report.add_test_suite(gate);
    }
    report.serialize(writer)?;
    Ok(())
}

fn suite(view: &View<'_>, group: &Group<'_>) -> TestSuite {
    let mut suite = TestSuite::new(format!(
        "{} {}",
        group.kind.as_str(),
        show(group.name, NAME)
    ));
    suite.add_property(("digest", group.subject.to_string().as_str()));
    suite.add_property(("as-of", view.dossier.as_of.to_string().as_str()));
    if let Some(alarm) = view.alarm() {
        suite.add_property(("warning", alarm));
    }
    for evidence in &group.checks {
        let mut case = case(view, evidence);
        case.add_property(("evidence", evidence.id.to_string().as_str()));
        suite.add_test_case(case);
    }
    suite
}

fn case(view: &View<'_>, evidence: &Evidence<CheckPredicate>) -> TestCase {
    let predicate = &evidence.predicate;
    let rows: Vec<&Row<'_>> = view.rows_of(evidence.id).collect();
    let (failing, others): (Vec<&Row<'_>>, Vec<&Row<'_>>) =
        rows.iter().copied().partition(|row| view.fails(row));
    let status = match &predicate.outcome {
        Outcome::Incomplete { why } => incomplete(why, &failing),
        Outcome::NotApplicable { why } => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(show(why, MESSAGE));
            status
        }
        Outcome::Clean | Outcome::Findings => failed(&failing),
    };
    let code = show(&predicate.check.code, NAME);
    let mut case = TestCase::new(
        format!("{code}: {}", show(&predicate.check.title, NAME)),
        status,
    );
    case.set_classname(format!("tutela.{}", predicate.check.suite.as_str()));
    if !others.is_empty() {
        case.set_system_out(listing(&others));
    }
    if predicate.findings_omitted > 0 {
        let omitted = count_u64(predicate.findings_omitted, "finding was", "findings were");
        case.set_system_err(format!("{omitted} left out of the evidence by its limit"));
    }
    case
}

fn incomplete(why: &[String], failing: &[&Row<'_>]) -> TestCaseStatus {
    let why: Vec<String> = why.iter().map(|why| show(why, MESSAGE)).collect();
    let mut text = why.join("\n");
    if !failing.is_empty() {
        text = format!("{text}\n{}", listing(failing));
    }
    let first = why.first().map_or("incomplete", String::as_str);
    non_success(NonSuccessKind::Error, "incomplete", first, &text)
}

fn failed(failing: &[&Row<'_>]) -> TestCaseStatus {
    let Some(worst) = failing.first() else {
        return TestCaseStatus::success();
    };
    let findings = count(failing.len(), "finding", "findings");
    let severity = worst.finding.severity;
    let message = show(&worst.finding.message, MESSAGE);
    let message = format!("{findings}, the worst is {severity}: {message}");
    non_success(
        NonSuccessKind::Failure,
        severity.as_str(),
        &message,
        &listing(failing),
    )
}

fn listing(rows: &[&Row<'_>]) -> String {
    let line = |row: &&Row<'_>| {
        let status = match row.status {
            Status::Open => String::new(),
            Status::Waived(_) | Status::Known(_) => format!(" [{}]", row.status.as_str()),
        };
        let severity = row.finding.severity;
        let message = show(&row.finding.message, MESSAGE);
        match show(&row.finding.location.to_string(), MESSAGE) {
            place if place.is_empty() => format!("{severity}{status}: {message}"),
            place => format!("{severity}{status} {place}: {message}"),
        }
    };
    let mut lines: Vec<String> = rows.iter().take(LISTED).map(line).collect();
    let more = rows.len().saturating_sub(LISTED);
    if more > 0 {
        lines.push(format!("and {} more", count(more, "finding", "findings")));
    }
    lines.join("\n")
}

fn gate(view: &View<'_>) -> Option<TestSuite> {
    let mut suite = TestSuite::new("gate");
    for refused in &view.dossier.refused {
        let status = non_success(
            NonSuccessKind::Error,
            "refused",
            &show(&refused.why, MESSAGE),
            &show(&refused.why, MESSAGE),
        );
        suite.add_test_case(TestCase::new(
            format!("evidence {}", show(&refused.file, NAME)),
            status,
        ));
    }
    if let Some(decision) = &view.dossier.decision {
        suite.add_property(("evidence", decision.id.to_string().as_str()));
        add_decision(&mut suite, &decision.predicate, &view.headline().sentence);
    }
    (!suite.test_cases.is_empty()).then_some(suite)
}

fn add_decision(suite: &mut TestSuite, decision: &Decision, sentence: &str) {
    let status = match decision.verdict {
        Verdict::Allow => TestCaseStatus::success(),
        Verdict::Deny => non_success(NonSuccessKind::Failure, "deny", sentence, sentence),
        Verdict::Incomplete => non_success(NonSuccessKind::Error, "incomplete", sentence, sentence),
    };
    suite.add_test_case(TestCase::new("verdict", status));
    for (place, reason) in decision.reasons.iter().enumerate() {
        let kind = match reason.verdict {
            Verdict::Deny => NonSuccessKind::Failure,
            Verdict::Incomplete | Verdict::Allow => NonSuccessKind::Error,
        };
        let message = show(&reason.message, MESSAGE);
        let text = format!("{message}\ncure: {}", show(&reason.cure, MESSAGE));
        let rule = show(&reason.rule, NAME);
        let status = non_success(kind, &rule, &message, &text);
        suite.add_test_case(TestCase::new(
            format!("reason {}: {rule}", place.saturating_add(1)),
            status,
        ));
    }
}

fn non_success(kind: NonSuccessKind, sort: &str, message: &str, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(sort);
    status.set_message(message);
    status.set_description(text);
    status
}
