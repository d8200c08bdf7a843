//! Splits bytes into records.
//!
//! Our own splitter, because a security tool must tell what the usual ones forgive in silence: a quote
//! that is never closed, text after a closing quote, and an empty value against a quoted empty one.
//! Otherwise it reads what `csv-core` reads, which is its witness in the tests.

use std::borrow::Cow;
use std::sync::Arc;

use tutela_core::{Bytes as _, FileBytes, Limits};

use super::Dialect;
use crate::{Error, Problem};

/// More columns than any honest table; each costs memory in every part of the program.
const MOST_COLUMNS: usize = 65_536;
const CHUNK: usize = 256 << 10;

/// What is wrong with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// A quotation mark is never closed.
    OpenQuote,
    /// Text follows a closing quotation mark.
    TextAfterQuote,
    /// A value is not UTF-8.
    NotUtf8,
    /// A value holds a NUL byte.
    Nul,
}

/// One record: its values one after the other, and where each ends.
#[derive(Debug, Default)]
pub(super) struct Record {
    data: Vec<u8>,
    /// End of each value, and whether it stood in quotation marks.
    ends: Vec<(usize, bool)>,
    /// The line it starts in, counted from 1.
    pub(super) line: u64,
    pub(super) flaws: Vec<Flaw>,
}

impl Record {
    /// How many values there are.
    pub(super) const fn len(&self) -> usize {
        self.ends.len()
    }

    /// One value as text; bytes that are not UTF-8 are replaced.
    pub(super) fn text(&self, field: usize) -> Option<Cow<'_, str>> {
        let (end, _quoted) = *self.ends.get(field)?;
        let start = field
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .map_or(0, |(end, _quoted)| *end);
        self.data.get(start..end).map(String::from_utf8_lossy)
    }

    /// One value; none when nothing at all stands between the delimiters.
    pub(super) fn value(&self, field: usize) -> Option<Cow<'_, str>> {
        let (_end, quoted) = *self.ends.get(field)?;
        self.text(field).filter(|text| quoted || !text.is_empty())
    }

    fn start(&mut self, line: u64) {
        self.data.clear();
        self.ends.clear();
        self.flaws.clear();
        self.line = line;
    }

    fn flaw(&mut self, flaw: Flaw) {
        if !self.flaws.contains(&flaw) {
            self.flaws.push(flaw);
        }
    }

    fn end_value(&mut self, quoted: bool) {
        self.ends.push((self.data.len(), quoted));
    }

    fn is_blank(&self) -> bool {
        self.data.is_empty() && matches!(self.ends.as_slice(), [(0, false)])
    }

    fn examine(&mut self) {
        if std::str::from_utf8(&self.data).is_err() {
            self.flaw(Flaw::NotUtf8);
        }
        if memchr::memchr(0, &self.data).is_some() {
            self.flaw(Flaw::Nul);
        }
    }
}

/// Reads records one after the other.
#[derive(Debug)]
pub(super) struct Records {
    input: Input,
    dialect: Dialect,
    line: u64,
    most_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Bare,
    Quoted,
    AfterQuote,
}

impl Records {
    pub(super) fn new(bytes: Arc<FileBytes>, dialect: Dialect, limits: &Limits) -> Self {
        Self {
            input: Input::new(bytes),
            dialect,
            line: 1,
            most_bytes: usize::try_from(limits.member_bytes).unwrap_or(usize::MAX),
        }
    }

    /// Records of bytes that are in memory already.
    pub(super) fn of_sample(sample: Vec<u8>, dialect: Dialect) -> Self {
        Self {
            most_bytes: sample.len(),
            input: Input {
                bytes: None,
                offset: 0,
                chunk: sample,
                position: 0,
            },
            dialect,
            line: 1,
        }
    }

    /// Reads the next record that is not blank; false at the end.
    pub(super) fn read(&mut self, path: &str, record: &mut Record) -> Result<bool, Error> {
        loop {
            record.start(self.line);
            if !self.read_one(path, record)? {
                return Ok(false);
            }
            if !record.is_blank() {
                record.examine();
                return Ok(true);
            }
        }
    }

    fn read_one(&mut self, path: &str, record: &mut Record) -> Result<bool, Error> {
        let mut state = State::Start;
        let mut any = false;
        loop {
            let Some(byte) = self.input.next(path)? else {
                if state == State::Quoted {
                    record.flaw(Flaw::OpenQuote);
                }
                if any {
                    record.end_value(matches!(state, State::Quoted | State::AfterQuote));
                }
                return Ok(any);
            };
            any = true;
            if byte == b'\n' || byte == b'\r' {
                self.count_line(path, byte)?;
                if state != State::Quoted {
                    record.end_value(state == State::AfterQuote);
                    return Ok(true);
                }
            }
            state = self.step(state, byte, record);
            self.keep_limits(path, record)?;
        }
    }

    /// `\n`, `\r` and `\r\n` each end one line. The second byte of `\r\n` is counted when its turn comes:
    /// outside quotation marks it then reads as a blank record, which is skipped.
    fn count_line(&mut self, path: &str, byte: u8) -> Result<(), Error> {
        if byte == b'\r' && self.input.peek(path)? == Some(b'\n') {
            return Ok(());
        }
        self.line = self.line.saturating_add(1);
        Ok(())
    }

    fn step(&self, state: State, byte: u8, record: &mut Record) -> State {
        match (state, byte) {
            (State::Start, b'"') => State::Quoted,
            (State::Start, b' ') if self.dialect.padded => State::Start,
            (State::Quoted, b'"') => State::AfterQuote,
            (State::AfterQuote, b'"') => {
                record.data.push(byte);
                State::Quoted
            }
            (State::Start | State::Bare | State::AfterQuote, _)
                if byte == self.dialect.delimiter =>
            {
                record.end_value(state == State::AfterQuote);
                State::Start
            }
            (State::Quoted, _) => {
                record.data.push(byte);
                State::Quoted
            }
            (State::Start | State::Bare, _) => {
                record.data.push(byte);
                State::Bare
            }
            (State::AfterQuote, _) => {
                record.flaw(Flaw::TextAfterQuote);
                record.data.push(byte);
                State::Bare
            }
        }
    }

    fn keep_limits(&self, path: &str, record: &Record) -> Result<(), Error> {
        let what = if record.data.len() > self.most_bytes {
            format!("a row has more than {} bytes", self.most_bytes)
        } else if record.ends.len() >= MOST_COLUMNS {
            format!("a row has more than {MOST_COLUMNS} values")
        } else {
            return Ok(());
        };
        Err(Error::Malformed {
            path: path.to_owned(),
            problem: Box::new(Problem::in_line(record.line, what)),
        })
    }
}

/// The bytes, a chunk at a time.
#[derive(Debug)]
struct Input {
    bytes: Option<Arc<FileBytes>>,
    offset: u64,
    chunk: Vec<u8>,
    position: usize,
}

impl Input {
    /// Starts behind a UTF-8 byte order mark, if there is one.
    fn new(bytes: Arc<FileBytes>) -> Self {
        let mut mark = [0; 3];
        let marked = bytes.read_exact_at(0, &mut mark).is_ok() && mark == super::dialect::MARK;
        Self {
            bytes: Some(bytes),
            offset: if marked { 3 } else { 0 },
            chunk: Vec::new(),
            position: 0,
        }
    }

    fn next(&mut self, path: &str) -> Result<Option<u8>, Error> {
        let byte = self.peek(path)?;
        if byte.is_some() {
            self.position = self.position.saturating_add(1);
        }
        Ok(byte)
    }

    fn peek(&mut self, path: &str) -> Result<Option<u8>, Error> {
        if let Some(byte) = self.chunk.get(self.position) {
            return Ok(Some(*byte));
        }
        self.fill(path)?;
        Ok(self.chunk.get(self.position).copied())
    }

    fn fill(&mut self, path: &str) -> Result<(), Error> {
        let Some(bytes) = &self.bytes else {
            return Ok(());
        };
        let rest = bytes.len().saturating_sub(self.offset);
        let size = usize::try_from(rest).map_or(CHUNK, |rest| rest.min(CHUNK));
        self.chunk.resize(size, 0);
        let read = read_some(bytes, self.offset, &mut self.chunk);
        let count = read.map_err(|source| tutela_core::Error::Read {
            path: path.to_owned(),
            source,
        })?;
        self.chunk.truncate(count);
        self.position = 0;
        self.offset = self.offset.saturating_add(count as u64);
        Ok(())
    }
}

fn read_some(bytes: &FileBytes, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match bytes.read_at(offset, buffer) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
