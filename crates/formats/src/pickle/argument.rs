//! The arguments of opcodes, read as loaders read them: in frames, over their ends, in lines.

use std::io;

use super::machine::{Machine, Reading, Step};
use super::opcode::Argument as Written;
use super::{Fault, Opcode};

/// An argument, read.
#[derive(Clone, Copy)]
pub(super) enum Read {
    None,
    Number(u64),
    /// From, length.
    Span(u64, u64),
    /// Two lines: from, length; from, length.
    Spans((u64, u64), (u64, u64)),
}

impl Machine<'_> {
    /// Reads the argument and moves behind it.
    pub(super) fn argument(&mut self, opcode: Opcode) -> io::Result<Result<Read, Fault>> {
        let from = self.at.saturating_add(1);
        let read = match opcode.argument() {
            Written::None => Some((Read::None, from)),
            Written::Fixed(width) => self
                .number(from, width)?
                .map(|(number, next)| (Read::Number(number), next)),
            Written::Line => self
                .line(from)?
                .map(|(start, length, next)| (Read::Span(start, length), next)),
            Written::TwoLines => self.two_lines(opcode, from)?,
            Written::Counted(width) => self.counted(from, width)?,
            Written::SignedCounted => match self.number(from, 4)? {
                Some((count, _)) if count > u64::from(u32::MAX >> 1) => {
                    return Ok(Err(Fault::Malformed(opcode)));
                }
                _ => self.counted(from, 4)?,
            },
        };
        Ok(match read {
            Some((read, next)) => {
                if self.at < self.frame_end && next > self.frame_end {
                    // Its last part begins where the frame ends: loaders agree, but no pickler writes this.
                    self.note(self.at, Fault::Frame);
                    self.frame_end = 0;
                }
                self.at = next;
                Ok(read)
            }
            None => Err(Fault::Truncated),
        })
    }

    fn number(&mut self, from: u64, width: u8) -> io::Result<Option<(u64, u64)>> {
        let Some((at, next)) = self.part(from, u64::from(width)) else {
            return Ok(None);
        };
        let bytes = self.input.slice(at, usize::from(width))?;
        let number = bytes.map(|bytes| {
            bytes
                .iter()
                .rev()
                .fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
        });
        Ok(number.map(|number| (number, next)))
    }

    /// Where a line starts, its length, and where the next begins.
    fn line(&mut self, from: u64) -> io::Result<Option<(u64, u64, u64)>> {
        let Some(mut end) = self.input.newline(from)? else {
            return Ok(None);
        };
        let mut start = from;
        if from < self.frame_end && end >= self.frame_end {
            start = self.straddle(from);
            match self.input.newline(start)? {
                Some(found) => end = found,
                None => return Ok(None),
            }
        }
        Ok(Some((
            start,
            end.saturating_sub(start),
            end.saturating_add(1),
        )))
    }

    fn two_lines(&mut self, opcode: Opcode, from: u64) -> io::Result<Option<(Read, u64)>> {
        let Some((first_at, first, next)) = self.line(from)? else {
            return Ok(None);
        };
        let second = match self.line(next)? {
            Some(line) => line,
            None if opcode == Opcode::Inst && next >= self.frame_end => {
                // The Python loader takes the last line for whole, and its last character for the newline.
                let end = self.input.len();
                let length = end.saturating_sub(next).saturating_sub(1);
                (next, length, end)
            }
            None => return Ok(None),
        };
        let (second_at, second, next) = second;
        Ok(Some((
            Read::Spans((first_at, first), (second_at, second)),
            next,
        )))
    }

    fn counted(&mut self, from: u64, width: u8) -> io::Result<Option<(Read, u64)>> {
        let Some((count, data)) = self.number(from, width)? else {
            return Ok(None);
        };
        let part = self.part(data, count);
        Ok(part.map(|(start, next)| (Read::Span(start, count), next)))
    }

    /// Where so many bytes are read from, and where they end; none when there are fewer.
    fn part(&mut self, from: u64, length: u64) -> Option<(u64, u64)> {
        let inside = from < self.frame_end;
        let start = if inside && from.checked_add(length)? > self.frame_end {
            self.straddle(from)
        } else {
            from
        };
        let end = start.checked_add(length)?;
        (end <= self.input.len()).then_some((start, end))
    }

    /// Notes that loaders differ, and says where this one reads on.
    fn straddle(&mut self, from: u64) -> u64 {
        self.note(self.at, Fault::Frame);
        let end = std::mem::take(&mut self.frame_end);
        match self.reading {
            Reading::Joined => from,
            Reading::Dropped => end.min(self.input.len()),
        }
    }

    pub(super) fn set_frame(&mut self, start: u64, length: u64) -> Step {
        let inner = self.at;
        let mut end = inner.saturating_add(length);
        if inner < self.frame_end {
            // The Python loader stops at a frame inside a frame; the C loader looks only at its length.
            self.note(start, Fault::Frame);
            if end <= self.frame_end {
                return Step::On;
            }
            if self.reading == Reading::Dropped {
                self.at = self.frame_end;
                end = self.frame_end.saturating_add(length);
            }
        }
        if end > self.input.len() {
            // The C loader stops here; the Python loader reads what there is.
            self.note(start, Fault::FrameLength);
        }
        self.frame_end = end;
        Step::On
    }
}
