//! Reads the source of `TorchScript` for every operator, function and class that it names.
//!
//! The language is a small part of Python. Statements matter little; what matters is which dotted name a
//! call or an attribute ends at: `torch.save(x, "p")` is the operator `aten::save`, `ops.image.read_file(p)`
//! one of another library, and a method of a tensor is an operator too. Names may be handed on
//! (`t = torch; t.save(…)`), so every expression is followed to a [`Value`] on a stack of open brackets,
//! without recursion and in one pass.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::token::{Kind, Token, Tokens};

/// Names and calls of one source that are kept.
const KEPT: usize = 200_000;
/// Brackets that may be open at once; torch's printer stays below a dozen.
const DEPTH: usize = 10_000;
/// Bytes of a dotted name that are followed.
const NAME: usize = 1 << 10;
/// What one local name is followed to: a name that stands for more is written by nobody.
const MEANINGS: usize = 8;
/// Texts of one call that are kept.
const TEXTS: usize = 8;

/// What a source names and calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Source {
    /// Every dotted name that is used, in order.
    pub uses: Vec<Use>,
    /// The functions and methods that the source defines.
    pub definitions: BTreeSet<String>,
    /// The types that names are annotated with: parameters and attributes.
    pub types: BTreeMap<String, BTreeSet<String>>,
    /// Why the rest was not followed, and where.
    pub fault: Option<(u64, Fault)>,
}

/// A dotted name where it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The name with local names resolved: `torch.save`, `ops.image.read_file`, `self.layer.forward`, or
    /// `?.save` for an attribute of something that is no name.
    pub path: String,
    /// Whether it is called.
    pub is_called: bool,
    /// The texts among the arguments of the call, local names resolved.
    pub texts: Vec<String>,
    /// The line, from 1.
    pub line: u64,
    /// Where the use starts and ends, in bytes.
    pub region: (u64, u64),
}

/// Why a source was not followed to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A text or a bracket is not closed, or one is closed that is not open.
    #[error("the source is not what the language allows here")]
    Grammar,
    /// It is not UTF-8.
    #[error("the source is not UTF-8")]
    Encoding,
    /// Brackets are nested deeper than the bound.
    #[error("brackets nest deeper than {DEPTH}")]
    TooDeep,
    /// It names more than is kept.
    #[error("the source uses more than {KEPT} names")]
    TooMany,
}

/// Reads a source.
#[must_use]
pub fn read(bytes: &[u8]) -> Source {
    match std::str::from_utf8(bytes) {
        Ok(text) => read_text(text),
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let mut source = read_text(&String::from_utf8_lossy(valid));
            source.fault = Some((valid.len() as u64, Fault::Encoding));
            source
        }
    }
}

fn read_text(text: &str) -> Source {
    let mut reader = Reader {
        source: Source::default(),
        frames: vec![Frame::default()],
        locals: HashMap::new(),
        lines: line_ends(text),
        before: Before::Other,
        words: 0,
        assigned: None,
        declared: None,
        annotated: None,
        annotation: String::new(),
    };
    let mut tokens = Tokens::new(text);
    while reader.source.fault.is_none() {
        let Some(token) = tokens.next() else { break };
        reader.see(&token);
    }
    reader.end();
    let fault = tokens
        .unfinished
        .map(|at| (at as u64, Fault::Grammar))
        .or_else(|| (reader.frames.len() > 1).then_some((text.len() as u64, Fault::Grammar)));
    reader.source.fault = reader.source.fault.or(fault);
    reader.source
}

/// What an expression is known to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Value {
    /// Nothing stands here yet.
    #[default]
    Nothing,
    /// A dotted name, and where it starts.
    Path(String, usize),
    /// A text.
    Text(String),
    /// Anything else.
    Other,
}

/// An open bracket, or the statement itself.
#[derive(Debug, Clone, Default)]
struct Frame {
    /// What is called, when the bracket holds arguments: the name and where it starts.
    called: Option<(String, usize)>,
    /// Whether the bracket only groups: its value is that of its content.
    groups: bool,
    /// Whether it holds the parameters of a function.
    declares: bool,
    /// What stands last in it, and whether an operator or a word joins it to something before.
    value: Value,
    joined: bool,
    /// The texts among the arguments, and the first and the last argument.
    texts: Vec<String>,
    first: Value,
    last: Value,
}

/// What stood before a word, as far as it decides what the word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Dot,
    Define,
    Class,
    Other,
}

struct Reader {
    source: Source,
    frames: Vec<Frame>,
    /// What local names stand for.
    locals: HashMap<String, Vec<Value>>,
    /// Where lines end.
    lines: Vec<usize>,
    before: Before,
    /// Words of the statement so far.
    words: u64,
    /// The name that the statement assigns to.
    assigned: Option<String>,
    /// The name that the statement declares with a type.
    declared: Option<String>,
    /// The name that an annotation is of, while it is read.
    annotated: Option<String>,
    annotation: String,
}

impl Reader {
    fn see(&mut self, token: &Token<'_>) {
        let before = std::mem::replace(&mut self.before, Before::Other);
        self.annotate(token);
        self.words = self.words.saturating_add(1);
        match &token.kind {
            Kind::Name(name) => self.name(name, token, before),
            Kind::Text(text) => self.literal(text),
            Kind::Number => self.operand(Value::Other),
            Kind::End => self.end(),
            Kind::Sign('.') => self.before = Before::Dot,
            Kind::Sign(open @ ('(' | '[' | '{')) => self.open(*open, token, before),
            Kind::Sign(')' | ']' | '}') => self.close(token),
            Kind::Sign(',') => self.argument(),
            Kind::Sign('=') => self.assign(),
            Kind::Sign(':') => self.colon(),
            Kind::Sign(_) => self.join(),
        }
    }

    fn frame(&mut self) -> Option<&mut Frame> {
        self.frames.last_mut()
    }

    fn put(&mut self, value: Value) {
        if let Some(frame) = self.frame() {
            frame.value = value;
        }
    }

    fn take(&mut self) -> Value {
        self.frame()
            .map(|frame| std::mem::take(&mut frame.value))
            .unwrap_or_default()
    }

    /// An operator or a word stands here: what it makes of the values beside it is not known.
    fn join(&mut self) {
        self.flush();
        if let Some(frame) = self.frame() {
            frame.joined = true;
        }
    }

    fn operand(&mut self, value: Value) {
        let follows = self
            .frames
            .last()
            .is_some_and(|frame| frame.value != Value::Nothing);
        if follows {
            self.join();
        }
        self.put(value);
    }

    /// The value of everything up to here, as far as it is one.
    fn settle(&mut self) -> Value {
        let joined = self
            .frame()
            .is_some_and(|frame| std::mem::take(&mut frame.joined));
        let value = self.take();
        if joined {
            self.put(value);
            self.flush();
            return Value::Other;
        }
        value
    }

    fn literal(&mut self, text: &str) {
        match self.take() {
            // Texts side by side are one.
            Value::Text(first) => self.put(Value::Text(first + text)),
            value => {
                self.put(value);
                self.operand(Value::Text(text.to_owned()));
            }
        }
    }

    fn name(&mut self, name: &str, token: &Token<'_>, before: Before) {
        const WORDS: &[&str] = &[
            "and", "as", "assert", "break", "continue", "del", "elif", "else", "for", "from", "if",
            "import", "in", "is", "not", "or", "pass", "raise", "return", "while", "with",
        ];
        match (before, name) {
            (Before::Dot, _) => self.attribute(name, token.start),
            (Before::Define, _) => {
                self.source.definitions.insert(name.to_owned());
                self.before = Before::Define;
            }
            (Before::Class, _) => {}
            (_, "def") => self.before = Before::Define,
            (_, "class") => self.before = Before::Class,
            _ if WORDS.contains(&name) => self.join(),
            _ => self.operand(Value::Path(name.to_owned(), token.start)),
        }
    }

    fn attribute(&mut self, name: &str, start: usize) {
        let value = match self.take() {
            Value::Path(path, from) if path.len() < NAME => {
                Value::Path(format!("{path}.{name}"), from)
            }
            _ => Value::Path(format!("?.{name}"), start),
        };
        self.put(value);
    }

    fn open(&mut self, sign: char, token: &Token<'_>, before: Before) {
        if self.frames.len() >= DEPTH {
            self.source.fault = Some((token.start as u64, Fault::TooDeep));
            return;
        }
        let mut frame = Frame::default();
        match (sign, self.take()) {
            ('(', Value::Path(path, start)) => frame.called = Some((path, start)),
            ('(', Value::Nothing) => {
                frame.declares = before == Before::Define;
                frame.groups = !frame.declares;
            }
            // A subscript of a name: the name is used, the item is anything.
            (_, value) => {
                self.put(value);
                self.flush();
            }
        }
        self.put(Value::Other);
        self.frames.push(frame);
    }

    fn close(&mut self, token: &Token<'_>) {
        if self.frames.len() < 2 {
            self.source.fault = Some((token.start as u64, Fault::Grammar));
            return;
        }
        let groups_one = self
            .frames
            .last()
            .is_some_and(|frame| frame.groups && frame.last == Value::Nothing);
        if groups_one {
            let value = match self.settle() {
                Value::Nothing => Value::Other,
                value => value,
            };
            self.frames.pop();
            self.put(value);
            return;
        }
        self.argument();
        let Some(frame) = self.frames.pop() else {
            return;
        };
        let Some((path, start)) = frame.called else {
            return;
        };
        // What is known of the result: only the compiler's view of a value changes, or an attribute is named.
        let value = match (path.as_str(), frame.first, frame.texts.last()) {
            ("annotate" | "unchecked_cast" | "str", _, _) if frame.last != Value::Nothing => {
                frame.last
            }
            ("getattr", Value::Path(object, _), Some(name)) => {
                Value::Path(format!("{object}.{name}"), start)
            }
            ("getattr", _, Some(name)) => Value::Path(format!("?.{name}"), start),
            _ => Value::Other,
        };
        self.record(&path, (start, token.end), Some(&frame.texts));
        self.put(value);
    }

    /// An argument or item ends.
    fn argument(&mut self) {
        let value = self.settle();
        let texts = self.texts_of(&value);
        self.put(value.clone());
        self.flush();
        if let Some(frame) = self.frame() {
            let room = TEXTS.saturating_sub(frame.texts.len());
            frame.texts.extend(texts.into_iter().take(room));
            if value != Value::Nothing {
                if frame.first == Value::Nothing {
                    frame.first = value.clone();
                }
                frame.last = value;
            }
        }
    }

    fn texts_of(&self, value: &Value) -> Vec<String> {
        let text = |value: &Value| match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        };
        match value {
            Value::Path(path, _) => {
                let meanings = self.locals.get(path).into_iter().flatten();
                meanings.filter_map(text).collect()
            }
            value => text(value).into_iter().collect(),
        }
    }

    fn assign(&mut self) {
        let is_statement = self.frames.len() == 1;
        match self.settle() {
            // `x = …` and `x : T = …`; in a call, `key=value`.
            Value::Path(name, _) if !name.contains('.') => {
                self.assigned = self.declared.take().or(Some(name)).filter(|_| is_statement);
            }
            // `x == y`, `x += y`, `x : A[B] = y`.
            value => {
                self.assigned = self.declared.take().filter(|_| is_statement);
                self.put(value);
                self.flush();
            }
        }
    }

    /// Before an annotation, a block or a value of a dictionary.
    fn colon(&mut self) {
        let begins = match self.frames.as_slice() {
            [_] => self.words == 2,
            [.., frame] => frame.declares,
            [] => false,
        };
        match self.settle() {
            Value::Path(name, _) if begins && !name.contains('.') => {
                self.declared = (self.frames.len() == 1).then(|| name.clone());
                self.annotated = Some(name);
                self.annotation.clear();
            }
            value => {
                self.put(value);
                self.flush();
            }
        }
    }

    /// Keeps the words of an annotation until it ends.
    fn annotate(&mut self, token: &Token<'_>) {
        let Some(name) = &self.annotated else { return };
        match token.kind {
            Kind::Name(part) if self.annotation.len() < NAME => self.annotation.push_str(part),
            Kind::Sign('.') => self.annotation.push('.'),
            _ => {
                let types = self.source.types.entry(name.clone()).or_default();
                if types.len() < MEANINGS {
                    types.insert(std::mem::take(&mut self.annotation));
                }
                self.annotated = None;
            }
        }
    }

    /// A statement ends.
    fn end(&mut self) {
        let value = self.settle();
        if let (Some(name), Value::Path(..) | Value::Text(_)) = (self.assigned.take(), &value) {
            let meanings = self.locals.entry(name).or_default();
            if meanings.len() < MEANINGS && !meanings.contains(&value) {
                meanings.push(value.clone());
            }
        }
        self.put(value);
        self.flush();
        self.declared = None;
        self.words = 0;
    }

    /// Records a name that stands here and is not called, and leaves nothing.
    fn flush(&mut self) {
        if let Value::Path(path, start) = self.take()
            && (path.contains('.') || matches!(path.as_str(), "torch" | "ops"))
        {
            let end = start.saturating_add(path.len());
            self.record(&path, (start, end), None);
        }
    }

    fn record(&mut self, path: &str, region: (usize, usize), texts: Option<&[String]>) {
        let line = self.lines.partition_point(|end| *end < region.0);
        for path in self.resolved(path) {
            if self.source.uses.len() >= KEPT {
                self.source.fault = Some((region.0 as u64, Fault::TooMany));
                return;
            }
            self.source.uses.push(Use {
                path,
                is_called: texts.is_some(),
                texts: texts.unwrap_or_default().to_vec(),
                line: (line as u64).saturating_add(1),
                region: (region.0 as u64, region.1 as u64),
            });
        }
    }

    /// The names that a name stands for: itself, and what its first part was assigned.
    fn resolved(&self, path: &str) -> Vec<String> {
        let mut found = vec![path.to_owned()];
        let mut index = 0_usize;
        while let Some(path) = found.get(index).cloned() {
            index = index.saturating_add(1);
            let (first, rest) = path.split_once('.').unwrap_or((&path, ""));
            for value in self.locals.get(first).into_iter().flatten() {
                let Value::Path(meaning, _) = value else {
                    continue;
                };
                let whole = if rest.is_empty() {
                    meaning.clone()
                } else {
                    format!("{meaning}.{rest}")
                };
                if found.len() < MEANINGS && whole.len() < NAME && !found.contains(&whole) {
                    found.push(whole);
                }
            }
        }
        found
    }
}

fn line_ends(text: &str) -> Vec<usize> {
    text.match_indices('\n').map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests;
