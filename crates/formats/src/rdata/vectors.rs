//! Vectors: passed over where they are data, kept where they are constants of code.

use super::source::Encoding;
use super::walk::{Context, Done, Slot, Task, Walk};
use super::{Fault, Id, Node, Place, Raw};

/// Letters of one text in code that are kept.
const TEXT: usize = 16 << 10;
/// Letters of all texts in code that are kept.
const TEXTS: usize = 16 << 20;
/// Elements of one constant in code that are kept.
pub(super) const ELEMENTS: usize = 4096;

impl Walk<'_> {
    /// Everything else; its attributes follow.
    pub(super) fn vector(&mut self, sort: u8, at: u64, context: Context) -> Done<Id> {
        match sort {
            7 | 8 => {
                let length = self.source.integer()?;
                let name = self.text(length, 64)?.unwrap_or_default();
                self.add(Node::Primitive(name))
            }
            9 => {
                let length = self.source.integer()?;
                self.text(length, 0)?;
                Ok(Id::DATA)
            }
            10 | 13 | 14 => self.numbers(sort, context),
            15 => {
                let length = self.length()?;
                self.source.pass(length, 16, 2)?;
                Ok(Id::DATA)
            }
            16 => self.texts(context),
            19 | 20 => self.list(context),
            21 => self.byte_code(),
            22 => {
                self.refer(Id::DATA)?;
                let inner = context.at(Place::Element);
                self.push(Task::Item(Slot::Nowhere, inner))?;
                self.push(Task::Item(Slot::Nowhere, inner))?;
                Ok(Id::DATA)
            }
            23 => self.refer(Id::DATA),
            24 => self.raw(context),
            25 => Ok(Id::DATA),
            code => Err(Fault::Type { code, at }.into()),
        }
    }

    pub(super) fn numbers(&mut self, sort: u8, context: Context) -> Done<Id> {
        let length = self.length()?;
        let size = if sort == 14 { 8 } else { 4 };
        if !context.is_code() || length > ELEMENTS as u64 {
            self.source.pass(length, size, 1)?;
            return Ok(Id::DATA);
        }
        self.source.fits(length, 2)?;
        let mut numbers = Vec::new();
        for _ in 0..length {
            numbers.push(if sort == 14 {
                self.source.real()?
            } else {
                f64::from(self.source.integer()?)
            });
        }
        self.spend(numbers.len().saturating_mul(8))?;
        self.add(Node::Numbers(numbers))
    }

    fn spend(&mut self, letters: usize) -> Done<()> {
        self.texts = self.texts.saturating_add(letters);
        if self.texts > TEXTS {
            let limit = TEXTS as u64;
            return Err(Fault::Limit {
                what: "bytes of constants",
                limit,
            }
            .into());
        }
        Ok(())
    }

    pub(super) fn texts(&mut self, context: Context) -> Done<Id> {
        let length = self.length()?;
        self.source.fits(length, 4)?;
        let mut texts = Vec::new();
        for index in 0..length {
            self.step()?;
            let is_kept = context.is_code() && index < ELEMENTS as u64;
            let text = self.letters(if is_kept { TEXT } else { 0 })?;
            if is_kept {
                let text = text.unwrap_or_else(|| "NA".to_owned());
                self.spend(text.len().saturating_add(24))?;
                texts.push(text);
            }
        }
        if context.is_code() {
            self.add(Node::Texts(texts))
        } else {
            Ok(Id::DATA)
        }
    }

    pub(super) fn list(&mut self, context: Context) -> Done<Id> {
        let length = self.length()?;
        self.source.fits(
            length,
            if self.source.encoding == Encoding::Ascii {
                2
            } else {
                4
            },
        )?;
        let is_code = context.is_code();
        let id = if is_code {
            self.add(Node::List(Vec::new()))?
        } else {
            Id::DATA
        };
        let slot = if is_code {
            Slot::Push(id)
        } else {
            Slot::Nowhere
        };
        let place = match context.place {
            Place::Code | Place::Frame | Place::Attribute => context.place,
            _ => Place::Element,
        };
        self.push(Task::Elements(length, slot, context.at(place)))?;
        Ok(id)
    }

    pub(super) fn raw(&mut self, context: Context) -> Done<Id> {
        let length = self.length()?;
        let at = self.source.at;
        let is_text = self.source.encoding == Encoding::Ascii;
        let decoded = if is_text {
            Some(self.source.hexadecimal(length, self.member)?)
        } else if context.is_code() && length <= TEXT as u64 {
            Some(self.source.text(length, TEXT)?)
        } else {
            self.source.pass(length, 1, 1)?;
            None
        };
        if context.is_code()
            && let Some(bytes) = decoded.clone()
        {
            self.spend(bytes.len())?;
            return self.add(Node::Bytes(bytes));
        }
        if self.image.raws.len() < super::walk::PLACES {
            self.image.raws.push(Raw {
                at,
                length,
                decoded,
            });
        }
        Ok(Id::DATA)
    }
}
