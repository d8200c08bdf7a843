//! The key-value pairs: what a value is, and how each is read.

use std::collections::HashSet;

use tutela_core::{escape, escape_bytes};

use super::reader::{Reader, Stop};
use super::{Fault, KEPT, Model};

/// Bytes of a key (ggml's `gguf.md`: at most 2^16 - 1).
const KEY: usize = 65_535;
/// Arrays in arrays that are followed; llama.cpp refuses the first, the Python package recurses.
const DEPTH: u32 = 4;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $number:literal: $size:literal,)*) => {
        /// The type of a value (`enum gguf_type` of gguf.h).
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind {
            $($(#[$doc])* $variant,)*
        }

        impl Kind {
            fn from_number(number: u32) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// Bytes that a value takes; for a text or an array, the least.
            const fn size(self) -> u64 {
                match self { $(Self::$variant => $size,)* }
            }
        }
    };
}

kinds! {
    /// 8 bits.
    Uint8 = 0: 1,
    /// 8 bits, signed.
    Int8 = 1: 1,
    /// 16 bits.
    Uint16 = 2: 2,
    /// 16 bits, signed.
    Int16 = 3: 2,
    /// 32 bits.
    Uint32 = 4: 4,
    /// 32 bits, signed.
    Int32 = 5: 4,
    /// A float of 32 bits.
    Float32 = 6: 4,
    /// True or false.
    Bool = 7: 1,
    /// A text with its length.
    Text = 8: 4,
    /// A type, a count, and values.
    Array = 9: 8,
    /// 64 bits.
    Uint64 = 10: 8,
    /// 64 bits, signed.
    Int64 = 11: 8,
    /// A float of 64 bits.
    Float64 = 12: 8,
}

/// One key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key as written, not escaped; what is not UTF-8 is replaced.
    pub key: String,
    /// Its value.
    pub value: Value,
    /// Where the pair starts in the file.
    pub start: u64,
    /// One past its last byte.
    pub end: u64,
}

/// A value of a key.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A number or Boolean: its type, and its bits.
    Whole(Kind, u64),
    /// A text as written, not escaped; what is not UTF-8 is replaced.
    Text(String),
    /// Texts, when there are few: what a tokenizer or a template is made of is too long to keep.
    Texts(Vec<String>),
    /// Any other array: the type of its items and how many.
    Array(Kind, u64),
}

/// Arrays of texts that are kept: lists of names, not vocabularies.
const TEXTS: u64 = 64;
/// The words of a tokenizer.
const TOKENS: &str = "tokenizer.ggml.tokens";
/// Bytes of a word that stands for a byte: `<0x1F>`.
const BYTE_TOKEN: u64 = 6;

pub(super) fn read(reader: &mut Reader<'_>, count: u64, model: &mut Model) -> Result<(), Stop> {
    reader.enter("its key-value pairs");
    let mut seen = HashSet::new();
    for _ in 0..count {
        reader.step()?;
        let start = reader.at();
        let raw = reader.text()?;
        let key = String::from_utf8_lossy(&raw).into_owned();
        if let Some(why) = wrong_name(&raw, KEY) {
            model.note(start, reader.at(), named("key", &raw, why));
        }
        let number = reader.u32()?;
        let Some(kind) = Kind::from_number(number) else {
            return Err(Stop::Fault(Fault::unknown_kind(&key, number)));
        };
        let value = read_value(reader, &key, kind, model)?;
        let end = reader.at();
        if !seen.insert(key.clone()) {
            model.note(start, end, Fault::DuplicateKey(escape(&key, 200)));
        }
        if key == "general.alignment" {
            set_alignment(&value, start, end, model);
        }
        if model.metadata.len() >= KEPT {
            return Err(reader.over("the number of key-value pairs", KEPT as u64));
        }
        model.metadata.push(Entry {
            key,
            value,
            start,
            end,
        });
    }
    Ok(())
}

fn set_alignment(value: &Value, start: u64, end: u64, model: &mut Model) {
    match value {
        Value::Whole(Kind::Uint32, number) if number.is_power_of_two() => {
            model.alignment = *number;
        }
        other => model.note(start, end, Fault::alignment(other)),
    }
}

fn read_value(
    reader: &mut Reader<'_>,
    key: &str,
    kind: Kind,
    model: &mut Model,
) -> Result<Value, Stop> {
    let start = reader.at();
    match kind {
        Kind::Text => {
            let text = reader.text()?;
            if text.contains(&0) {
                model.note(start, reader.at(), Fault::Nul(escape(key, 200)));
            }
            Ok(Value::Text(String::from_utf8_lossy(&text).into_owned()))
        }
        Kind::Array => array(reader, key, model),
        _ => {
            let bits = reader.whole(kind.size())?;
            if let (Kind::Bool, Ok(value @ 2..)) = (kind, u8::try_from(bits)) {
                model.note(start, reader.at(), Fault::boolean(key, value));
            }
            Ok(Value::Whole(kind, bits))
        }
    }
}

fn array(reader: &mut Reader<'_>, key: &str, model: &mut Model) -> Result<Value, Stop> {
    let (kind, count) = array_header(reader, key)?;
    let is_vocabulary = kind == Kind::Text && key == TOKENS;
    match kind {
        Kind::Text if count <= TEXTS => {
            let mut texts = Vec::new();
            for _ in 0..count {
                let start = reader.at();
                let text = reader.text()?;
                if is_vocabulary && is_wrong_byte(&text) {
                    note_byte(model, (start, reader.at()), &text);
                }
                texts.push(String::from_utf8_lossy(&text).into_owned());
            }
            return Ok(Value::Texts(texts));
        }
        Kind::Text => {
            for _ in 0..count {
                let start = reader.at();
                match reader.skip_text(BYTE_TOKEN)? {
                    Some(text) if is_vocabulary && is_wrong_byte(&text) => {
                        note_byte(model, (start, reader.at()), &text);
                    }
                    _ => {}
                }
            }
        }
        Kind::Array => nested(reader, key, count, DEPTH)?,
        _ => reader.skip(count, kind.size())?,
    }
    Ok(Value::Array(kind, count))
}

/// Whether a word is written as one that stands for a byte and names none: readers take its digits for the place that they
/// write to, and `<0x-1>` lies in front of their table.
fn is_wrong_byte(text: &[u8]) -> bool {
    matches!(text, [b'<', b'0', b'x', high, low, b'>']
        if !high.is_ascii_hexdigit() || !low.is_ascii_hexdigit())
}

fn note_byte(model: &mut Model, (start, end): (u64, u64), text: &[u8]) {
    model.note(start, end, Fault::ByteToken(escape_bytes(text, 20)));
}

fn array_header(reader: &mut Reader<'_>, key: &str) -> Result<(Kind, u64), Stop> {
    reader.step()?;
    let number = reader.u32()?;
    let count = reader.length()?;
    let Some(kind) = Kind::from_number(number) else {
        return Err(Stop::Fault(Fault::unknown_kind(key, number)));
    };
    reader.fits("an array", count, kind.size())?;
    Ok((kind, count))
}

/// Steps over arrays in an array. Recurses at most [`DEPTH`] times.
fn nested(reader: &mut Reader<'_>, key: &str, count: u64, depth: u32) -> Result<(), Stop> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Stop::Fault(Fault::Nested(escape(key, 200))));
    };
    for _ in 0..count {
        match array_header(reader, key)? {
            (Kind::Text, texts) => {
                for _ in 0..texts {
                    reader.skip_text(0)?;
                }
            }
            (Kind::Array, arrays) => nested(reader, key, arrays, depth)?,
            (kind, items) => reader.skip(items, kind.size())?,
        }
    }
    Ok(())
}

/// What is wrong with a key or name, as a sentence that goes on.
pub(super) fn wrong_name(name: &[u8], longest: usize) -> Option<&'static str> {
    if name.is_empty() {
        Some("is empty")
    } else if name.len() > longest {
        Some("is longer than readers have room for")
    } else {
        match std::str::from_utf8(name) {
            Err(_) => Some("is not UTF-8"),
            Ok(text) => text
                .chars()
                .any(char::is_control)
                .then_some("holds control characters"),
        }
    }
}

pub(super) fn named(what: &'static str, name: &[u8], why: &'static str) -> Fault {
    Fault::Name {
        what,
        name: escape_bytes(name, 120),
        why,
    }
}
