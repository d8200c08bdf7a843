//! The Python packages that a project pins, from every lock file and requirements file among its artifacts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tutela_core::{ArtifactFile, Context, Digest, combine, escape, read_all};
use tutela_formats::packages::{self, LENGTH, Package, Source};

/// How many files a chain of requirements may include.
const INCLUDED: usize = 1_000;

/// What a project pins.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    /// Every package that a file names, with the file's path.
    pub(crate) entries: Vec<(String, Package)>,
    /// What could not be read, as sentences.
    pub(crate) troubles: Vec<String>,
    /// How many files say something.
    pub(crate) files: usize,
    /// The paths of all of them, of those that could not be read, and of those that they name and that are missing.
    pub(crate) read: BTreeSet<String>,
}

/// The digest of the files that the inventory is made of, and of those that are missing in it.
///
/// It becomes a part of the configuration that evidence is about, so that the gate sees a lock file change. A scan
/// that takes no digests signs nothing, and names the files only.
pub(crate) fn digest(context: &Context<'_>) -> Digest {
    let inventory = of(context);
    context.memo.of(|| State(state(&inventory, context))).0
}

/// The inventory of the project. It is read once for all its models.
pub(crate) fn of(context: &Context<'_>) -> Arc<Inventory> {
    context.memo.of(|| read(context))
}

struct State(Digest);

fn state(inventory: &Inventory, context: &Context<'_>) -> Digest {
    let is_read = |path: &str| inventory.read.contains(path);
    let no_digest = Digest::of(b"no digest was taken");
    let mut parts: Vec<(&str, Digest)> = files(context)
        .filter(|file| is_read(&file.path))
        .map(|file| (file.path.as_str(), file.digest.unwrap_or(no_digest)))
        .collect();
    let unread = context
        .artifacts
        .iter()
        .flat_map(|artifact| &artifact.unread);
    let gone = unread.filter(|unread| is_read(&unread.path));
    parts.extend(gone.map(|unread| (unread.path.as_str(), Digest::of(unread.why.as_bytes()))));
    parts.sort();
    let read: Vec<&str> = inventory.read.iter().map(String::as_str).collect();
    combine([
        (
            "files",
            &combine(parts.iter().map(|(path, digest)| (*path, digest))),
        ),
        ("named", &Digest::of(read.join("\n").as_bytes())),
    ])
}

fn files<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a ArtifactFile> {
    context
        .artifacts
        .iter()
        .flat_map(|artifact| &artifact.files)
}

fn is_candidate(path: &str) -> bool {
    Source::of(path).is_some() || path.ends_with(".txt") || path.ends_with(".in")
}

fn read(context: &Context<'_>) -> Inventory {
    let known: BTreeMap<&str, &ArtifactFile> = files(context)
        .filter(|file| is_candidate(&file.path))
        .map(|file| (file.path.as_str(), file))
        .collect();
    let mut inventory = Inventory::default();
    let mut waiting: Vec<(String, Source)> = known
        .keys()
        .filter_map(|path| Some(((*path).to_owned(), Source::of(path)?)))
        .collect();
    let mut seen: Vec<String> = waiting.iter().map(|(path, _)| path.clone()).collect();
    inventory.read.extend(seen.iter().cloned());
    while let Some((path, source)) = waiting.pop() {
        let Some(file) = known.get(path.as_str()) else {
            continue;
        };
        for (line, include) in take(file, source, &mut inventory) {
            let target = beside(&path, &include);
            if seen.contains(&target) {
                continue;
            }
            inventory.read.insert(target.clone());
            if !known.contains_key(target.as_str()) || seen.len() >= INCLUDED {
                let (path, include) = (escape(&path, 300), escape(&include, 200));
                let why = format!("`{path}` line {line}: `{include}` is not among the files");
                inventory.troubles.push(why);
                continue;
            }
            seen.push(target.clone());
            waiting.push((target, Source::Requirements));
        }
    }
    for unread in context
        .artifacts
        .iter()
        .flat_map(|artifact| &artifact.unread)
    {
        if Source::of(&unread.path).is_some() {
            let path = escape(&unread.path, 300);
            inventory.troubles.push(format!("`{path}`: {}", unread.why));
            inventory.read.insert(unread.path.clone());
        }
    }
    inventory.entries.sort_by(|left, right| {
        (&left.0, left.1.line, &left.1.name).cmp(&(&right.0, right.1.line, &right.1.name))
    });
    inventory
}

/// Reads one file; returns what it includes.
fn take(file: &ArtifactFile, source: Source, inventory: &mut Inventory) -> Vec<(u64, String)> {
    let path = escape(&file.path, 300);
    inventory.files = inventory.files.saturating_add(1);
    if file.size() > LENGTH {
        let why = format!(
            "`{path}` of {} bytes is longer than the limit of {LENGTH}",
            file.size()
        );
        inventory.troubles.push(why);
        return Vec::new();
    }
    let bytes = file
        .open()
        .map_err(|error| error.chain())
        .and_then(|bytes| read_all(&bytes, LENGTH).map_err(|error| error.to_string()));
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(why) => {
            inventory.troubles.push(format!("`{path}`: {why}"));
            return Vec::new();
        }
    };
    let listing = packages::read(source, &bytes);
    for trouble in listing.troubles.iter().take(5) {
        inventory
            .troubles
            .push(format!("`{path}` line {}: {}", trouble.line, trouble.why));
    }
    for package in listing.packages {
        inventory.entries.push((file.path.clone(), package));
    }
    listing
        .includes
        .into_iter()
        .map(|include| (include.line, include.path))
        .collect()
}

/// A path beside another, without `.` and `..`.
fn beside(path: &str, other: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in other.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}
