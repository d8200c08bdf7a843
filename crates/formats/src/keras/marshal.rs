//! Tells what the bytecode of a marshalled Python function names, without executing anything.
//!
//! Python's `marshal` writes values one after the other, each with a letter for its type. A code object is
//! a few numbers, eight values, a line number, and one or two values more, by version. Reading it
//! as a stream with a stack of open values needs neither recursion nor the version.

use crate::fields::Fields;

/// Names and texts that are kept.
const KEPT: usize = 64;
/// Values of one stream.
const VALUES: usize = 1_000_000;
/// The flag of a value that later ones refer to.
const REFERRED: u8 = 0x80;

/// What a marshalled function names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bytecode {
    /// Names of globals and attributes that it uses (`co_names`), of inner functions too.
    pub names: Vec<String>,
    /// Texts among its constants.
    pub texts: Vec<String>,
    /// Whether it could be followed to its end.
    pub complete: bool,
}

/// What an open value still expects.
#[derive(Debug, Clone, Copy)]
enum Open {
    /// Values of a tuple, list or set; `names` when they are `co_names`.
    Values { left: usize, is_names: bool },
    /// A dictionary, up to its end mark.
    Pairs,
    /// A code object: which of its values comes next, and whether it is of Python 3.11 or later.
    Code { next: u8, is_new: bool },
}

/// Whether the bytes begin as a marshalled code object does.
pub(super) fn looks_like(bytes: &[u8]) -> bool {
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

/// Reads the names and texts; what cannot be followed leaves `complete` false.
pub(super) fn read(bytes: &[u8]) -> Bytecode {
    let mut reader = Reader {
        fields: Fields::new(bytes),
        open: Vec::new(),
        found: Bytecode::default(),
        texts: Vec::new(),
    };
    let mut done = reader.value();
    for _ in 0..VALUES {
        if done.is_none() || reader.open.is_empty() {
            break;
        }
        done = reader.step();
    }
    reader.found.complete = done.is_some() && reader.open.is_empty();
    reader.found
}

struct Reader<'a> {
    fields: Fields<'a>,
    open: Vec<Open>,
    found: Bytecode,
    /// Values that later ones may refer to; only texts matter.
    texts: Vec<Option<String>>,
}

impl Reader<'_> {
    /// Reads the next value of the innermost open one, or closes it.
    fn step(&mut self) -> Option<()> {
        let open = self.open.last_mut()?;
        match open {
            Open::Values { left: 0, .. } => {
                self.open.pop();
                return Some(());
            }
            Open::Values { left, .. } => *left -= 1,
            Open::Pairs => {
                if self.fields.rest().first() == Some(&b'0') {
                    self.fields.skip(1)?;
                    self.open.pop();
                    return Some(());
                }
            }
            Open::Code { next, is_new } => {
                let now = *next;
                *next += 1;
                match now {
                    // From 3.11 on the kinds of local variables stand where tuples of names stood.
                    4 => {
                        let kind = self.fields.rest().first();
                        *is_new = kind.is_some_and(|kind| kind & !REFERRED == b's');
                    }
                    8 => return self.fields.skip(4),
                    9 => {}
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

    fn value(&mut self) -> Option<()> {
        let byte = self.fields.byte()?;
        let referred = byte & REFERRED != 0;
        let place = self.texts.len();
        if referred {
            self.texts.push(None);
        }
        let kind = byte & !REFERRED;
        let Some(text) = self.text(kind)? else {
            return self.other(kind);
        };
        if let Some(known) = self.texts.get_mut(place)
            && referred
        {
            *known = Some(text.clone());
        }
        self.keep(text);
        Some(())
    }

    /// A text or bytes; the inner none when the value is something else.
    fn text(&mut self, kind: u8) -> Option<Option<String>> {
        let length = match kind {
            b's' | b't' | b'u' | b'a' | b'A' => self.fields.length()?,
            b'z' | b'Z' => usize::from(self.fields.byte()?),
            _ => return Some(None),
        };
        let text = String::from_utf8_lossy(self.fields.take(length)?);
        Some(Some(text.chars().take(400).collect()))
    }

    fn other(&mut self, kind: u8) -> Option<()> {
        match kind {
            b'0' | b'N' | b'F' | b'T' | b'S' | b'.' => {}
            b'i' => self.fields.skip(4)?,
            b'I' | b'g' => self.fields.skip(8)?,
            b'y' => self.fields.skip(16)?,
            b'l' => {
                let digits = self.fields.word()?.cast_signed().unsigned_abs();
                self.fields
                    .skip(usize::try_from(digits).ok()?.checked_mul(2)?)?;
            }
            b'f' => {
                let length = usize::from(self.fields.byte()?);
                self.fields.skip(length)?;
            }
            b'r' | b'R' => {
                let index = self.fields.length()?;
                let known = self.texts.get(index).cloned().flatten();
                known.into_iter().for_each(|text| self.keep(text));
            }
            b'(' | b'[' | b'<' | b'>' => {
                let count = self.fields.length()?;
                self.opens(count);
            }
            b')' => {
                let count = usize::from(self.fields.byte()?);
                self.opens(count);
            }
            b'{' => self.open.push(Open::Pairs),
            b'c' => {
                let count = numbers(self.fields.rest())?;
                self.fields.skip(count * 4)?;
                self.open.push(Open::Code {
                    next: 0,
                    is_new: false,
                });
            }
            _ => return None,
        }
        Some(())
    }

    fn opens(&mut self, left: usize) {
        // The values of a code object: instructions, constants, names, and so on.
        let is_names = matches!(self.open.last(), Some(Open::Code { next: 3, .. }));
        self.open.push(Open::Values { left, is_names });
    }

    /// Keeps a text where it stands among names or constants.
    fn keep(&mut self, text: String) {
        let (is_names, is_constant) = match self.open.as_slice() {
            [.., Open::Values { is_names: true, .. }] => (true, false),
            [.., Open::Code { next: 2, .. }, Open::Values { .. }] => (false, true),
            // Constants may be tuples of texts.
            [
                ..,
                Open::Code { next: 2, .. },
                Open::Values { .. },
                Open::Values { .. },
            ] => (false, true),
            _ => return,
        };
        let list = if is_names {
            &mut self.found.names
        } else {
            &mut self.found.texts
        };
        if (is_names || is_constant) && list.len() < KEPT && !list.contains(&text) {
            list.push(text);
        }
    }
}
