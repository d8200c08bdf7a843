//! Writes everything that is generated from the code, or checks that it is up to date.
//!
//! Each generator is a function from the catalogue or the command line to [`Page`]s; only this file
//! touches the file system.

use std::fs;
use std::path::Path;

use clap::Command;
use tutela_core::Catalogue;

use crate::{Error, arrows, output};

mod commands;
mod coverage;
mod house;
mod links;
mod markdown;
mod rules;
mod schema;

/// Folders in which every file is generated: what no generator writes any more is left over.
const OWNED_FOLDERS: [&str; 1] = ["docs/rules"];

/// Whether to write or to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Write what is stale.
    Write,
    /// Write nothing; fail when something is stale.
    Check,
}

impl Mode {
    pub(crate) const fn from_flag(check: bool) -> Self {
        if check { Self::Check } else { Self::Write }
    }
}

/// A generated file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// Path relative to the root, `/` between parts.
    pub(crate) path: String,
    /// Its whole text.
    pub(crate) text: String,
}

/// What is wrong with a generated file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Missing,
    Stale,
    LeftOver,
}

/// Writes or checks every generated file.
pub(crate) fn run(root: &Path, mode: Mode) -> Result<(), Error> {
    let pages = pages(root, &tutela_app::catalogue(), &tutela_app::command())?;
    let differences = differences(root, &pages)?;
    match mode {
        Mode::Check if differences.is_empty() => check_links(root, pages.len()),
        Mode::Check => Err(Error::Stale(differences.iter().map(describe).collect())),
        Mode::Write => {
            write(root, &pages, &differences)?;
            output::say(&format!(
                "{} generated files, {} changed",
                pages.len(),
                differences.len()
            ));
            Ok(())
        }
    }
}

fn check_links(root: &Path, count: usize) -> Result<(), Error> {
    let broken = links::broken(root)?;
    if !broken.is_empty() {
        return Err(Error::Links(broken));
    }
    output::say(&format!(
        "{count} generated files are up to date, every link leads somewhere"
    ));
    Ok(())
}

fn pages(root: &Path, catalogue: &Catalogue, command: &Command) -> Result<Vec<Page>, Error> {
    let mut pages = rules::pages(catalogue);
    pages.push(coverage::page(catalogue));
    pages.push(commands::page(command));
    pages.push(schema::page(catalogue)?);
    pages.push(house::page(root, &arrows::read_table(root)?)?);
    Ok(pages)
}

fn differences(root: &Path, pages: &[Page]) -> Result<Vec<(String, State)>, Error> {
    let mut differences = Vec::new();
    for page in pages {
        match fs::read_to_string(root.join(&page.path)) {
            Ok(text) if text == page.text => {}
            Ok(_) => differences.push((page.path.clone(), State::Stale)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                differences.push((page.path.clone(), State::Missing));
            }
            Err(error) => return Err(Error::read(&root.join(&page.path))(error)),
        }
    }
    for folder in OWNED_FOLDERS {
        differences.extend(left_over(root, folder, pages)?);
    }
    differences.sort_by(|left, right| left.0.cmp(&right.0));
    Ok(differences)
}

fn left_over(root: &Path, folder: &str, pages: &[Page]) -> Result<Vec<(String, State)>, Error> {
    let place = root.join(folder);
    if !place.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(&place).map_err(Error::read(&place))? {
        let name = entry.map_err(Error::read(&place))?.file_name();
        let path = format!("{folder}/{}", name.to_string_lossy());
        if !pages.iter().any(|page| page.path == path) {
            found.push((path, State::LeftOver));
        }
    }
    Ok(found)
}

fn describe((path, state): &(String, State)) -> String {
    match state {
        State::Missing => format!("missing:   {path}"),
        State::Stale => format!("stale:     {path}"),
        State::LeftOver => format!("left over: {path}"),
    }
}

fn write(root: &Path, pages: &[Page], differences: &[(String, State)]) -> Result<(), Error> {
    for (path, state) in differences {
        let target = root.join(path);
        if *state == State::LeftOver {
            fs::remove_file(&target).map_err(Error::write(&target))?;
        } else if let Some(page) = pages.iter().find(|page| page.path == *path) {
            if let Some(folder) = target.parent() {
                fs::create_dir_all(folder).map_err(Error::write(folder))?;
            }
            fs::write(&target, &page.text).map_err(Error::write(&target))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod fixture;

#[cfg(test)]
mod tests;
