//! Tests that need the inside of the log: every crash, and the tree against another implementation.

mod faults;
mod memory;
mod oracle;

use std::path::Path;

use tutela_core::{Digest, Timestamp};

use super::{Backdating, Item, Moment};
use crate::keys::{Entropy, LogKey};

/// Counts up: keys that are the same in every run.
struct Counter(u8);

impl Entropy for Counter {
    fn fill(&mut self, buffer: &mut [u8]) -> std::io::Result<()> {
        for byte in buffer {
            *byte = self.0;
            self.0 = self.0.wrapping_add(1);
        }
        Ok(())
    }
}

fn key() -> LogKey {
    LogKey::generate("tutela.test/log".parse().unwrap(), &mut Counter(0)).unwrap()
}

fn folder() -> &'static Path {
    Path::new("/log")
}

/// The statements `range` of an endless list.
fn items(range: std::ops::Range<u64>) -> Vec<Item> {
    range
        .map(|number| Item {
            statement: Digest::of(&number.to_be_bytes()),
            predicate_type: "t".to_owned(),
        })
        .collect()
}

fn moment() -> Moment {
    Moment {
        now: Timestamp::from_seconds(1_000_000_000),
        backdating: Backdating::Refused,
    }
}
