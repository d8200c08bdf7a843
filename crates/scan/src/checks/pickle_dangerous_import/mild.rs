//! Names that are dangerous in general and harmless the way ordinary pickles use them.
//!
//! Each rule looks at what a name is given, never at the name alone, and holds only when every call of it
//! has been described.

use tutela_core::Severity;
use tutela_formats::pickle::{
    Argument, Call, Callee, Import, Module, Opcode, Origin, Pickles, unvendored,
};

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
/// Operators that compute or compare: as a value, what sorts and trees of expressions are given. Sorted.
const OPERATORS: &[&str] = &[
    "abs", "add", "and_", "eq", "floordiv", "ge", "gt", "inv", "invert", "is_", "is_not", "le",
    "lt", "matmul", "mod", "mul", "ne", "neg", "not_", "or_", "pos", "pow", "sub", "truediv",
    "xor",
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
    if matches!(module, "operator" | "_operator") && OPERATORS.contains(&name) {
        return true;
    }
    // `__new__` makes an instance, as most opcodes do; other such names reach further.
    matches!(name.split_once('.'), Some((class, method))
        if (!method.starts_with("__") || method == "__new__")
            && !method.contains('.')
            && effect(module, class) == Effect::Pure)
}

/// Whether it is `operator.getitem` that makes types of types, as `Optional[int]` is pickled, and nothing calls them.
fn makes_types(pickles: &Pickles, index: usize, import: &Import) -> bool {
    let is_getitem = matches!(parts(import), Some(("operator" | "_operator", "getitem")));
    let is_type = |call: &Call| {
        let Some(Argument::Import(of)) = call.arguments.first() else {
            return false;
        };
        pickles
            .imports
            .get(*of)
            .and_then(parts)
            .is_some_and(|(module, name)| {
                let holds_types = matches!(
                    module,
                    "typing" | "types" | "collections" | "collections.abc"
                );
                (holds_types || is_builtin(module)) && effect(module, name) == Effect::Pure
            })
    };
    let makes = |(at, call): (usize, &Call)| {
        call.callee != Callee::Import(index)
            || is_type(call) && !pickles.calls.iter().any(|other| calls_it(other, at))
    };
    is_getitem
        && all_calls(pickles, index, import).is_some_and(|calls| !calls.is_empty())
        && pickles.calls.iter().enumerate().all(makes)
}

/// Whether it is `types.MethodType` that binds functions which are told by themselves, and nothing calls what it makes.
fn binds(pickles: &Pickles, index: usize, import: &Import) -> bool {
    let is_bound = |(at, call): (usize, &Call)| {
        let is_told = matches!(call.arguments.first(), Some(Argument::Import(_)))
            || super::value::is_by_value(pickles, call);
        call.callee != Callee::Import(index)
            || is_told && !pickles.calls.iter().any(|other| calls_it(other, at))
    };
    parts(import) == Some(("types", "MethodType"))
        && all_calls(pickles, index, import).is_some_and(|calls| !calls.is_empty())
        && pickles.calls.iter().enumerate().all(is_bound)
}

/// Whether a call calls what another has returned.
pub(super) fn calls_it(call: &Call, returned: usize) -> bool {
    let is_call = matches!(call.opcode, Opcode::Reduce | Opcode::Inst | Opcode::Obj);
    is_call && call.callee == Callee::Returned(returned)
}

/// Whether it is an attribute of a class of which nothing is known, and nothing calls it: a member of an enumeration.
pub(super) fn is_member(import: &Import) -> bool {
    let Some((module, name)) = parts(import) else {
        return false;
    };
    if import.origin != Origin::Attribute || import.called > 0 {
        return false;
    }
    matches!(name.split_once('.'), Some((class, member))
        if class.trim_start_matches('_').starts_with(char::is_uppercase)
            && !member.contains('.')
            && !member.starts_with('_')
            && effect(module, class) == Effect::Unknown)
}

/// Whether it restores a model of Keras from bytes that lie in the pickle, and so are looked into as the archive that
/// they are.
pub(super) fn restores_own_archive(pickles: &Pickles, index: usize, import: &Import) -> bool {
    let is_keras = |module: &str| {
        let of = module.split('.').next().unwrap_or_default();
        matches!(of, "keras" | "tf_keras")
    };
    let is_one = parts(import).is_some_and(|(module, name)| {
        is_keras(module)
            && (name.ends_with("._unpickle_model") || name == "deserialize_model_from_bytecode")
    });
    let is_own = |call: &&Call| match call.arguments.as_slice() {
        [Argument::Text(bytes)] => bytes.starts_with("PK\u{3}\u{4}"),
        [Argument::Returned(made)] => is_plain_buffer(pickles, *made),
        _ => false,
    };
    is_one
        && all_calls(pickles, index, import)
            .is_some_and(|calls| !calls.is_empty() && calls.iter().all(is_own))
}

/// Whether a call makes an `io.BytesIO` of bytes that stand in the pickle, and no call has a part in them.
fn is_plain_buffer(pickles: &Pickles, made: usize) -> bool {
    let is_buffer = pickles.calls.get(made).is_some_and(|call| {
        let Callee::Import(callee) = call.callee else {
            return false;
        };
        let import = pickles.imports.get(callee);
        import
            .and_then(parts)
            .is_some_and(|path| matches!(path, ("io" | "_io", "BytesIO")))
            && call.uses.is_empty()
    });
    let fills = |call: &&Call| call.callee == Callee::Returned(made);
    is_buffer
        && pickles
            .calls
            .iter()
            .filter(fills)
            .all(|call| call.opcode == Opcode::Build && call.uses.is_empty())
}

/// Whether it is a builtin, or the like, that only keeps, describes or makes types of what it is given.
pub(super) fn is_kept(pickles: &Pickles, index: usize, import: &Import) -> bool {
    wraps(import)
        || is_held(pickles, index, import)
        || sets_harmlessly(pickles, index, import)
        || makes_types(pickles, index, import)
        || binds(pickles, index, import)
}

/// Whether it is a builtin that wraps a function for a class and does not call it.
fn wraps(import: &Import) -> bool {
    parts(import).is_some_and(|(module, name)| {
        is_builtin(module) && matches!(name, "classmethod" | "property" | "staticmethod")
    })
}

/// Whether it is `getattr`, or what dill writes beside it, and nothing that is not followed is given it.
///
/// Held as a value it does nothing: whoever calls it later brings an object and a name. Functions that the pickle
/// carries could find both in it, so with those it is followed to the names that they have for it.
fn is_held(pickles: &Pickles, index: usize, import: &Import) -> bool {
    let is_one = match parts(import) {
        Some(("builtins" | "__builtin__", "getattr" | "setattr") | ("dill", "_dill")) => true,
        // dill keeps the built-ins that a function uses among its globals.
        Some(("builtins" | "__builtin__" | "io" | "_io", "open")) => {
            let mut held = pickles.modules.iter();
            let is_open = |module: &&Module| module.name == "builtins.open";
            !pickles.code.is_empty() && held.find(is_open).is_some_and(super::value::is_itself)
        }
        _ => false,
    };
    let is_given = |call: &Call| {
        let takes = call.uses.contains(&Argument::Import(index));
        takes && !call.resolved && !only_keeps(pickles, call)
    };
    is_one && import.called == 0 && !import.patched && !pickles.calls.iter().any(is_given)
}

/// Whether a call only keeps what it is given: a state, an entry, a class of values.
fn only_keeps(pickles: &Pickles, call: &Call) -> bool {
    match call.opcode {
        Opcode::Reduce | Opcode::Inst | Opcode::Obj | Opcode::NewObj | Opcode::NewObjEx => {
            let Callee::Import(callee) = call.callee else {
                return false;
            };
            pickles.imports.get(callee).is_some_and(|import| {
                let is_pure = parts(import).is_some_and(|(module, name)| {
                    matches!(effect(module, name), Effect::Pure | Effect::Library)
                });
                is_pure || super::value::is_maker(import)
            })
        }
        _ => true,
    }
}

/// Attributes that say what something is called and where it comes from. Sorted.
const DESCRIBING: &[&str] = &[
    "__annotations__",
    "__doc__",
    "__module__",
    "__name__",
    "__qualname__",
];

/// Whether every call sets an attribute that only describes, or one of what the pickle makes by value.
fn sets_harmlessly(pickles: &Pickles, index: usize, import: &Import) -> bool {
    let is_setattr = matches!(
        parts(import),
        Some(
            ("builtins" | "__builtin__", "setattr")
                | ("dill._dill" | "dill.dill", "_setattr")
                | ("dill", "_dill._setattr")
        )
    );
    let is_harmless = |call: &&Call| match call.arguments.get(1) {
        Some(Argument::Text(name)) => {
            DESCRIBING.binary_search(&name.as_str()).is_ok()
                || (name == "cell_contents" || !name.starts_with("__"))
                    && super::value::is_by_value(pickles, call)
        }
        _ => false,
    };
    is_setattr
        && all_calls(pickles, index, import)
            .is_some_and(|calls| !calls.is_empty() && calls.iter().all(is_harmless))
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
    // A module that only functions find, by the name that they have for it, is what they do with it.
    let is_found_by_name = |name: &String| {
        let mut modules = pickles.modules.iter();
        !pickles.code.is_empty() && modules.any(|module| module.name == *name && !module.loose)
    };
    let of_module = |call: &&Call| match call.arguments.first() {
        Some(Argument::Text(name)) if is_found_by_name(name) => None,
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
        let is_sympy = of.next() == Some("sympy");
        let part = of.next().unwrap_or_default();
        // The classes of functions are called as mathematics calls them: `sin`.
        is_sympy
            && EXPRESSIONS.contains(&part)
            && (name.starts_with(char::is_uppercase) || part == "functions")
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
pub(super) fn all_calls<'a>(
    pickles: &'a Pickles,
    index: usize,
    import: &Import,
) -> Option<Vec<&'a Call>> {
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

pub(super) fn parts(import: &Import) -> Option<(&str, &str)> {
    Some((
        unvendored(import.module.as_deref()?),
        import.name.as_deref()?,
    ))
}

fn is_builtin(module: &str) -> bool {
    matches!(module, "builtins" | "__builtin__")
}
