//! Folders that are usually no part of a project, for `tutela init` to propose; its owner decides.

use std::fs;
use std::path::Path;

use tutela_core::escape_bytes;

use super::USUAL;

/// Files by which a folder says that it is not part of the project.
const MARKS: [&str; 2] = ["pyvenv.cfg", "CACHEDIR.TAG"];

/// Folders of installed packages and of what interpreters write by themselves.
const NAMES: [&str; 2] = ["node_modules", "__pycache__"];

/// Paths of folders below `root` that are usually left out, sorted.
#[must_use]
pub(crate) fn apart(root: &Path) -> Vec<String> {
    let mut found: Vec<String> = USUAL.map(str::to_owned).to_vec();
    let mut folders = vec![(root.to_owned(), String::new())];
    while let Some((folder, path)) = folders.pop() {
        // What cannot be listed is not proposed, so that `check` tells of it.
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            let name = escape_bytes(entry.file_name().as_encoded_bytes(), 1024);
            let below = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}/{name}")
            };
            let marked = MARKS.iter().any(|mark| entry.path().join(mark).is_file());
            if marked || NAMES.contains(&name.as_str()) {
                found.push(below);
            } else if !USUAL.contains(&below.as_str()) {
                folders.push((entry.path(), below));
            }
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marked_and_well_known_folders_are_proposed() {
        let root = tempfile::tempdir().unwrap();
        for file in [
            "env/pyvenv.cfg",
            "a/node_modules/x",
            "target/CACHEDIR.TAG",
            "src/x",
        ] {
            let place = root.path().join(file);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(place, "").unwrap();
        }
        assert_eq!(
            apart(root.path()),
            [".git", ".hg", ".svn", "a/node_modules", "env", "target"]
        );
    }
}
