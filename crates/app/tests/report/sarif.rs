//! SARIF: it validates against the official schema, which lies in the `serde-sarif` package, and it
//! survives that package's own types; code scanning's limits are kept.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tutela_app::report::Format;
use tutela_evidence::Dossier;

use super::{fixture, rendered};

fn sarif(dossier: &Dossier) -> Value {
    serde_json::from_str(&rendered(Format::Sarif, dossier)).unwrap()
}

/// The official schema, from the package that carries it.
fn schema() -> jsonschema::Validator {
    let metadata = |extra: &[&str]| {
        let cargo = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version=1", "--locked"])
            .args(extra)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        cargo.status.success().then_some(cargo.stdout)
    };
    let version = Command::new(env!("CARGO")).arg("-Vv").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap();
    // Everything was downloaded to build this test, so the network is not asked unless it must be.
    let platform = ["--filter-platform", host];
    let offline = ["--offline", "--filter-platform", host];
    let metadata = metadata(&offline)
        .or_else(|| metadata(&platform))
        .expect("cargo metadata failed");
    let metadata: Value = serde_json::from_slice(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages
        .iter()
        .find(|package| package["name"] == "serde-sarif")
        .unwrap();
    let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
    let text = std::fs::read_to_string(manifest.with_file_name("src").join("schema.json")).unwrap();
    // Errata 01 of the standard corrects this pattern, which no regex engine reads as it was meant.
    let text = text.replace(
        "^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$",
        "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$",
    );
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        schema["title"],
        "Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema"
    );
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn every_log_validates_against_the_official_schema() {
    let schema = schema();
    for dossier in [
        fixture::rich(),
        fixture::clean(),
        fixture::unsigned(),
        fixture::empty(),
    ] {
        let log = sarif(&dossier);
        let faults: Vec<String> = schema
            .iter_errors(&log)
            .map(|fault| format!("{fault} at {}", fault.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{faults:?}");
    }
    let mut broken = sarif(&fixture::rich());
    broken["runs"][0]["results"][0]["level"] = Value::from("critical");
    assert!(
        !schema.is_valid(&broken),
        "the schema must be able to refuse"
    );
}

#[test]
fn another_implementation_reads_it_and_loses_nothing() {
    for dossier in [
        fixture::rich(),
        fixture::clean(),
        fixture::unsigned(),
        fixture::empty(),
    ] {
        let log = sarif(&dossier);
        let read: serde_sarif::sarif::Sarif = serde_json::from_value(log.clone()).unwrap();
        let again = serde_json::to_value(read).unwrap();
        contains(&again, &log, "");
    }
}

/// Everything of `part` is in `whole`; an empty list counts as absent.
fn contains(whole: &Value, part: &Value, path: &str) {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            for (name, value) in part {
                let is_nothing = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
                let there = whole.get(name);
                assert!(there.is_some() || is_nothing, "{path}/{name} was lost");
                if let Some(there) = there {
                    contains(there, value, &format!("{path}/{name}"));
                }
            }
        }
        (Value::Array(whole), Value::Array(part)) => {
            assert_eq!(whole.len(), part.len(), "{path}");
            for (place, (whole, part)) in whole.iter().zip(part).enumerate() {
                contains(whole, part, &format!("{path}/{place}"));
            }
        }
        _ => assert_eq!(whole, part, "{path}"),
    }
}

#[test]
fn references_inside_the_log_hold() {
    let log = sarif(&fixture::rich());
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let artifacts = run["artifacts"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let location = &result["locations"][0]["physicalLocation"]["artifactLocation"];
        let index = usize::try_from(location["index"].as_u64().unwrap()).unwrap();
        assert_eq!(artifacts[index]["location"]["uri"], location["uri"]);
    }
    for rule in rules {
        assert!(rule["properties"]["tags"].as_array().unwrap().len() <= 10);
    }
    let hashed = artifacts
        .iter()
        .find(|artifact| artifact["location"]["uri"] == "data/loans.parquet")
        .unwrap();
    assert_eq!(hashed["hashes"]["sha-256"].as_str().unwrap().len(), 64);
}

#[test]
fn paths_are_percent_encoded_and_stay_relative() {
    let text = rendered(Format::Sarif, &fixture::rich());
    assert!(text.contains("data/l%C3%B6ans%202.csv"));
    let log: Value = serde_json::from_str(&text).unwrap();
    for artifact in log["runs"][0]["artifacts"].as_array().unwrap() {
        let uri = artifact["location"]["uri"].as_str().unwrap();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/%".contains(&byte);
        assert!(uri.bytes().all(plain) && !uri.starts_with('/'), "{uri}");
    }
}

#[test]
fn hostile_messages_make_neither_links_nor_placeholders() {
    let log = sarif(&fixture::rich());
    let results = log["runs"][0]["results"].as_array().unwrap();
    let message = results
        .iter()
        .map(|result| result["message"]["text"].as_str().unwrap())
        .find(|text| text.contains("script"))
        .unwrap();
    assert!(message.contains(r"\[a\](javascript:x)"), "{message}");
    assert!(message.contains("{{0}}"), "{message}");
}

#[test]
fn what_could_not_be_checked_is_not_a_success() {
    let invocation = |dossier: &Dossier| sarif(dossier)["runs"][0]["invocations"][0].clone();
    let rich = invocation(&fixture::rich());
    assert_eq!(rich["executionSuccessful"], false);
    assert_eq!(
        rich["toolExecutionNotifications"].as_array().unwrap().len(),
        4
    );
    let clean = invocation(&fixture::clean());
    assert_eq!(clean["executionSuccessful"], true);
}

#[test]
fn waived_findings_are_suppressed_with_a_justification() {
    let log = sarif(&fixture::rich());
    let results = log["runs"][0]["results"].as_array().unwrap();
    let suppressed: Vec<&Value> = results
        .iter()
        .filter(|result| result.get("suppressions").is_some())
        .collect();
    assert_eq!(suppressed.len(), 4);
    for result in suppressed {
        assert_eq!(result["ruleId"], "dataset-missing-values");
        assert!(
            result["suppressions"][0]["justification"]
                .as_str()
                .unwrap()
                .contains("dpo@example.org")
        );
    }
}
