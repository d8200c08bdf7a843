//! Values as Python would write them, escaped and bounded.

use std::fmt::Write as _;
use std::io;

use super::machine::Machine;
use super::value::{Encoding, Kind, Node, Value};
use super::{Callee, Opcode};

/// Characters of a text that are shown.
const TEXT: usize = 120;
/// Characters of a whole call that are shown.
const EXPRESSION: usize = 400;
/// Items of a container that are shown.
const ITEMS: usize = 6;
/// Containers inside containers that are shown. A constant, so that input cannot deepen the recursion.
const DEPTH: u32 = 4;
/// Bytes of a name that are read; real ones have under a hundred.
const TEXT_BYTES: u64 = 1 << 10;

impl Machine<'_> {
    /// The call as Python would write it.
    pub(super) fn expression(
        &mut self,
        callee: Callee,
        opcode: Opcode,
        arguments: &[Value],
    ) -> io::Result<String> {
        let mut text = self.show_callee(callee);
        text.push_str(match opcode {
            Opcode::Build => ".__setstate__",
            Opcode::Append | Opcode::Appends => ".extend",
            Opcode::SetItem | Opcode::SetItems => ".__setitem__",
            Opcode::AddItems => ".add",
            _ => "",
        });
        text.push('(');
        self.show_list(arguments, arguments.len() as u64, DEPTH, &mut text)?;
        text.push(')');
        Ok(tutela_core::escape(&text, EXPRESSION))
    }

    /// One value as Python would write it.
    pub(super) fn shown(&mut self, value: Value) -> io::Result<String> {
        let mut text = String::new();
        self.show(value, DEPTH, &mut text)?;
        Ok(tutela_core::escape(&text, EXPRESSION))
    }

    fn show_callee(&self, callee: Callee) -> String {
        match callee {
            Callee::Import(index) => self
                .out
                .imports
                .get(index)
                .map_or_else(|| "?".to_owned(), ToString::to_string),
            Callee::Returned(index) => self
                .out
                .calls
                .get(index)
                .map_or_else(|| "?".to_owned(), |call| call.expression.clone()),
            Callee::Persistent => "persistent_load(…)".to_owned(),
            Callee::Data | Callee::Unknown => "?".to_owned(),
        }
    }

    fn show_list(
        &mut self,
        values: &[Value],
        count: u64,
        depth: u32,
        text: &mut String,
    ) -> io::Result<()> {
        for (index, value) in values.iter().take(ITEMS).enumerate() {
            if index > 0 {
                text.push_str(", ");
            }
            self.show(*value, depth, text)?;
        }
        if count > ITEMS as u64 {
            text.push_str(", …");
        }
        Ok(())
    }

    fn show(&mut self, value: Value, depth: u32, text: &mut String) -> io::Result<()> {
        // Nothing past this would be shown; without it, nested containers would multiply the work.
        if text.len() > EXPRESSION.saturating_mul(4) {
            return Ok(());
        }
        match value {
            Value::Opaque => text.push('?'),
            Value::Nil => text.push_str("None"),
            Value::Bool(true) => text.push_str("True"),
            Value::Bool(false) => text.push_str("False"),
            Value::Int(number) => text.push_str(&number.to_string()),
            Value::Float(number) => {
                // Writing to a `String` cannot fail.
                let _ = write!(text, "{number:?}");
            }
            Value::EmptyTuple => text.push_str("()"),
            Value::Text {
                at,
                length,
                encoding,
            } => {
                let bytes = self
                    .input
                    .peek(at, length.min(TEXT.saturating_mul(4) as u64))?;
                let content = decode(&bytes, encoding);
                text.push_str(if encoding == Encoding::Data {
                    "b\""
                } else {
                    "\""
                });
                text.push_str(&tutela_core::escape(&content, TEXT).replace('"', "\\\""));
                text.push('"');
            }
            Value::Node(_) => self.show_node(value, depth, text)?,
        }
        Ok(())
    }

    fn show_node(&mut self, value: Value, depth: u32, text: &mut String) -> io::Result<()> {
        let node = self.node_of(value).cloned();
        match node {
            Some(Node::Import(index)) => text.push_str(&self.show_callee(Callee::Import(index))),
            Some(Node::Returned { call, .. }) => {
                text.push_str(&self.show_callee(Callee::Returned(call)));
            }
            Some(Node::Items { .. } | Node::Dict { .. }) if depth == 0 => text.push('…'),
            Some(Node::Items { kind, items, count }) => {
                let (open, close) = match kind {
                    Kind::Tuple if count == 1 => ("(", ",)"),
                    Kind::Tuple => ("(", ")"),
                    Kind::List => ("[", "]"),
                    Kind::Set => ("{", "}"),
                };
                text.push_str(open);
                self.show_list(&items, count, depth.saturating_sub(1), text)?;
                text.push_str(close);
            }
            Some(Node::Dict { entries, count }) => {
                text.push('{');
                for (index, (key, value)) in entries.iter().take(ITEMS).enumerate() {
                    if index > 0 {
                        text.push_str(", ");
                    }
                    self.show(*key, depth.saturating_sub(1), text)?;
                    text.push_str(": ");
                    self.show(*value, depth.saturating_sub(1), text)?;
                }
                text.push_str(if count > ITEMS as u64 { ", …}" } else { "}" });
            }
            Some(Node::Persistent(_)) if depth == 0 => text.push_str("persistent_load(…)"),
            Some(Node::Persistent(id)) => {
                text.push_str("persistent_load(");
                self.show(id, depth.saturating_sub(1), text)?;
                text.push(')');
            }
            None => text.push('?'),
        }
        Ok(())
    }

    /// The text of a value, when it is one of at most 1 KiB.
    pub(super) fn text_of(&mut self, value: Value) -> io::Result<Option<String>> {
        let Value::Text {
            at,
            length,
            encoding,
        } = value
        else {
            return Ok(None);
        };
        if length > TEXT_BYTES {
            return Ok(None);
        }
        Ok(Some(decode(&self.input.peek(at, length)?, encoding)))
    }
}

/// The bytes that a literal stands for; none when it has characters that are no bytes.
pub(super) fn bytes_of(literal: &[u8], encoding: Encoding) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Data | Encoding::Ascii => Some(literal.to_vec()),
        _ => decode(literal, encoding)
            .chars()
            .map(|character| u8::try_from(character).ok())
            .collect(),
    }
}

pub(super) fn decode(bytes: &[u8], encoding: Encoding) -> String {
    match encoding {
        Encoding::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
        // Latin 1 keeps every byte apart, whatever encoding the loader is told to use.
        Encoding::Ascii | Encoding::Data => bytes.iter().copied().map(char::from).collect(),
        Encoding::RawUnicodeEscape => unescape(bytes, false),
        Encoding::Quoted => unescape(unquote(bytes), true),
    }
}

/// Strips the quotes as Python does: blanks around are allowed, the two quotes must be the same.
fn unquote(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.trim_ascii();
    match bytes {
        [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner,
        _ => bytes,
    }
}

/// Resolves escapes: only `\u` and `\U` in raw-unicode-escape, all of Python's in a quoted string.
fn unescape(bytes: &[u8], all: bool) -> String {
    let mut text = String::new();
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'\\' {
            text.push(char::from(*first));
            continue;
        }
        let Some((kind, after)) = rest.split_first() else {
            text.push('\\');
            break;
        };
        match escape_of(*kind, after, all) {
            Some((character, used)) => {
                text.push(character);
                rest = after.get(used..).unwrap_or_default();
            }
            None => {
                text.push('\\');
                if !all {
                    // In raw-unicode-escape a backslash takes the character behind it along.
                    text.push(char::from(*kind));
                    rest = after;
                }
            }
        }
    }
    text
}

/// The character that an escape stands for, and how many bytes it takes after its letter.
fn escape_of(kind: u8, after: &[u8], all: bool) -> Option<(char, usize)> {
    let hex = |count: usize| {
        let digits = std::str::from_utf8(after.get(..count)?).ok()?;
        let value = u32::from_str_radix(digits, 16).ok()?;
        Some((char::from_u32(value).unwrap_or('\u{fffd}'), count))
    };
    match kind {
        b'u' if !all => hex(4),
        b'U' if !all => hex(8),
        _ if !all => None,
        b'x' => hex(2),
        b'n' => Some(('\n', 0)),
        b'r' => Some(('\r', 0)),
        b't' => Some(('\t', 0)),
        b'a' => Some(('\u{7}', 0)),
        b'b' => Some(('\u{8}', 0)),
        b'f' => Some(('\u{c}', 0)),
        b'v' => Some(('\u{b}', 0)),
        b'\\' | b'\'' | b'"' => Some((char::from(kind), 0)),
        b'0'..=b'7' => octal(kind, after),
        _ => None,
    }
}

fn octal(first: u8, after: &[u8]) -> Option<(char, usize)> {
    let more = after
        .iter()
        .take(2)
        .take_while(|byte| (b'0'..=b'7').contains(byte))
        .count();
    let value = after
        .iter()
        .take(more)
        .fold(u32::from(first.saturating_sub(b'0')), |value, byte| {
            value << 3 | u32::from(byte.saturating_sub(b'0'))
        });
    // Python keeps the low byte of an octal escape above 0o377.
    char::from_u32(value & 0xff).map(|character| (character, more))
}
