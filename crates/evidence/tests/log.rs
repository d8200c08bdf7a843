//! The log on a real disk: proofs, tampering, two writers, wrong clocks, disks that refuse.

use std::fs;
use std::path::Path;

use tutela_evidence::keys::LogVerifier;
use tutela_evidence::log::{
    Backdating, Item, Log, LogError, Moment, TlogProof, TreeHead, fsck, verify_consistency,
};

use crate::support::{at, item, ring, snapshot};

fn items(range: std::ops::Range<u64>) -> Vec<Item> {
    range.map(item).collect()
}

/// A log of 260 entries in two batches: full and partial tiles on two levels.
fn grown(folder: &Path) -> Log {
    let key = ring(0).log;
    let mut log = Log::create(folder, &key).unwrap();
    log.append(&key, &items(0..100), at(0)).unwrap();
    log.append(&key, &items(100..260), at(1)).unwrap();
    log
}

fn problems(folder: &Path, verifier: &LogVerifier) -> Vec<String> {
    let report = fsck(folder, verifier).unwrap();
    let mut files: Vec<String> = report
        .problems
        .into_iter()
        .map(|problem| problem.file)
        .collect();
    files.dedup();
    files
}

#[test]
fn appended_found_and_proven() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("log");
    let (log, key) = (grown(&folder), ring(0).log);
    assert_eq!(log.state().size, 260);
    assert_eq!(problems(&folder, key.verifier()), [""; 0]);
    let log = Log::open(&folder, key.verifier()).unwrap();
    for index in [0, 1, 99, 100, 255, 256, 259] {
        let text = log.prove(index).unwrap().to_text();
        let logged = TlogProof::from_text(&text)
            .unwrap()
            .verify(key.verifier())
            .unwrap();
        assert_eq!(
            (logged.index, logged.entry.sha256),
            (index, item(index).statement)
        );
        assert_eq!(log.find(&item(index).statement), Some(index));
    }
    assert!(matches!(log.prove(260), Err(LogError::NoEntry { .. })));
    assert!(matches!(log.prove(u64::MAX), Err(LogError::NoEntry { .. })));
    assert_eq!(log.find(&item(260).statement), None);
    let head = |size| log.head_at(size).unwrap();
    let proof = log.prove_consistency(100, 260).unwrap();
    assert!(verify_consistency(&head(100), &head(260), &proof));
    assert!(log.prove_consistency(100, 261).is_none());
    let forged = TreeHead {
        size: 100,
        root: head(99).root,
    };
    assert!(!verify_consistency(&forged, &head(260), &proof));
}

#[test]
fn known_statements_keep_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("log");
    let (mut log, key) = (grown(&folder), ring(0).log);
    let before = snapshot(&folder);
    let placed = log.append(&key, &items(90..110), at(9)).unwrap();
    assert!(placed.iter().all(|placed| !placed.new));
    assert_eq!(placed[0].index, 90);
    assert_eq!(snapshot(&folder), before);
    let mixed = [item(1000), item(5), item(1000), item(1001)];
    let placed = log.append(&key, &mixed, at(9)).unwrap();
    let places: Vec<(u64, bool)> = placed
        .iter()
        .map(|placed| (placed.index, placed.new))
        .collect();
    assert_eq!(places, [(260, true), (5, false), (260, false), (261, true)]);
}

#[test]
fn every_changed_byte_of_every_file_is_named() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("log");
    drop(grown(&folder));
    let verifier = ring(0).log.verifier().clone();
    for (path, bytes) in snapshot(&folder) {
        let name = path
            .strip_prefix(&folder)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        // Each byte of small files, every 37th of large ones: fsck reads the whole log each time.
        let step = if bytes.len() > 600 { 37 } else { 5 };
        for place in (0..bytes.len()).step_by(step).chain([bytes.len() - 1]) {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << (place % 8);
            fs::write(&path, &changed).unwrap();
            assert_eq!(
                problems(&folder, &verifier),
                [name.as_str()],
                "{name}, byte {place}"
            );
        }
        for changed in [&bytes[..bytes.len() - 1], &[&bytes[..], b"x"].concat(), b""] {
            fs::write(&path, changed).unwrap();
            assert_eq!(problems(&folder, &verifier), [name.as_str()], "{name}");
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(
            problems(&folder, &verifier),
            [name.as_str()],
            "{name} removed"
        );
        fs::write(&path, &bytes).unwrap();
    }
    assert_eq!(problems(&folder, &verifier), [""; 0]);
    for stranger in [
        "x",
        "tile/x",
        "tile/0/1",
        "tile/0/002",
        "tile/entries/x000/001",
        "tile/8/000",
    ] {
        let path = folder.join(stranger);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "x").unwrap();
        assert_eq!(problems(&folder, &verifier), [stranger]);
        fs::remove_file(&path).unwrap();
    }
}

/// Reading for use refuses what would change an answer.
#[test]
fn a_damaged_log_is_not_opened() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("log");
    drop(grown(&folder));
    let verifier = ring(0).log.verifier().clone();
    for name in ["checkpoint", "tile/entries/000", "tile/entries/001.p/4"] {
        let path = folder.join(name);
        let bytes = fs::read(&path).unwrap();
        for place in (0..bytes.len()).step_by(bytes.len() / 20 + 1) {
            let mut changed = bytes.clone();
            changed[place] ^= 4;
            fs::write(&path, &changed).unwrap();
            assert!(
                Log::open(&folder, &verifier).is_err(),
                "{name}, byte {place}"
            );
        }
        fs::remove_file(&path).unwrap();
        assert!(Log::open(&folder, &verifier).is_err());
        fs::write(&path, &bytes).unwrap();
    }
    fs::remove_file(folder.join("checkpoint")).unwrap();
    let error = Log::create(&folder, &ring(0).log).unwrap_err();
    assert!(
        matches!(error, LogError::CheckpointMissing { .. }),
        "{error}"
    );
}

#[test]
fn every_changed_byte_of_a_proof_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let log = grown(&folder.path().join("log"));
    let verifier = ring(0).log.verifier().clone();
    let text = log.prove(57).unwrap().to_text();
    let verified = |bytes: &[u8]| {
        let text = std::str::from_utf8(bytes).ok()?;
        TlogProof::from_text(text).ok()?.verify(&verifier).ok()
    };
    assert_eq!(verified(text.as_bytes()).unwrap().index, 57);
    for place in 0..text.len() {
        for bit in [0, 3, 5, 7] {
            let mut changed = text.clone().into_bytes();
            changed[place] ^= 1 << bit;
            assert!(verified(&changed).is_none(), "byte {place}, bit {bit}");
        }
        assert!(verified(&text.as_bytes()[..place]).is_none());
    }
    assert!(verified(format!("{text}\n").as_bytes()).is_none());
}

#[test]
fn a_clock_set_back_is_refused_unless_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("log");
    let (mut log, key) = (grown(&folder), ring(0).log);
    let before = snapshot(&folder);
    let error = log.append(&key, &items(300..301), at(0)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the clock says 2026-11-23T00:00:00Z, but the last log entry is from 2026-11-23T00:00:01Z"
    );
    assert!(error.hint().unwrap().contains("--as-of"));
    assert_eq!(snapshot(&folder), before);
    let asked = Moment {
        backdating: Backdating::Allowed,
        ..at(0)
    };
    assert!(log.append(&key, &items(300..301), asked).is_ok());
}

#[test]
fn two_open_logs_take_turns() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("log");
    drop(grown(&folder));
    let writer = |start: u64| {
        let folder = folder.clone();
        move || {
            let key = ring(0).log;
            let mut log = Log::create(&folder, &key).unwrap();
            for batch in 0..10 {
                let first = start + batch * 7;
                log.append(&key, &items(first..first + 7), at(2)).unwrap();
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(writer(1000));
        scope.spawn(writer(2000));
        scope.spawn(writer(3000));
    });
    let verifier = ring(0).log.verifier().clone();
    assert_eq!(problems(&folder, &verifier), [""; 0]);
    let log = Log::open(&folder, &verifier).unwrap();
    assert_eq!(log.state().size, 260 + 210);
    for start in [1000, 2000, 3000] {
        assert!((start..start + 70).all(|number| log.find(&item(number).statement).is_some()));
    }
}

#[test]
fn another_key_cannot_write_or_read() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("log");
    let (mut log, other) = (grown(&folder), ring(99).log);
    let refused = log.append(&other, &items(300..301), at(5));
    assert!(matches!(refused, Err(LogError::OtherKey { .. })));
    assert!(matches!(
        Log::create(&folder, &other),
        Err(LogError::Checkpoint { .. })
    ));
    assert!(matches!(
        Log::open(&folder, other.verifier()),
        Err(LogError::Checkpoint { .. })
    ));
}

#[test]
fn a_log_that_was_rolled_back_is_noticed_by_its_writer() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("log");
    let mut log = grown(&folder);
    let key = ring(0).log;
    let old = snapshot(&folder);
    log.append(&key, &items(300..310), at(2)).unwrap();
    let seen = log.checkpoint().clone();
    fs::remove_dir_all(&folder).unwrap();
    for (path, bytes) in old {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let error = log.append(&key, &items(400..401), at(3)).unwrap_err();
    assert!(
        matches!(
            error,
            LogError::RolledBack {
                seen: 270,
                size: 260,
                ..
            }
        ),
        "{error}"
    );
    let reopened = Log::open(&folder, key.verifier()).unwrap();
    assert!(matches!(
        reopened.check_continues(&seen),
        Err(LogError::RolledBack { .. })
    ));
}

#[test]
fn no_log_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let verifier = ring(0).log.verifier().clone();
    for path in [folder.path().to_owned(), folder.path().join("none")] {
        assert!(matches!(
            Log::open(&path, &verifier),
            Err(LogError::Missing { .. })
        ));
        assert!(matches!(
            fsck(&path, &verifier),
            Err(LogError::Missing { .. })
        ));
    }
}

/// A device that is always full lies where a new tile will be written.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_changes_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("log");
    let (mut log, key) = (grown(&folder), ring(0).log);
    let before = snapshot(&folder);
    let full = folder.join("tile/entries/001.p/10");
    std::os::unix::fs::symlink("/dev/full", &full).unwrap();
    let error = log.append(&key, &items(300..306), at(2)).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("No space left"), "{cause}");
    assert_eq!(
        snapshot(&folder),
        before,
        "what was written is removed again"
    );
    assert_eq!(
        log.append(&key, &items(300..306), at(2)).unwrap()[5].index,
        265
    );
    assert_eq!(problems(&folder, key.verifier()), [""; 0]);
}
