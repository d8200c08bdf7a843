//! Kills a real process, over and over, while it appends to a real log.

use std::collections::BTreeSet;

use tutela_evidence::log::{Log, fsck};
use tutela_testkit::Crash;

use crate::support::{at, item, ring};

/// The child: appends batches of changing size until it is killed, and tells each index after `append`.
#[test]
#[ignore = "does nothing by itself: it is the process that is killed"]
fn child() {
    let Some(folder) = Crash::role() else {
        return;
    };
    let key = ring(0).log;
    let mut log = Log::create(&folder, &key).unwrap();
    loop {
        let size = log.checkpoint().size();
        let length = size * 7919 % 300 + 1;
        let batch: Vec<_> = (size..size + length).map(item).collect();
        let placed = log.append(&key, &batch, at(0)).unwrap();
        let told: Vec<String> = placed
            .iter()
            .map(|placed| placed.index.to_string())
            .collect();
        Crash::acknowledge(&told.join(" "));
    }
}

/// `TUTELA_KILLS=1000` for the long run.
#[test]
fn killed_at_random_moments() {
    let temporary = tempfile::tempdir().unwrap();
    let verifier = ring(0).log.verifier().clone();
    let mut acknowledged: BTreeSet<u64> = BTreeSet::new();
    let (mut folder, mut worked, mut longest) = (temporary.path().join("log"), 0, 0);
    for kill in 0..Crash::kills(20) {
        let told =
            Crash::new("crash::child", &folder, kill as u64 * 2_654_435_761 + 99).kill_once();
        worked += usize::from(!told.is_empty());
        for index in told.iter().flat_map(|line| line.split(' ')) {
            acknowledged.insert(index.parse().unwrap());
        }
        if !folder.join("checkpoint").exists() {
            continue;
        }
        // Opening for writing does what the next run would do: complete or remove what was left.
        let log = Log::create(&folder, &ring(0).log).unwrap();
        for index in &acknowledged {
            assert_eq!(
                log.find(&item(*index).statement),
                Some(*index),
                "after kill {kill}"
            );
        }
        assert_eq!(
            fsck(&folder, &verifier).unwrap().problems,
            [],
            "after kill {kill}"
        );
        longest = longest.max(log.checkpoint().size());
        // Begin anew now and then: a long log is slow to examine, and an empty one is a case of its own.
        if longest > 5_000 {
            folder = temporary.path().join(format!("log-{kill}"));
            acknowledged.clear();
            longest = 0;
        }
    }
    assert!(worked > 0, "no child ever got to its work");
}
