//! What `tutela sign` refuses, and that nothing is written then.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::support::Project;

/// Every file of a project with its bytes.
fn image(project: &Project) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = project.files(".").into_iter();
    files
        .map(|file| (file.clone(), fs::read(file).unwrap()))
        .collect()
}

/// Fails unless the command ends with this code, says all of this, and changes no file.
#[track_caller]
fn changes_nothing(project: &Project, arguments: &[&str], code: i32, parts: &[&str]) {
    let before = image(project);
    let mut run = project.tutela(arguments).ends_with(code);
    for part in parts {
        run = run.says(part);
    }
    assert!(image(project) == before, "{arguments:?}: {}", run.err);
}

/// A private key of somebody else.
fn other_key(other: &Project) -> String {
    other.at(".tutela/keys/statement.pem").display().to_string()
}

#[test]
fn a_later_target_that_fails_leaves_nothing_written() {
    let project = Project::example("credit");
    let sign = |targets: &[&str], code, parts: &[&str]| {
        changes_nothing(&project, &[&["sign"], targets].concat(), code, parts);
    };
    sign(&["requirements.txt", "missing"], 2, &["does not exist"]);
    fs::create_dir(project.at("README.md.manifest.json")).unwrap();
    sign(
        &["requirements.txt", "README.md"],
        3,
        &["README.md.manifest.json", "not a regular file"],
    );
    // Models come first, and the table shows only when it is read.
    let data = project.at("data");
    for file in fs::read_dir(&data).unwrap() {
        fs::write(file.unwrap().path(), "a,b\n1,\"2\n").unwrap();
    }
    sign(&[], 3, &["cannot be vouched for as a table"]);
}

#[test]
fn evidence_is_not_signed_once_more_when_another_target_fails() {
    let (project, other) = (Project::checked(), Project::checked_by_another());
    let key = other_key(&other);
    changes_nothing(
        &project,
        &["sign", ".tutela/evidence", "missing", "--key", &key],
        2,
        &["does not exist"],
    );
}

#[test]
fn a_broken_manifest_is_not_written_over() {
    let project = Project::example("credit");
    project.write("requirements.txt.manifest.json", "{\"payload\": 1}");
    changes_nothing(
        &project,
        &["sign", "requirements.txt"],
        3,
        &["requirements.txt.manifest.json", "hint: "],
    );
}

#[test]
fn evidence_that_is_too_large_is_not_read() {
    let project = Project::checked();
    project.write("big.tlog-proof", "x");
    let big = fs::File::create(project.at("big.json")).unwrap();
    big.set_len(65 << 20).unwrap();
    project
        .tutela(&["sign", "big.json"])
        .ends_with(3)
        .says("`big.json`")
        .says("bytes where at most");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_pipe_in_the_place_of_a_manifest_is_refused() {
        let project = Project::checked();
        project.pipe("requirements.txt.manifest.json");
        project
            .tutela(&["sign", "requirements.txt"])
            .ends_with(3)
            .says("not a regular file");
    }

    #[test]
    fn a_folder_is_signed_whole_or_not_at_all() {
        let project = Project::example("credit");
        project.write("folder/x", "x");
        project.pipe("folder/pipe");
        let sign = ["sign", "folder"];
        let refused = |name: &str| {
            project.tutela(&sign).ends_with(3).says(name).says("hint: ");
            assert!(!project.at("folder.manifest.json").exists());
            assert!(!project.at(".tutela").exists(), "keys were made");
        };
        refused("`folder/pipe`");
        fs::remove_file(project.at("folder/pipe")).unwrap();
        fs::create_dir(project.at("folder/inner")).unwrap();
        symlink("inner", project.at("folder/link")).unwrap();
        refused("`folder/link`");
        fs::remove_file(project.at("folder/link")).unwrap();
        project.tutela(&sign).ends_with(0);
    }
}
