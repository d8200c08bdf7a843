//! Demands on evidence: that it is there, counts, and says that the check could look.

use std::collections::{BTreeMap, BTreeSet};

use tutela_core::{Digest, Outcome, Timestamp, escape};

use super::cases::{Case, Miss, demanded_signatures};
use super::draft::Draft;
use super::wording::{count, name, sentence, shell, some};
use super::{Expected, Policy, Reason, Requirement, Verdict};
use crate::{CheckPredicate, Dossier, Evidence};

/// How many refused files are named one by one.
const REFUSED_NAMED: usize = 10;
/// How many things that a check could not examine are named.
const WHY_NAMED: usize = 3;
const CHECK: &str = "tutela check";

/// Demands that concern the whole: that the policy can be met, and that nothing was tampered with.
pub(super) fn demand(policy: &Policy, expected: &[Expected], dossier: &Dossier, draft: &mut Draft) {
    demand_something(policy, expected, draft);
    demand_keys(policy, draft);
    name_refused(dossier, draft);
}

/// A requirement that nothing here can meet would be met by deleting what it is about.
fn demand_something(policy: &Policy, expected: &[Expected], draft: &mut Draft) {
    let mut nothing = |what: &str| {
        let message = format!("nothing here {what}, so that nothing is known");
        let cure = "tutela check  # declare it in tutela.toml, or demand less in [gate] require";
        draft.reason(Reason::incomplete(
            "nothing-to-check",
            message,
            cure.to_owned(),
        ));
    };
    let checks = || expected.iter().flat_map(|artifact| &artifact.checks);
    if policy.require.is_empty() && checks().next().is_none() {
        nothing("can be checked");
    }
    for requirement in &policy.require {
        match requirement {
            Requirement::Suite(suite) if !checks().any(|check| check.suite == *suite) => {
                nothing(&format!(
                    "is examined by the required suite `{}`",
                    suite.as_str()
                ));
            }
            Requirement::Check(code) if !checks().any(|check| check.code == *code) => {
                nothing(&format!("is examined by the required check {}", name(code)));
            }
            Requirement::Sign if !expected.iter().any(super::manifests::can_be_signed) => {
                nothing("is a declared model or data set that could be signed");
            }
            Requirement::Suite(_) | Requirement::Check(_) | Requirement::Sign => {}
        }
    }
}

fn demand_keys(policy: &Policy, draft: &mut Draft) {
    let trusted: BTreeSet<&String> = policy.trusted_keys.iter().collect();
    let demanded = demanded_signatures(policy);
    if trusted.len() < demanded {
        let message = format!(
            "each piece of evidence must be signed by {demanded} trusted keys, but {} trusted",
            match trusted.len() {
                0 => "none is".to_owned(),
                1 => "only 1 is".to_owned(),
                number => format!("only {number} are"),
            }
        );
        let cure = "tutela init  # makes a key; then name it in [keys] trust of tutela.toml";
        draft.reason(Reason::incomplete(
            "too-few-trusted-keys",
            message,
            cure.to_owned(),
        ));
    }
    if let Some(key) = policy.own_key.as_ref().filter(|key| trusted.contains(key)) {
        let message = format!(
            "the key {} of this machine is trusted: whoever can run Tutela here can make evidence that counts",
            name(key)
        );
        draft.warn("own-key-trusted", message, None);
    }
}

fn name_refused(dossier: &Dossier, draft: &mut Draft) {
    let refused: BTreeSet<_> = dossier.refused.iter().collect();
    for refused in refused.iter().take(REFUSED_NAMED) {
        let message = format!(
            "the evidence in {} cannot be relied on: {}",
            name(&refused.file),
            sentence(&refused.why)
        );
        let cure = format!(
            "tutela verify {}  # then move the file away and run `tutela check`",
            shell(&refused.file)
        );
        draft.reason(Reason::deny("refused-evidence", message, cure));
    }
    let more = refused.len().saturating_sub(REFUSED_NAMED);
    if more > 0 {
        let message = format!("{} cannot be relied on", count(more as u64, "more file"));
        draft.reason(Reason::deny(
            "refused-evidence",
            message,
            "tutela verify".to_owned(),
        ));
    }
}

/// Demands on every check of every artifact.
pub(super) fn weigh(policy: &Policy, cases: &[Case<'_>], now: Timestamp, draft: &mut Draft) {
    let mut missed: BTreeMap<(&str, Digest, Miss), Vec<&Case<'_>>> = BTreeMap::new();
    let mut untested = BTreeSet::new();
    let mut unneeded = BTreeSet::new();
    let mut unreliable = 0_usize;
    for case in cases {
        match case.miss {
            Some(miss) if case.required || miss == Miss::Untrusted => {
                let key = (case.artifact.artifact.as_str(), case.artifact.digest, miss);
                missed.entry(key).or_default().push(case);
            }
            Some(_) if case.check.is_some() => {
                unneeded.insert(case.code);
            }
            _ => unreliable = unreliable.saturating_add(case.unreliable),
        }
        if let Some(piece) = case.speaks {
            draft.rely_on(piece.id);
            examine(case, piece, draft);
            if piece.predicate.self_test.is_none() {
                untested.insert(case.code);
            }
        }
    }
    for ((_, _, miss), cases) in &missed {
        draft.reason(explain_miss(policy, *miss, cases, now));
    }
    warn(&untested, &unneeded, unreliable, draft);
}

fn warn(
    untested: &BTreeSet<&str>,
    unneeded: &BTreeSet<&str>,
    unreliable: usize,
    draft: &mut Draft,
) {
    if !untested.is_empty() {
        let message = format!(
            "nobody has shown on a planted fault that {} can go red",
            some(untested.iter().copied())
        );
        let cure = "tutela check --self-test".to_owned();
        draft.warn("self-test-not-run", message, Some(cure));
    }
    if !unneeded.is_empty() {
        let message = format!(
            "{} would apply here, but no evidence that counts is there and none is required",
            some(unneeded.iter().copied())
        );
        draft.warn("not-checked", message, Some(CHECK.to_owned()));
    }
    if unreliable > 0 {
        let message = format!(
            "evidence about the present artifacts, signed by no trusted key, had no say ({})",
            count(unreliable as u64, "piece")
        );
        draft.warn(
            "unreliable-evidence",
            message,
            Some("tutela verify".to_owned()),
        );
    }
}

/// One reason for all checks of an artifact that lack the same thing.
fn explain_miss(policy: &Policy, miss: Miss, cases: &[&Case<'_>], now: Timestamp) -> Reason {
    let artifact = cases
        .first()
        .map_or("", |case| case.artifact.artifact.as_str());
    let checks = some(cases.iter().map(|case| case.code));
    let (rule, verb) = describe_miss(policy, miss, now);
    let what = match miss {
        Miss::Missing => format!("there is no evidence from {checks}"),
        _ => format!("the evidence from {checks} {verb}"),
    };
    let (verdict, cure) = match miss {
        Miss::Untrusted => (
            Verdict::Deny,
            "tutela check  # with a key named in [keys] trust of tutela.toml",
        ),
        Miss::TooFewSignatures => (
            Verdict::Incomplete,
            "tutela check  # once with each of the trusted keys",
        ),
        _ => (Verdict::Incomplete, CHECK),
    };
    let message = format!("{}: {what}", name(artifact));
    let mut reason = Reason::new(verdict, rule, message, cure.to_owned()).about(artifact);
    if let [only] = cases {
        reason.check = Some(only.code.to_owned());
        reason.evidence = only.speaks.map(|piece| piece.id);
    }
    reason
}

/// The rule that evidence breaks, and what is wrong with it.
fn describe_miss(policy: &Policy, miss: Miss, now: Timestamp) -> (&'static str, String) {
    match miss {
        Miss::Missing => ("missing-evidence", "is not there".to_owned()),
        Miss::OtherDigest => (
            "other-digest",
            "is about other bytes than the present ones".to_owned(),
        ),
        Miss::OtherConfiguration => (
            "other-configuration",
            "was made under another configuration".to_owned(),
        ),
        Miss::Unsigned => ("unsigned-evidence", "is signed by nobody".to_owned()),
        Miss::Untrusted => ("untrusted-signer", "is signed by no trusted key".to_owned()),
        Miss::TooFewSignatures => {
            let demanded = demanded_signatures(policy);
            let verb = format!("is signed by fewer than {demanded} trusted keys");
            ("missing-signature", verb)
        }
        Miss::Stale => {
            let days = policy.max_evidence_age_days.unwrap_or_default();
            let verb = format!("is older than {}", count(u64::from(days), "day"));
            ("stale-evidence", verb)
        }
        Miss::Future => (
            "future-evidence",
            format!("was made after {now}, which counts as now"),
        ),
    }
}

/// What the evidence says about its own check: that it could not look, or contradicts itself.
fn examine(case: &Case<'_>, piece: &Evidence<CheckPredicate>, draft: &mut Draft) {
    let predicate = &piece.predicate;
    let mut incomplete = |rule: &str, what: String, cure: &str| {
        let message = format!(
            "{} on {}: {what}",
            name(case.code),
            name(&case.artifact.artifact)
        );
        let reason = Reason::incomplete(rule, message, cure.to_owned())
            .about(&case.artifact.artifact)
            .by_check(case.code)
            .backed_by(piece.id);
        draft.reason(reason);
    };
    let found = !predicate.findings.is_empty() || predicate.findings_omitted > 0;
    match &predicate.outcome {
        Outcome::Incomplete { why } => {
            incomplete("incomplete-check", unexamined(why), CHECK);
        }
        Outcome::Findings if !found => {
            let what = "the evidence speaks of findings but names none".to_owned();
            incomplete("contradictory-evidence", what, CHECK);
        }
        Outcome::Clean | Outcome::NotApplicable { .. } if found => {
            let what = format!(
                "the evidence says `{}` but names findings",
                predicate.outcome.as_str()
            );
            incomplete("contradictory-evidence", what, CHECK);
        }
        Outcome::Clean | Outcome::Findings | Outcome::NotApplicable { .. } => {}
    }
    if let Some(test) = predicate.self_test.as_ref().filter(|test| !test.red) {
        let what = format!(
            "it stayed green on a planted fault: {}",
            sentence(&test.saw)
        );
        incomplete("failed-self-test", what, "tutela check --self-test");
    }
}

fn unexamined(why: &[String]) -> String {
    let mut parts: Vec<String> = why
        .iter()
        .take(WHY_NAMED)
        .map(|one| escape(one, 200))
        .collect();
    let more = why.len().saturating_sub(WHY_NAMED);
    if more > 0 {
        parts.push(format!("and {}", count(more as u64, "more thing")));
    }
    if parts.is_empty() {
        parts.push("something could not be examined".to_owned());
    }
    parts.join("; ")
}
