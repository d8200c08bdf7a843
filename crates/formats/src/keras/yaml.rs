//! Configurations in YAML, as Keras wrote them up to TensorFlow 2.5.
//!
//! Only lines and tokens are read: the class of each object, code in Base64, and tags that make Python objects
//! (`!!python/object/apply:…`), which the loader of that time obeyed.

use std::io;

use tutela_core::{Bytes, read_all};

use crate::bytecode;

use super::{Code, Config, Object, code_bytes, contains, may_be_code, shortened};

/// How much of a file is searched for the marks.
const BEGINNING: u64 = 64 << 10;
/// Objects and tags that are kept.
const KEPT: usize = 10_000;

/// Whether text that is not JSON has the marks of a configuration: a class and its configuration as keys.
pub(super) fn looks_like(bytes: &dyn Bytes) -> io::Result<bool> {
    // What comes first is sorted by name, and `backend`, `class_name` and `config` come early in the alphabet.
    let text = read_all(&tutela_core::Window::new(bytes, 0, BEGINNING), BEGINNING)?;
    let is_text = |byte: &u8| *byte >= 0x20 || matches!(byte, b'\t' | b'\n' | b'\r');
    Ok(text.iter().all(is_text) && has_marks(&text))
}

fn has_marks(text: &[u8]) -> bool {
    let begins =
        |key: &str| text.starts_with(key.as_bytes()) || contains(text, &format!("\n{key}"));
    begins("class_name:") && (begins("config:") || begins("backend:") || begins("keras_version:"))
}

/// The description of a YAML text; none when it has not the marks of one.
pub(super) fn describe(text: &[u8]) -> Option<Config> {
    let text = std::str::from_utf8(text).ok()?;
    if !has_marks(text.as_bytes()) {
        return None;
    }
    let mut config = Config::default();
    for (number, line) in text.lines().enumerate() {
        let pointer = format!("line {}", number.saturating_add(1));
        for value in after(line, "class_name:").take(KEPT.saturating_sub(config.objects.len())) {
            config.objects.push(Object {
                pointer: pointer.clone(),
                class_name: word(value),
                ..Object::default()
            });
        }
        for value in after(line, "module:") {
            if let Some(object) = config.objects.last_mut() {
                object.module = Some(word(value)).filter(|module| module != "null");
            }
        }
        for tag in after(line, "!!python/").take(KEPT.saturating_sub(config.tags.len())) {
            config.tags.push(format!("!!python/{}", word(tag)));
        }
        tokens(line, &pointer, &mut config);
    }
    Some(config)
}

/// What follows each place of a key in a line.
fn after<'a>(line: &'a str, key: &'a str) -> impl Iterator<Item = &'a str> {
    line.match_indices(key)
        .filter_map(move |(at, _)| line.get(at.saturating_add(key.len())..))
}

/// The first word, without quotes.
fn word(text: &str) -> String {
    let text = text.trim_start().trim_start_matches(['"', '\'']);
    let end = text.find(|letter: char| letter.is_whitespace() || ",}]\"'".contains(letter));
    shortened(text.get(..end.unwrap_or(text.len())).unwrap_or_default())
}

/// Code in Base64 among the words of a line.
fn tokens(line: &str, pointer: &str, config: &mut Config) {
    let words = line.split(|letter: char| letter.is_whitespace() || ",[]{}\"'\\".contains(letter));
    for word in words.filter(|word| may_be_code(word)) {
        // Long code is broken into lines; its beginning is enough to know it.
        let whole = word.get(..word.len() & !3).unwrap_or(word);
        if let Some(bytes) = code_bytes(whole).filter(|_| config.code.len() < KEPT) {
            config.code.push(Code {
                pointer: pointer.to_owned(),
                owner: config.objects.len().checked_sub(1),
                bytecode: Some(bytecode::read(&bytes)),
            });
        }
    }
}
