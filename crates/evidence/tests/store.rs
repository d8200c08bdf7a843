//! The store: what is recorded is found again, and whatever was touched is refused by name.

use std::fs;
use std::path::Path;

use tutela_core::{Digest, Kind, Manifest, Timestamp};
use tutela_evidence::log::{LogError, fsck};
use tutela_evidence::{
    CHECK_PREDICATE, CheckPredicate, Dossier, Draft, Envelope, SignerTrust, Standing, Statement,
    Store, StoreError, Trust, VSA_PREDICATE, manifest_statement, verify_evidence,
};

use crate::support::{Counter, at, ring, snapshot, trust};

fn check(artifact: &str, code: &str) -> Draft {
    let predicate: CheckPredicate = serde_json::from_value(serde_json::json!({
        "tool": {"name": "tutela", "version": "0.1.0"},
        "check": {"code": code, "title": "t", "severity": "high", "class": "malware", "suite": "scan", "stages": [], "references": []},
        "artifact": {"name": artifact, "kind": "model", "files": 1, "bytes": 5},
        "outcome": {"status": "clean"},
        "findings": [], "findingsOmitted": 0, "measures": [], "coverage": [], "skipped": [],
        "configuration": {"digest": Digest::of(b"c"), "settings": {"a": 0.123_456_789_012_345_68}},
        "seed": 7, "asOf": "2026-11-23T00:00:00Z",
    }))
    .unwrap();
    let digest = Digest::of(artifact.as_bytes());
    Draft::new(&Statement::new(
        artifact,
        digest,
        CHECK_PREDICATE,
        predicate,
    ))
    .unwrap()
}

fn drafts() -> Vec<Draft> {
    let manifest = Manifest {
        name: "b".to_owned(),
        kind: Kind::Model,
        digest: Digest::of(b"b"),
        files: Vec::new(),
    };
    vec![
        check("b", "pickle"),
        check("a", "secrets"),
        check("a", "pickle"),
        Draft::new(&manifest_statement(&manifest)).unwrap(),
    ]
}

fn recorded(folder: &Path) -> Store {
    let mut store = Store::open(folder);
    store.record(&ring(0), &drafts(), at(0)).unwrap();
    store
}

fn dossier(store: &Store, trust: &Trust) -> Dossier {
    store
        .dossier(trust, "system", Timestamp::from_seconds(0))
        .unwrap()
}

#[test]
fn recorded_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = recorded(folder.path());
    let dossier = dossier(&store, &trust(&ring(0)));
    assert_eq!(dossier.refused, []);
    let order: Vec<(&str, &str)> = dossier
        .checks
        .iter()
        .map(|evidence| {
            (
                evidence.predicate.artifact.name.as_str(),
                evidence.predicate.check.code.as_str(),
            )
        })
        .collect();
    assert_eq!(order, [("a", "pickle"), ("a", "secrets"), ("b", "pickle")]);
    assert_eq!(dossier.checks[2].id, drafts()[0].id());
    assert_eq!(dossier.checks[2].subject, Digest::of(b"b"));
    let signers = vec![ring(0).statement.verifier().id().to_owned()];
    assert_eq!(
        dossier.checks[2].standing,
        Standing::Verified { signers, index: 0 }
    );
    assert_eq!(dossier.manifests.len(), 1);
    assert_eq!(dossier.log.unwrap().size, 4);
}

#[test]
fn the_same_run_twice_leaves_the_same_bytes() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut store = recorded(first.path());
    let before = snapshot(first.path());
    let again = store.record(&ring(0), &drafts(), at(100)).unwrap();
    assert!(again.iter().all(|recorded| !recorded.new));
    let mut reopened = Store::open(first.path());
    reopened.record(&ring(0), &drafts(), at(200)).unwrap();
    assert_eq!(snapshot(first.path()), before);
    // And in another folder: nothing depends on the place.
    recorded(second.path());
    let strip = |root: &Path| -> Vec<_> {
        snapshot(root)
            .into_iter()
            .map(|(path, bytes)| (path.strip_prefix(root).unwrap().to_owned(), bytes))
            .collect()
    };
    assert_eq!(strip(second.path()), strip(first.path()));
}

#[test]
fn what_an_interrupted_run_left_undone_is_done_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = recorded(folder.path());
    let before = snapshot(folder.path());
    let id = drafts()[1].id();
    fs::remove_file(store.proof_file(&id)).unwrap();
    let refused = dossier(&store, &trust(&ring(0))).refused;
    assert_eq!(refused.len(), 1);
    assert!(refused[0].why.contains("is missing"), "{refused:?}");
    fs::write(store.evidence_file(&drafts()[2].id()), b"half").unwrap();
    fs::write(store.proof_file(&drafts()[0].id()), b"half").unwrap();
    store.record(&ring(0), &drafts(), at(1)).unwrap();
    assert_eq!(snapshot(folder.path()), before);
}

/// Each byte of an envelope and of its proof: refused, and nothing else with it.
#[test]
fn every_changed_byte_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let store = recorded(folder.path());
    let trust = trust(&ring(0));
    let id = drafts()[1].id();
    let (envelope, proof) = (store.evidence_file(&id), store.proof_file(&id));
    let read = |path: &Path| fs::read(path).unwrap();
    let (envelope_bytes, proof_bytes) = (read(&envelope), read(&proof));
    assert!(verify_evidence(&envelope_bytes, &proof_bytes, &trust).is_ok());
    for place in 0..envelope_bytes.len() {
        let mut changed = envelope_bytes.clone();
        changed[place] ^= 1 << (place % 7);
        assert!(
            verify_evidence(&changed, &proof_bytes, &trust).is_err(),
            "byte {place}"
        );
    }
    for place in 0..proof_bytes.len() {
        let mut changed = proof_bytes.clone();
        changed[place] ^= 1 << (place % 7);
        assert!(
            verify_evidence(&envelope_bytes, &changed, &trust).is_err(),
            "byte {place}"
        );
    }
    for (path, bytes) in [(&envelope, &envelope_bytes), (&proof, &proof_bytes)] {
        let mut changed = bytes.clone();
        changed[bytes.len() / 2] ^= 1;
        fs::write(path, changed).unwrap();
        let dossier = dossier(&store, &trust);
        assert_eq!(dossier.checks.len(), 2);
        assert_eq!(dossier.refused.len(), 1);
        assert!(
            dossier.refused[0]
                .file
                .ends_with(&format!("evidence/{}.json", id.to_hex()))
        );
        fs::write(path, bytes).unwrap();
    }
}

#[test]
fn evidence_of_another_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = recorded(folder.path());
    let mine = trust(&ring(0));
    // Another signer, another log, more signers than there are.
    let stranger = Trust {
        signers: trust(&ring(9)).signers,
        log: mine.log.clone(),
    };
    assert_eq!(dossier(&store, &stranger).refused.len(), 4);
    let other_log = Trust {
        signers: mine.signers.clone(),
        log: ring(9).log.verifier().clone(),
    };
    let dossier_of_other = dossier(&store, &other_log);
    assert!(dossier_of_other.checks.is_empty() && dossier_of_other.log.is_none());
    assert_eq!(dossier_of_other.refused.len(), 1 + 4);
    let two = [ring(0), ring(9)].map(|ring| ring.statement.verifier().clone());
    let two = Trust {
        signers: SignerTrust::new(two, 2).unwrap(),
        log: mine.log.clone(),
    };
    assert_eq!(dossier(&store, &two).refused.len(), 4);

    // A proof of one beside the envelope of another; an envelope under another name.
    let ids: Vec<Digest> = drafts().iter().map(Draft::id).collect();
    fs::copy(store.proof_file(&ids[0]), store.proof_file(&ids[1])).unwrap();
    let refused = dossier(&store, &mine).refused;
    assert_eq!(refused.len(), 1);
    assert!(refused[0].why.contains("another statement"), "{refused:?}");
    for file in [Store::evidence_file, Store::proof_file] {
        fs::copy(file(&store, &ids[0]), file(&store, &Digest::of(b"other"))).unwrap();
    }
    fs::write(store.evidence_folder().join("x.json"), "{}").unwrap();
    assert_eq!(dossier(&store, &mine).refused.len(), 3);
}

/// Signed, but logged nowhere, or in a log that was thrown away and begun anew.
#[test]
fn evidence_that_the_log_has_not_is_refused() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = recorded(folder.path());
    let mut elsewhere = Store::open(other.path());
    elsewhere
        .record(&ring(0), &[check("c", "pickle")], at(0))
        .unwrap();
    let id = check("c", "pickle").id();
    for file in [Store::evidence_file, Store::proof_file] {
        fs::copy(file(&elsewhere, &id), file(&store, &id)).unwrap();
    }
    // Its proof is sound for the other log, which the same key signed.
    let refused = dossier(&store, &trust(&ring(0))).refused;
    assert_eq!(refused.len(), 1);
    assert!(refused[0].why.contains("no longer has"), "{refused:?}");
}

#[test]
fn a_log_that_was_rolled_back_refuses_everything() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = recorded(folder.path());
    let old = snapshot(&store.log_folder());
    store
        .record(&ring(0), &[check("c", "pickle")], at(1))
        .unwrap();
    fs::remove_dir_all(store.log_folder()).unwrap();
    for (path, bytes) in &old {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    assert!(
        fsck(&store.log_folder(), ring(0).log.verifier())
            .unwrap()
            .problems
            .is_empty()
    );
    let read = dossier(&store, &trust(&ring(0)));
    assert!(read.checks.is_empty() && read.manifests.is_empty());
    assert!(
        read.refused
            .iter()
            .any(|refused| refused.why.contains("rolled back")),
        "{:?}",
        read.refused
    );
    let again = Store::open(folder.path()).record(&ring(0), &[check("d", "pickle")], at(2));
    assert!(matches!(
        again,
        Err(StoreError::Log(LogError::RolledBack { .. }))
    ));
    // A log that is gone does not begin anew under the same key.
    fs::remove_dir_all(store.log_folder()).unwrap();
    let again = Store::open(folder.path()).record(&ring(0), &[check("d", "pickle")], at(2));
    assert!(matches!(
        again,
        Err(StoreError::Log(LogError::Missing { .. }))
    ));
}

#[test]
fn a_cosigner_stays_and_counts() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = recorded(folder.path());
    let other = tutela_evidence::keys::StatementKey::generate(&mut Counter(77)).unwrap();
    let id = drafts()[0].id();
    let path = store.evidence_file(&id);
    let mut envelope = Envelope::from_bytes(&fs::read(&path).unwrap()).unwrap();
    envelope.add_signature(&other).unwrap();
    fs::write(&path, envelope.to_bytes()).unwrap();
    store.record(&ring(0), &drafts(), at(5)).unwrap();
    let keys = [
        ring(0).statement.verifier().clone(),
        other.verifier().clone(),
    ];
    let two = Trust {
        signers: SignerTrust::new(keys, 2).unwrap(),
        log: ring(0).log.verifier().clone(),
    };
    let read = dossier(&store, &two);
    assert_eq!((read.checks.len(), read.refused.len()), (1, 3));
    assert_eq!(read.checks[0].id, id);
}

#[test]
fn nothing_yet() {
    let folder = tempfile::tempdir().unwrap();
    let read = dossier(&Store::open(&folder.path().join("none")), &trust(&ring(0)));
    assert!(read.checks.is_empty() && read.refused.is_empty() && read.log.is_none());
}

fn summary(verdict: &str, passed: &str, as_of: &str) -> Draft {
    let reason =
        serde_json::json!({"verdict": "deny", "rule": "finding", "message": "m", "cure": "c"});
    let reasons = if verdict == "deny" {
        vec![reason]
    } else {
        Vec::new()
    };
    let decision = serde_json::json!({
        "verdict": verdict, "reasons": reasons, "warnings": [], "waivers": [], "reliedOn": [],
        "policy": Digest::of(b"p"), "failOn": "high", "asOf": as_of,
    });
    let level = if verdict == "allow" {
        "SLSA_BUILD_LEVEL_UNEVALUATED"
    } else {
        "FAILED"
    };
    let predicate = serde_json::json!({
        "verifier": {"id": "https://tutela.dev", "version": {"tutela": "0.1.0"}},
        "timeVerified": as_of, "resourceUri": "system", "verificationResult": passed,
        "policy": {"uri": "tutela.toml", "digest": {"sha256": Digest::of(b"p").to_hex()}},
        "inputAttestations": [], "verifiedLevels": [level], "slsaVersion": "1.1",
        "https://tutela.dev/decision/v1": decision,
    });
    Draft::new(&Statement::new(
        "a",
        Digest::of(b"a"),
        VSA_PREDICATE,
        predicate,
    ))
    .unwrap()
}

#[test]
fn the_last_decision_counts_and_a_contradiction_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path());
    let (denied, allowed) = ("2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z");
    let deny = summary("deny", "FAILED", denied);
    let allow = summary("allow", "PASSED", allowed);
    store.record(&ring(0), &[deny], at(0)).unwrap();
    store
        .record(&ring(0), std::slice::from_ref(&allow), at(1))
        .unwrap();
    let read = dossier(&store, &trust(&ring(0)));
    assert_eq!(read.refused, []);
    assert_eq!(read.decision.unwrap().id, allow.id());
    store
        .record(&ring(0), &[summary("deny", "PASSED", allowed)], at(2))
        .unwrap();
    let read = dossier(&store, &trust(&ring(0)));
    assert_eq!(read.decision.unwrap().id, allow.id());
    assert_eq!(read.refused.len(), 1);
}
