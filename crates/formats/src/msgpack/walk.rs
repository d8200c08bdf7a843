//! Goes through the values one after the other, with a stack of what is open.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::io;

use tutela_core::Bytes;

use super::array;
use super::{DEPTH, Document, Fault, KEPT, Kind, Part};
use crate::extent::Sort;
use crate::input::Input;

/// Bytes of a key that are looked at.
const KEY: u64 = 64;
/// Bytes at the start of an extension that are looked at: a shape of 64 dimensions and the name of a type.
const HEAD: u64 = 1024;
/// Keys of one map that are compared with each other.
const KEYS: usize = 1 << 16;

/// What one value is, without what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    /// A number or nothing.
    Scalar,
    /// True or false, which msgpack-numpy marks arrays and numbers with.
    Truth(bool),
    /// Text or bytes.
    Bytes { text: bool, length: u64 },
    /// A list.
    List(u64),
    /// A map of so many pairs.
    Map(u64),
    /// An extension.
    Extension { code: i8, length: u64 },
    /// The one byte that is never used.
    Reserved,
}

/// A list or a map that is not yet at its end.
#[derive(Default)]
struct Open {
    /// Values that are still to come: two for each pair.
    left: u64,
    is_map: bool,
    /// The key whose value comes next.
    key: Vec<u8>,
    /// The keys so far.
    keys: Vec<u64>,
    numpy: Numpy,
}

/// The entries of a map that make it an array of msgpack-numpy.
#[derive(Default)]
struct Numpy {
    /// Whether it is marked at all.
    is_numpy: bool,
    /// Whether it is marked as an array.
    is_array: bool,
    objects: bool,
    data: Option<(u64, u64)>,
}

pub(super) struct Walk<'a> {
    input: Input<'a>,
    at: u64,
    steps: u64,
    limit: u64,
    open: Vec<Open>,
    /// Texts of at least three letters that would be a name.
    pub(super) names: u64,
    /// Whether every key was a name or a number.
    pub(super) named: bool,
    pub(super) document: Document,
}

impl<'a> Walk<'a> {
    pub(super) fn new(bytes: &'a dyn Bytes, steps: u64) -> Self {
        Self {
            input: Input::new(bytes),
            at: 0,
            steps,
            limit: steps,
            open: Vec::new(),
            names: 0,
            named: true,
            document: Document::default(),
        }
    }

    /// Goes through all values; stops at the first that cannot be one.
    pub(super) fn run(&mut self) -> io::Result<()> {
        while self.at < self.input.len() {
            let first = self.input.byte(self.at)?;
            // Behind the first value only lists and maps count as more values: any other byte would be one too.
            let begins = self.at == 0 || matches!(first, Some(0x80..=0x9f | 0xdc..=0xdf));
            if !begins {
                break;
            }
            let root = self.root()?;
            self.document.read = self.at;
            if let Err(fault) = root {
                self.note(fault);
                return Ok(());
            }
            self.document.roots = self.document.roots.saturating_add(1);
            self.document.end = self.at;
        }
        if self.at < self.input.len() {
            self.note(Fault::Trailing {
                at: self.at,
                length: self.left(),
            });
        }
        Ok(())
    }

    fn note(&mut self, fault: Fault) {
        if self.document.faults.len() < KEPT {
            self.document.faults.push(fault);
        }
    }

    const fn left(&self) -> u64 {
        self.input.len().saturating_sub(self.at)
    }

    /// One value at the top with all that it holds.
    fn root(&mut self) -> io::Result<Result<(), Fault>> {
        loop {
            let Some(steps) = self.steps.checked_sub(1) else {
                self.document.extents.stop();
                return Ok(Err(Fault::Limit {
                    what: "values",
                    limit: self.limit,
                }));
            };
            self.steps = steps;
            let start = self.at;
            let Some(token) = self.token()? else {
                return Ok(Err(Fault::Unfinished { at: start }));
            };
            self.document.values = self.document.values.saturating_add(1);
            if let Err(fault) = self.see(token, start)? {
                return Ok(Err(fault));
            }
            self.close();
            if self.open.is_empty() {
                return Ok(Ok(()));
            }
        }
    }

    fn see(&mut self, token: Token, start: u64) -> io::Result<Result<(), Fault>> {
        let beyond = |what, declared, left| {
            Ok(Err(Fault::Beyond {
                what,
                at: start,
                declared,
                left,
            }))
        };
        let left = self.left();
        match token {
            Token::Reserved => return Ok(Err(Fault::Reserved { at: start })),
            Token::Bytes { length, .. } if length > left => {
                return beyond("text or bytes", length, left);
            }
            Token::Extension { length, .. } if length > left => {
                return beyond("extension", length, left);
            }
            Token::List(count) if count > left => return beyond("list", count, left),
            Token::Map(count) if count > left / 2 => return beyond("map", count, left),
            Token::List(_) | Token::Map(_) if self.open.len() >= DEPTH => {
                return Ok(Err(Fault::TooDeep { at: start }));
            }
            _ => {}
        }
        let is_key = self.is_key();
        match token {
            Token::Bytes { text, length } => self.bytes(text, length, is_key)?,
            Token::Extension { code, length } => self.extension(code, length)?,
            Token::Truth(truth) => self.mark(truth),
            _ => {}
        }
        self.named &= !is_key || matches!(token, Token::Bytes { .. } | Token::Scalar);
        self.count();
        match token {
            Token::List(count) => self.open.push(Open {
                left: count,
                ..Open::default()
            }),
            Token::Map(count) => self.open.push(Open {
                left: count.saturating_mul(2),
                is_map: true,
                ..Open::default()
            }),
            _ => {}
        }
        Ok(Ok(()))
    }

    /// Whether the next value is a key.
    fn is_key(&self) -> bool {
        let open = self.open.last();
        open.is_some_and(|open| open.is_map && open.left.is_multiple_of(2))
    }

    /// Counts the value that was seen.
    fn count(&mut self) {
        if let Some(open) = self.open.last_mut() {
            open.left = open.left.saturating_sub(1);
        }
    }

    /// Ends every list and map that has all its values.
    fn close(&mut self) {
        while self.open.last().is_some_and(|open| open.left == 0) {
            if let Some(open) = self.open.pop() {
                self.closed(open);
            }
        }
    }

    fn closed(&mut self, mut open: Open) {
        open.keys.sort_unstable();
        let is_doubled = |pair: &[u64]| matches!(pair, [one, other] if one == other);
        if open.keys.windows(2).any(is_doubled) {
            self.note(Fault::DoubledKey { at: self.at });
        }
        let Numpy {
            is_numpy,
            is_array,
            objects,
            data,
        } = open.numpy;
        match data {
            Some((at, length)) if is_array && objects => self.keep(at, length, Kind::Objects),
            Some((at, length)) if is_numpy => {
                self.document.arrays = self.document.arrays.saturating_add(1);
                self.numbers(at, length);
            }
            Some((at, length)) => self.keep(at, length, Kind::Bytes),
            None => {}
        }
    }

    fn numbers(&mut self, at: u64, length: u64) {
        let end = at.saturating_add(length);
        self.document.extents.note(at, end, Sort::Numbers);
    }

    fn keep(&mut self, at: u64, length: u64, kind: Kind) {
        if self.document.parts.len() < KEPT {
            self.document.parts.push(Part { at, length, kind });
        } else {
            self.document.extents.stop();
            self.note(Fault::Limit {
                what: "parts",
                limit: KEPT as u64,
            });
        }
    }

    /// msgpack-numpy marks an array by `nd` being true, and a number by its being false.
    fn mark(&mut self, truth: bool) {
        if let Some(open) = self.open.last_mut().filter(|open| open.key == b"nd") {
            open.numpy.is_numpy = true;
            open.numpy.is_array |= truth;
        }
    }

    fn bytes(&mut self, text: bool, length: u64, is_key: bool) -> io::Result<()> {
        let start = self.at;
        let head = self.input.prefix(start, length.min(KEY))?.to_vec();
        self.at = start.saturating_add(length);
        if text {
            self.document.extents.note_text((start, self.at));
        }
        self.names = self
            .names
            .saturating_add(u64::from(is_name(&head) && length >= 3));
        if is_key {
            self.named &= text || is_name(&head);
            self.key(head, length);
            return Ok(());
        }
        let Some(open) = self.open.last_mut() else {
            self.keep(start, length, Kind::Bytes);
            return Ok(());
        };
        match open.key.as_slice() {
            b"kind" => open.numpy.objects |= head == b"O",
            b"type" => open.numpy.objects |= head.ends_with(b"O") && head.len() <= 2,
            b"data" => open.numpy.data = Some((start, length)),
            _ if !text => self.keep(start, length, Kind::Bytes),
            _ => {}
        }
        Ok(())
    }

    fn key(&mut self, head: Vec<u8>, length: u64) {
        if let Some(open) = self.open.last_mut() {
            // Longer keys are not compared: their heads may be the same.
            if length <= KEY && open.keys.len() < KEYS {
                let mut hasher = DefaultHasher::new();
                head.hash(&mut hasher);
                open.keys.push(hasher.finish());
            }
            open.key = head;
        }
    }

    /// An array in the manner of Flax, or something that its reader gives a meaning.
    fn extension(&mut self, code: i8, length: u64) -> io::Result<()> {
        let start = self.at;
        let head = self.input.prefix(start, length.min(HEAD))?.to_vec();
        self.at = start.saturating_add(length);
        // The two of Flax that hold arrays; other readers give these numbers other meanings.
        let array = matches!(code, 1 | 3).then(|| array::read(&head)).flatten();
        if let Some(array) = array.filter(|array| array.head.saturating_add(array.held) == length) {
            self.numbers(start.saturating_add(array.head), array.held);
            self.array(start, &array);
        } else if let Some((module, name)) = call(&head) {
            self.keep(start, length, Kind::Call { code, module, name });
        } else if code != -1 && !is_complex(code, &head) {
            // -1 is a time.
            self.keep(start, length, Kind::Extension(code));
        }
        Ok(())
    }

    fn array(&mut self, at: u64, array: &array::Array) {
        self.document.arrays = self.document.arrays.saturating_add(1);
        let held = array.held;
        if array.objects {
            self.note(Fault::ObjectType { at });
        }
        if let Some(declared) = array.declared.filter(|declared| *declared != held) {
            self.note(Fault::Shape { at, declared, held });
        }
    }

    /// The next value's head, which is stepped over; none at the end of the file.
    fn token(&mut self) -> io::Result<Option<Token>> {
        let head = self.input.prefix(self.at, 9)?.to_vec();
        let Some(first) = head.first().copied() else {
            return Ok(None);
        };
        let big = |size: usize| -> Option<u64> {
            let bytes = head.get(1..size.checked_add(1)?)?;
            Some(
                bytes
                    .iter()
                    .fold(0, |number, byte| number << 8 | u64::from(*byte)),
            )
        };
        let code = |at: usize| head.get(at).map(|byte| byte.cast_signed());
        let sized = |size: usize| size as u64;
        let found = match first {
            0x80..=0x8f => Some((1, Token::Map(u64::from(first & 0x0f)))),
            0x90..=0x9f => Some((1, Token::List(u64::from(first & 0x0f)))),
            0xa0..=0xbf => Some((1, bytes(true, u64::from(first & 0x1f)))),
            0xc1 => Some((1, Token::Reserved)),
            0xc2 | 0xc3 => Some((1, Token::Truth(first == 0xc3))),
            0xc4..=0xc6 => {
                let size = 1 << (first & 3);
                big(size)
                    .map(|length| (sized(size), bytes(false, length)))
                    .map(|(size, token)| (size.saturating_add(1), token))
            }
            0xc7..=0xc9 => {
                let size = 1 << first.wrapping_sub(0xc7);
                big(size)
                    .zip(code(size.saturating_add(1)))
                    .map(|(length, code)| {
                        (
                            sized(size).saturating_add(2),
                            Token::Extension { code, length },
                        )
                    })
            }
            0xcc | 0xd0 => big(1).map(|_| (2, Token::Scalar)),
            0xcd | 0xd1 => big(2).map(|_| (3, Token::Scalar)),
            0xca | 0xce | 0xd2 => big(4).map(|_| (5, Token::Scalar)),
            0xcb | 0xcf | 0xd3 => big(8).map(|_| (9, Token::Scalar)),
            0xd4..=0xd8 => {
                let length = 1 << first.wrapping_sub(0xd4);
                code(1).map(|code| (2, Token::Extension { code, length }))
            }
            0xd9 => big(1).map(|length| (2, bytes(true, length))),
            0xda => big(2).map(|length| (3, bytes(true, length))),
            0xdb => big(4).map(|length| (5, bytes(true, length))),
            0xdc => big(2).map(|count| (3, Token::List(count))),
            0xdd => big(4).map(|count| (5, Token::List(count))),
            0xde => big(2).map(|count| (3, Token::Map(count))),
            0xdf => big(4).map(|count| (5, Token::Map(count))),
            _ => Some((1, Token::Scalar)),
        };
        Ok(found.map(|(size, token)| {
            self.at = self.at.saturating_add(size);
            token
        }))
    }
}

const fn bytes(text: bool, length: u64) -> Token {
    Token::Bytes { text, length }
}

/// Whether bytes could be the name of something.
fn is_name(bytes: &[u8]) -> bool {
    let may = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./:@ $|".contains(byte);
    !bytes.is_empty() && bytes.iter().all(may)
}

/// Flax's complex number: two numbers of eight bytes.
fn is_complex(code: i8, head: &[u8]) -> bool {
    code == 2 && head.len() == 19 && head.first() == Some(&0x92)
}

/// The first two texts of a list that is packed in an extension: a module and a name in it.
fn call(head: &[u8]) -> Option<(String, String)> {
    let (first, rest) = head.split_first()?;
    if !matches!(first, 0x92..=0x9f) {
        return None;
    }
    let (module, rest) = text(rest)?;
    let (name, _) = text(rest)?;
    let is_path = |text: &str| {
        text.split('.').all(|part| {
            let mut letters = part.chars();
            let first = letters.next();
            first.is_some_and(|letter| letter.is_alphabetic() || letter == '_')
                && letters.all(|letter| letter.is_alphanumeric() || letter == '_')
        })
    };
    (is_path(module) && is_path(name)).then(|| (module.to_owned(), name.to_owned()))
}

fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (length, rest) = match first {
        0xa1..=0xbf => (usize::from(first & 0x1f), rest),
        0xd9 => {
            let (length, rest) = rest.split_first()?;
            (usize::from(*length), rest)
        }
        _ => return None,
    };
    let (text, rest) = rest.split_at_checked(length)?;
    Some((std::str::from_utf8(text).ok()?, rest))
}
