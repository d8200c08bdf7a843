//! Follows the instructions of one function from first to last and collects what it takes from outside.
//!
//! The values on the stack are kept as far as they are known; jumps are not followed. That is sound because
//! whatever is not used at once counts as going on to anywhere, and a jump uses nothing at once.

use std::collections::{HashMap, HashSet};

use super::versions::{Operation, Version, versions};
use super::{Base, Constant, Parts, USES, Use};

/// Characters of a path that are kept; longer ones are no real names.
const PATH: usize = 256;
/// Instructions within which a function begins.
const BEGINS: usize = 16;

/// What the function takes from outside; none when its instructions fit no version.
///
/// Beside it stands whether it opens a file to write, or in a way that cannot be told.
pub(super) fn uses(parts: &Parts) -> Option<(Vec<Use>, bool)> {
    let mut readings = versions(parts.family)
        .iter()
        .filter_map(|version| read(parts, version));
    let (mut all, mut writes) = readings.next()?;
    for (more, also_writes) in readings {
        let known: HashSet<Use> = all.iter().cloned().collect();
        all.extend(more.into_iter().filter(|used| !known.contains(used)));
        writes |= also_writes;
    }
    Some((all, writes))
}

/// Every name as whatever it could be.
pub(super) fn anything(names: &[String]) -> Vec<Use> {
    names.iter().flat_map(|name| either(name)).collect()
}

fn either(name: &str) -> [Use; 2] {
    [Base::Global, Base::Value].map(|base| Use {
        base,
        path: name.to_owned(),
        goes_on: true,
    })
}

fn read(parts: &Parts, version: &Version) -> Option<(Vec<Use>, bool)> {
    let instructions = decode(parts, version)?;
    // The first run tells what the local variables hold, the second goes through them.
    let mut first = Walk::new(parts, version, HashMap::new());
    first.run(&instructions)?;
    let aliases = aliases(parts, first.stored);
    let mut second = Walk::new(parts, version, aliases);
    second.run(&instructions)?;
    let mut uses = second.uses;
    for (name, used) in parts.names.iter().zip(&second.referred) {
        // A name that no instruction takes may be meant for one that is read in another way.
        if !used && uses.len() < USES {
            uses.extend(either(name));
        }
    }
    Some((uses, second.writes))
}

#[derive(Clone, Copy)]
struct Instruction {
    operation: Operation,
    argument: usize,
    /// What the argument is without the instructions that lengthen it, which a jump may pass over.
    short: usize,
}

/// The instructions; none when they are not of this version.
fn decode(parts: &Parts, version: &Version) -> Option<Vec<Instruction>> {
    let mut found = Vec::new();
    let mut argument = 0_usize;
    let mut begins = !version.is_cached;
    let mut pairs = parts.instructions.chunks(2);
    while let Some(pair) = pairs.next() {
        let [number, low] = pair else {
            return None;
        };
        if version.is_cached && *number == 0 {
            return None;
        }
        let operation = version.operation(*number);
        argument = argument << 8 & 0xff_ffff | usize::from(*low);
        for _ in 0..version.caches(*number) {
            // What stands in a cache is passed over when it runs, so it must not be read as instructions.
            if pairs.next()? != [0, 0] {
                return None;
            }
        }
        begins |= operation == Operation::Begin && found.len() < BEGINS;
        if operation != Operation::Extend {
            found.push(Instruction {
                operation,
                argument,
                short: usize::from(*low),
            });
            argument = 0;
        }
    }
    (begins && !found.is_empty()).then_some(found)
}

/// Local variables that hold one path wherever they are set.
fn aliases(parts: &Parts, stored: HashMap<usize, Option<Path>>) -> HashMap<usize, Path> {
    stored
        .into_iter()
        .filter(|(local, _)| *local >= parts.parameters)
        .filter_map(|(local, path)| Some((local, path?)))
        .filter(|(_, path)| path.base != Base::Value)
        .collect()
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Path {
    base: Base,
    path: String,
}

/// A value on the stack.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Item<'a> {
    Unknown,
    /// The empty place of a call.
    Null,
    Nil,
    Text(&'a str),
    /// The texts of a tuple.
    Tuple(&'a [String]),
    Path(Path),
}

fn is_global(item: &Item<'_>, name: &str) -> bool {
    matches!(item, Item::Path(path) if path.base == Base::Global && path.path == name)
}

struct Walk<'a> {
    parts: &'a Parts,
    version: &'a Version,
    stack: Vec<Item<'a>>,
    /// What local variables are known to hold.
    aliases: HashMap<usize, Path>,
    /// What is stored into each; none when it differs or is not known.
    stored: HashMap<usize, Option<Path>>,
    referred: Vec<bool>,
    uses: Vec<Use>,
    known: HashSet<Use>,
    /// The names of the last arguments of the next call.
    keywords: &'a [String],
    writes: bool,
}

impl<'a> Walk<'a> {
    fn new(parts: &'a Parts, version: &'a Version, aliases: HashMap<usize, Path>) -> Self {
        Self {
            parts,
            version,
            stack: Vec::new(),
            aliases,
            stored: HashMap::new(),
            referred: vec![false; parts.names.len()],
            uses: Vec::new(),
            known: HashSet::new(),
            keywords: &[],
            writes: false,
        }
    }

    fn run(&mut self, instructions: &[Instruction]) -> Option<()> {
        for instruction in instructions {
            if self.uses.len() >= USES {
                break;
            }
            self.step(*instruction)?;
        }
        self.forget();
        Some(())
    }

    fn step(&mut self, instruction: Instruction) -> Option<()> {
        use Operation as O;
        let argument = instruction.argument;
        match instruction.operation {
            O::Constant => self.constant(argument)?,
            O::Makes(takes) => self.makes(takes),
            O::Builds => self.builds(argument),
            O::Formats => self.makes(if argument & 4 == 0 { 1 } else { 2 }),
            O::Takes(count) => self.take(count),
            O::Call(below) => self.call(argument, below),
            O::CallNamed(below) => self.call_named(argument, below),
            O::Keywords => {
                if let Constant::Texts(names) = self.parts.constants.get(argument)? {
                    self.keywords = names;
                }
            }
            O::Null => self.stack.push(Item::Null),
            O::Extend | O::Nothing | O::Begin => {}
            O::Other => self.forget(),
            O::Local | O::TwoLocals | O::StoreLocal | O::StoreLoad | O::TwoStores => {
                self.step_local(instruction);
            }
            _ => self.step_name(instruction)?,
        }
        Some(())
    }

    /// Instructions on local variables; some hold two of them in one argument.
    fn step_local(&mut self, instruction: Instruction) {
        use Operation as O;
        let argument = instruction.argument;
        let (first, second) = (argument >> 4, argument & 15);
        match instruction.operation {
            O::Local => self.local(argument),
            O::StoreLocal => self.store(argument),
            O::TwoLocals => {
                self.local(first);
                self.local(second);
            }
            O::StoreLoad => {
                self.store(first);
                self.local(second);
            }
            _ => {
                self.store(first);
                self.store(second);
            }
        }
    }

    /// Instructions with a name.
    fn step_name(&mut self, instruction: Instruction) -> Option<()> {
        use Operation as O;
        let argument = instruction.argument;
        let bits = self.version.packing.attribute;
        match instruction.operation {
            O::Global => self.global(instruction, true)?,
            O::Named(takes) => {
                self.take(takes);
                self.global(instruction, false)?;
            }
            O::StoreName => {
                self.name(argument)?;
                self.take(1);
            }
            O::Attribute => self.attribute(argument >> bits, bits > 0 && argument & 1 == 1)?,
            O::Method => self.attribute(argument, true)?,
            O::SuperAttribute => {
                self.take(3);
                self.stack.push(Item::Unknown);
                self.attribute(argument >> 2, argument & 1 == 1)?;
            }
            O::SetAttribute(takes) => {
                let name = self.name(argument)?;
                self.take(takes);
                self.tell(Base::Value, name.to_owned(), false);
            }
            O::Import => self.import(argument)?,
            O::ImportFrom => self.import_from(argument)?,
            _ => self.forget(),
        }
        Some(())
    }

    fn name(&mut self, index: usize) -> Option<&'a str> {
        *self.referred.get_mut(index)? = true;
        self.parts.names.get(index).map(String::as_str)
    }

    fn tell(&mut self, base: Base, path: String, goes_on: bool) {
        let used = Use {
            base,
            path,
            goes_on,
        };
        if self.uses.len() < USES && self.known.insert(used.clone()) {
            self.uses.push(used);
        }
    }

    fn pop(&mut self) -> Item<'a> {
        self.stack.pop().unwrap_or(Item::Unknown)
    }

    /// A value goes to where it is not followed.
    fn give(&mut self, item: Item<'a>) {
        if let Item::Path(path) = item {
            self.tell(path.base, path.path, true);
        }
    }

    fn take(&mut self, count: u8) {
        for _ in 0..count {
            let item = self.pop();
            self.give(item);
        }
    }

    fn forget(&mut self) {
        for item in std::mem::take(&mut self.stack) {
            self.give(item);
        }
    }

    fn builds(&mut self, takes: usize) {
        for _ in 0..takes.min(self.stack.len()) {
            self.take(1);
        }
        self.stack.push(Item::Unknown);
    }

    fn makes(&mut self, takes: u8) {
        self.take(takes);
        self.stack.push(Item::Unknown);
    }

    fn constant(&mut self, index: usize) -> Option<()> {
        let item = match self.parts.constants.get(index)? {
            Constant::Nil => Item::Nil,
            Constant::Text(text) => Item::Text(text),
            Constant::Texts(texts) => Item::Tuple(texts),
            Constant::Other => Item::Unknown,
        };
        self.stack.push(item);
        Some(())
    }

    fn global(&mut self, instruction: Instruction, packed: bool) -> Option<()> {
        let bits = if packed {
            self.version.packing.global
        } else {
            0
        };
        let name = self.name(instruction.argument >> bits)?;
        if instruction.short != instruction.argument
            && let Some(name) = self.parts.names.get(instruction.short >> bits)
        {
            self.tell(Base::Global, name.clone(), true);
        }
        let has_place = bits > 0 && instruction.argument & 1 == 1;
        self.stack.extend(has_place.then_some(Item::Null));
        self.stack.push(Item::Path(Path {
            base: Base::Global,
            path: name.to_owned(),
        }));
        Some(())
    }

    fn local(&mut self, local: usize) {
        let known = self.aliases.get(&local).cloned();
        self.stack.push(known.map_or(Item::Unknown, Item::Path));
    }

    fn store(&mut self, local: usize) {
        let item = self.pop();
        let path = match &item {
            Item::Path(path) => Some(path.clone()),
            _ => None,
        };
        match self.stored.get_mut(&local) {
            Some(known) if *known != path => *known = None,
            Some(_) => {}
            None => {
                self.stored.insert(local, path);
            }
        }
        match item {
            Item::Path(path) if self.aliases.get(&local) == Some(&path) => {
                self.tell(path.base, path.path, false);
            }
            item => self.give(item),
        }
    }

    fn attribute(&mut self, index: usize, calls: bool) -> Option<()> {
        let name = self.name(index)?;
        let on = self.pop();
        let reached = self.reached(on, name);
        self.stack.extend(calls.then_some(Item::Null));
        self.stack.push(reached);
        Some(())
    }

    /// An attribute of a value.
    fn reached(&mut self, on: Item<'a>, name: &str) -> Item<'a> {
        match on {
            Item::Path(path) if path.path.len().saturating_add(name.len()) < PATH => {
                Item::Path(Path {
                    base: path.base,
                    path: format!("{}.{name}", path.path),
                })
            }
            on => {
                self.give(on);
                Item::Path(Path {
                    base: Base::Value,
                    path: name.to_owned(),
                })
            }
        }
    }

    fn import(&mut self, index: usize) -> Option<()> {
        let name = self.name(index)?;
        let names = self.pop();
        self.take(1);
        self.tell(Base::Module, name.to_owned(), false);
        // Without names to take from it, the outermost package is what an import gives.
        let path = match names {
            Item::Nil => name.split('.').next().unwrap_or(name),
            _ => name,
        };
        self.stack.push(Item::Path(Path {
            base: Base::Module,
            path: path.to_owned(),
        }));
        Some(())
    }

    fn import_from(&mut self, index: usize) -> Option<()> {
        let name = self.name(index)?;
        let module = self.pop();
        self.stack.push(module.clone());
        let reached = self.reached(module, name);
        self.stack.push(reached);
        Some(())
    }

    fn call(&mut self, count: usize, below: u8) {
        let Some(at) = self.stack.len().checked_sub(count) else {
            self.call_unknown(count);
            return;
        };
        let arguments = self.stack.split_off(at);
        let mut callee = Item::Unknown;
        for _ in 0..below {
            if let Item::Path(path) = self.pop() {
                callee = Item::Path(path);
            }
        }
        let keywords = std::mem::take(&mut self.keywords);
        self.opens(&callee, &arguments, keywords);
        let result = self.result(&callee, &arguments, keywords);
        if result.is_none()
            && let Item::Path(path) = callee
        {
            self.tell(path.base, path.path, false);
        }
        let is_known = result.is_some();
        for (place, argument) in arguments.into_iter().enumerate() {
            if !(is_known && place == 0) {
                self.give(argument);
            }
        }
        self.stack.push(result.unwrap_or(Item::Unknown));
    }

    /// `getattr` with a constant name is that attribute; any other could be all of them.
    fn result(
        &mut self,
        callee: &Item<'a>,
        arguments: &[Item<'a>],
        keywords: &[String],
    ) -> Option<Item<'a>> {
        let is_getattr = keywords.is_empty() && is_global(callee, "getattr");
        match arguments {
            [on, Item::Text(name)] | [on, Item::Text(name), _] if is_getattr => {
                Some(self.reached(on.clone(), name))
            }
            _ => None,
        }
    }

    /// A file that is opened with a constant mode is read or written; with any other it may be either.
    fn opens(&mut self, callee: &Item<'a>, arguments: &[Item<'a>], keywords: &[String]) {
        if !is_global(callee, "open") {
            return;
        }
        let positional = arguments.len().saturating_sub(keywords.len());
        let named = keywords.iter().position(|name| name == "mode");
        let named = named.map(|place| place.saturating_add(positional));
        let place = named.or((positional > 1).then_some(1));
        let mode = place.and_then(|place| arguments.get(place));
        self.writes |= match mode {
            None => false,
            Some(Item::Text(mode)) => super::is_writing_mode(mode),
            Some(_) => true,
        };
    }

    fn call_named(&mut self, count: usize, below: u8) {
        if let Item::Tuple(names) = self.pop() {
            self.keywords = names;
            self.call(count, below);
        } else {
            self.call_unknown(count.saturating_add(usize::from(below)));
        }
    }

    fn call_unknown(&mut self, count: usize) {
        self.keywords = &[];
        for _ in 0..count.min(self.stack.len()) {
            let item = self.pop();
            self.give(item);
        }
        self.stack.push(Item::Unknown);
    }
}
