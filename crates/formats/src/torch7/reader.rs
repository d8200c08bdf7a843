//! Reads numbers and texts in the two ways that Torch 7 writes them: as bytes, and as text.

use std::io;

use tutela_core::Bytes;

use super::Fault;
use crate::input::Input;

/// Why reading stopped.
pub(super) enum Stop {
    /// The bytes could not be read.
    Read(io::Error),
    /// They are not what the library writes.
    Fault(Fault),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

/// Digits of a number that are read: a double has at most 24.
const DIGITS: u64 = 64;

pub(super) struct Reader<'a> {
    input: Input<'a>,
    at: u64,
    is_text: bool,
}

impl<'a> Reader<'a> {
    /// A file whose second byte is a line break is written as text.
    pub(super) fn new(bytes: &'a dyn Bytes) -> Self {
        let mut input = Input::new(bytes);
        let is_text = matches!(input.prefix(0, 2), Ok([b'0'..=b'9', b'\n']));
        Self {
            input,
            at: 0,
            is_text,
        }
    }

    pub(super) const fn at(&self) -> u64 {
        self.at
    }

    pub(super) const fn left(&self) -> u64 {
        self.input.len().saturating_sub(self.at)
    }

    pub(super) fn int(&mut self) -> Result<i64, Stop> {
        if self.is_text {
            return self.number();
        }
        let bytes = self.raw::<4>()?;
        Ok(i64::from(i32::from_le_bytes(bytes)))
    }

    pub(super) fn long(&mut self) -> Result<i64, Stop> {
        if self.is_text {
            return self.number();
        }
        Ok(i64::from_le_bytes(self.raw::<8>()?))
    }

    pub(super) fn double(&mut self) -> Result<(), Stop> {
        if self.is_text {
            return self.token().map(|_| ());
        }
        self.raw::<8>().map(|_| ())
    }

    /// Where a text begins and how long it is; it is stepped over.
    pub(super) fn text(&mut self, what: &'static str) -> Result<(u64, u64), Stop> {
        let start = self.at;
        let declared = self.int()?;
        let left = self.left();
        let length = u64::try_from(declared).ok().filter(|it| *it <= left);
        let Some(length) = length else {
            return Err(Stop::Fault(Fault::Beyond {
                what,
                at: start,
                declared,
                left,
            }));
        };
        let at = self.at;
        self.at = at.saturating_add(length);
        self.end_line()?;
        Ok((at, length))
    }

    /// A text that was stepped over.
    pub(super) fn shown(&mut self, at: u64, length: u64) -> Result<String, Stop> {
        Ok(String::from_utf8_lossy(self.input.prefix(at, length)?).into_owned())
    }

    /// Steps over the numbers of a storage.
    pub(super) fn elements(&mut self, count: i64, width: u64, at: u64) -> Result<(), Stop> {
        let left = self.left();
        // As text, each takes at least a digit and a blank.
        let width = if self.is_text { 1 } else { width };
        let size = u64::try_from(count)
            .ok()
            .and_then(|it| it.checked_mul(width));
        let Some(size) = size.filter(|size| *size <= left) else {
            return Err(Stop::Fault(Fault::Beyond {
                what: "storage",
                at,
                declared: count,
                left,
            }));
        };
        if !self.is_text {
            self.at = self.at.saturating_add(size);
            return Ok(());
        }
        if size > 0 {
            // They stand on one line.
            let end = self.input.newline(self.at)?;
            self.at = end.map_or(self.input.len(), |end| end.saturating_add(1));
        } else {
            self.end_line()?;
        }
        Ok(())
    }

    /// The line break behind a text.
    fn end_line(&mut self) -> Result<(), Stop> {
        if self.is_text && self.input.byte(self.at)? == Some(b'\n') {
            self.at = self.at.saturating_add(1);
        }
        Ok(())
    }

    fn raw<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let bytes = self.input.slice(self.at, N)?;
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        let Some(bytes) = bytes else {
            return Err(Stop::Fault(Fault::Malformed { at: self.at }));
        };
        self.at = self.at.saturating_add(N as u64);
        Ok(bytes)
    }

    /// The next number of a file that is written as text.
    fn number(&mut self) -> Result<i64, Stop> {
        let at = self.at;
        let token = self.token()?;
        let number = token.parse().ok();
        number.ok_or(Stop::Fault(Fault::Malformed { at }))
    }

    /// The letters up to the next blank, which is stepped over.
    fn token(&mut self) -> Result<String, Stop> {
        let at = self.at;
        let head = self.input.prefix(at, DIGITS)?;
        let end = head.iter().position(u8::is_ascii_whitespace);
        let Some(token) = end.and_then(|end| head.get(..end)) else {
            return Err(Stop::Fault(Fault::Malformed { at }));
        };
        let token = String::from_utf8_lossy(token).into_owned();
        let length = token.len() as u64;
        self.at = at.saturating_add(length).saturating_add(1);
        Ok(token)
    }
}
