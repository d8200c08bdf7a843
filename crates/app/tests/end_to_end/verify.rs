//! `verify` says VERIFIED of nothing but what was asked about, whole, and as it was signed.

use std::collections::BTreeMap;
use std::fs;

use crate::support::{Project, Run};

/// Fails if it verified.
#[track_caller]
fn not_verified(run: Run, why: &str) -> Run {
    let refused = run.code == 1 || run.code == 3;
    assert!(refused, "{why}: {}\n{}\n{}", run.code, run.out, run.err);
    run
}

/// One logged statement of each type, by its type.
fn one_of_each(project: &Project) -> BTreeMap<String, String> {
    let shown = project.tutela(&["log", "show", "--last", "1000"]).out;
    let entry = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [_, _, id, kind] => Some(((*kind).to_owned(), (*id).to_owned())),
            _ => None,
        }
    };
    shown.lines().filter_map(entry).collect()
}

#[test]
fn deleted_evidence_is_missed() {
    let project = Project::checked();
    project
        .tutela(&["gate", ".", "--write-baseline", ".tutela/baseline.json"])
        .ends_with(0);
    project.tutela(&["verify", "."]).ends_with(0);
    let kinds = one_of_each(&project);
    assert_eq!(kinds.len(), 4, "{kinds:?}");
    for (kind, id) in kinds {
        let at = |ending: &str| project.at(&format!(".tutela/evidence/{id}.{ending}"));
        let (statement, proof) = (at("json"), at("tlog-proof"));
        for gone in [vec![&statement], vec![&proof], vec![&statement, &proof]] {
            let kept: Vec<Vec<u8>> = gone.iter().map(|file| fs::read(file).unwrap()).collect();
            gone.iter().for_each(|file| fs::remove_file(file).unwrap());
            let run = not_verified(project.tutela(&["verify", "."]), &kind);
            assert!(run.out.contains("missing"), "{kind}: {}", run.out);
            assert!(run.out.contains(&id[..12]), "{kind}: {}", run.out);
            for (file, bytes) in gone.iter().zip(kept) {
                fs::write(file, bytes).unwrap();
            }
        }
    }
    project.tutela(&["verify", "."]).ends_with(0);
}

#[test]
fn every_kind_of_file_of_a_project_is_missed() {
    for gone in [
        "data/credit.manifest.json",
        "models/credit.onnx.manifest.json",
        "models/credit.onnx",
        "data/test.parquet",
        "requirements.txt",
        ".tutela/log/checkpoint",
        ".tutela/log/tile/0",
        ".tutela/log/tile/entries",
        ".tutela/log",
        ".tutela/evidence",
    ] {
        let project = Project::checked();
        let path = project.at(gone);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
        let run = project.tutela(&["verify", "."]);
        assert!(
            matches!(run.code, 1..=3),
            "{gone} is gone: {}\n{}",
            run.code,
            run.out
        );
    }
}

#[test]
fn a_statement_that_the_log_does_not_have_is_refused() {
    let project = Project::checked();
    let later = Project::empty();
    crate::support::copy(project.path(), later.path(), &[]);
    later
        .run(&["check", ".", "--as-of", "2026-11-21"])
        .ends_with(0);
    for file in later.files(".tutela/evidence") {
        let here = project
            .at(".tutela/evidence")
            .join(file.file_name().unwrap());
        if !here.exists() {
            fs::copy(file, here).unwrap();
        }
    }
    project.tutela(&["verify", "."]).ends_with(1);
}
