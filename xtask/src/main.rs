//! The repository's own tool: `cargo xtask docs`, `arrows`, `callables`, `corpus`, `fuzz`, `peers`.
//!
//! Everything here works on the repository, not on a user's project; nothing of it is in the product.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod arrows;
mod callables;
mod corpus;
mod docs;
mod error;
mod fuzz;
mod output;
mod peers;
mod process;

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
    /// Scan the corpus and compare recall and false alarms with the floor.
    Corpus {
        /// Write a floor that is at least as high everywhere.
        #[arg(long)]
        raise: bool,
        /// Name every file that is not judged as expected.
        #[arg(long)]
        explain: bool,
        /// A folder outside of the repository, and what its files are; repeatable.
        ///
        /// With `mixed`, the files named in corpus/harmless-names.txt are harmless, the others attacks.
        #[arg(long, value_name = "FOLDER:malicious|benign|mixed")]
        extra: Vec<corpus::Extra>,
    },
    /// Write everything that is generated from the code: rule pages, command reference, schemas.
    Docs {
        /// Write nothing; fail when a file is missing, stale or left over.
        #[arg(long)]
        check: bool,
    },
    /// Feed broken files to every parser.
    Fuzz {
        /// How much of the processor's time each target gets.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        /// Only this target.
        #[arg(long)]
        target: Option<String>,
        /// Try this one file, in this process, instead.
        #[arg(long, value_name = "FILE")]
        replay: Option<PathBuf>,
        /// Where crashing inputs go.
        #[arg(long, default_value = "target/fuzz")]
        folder: PathBuf,
        /// The seed of all random numbers.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Be the process that may crash.
        #[arg(long, hide = true)]
        worker: bool,
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
        Task::Corpus {
            raise,
            explain,
            extra,
        } => corpus::run(
            &root,
            &corpus::Wishes {
                raise,
                explain,
                extra,
            },
        ),
        Task::Docs { check } => docs::run(&root, docs::Mode::from_flag(check)),
        Task::Fuzz {
            seconds,
            target,
            replay,
            folder,
            seed,
            worker,
        } => fuzz::run(
            &root,
            &fuzz::Wishes {
                seconds,
                target,
                replay,
                folder,
                seed,
                worker,
            },
        ),
        Task::Peers { folder, python } => peers::run(&root, &folder, &python),
    }
}

/// The root of the repository: where the folder of this crate lies.
fn root() -> Result<PathBuf, Error> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(Path::to_owned).ok_or(Error::NoRoot)
}
