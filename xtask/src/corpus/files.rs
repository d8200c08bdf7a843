//! The files of the corpus and what is expected of each.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;

use super::judge::Verdict;
use crate::Error;

/// What the program ought to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Expected {
    /// It is an attack: a finding at the threshold.
    Block,
    /// It is harmless: no finding at the threshold.
    Pass,
}

impl Expected {
    /// What files of this sort are called.
    pub(crate) const fn plural(self) -> &'static str {
        match self {
            Self::Block => "attacks",
            Self::Pass => "harmless files",
        }
    }
}

/// A file, and what is known about it.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// Where to read it.
    pub(crate) path: PathBuf,
    /// The sort of source, such as `malicious` or `extra`.
    sort: String,
    /// The folder that it comes from.
    source: String,
    /// What the file is, said by who made it.
    format: Option<String>,
    /// What it does.
    pub(crate) note: String,
    /// What the program ought to say.
    pub(crate) expected: Expected,
}

impl Sample {
    /// The groups that it counts for.
    pub(crate) fn groups(&self) -> impl Iterator<Item = String> {
        let source = format!("{}/{}", self.sort, self.source);
        let format = self
            .format
            .as_ref()
            .map(|format| format!("{} as {format}", self.sort));
        std::iter::once(source).chain(format)
    }

    /// How it is shown.
    pub(crate) fn name(&self) -> String {
        let file = self.path.file_name().unwrap_or_default();
        format!("{}/{}/{}", self.sort, self.source, file.to_string_lossy())
    }

    /// Whether the program said what it ought to.
    pub(crate) fn is_as_expected(&self, verdict: Verdict) -> bool {
        match self.expected {
            Expected::Block => verdict == Verdict::Blocked,
            Expected::Pass => verdict == Verdict::Passed,
        }
    }
}

/// A folder outside of the repository, as typed: `FOLDER:malicious`, `FOLDER:benign` or `FOLDER:mixed`.
#[derive(Debug, Clone)]
pub(crate) struct Extra {
    /// The folder.
    pub(crate) folder: PathBuf,
    /// What its files are; none when `corpus/harmless-names.txt` says it.
    expected: Option<Expected>,
}

impl FromStr for Extra {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not FOLDER:malicious, FOLDER:benign or FOLDER:mixed");
        let (folder, sort) = text.rsplit_once(':').ok_or_else(wrong)?;
        let expected = match sort {
            "malicious" => Some(Expected::Block),
            "benign" => Some(Expected::Pass),
            "mixed" => None,
            _ => return Err(wrong()),
        };
        Ok(Self {
            folder: PathBuf::from(folder),
            expected,
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    #[serde(default)]
    file: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    path: String,
    format: String,
    note: String,
}

/// The repository's own files: exactly those that the manifests name.
pub(crate) fn own(folder: &Path) -> Result<Vec<Sample>, Error> {
    let mut samples = Vec::new();
    for (sort, expected) in [("malicious", Expected::Block), ("benign", Expected::Pass)] {
        let place = folder.join(sort);
        let path = place.join("expected.toml");
        let text = fs::read_to_string(&path).map_err(Error::read(&path))?;
        let manifest: Manifest = toml_edit::de::from_str(&text).map_err(|source| Error::Table {
            path,
            source: Box::new(source),
        })?;
        let named: BTreeSet<PathBuf> = manifest
            .file
            .iter()
            .map(|entry| place.join(&entry.path))
            .collect();
        let there: BTreeSet<PathBuf> = below(&place)?.into_iter().collect();
        let odd: Vec<String> = named
            .symmetric_difference(&there)
            .map(|path| {
                format!(
                    "{} is a file or in the manifest, but not both",
                    path.display()
                )
            })
            .collect();
        if !odd.is_empty() {
            return Err(Error::Floor(odd));
        }
        samples.extend(manifest.file.into_iter().map(|entry| Sample {
            path: place.join(&entry.path),
            sort: sort.to_owned(),
            source: entry.path.split('/').next().unwrap_or_default().to_owned(),
            format: Some(entry.format),
            note: entry.note,
            expected,
        }));
    }
    Ok(samples)
}

/// The files of another folder; none when it does not exist.
pub(crate) fn extra(extra: &Extra, corpus: &Path) -> Result<Option<Vec<Sample>>, Error> {
    if !extra.folder.is_dir() {
        return Ok(None);
    }
    let path = corpus.join("harmless-names.txt");
    let harmless = fs::read_to_string(&path).map_err(Error::read(&path))?;
    let expected = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_harmless = harmless.lines().any(|line| line == name);
        extra.expected.unwrap_or(if is_harmless {
            Expected::Pass
        } else {
            Expected::Block
        })
    };
    let samples = below(&extra.folder)?.into_iter().map(|path| Sample {
        expected: expected(&path),
        sort: format!("extra/{}", expected(&path).plural()),
        source: source_of(&path, &extra.folder),
        format: None,
        note: String::new(),
        path,
    });
    Ok(Some(samples.collect()))
}

/// The folder below the extra one, or the extra one itself.
fn source_of(path: &Path, folder: &Path) -> String {
    let relative = path.strip_prefix(folder).unwrap_or(path);
    let inner = relative.parent().filter(|parent| *parent != Path::new(""));
    let name = inner.or_else(|| folder.file_name().map(Path::new));
    name.unwrap_or(folder).to_string_lossy().replace('\\', "/")
}

/// Every file below a folder but what describes them, sorted.
fn below(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(place) = waiting.pop() {
        for entry in fs::read_dir(&place).map_err(Error::read(&place))? {
            let path = entry.map_err(Error::read(&place))?.path();
            if path.is_dir() {
                waiting.push(path);
            } else if place != folder || !is_description(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_description(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name == "expected.toml" || name == "VERSIONS")
}
