//! Reads numbers and texts in the byte order and width of the file's version.

use std::io;

use tutela_core::{Bytes, Limits, Window, read_all};

use super::{Fault, Order};
use crate::input::Input;

/// Bytes of one text that are kept; the longest are whole tokenizers, of some ten MiB.
const TEXT: u64 = 64 << 20;

/// Why the reading of a header ends early.
pub(super) enum Stop {
    /// The bytes could not be read.
    Read(io::Error),
    /// Nothing behind this can be understood.
    Fault(Fault),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

pub(super) struct Reader<'a> {
    bytes: &'a dyn Bytes,
    input: Input<'a>,
    at: u64,
    order: Order,
    version: u32,
    /// Bytes of texts that may still be kept.
    memory: u64,
    steps: u64,
    limits: &'a Limits,
    /// What is being read, for messages.
    part: &'static str,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a dyn Bytes, limits: &'a Limits) -> Self {
        Self {
            bytes,
            input: Input::new(bytes),
            at: 4,
            order: Order::Little,
            version: 0,
            memory: limits.member_bytes,
            steps: limits.steps,
            limits,
            part: "its header",
        }
    }

    pub(super) const fn at(&self) -> u64 {
        self.at
    }

    pub(super) const fn order(&self) -> Order {
        self.order
    }

    pub(super) fn left(&self) -> u64 {
        self.input.len().saturating_sub(self.at)
    }

    pub(super) const fn enter(&mut self, part: &'static str) {
        self.part = part;
    }

    /// The version tells the byte order: no version has its low half empty.
    pub(super) fn version(&mut self) -> Result<u32, Stop> {
        let little = self.u32()?;
        if little & 0xffff == 0 && little != 0 {
            self.order = Order::Big;
            self.version = little.swap_bytes();
        } else {
            self.version = little;
        }
        match self.version {
            1..=3 => Ok(self.version),
            other => Err(Stop::Fault(Fault::Version(other))),
        }
    }

    pub(super) fn u8(&mut self) -> Result<u8, Stop> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Stop> {
        let bytes = self.array()?;
        Ok(match self.order {
            Order::Little => u32::from_le_bytes(bytes),
            Order::Big => u32::from_be_bytes(bytes),
        })
    }

    pub(super) fn u64(&mut self) -> Result<u64, Stop> {
        let bytes = self.array()?;
        Ok(match self.order {
            Order::Little => u64::from_le_bytes(bytes),
            Order::Big => u64::from_be_bytes(bytes),
        })
    }

    /// A count, length or dimension: 32 bits in version 1, 64 bits since.
    pub(super) fn length(&mut self) -> Result<u64, Stop> {
        if self.version == 1 {
            self.u32().map(u64::from)
        } else {
            self.u64()
        }
    }

    /// A whole number of 1, 2, 4 or 8 bytes, unsigned.
    pub(super) fn whole(&mut self, size: u64) -> Result<u64, Stop> {
        match size {
            1 => self.u8().map(u64::from),
            2 => {
                let bytes = self.array()?;
                Ok(u64::from(match self.order {
                    Order::Little => u16::from_le_bytes(bytes),
                    Order::Big => u16::from_be_bytes(bytes),
                }))
            }
            4 => self.u32().map(u64::from),
            _ => self.u64(),
        }
    }

    /// A text with its length before it.
    pub(super) fn text(&mut self) -> Result<Vec<u8>, Stop> {
        let length = self.text_length()?;
        let wanted = length.min(TEXT);
        let Some(memory) = self.memory.checked_sub(wanted) else {
            return Err(self.over("the size of all texts", self.limits.member_bytes));
        };
        if length > TEXT {
            return Err(self.over("the size of a text", TEXT));
        }
        self.memory = memory;
        let text = if length <= 4096 {
            self.input.prefix(self.at, length)?.to_vec()
        } else {
            read_all(&Window::new(self.bytes, self.at, length), TEXT)?
        };
        self.at = self.at.saturating_add(length);
        Ok(text)
    }

    /// Steps over a text, and gives it where it has just so many bytes.
    pub(super) fn skip_text(&mut self, wanted: u64) -> Result<Option<Vec<u8>>, Stop> {
        let length = self.text_length()?;
        let text = if length > 0 && length == wanted {
            Some(self.input.prefix(self.at, length)?.to_vec())
        } else {
            None
        };
        self.at = self.at.saturating_add(length);
        Ok(text)
    }

    fn text_length(&mut self) -> Result<u64, Stop> {
        self.step()?;
        let length = self.length()?;
        self.fits("a text", length, 1)?;
        Ok(length)
    }

    /// Steps over items of a known size.
    pub(super) fn skip(&mut self, count: u64, size: u64) -> Result<(), Stop> {
        self.fits("an array", count, size)?;
        self.at = self.at.saturating_add(count.saturating_mul(size));
        Ok(())
    }

    /// Whether so many items, each of at least so many bytes, can lie in the rest of the file.
    pub(super) fn fits(&self, what: &'static str, count: u64, size: u64) -> Result<(), Stop> {
        let left = self.left();
        match count.checked_mul(size) {
            Some(bytes) if bytes <= left => Ok(()),
            _ => Err(Stop::Fault(Fault::Length {
                what,
                length: count,
                left,
            })),
        }
    }

    /// Counts one thing more against the limit.
    pub(super) fn step(&mut self) -> Result<(), Stop> {
        match self.steps.checked_sub(1) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => Err(self.over("the number of entries", self.limits.steps)),
        }
    }

    #[expect(clippy::unused_self, reason = "reads as the other ways to stop do")]
    pub(super) const fn over(&self, what: &'static str, limit: u64) -> Stop {
        Stop::Fault(Fault::Limit { what, limit })
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let ends = Stop::Fault(Fault::Ends(self.part));
        let bytes = self.input.slice(self.at, N)?;
        let Some(bytes) = bytes.and_then(|bytes| <[u8; N]>::try_from(bytes).ok()) else {
            return Err(ends);
        };
        self.at = self.at.saturating_add(N as u64);
        Ok(bytes)
    }
}
