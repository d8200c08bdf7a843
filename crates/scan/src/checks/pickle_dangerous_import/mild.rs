//! Names that are dangerous in general and harmless the way ordinary pickles use them.
//!
//! Each rule looks at what a name is given, never at the name alone, and holds only when every call of it
//! has been described.

use tutela_core::Severity;
use tutela_formats::pickle::{Argument, Call, Callee, Import, Opcode, Pickles};

use crate::callables::{Effect, effect, package_effect};

/// Builtins that call or look up what they are given, and as a value do nothing. Sorted.
const VALUES: &[&str] = &[
    "classmethod",
    "dir",
    "filter",
    "hasattr",
    "iter",
    "map",
    "max",
    "min",
    "next",
    "print",
    "property",
    "sorted",
    "staticmethod",
    "super",
    "type",
];
/// Parts of sympy whose classes make expressions. Sorted.
const EXPRESSIONS: &[&str] = &[
    "assumptions",
    "combinatorics",
    "concrete",
    "core",
    "functions",
    "geometry",
    "integrals",
    "logic",
    "matrices",
    "polys",
    "sets",
    "series",
    "stats",
    "tensor",
];

/// Whether an import that nothing calls is a harmless value: a builtin, or a method of a class that makes
/// values.
pub(super) fn is_value(import: &Import) -> bool {
    let Some((module, name)) = parts(import) else {
        return false;
    };
    if is_builtin(module) && VALUES.contains(&name) {
        return true;
    }
    matches!(name.split_once('.'), Some((class, method))
        if !method.starts_with('_') && !method.contains('.') && effect(module, class) == Effect::Pure)
}

/// Whether it is the builtin `type`.
pub(super) fn is_type(import: &Import) -> bool {
    parts(import).is_some_and(|(module, name)| is_builtin(module) && name == "type")
}

/// `type(thing)` only asks; with three arguments it makes a class. None when there are other calls.
pub(super) fn type_called(
    pickles: &Pickles,
    index: usize,
    import: &Import,
) -> Option<Option<Severity>> {
    let calls = all_calls(pickles, index, import)?;
    if calls.iter().all(|call| call.arguments.len() == 1) {
        return Some(None);
    }
    let is_known = |call: &&Call| matches!(call.arguments.len(), 1 | 3);
    calls.iter().all(is_known).then_some(Some(Severity::Medium))
}

/// Whether it is dill's evaluation of a constant's text; judged by what it is given.
pub(super) fn evaluates(import: &Import) -> bool {
    matches!(
        parts(import),
        Some(("dill._dill" | "dill.dill", "_eval_repr"))
    )
}

/// Whether it loads the module that it is given the name of.
pub(super) fn imports_modules(import: &Import) -> bool {
    matches!(
        parts(import),
        Some(
            ("dill._dill" | "dill.dill", "_import_module")
                | ("cloudpickle.cloudpickle" | "cloudpickle", "subimport")
        )
    )
}

/// How bad the worst of the modules is that it loads; what is taken from them is told by itself.
pub(super) fn modules(pickles: &Pickles, index: usize, import: &Import) -> Option<Severity> {
    let Some(calls) = all_calls(pickles, index, import).filter(|calls| !calls.is_empty()) else {
        return Some(Severity::High);
    };
    let of_module = |call: &&Call| match call.arguments.first() {
        Some(Argument::Text(name)) => match package_effect(name) {
            Effect::Reaches => None,
            effect => effect.severity(),
        },
        _ => Some(Severity::High),
    };
    calls.iter().filter_map(of_module).max()
}

/// Whether it is a class of sympy that is given values only: a text would be evaluated.
pub(super) fn is_given_values(pickles: &Pickles, index: usize, import: &Import) -> bool {
    is_expression(import)
        && all_calls(pickles, index, import).is_some_and(|calls| {
            calls.iter().all(|call| {
                !call.holds_text && call.uses.iter().all(|used| is_no_text(pickles, used))
            })
        })
}

fn is_expression(import: &Import) -> bool {
    parts(import).is_some_and(|(module, name)| {
        let mut of = module.split('.');
        of.next() == Some("sympy")
            && of.next().is_some_and(|part| EXPRESSIONS.contains(&part))
            && name.starts_with(char::is_uppercase)
            && !name.contains('.')
    })
}

/// Whether what a call is given cannot be a text that another call has put together.
fn is_no_text(pickles: &Pickles, used: &Argument) -> bool {
    match used {
        Argument::Import(_) => true,
        Argument::Returned(call) => pickles
            .calls
            .get(*call)
            .and_then(|call| match call.callee {
                Callee::Import(index) => pickles.imports.get(index),
                _ => None,
            })
            .is_some_and(is_expression),
        _ => false,
    }
}

/// Every call of an import that makes or calls it; none when some were only counted.
fn all_calls<'a>(pickles: &'a Pickles, index: usize, import: &Import) -> Option<Vec<&'a Call>> {
    let calls: Vec<&Call> = pickles
        .calls
        .iter()
        .filter(|call| call.callee == Callee::Import(index))
        .collect();
    let complete = u64::try_from(calls.len()).ok()? >= import.called;
    let is_call = |call: &&Call| {
        matches!(
            call.opcode,
            Opcode::Reduce | Opcode::Inst | Opcode::Obj | Opcode::NewObj | Opcode::NewObjEx
        )
    };
    complete.then(|| calls.into_iter().filter(is_call).collect())
}

fn parts(import: &Import) -> Option<(&str, &str)> {
    Some((import.module.as_deref()?, import.name.as_deref()?))
}

fn is_builtin(module: &str) -> bool {
    matches!(module, "builtins" | "__builtin__")
}
