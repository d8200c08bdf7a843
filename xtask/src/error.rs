//! Why a task failed.

use std::path::{Path, PathBuf};

/// Why a task failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the folder of xtask has no parent")]
    NoRoot,
    #[error("cannot read `{path}`")]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("cannot write `{path}`")]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("cannot understand `{path}`")]
    Table {
        path: PathBuf,
        source: Box<toml_edit::de::Error>,
    },
    #[error("`cargo metadata` failed")]
    Metadata(#[from] cargo_metadata::Error),
    #[error("{}", lines("the arrows between the crates are not those of xtask/arrows.toml", .0))]
    Arrows(Vec<String>),
    #[error("{}", lines("generated files are not up to date", .0))]
    Stale(Vec<String>),
    #[error("the pinned wheels give another database than the one that is there")]
    Derived,
    #[error("{}", lines("links that lead nowhere", .0))]
    Links(Vec<String>),
    #[error("{}", lines("the scanner does worse on the corpus than its floor", .0))]
    Floor(Vec<String>),
    #[error("{}", lines("fuzzing found a fault", .0))]
    Fuzz(Vec<String>),
    #[error("there is no such target; there are {0}")]
    Target(String),
    #[error("`{path}` has no line `{marker}`")]
    Marker { path: PathBuf, marker: &'static str },
    #[error("cannot write or read JSON")]
    Json(#[from] serde_json::Error),
    #[error("cannot start `{program}`")]
    Start {
        program: PathBuf,
        source: std::io::Error,
    },
    #[error("`{program}` ended with {status}")]
    Failed {
        program: PathBuf,
        status: std::process::ExitStatus,
    },
}

impl Error {
    pub(crate) fn read(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }

    /// What to do about it, where something simple helps.
    pub(crate) const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Arrows(_) => {
                Some("move what both crates need down a storey; ARCHITECTURE.md says how")
            }
            Self::Stale(_) => Some("run `cargo xtask docs` and commit what it writes"),
            Self::Derived => Some("run `cargo xtask callables derive` and commit what it writes"),
            Self::Floor(_) => Some(
                "`cargo xtask corpus --explain` names the files; a new group gets its floor with `--raise`",
            ),
            Self::Start { .. } => Some(
                "`callables` and `peers` need Python 3, the latter with its `venv` module; install it, or name \
                 another with `--python`. Nothing else in this repository needs Python",
            ),
            Self::Failed { .. } => Some("see its own message above"),
            _ => None,
        }
    }
}

fn lines(head: &str, items: &[String]) -> String {
    items
        .iter()
        .fold(head.to_owned(), |text, item| text + "\n  " + item)
}
