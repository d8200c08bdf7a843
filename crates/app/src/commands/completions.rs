//! `tutela completions`: completions for a shell.

use crate::args::CompletionsArguments;
use crate::failure::{Exit, Failure};
use crate::output::print;

pub(super) fn run(arguments: &CompletionsArguments) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut crate::command(),
        "tutela",
        &mut script,
    );
    print(&script)?;
    Ok(Exit::Pass)
}
