//! What each opcode does: values, containers and imports.

use std::io;

use super::argument::Read;
use super::machine::{Machine, Step};
use super::value::{Encoding, Kind, Node, Value};
use super::{Fault, Import, Opcode, Origin};

/// Imports that are described one by one.
const IMPORTS: usize = 1 << 16;
/// Longest name that is resolved; Python has no limit, but real ones have under a hundred characters.
const NAME_BYTES: u64 = 1 << 10;
/// Persistent ids that are described one by one.
const PERSISTENT: usize = 256;

impl Machine<'_> {
    pub(super) fn execute(&mut self, opcode: Opcode, read: Read, at: u64) -> io::Result<Step> {
        use Opcode as O;
        Ok(match opcode {
            O::Reduce | O::NewObj | O::NewObjEx | O::Obj | O::Build => {
                return self.execute_call(opcode, at);
            }
            O::Global | O::Inst | O::StackGlobal => return self.execute_import(opcode, read, at),
            O::Int | O::Long | O::Float | O::Get | O::Put => {
                return self.execute_line(opcode, read, at);
            }
            O::BinInt
            | O::BinInt1
            | O::BinInt2
            | O::BinFloat
            | O::Long1
            | O::Long4
            | O::None
            | O::NewTrue
            | O::NewFalse => self.execute_number(opcode, read)?,
            O::String
            | O::BinString
            | O::ShortBinString
            | O::Unicode
            | O::BinUnicode
            | O::ShortBinUnicode
            | O::BinUnicode8
            | O::BinBytes
            | O::ShortBinBytes
            | O::BinBytes8
            | O::ByteArray8 => self.execute_text(opcode, read)?,
            O::Mark | O::Stop | O::Pop | O::PopMark | O::Dup => self.execute_stack(opcode, at),
            O::PersId => match read {
                Read::Span(at, length) => {
                    let encoding = Encoding::Ascii;
                    self.persistent(Value::Text {
                        at,
                        length,
                        encoding,
                    })?
                }
                _ => Step::Broken(Fault::Malformed(opcode)),
            },
            O::BinPersId => {
                let id = self.pop(opcode, at);
                self.persistent(id)?
            }
            O::BinGet | O::LongBinGet => self.recall(number(read), at),
            O::BinPut | O::LongBinPut => self.remember(number(read), opcode, at),
            O::Memoize => self.memoize(at),
            O::Ext1 | O::Ext2 | O::Ext4 => self.extension(number(read), at),
            O::Proto => self.set_protocol(number(read)),
            O::Frame => self.set_frame(at, number(read)),
            O::NextBuffer => self.push(Value::Opaque),
            O::ReadonlyBuffer => Step::On,
            _ => return self.execute_container(opcode, at),
        })
    }

    /// A class by its number: one that this pickle has registered, or one that only the loader knows.
    fn extension(&mut self, code: u64, at: u64) -> Step {
        match self.extensions.get(&code).copied() {
            Some(import) => self.push_import(import),
            None => {
                let code = i64::try_from(code).unwrap_or(-1);
                self.note(at, Fault::Extension(code));
                self.push(Value::Opaque)
            }
        }
    }

    fn execute_stack(&mut self, opcode: Opcode, at: u64) -> Step {
        match opcode {
            Opcode::Mark => self.mark(),
            Opcode::Pop => self.pop_any(at),
            Opcode::PopMark => {
                self.pop_mark(opcode, at);
                Step::On
            }
            Opcode::Dup => {
                let value = self.top(opcode, at);
                self.carried.pushed(value);
                self.push(value)
            }
            _ => {
                self.pop(opcode, at);
                Step::Stop
            }
        }
    }

    fn persistent(&mut self, id: Value) -> io::Result<Step> {
        self.out.persistent = self.out.persistent.saturating_add(1);
        if self.out.persistent_ids.len() < PERSISTENT {
            let shown = self.shown(id)?;
            self.out.persistent_ids.push(shown);
        }
        match self.class_of_module(id)? {
            Some(class) => Ok(self.push(class)),
            None => Ok(self.push_node(Node::Persistent(id))),
        }
    }

    /// Old torch files keep the class of a module in a persistent id, `('module', class, file, source)`, and its loader
    /// gives the class back (`torch.serialization._legacy_load`).
    fn class_of_module(&mut self, id: Value) -> io::Result<Option<Value>> {
        let (kind, class) = match self.node_of(id) {
            Some(Node::Items { items, .. }) => match items.as_slice() {
                [kind, class, ..] => (*kind, *class),
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        let is_class = matches!(self.node_of(class), Some(Node::Import(_)));
        let is_module = is_class && self.text_of(kind)?.as_deref() == Some("module");
        Ok(is_module.then_some(class))
    }

    // ---- plain values ----

    fn execute_number(&mut self, opcode: Opcode, read: Read) -> io::Result<Step> {
        let bits = number(read);
        let value = match (opcode, read) {
            (Opcode::None, _) => Value::Nil,
            (Opcode::NewTrue, _) => Value::Bool(true),
            (Opcode::NewFalse, _) => Value::Bool(false),
            (Opcode::BinFloat, _) => Value::Float(f64::from_bits(bits.swap_bytes())),
            (Opcode::BinInt, _) => {
                let unsigned = u32::try_from(bits).unwrap_or(u32::MAX);
                Value::Int(i64::from(unsigned.cast_signed()))
            }
            (_, Read::Span(from, length)) => self.long(from, length)?,
            _ => i64::try_from(bits).map_or(Value::Opaque, Value::Int),
        };
        Ok(self.push(value))
    }

    /// A little-endian two's-complement integer; opaque when it does not fit.
    fn long(&mut self, from: u64, length: u64) -> io::Result<Value> {
        if length > 8 {
            return Ok(Value::Opaque);
        }
        let bytes = self.input.prefix(from, length)?;
        let negative = bytes.last().is_some_and(|byte| *byte >= 0x80);
        let start = if negative { -1_i64 } else { 0 };
        let value = bytes
            .iter()
            .rev()
            .fold(start, |value, byte| value << 8 | i64::from(*byte));
        Ok(Value::Int(value))
    }

    /// The opcodes of protocol 0 that write a number as a line.
    fn execute_line(&mut self, opcode: Opcode, read: Read, at: u64) -> io::Result<Step> {
        let Read::Span(from, length) = read else {
            return Ok(Step::Broken(Fault::Malformed(opcode)));
        };
        let line = String::from_utf8_lossy(self.input.prefix(from, length.min(64))?).into_owned();
        // Python's `int` and `float` allow blanks around and underscores inside.
        let text: String = line
            .trim()
            .chars()
            .filter(|character| *character != '_')
            .collect();
        Ok(match opcode {
            Opcode::Int if line == "00" => self.push(Value::Bool(false)),
            Opcode::Int if line == "01" => self.push(Value::Bool(true)),
            Opcode::Int | Opcode::Long => {
                let digits = text.strip_suffix('L').unwrap_or(&text);
                self.push(whole(digits).map_or(Value::Opaque, Value::Int))
            }
            Opcode::Float => self.push(text.parse().map_or(Value::Opaque, Value::Float)),
            _ => match text.parse() {
                Ok(index) if opcode == Opcode::Get => self.recall(index, at),
                Ok(index) => self.remember(index, opcode, at),
                Err(_) => Step::Broken(Fault::Malformed(opcode)),
            },
        })
    }

    fn execute_text(&mut self, opcode: Opcode, read: Read) -> io::Result<Step> {
        let Read::Span(from, length) = read else {
            return Ok(Step::Broken(Fault::Malformed(opcode)));
        };
        let encoding = match opcode {
            Opcode::String => Encoding::Quoted,
            Opcode::BinString | Opcode::ShortBinString => Encoding::Ascii,
            Opcode::Unicode => Encoding::RawUnicodeEscape,
            Opcode::BinUnicode | Opcode::ShortBinUnicode | Opcode::BinUnicode8 => Encoding::Utf8,
            _ => Encoding::Data,
        };
        self.push_text((from, length), encoding)
    }

    // ---- containers ----

    fn execute_container(&mut self, opcode: Opcode, at: u64) -> io::Result<Step> {
        use Opcode as O;
        let taken = match opcode {
            O::EmptyTuple => return Ok(self.push(Value::EmptyTuple)),
            O::Append | O::Tuple1 => self.take(1, opcode, at),
            O::SetItem | O::Tuple2 => self.take(2, opcode, at),
            O::Tuple3 => self.take(3, opcode, at),
            O::EmptyList | O::EmptyDict | O::EmptySet => Vec::new(),
            _ => self.pop_mark(opcode, at),
        };
        Ok(match opcode {
            O::EmptyList | O::List => self.push_node(Node::items(Kind::List, &taken)),
            O::EmptySet | O::FrozenSet => self.push_node(Node::items(Kind::Set, &taken)),
            O::Tuple | O::Tuple1 | O::Tuple2 | O::Tuple3 => {
                let tuple = self.node(Node::items(Kind::Tuple, &taken));
                self.carried.keep(tuple, taken);
                self.push(tuple)
            }
            O::EmptyDict | O::Dict => {
                let mut node = Node::Dict {
                    entries: Vec::new(),
                    count: 0,
                };
                node.extend(&taken);
                let dict = self.node(node);
                self.entries_set(dict, &taken)?;
                self.push(dict)
            }
            _ => {
                // APPEND, APPENDS, SETITEM, SETITEMS, ADDITEMS change what lies below.
                let target = self.top(opcode, at);
                self.extend(target, &taken);
                if matches!(opcode, O::SetItem | O::SetItems) {
                    self.entries_set(target, &taken)?;
                }
                self.call_method(target, opcode, &taken, at)?;
                Step::On
            }
        })
    }

    fn take(&mut self, count: usize, opcode: Opcode, at: u64) -> Vec<Value> {
        let mut values: Vec<Value> = (0..count).map(|_| self.pop(opcode, at)).collect();
        values.reverse();
        values
    }

    // ---- imports ----

    fn execute_import(&mut self, opcode: Opcode, read: Read, at: u64) -> io::Result<Step> {
        let import = match read {
            Read::Spans(module, name) => {
                let (module, name) = (self.name(module)?, self.name(name)?);
                self.import(opcode, module, name, at)
            }
            _ => self.stack_import(at)?,
        };
        if opcode != Opcode::Inst {
            return Ok(self.push_import(import));
        }
        let arguments = self.pop_mark(opcode, at);
        let callee = self.import_value(import);
        let result = self.invoke(callee, opcode, &arguments, at)?;
        Ok(self.push(result))
    }

    /// The import of `STACK_GLOBAL`. The same two texts give the same import, so they are read once.
    fn stack_import(&mut self, at: u64) -> io::Result<usize> {
        let opcode = Opcode::StackGlobal;
        let name = self.pop(opcode, at);
        let module = self.pop(opcode, at);
        let key = match (module, name) {
            (Value::Text { at: module, .. }, Value::Text { at: name, .. }) => Some((module, name)),
            _ => None,
        };
        if let Some(import) = key.and_then(|key| self.stack_imports.get(&key)) {
            return Ok(*import);
        }
        let (module, name) = (self.text_of(module)?, self.text_of(name)?);
        let import = self.import(opcode, module, name, at);
        if let Some(key) = key
            && self.stack_imports.len() < IMPORTS
        {
            self.stack_imports.insert(key, import);
        }
        Ok(import)
    }

    /// An import must never be lost: it has one node for the whole stream, for which there is always room.
    pub(super) fn import_value(&mut self, import: usize) -> Value {
        if let Some(value) = self.import_nodes.get(&import) {
            return *value;
        }
        let value = self.reserve(Node::Import(import));
        self.import_nodes.insert(import, value);
        value
    }

    fn push_import(&mut self, import: usize) -> Step {
        let value = self.import_value(import);
        self.hold(import, value);
        self.push(value)
    }

    fn name(&mut self, (from, length): (u64, u64)) -> io::Result<Option<String>> {
        if length > NAME_BYTES {
            return Ok(None);
        }
        let bytes = self.input.prefix(from, length)?;
        Ok(String::from_utf8(bytes.to_vec()).ok())
    }

    pub(super) fn import(
        &mut self,
        opcode: Opcode,
        module: Option<String>,
        name: Option<String>,
        at: u64,
    ) -> usize {
        if module.is_none() || name.is_none() {
            self.note(at, Fault::UnresolvedImport);
        }
        let key = (module, name);
        if let Some(index) = self.known.get(&key)
            && *index < self.out.imports.len()
        {
            return *index;
        }
        if self.out.imports.len() >= IMPORTS {
            self.note(
                at,
                Fault::Limit {
                    what: "imports",
                    limit: IMPORTS as u64,
                },
            );
            return IMPORTS.saturating_sub(1);
        }
        let index = self.out.imports.len();
        self.known.insert(key.clone(), index);
        self.out.imports.push(Import {
            module: key.0,
            name: key.1,
            start: at,
            end: self.at,
            opcode,
            called: 0,
            fed: 0,
            resolved: 0,
            patched: false,
            origin: Origin::Named,
            inside: None,
        });
        index
    }
}

/// Python's `int` with base 0: a prefix tells the base. The C loader reads `010` as octal.
fn whole(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = match lower.get(..2) {
        Some("0x") => (16, lower.get(2..)?),
        Some("0o") => (8, lower.get(2..)?),
        Some("0b") => (2, lower.get(2..)?),
        _ if lower.len() > 1 && lower.starts_with('0') => (8, lower.as_str()),
        _ => (10, lower.as_str()),
    };
    let value = i64::from_str_radix(digits, base).ok()?;
    Some(if negative {
        value.checked_neg()?
    } else {
        value
    })
}

fn number(read: Read) -> u64 {
    match read {
        Read::Number(number) => number,
        _ => 0,
    }
}
