//! Signed notes, verifier keys and checkpoints against the specification's and Go's own examples.

use tutela_evidence::keys::LogVerifier;
use tutela_evidence::log::{Checkpoint, CheckpointError, Log, NoteError};

use crate::support::{at, item, ring};

/// golang.org/x/mod/sumdb/note, `note_test.go`: Peter Neumann's key and note.
const NEUMANN: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
/// c2sp.org/signed-note, section *Example*.
const EXAMPLE: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

fn opens(note: &str, key: &str) -> Result<Checkpoint, CheckpointError> {
    Checkpoint::open(note, &key.parse::<LogVerifier>().unwrap())
}

/// A note that verifies but is no checkpoint is told from one that does not verify.
fn verifies(note: &str, key: &str) -> bool {
    !matches!(opens(note, key), Err(CheckpointError::Note(_)))
}

#[test]
fn gos_own_vector() {
    let text = "If you think cryptography is the answer to your problem,\n\
                then you don't know what your problem is.\n";
    let signature = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    let note = format!("{text}\n{signature}");
    assert!(verifies(&note, NEUMANN));
    assert!(!verifies(
        &note.replace("problem is", "problem was"),
        NEUMANN
    ));
    assert!(!verifies(&note, EXAMPLE));
}

#[test]
fn the_specifications_example() {
    let note = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
    assert!(verifies(note, EXAMPLE));
    assert_eq!(EXAMPLE.parse::<LogVerifier>().unwrap().to_string(), EXAMPLE);
}

#[test]
fn verifier_keys_have_one_spelling() {
    for (from, to) in [
        ("530d903a", "530d903b"),
        ("530d903a", "530D903A"),
        ("530d903a", "0530d903a"),
        ("+Aeky", "+Beky"),
        ("3U2k", "3U2k="),
        ("example.com/foo", "example.com/fo o"),
        ("example.com/foo", ""),
    ] {
        let changed = EXAMPLE.replace(from, to);
        assert!(changed.parse::<LogVerifier>().is_err(), "{changed}");
    }
}

fn checkpoint() -> (String, LogVerifier) {
    let (ring, folder) = (ring(0), tempfile::tempdir().unwrap());
    let mut log = Log::create(&folder.path().join("log"), &ring.log).unwrap();
    log.append(&ring.log, &[item(1), item(2)], at(0)).unwrap();
    (
        log.checkpoint().note().to_owned(),
        ring.log.verifier().clone(),
    )
}

#[test]
fn every_changed_byte_of_a_checkpoint_is_refused() {
    let (note, verifier) = checkpoint();
    assert_eq!(Checkpoint::open(&note, &verifier).unwrap().size(), 2);
    for place in 0..note.len() {
        for bit in 0..8 {
            let mut bytes = note.clone().into_bytes();
            bytes[place] ^= 1 << bit;
            let changed = String::from_utf8(bytes)
                .is_ok_and(|note| Checkpoint::open(&note, &verifier).is_ok());
            assert!(!changed, "byte {place}, bit {bit}");
        }
        assert!(
            note.get(..place)
                .is_none_or(|cut| Checkpoint::open(cut, &verifier).is_err())
        );
    }
}

/// Cosignatures of witnesses that are not known must not disturb; the specification demands it.
#[test]
fn signatures_of_others_are_not_looked_at() {
    let (note, verifier) = checkpoint();
    let other = "— witness.example/w AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
    assert!(Checkpoint::open(&format!("{note}{other}"), &verifier).is_ok());
    // The same name with another hash is another key.
    let same_name = format!("— {} AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", verifier.name());
    assert!(Checkpoint::open(&format!("{note}{same_name}"), &verifier).is_ok());
    let broken = format!("{note}— witness.example/w AA\n");
    assert!(matches!(
        Checkpoint::open(&broken, &verifier),
        Err(CheckpointError::Note(NoteError::Malformed(_)))
    ));
    let many = other.repeat(100);
    assert!(Checkpoint::open(&format!("{note}{many}"), &verifier).is_err());
}
