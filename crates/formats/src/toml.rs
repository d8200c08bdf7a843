//! Reads TOML into the same tree as JSON and YAML, with the place of every value, and makes nothing of it.
//!
//! A key that stands twice is there twice: what a lock file's own reader would refuse is still seen.

use toml_parser::decoder::{Encoding, ScalarKind};
use toml_parser::parser::{EventReceiver, RecursionGuard, parse_document};
use toml_parser::{ErrorSink, ParseError, Source, Span};

use crate::tree::{DEPTH, Document, Fault, Node, VALUES, Value};

/// How many of a table's last entries are searched for a table that a later header goes on with. A file that
/// scatters its tables further gets a second entry of the name: searching all would be quadratic.
const NEAR: usize = 256;

/// Reads a text; its one root is an object.
#[must_use]
pub fn read_text(text: &str) -> Document {
    let source = Source::new(text);
    let tokens = source.lex().into_vec();
    let mut builder = Builder::new(source);
    let mut first: Option<ParseError> = None;
    let depth = u32::try_from(DEPTH).unwrap_or(u32::MAX);
    let mut guard = RecursionGuard::new(&mut builder, depth);
    parse_document(&tokens, &mut guard, &mut first);
    builder.finish(first.as_ref())
}

/// A list or table that is not closed yet.
struct Open {
    start: u64,
    is_table: bool,
    /// The key, or the parts of a dotted one, that waits for its value.
    key: Vec<String>,
    items: Vec<Node>,
    entries: Vec<(String, Node)>,
}

impl Open {
    const fn new(start: u64, is_table: bool) -> Self {
        Self {
            start,
            is_table,
            key: Vec::new(),
            items: Vec::new(),
            entries: Vec::new(),
        }
    }

    fn close(self, end: u64) -> Node {
        let value = if self.is_table {
            Value::Object(self.entries)
        } else {
            Value::List(self.items)
        };
        Node {
            start: self.start,
            end,
            value,
        }
    }
}

/// The header that the current table stands under.
struct Header {
    path: Vec<String>,
    is_array: bool,
    start: u64,
    is_open: bool,
}

struct Builder<'a> {
    source: Source<'a>,
    root: Node,
    header: Option<Header>,
    open: Vec<Open>,
    values: usize,
    fault: Option<(u64, Fault)>,
}

impl<'a> Builder<'a> {
    fn new(source: Source<'a>) -> Self {
        Self {
            source,
            root: Open::new(0, true).close(0),
            header: None,
            open: vec![Open::new(0, true)],
            values: 0,
            fault: None,
        }
    }

    fn finish(mut self, error: Option<&ParseError>) -> Document {
        let end = self.source.input().len() as u64;
        self.flush(end);
        self.root.end = end;
        let grammar = error.map(|error| {
            let span = error.unexpected().or_else(|| error.context());
            (span.map_or(0, |span| span.start() as u64), Fault::Grammar)
        });
        Document {
            roots: vec![self.root],
            fault: self.fault.or(grammar),
        }
    }

    /// Puts the current table where its header says.
    fn flush(&mut self, end: u64) {
        while self.open.len() > 1 {
            self.close(end);
        }
        let entries = self
            .open
            .pop()
            .map(|table| table.entries)
            .unwrap_or_default();
        let header = self.header.take();
        let target = match &header {
            None => Some(&mut self.root),
            Some(header) => place(&mut self.root, header, end),
        };
        if let Some(table) = target.and_then(entries_of) {
            table.extend(entries);
        }
        self.open.push(Open::new(end, true));
    }

    fn begin(&mut self, span: Span, is_array: bool) {
        self.flush(span.start() as u64);
        self.header = Some(Header {
            path: Vec::new(),
            is_array,
            start: span.start() as u64,
            is_open: true,
        });
    }

    fn settle(&mut self) {
        if let Some(header) = &mut self.header {
            header.is_open = false;
        }
    }

    fn close(&mut self, end: u64) {
        if self.open.len() > 1
            && let Some(open) = self.open.pop()
        {
            self.add(open.close(end));
        }
    }

    fn add(&mut self, node: Node) {
        self.values = self.values.saturating_add(1);
        if self.values > VALUES {
            self.fault.get_or_insert((node.start, Fault::TooMany));
            return;
        }
        let Some(open) = self.open.last_mut() else {
            return;
        };
        if !open.is_table {
            open.items.push(node);
            return;
        }
        let mut path = std::mem::take(&mut open.key);
        let Some(last) = path.pop() else { return };
        let mut entries = &mut open.entries;
        for part in path {
            match entries_of(enter(entries, &part, node.start)) {
                Some(inner) => entries = inner,
                None => return,
            }
        }
        entries.push((last, node));
    }
}

/// The table that a header stands for; made where it is new.
fn place<'a>(root: &'a mut Node, header: &Header, end: u64) -> Option<&'a mut Node> {
    let (last, before) = header.path.split_last()?;
    let mut table = root;
    for part in before.iter().take(DEPTH) {
        table = enter(entries_of(table)?, part, header.start);
    }
    let entries = entries_of(table)?;
    if !header.is_array {
        return Some(enter(entries, last, header.start));
    }
    let known = entries
        .iter()
        .rev()
        .take(NEAR)
        .position(|(name, node)| name == last && matches!(node.value, Value::List(_)));
    let index = match known {
        Some(back) => entries.len().checked_sub(back.saturating_add(1))?,
        None => {
            let list = Open::new(header.start, false).close(end);
            entries.push((last.clone(), list));
            entries.len().checked_sub(1)?
        }
    };
    let Value::List(items) = &mut entries.get_mut(index)?.1.value else {
        return None;
    };
    items.push(Open::new(header.start, true).close(end));
    items.last_mut()
}

/// The value of a key, or a new table; of a list of tables its last one.
fn enter<'a>(entries: &'a mut Vec<(String, Node)>, key: &str, start: u64) -> &'a mut Node {
    let known = entries
        .iter()
        .rev()
        .take(NEAR)
        .position(|(name, _)| name == key)
        .and_then(|back| entries.len().checked_sub(back.saturating_add(1)));
    let index = known.unwrap_or_else(|| {
        entries.push((key.to_owned(), Open::new(start, true).close(start)));
        entries.len().saturating_sub(1)
    });
    #[expect(
        clippy::indexing_slicing,
        reason = "the index was found or made in the lines above"
    )]
    &mut entries[index].1
}

/// What can be entered of a node: its entries, or those of the last table of a list.
fn entries_of(node: &mut Node) -> Option<&mut Vec<(String, Node)>> {
    match &mut node.value {
        Value::Object(entries) => Some(entries),
        Value::List(items) => match &mut items.last_mut()?.value {
            Value::Object(entries) => Some(entries),
            _ => None,
        },
        _ => None,
    }
}

impl EventReceiver for Builder<'_> {
    fn std_table_open(&mut self, span: Span, _error: &mut dyn ErrorSink) {
        self.begin(span, false);
    }

    fn std_table_close(&mut self, _span: Span, _error: &mut dyn ErrorSink) {
        self.settle();
    }

    fn array_table_open(&mut self, span: Span, _error: &mut dyn ErrorSink) {
        self.begin(span, true);
    }

    fn array_table_close(&mut self, _span: Span, _error: &mut dyn ErrorSink) {
        self.settle();
    }

    fn inline_table_open(&mut self, span: Span, _error: &mut dyn ErrorSink) -> bool {
        self.open.push(Open::new(span.start() as u64, true));
        true
    }

    fn inline_table_close(&mut self, span: Span, _error: &mut dyn ErrorSink) {
        self.close(span.end() as u64);
    }

    fn array_open(&mut self, span: Span, _error: &mut dyn ErrorSink) -> bool {
        self.open.push(Open::new(span.start() as u64, false));
        true
    }

    fn array_close(&mut self, span: Span, _error: &mut dyn ErrorSink) {
        self.close(span.end() as u64);
    }

    fn simple_key(&mut self, span: Span, kind: Option<Encoding>, error: &mut dyn ErrorSink) {
        let mut key = String::new();
        if let Some(raw) = self.source.get(span) {
            toml_parser::Raw::new_unchecked(raw.as_str(), kind, span).decode_key(&mut key, error);
        }
        match &mut self.header {
            Some(header) if header.is_open => header.path.push(key),
            _ => {
                if let Some(open) = self.open.last_mut()
                    && open.key.len() < DEPTH
                {
                    open.key.push(key);
                }
            }
        }
    }

    fn key_val_sep(&mut self, _span: Span, _error: &mut dyn ErrorSink) {
        self.settle();
    }

    fn newline(&mut self, _span: Span, _error: &mut dyn ErrorSink) {
        // A header that was never closed ends with its line.
        self.settle();
    }

    fn scalar(&mut self, span: Span, kind: Option<Encoding>, error: &mut dyn ErrorSink) {
        let mut text = String::new();
        let scalar = self.source.get(span).map(|raw| {
            toml_parser::Raw::new_unchecked(raw.as_str(), kind, span)
                .decode_scalar(&mut text, error)
        });
        let value = match scalar {
            Some(ScalarKind::String) => Value::Text(text),
            Some(ScalarKind::Boolean(value)) => Value::Bool(value),
            _ => Value::Other,
        };
        self.add(Node {
            start: span.start() as u64,
            end: span.end() as u64,
            value,
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "version = 1\na.b.'c d' = \"x\\u0041\"\n[[package]]\nname = \"torch\"\n\
        deps = [{ name = 'numpy', extra = [\"q\"] }, true]\n[package.source]\nurl = '''u'''\n\
        [[package]]\nname = \"keras\"\n[tool.\"x.y\"]\nz = 1979-05-27\n";

    #[test]
    fn it_is_the_same_tree_as_json() {
        let document = read_text(TEXT);
        assert_eq!(document.fault, None);
        let root = &document.roots[0];
        let packages = root.all("package").next().unwrap().items();
        assert_eq!(packages.len(), 2);
        assert_eq!(packages[0].texts("name").next(), Some("torch"));
        let source = packages[0].all("source").next().unwrap();
        assert_eq!(source.texts("url").next(), Some("u"));
        let depends = packages[0].all("deps").next().unwrap().items();
        assert_eq!(depends[0].texts("name").next(), Some("numpy"));
        assert_eq!(packages[1].texts("name").next(), Some("keras"));
        let dotted = root.all("a").next().unwrap().all("b").next().unwrap();
        assert_eq!(dotted.texts("c d").next(), Some("xA"));
        let name = packages[1].all("name").next().unwrap();
        let place = usize::try_from(name.start).unwrap()..usize::try_from(name.end).unwrap();
        assert_eq!(&TEXT[place], "\"keras\"");
    }

    #[test]
    fn bounds_and_grammar_are_faults_and_what_was_read_is_kept() {
        let deep = format!("a = {}", "[".repeat(100_000));
        assert!(read_text(&deep).fault.is_some());
        let broken = read_text("[[package]]\nname = \"torch\"\nversion = 2.5.1\n");
        assert!(broken.fault.is_some());
        let package = broken.roots[0].all("package").next().unwrap();
        assert_eq!(package.items()[0].texts("name").next(), Some("torch"));
        let many = "[a]\n".repeat(50_000);
        assert_eq!(read_text(&many).roots.len(), 1);
    }

    #[test]
    fn every_truncation_is_read() {
        for cut in 0..TEXT.len() {
            drop(read_text(&TEXT[..cut]));
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(at in 0..TEXT.len(), character in any::<char>(), text in "[\\[\\]{}=.,a\"'\n ]{0,60}") {
            let mut changed = TEXT.to_owned();
            if changed.is_char_boundary(at) {
                changed.insert(at, character);
            }
            drop(read_text(&changed));
            drop(read_text(&text));
        }
    }
}
