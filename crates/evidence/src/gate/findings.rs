//! Findings: each is waived, known, below the threshold, or a reason to deny.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use tutela_core::{Class, Finding, Severity};

use super::baseline::Ledger;
use super::cases::Case;
use super::draft::Draft;
use super::waivers::Waivers;
use super::wording::{count, explain, name, sentence};
use super::{Policy, Reason};
use crate::{CheckPredicate, Evidence};

/// How many findings of one check on one artifact get a reason of their own.
const NAMED: usize = 10;

/// Weighs every finding about the present bytes, required or not: no finding is ever ignored.
pub(super) fn weigh(
    policy: &Policy,
    cases: &[Case<'_>],
    waivers: &mut Waivers<'_>,
    ledger: &mut Ledger,
    draft: &mut Draft,
) {
    for case in cases {
        let Some(piece) = case.speaks else { continue };
        let mut denying = Vec::new();
        let mut mild: BTreeMap<Reverse<Severity>, u64> = BTreeMap::new();
        let mut known = 0_u64;
        for finding in worst_first(&piece.predicate.findings) {
            // Asked for every finding, so that the baseline can say what is gone.
            let is_known = ledger.knows(case, finding);
            if waivers.cover(case, finding) {
                continue;
            }
            if is_known {
                known = known.saturating_add(1);
            } else if finding.severity >= policy.fail_on {
                denying.push(finding);
            } else {
                let number = mild.entry(Reverse(finding.severity)).or_default();
                *number = number.saturating_add(1);
            }
        }
        deny(case, piece, &denying, draft);
        weigh_omitted(policy, case, piece, draft);
        warn(policy, case, &mild, known, draft);
    }
}

/// In an order that depends on nothing but the findings.
fn worst_first(findings: &[Finding]) -> Vec<&Finding> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| {
        (
            Reverse(finding.severity),
            (&finding.location, &finding.message, &finding.identity),
            (&finding.code, Reverse(finding.confidence)),
        )
    });
    sorted
}

fn deny(
    case: &Case<'_>,
    piece: &Evidence<CheckPredicate>,
    findings: &[&Finding],
    draft: &mut Draft,
) {
    for finding in findings.iter().take(NAMED) {
        let place = finding.location.to_string();
        let place = if place.is_empty() {
            place
        } else {
            format!(", {place}")
        };
        let message = format!(
            "{} {} in {}{place}: {}",
            finding.severity,
            name(&finding.code),
            name(&case.artifact.artifact),
            sentence(&finding.message)
        );
        let mut reason = reason(case, piece, "finding", message, finding.severity);
        if case.classes().all(Class::can_be_waived) {
            reason.cure = explain(case.code, Some(&finding.subject(case.artifact.digest)));
        }
        draft.reason(reason);
    }
    let rest = findings.get(NAMED..).unwrap_or_default();
    if let Some(worst) = rest.iter().map(|finding| finding.severity).max() {
        let message = format!(
            "{} of {} in {}, up to {worst}",
            count(rest.len() as u64, "more finding"),
            name(case.code),
            name(&case.artifact.artifact)
        );
        draft.reason(reason(case, piece, "more-findings", message, worst));
    }
}

/// Findings that were counted but not kept: nobody can waive or know what nobody has seen.
///
/// Evidence keeps the worst, so those left out are no worse than the worst kept, nor than usual.
fn weigh_omitted(
    policy: &Policy,
    case: &Case<'_>,
    piece: &Evidence<CheckPredicate>,
    draft: &mut Draft,
) {
    let predicate = &piece.predicate;
    if predicate.findings_omitted == 0 {
        return;
    }
    let kept = predicate.findings.iter().map(|finding| finding.severity);
    let severity = kept.fold(predicate.check.severity, Severity::max);
    let message = format!(
        "{} of {} in {} beyond what the limit on findings keeps",
        count(predicate.findings_omitted, "finding"),
        name(case.code),
        name(&case.artifact.artifact)
    );
    if severity >= policy.fail_on {
        draft.reason(reason(case, piece, "omitted-findings", message, severity));
    } else {
        let cure = explain(case.code, None);
        draft.warn("findings-below-threshold", message, Some(cure));
    }
}

fn reason(
    case: &Case<'_>,
    piece: &Evidence<CheckPredicate>,
    rule: &str,
    message: String,
    severity: Severity,
) -> Reason {
    let waivable = case.classes().all(Class::can_be_waived) && rule != "omitted-findings";
    let cure = explain(case.code, waivable.then_some(&case.artifact.digest));
    Reason::deny(rule, message, cure)
        .about(&case.artifact.artifact)
        .by_check(case.code)
        .backed_by(piece.id)
        .of_severity(severity)
}

fn warn(
    policy: &Policy,
    case: &Case<'_>,
    mild: &BTreeMap<Reverse<Severity>, u64>,
    known: u64,
    draft: &mut Draft,
) {
    let place = format!("{} in {}", name(case.code), name(&case.artifact.artifact));
    let cure = || Some(explain(case.code, None));
    if !mild.is_empty() {
        let numbers: Vec<String> = mild
            .iter()
            .map(|(Reverse(severity), number)| format!("{number} {severity}"))
            .collect();
        let message = format!("{place}: {} (below {})", numbers.join(", "), policy.fail_on);
        draft.warn("findings-below-threshold", message, cure());
    }
    if known > 0 {
        let message = format!(
            "{place}: {} known from the baseline",
            count(known, "finding")
        );
        draft.warn("known-findings", message, cure());
    }
}
