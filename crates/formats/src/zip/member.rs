//! Reads the data of a member: stored as a window, packed into memory, within limits.

use std::io;

use flate2::Crc;
use tutela_core::{Bytes, Window};

use super::Member;
use crate::inflate::{self, Wrapper};

/// The data of a member.
#[derive(Debug)]
pub enum Content<'a> {
    /// Where it lies in the archive.
    Stored(Window<'a>),
    /// Unpacked into memory.
    Unpacked(inflate::Unpacked),
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
    /// It unpacks to more than the limit.
    #[error("it unpacks to more than the limit of {0} bytes")]
    TooLarge(u64),
    /// The bytes could not be read.
    #[error("it could not be read")]
    Read(#[source] io::Error),
}

impl Member {
    /// Opens the member's data, at most `limit` bytes of it when it is packed.
    ///
    /// Flags that claim encryption are believed only if the data does not read without a key: some
    /// loaders ignore them.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn open<'a>(&self, bytes: &'a dyn Bytes, limit: u64) -> Result<Content<'a>, Unreadable> {
        let start = self.data.ok_or(Unreadable::Missing)?;
        let window = Window::new(bytes, start, self.packed);
        if window.len() < self.packed {
            return Err(Unreadable::Missing);
        }
        let content = match self.method {
            0 => Ok(Content::Stored(window)),
            8 => inflate::unpack(&window, Wrapper::None, limit)
                .map(Content::Unpacked)
                .map_err(unreadable),
            method => Err(Unreadable::Method(method)),
        };
        if self.claims_encryption() && !self.reads_without_key(&content)? {
            return Err(Unreadable::Encrypted);
        }
        content
    }

    /// Real encryption puts 12 bytes before stored data, and makes packed data unreadable.
    fn reads_without_key(
        &self,
        content: &Result<Content<'_>, Unreadable>,
    ) -> Result<bool, Unreadable> {
        match content {
            Ok(Content::Stored(_)) if self.packed == self.unpacked => Ok(true),
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

fn unreadable(why: inflate::Failed) -> Unreadable {
    match why {
        inflate::Failed::TooLarge(limit) => Unreadable::TooLarge(limit),
        inflate::Failed::Broken => Unreadable::Broken,
        inflate::Failed::Read(source) => Unreadable::Read(source),
    }
}
