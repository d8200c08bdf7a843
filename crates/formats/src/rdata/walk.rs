//! Follows a stream of R with a list of what is still to read, so that its depth costs no stack.

use std::collections::HashMap;
use std::io;

use tutela_core::{Bytes, Limits};

use super::source::{Broken, Encoding, Source};
use super::vectors::ELEMENTS;
use super::{Fault, Held, Id, Image, Kind, Node, Place};

/// Nodes of code that are kept.
const NODES: usize = 1 << 20;
/// Things that wait to be read; each takes about fifty bytes.
const TASKS: usize = 1 << 19;
/// References that are kept.
const REFERENCES: usize = 4 << 20;
/// Places that are kept of each sort.
pub(super) const PLACES: usize = 100_000;

/// Where the node of an item is put.
#[derive(Clone, Copy)]
pub(super) enum Slot {
    Nowhere,
    First(Id),
    Rest(Id),
    Environment(Id),
    Tag(Id),
    Push(Id),
}

/// What is known about an item before it is read.
#[derive(Clone, Copy)]
pub(super) struct Context {
    pub(super) place: Place,
    pub(super) name: Id,
}

impl Context {
    pub(super) const fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    pub(super) fn is_code(self) -> bool {
        self.place == Place::Code
    }
}

/// Something that is still to be read.
pub(super) enum Task {
    /// One item.
    Item(Slot, Context),
    /// The tag, the first and the rest of a link, behind its attributes.
    Link(Link),
    /// So many elements of a list.
    Elements(u64, Slot, Context),
    /// What an object is restored from, behind what says how: the link of its class.
    State(Id, u64, Context),
    /// Byte code: its instructions and its constants. Its list, and its table of repeated links.
    Byte(Id, usize),
    /// So many constants of byte code.
    Constants(u64, Id, usize),
    /// A link inside byte code, or any other item.
    Inside(Slot, usize),
}

#[derive(Clone, Copy)]
pub(super) struct Link {
    sort: u8,
    has_tag: bool,
    node: Option<Id>,
    context: Context,
}

const LEVELS_ACTIVE: u32 = 1 << 15;

pub(super) fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Image> {
    let mut walk = Walk {
        source: Source::new(bytes),
        image: Image::default(),
        tasks: Vec::new(),
        references: Vec::new(),
        repeated: Vec::new(),
        steps: limits.steps,
        limit: limits.steps,
        texts: 0,
        member: limits.member_bytes,
    };
    match walk.run() {
        Err(Broken::Read(error)) => return Err(error),
        Err(Broken::Fault(fault)) => walk.image.faults.push(fault),
        Ok(()) => {
            // Every item that is written as text ends its line.
            let _ = walk.source.encoding == Encoding::Ascii && walk.source.follows(b"\n")?;
        }
    }
    walk.image.end = walk.source.at.min(bytes.len());
    Ok(walk.image)
}

pub(super) struct Walk<'a> {
    pub(super) source: Source<'a>,
    pub(super) image: Image,
    tasks: Vec<Task>,
    references: Vec<Id>,
    /// For each piece of byte code the links that may be repeated, and how many it declares.
    pub(super) repeated: Vec<(HashMap<i32, Id>, i32)>,
    steps: u64,
    limit: u64,
    pub(super) texts: usize,
    pub(super) member: u64,
}

pub(super) type Done<T> = Result<T, Broken>;

impl Walk<'_> {
    fn run(&mut self) -> Done<()> {
        let place = self.header()?;
        let context = Context {
            place,
            name: Id::NULL,
        };
        self.push(Task::Item(Slot::Nowhere, context))?;
        while let Some(task) = self.tasks.pop() {
            self.step()?;
            match task {
                Task::Item(slot, context) => self.item(slot, context)?,
                Task::Link(link) => self.link(link)?,
                Task::Elements(left, slot, context) => {
                    if left > 0 {
                        self.push(Task::Elements(left.saturating_sub(1), slot, context))?;
                        self.push(Task::Item(slot, context))?;
                    }
                }
                Task::State(class, at, context) => self.state(class, at, context)?,
                Task::Byte(list, table) => self.byte(list, table)?,
                Task::Constants(left, list, table) => {
                    if left > 0 {
                        self.push(Task::Constants(left.saturating_sub(1), list, table))?;
                        self.push(Task::Inside(Slot::Push(list), table))?;
                    }
                }
                Task::Inside(slot, table) => self.inside(slot, table)?,
            }
        }
        Ok(())
    }

    pub(super) fn step(&mut self) -> Done<()> {
        let left = self.steps.checked_sub(1);
        self.steps = left.ok_or(Fault::Limit {
            what: "steps",
            limit: self.limit,
        })?;
        Ok(())
    }

    pub(super) fn push(&mut self, task: Task) -> Done<()> {
        if self.tasks.len() >= TASKS {
            let limit = TASKS as u64;
            return Err(Fault::Limit {
                what: "nested objects",
                limit,
            }
            .into());
        }
        self.tasks.push(task);
        Ok(())
    }

    /// The head, and what the object in it is.
    fn header(&mut self) -> Done<Place> {
        let mut place = Place::Whole;
        let magic = self.source.peek(5)?.to_vec();
        if let [b'R', b'D', _, version, b'\n'] = magic.as_slice() {
            if *version == b'1' {
                return Err(Fault::Version { version: 1 }.into());
            }
            self.source.at = 5;
            place = Place::Workspace;
            self.image.header.is_workspace = true;
        }
        self.source.encoding = self.encoding()?;
        self.image.header.encoding = Some(self.source.encoding);
        let version = self.source.integer()?;
        self.image.header.version = version;
        if !(2..=3).contains(&version) {
            return Err(Fault::Version { version }.into());
        }
        let writer = self.source.integer()?;
        self.image.header.writer = (writer >> 16, (writer >> 8) & 0xff, writer & 0xff);
        self.source.integer()?;
        if version == 3 {
            let length = self.source.integer()?;
            self.text(length, 64)?;
        }
        Ok(place)
    }

    fn encoding(&mut self) -> Done<Encoding> {
        let wanted = "encoding";
        let at = self.source.at;
        if self.source.follows(b"X\n")? {
            return Ok(Encoding::Xdr);
        }
        if self.source.follows(b"A\n")? {
            return Ok(Encoding::Ascii);
        }
        if self.source.follows(b"B\n")? {
            let is_little = matches!(self.source.peek(4)?, [1..=9, 0, 0, 0]);
            return Ok(if is_little {
                Encoding::Little
            } else {
                Encoding::Big
            });
        }
        Err(Fault::Wanted { wanted, at }.into())
    }

    fn item(&mut self, slot: Slot, context: Context) -> Done<()> {
        let at = self.source.at;
        let flags = self.source.integer()?.cast_unsigned();
        self.typed(flags, at, slot, context)
    }

    /// `ReadItem`: the type is in the lowest byte of the flags.
    fn typed(&mut self, flags: u32, at: u64, slot: Slot, context: Context) -> Done<()> {
        let sort = flags.to_le_bytes()[0];
        let has_attributes = flags & 1 << 9 != 0;
        let id = match sort {
            254 | 0 => Id::NULL,
            253 | 250 | 242 | 241 => Id::ENVIRONMENT,
            252 => Id::UNBOUND,
            251 => Id::MISSING,
            255 | 1 => self.symbol(flags, at)?,
            247..=249 => self.named(sort, at)?,
            238 => self.restored(at, context)?,
            4 => self.environment(context)?,
            2 | 3 | 5 | 6 | 17 => return self.pairs(flags, at, slot, context),
            _ => {
                if has_attributes {
                    self.push(Task::Item(Slot::Nowhere, context.at(Place::Attribute)))?;
                }
                self.vector(sort, at, context)?
            }
        };
        self.put(slot, id);
        Ok(())
    }

    /// Puts a node where it belongs.
    pub(super) fn put(&mut self, slot: Slot, id: Id) {
        let (target, is_first) = match slot {
            Slot::Nowhere => return,
            Slot::First(target) => (target, true),
            Slot::Rest(target)
            | Slot::Environment(target)
            | Slot::Tag(target)
            | Slot::Push(target) => (target, false),
        };
        let is_environment = matches!(slot, Slot::Environment(_));
        match self.image.code.get_mut(target) {
            Some(Node::Link { tag, .. }) if matches!(slot, Slot::Tag(_)) => *tag = id,
            Some(Node::Link { first, .. }) if is_first => *first = id,
            Some(Node::Link { rest, .. }) => *rest = id,
            Some(Node::Function { environment, .. } | Node::Promise { environment, .. })
                if is_environment =>
            {
                *environment = id;
            }
            Some(Node::Function { formals: first, .. } | Node::Promise { value: first, .. })
                if is_first =>
            {
                *first = id;
            }
            Some(Node::Function { body: code, .. } | Node::Promise { code, .. }) => *code = id,
            Some(Node::List(ids)) if ids.len() < ELEMENTS => ids.push(id),
            _ => {}
        }
    }

    pub(super) fn add(&mut self, node: Node) -> Done<Id> {
        let limit = NODES as u64;
        let what = "pieces of code";
        let added = self.image.code.add(node, NODES);
        added.ok_or(Broken::Fault(Fault::Limit { what, limit }))
    }

    pub(super) fn refer(&mut self, id: Id) -> Done<Id> {
        if self.references.len() >= REFERENCES {
            let limit = REFERENCES as u64;
            return Err(Fault::Limit {
                what: "references",
                limit,
            }
            .into());
        }
        self.references.push(id);
        Ok(id)
    }

    /// A name, or a reference to something before.
    fn symbol(&mut self, flags: u32, at: u64) -> Done<Id> {
        if flags.to_le_bytes()[0] == 255 {
            let packed = i32::try_from(flags >> 8).unwrap_or_default();
            let index = if packed == 0 {
                self.source.integer()?
            } else {
                packed
            };
            let place = usize::try_from(index)
                .ok()
                .and_then(|index| index.checked_sub(1));
            let found = place.and_then(|place| self.references.get(place).copied());
            let count = self.references.len() as u64;
            return found.ok_or(Broken::Fault(Fault::Reference { index, count, at }));
        }
        let name = self.letters(512)?.unwrap_or_else(|| "NA".to_owned());
        let id = self.add(Node::Name(name))?;
        self.refer(id)
    }

    /// A text that stands by itself, with its own flags; none when it is missing.
    pub(super) fn letters(&mut self, most: usize) -> Done<Option<String>> {
        let at = self.source.at;
        let flags = self.source.integer()?.cast_unsigned();
        if flags & 0xff != 9 {
            return Err(Fault::Wanted { wanted: "text", at }.into());
        }
        let length = self.source.integer()?;
        let text = self.text(length, most)?;
        if flags & 1 << 9 != 0 {
            // Written by old versions only, and ignored by R.
            let context = Context {
                place: Place::Attribute,
                name: Id::NULL,
            };
            self.push(Task::Item(Slot::Nowhere, context))?;
        }
        Ok(text)
    }

    pub(super) fn text(&mut self, length: i32, most: usize) -> Done<Option<String>> {
        if length == -1 {
            return Ok(None);
        }
        let at = self.source.at;
        let length = u64::try_from(length).ok().ok_or(Fault::Wanted {
            wanted: "length",
            at,
        })?;
        let text = self.source.text(length, most)?;
        Ok(Some(String::from_utf8_lossy(&text).into_owned()))
    }

    /// A persistent object, a package or a namespace: a list of texts.
    fn named(&mut self, sort: u8, at: u64) -> Done<Id> {
        let zero = self.source.integer()?;
        let count = u64::try_from(self.source.integer()?).ok();
        let Some(count) = count.filter(|_| zero == 0) else {
            return Err(Fault::Wanted {
                wanted: "list of names",
                at,
            }
            .into());
        };
        self.source.fits(count, 8)?;
        let mut first = String::new();
        for index in 0..count {
            self.step()?;
            let name = self.letters(512)?.unwrap_or_default();
            if index == 0 {
                first = name;
            }
        }
        let names = if sort == 247 {
            &mut self.image.persistent
        } else {
            &mut self.image.packages
        };
        if names.len() < PLACES && names.last().is_none_or(|last| *last != first) {
            names.push(first.clone());
        }
        let node = if sort == 247 {
            Node::Data
        } else {
            Node::Package(first)
        };
        let id = self.add(node)?;
        self.refer(id)
    }

    /// An environment: whether it is locked, the one around it, its variables twice, its attributes.
    fn environment(&mut self, context: Context) -> Done<Id> {
        self.source.integer()?;
        self.refer(Id::ENVIRONMENT)?;
        let inner = Context {
            place: Place::Element,
            name: Id::NULL,
        };
        self.push(Task::Item(Slot::Nowhere, context.at(Place::Attribute)))?;
        self.push(Task::Item(Slot::Nowhere, inner.at(Place::Frame)))?;
        self.push(Task::Item(Slot::Nowhere, inner.at(Place::Frame)))?;
        self.push(Task::Item(Slot::Nowhere, inner))?;
        Ok(Id::ENVIRONMENT)
    }

    /// A list of pairs, a function, a promise, a call or `...`: attributes, tag, first, rest.
    fn pairs(&mut self, flags: u32, at: u64, slot: Slot, context: Context) -> Done<()> {
        let sort = flags.to_le_bytes()[0];
        let node = self.opened(sort, context)?;
        if let Some(id) = node {
            self.hold(sort, id, at, context);
        }
        self.put(slot, node.unwrap_or(Id::DATA));
        let is_active = sort == 2 && flags >> 12 & LEVELS_ACTIVE != 0;
        let place = if is_active && context.place == Place::Frame {
            Place::Active
        } else {
            context.place
        };
        let link = Link {
            sort,
            has_tag: flags & 1 << 10 != 0,
            node,
            context: context.at(place),
        };
        if flags & 1 << 9 != 0 {
            self.push(Task::Link(link))?;
            return self.push(Task::Item(Slot::Nowhere, context.at(Place::Attribute)));
        }
        self.link(link)
    }

    /// The node for something of pairs; none for a list that is no code.
    fn opened(&mut self, sort: u8, context: Context) -> Done<Option<Id>> {
        let node = match sort {
            3 => Node::Function {
                environment: Id::NULL,
                formals: Id::NULL,
                body: Id::NULL,
            },
            5 => Node::Promise {
                environment: Id::NULL,
                value: Id::UNBOUND,
                code: Id::NULL,
            },
            2 | 17 if !context.is_code() => return Ok(None),
            _ => Node::Link {
                is_call: sort == 6,
                tag: Id::NULL,
                first: Id::NULL,
                rest: Id::NULL,
            },
        };
        self.add(node).map(Some)
    }

    fn hold(&mut self, sort: u8, node: Id, at: u64, context: Context) {
        let kind = match sort {
            3 => Kind::Function,
            5 => Kind::Promise,
            6 if !context.is_code() => Kind::Call,
            _ => return,
        };
        if self.image.held.len() < PLACES {
            self.image.held.push(Held {
                kind,
                place: context.place,
                name: self
                    .image
                    .code
                    .name(context.name)
                    .unwrap_or_default()
                    .to_owned(),
                node,
                at,
            });
        } else if self.image.faults.is_empty() {
            let limit = PLACES as u64;
            self.image.faults.push(Fault::Limit {
                what: "functions",
                limit,
            });
        }
    }

    fn link(&mut self, link: Link) -> Done<()> {
        let context = link.context;
        if matches!(link.sort, 3 | 5) {
            let node = link.node.unwrap_or(Id::DATA);
            let code = context.at(Place::Code);
            self.push(Task::Item(Slot::Rest(node), code))?;
            let value = if link.sort == 5 {
                Place::Element
            } else {
                Place::Code
            };
            self.push(Task::Item(Slot::First(node), context.at(value)))?;
            if link.has_tag {
                self.push(Task::Item(
                    Slot::Environment(node),
                    context.at(Place::Element),
                ))?;
            }
            return Ok(());
        }
        let tag = if link.has_tag { self.tag()? } else { Id::NULL };
        if let Some(Node::Link { tag: place, .. }) =
            link.node.and_then(|id| self.image.code.get_mut(id))
        {
            *place = tag;
        }
        let (first, rest) = match link.node {
            Some(node) => (Slot::First(node), Slot::Rest(node)),
            None => (Slot::Nowhere, Slot::Nowhere),
        };
        let place = match (link.sort, context.place) {
            (6, _) | (_, Place::Code) => Place::Code,
            (17, _) => Place::Argument,
            (_, Place::Frame) => Place::Variable,
            (_, Place::Active | Place::Workspace | Place::Attribute) => context.place,
            _ => Place::Element,
        };
        // Whatever the first of a list is, the rest is a list of the same kind.
        let rest_place = match (link.sort, context.place) {
            (6, _) => Place::Code,
            (_, Place::Active) => Place::Frame,
            _ => context.place,
        };
        let named = if tag == Id::NULL { context.name } else { tag };
        self.push(Task::Item(rest, context.at(rest_place)))?;
        self.push(Task::Item(first, Context { place, name: named }))
    }

    /// The tag of a link: a name, or a reference to one.
    pub(super) fn tag(&mut self) -> Done<Id> {
        let at = self.source.at;
        let flags = self.source.integer()?.cast_unsigned();
        match flags & 0xff {
            1 | 255 => self.symbol(flags, at),
            254 | 0 => Ok(Id::NULL),
            _ => Err(Fault::Wanted {
                wanted: "name of an argument",
                at,
            }
            .into()),
        }
    }

    pub(super) fn length(&mut self) -> Done<u64> {
        let at = self.source.at;
        let length = self.source.integer()?;
        if length == -1 {
            let (high, low) = (self.source.integer()?, self.source.integer()?);
            let high = u64::from(high.cast_unsigned());
            return Ok(high << 32 | u64::from(low.cast_unsigned()));
        }
        let length = u64::try_from(length).ok();
        let wanted = "length";
        Ok(length.ok_or(Fault::Wanted { wanted, at })?)
    }
}
