//! What lies inside of values: texts and lists of HDF5, vectors of R, bytes and extensions of `MessagePack`.

use std::io;

use tutela_core::Window;

use super::{Found, Walk, below};
use crate::{hdf5, msgpack, rdata};

impl Walk<'_> {
    /// The texts and lists of bytes in an HDF5 file: Keras keeps a model in an attribute, `PyTables` pickles in both.
    pub(super) fn hdf5(
        &mut self,
        found: Found<'_>,
        file: &hdf5::File,
        depth: u32,
    ) -> io::Result<()> {
        let member = found.member;
        for fault in &file.faults {
            self.skip(member, format!("is an HDF5 file with a fault: {fault}"));
        }
        for (index, object) in file.objects.iter().enumerate() {
            let attributes = object.attributes.iter().flat_map(|attribute| {
                let values = attribute.values.iter().filter(|value| !is_name(value));
                values.map(|value| (format!("@{}", attribute.name), value))
            });
            let lists = object.dataset.iter().flat_map(|dataset| &dataset.lists);
            let lists = lists
                .enumerate()
                .map(|(number, list)| (format!("[{number}]"), list));
            let joined = object.joined();
            let joined = joined
                .iter()
                .map(|(name, value)| (format!("@{name}"), value));
            for (name, value) in joined.chain(attributes).chain(lists) {
                if !self.admit(member) {
                    return Ok(());
                }
                let inner = below(member, &format!("{}{name}", file.path(index)));
                self.enter(Found::inside(found, value, &inner), depth)?;
            }
            if holds_objects(object) {
                let path = file.path(index);
                self.skip(
                    member,
                    format!("keeps Python objects in `{path}`, packed so that they are not read"),
                );
            }
        }
        Ok(())
    }

    /// The vectors of bytes in a stream of R: models of other libraries are kept in them.
    pub(super) fn rdata(
        &mut self,
        found: Found<'_>,
        image: &rdata::Image,
        depth: u32,
    ) -> io::Result<()> {
        if let Some(fault) = image.faults.first() {
            self.skip(found.member, format!("was not read to its end: {fault}"));
        }
        for (number, raw) in image.raws.iter().enumerate() {
            if raw.length < 4 {
                continue;
            }
            if !self.admit(found.member) {
                return Ok(());
            }
            let inner = below(found.member, &format!("raw[{number}]"));
            if let Some(decoded) = &raw.decoded {
                self.enter(Found::inside(found, decoded, &inner), depth)?;
            } else {
                let window = Window::new(found.bytes, raw.at, raw.length);
                self.enter(
                    Found::inside(found, &window, &inner).at(found, raw.at),
                    depth,
                )?;
            }
        }
        let end = image.faults.is_empty().then_some(image.end);
        self.behind(found, end, depth)
    }

    /// What `MessagePack` keeps in bytes and extensions: objects of Python, or files of other formats.
    pub(super) fn msgpack(
        &mut self,
        found: Found<'_>,
        document: &msgpack::Document,
        depth: u32,
    ) -> io::Result<()> {
        let limit = document.faults.iter().find(|fault| fault.at().is_none());
        if let Some(fault) = limit {
            self.skip(found.member, format!("was not read to its end: {fault}"));
        }
        for part in document.shown() {
            if !self.admit(found.member) {
                return Ok(());
            }
            let inner = below(found.member, &part.member());
            let window = Window::new(found.bytes, part.at, part.length);
            let entry = Found::inside(found, &window, &inner).at(found, part.at);
            self.enter(entry, depth)?;
        }
        let end = limit.is_none().then_some(document.end);
        self.behind(found, end.filter(|end| *end > 0), depth)
    }
}

/// Whether a data set holds pickles of `PyTables` that were not read.
fn holds_objects(object: &hdf5::Object) -> bool {
    let is_mark = |attribute: &hdf5::Attribute| {
        attribute.name == "PSEUDOATOM" && attribute.values.iter().any(|value| value == b"object")
    };
    let unread = object
        .dataset
        .as_ref()
        .is_some_and(|dataset| !dataset.lists_complete);
    unread && object.attributes.iter().any(is_mark)
}

/// Whether a text is short and plain: the name of a weight or a unit, nothing that holds anything.
fn is_name(text: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-/:, ".contains(byte);
    text.len() < 4 || (text.len() <= 200 && text.iter().all(is_plain))
}
