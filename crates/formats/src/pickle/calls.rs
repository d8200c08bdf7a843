//! Calls: what is called with what, what comes of it, and which methods opcodes call on objects.

use std::io;

use super::inner::is_use;
use super::machine::{Machine, Step};
use super::semantics::Meaning;
use super::value::{Encoding, Kind, Node, Value};
use super::{Argument, CALLS_SHOWN, Call, Callee, Fault, Opcode};

/// Calls that are described one by one, over all imports.
const CALLS: usize = 1 << 16;
/// Calls of methods of objects that are described one by one.
const METHODS: u64 = 256;
/// Arguments of a call that are described.
const ARGUMENTS: usize = 8;
/// Imports and results inside the arguments of a call that are told.
const USES: usize = 16;
/// Containers inside containers that are looked through for them.
const USES_DEPTH: u32 = 4;
/// Characters of an argument that are kept: calls that share one long text must not multiply it.
const ARGUMENT_TEXT: u64 = 256;
/// Calls that one call comes down to, such as a partial of a partial.
const REDIRECTS: u32 = 8;
/// Results of which something is known.
const MEANINGS: usize = 1 << 16;
/// Keys of a state that are told.
const KEYS: usize = 8;

impl Machine<'_> {
    pub(super) fn execute_call(&mut self, opcode: Opcode, at: u64) -> io::Result<Step> {
        if opcode == Opcode::Build {
            return self.build(at);
        }
        let (callee, arguments) = match opcode {
            Opcode::Obj => {
                let mut values = self.pop_mark(opcode, at);
                if values.is_empty() {
                    self.note(at, Fault::Underflow(opcode));
                    values.push(Value::Opaque);
                }
                let callee = values.remove(0);
                (callee, values)
            }
            Opcode::NewObjEx => {
                let keywords = self.pop(opcode, at);
                let arguments = self.pop(opcode, at);
                let mut values = self.positional(arguments, opcode, at);
                let is_empty = matches!(self.node_of(keywords), Some(Node::Dict { count: 0, .. }));
                values.extend((!is_empty && keywords != Value::Opaque).then_some(keywords));
                (self.pop(opcode, at), values)
            }
            _ => {
                let arguments = self.pop(opcode, at);
                let values = self.positional(arguments, opcode, at);
                (self.pop(opcode, at), values)
            }
        };
        self.carried.called(callee);
        let result = self.invoke(callee, opcode, &arguments, at)?;
        Ok(self.push(result))
    }

    /// The C loader wants a tuple; the Python loader takes whatever can be iterated.
    fn positional(&mut self, arguments: Value, opcode: Opcode, at: u64) -> Vec<Value> {
        let is_tuple = match (self.node_of(arguments), arguments) {
            (Some(Node::Items { kind, .. }), _) => *kind == Kind::Tuple,
            (Some(Node::Returned { .. } | Node::Persistent(_)), _) => true,
            (_, value) => matches!(value, Value::EmptyTuple | Value::Opaque),
        };
        if !is_tuple {
            self.note(at, Fault::Arguments(opcode));
        }
        self.spread(arguments)
    }

    pub(super) fn spread(&self, arguments: Value) -> Vec<Value> {
        match (self.node_of(arguments), arguments) {
            (Some(Node::Items { items, .. }), _) => items.clone(),
            (Some(Node::Dict { entries, .. }), _) => entries.iter().map(|entry| entry.0).collect(),
            (_, Value::EmptyTuple) => Vec::new(),
            _ => vec![arguments],
        }
    }

    fn callee(&mut self, value: Value, opcode: Opcode, at: u64) -> Callee {
        let callee = match (self.node_of(value), value) {
            (Some(Node::Import(import)), _) => Callee::Import(*import),
            (Some(Node::Returned { call, .. }), _) => Callee::Returned(*call),
            (Some(Node::Persistent(_)), _) => Callee::Persistent,
            (None, Value::Opaque) => Callee::Unknown,
            _ => Callee::Data,
        };
        match callee {
            Callee::Data => self.note(at, Fault::CalledData(opcode)),
            Callee::Unknown | Callee::Persistent => self.note(at, Fault::CalledUnknown(opcode)),
            Callee::Import(_) | Callee::Returned(_) => {}
        }
        callee
    }

    /// Records a call, and the calls that it comes down to; gives the value of the last.
    pub(super) fn invoke(
        &mut self,
        callee: Value,
        opcode: Opcode,
        arguments: &[Value],
        at: u64,
    ) -> io::Result<Value> {
        let (mut callee, mut arguments) = (callee, arguments.to_vec());
        let mut states = Vec::new();
        for _ in 0..REDIRECTS {
            let known = self.callee(callee, opcode, at);
            let result = self.call(known, opcode, &arguments, at)?;
            self.register(known, &arguments)?;
            if self.meanings.len() >= MEANINGS {
                // A flood: what these functions reach is no longer told, and the import stays a finding.
                self.flooded(at);
                return Ok(result);
            }
            if let Some(next) = self.redirect(callee, &arguments, opcode, at)? {
                self.resolved(known, result);
                states.extend(self.states_set(callee, &arguments));
                (callee, arguments) = next;
                continue;
            }
            if let Some(meaning) = self.result_of(callee, &arguments, opcode, at)? {
                self.resolved(known, result);
                self.mean(result, meaning);
            }
            for state in states {
                self.call_method(result, Opcode::Build, &[state], at)?;
            }
            return Ok(result);
        }
        self.note(
            at,
            Fault::Limit {
                what: "calls in one",
                limit: u64::from(REDIRECTS),
            },
        );
        Ok(Value::Opaque)
    }

    /// The states that dill's maker of arrays sets on what it has made.
    fn states_set(&self, callee: Value, arguments: &[Value]) -> Vec<Value> {
        let is_maker = self.path_of(callee).is_some_and(|path| {
            matches!(
                path.as_str(),
                "dill._dill._create_array" | "dill.dill._create_array"
            )
        });
        let states = if is_maker { arguments.get(2..) } else { None };
        let is_set = |state: &&Value| **state != Value::Nil;
        states
            .unwrap_or_default()
            .iter()
            .filter(is_set)
            .copied()
            .collect()
    }

    fn flooded(&mut self, at: u64) {
        let limit = Fault::Limit {
            what: "results that are known",
            limit: MEANINGS as u64,
        };
        if self.out.anomalies.last().map(|last| &last.fault) != Some(&limit) {
            self.note(at, limit);
        }
    }

    fn resolved(&mut self, callee: Callee, result: Value) {
        if let Callee::Import(import) = callee
            && let Some(import) = self.out.imports.get_mut(import)
        {
            import.resolved = import.resolved.saturating_add(1);
        }
        if let Some(Node::Returned { call, .. }) = self.node_of(result).cloned()
            && let Some(call) = self.out.calls.get_mut(call)
        {
            call.resolved = true;
        }
    }

    fn mean(&mut self, result: Value, known: Meaning) {
        let Ok(index) = u32::try_from(self.meanings.len()) else {
            return;
        };
        if let Meaning::Module(name) = &known {
            let name = name.clone();
            self.carried.module(result, name);
        }
        if let Some(Node::Returned { meaning, .. }) = self.node_mut(result) {
            *meaning = Some(index);
            self.meanings.push(known);
        }
    }

    /// `copyreg.add_extension(module, name, code)` decides what an extension code stands for.
    fn register(&mut self, callee: Callee, arguments: &[Value]) -> io::Result<()> {
        let Callee::Import(index) = callee else {
            return Ok(());
        };
        let is_registry = self.out.imports.get(index).is_some_and(|import| {
            matches!(import.module.as_deref(), Some("copyreg" | "copy_reg"))
                && import.name.as_deref() == Some("add_extension")
        });
        if is_registry
            && let [module, name, Value::Int(code)] = arguments
            && let Ok(code) = u64::try_from(*code)
        {
            let (module, name) = (self.text_of(*module)?, self.text_of(*name)?);
            let import = self.import(Opcode::Reduce, module, name, self.at);
            self.extensions.insert(code, import);
        }
        Ok(())
    }

    /// Records a call and gives the value that stands for its result.
    fn call(
        &mut self,
        callee: Callee,
        opcode: Opcode,
        arguments: &[Value],
        at: u64,
    ) -> io::Result<Value> {
        let mut seen = 0;
        if let Callee::Import(index) = callee {
            self.feed(index, arguments);
            if let Some(import) = self.out.imports.get_mut(index) {
                import.called = import.called.saturating_add(1);
                seen = import.called;
            }
        }
        if seen > CALLS_SHOWN || self.out.calls.len() >= CALLS {
            return Ok(self.uncounted(callee, opcode, at));
        }
        let call = self.describe(callee, opcode, arguments, at)?;
        self.first_calls.entry(callee).or_insert(call);
        Ok(self.returned(call))
    }

    fn returned(&mut self, call: usize) -> Value {
        self.node(Node::Returned {
            call,
            state: None,
            meaning: None,
        })
    }

    fn describe(
        &mut self,
        callee: Callee,
        opcode: Opcode,
        values: &[Value],
        at: u64,
    ) -> io::Result<usize> {
        let arguments = values
            .iter()
            .take(ARGUMENTS)
            .map(|value| self.describe_argument(*value))
            .collect::<io::Result<_>>()?;
        let mut expression = String::new();
        let mut uses = Vec::new();
        let mut holds_text = false;
        if self.written {
            let shown = values.get(..ARGUMENTS).unwrap_or(values);
            expression = self.expression(callee, opcode, values)?;
            for value in shown {
                self.uses(*value, USES_DEPTH, &mut uses)?;
            }
            let holds = |value: &Value| self.holds_text(*value, USES_DEPTH);
            holds_text = shown.iter().any(holds);
        }
        let call = self.out.calls.len();
        self.out.calls.push(Call {
            callee,
            opcode,
            at,
            arguments,
            uses,
            holds_text,
            keys: Vec::new(),
            resolved: false,
            expression,
            inside: None,
        });
        Ok(call)
    }

    /// The result of a call that is not described: stands for that of an earlier call of the same thing.
    fn uncounted(&mut self, callee: Callee, opcode: Opcode, at: u64) -> Value {
        match self.first_calls.get(&callee).copied() {
            Some(call) => self.returned(call),
            None => {
                if !matches!(callee, Callee::Import(_)) {
                    self.note(at, Fault::CalledUnknown(opcode));
                }
                Value::Opaque
            }
        }
    }

    /// Whether a text stands anywhere in a value, keys of dictionaries aside; the depth is a constant.
    fn holds_text(&self, value: Value, depth: u32) -> bool {
        let below = depth.saturating_sub(1);
        match (self.node_of(value), value) {
            (_, Value::Text { encoding, .. }) => encoding != Encoding::Data,
            (Some(Node::Items { items, .. }), _) => {
                depth > 0 && items.iter().any(|item| self.holds_text(*item, below))
            }
            (Some(Node::Dict { entries, .. }), _) => {
                depth > 0 && entries.iter().any(|entry| self.holds_text(entry.1, below))
            }
            _ => false,
        }
    }

    /// Collects the imports and results inside a value; the depth is a constant.
    fn uses(&mut self, value: Value, depth: u32, uses: &mut Vec<Argument>) -> io::Result<()> {
        if uses.len() >= USES || depth == 0 {
            return Ok(());
        }
        match self.node_of(value) {
            Some(Node::Import(_) | Node::Returned { .. }) => {
                let used = self.describe_argument(value)?;
                if is_use(&used) && !uses.contains(&used) {
                    uses.push(used);
                }
            }
            Some(Node::Items { items, .. }) => {
                for item in items.clone() {
                    self.uses(item, depth.saturating_sub(1), uses)?;
                }
            }
            Some(Node::Dict { entries, .. }) => {
                for (key, value) in entries.clone() {
                    self.uses(key, depth.saturating_sub(1), uses)?;
                    self.uses(value, depth.saturating_sub(1), uses)?;
                }
            }
            Some(Node::Persistent(_)) | None => {}
        }
        Ok(())
    }

    fn describe_argument(&mut self, value: Value) -> io::Result<Argument> {
        Ok(match (self.node_of(value), value) {
            (Some(Node::Import(import)), _) => Argument::Import(*import),
            (Some(Node::Returned { call, .. }), _) => Argument::Returned(*call),
            (
                _,
                Value::Text {
                    at,
                    length,
                    encoding,
                },
            ) => {
                let value = Value::Text {
                    at,
                    length: length.min(ARGUMENT_TEXT),
                    encoding,
                };
                self.text_of(value)?.map_or(Argument::Other, Argument::Text)
            }
            _ => Argument::Other,
        })
    }

    // ---- what opcodes call on objects ----

    /// BUILD gives an object its state; on an import it overwrites attributes of a class or module.
    fn build(&mut self, at: u64) -> io::Result<Step> {
        let state = self.pop(Opcode::Build, at);
        let target = self.top(Opcode::Build, at);
        self.call_method(target, Opcode::Build, &[state], at)?;
        if let Some(Node::Returned { state: place, .. }) = self.node_mut(target) {
            *place = Some(state);
            return self.skip_array(target, state, at);
        }
        Ok(Step::On)
    }

    /// APPEND, SETITEM, BUILD and the like call a method of whatever is no plain container.
    pub(super) fn call_method(
        &mut self,
        target: Value,
        opcode: Opcode,
        values: &[Value],
        at: u64,
    ) -> io::Result<()> {
        if values.is_empty() && opcode != Opcode::Appends {
            return Ok(());
        }
        let callee = match self.node_of(target) {
            Some(Node::Import(import)) => Callee::Import(*import),
            Some(Node::Returned { call, meaning, .. }) => {
                match meaning.and_then(|index| self.known(index)) {
                    Some(Meaning::Attribute(import)) => Callee::Import(*import),
                    _ => Callee::Returned(*call),
                }
            }
            _ => return Ok(()),
        };
        if let Callee::Import(import) = callee
            && let Some(import) = self.out.imports.get_mut(import)
        {
            import.patched = true;
            if self.methods < METHODS {
                // Counted as a call, so that what is not described is still told.
                import.called = import.called.saturating_add(1);
            }
        }
        if self.methods >= METHODS || self.out.calls.len() >= CALLS {
            return Ok(());
        }
        self.methods = self.methods.saturating_add(1);
        let shown = values.get(..ARGUMENTS).unwrap_or(values);
        let call = self.describe(callee, opcode, shown, at)?;
        let keys = self.special_keys(shown)?;
        if let Some(call) = self.out.calls.get_mut(call) {
            call.keys = keys;
        }
        Ok(())
    }

    /// Keys such as `__class__` in a state, also in the second half of a pair.
    fn special_keys(&mut self, values: &[Value]) -> io::Result<Vec<String>> {
        let mut keys = Vec::new();
        let mut states = Vec::new();
        for value in values {
            match self.node_of(*value) {
                Some(Node::Items { items, .. }) if items.len() <= 2 => states.extend(items.clone()),
                _ => states.push(*value),
            }
        }
        for state in states {
            let found: Vec<Value> = match self.node_of(state) {
                Some(Node::Dict { entries, .. }) => entries.iter().map(|entry| entry.0).collect(),
                _ => continue,
            };
            for key in found {
                if let Some(key) = self.text_of(key)?
                    && key.starts_with("__")
                    && keys.len() < KEYS
                {
                    keys.push(key);
                }
            }
        }
        Ok(keys)
    }
}
