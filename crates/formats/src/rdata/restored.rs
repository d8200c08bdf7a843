//! Objects that their class restores (ALTREP).

use super::walk::{Context, Done, PLACES, Slot, Task, Walk};
use super::{Fault, Id, Node, Place, Restored};

impl Walk<'_> {
    /// An object that its class restores: how, from what, attributes.
    pub(super) fn restored(&mut self, at: u64, context: Context) -> Done<Id> {
        let class = self.add(Node::List(Vec::new()))?;
        self.push(Task::Item(Slot::Nowhere, context.at(Place::Attribute)))?;
        self.push(Task::State(class, at, context))?;
        self.push(Task::Item(Slot::Push(class), context.at(Place::Code)))?;
        Ok(Id::DATA)
    }

    pub(super) fn state(&mut self, class: Id, at: u64, context: Context) -> Done<()> {
        let Node::List(ids) = self.image.code.get(class) else {
            return Ok(());
        };
        let how = ids.first().copied().unwrap_or(Id::NULL);
        let names: Vec<String> = self
            .image
            .code
            .links(how)
            .take(2)
            .map(|(_, id)| self.image.code.name(id).unwrap_or_default().to_owned())
            .collect();
        let [class, package] = names.as_slice() else {
            return Err(Fault::Wanted {
                wanted: "class of an object",
                at,
            }
            .into());
        };
        let state = self.add(Node::List(Vec::new()))?;
        // What is mapped into memory is named by its path; other states are plain data.
        let place = if class.starts_with("mmap") {
            Place::Code
        } else {
            Place::Element
        };
        if self.image.restored.len() < PLACES {
            self.image.restored.push(Restored {
                class: class.clone(),
                package: package.clone(),
                state,
                at,
            });
        }
        self.push(Task::Item(Slot::Push(state), context.at(place)))
    }
}
