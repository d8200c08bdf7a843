//! Appending, so that a crash at any instruction leaves a log that verifies.
//!
//! The order of a batch, under the lock: (1) the marker `checkpoint.next`, empty, its name durable; (2) the
//! new tiles and their folders, durable; (3) the signed checkpoint into `checkpoint.next`, durable; (4) rename
//! over `checkpoint`, durable. Only then is the batch acknowledged. So a marker that is found means a writer
//! died: if it holds a signed checkpoint, all its tiles are durable and the batch is completed (somebody may
//! have seen that checkpoint before a power failure took the rename back, and signing another one of the same
//! size would fork the log); otherwise nobody has seen anything of the batch and it is removed.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::checkpoint::Checkpoint;
use super::disk::{Is, Listed};
use super::error::LogError;
use super::image::{CHECKPOINT, Image, Place};
use super::layout::{Content, Tile, WIDTH, added};
use super::{bundle, note};
use crate::keys::{LogKey, LogVerifier};

/// Says that a batch is being written, and then what it will be.
pub(super) const MARKER: &str = "checkpoint.next";
/// Held while a batch is written.
pub(super) const LOCK: &str = ".lock";

/// Entries of a batch and of the partial bundle before them, in order, from a multiple of 256.
#[derive(Debug)]
pub(super) struct Batch {
    /// The size before the batch.
    pub(super) old: u64,
    /// The entries from `old` rounded down to a full bundle.
    pub(super) entries: Vec<Vec<u8>>,
}

impl Batch {
    fn bundle(&self, tile: Tile) -> Option<Vec<u8>> {
        let base = self.old / WIDTH * WIDTH;
        let start = usize::try_from(tile.start().checked_sub(base)?).ok()?;
        let end = usize::try_from(tile.end().checked_sub(base)?).ok()?;
        let entries = self.entries.get(start..end)?;
        Some(bundle::encode(entries.iter().map(Vec::as_slice)))
    }
}

impl Place {
    /// Makes a grown image durable and visible. On an error before it is visible, what was written is removed.
    pub(super) fn publish(
        &self,
        image: &Image,
        batch: &Batch,
        key: &LogKey,
    ) -> Result<Checkpoint, LogError> {
        let new = image.tree.size();
        let root = image.tree.root(new).ok_or_else(|| self.root_error())?;
        let checkpoint = Checkpoint::sign(new, root, key);
        let prepared = self.prepare(image, batch, &checkpoint);
        if let Err(error) = prepared {
            // What cannot be removed now is removed before the next batch: the marker is still there.
            let _later = self.discard(batch.old);
            return Err(error);
        }
        // Not discarded on an error from here on: the rename may have happened.
        self.reveal()?;
        self.drop_partial(batch.old, new);
        Ok(checkpoint)
    }

    fn prepare(
        &self,
        image: &Image,
        batch: &Batch,
        checkpoint: &Checkpoint,
    ) -> Result<(), LogError> {
        let marker = self.path(MARKER);
        self.write(&marker, b"")?;
        self.sync(&self.folder)?;
        let mut folders = BTreeSet::new();
        for tile in added(batch.old, checkpoint.size()) {
            let bytes = match tile.content {
                Content::Entries => batch.bundle(tile),
                Content::Hashes(level) => image.hashes(level, tile),
            };
            let path = self.path(&tile.path());
            self.make_parents(&path, &mut folders)?;
            self.write(&path, &bytes.ok_or_else(|| self.root_error())?)?;
        }
        for folder in &folders {
            self.sync(folder)?;
        }
        self.write(&marker, checkpoint.note().as_bytes())
    }

    /// Makes the prepared checkpoint the log's.
    fn reveal(&self) -> Result<(), LogError> {
        let target = self.path(CHECKPOINT);
        self.disk
            .rename(&self.path(MARKER), &target)
            .map_err(|error| LogError::write(&target, error))?;
        // A power failure that takes the rename back leaves the durable marker, which recovery completes; so
        // this only keeps the next reader from seeing the log shorter than it was acknowledged.
        self.sync(&self.folder)
    }

    /// Completes or removes what a writer left that died. Only under the lock.
    pub(super) fn recover(
        &self,
        image: &mut Image,
        verifier: &LogVerifier,
    ) -> Result<(), LogError> {
        let marker = self.path(MARKER);
        let absent = |error: std::io::Error| error.kind() == ErrorKind::NotFound;
        if self
            .disk
            .read(&marker, note::LIMIT as u64)
            .is_err_and(absent)
        {
            return Ok(());
        }
        let current = self.checkpoint(CHECKPOINT, verifier)?;
        if let Some(current) = &current {
            image.grow(self, current)?;
        }
        let size = image.tree.size();
        // A marker that does not verify was never renamed, so nobody has seen it.
        let next = self.checkpoint(MARKER, verifier).ok().flatten();
        match next.filter(|next| next.size() > size || current.is_none()) {
            Some(next) if image.grow(self, &next).is_ok() => self.complete(image, size, &next),
            Some(_) | None => self.discard(size),
        }
    }

    /// Does the rest of a batch whose checkpoint is signed.
    fn complete(&self, image: &Image, old: u64, next: &Checkpoint) -> Result<(), LogError> {
        for tile in added(old, next.size()) {
            let Content::Hashes(level) = tile.content else {
                // The root has just verified them.
                continue;
            };
            // Durable already, if the disk kept its word; what it lost follows from the entries.
            let path = self.path(&tile.path());
            let expected = image.hashes(level, tile).ok_or_else(|| self.root_error())?;
            if self.disk.read(&path, bundle::LIMIT).ok().as_ref() != Some(&expected) {
                self.write(&path, &expected)?;
            }
        }
        // Written again: the dead writer may not have got to making it durable.
        self.write(&self.path(MARKER), next.note().as_bytes())?;
        self.sync(&self.folder)?;
        self.reveal()?;
        self.drop_partial(old, next.size());
        Ok(())
    }

    /// Removes every tile that a log of this size has not, and then the marker.
    fn discard(&self, size: u64) -> Result<(), LogError> {
        let mut folders = BTreeSet::new();
        for file in self.files()? {
            let left_over = Tile::from_path(&file).is_some_and(|tile| !tile.within(size));
            if !left_over {
                continue;
            }
            let path = self.path(&file);
            self.disk
                .remove(&path)
                .map_err(|error| LogError::write(&path, error))?;
            folders.extend(path.parent().map(Path::to_owned));
        }
        // The removals must be durable before the marker's, or they could come back without it.
        for folder in folders.iter().rev() {
            self.sync(folder)?;
            // Fails while something is in it, and that is right.
            let _not_empty = self.disk.remove_folder(folder);
        }
        let marker = self.path(MARKER);
        match self.disk.remove(&marker) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(LogError::write(&marker, error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Removes partial tiles whose full ones are there, as the specification allows. What stays does no harm.
    fn drop_partial(&self, old: u64, new: u64) {
        for tile in added(old, new).filter(|tile| tile.is_full()) {
            let folder = self.path(&format!("{}.p", tile.path()));
            let Ok(listed) = self.disk.list(&folder) else {
                continue;
            };
            for Listed { name, .. } in listed {
                let _harmless = self.disk.remove(&folder.join(name));
            }
            let _harmless = self.disk.remove_folder(&folder);
        }
    }

    /// All files below `tile`, relative to the log, sorted; folders that cannot be tiles are not entered.
    pub(super) fn files(&self) -> Result<Vec<String>, LogError> {
        // `tile`, content, six groups of three digits and a `.p` folder.
        const DEPTH: usize = 10;
        let mut files = Vec::new();
        let mut open = vec!["tile".to_owned()];
        while let Some(folder) = open.pop() {
            let path = self.path(&folder);
            let listed = match self.disk.list(&path) {
                Ok(listed) => listed,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(LogError::read(&path, error)),
            };
            for Listed { name, is } in listed {
                let child = format!("{folder}/{name}");
                if is == Is::Folder && child.split('/').count() < DEPTH {
                    open.push(child);
                } else {
                    files.push(child);
                }
            }
        }
        files.sort();
        Ok(files)
    }

    /// Makes the folders above a file, and notes those whose names must become durable.
    fn make_parents(&self, path: &Path, folders: &mut BTreeSet<PathBuf>) -> Result<(), LogError> {
        let parents: Vec<&Path> = path
            .ancestors()
            .skip(1)
            .take_while(|folder| *folder != self.folder)
            .collect();
        if let Some(folder) = parents.first()
            && !folders.insert((*folder).to_owned())
        {
            return Ok(());
        }
        for folder in parents.into_iter().rev() {
            self.disk
                .create_folder(folder)
                .map_err(|error| LogError::write(folder, error))?;
            // Also when it was there: a writer that died may have made it without making it durable.
            folders.extend(folder.parent().map(Path::to_owned));
        }
        Ok(())
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), LogError> {
        self.disk
            .write(path, bytes)
            .map_err(|error| LogError::write(path, error))
    }

    fn sync(&self, folder: &Path) -> Result<(), LogError> {
        self.disk
            .sync_folder(folder)
            .map_err(|error| LogError::write(folder, error))
    }
}
