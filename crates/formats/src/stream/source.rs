//! What decoders read from and write to: a place that is exact to the byte, and a limit.

use std::io::{self, BufRead, Read};

use tutela_core::Bytes;

const CHUNK: usize = 32 << 10;

/// Bytes read forward, with a place that is exact: decoders take no more than they need.
pub(super) struct Source<'a> {
    bytes: &'a dyn Bytes,
    /// The place of the buffer's first byte.
    start: u64,
    buffer: Vec<u8>,
    taken: usize,
    /// A failure to read, apart from failures of the data.
    pub(super) failed: Option<io::Error>,
    /// Whether more was asked for than there is.
    pub(super) starved: bool,
}

impl<'a> Source<'a> {
    pub(super) fn new(bytes: &'a dyn Bytes) -> Self {
        Self {
            bytes,
            start: 0,
            buffer: Vec::new(),
            taken: 0,
            failed: None,
            starved: false,
        }
    }

    pub(super) const fn position(&self) -> u64 {
        self.start.saturating_add(self.taken as u64)
    }

    pub(super) fn length(&self) -> u64 {
        self.bytes.len()
    }

    /// Steps forward, at most to the end.
    pub(super) fn skip(&mut self, count: u64) {
        let target = self.position().saturating_add(count).min(self.length());
        self.seek(target);
    }

    pub(super) fn seek(&mut self, target: u64) {
        let within = target
            .checked_sub(self.start)
            .and_then(|within| usize::try_from(within).ok())
            .filter(|within| *within <= self.buffer.len());
        if let Some(within) = within {
            self.taken = within;
            return;
        }
        self.start = target;
        self.buffer.clear();
        self.taken = 0;
    }

    /// The next bytes, at most `count`, without taking them.
    pub(super) fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        let rest = self.buffer.len().saturating_sub(self.taken);
        let left = self.length().saturating_sub(self.position());
        if rest < count && (rest as u64) < left {
            self.fill()?;
        }
        let rest = self.buffer.get(self.taken..).unwrap_or_default();
        Ok(rest.get(..count).unwrap_or(rest))
    }

    fn fill(&mut self) -> io::Result<()> {
        self.start = self.position();
        self.taken = 0;
        let left = self.length().saturating_sub(self.start).min(CHUNK as u64);
        self.buffer
            .resize(usize::try_from(left).unwrap_or(CHUNK), 0);
        let done = self.bytes.read_exact_at(self.start, &mut self.buffer);
        if done.is_err() {
            self.buffer.clear();
        }
        done
    }
}

impl BufRead for Source<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken >= self.buffer.len() {
            if let Err(error) = self.fill() {
                let kind = error.kind();
                self.failed = Some(error);
                return Err(kind.into());
            }
            self.starved |= self.buffer.is_empty();
        }
        Ok(self.buffer.get(self.taken..).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.taken = self.taken.saturating_add(count).min(self.buffer.len());
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut rest = self.fill_buf()?;
        let count = rest.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

/// Why a decoder stopped before the end of its part.
pub(super) enum Stop {
    /// The output has reached its limit.
    Full,
    /// The data is not as it should be.
    Broken,
}

/// What comes out, within a limit.
pub(super) struct Output {
    pub(super) bytes: Vec<u8>,
    limit: u64,
    /// The name in the first header that has one.
    pub(super) name: Option<String>,
    /// Where bytes lie that the decoder steps over.
    pub(super) asides: Vec<(u64, u64)>,
}

impl Output {
    pub(super) const fn new(limit: u64) -> Self {
        Self {
            bytes: Vec::new(),
            limit,
            name: None,
            asides: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let left = self.limit.saturating_sub(self.bytes.len() as u64);
        match bytes.get(..usize::try_from(left).unwrap_or(usize::MAX)) {
            Some(fitting) if fitting.len() < bytes.len() => {
                self.bytes.extend_from_slice(fitting);
                Err(Stop::Full)
            }
            _ => {
                self.bytes.extend_from_slice(bytes);
                Ok(())
            }
        }
    }

    /// Notes bytes that the decoder steps over; a few have no room for anything.
    pub(super) fn aside(&mut self, start: u64, length: usize) {
        const FEW: usize = 16;
        const MOST: usize = 1_000;
        if length > FEW && self.asides.len() < MOST {
            self.asides.push((start, length as u64));
        }
    }

    /// Takes everything that a decoder gives.
    pub(super) fn take(&mut self, decoder: &mut dyn Read) -> Result<(), Stop> {
        let mut buffer = vec![0; CHUNK];
        loop {
            match decoder.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => self.push(buffer.get(..count).unwrap_or_default())?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(Stop::Broken),
            }
        }
    }
}

/// What one step of a decoder that is fed by hand did.
#[derive(Clone, Copy)]
pub(super) struct Step {
    /// Bytes taken from the input.
    pub(super) taken: usize,
    /// Bytes put into the output.
    pub(super) made: usize,
    /// What follows.
    pub(super) then: Then,
}

/// What follows a step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    More,
    End,
    Break,
}

/// What comes out between two looks at the data: what a break takes with it at the most.
const STEP: usize = 4 << 10;

/// One step of a decoder that is fed by hand.
type Feed<'a> = dyn FnMut(&[u8], &mut [u8]) -> Option<Step> + 'a;

/// Feeds a decoder until its part ends; `step` returns none when the data is broken.
pub(super) fn pump(
    source: &mut Source<'_>,
    output: &mut Output,
    step: &mut Feed<'_>,
) -> Result<(), Stop> {
    let mut buffer = vec![0; STEP];
    loop {
        let input = source.fill_buf().map_err(|_source_keeps_it| Stop::Broken)?;
        let done = step(input, &mut buffer).ok_or(Stop::Broken)?;
        source.consume(done.taken);
        output.push(buffer.get(..done.made).unwrap_or_default())?;
        // INVARIANT: every round moves on, so the loop ends.
        let stuck = done.taken == 0 && done.made == 0;
        match done.then {
            Then::End => return Ok(()),
            Then::Break => return Err(Stop::Broken),
            Then::More if stuck => return Err(Stop::Broken),
            Then::More => {}
        }
    }
}
