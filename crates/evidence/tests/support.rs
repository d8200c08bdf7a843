//! Keys, statements and folders for the tests.

use std::io;
use std::path::{Path, PathBuf};

use tutela_core::{Digest, Timestamp};
use tutela_evidence::keys::{Entropy, KeyRing, LogKey, LogName, StatementKey};
use tutela_evidence::log::{Backdating, Item, Moment};
use tutela_evidence::{SignerTrust, Statement, Trust};

/// Counts up from a seed: keys that are the same in every run.
pub(crate) struct Counter(pub(crate) u8);

impl Entropy for Counter {
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        for byte in buffer {
            *byte = self.0;
            self.0 = self.0.wrapping_add(1);
        }
        Ok(())
    }
}

pub(crate) fn name() -> LogName {
    "tutela.test/log".parse().unwrap()
}

pub(crate) fn ring(seed: u8) -> KeyRing {
    let mut entropy = Counter(seed);
    KeyRing {
        statement: StatementKey::generate(&mut entropy).unwrap(),
        log: LogKey::generate(name(), &mut entropy).unwrap(),
    }
}

pub(crate) fn trust(ring: &KeyRing) -> Trust {
    Trust {
        signers: SignerTrust::one(ring.statement.verifier()),
        log: ring.log.verifier().clone(),
    }
}

pub(crate) fn at(seconds: i64) -> Moment {
    Moment {
        now: Timestamp::from_seconds(1_795_392_000 + seconds),
        backdating: Backdating::Refused,
    }
}

pub(crate) fn item(number: u64) -> Item {
    Item {
        statement: Digest::of(&number.to_be_bytes()),
        predicate_type: "https://tutela.dev/check/v1".to_owned(),
    }
}

pub(crate) fn statement(text: &str) -> Statement<serde_json::Value> {
    let predicate = serde_json::json!({"text": text, "number": 0.1});
    Statement::new(
        "model",
        Digest::of(text.as_bytes()),
        "https://example.org/t",
        predicate,
    )
}

/// All files below a folder with their bytes, sorted, except locks.
pub(crate) fn snapshot(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if !path.ends_with(".lock") {
                let bytes = std::fs::read(&path).unwrap();
                found.push((path, bytes));
            }
        }
    }
    found.sort();
    found
}
