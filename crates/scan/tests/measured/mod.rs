//! Recall and false alarms on other scanners' own fixtures, which are not part of the repository.
//!
//! Set `TUTELA_DATA` to a folder with `modelfiles/` and run with `--run-ignored all --no-capture`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a measurement fails by panicking and tells people what it measured"
)]

use std::path::Path;

use tutela_core::{
    Artifact, ArtifactFile, CheckInfo, Context, Kind, Limits, NoProgress, Outcome, Record,
    Settings, Severity,
};

/// Fixtures that hold no attack, by the names that their projects gave them.
const BENIGN: &[&str] = &[
    "bad_pytorch.pt",
    "benign0_v0.pkl",
    "benign0_v3.pkl",
    "benign0_v4.pkl",
    "benign_password_protected.zip",
    "int_array.npy",
    "int_arrays.npz",
    "int_arrays_compressed.npz",
    "new_pytorch_model.bin",
    "not_a_pickle.bin",
    "object_array.npy",
    "object_arrays.npz",
    "object_arrays_compressed.npz",
    "password_protected.zip",
    "pytorch_model.bin",
];

#[test]
#[ignore = "needs TUTELA_DATA"]
fn fixtures_of_other_scanners() {
    let Some(data) = std::env::var_os("TUTELA_DATA") else {
        eprintln!("TUTELA_DATA is not set: nothing was measured");
        return;
    };
    let (mut found, mut attacks, mut alarms, mut harmless) = (0, 0, 0, 0);
    let mut missed = Vec::new();
    for folder in ["picklescan", "modelscan"] {
        let folder = Path::new(&data).join("modelfiles").join(folder);
        let mut paths: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let record = examine(&path, &name);
            let blocked = is_blocked(&record);
            let incomplete = matches!(record.outcome(), Outcome::Incomplete { .. });
            if BENIGN.contains(&name.as_str()) {
                harmless += 1;
                alarms += usize::from(blocked);
                if blocked || incomplete {
                    eprintln!(
                        "harmless: {name}: {:?} {:?}",
                        record.outcome(),
                        record.findings
                    );
                }
            } else {
                attacks += 1;
                found += usize::from(blocked);
                if !blocked {
                    eprintln!(
                        "not blocked: {name}: {:?} {:?}",
                        record.outcome(),
                        record.findings
                    );
                    missed.extend((!incomplete).then_some(name));
                }
            }
        }
    }
    eprintln!(
        "{found} of {attacks} attacks blocked, {alarms} of {harmless} harmless files blocked"
    );
    assert_eq!(missed, Vec::<String>::new());
    assert_eq!(alarms, 0);
}

/// Files that real libraries made; `TUTELA_BENIGN` names their folder.
#[test]
#[ignore = "needs TUTELA_BENIGN"]
fn files_of_real_libraries() {
    let Some(folder) = std::env::var_os("TUTELA_BENIGN") else {
        eprintln!("TUTELA_BENIGN is not set: nothing was measured");
        return;
    };
    let (mut files, mut blocked, mut told) = (0, 0, 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let record = examine(&path, &name);
        files += 1;
        told += usize::from(!record.findings.is_empty());
        blocked += usize::from(is_blocked(&record));
        for finding in &record.findings {
            eprintln!("{name}: {:?}: {}", finding.severity, finding.message);
        }
    }
    eprintln!("{files} files: {blocked} blocked, {told} with a finding");
    assert_eq!(blocked, 0);
}

fn examine(path: &Path, name: &str) -> Record {
    let file = ArtifactFile::take(name, path, &NoProgress).unwrap();
    let artifact = Artifact::new(name, Kind::Model, vec![file]);
    let check = tutela_scan::CHECKS
        .iter()
        .find(|check| check.info().code == "pickle-dangerous-import")
        .unwrap();
    let info: &CheckInfo = check.info();
    let settings = Settings::defaults(info);
    let context = Context {
        as_of: "2026-11-01".parse().unwrap(),
        seed: 1,
        limits: &Limits::default(),
        settings: &settings,
        artifacts: std::slice::from_ref(&artifact),
        memo: &tutela_core::Memo::default(),
        progress: &NoProgress,
    };
    tutela_core::run(*check, &artifact, &context)
}

fn is_blocked(record: &Record) -> bool {
    let mut findings = record.findings.iter();
    findings.any(|finding| finding.severity >= Severity::High)
}
