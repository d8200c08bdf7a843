//! A log in memory: its tree, where each statement is, and how it is read from disk.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use tutela_core::{Digest, Timestamp};

use super::checkpoint::Checkpoint;
use super::disk::Disk;
use super::entry::Entry;
use super::error::LogError;
use super::layout::{Content, ROWS, Tile, WIDTH};
use super::tree::{Tree, leaf_hash};
use super::{bundle, note};
use crate::keys::LogVerifier;

/// The file that says what the log is.
pub(super) const CHECKPOINT: &str = "checkpoint";

/// Where a log lies.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) folder: PathBuf,
    pub(super) disk: Box<dyn Disk>,
}

/// A log in memory.
#[derive(Debug, Default)]
pub(super) struct Image {
    pub(super) tree: Tree,
    /// The entries of the last bundle, when it is partial.
    pub(super) tail: Vec<Vec<u8>>,
    /// The first index of each statement.
    pub(super) indexes: HashMap<Digest, u64>,
    /// The time of the last entry.
    pub(super) last: Option<Timestamp>,
}

impl Place {
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Reads a checkpoint file; none when it is not there.
    pub(super) fn checkpoint(
        &self,
        name: &str,
        verifier: &LogVerifier,
    ) -> Result<Option<Checkpoint>, LogError> {
        let path = self.path(name);
        let bytes = match self.disk.read(&path, note::LIMIT as u64) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LogError::read(&path, error)),
        };
        let wrong = |source| LogError::Checkpoint {
            path: path.clone(),
            source,
        };
        let text = std::str::from_utf8(&bytes)
            .map_err(|_error| wrong(note::NoteError::Malformed("it is not UTF-8").into()))?;
        Checkpoint::open(text, verifier).map(Some).map_err(wrong)
    }

    /// Reads the bytes of a tile, which a full one of the same place may have replaced.
    fn tile(&self, tile: Tile) -> Result<(PathBuf, Vec<u8>), LogError> {
        let path = self.path(&tile.path());
        match self.disk.read(&path, bundle::LIMIT) {
            Ok(bytes) => Ok((path, bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !tile.is_full() => {
                self.tile(tile.full())
            }
            Err(error) => Err(LogError::read(&path, error)),
        }
    }

    /// Reads the entries of a bundle in a log of this size.
    pub(super) fn bundle(
        &self,
        index: u64,
        size: u64,
    ) -> Result<(PathBuf, Vec<Vec<u8>>), LogError> {
        let tile = Tile {
            content: Content::Entries,
            index,
            width: size
                .saturating_sub(index.saturating_mul(WIDTH))
                .clamp(1, WIDTH),
        };
        let (path, bytes) = self.tile(tile)?;
        let entries = bundle::decode(&bytes).map_err(|why| LogError::damaged(&path, why))?;
        let width = usize::try_from(tile.width).unwrap_or(usize::MAX);
        let kept: Vec<Vec<u8>> = entries
            .iter()
            .take(width)
            .map(|entry| entry.to_vec())
            .collect();
        if kept.len() < width {
            let why = format!("it has {} entries; expected {width}", entries.len());
            return Err(LogError::damaged(&path, why));
        }
        Ok((path, kept))
    }

    /// Whether anything was ever logged here.
    pub(super) fn has_tiles(&self) -> bool {
        self.disk.list(&self.path("tile")).is_ok()
    }

    pub(super) fn root_error(&self) -> LogError {
        LogError::Root {
            folder: self.folder.clone(),
        }
    }
}

impl Image {
    /// Reads the entries that a checkpoint has and this image has not, and verifies the whole by its root.
    ///
    /// On an error the image is what it was before.
    pub(super) fn grow(&mut self, place: &Place, checkpoint: &Checkpoint) -> Result<(), LogError> {
        let (old, new) = (self.tree.size(), checkpoint.size());
        let rolled_back = || LogError::RolledBack {
            folder: place.folder.clone(),
            seen: old,
            size: new,
        };
        if new < old {
            return Err(rolled_back());
        }
        let tail = self.tail.clone();
        let last = self.last;
        let grown = self.read(place, old, new).and_then(|()| {
            if self.tree.root(new) == Some(checkpoint.root()) {
                Ok(())
            } else if new == old {
                Err(rolled_back())
            } else {
                Err(place.root_error())
            }
        });
        if grown.is_err() {
            self.shrink(old, tail, last);
        }
        grown
    }

    /// Forgets everything from `size` on.
    pub(super) fn shrink(&mut self, size: u64, tail: Vec<Vec<u8>>, last: Option<Timestamp>) {
        self.tree.truncate(size);
        self.indexes.retain(|_, index| *index < size);
        self.tail = tail;
        self.last = last;
    }

    /// Appends an entry.
    pub(super) fn push(&mut self, entry: &Entry, bytes: Vec<u8>) {
        let index = self.tree.size();
        self.tree.push(leaf_hash(&bytes));
        self.indexes.entry(entry.sha256).or_insert(index);
        self.last = Some(entry.time);
        self.tail.push(bytes);
        if self.tree.size().is_multiple_of(WIDTH) {
            self.tail.clear();
        }
    }

    fn read(&mut self, place: &Place, old: u64, new: u64) -> Result<(), LogError> {
        for index in old / WIDTH..new.div_ceil(WIDTH) {
            let (path, entries) = place.bundle(index, new)?;
            let known = usize::try_from(self.tree.size() % WIDTH).unwrap_or_default();
            for bytes in entries.into_iter().skip(known) {
                let entry = read_entry(&path, &bytes)?;
                self.push(&entry, bytes);
            }
        }
        Ok(())
    }

    /// The bytes of a tile of hashes.
    pub(super) fn hashes(&self, level: u8, tile: Tile) -> Option<Vec<u8>> {
        let hashes = self
            .tree
            .hashes(usize::from(level) * ROWS, tile.start()..tile.end())?;
        Some(hashes.iter().flat_map(Digest::as_bytes).copied().collect())
    }
}

/// Reads an entry of the file at `path`.
pub(super) fn read_entry(path: &Path, bytes: &[u8]) -> Result<Entry, LogError> {
    Entry::from_bytes(bytes).map_err(|error| LogError::damaged(path, error.to_string()))
}
