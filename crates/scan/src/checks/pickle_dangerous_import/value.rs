//! Functions and classes that a pickle carries by value, as cloudpickle, dill and torch write them.

use tutela_core::Severity;
use tutela_formats::pickle::{Argument, Call, Callee, Import, Module, Pickles};

use super::judge::Verdict;
use super::mild::{all_calls, is_type, parts};
use crate::carried::{Carried, named};

/// What the functions of a pickle amount to.
pub(super) struct Values {
    carried: Carried,
}

impl Values {
    pub(super) fn new(pickles: &Pickles) -> Self {
        let mut carried = Carried::default();
        for module in pickles.modules.iter().filter(|module| !is_itself(module)) {
            carried.module(&module.name, &module.keys, module.loose);
        }
        for code in &pickles.code {
            carried.hear(&code.function);
        }
        Self { carried }
    }

    /// What is to be told of the functions: each that does harm, or else all of them together.
    pub(super) fn verdicts(
        &self,
        pickles: &Pickles,
        inside: impl Fn(Option<usize>) -> String,
    ) -> Vec<Verdict> {
        const TOLD: usize = 8;
        let mut told: Vec<Verdict> = Vec::new();
        for code in &pickles.code {
            let function = tutela_core::escape(&code.function.name, 60);
            let (severity, message) = match self.carried.harm(&code.function) {
                Some(harm) => {
                    let path = tutela_core::escape(&harm.path, 120);
                    let clause = harm.clause;
                    let message = format!(
                        "carries the code of a function, `{function}`, that uses `{path}`, which {clause}"
                    );
                    (harm.severity, message)
                }
                None if !code.function.complete => {
                    let message = "carries the code of a function that cannot be read".to_owned();
                    (Severity::High, message)
                }
                None => continue,
            };
            let is_new = !told.iter().any(|verdict| verdict.identity == message);
            if is_new && told.len() < TOLD {
                told.push(verdict(severity, &message, code.at, &inside(code.inside)));
            }
        }
        if let Some(call) = bare(pickles) {
            let message = "carries a code object that becomes no function here, so that something else has to run it";
            told.push(verdict(
                Severity::High,
                message,
                call.at,
                &inside(call.inside),
            ));
        }
        if told.is_empty()
            && let Some(first) = pickles.code.first()
        {
            let message = harmless(pickles);
            told.push(verdict(Severity::Medium, &message, first.at, ""));
        }
        told
    }
}

/// The last of the calls that make code or functions of it, when it makes code that no call takes up: serialisers write
/// code as part of functions only, and that of inner functions before that of outer ones.
fn bare(pickles: &Pickles) -> Option<&Call> {
    let import = |call: &Call| match call.callee {
        Callee::Import(index) => pickles.imports.get(index),
        _ => None,
    };
    let mut calls = pickles.calls.iter().enumerate();
    let (index, call) = calls.rfind(|(_, call)| {
        import(call).is_some_and(|import| maker(import) == Some(Maker::OfCode))
    })?;
    let path = import(call).and_then(parts)?;
    let makes_code = path.1 == "_create_code" || path == ("types", "CodeType");
    let takes = |used: &Argument| matches!(used, Argument::Returned(made) if *made == index);
    let is_taken = pickles.calls.iter().any(|call| call.uses.iter().any(takes));
    (makes_code && !is_taken).then_some(call)
}

/// Whether functions find a built-in under its own name only, by which it is judged already.
pub(super) fn is_itself(module: &Module) -> bool {
    let name = module.name.strip_prefix("builtins.");
    !module.loose && name.is_some_and(|name| module.keys.iter().all(|key| key == name))
}

fn verdict(severity: Severity, message: &str, at: u64, inside: &str) -> Verdict {
    Verdict {
        severity,
        identity: message.to_owned(),
        message: format!("{message}{inside}"),
        excerpt: None,
        trace: Vec::new(),
        start: at,
        end: at.saturating_add(1),
        is_named: true,
    }
}

fn harmless(pickles: &Pickles) -> String {
    let count = pickles.code.len();
    let functions = if count == 1 {
        "a function".to_owned()
    } else {
        format!("{count} functions")
    };
    let names = named(pickles.code.iter().map(|code| &code.function));
    let uses = if names.is_empty() {
        "it names nothing from outside".to_owned()
    } else {
        let shown: Vec<String> = names
            .iter()
            .map(|name| format!("`{}`", tutela_core::escape(name, 60)))
            .collect();
        format!("it uses {}", shown.join(", "))
    };
    format!(
        "carries the code of {functions}, which runs when it is used; {uses}, and nothing harmful was found in it"
    )
}

/// How a maker uses its first argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Maker {
    /// It is code, which the pickle must carry.
    OfCode,
    /// It is a class that makes classes.
    OfClass,
    /// It is something made by value, which gets a state.
    Sets,
    /// It only goes into what is made.
    Holds,
}

/// Sorted.
const MAKERS: &[(&str, Maker)] = &[
    ("_class_setstate", Maker::Sets),
    ("_create_cell", Maker::Holds),
    ("_create_code", Maker::OfCode),
    ("_create_function", Maker::OfCode),
    ("_create_type", Maker::OfClass),
    ("_function_setstate", Maker::Sets),
    ("_make_cell", Maker::Holds),
    ("_make_empty_cell", Maker::Holds),
    ("_make_function", Maker::OfCode),
    ("_make_skel_func", Maker::OfCode),
    ("_make_skeleton_class", Maker::OfClass),
    ("_make_skeleton_enum", Maker::Holds),
];

fn maker(import: &Import) -> Option<Maker> {
    match parts(import)? {
        // `marshal.loads` is none of them: no library writes it, and its format is not meant for bytes of others.
        ("types", "CodeType" | "FunctionType" | "LambdaType") => Some(Maker::OfCode),
        // Binds a function to an object; one that the pickle carries is judged by itself.
        ("types", "MethodType") => Some(Maker::Sets),
        (
            "torch.fx.graph_module",
            "deserialize_graphmodule" | "reduce_deploy_graph_module" | "reduce_graph_module",
        ) => Some(Maker::OfCode),
        (
            "cloudpickle"
            | "cloudpickle.cloudpickle"
            | "cloudpickle.cloudpickle_fast"
            | "dill._dill"
            | "dill.dill",
            name,
        ) => {
            let found = MAKERS.binary_search_by_key(&name, |entry| entry.0).ok()?;
            MAKERS.get(found).map(|entry| entry.1)
        }
        _ => None,
    }
}

/// Whether every call of an import makes a function or class of what is judged by itself.
pub(super) fn makes(pickles: &Pickles, index: usize, import: &Import) -> bool {
    let Some(maker) = maker(import) else {
        return false;
    };
    let Some(calls) = all_calls(pickles, index, import).filter(|calls| !calls.is_empty()) else {
        return false;
    };
    match maker {
        Maker::OfCode => import.resolved >= import.called,
        Maker::OfClass => calls.iter().all(|call| {
            matches!(call.arguments.first(), Some(Argument::Import(_)))
                || call.resolved
                || is_by_value(pickles, call)
        }),
        Maker::Holds => true,
        Maker::Sets => calls.iter().all(|call| is_by_value(pickles, call)),
    }
}

/// Whether an import makes, or gives a state to, what a pickle carries by value.
pub(super) fn is_maker(import: &Import) -> bool {
    maker(import).is_some()
}

/// Whether it is `type`, and some call of it makes a class.
pub(super) fn makes_classes(pickles: &Pickles, index: usize, import: &Import) -> bool {
    is_type(import)
        && all_calls(pickles, index, import)
            .is_some_and(|calls| calls.iter().any(|call| call.arguments.len() == 3))
}

/// Whether the first argument of a call was made by value.
pub(super) fn is_by_value(pickles: &Pickles, call: &Call) -> bool {
    let Some(Argument::Returned(made)) = call.arguments.first() else {
        return false;
    };
    match pickles.calls.get(*made).map(|made| made.callee) {
        Some(Callee::Import(index)) => pickles.imports.get(index).is_some_and(|import| {
            is_type(import) || maker(import).is_some_and(|maker| maker != Maker::Sets)
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_makers_are_sorted() {
        assert!(MAKERS.is_sorted_by_key(|entry| entry.0));
    }
}
