//! Reads YAML into the same tree as JSON, tags included, and makes nothing of them.
//!
//! YAML has no sign at its beginning, so it is not a format of its own here: who looks for something in
//! configurations asks [`read_text`] about a text that holds what he looks for. An alias of a text stands
//! for the text; an alias of anything larger is not unfolded, since what it stands for is in the tree once.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};

use crate::tree::{DEPTH, Document, Fault, Node, VALUES, Value};

/// Reads all documents of a text.
#[must_use]
pub fn read_text(text: &str) -> Document {
    let mut builder = Builder::new(text);
    let mut parser = Parser::new_from_str(text);
    builder.run(&mut parser);
    let fault = builder.fault.take();
    while !builder.open.is_empty() {
        builder.close(text.len() as u64);
    }
    Document {
        roots: builder.roots,
        fault,
    }
}

/// A list or mapping that is not closed yet.
struct Open {
    start: u64,
    tag: Option<String>,
    is_mapping: bool,
    /// The key that waits for its value.
    key: Option<String>,
    items: Vec<Node>,
    entries: Vec<(String, Node)>,
}

struct Builder {
    /// Where each character starts: the parser counts characters, findings name bytes.
    offsets: Vec<u64>,
    roots: Vec<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, String>,
    values: usize,
    fault: Option<(u64, Fault)>,
}

impl Builder {
    fn new(text: &str) -> Self {
        let ends = std::iter::once(text.len() as u64);
        Self {
            offsets: text
                .char_indices()
                .map(|(at, _)| at as u64)
                .chain(ends)
                .collect(),
            roots: Vec::new(),
            open: Vec::new(),
            anchors: HashMap::new(),
            values: 0,
            fault: None,
        }
    }

    fn byte(&self, character: usize) -> u64 {
        let last = || self.offsets.last().copied().unwrap_or_default();
        self.offsets.get(character).copied().unwrap_or_else(last)
    }

    fn run(&mut self, parser: &mut Parser<'_, StrInput<'_>>) {
        while let Some(event) = parser.next_event() {
            match event {
                Ok((event, span)) => self.event(event, span),
                Err(error) => {
                    let at = self.byte(error.marker().index());
                    self.fault.get_or_insert((at, Fault::Grammar));
                }
            }
            if self.fault.is_some() {
                return;
            }
        }
    }

    fn event(&mut self, event: Event<'_>, span: Span) {
        let start = self.byte(span.start.index());
        let end = self.byte(span.end.index());
        match event {
            Event::MappingStart(_, tag) => self.open(start, tag.as_deref(), true),
            Event::SequenceStart(_, tag) => self.open(start, tag.as_deref(), false),
            Event::MappingEnd | Event::SequenceEnd => self.close(end),
            Event::Alias(anchor) => {
                let text = self.anchors.get(&anchor).cloned();
                let value = text.map_or(Value::Other, Value::Text);
                self.add(Node { start, end, value });
            }
            Event::Scalar(text, style, anchor, tag) => {
                if anchor != 0 {
                    self.anchors.insert(anchor, text.clone().into_owned());
                }
                let value = scalar(&text, style);
                let value = match tag.as_deref().and_then(tag_name) {
                    Some(tag) => Value::Tagged(
                        tag,
                        Box::new(Node {
                            start,
                            end,
                            value: Value::Text(text.into_owned()),
                        }),
                    ),
                    None => value,
                };
                self.add(Node { start, end, value });
            }
            _ => {}
        }
    }

    fn open(&mut self, start: u64, tag: Option<&Tag>, is_mapping: bool) {
        if self.open.len() >= DEPTH {
            self.fault.get_or_insert((start, Fault::TooDeep));
            return;
        }
        self.open.push(Open {
            start,
            tag: tag.and_then(tag_name),
            is_mapping,
            key: None,
            items: Vec::new(),
            entries: Vec::new(),
        });
    }

    fn close(&mut self, end: u64) {
        let Some(open) = self.open.pop() else { return };
        let value = if open.is_mapping {
            Value::Object(open.entries)
        } else {
            Value::List(open.items)
        };
        let start = open.start;
        let node = Node { start, end, value };
        self.add(match open.tag {
            Some(tag) => Node {
                start,
                end,
                value: Value::Tagged(tag, Box::new(node)),
            },
            None => node,
        });
    }

    fn add(&mut self, node: Node) {
        self.values = self.values.saturating_add(1);
        if self.values > VALUES {
            self.fault.get_or_insert((node.start, Fault::TooMany));
            return;
        }
        let Some(open) = self.open.last_mut() else {
            self.roots.push(node);
            return;
        };
        if !open.is_mapping {
            open.items.push(node);
        } else if let Some(key) = open.key.take() {
            open.entries.push((key, node));
        } else {
            // A key that is no text may still hold a tag that runs code: it is kept as a value too.
            let key = node.text().unwrap_or_default().to_owned();
            if !matches!(node.value, Value::Text(_) | Value::Other | Value::Bool(_)) {
                open.entries.push((String::new(), node));
            }
            open.key = Some(key);
        }
    }
}

/// The tag in full, unless it is one of YAML's own for plain values.
fn tag_name(tag: &Tag) -> Option<String> {
    let own = tag.is_yaml_core_schema() && !tag.suffix.contains(['/', '.']);
    (!own).then(|| format!("{}{}", tag.handle, tag.suffix))
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return Value::Text(text.to_owned());
    }
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Value::Bool(true),
        "false" | "no" | "off" => Value::Bool(false),
        "" | "~" | "null" => Value::Other,
        _ => Value::Text(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "model:\n  _target_: nemo.Model # comment\n  flag: yes\n  list: [a, 'b', {c: d}]\n\
        name: &n os.system\nmore: {\"_target_\": *n}\n";

    #[test]
    fn it_is_the_same_tree_as_json() {
        let document = read_text(TEXT);
        assert_eq!(document.fault, None);
        let root = &document.roots[0];
        let model = root.all("model").next().unwrap();
        assert_eq!(model.texts("_target_").next(), Some("nemo.Model"));
        assert_eq!(model.all("flag").next().unwrap().value, Value::Bool(true));
        assert_eq!(model.all("list").next().unwrap().items().len(), 3);
        let more = root.all("more").next().unwrap();
        assert_eq!(more.texts("_target_").next(), Some("os.system"));
        let name = root.all("name").next().unwrap();
        let place = usize::try_from(name.start).unwrap()..usize::try_from(name.end).unwrap();
        assert!(TEXT[place].contains("os.system"));
    }

    #[test]
    fn tags_are_named_in_full_and_never_obeyed() {
        for (text, tag) in [
            (
                "a: !!python/object/apply:os.system ['id']",
                "tag:yaml.org,2002:python/object/apply:os.system",
            ),
            (
                "!!python/name:os.system ''",
                "tag:yaml.org,2002:python/name:os.system",
            ),
            (
                "%TAG !x! tag:yaml.org,2002:python/object/\n--- !x!new:os.system [id]",
                "tag:yaml.org,2002:python/object/new:os.system",
            ),
            (
                "? !!python/name:os.system\n: 1",
                "tag:yaml.org,2002:python/name:os.system",
            ),
        ] {
            let document = read_text(text);
            let mut tags = Vec::new();
            for root in &document.roots {
                root.each("", &mut |_, node| {
                    if let Value::Tagged(tag, _) = &node.value {
                        tags.push(tag.clone());
                    }
                });
            }
            assert_eq!(tags, [tag], "{text}");
        }
        assert!(matches!(
            read_text("a: !!str 1").roots[0].entries()[0].1.value,
            Value::Text(_)
        ));
    }

    #[test]
    fn bounds_are_faults_and_what_was_read_is_kept() {
        let deep = "[".repeat(DEPTH + 2);
        assert!(read_text(&deep).fault.is_some());
        let broken = read_text("a: !!python/name:os.system x\nb: [1, 2\nc: }");
        assert!(broken.fault.is_some());
        assert_eq!(broken.roots[0].entries()[0].0, "a");
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(at in 0..TEXT.len(), character in any::<char>(), cut in 0..TEXT.len()) {
            let mut text: String = TEXT.chars().take(cut).collect();
            if text.is_char_boundary(at.min(text.len())) {
                text.insert(at.min(text.len()), character);
            }
            drop(read_text(&text));
        }
    }
}
