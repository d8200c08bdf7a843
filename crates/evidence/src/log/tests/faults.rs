//! The world stops after every single step of appending, in three ways: the process is killed, the power
//! fails, one operation fails. Whatever was acknowledged must be there afterwards, the log must verify, and
//! no checkpoint that anybody could have seen may be contradicted.

use super::super::append::MARKER;
use super::super::checkpoint::Checkpoint;
use super::super::fsck::fsck_on;
use super::super::handle::Log;
use super::super::proof::{TreeHead, verify_consistency};
use super::memory::{Luck, MemoryDisk, Stop};
use super::{folder, items, key, moment};

/// Batches within a tile, up to its end (so that its partial ones go), and into the next one.
const BATCHES: [u64; 3] = [2, 254, 3];

/// Appends the batches that are not there yet, until one fails; returns how many entries are acknowledged.
fn append_all(disk: &MemoryDisk) -> u64 {
    let key = key();
    let Ok(mut log) = Log::create_on(Box::new(disk.clone()), folder(), &key) else {
        return 0;
    };
    let mut acknowledged = 0;
    for length in BATCHES {
        let batch = items(acknowledged..acknowledged + length);
        match log.append(&key, &batch, moment()) {
            Ok(placed) => {
                let indexes = placed.iter().map(|placed| placed.index);
                assert!(indexes.eq(acknowledged..acknowledged + length));
                acknowledged += length;
            }
            Err(_) => break,
        }
    }
    acknowledged
}

/// Opens the log as the next program would, appends one more batch, and checks everything.
fn survives(disk: &MemoryDisk, acknowledged: u64, what: &str) {
    disk.stop(Stop::Never);
    let key = key();
    let mut log = Log::create_on(Box::new(disk.clone()), folder(), &key)
        .unwrap_or_else(|error| panic!("{what}: {error:?}"));
    let size = log.checkpoint().size();
    assert!(size >= acknowledged, "{what}: {size} of {acknowledged}");
    for (index, item) in (0..size).zip(items(0..size)) {
        assert_eq!(log.find(&item.statement), Some(index), "{what}");
    }
    let report = fsck_on(Box::new(disk.clone()), folder(), key.verifier()).unwrap();
    assert_eq!(report.problems, [], "{what}");
    log.append(&key, &items(1000..1003), moment()).unwrap();
    let report = fsck_on(Box::new(disk.clone()), folder(), key.verifier()).unwrap();
    assert_eq!(report.problems, [], "{what}, after one more batch");
    assert_eq!(report.state.unwrap().size, size + 3, "{what}");
    nothing_contradicted(disk, &log, what);
}

/// Every checkpoint that was ever visible is a beginning of the log.
fn nothing_contradicted(disk: &MemoryDisk, log: &Log, what: &str) {
    let now = log.checkpoint();
    let later = TreeHead {
        size: now.size(),
        root: now.root(),
    };
    for note in disk.published() {
        let note = String::from_utf8(note).unwrap();
        let seen = Checkpoint::open(&note, key().verifier()).unwrap();
        let earlier = TreeHead {
            size: seen.size(),
            root: seen.root(),
        };
        let proof = log.prove_consistency(seen.size(), now.size()).unwrap();
        assert!(verify_consistency(&earlier, &later, &proof), "{what}");
    }
}

fn steps() -> usize {
    let disk = MemoryDisk::default();
    assert_eq!(append_all(&disk), BATCHES.iter().sum::<u64>());
    disk.steps()
}

#[test]
fn killed_at_every_step() {
    for step in 0..steps() {
        let disk = MemoryDisk::default();
        disk.stop(Stop::Dead(step));
        let acknowledged = append_all(&disk);
        survives(&disk, acknowledged, &format!("killed at step {step}"));
    }
}

#[test]
fn power_lost_at_every_step() {
    for step in 0..=steps() {
        let disk = MemoryDisk::default();
        disk.stop(Stop::Dead(step));
        let acknowledged = append_all(&disk);
        let seed = step as u64;
        for luck in [
            Luck::Nothing,
            Luck::Some(3 * seed + 11),
            Luck::Some(seed ^ 0x5555_aaaa),
        ] {
            let disk = disk.copy();
            disk.lose_power(luck);
            survives(
                &disk,
                acknowledged,
                &format!("power lost at step {step}, {luck:?}"),
            );
        }
    }
}

#[test]
fn every_step_fails_once() {
    for step in 0..steps() {
        let disk = MemoryDisk::default();
        disk.stop(Stop::Fails(step));
        let acknowledged = append_all(&disk);
        // The program that saw the failure has tidied up, or the next one does.
        survives(&disk, acknowledged, &format!("step {step} failed"));
    }
}

/// A second failure while the first one's traces are being removed.
#[test]
fn killed_during_recovery() {
    let total = steps();
    for first in (0..total).step_by(7) {
        let disk = MemoryDisk::default();
        disk.stop(Stop::Dead(first));
        let acknowledged = append_all(&disk);
        for second in 0.. {
            let disk = disk.copy();
            disk.stop(Stop::Dead(second));
            let done = Log::create_on(Box::new(disk.clone()), folder(), &key()).is_ok();
            let what = format!("killed at step {first} and {second}");
            disk.lose_power(Luck::Some(second as u64 * 31 + 7));
            survives(&disk, acknowledged, &what);
            if done {
                break;
            }
        }
    }
}

/// The same program goes on after a failed append, without opening the log anew.
#[test]
fn a_writer_goes_on_after_a_failure() {
    let key = key();
    for step in 0.. {
        let disk = MemoryDisk::default();
        let mut log = Log::create_on(Box::new(disk.clone()), folder(), &key).unwrap();
        log.append(&key, &items(0..250), moment()).unwrap();
        disk.stop(Stop::Fails(step));
        // Steps that only tidy up fail silently, so the end is known by their number.
        let _outcome = log.append(&key, &items(250..258), moment());
        let past_the_end = disk.steps() <= step;
        disk.stop(Stop::Never);
        let placed = log.append(&key, &items(250..259), moment()).unwrap();
        assert_eq!(placed.last().unwrap().index, 258, "step {step}");
        survives(&disk, 259, &format!("step {step} failed and was repeated"));
        if past_the_end {
            break;
        }
    }
}

#[test]
fn what_an_interrupted_append_left_is_named() {
    let disk = MemoryDisk::default();
    let key = key();
    let mut log = Log::create_on(Box::new(disk.clone()), folder(), &key).unwrap();
    log.append(&key, &items(0..3), moment()).unwrap();
    disk.stop(Stop::Dead(14));
    assert!(log.append(&key, &items(3..6), moment()).is_err());
    disk.stop(Stop::Never);
    let report = fsck_on(Box::new(disk.clone()), folder(), key.verifier()).unwrap();
    let files: Vec<&str> = report
        .problems
        .iter()
        .map(|problem| problem.file.as_str())
        .collect();
    assert_eq!(files, [MARKER, "tile/entries/000.p/6"]);
    // Readers are not disturbed by it.
    let reader = Log::open_on(Box::new(disk), folder(), key.verifier()).unwrap();
    assert_eq!(reader.checkpoint().size(), 3);
}

/// Partial tiles go when the full one is there, as the specification allows, and nothing else goes.
#[test]
fn partial_tiles_go_when_full() {
    let disk = MemoryDisk::default();
    let key = key();
    let mut log = Log::create_on(Box::new(disk.clone()), folder(), &key).unwrap();
    for start in [0, 100, 200] {
        log.append(&key, &items(start..start + 100), moment())
            .unwrap();
    }
    let paths = disk.paths();
    let names: Vec<&str> = paths.iter().map(|path| path.to_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "/log/checkpoint",
            "/log/tile/0/000",
            "/log/tile/0/001.p/44",
            "/log/tile/1/000.p/1",
            "/log/tile/entries/000",
            "/log/tile/entries/001.p/44",
        ]
    );
}
