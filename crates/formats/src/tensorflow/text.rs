//! The text form of graphs (`saved_model.pbtxt`, `graph.pbtxt`), as loaders accept it.
//!
//! A stack of messages is kept instead of recursing. What is not needed is stepped over, but must be
//! well-formed: a reader that goes on behind nonsense sees what no loader would.

use std::io;

use tutela_core::{Bytes, Limits};

use super::{Asset, Attribute, Fault, LIST, Model, NODES, Node, Scope, TEXT, TEXTS};
use crate::input::Input;

/// Messages inside messages; real graphs have about ten levels.
const DEPTH: usize = 100;

/// The messages that hold something to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Message {
    Root,
    Meta,
    Info,
    Graph,
    Library,
    Function,
    Signature,
    Argument,
    Node,
    Attribute,
    Value,
    Tensor,
    Called,
    CalledAttribute,
    Asset,
    AssetTensor,
    Other,
}

impl Message {
    /// The message in a field of a message.
    fn inside(self, field: &str) -> Self {
        match (self, field) {
            (Self::Root, "meta_graphs") => Self::Meta,
            (Self::Root | Self::Meta, "meta_info_def") => Self::Info,
            (Self::Root | Self::Meta, "graph_def") => Self::Graph,
            (Self::Root | Self::Meta, "asset_file_def") => Self::Asset,
            (Self::Asset, "tensor_info") => Self::AssetTensor,
            (Self::Root | Self::Graph, "node") | (Self::Function, "node_def") => Self::Node,
            (Self::Root | Self::Graph, "library") => Self::Library,
            (Self::Library, "function") => Self::Function,
            (Self::Function, "signature") => Self::Signature,
            (Self::Signature, "input_arg") => Self::Argument,
            (Self::Node, "attr") => Self::Attribute,
            (Self::Attribute | Self::CalledAttribute, "value") | (Self::Value, "list") => {
                Self::Value
            }
            (Self::Value, "tensor") => Self::Tensor,
            (Self::Value, "func") => Self::Called,
            (Self::Called, "attr") => Self::CalledAttribute,
            _ => Self::Other,
        }
    }
}

/// A part of the text.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// A name, number or text.
    Word(String),
    /// A sign of one character.
    Sign(u8),
}

/// Reads a graph in the text form.
pub(super) fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Model> {
    let mut parser = Parser {
        input: Input::new(bytes),
        at: 0,
        steps: limits.steps,
        stack: vec![Message::Root],
        model: Model::default(),
        graph: Scope::default(),
        function: None,
        node: Node::default(),
        attribute: Attribute::default(),
        bytes_left: limits.member_bytes,
    };
    parser.run(limits)?;
    // The graphs of a SavedModel were kept where they ended; what stands bare is a graph of its own.
    if !parser.graph.nodes.is_empty() || parser.model.scopes.is_empty() {
        parser.model.scopes.push(parser.graph);
    }
    Ok(parser.model)
}

struct Parser<'a> {
    input: Input<'a>,
    at: u64,
    steps: u64,
    stack: Vec<Message>,
    model: Model,
    /// The graph whose nodes are being read.
    graph: Scope,
    /// The function whose nodes are being read.
    function: Option<Scope>,
    node: Node,
    attribute: Attribute,
    bytes_left: u64,
}

impl Parser<'_> {
    fn run(&mut self, limits: &Limits) -> io::Result<()> {
        let mut field = String::new();
        while let Some(token) = self.token()? {
            let Some(steps) = self.steps.checked_sub(1).filter(|_| self.bytes_left > 0) else {
                self.model.note(Fault::Limit {
                    what: "words",
                    limit: limits.steps,
                });
                return Ok(());
            };
            self.steps = steps;
            match token {
                Token::Word(word) => {
                    // A word behind a name and a colon is its value.
                    if field.is_empty() {
                        field = word;
                    } else {
                        self.value(&field, word);
                        field.clear();
                    }
                }
                Token::Sign(b'{' | b'<') => {
                    if self.stack.len() >= DEPTH {
                        self.model.note(Fault::Limit {
                            what: "levels of messages",
                            limit: DEPTH as u64,
                        });
                        return Ok(());
                    }
                    self.open(&field);
                    field.clear();
                }
                Token::Sign(b'}' | b'>') => self.close(),
                Token::Sign(b'[') => {
                    self.items(&field)?;
                    field.clear();
                }
                Token::Sign(b':' | b',' | b';') => {}
                Token::Sign(_) => {
                    self.model.note(Fault::Text(self.at));
                    return Ok(());
                }
            }
        }
        if self.stack.len() > 1 {
            self.model.note(Fault::Text(self.at));
        }
        Ok(())
    }

    /// Short repeated values: `[1, 2, "a"]`. Messages in brackets are not written by any library.
    fn items(&mut self, field: &str) -> io::Result<()> {
        while let Some(token) = self.token()? {
            match token {
                Token::Word(word) => self.value(field, word),
                Token::Sign(b',') => {}
                Token::Sign(b']') => return Ok(()),
                Token::Sign(_) => break,
            }
        }
        self.model.note(Fault::Text(self.at));
        Ok(())
    }

    fn innermost(&self) -> Message {
        self.stack.last().copied().unwrap_or(Message::Other)
    }

    fn open(&mut self, field: &str) {
        let message = self.innermost().inside(field);
        match message {
            Message::Function => {
                self.function = Some(Scope {
                    function: Some(String::new()),
                    graph: self.graph.graph,
                    ..Scope::default()
                });
            }
            Message::Node => {
                self.node = Node {
                    at: self.at,
                    ..Node::default()
                };
            }
            Message::Attribute => self.attribute = Attribute::default(),
            Message::Asset if self.model.assets.len() < LIST => self.model.assets.push(Asset {
                graph: self.graph.graph,
                at: self.at,
                end: self.at,
                ..Asset::default()
            }),
            Message::Argument => {
                if let Some(function) = &mut self.function {
                    function.arguments.push(String::new());
                }
            }
            _ => {}
        }
        self.stack.push(message);
    }

    fn close(&mut self) {
        let message = self.innermost();
        if self.stack.len() > 1 {
            self.stack.pop();
        } else {
            self.model.note(Fault::Text(self.at));
        }
        match message {
            Message::Meta => {
                let next = self.graph.graph.saturating_add(1);
                self.model.scopes.push(std::mem::take(&mut self.graph));
                self.graph.graph = next;
            }
            Message::Function => self.model.scopes.extend(self.function.take()),
            Message::Attribute => {
                let attribute = std::mem::take(&mut self.attribute);
                if self.node.attributes.len() < TEXTS {
                    self.node.attributes.push(attribute);
                }
            }
            Message::Node => self.keep_node(),
            _ => {}
        }
    }

    fn keep_node(&mut self) {
        let mut node = std::mem::take(&mut self.node);
        node.end = self.at;
        self.model.nodes = self.model.nodes.saturating_add(1);
        if self.model.nodes > NODES {
            self.model.note(Fault::Limit {
                what: "nodes",
                limit: NODES,
            });
            return;
        }
        self.function
            .as_mut()
            .unwrap_or(&mut self.graph)
            .nodes
            .push(node);
    }

    /// Takes the value of a field.
    fn value(&mut self, field: &str, word: String) {
        self.bytes_left = self.bytes_left.saturating_sub(word.len() as u64);
        let message = self.innermost();
        let node = &mut self.node;
        match (message, field) {
            (Message::Node, "name") => node.name = word,
            (Message::Node, "op") => node.op = word,
            (Message::Node, "input") if node.inputs.len() < LIST => node.inputs.push(word),
            (Message::Attribute, "key") => self.attribute.name = word,
            (Message::Value, "s") | (Message::Tensor, "string_val" | "tensor_content")
                if self.attribute.texts.len() < TEXTS =>
            {
                self.attribute.texts.push(word);
            }
            (Message::Value, "b") => self.attribute.flag = Some(word == "true"),
            (Message::Called, "name") if self.attribute.functions.len() < TEXTS => {
                self.attribute.functions.push(word);
            }
            (Message::Info, "tensorflow_version") => self.model.version = Some(word),
            (Message::Asset, "filename") => {
                if let Some(asset) = self.model.assets.last_mut() {
                    asset.file = word;
                }
            }
            (Message::AssetTensor, "name") => {
                if let Some(asset) = self.model.assets.last_mut() {
                    asset.tensor = word;
                }
            }
            (Message::Signature, "name") => {
                if let Some(function) = &mut self.function {
                    function.function = Some(word);
                }
            }
            (Message::Argument, "name") => {
                let argument = self
                    .function
                    .as_mut()
                    .and_then(|one| one.arguments.last_mut());
                if let Some(argument) = argument {
                    *argument = word;
                }
            }
            _ => {}
        }
    }

    fn token(&mut self) -> io::Result<Option<Token>> {
        loop {
            let Some(byte) = self.input.byte(self.at)? else {
                return Ok(None);
            };
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c => self.at = self.at.saturating_add(1),
                b'#' => match self.input.newline(self.at)? {
                    Some(next) => self.at = next.saturating_add(1),
                    None => self.at = self.input.len(),
                },
                b'"' | b'\'' => return self.texts().map(Some),
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'+' => {
                    return self.word().map(Some);
                }
                sign => {
                    self.at = self.at.saturating_add(1);
                    return Ok(Some(Token::Sign(sign)));
                }
            }
        }
    }

    fn word(&mut self) -> io::Result<Token> {
        let mut word = String::new();
        while let Some(byte) = self.input.byte(self.at)? {
            if !byte.is_ascii_alphanumeric() && !b"_-.+/".contains(&byte) {
                break;
            }
            if (word.len() as u64) < TEXT {
                word.push(char::from(byte));
            }
            self.at = self.at.saturating_add(1);
        }
        Ok(Token::Word(word))
    }

    /// A text, and the texts behind it, which go on with it.
    fn texts(&mut self) -> io::Result<Token> {
        let mut text = Vec::new();
        while let Some(quote @ (b'"' | b'\'')) = self.input.byte(self.at)? {
            self.at = self.at.saturating_add(1);
            self.quoted(quote, &mut text)?;
            while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.input.byte(self.at)? {
                self.at = self.at.saturating_add(1);
            }
        }
        Ok(Token::Word(String::from_utf8_lossy(&text).into_owned()))
    }

    fn quoted(&mut self, quote: u8, text: &mut Vec<u8>) -> io::Result<()> {
        while let Some(byte) = self.input.byte(self.at)? {
            self.at = self.at.saturating_add(1);
            let kept = match byte {
                byte if byte == quote => return Ok(()),
                b'\\' => self.escaped()?,
                byte => Some(byte),
            };
            if (text.len() as u64) < TEXT {
                text.extend(kept);
            }
        }
        self.model.note(Fault::Text(self.at));
        Ok(())
    }

    /// The byte behind a backslash: a letter, up to three octal or two hexadecimal digits.
    fn escaped(&mut self) -> io::Result<Option<u8>> {
        let Some(byte) = self.input.byte(self.at)? else {
            return Ok(None);
        };
        let (radix, most, mut value) = match byte {
            b'0'..=b'7' => (8, 3, 0_u32),
            b'x' | b'X' => {
                self.at = self.at.saturating_add(1);
                (16, 2, 0)
            }
            _ => {
                self.at = self.at.saturating_add(1);
                return Ok(Some(match byte {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'r' => b'\r',
                    other => other,
                }));
            }
        };
        for _ in 0..most {
            let byte = self.input.byte(self.at)?;
            let Some(digit) = byte.and_then(|byte| char::from(byte).to_digit(radix)) else {
                break;
            };
            value = value.saturating_mul(radix).saturating_add(digit);
            self.at = self.at.saturating_add(1);
        }
        Ok(u8::try_from(value & 0xff).ok())
    }
}
