//! Reads flatbuffers by their offsets, each of which is checked against the file before it is followed.
//!
//! Offsets to tables and vectors only point forwards, so that nothing can turn in a circle; how often the
//! same bytes are read again is bounded by steps.

use std::io;

use tutela_core::{Bytes, Limits};

/// Bytes that are read at once: tables lie close together, and their descriptions not far before them.
const PAGE: u64 = 16 << 10;
/// Pages that are kept.
const PAGES: usize = 16;

/// Why reading stopped.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The bytes could not be read.
    Read(io::Error),
    /// Something that starts here reaches outside the file.
    Outside(u64),
    /// Too much was read.
    Steps,
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

/// What is malformed in a flatbuffer, or was not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// An offset leads out of the file.
    #[error("the {what} at byte {at} reaches outside the file")]
    Outside {
        /// What has the offset.
        what: &'static str,
        /// Where it is.
        at: u64,
    },
    /// An index leads out of its list.
    #[error("the {what} at byte {at} names number {index} of a list of {count}")]
    Index {
        /// What has the index.
        what: &'static str,
        /// Where it is.
        at: u64,
        /// The index.
        index: i64,
        /// How many there are.
        count: u64,
    },
    /// A tensor is described as no tensor can be.
    #[error("the tensor at byte {at} {what}")]
    Tensor {
        /// What it does.
        what: &'static str,
        /// Where it is.
        at: u64,
    },
    /// A limit was reached.
    #[error("there is more to read than the limit of {limit} {what}")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

impl Fault {
    /// Keeps a fault among at most so many.
    pub(crate) fn keep(self, faults: &mut Vec<Self>, most: usize) {
        let is_limit = matches!(self, Self::Limit { .. });
        // INVARIANT: a limit is always kept, so that a part is never taken for the whole.
        if faults.len() < most || is_limit && !faults.contains(&self) {
            faults.push(self);
        }
    }

    /// Where it is, when it is at a place.
    #[must_use]
    pub const fn at(&self) -> Option<u64> {
        match self {
            Self::Outside { at, .. } | Self::Index { at, .. } | Self::Tensor { at, .. } => {
                Some(*at)
            }
            Self::Limit { .. } => None,
        }
    }
}

/// A reader that goes through a flatbuffer. What is malformed in one table hides no other.
pub(crate) trait Reads<'a>: Sized {
    /// The flatbuffer.
    fn flat(&mut self) -> &mut Flat<'a>;

    /// Notes that something leads out of the file.
    fn outside(&mut self, what: &'static str, at: u64);

    /// Notes that there is more to read than the limit of steps.
    fn exhausted(&mut self);

    /// Turns what stopped a part of the walk, which began at a place, into a fault.
    fn settle(&mut self, done: Result<(), Broken>, what: &'static str, at: u64) -> io::Result<()> {
        match done {
            Ok(()) => {}
            Err(Broken::Read(error)) => return Err(error),
            Err(Broken::Outside(place)) => self.outside(what, if place == 0 { at } else { place }),
            Err(Broken::Steps) => self.exhausted(),
        }
        Ok(())
    }

    /// Gives every table of a vector to `see`.
    fn each(
        &mut self,
        vector: Vector,
        what: &'static str,
        see: fn(&mut Self, Table) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        for index in 0..vector.count {
            let table = self.flat().item(vector, index);
            let done = table.and_then(|table| see(self, table));
            if let Err(Broken::Steps) = done {
                return done;
            }
            self.settle(done, what, vector.start)?;
        }
        Ok(())
    }

    /// Gives every table of the vector in a field to `see`; a vector that is malformed hides no other either.
    fn list(
        &mut self,
        table: Table,
        field: u64,
        what: &'static str,
        see: fn(&mut Self, Table) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        match self.flat().vector(table, field, 4) {
            Ok(vector) => self.each(vector, what, see),
            Err(Broken::Steps) => Err(Broken::Steps),
            Err(broken) => Ok(self.settle(Err(broken), what, table.at)?),
        }
    }
}

/// A table: where it is, and the description of its fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    pub(crate) at: u64,
    size: u64,
    fields: u64,
    fields_size: u64,
}

impl Table {
    /// Where it lies.
    pub(crate) const fn span(self) -> (u64, u64) {
        (self.at, self.at.saturating_add(self.size))
    }

    /// Where the description of its fields lies.
    pub(crate) const fn description(self) -> (u64, u64) {
        (self.fields, self.fields.saturating_add(self.fields_size))
    }

    /// How many fields are described.
    pub(crate) const fn count(self) -> u64 {
        self.fields_size.saturating_sub(4) / 2
    }
}

/// A vector: where its items start and how many there are.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Vector {
    pub(crate) start: u64,
    pub(crate) count: u64,
}

pub(crate) struct Flat<'a> {
    bytes: &'a dyn Bytes,
    length: u64,
    /// The pages read last, the latest first.
    pages: Vec<(u64, Vec<u8>)>,
    steps: u64,
}

impl<'a> Flat<'a> {
    pub(crate) fn new(bytes: &'a dyn Bytes, limits: &Limits) -> Self {
        Self {
            bytes,
            length: bytes.len(),
            pages: Vec::new(),
            steps: limits.steps,
        }
    }

    pub(crate) const fn len(&self) -> u64 {
        self.length
    }

    /// A little-endian number of `width` bytes, at most eight.
    pub(crate) fn number(&mut self, at: u64, width: u64) -> Result<u64, Broken> {
        self.steps = self.steps.checked_sub(1).ok_or(Broken::Steps)?;
        let end = at.checked_add(width).ok_or(Broken::Outside(at))?;
        if end > self.length {
            return Err(Broken::Outside(at));
        }
        let mut value = 0_u64;
        for place in (at..end).rev() {
            value = value << 8 | u64::from(self.byte(place)?);
        }
        Ok(value)
    }

    /// The table at a place.
    pub(crate) fn table(&mut self, at: u64) -> Result<Table, Broken> {
        let back = self.number(at, 4)?;
        let back = u32::try_from(back).unwrap_or_default().cast_signed();
        let fields = at
            .checked_add_signed(-i64::from(back))
            .ok_or(Broken::Outside(at))?;
        let fields_size = self.number(fields, 2)?;
        let size = self.number(fields.saturating_add(2), 2)?;
        let ends = at
            .saturating_add(size)
            .max(fields.saturating_add(fields_size));
        if fields_size < 4 || size < 4 || ends > self.length {
            return Err(Broken::Outside(at));
        }
        Ok(Table {
            at,
            size,
            fields,
            fields_size,
        })
    }

    /// Where a field of a table lies; none when it is left out.
    pub(crate) fn field(&mut self, table: Table, index: u64) -> Result<Option<u64>, Broken> {
        let entry = index.saturating_mul(2).saturating_add(4);
        if entry.saturating_add(2) > table.fields_size {
            return Ok(None);
        }
        let offset = self.number(table.fields.saturating_add(entry), 2)?;
        if offset >= table.size {
            return Err(Broken::Outside(table.at));
        }
        Ok((offset != 0).then_some(table.at.saturating_add(offset)))
    }

    /// A number in a field, or zero.
    pub(crate) fn value(&mut self, table: Table, index: u64, width: u64) -> Result<u64, Broken> {
        match self.field(table, index)? {
            Some(at) => self.number(at, width),
            None => Ok(0),
        }
    }

    /// What an offset at a place points to.
    pub(crate) fn target(&mut self, at: u64) -> Result<u64, Broken> {
        let offset = self.number(at, 4)?;
        let target = at.saturating_add(offset);
        if offset == 0 || target >= self.length {
            return Err(Broken::Outside(at));
        }
        Ok(target)
    }

    /// The table in a field.
    pub(crate) fn inner(&mut self, table: Table, index: u64) -> Result<Option<Table>, Broken> {
        let Some(at) = self.field(table, index)? else {
            return Ok(None);
        };
        let target = self.target(at)?;
        self.table(target).map(Some)
    }

    /// The vector in a field, whose items take `width` bytes each; empty when it is left out.
    pub(crate) fn vector(
        &mut self,
        table: Table,
        index: u64,
        width: u64,
    ) -> Result<Vector, Broken> {
        let Some(at) = self.field(table, index)? else {
            return Ok(Vector::default());
        };
        let target = self.target(at)?;
        let count = self.number(target, 4)?;
        let start = target.saturating_add(4);
        let size = count.checked_mul(width);
        let fits = size.is_some_and(|size| size <= self.length.saturating_sub(start));
        if !fits {
            return Err(Broken::Outside(at));
        }
        Ok(Vector { start, count })
    }

    /// The table that an item of a vector of tables points to.
    pub(crate) fn item(&mut self, vector: Vector, index: u64) -> Result<Table, Broken> {
        let target = self.target(vector.start.saturating_add(index.saturating_mul(4)))?;
        self.table(target)
    }

    /// The text in a field, at most `most` bytes of it.
    pub(crate) fn text(
        &mut self,
        table: Table,
        index: u64,
        most: u64,
    ) -> Result<Option<String>, Broken> {
        if self.field(table, index)?.is_none() {
            return Ok(None);
        }
        let vector = self.vector(table, index, 1)?;
        let bytes = self.span(vector.start, vector.count.min(most))?;
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// The text that an item of a vector of texts points to, at most `most` bytes of it.
    pub(crate) fn string(&mut self, at: u64, most: u64) -> Result<String, Broken> {
        let target = self.target(at)?;
        let count = self.number(target, 4)?;
        let start = target.saturating_add(4);
        if count > self.length.saturating_sub(start) {
            return Err(Broken::Outside(at));
        }
        let bytes = self.span(start, count.min(most))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Bytes from a place, which must be few.
    pub(crate) fn span(&mut self, start: u64, count: u64) -> Result<Vec<u8>, Broken> {
        let fits = count <= self.length.saturating_sub(start);
        let count = usize::try_from(count)
            .ok()
            .filter(|_| fits)
            .ok_or(Broken::Outside(start))?;
        self.steps = self.steps.checked_sub(count as u64).ok_or(Broken::Steps)?;
        let mut bytes = vec![0; count];
        self.bytes.read_exact_at(start, &mut bytes)?;
        Ok(bytes)
    }

    fn byte(&mut self, at: u64) -> Result<u8, Broken> {
        let page = at / PAGE;
        match self.pages.iter().position(|(number, _)| *number == page) {
            Some(0) => {}
            Some(place) => self.pages.swap(0, place),
            None => {
                let start = page.saturating_mul(PAGE);
                let size = self.length.saturating_sub(start).min(PAGE);
                let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
                self.bytes.read_exact_at(start, &mut bytes)?;
                self.pages.truncate(PAGES.saturating_sub(1));
                self.pages.insert(0, (page, bytes));
            }
        }
        let offset = usize::try_from(at % PAGE).unwrap_or_default();
        let byte = self
            .pages
            .first()
            .and_then(|(_, bytes)| bytes.get(offset).copied());
        byte.ok_or(Broken::Outside(at))
    }
}
