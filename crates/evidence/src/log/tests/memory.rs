//! A file system in memory that forgets what was not made durable, and that can stop at any step.
//!
//! It keeps two pictures: what programs see, and what would be there after a power failure. Content becomes
//! durable by `fsync` of the file, names by `fsync` of their folder. A power failure keeps, of everything
//! that is not durable, an arbitrary part.

use std::any::Any;
use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use super::super::disk::{Disk, Is, Listed};

/// What one name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Folder,
    File(usize),
}

#[derive(Debug, Clone, Default)]
struct File {
    seen: Vec<u8>,
    durable: Vec<u8>,
}

#[derive(Debug, Clone, Default)]
struct State {
    seen: BTreeMap<PathBuf, Node>,
    durable: BTreeMap<PathBuf, Node>,
    files: Vec<File>,
    /// Renames whose two names become durable together, as on every journalling file system.
    renamed: Vec<(PathBuf, PathBuf)>,
    steps: usize,
    stop: Stop,
    /// Every content that `checkpoint` ever had, as others could have seen it.
    published: Vec<Vec<u8>>,
}

/// At which step what happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Stop {
    #[default]
    Never,
    /// The process dies: from this step on nothing is done.
    Dead(usize),
    /// This one step fails, as on a full disk.
    Fails(usize),
}

/// A file system in memory; clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct MemoryDisk(Arc<Mutex<State>>);

/// A small generator of random bits (xorshift64*), so that each failure can be run again.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) % limit
    }
}

/// How much of what is not durable survives a power failure.
#[derive(Debug, Clone, Copy)]
pub(super) enum Luck {
    Nothing,
    Some(u64),
}

impl MemoryDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(super) fn stop(&self, stop: Stop) {
        let mut state = self.state();
        state.stop = stop;
        state.steps = 0;
    }

    pub(super) fn steps(&self) -> usize {
        self.state().steps
    }

    /// Another disk with the same content.
    pub(super) fn copy(&self) -> Self {
        Self(Arc::new(Mutex::new(self.state().clone())))
    }

    pub(super) fn published(&self) -> Vec<Vec<u8>> {
        self.state().published.clone()
    }

    pub(super) fn paths(&self) -> Vec<PathBuf> {
        let state = self.state();
        let files = state.seen.iter();
        files
            .filter(|(_, node)| **node != Node::Folder)
            .map(|(path, _)| path.clone())
            .collect()
    }

    /// Cuts the power.
    pub(super) fn lose_power(&self, luck: Luck) {
        let mut random = Random(match luck {
            Luck::Nothing => 1,
            Luck::Some(seed) => seed | 1,
        });
        let mut survives = || matches!(luck, Luck::Some(_)) && random.below(2) == 1;
        let mut state = self.state();
        let linked: Vec<(PathBuf, PathBuf)> = std::mem::take(&mut state.renamed);
        let mut decided: BTreeMap<PathBuf, bool> = BTreeMap::new();
        for (from, to) in linked {
            let fate = survives();
            decided.insert(from, fate);
            decided.insert(to, fate);
        }
        let names: Vec<PathBuf> = state
            .seen
            .keys()
            .chain(state.durable.keys())
            .cloned()
            .collect();
        let mut after = BTreeMap::new();
        for name in names {
            let (seen, durable) = (state.seen.get(&name), state.durable.get(&name));
            let keeps_new = *decided.entry(name.clone()).or_insert_with(&mut survives);
            if let Some(node) = if keeps_new { seen } else { durable } {
                after.insert(name, *node);
            }
        }
        // A name in a folder that is gone is gone.
        let names: Vec<PathBuf> = after.keys().cloned().collect();
        for name in names {
            let lost = name.parent().is_some_and(|parent| {
                parent != Path::new("/") && after.get(parent) != Some(&Node::Folder)
            });
            if lost {
                after.remove(&name);
            }
        }
        for file in &mut state.files {
            if file.seen != file.durable && survives() {
                let whole = survives();
                let length = if whole {
                    file.seen.len()
                } else {
                    file.seen.len() / 2
                };
                file.durable = file.seen[..length].to_vec();
            }
            file.seen.clone_from(&file.durable);
        }
        state.durable.clone_from(&after);
        state.seen = after;
    }
}

impl State {
    fn step(&mut self) -> Result<()> {
        let now = self.steps;
        self.steps += 1;
        match self.stop {
            Stop::Dead(step) if now >= step => Err(Error::other("the process is dead")),
            Stop::Fails(step) if now == step => Err(Error::from(ErrorKind::StorageFull)),
            _ => Ok(()),
        }
    }

    fn file(&mut self, path: &Path) -> Result<usize> {
        match self.seen.get(path) {
            Some(Node::File(number)) => Ok(*number),
            Some(Node::Folder) => Err(Error::from(ErrorKind::IsADirectory)),
            None => Err(Error::from(ErrorKind::NotFound)),
        }
    }

    fn folder(&self, path: &Path) -> Result<()> {
        match self.seen.get(path) {
            _ if path == Path::new("/") => Ok(()),
            Some(Node::Folder) => Ok(()),
            Some(Node::File(_)) => Err(Error::from(ErrorKind::NotADirectory)),
            None => Err(Error::from(ErrorKind::NotFound)),
        }
    }
}

impl Disk for MemoryDisk {
    fn read(&self, path: &Path, _limit: u64) -> Result<Vec<u8>> {
        let mut state = self.state();
        let number = state.file(path)?;
        Ok(state.files[number].seen.clone())
    }

    fn list(&self, folder: &Path) -> Result<Vec<Listed>> {
        let state = self.state();
        state.folder(folder)?;
        let inside = state
            .seen
            .iter()
            .filter(|(path, _)| path.parent() == Some(folder));
        Ok(inside
            .map(|(path, node)| Listed {
                name: path.file_name().unwrap().to_string_lossy().into_owned(),
                is: match node {
                    Node::Folder => Is::Folder,
                    Node::File(_) => Is::File,
                },
            })
            .collect())
    }

    fn create_folder(&self, folder: &Path) -> Result<()> {
        let mut state = self.state();
        state.step()?;
        state.folder(folder.parent().unwrap())?;
        state.seen.entry(folder.to_owned()).or_insert(Node::Folder);
        state.folder(folder)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let mut state = self.state();
        state.step()?;
        state.folder(path.parent().unwrap())?;
        let number = match state.file(path) {
            Ok(number) => number,
            Err(_) => {
                state.files.push(File::default());
                let number = state.files.len() - 1;
                state.seen.insert(path.to_owned(), Node::File(number));
                number
            }
        };
        // Truncated, then half, then all of it, then durable: four moments to die between.
        state.files[number].seen.clear();
        state.step()?;
        state.files[number].seen = bytes[..bytes.len() / 2].to_vec();
        state.step()?;
        state.files[number].seen = bytes.to_vec();
        state.step()?;
        state.files[number].durable = bytes.to_vec();
        Ok(())
    }

    fn sync_folder(&self, folder: &Path) -> Result<()> {
        let mut state = self.state();
        state.step()?;
        state.folder(folder)?;
        let below = |path: &Path| path.parent() == Some(folder);
        state.durable.retain(|path, _| !below(path));
        let fresh: Vec<(PathBuf, Node)> = state
            .seen
            .iter()
            .filter(|(path, _)| below(path))
            .map(|(path, node)| (path.clone(), *node))
            .collect();
        state.durable.extend(fresh);
        state.renamed.retain(|(from, _)| !below(from));
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let mut state = self.state();
        state.step()?;
        let number = state.file(from)?;
        state.seen.remove(from);
        state.seen.insert(to.to_owned(), Node::File(number));
        state.renamed.push((from.to_owned(), to.to_owned()));
        let content = state.files[number].seen.clone();
        state.published.push(content);
        Ok(())
    }

    fn remove(&self, path: &Path) -> Result<()> {
        let mut state = self.state();
        state.step()?;
        state.file(path)?;
        state.seen.remove(path);
        Ok(())
    }

    fn remove_folder(&self, folder: &Path) -> Result<()> {
        let mut state = self.state();
        state.step()?;
        state.folder(folder)?;
        if state.seen.keys().any(|path| path.parent() == Some(folder)) {
            return Err(Error::from(ErrorKind::DirectoryNotEmpty));
        }
        state.seen.remove(folder);
        Ok(())
    }

    fn lock(&self, _path: &Path) -> Result<Box<dyn Any>> {
        self.state().step()?;
        Ok(Box::new(()))
    }

    fn lock_shared(&self, _path: &Path) -> Result<Box<dyn Any>> {
        Ok(Box::new(()))
    }
}
