//! The decision as a SLSA verification summary.

use serde_json::{Value, json};

use super::*;
use crate::{Statement, VSA_PREDICATE};

fn summary(scene: &Scene) -> Statement<Vsa> {
    let verifier = Verifier::new("https://tutela.dev/gate", "tutela", "0.1.0");
    let vsa = Vsa::new(
        scene.decide(),
        verifier,
        "urn:tutela:system:credit",
        "urn:tutela:policy",
    );
    vsa.statement(&scene.expected)
}

#[test]
fn the_fields_are_those_of_the_specification() {
    let mut scene = Scene::green();
    scene.expected.truncate(1);
    scene.policy.require.clear();
    let statement = summary(&scene);
    let decision = statement.predicate.decision.clone();
    let inputs: Vec<Value> = decision
        .relied_on
        .iter()
        .map(|id| json!({"digest": {"sha256": id.to_hex()}}))
        .collect();
    let wanted = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "loans", "digest": {"sha256": digest("loans").to_hex()}}],
        "predicateType": "https://slsa.dev/verification_summary/v1",
        "predicate": {
            "verifier": {"id": "https://tutela.dev/gate", "version": {"tutela": "0.1.0"}},
            "timeVerified": "2026-11-23T12:00:00Z",
            "resourceUri": "urn:tutela:system:credit",
            "policy": {
                "uri": "urn:tutela:policy",
                "digest": {"sha256": scene.policy.digest().to_hex()},
            },
            "inputAttestations": inputs,
            "verificationResult": "PASSED",
            "verifiedLevels": ["SLSA_BUILD_LEVEL_UNEVALUATED"],
            "slsaVersion": "1.1",
            DECISION_FIELD: decision,
        },
    });
    assert_eq!(serde_json::to_value(&statement).unwrap(), wanted);
}

#[test]
fn only_allow_has_passed() {
    let green = Scene::green();
    let mut red = green.clone();
    red.find("loans", "balance", Severity::High, "x");
    let mut grey = green.clone();
    grey.dossier.checks.clear();
    for (scene, verdict, result, level) in [
        (
            green,
            Verdict::Allow,
            VerificationResult::Passed,
            "SLSA_BUILD_LEVEL_UNEVALUATED",
        ),
        (red, Verdict::Deny, VerificationResult::Failed, "FAILED"),
        (
            grey,
            Verdict::Incomplete,
            VerificationResult::Failed,
            "FAILED",
        ),
    ] {
        let vsa = summary(&scene).predicate;
        assert_eq!(vsa.decision.verdict, verdict);
        assert_eq!(vsa.verification_result, result);
        assert_eq!(vsa.verified_levels, [level]);
    }
}

#[test]
fn a_decision_comes_back_as_it_was() {
    let mut scene = Scene::green();
    scene.find("loans", "balance", Severity::High, "x");
    let statement = summary(&scene);
    let text = serde_json::to_string(&statement).unwrap();
    let read: Statement<Vsa> = serde_json::from_str(&text).unwrap();
    assert_eq!(read, statement);
    assert_eq!(Vsa::decision_of(read).unwrap(), scene.decide());
}

#[test]
fn a_field_that_a_later_version_adds_is_ignored() {
    let mut value = serde_json::to_value(summary(&Scene::green())).unwrap();
    value["predicate"]["dependencyLevels"] = json!({});
    value["predicate"]["verifier"]["more"] = json!(1);
    let read: Statement<Vsa> = serde_json::from_value(value).unwrap();
    assert_eq!(Vsa::decision_of(read).unwrap().verdict, Verdict::Allow);
}

#[test]
fn a_summary_that_says_more_than_its_decision_is_refused() {
    type Change = fn(&mut Statement<Vsa>);
    let rows: [(Change, &str); 6] = [
        (
            |one| one.predicate.verification_result = VerificationResult::Passed,
            "verificationResult",
        ),
        (
            |one| one.predicate.verified_levels[0].push('x'),
            "verifiedLevels",
        ),
        (
            |one| one.predicate.time_verified = now().plus_days(1),
            "timeVerified",
        ),
        (
            |one| one.predicate.policy.digest.sha256 = digest("x"),
            "policy",
        ),
        (
            |one| one.predicate.input_attestations.truncate(1),
            "inputAttestations",
        ),
        (
            |one| {
                one.predicate.decision.verdict = Verdict::Allow;
                one.predicate.verification_result = VerificationResult::Passed;
                one.predicate.verified_levels = vec!["SLSA_BUILD_LEVEL_UNEVALUATED".to_owned()];
            },
            "verdict",
        ),
    ];
    let mut scene = Scene::green();
    scene.find("loans", "balance", Severity::High, "x");
    for (change, field) in rows {
        let mut statement = summary(&scene);
        change(&mut statement);
        let wrong = VsaError::Contradiction(field);
        assert_eq!(Vsa::decision_of(statement), Err(wrong));
    }
    let mut other = summary(&scene);
    other.predicate_type = "https://tutela.dev/check/v1".to_owned();
    let wrong = Vsa::decision_of(other).unwrap_err();
    assert!(wrong.to_string().contains(VSA_PREDICATE));
}
