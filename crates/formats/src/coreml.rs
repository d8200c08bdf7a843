//! Reads Core ML models (`Model.proto` of Core ML's format) for what they name outside of themselves.
//!
//! Only the messages are walked that can name code or files: custom models and layers, linked models, pipelines of
//! models, programs, the description. Weights and trees are stepped over.

use std::io;

use tutela_core::{Bytes, Limits};

use crate::extent::Extents;
use crate::wire::{Reader, Wire};

/// What a Core ML model names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Model {
    /// The version of its format.
    pub version: u64,
    /// Everything that it names, in the order in which it was met.
    pub names: Vec<Name>,
    /// Whether it has a part of a kind that is not looked into: a serialised model.
    pub is_opaque: bool,
    /// Why a part was not read.
    pub unread: Option<&'static str>,
    /// Structure and texts in it, and parts that are stepped over; the rest belongs to nothing.
    pub(crate) extents: Extents,
}

/// Something that a model names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// What it is.
    pub kind: Kind,
    /// The key of an entry of the description; empty for others.
    pub key: String,
    /// The text, bounded.
    pub text: String,
    /// Where it stands.
    pub region: (u64, u64),
}

/// What a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// The class that makes a custom layer.
    LayerClass,
    /// The class that makes a custom model.
    ModelClass,
    /// A text handed to such a class.
    Parameter,
    /// The file of a linked model.
    LinkedFile,
    /// Where a linked model is looked for.
    SearchPath,
    /// The file with weights of a program.
    Weights,
    /// Text of the description: author, licence, or what a user added.
    Description,
}

/// Names that are kept.
const KEPT: usize = 10_000;
/// Bytes of a text that are kept.
const TEXT: u64 = 16 << 10;
/// Models inside models that are followed.
const DEPTH: u32 = 32;

/// The numbers of the fields of `Model` that say what kind of model it is.
const TYPES: &[u64] = &[
    200, 201, 202, 300, 301, 302, 303, 304, 400, 401, 402, 403, 404, 500, 501, 502, 555, 556, 560,
    600, 601, 602, 603, 604, 606, 607, 609, 610, 900, 2000, 2001, 2002, 2003, 2004, 2005, 2006,
    3000,
];

/// Whether the bytes are a Core ML model: a version, and a kind of model, and no field of any other message.
///
/// # Errors
/// What reading the bytes returns.
pub fn looks_like(bytes: &dyn Bytes) -> io::Result<bool> {
    /// A model has four fields.
    const FIELDS: usize = 32;
    let mut reader = Reader::new(bytes, &Limits::default());
    let (mut at, end) = (0, bytes.len());
    let (mut has_version, mut has_type) = (false, false);
    for _ in 0..FIELDS {
        let Some(field) = reader.next(&mut at, end)? else {
            break;
        };
        match (field.number, field.value) {
            (1, Wire::Varint(1..=64)) => has_version = true,
            (2, Wire::Span(..)) | (10, Wire::Varint(0 | 1)) => {}
            (number, Wire::Span(..)) if TYPES.binary_search(&number).is_ok() => has_type = true,
            _ => return Ok(false),
        }
    }
    Ok(has_version && has_type)
}

/// Reads a model.
///
/// # Errors
/// What reading the bytes returns.
pub fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Model> {
    let mut walk = Walk {
        reader: Reader::new(bytes, limits),
        model: Model::default(),
        waiting: vec![(Message::Model, (0, bytes.len()), 0)],
    };
    while let Some((message, span, depth)) = walk.waiting.pop() {
        walk.message(message, span, depth)?;
    }
    if walk.reader.is_exhausted() {
        walk.model.unread = Some("it has more fields than the limit");
    } else if !walk.reader.malformed.is_empty() {
        walk.model.unread = Some("a part of it breaks off or is malformed");
    }
    walk.model.extents = walk.reader.extents;
    if walk.model.unread.is_some() {
        walk.model.extents.stop();
    }
    Ok(walk.model)
}

/// The messages that are walked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Message {
    Model,
    /// `PipelineClassifier` and `PipelineRegressor`: around a pipeline.
    Pipelined,
    Pipeline,
    Network,
    Layer,
    /// Two networks, of which one runs.
    Branch,
    /// A network for the condition and one for the body.
    Loop,
    /// `CustomLayerParams` and `CustomModel`, which have the same fields.
    Custom(Kind),
    /// An entry of a map of parameters, whose values are messages.
    Entry,
    Linked,
    LinkedFile,
    /// A `StringParameter`: its default value.
    Default(Kind),
    Description,
    Metadata,
    /// An entry of a map of texts.
    Pair,
    /// An entry of a map, whose value is a message of a program.
    Of(Mil),
    /// A message of a program.
    Program(Mil),
}

/// The messages of a program in MIL (`MIL.proto`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mil {
    Program,
    Function,
    Block,
    Operation,
    Argument,
    Binding,
    Value,
    Immediate,
    /// A tuple or a list of values.
    Values,
    /// A dictionary.
    Pairs,
    /// A key and a value, both of them values.
    Pair,
    Blob,
}

struct Walk<'a> {
    reader: Reader<'a>,
    model: Model,
    waiting: Vec<(Message, (u64, u64), u32)>,
}

impl Walk<'_> {
    fn message(&mut self, message: Message, (from, to): (u64, u64), depth: u32) -> io::Result<()> {
        if depth > DEPTH {
            self.model.unread = Some("models lie in it deeper than the limit");
            return Ok(());
        }
        let mut at = from;
        let mut key = String::new();
        let mut value = None;
        while let Some(field) = self.reader.next(&mut at, to)? {
            if let (Message::Model, 1, Wire::Varint(version)) = (message, field.number, field.value)
            {
                self.model.version = version;
            }
            let Some(span) = field.value.span() else {
                continue;
            };
            if let Some(inner) = inside(message, field.number) {
                // Only models hold models.
                let depth = depth.saturating_add(u32::from(inner == Message::Model));
                self.waiting.push((inner, span, depth));
            } else if let Some(kind) = text_of(message, field.number) {
                self.name(kind, &key, span)?;
            } else if message == Message::Pair && field.number == 1 {
                key = self.reader.text(span, 200)?;
            } else {
                self.model.is_opaque |= message == Message::Model && field.number == 3000;
                self.reader.pass(field, last(message));
            }
            if let Message::Of(Mil::Argument | Mil::Value) = message {
                match field.number {
                    1 => key = self.reader.text(span, 200)?,
                    2 => value = Some(span),
                    _ => {}
                }
            }
        }
        // The key may stand behind the value.
        if let Some(span) = value.filter(|_| key == "class_name") {
            self.class(message, span)?;
        }
        Ok(())
    }

    /// The text that an argument or an attribute of an operation is: a tensor of texts, some messages down.
    fn class(&mut self, message: Message, span: (u64, u64)) -> io::Result<()> {
        /// From `Argument` by `Binding` to `Value`, and on by `ImmediateValue` and `TensorValue` to `RepeatedStrings`.
        const DOWN: &[u64] = &[1, 2, 3, 1, 4, 1];
        let from = if message == Message::Of(Mil::Value) {
            2
        } else {
            0
        };
        let mut span = span;
        for wanted in DOWN.get(from..).unwrap_or_default() {
            let (mut at, end) = span;
            let mut found = None;
            while let Some(field) = self.reader.next(&mut at, end)? {
                if field.number == *wanted {
                    found = field.value.span();
                }
            }
            let Some(inner) = found else { return Ok(()) };
            span = inner;
        }
        self.name(Kind::LayerClass, "", span)
    }

    fn name(&mut self, kind: Kind, key: &str, span: (u64, u64)) -> io::Result<()> {
        if self.model.names.len() >= KEPT {
            self.model.unread = Some("it has more names than the limit");
            return Ok(());
        }
        if span.1.saturating_sub(span.0) > TEXT {
            self.model.unread = Some("a text in it is longer than is read");
        }
        let text = self.reader.text(span, TEXT)?;
        self.model.names.push(Name {
            kind,
            key: key.to_owned(),
            text,
            region: span,
        });
        Ok(())
    }
}

/// The last field that a message has.
const fn last(message: Message) -> u64 {
    match message {
        Message::Model => 3000,
        Message::Layer => 1700,
        Message::Network => 200,
        Message::Description | Message::Metadata => 100,
        Message::Custom(_) => 40,
        Message::Default(_) => 60,
        Message::Pipelined
        | Message::Pipeline
        | Message::Branch
        | Message::Loop
        | Message::Entry
        | Message::Linked
        | Message::LinkedFile
        | Message::Pair => 4,
        Message::Of(_) => 2,
        Message::Program(_) => 5,
    }
}

/// The message that a field holds, if it is one that is walked.
const fn inside(message: Message, number: u64) -> Option<Message> {
    Some(match (message, number) {
        (Message::Model, 2) => Message::Description,
        (Message::Model, 200 | 201) => Message::Pipelined,
        (Message::Model, 202) | (Message::Pipelined, 1) => Message::Pipeline,
        (Message::Pipeline, 1) => Message::Model,
        (Message::Model, 303 | 403 | 500) => Message::Network,
        (Message::Model, 555) => Message::Custom(Kind::ModelClass),
        (Message::Model, 556) => Message::Linked,
        (Message::Network, 1) => Message::Layer,
        (Message::Layer, 500) => Message::Custom(Kind::LayerClass),
        (Message::Layer, 605) => Message::Branch,
        (Message::Layer, 615) => Message::Loop,
        (Message::Branch, 1 | 2) | (Message::Loop, 3 | 4) => Message::Network,
        (Message::Custom(_), 30) => Message::Entry,
        (Message::Entry, 2) => Message::Default(Kind::Parameter),
        (Message::Linked, 1) => Message::LinkedFile,
        (Message::LinkedFile, 1) => Message::Default(Kind::LinkedFile),
        (Message::LinkedFile, 2) => Message::Default(Kind::SearchPath),
        (Message::Description, 100) => Message::Metadata,
        (Message::Metadata, 100) => Message::Pair,
        (Message::Model, 502) => Message::Program(Mil::Program),
        (Message::Of(mil), 2) => Message::Program(mil),
        (Message::Program(mil), number) => return inside_program(mil, number),
        _ => return None,
    })
}

/// The message of a program that a field of another holds.
const fn inside_program(mil: Mil, number: u64) -> Option<Message> {
    Some(match (mil, number) {
        (Mil::Program, 2) => Message::Of(Mil::Function),
        (Mil::Function, 3) => Message::Of(Mil::Block),
        (Mil::Program | Mil::Function | Mil::Block, 4) | (Mil::Operation, 5) => {
            Message::Of(Mil::Value)
        }
        (Mil::Block, 3) => Message::Program(Mil::Operation),
        (Mil::Operation, 2) => Message::Of(Mil::Argument),
        (Mil::Operation, 4) => Message::Program(Mil::Block),
        (Mil::Argument, 1) => Message::Program(Mil::Binding),
        (Mil::Binding, 2) => Message::Program(Mil::Value),
        (Mil::Value, 3) => Message::Program(Mil::Immediate),
        (Mil::Value, 5) => Message::Program(Mil::Blob),
        (Mil::Immediate, 2 | 3) => Message::Program(Mil::Values),
        (Mil::Immediate, 4) => Message::Program(Mil::Pairs),
        (Mil::Pairs, 1) => Message::Program(Mil::Pair),
        (Mil::Values, 1) | (Mil::Pair, 1 | 2) => Message::Program(Mil::Value),
        _ => return None,
    })
}

/// What the text in a field is, if it is one that is kept.
const fn text_of(message: Message, number: u64) -> Option<Kind> {
    Some(match (message, number) {
        (Message::Custom(kind), 10) => kind,
        // The texts of `CustomModelParamValue` and `CustomLayerParamValue` stand at 20, of `StringParameter` at 1.
        (Message::Default(Kind::Parameter), 20 | 60) => Kind::Parameter,
        (Message::Default(kind), 1) if !matches!(kind, Kind::Parameter) => kind,
        (Message::Program(Mil::Blob), 1) => Kind::Weights,
        (Message::Custom(_), 40) | (Message::Metadata, 1..=4) | (Message::Pair, 2) => {
            Kind::Description
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Saved by coremltools 9.0: one inner product made into a custom layer.
    const CUSTOM: &[u8] = b"\x08\x01\x12\x20\x0a\x0e\x0a\x01x\x1a\x09*\x07\x0a\x01\x03\x10\xc0\x80\x04\
        R\x0e\x0a\x01y\x1a\x09*\x07\x0a\x01\x02\x10\xc0\x80\x04\xa2\x1f\x1b\x0a\x19\x0a\x02ip\x12\x01x\
        \x1a\x01y\xa2\x1f\x0cR\x0aInertLayer";

    fn of(bytes: &[u8]) -> Model {
        read(&bytes.to_vec(), &Limits::default()).unwrap()
    }

    #[test]
    fn the_class_of_a_custom_layer_is_read() {
        assert!(looks_like(&CUSTOM.to_vec()).unwrap());
        let found = of(CUSTOM);
        let name = &found.names[0];
        assert_eq!(
            (name.kind, name.text.as_str()),
            (Kind::LayerClass, "InertLayer")
        );
        assert_eq!(
            (found.version, found.unread, found.names.len()),
            (1, None, 1)
        );
    }

    /// Saved by coremltools 9.0: a program of one custom operation.
    const PROGRAM: &str = include_str!("coreml/program.mlmodel.b64");

    #[test]
    fn a_program_is_gone_through() {
        let bytes = crate::keras::base64::decode(PROGRAM, 1 << 20).unwrap();
        let found = of(&bytes);
        let classes = found
            .names
            .iter()
            .filter(|name| name.kind == Kind::LayerClass);
        let texts: Vec<&str> = classes.map(|name| name.text.as_str()).collect();
        assert_eq!(texts, ["InertLayer"]);
        assert_eq!((found.is_opaque, found.unread), (false, None));
        for length in 0..bytes.len() {
            let part = of(&bytes[..length]);
            assert!(part.unread.is_some() || part.names.len() <= found.names.len());
        }
    }

    #[test]
    fn other_messages_are_none() {
        for bytes in [
            &b""[..],
            b"\x08\x01",
            b"\x08\x07\x12\x07pytorch",
            b"\x08\x01\x12\x02\x0a\x00",
            b"{}",
        ] {
            assert!(!looks_like(&bytes.to_vec()).unwrap());
        }
    }

    #[test]
    fn models_in_models_are_bounded() {
        let mut bytes = b"\x08\x01\xe2\x22\x00".to_vec();
        for _ in 0..60 {
            let mut pipeline = vec![0x0a];
            varint(bytes.len(), &mut pipeline);
            pipeline.extend(&bytes);
            bytes = b"\x08\x01\xd2\x0c".to_vec();
            varint(pipeline.len(), &mut bytes);
            bytes.extend(pipeline);
        }
        assert!(of(&bytes).unread.is_some());
    }

    fn varint(mut number: usize, into: &mut Vec<u8>) {
        while number >= 128 {
            into.push(u8::try_from(number % 128).unwrap() | 0x80);
            number /= 128;
        }
        into.push(u8::try_from(number).unwrap());
    }

    #[test]
    fn truncated_at_every_byte() {
        for length in 0..CUSTOM.len() {
            let found = of(&CUSTOM[..length]);
            assert!(found.names.is_empty() || found.unread.is_some());
        }
    }
}
