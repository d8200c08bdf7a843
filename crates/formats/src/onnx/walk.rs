//! Goes through the messages of a model with a work list.

use std::io;

use tutela_core::{Bytes, Limits, escape};

use super::messages::Message;
use super::operators::Operators;
use super::size::{LAST_TYPE, size_of, times};
use super::{ATTRIBUTES, External, Fault, Function, KEPT, Model, Operator, TEXT};
use crate::extent::Sort;
use crate::input::Input;
use crate::wire::{self, Field, Wire, field};

/// Describes a model. Time is linear in the number of fields; tensors' bytes are stepped over.
///
/// # Errors
/// What reading the bytes returns.
pub fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Model> {
    let mut walk = Walk {
        input: Input::new(bytes),
        model: Model::default(),
        operators: Operators::default(),
        waiting: vec![(Message::Model, 0, bytes.len())],
        steps: limits.steps,
        limit: limits.steps,
    };
    while let Some((message, from, to)) = walk.waiting.pop() {
        match message {
            Message::Opset => walk.opset(from, to)?,
            Message::Tensor => walk.tensor(from, to)?,
            Message::Node => walk.node(from, to)?,
            Message::Function => walk.function(from, to)?,
            Message::Entry => walk.metadata(from, to)?,
            _ => walk.message(message, from, to)?,
        }
    }
    let mut model = walk.model;
    model.external.sort_by_key(|external| external.at);
    model.functions.sort_by_key(|function| function.at);
    walk.operators.settle(&mut model);
    model.opsets.sort();
    Ok(model)
}

struct Walk<'a> {
    input: Input<'a>,
    model: Model,
    operators: Operators,
    waiting: Vec<(Message, u64, u64)>,
    steps: u64,
    limit: u64,
}

impl Walk<'_> {
    /// Gives every field of a message that is as the format wants it to `see`; notes the others.
    fn fields(
        &mut self,
        message: Message,
        (from, to): (u64, u64),
        mut see: impl FnMut(&mut Self, Field) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut at = from;
        let mut seen = 0_u64;
        while at < to {
            let Some(steps) = self.steps.checked_sub(1) else {
                self.model.note(Fault::Limit {
                    what: "fields",
                    limit: self.limit,
                });
                self.waiting.clear();
                self.model.extents.stop();
                return Ok(());
            };
            self.steps = steps;
            let Some(field) = field(&mut self.input, at, to)? else {
                self.model.note(Fault::Malformed(at));
                self.model.extents.note(at, to, Sort::Nothing);
                return Ok(());
            };
            if self.judge(message, at, field, &mut seen) {
                self.map(message, field);
                see(self, field)?;
            } else {
                self.model.extents.note(at, field.end, Sort::Nothing);
            }
            at = field.end;
        }
        Ok(())
    }

    /// Notes numbers and texts; everything else in a model is structure.
    fn map(&mut self, message: Message, field: Field) {
        let is_leaf = |number| {
            message
                .rule(number)
                .is_some_and(|rule| rule.inside.is_none())
        };
        let Some((from, to)) = field.value.span().filter(|_| is_leaf(field.number)) else {
            return;
        };
        match message.sort(field.number) {
            Sort::Structure => {}
            Sort::Text => self.model.extents.note_text((from, to)),
            sort => self.model.extents.note(from, to, sort),
        }
    }

    /// Whether a field is of the message and written as it should be; notes what is wrong.
    fn judge(&mut self, message: Message, at: u64, field: Field, seen: &mut u64) -> bool {
        let number = field.number;
        let Some(rule) = message.rule(number) else {
            self.model.note(Fault::Unknown {
                message: message.name(),
                number,
                at,
                from: field.value.span().map_or(at, |(from, _)| from),
                end: field.end,
                plausible: message.may_have(number),
            });
            return false;
        };
        if !rule.shape.fits(field.value) {
            self.model.note(Fault::Mistyped {
                message: message.name(),
                number,
                at,
                end: field.end,
            });
            return false;
        }
        // Every known number is below 64.
        let bit = 1_u64 << (number % 64);
        if rule.once && *seen & bit != 0 {
            self.model.note(Fault::Doubled {
                message: message.name(),
                number,
                at,
            });
        }
        *seen |= bit;
        true
    }

    fn follow(&mut self, message: Message, field: Field) {
        let inside = message.rule(field.number).and_then(|rule| rule.inside);
        if let (Some(inside), Some((from, to))) = (inside, field.value.span()) {
            self.waiting.push((inside, from, to));
        }
    }

    fn message(&mut self, message: Message, from: u64, to: u64) -> io::Result<()> {
        self.fields(message, (from, to), |walk, field| {
            match (message, field.number, field.value) {
                (Message::Model, 1, Wire::Varint(version)) => {
                    walk.model.ir_version = Some(version);
                }
                (Message::Model, 2, Wire::Span(from, to)) => {
                    walk.model.producer = Some(escape(&walk.text(from, to)?, 200));
                }
                _ => walk.follow(message, field),
            }
            Ok(())
        })
    }

    /// A key and a value of the model's metadata.
    fn metadata(&mut self, from: u64, to: u64) -> io::Result<()> {
        let entry = self.pair(from, to)?;
        if self.model.metadata.len() < 1000 {
            self.model.metadata.push(entry);
        }
        Ok(())
    }

    fn pair(&mut self, from: u64, to: u64) -> io::Result<(String, String)> {
        let mut pair = (String::new(), String::new());
        self.fields(Message::Entry, (from, to), |walk, field| {
            match (field.number, field.value.span()) {
                (1, Some((from, to))) => pair.0 = walk.text(from, to)?,
                (2, Some((from, to))) => pair.1 = walk.text(from, to)?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(pair)
    }

    fn node(&mut self, from: u64, to: u64) -> io::Result<()> {
        self.model.nodes = self.model.nodes.saturating_add(1);
        let mut operator = Operator {
            count: 1,
            at: from,
            end: to,
            ..Operator::default()
        };
        let mut attributes = Vec::new();
        self.fields(Message::Node, (from, to), |walk, field| {
            match (field.number, field.value) {
                (4, Wire::Span(from, to)) => operator.name = walk.text(from, to)?,
                // A reader takes the last.
                (7, Wire::Span(from, to)) => operator.domain = walk.text(from, to)?,
                (5, Wire::Span(from, to)) if attributes.len() < ATTRIBUTES => {
                    attributes.push((from, to));
                }
                _ => {}
            }
            walk.follow(Message::Node, field);
            Ok(())
        })?;
        if operator.texts_matter() {
            for (from, to) in attributes {
                operator.texts.extend(self.attribute_text(from, to)?);
            }
        }
        self.operators.keep(&mut self.model, operator);
        Ok(())
    }

    /// The name and the text of an attribute that has one. What is wrong with it is noted when it is walked.
    fn attribute_text(&mut self, from: u64, to: u64) -> io::Result<Option<(String, String)>> {
        let (mut name, mut text) = (String::new(), None);
        let mut at = from;
        while at < to {
            let Some(field) = field(&mut self.input, at, to)? else {
                break;
            };
            match (field.number, field.value) {
                (1, Wire::Span(from, to)) => name = self.text(from, to)?,
                (4, Wire::Span(from, to)) => text = Some(self.text(from, to)?),
                _ => {}
            }
            at = field.end;
        }
        Ok(text.map(|text| (name, text)))
    }

    fn function(&mut self, from: u64, to: u64) -> io::Result<()> {
        let mut function = Function {
            at: from,
            end: to,
            ..Function::default()
        };
        self.fields(Message::Function, (from, to), |walk, field| {
            match (field.number, field.value) {
                (1, Wire::Span(from, to)) => function.name = walk.text(from, to)?,
                (10, Wire::Span(from, to)) => function.domain = walk.text(from, to)?,
                _ => walk.follow(Message::Function, field),
            }
            Ok(())
        })?;
        if self.model.functions.len() < KEPT {
            self.model.functions.push(function);
        } else {
            self.model.note(Fault::Limit {
                what: "functions",
                limit: KEPT as u64,
            });
        }
        Ok(())
    }

    fn opset(&mut self, from: u64, to: u64) -> io::Result<()> {
        let mut opset = (String::new(), 0);
        self.fields(Message::Opset, (from, to), |walk, field| {
            match (field.number, field.value) {
                (1, Wire::Span(from, to)) => opset.0 = walk.text(from, to)?,
                (2, Wire::Varint(version)) => opset.1 = version,
                _ => {}
            }
            Ok(())
        })?;
        if self.model.opsets.len() < 1000 && !self.model.opsets.contains(&opset) {
            self.model.opsets.push(opset);
        }
        Ok(())
    }

    fn tensor(&mut self, from: u64, to: u64) -> io::Result<()> {
        self.model.tensors = self.model.tensors.saturating_add(1);
        let mut external = External {
            at: from,
            end: to,
            ..External::default()
        };
        let mut has_entries = false;
        let mut dtype = 0;
        let mut raw = None;
        let mut shape = Some(1_u64);
        self.fields(Message::Tensor, (from, to), |walk, field| {
            match (field.number, field.value) {
                // dims may be packed into one field or stand one by one.
                (1, Wire::Varint(size)) => shape = times(shape, size),
                (1, Wire::Span(from, to)) => shape = walk.packed(shape, from, to)?,
                (2, Wire::Varint(number)) => dtype = number,
                (8, Wire::Span(from, to)) => external.tensor = walk.text(from, to)?,
                (9, Wire::Span(from, to)) => raw = Some(to.saturating_sub(from)),
                (13, Wire::Span(from, to)) => {
                    has_entries = true;
                    walk.entry(&mut external, from, to)?;
                }
                (14, Wire::Varint(location)) => external.declared = location == 1,
                _ => {}
            }
            Ok(())
        })?;
        external.size = shape.and_then(|shape| size_of(shape, dtype));
        self.judge_size(&external, shape, raw);
        if dtype > LAST_TYPE {
            self.model.note(Fault::UnknownType {
                tensor: escape(&external.tensor, 120),
                kind: dtype,
                at: from,
                end: to,
            });
        }
        if !has_entries && !external.declared {
            return Ok(());
        }
        if self.model.external.len() >= KEPT {
            self.model.note(Fault::Limit {
                what: "tensors in other files",
                limit: KEPT as u64,
            });
        } else {
            self.model.external.push(external);
        }
        Ok(())
    }

    fn judge_size(&mut self, tensor: &External, shape: Option<u64>, raw: Option<u64>) {
        let name = || escape(&tensor.tensor, 120);
        if shape.is_none() {
            self.model.note(Fault::Overflow {
                tensor: name(),
                at: tensor.at,
                end: tensor.end,
            });
        }
        match (raw, tensor.size) {
            (Some(bytes @ 1..), Some(expected)) if bytes != expected => {
                self.model.note(Fault::Size {
                    tensor: name(),
                    bytes,
                    expected,
                    at: tensor.at,
                    end: tensor.end,
                });
            }
            _ => {}
        }
    }

    fn packed(&mut self, shape: Option<u64>, from: u64, to: u64) -> io::Result<Option<u64>> {
        let mut product = shape;
        let (mut at, mut left) = (from, 64_u32);
        while at < to && left > 0 {
            let Some((size, next)) = wire::varint(&mut self.input, at, to)? else {
                return Ok(None);
            };
            product = times(product, size);
            at = next;
            left = left.saturating_sub(1);
        }
        Ok(if at < to { None } else { product })
    }

    /// One key and value of `external_data`.
    fn entry(&mut self, external: &mut External, from: u64, to: u64) -> io::Result<()> {
        let (key, value) = self.pair(from, to)?;
        let place = match key.as_str() {
            "location" => &mut external.location,
            "offset" => &mut external.offset,
            "length" => &mut external.length,
            "checksum" => &mut external.checksum,
            _ => {
                external.note_key(&key, false);
                return Ok(());
            }
        };
        if place.replace(value).is_some() {
            external.note_key(&key, true);
        }
        Ok(())
    }

    fn text(&mut self, from: u64, to: u64) -> io::Result<String> {
        let bytes = self.input.prefix(from, to.saturating_sub(from).min(TEXT))?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}
