//! Lists the files of a folder, so that every one of them is examined, named as skipped, or named as unread.

use std::collections::BTreeSet;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use tutela_core::{Skipped, Unread, escape_bytes};

use crate::config::FILE_NAME;
use crate::workplace::STATE_FOLDER;

/// Folders that hold no part of the project itself; what is left out is stated in the evidence.
const LEFT_OUT: [(&str, &str); 4] = [
    (".git", "history of version control"),
    (".hg", "history of version control"),
    (".svn", "history of version control"),
    ("node_modules", "installed packages"),
];

/// Folders that say themselves that they are not part of the project.
const MARKED: [(&str, &str); 2] = [
    ("pyvenv.cfg", "a virtual environment (it holds pyvenv.cfg)"),
    ("CACHEDIR.TAG", "a cache (it holds CACHEDIR.TAG)"),
];

/// A file of the project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    /// Path relative to the root, `/` between parts, escaped where it is not text.
    pub(crate) path: String,
    /// Where to read it.
    pub(crate) source: PathBuf,
}

/// Everything below a folder.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Files, sorted by path.
    pub(crate) files: Vec<Found>,
    /// What was left out on purpose.
    pub(crate) skipped: Vec<Skipped>,
    /// What could not be listed.
    pub(crate) unread: Vec<Unread>,
}

/// Lists everything below `root`, without following links to folders.
#[must_use]
pub(crate) fn walk(root: &Path) -> Listing {
    let mut listing = Listing::default();
    let mut folders = vec![(root.to_owned(), String::new())];
    while let Some((folder, path)) = folders.pop() {
        match list(&folder) {
            Ok(entries) => {
                for entry in entries {
                    let below = join(&path, &entry);
                    if let Some(folder) = listing.sort_in(&entry, below.clone()) {
                        folders.push((folder, below));
                    }
                }
            }
            Err(error) => listing
                .unread
                .push(unread(if path.is_empty() { "." } else { &path }, &error)),
        }
    }
    listing.files.sort();
    listing.skipped.sort();
    listing.unread.sort();
    listing
}

impl Listing {
    /// Puts one entry where it belongs; a folder to be listed is returned.
    fn sort_in(&mut self, entry: &DirEntry, path: String) -> Option<PathBuf> {
        let source = entry.path();
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        let metadata = match fs::metadata(&source) {
            Ok(metadata) => metadata,
            Err(_) if is_link => {
                self.skip(path, "a link whose target does not exist");
                return None;
            }
            Err(error) => {
                self.unread.push(unread(&path, &error));
                return None;
            }
        };
        if metadata.is_file() {
            self.files.push(Found { path, source });
        } else if !metadata.is_dir() {
            self.skip(path, "neither a file nor a folder");
        } else if is_link {
            // Following it could leave the project or go round in circles.
            self.skip(path, "a link to a folder, not followed");
        } else if let Some(why) = reason_to_leave_out(&source) {
            self.skip(path, why);
        } else {
            return Some(source);
        }
        None
    }

    fn skip(&mut self, what: String, why: &str) {
        self.skipped.push(Skipped {
            what,
            why: why.to_owned(),
        });
    }
}

fn list(folder: &Path) -> io::Result<Vec<DirEntry>> {
    fs::read_dir(folder)?.collect()
}

fn reason_to_leave_out(folder: &Path) -> Option<&'static str> {
    let name = folder.file_name()?.to_str()?;
    if name == STATE_FOLDER && is_state(folder) {
        return Some("keys, evidence and log of this program");
    }
    let by_name = LEFT_OUT.iter().find(|(left_out, _)| *left_out == name);
    let by_mark = || MARKED.iter().find(|(mark, _)| folder.join(mark).is_file());
    by_name.or_else(by_mark).map(|(_, why)| *why)
}

/// Whether it is what its name says: the name alone would be a place to hide in.
fn is_state(folder: &Path) -> bool {
    let beside_project = folder.parent().is_some_and(|project| {
        project.join(FILE_NAME).is_file() || project.join("pyproject.toml").is_file()
    });
    // With `--config` the project file may lie elsewhere.
    beside_project || folder.join("keys").join("statement.pub").is_file()
}

fn join(path: &str, entry: &DirEntry) -> String {
    let name = escape_bytes(entry.file_name().as_encoded_bytes(), 1024);
    if path.is_empty() {
        name
    } else {
        format!("{path}/{name}")
    }
}

fn unread(path: &str, error: &io::Error) -> Unread {
    Unread {
        path: path.to_owned(),
        why: error.to_string(),
    }
}

/// Paths of files, for looking up which are already spoken for.
pub(super) type Taken = BTreeSet<String>;

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn paths(listing: &Listing) -> Vec<&str> {
        listing
            .files
            .iter()
            .map(|file| file.path.as_str())
            .collect()
    }

    #[test]
    fn loops_links_and_caches_are_named_not_followed() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        fs::create_dir_all(at("a/b")).unwrap();
        fs::create_dir_all(at(".git")).unwrap();
        fs::create_dir_all(at("env/lib")).unwrap();
        for file in ["a/b/x", "y", ".git/config", "env/pyvenv.cfg", "env/lib/z"] {
            fs::write(at(file), "").unwrap();
        }
        symlink(root.path(), at("a/b/loop")).unwrap();
        symlink(at("y"), at("a/link")).unwrap();
        symlink("nowhere", at("dangling")).unwrap();
        let listing = walk(root.path());
        assert_eq!(paths(&listing), ["a/b/x", "a/link", "y"]);
        let skipped: Vec<&str> = listing
            .skipped
            .iter()
            .map(|skipped| skipped.what.as_str())
            .collect();
        assert_eq!(skipped, [".git", "a/b/loop", "dangling", "env"]);
        assert!(listing.unread.is_empty());
    }

    #[test]
    fn the_name_of_the_state_folder_hides_nothing() {
        let root = tempfile::tempdir().unwrap();
        for folder in ["models/.tutela", "project/.tutela"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
            fs::write(root.path().join(folder).join("x.pkl"), "").unwrap();
        }
        fs::write(root.path().join("project/tutela.toml"), "").unwrap();
        let listing = walk(root.path());
        assert_eq!(
            paths(&listing),
            ["models/.tutela/x.pkl", "project/tutela.toml"]
        );
    }

    #[test]
    fn a_missing_folder_is_unread() {
        let root = tempfile::tempdir().unwrap();
        let listing = walk(&root.path().join("missing"));
        assert_eq!(listing.unread.len(), 1);
    }

    #[test]
    fn names_that_are_not_text_are_escaped() {
        use std::os::unix::ffi::OsStrExt as _;
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(std::ffi::OsStr::from_bytes(b"a\xffb")), "").unwrap();
        assert_eq!(paths(&walk(root.path())), ["a\\xffb"]);
    }
}
