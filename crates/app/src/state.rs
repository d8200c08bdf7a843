//! The folder of keys, evidence and log, which must lie in the project itself.
//!
//! A link in its place would let whoever can change the project, a pull request for instance, choose which keys are
//! trusted and where this program writes.

use std::fs;
use std::io;
use std::path::Path;

use tutela_evidence::Store;

use crate::failure::Failure;

/// The folder of keys, evidence and log below a project.
pub(crate) const STATE_FOLDER: &str = ".tutela";

/// The folder of keys in the state folder.
pub(crate) const KEY_FOLDER: &str = "keys";

/// Refuses a state folder, or a folder in it, that is there and is no real folder.
///
/// # Errors
/// When one is a link, something else, or cannot be looked at.
pub(crate) fn require_real_folders(root: &Path) -> Result<(), Failure> {
    let state = root.join(STATE_FOLDER);
    // The outermost comes first: behind a link nothing else is looked at.
    real_folder(&state)?;
    real_folder(&state.join(KEY_FOLDER))?;
    let store = Store::open(&state);
    real_folder(&store.evidence_folder())?;
    real_folder(&store.log_folder())
}

/// A folder that is not there yet will be made by this program, as a real one.
fn real_folder(folder: &Path) -> Result<(), Failure> {
    let refused =
        |why: &str| Failure::incomplete(format!("`{}` cannot be used: {why}", folder.display()));
    match fs::symlink_metadata(folder) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(metadata) if metadata.is_symlink() => {
            Err(refused("it is a link, expected a real folder").with_hint(
                "keys, evidence and log lie in the project itself; replace the link by the folder that it names",
            ))
        }
        Ok(_) => Err(refused("it is not a folder")
            .with_hint("evidence needs a place to be kept; `tutela scan` writes nothing")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(refused(&error.to_string())),
    }
}
