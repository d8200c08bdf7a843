//! One file per command. A command opens what it needs, does one thing, and says how it ended.

mod check;
mod completions;
mod explain;
mod gate;
mod init;
mod log;
mod report;
mod scan;
mod sign;
mod verify;

use crate::args::{Arguments, CheckArguments, Command, Shared};
use crate::failure::{Exit, Failure};
use crate::terminal::Terminal;

/// What every command gets besides its own arguments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    /// Options that every command shares.
    pub(crate) shared: &'a Shared,
    /// The person at the terminal.
    pub(crate) terminal: Terminal,
}

/// Does what was asked for.
///
/// # Errors
/// When the work could not be done.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let shared = &arguments.shared;
    let call = Call {
        shared,
        terminal: Terminal::new(shared),
    };
    match &arguments.command {
        None => check::run(&CheckArguments::default(), call),
        Some(Command::Init(arguments)) => init::run(arguments, call),
        Some(Command::Check(arguments)) => check::run(arguments, call),
        Some(Command::Scan(arguments)) => scan::run(arguments, call),
        Some(Command::Sign(arguments)) => sign::run(arguments, call),
        Some(Command::Verify(arguments)) => verify::run(arguments, call),
        Some(Command::Gate(arguments)) => gate::run(arguments, call),
        Some(Command::Report(arguments)) => report::run(arguments, call),
        Some(Command::Explain(arguments)) => explain::run(arguments, call),
        Some(Command::Log(command)) => log::run(command, call),
        Some(Command::Completions(arguments)) => completions::run(arguments),
    }
}
