//! Scenes drawn at random.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const CODES: [&str; 3] = ["balance", "leaked-key", "bad-pickle"];

/// One piece of evidence, as drawn.
#[derive(Debug, Clone)]
struct Draw {
    artifact: usize,
    code: &'static str,
    index: u64,
    same_bytes: bool,
    same_configuration: bool,
    signers: Vec<&'static str>,
    findings: Vec<(Severity, u8)>,
    omitted: u64,
    days: i64,
}

impl Draw {
    fn piece(&self, number: usize, expected: &[Expected]) -> Evidence<CheckPredicate> {
        let artifact = &expected[self.artifact];
        let mut checks = artifact.checks.iter();
        let check = checks.find(|check| check.code == self.code).unwrap();
        let mut piece = evidence(artifact, check, self.index);
        piece.id = digest(&format!("piece {number}"));
        piece.standing = signed(&self.signers, self.index);
        if !self.same_bytes {
            piece.subject = digest("other bytes");
        }
        let predicate = &mut piece.predicate;
        predicate.as_of = now().plus_days(self.days);
        if !self.same_configuration {
            Arc::make_mut(&mut predicate.configuration).digest = digest("other configuration");
        }
        for (severity, identity) in &self.findings {
            let one = finding(self.code, *severity, &identity.to_string());
            predicate.findings.push(one);
        }
        predicate.findings_omitted = self.omitted;
        if self.omitted > 0 || !self.findings.is_empty() {
            predicate.outcome = Outcome::Findings;
        }
        piece
    }
}

fn severities() -> impl Strategy<Value = Severity> {
    prop_oneof![
        8 => select(&[Severity::Info, Severity::Low, Severity::Medium][..]),
        1 => select(&[Severity::High, Severity::Critical][..]),
    ]
}

fn draws() -> impl Strategy<Value = Draw> {
    let trusted = select(vec![vec!["ci"], vec!["release"], vec!["ci", "release"]]);
    let signers = prop_oneof![9 => trusted, 1 => select(vec![vec!["eve"], vec![]])];
    let findings = (severities(), 0..3_u8);
    (
        (0..3_usize, select(&CODES[..]), 0..30_u64),
        (prop::bool::weighted(0.9), prop::bool::weighted(0.9)),
        signers,
        prop::collection::vec(findings, 0..4),
        prop_oneof![9 => Just(0_u64), 1 => Just(5)],
        prop_oneof![9 => -30..1_i64, 1 => -40..3_i64],
    )
        .prop_map(|(what, same, signers, findings, omitted, days)| Draw {
            artifact: what.0,
            code: what.1,
            index: what.2,
            same_bytes: same.0,
            same_configuration: same.1,
            signers,
            findings,
            omitted,
            days,
        })
}

fn waivers() -> impl Strategy<Value = Vec<Waiver>> {
    let waiver = (
        select(&CODES[..]),
        select(vec!["loans", "m.onnx", "project"]),
        -5..200_i64,
    );
    let waiver = waiver.prop_map(|(rule, artifact, days)| Waiver {
        rule: rule.to_owned(),
        subject: digest(artifact),
        reason: "seen".to_owned(),
        owner: "ada".to_owned(),
        expires: now().plus_days(days),
    });
    // Mostly none: a waiver that has ended would drown everything else.
    prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(waiver, 1..3)]
}

fn policies() -> impl Strategy<Value = Policy> {
    let require = vec![
        vec![],
        vec![Requirement::Suite(Suite::Scan)],
        vec![Requirement::Check("balance".to_owned()), Requirement::Sign],
    ];
    let fail_on = prop_oneof![4 => Just(Severity::High), 1 => select(&Severity::ALL[..])];
    let signatures = prop_oneof![4 => Just(1_u32), 1 => Just(2)];
    let demands = (fail_on, select(require), signatures);
    (demands, waivers()).prop_map(|((fail_on, require, signatures), waivers)| Policy {
        fail_on,
        require,
        signatures,
        waivers,
        ..Scene::green().policy
    })
}

/// Any scene: often complete and sound, under pieces of evidence with every property drawn at random.
pub(super) fn scenes() -> impl Strategy<Value = Scene> {
    let complete = prop::bool::weighted(0.8);
    let manifests = prop::collection::vec(0..2_usize, 0..4);
    let pieces = prop::collection::vec(draws(), 0..6);
    (policies(), complete, pieces, manifests).prop_map(|(policy, complete, draws, manifests)| {
        let mut scene = Scene::green();
        for artifact in &mut scene.expected {
            let codes = CODES.iter();
            artifact.checks = codes
                .map(|code| expected_check(&artifact.artifact, code))
                .collect();
        }
        scene.policy = policy;
        scene.dossier.checks.clear();
        if complete {
            scene.fill();
        } else {
            scene.dossier.manifests = (0..)
                .zip(manifests)
                .map(|(index, artifact)| manifest(&scene.expected[artifact], index))
                .collect();
        }
        for (number, draw) in draws.iter().enumerate() {
            let piece = draw.piece(number, &scene.expected);
            scene.dossier.checks.push(piece);
        }
        scene
    })
}

/// A green scene, with findings below the threshold.
pub(super) fn green_scenes() -> impl Strategy<Value = Scene> {
    let mild = select(&[Severity::Info, Severity::Low, Severity::Medium][..]);
    prop::collection::vec((0..4_usize, mild, 0..3_u8), 0..6).prop_map(|findings| {
        let mut scene = Scene::green();
        for (place, severity, identity) in findings {
            let piece = &mut scene.dossier.checks[place].predicate;
            piece.outcome = Outcome::Findings;
            let one = finding(&piece.check.code, severity, &identity.to_string());
            piece.findings.push(one);
        }
        scene
    })
}
