//! The three encodings of R's serialisation: big-endian (XDR), the writer's own byte order, and text.

use std::io;

use tutela_core::Bytes;

use super::Fault;
use crate::input::{CHUNK, Input};

/// The longest number as text (R itself reads words of a hundred letters).
const WORD: usize = 100;

/// How numbers and texts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encoding {
    /// Big-endian binary, which `saveRDS` and `save` write.
    Xdr,
    /// Little-endian binary.
    Little,
    /// Big-endian binary, written as the machine's own order.
    Big,
    /// Text.
    Ascii,
}

/// Why a stream cannot be read on.
#[derive(Debug)]
pub(super) enum Broken {
    Read(io::Error),
    Fault(Fault),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

impl From<Fault> for Broken {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// The stream and the place in it.
pub(super) struct Source<'a> {
    input: Input<'a>,
    pub(super) encoding: Encoding,
    pub(super) at: u64,
}

impl<'a> Source<'a> {
    pub(super) fn new(bytes: &'a dyn Bytes) -> Self {
        Self {
            input: Input::new(bytes),
            encoding: Encoding::Xdr,
            at: 0,
        }
    }

    pub(super) const fn remaining(&self) -> u64 {
        self.input.len().saturating_sub(self.at)
    }

    /// Passes over a text if it stands here.
    pub(super) fn follows(&mut self, text: &[u8]) -> io::Result<bool> {
        let is = self.input.prefix(self.at, text.len() as u64)? == text;
        if is {
            self.at = self.at.saturating_add(text.len() as u64);
        }
        Ok(is)
    }

    pub(super) fn peek(&mut self, count: u64) -> io::Result<&[u8]> {
        self.input.prefix(self.at, count)
    }

    fn take(&mut self, count: usize) -> Result<&[u8], Broken> {
        let at = self.at;
        self.at = at.saturating_add(count as u64);
        self.input
            .slice(at, count)?
            .ok_or(Broken::Fault(Fault::Truncated { at }))
    }

    /// `InInteger`: the missing number is the least one.
    pub(super) fn integer(&mut self) -> Result<i32, Broken> {
        let at = self.at;
        if self.encoding == Encoding::Ascii {
            let word = self.word()?;
            if word == b"NA" {
                return Ok(i32::MIN);
            }
            return std::str::from_utf8(&word)
                .ok()
                .and_then(|word| word.parse().ok())
                .ok_or(Broken::Fault(Fault::Number { at }));
        }
        let encoding = self.encoding;
        let bytes: [u8; 4] = self
            .take(4)?
            .try_into()
            .ok()
            .ok_or(Fault::Truncated { at })?;
        Ok(match encoding {
            Encoding::Little => i32::from_le_bytes(bytes),
            _ => i32::from_be_bytes(bytes),
        })
    }

    /// `InReal`.
    pub(super) fn real(&mut self) -> Result<f64, Broken> {
        let at = self.at;
        if self.encoding == Encoding::Ascii {
            let word = self.word()?;
            let number = std::str::from_utf8(&word).unwrap_or_default();
            return Ok(match number {
                "NA" | "NaN" => f64::NAN,
                "Inf" => f64::INFINITY,
                "-Inf" => f64::NEG_INFINITY,
                // Other spellings, such as those of C in hexadecimal, are numbers that nothing here needs.
                _ => number.parse().unwrap_or(f64::NAN),
            });
        }
        let encoding = self.encoding;
        let bytes: [u8; 8] = self
            .take(8)?
            .try_into()
            .ok()
            .ok_or(Fault::Truncated { at })?;
        Ok(match encoding {
            Encoding::Little => f64::from_le_bytes(bytes),
            _ => f64::from_be_bytes(bytes),
        })
    }

    /// `InString`: so many bytes; of these at most `most` are kept.
    pub(super) fn text(&mut self, length: u64, most: usize) -> Result<Vec<u8>, Broken> {
        self.fits(length, 1)?;
        if self.encoding == Encoding::Ascii {
            return self.escaped(length, most);
        }
        let kept = self
            .input
            .peek(self.at, length.min(most.min(CHUNK) as u64))?;
        self.at = self.at.saturating_add(length);
        Ok(kept)
    }

    /// Checks that so many things of at least `size` bytes can still follow.
    pub(super) const fn fits(&self, count: u64, size: u64) -> Result<(), Broken> {
        if count.saturating_mul(size) > self.remaining() {
            return Err(Broken::Fault(Fault::Length {
                at: self.at,
                length: count,
            }));
        }
        Ok(())
    }

    /// Passes over so many numbers of `size` bytes each, which are `words` words as text.
    pub(super) fn pass(&mut self, count: u64, size: u64, words: u64) -> Result<(), Broken> {
        if self.encoding == Encoding::Ascii {
            let count = count.saturating_mul(words);
            self.fits(count, 2)?;
            for _ in 0..count {
                self.word()?;
            }
            return Ok(());
        }
        self.fits(count, size)?;
        self.at = self.at.saturating_add(count.saturating_mul(size));
        Ok(())
    }

    /// The bytes of a raw vector when they are written as text, two hexadecimal digits each.
    pub(super) fn hexadecimal(&mut self, count: u64, most: u64) -> Result<Vec<u8>, Broken> {
        self.fits(count, 2)?;
        let mut bytes = Vec::new();
        for _ in 0..count {
            let at = self.at;
            let word = self.word()?;
            let digits = std::str::from_utf8(&word).unwrap_or_default();
            let byte = u8::from_str_radix(digits, 16)
                .ok()
                .ok_or(Fault::Number { at })?;
            if (bytes.len() as u64) < most {
                bytes.push(byte);
            }
        }
        Ok(bytes)
    }

    /// The next letters up to white space.
    fn word(&mut self) -> Result<Vec<u8>, Broken> {
        self.blanks()?;
        let start = self.at;
        let piece = self.input.prefix(start, WORD as u64 + 1)?;
        let length = piece
            .iter()
            .position(u8::is_ascii_whitespace)
            .unwrap_or(piece.len());
        let word = piece.get(..length).unwrap_or_default().to_vec();
        if word.is_empty() {
            return Err(Fault::Truncated { at: start }.into());
        }
        if length > WORD {
            return Err(Fault::Number { at: start }.into());
        }
        self.at = start.saturating_add(length as u64);
        Ok(word)
    }

    fn blanks(&mut self) -> Result<(), Broken> {
        while self
            .input
            .byte(self.at)?
            .is_some_and(|byte| byte.is_ascii_whitespace())
        {
            self.at = self.at.saturating_add(1);
        }
        Ok(())
    }

    /// A text with C's escapes.
    fn escaped(&mut self, length: u64, most: usize) -> Result<Vec<u8>, Broken> {
        let mut kept = Vec::new();
        if length == 0 {
            return Ok(kept);
        }
        self.blanks()?;
        for _ in 0..length {
            let letter = self.letter()?;
            if kept.len() < most {
                kept.push(letter);
            }
        }
        Ok(kept)
    }

    fn letter(&mut self) -> Result<u8, Broken> {
        let first = self.raw()?;
        if first != b'\\' {
            return Ok(first);
        }
        Ok(match self.raw()? {
            b'n' => b'\n',
            b't' => b'\t',
            b'v' => 0x0b,
            b'b' => 0x08,
            b'r' => b'\r',
            b'f' => 0x0c,
            b'a' => 0x07,
            digit @ b'0'..=b'7' => self.octal(digit)?,
            other => other,
        })
    }

    fn octal(&mut self, first: u8) -> Result<u8, Broken> {
        let mut number = first.saturating_sub(b'0');
        for _ in 0..2 {
            match self.input.byte(self.at)? {
                Some(digit @ b'0'..=b'7') => {
                    number = number.wrapping_mul(8) | digit.saturating_sub(b'0');
                    self.at = self.at.saturating_add(1);
                }
                _ => break,
            }
        }
        Ok(number)
    }

    fn raw(&mut self) -> Result<u8, Broken> {
        let at = self.at;
        self.take(1)?
            .first()
            .copied()
            .ok_or(Broken::Fault(Fault::Truncated { at }))
    }
}
