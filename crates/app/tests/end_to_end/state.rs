//! The folder of keys, evidence and log is a real folder: a link in its place is refused by every command.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::{Project, copy};

/// Every command that reads or writes the state folder.
const COMMANDS: [&[&str]; 11] = [
    &["init", "."],
    &["check", "."],
    &["gate", "."],
    &["gate", ".", "--write-baseline", "known.json"],
    &["sign", "requirements.txt"],
    &["verify", "."],
    &["verify", "requirements.txt"],
    &["report", "table", "."],
    &["log", "show", "."],
    &["log", "prove", "0", "."],
    &["log", "fsck", "."],
];

/// Moves a folder out of the project and leaves a link to it.
fn move_out(project: &Project, elsewhere: &Project, folder: &str) {
    copy(&project.at(folder), &elsewhere.at("moved"), &[]);
    fs::remove_dir_all(project.at(folder)).unwrap();
    symlink(elsewhere.at("moved"), project.at(folder)).unwrap();
}

#[test]
fn a_linked_state_folder_is_refused_by_every_command() {
    for folder in [".tutela", ".tutela/keys", ".tutela/evidence", ".tutela/log"] {
        let (project, elsewhere) = (Project::checked(), Project::empty());
        project.tutela(&["sign", "requirements.txt"]).ends_with(0);
        move_out(&project, &elsewhere, folder);
        let before = (project.files("."), elsewhere.files("."));
        for arguments in COMMANDS {
            let run = project.tutela(arguments).ends_with(3);
            // Without what is before it: `verify` of a file finds the project by its whole path.
            let refused = format!("/{folder}` cannot be used: it is a link");
            assert!(run.err.contains(&refused), "{arguments:?}: {}", run.err);
        }
        assert_eq!(before, (project.files("."), elsewhere.files(".")));
    }
}

#[test]
fn a_link_that_leads_nowhere_is_refused_before_anything_is_made() {
    let (project, elsewhere) = (Project::empty(), Project::empty());
    symlink(elsewhere.at("new"), project.at(".tutela")).unwrap();
    project
        .tutela(&["init", "."])
        .ends_with(3)
        .says("it is a link");
    assert!(!project.at("tutela.toml").exists());
    assert!(!elsewhere.at("new").exists());
}
