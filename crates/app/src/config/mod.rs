//! The project file `tutela.toml`: read once into types that cannot be wrong.
//!
//! [`load`] finds the file, [`parse`] reads it; every problem is reported with its line, all at once.

mod demands;
mod parse;
mod problem;
mod section;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use tutela_core::{Catalogue, DatasetDeclaration, FileBytes, Severity, Split, read_all};
use tutela_evidence::gate::{Requirement, Threshold, Waiver};

pub use parse::parse;
pub use problem::{ConfigError, Problem, did_you_mean};
pub use section::Spanned;

/// The name of the project file.
pub const FILE_NAME: &str = "tutela.toml";

/// The longest project file that is read: far more than anybody writes by hand.
const FILE_LIMIT: u64 = 4 << 20;

/// A project as its file declares it.
#[derive(Debug, Clone, PartialEq)]
pub struct Project {
    /// `[system]`.
    pub system: System,
    /// `[[model]]`.
    pub models: Vec<ModelEntry>,
    /// `[[data]]`.
    pub data: Vec<DataEntry>,
    /// `[files]`.
    pub files: FilesEntry,
    /// `[checks.CODE]`: settings other than the defaults.
    pub settings: BTreeMap<String, BTreeMap<String, f64>>,
    /// `[gate]`.
    pub gate: GateConfig,
    /// `[[waiver]]`.
    pub waivers: Vec<Waiver>,
    /// `[keys] trust`: public key files, and `self` for this machine's own key.
    pub trust: Vec<Spanned<String>>,
}

/// What the system is and does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    /// Its name.
    pub name: String,
    /// `provider` or `deployer` (AI Act art. 3).
    pub role: Option<String>,
    /// What it is meant for (AI Act art. 3(12)).
    pub intended_purpose: Option<String>,
    /// The point of Annex III that it falls under, as its owner declares.
    pub annex_iii: Option<String>,
}

/// A `[[model]]` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelEntry {
    /// Glob of its files; each is a model of its own.
    pub path: Spanned<String>,
    /// What kind of model it is.
    pub kind: Option<String>,
    /// Ids of the data sets that it learned from.
    pub trained_on: Vec<String>,
    /// Where its signed manifest is, when not beside the model.
    pub manifest: Option<String>,
}

/// A `[[data]]` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataEntry {
    /// Its id.
    pub id: String,
    /// Glob of its files.
    pub path: Spanned<String>,
    /// Globs of the files of each split.
    pub splits: Vec<(Split, Spanned<String>)>,
    /// Everything that the checks need to know.
    pub declaration: DatasetDeclaration,
    /// Where its signed manifest is.
    pub manifest: Option<String>,
}

/// A `[files]` table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilesEntry {
    /// Globs of programs that belong to the project.
    pub executables: Vec<Spanned<String>>,
    /// Globs of what is left out of every check; none when the project does not say.
    pub exclude: Option<Vec<Spanned<String>>>,
    /// Whether links that lead out of the project are followed.
    pub follow_links: bool,
}

/// A `[gate]` table.
#[derive(Debug, Clone, PartialEq)]
pub struct GateConfig {
    /// The mildest severity that denies.
    pub fail_on: Severity,
    /// Evidence that must be there; empty means every suite.
    pub require: Vec<Requirement>,
    /// The greatest age of evidence.
    pub max_evidence_age_days: Option<u32>,
    /// Bounds on measures.
    pub thresholds: Vec<Threshold>,
    /// How many trusted keys must have signed each piece of evidence.
    pub signatures: u32,
}

impl Default for GateConfig {
    fn default() -> Self {
        Self {
            fail_on: Severity::High,
            require: Vec::new(),
            max_evidence_age_days: None,
            thresholds: Vec::new(),
            signatures: 1,
        }
    }
}

/// Why there is no project.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file is there but cannot be used.
    #[error("`{}` cannot be used", .0.file)]
    Invalid(Box<ConfigError>),
    /// The file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

/// Finds the project file of a folder: `tutela.toml`, else `pyproject.toml` with a table `[tool.tutela]`.
///
/// # Errors
/// [`LoadError::Read`] when a file is there and cannot be read.
pub fn find(folder: &Path) -> Result<Option<PathBuf>, LoadError> {
    let own = folder.join(FILE_NAME);
    // A broken link is a file that cannot be read, not a missing one.
    if own.symlink_metadata().is_ok() {
        return Ok(Some(own));
    }
    let python = folder.join("pyproject.toml");
    if !python.is_file() {
        return Ok(None);
    }
    let text = read(&python)?;
    let has_table = toml_edit::Document::parse(text.as_str()).is_ok_and(|document| {
        document
            .get("tool")
            .and_then(|tool| tool.get("tutela"))
            .is_some()
    });
    Ok(has_table.then_some(python))
}

/// Reads a project file.
///
/// # Errors
/// [`LoadError`], with every problem at its line.
pub fn load(path: &Path, catalogue: &Catalogue) -> Result<Project, LoadError> {
    let text = read(path)?;
    parse(&path.display().to_string(), &text, catalogue)
        .map_err(|error| LoadError::Invalid(Box::new(error)))
}

/// Reads the text of a project file; a pipe or a file beyond the limit is refused, not waited for.
///
/// # Errors
/// [`LoadError::Read`].
pub(crate) fn read(path: &Path) -> Result<String, LoadError> {
    let bytes = FileBytes::open(path).and_then(|bytes| read_all(&bytes, FILE_LIMIT));
    bytes
        .and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other))
        .map_err(|source| LoadError::Read {
            path: path.to_owned(),
            source,
        })
}
