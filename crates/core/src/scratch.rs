//! A scratch copy of an artifact, in which a check plants its fault.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Artifact, ArtifactFile, Error, FileBytes, NoProgress};

/// A copy of an artifact's files in a folder of its own.
#[derive(Debug)]
pub struct Scratch {
    root: PathBuf,
    /// The copied artifact. Change its declaration freely; change files through the methods.
    pub artifact: Artifact,
}

impl Scratch {
    /// Copies an artifact's files below `root`, an empty folder.
    ///
    /// # Errors
    /// [`Error::Read`] when a file cannot be copied.
    pub fn copy(artifact: &Artifact, root: &Path) -> Result<Self, Error> {
        let mut scratch = Self {
            root: root.to_owned(),
            artifact: Artifact {
                files: Vec::new(),
                ..artifact.clone()
            },
        };
        for (number, file) in artifact.files.iter().enumerate() {
            // Numbered, because an escaped path need not be a valid one here.
            let target = root.join(number.to_string()).join(file.name());
            let copied = copy_file(file, target).map_err(|source| Error::Read {
                path: file.path.clone(),
                source,
            })?;
            scratch.artifact.files.push(copied);
        }
        scratch.artifact.digest = scratch.artifact.expected_digest();
        Ok(scratch)
    }

    /// Writes a file of the copy, new or in place of the one with this path.
    ///
    /// # Errors
    /// [`Error::Read`] when it cannot be written.
    pub fn write(&mut self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let known = self
            .artifact
            .files
            .iter()
            .position(|file| file.path == path);
        let old = known
            .and_then(|index| self.artifact.files.get(index))
            .cloned();
        let source = old.as_ref().map_or_else(
            || self.root.join("planted").join(path.replace('/', "_")),
            |file| file.source.clone(),
        );
        let written = write_file(path, &source, bytes).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        let new = ArtifactFile {
            split: old.as_ref().and_then(|file| file.split),
            ..written
        };
        match known.and_then(|index| self.artifact.files.get_mut(index)) {
            Some(place) => *place = new,
            None => self.artifact.files.push(new),
        }
        self.artifact
            .files
            .sort_by(|left, right| left.path.cmp(&right.path));
        self.artifact.digest = self.artifact.expected_digest();
        Ok(())
    }
}

fn copy_file(file: &ArtifactFile, target: PathBuf) -> std::io::Result<ArtifactFile> {
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(&file.source, &target)?;
    let identity = FileBytes::open(&target)?.identity();
    Ok(ArtifactFile {
        source: target,
        identity,
        ..file.clone()
    })
}

fn write_file(path: &str, source: &Path, bytes: &[u8]) -> std::io::Result<ArtifactFile> {
    if let Some(folder) = source.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(source, bytes)?;
    ArtifactFile::take(path, source, &NoProgress)
}
