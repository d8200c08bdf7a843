//! Whatever goes wrong while a check runs, the outcome is never clean, and what was found stays found.

use std::fs;

use tutela_core::{
    Artifact, Coverage, Digest, Error, Finding, Limits, Location, Outcome, Record, Severity, Unit,
    Unread,
};

use crate::support::{Sample, files, run, run_with};

fn finding(message: &str) -> Finding {
    Sample::INFO.finding(message)
}

#[track_caller]
fn incomplete_because(record: &Record, part: &str) {
    let Outcome::Incomplete { why } = record.outcome() else {
        panic!(
            "expected an incomplete outcome, found {:?}",
            record.outcome()
        );
    };
    assert!(
        why.iter().any(|why| why.contains(part)),
        "{why:?} lacks `{part}`"
    );
}

#[test]
fn nothing_found_is_clean_and_something_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let artifact = files(folder.path(), &[("a", "1")]);
    assert_eq!(run(&artifact, |_, _, _| Ok(())).outcome(), Outcome::Clean);
    let record = run(&artifact, |_, _, sink| {
        sink.finding(finding("x"));
        Ok(())
    });
    assert_eq!(record.outcome(), Outcome::Findings);
    let record = run(&artifact, |_, _, sink| {
        sink.not_applicable("no rows".to_owned());
        Ok(())
    });
    assert_eq!(
        record.outcome(),
        Outcome::NotApplicable {
            why: "no rows".to_owned()
        }
    );
}

#[test]
fn an_error_keeps_what_was_found() {
    let folder = tempfile::tempdir().unwrap();
    let artifact = files(folder.path(), &[("a", "1")]);
    let record = run(&artifact, |_, _, sink| {
        sink.finding(finding("before"));
        Err(Error::engine(
            "reading the table",
            std::io::Error::other("the cause"),
        ))
    });
    incomplete_because(&record, "reading the table: the cause");
    assert_eq!(record.findings.len(), 1);
}

#[test]
fn a_panic_keeps_what_was_found() {
    let folder = tempfile::tempdir().unwrap();
    let artifact = files(folder.path(), &[("a", "1")]);
    let record = run(&artifact, |_, _, sink| {
        sink.finding(finding("before"));
        panic!("a fault of the check");
    });
    incomplete_because(&record, "internal error: a fault of the check");
    assert_eq!(record.findings.len(), 1);
}

#[test]
fn files_that_could_not_be_read_are_named_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut artifact = files(folder.path(), &[("a", "1")]);
    let unread = |number: usize| Unread {
        path: format!("f{number:03}"),
        why: "denied".to_owned(),
    };
    artifact.unread = (0..25).map(unread).collect();
    let record = run(&artifact, |_, _, _| Ok(()));
    incomplete_because(&record, "`f000` could not be read: denied");
    incomplete_because(&record, "and 5 more files");
}

/// Changes the artifact's file while the check runs.
fn changed_by(change: impl Fn(&std::path::Path) + Sync) -> Record {
    let folder = tempfile::tempdir().unwrap();
    let artifact = files(folder.path(), &[("a", "1")]);
    let path = folder.path().join("a");
    run(&artifact, |_, _, _| {
        change(&path);
        Ok(())
    })
}

#[test]
fn a_file_that_changes_while_it_is_examined() {
    incomplete_because(
        &changed_by(|path| fs::write(path, "22").unwrap()),
        "`a` changed",
    );
    incomplete_because(
        &changed_by(|path| fs::remove_file(path).unwrap()),
        "`a` changed",
    );
    let swap = |path: &std::path::Path| {
        // The same size: only inode and change time tell.
        fs::write(path.with_extension("new"), "2").unwrap();
        fs::rename(path.with_extension("new"), path).unwrap();
    };
    incomplete_because(&changed_by(swap), "`a` changed");
}

#[test]
fn a_changed_file_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let artifact = files(folder.path(), &[("a", "1"), ("b", "2")]);
    fs::write(folder.path().join("a"), "11").unwrap();
    let record = run(&artifact, |artifact, _, sink| {
        assert!(artifact.files[1].open().is_ok());
        artifact.files[0].open()?;
        sink.examined(Unit::Files, 2, 2);
        Ok(())
    });
    incomplete_because(&record, "`a` changed while it was being examined");
    assert_eq!(record.coverage, []);
}

#[test]
fn the_order_is_fixed_whatever_thread_was_first() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..3000).map(|number| format!("{number:04}")).collect();
    let contents: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (name.as_str(), name.as_str()))
        .collect();
    let artifact = files(folder.path(), &contents);
    let look = |artifact: &Artifact| {
        run_with(
            artifact,
            &Limits {
                findings: 5000,
                ..Limits::default()
            },
            |artifact, _, sink| {
                // As if the last were ready first.
                for file in artifact.files.iter().rev() {
                    sink.examined(Unit::Bytes, file.size(), file.size());
                    sink.finding(finding("found").at(Location::file(&file.path)));
                }
                Ok(())
            },
        )
    };
    let record = look(&artifact);
    let seen: Vec<&str> = record
        .findings
        .iter()
        .filter_map(|one| one.location.file.as_deref())
        .collect();
    assert_eq!(seen, names.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(
        record.coverage,
        [Coverage {
            unit: Unit::Bytes,
            examined: 12_000,
            total: 12_000
        }]
    );
    assert_eq!(record, look(&artifact));
}

#[test]
fn the_limit_keeps_the_worst_and_counts_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let artifact = files(folder.path(), &[("a", "1")]);
    let limits = Limits {
        findings: 3,
        ..Limits::default()
    };
    let record = run_with(&artifact, &limits, |_, _, sink| {
        for number in 0..10 {
            let severity = if number == 7 {
                Severity::Critical
            } else {
                Severity::Low
            };
            sink.finding(finding(&format!("{number}")).with_severity(severity));
            // The same finding twice is one finding.
            sink.finding(finding(&format!("{number}")).with_severity(severity));
        }
        Ok(())
    });
    let messages: Vec<&str> = record
        .findings
        .iter()
        .map(|one| one.message.as_str())
        .collect();
    assert_eq!(messages, ["7", "0", "1"]);
    assert_eq!(record.findings_omitted, 7);
    assert_eq!(record.findings[0].severity, Severity::Critical);
}

#[test]
fn a_finding_carries_the_digest_of_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let artifact = files(folder.path(), &[("a", "1"), ("b", "2")]);
    let record = run(&artifact, |_, _, sink| {
        sink.finding(finding("in b").at(Location::file("b")));
        sink.finding(finding("somewhere"));
        sink.finding(finding("nowhere").at(Location::file("missing")));
        Ok(())
    });
    let digest = |message: &str| {
        record
            .findings
            .iter()
            .find(|one| one.message == message)
            .unwrap()
            .file_digest
    };
    assert_eq!(digest("in b"), Some(Digest::of(b"2")));
    assert_eq!(digest("somewhere"), None);
    assert_eq!(digest("nowhere"), None);
    let found = record
        .findings
        .iter()
        .find(|one| one.message == "in b")
        .unwrap();
    assert!(found.is_about(Digest::of(b"2"), artifact.digest.unwrap()));
    assert!(found.is_about(artifact.digest.unwrap(), artifact.digest.unwrap()));
    assert!(!found.is_about(Digest::of(b"1"), artifact.digest.unwrap()));
}

#[test]
fn a_finding_that_moves_keeps_its_fingerprint() {
    let at = |line: u64, file: &str| {
        let region = tutela_core::Region::Line { line, column: 1 };
        finding("x")
            .at(Location::file(file).at(region))
            .fingerprint("files")
    };
    assert_eq!(at(1, "a"), at(9, "a"));
    assert_ne!(at(1, "a"), at(1, "b"));
    assert_ne!(
        finding("x").fingerprint("one"),
        finding("x").fingerprint("two")
    );
    assert_ne!(
        finding("x").with_identity("y").fingerprint("one"),
        finding("x").fingerprint("one")
    );
}
