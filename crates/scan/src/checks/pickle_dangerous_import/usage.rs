//! How a pickle uses what it imports: most only make instances, by `__new__` and a state.

use tutela_formats::pickle::{Argument, Call, Callee, Opcode, Pickles};

use crate::callables::{Effect, effect, effect_when_made};

/// How a pickle uses an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It may be called with arguments of the pickle's choice.
    Called,
    /// Instances are made by `__new__` and given their state; `__init__` does not run.
    Made,
}

impl Use {
    /// What a name does when it is used so.
    pub(super) fn effect(self, module: &str, name: &str) -> Effect {
        match self {
            Self::Called => effect(module, name),
            Self::Made => effect_when_made(module, name),
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
    let uses = |call: &&Call| {
        call.callee == Callee::Import(index) || call.arguments.contains(&Argument::Import(index))
    };
    let mut used = pickles
        .calls
        .iter()
        .filter(|call| !sets_state(call.opcode))
        .filter(uses)
        .peekable();
    if used.peek().is_some() && used.all(|call| makes(pickles, call, index)) {
        Use::Made
    } else {
        Use::Called
    }
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

fn makes(pickles: &Pickles, call: &Call, index: usize) -> bool {
    if call.callee == Callee::Import(index) {
        return matches!(call.opcode, Opcode::NewObj | Opcode::NewObjEx);
    }
    call.arguments.first() == Some(&Argument::Import(index)) && is_maker(pickles, call)
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
