//! The program `tutela`: arguments, configuration, wiring of catalogues, rendering.
//!
//! Only this crate prints, exits, reads the clock and the environment. The flow of the main job is in
//! [`commands`]: project file → artifacts → checks → signed evidence → log → gate → report.

pub mod args;
pub mod config;

use clap::CommandFactory as _;
use tutela_core::Catalogue;

/// All checks of the program.
#[must_use]
pub fn catalogue() -> Catalogue {
    Catalogue::new(&[tutela_scan::CHECKS, tutela_dataset::CHECKS])
}

/// The whole command line, for help texts, completions and the command reference.
#[must_use]
pub fn command() -> clap::Command {
    args::Arguments::command()
}
