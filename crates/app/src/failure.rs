//! Why the program ends without an answer, with which exit code, and what to do about it.

use std::error::Error;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use tutela_evidence::StoreError;
use tutela_evidence::gate::Verdict;
use tutela_evidence::keys::KeyError;
use tutela_evidence::log::LogError;

use crate::config::LoadError;

/// How the program ends. The numbers are a promise to scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Everything that was demanded holds.
    Pass = 0,
    /// Findings at or over the threshold, the gate denies, or something signed was changed.
    Findings = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// Something could not be checked or verified.
    Incomplete = 3,
    /// A fault of the program.
    Internal = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Allow => Self::Pass,
            Verdict::Deny => Self::Findings,
            Verdict::Incomplete => Self::Incomplete,
        }
    }
}

/// Why the program ends without an answer.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) exit: Exit,
    /// One or more lines, as they are printed.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

impl Failure {
    /// The command line or the project file is wrong.
    #[must_use]
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            message: message.into(),
            hint: None,
        }
    }

    /// Something could not be checked, verified or stored.
    #[must_use]
    pub(crate) fn incomplete(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Incomplete,
            message: message.into(),
            hint: None,
        }
    }

    /// An error with all its causes, which leaves the work undone.
    #[must_use]
    pub(crate) fn because(what: &str, error: &dyn Error) -> Self {
        Self::incomplete(format!("{what}: {}", chain(error)))
    }

    /// A file that cannot be written.
    #[must_use]
    pub(crate) fn cannot_write(file: &Path, error: &io::Error) -> Self {
        Self::incomplete(format!("cannot write `{}`: {error}", file.display()))
    }

    /// Adds advice.
    #[must_use]
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The lines that are printed on standard error.
    #[must_use]
    pub(crate) fn render(&self) -> String {
        let mut text = self.message.clone();
        if !text.starts_with("error: ") {
            text.insert_str(0, "error: ");
        }
        if let Some(hint) = &self.hint {
            text.push_str("\nhint: ");
            text.push_str(hint);
        }
        text
    }
}

/// An error and its causes on one line.
#[must_use]
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        // An error that shows its cause as its own text would say it twice.
        if !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Invalid(invalid) => Self::usage(invalid.render().trim_end().to_owned()),
            LoadError::Read { .. } => Self::usage(chain(&error)),
        }
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        // A key that is wrong is configuration; a disk that does not do its part is not.
        let exit = match error {
            KeyError::Read { .. } | KeyError::Write { .. } | KeyError::Entropy(_) => {
                Exit::Incomplete
            }
            _ => Exit::Usage,
        };
        Self {
            exit,
            message: chain(&error),
            hint: error.hint(),
        }
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        Self {
            exit: Exit::Incomplete,
            message: chain(&error),
            hint: error.hint().map(str::to_owned),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Log(error) => error.into(),
            StoreError::Key(error) => error.into(),
            other => Self::incomplete(chain(&other)),
        }
    }
}
