//! Derives the database of what callables do from the sources of a Python environment.
//!
//! The work is done by the Python scripts in `callables/`, which parse Python as only Python can; they
//! import nothing of what they analyse. Nothing else in the repository needs Python.

use std::path::{Path, PathBuf};

use crate::process::execute;
use crate::{Error, output};

/// Where the database lies that the product ships.
const DATABASE: &str = "crates/scan/src/callables/database.z";

/// What to analyse.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The Python whose standard library is analysed, and its packages when no `--libraries` is given.
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// A folder of unpacked wheels to analyse; may be given several times, for several versions.
    #[arg(long)]
    libraries: Vec<PathBuf>,
    /// The date that the database tells.
    #[arg(long)]
    date: String,
    /// Entries that an earlier run left, of another Python or other libraries, to join with the new ones.
    #[arg(long)]
    entries: Vec<PathBuf>,
    /// The folder in which the entries are left.
    #[arg(long, default_value = "target/callables")]
    work: PathBuf,
}

/// Analyses each environment, and joins what was found into the database.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<(), Error> {
    let scripts = root.join("xtask/src/callables");
    let work = root.join(&arguments.work);
    std::fs::create_dir_all(&work).map_err(Error::write(&work))?;
    let mut entries = arguments.entries.clone();
    for (index, libraries) in environments(arguments).into_iter().enumerate() {
        let out = work.join(format!("{index}.txt"));
        output::say(&format!(
            "analysing {}",
            libraries.map_or("the environment".into(), |folder| folder
                .display()
                .to_string())
        ));
        execute(&arguments.python, |command| {
            command.arg(scripts.join("analyse.py"));
            command.arg("--seeds").arg(scripts.join("seeds.txt"));
            command.arg("--out").arg(&out);
            command
                .args(libraries.map(|_| "--libraries"))
                .args(libraries);
        })?;
        entries.push(out);
    }
    execute(&arguments.python, |command| {
        command.arg(scripts.join("pack.py"));
        command
            .args(["--date", &arguments.date, "--out"])
            .arg(root.join(DATABASE));
        command.args(&entries);
    })
}

/// One analysis for each folder of libraries, or one of the interpreter's own packages.
fn environments(arguments: &Arguments) -> Vec<Option<&Path>> {
    if arguments.libraries.is_empty() {
        return vec![None];
    }
    arguments
        .libraries
        .iter()
        .map(|folder| Some(folder.as_path()))
        .collect()
}

#[cfg(test)]
mod tests;
