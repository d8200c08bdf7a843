//! Reading: everything in `evidence/` is verified, and what does not verify is refused by name.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Mutex;

use rayon::prelude::*;
use serde::de::DeserializeOwned;
use tutela_core::{Digest, Manifest, Timestamp, combine};

use super::verify::{OpenCheckpoint, VerifiedEvidence, verify_with};
use super::{Store, StoreError};
use crate::dossier::{Dossier, Evidence, Refused, Standing};
use crate::dsse::ENVELOPE_LIMIT;
use crate::gate::{Decision, Vsa};
use crate::log::{Checkpoint, CheckpointError, Log, LogError, PROOF_LIMIT, read_bounded};
use crate::predicate::CheckPredicate;
use crate::statement::{
    BASELINE_PREDICATE, CHECK_PREDICATE, MANIFEST_PREDICATE, STATEMENT_TYPE, Statement,
    VSA_PREDICATE,
};
use crate::trust::Trust;

/// Evidence by what it says.
enum Kept {
    Check(Box<Evidence<CheckPredicate>>),
    Manifest(Evidence<Manifest>),
    Decision(Evidence<Decision>),
    /// Verified, but no part of a dossier.
    Other,
}

/// Checkpoints that were verified, by their text.
type Opened = Mutex<HashMap<String, Result<Checkpoint, CheckpointError>>>;

impl Store {
    /// Reads all evidence and keeps what verifies: the signatures, the proof, and the log itself.
    ///
    /// Evidence that does not verify, or a log that does not, is named in [`Dossier::refused`]; when the log
    /// cannot be relied on, neither can any evidence.
    ///
    /// # Errors
    /// [`StoreError`] when the folder cannot be read.
    pub fn dossier(
        &self,
        trust: &Trust,
        system: &str,
        as_of: Timestamp,
    ) -> Result<Dossier, StoreError> {
        let mut dossier = Dossier {
            system: system.to_owned(),
            as_of,
            checks: Vec::new(),
            manifests: Vec::new(),
            decision: None,
            refused: Vec::new(),
            log: None,
        };
        let names = self.evidence_names()?;
        let log = match self.log(&trust.log) {
            Ok(log) => Some(log),
            Err(StoreError::Log(LogError::Missing { .. })) if names.is_empty() => None,
            Err(StoreError::Log(error)) => {
                dossier.refused.push(self.refuse("log", chain(&error)));
                None
            }
            Err(error) => return Err(error),
        };
        dossier.log = log.as_ref().map(Log::state);
        let opened = Opened::default();
        let open: OpenCheckpoint<'_> = &|note, verifier| {
            if let Some(known) = opened.lock().ok().and_then(|memo| memo.get(note).cloned()) {
                return known;
            }
            let checkpoint = Checkpoint::open(note, verifier);
            if let Ok(mut memo) = opened.lock() {
                memo.insert(note.to_owned(), checkpoint.clone());
            }
            checkpoint
        };
        let read: Vec<Result<Kept, Refused>> = names
            .par_iter()
            .map(|name| {
                self.read_one(name, trust, log.as_ref(), open)
                    .map_err(|why| self.refuse(&format!("evidence/{name}"), why))
            })
            .collect();
        dossier.take(read);
        Ok(dossier)
    }

    /// Reads one decision back; none when it is not there, is no decision, or cannot be relied on.
    #[must_use]
    pub fn decision(&self, id: &Digest, trust: &Trust) -> Option<Evidence<Decision>> {
        let log = self.log(&trust.log).ok()?;
        let name = format!("{}.json", id.to_hex());
        match self.read_one(&name, trust, Some(&log), &Checkpoint::open) {
            Ok(Kept::Decision(evidence)) => Some(evidence),
            Ok(_) | Err(_) => None,
        }
    }

    fn refuse(&self, file: &str, why: String) -> Refused {
        let folder = self.folder.file_name().unwrap_or_default();
        Refused {
            file: tutela_core::escape(&format!("{}/{file}", folder.to_string_lossy()), 500),
            why,
        }
    }

    /// The names of all envelopes, sorted.
    fn evidence_names(&self) -> Result<Vec<String>, StoreError> {
        let path = self.evidence_folder();
        let read = |source| StoreError::Read {
            path: path.clone(),
            source,
        };
        let listed = match fs::read_dir(&path) {
            Ok(listed) => listed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(read(error)),
        };
        let mut names = Vec::new();
        for entry in listed {
            let name = entry.map_err(read)?.file_name();
            let name = name.to_string_lossy().into_owned();
            if Path::new(&name)
                .extension()
                .is_some_and(|ext| ext == "json")
            {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn read_one(
        &self,
        name: &str,
        trust: &Trust,
        log: Option<&Log>,
        open: OpenCheckpoint<'_>,
    ) -> Result<Kept, String> {
        let log = log.ok_or("the log that it should be in cannot be relied on")?;
        let id = name
            .strip_suffix(".json")
            .and_then(|hex| Digest::from_hex(hex).ok())
            .ok_or("its name is not the digest of a statement")?;
        let envelope = read_bounded(&self.evidence_file(&id), ENVELOPE_LIMIT)
            .map_err(|error| format!("it cannot be read: {error}"))?;
        let proof = match read_bounded(&self.proof_file(&id), PROOF_LIMIT) {
            Ok(proof) => proof,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err("its `.tlog-proof` is missing".to_owned());
            }
            Err(error) => return Err(format!("its `.tlog-proof` cannot be read: {error}")),
        };
        let verified =
            verify_with(&envelope, &proof, trust, open).map_err(|error| chain(&error))?;
        if verified.signed.id != id {
            return Err("its name is the digest of another statement".to_owned());
        }
        in_log(&verified, log)?;
        sort_out(verified)
    }
}

/// The proof must agree with the log as it is now, not only with a checkpoint that was signed once.
fn in_log(verified: &VerifiedEvidence, log: &Log) -> Result<(), String> {
    let logged = &verified.logged;
    log.check_continues(&logged.checkpoint)
        .map_err(|_error| "the log no longer has what its proof shows".to_owned())?;
    let entry = logged.entry.to_bytes().unwrap_or_default();
    if log.has(logged.index, &entry) {
        Ok(())
    } else {
        Err("the log has another entry in its place".to_owned())
    }
}

fn sort_out(verified: VerifiedEvidence) -> Result<Kept, String> {
    let kind = verified.signed.statement.predicate_type.clone();
    match kind.as_str() {
        CHECK_PREDICATE => {
            let evidence = typed::<CheckPredicate>(verified)?;
            one_subject(&evidence.0, &evidence.1.predicate.artifact.name)?;
            Ok(Kept::Check(Box::new(evidence.1)))
        }
        MANIFEST_PREDICATE => {
            let evidence = typed::<Manifest>(verified)?;
            one_subject(&evidence.0, &evidence.1.predicate.name)?;
            if evidence.1.subject != evidence.1.predicate.digest {
                return Err("its subject is not what its predicate describes".to_owned());
            }
            Ok(Kept::Manifest(evidence.1))
        }
        VSA_PREDICATE => decision(verified).map(Kept::Decision),
        BASELINE_PREDICATE => Ok(Kept::Other),
        other => Err(format!(
            "its predicate type `{}` is unknown",
            tutela_core::escape(other, 200)
        )),
    }
}

/// Names and digests of a statement's subjects.
type Subjects = Vec<(String, Digest)>;

fn typed<P: DeserializeOwned>(
    verified: VerifiedEvidence,
) -> Result<(Subjects, Evidence<P>), String> {
    let VerifiedEvidence { signed, logged } = verified;
    let Statement {
        subject, predicate, ..
    } = signed.statement;
    let subjects: Subjects = subject
        .into_iter()
        .map(|subject| (subject.name, subject.digest.sha256))
        .collect();
    let subject = match subjects.as_slice() {
        [(_, digest)] => *digest,
        many => combine(many.iter().map(|(name, digest)| (name.as_str(), digest))),
    };
    let predicate: P = serde_json::from_value(predicate)
        .map_err(|error| format!("its predicate is not what its type says: {error}"))?;
    let evidence = Evidence {
        id: signed.id,
        subject,
        predicate,
        standing: Standing::Verified {
            signers: signed.signers,
            index: logged.index,
        },
    };
    Ok((subjects, evidence))
}

fn one_subject(subjects: &Subjects, name: &str) -> Result<(), String> {
    match subjects.as_slice() {
        [(subject, _)] if subject == name => Ok(()),
        _ => Err("its subject is not what its predicate describes".to_owned()),
    }
}

fn decision(verified: VerifiedEvidence) -> Result<Evidence<Decision>, String> {
    let (_, evidence) = typed::<Vsa>(verified)?;
    let statement = Statement {
        statement_type: STATEMENT_TYPE.to_owned(),
        subject: Vec::new(),
        predicate_type: VSA_PREDICATE.to_owned(),
        predicate: evidence.predicate,
    };
    Ok(Evidence {
        id: evidence.id,
        subject: evidence.subject,
        predicate: Vsa::decision_of(statement).map_err(|error| error.to_string())?,
        standing: evidence.standing,
    })
}

impl Dossier {
    /// Takes what was read, in the order that a dossier promises.
    fn take(&mut self, read: Vec<Result<Kept, Refused>>) {
        for one in read {
            match one {
                Ok(Kept::Check(evidence)) => self.checks.push(*evidence),
                Ok(Kept::Manifest(evidence)) => self.manifests.push(evidence),
                Ok(Kept::Decision(evidence)) => {
                    // Only the last decision counts.
                    let later = self
                        .decision
                        .as_ref()
                        .is_none_or(|known| index(&known.standing) < index(&evidence.standing));
                    if later {
                        self.decision = Some(evidence);
                    }
                }
                Ok(Kept::Other) => {}
                Err(refused) => self.refused.push(refused),
            }
        }
        self.checks.sort_by(|left, right| {
            let key = |evidence: &Evidence<CheckPredicate>| index(&evidence.standing);
            let names = |evidence: &Evidence<CheckPredicate>| {
                let predicate = &evidence.predicate;
                (
                    predicate.artifact.name.clone(),
                    predicate.check.code.clone(),
                )
            };
            (names(left), key(left)).cmp(&(names(right), key(right)))
        });
        self.manifests.sort_by(|left, right| {
            (&left.predicate.name, index(&left.standing))
                .cmp(&(&right.predicate.name, index(&right.standing)))
        });
        self.refused.sort();
    }
}

const fn index(standing: &Standing) -> Option<u64> {
    match standing {
        Standing::Verified { index, .. } => Some(*index),
        Standing::Unsigned | Standing::Undigested => None,
    }
}

/// An error and all its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
