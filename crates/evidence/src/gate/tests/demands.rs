//! What evidence must be: there, about the present bytes, signed, of the right age, and able to look.

use std::sync::Arc;

use super::*;
use crate::Refused;

/// A change of the evidence of `balance` on `loans`, and the answer that it must give.
type Row = (
    &'static str,
    fn(&mut Evidence<CheckPredicate>),
    Verdict,
    &'static [&'static str],
);

const ROWS: &[Row] = &[
    (
        "other bytes",
        |piece| piece.subject = digest("other"),
        Verdict::Incomplete,
        &["other-digest"],
    ),
    (
        "other configuration",
        |piece| Arc::make_mut(&mut piece.predicate.configuration).digest = digest("other"),
        Verdict::Incomplete,
        &["other-configuration"],
    ),
    (
        "other kind",
        |piece| Arc::make_mut(&mut piece.predicate.artifact).kind = Kind::Model,
        Verdict::Incomplete,
        &["other-configuration"],
    ),
    (
        "another artifact",
        |piece| "goods".clone_into(&mut Arc::make_mut(&mut piece.predicate.artifact).name),
        Verdict::Incomplete,
        &["missing-evidence"],
    ),
    (
        "another check",
        |piece| "other".clone_into(&mut Arc::make_mut(&mut piece.predicate.check).code),
        Verdict::Incomplete,
        &["missing-evidence"],
    ),
    (
        "nobody signed",
        |piece| piece.standing = Standing::Unsigned,
        Verdict::Incomplete,
        &["unsigned-evidence"],
    ),
    (
        "no signer left",
        |piece| piece.standing = signed(&[], 9),
        Verdict::Deny,
        &["untrusted-signer"],
    ),
    (
        "untrusted",
        |piece| piece.standing = signed(&["eve"], 9),
        Verdict::Deny,
        &["untrusted-signer"],
    ),
    (
        "one of two is trusted",
        |piece| piece.standing = signed(&["ci", "eve"], 9),
        Verdict::Allow,
        &[],
    ),
    (
        "exactly at the greatest age",
        |piece| piece.predicate.as_of = Timestamp::from_seconds(now().seconds() - 30 * 86_400),
        Verdict::Allow,
        &[],
    ),
    (
        "a second too old",
        |piece| piece.predicate.as_of = Timestamp::from_seconds(now().seconds() - 30 * 86_400 - 1),
        Verdict::Incomplete,
        &["stale-evidence"],
    ),
    (
        "a second in the future",
        |piece| piece.predicate.as_of = Timestamp::from_seconds(now().seconds() + 1),
        Verdict::Incomplete,
        &["future-evidence"],
    ),
    (
        "not applicable",
        |piece| {
            piece.predicate.outcome = Outcome::NotApplicable {
                why: "no rows".to_owned(),
            }
        },
        Verdict::Allow,
        &[],
    ),
    (
        "could not look",
        |piece| {
            piece.predicate.outcome = Outcome::Incomplete {
                why: vec!["locked".to_owned()],
            }
        },
        Verdict::Incomplete,
        &["incomplete-check"],
    ),
    (
        "could not look and does not say why",
        |piece| piece.predicate.outcome = Outcome::Incomplete { why: Vec::new() },
        Verdict::Incomplete,
        &["incomplete-check"],
    ),
    (
        "speaks of findings and names none",
        |piece| piece.predicate.outcome = Outcome::Findings,
        Verdict::Incomplete,
        &["contradictory-evidence"],
    ),
    (
        "clean, with a finding",
        |piece| {
            piece
                .predicate
                .findings
                .push(finding("balance", Severity::Low, "x"));
        },
        Verdict::Incomplete,
        &["contradictory-evidence"],
    ),
    (
        "green on a planted fault",
        |piece| {
            piece.predicate.self_test = Some(SelfTest {
                red: false,
                saw: "nothing".to_owned(),
            });
        },
        Verdict::Incomplete,
        &["failed-self-test"],
    ),
];

#[test]
fn each_change_of_required_evidence_has_its_answer() {
    for (what, change, verdict, rules) in ROWS {
        let mut scene = Scene::green();
        change(scene.piece("loans", "balance"));
        assert_eq!(scene.answer(), (*verdict, to_owned(rules)), "{what}");
    }
}

#[test]
fn each_reason_names_artifact_check_and_cure() {
    for (what, change, verdict, _) in ROWS {
        let mut scene = Scene::green();
        change(scene.piece("loans", "balance"));
        let decision = scene.decide();
        for reason in &decision.reasons {
            assert_eq!(reason.verdict, *verdict, "{what}");
            assert_eq!(reason.artifact.as_deref(), Some("loans"), "{what}");
            assert_eq!(reason.check.as_deref(), Some("balance"), "{what}");
            assert!(
                reason.message.contains("`loans`"),
                "{what}: {}",
                reason.message
            );
            assert!(
                reason.message.contains("`balance`"),
                "{what}: {}",
                reason.message
            );
            assert!(
                reason.cure.starts_with("tutela "),
                "{what}: {}",
                reason.cure
            );
            assert!(!reason.message.ends_with('.'), "{what}: {}", reason.message);
        }
    }
}

#[test]
fn two_signatures_are_two_different_trusted_keys() {
    let mut scene = Scene::green();
    scene.policy.signatures = 2;
    scene.policy.require = vec![Requirement::Check("balance".to_owned())];
    let mut with = |signers: &[&str]| {
        scene.piece("loans", "balance").standing = signed(signers, 9);
        scene.answer()
    };
    let missing = (Verdict::Incomplete, to_owned(&["missing-signature"]));
    assert_eq!(with(&["ci"]), missing);
    assert_eq!(with(&["ci", "ci"]), missing);
    assert_eq!(with(&["ci", "eve"]), missing);
    assert_eq!(with(&["ci", "release"]), (Verdict::Allow, Vec::new()));
}

#[test]
fn no_policy_makes_unsigned_evidence_count() {
    let mut scene = Scene::green();
    scene.policy.signatures = 0;
    scene.piece("loans", "balance").standing = Standing::Unsigned;
    scene.expect(Verdict::Incomplete, &["unsigned-evidence"]);
    scene.piece("loans", "balance").standing = signed(&[], 3);
    scene.expect(Verdict::Deny, &["untrusted-signer"]);
}

#[test]
fn more_signatures_than_trusted_keys_can_never_be_met() {
    let mut scene = Scene::green();
    scene.policy.require = vec![Requirement::Check("balance".to_owned())];
    scene.policy.trusted_keys = vec!["ci".to_owned(), "ci".to_owned()];
    scene.policy.signatures = 2;
    scene.expect(
        Verdict::Incomplete,
        &["missing-signature", "too-few-trusted-keys"],
    );
    scene.policy.trusted_keys.clear();
    let (verdict, rules) = scene.answer();
    assert_eq!(verdict, Verdict::Deny);
    assert!(rules.contains(&"too-few-trusted-keys".to_owned()));
    scene.policy.signatures = 0;
    assert!(
        scene
            .answer()
            .1
            .contains(&"too-few-trusted-keys".to_owned())
    );
}

#[test]
fn the_newest_exact_evidence_counts() {
    let mut scene = Scene::green();
    let artifact = scene.expected[0].clone();
    let mut newer = evidence(&artifact, &artifact.checks[1], 99);
    newer.predicate.outcome = Outcome::Findings;
    newer
        .predicate
        .findings
        .push(finding("balance", Severity::High, "x"));
    scene.dossier.checks.insert(0, newer.clone());
    scene.expect(Verdict::Deny, &["finding"]);
    // The same piece before the clean one: mended since.
    scene.dossier.checks[0].standing = signed(&["ci"], 1);
    scene.expect(Verdict::Allow, &[]);
    // Newer, but under another configuration: what fits speaks.
    scene.dossier.checks[0] = newer;
    Arc::make_mut(&mut scene.dossier.checks[0].predicate.configuration).digest = digest("other");
    scene.expect(Verdict::Allow, &[]);
}

#[test]
fn evidence_with_enough_signatures_counts_before_newer_with_too_few() {
    let mut scene = Scene::green();
    scene.policy.require = vec![Requirement::Check("balance".to_owned())];
    scene.policy.signatures = 2;
    scene.piece("loans", "balance").standing = signed(&["ci", "release"], 5);
    let artifact = scene.expected[0].clone();
    let newer = evidence(&artifact, &artifact.checks[1], 99);
    scene.dossier.checks.push(newer);
    scene.expect(Verdict::Allow, &[]);
}

#[test]
fn sound_evidence_is_not_outweighed_by_what_nobody_trusts() {
    let mut scene = Scene::green();
    let artifact = scene.expected[0].clone();
    let mut planted = evidence(&artifact, &artifact.checks[1], 99);
    planted.standing = signed(&["eve"], 99);
    planted
        .predicate
        .findings
        .push(finding("balance", Severity::Critical, "x"));
    scene.dossier.checks.push(planted);
    scene.expect(Verdict::Allow, &[]);
    assert_eq!(scene.warned(), ["unreliable-evidence"]);
}

#[test]
fn what_is_not_required_is_warned_of() {
    let mut scene = Scene::green();
    scene.policy.require = vec![Requirement::Suite(Suite::Scan)];
    scene
        .dossier
        .checks
        .retain(|piece| piece.predicate.check.code != "balance");
    scene.dossier.manifests.clear();
    scene.expect(Verdict::Allow, &[]);
    assert_eq!(scene.warned(), ["no-manifest", "not-checked"]);
}

#[test]
fn untrusted_signatures_deny_even_where_nothing_is_required() {
    let mut scene = Scene::green();
    scene.policy.require = vec![Requirement::Sign];
    scene.piece("loans", "balance").standing = signed(&["eve"], 9);
    scene.expect(Verdict::Deny, &["untrusted-signer"]);
}

#[test]
fn an_empty_list_requires_every_suite() {
    let mut scene = Scene::green();
    scene.policy.require.clear();
    scene.expect(Verdict::Allow, &[]);
    for number in 0..scene.dossier.checks.len() {
        let mut without = scene.clone();
        without.dossier.checks.remove(number);
        without.expect(Verdict::Incomplete, &["missing-evidence"]);
    }
}

#[test]
fn a_requirement_that_nothing_can_meet_is_not_met() {
    let mut scene = Scene::green();
    scene.policy.require = vec![Requirement::Check("no-such-check".to_owned())];
    scene.expect(Verdict::Incomplete, &["nothing-to-check"]);
    scene.policy.require.clear();
    scene.expected.clear();
    scene.expect(Verdict::Incomplete, &["nothing-to-check"]);
    for requirement in [Requirement::Suite(Suite::Data), Requirement::Sign] {
        scene.policy.require = vec![requirement];
        scene.expect(Verdict::Incomplete, &["nothing-to-check"]);
    }
}

#[test]
fn refused_evidence_denies_and_is_bounded() {
    let mut scene = Scene::green();
    let refused = |number: usize| Refused {
        file: format!("evidence/{number}; rm -rf $HOME\u{1b}[2J"),
        why: "a byte was changed".to_owned(),
    };
    scene.dossier.refused = vec![refused(1)];
    scene.expect(Verdict::Deny, &["refused-evidence"]);
    let reason = scene.decide().reasons.remove(0);
    assert!(
        reason
            .cure
            .starts_with(r"tutela verify 'evidence/1; rm -rf $HOME\u{1b}[2J'")
    );
    assert!(!reason.message.contains('\u{1b}'));
    scene.dossier.refused = (0..500).map(refused).collect();
    assert_eq!(scene.decide().reasons.len(), 11);
}

#[test]
fn missing_evidence_is_told_once_for_an_artifact() {
    let mut scene = Scene::green();
    scene.dossier.checks.clear();
    let decision = scene.decide();
    assert_eq!(decision.reasons.len(), 3);
    assert_eq!(
        decision.reasons[0].message,
        "`loans`: there is no evidence from `balance` and `leaked-key`"
    );
    assert_eq!(decision.reasons[0].check, None);
}

#[test]
fn a_missing_self_test_and_a_trusted_own_key_are_warned_of() {
    let mut scene = Scene::green();
    scene.piece("loans", "balance").predicate.self_test = None;
    scene.policy.own_key = Some("ci".to_owned());
    scene.expect(Verdict::Allow, &[]);
    assert_eq!(scene.warned(), ["own-key-trusted", "self-test-not-run"]);
    scene.policy.own_key = Some("laptop".to_owned());
    assert_eq!(scene.warned(), ["self-test-not-run"]);
}

#[test]
fn hostile_names_stay_inside_their_quotes() {
    let cures = [
        ("plain/name.onnx", "plain/name.onnx"),
        ("two words", "'two words'"),
        ("it's", r"'it'\''s'"),
        ("--all", "-- --all"),
        ("a\nb", r"'a\nb'"),
        ("", "''"),
        ("~root", "'~root'"),
    ];
    for (name, word) in cures {
        assert_eq!(wording::shell(name), word);
    }
}

#[test]
fn the_digest_of_a_policy_is_that_of_its_demands() {
    let scene = Scene::green();
    let digest = scene.policy.digest();
    let mut other = scene.policy.clone();
    other.require.reverse();
    other.trusted_keys.reverse();
    other.own_key = Some("laptop".to_owned());
    assert_eq!(other.digest(), digest);
    other.signatures = 2;
    assert_ne!(other.digest(), digest);
    let mut other = scene.policy;
    other.fail_on = Severity::Critical;
    assert_ne!(other.digest(), digest);
}
