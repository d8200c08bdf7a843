//! What `tutela sign` vouches for: all of a declared data set, model, file or folder, or nothing.

use std::path::{Path, PathBuf};

use tutela_core::{Artifact, ArtifactFile, Kind};

use super::Failure;
use crate::project::{Found, Rules, discover, manifest_path, walk};
use crate::terminal::Bar;
use crate::workplace::Workplace;

/// How many entries that a manifest would not cover are named one by one.
const NAMED: usize = 10;

/// What is to be signed, and where its manifest goes.
pub(super) struct Target {
    pub(super) artifact: Artifact,
    pub(super) manifest: PathBuf,
}

/// What was named; all that the project declares when nothing was.
pub(super) fn find(
    names: &[String],
    workplace: Option<&Workplace>,
    bar: &Bar,
) -> Result<Vec<Target>, Failure> {
    let declared = match workplace {
        Some(workplace) => declared(workplace, bar)?,
        None => Vec::new(),
    };
    if names.is_empty() {
        if declared.is_empty() {
            return Err(Failure::usage(
                "nothing to sign: the project declares no model and no data set",
            )
            .with_hint("name a file or folder"));
        }
        return Ok(declared);
    }
    let mut targets = Vec::new();
    for name in names {
        let known = declared.iter().find(|target| target.artifact.name == *name);
        targets.push(match known {
            Some(target) => Target {
                artifact: target.artifact.clone(),
                manifest: target.manifest.clone(),
            },
            None => other(Path::new(name), bar)?,
        });
    }
    Ok(targets)
}

/// The declared models and data sets; one with a file that cannot be read cannot be vouched for.
fn declared(workplace: &Workplace, bar: &Bar) -> Result<Vec<Target>, Failure> {
    let discovery = discover(&workplace.root, &workplace.project, bar);
    if !discovery.problems.is_empty() {
        return Err(workplace.misconfigured(discovery.problems));
    }
    let target = |artifact: Artifact| {
        let manifest = workplace
            .root
            .join(manifest_path(&artifact, &workplace.project)?);
        Some(Target { artifact, manifest })
    };
    Ok(discovery.artifacts.into_iter().filter_map(target).collect())
}

/// Any file or folder: its manifest names files relative to where the manifest lies.
fn other(path: &Path, bar: &Bar) -> Result<Target, Failure> {
    if !path.exists() {
        return Err(Failure::usage(format!(
            "`{}` is no declared id and does not exist",
            path.display()
        )));
    }
    let whole = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name = whole.file_name().map_or_else(
        || "folder".to_owned(),
        |name| tutela_core::escape_bytes(name.as_encoded_bytes(), 1024),
    );
    let mut manifest = whole.as_os_str().to_owned();
    manifest.push(".manifest.json");
    let found = if path.is_dir() {
        inside(path, &name)?
    } else {
        vec![(name.clone(), path.to_owned())]
    };
    let take = |(path, source): (String, PathBuf)| {
        ArtifactFile::take(path.clone(), &source, bar)
            .map_err(|error| unread(&path, &error.to_string()))
    };
    let files = found.into_iter().map(take).collect::<Result<_, _>>()?;
    Ok(Target {
        artifact: Artifact::new(name, Kind::Files, files),
        manifest: PathBuf::from(manifest),
    })
}

/// The files of a folder, all of which its manifest can name; anything else in there would go unsigned.
fn inside(folder: &Path, name: &str) -> Result<Vec<(String, PathBuf)>, Failure> {
    let listing = walk(folder, &Rules::default());
    let unread = listing.unread.iter().map(|entry| (&entry.path, &entry.why));
    let skipped = listing
        .skipped
        .iter()
        .chain(&listing.links)
        .map(|entry| (&entry.what, &entry.why));
    let mut uncovered: Vec<String> = unread
        .chain(skipped)
        .map(|(path, why)| format!("`{name}/{path}` ({why})"))
        .collect();
    if !uncovered.is_empty() {
        let more = uncovered.len().saturating_sub(NAMED);
        uncovered.truncate(NAMED);
        if more > 0 {
            uncovered.push(format!("and {more} more"));
        }
        return Err(Failure::incomplete(format!(
            "the manifest of `{name}` would not cover {}",
            uncovered.join(", ")
        ))
        .with_hint("take them out of the folder, or sign its files and folders one by one"));
    }
    let named = |file: Found| (format!("{name}/{}", file.path), file.source);
    Ok(listing.files.into_iter().map(named).collect())
}

pub(super) fn unread(path: &str, why: &str) -> Failure {
    Failure::incomplete(format!("nobody can vouch for `{path}`: {why}"))
}
