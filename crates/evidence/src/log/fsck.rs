//! Examines every byte of a log: all of it follows from the entries and the signed checkpoint.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use tutela_core::Digest;

use super::append::{LOCK, MARKER};
use super::bundle;
use super::checkpoint::Checkpoint;
use super::disk::{Disk, Is, RealDisk};
use super::entry::Entry;
use super::error::LogError;
use super::image::{CHECKPOINT, Image, Place};
use super::layout::{Content, Tile, WIDTH, added};
use super::tree::{Tree, leaf_hash};
use crate::dossier::LogState;
use crate::keys::LogVerifier;

/// What an examination of every byte of a log found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fsck {
    /// Name, size and root, when the checkpoint can be relied on.
    pub state: Option<LogState>,
    /// What is wrong, sorted by file; empty for a sound log.
    pub problems: Vec<Problem>,
}

/// Something wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, relative to the log's folder.
    pub file: String,
    /// What is wrong with it.
    pub what: String,
}

/// Recomputes everything from the entries and compares each file byte by byte.
///
/// Reads each file once; takes time and memory in proportion to the log.
///
/// # Errors
/// [`LogError`] when there is no log or its folders cannot be read. What is wrong with its files is not an
/// error but a [`Problem`].
pub fn fsck(folder: &Path, verifier: &LogVerifier) -> Result<Fsck, LogError> {
    fsck_on(Box::new(RealDisk), folder, verifier)
}

pub(super) fn fsck_on(
    disk: Box<dyn Disk>,
    folder: &Path,
    verifier: &LogVerifier,
) -> Result<Fsck, LogError> {
    let place = Place {
        folder: folder.to_owned(),
        disk,
    };
    let lock = place.path(LOCK);
    // A writer that is at work would look like damage.
    let _lock = place
        .disk
        .lock_shared(&lock)
        .map_err(|error| LogError::read(&lock, error))?;
    let mut examination = Examination {
        place: &place,
        problems: Vec::new(),
    };
    let checkpoint = examination.checkpoint(verifier)?;
    // Without a checkpoint nothing says what the tiles should be, and its own problem is reported.
    if let Some(checkpoint) = &checkpoint {
        examination.tiles(checkpoint)?;
    }
    examination.other_files()?;
    let mut problems = examination.problems;
    problems.sort();
    problems.dedup();
    Ok(Fsck {
        state: checkpoint.as_ref().map(LogState::of),
        problems,
    })
}

struct Examination<'a> {
    place: &'a Place,
    problems: Vec<Problem>,
}

/// What the files say about the leaves, bundle by bundle; none where a file cannot be read.
struct Leaves {
    from_entries: Vec<Option<Vec<Digest>>>,
    from_hashes: Vec<Option<Vec<Digest>>>,
}

impl Examination<'_> {
    fn report(&mut self, file: &str, what: impl Into<String>) {
        self.problems.push(Problem {
            file: tutela_core::escape(file, 500),
            what: what.into(),
        });
    }

    fn checkpoint(&mut self, verifier: &LogVerifier) -> Result<Option<Checkpoint>, LogError> {
        match self.place.checkpoint(CHECKPOINT, verifier) {
            Ok(Some(checkpoint)) => Ok(Some(checkpoint)),
            Ok(None) if self.place.has_tiles() => {
                self.report(CHECKPOINT, "it is missing");
                Ok(None)
            }
            Ok(None) => Err(self.place.no_checkpoint()),
            Err(LogError::Checkpoint { source, .. }) => {
                self.report(CHECKPOINT, source.to_string());
                Ok(None)
            }
            Err(error) => {
                self.report(CHECKPOINT, describe(&error));
                Ok(None)
            }
        }
    }

    fn tiles(&mut self, checkpoint: &Checkpoint) -> Result<(), LogError> {
        let size = checkpoint.size();
        let files: BTreeMap<String, Option<Tile>> = self
            .place
            .files()?
            .into_iter()
            .map(|file| {
                let tile = Tile::from_path(&file);
                (file, tile)
            })
            .collect();
        // Asked of the names first: a checkpoint that claims 2^60 entries must not make us try them all.
        let held = files
            .values()
            .flatten()
            .filter(|tile| matches!(tile.content, Content::Entries | Content::Hashes(0)))
            .map(|tile| tile.end())
            .max()
            .unwrap_or_default();
        if held < size {
            self.report(
                CHECKPOINT,
                format!("it has {size} entries, the files only {held}"),
            );
            return Ok(());
        }
        for tile in added(0, size) {
            if !files.contains_key(&tile.path()) {
                self.report(&tile.path(), "it is missing");
            }
        }
        let leaves = self.leaves(size);
        let Some(tree) = self.sound_tree(&leaves, checkpoint) else {
            return Ok(());
        };
        let image = Image {
            tree,
            ..Image::default()
        };
        for (file, tile) in &files {
            self.compare(file, *tile, size, &image);
        }
        Ok(())
    }

    fn leaves(&mut self, size: u64) -> Leaves {
        let mut leaves = Leaves {
            from_entries: Vec::new(),
            from_hashes: Vec::new(),
        };
        for index in 0..size.div_ceil(WIDTH) {
            let tile = Tile {
                content: Content::Entries,
                index,
                width: (size - index * WIDTH).min(WIDTH),
            };
            let from_entries = self.read(&tile.path()).and_then(|bytes| {
                let entries = bundle::decode(&bytes).ok()?;
                (entries.len() as u64 == tile.width)
                    .then(|| entries.into_iter().map(leaf_hash).collect())
            });
            let path = Tile {
                content: Content::Hashes(0),
                ..tile
            };
            let from_hashes = self.read(&path.path()).and_then(|bytes| {
                let (hashes, rest) = bytes.as_chunks::<32>();
                let whole = rest.is_empty() && hashes.len() as u64 == tile.width;
                whole.then(|| hashes.iter().copied().map(Digest::from_bytes).collect())
            });
            leaves.from_entries.push(from_entries);
            leaves.from_hashes.push(from_hashes);
        }
        leaves
    }

    /// The tree that is signed, from whichever files still lead to it.
    fn sound_tree(&mut self, leaves: &Leaves, checkpoint: &Checkpoint) -> Option<Tree> {
        let agrees = |tree: &Tree| {
            tree.size() == checkpoint.size() && tree.root(tree.size()) == Some(checkpoint.root())
        };
        let by_entries = tree_of(leaves.from_entries.iter().map(Option::as_ref));
        if by_entries.as_ref().is_some_and(agrees) {
            return by_entries;
        }
        let by_hashes = tree_of(leaves.from_hashes.iter().map(Option::as_ref));
        if by_hashes.as_ref().is_some_and(agrees) {
            return by_hashes;
        }
        // Both kinds are damaged, but perhaps in different places.
        let pairs = leaves.from_entries.iter().zip(&leaves.from_hashes);
        let mixed = tree_of(pairs.map(|(entries, hashes)| hashes.as_ref().or(entries.as_ref())));
        if mixed.as_ref().is_some_and(agrees) {
            return mixed;
        }
        self.report(
            CHECKPOINT,
            "neither the entries nor the hashes lead to its root: they were changed, or it is of another log",
        );
        let pairs = leaves.from_entries.iter().zip(&leaves.from_hashes);
        let differing: Vec<u64> = (0..)
            .zip(pairs)
            .filter(|(_, (entries, hashes))| entries.is_none() || entries != hashes)
            .map(|(index, _)| index)
            .collect();
        for index in differing {
            let tile = Tile {
                content: Content::Entries,
                index,
                width: (checkpoint.size() - index * WIDTH).min(WIDTH),
            };
            self.report(
                &tile.path(),
                "its entries are not those of the hashes beside it",
            );
        }
        None
    }

    /// Compares one file with what the sound tree says that it must be.
    fn compare(&mut self, file: &str, tile: Option<Tile>, size: u64, image: &Image) {
        let Some(tile) = tile else {
            self.report(file, "it is no part of a log");
            return;
        };
        if !tile.within(size) {
            self.report(file, "it is left over from an append that was interrupted");
            return;
        }
        let Some(bytes) = self.read(file) else {
            self.report(file, "it cannot be read");
            return;
        };
        match tile.content {
            Content::Hashes(level) => {
                if image.hashes(level, tile) != Some(bytes) {
                    self.report(file, "its hashes are not those of the entries");
                }
            }
            Content::Entries => self.compare_entries(file, tile, &bytes, &image.tree),
        }
    }

    fn compare_entries(&mut self, file: &str, tile: Tile, bytes: &[u8], tree: &Tree) {
        let entries = match bundle::decode(bytes) {
            Ok(entries) if entries.len() as u64 == tile.width => entries,
            Ok(entries) => {
                let (found, expected) = (entries.len(), tile.width);
                self.report(file, format!("it has {found} entries; expected {expected}"));
                return;
            }
            Err(why) => {
                self.report(file, why);
                return;
            }
        };
        for (index, entry) in (tile.start()..).zip(entries) {
            if tree.leaf(index) != Some(leaf_hash(entry)) {
                self.report(
                    file,
                    format!("entry {index} is not the one that was logged"),
                );
            } else if let Err(error) = Entry::from_bytes(entry) {
                self.report(file, format!("entry {index}: {error}"));
            }
        }
    }

    /// Everything beside the tiles must be known by name.
    fn other_files(&mut self) -> Result<(), LogError> {
        let folder = &self.place.folder;
        let listed = self
            .place
            .disk
            .list(folder)
            .map_err(|error| LogError::read(folder, error))?;
        for entry in listed {
            match (entry.name.as_str(), entry.is) {
                (CHECKPOINT | LOCK, Is::File) | ("tile", Is::Folder) => {}
                (MARKER, Is::File) => self.report(
                    MARKER,
                    "an append was interrupted; the next one completes or removes what it left",
                ),
                (name, _) => self.report(name, "it is no part of a log"),
            }
        }
        Ok(())
    }

    fn read(&self, file: &str) -> Option<Vec<u8>> {
        self.place
            .disk
            .read(&self.place.path(file), bundle::LIMIT)
            .ok()
    }
}

fn tree_of<'a>(bundles: impl Iterator<Item = Option<&'a Vec<Digest>>>) -> Option<Tree> {
    let mut tree = Tree::default();
    for leaves in bundles {
        leaves?.iter().for_each(|leaf| tree.push(*leaf));
    }
    Some(tree)
}

fn describe(error: &LogError) -> String {
    match error {
        LogError::Read { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
            "it may not be read".to_owned()
        }
        other => {
            std::error::Error::source(other).map_or_else(|| other.to_string(), ToString::to_string)
        }
    }
}
