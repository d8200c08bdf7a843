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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `a` (five times `one`) and `b/c` (`two`), solid, as py7zr 1.1.4 packs them.
    const ARCHIVE: &[u8] = b"7z\xbc\xaf'\x1c\x00\x04V[\xc2\xf9w\x00\x00\x00\x00\x00\x00\x00\x14\x00\x00\x00\x00\x00\x00\x00\x91|\x1a\xa6\xe0\x00\x11\x00\x0c]\x007\x9b\x88\xe2\xbc\x94\xaf\x97\xbc\xb3\xec\xa0\x00\xe0\x00d\x00[]\x00\x00\x813\x07\xae\x0f\xcf9\xb0\x0c\x07\xb0\xc3\xda*\xd7Xd\xac\xb3x\xceT\xdd\xa6\x8d\x91\xb6jO\xe8Xz\xb9(O\x99\xf6snq\x98\xf4\x97\x8dl\x0e\x91\xa2,\xf4\x96b1\xea\x0dd\x04-iZL\x18{\x19=\x1b\x86Fn\xd5 \xeb\xe9\x04\xd3\xa0\xb3\xbe\x00v\xb9\x1c\x01\x94\xca\xd4D\x00\x00\x00\x00\x17\x06\x14\x01\x09c\x00\x07\x0b\x01\x00\x01!!\x01\x18\x0ce\x00\x00";

    /// The same with its headers not packed.
    const PLAIN: &[u8] = b"7z\xbc\xaf'\x1c\x00\x04\xa5\xd0\x92\x10\x14\x00\x00\x00\x00\x00\x00\x00e\x00\x00\x00\x00\x00\x00\x00\x03\xf7\xd3\x0c\xe0\x00\x11\x00\x0c]\x007\x9b\x88\xe2\xbc\x94\xaf\x97\xbc\xb3\xec\xa0\x00\x01\x04\x06\x00\x01\x09\x14\x00\x07\x0b\x01\x00\x02!!\x01\x18\x04\x03\x03\x01\x03\x01\x00\x0c\x12\x12\x00\x08\x0d\x02\x09\x0f\x0a\x01\xc1\x04\x153f\x8a\xca\x11\x00\x00\x05\x02\x19\x03\x00\x00\x00\x11\x0d\x00a\x00\x00\x00b\x00/\x00c\x00\x00\x00\x14\x12\x01\x00\x10\x11?\xf6\xca{\xdd\x01 \x1b?\xf6\xca{\xdd\x01\x15\x0a\x01\x00 \x80\x80\x81 \x80\x80\x81\x00\x00";

    type Members = Vec<(String, Vec<u8>)>;

    /// What came out, and whether something is missing.
    fn unpacked(bytes: &[u8]) -> Option<(Members, bool)> {
        let bytes = bytes.to_vec();
        let archive = read(&bytes, &Limits::default()).ok()?;
        let mut found = Vec::new();
        let missing = archive
            .unpack(&bytes, 1 << 20, &mut |index, content| {
                found.push((archive.members[index].name.clone(), content));
                Ok(())
            })
            .unwrap();
        Some((found, !missing.is_empty()))
    }

    #[test]
    fn members_are_unpacked() {
        let (found, missing) = unpacked(ARCHIVE).unwrap();
        assert!(!missing);
        assert_eq!(
            found,
            [
                ("a".to_owned(), b"one".repeat(5)),
                ("b/c".to_owned(), b"two".to_vec())
            ]
        );
    }

    #[test]
    fn what_stands_behind_is_told() {
        let bytes = [ARCHIVE, b"behind"].concat();
        assert_eq!(read(&bytes, &Limits::default()).unwrap().trailing, 6);
    }

    #[test]
    fn a_limit_is_kept() {
        let bytes = ARCHIVE.to_vec();
        let archive = read(&bytes, &Limits::default()).unwrap();
        let mut found = Vec::new();
        let missing = archive.unpack(&bytes, 10, &mut |_, content| {
            found.push(content);
            Ok(())
        });
        assert!(matches!(
            missing.unwrap()[..],
            [(0, Unreadable::TooLarge(10))]
        ));
        assert_eq!(found, [b"oneoneoneo"]);
    }

    #[test]
    fn truncated_at_every_byte() {
        for length in 0..ARCHIVE.len() {
            let cut = unpacked(&ARCHIVE[..length]);
            assert!(cut.is_none_or(|(_, missing)| missing), "{length}");
        }
    }

    proptest! {
        #[test]
        fn any_change_is_survived(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut bytes = ARCHIVE.to_vec();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Some((found, _)) = unpacked(&bytes) {
                prop_assert!(found.len() <= 2);
            }
        }

        #[test]
        fn any_change_of_the_headers_is_survived(at in any::<prop::sample::Index>(), bytes in proptest::collection::vec(any::<u8>(), 1..4)) {
            let mut archive = PLAIN.to_vec();
            let start = 32 + usize::try_from(u64_at(PLAIN, 12).unwrap()).unwrap();
            let at = start + at.index(PLAIN.len() - start - bytes.len());
            archive[at..at + bytes.len()].copy_from_slice(&bytes);
            // The checksums are mended, so that the change is read.
            let crc = |bytes: &[u8]| {
                let mut crc = flate2::Crc::new();
                crc.update(bytes);
                crc.sum().to_le_bytes()
            };
            let header = crc(&archive[start..]);
            archive[28..32].copy_from_slice(&header);
            let first = crc(&archive[12..32]);
            archive[8..12].copy_from_slice(&first);
            if let Some((found, _)) = unpacked(&archive) {
                prop_assert!(found.len() <= 1_000);
            }
        }
    }
}
