//! Reads functions as Python's `marshal` writes them, versions 2.7 to 3.14.
//!
//! Values stand one after the other, each with a letter for its type. A code object is a few numbers, eight
//! values, a line number, and one or two values more, by version. They are read into one flat list with a
//! stack of open values, so that no depth of the input deepens a recursion.

use super::{Bytecode, Constant, Family, Function, Parts, shortened};
use crate::fields::Fields;

/// Values of one stream.
const VALUES: usize = 1_000_000;
/// Functions of one stream.
const FUNCTIONS: usize = 10_000;
/// The flag of a value that later ones refer to.
const REFERRED: u8 = 0x80;
/// Names and constants of all functions together; tables that many functions share would multiply.
const ENTRIES: usize = 1_000_000;
/// Bytes of instructions of all functions together, for the same reason.
const INSTRUCTIONS: usize = 4 << 20;

/// A value, by its place in the list.
enum Value<'a> {
    /// A text or bytes.
    Bytes(&'a [u8]),
    Nil,
    /// The places of its values.
    Tuple(Vec<usize>),
    /// A code object: its numbers, and the places of its values.
    Code {
        numbers: Vec<u32>,
        values: Vec<usize>,
    },
    Other,
}

/// A value whose parts are still to come.
struct Open {
    place: usize,
    kind: Kind,
}

enum Kind {
    /// So many values.
    Values(usize),
    /// A dictionary, up to its end mark.
    Pairs,
    /// A code object: which of its values comes next, and whether it is of Python 3.11 or later.
    Code { next: u8, is_new: bool },
}

/// Whether the bytes begin as a marshalled code object does.
#[must_use]
pub fn looks_like(bytes: &[u8]) -> bool {
    let Some((kind, rest)) = bytes.split_first() else {
        return false;
    };
    kind & !REFERRED == b'c' && numbers(rest).is_some()
}

/// How many numbers stand before the instructions: 4 in Python 2, 6 in 3.8 to 3.10, else 5.
fn numbers(rest: &[u8]) -> Option<usize> {
    [5_usize, 6, 4].into_iter().find(|count| {
        let at = count * 4;
        // Counts of arguments and the like are small.
        let small = rest.get(..at).is_some_and(|numbers| {
            numbers
                .chunks(4)
                .take(3)
                .all(|number| matches!(number, [_, 0..=1, 0, 0]))
        });
        small && rest.get(at).is_some_and(|kind| kind & !REFERRED == b's')
    })
}

/// Reads all functions; what cannot be followed leaves `complete` false.
#[must_use]
pub fn read(bytes: &[u8]) -> Bytecode {
    let mut reader = Reader {
        fields: Fields::new(bytes),
        open: Vec::new(),
        values: Vec::new(),
        referred: Vec::new(),
        interned: Vec::new(),
        entries: ENTRIES,
        instructions: INSTRUCTIONS,
    };
    let mut done = reader.value();
    while done.is_some() && !reader.open.is_empty() && reader.values.len() < VALUES {
        done = reader.step();
    }
    let is_whole = done.is_some() && reader.open.is_empty();
    let functions = reader.functions();
    Bytecode {
        complete: is_whole && functions.iter().all(|function| function.complete),
        functions,
    }
}

struct Reader<'a> {
    fields: Fields<'a>,
    open: Vec<Open>,
    values: Vec<Value<'a>>,
    /// The places of values that later ones may refer to.
    referred: Vec<usize>,
    /// The same for the texts of Python 2.
    interned: Vec<usize>,
    /// Names and constants that may still be kept.
    entries: usize,
    /// Bytes of instructions that may still be followed.
    instructions: usize,
}

impl<'a> Reader<'a> {
    /// Reads the next value of the innermost open one, or closes it.
    fn step(&mut self) -> Option<()> {
        let open = self.open.last_mut()?;
        match &mut open.kind {
            Kind::Values(0) => {
                self.open.pop();
                return Some(());
            }
            Kind::Values(left) => *left -= 1,
            Kind::Pairs => {
                if self.fields.rest().first() == Some(&b'0') {
                    self.fields.skip(1)?;
                    self.open.pop();
                    return Some(());
                }
            }
            Kind::Code { next, is_new } => {
                let now = *next;
                *next += 1;
                match now {
                    8 => return self.fields.skip(4),
                    10 if *is_new => {}
                    10 | 11 => {
                        self.open.pop();
                        return Some(());
                    }
                    _ => {}
                }
            }
        }
        self.value()
    }

    /// Puts a value into the list and into the one that holds it.
    fn place(&mut self, value: Value<'a>) -> usize {
        let place = self.values.len();
        self.values.push(value);
        self.hold(place);
        place
    }

    fn hold(&mut self, place: usize) {
        let Some(open) = self.open.last_mut() else {
            return;
        };
        let is_bytes = matches!(self.values.get(place), Some(Value::Bytes(_)));
        if let Kind::Code { next: 5, is_new } = &mut open.kind {
            // From 3.11 on the kinds of local variables stand where tuples of names stood.
            *is_new = is_bytes;
        }
        if let Some(Value::Tuple(values) | Value::Code { values, .. }) =
            self.values.get_mut(open.place)
        {
            values.push(place);
        }
    }

    fn value(&mut self) -> Option<()> {
        let byte = self.fields.byte()?;
        let kind = byte & !REFERRED;
        if matches!(kind, b'r' | b'R') {
            let index = self.fields.length()?;
            let list = if kind == b'r' {
                &self.referred
            } else {
                &self.interned
            };
            let place = *list.get(index)?;
            self.hold(place);
            return Some(());
        }
        let (value, inner) = self.read(kind)?;
        let place = self.place(value);
        if byte & REFERRED != 0 {
            self.referred.push(place);
        } else if kind == b't' {
            self.interned.push(place);
        }
        self.open.extend(inner.map(|kind| Open { place, kind }));
        Some(())
    }

    /// A value, and what it still expects.
    fn read(&mut self, kind: u8) -> Option<(Value<'a>, Option<Kind>)> {
        let value = match kind {
            b's' | b't' | b'u' | b'a' | b'A' => {
                let length = self.fields.length()?;
                Value::Bytes(self.fields.take(length)?)
            }
            b'z' | b'Z' => {
                let length = usize::from(self.fields.byte()?);
                Value::Bytes(self.fields.take(length)?)
            }
            b'N' => Value::Nil,
            b'(' => return self.several(true),
            b'[' | b'<' | b'>' => return self.several(false),
            b')' => {
                let count = usize::from(self.fields.byte()?);
                return Some((Value::Tuple(Vec::new()), Some(Kind::Values(count))));
            }
            b'{' => return Some((Value::Other, Some(Kind::Pairs))),
            // A slice, from 3.14 on.
            b':' => return Some((Value::Other, Some(Kind::Values(3)))),
            b'c' => return self.code(),
            _ => {
                self.number(kind)?;
                Value::Other
            }
        };
        Some((value, None))
    }

    fn several(&mut self, is_tuple: bool) -> Option<(Value<'a>, Option<Kind>)> {
        let count = self.fields.length()?;
        let value = if is_tuple {
            Value::Tuple(Vec::new())
        } else {
            Value::Other
        };
        Some((value, Some(Kind::Values(count))))
    }

    fn code(&mut self) -> Option<(Value<'a>, Option<Kind>)> {
        let count = numbers(self.fields.rest())?;
        let mut numbers = Vec::with_capacity(count);
        for _ in 0..count {
            numbers.push(self.fields.word()?);
        }
        let value = Value::Code {
            numbers,
            values: Vec::new(),
        };
        let kind = Kind::Code {
            next: 0,
            is_new: false,
        };
        Some((value, Some(kind)))
    }

    fn number(&mut self, kind: u8) -> Option<()> {
        match kind {
            b'0' | b'F' | b'T' | b'S' | b'.' => Some(()),
            b'i' => self.fields.skip(4),
            b'I' | b'g' => self.fields.skip(8),
            b'y' => self.fields.skip(16),
            b'l' => {
                let digits = self.fields.word()?.cast_signed().unsigned_abs();
                self.fields
                    .skip(usize::try_from(digits).ok()?.checked_mul(2)?)
            }
            b'f' => {
                let length = usize::from(self.fields.byte()?);
                self.fields.skip(length)
            }
            b'x' => {
                for _ in 0..2 {
                    let length = usize::from(self.fields.byte()?);
                    self.fields.skip(length)?;
                }
                Some(())
            }
            _ => None,
        }
    }

    fn functions(&mut self) -> Vec<Function> {
        let values = std::mem::take(&mut self.values);
        let mut functions = Vec::new();
        for value in &values {
            let Value::Code {
                numbers,
                values: own,
            } = value
            else {
                continue;
            };
            let mut parts = self.parts(&values, numbers, own);
            if functions.len() >= FUNCTIONS {
                break;
            }
            parts.complete &= functions.len() < FUNCTIONS - 1;
            functions.push(parts.describe());
        }
        functions
    }

    fn parts(&mut self, values: &[Value<'a>], numbers: &[u32], own: &[usize]) -> Parts {
        let value = |at: usize| own.get(at).and_then(|place| values.get(*place));
        let bytes = |at| match value(at) {
            Some(Value::Bytes(bytes)) => Some(*bytes),
            _ => None,
        };
        let tuple = |at| match value(at) {
            Some(Value::Tuple(places)) => Some(places.as_slice()),
            _ => None,
        };
        let (constants, names) = (tuple(1), tuple(2));
        let is_new = bytes(4).is_some();
        let wanted = [constants, names].into_iter().flatten().map(<[usize]>::len);
        let wanted: usize = wanted.sum();
        let length = bytes(0).map_or(0, <[u8]>::len);
        let room = self
            .entries
            .checked_sub(wanted)
            .zip(self.instructions.checked_sub(length));
        (self.entries, self.instructions) = room.unwrap_or((0, 0));
        let kept = if room.is_some() { usize::MAX } else { 0 };
        let is_there = bytes(0).is_some() && constants.is_some() && names.is_some();
        let complete = room.is_some() && is_there;
        let at = |place: &usize| values.get(*place);
        Parts {
            name: bytes(if is_new { 6 } else { 7 })
                .map(text)
                .unwrap_or_default(),
            parameters: parameters(numbers, is_new),
            instructions: bytes(0).filter(|_| complete).unwrap_or_default().to_vec(),
            constants: constants
                .unwrap_or_default()
                .iter()
                .take(kept)
                .map(|place| constant(at(place), values))
                .collect(),
            names: names
                .unwrap_or_default()
                .iter()
                .take(kept)
                .map(|place| match at(place) {
                    Some(Value::Bytes(bytes)) => text(bytes),
                    _ => String::new(),
                })
                .collect(),
            family: match (numbers.len(), is_new) {
                (5, true) => Family::Cached,
                (5 | 6, false) => Family::Words,
                _ => Family::Unknown,
            },
            complete,
        }
    }
}

fn text(bytes: &[u8]) -> String {
    shortened(&String::from_utf8_lossy(bytes))
}

/// How many local variables are parameters, those that collect the rest included.
fn parameters(numbers: &[u32], is_new: bool) -> usize {
    let (counts, flags) = match (numbers, is_new) {
        ([arguments, _, keywords, _, flags], true)
        | ([arguments, _, keywords, _, _, flags], false)
        | ([arguments, keywords, _, _, flags], false) => {
            (arguments.saturating_add(*keywords), *flags)
        }
        ([arguments, _, _, flags], _) => (*arguments, *flags),
        _ => (u32::MAX, 0),
    };
    let rest = u32::from(flags & 4 != 0).saturating_add(u32::from(flags & 8 != 0));
    usize::try_from(counts.saturating_add(rest)).unwrap_or(usize::MAX)
}

fn constant(value: Option<&Value<'_>>, values: &[Value<'_>]) -> Constant {
    match value {
        Some(Value::Nil) => Constant::Nil,
        Some(Value::Bytes(bytes)) => Constant::Text(text(bytes)),
        Some(Value::Tuple(places)) => {
            let texts =
                places
                    .iter()
                    .take(super::TEXTS)
                    .filter_map(|place| match values.get(*place) {
                        Some(Value::Bytes(bytes)) => Some(text(bytes)),
                        _ => None,
                    });
            Constant::Texts(texts.collect())
        }
        _ => Constant::Other,
    }
}
