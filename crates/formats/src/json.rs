//! Reads JSON so that doubled keys and the place of every value are seen, which ordinary readers drop.
//!
//! It is lenient where some loader is: comments, trailing commas, `NaN`, control characters in texts, several
//! values in a row, and UTF-16 or UTF-32, which Python's reader detects.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::io;

use tutela_core::{Bytes, Limits, read_all};

use crate::tree::{DEPTH, Document, Fault, LENGTH, Node, VALUES, Value};

/// Whether the bytes begin as JSON does: an object or a list, as far as the first bytes go.
#[must_use]
pub fn looks_like(start: &[u8]) -> bool {
    let text = decode(start);
    let mut reader = Reader::new(&text);
    reader.skip();
    if !matches!(reader.peek(), Some(b'{' | b'[')) || text.contains(&0) {
        return false;
    }
    let document = reader.document();
    let broke = document.fault.as_ref().map(|(_, fault)| fault);
    let whole = start.len() < 512;
    match broke {
        None => true,
        // Cut by the window, or by whoever made it.
        Some(Fault::Unfinished) => !whole || text.trim_ascii().len() > 1,
        Some(_) => false,
    }
}

/// Reads all values of the text.
///
/// # Errors
/// What reading the bytes returns.
pub fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Document> {
    let longest = LENGTH.min(limits.member_bytes);
    if bytes.len() > longest {
        return Ok(Document {
            fault: Some((longest, Fault::TooLong(bytes.len()))),
            ..Document::default()
        });
    }
    Ok(parse(&read_all(bytes, longest)?))
}

/// Reads all values of a text in memory.
#[must_use]
pub fn parse(text: &[u8]) -> Document {
    Reader::new(&decode(text)).document()
}

/// The text as UTF-8: Python's reader detects UTF-16 and UTF-32 by their marks and zero bytes.
#[must_use]
pub fn decode(bytes: &[u8]) -> Cow<'_, [u8]> {
    let (skip, width, little) = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => return Cow::Borrowed(rest),
        [0xff, 0xfe, 0, 0, ..] => (4, 4, true),
        [0, 0, 0xfe, 0xff, ..] => (4, 4, false),
        [0xff, 0xfe, ..] => (2, 2, true),
        [0xfe, 0xff, ..] => (2, 2, false),
        [0, 0, 0, last, ..] if *last != 0 => (0, 4, false),
        [first, 0, 0, 0, ..] if *first != 0 => (0, 4, true),
        [0, second, ..] if *second != 0 => (0, 2, false),
        [first, 0, ..] if *first != 0 => (0, 2, true),
        _ => return Cow::Borrowed(bytes),
    };
    let body = bytes.get(skip..).unwrap_or_default();
    let text: String = if width == 4 {
        body.chunks_exact(4)
            .map(|unit| scalar(unit, little))
            .collect()
    } else {
        let units = body.chunks_exact(2).map(|unit| match unit {
            [low, high] if little => u16::from_le_bytes([*low, *high]),
            [high, low] => u16::from_be_bytes([*high, *low]),
            _ => 0,
        });
        char::decode_utf16(units)
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    };
    Cow::Owned(text.into_bytes())
}

fn scalar(unit: &[u8], little: bool) -> char {
    let number = match unit {
        [a, b, c, d] if little => u32::from_le_bytes([*a, *b, *c, *d]),
        [a, b, c, d] => u32::from_be_bytes([*a, *b, *c, *d]),
        _ => 0,
    };
    char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER)
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    values: usize,
    fault: Option<(u64, Fault)>,
}

impl<'a> Reader<'a> {
    const fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            at: 0,
            values: 0,
            fault: None,
        }
    }

    fn document(mut self) -> Document {
        let mut roots = Vec::new();
        loop {
            self.skip();
            if self.peek().is_none() || self.fault.is_some() {
                break;
            }
            roots.push(self.value(0));
        }
        Document {
            roots,
            fault: self.fault,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    const fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.step();
        }
        found
    }

    /// Notes the first thing that is wrong; nothing is read after it.
    fn stop(&mut self, fault: Fault) {
        let ended = fault == Fault::Grammar && self.peek().is_none();
        let fault = if ended { Fault::Unfinished } else { fault };
        self.fault.get_or_insert((self.at as u64, fault));
    }

    /// Skips white space and the comments that lenient readers allow.
    fn skip(&mut self) {
        loop {
            match self.text.get(self.at..).unwrap_or_default() {
                [b' ' | b'\t' | b'\n' | b'\r', ..] => self.step(),
                [b'/', b'/', ..] => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.step();
                    }
                }
                [b'/', b'*', rest @ ..] => {
                    let end = rest.windows(2).position(|pair| pair == b"*/");
                    let length = end.map_or(rest.len(), |end| end.saturating_add(2));
                    self.at = self.at.saturating_add(2).saturating_add(length);
                }
                _ => return,
            }
        }
    }

    /// Recurses once a level, to [`DEPTH`].
    fn value(&mut self, depth: usize) -> Node {
        let start = self.at as u64;
        self.values = self.values.saturating_add(1);
        let value = if depth >= DEPTH {
            self.stop(Fault::TooDeep);
            Value::Other
        } else if self.values > VALUES {
            self.stop(Fault::TooMany);
            Value::Other
        } else {
            match self.peek() {
                Some(b'{') => Value::Object(self.object(depth)),
                Some(b'[') => Value::List(self.list(depth)),
                Some(b'"') => Value::Text(self.string()),
                _ => self.word(),
            }
        };
        Node {
            start,
            end: self.at as u64,
            value,
        }
    }

    fn object(&mut self, depth: usize) -> Vec<(String, Node)> {
        let mut entries = Vec::new();
        self.step();
        loop {
            self.skip();
            if self.eat(b'}') || self.fault.is_some() {
                return entries;
            }
            if self.peek() != Some(b'"') {
                self.stop(Fault::Grammar);
                return entries;
            }
            let key = self.string();
            self.skip();
            if self.fault.is_some() || !self.eat(b':') {
                self.stop(Fault::Grammar);
                return entries;
            }
            self.skip();
            let node = self.value(depth.saturating_add(1));
            entries.push((key, node));
            if !self.goes_on(b'}') {
                return entries;
            }
        }
    }

    fn list(&mut self, depth: usize) -> Vec<Node> {
        let mut items = Vec::new();
        self.step();
        loop {
            self.skip();
            if self.eat(b']') || self.fault.is_some() {
                return items;
            }
            items.push(self.value(depth.saturating_add(1)));
            if !self.goes_on(b']') {
                return items;
            }
        }
    }

    /// After an entry: a comma goes on, the closing bracket is left to the loop, all else is wrong.
    fn goes_on(&mut self, close: u8) -> bool {
        self.skip();
        if self.fault.is_some() {
            return false;
        }
        let fine = self.eat(b',') || self.peek() == Some(close);
        if !fine {
            self.stop(Fault::Grammar);
        }
        fine
    }

    fn word(&mut self) -> Value {
        let from = self.at;
        while self
            .peek()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        {
            self.step();
        }
        match self.text.get(from..self.at).unwrap_or_default() {
            b"true" => Value::Bool(true),
            b"false" => Value::Bool(false),
            b"null" | b"NaN" | b"Infinity" | b"-Infinity" => Value::Other,
            [b'-' | b'0'..=b'9', ..] => Value::Other,
            word => {
                // A word that the window cut in two is not a fault of the text.
                let begins = |whole: &&[u8]| whole.starts_with(word);
                let words: [&[u8]; 5] = [b"true", b"false", b"null", b"NaN", b"Infinity"];
                let cut = self.peek().is_none() && words.iter().any(begins);
                if cut {
                    self.stop(Fault::Unfinished);
                } else {
                    self.at = from;
                    self.stop(Fault::Grammar);
                }
                Value::Other
            }
        }
    }

    fn string(&mut self) -> String {
        self.step();
        let mut text = String::new();
        loop {
            let from = self.at;
            while self
                .peek()
                .is_some_and(|byte| byte != b'"' && byte != b'\\')
            {
                self.step();
            }
            let plain = self.text.get(from..self.at).unwrap_or_default();
            text.push_str(&String::from_utf8_lossy(plain));
            match self.peek() {
                Some(b'"') => {
                    self.step();
                    return text;
                }
                Some(_) => {
                    self.step();
                    self.escape(&mut text);
                }
                None => {
                    self.stop(Fault::Unfinished);
                    return text;
                }
            }
        }
    }

    fn escape(&mut self, text: &mut String) {
        let Some(byte) = self.peek() else { return };
        self.step();
        match byte {
            b'n' => text.push('\n'),
            b't' => text.push('\t'),
            b'r' => text.push('\r'),
            b'b' => text.push('\u{8}'),
            b'f' => text.push('\u{c}'),
            b'u' => text.push(self.unicode()),
            other => text.push(char::from(other)),
        }
    }

    /// The character after `\u`, put together from two when it is half of a pair.
    fn unicode(&mut self) -> char {
        let first = self.hex();
        let is_high = (0xd800..0xdc00).contains(&first);
        let pair = self.text.get(self.at..self.at.saturating_add(2)) == Some(b"\\u");
        if !is_high || !pair {
            return char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER);
        }
        let before = self.at;
        self.at = self.at.saturating_add(2);
        let second = self.hex();
        let both = (0xdc00..0xe000).contains(&second).then(|| {
            0x10000_u32
                .saturating_add(first.wrapping_sub(0xd800) << 10)
                .saturating_add(second.wrapping_sub(0xdc00))
        });
        if both.is_none() {
            self.at = before;
        }
        both.and_then(char::from_u32)
            .unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    fn hex(&mut self) -> u32 {
        let digits = self.text.get(self.at..self.at.saturating_add(4));
        let number = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u32::from_str_radix(digits, 16).ok());
        if number.is_some() {
            self.at = self.at.saturating_add(4);
        } else {
            self.stop(Fault::Grammar);
        }
        number.unwrap_or(0xfffd)
    }
}
