//! What the files of a project say about the Python packages that it needs: lock files, requirements, installed ones.
//!
//! Which versions a file allows is said as a [`Range`]; a pin is a range of one version. What could not be
//! read is a [`Trouble`] with its line, never left out silently.

mod locks;
mod marker;
mod requirements;
mod version;

pub use version::{Range, Relation, Version};

/// The longest file that is read: lock files of large projects have a few MiB.
pub const LENGTH: u64 = 8 << 20;

/// What sort of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// `requirements.txt` and its like, with what they include.
    Requirements,
    /// `uv.lock`, `poetry.lock`, `pdm.lock`: packages in a list.
    Lock,
    /// `pylock.toml` (PEP 751).
    Pylock,
    /// `Pipfile.lock`.
    Pipfile,
    /// `Pipfile`.
    PipfileDeclared,
    /// `pyproject.toml`.
    Pyproject,
    /// `setup.cfg` of setuptools.
    SetupCfg,
    /// `environment.yml` of conda, and what `MLflow` writes beside a model.
    Environment,
    /// `conda-lock.yml` and `pixi.lock`.
    CondaLock,
    /// `METADATA` of an installed package.
    Installed,
}

impl Source {
    /// What a file is by its path; none when it says nothing about packages.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        let lower = path.to_ascii_lowercase();
        let (folder, name) = lower.rsplit_once('/').unwrap_or(("", &lower));
        let parent = folder.rsplit('/').next().unwrap_or_default();
        let is_text = name.ends_with(".txt") || name.ends_with(".in");
        let is_yaml = name.ends_with(".yml") || name.ends_with(".yaml");
        Some(match name {
            "uv.lock" | "poetry.lock" | "pdm.lock" => Self::Lock,
            "pipfile.lock" => Self::Pipfile,
            "pipfile" => Self::PipfileDeclared,
            "pyproject.toml" => Self::Pyproject,
            "setup.cfg" => Self::SetupCfg,
            "metadata" if parent.ends_with(".dist-info") => Self::Installed,
            "conda-lock.yml" | "conda-lock.yaml" | "pixi.lock" => Self::CondaLock,
            "conda.yaml" | "conda.yml" | "python_env.yaml" => Self::Environment,
            _ if name.starts_with("pylock.") && name.ends_with(".toml") => Self::Pylock,
            _ if is_yaml && name.starts_with("environment") => Self::Environment,
            _ if is_text && (name.contains("requirements") || name.starts_with("constraints")) => {
                Self::Requirements
            }
            _ if is_text && parent == "requirements" => Self::Requirements,
            _ => return None,
        })
    }
}

/// What a file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listing {
    /// The packages, in the order of the file.
    pub packages: Vec<Package>,
    /// Other files of requirements that it names.
    pub includes: Vec<Include>,
    /// What could not be read.
    pub troubles: Vec<Trouble>,
}

/// A package that a file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name, normalised: lower case, `-` between parts.
    pub name: String,
    /// The versions that the file allows; none when it names a place instead (a repository, a folder), or a
    /// version that is none.
    pub versions: Option<Range>,
    /// The versions as they are written.
    pub written: String,
    /// The condition under which it is needed, when it is not known to hold.
    pub condition: Option<String>,
    /// The line, counted from 1.
    pub line: u64,
}

/// Another file that a file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// Its path as written.
    pub path: String,
    /// The line, counted from 1.
    pub line: u64,
}

/// What could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The line, counted from 1.
    pub line: u64,
    /// Why.
    pub why: String,
}

/// Reads a file.
#[must_use]
pub fn read(source: Source, bytes: &[u8]) -> Listing {
    let decoded = crate::json::decode(bytes);
    let text = String::from_utf8_lossy(&decoded);
    match source {
        Source::Requirements => requirements::read(&text),
        Source::Installed => locks::installed(&text),
        Source::Environment | Source::CondaLock => locks::yaml(source, &text),
        Source::Pipfile => locks::pipfile(&text),
        Source::SetupCfg => requirements::setup_cfg(&text),
        Source::Lock | Source::Pylock | Source::Pyproject | Source::PipfileDeclared => {
            locks::toml(source, &text)
        }
    }
}

/// A name as installers compare it (PEP 503).
#[must_use]
pub fn normalise(name: &str) -> String {
    let mut normal = String::new();
    for character in name.trim().chars().take(200) {
        match character {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            _ => normal.extend(character.to_lowercase()),
        }
    }
    normal
}

/// The lines of a text, by offset.
struct Lines(Vec<u64>);

impl Lines {
    fn of(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self(ends.map(|(at, _)| at as u64).collect())
    }

    fn at(&self, offset: u64) -> u64 {
        (self.0.partition_point(|end| *end < offset) as u64).saturating_add(1)
    }
}

#[cfg(test)]
mod tests;
