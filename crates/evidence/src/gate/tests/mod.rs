//! Tests of the gate: each starts from a green scene and changes one thing.

mod baselines;
mod demands;
mod findings;
mod invariants;
mod random;
mod schemas;
mod signing;
mod summaries;
mod thresholds;
mod waivers;

use std::collections::BTreeMap;

use tutela_core::{
    Class, Digest, Finding, Kind, Location, Manifest, Measure, Outcome, Severity, Stage, Suite,
    Timestamp, Uncertainty,
};

use super::*;
use crate::{
    ArtifactRecord, CheckPredicate, CheckRecord, Configuration, Evidence, SelfTest, Standing, Tool,
};

/// A green scene: two declared artifacts and the other files, each fully checked and signed.
#[derive(Debug, Clone)]
struct Scene {
    policy: Policy,
    expected: Vec<Expected>,
    dossier: Dossier,
}

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

fn waivable() -> Class {
    Class::Quality
}

/// The class of each code that the scenes use.
fn class_of(code: &str) -> Class {
    match code {
        "bad-pickle" => Class::Malware,
        "leaked-key" => Class::Secret,
        _ => waivable(),
    }
}

fn expected_check(artifact: &str, code: &str) -> ExpectedCheck {
    ExpectedCheck {
        code: code.to_owned(),
        suite: match code {
            "bad-pickle" | "leaked-key" => Suite::Scan,
            _ => Suite::Data,
        },
        class: class_of(code),
        configuration: digest(&format!("configuration of {code} on {artifact}")),
    }
}

fn expected(name: &str, kind: Kind, codes: &[&str]) -> Expected {
    Expected {
        artifact: name.to_owned(),
        kind,
        digest: digest(name),
        declared: kind != Kind::Files,
        checks: codes
            .iter()
            .map(|code| expected_check(name, code))
            .collect(),
    }
}

fn signed(signers: &[&str], index: u64) -> Standing {
    Standing::Verified {
        signers: signers.iter().map(|&signer| signer.to_owned()).collect(),
        index,
    }
}

/// Clean evidence that satisfies an expectation.
fn evidence(artifact: &Expected, check: &ExpectedCheck, index: u64) -> Evidence<CheckPredicate> {
    Evidence {
        id: digest(&format!("{} {} {index}", artifact.artifact, check.code)),
        subject: artifact.digest,
        standing: signed(&["ci"], index),
        predicate: CheckPredicate {
            tool: Tool {
                name: "tutela".to_owned(),
                version: "0.1.0".to_owned(),
            }
            .into(),
            check: CheckRecord {
                code: check.code.clone(),
                title: "A title".to_owned(),
                severity: Severity::Medium,
                class: check.class,
                suite: check.suite,
                stages: vec![Stage::Test],
                references: Vec::new(),
            }
            .into(),
            artifact: ArtifactRecord {
                name: artifact.artifact.clone(),
                kind: artifact.kind,
                files: 1,
                bytes: 10,
            }
            .into(),
            outcome: Outcome::Clean,
            findings: Vec::new(),
            findings_omitted: 0,
            measures: Vec::new(),
            coverage: Vec::new(),
            stretches: Vec::new(),
            stretches_omitted: 0,
            skipped: Vec::new(),
            configuration: Configuration {
                digest: check.configuration,
                settings: BTreeMap::new(),
            }
            .into(),
            self_test: Some(SelfTest {
                red: true,
                saw: "the planted fault".to_owned(),
            }),
            seed: 0,
            as_of: now(),
        },
    }
}

fn manifest(artifact: &Expected, index: u64) -> Evidence<Manifest> {
    Evidence {
        id: digest(&format!("manifest of {} {index}", artifact.artifact)),
        subject: artifact.digest,
        standing: signed(&["ci"], index),
        predicate: Manifest {
            name: artifact.artifact.clone(),
            kind: artifact.kind,
            digest: artifact.digest,
            files: Vec::new(),
        },
    }
}

fn finding(code: &str, severity: Severity, identity: &str) -> Finding {
    Finding {
        code: code.to_owned(),
        severity,
        confidence: tutela_core::Confidence::High,
        message: format!("something about {identity}"),
        location: Location::file("some/file"),
        excerpt: None,
        trace: Vec::new(),
        fix: None,
        references: Vec::new(),
        identity: identity.to_owned(),
        file_digest: None,
    }
}

fn measure(name: &str, value: f64, uncertainty: Uncertainty) -> Measure {
    Measure {
        name: name.to_owned(),
        about: None,
        value,
        unit: "share".to_owned(),
        uncertainty,
        samples: 100,
        method: "count".to_owned(),
    }
}

impl Scene {
    fn green() -> Self {
        let expected = vec![
            expected("loans", Kind::Dataset, &["leaked-key", "balance"]),
            expected("m.onnx", Kind::Model, &["bad-pickle"]),
            expected("project", Kind::Files, &["leaked-key"]),
        ];
        let manifests = (0..)
            .zip(expected.iter().filter(|artifact| artifact.declared))
            .map(|(index, artifact)| manifest(artifact, index))
            .collect();
        let mut scene = Self {
            policy: Policy {
                fail_on: Severity::High,
                require: vec![
                    Requirement::Suite(Suite::Scan),
                    Requirement::Suite(Suite::Data),
                    Requirement::Sign,
                ],
                max_evidence_age_days: Some(30),
                thresholds: Vec::new(),
                waivers: Vec::new(),
                trusted_keys: vec!["ci".to_owned(), "release".to_owned()],
                signatures: 1,
                own_key: None,
            },
            expected,
            dossier: Dossier {
                system: "credit".to_owned(),
                as_of: now(),
                checks: Vec::new(),
                manifests,
                decision: None,
                refused: Vec::new(),
                log: None,
            },
        };
        scene.fill();
        scene
    }

    /// Adds clean evidence of every check that applies.
    fn fill(&mut self) {
        let pairs = self
            .expected
            .iter()
            .flat_map(|artifact| artifact.checks.iter().map(move |check| (artifact, check)));
        let checks = (10..)
            .zip(pairs)
            .map(|(index, (artifact, check))| evidence(artifact, check, index));
        self.dossier.checks.extend(checks);
    }

    /// The evidence of a check on an artifact.
    fn piece(&mut self, artifact: &str, code: &str) -> &mut Evidence<CheckPredicate> {
        let mut pieces = self.dossier.checks.iter_mut();
        pieces
            .find(|piece| {
                piece.predicate.artifact.name == artifact && piece.predicate.check.code == code
            })
            .unwrap()
    }

    /// Lets a check find something.
    fn find(&mut self, artifact: &str, code: &str, severity: Severity, identity: &str) {
        let predicate = &mut self.piece(artifact, code).predicate;
        predicate.outcome = Outcome::Findings;
        predicate.findings.push(finding(code, severity, identity));
    }

    fn decide(&self) -> Decision {
        self.decide_with(BaselineInput::None)
    }

    fn decide_with(&self, baseline: BaselineInput<'_>) -> Decision {
        decide(&self.policy, &self.expected, &self.dossier, baseline)
    }

    /// The verdict and the rules of its reasons.
    fn answer(&self) -> (Verdict, Vec<String>) {
        let decision = self.decide();
        let rules = decision.reasons.into_iter().map(|reason| reason.rule);
        (decision.verdict, rules.collect())
    }

    fn warned(&self) -> Vec<String> {
        let warnings = self.decide().warnings.into_iter();
        warnings.map(|notice| notice.rule).collect()
    }

    #[track_caller]
    fn expect(&self, verdict: Verdict, rules: &[&str]) {
        let (found, reasons) = self.answer();
        assert_eq!(
            (found, reasons.as_slice()),
            (verdict, to_owned(rules).as_slice())
        );
    }
}

fn to_owned(rules: &[&str]) -> Vec<String> {
    rules.iter().map(|&rule| rule.to_owned()).collect()
}

#[test]
fn a_complete_and_clean_system_is_allowed_without_a_word() {
    let scene = Scene::green();
    let decision = scene.decide();
    assert_eq!(decision.verdict, Verdict::Allow);
    assert_eq!(
        (decision.reasons, decision.warnings),
        (Vec::new(), Vec::new())
    );
    let mut every: Vec<Digest> = scene.dossier.checks.iter().map(|piece| piece.id).collect();
    every.extend(scene.dossier.manifests.iter().map(|piece| piece.id));
    every.sort();
    assert_eq!(decision.relied_on, every);
    assert_eq!(decision.policy, scene.policy.digest());
}
