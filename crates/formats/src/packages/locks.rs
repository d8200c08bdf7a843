//! Lock files and declarations in TOML, JSON and YAML, and the head of an installed package's `METADATA`.

use crate::tree::{Document, Node};
use crate::{json, toml as toml_text, yaml as yaml_text};

use super::marker::{Truth, any_python, judge};
use super::requirements::{named_file, requirement};
use super::version::Range;
use super::{Lines, Listing, Package, Source, Trouble, normalise};

struct Reader {
    lines: Lines,
    python: Range,
    listing: Listing,
}

impl Reader {
    fn new(text: &str, document: &Document) -> Self {
        let lines = Lines::of(text);
        let mut listing = Listing::default();
        if let Some((at, fault)) = &document.fault {
            listing.troubles.push(Trouble {
                line: lines.at(*at),
                why: fault.to_string(),
            });
        }
        Self {
            lines,
            python: any_python(),
            listing,
        }
    }

    /// A package with its version, as locks list them.
    fn pin(&mut self, (name, at): (&str, u64), version: Option<&str>, markers: &[&str]) {
        let judged = markers
            .iter()
            .map(|marker| (judge(marker, &self.python), *marker));
        let judged: Vec<(Truth, &str)> = judged.collect();
        // Several conditions are alternatives.
        if !judged.is_empty() && judged.iter().all(|(truth, _)| *truth == Truth::Fails) {
            return;
        }
        let open = !judged.iter().any(|(truth, _)| *truth == Truth::Holds);
        let bare = version.map(|version| version.trim_start_matches('='));
        self.listing.packages.push(Package {
            name: normalise(name),
            versions: bare.and_then(|version| Range::parse(&format!("=={version}"))),
            written: bare.map_or_else(String::new, |version| format!("=={version}")),
            condition: judged
                .first()
                .filter(|_| open)
                .map(|(_, marker)| (*marker).to_owned()),
            line: self.lines.at(at),
        });
    }

    /// A line of requirements inside another file.
    fn line(&mut self, node: &Node) {
        let Some(text) = node.text() else { return };
        let line = self.lines.at(node.start);
        match requirement(text.trim(), line, &self.python) {
            Ok(package) => self.listing.packages.extend(package),
            Err(why) => self.listing.troubles.push(Trouble { line, why }),
        }
    }

    fn python(&mut self, specifiers: Option<&str>) {
        if let Some(range) = specifiers.and_then(Range::parse) {
            self.python.narrow(&range);
        }
    }
}

/// The first text under a key.
fn text<'a>(node: &'a Node, key: &'a str) -> Option<&'a str> {
    node.texts(key).next()
}

fn below<'a>(node: &'a Node, path: &[&'a str]) -> Vec<&'a Node> {
    path.iter().fold(vec![node], |nodes, key| {
        nodes.into_iter().flat_map(|node| node.all(key)).collect()
    })
}

/// Reads a lock file or declaration in TOML.
pub(super) fn toml(source: Source, text_of: &str) -> Listing {
    let document = toml_text::read_text(text_of);
    let mut reader = Reader::new(text_of, &document);
    for root in &document.roots {
        reader.python(text(root, "requires-python"));
        for metadata in below(root, &["metadata"]) {
            reader.python(text(metadata, "python-versions"));
            reader.python(text(metadata, "requires_python"));
        }
        match source {
            Source::Pyproject => pyproject(root, &mut reader),
            Source::PipfileDeclared => pipfile_declared(root, &mut reader),
            _ => {
                let list = if source == Source::Pylock {
                    "packages"
                } else {
                    "package"
                };
                locked(root, list, &mut reader);
            }
        }
    }
    reader.listing
}

fn locked(root: &Node, list: &str, reader: &mut Reader) {
    let known = root.all(list).next().is_some();
    if !known && reader.listing.troubles.is_empty() && root.entries().is_empty() {
        reader.listing.troubles.push(Trouble {
            line: 1,
            why: "the lock file is empty".to_owned(),
        });
    }
    for package in below(root, &[list]).into_iter().flat_map(Node::items) {
        let Some(name) = package.all("name").find(|name| name.text().is_some()) else {
            reader.listing.troubles.push(Trouble {
                line: reader.lines.at(package.start),
                why: "a package has no name".to_owned(),
            });
            continue;
        };
        let mut markers: Vec<&str> = ["marker", "markers"]
            .iter()
            .flat_map(|key| package.texts(key))
            .collect();
        for node in package.all("resolution-markers") {
            markers.extend(node.items().iter().filter_map(Node::text));
        }
        let at = package
            .all("version")
            .next()
            .map_or(name.start, |node| node.start);
        let name = name.text().unwrap_or_default();
        reader.pin((name, at), text(package, "version"), &markers);
    }
}

fn pyproject(root: &Node, reader: &mut Reader) {
    for project in below(root, &["project"]) {
        reader.python(text(project, "requires-python"));
    }
    for path in [
        &["project", "dependencies"] as &[&str],
        &["tool", "uv", "dev-dependencies"],
        &["tool", "uv", "override-dependencies"],
    ] {
        for list in below(root, path) {
            list.items().iter().for_each(|item| reader.line(item));
        }
    }
    for path in [
        &["project", "optional-dependencies"] as &[&str],
        &["dependency-groups"],
        &["tool", "pdm", "dev-dependencies"],
    ] {
        for (_, list) in below(root, path).into_iter().flat_map(Node::entries) {
            list.items().iter().for_each(|item| reader.line(item));
        }
    }
    for poetry in below(root, &["tool", "poetry"]) {
        let groups = below(poetry, &["group"])
            .into_iter()
            .flat_map(Node::entries);
        let own = poetry
            .all("dependencies")
            .chain(poetry.all("dev-dependencies"));
        let all: Vec<&Node> = own
            .chain(groups.flat_map(|(_, group)| group.all("dependencies")))
            .collect();
        for (name, value) in all.into_iter().flat_map(Node::entries) {
            let written = value.text().or_else(|| text(value, "version"));
            if let Some(written) = written.filter(|_| name != "python") {
                declared(name, written, value.start, reader);
            }
        }
    }
}

/// `Pipfile`: tables of names and versions; what is a place instead of a version (`git`, `path`) has none.
fn pipfile_declared(root: &Node, reader: &mut Reader) {
    for section in ["packages", "dev-packages"] {
        for (name, value) in below(root, &[section]).into_iter().flat_map(Node::entries) {
            match value.text().or_else(|| text(value, "version")) {
                Some(written) => declared(name, written, value.start, reader),
                None => reader.pin((name, value.start), None, &[]),
            }
        }
    }
}

/// A name and its versions; several alternatives are taken as any version between them.
fn declared(name: &str, written: &str, at: u64, reader: &mut Reader) {
    let exact = written.starts_with(|first: char| first.is_ascii_digit()) && !written.contains(',');
    let whole = if exact {
        format!("=={written}")
    } else {
        written.to_owned()
    };
    let alternatives = written.contains('|') || written == "*";
    reader.listing.packages.push(Package {
        name: normalise(name),
        versions: if alternatives {
            Some(Range::default())
        } else {
            Range::parse(&whole)
        },
        written: whole,
        condition: None,
        line: reader.lines.at(at),
    });
}

/// Reads `Pipfile.lock`.
pub(super) fn pipfile(text_of: &str) -> Listing {
    let document = json::parse(text_of.as_bytes());
    let mut reader = Reader::new(text_of, &document);
    for root in &document.roots {
        for section in ["default", "develop"] {
            for (name, value) in below(root, &[section]).into_iter().flat_map(Node::entries) {
                let markers: Vec<&str> = value.texts("markers").collect();
                reader.pin((name, value.start), text(value, "version"), &markers);
            }
        }
    }
    reader.listing
}

/// Reads a conda environment, `conda-lock.yml` or `pixi.lock`.
pub(super) fn yaml(source: Source, text_of: &str) -> Listing {
    let document = yaml_text::read_text(text_of);
    let mut reader = Reader::new(text_of, &document);
    for root in &document.roots {
        if source == Source::Environment {
            for item in below(root, &["dependencies"])
                .into_iter()
                .flat_map(Node::items)
            {
                if item.text().is_some() {
                    conda(item, &mut reader);
                }
                for list in item.all("pip") {
                    list.items().iter().for_each(|item| pip(item, &mut reader));
                }
            }
            continue;
        }
        for list in ["package", "packages"] {
            for package in below(root, &[list]).into_iter().flat_map(Node::items) {
                conda_locked(package, &mut reader);
            }
        }
    }
    reader.listing
}

/// `-r requirements.txt` of `MLflow` is a file, anything else a requirement.
fn pip(item: &Node, reader: &mut Reader) {
    match item.text().map(str::trim) {
        Some(text) if text.starts_with('-') => {
            let mut inner = super::requirements::read(text);
            let line = reader.lines.at(item.start);
            inner
                .includes
                .iter_mut()
                .for_each(|include| include.line = line);
            reader.listing.includes.append(&mut inner.includes);
        }
        _ => reader.line(item),
    }
}

/// `pytorch=2.5.1=build` and `channel::pytorch>=2`; conda calls torch `pytorch`.
fn conda(item: &Node, reader: &mut Reader) {
    let Some(text) = item.text() else { return };
    let text = text.rsplit("::").next().unwrap_or(text).trim();
    let end = text
        .find(|next: char| "=<>!~ [".contains(next))
        .unwrap_or(text.len());
    let (name, written) = text.split_at_checked(end).unwrap_or((text, ""));
    let mut parts = written.trim().split('=').filter(|part| !part.is_empty());
    let pinned = written.trim().starts_with('=');
    let version = parts.next().filter(|_| pinned);
    let name = of_conda(name);
    match version {
        Some(version) => reader.pin((name, item.start), Some(version), &[]),
        None => declared(name, written.trim(), item.start, reader),
    }
}

fn of_conda(name: &str) -> &str {
    match name {
        "pytorch" | "pytorch-cpu" | "pytorch-gpu" => "torch",
        other => other,
    }
}

fn conda_locked(package: &Node, reader: &mut Reader) {
    let address = ["conda", "pypi", "url"]
        .iter()
        .find_map(|key| text(package, key));
    let file = address.and_then(|address| address.rsplit('/').next());
    let named = file.and_then(|file| of_conda_file(file).or_else(|| named_file(file)));
    let name = text(package, "name").map(str::to_owned);
    let version = text(package, "version").map(str::to_owned);
    let (name, version) = match (name, version, named) {
        (Some(name), Some(version), _) => (name, version),
        (_, _, Some(named)) => named,
        (Some(name), None, None) => (name, String::new()),
        _ => return,
    };
    let version = Some(version.as_str()).filter(|version| !version.is_empty());
    reader.pin((of_conda(&name), package.start), version, &[]);
}

/// Name and version of `pytorch-2.5.1-py311_0.conda`.
fn of_conda_file(file: &str) -> Option<(String, String)> {
    let stem = file
        .strip_suffix(".conda")
        .or_else(|| file.strip_suffix(".tar.bz2"))?;
    let mut parts = stem.rsplitn(3, '-');
    let (_build, version, name) = (parts.next()?, parts.next()?, parts.next()?);
    Some((name.to_owned(), version.to_owned()))
}

/// Reads the head of `METADATA`.
pub(super) fn installed(text: &str) -> Listing {
    let mut listing = Listing::default();
    let head = text
        .lines()
        .zip(1_u64..)
        .take_while(|(line, _)| !line.is_empty());
    let fields: Vec<(&str, &str, u64)> = head
        .filter_map(|(line, number)| {
            line.split_once(':')
                .map(|(key, value)| (key, value, number))
        })
        .collect();
    let field = |wanted: &str| {
        let mut found = fields
            .iter()
            .filter(|(key, ..)| key.eq_ignore_ascii_case(wanted));
        found
            .next()
            .map(|(_, value, number)| (value.trim(), *number))
    };
    match (field("Name"), field("Version")) {
        (Some((name, _)), Some((version, line))) => listing.packages.push(Package {
            name: normalise(name),
            versions: Range::parse(&format!("=={version}")),
            written: format!("=={version}"),
            condition: None,
            line,
        }),
        _ => listing.troubles.push(Trouble {
            line: 1,
            why: "the metadata of an installed package have no name or version".to_owned(),
        }),
    }
    listing
}
