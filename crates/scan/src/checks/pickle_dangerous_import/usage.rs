//! How a pickle uses what it imports: most only make instances, by `__new__` and a state.

use tutela_formats::pickle::{Argument, Call, Callee, Import, Opcode, Pickles};

use super::mild::{calls_it, parts};
use super::value::is_maker as is_by_value_maker;
use crate::callables::{Effect, effect, effect_when_made};

/// How a pickle uses an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It may be called with arguments of the pickle's choice.
    Called,
    /// Instances are made by `__new__` and given their state; `__init__` does not run.
    Made,
    /// It is only asked for attributes, which are told by themselves.
    Asked,
}

impl Use {
    /// What a name does when it is used so.
    pub(super) fn effect(self, module: &str, name: &str) -> Effect {
        match self {
            Self::Called => effect(module, name),
            Self::Made => effect_when_made(module, name),
            Self::Asked => Effect::Pure,
        }
    }
}

/// Functions that make an instance of the class that is their first argument, without calling it.
const MAKERS: &[(&str, &str)] = &[
    ("copy_reg", "_reconstructor"),
    ("copyreg", "__newobj__"),
    ("copyreg", "_reconstructor"),
    ("pandas.core.indexes.base", "_new_Index"),
];

/// How an import is used. What is only named counts as called: whoever has it may call it.
pub(super) fn usage(pickles: &Pickles, index: usize) -> Use {
    let import = Argument::Import(index);
    let calls = || pickles.calls.iter().enumerate();
    let calls = || calls().filter(|(_, call)| !sets_state(call.opcode));
    let direct =
        |call: &Call| call.callee == Callee::Import(index) || call.arguments.contains(&import);
    let mut used: Vec<(usize, &Call)> = calls().filter(|(_, call)| direct(call)).collect();
    if used.is_empty() {
        // Held in a tuple or a dictionary that a call is given, as the bases of a class are.
        used.extend(calls().filter(|(_, call)| call.uses.contains(&import)));
    }
    if used.is_empty() {
        return Use::Called;
    }
    if used.iter().all(|(_, call)| asks(pickles, call)) {
        Use::Asked
    } else if used.iter().all(|used| makes(pickles, *used, index)) {
        Use::Made
    } else {
        Use::Called
    }
}

/// Whether a call is `getattr` with a name that is known, so that what it reaches is told by itself.
fn asks(pickles: &Pickles, call: &Call) -> bool {
    let Callee::Import(callee) = call.callee else {
        return false;
    };
    let is_getattr =
        |import: &Import| matches!(parts(import), Some(("builtins" | "__builtin__", "getattr")));
    call.resolved && pickles.imports.get(callee).is_some_and(is_getattr)
}

/// Whether the opcode works on an object that is made already.
const fn sets_state(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::Build
            | Opcode::Append
            | Opcode::Appends
            | Opcode::SetItem
            | Opcode::SetItems
            | Opcode::AddItems
    )
}

fn makes(pickles: &Pickles, (at, call): (usize, &Call), index: usize) -> bool {
    if call.callee == Callee::Import(index) {
        return matches!(call.opcode, Opcode::NewObj | Opcode::NewObjEx);
    }
    let is_first = call.arguments.first() == Some(&Argument::Import(index));
    is_first && is_maker(pickles, call) || keeps(pickles, at, call) || asks(pickles, call)
}

/// Whether a call only keeps what it is given: it makes a value, or a class by value that nothing calls in turn.
fn keeps(pickles: &Pickles, at: usize, call: &Call) -> bool {
    let Callee::Import(callee) = call.callee else {
        return false;
    };
    let Some(import) = pickles.imports.get(callee) else {
        return false;
    };
    if is_by_value_maker(import) {
        return !pickles.calls.iter().any(|call| calls_it(call, at));
    }
    parts(import).is_some_and(|(module, name)| effect(module, name) == Effect::Pure)
}

fn is_maker(pickles: &Pickles, call: &Call) -> bool {
    let Callee::Import(maker) = call.callee else {
        return false;
    };
    pickles.imports.get(maker).is_some_and(|import| {
        let module = import.module.as_deref().unwrap_or_default();
        let name = import.name.as_deref().unwrap_or_default();
        // Cython's own: they call `__new__` of the class and set its fields.
        MAKERS.contains(&(module, name)) || name.starts_with("__pyx_unpickle_")
    })
}
