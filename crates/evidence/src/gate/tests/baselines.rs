//! Baselines: only new findings deny.

use super::*;

fn baseline_of(scene: &Scene) -> Evidence<BaselinePredicate> {
    Evidence {
        id: digest("baseline"),
        subject: digest("credit"),
        predicate: BaselinePredicate::of(&scene.policy, &scene.expected, &scene.dossier),
        standing: signed(&["ci"], 3),
    }
}

fn answer(scene: &Scene, baseline: &Evidence<BaselinePredicate>) -> (Verdict, u64, u64) {
    let decision = scene.decide_with(BaselineInput::Verified(baseline));
    let found = decision.baseline.unwrap();
    (decision.verdict, found.known, found.gone)
}

#[test]
fn known_findings_warn_and_new_ones_deny() {
    let mut scene = Scene::green();
    scene.find("loans", "balance", Severity::High, "old");
    let baseline = baseline_of(&scene);
    assert_eq!(answer(&scene, &baseline), (Verdict::Allow, 1, 0));
    let decision = scene.decide_with(BaselineInput::Verified(&baseline));
    assert_eq!(decision.warnings[0].rule, "known-findings");
    assert!(decision.relied_on.contains(&baseline.id));
    scene.find("loans", "balance", Severity::High, "new");
    assert_eq!(answer(&scene, &baseline), (Verdict::Deny, 1, 0));
}

#[test]
fn a_finding_that_moved_is_known_and_one_that_got_worse_is_new() {
    let mut scene = Scene::green();
    scene.find("loans", "balance", Severity::High, "old");
    let baseline = baseline_of(&scene);
    let finding = &mut scene.piece("loans", "balance").predicate.findings[0];
    finding.location = finding.location.clone().at(tutela_core::Region::Row {
        row: 7,
        column: None,
    });
    finding.message.push_str(" elsewhere");
    assert_eq!(answer(&scene, &baseline), (Verdict::Allow, 1, 0));
    scene.piece("loans", "balance").predicate.findings[0].severity = Severity::Critical;
    assert_eq!(answer(&scene, &baseline), (Verdict::Deny, 0, 0));
    scene.piece("loans", "balance").predicate.findings[0].severity = Severity::Low;
    assert_eq!(answer(&scene, &baseline), (Verdict::Allow, 1, 0));
}

#[test]
fn each_entry_speaks_for_one_finding() {
    let mut scene = Scene::green();
    scene.find("loans", "balance", Severity::High, "twin");
    let baseline = baseline_of(&scene);
    scene.find("loans", "balance", Severity::High, "twin");
    assert_eq!(answer(&scene, &baseline), (Verdict::Deny, 1, 0));
    let two = baseline_of(&scene);
    assert_eq!(two.predicate.entries.len(), 2);
    assert_eq!(answer(&scene, &two), (Verdict::Allow, 2, 0));
    // The entry goes to the worse of two.
    scene.piece("loans", "balance").predicate.findings[0].severity = Severity::Low;
    assert_eq!(answer(&scene, &baseline), (Verdict::Allow, 1, 0));
}

#[test]
fn mended_findings_are_counted() {
    let mut scene = Scene::green();
    scene.find("loans", "balance", Severity::High, "a");
    scene.find("loans", "balance", Severity::High, "b");
    let baseline = baseline_of(&scene);
    scene.piece("loans", "balance").predicate.findings.remove(0);
    assert_eq!(answer(&scene, &baseline), (Verdict::Allow, 1, 1));
    let clean = Scene::green();
    assert_eq!(answer(&clean, &baseline), (Verdict::Allow, 0, 2));
    let warnings = clean
        .decide_with(BaselineInput::Verified(&baseline))
        .warnings;
    assert_eq!(warnings[0].rule, "baseline-outgrown");
}

#[test]
fn malware_and_secrets_are_never_known() {
    for (artifact, code) in [("m.onnx", "bad-pickle"), ("project", "leaked-key")] {
        let mut scene = Scene::green();
        scene.find(artifact, code, Severity::High, "x");
        let mut baseline = baseline_of(&scene);
        assert_eq!(baseline.predicate.entries, []);
        // Not even when somebody writes them in by hand.
        baseline.predicate.entries.push(BaselineEntry {
            artifact: artifact.to_owned(),
            code: code.to_owned(),
            severity: Severity::Critical,
            fingerprint: finding(code, Severity::High, "x").fingerprint(artifact),
        });
        assert_eq!(answer(&scene, &baseline), (Verdict::Deny, 0, 0));
    }
}

#[test]
fn a_waived_finding_is_not_gone() {
    let mut scene = Scene::green();
    scene.find("loans", "balance", Severity::High, "a");
    let baseline = baseline_of(&scene);
    scene.policy.waivers.push(Waiver {
        rule: "balance".to_owned(),
        subject: digest("loans"),
        reason: "seen".to_owned(),
        owner: "ada".to_owned(),
        expires: now().plus_days(60),
    });
    assert_eq!(answer(&scene, &baseline), (Verdict::Allow, 1, 0));
}

#[test]
fn a_baseline_that_cannot_be_relied_on_is_never_green() {
    type Change = fn(&mut Evidence<BaselinePredicate>);
    let changes: [Change; 4] = [
        |baseline| baseline.standing = Standing::Unsigned,
        |baseline| baseline.standing = signed(&["eve"], 3),
        |baseline| baseline.predicate.as_of = Timestamp::from_seconds(now().seconds() + 1),
        |baseline| "other".clone_into(&mut baseline.predicate.system),
    ];
    let scene = Scene::green();
    for change in changes {
        let mut baseline = baseline_of(&scene);
        change(&mut baseline);
        let decision = scene.decide_with(BaselineInput::Verified(&baseline));
        assert_eq!(decision.verdict, Verdict::Incomplete);
        assert_eq!(decision.reasons[0].rule, "unverifiable-baseline");
        assert_eq!(decision.baseline, None);
    }
    let decision = scene.decide_with(BaselineInput::Unverifiable("the file is gone"));
    assert_eq!(decision.verdict, Verdict::Incomplete);
    assert!(decision.reasons[0].message.ends_with("the file is gone"));
}

#[test]
fn findings_stay_findings_under_a_baseline_that_cannot_be_relied_on() {
    let mut scene = Scene::green();
    scene.find("loans", "balance", Severity::High, "old");
    let mut baseline = baseline_of(&scene);
    baseline.standing = signed(&["eve"], 3);
    let decision = scene.decide_with(BaselineInput::Verified(&baseline));
    assert_eq!(decision.verdict, Verdict::Deny);
}

#[test]
fn of_two_artifacts_of_one_name_the_order_does_not_matter() {
    let mut scene = Scene::green();
    scene.find("loans", "balance", Severity::High, "x");
    let baseline = baseline_of(&scene);
    let mut twin = scene.expected[0].clone();
    twin.digest = digest("twin");
    let mut piece = scene.piece("loans", "balance").clone();
    (piece.id, piece.subject) = (digest("of the twin"), twin.digest);
    scene.dossier.checks.push(piece);
    scene.expected.push(twin);
    let decide = |scene: &Scene| scene.decide_with(BaselineInput::Verified(&baseline));
    let before = decide(&scene);
    scene.expected.reverse();
    assert_eq!(decide(&scene), before);
    assert_eq!(before.verdict, Verdict::Deny);
}
