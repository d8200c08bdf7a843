//! The two examples do what the README says.

use std::collections::BTreeMap;
use std::fs;

use crate::support::{Project, copy};

#[test]
fn credit_passes_with_visible_warnings_and_verifies() {
    let project = Project::example("credit");
    let run = project.tutela(&["check", "."]).ends_with(0);
    for warning in [
        "class `1` has 300 rows of 1000",
        "96.3 % of 1000 values are the same",
        "nobody declared a greatest age",
    ] {
        assert!(
            run.out.contains(warning),
            "`{warning}` is not visible:\n{}",
            run.out
        );
    }
    assert!(project.at(".tutela/report.html").is_file());
    project
        .tutela(&["verify", "."])
        .ends_with(0)
        .says("VERIFIED");
    project.tutela(&["gate", "."]).ends_with(0);
    project.tutela(&["log", "fsck"]).ends_with(0);
}

#[test]
fn compromised_is_denied_and_every_fault_is_named() {
    let project = Project::example("compromised");
    let run = project.tutela(&["check", ".", "-f", "json"]).ends_with(1);
    let named = [
        ("pickle-dangerous-import", "models/credit_backup.pkl"),
        ("manifest-mismatch", "row 400"),
        ("undeclared-personal-data", "contact"),
        ("exposed-secret", "config/settings.env"),
        ("unexpected-executable", "models/credit-helper"),
        ("stale-data", "1994"),
    ];
    for (code, part) in named {
        assert!(run.out.contains(code), "{code} is missing:\n{}", run.out);
        assert!(run.out.contains(part), "{part} is missing:\n{}", run.out);
    }
    project
        .tutela(&["verify", "."])
        .ends_with(1)
        .says("manifest");
}

#[test]
fn every_check_goes_red_on_its_planted_fault() {
    let project = Project::example("credit");
    let run = project.tutela(&["check", ".", "--self-test"]).ends_with(0);
    assert!(!run.err.contains("FAILS"), "{}", run.err);
    let evidence = fs::read_dir(project.at(".tutela/evidence"))
        .unwrap()
        .count();
    assert!(evidence > 0);
}

/// Every file below `.tutela` but keys.
fn written(project: &Project) -> BTreeMap<String, Vec<u8>> {
    let files = project.files(".tutela").into_iter().map(|path| {
        let name = path
            .strip_prefix(project.path())
            .unwrap()
            .display()
            .to_string();
        (name, fs::read(path).unwrap())
    });
    files
        .filter(|(name, _)| !name.starts_with(".tutela/keys"))
        .collect()
}

#[test]
fn two_runs_on_the_same_input_write_the_same_bytes() {
    let first = Project::checked();
    let before = written(&first);
    assert!(before.keys().any(|name| name.ends_with("report.html")));
    first.tutela(&["check", "."]).ends_with(0);
    assert_eq!(before, written(&first), "a second run in the same folder");
    // The same keys in a fresh copy.
    let second = Project::example("credit");
    copy(&first.at(".tutela/keys"), &second.at(".tutela/keys"), &[]);
    second.tutela(&["check", "."]).ends_with(0);
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        written(&second).keys().collect::<Vec<_>>()
    );
    assert_eq!(before, written(&second), "a run in another folder");
}
