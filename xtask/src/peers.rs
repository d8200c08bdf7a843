//! A Python environment with the peers that Tutela is measured against.
//!
//! Optional: nothing that the repository builds, tests or runs needs it.

use std::path::Path;

use crate::process::execute;
use crate::{Error, output};

/// Makes the environment, or brings an existing one to the pinned versions.
pub(crate) fn run(root: &Path, folder: &Path, python: &Path) -> Result<(), Error> {
    let folder = root.join(folder);
    let pins = root.join("xtask/peers.txt");
    output::say(&format!("making {}", folder.display()));
    execute(python, |command| {
        command.args(["-m", "venv"]).arg(&folder);
    })?;
    let programs = folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
    output::say(&format!("installing the pins of {}", pins.display()));
    execute(&programs.join("python"), |command| {
        command
            .args([
                "-m",
                "pip",
                "install",
                "--disable-pip-version-check",
                "--requirement",
            ])
            .arg(&pins);
    })?;
    output::say(&format!("done: the peers are in {}", programs.display()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_python_is_explained() {
        let root = tempfile::tempdir().unwrap();
        let error = run(root.path(), Path::new("peers"), Path::new("no-such-python")).unwrap_err();
        assert_eq!(error.to_string(), "cannot start `no-such-python`");
        assert!(error.hint().unwrap().contains("--python"));
    }

    #[test]
    fn every_peer_is_pinned() {
        let pins = include_str!("../peers.txt");
        let unpinned: Vec<&str> = pins
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#') && !line.contains("=="))
            .collect();
        assert_eq!(unpinned, Vec::<&str>::new());
    }
}
