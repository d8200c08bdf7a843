//! Where in a file something was found.

use std::io;

use tutela_core::{ArtifactFile, Location, escape, read_all};
use tutela_formats::zip::Member;
use tutela_formats::{Entry, Format};

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

/// Whether it is made of raw numbers, at least for the most part, so that all of it is searched for what is concealed.
///
/// A text may speak of pickles and hold scripts as a matter of course.
///
/// # Errors
/// What reading the bytes returns.
pub(crate) fn is_searched(entry: &Entry<'_>) -> io::Result<bool> {
    let raw = |format: &Format| {
        matches!(
            format,
            Format::Pickle
                | Format::TorchLegacy
                | Format::Npy
                | Format::Safetensors
                | Format::Gguf
                | Format::Onnx
                | Format::Tflite
                | Format::SavedModel
                | Format::TfGraph
                | Format::CoreMl
                | Format::Hdf5
                | Format::Msgpack
                | Format::MxNet
                | Format::Caffe
        )
    };
    Ok(entry.formats.iter().all(raw) && !entry.is_text()?)
}

/// The folder of a path, empty at the top.
pub(crate) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The name of a member of an archive, with the names of what the archive itself lies in.
pub(crate) fn member_name(archive: &Entry<'_>, member: &Member) -> String {
    let name = escape(&member.name, 200);
    match archive.member {
        Some(outer) => format!("{outer}!{name}"),
        None => name,
    }
}

/// The bytes of a member of an archive, or why they cannot be had, as a sentence that goes on from its name.
///
/// # Errors
/// What reading the archive returns.
pub(crate) fn read_member(
    archive: &Entry<'_>,
    member: &Member,
    limit: u64,
) -> io::Result<Result<Vec<u8>, String>> {
    let content = match member.open(archive.bytes, limit) {
        Ok(content) => content,
        Err(why) => return Ok(Err(format!("could not be read: {why}"))),
    };
    match read_all(&content, limit) {
        Ok(bytes) => Ok(Ok(bytes)),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            Ok(Err("is longer than is read".to_owned()))
        }
        Err(error) => Err(error),
    }
}
