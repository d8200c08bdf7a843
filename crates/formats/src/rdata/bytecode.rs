//! Byte code: instructions, which are passed over, and constants, in which links of calls may be repeated.

use std::collections::HashMap;

use super::walk::{Context, Done, Slot, Task, Walk};
use super::{Fault, Id, Node, Place};

impl Walk<'_> {
    /// `ReadBC`: how many links may be repeated, then the code.
    pub(super) fn byte_code(&mut self) -> Done<Id> {
        let count = self.source.integer()?;
        let table = self.repeated.len();
        self.repeated.push((HashMap::new(), count));
        let list = self.add(Node::List(Vec::new()))?;
        self.push(Task::Byte(list, table))?;
        Ok(list)
    }

    /// `ReadBC1`: the instructions, which are a vector of numbers, then the constants.
    pub(super) fn byte(&mut self, list: Id, table: usize) -> Done<()> {
        let at = self.source.at;
        let flags = self.source.integer()?.cast_unsigned();
        if flags & 0xff != 13 {
            return Err(Fault::Wanted {
                wanted: "byte code",
                at,
            }
            .into());
        }
        let length = self.length()?;
        self.source.pass(length, 4, 1)?;
        let at = self.source.at;
        let count = u64::try_from(self.source.integer()?);
        let count = count.ok().ok_or(Fault::Wanted {
            wanted: "length",
            at,
        })?;
        self.source.fits(count, 4)?;
        self.push(Task::Constants(count, list, table))
    }

    /// `ReadBCLang`, and the constants of other types.
    pub(super) fn inside(&mut self, slot: Slot, table: usize) -> Done<()> {
        let at = self.source.at;
        let sort = self.source.integer()?;
        match sort {
            // Only a constant is byte code by itself; inside a call it has flags as everything else has.
            21 if matches!(slot, Slot::Push(_)) => {
                let list = self.add(Node::List(Vec::new()))?;
                self.put(slot, list);
                self.push(Task::Byte(list, table))
            }
            243 => {
                let index = self.source.integer()?;
                let repeated = self.repeated.get(table);
                let found = repeated.and_then(|(known, _)| known.get(&index).copied());
                let count = repeated.map_or(0, |(known, _)| known.len() as u64);
                self.put(slot, found.ok_or(Fault::Reference { index, count, at })?);
                Ok(())
            }
            244 => {
                let index = self.source.integer()?;
                let sort = self.source.integer()?;
                self.inner(sort, Some(index), slot, table)
            }
            2 | 6 | 239 | 240 => self.inner(sort, None, slot, table),
            _ => {
                let context = Context {
                    place: Place::Code,
                    name: Id::NULL,
                };
                self.push(Task::Item(slot, context))
            }
        }
    }

    fn inner(&mut self, sort: i32, index: Option<i32>, slot: Slot, table: usize) -> Done<()> {
        let at = self.source.at;
        let id = self.add(Node::Link {
            is_call: matches!(sort, 6 | 240),
            tag: Id::NULL,
            first: Id::NULL,
            rest: Id::NULL,
        })?;
        if let Some(index) = index
            && let Some((known, count)) = self.repeated.get_mut(table)
        {
            // R writes past the end of its table here without a check.
            if index < 0 || index >= *count {
                let count = u64::try_from(*count).unwrap_or_default();
                return Err(Fault::Reference { index, count, at }.into());
            }
            known.insert(index, id);
        }
        self.put(slot, id);
        let context = Context {
            place: Place::Attribute,
            name: Id::NULL,
        };
        let link = Task::Inside(Slot::Rest(id), table);
        if matches!(sort, 239 | 240) {
            // The tag stands behind the attributes.
            self.push(link)?;
            self.push(Task::Inside(Slot::First(id), table))?;
            self.push(Task::Item(Slot::Tag(id), context.at(Place::Code)))?;
            return self.push(Task::Item(Slot::Nowhere, context));
        }
        let tag = self.tag()?;
        if let Some(Node::Link { tag: place, .. }) = self.image.code.get_mut(id) {
            *place = tag;
        }
        self.push(link)?;
        self.push(Task::Inside(Slot::First(id), table))
    }
}
