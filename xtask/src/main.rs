//! The repository's own tool: `cargo xtask docs`, `arrows`, `peers`, `callables`.
//!
//! Everything here works on the repository, not on a user's project; nothing of it is in the product.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod arrows;
mod callables;
mod docs;
mod error;
mod output;
mod peers;

use error::Error;

/// The repository's own tool.
#[derive(Debug, Parser)]
#[command(name = "xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Check which crate uses which against xtask/arrows.toml.
    Arrows,
    /// Derive the database of what callables do from the sources of Python libraries (needs Python).
    Callables(callables::Arguments),
    /// Write everything that is generated from the code: rule pages, command reference, schemas.
    Docs {
        /// Write nothing; fail when a file is missing, stale or left over.
        #[arg(long)]
        check: bool,
    },
    /// Make a Python environment with the peers that Tutela is measured against (optional).
    Peers {
        /// The folder of the environment.
        #[arg(long, default_value = "peers")]
        folder: PathBuf,
        /// The Python to make it with.
        #[arg(long, default_value = "python3")]
        python: PathBuf,
    },
}

fn main() -> ExitCode {
    match perform(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task) -> Result<(), Error> {
    let root = root()?;
    match task {
        Task::Arrows => arrows::run(&root),
        Task::Callables(arguments) => callables::run(&root, &arguments),
        Task::Docs { check } => docs::run(&root, docs::Mode::from_flag(check)),
        Task::Peers { folder, python } => peers::run(&root, &folder, &python),
    }
}

/// The root of the repository: where the folder of this crate lies.
fn root() -> Result<PathBuf, Error> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(Path::to_owned).ok_or(Error::NoRoot)
}
