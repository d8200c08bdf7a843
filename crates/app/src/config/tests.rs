//! Project files, right and wrong.

use tutela_core::{Catalogue, Severity, Split, Suite};
use tutela_evidence::gate::Requirement;

use super::{Project, parse};

fn read(text: &str) -> Result<Project, String> {
    parse("tutela.toml", text, &Catalogue::new(&[])).map_err(|error| error.render())
}

const WHOLE: &str = r#"
schema = 1
[system]
name = "credit"
role = "provider"
intended_purpose = "scoring"
annex_iii = "5b"
[[model]]
path = "models/*.onnx"
kind = "tabular-classifier"
trained_on = ["loans"]
[[data]]
id = "loans"
path = "data/*.parquet"
split = { train = "data/train.parquet", test = "data/test.parquet" }
label = "default"
sensitive = ["sex", "age"]
subject_key = "customer"
personal = ["name"]
collected = 1994-11-17
max_age = "2y"
[files]
executables = ["scripts/*.sh"]
[gate]
fail_on = "medium"
require = ["scan", "sign"]
max_evidence_age = "30d"
signatures = 2
[[waiver]]
rule = "x"
subject = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
reason = "r"
owner = "o"
expires = 2027-01-31
[keys]
trust = ["self", "keys/ci.pub"]
"#;

#[test]
fn a_whole_file_is_read() {
    // The catalogue is empty here, so the waiver's rule cannot be known.
    let project = read(
        &WHOLE
            .replace("[[waiver]]\nrule = \"x\"", "[other]")
            .replace("[other]", "[[unused]]"),
    );
    let error = project.unwrap_err();
    assert!(error.contains("unknown key `unused`"), "{error}");
    let start = WHOLE.find("[[waiver]]").unwrap();
    let end = WHOLE.find("[keys]").unwrap();
    let text = format!("{}{}", &WHOLE[..start], &WHOLE[end..]);
    let project = read(&text).unwrap();
    assert_eq!(project.system.name, "credit");
    assert_eq!(project.models[0].trained_on, ["loans"]);
    let data = &project.data[0];
    assert_eq!(data.declaration.max_age_days, Some(730));
    assert_eq!(data.declaration.collected.unwrap().date(), "1994-11-17");
    assert_eq!(
        data.splits
            .iter()
            .map(|(split, _)| *split)
            .collect::<Vec<_>>(),
        [Split::Train, Split::Test]
    );
    assert_eq!(project.gate.fail_on, Severity::Medium);
    assert_eq!(
        project.gate.require,
        [Requirement::Suite(Suite::Scan), Requirement::Sign]
    );
    assert_eq!(project.gate.signatures, 2);
    assert_eq!(project.trust.len(), 2);
}

#[test]
fn the_least_file_trusts_this_machine() {
    let project = read("schema = 1\n").unwrap();
    assert_eq!(project.trust[0].value, "self");
    assert!(project.gate.require.is_empty());
}

/// Each wrong file, and the parts that its message must have.
const WRONG: &[(&str, &[&str])] = &[
    ("", &["lacks `schema`", "hint: begin it with `schema = 1`"]),
    (
        "schema = 2\n",
        &["schema 2 is not known", "tutela.toml:1:10"],
    ),
    ("schema = \n", &["tutela.toml:1:"]),
    (
        "schema = 1\n[gaet]\n",
        &[
            "unknown key `gaet`",
            "did you mean `gate`?",
            "tutela.toml:2:2",
        ],
    ),
    (
        "schema = 1\n[gate]\nfail_on = \"hihg\"\n",
        &["expected one of", "did you mean `high`?", ":3:11"],
    ),
    (
        "schema = 1\n[gate]\nfail_on = 3\n",
        &["expected a string, found integer"],
    ),
    (
        "schema = 1\n[gate]\nrequire = [\"test.evasion\"]\n",
        &["not evidence that this version can require"],
    ),
    (
        "schema = 1\n[gate]\nmax_evidence_age = \"soon\"\n",
        &["not a span of time", "`90d`"],
    ),
    (
        "schema = 1\n[gate]\nsignatures = 0\n",
        &["expected 1 to 100"],
    ),
    (
        "schema = 1\n[[data]]\nid = \"a\"\n",
        &["`[[data]]` lacks `path`"],
    ),
    (
        "schema = 1\n[[data]]\nid = \"a\"\npath = \"../b\"\n",
        &["leaves the project"],
    ),
    (
        "schema = 1\n[[data]]\nid = \"a\"\npath = \"/b\"\n",
        &["leaves the project"],
    ),
    (
        "schema = 1\n[data]\nid = \"a\"\n",
        &["tables, each beginning with `[[data]]`"],
    ),
    (
        "schema = 1\n[[model]]\npath = \"m\"\ntrained_on = [\"x\"]\n",
        &["no `[[data]]` has the id `x`"],
    ),
    (
        "schema = 1\n[[waiver]]\nrule = \"x\"\n",
        &[
            "there is no check `x`",
            "lacks `subject`",
            "lacks `expires`",
        ],
    ),
    (
        "schema = 1\n[checks.nothing]\nx = 1\n",
        &["there is no check `nothing`"],
    ),
    ("schema = 1\n[keys]\ntrust = []\n", &["trusts nobody"]),
    (
        "schema = 1\n[[data]]\nid=\"a\"\npath=\"b\"\n[[data]]\nid=\"a\"\npath=\"c\"\n",
        &["two `[[data]]`"],
    ),
];

#[test]
fn every_wrong_file_says_what_was_expected_and_where() {
    for (text, parts) in WRONG {
        let error = read(text).expect_err(text);
        for part in *parts {
            assert!(error.contains(part), "{text}\n{error}\nlacks {part}");
        }
    }
}

#[test]
fn all_problems_are_reported_at_once() {
    let error = read("schema = 1\nx = 1\n[gate]\ny = 2\n").unwrap_err();
    assert_eq!(error.matches("error: ").count(), 2);
}

#[test]
fn no_text_makes_the_reader_panic() {
    for end in 0..WHOLE.len() {
        if WHOLE.is_char_boundary(end) {
            drop(read(&WHOLE[..end]));
        }
    }
}
