//! A second signature: on evidence that is there already, or on the same manifest that somebody signed before.

use std::fs;
use std::path::{Path, PathBuf};

use tutela_evidence::Envelope;
use tutela_evidence::keys::StatementKey;

use super::Failure;
use crate::failure::chain;
use crate::judge::proof_of;
use crate::project::read_envelope;

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

/// The envelope of a signed file; none when there is no such file.
///
/// One that is there and cannot be read is an error: others may have signed it, so it is never written over.
pub(super) fn known(file: &Path) -> Result<Option<Envelope>, Failure> {
    let refused = |why: String| {
        Failure::incomplete(format!(
            "`{}` cannot be signed once more: {why}",
            file.display()
        ))
        .with_hint("others may have signed it, so it is left as it is; move it away to begin anew")
    };
    let bytes = read_envelope(file).map_err(|error| refused(error.to_string()))?;
    bytes
        .map(|bytes| Envelope::from_bytes(&bytes).map_err(|error| refused(chain(&error))))
        .transpose()
}

/// A piece of evidence, which has to be there.
pub(super) fn evidence(file: &Path) -> Result<Envelope, Failure> {
    known(file)?
        .ok_or_else(|| Failure::incomplete(format!("`{}` does not exist any more", file.display())))
}

/// The fresh envelope, with the signatures of others that are known for the very same payload.
pub(super) fn joined(
    known: Option<Envelope>,
    fresh: Vec<u8>,
    key: &StatementKey,
) -> Result<Vec<u8>, Failure> {
    let new = Envelope::from_bytes(&fresh).ok();
    match (known, new) {
        (Some(mut known), Some(new)) if known.payload() == new.payload() => {
            known.add_signature(key)?;
            Ok(known.to_bytes())
        }
        _ => Ok(fresh),
    }
}
