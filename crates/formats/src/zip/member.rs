//! Reads the data of a member: stored as a window, packed into memory, within limits.

use std::io;

use flate2::Crc;
use tutela_core::{Bytes, Limits, Window};

use super::Member;
use crate::stream::{self, Codec, Stream};

/// The data of a member.
#[derive(Debug)]
pub enum Content<'a> {
    /// Where it lies in the archive.
    Stored(Window<'a>),
    /// Unpacked into memory.
    Unpacked(Stream),
}

impl Bytes for Content<'_> {
    fn len(&self) -> u64 {
        match self {
            Self::Stored(window) => window.len(),
            Self::Unpacked(unpacked) => Bytes::len(&unpacked.bytes),
        }
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Stored(window) => window.read_at(offset, buffer),
            Self::Unpacked(unpacked) => unpacked.bytes.read_at(offset, buffer),
        }
    }
}

/// Why a member cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// It is encrypted.
    #[error("it is encrypted")]
    Encrypted,
    /// It is packed in a way that is not understood.
    #[error("it is packed with method {0}, which is not supported")]
    Method(u16),
    /// Its header or data is not where it should be.
    #[error("its header is missing")]
    Missing,
    /// Its data cannot be unpacked.
    #[error("its packed data is broken")]
    Broken,
    /// The bytes could not be read.
    #[error("it could not be read")]
    Read(#[source] io::Error),
}

impl Member {
    /// Opens the member's data, at most `limit` bytes of it when it is packed: of more, only the start.
    ///
    /// Flags that claim encryption are believed only if the data does not read without a key: some
    /// loaders ignore them.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn open<'a>(&self, bytes: &'a dyn Bytes, limit: u64) -> Result<Content<'a>, Unreadable> {
        let start = self.data.ok_or(Unreadable::Missing)?;
        let content = match self.codec() {
            Some(None) => self.stored(bytes, start).map(Content::Stored),
            Some(Some(codec)) => self.unpack(bytes, start, codec, limit),
            None => Err(Unreadable::Method(self.method)),
        };
        if self.claims_encryption() && !self.reads_without_key(&content)? {
            return Err(Unreadable::Encrypted);
        }
        content
    }

    /// How it is packed: not at all, by a codec, or in a way that is not understood.
    const fn codec(&self) -> Option<Option<Codec>> {
        match self.method {
            0 => Some(None),
            8 => Some(Some(Codec::Deflate)),
            12 => Some(Some(Codec::Bzip2)),
            // Bit 1 says that an end mark stands behind the data.
            14 if self.flags & 2 != 0 => Some(Some(Codec::LzmaInZip(None))),
            14 => Some(Some(Codec::LzmaInZip(Some(self.unpacked)))),
            93 => Some(Some(Codec::Zstd)),
            95 => Some(Some(Codec::Xz)),
            _ => None,
        }
    }

    /// Stored data has one length that is declared twice; a loader may believe either.
    fn stored<'a>(&self, bytes: &'a dyn Bytes, start: u64) -> Result<Window<'a>, Unreadable> {
        let length = match (self.claims_encryption(), self.packed.max(self.unpacked)) {
            (true, _) => self.packed,
            (false, longest) => longest,
        };
        let window = Window::new(bytes, start, length);
        if window.len() < self.packed {
            return Err(Unreadable::Missing);
        }
        Ok(window)
    }

    fn unpack<'a>(
        &self,
        bytes: &dyn Bytes,
        start: u64,
        codec: Codec,
        limit: u64,
    ) -> Result<Content<'a>, Unreadable> {
        let window = Window::new(bytes, start, self.packed);
        if window.len() < self.packed {
            return Err(Unreadable::Missing);
        }
        let limits = Limits::default();
        stream::unpack(&window, codec, limit, &limits)
            .map(Content::Unpacked)
            .map_err(unreadable)
    }

    /// Real encryption puts 12 bytes before stored data, and makes packed data unreadable.
    fn reads_without_key(
        &self,
        content: &Result<Content<'_>, Unreadable>,
    ) -> Result<bool, Unreadable> {
        match content {
            Ok(Content::Stored(_)) if self.packed == self.unpacked => Ok(true),
            // Noise does not unpack to its end and to the declared size.
            Ok(Content::Unpacked(stream))
                if stream.is_complete() && Bytes::len(&stream.bytes) == self.unpacked =>
            {
                Ok(true)
            }
            Ok(content) => self.is_intact(content).map_err(Unreadable::Read),
            Err(_) => Ok(false),
        }
    }

    /// Whether the data has the checksum that the directory declares.
    ///
    /// # Errors
    /// What reading returns.
    pub fn is_intact(&self, content: &dyn Bytes) -> io::Result<bool> {
        let mut crc = Crc::new();
        let mut buffer = vec![0; 64 << 10];
        let mut at = 0;
        loop {
            let count = content.read_at(at, &mut buffer)?;
            if count == 0 {
                return Ok(crc.sum() == self.crc);
            }
            crc.update(buffer.get(..count).unwrap_or_default());
            at = at.saturating_add(count as u64);
        }
    }
}

fn unreadable(why: stream::Failed) -> Unreadable {
    match why {
        stream::Failed::Broken => Unreadable::Broken,
        stream::Failed::Read(source) => Unreadable::Read(source),
    }
}
