//! Feeds broken files to every parser, on stable Rust and without instrumentation.
//!
//! What stands in for coverage is what a parser says: the words of its description, without numbers and
//! names, and how often each pair of them comes. An input that makes it say something new is kept and changed further. A target runs in a process
//! of its own, so that an overflow of the stack or of memory is told as well: the input lies in a file
//! before it is tried.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{fs, thread};

use crate::{Error, output};

mod hunt;
mod mutate;
mod pickles;
mod random;
mod seeds;
mod targets;

use targets::{TARGETS, Target};

/// What to do.
#[derive(Debug)]
pub(crate) struct Wishes {
    /// How much of the processor's time each target gets.
    pub(crate) seconds: u64,
    /// Only this target.
    pub(crate) target: Option<String>,
    /// Try this one file instead.
    pub(crate) replay: Option<PathBuf>,
    /// Where crashing inputs go.
    pub(crate) folder: PathBuf,
    /// The seed of all random numbers.
    pub(crate) seed: u64,
    /// This process is the one that may crash.
    pub(crate) worker: bool,
}

/// Fuzzes every target, or one.
pub(crate) fn run(root: &Path, wishes: &Wishes) -> Result<(), Error> {
    let chosen: Vec<&Target> = TARGETS
        .iter()
        .filter(|target| {
            wishes
                .target
                .as_ref()
                .is_none_or(|name| name == target.name)
        })
        .collect();
    if chosen.is_empty() {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        return Err(Error::Target(names.join(", ")));
    }
    if let Some(path) = &wishes.replay {
        return replay(&chosen, path);
    }
    if wishes.worker {
        return worker(root, &chosen, wishes);
    }
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut faults = Vec::new();
    for group in chosen.chunks(cores) {
        let results: Vec<Result<Option<String>, Error>> = thread::scope(|scope| {
            let handles: Vec<_> = group
                .iter()
                .map(|target| scope.spawn(|| in_own_process(target, wishes)))
                .collect();
            handles
                .into_iter()
                .map(|handle| handle.join().unwrap_or(Err(Error::NoRoot)))
                .collect()
        });
        for result in results {
            faults.extend(result?);
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::Fuzz(faults))
    }
}

/// Tries one file, in this process: a crash is what one wants to see.
fn replay(targets: &[&Target], path: &Path) -> Result<(), Error> {
    let input = fs::read(path).map_err(Error::read(path))?;
    for target in targets {
        let said = (target.run)(&input);
        output::say(&format!("{}: says {} bytes", target.name, said.len()));
    }
    Ok(())
}

fn worker(root: &Path, targets: &[&Target], wishes: &Wishes) -> Result<(), Error> {
    let seeds = seeds::all(root)?;
    for target in targets {
        let mut hunt = hunt::Hunt::new(target, &wishes.folder, wishes.seed)?;
        hunt.run(&seeds, Duration::from_secs(wishes.seconds))?;
        output::say(&hunt.summary());
    }
    Ok(())
}

/// Runs a target in a child process; returns what is wrong, with the command that shows it again.
fn in_own_process(target: &Target, wishes: &Wishes) -> Result<Option<String>, Error> {
    let program = std::env::current_exe().map_err(Error::read(Path::new("this program")))?;
    fs::create_dir_all(&wishes.folder).map_err(Error::write(&wishes.folder))?;
    let status = Command::new(&program)
        .args(["fuzz", "--worker", "--target", target.name])
        .args(["--seconds", &wishes.seconds.to_string()])
        .args(["--seed", &wishes.seed.to_string()])
        .arg("--folder")
        .arg(&wishes.folder)
        .status()
        .map_err(|source| Error::Start { program, source })?;
    if status.success() {
        return Ok(None);
    }
    let current = hunt::current(&wishes.folder, target.name);
    let kept = wishes.folder.join(format!("{}.crash", target.name));
    fs::copy(&current, &kept).map_err(Error::write(&kept))?;
    Ok(Some(format!(
        "{}: {status}; `cargo xtask fuzz --target {} --replay {}` shows it again",
        target.name,
        target.name,
        kept.display()
    )))
}
