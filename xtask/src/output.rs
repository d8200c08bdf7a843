//! The only place that prints.

use std::io::Write as _;

use crate::Error;

/// Prints a line of result.
pub(crate) fn say(line: &str) {
    // A closed pipe (`cargo xtask … | head`) is no failure of the work.
    drop(writeln!(std::io::stdout().lock(), "{line}"));
}

/// Prints an error with its causes, and the advice it carries.
pub(crate) fn complain(error: &Error) {
    let mut text = format!("error: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    if let Some(hint) = error.hint() {
        text.push_str("\nhint: ");
        text.push_str(hint);
    }
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}
