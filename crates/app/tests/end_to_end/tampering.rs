//! Whatever is changed by one byte is refused.

use std::fs;
use std::path::Path;

use crate::support::Project;

/// Flips one bit of one byte.
fn flip(file: &Path, place: usize) -> Vec<u8> {
    let before = fs::read(file).unwrap();
    let mut after = before.clone();
    after[place] ^= 1;
    let mut permissions = fs::metadata(file).unwrap().permissions();
    let kept = permissions.clone();
    #[expect(
        clippy::permissions_set_readonly_false,
        reason = "a file of the test, restored below"
    )]
    permissions.set_readonly(false);
    fs::set_permissions(file, permissions).unwrap();
    fs::write(file, after).unwrap();
    fs::set_permissions(file, kept).unwrap();
    before
}

/// Flips the first, the middle and the last byte of each file, one at a time, and expects a refusal.
/// The crate `evidence` tests every byte of its formats; here the wiring is tested.
#[track_caller]
fn every_file_counts(project: &Project, folder: &str, keep: impl Fn(&str) -> bool) {
    let files = project.files(folder);
    let mut changed = 0;
    for file in files {
        let name = file.display().to_string();
        let length = fs::read(&file).unwrap().len();
        if length == 0 || !keep(&name) {
            continue;
        }
        for place in [0, length / 2, length - 1] {
            let before = flip(&file, place);
            let run = project.tutela(&["verify", "."]);
            assert_ne!(
                run.code, 0,
                "byte {place} of {name} was changed and nothing says so:\n{}",
                run.out
            );
            assert_ne!(run.code, 4, "{}", run.err);
            fs::write(&file, before).unwrap();
            changed += 1;
        }
    }
    assert!(changed > 0, "nothing was changed below {folder}");
    project.tutela(&["verify", "."]).ends_with(0);
}

#[test]
fn evidence_and_proofs() {
    let project = Project::checked();
    // Three files of each sort are enough here.
    let mut seen = 0;
    let some = project.files(".tutela/evidence").into_iter().filter(|_| {
        seen += 1;
        seen % 9 == 0
    });
    let names: Vec<String> = some.map(|path| path.display().to_string()).collect();
    every_file_counts(&project, ".tutela/evidence", |name| {
        names.iter().any(|known| known == name)
    });
}

#[test]
fn the_log() {
    let project = Project::checked();
    every_file_counts(&project, ".tutela/log", |name| !name.ends_with("lock"));
}

#[test]
fn artifacts() {
    let project = Project::checked();
    for file in [
        "models/credit.onnx",
        "data/train.parquet",
        "requirements.txt",
    ] {
        let length = fs::read(project.at(file)).unwrap().len();
        for place in [0, length / 2, length - 1] {
            let before = flip(&project.at(file), place);
            project
                .tutela(&["verify", "."])
                .ends_with(1)
                .says("REFUSED");
            fs::write(project.at(file), before).unwrap();
        }
    }
    project.tutela(&["verify", "."]).ends_with(0);
}

#[test]
fn a_file_that_was_added_or_removed() {
    let project = Project::checked();
    project.write("notes.txt", "new");
    project.tutela(&["verify", "."]).ends_with(1);
    fs::remove_file(project.at("notes.txt")).unwrap();
    fs::remove_file(project.at("requirements.txt")).unwrap();
    project.tutela(&["verify", "."]).ends_with(1);
}

#[test]
fn an_auditor_needs_only_public_keys() {
    let project = Project::checked();
    let keys = Project::empty();
    for name in ["statement.pub", "log.pub"] {
        fs::copy(project.at(".tutela/keys").join(name), keys.at(name)).unwrap();
    }
    fs::remove_dir_all(project.at(".tutela/keys")).unwrap();
    let key = |name: &str| keys.at(name).display().to_string();
    let (statement, steward) = (key("statement.pub"), "keys/steward.pub");
    let log = key("log.pub");
    project
        .tutela(&[
            "verify",
            ".",
            "--key",
            &statement,
            "--key",
            steward,
            "--log-key",
            &log,
        ])
        .ends_with(0);
    project
        .tutela(&["verify", "."])
        .ends_with(2)
        .says("does not exist");
}

#[test]
fn single_evidence_needs_only_keys() {
    let project = Project::checked();
    let file = project
        .files(".tutela/evidence")
        .into_iter()
        .find(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .unwrap();
    let elsewhere = Project::empty();
    for (from, to) in [
        (file.clone(), "e.json"),
        (file.with_extension("tlog-proof"), "e.tlog-proof"),
        (project.at(".tutela/keys/statement.pub"), "s.pub"),
        (project.at(".tutela/keys/log.pub"), "l.pub"),
    ] {
        fs::copy(from, elsewhere.at(to)).unwrap();
    }
    let verify = ["verify", "e.json", "--key", "s.pub", "--log-key", "l.pub"];
    elsewhere.tutela(&verify).ends_with(0);
    elsewhere
        .tutela(&["verify", "e.json"])
        .ends_with(2)
        .says("--key");
    let length = fs::read(elsewhere.at("e.json")).unwrap().len();
    flip(&elsewhere.at("e.json"), length / 2);
    elsewhere.tutela(&verify).ends_with(1);
}
