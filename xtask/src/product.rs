//! What the documents are generated from: the program's own catalogue and its own command line.

use tutela_core::Catalogue;

/// All checks of the program.
pub(crate) fn catalogue() -> Catalogue {
    Catalogue::new(&[tutela_scan::CHECKS, tutela_dataset::CHECKS])
}

/// The command line of the program.
pub(crate) fn command() -> clap::Command {
    clap::Command::new("tutela")
}
