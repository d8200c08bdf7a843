//! Describes the configuration of a Keras model: which objects it asks for, and which code it carries.
//!
//! A configuration is JSON, wherever it lies: `config.json` in a Keras 3 archive, the attribute
//! `model_config` of an HDF5 file, `keras_metadata.pb` of a `SavedModel`, or a file of its own. A loader
//! makes an object of every `class_name`, however deep, so all of them are listed, with their places.

pub(crate) mod base64;
mod json;
mod metadata;
#[cfg(test)]
mod tests;
mod yaml;

use std::collections::BTreeSet;
use std::io;

use tutela_core::{Bytes, Limits, read_all};

use crate::bytecode::{self, Bytecode};
use json::{Document, Index, Key, Value};
pub(crate) use metadata::looks_like as looks_like_metadata;

/// A configuration larger than this is not searched for when nothing else says that it is one.
const SEARCHED: u64 = 16 << 20;
/// Items of a list whose texts are kept: arguments are few, the words of a vocabulary many.
const SHORT: usize = 16;
/// Functions that are kept.
const CODE: usize = 10_000;
/// Characters of a text that are kept.
const TEXT: usize = 1 << 10;

/// What a configuration asks a loader to make.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Every object with a class, the outer ones first.
    pub objects: Vec<Object>,
    /// Every function that it carries as code.
    pub code: Vec<Code>,
    /// Every text that is the value of a key, or an item of a short list.
    pub texts: Vec<Text>,
    /// Keys that stand twice in one object, by their pointer: loaders differ in which they take.
    pub doubled: Vec<String>,
    /// Python objects that a YAML file makes by tags, as written.
    pub tags: Vec<String>,
    /// What could not be read.
    pub faults: Vec<Fault>,
}

/// An object that a loader makes. Texts are as written, not escaped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Object {
    /// Where it stands, as a JSON pointer.
    pub pointer: String,
    /// The object around it, by its index.
    pub owner: Option<usize>,
    /// Its class, or `function`, or one of Keras' own marks such as `__lambda__`.
    pub class_name: String,
    /// The module to take the class from; none when it is absent or null.
    pub module: Option<String>,
    /// The name under which the class was registered.
    pub registered_name: Option<String>,
    /// Its `config`, when that is a text: the name of a function.
    pub function: Option<String>,
    /// The class of a `__typespec__`.
    pub spec_name: Option<String>,
}

/// A function that a configuration carries as code.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Code {
    /// Where it stands, as a JSON pointer.
    pub pointer: String,
    /// The object around it, by its index.
    pub owner: Option<usize>,
    /// What the code names; none when it is not bytecode that can be read.
    pub bytecode: Option<Bytecode>,
}

/// A text that is the value of a key, or an item of a short list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Text {
    /// Where it stands, as a JSON pointer.
    pub pointer: String,
    /// The object around it, by its index.
    pub owner: Option<usize>,
    /// The key; of an item of a list, the key of the list.
    pub key: String,
    /// Whether it is an item of a list. Long lists are left out.
    pub listed: bool,
    /// The text; only its beginning when it is long.
    pub value: String,
}

/// What could not be read of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It is not JSON that Keras would read, or too large or deep to read.
    #[error("the Keras configuration is not JSON, or too large or too deep to read")]
    Unreadable,
    /// The list of parts is malformed.
    #[error("the Keras metadata is malformed at byte {0}")]
    Metadata(u64),
}

/// Whether the bytes are text with the marks of a Keras configuration.
///
/// # Errors
/// What reading the bytes returns.
pub(crate) fn looks_like(bytes: &dyn Bytes, start: &[u8]) -> io::Result<bool> {
    let start = without_mark(start);
    let is_json = matches!(start.first(), Some(b'{' | b'['));
    let is_yaml =
        !is_json && start.first().is_some_and(u8::is_ascii_graphic) && !start.starts_with(b"<");
    if (!is_json && !is_yaml && !start.is_empty()) || bytes.is_empty() || bytes.len() > SEARCHED {
        return Ok(false);
    }
    if is_yaml {
        return yaml::looks_like(bytes);
    }
    let text = read_all(bytes, SEARCHED)?;
    if !matches!(without_mark(&text).first(), Some(b'{' | b'[')) {
        return Ok(false);
    }
    let plain = contains(&text, "\"class_name\"") && contains(&text, "\"config\"");
    // A key may be written with escapes; then only reading tells.
    let hidden = !plain && contains(&text, "\\u00");
    Ok(plain
        || (hidden && describe(&text, 1 << 20).is_some_and(|config| !config.objects.is_empty())))
}

/// A text without the byte-order mark and the space before it begins.
fn without_mark(text: &[u8]) -> &[u8] {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    text.trim_ascii_start()
}

fn contains(text: &[u8], wanted: &str) -> bool {
    memchr::memmem::find(text, wanted.as_bytes()).is_some()
}

/// Describes a configuration in JSON or, as old versions wrote it, in YAML.
///
/// # Errors
/// What reading the bytes returns.
pub fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Config> {
    let unreadable = || Config {
        faults: vec![Fault::Unreadable],
        ..Config::default()
    };
    if bytes.len() > limits.member_bytes {
        return Ok(unreadable());
    }
    let text = read_all(bytes, limits.member_bytes)?;
    let config = describe(&text, limits.steps);
    Ok(config
        .or_else(|| yaml::describe(&text))
        .unwrap_or_else(unreadable))
}

/// Describes every configuration in the `keras_metadata.pb` of a `SavedModel`.
///
/// # Errors
/// What reading the bytes returns.
pub fn read_metadata(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Config> {
    metadata::read(bytes, limits)
}

/// The description of a JSON text; none when it is not JSON.
fn describe(text: &[u8], most: u64) -> Option<Config> {
    let document = json::parse(text, most)?;
    let mut description = Description {
        owners: Vec::with_capacity(document.nodes.len()),
        document: &document,
        config: Config::default(),
        code: BTreeSet::new(),
    };
    for index in 0..document.nodes.len() {
        description.node(index);
    }
    Some(description.config)
}

struct Description<'a> {
    document: &'a Document,
    /// The object around each value so far.
    owners: Vec<Option<usize>>,
    config: Config,
    /// The values that were taken for code.
    code: BTreeSet<Index>,
}

impl Description<'_> {
    fn node(&mut self, index: Index) {
        let Some(node) = self.document.nodes.get(index) else {
            return;
        };
        // INVARIANT: what holds a value stands before it.
        let around = node
            .parent
            .and_then(|parent| self.owners.get(parent).copied().flatten());
        let mut owner = around;
        match &node.value {
            Value::Object(members) => {
                self.note_doubled(members);
                if let Some(class) = self.document.text_of(index, "class_name") {
                    owner = Some(self.config.objects.len());
                    let object = self.object(index, class, around);
                    self.config.objects.push(object);
                    self.note_lambda(index, class, owner);
                }
            }
            Value::Text(text) => self.note_text(index, text, around),
            Value::Null | Value::Plain | Value::List(_) => {}
        }
        self.owners.push(owner);
    }

    fn object(&self, index: Index, class: &str, owner: Option<usize>) -> Object {
        let text = |key| self.document.text_of(index, key).map(shortened);
        Object {
            pointer: self.document.pointer(index),
            owner,
            class_name: shortened(class),
            module: text("module"),
            registered_name: text("registered_name"),
            function: text("config"),
            spec_name: text("spec_name"),
        }
    }

    /// A function of a Lambda layer, however it is written, is code even where it cannot be read.
    fn note_lambda(&mut self, index: Index, class: &str, owner: Option<usize>) {
        let document = self.document;
        if class == "__lambda__" {
            let inner = document.member(index, "config").unwrap_or(index);
            let code = ["code", "value"]
                .iter()
                .find_map(|key| document.member(inner, key));
            let code = code.unwrap_or(inner);
            self.note_code(code, owner, document.text(code));
        }
        if class.rsplit(['>', '.']).next() != Some("Lambda") {
            return;
        }
        let Some(config) = document.member(index, "config") else {
            return;
        };
        for key in ["function", "output_shape", "mask"] {
            let Some(value) = document.member(config, key) else {
                continue;
            };
            // [code, defaults, closure]
            if let Some(Value::List(items)) = document.value(value)
                && let Some(first) = items.first()
                && let Some(text) = document.text(*first)
            {
                self.note_code(*first, owner, Some(text));
            }
        }
    }

    fn note_text(&mut self, index: Index, text: &str, owner: Option<usize>) {
        if may_be_code(text) {
            let bytes = code_bytes(text);
            if bytes.is_some_and(|bytes| bytecode::looks_like(&bytes)) {
                self.note_code(index, owner, Some(text));
            }
        }
        if let Some((key, listed)) = self.key(index) {
            self.config.texts.push(Text {
                pointer: self.document.pointer(index),
                owner,
                key: shortened(key),
                listed,
                value: shortened(text),
            });
        }
    }

    /// The key of a value, or of the short list that holds it.
    fn key(&self, index: Index) -> Option<(&str, bool)> {
        let node = self.document.nodes.get(index)?;
        let list = match &node.key {
            Key::Name(name) => return Some((name, false)),
            Key::Place(_) => self.document.nodes.get(node.parent?)?,
            Key::Root => return None,
        };
        match (&list.key, &list.value) {
            (Key::Name(name), Value::List(items)) if items.len() <= SHORT => Some((name, true)),
            _ => None,
        }
    }

    fn note_code(&mut self, index: Index, owner: Option<usize>, text: Option<&str>) {
        if self.code.len() >= CODE || !self.code.insert(index) {
            return;
        }
        let pointer = self.document.pointer(index);
        let bytes = text.and_then(code_bytes);
        let bytecode = bytes
            .filter(|bytes| bytecode::looks_like(bytes))
            .map(|bytes| bytecode::read(&bytes));
        self.config.code.push(Code {
            pointer,
            owner,
            bytecode,
        });
    }

    fn note_doubled(&mut self, members: &[Index]) {
        let mut names: Vec<(&str, Index)> = members
            .iter()
            .filter_map(|index| match &self.document.nodes.get(*index)?.key {
                Key::Name(name) => Some((name.as_str(), *index)),
                Key::Root | Key::Place(_) => None,
            })
            .collect();
        names.sort_unstable();
        for pair in names.windows(2) {
            if let [(first, _), (second, index)] = pair
                && first == second
                && self.config.doubled.len() < 100
            {
                self.config.doubled.push(self.document.pointer(*index));
            }
        }
    }
}

/// Whether a text begins as marshalled code does: Base64 of `0xe3` or `c`, or the bytes themselves.
fn may_be_code(text: &str) -> bool {
    let mut letters = text.chars().filter(|letter| !letter.is_ascii_whitespace());
    let (first, second) = (letters.next(), letters.next());
    let base64 = matches!(first, Some('4' | 'Y'))
        && matches!(second, Some('w'..='z' | '0'..='9' | '+' | '/' | '-' | '_'));
    (base64 || matches!(first, Some('\u{e3}' | 'c'))) && text.len() >= 24
}

/// The bytes of a function as Keras writes them: Base64, or in its first versions each byte a character.
fn code_bytes(text: &str) -> Option<Vec<u8>> {
    let plain = || {
        text.chars()
            .map(|letter| u8::try_from(u32::from(letter)).ok())
            .collect::<Option<Vec<u8>>>()
    };
    let decoded = base64::decode(text, 64 << 20).filter(|bytes| bytecode::looks_like(bytes));
    decoded.or_else(|| plain().filter(|bytes| bytecode::looks_like(bytes)))
}

fn shortened(text: &str) -> String {
    text.chars().take(TEXT).collect()
}
