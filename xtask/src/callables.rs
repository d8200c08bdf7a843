//! Derives the database of what callables do from the sources of real libraries.
//!
//! The work is done by the Python scripts in `callables/`, which parse Python as only Python can; they
//! import nothing of what they analyse. Nothing else in the repository needs Python.

use std::path::{Path, PathBuf};

use crate::process::execute;
use crate::{Error, output};

/// Where the database lies that the product ships.
const DATABASE: &str = "crates/scan/src/callables/database.z";

/// What to do.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    step: Step,
    /// The Python that runs the scripts: 3.12.
    #[arg(long, global = true, default_value = "python3")]
    python: PathBuf,
    /// The folder of the wheels, and of what is unpacked for a while.
    #[arg(long, global = true, default_value = "target/callables")]
    work: PathBuf,
}

#[derive(Debug, clap::Subcommand)]
enum Step {
    /// Choose a wheel for each library in `wishes.txt` and write `pins.txt` (network, by pip).
    Pin,
    /// Bring the pinned wheels that are missing (network, by pip).
    Fetch,
    /// Make the database from the pinned wheels, off-line.
    Derive {
        /// The folder that holds the Pythons whose standard libraries are analysed, `VERSION/lib/python3.x` each.
        #[arg(long)]
        pythons: PathBuf,
        /// The date that the database tells.
        #[arg(long)]
        date: String,
        /// Compare with the database that is there, and write nothing.
        #[arg(long)]
        check: bool,
    },
}

/// Runs one step.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<(), Error> {
    let scripts = root.join("xtask/src/callables");
    let work = root.join(&arguments.work);
    let wheels = work.join("wheels");
    std::fs::create_dir_all(&wheels).map_err(Error::write(&wheels))?;
    let pins = scripts.join("pins.txt");
    match &arguments.step {
        Step::Pin => execute(&arguments.python, |command| {
            command.arg(scripts.join("pin.py"));
            command.arg("--wishes").arg(scripts.join("wishes.txt"));
            command.arg("--out").arg(&pins).arg("--wheels").arg(&wheels);
        }),
        Step::Fetch => execute(&arguments.python, |command| {
            command.arg(scripts.join("derive.py")).arg("--fetch");
            command
                .arg("--pins")
                .arg(&pins)
                .arg("--wheels")
                .arg(&wheels);
        }),
        Step::Derive {
            pythons,
            date,
            check,
        } => {
            let shipped = root.join(DATABASE);
            let out = if *check {
                work.join("database.z")
            } else {
                shipped.clone()
            };
            execute(&arguments.python, |command| {
                command.arg(scripts.join("derive.py"));
                command
                    .arg("--pins")
                    .arg(&pins)
                    .arg("--wheels")
                    .arg(&wheels);
                command.arg("--pythons").arg(pythons);
                command.arg("--work").arg(work.join("sources"));
                command.arg("--date").arg(date).arg("--out").arg(&out);
            })?;
            if *check {
                compare(&shipped, &out)
            } else {
                Ok(())
            }
        }
    }
}

fn compare(shipped: &Path, derived: &Path) -> Result<(), Error> {
    let bytes = |path: &Path| std::fs::read(path).map_err(Error::read(path));
    if bytes(shipped)? == bytes(derived)? {
        output::say("the database is what the pinned wheels give");
        Ok(())
    } else {
        Err(Error::Derived)
    }
}

#[cfg(test)]
mod tests;
