//! What somebody signed, compared with what is there now: changed is one thing, could not be looked at another.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use tutela_core::{ArtifactFile, Digest, Manifest, NoProgress};

/// How many differences are named one by one.
const NAMED: usize = 10;

/// What is seen now where a file was that somebody signed.
#[derive(Debug)]
pub(super) enum Sight {
    /// A file with this digest.
    There(Digest),
    /// No file.
    Gone,
    /// A path or a link that leads out of what was signed.
    Outside,
    /// It cannot be looked at; why.
    Unread(String),
}

impl From<Error> for Sight {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Self::Gone,
            _ => Self::Unread(error.to_string()),
        }
    }
}

/// How what is there differs from what was signed.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    differences: Vec<String>,
    unread: Vec<String>,
}

impl Comparison {
    /// Compares every file that was signed with what is seen of it now, and finds those of the files that
    /// are there which nobody signed.
    pub(super) fn new(
        signed: &Manifest,
        now: impl Fn(&str) -> Sight,
        there: impl IntoIterator<Item = String>,
    ) -> Self {
        let mut comparison = Self::default();
        for file in &signed.files {
            comparison.note(&file.path, Some(file.digest), now(&file.path));
        }
        let known: BTreeSet<&str> = signed.files.iter().map(|file| file.path.as_str()).collect();
        let added = there
            .into_iter()
            .filter(|path| !known.contains(path.as_str()))
            .map(|path| format!("`{path}` was added"));
        comparison.differences.extend(added);
        comparison
    }

    /// Notes what is seen at a path where this digest was signed.
    pub(super) fn note(&mut self, path: &str, signed: Option<Digest>, now: Sight) {
        let differs = match now {
            Sight::There(digest) if Some(digest) == signed => return,
            Sight::There(_) => "was changed",
            Sight::Gone => "is gone",
            Sight::Outside => "leads out of what was signed",
            Sight::Unread(why) => {
                self.unread.push(format!("cannot read `{path}`: {why}"));
                return;
            }
        };
        self.differences.push(format!("`{path}` {differs}"));
    }

    /// What is not as it was signed, if anything is not.
    pub(super) fn differences(&self) -> Option<String> {
        listed(&self.differences)
    }

    /// What could not be looked at, if there is such a thing.
    pub(super) fn unread(&self) -> Option<String> {
        listed(&self.unread)
    }
}

fn listed(all: &[String]) -> Option<String> {
    let named: Vec<&str> = all.iter().take(NAMED).map(String::as_str).collect();
    let more = all.len().saturating_sub(NAMED);
    let tail = if more > 0 {
        format!("; and {more} more")
    } else {
        String::new()
    };
    (!all.is_empty()).then(|| named.join("; ") + &tail)
}

/// What is seen at a place, which must be inside of this folder.
pub(super) fn look(folder: &Path, place: &Path) -> Sight {
    let whole = match resolve(folder, place) {
        Ok(whole) => whole,
        Err(sight) => return sight,
    };
    if whole.is_dir() {
        return Sight::Gone;
    }
    match ArtifactFile::take("", &whole, &NoProgress) {
        Ok(file) => file.digest.map_or(Sight::Gone, Sight::There),
        Err(error) => error.into(),
    }
}

/// Where a place really is, which must be inside of this folder; both links and `..` are followed.
pub(super) fn resolve(folder: &Path, place: &Path) -> Result<PathBuf, Sight> {
    let whole = fs::canonicalize(place)?;
    if whole.starts_with(folder) {
        Ok(whole)
    } else {
        Err(Sight::Outside)
    }
}
