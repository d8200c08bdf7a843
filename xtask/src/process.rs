//! Programs that a task starts.

use std::path::Path;
use std::process::Command;

use crate::Error;

/// Runs a program to its end; it talks to the terminal itself.
pub(crate) fn execute(program: &Path, arguments: impl FnOnce(&mut Command)) -> Result<(), Error> {
    let mut command = Command::new(program);
    arguments(&mut command);
    let status = command.status().map_err(|source| Error::Start {
        program: program.to_owned(),
        source,
    })?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::Failed {
            program: program.to_owned(),
            status,
        })
    }
}
