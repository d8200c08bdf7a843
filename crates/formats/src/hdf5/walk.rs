//! Goes through all objects of a file, each once, from the root group on.

use std::collections::BTreeMap;
use std::io;

use tutela_core::{Bytes, Limits};

use super::header::{self, Message, kind};
use super::heap::{GlobalHeaps, LocalHeap};
use super::lists::Piece;
use super::message::{self, Datatype, Index, Leads, Named};
use super::source::{self, Source, Step, Stop, malformed, unsupported};
use super::{Attribute, Class, Dataset, ELEMENTS, Fault, File, Layout, Link, Object, Target};
use super::{dense, group, lists, space, virtual_dataset};
use crate::extent::Sort;
use crate::fields::{Fields, text};

/// Faults that are kept: one is enough to say that not everything was seen.
const FAULTS: usize = 100;

pub(super) fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<File> {
    let mut file = File::default();
    let Some(base) = source::signature(bytes)? else {
        file.note(Fault::Malformed {
            what: "signature",
            at: 0,
        });
        return Ok(file);
    };
    file.user_block = base;
    let mut walk = Walk {
        source: Source::new(bytes, base, limits),
        heaps: GlobalHeaps::default(),
        file,
        known: BTreeMap::new(),
        waiting: Vec::new(),
        members: limits.members,
        limit: limits.members,
        may_refer: false,
    };
    let done = walk.start();
    walk.settle(done)?;
    while let Some((parent, name, at)) = walk.waiting.pop() {
        walk.enter(parent, name, at)?;
    }
    walk.finish()
}

struct Walk<'a> {
    source: Source<'a>,
    heaps: GlobalHeaps,
    file: File,
    /// The objects that were met, by the address of their header.
    known: BTreeMap<u64, usize>,
    waiting: Vec<(Option<usize>, String, u64)>,
    /// Names that may still be followed.
    members: u64,
    limit: u64,
    /// Whether values may lie in global heaps that were not followed.
    may_refer: bool,
}

impl Walk<'_> {
    fn start(&mut self) -> Step<()> {
        let superblock = source::superblock(&mut self.source)?;
        self.file.version = superblock.version;
        if let Some(at) = superblock.driver {
            self.file.note(Fault::Unsupported {
                what: "driver information",
                at,
            });
        }
        let Some(root) = superblock.root else {
            return Err(malformed("superblock", self.source.base));
        };
        self.waiting.push((None, String::new(), root));
        if let Some(at) = superblock.extension {
            let extension = space::extension(&mut self.source, at);
            self.source.optional(extension)?;
        }
        Ok(())
    }

    /// Closes the map.
    fn finish(mut self) -> io::Result<File> {
        if self.may_refer {
            space::heaps(&mut self.source)?;
        }
        if !self.file.faults.is_empty() {
            self.source.extents.stop();
        }
        self.file.extents = std::mem::take(&mut self.source.extents);
        self.file.extents.note(0, self.file.user_block, Sort::Raw);
        Ok(self.file)
    }

    /// Notes a fault and goes on; a failure to read ends the walk.
    fn settle<T>(&mut self, step: Step<T>) -> io::Result<Option<T>> {
        match step {
            Ok(value) => Ok(Some(value)),
            Err(Stop::Read(error)) => Err(error),
            Err(Stop::Fault(fault)) => {
                self.file.note(fault);
                Ok(None)
            }
        }
    }

    fn enter(&mut self, parent: Option<usize>, name: String, at: u64) -> io::Result<()> {
        if let Some(object) = self.known.get(&at).copied() {
            if let Some(parent) = parent {
                let target = Target::Object(object);
                self.file.links.push(Link {
                    parent,
                    name,
                    target,
                });
            }
            return Ok(());
        }
        let index = self.file.objects.len();
        self.known.insert(at, index);
        self.file.objects.push(Object {
            parent,
            name,
            at: at.saturating_add(self.source.base),
            attributes: Vec::new(),
            dataset: None,
        });
        let read = header::read(&mut self.source, at);
        let Some((messages, faults)) = self.settle(read)? else {
            return Ok(());
        };
        faults.into_iter().for_each(|fault| self.file.note(fault));
        self.names(index, &messages)?;
        self.attributes(index, &messages)?;
        if messages.iter().any(|message| message.kind == kind::LAYOUT) {
            let dataset = self.dataset(&messages)?;
            if let Some(object) = self.file.objects.get_mut(index) {
                object.dataset = Some(dataset);
            }
        }
        Ok(())
    }

    fn names(&mut self, index: usize, messages: &[Message]) -> io::Result<()> {
        let mut found = Vec::new();
        for message in messages {
            let names = match message.kind {
                kind::SYMBOL_TABLE => self.symbols(message),
                kind::LINK => message::link(&self.source, &message.data)
                    .map(|name| vec![name])
                    .ok_or_else(|| malformed("link", message.at)),
                kind::LINK_INFO => self.dense_links(message),
                _ => continue,
            };
            found.extend(self.settle(names)?.unwrap_or_default());
        }
        // The stack turns them round; the first name comes out first.
        for named in found.into_iter().rev() {
            self.follow(index, named);
        }
        Ok(())
    }

    fn follow(&mut self, parent: usize, named: Named) {
        let Some(members) = self.members.checked_sub(1) else {
            self.file.note(Fault::Limit {
                what: "names of objects",
                limit: self.limit,
            });
            return;
        };
        self.members = members;
        let name = named.name;
        let target = match named.leads {
            Leads::Object(at) => {
                self.waiting.push((Some(parent), name, at));
                return;
            }
            Leads::Soft(path) => Target::Soft(path),
            Leads::External { file, object } => Target::External { file, object },
            Leads::UserDefined(class) => Target::UserDefined(class),
        };
        self.file.links.push(Link {
            parent,
            name,
            target,
        });
    }

    fn symbols(&mut self, message: &Message) -> Step<Vec<Named>> {
        let mut fields = Fields::new(&message.data);
        let tree = self.source.address(&mut fields).flatten();
        let heap = self.source.address(&mut fields).flatten();
        let (Some(tree), Some(heap)) = (tree, heap) else {
            return Err(malformed("symbol table", message.at));
        };
        group::symbols(&mut self.source, tree, heap)
    }

    fn dense_links(&mut self, message: &Message) -> Step<Vec<Named>> {
        let objects = self.dense(message, 8)?;
        let mut names = Vec::new();
        for object in objects {
            let link = message::link(&self.source, &object);
            names.push(link.ok_or_else(|| malformed("link", message.at))?);
        }
        Ok(names)
    }

    /// What a link-info or attribute-info message points to; both begin alike.
    fn dense(&mut self, message: &Message, order: usize) -> Step<Vec<Vec<u8>>> {
        let source = &self.source;
        let mut order_tree = None;
        let parsed = (|| {
            let mut fields = Fields::new(&message.data);
            fields.skip(1)?;
            let flags = fields.byte()?;
            if flags & 1 != 0 {
                fields.skip(order)?;
            }
            let lists = (source.address(&mut fields)?, source.address(&mut fields)?);
            if flags & 2 != 0 {
                order_tree = source.address(&mut fields)?;
            }
            Some(lists)
        })();
        match parsed {
            Some((Some(heap), Some(tree))) => {
                if let Some(tree) = order_tree {
                    let records = dense::records(&mut self.source, tree);
                    self.source.optional(records)?;
                }
                dense::objects(&mut self.source, heap, tree)
            }
            Some((None, _)) => Ok(Vec::new()),
            _ => Err(malformed("list of names", message.at)),
        }
    }

    fn attributes(&mut self, index: usize, messages: &[Message]) -> io::Result<()> {
        let mut raw = Vec::new();
        for message in messages {
            match message.kind {
                kind::ATTRIBUTE if message.shared => self.file.note(Fault::Unsupported {
                    what: "shared attribute",
                    at: message.at,
                }),
                kind::ATTRIBUTE => raw.push((message.at, message.data.clone())),
                kind::ATTRIBUTE_INFO => {
                    let objects = self.dense(message, 2);
                    let objects = self.settle(objects)?.unwrap_or_default();
                    raw.extend(objects.into_iter().map(|data| (message.at, data)));
                }
                _ => {}
            }
        }
        for (at, data) in raw {
            let attribute = self.attribute(&data, at);
            if let Some(attribute) = self.settle(attribute)?
                && let Some(object) = self.file.objects.get_mut(index)
            {
                object.attributes.push(attribute);
            }
        }
        Ok(())
    }

    fn attribute(&mut self, data: &[u8], at: u64) -> Step<Attribute> {
        let wrong = || malformed("attribute", at);
        let raw = message::attribute(data).ok_or_else(wrong)?;
        let datatype = self.resolve(kind::DATATYPE, raw.datatype, raw.datatype_shared, at)?;
        let datatype = message::datatype(&datatype).ok_or_else(wrong)?;
        let space = self.resolve(kind::DATASPACE, raw.dataspace, raw.dataspace_shared, at)?;
        let space = message::dataspace(&self.source, &space).ok_or_else(wrong)?;
        let elements = message::elements(space.as_deref());
        let values = self.values(datatype, elements, raw.data, at)?;
        Ok(Attribute {
            name: raw.name,
            class: datatype.class,
            elements,
            values,
        })
    }

    /// The bytes of a message, also where it only says in which header it is.
    fn resolve(&mut self, kind: u16, data: &[u8], is_shared: bool, at: u64) -> Step<Vec<u8>> {
        if !is_shared {
            return Ok(data.to_vec());
        }
        let place =
            message::shared(&self.source, data).ok_or_else(|| malformed("shared message", at))?;
        let place = place.ok_or_else(|| unsupported("shared message", at))?;
        let (messages, _) = header::read(&mut self.source, place)?;
        messages
            .into_iter()
            .find(|message| message.kind == kind && !message.shared)
            .map(|message| message.data)
            .ok_or_else(|| malformed("shared message", at))
    }

    fn values(
        &mut self,
        datatype: Datatype,
        elements: u64,
        data: &[u8],
        at: u64,
    ) -> Step<Vec<Vec<u8>>> {
        if !matches!(
            datatype.class,
            Class::Text | Class::VariableText | Class::Variable | Class::Opaque
        ) {
            return Ok(Vec::new());
        }
        if elements > ELEMENTS {
            return Err(Stop::Fault(Fault::Limit {
                what: "texts in an attribute",
                limit: ELEMENTS,
            }));
        }
        let size = usize::try_from(datatype.size).ok().filter(|size| *size > 0);
        let size = size.ok_or_else(|| malformed("attribute", at))?;
        let mut fields = Fields::new(data);
        let mut values = Vec::new();
        for _ in 0..elements {
            let element = fields
                .take(size)
                .ok_or_else(|| malformed("attribute", at))?;
            values.push(match datatype.class {
                Class::VariableText | Class::Variable => self.variable(element, at)?,
                Class::Text => trimmed(element).to_vec(),
                _ => element.to_vec(),
            });
        }
        Ok(values)
    }

    /// A value of variable length: its length, and where it is in a global heap.
    fn variable(&mut self, element: &[u8], at: u64) -> Step<Vec<u8>> {
        let mut fields = Fields::new(element);
        let length = fields.length();
        let place = self.source.address(&mut fields).flatten();
        match (length, place, fields.word()) {
            (Some(_), None | Some(0), _) => Ok(Vec::new()),
            (Some(_), Some(place), Some(index)) => {
                let value = self.heaps.object(&mut self.source, place, index)?;
                Ok(trimmed(value).to_vec())
            }
            _ => Err(malformed("text of variable length", at)),
        }
    }

    fn dataset(&mut self, messages: &[Message]) -> io::Result<Dataset> {
        let mut dataset = Dataset::default();
        let mut index = Index::None;
        for message in messages {
            let step = self.describe(&mut dataset, &mut index, message);
            self.settle(step)?;
        }
        let is_list = dataset.class == Some(Class::Variable);
        let refers = matches!(
            dataset.class,
            Some(Class::VariableText | Class::Other) | None
        );
        self.may_refer |= refers;
        let pieces = lists::pieces(&mut self.source, &dataset, &index);
        let pieces = match index {
            // What a loader would unpickle has to be found; all else is only missing from the map.
            Index::Chunks(..) if is_list => pieces.map(Some),
            _ => self.source.optional(pieces),
        };
        if let Some(Some(pieces)) = self.settle(pieces)? {
            lists::note(&mut self.source, &dataset, &pieces);
            if is_list {
                let step = self.lists(&mut dataset, pieces);
                self.settle(step)?;
            }
        }
        Ok(dataset)
    }

    fn lists(&mut self, dataset: &mut Dataset, pieces: Vec<Piece>) -> Step<()> {
        let is_empty = message::elements(dataset.shape.as_deref()) == 0;
        let size = usize::try_from(dataset.element).unwrap_or_default();
        if !dataset.external.is_empty() || is_empty || size == 0 {
            dataset.lists_complete = is_empty;
            return Ok(());
        }
        dataset.lists_complete = !pieces.is_empty();
        for piece in pieces {
            let at = piece.at;
            let chunk = self.source.block("chunk", at, piece.length)?;
            let Some(block) = lists::unfiltered(&piece, chunk, &dataset.filters, size) else {
                dataset.lists_complete = false;
                continue;
            };
            for element in block.chunks_exact(size) {
                if dataset.lists.len() as u64 >= ELEMENTS {
                    dataset.lists_complete = false;
                    return Ok(());
                }
                let value = self.variable(element, at)?;
                if !value.is_empty() {
                    dataset.lists.push(value);
                }
            }
        }
        Ok(())
    }

    fn describe(
        &mut self,
        dataset: &mut Dataset,
        index: &mut Index,
        message: &Message,
    ) -> Step<()> {
        let wrong = |what| move || malformed(what, message.at);
        match message.kind {
            kind::DATASPACE => {
                let data = self.resolve(message.kind, &message.data, message.shared, message.at)?;
                let space = message::dataspace(&self.source, &data);
                dataset.shape = space.ok_or_else(wrong("dataspace"))?;
            }
            kind::DATATYPE => {
                let data = self.resolve(message.kind, &message.data, message.shared, message.at)?;
                let datatype = message::datatype(&data).ok_or_else(wrong("datatype"))?;
                dataset.element = datatype.size;
                dataset.class = Some(datatype.class);
            }
            kind::FILTERS => {
                let data = self.resolve(message.kind, &message.data, message.shared, message.at)?;
                dataset.filters = message::filters(&data).ok_or_else(wrong("list of filters"))?;
            }
            kind::LAYOUT => {
                let layout = message::layout(&self.source, &message.data);
                (dataset.layout, *index) = layout.ok_or_else(wrong("layout"))?;
                if let Index::Sources(heap, number) = *index {
                    self.sources(dataset, heap, number)?;
                }
            }
            kind::EXTERNAL_FILES => {
                let list = message::external_files(&self.source, &message.data);
                let (heap, names) = list.ok_or_else(wrong("list of external files"))?;
                // The file counts as external even when its name cannot be read.
                let heap = LocalHeap::read(&mut self.source, heap);
                let heap = match heap {
                    Ok(heap) => heap,
                    Err(stop) => {
                        dataset
                            .external
                            .extend(names.first().map(|_| String::new()));
                        return Err(stop);
                    }
                };
                let names = names
                    .into_iter()
                    .map(|name| heap.text(name).map(text).unwrap_or_default());
                dataset.external = names.collect();
            }
            _ => {}
        }
        Ok(())
    }

    fn sources(&mut self, dataset: &mut Dataset, heap: u64, index: u32) -> Step<()> {
        let lengths = self.source.lengths;
        let block = self.heaps.object(&mut self.source, heap, index)?;
        let (mut sources, complete) = virtual_dataset::sources(block, lengths);
        sources.sort();
        sources.dedup();
        dataset.sources = sources;
        if complete {
            Ok(())
        } else {
            Err(unsupported("list of sources of a virtual data set", heap))
        }
    }
}

impl File {
    pub(super) fn note(&mut self, fault: Fault) {
        if self.faults.len() < FAULTS && !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

impl Layout {
    /// Whether the values lie outside the header and the file says where.
    #[must_use]
    pub const fn is_stored(self) -> bool {
        matches!(self, Self::Contiguous { at: Some(_), .. } | Self::Chunked)
    }
}

/// A text without the NULs or spaces that pad it.
fn trimmed(bytes: &[u8]) -> &[u8] {
    let end = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last.saturating_add(1));
    bytes.get(..end).unwrap_or_default()
}
