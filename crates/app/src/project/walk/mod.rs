//! Lists the files of a folder, so that every one of them is examined, named as left out by a declared rule,
//! or named as unread. Nothing that a folder says about itself leaves it out: that would be a place to hide in.

mod apart;
mod rules;
#[cfg(test)]
#[cfg(unix)]
mod tests;

use std::collections::BTreeSet;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use tutela_core::{Skipped, Unread, escape, escape_bytes};

use crate::config::FILE_NAME;
use crate::state::STATE_FOLDER;

pub(crate) use apart::apart;
pub(crate) use rules::{Rules, USUAL, matcher};

/// A file of the project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    /// Path relative to the root, `/` between parts, escaped where it is not text.
    pub(crate) path: String,
    /// Where to read it.
    pub(crate) source: PathBuf,
}

impl Found {
    /// A file under a name, which is escaped already.
    #[must_use]
    pub(crate) fn new(path: &str, source: &Path) -> Self {
        Self {
            path: path.to_owned(),
            source: source.to_owned(),
        }
    }
}

/// Everything below a folder.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Files, sorted by path.
    pub(crate) files: Vec<Found>,
    /// What a declared rule leaves out.
    pub(crate) skipped: Vec<Skipped>,
    /// Links to folders that are listed under their own names.
    pub(crate) links: Vec<Skipped>,
    /// What could not be listed, is no file, or is a link to something that is not listed.
    pub(crate) unread: Vec<Unread>,
}

/// Lists everything below `root`. Links to files are read where they stay below it.
#[must_use]
pub(crate) fn walk(root: &Path, rules: &Rules) -> Listing {
    let real = match fs::canonicalize(root) {
        Ok(real) => real,
        Err(error) => {
            return Listing {
                unread: vec![unread(".", &error.to_string())],
                ..Listing::default()
            };
        }
    };
    let mut walk = Walk {
        is_project: is_project(&real),
        root: real.clone(),
        rules,
        folders: vec![Folder {
            real,
            source: root.to_owned(),
            path: String::new(),
        }],
        links: Vec::new(),
        visited: BTreeSet::new(),
        listing: Listing::default(),
    };
    walk.finish();
    let mut listing = walk.listing;
    listing.files.sort();
    listing.skipped.sort();
    listing.links.sort();
    listing.unread.sort();
    listing
}

/// A folder to be listed.
struct Folder {
    /// Its path without links.
    real: PathBuf,
    /// Where to read it.
    source: PathBuf,
    /// Its path relative to the root.
    path: String,
}

struct Walk<'a> {
    root: PathBuf,
    is_project: bool,
    rules: &'a Rules,
    folders: Vec<Folder>,
    /// Links to folders wait until all real folders are listed, since most lead to one of these.
    links: Vec<Folder>,
    visited: BTreeSet<PathBuf>,
    listing: Listing,
}

impl Walk<'_> {
    fn finish(&mut self) {
        loop {
            if let Some(folder) = self.folders.pop() {
                self.list(&folder);
            } else if let Some(link) = self.links.pop() {
                self.settle(link);
            } else {
                return;
            }
        }
    }

    fn list(&mut self, folder: &Folder) {
        if !self.visited.insert(folder.real.clone()) {
            return;
        }
        let entries: io::Result<Vec<DirEntry>> =
            fs::read_dir(&folder.source).and_then(Iterator::collect);
        match entries {
            Ok(entries) => entries.iter().for_each(|entry| self.sort_in(entry, folder)),
            Err(error) => {
                let path = if folder.path.is_empty() {
                    "."
                } else {
                    &folder.path
                };
                self.refuse(path, &error.to_string());
            }
        }
    }

    /// Puts one entry where it belongs.
    fn sort_in(&mut self, entry: &DirEntry, folder: &Folder) {
        let path = join(&folder.path, entry);
        let source = entry.path();
        if self.is_left_out(&path, &source) {
            return;
        }
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        let metadata = match fs::metadata(&source) {
            Ok(metadata) => metadata,
            Err(error) if is_link => {
                return self.refuse(&path, &format!("a link that leads nowhere: {error}"));
            }
            Err(error) => return self.refuse(&path, &error.to_string()),
        };
        let real = if is_link {
            match fs::canonicalize(&source) {
                Ok(real) => real,
                Err(error) => return self.refuse(&path, &error.to_string()),
            }
        } else {
            folder.real.join(entry.file_name())
        };
        if metadata.is_dir() {
            let found = Folder { real, source, path };
            let queue = if is_link {
                &mut self.links
            } else {
                &mut self.folders
            };
            queue.push(found);
        } else if !metadata.is_file() {
            self.refuse(&path, "it is neither a file nor a folder");
        } else if is_link && self.leads_out(&real) {
            self.refuse(&path, &leads_out(&real));
        } else {
            self.listing.files.push(Found { path, source });
        }
    }

    /// A link to a folder: listed already, to be followed, or out of reach.
    fn settle(&mut self, link: Folder) {
        if self.visited.contains(&link.real) {
            let target = link.real.strip_prefix(&self.root).unwrap_or(&link.real);
            let target = escape_bytes(target.as_os_str().as_encoded_bytes(), 300);
            self.listing.links.push(Skipped {
                what: link.path,
                why: format!("a link to the folder `./{target}`, which is examined itself"),
            });
        } else if self.rules.follows() {
            self.folders.push(link);
        } else if self.leads_out(&link.real) {
            self.refuse(&link.path, &leads_out(&link.real));
        } else {
            self.refuse(&link.path, "a link to a folder that is left out");
        }
    }

    fn leads_out(&self, real: &Path) -> bool {
        !self.rules.follows() && !real.starts_with(&self.root)
    }

    /// Notes what a rule leaves out.
    fn is_left_out(&mut self, path: &str, source: &Path) -> bool {
        if let Some(pattern) = self.rules.pattern_for(path) {
            let why = format!("`exclude` names it: `{}`", escape(pattern, 200));
            self.skip(path, &why);
            return true;
        }
        if self.is_project && path == STATE_FOLDER && source.is_dir() {
            // Not its unknown files, which are sorted in one by one.
            self.skip(path, "keys, evidence and log of this program");
        }
        self.is_project && rules::is_own(path) && source.is_file()
    }

    fn skip(&mut self, path: &str, why: &str) {
        self.listing.skipped.push(Skipped {
            what: path.to_owned(),
            why: why.to_owned(),
        });
    }

    fn refuse(&mut self, path: &str, why: &str) {
        self.listing.unread.push(unread(path, why));
    }
}

/// Whether this program keeps keys and evidence here.
fn is_project(root: &Path) -> bool {
    // With `--config` the project file may lie elsewhere.
    let keys = root.join(STATE_FOLDER).join("keys");
    root.join(FILE_NAME).is_file()
        || root.join("pyproject.toml").is_file()
        || keys.join("statement.pub").is_file()
}

fn leads_out(real: &Path) -> String {
    let target = escape_bytes(real.as_os_str().as_encoded_bytes(), 300);
    format!("a link that leads out of the folder, to `{target}`, and links are not followed")
}

fn join(path: &str, entry: &DirEntry) -> String {
    let name = escape_bytes(entry.file_name().as_encoded_bytes(), 1024);
    if path.is_empty() {
        name
    } else {
        format!("{path}/{name}")
    }
}

fn unread(path: &str, why: &str) -> Unread {
    Unread {
        path: path.to_owned(),
        why: why.to_owned(),
    }
}

/// Paths of files, for looking up which are already spoken for.
pub(super) type Taken = BTreeSet<String>;
