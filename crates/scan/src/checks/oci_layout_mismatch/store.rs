//! Where the blobs of a layout lie: in a folder, or in a tar archive.

use std::collections::BTreeMap;
use std::io;

use tutela_core::{ArtifactFile, Bytes, Window, read_all};
use tutela_formats::oci::{self, Document};
use tutela_formats::tar;

use crate::inside::folder;
use crate::names;

/// Files by their paths.
pub(super) trait Store {
    /// The file at a path.
    fn open(&self, path: &str) -> io::Result<Option<Box<dyn Bytes + '_>>>;

    /// Every path that begins so.
    fn below(&self, prefix: &str) -> Vec<String>;

    /// Whether any path begins so.
    fn holds(&self, prefix: &str) -> bool;
}

/// The folder that a layout's blobs lie in: the nearest one above a path that has any.
pub(super) fn root(store: &dyn Store, path: &str) -> Option<String> {
    let mut at = folder(path);
    loop {
        let prefix = join(at, "blobs/sha256");
        if store.holds(&format!("{prefix}/")) || store.holds(&format!("{prefix}-")) {
            return Some(at.to_owned());
        }
        if at.is_empty() {
            return None;
        }
        at = folder(at);
    }
}

/// The two places where a blob of this digest may lie.
pub(super) fn places(root: &str, digits: &str) -> [String; 2] {
    [
        join(root, &format!("blobs/sha256/{digits}")),
        join(root, &format!("blobs/sha256-{digits}")),
    ]
}

pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// The document that bytes are, if they are short and one of a layout.
pub(super) fn document(bytes: &dyn Bytes) -> io::Result<Option<Document>> {
    if bytes.len() > oci::LONGEST {
        return Ok(None);
    }
    let mut first = [0; 64];
    let count = bytes.read_at(0, &mut first)?;
    let head = first.get(..count).unwrap_or_default().trim_ascii_start();
    if !matches!(head.first(), Some(b'{' | b'[' | 0xef)) {
        return Ok(None);
    }
    Ok(oci::read(&read_all(bytes, oci::LONGEST)?))
}

/// The files of an artifact.
pub(super) struct Folder<'a> {
    files: &'a [ArtifactFile],
}

impl<'a> Folder<'a> {
    pub(super) const fn new(files: &'a [ArtifactFile]) -> Self {
        Self { files }
    }

    fn from(&self, prefix: &str) -> &'a [ArtifactFile] {
        let start = self
            .files
            .partition_point(|file| file.path.as_str() < prefix);
        self.files.get(start..).unwrap_or_default()
    }
}

impl Store for Folder<'_> {
    fn open(&self, path: &str) -> io::Result<Option<Box<dyn Bytes + '_>>> {
        let found = self.from(path).first().filter(|file| file.path == path);
        let Some(file) = found else { return Ok(None) };
        let bytes = file.open().map_err(io::Error::other)?;
        Ok(Some(Box::new(bytes)))
    }

    fn below(&self, prefix: &str) -> Vec<String> {
        let files = self.from(prefix).iter();
        files
            .take_while(|file| file.path.starts_with(prefix))
            .map(|file| file.path.clone())
            .collect()
    }

    fn holds(&self, prefix: &str) -> bool {
        let first = self.from(prefix).first();
        first.is_some_and(|file| file.path.starts_with(prefix))
    }
}

/// The members of a tar archive, by their tidy names; the last of a doubled name counts, as when it is unpacked.
pub(super) struct Tar<'a> {
    bytes: &'a dyn Bytes,
    members: BTreeMap<String, &'a tar::Member>,
}

impl<'a> Tar<'a> {
    pub(super) fn new(bytes: &'a dyn Bytes, archive: &'a tar::Archive) -> Self {
        let files = archive.members.iter();
        let files = files.filter(|member| member.kind == tar::Kind::File);
        Self {
            bytes,
            members: files
                .map(|member| (names::tidy(&member.name), member))
                .collect(),
        }
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// Whether it holds a layout, and not only files.
    pub(super) fn is_layout(&self) -> bool {
        let is_mark = |path: &str| {
            let name = path.rsplit('/').next().unwrap_or(path);
            matches!(name, "oci-layout" | "index.json" | "manifest.json")
                || oci::named_by(path).is_some()
        };
        self.paths().any(is_mark)
    }
}

impl Store for Tar<'_> {
    fn open(&self, path: &str) -> io::Result<Option<Box<dyn Bytes + '_>>> {
        Ok(self.members.get(path).map(|member| -> Box<dyn Bytes + '_> {
            Box::new(Window::new(self.bytes, member.start, member.length))
        }))
    }

    fn below(&self, prefix: &str) -> Vec<String> {
        let from = self.members.range(prefix.to_owned()..);
        from.map(|(path, _)| path.clone())
            .take_while(|path| path.starts_with(prefix))
            .collect()
    }

    fn holds(&self, prefix: &str) -> bool {
        let mut from = self.members.range(prefix.to_owned()..);
        from.next()
            .is_some_and(|(path, _)| path.starts_with(prefix))
    }
}
