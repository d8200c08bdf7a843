//! Lists and unpacks 7z archives.
//!
//! The headers and the coders are `sevenz-rust2`'s. What stands behind the archive is told, and members
//! are unpacked in the archive's order, since packed together they can only be read so.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use sevenz_rust2::{BlockDecoder, Password};
use tutela_core::{Bytes, Limits};

use crate::input::Input;
use crate::little::u64_at;
use crate::stream::KEPT;

/// Dictionaries and headers may take so much memory: 7-Zip's largest preset asks for 64 MiB.
const MEMORY_KIB: usize = 256 << 10;
/// The header at the start: signature, version, and where the real header is.
const START: u64 = 32;

/// A 7z archive.
#[derive(Debug)]
pub struct Archive {
    /// The members.
    pub members: Vec<Member>,
    /// Bytes behind the archive.
    pub trailing: u64,
    inner: sevenz_rust2::Archive,
}

/// A member of a 7z archive.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its declared size.
    pub length: u64,
    /// Whether it stands for a folder.
    pub is_folder: bool,
    /// Whether it is a symbolic link: its content is the target.
    pub is_link: bool,
}

/// Why a 7z archive, or a part of it, cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// It is encrypted.
    #[error("it is encrypted")]
    Encrypted,
    /// It is packed in a way that is not understood.
    #[error("it is packed in a way that is not supported")]
    Method,
    /// It asks for more memory than the limit.
    #[error("it asks for more memory than the limit")]
    Memory,
    /// Its headers or data are broken.
    #[error("its headers or its packed data are broken")]
    Broken,
    /// It unpacks to more than the limit.
    #[error("it unpacks to more than the limit of {0} bytes")]
    TooLarge(u64),
    /// There are more members than the limit.
    #[error("it holds more than the limit of {0} members")]
    TooMany(u64),
    /// The bytes could not be read.
    #[error("it could not be read")]
    Read(#[source] io::Error),
}

/// Reads the headers.
///
/// # Errors
/// [`Unreadable`].
pub fn read(bytes: &dyn Bytes, limits: &Limits) -> Result<Archive, Unreadable> {
    let end = end(bytes).map_err(Unreadable::Read)?;
    let mut cursor = Cursor::new(bytes);
    let inner = sevenz_rust2::Archive::read_with_memory_limit(
        &mut BufReader::new(&mut cursor),
        &Password::empty(),
        MEMORY_KIB,
    );
    if let Some(error) = cursor.failed {
        return Err(Unreadable::Read(error));
    }
    let inner = inner.map_err(|error| reason(&error))?;
    if inner.files.len() as u64 > limits.members {
        return Err(Unreadable::TooMany(limits.members));
    }
    Ok(Archive {
        members: inner.files.iter().map(Member::of).collect(),
        trailing: bytes.len().saturating_sub(end),
        inner,
    })
}

/// Where the archive ends, as its start says.
fn end(bytes: &dyn Bytes) -> io::Result<u64> {
    let mut input = Input::new(bytes);
    let start = input.prefix(0, START)?;
    let number = |at| u64_at(start, at).unwrap_or(u64::MAX);
    Ok(START.saturating_add(number(12)).saturating_add(number(20)))
}

impl Member {
    fn of(entry: &sevenz_rust2::ArchiveEntry) -> Self {
        // 7-Zip keeps the mode of Unix files in the upper half of the attributes.
        let mode = entry.windows_attributes >> 16;
        Self {
            name: entry.name.clone(),
            length: entry.size,
            is_folder: entry.is_directory,
            is_link: entry.has_windows_attributes && mode & 0o170_000 == 0o120_000,
        }
    }
}

/// Shows each member, by its index, with its bytes; returns why blocks of members could not be read.
type Visit<'a> = dyn FnMut(usize, Vec<u8>) -> io::Result<()> + 'a;

impl Archive {
    /// Unpacks every member, in all at most `limit` bytes, and shows it to `visit`.
    ///
    /// What cannot be read is told: the index of the first member that is missing, and why.
    ///
    /// # Errors
    /// What reading the bytes, or `visit`, returns.
    pub fn unpack(
        &self,
        bytes: &dyn Bytes,
        mut limit: u64,
        visit: &mut Visit<'_>,
    ) -> io::Result<Vec<(usize, Unreadable)>> {
        let mut missing = Vec::new();
        for (block, first) in self
            .inner
            .stream_map
            .block_first_file_index
            .iter()
            .enumerate()
        {
            let mut index = *first;
            let mut stopped = None;
            let mut cursor = Cursor::new(bytes);
            let mut buffered = BufReader::new(&mut cursor);
            let password = Password::empty();
            let decoder = BlockDecoder::new_with_memory_limit(
                1,
                MEMORY_KIB,
                block,
                &self.inner,
                &password,
                &mut buffered,
            );
            let done = decoder.for_each_entries(&mut |_, reader| {
                let mut content = Vec::new();
                let read = reader
                    .take(limit.saturating_add(1))
                    .read_to_end(&mut content);
                if content.len() as u64 > limit {
                    content.truncate(usize::try_from(limit.min(KEPT)).unwrap_or(usize::MAX));
                    let shown = visit(index, content);
                    stopped = Some(shown.map(|()| Unreadable::TooLarge(limit)));
                    return Ok(false);
                }
                limit = limit.saturating_sub(content.len() as u64);
                // What came out before the data broke is shown: a loader may act on it.
                if (read.is_ok() || !content.is_empty())
                    && let Err(error) = visit(index, content)
                {
                    stopped = Some(Err(error));
                    return Ok(false);
                }
                read?;
                index = index.saturating_add(1);
                Ok(true)
            });
            drop(buffered);
            if let Some(error) = cursor.failed {
                return Err(error);
            }
            match (stopped, done) {
                (Some(Err(error)), _) => return Err(error),
                (Some(Ok(why)), _) => missing.push((index, why)),
                (None, Err(error)) => missing.push((index, reason(&error))),
                (None, Ok(_)) => {}
            }
        }
        Ok(missing)
    }
}

fn reason(error: &sevenz_rust2::Error) -> Unreadable {
    use sevenz_rust2::Error;
    match error {
        Error::PasswordRequired | Error::MaybeBadPassword(_) => Unreadable::Encrypted,
        Error::UnsupportedCompressionMethod(method) if method.contains("AES") => {
            Unreadable::Encrypted
        }
        Error::UnsupportedCompressionMethod(_)
        | Error::ExternalUnsupported
        | Error::Unsupported(_)
        | Error::UnsupportedVersion { .. } => Unreadable::Method,
        Error::MaxMemLimited { .. } => Unreadable::Memory,
        _ => Unreadable::Broken,
    }
}

/// Bytes with a place that can be moved, as the reader of 7z wants them.
struct Cursor<'a> {
    bytes: &'a dyn Bytes,
    at: u64,
    /// A failure to read, apart from failures of the data.
    failed: Option<io::Error>,
}

impl<'a> Cursor<'a> {
    const fn new(bytes: &'a dyn Bytes) -> Self {
        Self {
            bytes,
            at: 0,
            failed: None,
        }
    }
}

impl Read for Cursor<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.bytes.read_at(self.at, buffer) {
            Ok(count) => {
                self.at = self.at.saturating_add(count as u64);
                Ok(count)
            }
            Err(error) => {
                let kind = error.kind();
                self.failed = Some(error);
                Err(kind.into())
            }
        }
    }
}

impl Seek for Cursor<'_> {
    fn seek(&mut self, target: SeekFrom) -> io::Result<u64> {
        let at = match target {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(offset) => self.bytes.len().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.at.checked_add_signed(offset),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
