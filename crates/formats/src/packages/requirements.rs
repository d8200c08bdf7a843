//! Lines of requirements, as pip reads them.

use super::marker::{Truth, any_python, judge};
use super::version::Range;
use super::{Include, Listing, Package, Trouble, normalise};

/// Reads a file of requirements or constraints.
pub(super) fn read(text: &str) -> Listing {
    let mut listing = Listing::default();
    let mut joined = String::new();
    let mut first = 0_u64;
    for (line, number) in text.lines().zip(1_u64..) {
        if joined.is_empty() {
            first = number;
        }
        let is_comment = line.trim_start().starts_with('#');
        if let Some(part) = line.strip_suffix('\\').filter(|_| !is_comment) {
            joined.push_str(part);
            continue;
        }
        if is_comment {
            joined.push(' ');
        }
        joined.push_str(line);
        take(&std::mem::take(&mut joined), first, &mut listing);
    }
    take(&joined, first, &mut listing);
    listing
}

/// Reads the requirements of `setup.cfg`: indented lines below `install_requires` and below the extras.
pub(super) fn setup_cfg(text: &str) -> Listing {
    let mut listing = Listing::default();
    let (mut section, mut key) = (String::new(), String::new());
    for (line, number) in text.lines().zip(1_u64..) {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = trimmed
            .strip_prefix('[')
            .and_then(|it| it.strip_suffix(']'))
        {
            name.trim().clone_into(&mut section);
            key.clear();
            continue;
        }
        let mut value = trimmed;
        if !line.starts_with([' ', '\t']) {
            let (name, rest) = trimmed.split_once(['=', ':']).unwrap_or((trimmed, ""));
            name.trim().clone_into(&mut key);
            value = rest.trim();
        }
        let is_list = match section.as_str() {
            "options" => matches!(key.as_str(), "install_requires" | "setup_requires"),
            "options.extras_require" => !key.is_empty(),
            _ => false,
        };
        if is_list && let Some(file) = value.strip_prefix("file:") {
            let paths = file.split(',').map(|path| Include {
                path: path.trim().to_owned(),
                line: number,
            });
            listing.includes.extend(paths);
        } else if is_list {
            take(value, number, &mut listing);
        }
    }
    listing
}

fn take(line: &str, number: u64, listing: &mut Listing) {
    let line = without_comment(line).trim();
    if line.is_empty() {
        return;
    }
    if line.starts_with('-') {
        option(line, number, listing);
        return;
    }
    // Options of one requirement, such as its hashes.
    let line = line.split(" --").next().unwrap_or(line).trim();
    match requirement(line, number, &any_python()) {
        Ok(package) => listing.packages.extend(package),
        Err(why) => listing.troubles.push(Trouble { line: number, why }),
    }
}

/// A comment begins at the start of a line or behind white space.
fn without_comment(line: &str) -> &str {
    let mut before = ' ';
    for (at, character) in line.char_indices() {
        if character == '#' && before.is_whitespace() {
            return line.get(..at).unwrap_or_default();
        }
        before = character;
    }
    line
}

fn option(line: &str, number: u64, listing: &mut Listing) {
    for flag in ["--requirement", "--constraint", "-r", "-c"] {
        let Some(rest) = line.strip_prefix(flag) else {
            continue;
        };
        let path = rest.trim_start_matches(['=', ' ', '\t']).trim();
        listing.includes.push(Include {
            path: path.trim_matches(['"', '\'']).to_owned(),
            line: number,
        });
        return;
    }
    for flag in ["--editable", "-e"] {
        if let Some(rest) = line.strip_prefix(flag) {
            let place = rest.trim_start_matches(['=', ' ', '\t']);
            listing.packages.extend(of_place(place, number));
            return;
        }
    }
}

/// One requirement; nothing when its condition cannot hold or it has no name.
pub(super) fn requirement(
    line: &str,
    number: u64,
    python: &Range,
) -> Result<Option<Package>, String> {
    let (before, marker) = match line.split_once(" ;").or_else(|| {
        let is_place = line.contains("://");
        line.split_once(';').filter(|_| !is_place)
    }) {
        Some((before, marker)) => (before.trim(), Some(marker.trim())),
        None => (line, None),
    };
    let condition = match marker.map(|marker| (judge(marker, python), marker)) {
        Some((Truth::Fails, _)) => return Ok(None),
        Some((Truth::Unknown, marker)) => Some(marker.to_owned()),
        _ => None,
    };
    let is_place = before.contains("://") || before.starts_with(['.', '/']);
    let named = before.split_once('@').filter(|(name, _)| is_name(name));
    if is_place && named.is_none() {
        return Ok(of_place(before, number).map(|package| Package {
            condition,
            ..package
        }));
    }
    let end = before
        .find(|next: char| !(next.is_ascii_alphanumeric() || "-_.".contains(next)))
        .unwrap_or(before.len());
    let (name, rest) = before.split_at_checked(end).unwrap_or((before, ""));
    if !is_name(name) {
        let shown = tutela_core::escape(line, 80);
        return Err(format!("`{shown}` is no requirement"));
    }
    let rest = after_extras(rest.trim());
    if let Some(place) = rest.strip_prefix('@') {
        let package = of_place(place.trim(), number);
        return Ok(Some(Package {
            name: normalise(name),
            versions: package.as_ref().and_then(|found| found.versions.clone()),
            written: package.map_or_else(|| place.trim().to_owned(), |found| found.written),
            condition,
            line: number,
        }));
    }
    let written = rest.trim_matches(['(', ')', ' ']);
    let versions = Range::parse(&exported(written));
    if versions.is_none() && !written.starts_with("===") {
        let shown = tutela_core::escape(line, 80);
        return Err(format!("the versions of `{shown}` are not understood"));
    }
    Ok(Some(Package {
        name: normalise(name),
        versions,
        written: written.to_owned(),
        condition,
        line: number,
    }))
}

/// `1.26.4=py311h1` as conda exports it is the version and its build.
fn exported(written: &str) -> String {
    match written
        .strip_prefix('=')
        .and_then(|rest| rest.split_once('='))
    {
        Some((version, build)) if !version.is_empty() && !build.is_empty() => {
            format!("=={version}")
        }
        _ => written.to_owned(),
    }
}

fn after_extras(rest: &str) -> &str {
    rest.strip_prefix('[')
        .and_then(|inside| inside.split_once(']'))
        .map_or(rest, |(_, after)| after.trim())
}

fn is_name(text: &str) -> bool {
    let text = text.trim().split('[').next().unwrap_or_default().trim();
    let ends = |next: char| next.is_ascii_alphanumeric();
    text.starts_with(ends)
        && text.ends_with(ends)
        && text
            .chars()
            .all(|next| next.is_ascii_alphanumeric() || "-_.".contains(next))
}

/// A file or repository: the name and version are in the name of a wheel or archive, the name in `#egg=`.
fn of_place(place: &str, line: u64) -> Option<Package> {
    let (path, fragment) = place.split_once('#').unwrap_or((place, ""));
    let path = path.split('?').next().unwrap_or(path);
    let file = path
        .trim()
        .rsplit('/')
        .next()
        .unwrap_or(path)
        .replace("%2B", "+");
    if let Some((name, version)) = named_file(&file) {
        return Some(Package {
            name: normalise(&name),
            versions: Range::parse(&format!("=={version}")),
            written: format!("=={version}"),
            condition: None,
            line,
        });
    }
    let egg = fragment
        .split('&')
        .find_map(|part| part.strip_prefix("egg="))?;
    let name = egg.split('[').next().unwrap_or(egg);
    is_name(name).then(|| Package {
        name: normalise(name),
        versions: None,
        written: place.to_owned(),
        condition: None,
        line,
    })
}

/// Name and version of `torch-2.5.1+cpu-cp311-cp311-linux_x86_64.whl`, or of a source archive.
pub(super) fn named_file(file: &str) -> Option<(String, String)> {
    if let Some(stem) = file.strip_suffix(".whl") {
        let mut parts = stem.split('-');
        return Some((parts.next()?.to_owned(), parts.next()?.to_owned()));
    }
    let stem = [".tar.gz", ".zip", ".tar.bz2"]
        .iter()
        .find_map(|ending| file.strip_suffix(ending))?;
    let (name, version) = stem.rsplit_once('-')?;
    super::Version::parse(version)?;
    Some((name.to_owned(), version.to_owned()))
}
