//! Writing files so that each is there whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::StoreError;
use crate::log::read_bounded;

/// A file to be written.
pub(super) struct Pending {
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
}

/// Writes files durably, each atomically; one that has these bytes already is not touched.
///
/// Only under the store's lock: the temporary names are fixed, so that a crash leaves no heap of them.
pub(super) fn write_all(folder: &Path, files: &[Pending]) -> Result<(), StoreError> {
    let written: Vec<bool> = files
        .par_iter()
        .map(|file| write(file).map_err(|source| failed(&file.path, source)))
        .collect::<Result<_, _>>()?;
    if written.contains(&true) {
        sync_folder(folder)?;
    }
    Ok(())
}

fn write(file: &Pending) -> io::Result<bool> {
    let length = file.bytes.len() as u64;
    if read_bounded(&file.path, length).is_ok_and(|bytes| bytes == file.bytes) {
        return Ok(false);
    }
    let mut name = file.path.clone().into_os_string();
    name.push(".tmp");
    let temporary = PathBuf::from(name);
    let result = File::create(&temporary).and_then(|mut new| {
        new.write_all(&file.bytes)?;
        new.sync_all()?;
        fs::rename(&temporary, &file.path)
    });
    if result.is_err() {
        // On a full disk the half-written file would only be in the way.
        let _best_effort = fs::remove_file(&temporary);
    }
    result.map(|()| true)
}

/// Makes a folder and its name durable.
pub(super) fn make_folder(folder: &Path) -> Result<(), StoreError> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
    match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_folder(parent),
        Some(_) | None => Ok(()),
    }
}

fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    if cfg!(unix) {
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|source| failed(folder, source))?;
    }
    Ok(())
}

/// Waits until no other process writes to the store.
pub(super) fn lock(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join(".lock");
    let open = || {
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)?;
        file.lock()?;
        Ok(file)
    };
    open().map_err(|source| failed(&path, source))
}

fn failed(path: &Path, source: io::Error) -> StoreError {
    StoreError::Write {
        path: path.to_owned(),
        source,
    }
}
