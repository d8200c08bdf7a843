//! Links between the repository's own papers: each must lead to a file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Error;

/// Folders whose Markdown files are read, and all below them; the root is read besides.
const FOLDERS: [&str; 2] = ["docs", "examples"];

/// Every link that leads nowhere, with the file that has it.
pub(crate) fn broken(root: &Path) -> Result<Vec<String>, Error> {
    let mut papers = markdown_in(root, &mut Vec::new())?;
    let mut folders: Vec<PathBuf> = FOLDERS
        .iter()
        .map(|folder| root.join(folder))
        .filter(|folder| folder.is_dir())
        .collect();
    while let Some(folder) = folders.pop() {
        papers.extend(markdown_in(&folder, &mut folders)?);
    }
    papers.sort();
    let mut broken = Vec::new();
    for paper in papers {
        let text = fs::read_to_string(&paper).map_err(Error::read(&paper))?;
        let folder = paper.parent().unwrap_or(root);
        let shown = paper.strip_prefix(root).unwrap_or(&paper).display();
        for target in targets(&text) {
            if !folder.join(target).exists() {
                broken.push(format!("{shown}: `{target}`"));
            }
        }
    }
    Ok(broken)
}

/// The Markdown files of one folder; the folders in it are added to `folders`.
fn markdown_in(folder: &Path, folders: &mut Vec<PathBuf>) -> Result<Vec<PathBuf>, Error> {
    let mut papers = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::read(folder))? {
        let path = entry.map_err(Error::read(folder))?.path();
        if path.is_dir() {
            folders.push(path);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            papers.push(path);
        }
    }
    Ok(papers)
}

/// The targets of all links to files, without their anchors; code blocks are left out.
fn targets(text: &str) -> Vec<&str> {
    let mut targets = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            let links = line
                .split("](")
                .skip(1)
                .filter_map(|rest| rest.split(')').next());
            targets.extend(links.filter_map(file));
        }
    }
    targets
}

/// The file that a link leads to; none for an address or a place in the same file.
fn file(link: &str) -> Option<&str> {
    let is_address = link.contains("://") || link.starts_with("mailto:");
    let path = link.split(['#', ' ']).next().unwrap_or_default();
    (!is_address && !path.is_empty()).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_to_files_are_followed() {
        let text = "[a](b.md#c) [d](#e) [f](https://example.org/g) ![h](i/j.png \"k\")\n\
                    ```text\n[l](m.md)\n```\n[n](o/)\n";
        assert_eq!(targets(text), ["b.md", "i/j.png", "o/"]);
    }

    #[test]
    fn a_link_to_nothing_is_named() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("docs/rules")).unwrap();
        fs::write(root.path().join("README.md"), "[x](docs/y.md) [z](docs)").unwrap();
        fs::write(root.path().join("docs/rules/y.md"), "[up](../../README.md)").unwrap();
        assert_eq!(broken(root.path()).unwrap(), ["README.md: `docs/y.md`"]);
    }
}
