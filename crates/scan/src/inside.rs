//! Where in a file something was found.

use tutela_core::{ArtifactFile, Location, escape};
use tutela_formats::Entry;

/// The file, or the member inside it.
pub(crate) fn location(file: &ArtifactFile, entry: &Entry<'_>) -> Location {
    let location = Location::file(file.path.clone());
    match entry.member {
        Some(member) => location.in_member(member),
        None => location,
    }
}

/// The place as it is shown in a sentence.
pub(crate) fn place(file: &ArtifactFile, member: Option<&str>) -> String {
    let path = escape(&file.path, 300);
    member.map_or_else(|| path.clone(), |member| format!("{path}!{member}"))
}

/// The folder of a path, empty at the top.
pub(crate) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
