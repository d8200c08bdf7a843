//! The JSON schema of the project file, for editors.
//!
//! The shape is written by hand in `project.schema.json`; everything that follows from the catalogue
//! (codes, settings with their ranges, what may be waived or required) is filled in here.

use serde_json::{Map, Value, json};
use tutela_core::{Catalogue, CheckInfo, Severity, Suite};

use super::Page;
use crate::Error;

const SHAPE: &str = include_str!("project.schema.json");

/// The schema of `tutela.toml`.
pub(crate) fn page(catalogue: &Catalogue) -> Result<Page, Error> {
    let mut schema: Value = serde_json::from_str(SHAPE)?;
    if let Some(Value::Object(checks)) = schema.pointer_mut("/properties/checks/properties") {
        checks.extend(catalogue.iter().map(|check| check_entry(check.info())));
    }
    if let Some(Value::Object(names)) = schema.pointer_mut("/$defs") {
        names.extend(definitions(catalogue));
    }
    Ok(Page {
        path: "schemas/tutela-toml.json".to_owned(),
        text: serde_json::to_string_pretty(&schema)? + "\n",
    })
}

fn check_entry(info: &CheckInfo) -> (String, Value) {
    let settings: Map<String, Value> = info
        .settings
        .iter()
        .map(|setting| {
            let value = json!({
                "description": setting.help,
                "type": "number",
                "minimum": setting.least,
                "maximum": setting.greatest,
                "default": setting.default,
            });
            (setting.name.to_owned(), value)
        })
        .collect();
    let entry = json!({
        "description": info.title,
        "type": "object",
        "additionalProperties": false,
        "properties": settings,
    });
    (info.code.to_owned(), entry)
}

/// The lists of words that the program knows.
fn definitions(catalogue: &Catalogue) -> Map<String, Value> {
    let infos = || catalogue.iter().map(|check| check.info());
    let codes: Vec<&str> = infos().map(|info| info.code).collect();
    let waivable: Vec<&str> = infos()
        .filter(|info| info.class.can_be_waived())
        .map(|info| info.code)
        .collect();
    let suites = Suite::ALL.into_iter().map(Suite::as_str);
    let requirements: Vec<&str> = suites
        .chain(["sign"])
        .chain(codes.iter().copied())
        .collect();
    let severities = Severity::ALL.map(Severity::as_str);
    [
        ("severity", json!({ "enum": severities })),
        ("check", json!({ "enum": codes })),
        ("waivable", json!({ "enum": waivable })),
        ("requirement", json!({ "enum": requirements })),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docs::fixture;

    /// A project file as an editor sees it: JSON, with each date as a string.
    fn as_json(toml: &str) -> Value {
        fn plain(value: Value) -> Value {
            match value {
                Value::Object(map) if map.contains_key("$__toml_private_datetime") => {
                    map["$__toml_private_datetime"].clone()
                }
                Value::Object(map) => Value::Object(
                    map.into_iter()
                        .map(|(key, value)| (key, plain(value)))
                        .collect(),
                ),
                Value::Array(items) => Value::Array(items.into_iter().map(plain).collect()),
                other => other,
            }
        }
        plain(toml_edit::de::from_str(toml).unwrap())
    }

    /// What the schema says about a project file, after making sure that the program says the same.
    fn judge(toml: &str, catalogue: &Catalogue) -> Result<(), String> {
        let schema: Value = serde_json::from_str(&page(catalogue).unwrap().text).unwrap();
        let project = as_json(toml);
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let verdict = validator
            .validate(&project)
            .map_err(|error| error.to_string());
        let program = tutela_app::config::parse("tutela.toml", toml, catalogue);
        assert_eq!(verdict.is_ok(), program.is_ok(), "{verdict:?}: {program:?}");
        verdict
    }

    const FULL: &str = r#"
schema = 1
[system]
name = "credit"
role = "provider"
intended_purpose = "score"
annex_iii = "5b"
[[model]]
path = "models/*.onnx"
kind = "classifier"
trained_on = ["loans"]
[[data]]
id = "loans"
path = "data/*.parquet"
label = "default"
sensitive = ["sex"]
subject_key = "id"
personal = ["email"]
collected = 2026-01-31
max_age = "2y"
split = { train = "data/train.parquet", test = "data/test.parquet" }
[files]
executables = ["bin/*"]
exclude = [".git", "**/__pycache__"]
follow_links = false
[checks.loose-screw]
turns = 1
[gate]
fail_on = "high"
require = ["scan", "sign", "red-rust"]
max_evidence_age = "30d"
signatures = 2
[[gate.threshold]]
check = "red-rust"
measure = "share"
max = 0.1
decide_on = "interval"
[[waiver]]
rule = "red-rust"
subject = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
reason = "it is a ship"
owner = "Ada"
expires = "2027-01-31"
[keys]
trust = ["self", "keys/ci.pub"]
"#;

    #[test]
    fn schema_and_program_accept_the_same() {
        assert_eq!(judge(FULL, &fixture::catalogue()), Ok(()));
        assert_eq!(judge("schema = 1", &fixture::catalogue()), Ok(()));
    }

    #[test]
    fn the_examples_are_accepted() {
        let root = crate::root().unwrap();
        for example in ["credit", "compromised"] {
            let path = root.join("examples").join(example).join("tutela.toml");
            let text = std::fs::read_to_string(path).unwrap();
            assert_eq!(judge(&text, &tutela_app::catalogue()), Ok(()), "{example}");
        }
    }

    #[test]
    fn schema_and_program_refuse_the_same() {
        for (right, wrong) in [
            ("schema = 1", "schema = 2"),
            ("schema = 1", ""),
            ("role = \"provider\"", "role = \"prophet\""),
            ("label =", "labels ="),
            ("max_age = \"2y\"", "max_age = \"2 moons\""),
            ("turns = 1", "turns = 4"),
            ("turns = 1", "turn = 1"),
            ("[checks.loose-screw]", "[checks.lose-screw]"),
            ("fail_on = \"high\"", "fail_on = \"hi\""),
            ("\"sign\",", "\"test\","),
            ("signatures = 2", "signatures = 0"),
            ("max = 0.1\n", ""),
            // Malware cannot be waived.
            ("rule = \"red-rust\"", "rule = \"loose-screw\""),
            ("sha256:0", "md5:0"),
            ("expires = \"2027-01-31\"\n", ""),
            ("trust = [\"self\", \"keys/ci.pub\"]", "trust = []"),
        ] {
            assert!(FULL.contains(right), "{right}");
            let text = FULL.replacen(right, wrong, 1);
            assert!(
                judge(&text, &fixture::catalogue()).is_err(),
                "{wrong} was accepted"
            );
        }
    }
}
