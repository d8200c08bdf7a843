//! What the workspace looks like: its crates, what each uses, how large it is.

use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};
use serde::Deserialize;

use crate::Error;

/// What the workspace looks like.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    pub(crate) crates: Vec<Crate>,
    /// The names of the packages in `Cargo.lock`, one entry a version.
    pub(crate) packages: Vec<String>,
}

/// One crate of the workspace.
#[derive(Debug, Default)]
pub(crate) struct Crate {
    pub(crate) name: String,
    /// What it uses outside its tests, by package name, whatever it is renamed to.
    pub(crate) uses: Vec<String>,
    /// Lines of its sources, tests at the end of a file not counted.
    pub(crate) lines: usize,
}

impl Workspace {
    pub(crate) fn read(root: &Path) -> Result<Self, Error> {
        let metadata = MetadataCommand::new()
            .manifest_path(root.join("Cargo.toml"))
            .no_deps()
            .other_options(vec!["--offline".to_owned()])
            .exec()?;
        let mut crates = Vec::new();
        for package in metadata.packages {
            let folder = package.manifest_path.as_std_path().with_file_name("src");
            crates.push(Crate {
                name: package.name.to_string(),
                uses: package
                    .dependencies
                    .iter()
                    .filter(|dependency| dependency.kind != DependencyKind::Development)
                    .map(|dependency| dependency.name.clone())
                    .collect(),
                lines: lines_below(&folder)?,
            });
        }
        Ok(Self {
            crates,
            packages: locked_packages(&root.join("Cargo.lock"))?,
        })
    }
}

fn locked_packages(path: &Path) -> Result<Vec<String>, Error> {
    let text = fs::read_to_string(path).map_err(Error::read(path))?;
    let lock: Lock = toml_edit::de::from_str(&text).map_err(|source| Error::Table {
        path: path.to_owned(),
        source: Box::new(source),
    })?;
    Ok(lock
        .package
        .into_iter()
        .map(|package| package.name)
        .collect())
}

/// What we need to know of `Cargo.lock`.
#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
}

fn lines_below(folder: &Path) -> Result<usize, Error> {
    let mut lines = 0_usize;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(Error::read(&folder))?;
        for entry in entries {
            let path: PathBuf = entry.map_err(Error::read(&folder))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).map_err(Error::read(&path))?;
                lines = lines.saturating_add(product_lines(&text));
            }
        }
    }
    Ok(lines)
}

/// Lines before the tests at the end of a file.
pub(crate) fn product_lines(text: &str) -> usize {
    text.lines()
        .take_while(|line| *line != "#[cfg(test)]")
        .count()
}
