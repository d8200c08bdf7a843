//! An open log: reading, proving, appending.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use tutela_core::{Digest, Timestamp};

use super::append::{Batch, LOCK};
use super::checkpoint::Checkpoint;
use super::disk::{Disk, RealDisk};
use super::entry::Entry;
use super::error::LogError;
use super::image::{CHECKPOINT, Image, Place, read_entry};
use super::item::{Backdating, Item, Moment, Placed};
use super::layout::WIDTH;
use super::proof::TreeHead;
use super::tlog_proof::TlogProof;
use super::tree::leaf_hash;
use crate::dossier::LogState;
use crate::keys::{LogKey, LogVerifier};

/// A log that has been read whole and agrees with its signed checkpoint.
///
/// Opening takes time and memory in proportion to the number of entries (about 150 bytes an entry); what
/// follows is logarithmic.
#[derive(Debug)]
pub struct Log {
    place: Place,
    verifier: LogVerifier,
    checkpoint: Checkpoint,
    image: Image,
}

impl Log {
    /// Opens the log in a folder for writing, and makes an empty one where there is none.
    ///
    /// # Errors
    /// [`LogError`] when the folder cannot be written or what is there cannot be relied on.
    pub fn create(folder: &Path, key: &LogKey) -> Result<Self, LogError> {
        Self::create_on(Box::new(RealDisk), folder, key)
    }

    /// Opens the log in a folder for reading, and verifies it: the root over all entries must be the one
    /// that is signed.
    ///
    /// # Errors
    /// [`LogError`] when there is none or it cannot be relied on.
    pub fn open(folder: &Path, verifier: &LogVerifier) -> Result<Self, LogError> {
        Self::open_on(Box::new(RealDisk), folder, verifier)
    }

    pub(super) fn create_on(
        disk: Box<dyn Disk>,
        folder: &Path,
        key: &LogKey,
    ) -> Result<Self, LogError> {
        let (place, verifier) = (Place::new(disk, folder), key.verifier());
        place.make_folder()?;
        let lock = place.lock()?;
        let mut image = Image::default();
        place.recover(&mut image, verifier)?;
        if place.checkpoint(CHECKPOINT, verifier)?.is_none() {
            if place.has_tiles() {
                return Err(place.no_checkpoint());
            }
            let nothing = Batch {
                old: 0,
                entries: Vec::new(),
            };
            place.publish(&image, &nothing, key)?;
        }
        drop(lock);
        Self::read(place, verifier, image)
    }

    pub(super) fn open_on(
        disk: Box<dyn Disk>,
        folder: &Path,
        verifier: &LogVerifier,
    ) -> Result<Self, LogError> {
        Self::read(Place::new(disk, folder), verifier, Image::default())
    }

    fn read(place: Place, verifier: &LogVerifier, mut image: Image) -> Result<Self, LogError> {
        let checkpoint = place
            .checkpoint(CHECKPOINT, verifier)?
            .ok_or_else(|| place.no_checkpoint())?;
        image.grow(&place, &checkpoint)?;
        Ok(Self {
            place,
            verifier: verifier.clone(),
            checkpoint,
            image,
        })
    }

    /// Appends what is not yet in the log, all of it or nothing, and returns when it is durable.
    ///
    /// One writer at a time: another process that appends is waited for, and what it appended is read
    /// first. A statement that is in the log already keeps its place.
    ///
    /// # Errors
    /// [`LogError`]; nothing was acknowledged then, and the log verifies as before.
    pub fn append(
        &mut self,
        key: &LogKey,
        items: &[Item],
        moment: Moment,
    ) -> Result<Vec<Placed>, LogError> {
        if *key.verifier() != self.verifier {
            return Err(LogError::OtherKey {
                log: self.verifier.to_string(),
                key: key.verifier().to_string(),
            });
        }
        let _lock = self.place.lock()?;
        self.place.recover(&mut self.image, &self.verifier)?;
        self.refresh()?;
        let (placed, fresh) = self.plan(items);
        if fresh.is_empty() {
            return Ok(placed);
        }
        self.check_clock(moment)?;
        self.commit(key, &fresh, moment.now)?;
        Ok(placed)
    }

    /// Reads what other processes have appended.
    fn refresh(&mut self) -> Result<(), LogError> {
        let checkpoint = self
            .place
            .checkpoint(CHECKPOINT, &self.verifier)?
            .ok_or_else(|| self.place.no_checkpoint())?;
        self.image.grow(&self.place, &checkpoint)?;
        self.checkpoint = checkpoint;
        Ok(())
    }

    /// Where each item is or will be, and which of them are new.
    fn plan<'a>(&self, items: &'a [Item]) -> (Vec<Placed>, Vec<&'a Item>) {
        let mut next = self.image.tree.size();
        let mut coming: HashMap<Digest, u64> = HashMap::new();
        let (mut placed, mut fresh) = (Vec::new(), Vec::new());
        for item in items {
            let known = self
                .find(&item.statement)
                .or_else(|| coming.get(&item.statement).copied());
            placed.push(Placed {
                index: known.unwrap_or(next),
                new: known.is_none(),
            });
            if known.is_none() {
                coming.insert(item.statement, next);
                fresh.push(item);
                next += 1;
            }
        }
        (placed, fresh)
    }

    fn check_clock(&self, moment: Moment) -> Result<(), LogError> {
        match (self.image.last, moment.backdating) {
            (Some(last), Backdating::Refused) if moment.now < last => Err(LogError::ClockBehind {
                last,
                now: moment.now,
            }),
            _ => Ok(()),
        }
    }

    fn commit(&mut self, key: &LogKey, fresh: &[&Item], now: Timestamp) -> Result<(), LogError> {
        let old = self.image.tree.size();
        let (tail, last) = (self.image.tail.clone(), self.image.last);
        let mut batch = Batch {
            old,
            entries: tail.clone(),
        };
        let mut entries = Vec::with_capacity(fresh.len());
        for item in fresh {
            let entry = Entry {
                sha256: item.statement,
                time: now,
                predicate_type: item.predicate_type.clone(),
            };
            batch.entries.push(entry.to_bytes()?);
            entries.push(entry);
        }
        let bytes = batch.entries.iter().skip(tail.len());
        for (entry, bytes) in entries.iter().zip(bytes) {
            self.image.push(entry, bytes.clone());
        }
        match self.place.publish(&self.image, &batch, key) {
            Ok(checkpoint) => self.checkpoint = checkpoint,
            Err(error) => {
                self.image.shrink(old, tail, last);
                return Err(error);
            }
        }
        Ok(())
    }

    /// The signed checkpoint.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Name, size and root.
    #[must_use]
    pub fn state(&self) -> LogState {
        LogState::of(&self.checkpoint)
    }

    /// Reads some entries, in order.
    ///
    /// # Errors
    /// [`LogError`] when there are fewer or a file changed since the log was opened.
    pub fn entries(&self, range: Range<u64>) -> Result<Vec<Entry>, LogError> {
        self.bytes(range)?
            .iter()
            .map(|bytes| read_entry(&self.place.folder, bytes))
            .collect()
    }

    /// Where the entry of a statement is.
    #[must_use]
    pub fn find(&self, statement: &Digest) -> Option<u64> {
        self.image.indexes.get(statement).copied()
    }

    /// Whether the entry of this index has these bytes.
    pub(crate) fn has(&self, index: u64, entry: &[u8]) -> bool {
        self.image.tree.leaf(index) == Some(leaf_hash(entry))
    }

    /// Proves that an entry is in the log.
    ///
    /// # Errors
    /// [`LogError`] when there is no such entry or a file changed since the log was opened.
    pub fn prove(&self, index: u64) -> Result<TlogProof, LogError> {
        self.prove_all(&[index])?.pop().ok_or(LogError::NoEntry {
            index,
            size: self.checkpoint.size(),
        })
    }

    /// Proves that entries are in the log, in the order given. Neighbours in order are read once.
    ///
    /// # Errors
    /// [`LogError`] when there is no such entry or a file changed since the log was opened.
    pub fn prove_all(&self, indexes: &[u64]) -> Result<Vec<TlogProof>, LogError> {
        let size = self.checkpoint.size();
        let mut proofs = Vec::with_capacity(indexes.len());
        for near in indexes.chunk_by(|left, right| left / WIDTH == right / WIDTH) {
            let first = near.iter().min().copied().unwrap_or_default();
            let last = near.iter().max().copied().unwrap_or_default();
            let entries = self.bytes(first..last.saturating_add(1))?;
            for index in near {
                let place = usize::try_from(index - first).unwrap_or(usize::MAX);
                let (Some(hashes), Some(entry)) =
                    (self.image.tree.inclusion(*index, size), entries.get(place))
                else {
                    return Err(LogError::NoEntry {
                        index: *index,
                        size,
                    });
                };
                let note = self.checkpoint.note().to_owned();
                proofs.push(TlogProof::new(entry.clone(), *index, hashes, note));
            }
        }
        Ok(proofs)
    }

    /// The tree as it was when the log had this many entries; none when it never had so many.
    #[must_use]
    pub fn head_at(&self, size: u64) -> Option<TreeHead> {
        let root = self.image.tree.root(size)?;
        Some(TreeHead { size, root })
    }

    /// Proves that the log of an earlier size is the beginning of the log of a later size.
    ///
    /// None when the sizes are not in order or the log has fewer entries.
    #[must_use]
    pub fn prove_consistency(&self, earlier: u64, later: u64) -> Option<Vec<Digest>> {
        self.image.tree.consistency(earlier, later)
    }

    /// Refuses a log that does not continue what a checkpoint said that was seen before.
    ///
    /// # Errors
    /// [`LogError::RolledBack`] when it is shorter or its past has changed.
    pub fn check_continues(&self, seen: &Checkpoint) -> Result<(), LogError> {
        if self.image.tree.root(seen.size()) == Some(seen.root()) {
            return Ok(());
        }
        Err(LogError::RolledBack {
            folder: self.place.folder.clone(),
            seen: seen.size(),
            size: self.checkpoint.size(),
        })
    }

    /// The bytes of some entries, each checked against the tree.
    fn bytes(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>, LogError> {
        let size = self.checkpoint.size();
        if range.end > size {
            return Err(LogError::NoEntry {
                index: range.end.saturating_sub(1),
                size,
            });
        }
        let mut all = Vec::new();
        let mut index = range.start;
        while index < range.end {
            let (path, entries) = self.place.bundle(index / WIDTH, size)?;
            let skipped = usize::try_from(index % WIDTH).unwrap_or_default();
            for bytes in entries.into_iter().skip(skipped) {
                if index == range.end {
                    break;
                }
                if !self.has(index, &bytes) {
                    return Err(LogError::damaged(&path, format!("entry {index} changed")));
                }
                all.push(bytes);
                index += 1;
            }
        }
        Ok(all)
    }
}

impl LogState {
    pub(crate) fn of(checkpoint: &Checkpoint) -> Self {
        Self {
            origin: checkpoint.origin().to_string(),
            size: checkpoint.size(),
            root: checkpoint.root(),
        }
    }
}

impl Place {
    fn new(disk: Box<dyn Disk>, folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            disk,
        }
    }

    fn make_folder(&self) -> Result<(), LogError> {
        self.disk
            .create_folder(&self.folder)
            .and_then(|()| match self.folder.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => self.disk.sync_folder(parent),
                Some(_) | None => Ok(()),
            })
            .map_err(|error| LogError::write(&self.folder, error))
    }

    fn lock(&self) -> Result<Box<dyn std::any::Any>, LogError> {
        let path = self.path(LOCK);
        self.disk
            .lock(&path)
            .map_err(|error| LogError::write(&path, error))
    }

    pub(super) fn no_checkpoint(&self) -> LogError {
        let folder = self.folder.clone();
        if self.has_tiles() {
            LogError::CheckpointMissing { folder }
        } else {
            LogError::Missing { folder }
        }
    }
}
