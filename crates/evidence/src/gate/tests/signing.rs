//! The demand for signed manifests.

use super::*;

fn rules(scene: &Scene) -> (Verdict, Vec<String>) {
    scene.answer()
}

#[test]
fn each_change_of_a_required_manifest_has_its_answer() {
    type Change = fn(&mut Evidence<Manifest>);
    let rows: [(Change, Verdict, &str); 8] = [
        (
            |piece| piece.subject = digest("x"),
            Verdict::Deny,
            "other-manifest",
        ),
        (
            |piece| piece.predicate.digest = digest("x"),
            Verdict::Deny,
            "other-manifest",
        ),
        (
            |piece| piece.predicate.kind = Kind::Files,
            Verdict::Deny,
            "other-manifest",
        ),
        (
            |piece| piece.predicate.name.push('x'),
            Verdict::Incomplete,
            "missing-manifest",
        ),
        (
            |piece| piece.standing = Standing::Unsigned,
            Verdict::Incomplete,
            "missing-manifest",
        ),
        (
            |piece| piece.standing = signed(&["eve"], 1),
            Verdict::Deny,
            "untrusted-signer",
        ),
        (
            |piece| piece.standing = signed(&[], 1),
            Verdict::Deny,
            "untrusted-signer",
        ),
        (
            |piece| piece.standing = signed(&["eve", "eve"], 1),
            Verdict::Deny,
            "untrusted-signer",
        ),
    ];
    for (change, verdict, rule) in rows {
        let mut scene = Scene::green();
        change(&mut scene.dossier.manifests[0]);
        assert_eq!(rules(&scene), (verdict, to_owned(&[rule])));
        let reason = scene.decide().reasons.remove(0);
        assert_eq!(reason.artifact.as_deref(), Some("loans"));
        assert!(
            reason.cure.starts_with("tutela sign loans"),
            "{}",
            reason.cure
        );
        // Nobody asked for it: only a warning.
        scene.policy.require.pop();
        assert_eq!(rules(&scene), (Verdict::Allow, Vec::new()));
        assert_eq!(scene.warned(), ["no-manifest"]);
    }
}

#[test]
fn a_signature_too_few_is_missing() {
    let mut scene = Scene::green();
    scene.policy.require = vec![Requirement::Sign];
    scene.policy.signatures = 2;
    scene.dossier.checks.clear();
    scene.expect(
        Verdict::Incomplete,
        &["missing-signature", "missing-signature"],
    );
    for piece in &mut scene.dossier.manifests {
        piece.standing = signed(&["ci", "release"], 4);
    }
    scene.expect(Verdict::Allow, &[]);
}

#[test]
fn going_back_to_bytes_that_were_signed_before_is_noticed() {
    let mut scene = Scene::green();
    let mut newer = manifest(&scene.expected[0], 50);
    newer.subject = digest("new");
    newer.predicate.digest = digest("new");
    scene.dossier.manifests.push(newer);
    scene.expect(Verdict::Deny, &["other-manifest"]);
    // But a manifest by a stranger takes nothing back.
    scene.dossier.manifests[2].standing = signed(&["eve"], 50);
    scene.expect(Verdict::Allow, &[]);
}

#[test]
fn undeclared_artifacts_need_no_manifest() {
    let mut scene = Scene::green();
    scene.expected[0].declared = false;
    scene
        .dossier
        .manifests
        .retain(|piece| piece.predicate.name != "loans");
    scene.expect(Verdict::Allow, &[]);
}
