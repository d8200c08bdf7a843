//! A second signature: on evidence that is there already, or on the same manifest that somebody signed before.

use std::fs;
use std::path::{Path, PathBuf};

use tutela_evidence::Envelope;
use tutela_evidence::keys::StatementKey;

use super::{Failure, write_whole};
use crate::failure::chain;
use crate::judge::proof_of;

/// Parts what was named into files of evidence, which lie beside their proof, and everything else.
/// A folder of evidence stands for all of it.
pub(super) fn split(names: &[String]) -> Result<(Vec<PathBuf>, Vec<String>), Failure> {
    let mut evidence = Vec::new();
    let mut others = Vec::new();
    for name in names {
        let path = Path::new(name);
        let inside = if path.is_dir() {
            inside(path)?
        } else {
            Vec::new()
        };
        if is_evidence(path) {
            evidence.push(path.to_owned());
        } else if inside.is_empty() {
            others.push(name.clone());
        } else {
            evidence.extend(inside);
        }
    }
    Ok((evidence, others))
}

fn is_evidence(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "json")
        && path.is_file()
        && proof_of(path).is_file()
}

fn inside(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let listed = fs::read_dir(folder)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<Result<Vec<_>, _>>()
        })
        .map_err(|error| {
            Failure::incomplete(format!("cannot list `{}`: {error}", folder.display()))
        })?;
    let mut files: Vec<PathBuf> = listed
        .into_iter()
        .filter(|path| is_evidence(path))
        .collect();
    files.sort();
    Ok(files)
}

/// Adds the signature of one more key to a piece of evidence.
pub(super) fn add(file: &Path, key: &StatementKey) -> Result<(), Failure> {
    let bytes = fs::read(file).map_err(|error| {
        Failure::incomplete(format!("cannot read `{}`: {error}", file.display()))
    })?;
    let mut envelope = Envelope::from_bytes(&bytes).map_err(|error| {
        Failure::incomplete(format!(
            "`{}` is no evidence: {}",
            file.display(),
            chain(&error)
        ))
    })?;
    envelope.add_signature(key)?;
    write_whole(file, &envelope.to_bytes())
        .map_err(|error| Failure::incomplete(format!("cannot write `{}`: {error}", file.display())))
}

/// The fresh envelope, with the signatures of others that the file has for the very same payload.
pub(super) fn with_known(
    file: &Path,
    fresh: Vec<u8>,
    key: &StatementKey,
) -> Result<Vec<u8>, Failure> {
    let read = |bytes: &[u8]| Envelope::from_bytes(bytes).ok();
    let known = fs::read(file).ok().and_then(|bytes| read(&bytes));
    match (known, read(&fresh)) {
        (Some(mut known), Some(new)) if known.payload() == new.payload() => {
            known.add_signature(key)?;
            Ok(known.to_bytes())
        }
        _ => Ok(fresh),
    }
}
