//! The program `tutela`: arguments, configuration, wiring of catalogues, rendering.
//!
//! Only this crate prints, exits, reads the clock and the environment. The flow of the main job, in the
//! order of the modules: [`config`] reads the project file, [`project`] lists the artifacts, [`examine`]
//! runs the checks, [`judge`] lets the gate decide over recorded evidence, [`report`] renders it.

pub mod args;
mod commands;
pub mod config;
mod examine;
mod failure;
mod judge;
mod output;
mod project;
pub mod report;
mod selftest;
mod snapshot;
mod state;
mod terminal;
mod workplace;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use tutela_core::Catalogue;

use args::Arguments;
use failure::Exit;
use terminal::Terminal;

/// All checks of the program.
#[must_use]
pub fn catalogue() -> Catalogue {
    Catalogue::new(&[tutela_scan::CHECKS, tutela_dataset::CHECKS])
}

/// The whole command line, for help texts, completions and the command reference.
#[must_use]
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Runs the program and returns its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers; everything else is wrong usage, and repeats what was typed.
            if error.use_stderr() {
                Terminal::insist(error.render().to_string().trim_end());
                return Exit::Usage.into();
            }
            drop(error.print());
            return Exit::Pass.into();
        }
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| commands::run(&arguments)));
    let exit = match outcome {
        Ok(Ok(exit)) => exit,
        Ok(Err(failure)) => {
            Terminal::insist(&failure.render());
            failure.exit
        }
        // The panic's own message is on standard error already.
        Err(_) => {
            Terminal::insist(
                "error: internal error; please report what you did and the lines above",
            );
            Exit::Internal
        }
    };
    exit.into()
}
