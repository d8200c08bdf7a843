//! Our own JSON: it validates against its published schema, and nothing of the evidence is lost.

use serde_json::Value;
use tutela_app::report::Format;
use tutela_core::{Finding, Outcome, Severity};
use tutela_evidence::{CheckPredicate, Dossier};

use super::{fixture, rendered};

fn schema() -> jsonschema::Validator {
    let text = include_str!("../../../../schemas/report-v1.json");
    let schema: Value = serde_json::from_str(text).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn document(dossier: &Dossier) -> Value {
    serde_json::from_str(&rendered(Format::Json, dossier)).unwrap()
}

#[test]
fn every_document_validates() {
    let schema = schema();
    for dossier in [
        fixture::rich(),
        fixture::clean(),
        fixture::unsigned(),
        fixture::empty(),
    ] {
        let document = document(&dossier);
        let faults: Vec<String> = schema
            .iter_errors(&document)
            .map(|fault| format!("{fault} at {}", fault.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{faults:?}");
    }
}

#[test]
fn the_schema_refuses_what_is_not_a_report() {
    let schema = schema();
    for (pointer, value) in [
        ("/summary/verdict", Value::from("green")),
        ("/checks/0/id", Value::from("sha256:AB")),
        ("/stages/0/standing", Value::from("fine")),
        ("/checks/0/standing/logIndex", Value::from(-1)),
        ("/asOf", Value::from("yesterday")),
    ] {
        let mut document = document(&fixture::rich());
        *document.pointer_mut(pointer).unwrap() = value;
        assert!(!schema.is_valid(&document), "{pointer}");
    }
}

#[test]
fn the_evidence_survives_the_way_through_json() {
    let dossier = fixture::rich();
    let document = document(&dossier);
    for (evidence, written) in dossier
        .checks
        .iter()
        .zip(document["checks"].as_array().unwrap())
    {
        let predicate: CheckPredicate =
            serde_json::from_value(written["predicate"].clone()).unwrap();
        assert_eq!(predicate, evidence.predicate);
        assert_eq!(
            written["statuses"].as_array().unwrap().len(),
            predicate.findings.len()
        );
    }
}

#[test]
fn each_line_is_one_finding() {
    let dossier = fixture::rich();
    let text = rendered(Format::Jsonl, &dossier);
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let findings = dossier
        .checks
        .iter()
        .flat_map(|evidence| &evidence.predicate.findings);
    assert_eq!(lines.len(), findings.clone().count());
    for finding in findings {
        let is_this = |line: &Value| {
            serde_json::from_value::<Finding>(line["finding"].clone()).unwrap() == *finding
        };
        assert_eq!(lines.iter().filter(|line| is_this(line)).count(), 1);
    }
}

#[test]
fn a_waiver_answers_only_for_its_own_bytes_and_never_for_malware() {
    let statuses = |dossier: &Dossier, code: &str| -> Vec<String> {
        let text = rendered(Format::Jsonl, dossier);
        let lines = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines
            .filter(|line| line["finding"]["code"] == code)
            .map(|line| line["status"].as_str().unwrap().to_owned())
            .collect()
    };
    let mut dossier = fixture::rich();
    assert_eq!(statuses(&dossier, "dataset-missing-values"), ["waived"; 4]);
    assert_eq!(
        statuses(&dossier, "secret-in-file"),
        ["open"],
        "an expired waiver answers for nothing"
    );

    let scorer = dossier
        .checks
        .iter()
        .find(|one| one.predicate.artifact.name == "scorer")
        .unwrap()
        .subject;
    let waivers = &mut dossier.decision.as_mut().unwrap().predicate.waivers;
    let mut malware = waivers[0].clone();
    malware.rule = "pickle-dangerous-imports".to_owned();
    malware.subject = scorer;
    waivers[0].subject = scorer;
    waivers.push(malware);
    assert_eq!(statuses(&dossier, "pickle-dangerous-imports"), ["open"; 2]);
    assert_eq!(
        statuses(&dossier, "dataset-missing-values"),
        ["open"; 4],
        "the waiver is about other bytes"
    );
}

#[test]
fn the_baseline_answers_only_for_what_the_gate_did_not_reproach() {
    let code = "dataset-missing-values";
    let failing = |dossier: &Dossier| document(dossier)["summary"]["failing"].as_u64().unwrap();
    let mut dossier = fixture::clean();
    let finding = fixture::finding(
        code,
        Severity::High,
        "missing",
        tutela_core::Location::default(),
    );
    dossier.checks[0].predicate.outcome = Outcome::Findings;
    dossier.checks[0].predicate.findings = vec![finding];
    assert_eq!(failing(&dossier), 1, "without a baseline it stands");

    let baseline = fixture::rich().decision.unwrap().predicate.baseline;
    dossier.decision.as_mut().unwrap().predicate.baseline = baseline;
    assert_eq!(failing(&dossier), 0);

    let id = dossier.checks[0].id;
    let mut reason = fixture::rich().decision.unwrap().predicate.reasons[0].clone();
    reason.evidence = Some(id);
    dossier.decision.as_mut().unwrap().predicate.reasons = vec![reason];
    assert_eq!(failing(&dossier), 1, "the gate called it new");

    let decision = &mut dossier.decision.as_mut().unwrap().predicate;
    decision.reasons.clear();
    decision.relied_on.retain(|relied| *relied != id);
    assert_eq!(failing(&dossier), 1, "the gate never saw it");
}
