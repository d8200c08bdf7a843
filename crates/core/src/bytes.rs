//! Bounded, positioned reading of what is examined.
//!
//! A parser gets [`Bytes`] and asks for ranges; it never holds a cursor that another part could move,
//! and it never maps memory, because a mapped file that shrinks kills the process (SIGBUS).

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;

/// Random access to the bytes of a file, of an archive member, or of memory.
pub trait Bytes {
    /// How many bytes there are.
    fn len(&self) -> u64;

    /// Reads into `buffer` from `offset`; returns how many bytes, 0 only at the end.
    ///
    /// # Errors
    /// What the operating system returns.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Whether there are no bytes.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads exactly `buffer.len()` bytes from `offset`.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] when there are fewer.
    fn read_exact_at(&self, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<()> {
        while !buffer.is_empty() {
            match self.read_at(offset, buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    offset = offset.saturating_add(count as u64);
                    buffer = buffer.get_mut(count..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Bytes for [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset)
            .ok()
            .and_then(|start| self.get(start..))
            .unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(target), Some(source)) = (buffer.get_mut(..count), rest.get(..count)) {
            target.copy_from_slice(source);
        }
        Ok(count)
    }
}

impl Bytes for Vec<u8> {
    fn len(&self) -> u64 {
        Bytes::len(self.as_slice())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        Bytes::read_at(self.as_slice(), offset, buffer)
    }
}

/// Which file it is and which state of it: any write changes this.
///
/// The change time cannot be set by a program, unlike the modification time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileIdentity {
    size: u64,
    device: u64,
    inode: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl FileIdentity {
    /// Reads the identity from the file system's metadata.
    #[must_use]
    #[cfg(unix)]
    pub fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self {
            size: metadata.len(),
            device: metadata.dev(),
            inode: metadata.ino(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Reads the identity from the file system's metadata.
    #[must_use]
    #[cfg(not(unix))]
    pub fn of(metadata: &Metadata) -> Self {
        let modified = metadata
            .modified()
            .ok()
            .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
            .map_or((0, 0), |time| {
                (
                    i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
                    i64::from(time.subsec_nanos()),
                )
            });
        Self {
            size: metadata.len(),
            device: 0,
            inode: 0,
            modified,
            changed: modified,
        }
    }

    /// Size in bytes.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }
}

/// An open file whose identity is known.
#[derive(Debug)]
pub struct FileBytes {
    file: File,
    identity: FileIdentity,
    executable: bool,
}

impl FileBytes {
    /// Opens a regular file; a pipe, socket or device is refused, since reading one may never end.
    ///
    /// # Errors
    /// What the operating system returns, or `InvalidInput` for something that is not a file.
    pub fn open(path: &Path) -> io::Result<Self> {
        // Asked before opening: opening a named pipe would wait for a writer.
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "not a regular file",
            ));
        }
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        Ok(Self {
            file,
            identity: FileIdentity::of(&metadata),
            executable: is_executable(&metadata),
        })
    }

    /// Which file it is and which state of it was opened.
    #[must_use]
    pub const fn identity(&self) -> FileIdentity {
        self.identity
    }

    /// Whether the file system lets anybody execute it.
    pub(crate) const fn is_executable(&self) -> bool {
        self.executable
    }
}

impl Bytes for FileBytes {
    fn len(&self) -> u64 {
        self.identity.size
    }

    #[cfg(unix)]
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.file, buffer, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(&self.file, buffer, offset)
    }
}

#[cfg(unix)]
fn is_executable(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
const fn is_executable(_metadata: &Metadata) -> bool {
    false
}

/// A part of other bytes, such as a stored archive member.
#[derive(Clone, Copy)]
pub struct Window<'a> {
    inner: &'a dyn Bytes,
    start: u64,
    length: u64,
}

impl std::fmt::Debug for Window<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Window({}+{})", self.start, self.length)
    }
}

impl<'a> Window<'a> {
    /// The part from `start` of at most `length` bytes; cut where the inner bytes end.
    #[must_use]
    pub fn new(inner: &'a dyn Bytes, start: u64, length: u64) -> Self {
        let start = start.min(inner.len());
        Self {
            inner,
            start,
            length: length.min(inner.len().saturating_sub(start)),
        }
    }
}

impl Bytes for Window<'_> {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.length.saturating_sub(offset);
        let count = usize::try_from(rest)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let place = self.start.saturating_add(offset);
        self.inner
            .read_at(place, buffer.get_mut(..count).unwrap_or_default())
    }
}

/// A sequential reader over [`Bytes`].
#[derive(Clone)]
pub struct Reader<'a> {
    bytes: &'a dyn Bytes,
    position: u64,
}

impl std::fmt::Debug for Reader<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "Reader(at {} of {})",
            self.position,
            self.bytes.len()
        )
    }
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    #[must_use]
    pub const fn new(bytes: &'a dyn Bytes) -> Self {
        Self { bytes, position: 0 }
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read_at(self.position, buffer)?;
        self.position = self.position.saturating_add(count as u64);
        Ok(count)
    }
}

/// Reads everything into memory, at most `limit` bytes.
///
/// # Errors
/// `FileTooLarge` when there are more; what the operating system returns otherwise.
pub fn read_all(bytes: &dyn Bytes, limit: u64) -> io::Result<Vec<u8>> {
    if bytes.len() > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!(
                "{} bytes where at most {limit} are read into memory",
                bytes.len()
            ),
        ));
    }
    let mut buffer = Vec::with_capacity(usize::try_from(bytes.len().min(64 << 10)).unwrap_or(0));
    // A file that grows while it is read must not get past the limit.
    Reader::new(bytes)
        .take(limit.min(bytes.len()))
        .read_to_end(&mut buffer)?;
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_stay_inside() {
        let data = b"0123456789".to_vec();
        let window = Window::new(&data, 3, 4);
        assert_eq!(read_all(&window, 100).unwrap(), b"3456");
        assert_eq!(Window::new(&data, 8, 100).len(), 2);
        assert_eq!(Window::new(&data, 100, 100).len(), 0);
        let inner = Window::new(&window, 1, 100);
        assert_eq!(read_all(&inner, 100).unwrap(), b"456");
        let mut buffer = [0; 5];
        assert!(window.read_exact_at(0, &mut buffer).is_err());
        assert_eq!(data.read_at(u64::MAX, &mut buffer).unwrap(), 0);
    }

    #[test]
    fn reading_everything_keeps_the_limit() {
        assert_eq!(
            read_all(&b"abc".to_vec(), 2).unwrap_err().kind(),
            io::ErrorKind::FileTooLarge
        );
    }

    #[test]
    fn identity_changes_with_a_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, "a").unwrap();
        let before = FileBytes::open(&path).unwrap().identity();
        std::fs::write(&path, "bb").unwrap();
        assert_ne!(before, FileBytes::open(&path).unwrap().identity());
        assert!(FileBytes::open(folder.path()).is_err());
    }
}
