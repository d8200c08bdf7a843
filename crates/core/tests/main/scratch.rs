//! A scratch copy changes the copy and nothing else.

use std::fs;

use tutela_core::{Check as _, Digest, Scratch};

use crate::support::{Sample, files};

#[test]
fn planting_leaves_the_original_alone() {
    let folder = tempfile::tempdir().unwrap();
    let artifact = files(folder.path(), &[("a", "1"), ("b", "2")]);
    let root = tempfile::tempdir().unwrap();
    let mut scratch = Scratch::copy(&artifact, root.path()).unwrap();
    assert_eq!(scratch.artifact.digest, artifact.digest);
    Sample.plant(&mut scratch).unwrap();
    scratch.write("a", b"changed").unwrap();
    let paths: Vec<&str> = scratch
        .artifact
        .files
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(paths, ["a", "b", "planted"]);
    assert_ne!(scratch.artifact.digest, artifact.digest);
    assert_eq!(scratch.artifact.digest, scratch.artifact.expected_digest());
    assert_eq!(fs::read(folder.path().join("a")).unwrap(), b"1");
    let changed = scratch.artifact.files.first().unwrap();
    assert_eq!(changed.digest, Some(Digest::of(b"changed")));
    assert!(changed.open().is_ok());
}

#[test]
fn a_file_cannot_be_written_outside_the_copy() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let mut scratch = Scratch::copy(&files(folder.path(), &[("a", "1")]), &root).unwrap();
    scratch.write("../outside", b"x").unwrap();
    assert!(!folder.path().join("outside").exists());
}
