//! How many entries a second become durable, and how long a log takes to open and to examine.
//!
//! `cargo bench -p tutela-evidence` writes to a temporary folder below the target folder's disk (`TMPDIR`
//! chooses another). Wall clock, since what is measured is mostly the disk.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark prints and fails by panicking"
)]

use std::io;
use std::time::Instant;

use tutela_core::{Digest, Timestamp};
use tutela_evidence::keys::{Entropy, LogKey};
use tutela_evidence::log::{Backdating, Item, Log, Moment, fsck};

struct Counter;

impl Entropy for Counter {
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        buffer.fill(7);
        Ok(())
    }
}

fn main() {
    const TOTAL: u64 = 100_000;
    let key = LogKey::generate("bench.test/log".parse().unwrap(), &mut Counter).unwrap();
    let moment = Moment {
        now: Timestamp::from_seconds(1_795_392_000),
        backdating: Backdating::Refused,
    };
    for batch in [100, 1_000, 10_000] {
        let temporary = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let folder = temporary.path().join("log");
        let mut log = Log::create(&folder, &key).unwrap();
        let start = Instant::now();
        for first in (0..TOTAL).step_by(batch) {
            let items: Vec<Item> = (first..first + batch as u64)
                .map(|number| Item {
                    statement: Digest::of(&number.to_be_bytes()),
                    predicate_type: "https://tutela.dev/check/v1".to_owned(),
                })
                .collect();
            log.append(&key, &items, moment).unwrap();
        }
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "append, batches of {batch}: {:.0} entries/s",
            TOTAL as f64 / seconds
        );
        let start = Instant::now();
        let opened = Log::open(&folder, key.verifier()).unwrap();
        println!(
            "open {} entries: {:.3} s",
            opened.state().size,
            start.elapsed().as_secs_f64()
        );
        let start = Instant::now();
        assert!(fsck(&folder, key.verifier()).unwrap().problems.is_empty());
        println!(
            "fsck {TOTAL} entries: {:.3} s",
            start.elapsed().as_secs_f64()
        );
        let start = Instant::now();
        let indexes: Vec<u64> = (0..TOTAL).collect();
        let proofs = opened.prove_all(&indexes).unwrap().len();
        println!("{proofs} proofs: {:.3} s", start.elapsed().as_secs_f64());
    }
}
