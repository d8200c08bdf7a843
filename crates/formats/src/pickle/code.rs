//! Functions whose code the pickle carries, as cloudpickle and dill write them, and torch's traced modules.
//!
//! A function is made of a code object, and that of numbers, instructions and tables, all of which stand in
//! the pickle: as arguments of `types.CodeType`, as bytes of `marshal`, or as source text. What it takes from
//! outside is described; what could not be read is described as a function that is not complete.

use std::collections::HashMap;
use std::io;

use super::machine::Machine;
use super::semantics::Meaning;
use super::value::{Encoding, KEPT_ITEMS, Kind, Node, Value};
use super::{Code, Module};
use crate::bytecode::{self, Constant, Family, Function, Parts};

/// Functions that are described one by one.
const FUNCTIONS: usize = 10_000;
/// Bytes of instructions and marshalled code that are followed; functions may share them.
const BYTES: u64 = 4 << 20;
/// Names that functions take from outside, over all functions.
const USES: usize = 200_000;
/// Values of long tuples that are kept: tables of names have seldom more than a hundred.
const LONG: usize = 1 << 20;
/// Bytes of a constant text that are kept.
const TEXT: u64 = 1 << 10;
/// Modules, and keys of each, that are told.
const MODULES: usize = 1_000;
const KEYS: usize = 64;

/// What is needed to describe the functions of one pickle.
#[derive(Debug, Default)]
pub(super) struct Carried {
    /// All values of tuples that are too long for their node, by the node.
    long: HashMap<u32, Vec<Value>>,
    room: usize,
    /// Where modules are kept as values.
    modules: HashMap<u32, Held>,
    /// Source texts in dictionaries, under the keys that torch's traced modules have for them.
    sources: HashMap<u32, Sources>,
    /// What is told of modules, over all pickles in the file.
    told: Vec<Module>,
    spent_bytes: u64,
    spent_uses: usize,
}

/// A module as a value: how often it is put on the stack, and how often under a text into a dictionary.
#[derive(Debug, Default)]
struct Held {
    name: String,
    pushed: u64,
    bound: u64,
    keys: Vec<String>,
}

/// The source texts of one dictionary.
#[derive(Debug, Default)]
struct Sources {
    texts: Vec<Value>,
    /// Whether it has keys of which nothing is known.
    odd: bool,
}

impl Carried {
    pub(super) fn reset(&mut self) {
        self.long.clear();
        self.sources.clear();
        self.room = LONG;
        self.settle();
    }

    /// Keeps all values of a long tuple.
    pub(super) fn keep(&mut self, tuple: Value, values: Vec<Value>) {
        if let Value::Node(index) = tuple
            && values.len() > KEPT_ITEMS
            && let Some(room) = self.room.checked_sub(values.len())
        {
            self.room = room;
            self.long.insert(index, values);
        }
    }

    pub(super) fn module(&mut self, value: Value, name: String) {
        if let Value::Node(index) = value {
            let held = self.modules.entry(index).or_default();
            held.name = name;
            held.pushed = held.pushed.saturating_add(1);
        }
    }

    /// A value is called, which is told by itself.
    pub(super) fn called(&mut self, value: Value) {
        if let Value::Node(index) = value
            && let Some(held) = self.modules.get_mut(&index)
        {
            held.bound = held.bound.saturating_add(1);
        }
    }

    /// A value is put on the stack once more.
    pub(super) fn pushed(&mut self, value: Value) {
        if let Value::Node(index) = value
            && !self.modules.is_empty()
            && let Some(held) = self.modules.get_mut(&index)
        {
            held.pushed = held.pushed.saturating_add(1);
        }
    }

    /// Puts the modules of a pickle that has ended with the others.
    fn settle(&mut self) {
        let held: Vec<Held> = self.modules.drain().map(|(_, held)| held).collect();
        for held in held {
            let loose = held.pushed > held.bound || held.keys.len() >= KEYS;
            let known = self.told.iter_mut().find(|told| told.name == held.name);
            if let Some(told) = known {
                told.loose |= loose;
                told.keys.extend(held.keys);
                told.keys.sort();
                told.keys.dedup();
            } else if self.told.len() < MODULES {
                let (name, mut keys) = (held.name, held.keys);
                keys.sort();
                keys.dedup();
                self.told.push(Module { name, keys, loose });
            }
        }
    }
}

impl Machine<'_> {
    /// Tells the modules that are kept as values.
    pub(super) fn tell_modules(&mut self) {
        self.carried.settle();
        self.out.modules = std::mem::take(&mut self.carried.told);
        self.out
            .modules
            .sort_by(|one, other| one.name.cmp(&other.name));
    }

    /// `getattr` and `open` as values are followed as modules are: functions may find them under another name.
    pub(super) fn hold(&mut self, import: usize, value: Value) {
        let Some(import) = self.out.imports.get(import) else {
            return;
        };
        let name = match (import.module.as_deref(), import.name.as_deref()) {
            (Some("builtins" | "__builtin__"), Some("getattr")) => "builtins.getattr",
            (Some("builtins" | "__builtin__" | "io" | "_io"), Some("open")) => "builtins.open",
            _ => return,
        };
        self.carried.module(value, name.to_owned());
    }

    /// Entries are set in a dictionary, pairs of key and value.
    pub(super) fn entries_set(&mut self, target: Value, values: &[Value]) -> io::Result<()> {
        let Value::Node(dictionary) = target else {
            return Ok(());
        };
        if !matches!(self.node_of(target), Some(Node::Dict { .. })) {
            return Ok(());
        }
        for pair in values.chunks_exact(2) {
            if let [key, value] = pair {
                self.source_set(dictionary, *key, *value)?;
            }
        }
        if self.carried.modules.is_empty() {
            return Ok(());
        }
        for pair in values.chunks_exact(2) {
            let [key, Value::Node(index)] = pair else {
                continue;
            };
            if !self.carried.modules.contains_key(index) {
                continue;
            }
            let Some(key) = self.text_of(*key)? else {
                continue;
            };
            if let Some(held) = self.carried.modules.get_mut(index)
                && held.keys.len() < KEYS
            {
                held.bound = held.bound.saturating_add(1);
                held.keys.push(key);
            }
        }
        Ok(())
    }

    fn source_set(&mut self, dictionary: u32, key: Value, value: Value) -> io::Result<()> {
        let is_source = match key {
            Value::Text { length: 4..=32, .. } => {
                matches!(self.text_of(key)?.as_deref(), Some("_code" | "code"))
            }
            Value::Node(_) => {
                let is_known = matches!(self.node_of(key), Some(Node::Items { .. }));
                if !is_known {
                    self.carried.sources.entry(dictionary).or_default().odd = true;
                }
                false
            }
            Value::Opaque => {
                self.carried.sources.entry(dictionary).or_default().odd = true;
                false
            }
            _ => false,
        };
        if is_source {
            let sources = self.carried.sources.entry(dictionary).or_default();
            if sources.texts.len() < KEYS {
                sources.texts.push(value);
            } else {
                sources.odd = true;
            }
        }
        Ok(())
    }

    /// The source texts of a traced module: one for each that its dictionary holds, behind the imports.
    fn traced(
        &mut self,
        body: Option<&Value>,
        imports: Option<&Value>,
    ) -> io::Result<Vec<Function>> {
        let unread = || Ok(vec![Function::default()]);
        let sources = match body {
            Some(Value::Node(index)) => self.carried.sources.remove(index),
            _ => None,
        };
        let Some(sources) = sources.filter(|sources| !sources.odd && !sources.texts.is_empty())
        else {
            return unread();
        };
        let imports = match imports {
            Some(imports) => self.source(*imports)?,
            None => Some(String::new()),
        };
        let Some(imports) = imports else {
            return unread();
        };
        let mut functions = Vec::new();
        for text in sources.texts {
            let Some(text) = self.source(text)? else {
                return unread();
            };
            let whole = format!("{imports}\n{text}");
            functions.push(bytecode::of_source("forward", &whole));
        }
        Ok(functions)
    }

    fn source(&mut self, value: Value) -> io::Result<Option<String>> {
        let Value::Text {
            at,
            length,
            encoding,
        } = value
        else {
            return Ok(None);
        };
        if encoding == Encoding::Data || !self.spend(length) {
            return Ok(None);
        }
        let bytes = self.input.peek(at, length)?;
        Ok(Some(super::render::decode(&bytes, encoding)))
    }

    /// Whether so many bytes may still be followed.
    fn spend(&mut self, length: u64) -> bool {
        let spent = self.carried.spent_bytes.saturating_add(length);
        let is_within = spent <= BYTES;
        if is_within {
            self.carried.spent_bytes = spent;
        }
        is_within
    }

    /// Describes the function that a call makes, if it is one of those that make functions of code.
    pub(super) fn carries(
        &mut self,
        path: &str,
        callee: Value,
        arguments: &[Value],
        at: u64,
    ) -> io::Result<Option<Meaning>> {
        let functions = match path {
            "types.CodeType"
            | "dill._dill._create_code"
            | "dill.dill._create_code"
            | "new.code" => {
                vec![self.code_of(arguments)?]
            }
            "marshal.loads" => self.marshalled(arguments)?,
            "torch.fx.graph_module.reduce_graph_module"
            | "torch.fx.graph_module.deserialize_graphmodule" => {
                self.traced(arguments.first(), arguments.get(1))?
            }
            "torch.fx.graph_module.reduce_deploy_graph_module" => {
                self.traced(arguments.get(1), arguments.get(2))?
            }
            _ => {
                let is_maker = MAKERS.binary_search(&path).is_ok();
                let first = arguments.first().copied().unwrap_or(Value::Nil);
                if is_maker && self.meaning_of(first) == Some(Meaning::Code) {
                    return Ok(Some(Meaning::Carried));
                }
                if !is_maker {
                    return Ok(None);
                }
                // The code of some other function, or of one that is not known.
                vec![Function::default()]
            }
        };
        let maker = match self.node_of(callee) {
            Some(Node::Import(import)) => Some(*import),
            _ => None,
        };
        for function in functions {
            self.carry(Code {
                function,
                at,
                maker,
                inside: None,
            });
        }
        let is_code =
            path.ends_with("code") || path.ends_with("CodeType") || path == "marshal.loads";
        Ok(Some(if is_code {
            Meaning::Code
        } else {
            Meaning::Carried
        }))
    }

    fn carry(&mut self, mut code: Code) {
        let uses = code.function.uses.len();
        self.carried.spent_uses = self.carried.spent_uses.saturating_add(uses);
        if self.carried.spent_uses > USES || self.out.code.len() >= FUNCTIONS {
            code.function = Function::default();
        }
        // INVARIANT: past the limit there is one function at least that is not complete.
        if self.out.code.len() <= FUNCTIONS {
            self.out.code.push(code);
        }
    }

    /// The arguments of `types.CodeType`, whose order differs by version: numbers, then instructions,
    /// constants, names, local variables, the file, the name, and more. dill puts a table of lines first.
    fn code_of(&mut self, arguments: &[Value]) -> io::Result<Function> {
        let skipped = usize::from(!matches!(arguments.first(), Some(Value::Int(_))));
        let arguments = arguments.get(skipped..).unwrap_or_default();
        let numbers: Vec<i64> = arguments
            .iter()
            .map_while(|value| match value {
                Value::Int(number) => Some(*number),
                _ => None,
            })
            .collect();
        let [instructions, constants, names, _, _, name, next, ..] =
            arguments.get(numbers.len()..).unwrap_or_default()
        else {
            return Ok(Function::default());
        };
        let Some(bytes) = self.bytes_of(*instructions)? else {
            return Ok(Function::default());
        };
        let (Some(constants), Some(names)) = (self.all_of(*constants), self.all_of(*names)) else {
            return Ok(Function::default());
        };
        let mut parts = Parts {
            name: self.text_of(*name)?.unwrap_or_default(),
            parameters: parameters(&numbers),
            instructions: bytes,
            family: match (numbers.len(), next) {
                (6, Value::Text { .. }) => Family::Cached,
                (5 | 6, Value::Int(_)) => Family::Words,
                _ => Family::Unknown,
            },
            complete: true,
            ..Parts::default()
        };
        for name in names {
            let name = self.text_of(name)?;
            parts.complete &= name.is_some();
            parts.names.push(name.unwrap_or_default());
        }
        for constant in constants {
            let constant = self.constant(constant)?;
            parts.constants.push(constant);
        }
        Ok(parts.describe())
    }

    /// The values of a tuple; none when it is not one, or some of them are not kept.
    fn all_of(&self, tuple: Value) -> Option<Vec<Value>> {
        if tuple == Value::EmptyTuple {
            return Some(Vec::new());
        }
        let (Some(Node::Items { kind, items, count }), Value::Node(index)) =
            (self.node_of(tuple), tuple)
        else {
            return None;
        };
        let all = self.carried.long.get(&index).unwrap_or(items);
        (*kind == Kind::Tuple && all.len() as u64 == *count).then(|| all.clone())
    }

    fn constant(&mut self, value: Value) -> io::Result<Constant> {
        Ok(match value {
            Value::Nil => Constant::Nil,
            Value::EmptyTuple => Constant::Texts(Vec::new()),
            Value::Text {
                at,
                length,
                encoding,
            } => {
                let value = Value::Text {
                    at,
                    length: length.min(TEXT),
                    encoding,
                };
                let text = self.text_of(value)?.unwrap_or_default();
                Constant::Text(bytecode::shortened(&text))
            }
            _ => match self.all_of(value) {
                Some(values) => {
                    let mut texts = Vec::new();
                    for value in values.into_iter().take(KEPT_ITEMS) {
                        texts.extend(self.text_of(value)?);
                    }
                    Constant::Texts(texts)
                }
                None => Constant::Other,
            },
        })
    }

    /// The bytes that a value is known to be, within what may still be followed.
    fn bytes_of(&mut self, value: Value) -> io::Result<Option<Vec<u8>>> {
        let Value::Text {
            at,
            length,
            encoding,
        } = self.literal(value)
        else {
            return Ok(None);
        };
        if !self.spend(length) {
            return Ok(None);
        }
        let bytes = self.input.peek(at, length)?;
        Ok(super::render::bytes_of(&bytes, encoding))
    }

    fn marshalled(&mut self, arguments: &[Value]) -> io::Result<Vec<Function>> {
        let bytes = match arguments.first() {
            Some(value) => self.bytes_of(*value)?,
            None => None,
        };
        let code = bytes
            .map(|bytes| bytecode::read(&bytes))
            .unwrap_or_default();
        let mut functions = code.functions;
        if !code.complete || functions.is_empty() {
            functions.push(Function::default());
        }
        Ok(functions)
    }
}

/// Functions and types that make a function of a code object, which is their first argument. Sorted.
const MAKERS: &[&str] = &[
    "cloudpickle._make_function",
    "cloudpickle._make_skel_func",
    "cloudpickle.cloudpickle._make_function",
    "cloudpickle.cloudpickle._make_skel_func",
    "cloudpickle.cloudpickle_fast._make_function",
    "dill._dill._create_function",
    "dill.dill._create_function",
    "types.FunctionType",
    "types.LambdaType",
];

/// How many local variables are parameters, those that collect the rest included.
fn parameters(numbers: &[i64]) -> usize {
    let (counts, flags) = match numbers {
        [arguments, _, keywords, _, _, flags] | [arguments, keywords, _, _, flags] => {
            (arguments.saturating_add(*keywords), *flags)
        }
        [arguments, .., flags] => (*arguments, *flags),
        _ => (i64::MAX, 0),
    };
    let rest = i64::from(flags & 4 != 0).saturating_add(i64::from(flags & 8 != 0));
    usize::try_from(counts.saturating_add(rest)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_makers_are_sorted() {
        assert!(MAKERS.is_sorted());
    }
}
