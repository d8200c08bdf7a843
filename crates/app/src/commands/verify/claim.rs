//! What a manifest vouches for, and where.
//!
//! A manifest lies where anybody can copy it, so neither its place nor its name says what it is about. `tutela sign`
//! writes two sorts: of a file or folder, with paths from the manifest's own folder; of a declared model or data
//! set, with paths from the project. There are no other places to look for what it names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tutela_core::{Kind, Manifest};

use super::compare::{Comparison, Sight, look, resolve};
use crate::project::{Rules, walk};

/// A manifest, read from one of the folders from which its paths may start.
#[derive(Debug)]
pub(super) struct Claim<'a> {
    signed: &'a Manifest,
    /// Without links in its path, so that what is below it can be told by its path.
    root: PathBuf,
}

impl<'a> Claim<'a> {
    /// Every reading of a manifest in this folder, in this project.
    pub(super) fn all(signed: &'a Manifest, own: &Path, project: Option<&Path>) -> Vec<Self> {
        let declared = signed.kind != Kind::Files;
        let project = project.filter(|root| declared && *root != own);
        std::iter::once(own)
            .chain(project)
            .map(|root| Self {
                signed,
                root: root.to_owned(),
            })
            .collect()
    }

    /// The folder from which its paths start.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Whether it vouches for the whole of this file or folder, given without links, and for nothing else.
    pub(super) fn is_about(&self, target: &Path) -> bool {
        let only = match (self.signed.kind, self.signed.files.as_slice()) {
            (Kind::Files, _) => &self.signed.name,
            (_, [file]) => &file.path,
            (_, _) => return false,
        };
        self.place(only).is_ok_and(|place| place == target)
    }

    /// Whether anything is there of what it names.
    pub(super) fn is_there(&self) -> bool {
        let is_there = |path: &str| !matches!(self.place(path), Err(Sight::Gone));
        match self.signed.kind {
            Kind::Files => is_there(&self.signed.name),
            _ => self.signed.files.iter().any(|file| is_there(&file.path)),
        }
    }

    /// Compares what it names with what is there.
    pub(super) fn compare(&self) -> Comparison {
        if self.signed.kind != Kind::Files {
            return Comparison::new(self.signed, |path| self.look(path), []);
        }
        let name = &self.signed.name;
        match self.place(name) {
            Ok(folder) if folder.is_dir() => self.compare_folder(&folder),
            Ok(_) => Comparison::new(self.signed, |path| self.look(path), [name.clone()]),
            Err(sight) => {
                let mut comparison = Comparison::default();
                comparison.note(name, None, sight);
                comparison
            }
        }
    }

    /// A signed folder is signed whole: nothing in it may be unknown to the manifest.
    fn compare_folder(&self, folder: &Path) -> Comparison {
        let below = |path: &str| format!("{}/{path}", self.signed.name);
        let listing = walk(folder, &Rules::default());
        let files: BTreeMap<String, PathBuf> = listing
            .files
            .into_iter()
            .map(|file| (below(&file.path), file.source))
            .collect();
        // What cannot be looked into, or is not followed, is in the folder nevertheless.
        let skipped = listing.skipped.iter().chain(&listing.links);
        let skipped = skipped.map(|skipped| below(&skipped.what));
        let there: Vec<String> = files.keys().cloned().chain(skipped).collect();
        let now = |path: &str| match files.get(path) {
            Some(source) => look(folder, source),
            None => self.look_below(folder, path),
        };
        let mut comparison = Comparison::new(self.signed, now, there);
        let known: BTreeSet<&str> = self
            .signed
            .files
            .iter()
            .map(|file| file.path.as_str())
            .collect();
        for unread in listing.unread {
            let path = below(&unread.path);
            if !known.contains(path.as_str()) {
                comparison.note(&path, None, Sight::Unread(unread.why));
            }
        }
        comparison
    }

    /// What is seen where a signed file of the folder should be and is not listed.
    fn look_below(&self, folder: &Path, path: &str) -> Sight {
        match path.strip_prefix(&self.signed.name) {
            Some(rest) if rest.starts_with('/') && is_plain(path) => {
                look(folder, &self.root.join(path))
            }
            _ => Sight::Gone,
        }
    }

    fn look(&self, path: &str) -> Sight {
        match self.place(path) {
            Ok(place) => look(&self.root, &place),
            Err(sight) => sight,
        }
    }

    /// Where a signed path leads, which must be below the root.
    fn place(&self, path: &str) -> Result<PathBuf, Sight> {
        if is_plain(path) {
            resolve(&self.root, &self.root.join(path))
        } else {
            Err(Sight::Outside)
        }
    }
}

/// A signed path is still data: it must not lead out of the folder.
fn is_plain(path: &str) -> bool {
    !path.starts_with('/') && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}
