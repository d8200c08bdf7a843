//! Recording: sign, log in one batch, then write each envelope with its proof.
//!
//! The files follow the log, never the other way round: what lies in `evidence/` is logged. Proofs come
//! before envelopes, because a proof without its envelope is nothing, an envelope without its proof is
//! evidence that must be refused.

use rayon::prelude::*;
use tutela_core::Digest;

use super::files::{Pending, lock, make_folder, write_all};
use super::{Store, StoreError};
use crate::dsse::{ENVELOPE_LIMIT, Envelope};
use crate::keys::{KeyRing, LogVerifier};
use crate::log::{Item, Log, Moment, PROOF_LIMIT, Placed, TlogProof, read_bounded};
use crate::signed::{Draft, StatementError};

/// A statement that is signed, logged and stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The digest of the statement: the evidence's name.
    pub id: Digest,
    /// The index of its entry in the log.
    pub index: u64,
    /// Whether the log did not have it before.
    pub new: bool,
}

impl Store {
    /// Signs statements, logs them in one batch, and writes each with its proof.
    ///
    /// A statement that is in the log already keeps its place, and files that are right are not touched; so
    /// the same run twice leaves the same bytes, and a run repairs what an interrupted one left undone.
    ///
    /// # Errors
    /// [`StoreError`] when not everything could be stored; what was stored by then is sound.
    pub fn record(
        &mut self,
        keys: &KeyRing,
        drafts: &[Draft],
        moment: Moment,
    ) -> Result<Vec<Recorded>, StoreError> {
        let envelopes: Vec<Envelope> = drafts
            .par_iter()
            .map(|draft| Envelope::sign(draft.payload().to_vec(), &keys.statement))
            .collect::<Result<_, _>>()?;
        self.log_and_write(keys, drafts, &envelopes, moment)
    }

    /// Logs statements that others signed, and keeps them with their signatures as they are.
    ///
    /// The caller has verified them; an envelope that cannot be relied on is refused again when it is read.
    ///
    /// # Errors
    /// [`StoreError`] when one is no envelope, or not everything could be stored.
    pub fn import(
        &mut self,
        keys: &KeyRing,
        envelopes: &[Vec<u8>],
        moment: Moment,
    ) -> Result<Vec<Recorded>, StoreError> {
        let envelopes: Vec<Envelope> = envelopes
            .iter()
            .map(|bytes| Envelope::from_bytes(bytes).map_err(StatementError::from))
            .collect::<Result<_, _>>()?;
        let drafts: Vec<Draft> = envelopes
            .iter()
            .map(Draft::of_envelope)
            .collect::<Result<_, _>>()?;
        self.log_and_write(keys, &drafts, &envelopes, moment)
    }

    fn log_and_write(
        &mut self,
        keys: &KeyRing,
        drafts: &[Draft],
        envelopes: &[Envelope],
        moment: Moment,
    ) -> Result<Vec<Recorded>, StoreError> {
        make_folder(&self.folder)?;
        let _lock = lock(&self.folder)?;
        let items: Vec<Item> = drafts.iter().map(item).collect();
        let mut log = self.writable(keys)?;
        let placed = log.append(&keys.log, &items, moment)?;
        let seen = Pending {
            path: self.seen_file(),
            bytes: log.checkpoint().note().as_bytes().to_vec(),
        };
        write_all(&self.folder, &[seen])?;
        self.write_proofs(&log, keys.log.verifier(), drafts, &placed)?;
        let envelopes: Vec<Pending> = envelopes
            .par_iter()
            .map(|envelope| self.with_others(envelope))
            .collect();
        write_all(&self.evidence_folder(), &envelopes)?;
        self.log = Some(log);
        let recorded = drafts.iter().zip(placed).map(|(draft, placed)| Recorded {
            id: draft.id(),
            index: placed.index,
            new: placed.new,
        });
        Ok(recorded.collect())
    }

    fn writable(&mut self, keys: &KeyRing) -> Result<Log, StoreError> {
        if let Some(log) = self.log.take() {
            return Ok(log);
        }
        let seen = self.seen(keys.log.verifier())?;
        let log = match &seen {
            // A log that was seen and is gone must not begin anew.
            Some(_) => Log::open(&self.log_folder(), keys.log.verifier())?,
            None => Log::create(&self.log_folder(), &keys.log)?,
        };
        if let Some(seen) = seen {
            log.check_continues(&seen)?;
        }
        Ok(log)
    }

    fn write_proofs(
        &self,
        log: &Log,
        verifier: &LogVerifier,
        drafts: &[Draft],
        placed: &[Placed],
    ) -> Result<(), StoreError> {
        let folder = self.evidence_folder();
        make_folder(&folder)?;
        let missing: Vec<(Digest, u64)> = drafts
            .par_iter()
            .zip(placed)
            .filter(|(draft, placed)| !self.has_proof(draft, placed.index, log, verifier))
            .map(|(draft, placed)| (draft.id(), placed.index))
            .collect();
        let indexes: Vec<u64> = missing.iter().map(|(_, index)| *index).collect();
        let proofs = log.prove_all(&indexes)?;
        let proofs = missing.iter().zip(proofs).map(|((id, _), proof)| Pending {
            path: self.proof_file(id),
            bytes: proof.to_text().into_bytes(),
        });
        write_all(&folder, &proofs.collect::<Vec<_>>())
    }

    /// Whether the proof on disk is right and of this log.
    fn has_proof(&self, draft: &Draft, index: u64, log: &Log, verifier: &LogVerifier) -> bool {
        let path = self.proof_file(&draft.id());
        let proof = read_bounded(&path, PROOF_LIMIT)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .and_then(|text| TlogProof::from_text(&text).ok())
            .and_then(|proof| proof.verify(verifier).ok());
        proof.is_some_and(|logged| {
            logged.index == index
                && logged.entry.sha256 == draft.id()
                && log.check_continues(&logged.checkpoint).is_ok()
        })
    }

    /// The envelope, with the signatures of others that are on disk already.
    fn with_others(&self, envelope: &Envelope) -> Pending {
        let path = self.evidence_file(&envelope.id());
        let on_disk = read_bounded(&path, ENVELOPE_LIMIT)
            .ok()
            .and_then(|bytes| Envelope::from_bytes(&bytes).ok())
            .filter(|other| other.payload() == envelope.payload());
        let mut joined = on_disk.unwrap_or_else(|| envelope.clone());
        joined.join(envelope);
        Pending {
            path,
            bytes: joined.to_bytes(),
        }
    }
}

fn item(draft: &Draft) -> Item {
    Item {
        statement: draft.id(),
        predicate_type: draft.predicate_type().to_owned(),
    }
}
