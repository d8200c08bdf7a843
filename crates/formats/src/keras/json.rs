//! Reads JSON as Python does, into a flat list of values, so that depth costs nothing and no key is lost.
//!
//! Keras reads its configuration with Python's `json`: `NaN` and `Infinity` are numbers, a lone surrogate is
//! text, and of two equal keys the last one counts. A stricter reader would refuse what Keras loads.

/// A value's place in the list.
pub(super) type Index = usize;

/// How deep values may lie; Python stops at about 1,000.
const DEPTH: usize = 10_000;

/// A JSON document: every value after the one that holds it.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) nodes: Vec<Node>,
}

/// A value and where it stands.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) parent: Option<Index>,
    pub(super) key: Key,
    pub(super) value: Value,
}

/// What a value is called in the one that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    Root,
    Name(String),
    Place(usize),
}

/// A value; what lists and objects hold follows them in the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// `null`, which a configuration writes for "not given".
    Null,
    /// A number or a Boolean.
    Plain,
    Text(String),
    List(Vec<Index>),
    Object(Vec<Index>),
}

impl Document {
    pub(super) fn value(&self, index: Index) -> Option<&Value> {
        self.nodes.get(index).map(|node| &node.value)
    }

    pub(super) fn text(&self, index: Index) -> Option<&str> {
        match self.value(index)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The member of an object with this name; the last one, as Python takes it.
    pub(super) fn member(&self, object: Index, name: &str) -> Option<Index> {
        let Value::Object(members) = self.value(object)? else {
            return None;
        };
        let named = |index: &&Index| {
            self.nodes
                .get(**index)
                .is_some_and(|node| matches!(&node.key, Key::Name(key) if key == name))
        };
        members.iter().rev().find(named).copied()
    }

    /// A text member of an object.
    pub(super) fn text_of(&self, object: Index, name: &str) -> Option<&str> {
        self.text(self.member(object, name)?)
    }

    /// The JSON pointer (RFC 6901) of a value; its beginning is left out where it is long.
    pub(super) fn pointer(&self, index: Index) -> String {
        let mut parts = Vec::new();
        let mut next = Some(index);
        while let Some(node) = next.and_then(|index| self.nodes.get(index)) {
            if parts.len() == 40 {
                parts.push("…".to_owned());
                break;
            }
            match &node.key {
                Key::Root => {}
                Key::Place(place) => parts.push(place.to_string()),
                Key::Name(name) => {
                    let name: String = name.chars().take(80).collect();
                    parts.push(name.replace('~', "~0").replace('/', "~1"));
                }
            }
            next = node.parent;
        }
        parts.reverse();
        parts
            .iter()
            .fold(String::new(), |pointer, part| pointer + "/" + part)
    }
}

/// Reads a document; none when it is not JSON that Python reads. `most` bounds the number of values.
pub(super) fn parse(bytes: &[u8], most: u64) -> Option<Document> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = Reader {
        bytes,
        at: 0,
        document: Document::default(),
        open: Vec::new(),
        most: usize::try_from(most).unwrap_or(usize::MAX),
    };
    reader.value(Key::Root)?;
    while !reader.open.is_empty() {
        reader.step()?;
    }
    reader.space();
    (reader.at == bytes.len()).then_some(reader.document)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    document: Document,
    /// Lists and objects that are not closed yet.
    open: Vec<Index>,
    most: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        self.space();
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// Reads the next member of the innermost open value, or closes it.
    fn step(&mut self) -> Option<()> {
        let open = *self.open.last()?;
        self.space();
        let (is_list, count) = match self.document.value(open)? {
            Value::List(items) => (true, items.len()),
            Value::Object(members) => (false, members.len()),
            _ => return None,
        };
        let end = if is_list { b']' } else { b'}' };
        if self.peek()? == end {
            self.at += 1;
            self.open.pop();
            return Some(());
        }
        if count > 0 {
            self.eat(b',')?;
            self.space();
        }
        if is_list {
            return self.value(Key::Place(count));
        }
        self.eat(b'"')?;
        let name = self.text()?;
        self.eat(b':')?;
        self.value(Key::Name(name))
    }

    fn value(&mut self, key: Key) -> Option<()> {
        self.space();
        let value = match self.peek()? {
            b'{' => self.opens(Value::Object(Vec::new())),
            b'[' => self.opens(Value::List(Vec::new())),
            b'"' => {
                self.at += 1;
                Value::Text(self.text()?)
            }
            _ => self.plain()?,
        };
        let index = self.document.nodes.len();
        if index >= self.most {
            return None;
        }
        let parent = self.open.last().copied();
        let holder = parent.and_then(|parent| self.document.nodes.get_mut(parent));
        if let Some(Value::List(held) | Value::Object(held)) = holder.map(|node| &mut node.value) {
            held.push(index);
        }
        if matches!(value, Value::List(_) | Value::Object(_)) {
            self.open.push(index);
        }
        self.document.nodes.push(Node { parent, key, value });
        (self.open.len() <= DEPTH).then_some(())
    }

    const fn opens(&mut self, value: Value) -> Value {
        self.at += 1;
        value
    }

    fn plain(&mut self) -> Option<Value> {
        let end = self
            .rest()
            .iter()
            .position(|byte| !matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'+' | b'.'))
            .unwrap_or(self.rest().len());
        let word = self.rest().get(..end)?;
        let value = match word {
            b"null" => Value::Null,
            b"true" | b"false" | b"NaN" | b"Infinity" | b"-Infinity" => Value::Plain,
            _ if matches!(word.first()?, b'-' | b'0'..=b'9') => Value::Plain,
            _ => return None,
        };
        self.at += end;
        Some(value)
    }

    /// The text up to its closing quote.
    fn text(&mut self) -> Option<String> {
        let mut text = String::new();
        loop {
            let run = self
                .rest()
                .iter()
                .position(|byte| matches!(byte, b'"' | b'\\'))?;
            text.push_str(&String::from_utf8_lossy(self.rest().get(..run)?));
            self.at += run + 1;
            if self.bytes.get(self.at - 1) == Some(&b'"') {
                return Some(text);
            }
            text.push(self.escaped()?);
        }
    }

    fn escaped(&mut self) -> Option<char> {
        let byte = self.peek()?;
        self.at += 1;
        Some(match byte {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'"' | b'\\' | b'/' => char::from(byte),
            b'u' => self.code_point()?,
            _ => return None,
        })
    }

    fn code_point(&mut self) -> Option<char> {
        let high = self.hex()?;
        if !(0xd800..0xdc00).contains(&high) {
            return Some(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        if !self.rest().starts_with(b"\\u") {
            return Some(char::REPLACEMENT_CHARACTER);
        }
        let before = self.at;
        self.at += 2;
        let low = self.hex()?;
        if !(0xdc00..0xe000).contains(&low) {
            self.at = before;
            return Some(char::REPLACEMENT_CHARACTER);
        }
        char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))
    }

    fn hex(&mut self) -> Option<u32> {
        let digits: [u8; 4] = self.rest().get(..4)?.try_into().ok()?;
        self.at += 4;
        digits.iter().try_fold(0, |number, digit| {
            Some((number << 4) | char::from(*digit).to_digit(16)?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_json_is_read() {
        let text = br#" {"a": [1, -2.5e3, NaN, Infinity, null, true], "b": {"c\u005fd": "\ud83d\ude00\ud800x"}, "a": "again"} "#;
        let document = parse(text, 100).unwrap();
        assert_eq!(document.text_of(0, "a"), Some("again"));
        let inner = document.member(0, "b").unwrap();
        assert_eq!(document.text_of(inner, "c_d"), Some("😀\u{fffd}x"));
        let place = document.member(inner, "c_d").unwrap();
        assert_eq!(document.pointer(place), "/b/c_d");
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "",
            "{",
            "{\"a\"}",
            "[1,,2]",
            "\"open",
            "{\"a\":1}x",
            "nul",
            "[\"\\x\"]",
            "{a:1}",
            "[1 2]",
        ] {
            assert!(parse(text.as_bytes(), 100).is_none(), "{text}");
        }
        assert!(parse(b"[1,2,3]", 3).is_none());
    }

    #[test]
    fn depth_is_bounded_without_recursion() {
        let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(deep(9_000).as_bytes(), 1 << 20).is_some());
        assert!(parse(deep(2_000_000).as_bytes(), u64::MAX).is_none());
    }
}
