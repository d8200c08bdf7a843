//! The published schemas against what is really written, and against the reader.

use std::sync::Arc;

use jsonschema::Validator;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tutela_core::{
    ColumnPrint, Confidence, Coverage, ManifestFile, Reference, Region, Skipped, Stretch,
    TablePrint, Unit,
};

use super::*;

const CHECK: &str = include_str!("../../../../../schemas/check-v1.json");
const MANIFEST: &str = include_str!("../../../../../schemas/manifest-v1.json");
const BASELINE: &str = include_str!("../../../../../schemas/baseline-v1.json");
const DECISION: &str = include_str!("../../../../../schemas/decision-v1.json");

fn validator(schema: &str) -> Validator {
    let schema: Value = serde_json::from_str(schema).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    jsonschema::validator_for(&schema).unwrap()
}

#[track_caller]
fn assert_valid(schema: &Validator, value: &Value) {
    let faults: Vec<String> = schema
        .iter_errors(value)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert_eq!(faults, Vec::<String>::new(), "{value:#}");
}

/// The pointers of a value and of everything inside it.
fn pointers(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        Value::Array(items) => (0..)
            .zip(items)
            .map(|(index, value): (usize, _)| (index.to_string(), value))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    for (name, value) in inside {
        pointers(value, &format!("{here}/{name}"), found);
    }
}

/// Valid as written; and at every place inside: nothing may be added, made null or of another type,
/// and exactly that may be left out which the reader can do without.
fn assert_strict<T: Serialize + DeserializeOwned>(schema: &Validator, written: &T) {
    let value = serde_json::to_value(written).unwrap();
    assert_valid(schema, &value);
    let mut places = Vec::new();
    pointers(&value, "", &mut places);
    for place in &places {
        let change = |change: &dyn Fn(&mut Value)| {
            let mut changed = value.clone();
            change(changed.pointer_mut(place).unwrap());
            changed
        };
        for other in [Value::Null, json!({"x": "y"}), json!(-1.5), json!(["", 0])] {
            let changed = change(&|here| *here = other.clone());
            let may_be = other.is_number() && is_free_number(place);
            assert_eq!(schema.is_valid(&changed), may_be, "{place} became {other}");
        }
        let Some(Value::Object(members)) = value.pointer(place) else {
            continue;
        };
        let more = change(&|here| here["unheard-of"] = json!("x"));
        assert!(!schema.is_valid(&more), "{place} took an unknown member");
        for name in members.keys() {
            let less = change(&|here| drop(here.as_object_mut().unwrap().remove(name)));
            let reads = serde_json::from_value::<T>(less.clone()).is_ok();
            assert_eq!(schema.is_valid(&less), reads, "{place} without {name}");
        }
    }
}

/// Whether any number may stand here.
fn is_free_number(place: &str) -> bool {
    let ends = ["/value", "/low", "/high"];
    place.contains("/settings/") || ends.iter().any(|end| place.ends_with(end))
}

fn regions() -> Vec<Option<Region>> {
    let column = || Some("age".to_owned());
    vec![
        None,
        Some(Region::Bytes {
            start: 0,
            end: u64::MAX,
        }),
        Some(Region::Line { line: 1, column: 1 }),
        Some(Region::Row {
            row: 4,
            column: None,
        }),
        Some(Region::Row {
            row: 4,
            column: column(),
        }),
        Some(Region::Rows {
            start: 1,
            end: 3,
            column: None,
        }),
        Some(Region::Rows {
            start: 1,
            end: 3,
            column: column(),
        }),
        Some(Region::Column {
            name: "age".to_owned(),
        }),
        Some(Region::Pointer {
            pointer: "/a/b".to_owned(),
        }),
    ]
}

fn references() -> Vec<Reference> {
    vec![
        Reference::Cwe(502),
        Reference::atlas("AML.T0010"),
        Reference::owasp("ML06:2023"),
        Reference::ai_act("15(5)"),
        Reference::gdpr("5(1)(d)"),
        Reference::advisory("CVE-2025-1716"),
        Reference::link("https://example.org/"),
    ]
}

fn outcomes() -> Vec<Outcome> {
    vec![
        Outcome::Clean,
        Outcome::Findings,
        Outcome::NotApplicable {
            why: "no rows".to_owned(),
        },
        Outcome::Incomplete {
            why: vec!["locked".to_owned(), "gone".to_owned()],
        },
    ]
}

/// One finding for each region, severity and confidence, with and without its optional parts.
fn every_finding() -> Vec<Finding> {
    let severities = Severity::ALL.into_iter().cycle();
    let confidences = [Confidence::Low, Confidence::Medium, Confidence::High];
    let mut findings: Vec<Finding> = regions()
        .into_iter()
        .zip(severities)
        .zip(confidences.into_iter().cycle())
        .map(|((region, severity), confidence)| {
            let mut one = finding("balance", severity, "x").with_confidence(confidence);
            one.location.region = region;
            one
        })
        .collect();
    findings[1].location = Location::default();
    findings[2] = findings[2]
        .clone()
        .with_excerpt("hostile\u{1b}")
        .with_fix("mend it");
    findings[2].location.member = Some("data.pkl".to_owned());
    findings[2].references = references();
    findings
}

fn full_check(outcome: Outcome) -> CheckPredicate {
    let mut predicate = Scene::green().piece("loans", "balance").predicate.clone();
    predicate.outcome = outcome;
    Arc::make_mut(&mut predicate.check).references = references();
    Arc::make_mut(&mut predicate.check).stages = Stage::ALL.to_vec();
    predicate.findings = every_finding();
    predicate.findings_omitted = u64::MAX;
    let interval = Uncertainty::Interval {
        low: -0.5,
        high: 1e300,
        level: 0.95,
    };
    predicate.measures = vec![
        measure("ratio", 0.5, Uncertainty::Exact),
        measure("ratio", -1e-9, interval).about("women"),
    ];
    let units = [Unit::Bytes, Unit::Files, Unit::Rows, Unit::Columns];
    predicate.coverage = units
        .map(|unit| Coverage {
            unit,
            examined: 1,
            total: 2,
        })
        .to_vec();
    predicate.stretches = vec![Stretch {
        examined: false,
        place: "model.pt!data.pkl".to_owned(),
        start: 7,
        end: u64::MAX,
        what: "numbers".to_owned(),
        holds: Some("unpacked".to_owned()),
    }];
    predicate.stretches_omitted = 3;
    predicate.skipped = vec![Skipped {
        what: ".git".to_owned(),
        why: "version control".to_owned(),
    }];
    Arc::make_mut(&mut predicate.configuration).settings =
        BTreeMap::from([("least-rows".to_owned(), 30.0)]);
    predicate.seed = u64::MAX;
    predicate
}

#[test]
fn check_predicates_of_every_shape_are_valid_and_nothing_else_is() {
    let schema = validator(CHECK);
    for outcome in outcomes() {
        assert_strict(&schema, &full_check(outcome));
    }
    for piece in Scene::green().dossier.checks {
        assert_strict(&schema, &piece.predicate);
    }
    let mut bare = Scene::green().piece("loans", "balance").predicate.clone();
    bare.self_test = None;
    assert_strict(&schema, &bare);
    let classes = [
        Class::Malware,
        Class::Integrity,
        Class::Vulnerability,
        Class::Secret,
        Class::Privacy,
        Class::Quality,
    ];
    for class in classes {
        for suite in Suite::ALL {
            for kind in [Kind::Model, Kind::Dataset, Kind::Files] {
                let check = Arc::make_mut(&mut bare.check);
                (check.class, check.suite) = (class, suite);
                Arc::make_mut(&mut bare.artifact).kind = kind;
                assert_valid(&schema, &serde_json::to_value(&bare).unwrap());
            }
        }
    }
}

#[test]
fn values_that_no_check_writes_are_refused() {
    let schema = validator(CHECK);
    let value = serde_json::to_value(full_check(outcomes().remove(3))).unwrap();
    let rows = [
        ("/outcome/why", json!([])),
        ("/outcome/status", json!("clean")),
        ("/check/severity", json!("High")),
        ("/check/class", json!("nuisance")),
        ("/check/code", json!("Not Kebab")),
        ("/configuration/digest", json!("sha256:00")),
        (
            "/configuration/digest",
            json!(digest("x").to_string().to_uppercase()),
        ),
        ("/configuration/settings/least-rows", json!("30")),
        ("/asOf", json!("2026-11-23")),
        ("/asOf", json!("2026-11-23T12:00:00+01:00")),
        ("/findings/3/location/region/type", json!("line")),
        ("/check/references/0/id", json!("502")),
        ("/check/references/1/id", json!(502)),
        ("/measures/1/uncertainty/level", json!(1.0)),
        ("/measures/1/uncertainty/type", json!("exact")),
        ("/seed", json!(-1)),
        ("/seed", json!(0.5)),
        ("/seed", json!(2e19)),
    ];
    for (place, wrong) in rows {
        let mut changed = value.clone();
        *changed.pointer_mut(place).unwrap() = wrong.clone();
        assert!(!schema.is_valid(&changed), "{place} took {wrong}");
    }
}

#[test]
fn manifests_are_valid_and_nothing_else_is() {
    let schema = validator(MANIFEST);
    let mut manifest = Scene::green().dossier.manifests.remove(0).predicate;
    assert_strict(&schema, &manifest);
    let file = |table| ManifestFile {
        path: "data/loans.parquet".to_owned(),
        digest: digest("file"),
        size: u64::MAX,
        table,
    };
    let table = TablePrint {
        rows: 1000,
        block_rows: 256,
        blocks: vec![digest("block")],
        columns: vec![ColumnPrint {
            name: "age".to_owned(),
            data_type: "Int64".to_owned(),
            digest: digest("age"),
        }],
    };
    manifest.files = vec![file(None), file(Some(table))];
    assert_strict(&schema, &manifest);
}

#[test]
fn baselines_are_valid_and_nothing_else_is() {
    let schema = validator(BASELINE);
    let mut scene = Scene::green();
    let write =
        |scene: &Scene| BaselinePredicate::of(&scene.policy, &scene.expected, &scene.dossier);
    assert_strict(&schema, &write(&scene));
    for severity in Severity::ALL {
        scene.find("loans", "balance", severity, "x");
    }
    assert_eq!(write(&scene).entries.len(), 5);
    assert_strict(&schema, &write(&scene));
}

/// A decision with a reason of every sort, warnings, waivers and a baseline.
fn full_decision() -> Decision {
    let mut scene = Scene::green();
    for severity in Severity::ALL {
        scene.find("loans", "balance", severity, severity.as_str());
    }
    let known = BaselinePredicate::of(&scene.policy, &scene.expected, &scene.dossier);
    scene.find("loans", "balance", Severity::High, "new");
    scene.piece("loans", "leaked-key").predicate.self_test = None;
    scene.piece("project", "leaked-key").subject = digest("other");
    scene.dossier.manifests.clear();
    scene.dossier.refused = vec![crate::Refused {
        file: "x".to_owned(),
        why: "y".to_owned(),
    }];
    scene.policy.waivers = vec![Waiver {
        rule: "bad-pickle".to_owned(),
        subject: digest("m.onnx"),
        reason: String::new(),
        owner: "ada".to_owned(),
        expires: now().plus_days(-3),
    }];
    let baseline = Evidence {
        id: digest("baseline"),
        subject: digest("credit"),
        predicate: known,
        standing: signed(&["ci"], 2),
    };
    scene.decide_with(BaselineInput::Verified(&baseline))
}

#[test]
fn decisions_are_valid_and_nothing_else_is() {
    let schema = validator(DECISION);
    assert_strict(&schema, &Scene::green().decide());
    let decision = full_decision();
    assert!(decision.reasons.len() > 5 && decision.baseline.is_some());
    assert_strict(&schema, &decision);
    let mut allowed = serde_json::to_value(&decision).unwrap();
    allowed["reasons"][0]["verdict"] = json!("allow");
    assert!(!schema.is_valid(&allowed));
}
