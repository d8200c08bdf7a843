//! What is examined: a model, a data set, or the other files of a project.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    Bytes as _, Declaration, Digest, Error, FileBytes, FileIdentity, Hasher, Progress, Skipped,
    Split, combine,
};

/// What an artifact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    /// A model: one file, or a folder that is loaded as one.
    Model,
    /// A data set: one file, or several of the same shape.
    Dataset,
    /// All files of a project that are neither.
    Files,
}

impl Kind {
    /// The kebab-case name used in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Dataset => "dataset",
            Self::Files => "files",
        }
    }
}

/// One file of an artifact, as it was when it was taken up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactFile {
    /// Path relative to the project, `/` between parts, escaped where it is not text.
    pub path: String,
    /// Where to read it.
    pub source: PathBuf,
    /// Digest of its bytes; none where nobody asked for one (a scan that only looks).
    pub digest: Option<Digest>,
    /// Which file it was and which state of it.
    pub identity: FileIdentity,
    /// Whether the file system marks it as a program.
    pub executable: bool,
    /// Which part of a data set it belongs to, when declared.
    pub split: Option<Split>,
    /// Places where something seems to begin, ascending, when they were looked for while the digest was taken. They
    /// save a check a second reading of the file; they prove nothing.
    pub marks: Option<Vec<u64>>,
}

impl ArtifactFile {
    /// Takes the digest of a file.
    ///
    /// # Errors
    /// What the operating system returns; `Other` when the file changed meanwhile.
    pub fn take(
        path: impl Into<String>,
        source: &Path,
        progress: &dyn Progress,
    ) -> io::Result<Self> {
        Self::take_through(path, source, progress, &mut |_| {})
    }

    /// Takes the digest of a file and shows every byte to `see`, in order.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn take_through(
        path: impl Into<String>,
        source: &Path,
        progress: &dyn Progress,
        see: &mut dyn FnMut(&[u8]),
    ) -> io::Result<Self> {
        let bytes = FileBytes::open(source)?;
        let digest = digest_all(&bytes, progress, see)?;
        let file = Self {
            digest: Some(digest),
            ..Self::opened(path.into(), source, &bytes)
        };
        if file.has_changed() {
            return Err(io::Error::other("it changed while its digest was taken"));
        }
        Ok(file)
    }

    /// Notes which file it is and reads nothing: it has no digest then, and nothing can be claimed of it.
    ///
    /// # Errors
    /// What the operating system returns.
    pub fn note(path: impl Into<String>, source: &Path) -> io::Result<Self> {
        let bytes = FileBytes::open(source)?;
        Ok(Self::opened(path.into(), source, &bytes))
    }

    fn opened(path: String, source: &Path, bytes: &FileBytes) -> Self {
        Self {
            path,
            source: source.to_owned(),
            digest: None,
            identity: bytes.identity(),
            executable: bytes.is_executable(),
            split: None,
            marks: None,
        }
    }

    /// Size in bytes.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.identity.size()
    }

    /// The last part of the path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Opens the file.
    ///
    /// # Errors
    /// [`Error::Read`], or [`Error::Changed`] when it is not the file whose digest was taken.
    pub fn open(&self) -> Result<FileBytes, Error> {
        let bytes = FileBytes::open(&self.source).map_err(|source| Error::Read {
            path: self.path.clone(),
            source,
        })?;
        if bytes.identity() == self.identity {
            Ok(bytes)
        } else {
            Err(Error::Changed {
                path: self.path.clone(),
            })
        }
    }

    /// Whether the file is no longer the one whose digest was taken.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        std::fs::metadata(&self.source).map_or(true, |metadata| {
            FileIdentity::of(&metadata) != self.identity
        })
    }
}

fn digest_all(
    bytes: &FileBytes,
    progress: &dyn Progress,
    see: &mut dyn FnMut(&[u8]),
) -> io::Result<Digest> {
    // Small enough to stay in the second-level cache between the read and the hash.
    let mut buffer = vec![0_u8; usize::try_from(bytes.len().clamp(1, 256 << 10)).unwrap_or(1)];
    let mut hasher = Hasher::default();
    let mut offset = 0_u64;
    loop {
        match bytes.read_at(offset, &mut buffer) {
            Ok(0) => return Ok(hasher.finish()),
            Ok(count) => {
                let read = buffer.get(..count).unwrap_or_default();
                hasher.update(read);
                see(read);
                offset = offset.saturating_add(count as u64);
                progress.advance(count as u64);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A file that belongs to an artifact but could not be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unread {
    /// Path relative to the project.
    pub path: String,
    /// Why it could not be read.
    pub why: String,
}

/// What is examined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// What the user calls it: the id of a data set, otherwise the path.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The digest of its only file, or of all its files combined; none where nobody asked for one.
    pub digest: Option<Digest>,
    /// Its files, sorted by path.
    pub files: Vec<ArtifactFile>,
    /// Files that belong to it but could not be read; they make every check incomplete.
    pub unread: Vec<Unread>,
    /// What was left out by a declared rule, and links to what is examined under its own name.
    pub skipped: Vec<Skipped>,
    /// What the project file says about it.
    pub declaration: Declaration,
}

impl Artifact {
    /// Makes an artifact of files; sorts them and takes the combined digest.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: Kind, mut files: Vec<ArtifactFile>) -> Self {
        files.sort_by(|left, right| left.path.cmp(&right.path));
        let digest = digest_of(kind, &files);
        Self {
            name: name.into(),
            kind,
            digest,
            files,
            unread: Vec::new(),
            skipped: Vec::new(),
            declaration: Declaration::None,
        }
    }

    /// Adds what the project file says.
    #[must_use]
    pub fn declared(mut self, declaration: Declaration) -> Self {
        self.declaration = declaration;
        self
    }

    /// Notes what belongs to it beside the files that were read. It becomes part of the digest, which then
    /// never stands for an artifact without it.
    #[must_use]
    pub fn with_gaps(mut self, unread: Vec<Unread>, links: Vec<Skipped>) -> Self {
        let gaps = !unread.is_empty() || !links.is_empty();
        if let Some(read) = self.digest.filter(|_| gaps) {
            let gaps = unread.iter().map(|gap| (gap.path.as_str(), read));
            let targets = links
                .iter()
                .map(|link| (link.what.as_str(), Digest::of(link.why.as_bytes())));
            let parts: Vec<(&str, Digest)> = [("read", read)]
                .into_iter()
                .chain(gaps)
                .chain(targets)
                .collect();
            let parts = parts.iter().map(|(name, digest)| (*name, digest));
            self.digest = Some(combine(parts));
        }
        self.unread.extend(unread);
        self.skipped.extend(links);
        self
    }

    /// Size of all files in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.files
            .iter()
            .map(ArtifactFile::size)
            .fold(0, u64::saturating_add)
    }

    /// The digest that these files have as this kind of artifact.
    #[must_use]
    pub fn expected_digest(&self) -> Option<Digest> {
        digest_of(self.kind, &self.files)
    }

    /// The digest by which evidence knows it.
    ///
    /// # Errors
    /// [`Error::NoDigest`] when none was taken: nothing may be claimed of it then.
    pub fn known_digest(&self) -> Result<Digest, Error> {
        self.digest.ok_or_else(|| Error::NoDigest {
            name: self.name.clone(),
        })
    }
}

/// One file is known by its own digest, so that other tools agree on it; several are combined.
fn digest_of(kind: Kind, files: &[ArtifactFile]) -> Option<Digest> {
    if let (Kind::Model | Kind::Dataset, [file]) = (kind, files) {
        return file.digest;
    }
    let parts: Vec<(&str, Digest)> = files
        .iter()
        .map(|file| Some((file.path.as_str(), file.digest?)))
        .collect::<Option<_>>()?;
    Some(combine(parts.iter().map(|(path, digest)| (*path, digest))))
}
