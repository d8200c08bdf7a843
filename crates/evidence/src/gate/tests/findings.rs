//! Findings deny, whoever asked for them.

use std::sync::Arc;

use super::*;

#[test]
fn the_threshold_is_inclusive() {
    for (severity, verdict) in [
        (Severity::Info, Verdict::Allow),
        (Severity::Medium, Verdict::Allow),
        (Severity::High, Verdict::Deny),
        (Severity::Critical, Verdict::Deny),
    ] {
        let mut scene = Scene::green();
        scene.find("loans", "balance", severity, "x");
        assert_eq!(scene.decide().verdict, verdict, "{severity}");
    }
}

#[test]
fn a_finding_is_told_with_place_evidence_and_cure() {
    let mut scene = Scene::green();
    scene.find("loans", "balance", Severity::High, "x\u{202e}");
    let id = scene.piece("loans", "balance").id;
    let reason = scene.decide().reasons.remove(0);
    assert_eq!(
        reason.message,
        "high `balance` in `loans`, some/file: something about x\\u{202e}"
    );
    assert_eq!(reason.evidence, Some(id));
    assert_eq!(reason.severity, Some(Severity::High));
    let waiver = format!("add a [[waiver]] for {}", digest("loans"));
    assert!(reason.cure.starts_with("tutela explain balance"));
    assert!(reason.cure.ends_with(&waiver), "{}", reason.cure);
}

#[test]
fn nobody_is_advised_to_waive_malware() {
    let mut scene = Scene::green();
    scene.find("m.onnx", "bad-pickle", Severity::Critical, "x");
    assert_eq!(
        scene.decide().reasons.remove(0).cure,
        "tutela explain bad-pickle"
    );
}

#[test]
fn mild_findings_are_counted_by_severity() {
    let mut scene = Scene::green();
    for (severity, identity) in [
        (Severity::Low, "a"),
        (Severity::Medium, "b"),
        (Severity::Low, "c"),
    ] {
        scene.find("loans", "balance", severity, identity);
    }
    let decision = scene.decide();
    assert_eq!(decision.verdict, Verdict::Allow);
    assert_eq!(decision.warnings.len(), 1);
    assert_eq!(decision.warnings[0].rule, "findings-below-threshold");
    assert_eq!(
        decision.warnings[0].message,
        "`balance` in `loans`: 1 medium, 2 low (below high)"
    );
}

#[test]
fn many_findings_are_named_up_to_a_bound_worst_first() {
    let mut scene = Scene::green();
    for number in 0..40 {
        scene.find("loans", "balance", Severity::High, &number.to_string());
    }
    scene.find("loans", "balance", Severity::Critical, "worst");
    let reasons = scene.decide().reasons;
    assert_eq!(reasons.len(), 11);
    assert!(reasons[0].message.starts_with("critical"));
    assert_eq!(reasons[10].rule, "more-findings");
    assert_eq!(
        reasons[10].message,
        "31 more findings of `balance` in `loans`, up to high"
    );
}

#[test]
fn findings_that_nobody_required_still_deny() {
    let mut scene = Scene::green();
    scene.policy.require = vec![Requirement::Sign];
    scene.find("loans", "balance", Severity::High, "x");
    scene.expect(Verdict::Deny, &["finding"]);
}

#[test]
fn findings_about_the_present_bytes_outlive_configuration_age_and_the_check() {
    type Change = fn(&mut Scene);
    let changes: [Change; 5] = [
        |scene| scene.expected[0].checks[1].configuration = digest("other"),
        |scene| scene.policy.max_evidence_age_days = Some(0),
        |scene| scene.expected[0].checks.truncate(1),
        |scene| scene.policy.signatures = 2,
        |scene| scene.piece("loans", "balance").predicate.as_of = now().plus_days(3),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut scene = Scene::green();
        scene.policy.require = vec![Requirement::Check("bad-pickle".to_owned())];
        scene.find("loans", "balance", Severity::High, "x");
        change(&mut scene);
        let (verdict, rules) = scene.answer();
        assert_eq!(verdict, Verdict::Deny, "{number}");
        assert!(rules.contains(&"finding".to_owned()), "{number}: {rules:?}");
    }
}

#[test]
fn findings_about_bytes_that_are_gone_do_not_count() {
    let mut scene = Scene::green();
    scene.policy.require = vec![Requirement::Sign];
    scene.find("loans", "balance", Severity::High, "x");
    scene.piece("loans", "balance").subject = digest("before");
    scene.expect(Verdict::Allow, &[]);
}

#[test]
fn findings_that_were_not_kept_are_as_bad_as_the_worst() {
    let mut scene = Scene::green();
    let omit = |scene: &mut Scene, severity, usual| {
        let predicate = &mut scene.piece("loans", "balance").predicate;
        predicate.outcome = Outcome::Findings;
        predicate.findings = vec![finding("balance", severity, "x")];
        predicate.findings_omitted = 7;
        Arc::make_mut(&mut predicate.check).severity = usual;
    };
    omit(&mut scene, Severity::Low, Severity::Low);
    scene.expect(Verdict::Allow, &[]);
    omit(&mut scene, Severity::Low, Severity::High);
    scene.expect(Verdict::Deny, &["omitted-findings"]);
    omit(&mut scene, Severity::High, Severity::Low);
    scene.expect(Verdict::Deny, &["finding", "omitted-findings"]);
}
