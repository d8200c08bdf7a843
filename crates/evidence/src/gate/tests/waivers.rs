//! Waivers: who may answer for what, and for how long.

use std::sync::Arc;

use super::*;

fn waiver(rule: &str, subject: Digest) -> Waiver {
    Waiver {
        rule: rule.to_owned(),
        subject,
        reason: "seen and accepted".to_owned(),
        owner: "ada@example.org".to_owned(),
        expires: now().plus_days(90),
    }
}

/// A finding of `balance` on `loans`, and a waiver of it.
fn waived() -> Scene {
    let mut scene = Scene::green();
    scene.find("loans", "balance", Severity::High, "x");
    scene.find("loans", "balance", Severity::Critical, "y");
    scene.policy.waivers = vec![waiver("balance", digest("loans"))];
    scene
}

#[test]
fn a_waiver_covers_all_findings_of_its_rule_on_its_bytes() {
    let scene = waived();
    let decision = scene.decide();
    assert_eq!(decision.verdict, Verdict::Allow);
    assert_eq!(decision.warnings, Vec::new());
    assert_eq!(decision.waivers.len(), 1);
    assert_eq!(
        (decision.waivers[0].covered, decision.waivers[0].days_left),
        (2, 90)
    );
}

#[test]
fn a_waiver_covers_no_other_rule_and_no_other_bytes() {
    for other in [
        waiver("balanc", digest("loans")),
        waiver("balance", digest("m.onnx")),
    ] {
        let mut scene = waived();
        scene.policy.waivers = vec![other];
        scene.expect(Verdict::Deny, &["finding", "finding"]);
        assert_eq!(scene.warned(), ["unused-waiver"]);
        assert_eq!(scene.decide().waivers[0].covered, 0);
    }
}

#[test]
fn the_days_of_a_waiver_are_counted_to_the_second() {
    let day = 86_400;
    let rows: [(i64, Verdict, i64, &[&str]); 7] = [
        (
            -1,
            Verdict::Deny,
            -1,
            &["finding", "finding", "expired-waiver"],
        ),
        (0, Verdict::Allow, 0, &[]),
        (day - 1, Verdict::Allow, 0, &[]),
        (14 * day, Verdict::Allow, 14, &[]),
        (180 * day, Verdict::Allow, 180, &[]),
        (
            180 * day + 1,
            Verdict::Deny,
            180,
            &["finding", "finding", "long-waiver"],
        ),
        (
            i64::MAX,
            Verdict::Deny,
            2_912_115,
            &["finding", "finding", "long-waiver"],
        ),
    ];
    for (left, verdict, days, rules) in rows {
        let mut scene = waived();
        scene.policy.waivers[0].expires =
            Timestamp::from_seconds(now().seconds().saturating_add(left));
        scene.expect(verdict, rules);
        assert_eq!(scene.decide().waivers[0].days_left, days, "{left}");
    }
}

#[test]
fn a_waiver_that_ends_within_two_weeks_is_announced() {
    for (days, warned) in [(13, true), (14, false)] {
        let mut scene = waived();
        scene.policy.waivers[0].expires = now().plus_days(days);
        assert_eq!(
            scene.warned().contains(&"waiver-ends-soon".to_owned()),
            warned
        );
    }
}

#[test]
fn an_expired_waiver_denies_even_when_its_finding_is_gone() {
    let mut scene = Scene::green();
    scene.policy.waivers = vec![waiver("balance", digest("loans"))];
    scene.policy.waivers[0].expires = now().plus_days(-1);
    scene.expect(Verdict::Deny, &["expired-waiver"]);
    assert!(
        scene.decide().reasons[0]
            .cure
            .starts_with("tutela explain balance")
    );
}

#[test]
fn every_field_must_be_filled_in() {
    type Change = fn(&mut Waiver);
    let changes: [Change; 3] = [
        |waiver| waiver.rule.clear(),
        |waiver| "  ".clone_into(&mut waiver.reason),
        |waiver| "\t\n".clone_into(&mut waiver.owner),
    ];
    for change in changes {
        let mut scene = waived();
        change(&mut scene.policy.waivers[0]);
        scene.expect(Verdict::Deny, &["finding", "finding", "incomplete-waiver"]);
    }
    let mut empty = waiver("", digest("loans"));
    empty.owner.clear();
    empty.expires = now().plus_days(181);
    let rules: Vec<&str> = empty
        .faults(now(), Some(Class::Malware))
        .iter()
        .map(WaiverFault::rule)
        .collect();
    assert_eq!(
        rules,
        [
            "incomplete-waiver",
            "incomplete-waiver",
            "long-waiver",
            "forbidden-waiver"
        ]
    );
}

#[test]
fn malware_cannot_be_waived_whatever_the_evidence_calls_it() {
    let mut scene = Scene::green();
    scene.find("m.onnx", "bad-pickle", Severity::Critical, "x");
    scene.policy.waivers = vec![waiver("bad-pickle", digest("m.onnx"))];
    scene.expect(Verdict::Deny, &["finding", "forbidden-waiver"]);
    Arc::make_mut(&mut scene.piece("m.onnx", "bad-pickle").predicate.check).class = Class::Quality;
    scene.expect(Verdict::Deny, &["finding", "forbidden-waiver"]);
    // Nor when the check of today is milder than what was signed.
    scene.expected[1].checks[0].class = Class::Quality;
    Arc::make_mut(&mut scene.piece("m.onnx", "bad-pickle").predicate.check).class = Class::Malware;
    scene.expect(Verdict::Deny, &["finding", "forbidden-waiver"]);
}

#[test]
fn a_finding_under_the_code_of_another_check_is_covered_by_nothing() {
    let mut scene = Scene::green();
    scene.find("m.onnx", "bad-pickle", Severity::Critical, "x");
    "balance".clone_into(&mut scene.piece("m.onnx", "bad-pickle").predicate.findings[0].code);
    scene.policy.waivers = vec![waiver("balance", digest("m.onnx"))];
    scene.expect(Verdict::Deny, &["finding"]);
    let mut scene = waived();
    for finding in &mut scene.piece("loans", "balance").predicate.findings {
        "leaked-key".clone_into(&mut finding.code);
    }
    scene.policy.waivers = vec![waiver("leaked-key", digest("loans"))];
    scene.expect(Verdict::Deny, &["finding", "finding"]);
}

#[test]
fn a_waiver_does_not_cover_what_could_not_be_examined() {
    let mut scene = waived();
    scene.piece("loans", "balance").predicate.outcome = Outcome::Incomplete {
        why: vec!["x".to_owned()],
    };
    scene.expect(Verdict::Incomplete, &["incomplete-check"]);
}

#[test]
fn of_two_waivers_one_is_used_and_one_is_not() {
    let mut scene = waived();
    let mut longer = waiver("balance", digest("loans"));
    longer.expires = now().plus_days(120);
    scene.policy.waivers.push(longer);
    assert_eq!(scene.warned(), ["unused-waiver"]);
    let covered: Vec<u64> = scene
        .decide()
        .waivers
        .iter()
        .map(|one| one.covered)
        .collect();
    assert_eq!(covered, [2, 0]);
}
