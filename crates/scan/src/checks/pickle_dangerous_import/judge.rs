//! What a pickle's imports and calls amount to: how bad each is, and the sentence that says so.
//!
//! The effect of a name decides first. What is done with it then raises or lowers that: a function that
//! only reaches others is judged by what it reaches, a loader that is given a harmless pickle is harmless,
//! and calling what an unknown call has returned is worse than the call.

use tutela_core::{Region, Severity, Step, escape};
use tutela_formats::pickle::{Argument, Call, Callee, Import, Opcode, Origin, Pickles};

use super::given;
use super::method;
use super::mild;
use super::usage::{Use, usage};
use super::value::{self, Values};
use crate::callables::Effect;
use crate::signs;

/// Functions that honest picklers write to load bytes inside the pickle, which are looked into.
const LOADERS: &[(&str, &str)] = &[
    ("torch.storage", "_load_from_bytes"),
    ("numba.core.serialize", "_unpickle__CustomPickled"),
];
/// Attributes that decide how an object behaves; honest states do not set them. Sorted.
const BEHAVIOUR: &[&str] = &[
    "__bases__",
    "__builtins__",
    "__call__",
    "__class__",
    "__code__",
    "__del__",
    "__getattr__",
    "__getattribute__",
    "__globals__",
    "__init__",
    "__mro__",
    "__new__",
    "__reduce__",
    "__reduce_ex__",
    "__setattr__",
    "__setstate__",
    "__subclasses__",
];
/// Calls that are looked through for one import.
const LOOKED_AT: usize = 2_000;
/// Steps of a chain that are told.
const STEPS: usize = 6;

/// Something to be told.
pub(super) struct Verdict {
    pub(super) severity: Severity,
    pub(super) message: String,
    pub(super) identity: String,
    pub(super) excerpt: Option<String>,
    /// The calls that lead up to it, itself last.
    pub(super) trace: Vec<Step>,
    pub(super) start: u64,
    pub(super) end: u64,
    /// Whether its name is one that Python would take; lines of text read as imports too.
    pub(super) is_named: bool,
}

/// A description, and what is known of all its imports together.
pub(super) struct Judge<'a> {
    pickles: &'a Pickles,
    /// Imports that a call which could not be followed is given.
    handed_on: Vec<bool>,
    /// Imports on whose results attributes are set that decide how an object behaves.
    reshaped: Vec<bool>,
    /// The functions that the pickle carries.
    values: Values,
}

impl<'a> Judge<'a> {
    pub(super) fn new(pickles: &'a Pickles) -> Self {
        let mut judge = Self {
            pickles,
            handed_on: vec![false; pickles.imports.len()],
            reshaped: vec![false; pickles.imports.len()],
            values: Values::new(pickles),
        };
        for call in &pickles.calls {
            if !call.resolved {
                for used in &call.uses {
                    if let Argument::Import(index) = used
                        && let Some(place) = judge.handed_on.get_mut(*index)
                    {
                        *place = true;
                    }
                }
            }
            let sets = |key: &String| BEHAVIOUR.binary_search(&key.as_str()).is_ok();
            if call.keys.iter().any(sets)
                && let Some(place) = judge
                    .root(call.callee)
                    .and_then(|root| judge.reshaped.get_mut(root))
            {
                *place = true;
            }
        }
        judge
    }

    /// Everything that is to be told, in the order of first use.
    pub(super) fn verdicts(&self) -> Vec<Verdict> {
        let imports = self.pickles.imports.iter().enumerate();
        let mut verdicts: Vec<Verdict> = imports
            .filter_map(|(index, import)| self.import(index, import))
            .collect();
        verdicts.extend(self.calls_on_results());
        verdicts.extend(self.values.verdicts(self.pickles, |at| self.inside(at)));
        verdicts
    }

    fn import(&self, index: usize, import: &Import) -> Option<Verdict> {
        let known = self.effect_of(index, import);
        let severity = self.severity(index, import, known)?;
        let shown = self.call_of(index, import);
        // How a harmless-looking call came about is of no use to anybody.
        let chain = shown.filter(|_| severity >= Severity::High);
        Some(Verdict {
            severity,
            message: format!(
                "{}{}{}",
                self.sentence(index, import, known, shown),
                self.chain(chain),
                self.inside(import.inside)
            ),
            identity: import.to_string(),
            excerpt: shown.map(|call| call.expression.clone()),
            trace: chain.map_or_else(Vec::new, |call| self.trace(call)),
            start: import.start,
            end: import.end,
            is_named: is_named(import),
        })
    }

    /// What an import does, the way the pickle uses it.
    fn effect_of(&self, index: usize, import: &Import) -> Effect {
        match (&import.module, &import.name) {
            (Some(module), Some(name)) => usage(self.pickles, index).effect(module, name),
            _ => Effect::Unknown,
        }
    }

    fn severity(&self, index: usize, import: &Import, known: Effect) -> Option<Severity> {
        let usual = match known {
            _ if is_fed(import) => None,
            // What is only named reads nothing when the pickle is loaded, and a state is no path of an attacker's
            // choice; whoever calls it later has given it both.
            Effect::Reads if import.called == 0 || self.is_only_made(index) => {
                Some(Severity::Medium)
            }
            _ if self.makes_by_value(index, import) => {
                // The code itself is told; a class without any is no less the maker's own.
                self.pickles.code.is_empty().then_some(Severity::Medium)
            }
            _ if mild::is_kept(self.pickles, index, import) => None,
            _ if mild::imports_modules(import) => mild::modules(self.pickles, index, import),
            Effect::Reaches if self.is_followed(index, import) => None,
            Effect::Code if mild::evaluates(import) && self.is_followed(index, import) => None,
            Effect::Code if mild::is_given_values(self.pickles, index, import) => None,
            Effect::Reaches if mild::is_type(import) && import.called > 0 => {
                mild::type_called(self.pickles, index, import).unwrap_or(known.severity())
            }
            Effect::Reaches if import.called == 0 && mild::is_value(import) => None,
            Effect::Unknown if self.is_reshaped(index) => Some(Severity::High),
            Effect::Unknown if self.says_what_it_does(index, import) => Some(Severity::High),
            Effect::Unknown if self.is_restored_from_code(index) => Some(Severity::High),
            other if given::tells(self.pickles, index, import, other).is_some() => {
                Some(Severity::High)
            }
            _ if method::is_of_object(import) => method::severity(import),
            _ if mild::is_member(import)
                || mild::restores_own_archive(self.pickles, index, import) =>
            {
                Some(Severity::Medium)
            }
            other => other.severity(),
        };
        usual.max(import.patched.then_some(Severity::High))
    }

    /// Whether an import only makes functions and classes of code that is judged by itself.
    fn makes_by_value(&self, index: usize, import: &Import) -> bool {
        value::makes(self.pickles, index, import)
            && !self.is_reshaped(index)
            && !self.handed_on.get(index).copied().unwrap_or(true)
    }

    fn is_only_made(&self, index: usize) -> bool {
        usage(self.pickles, index) == Use::Made
    }

    /// Whether an unknown function is given a text and has a name that says what it does with it, such as
    /// `sh.Command("…")`. Reconstructors of honest picklers are called otherwise.
    fn says_what_it_does(&self, index: usize, import: &Import) -> bool {
        let given_text = |call: &Call| {
            let is_call = matches!(call.opcode, Opcode::Reduce | Opcode::Inst | Opcode::Obj);
            is_call && call.callee == Callee::Import(index) && call.holds_text
        };
        import.name.as_deref().is_some_and(names_a_deed)
            && self.pickles.calls.iter().any(given_text)
    }

    /// Whether an object of which nothing is known gets a state that holds code: it may evaluate it, as a formula of
    /// statsmodels does.
    fn is_restored_from_code(&self, index: usize) -> bool {
        let calls = self.pickles.calls.iter().take(LOOKED_AT);
        let mut states = calls.filter(|call| call.opcode == Opcode::Build && call.holds_text);
        states.any(|call| {
            self.root(call.callee) == Some(index) && signs::find(&call.expression).is_some()
        })
    }

    /// Whether all that it reaches is told by itself.
    fn is_followed(&self, index: usize, import: &Import) -> bool {
        let handed_on = self.handed_on.get(index).copied().unwrap_or(true);
        import.called > 0 && import.resolved >= import.called && !handed_on
    }

    fn is_reshaped(&self, index: usize) -> bool {
        self.reshaped.get(index).copied().unwrap_or(false)
    }

    /// A pickle that calls what a call has returned, where it cannot be told what that is.
    fn calls_on_results(&self) -> Vec<Verdict> {
        let mut roots = Vec::new();
        let mut verdicts = Vec::new();
        for call in self.pickles.calls.iter().take(LOOKED_AT) {
            let is_call = !matches!(
                call.opcode,
                Opcode::Build
                    | Opcode::Append
                    | Opcode::Appends
                    | Opcode::SetItem
                    | Opcode::SetItems
                    | Opcode::AddItems
            );
            if !is_call || call.resolved || !matches!(call.callee, Callee::Returned(_)) {
                continue;
            }
            let root = self.root(call.callee);
            let by_value = root
                .and_then(|root| Some((root, self.pickles.imports.get(root)?)))
                .is_some_and(|(index, import)| {
                    self.makes_by_value(index, import)
                        || value::makes_classes(self.pickles, index, import)
                });
            // An empty instance of a class that an unknown function has made; the function is told.
            let is_empty = call.opcode == Opcode::NewObj && call.arguments.is_empty();
            let is_unknown = root
                .and_then(|root| Some((root, self.pickles.imports.get(root)?)))
                .is_some_and(|(index, import)| self.effect_of(index, import) == Effect::Unknown);
            if by_value || is_empty && is_unknown {
                continue;
            }
            let is_told = root
                .and_then(|root| Some((root, self.pickles.imports.get(root)?)))
                .and_then(|(index, import)| {
                    self.severity(index, import, self.effect_of(index, import))
                })
                .is_some_and(|severity| severity >= Severity::High);
            if is_told || roots.contains(&root) {
                continue;
            }
            roots.push(root);
            verdicts.push(Verdict {
                severity: Severity::High,
                message: format!(
                    "calls what a call has returned, `{}`, as honest pickles do not{}",
                    escape(&call.expression, 200),
                    self.inside(call.inside)
                ),
                identity: call.expression.clone(),
                excerpt: Some(call.expression.clone()),
                trace: self.trace(call),
                start: call.at,
                end: call.at.saturating_add(1),
                is_named: root
                    .and_then(|root| self.pickles.imports.get(root))
                    .is_some_and(is_named),
            });
        }
        verdicts
    }

    /// The import that a call on the result of a call on … begins with.
    fn root(&self, callee: Callee) -> Option<usize> {
        let mut callee = callee;
        // Each step leads to an earlier call, so this ends; the bound keeps it short.
        for _ in 0..LOOKED_AT {
            match callee {
                Callee::Import(index) => return Some(index),
                Callee::Returned(call) => callee = self.pickles.calls.get(call)?.callee,
                _ => return None,
            }
        }
        None
    }

    /// The call that tells most about an import: its own, or the longest in which it takes part.
    fn call_of(&self, index: usize, import: &Import) -> Option<&'a Call> {
        let name = import.to_string();
        let calls = self.pickles.calls.iter().take(LOOKED_AT);
        let of_its_own = |call: &&Call| call.callee == Callee::Import(index);
        let own = calls.clone().filter(of_its_own).max_by_key(told);
        if import.origin != Origin::Named && own.is_some() {
            return own;
        }
        calls
            .filter(|call| mentions(&call.expression, &name))
            .max_by_key(told)
            .or_else(|| self.pickles.calls.iter().find(of_its_own))
    }

    fn sentence(
        &self,
        index: usize,
        import: &Import,
        known: Effect,
        shown: Option<&Call>,
    ) -> String {
        let is_mild = known.severity() < Some(Severity::High);
        let clause = if import.patched && is_mild {
            "overwrites attributes of what it imports"
        } else if mild::restores_own_archive(self.pickles, index, import) {
            "restores a model from bytes in the pickle, which are looked into"
        } else if mild::is_member(import) || method::is_harmless(import) {
            Effect::Unknown.clause()
        } else if self.is_reshaped(index) && is_mild {
            "is not known to be harmless, and sets attributes that decide how an object behaves"
        } else if let Some(clause) = given::tells(self.pickles, index, import, known) {
            clause
        } else if is_mild && known == Effect::Unknown && self.is_restored_from_code(index) {
            "is not known to be harmless, and is restored from code"
        } else {
            known.clause()
        };
        match shown {
            Some(call) if call.expression.starts_with(&import.to_string()) => {
                let more = import.called.saturating_sub(1);
                let more = if more == 0 {
                    String::new()
                } else {
                    format!(" and {more} more times")
                };
                format!(
                    "calls `{}`{more}, which {clause}",
                    escape(&call.expression, 200)
                )
            }
            Some(call) => format!(
                "uses `{import}` in `{}`, which {clause}",
                escape(&call.expression, 200)
            ),
            None if import.origin == Origin::Named => format!("imports `{import}`, which {clause}"),
            None => format!("reaches `{import}`, which {clause}"),
        }
    }

    /// The calls that lead to a call, with their places.
    fn chain(&self, shown: Option<&Call>) -> String {
        let Some(call) = shown else {
            return String::new();
        };
        let calls = &self.pickles.calls;
        let told: Vec<String> = self
            .behind(call)
            .iter()
            .filter_map(|(index, _)| calls.get(*index))
            .map(|step| format!("`{}` at byte {}", escape(&step.expression, 80), step.at))
            .collect();
        if told.is_empty() {
            String::new()
        } else {
            format!("; it is led up to by {}", told.join(", "))
        }
    }

    /// The calls whose results a call uses, and so on, in order, each with how deep it lies.
    fn behind(&self, call: &Call) -> Vec<(usize, u32)> {
        let calls = &self.pickles.calls;
        let mut todo: Vec<(usize, u32)> = Vec::new();
        let mut steps: Vec<(usize, u32)> = Vec::new();
        let behind = |call: &Call, nesting: u32, todo: &mut Vec<(usize, u32)>| {
            if let Callee::Returned(index) = call.callee {
                todo.push((index, nesting));
            }
            todo.extend(call.uses.iter().filter_map(|used| match used {
                Argument::Returned(index) => Some((*index, nesting)),
                _ => None,
            }));
        };
        behind(call, 1, &mut todo);
        // A call that another comes down to lies right behind it, at the same place.
        let same = |other: &&Call| other.at == call.at && other.resolved;
        if let Some(through) = calls.iter().take(LOOKED_AT).find(same) {
            behind(through, 1, &mut todo);
        }
        while let Some((index, nesting)) = todo.pop() {
            if steps.len() >= STEPS || steps.iter().any(|(step, _)| *step == index) {
                continue;
            }
            steps.push((index, nesting));
            if let Some(step) = calls.get(index) {
                behind(step, nesting.saturating_add(1), &mut todo);
            }
        }
        steps.sort_unstable();
        steps
    }

    /// The call tree of a call as the steps of a trace, itself last; none when it uses no other.
    fn trace(&self, call: &Call) -> Vec<Step> {
        let step = |call: &Call, nesting| Step {
            text: call.expression.clone(),
            region: Some(Region::Bytes {
                start: call.at,
                end: call.at.saturating_add(1),
            }),
            nesting,
        };
        let mut steps: Vec<Step> = self
            .behind(call)
            .into_iter()
            .filter_map(|(index, nesting)| Some(step(self.pickles.calls.get(index)?, nesting)))
            .collect();
        if !steps.is_empty() {
            steps.push(step(call, 0));
        }
        steps
    }

    fn inside(&self, nested: Option<usize>) -> String {
        let Some(nested) = nested else {
            return String::new();
        };
        match self.pickles.nested.get(nested) {
            None => "; it lies in a pickle inside this one".to_owned(),
            Some(nested) => {
                let codings: Vec<String> = nested.codings.iter().map(ToString::to_string).collect();
                let codings = if codings.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", codings.join(", "))
                };
                format!(
                    "; it lies in a pickle inside this one, bytes {}..{}{codings}",
                    nested.start, nested.end
                )
            }
        }
    }
}

/// Whether a name stands in an expression, not as the end of a longer one.
fn mentions(expression: &str, name: &str) -> bool {
    expression.match_indices(name).any(|(at, _)| {
        let before = expression.get(..at).and_then(|text| text.chars().last());
        before.is_none_or(|last| !last.is_alphanumeric() && !matches!(last, '_' | '.'))
    })
}

/// How much a call tells: the longer, the more; of BUILD and the like less.
fn told(call: &&Call) -> usize {
    call.expression.len()
}

/// Whether one of the words in a name is a deed that a model file has no business with.
fn names_a_deed(name: &str) -> bool {
    const DEEDS: &[&str] = &[
        "command",
        "compile",
        "connect",
        "delete",
        "download",
        "embed",
        "eval",
        "exec",
        "execute",
        "fetch",
        "import",
        "inline",
        "instantiate",
        "invoke",
        "load",
        "loads",
        "locate",
        "main",
        "open",
        "popen",
        "remove",
        "rmtree",
        "run",
        "send",
        "shell",
        "spawn",
        "system",
        "unlink",
        "unsafe",
        "upload",
        "urlopen",
        "write",
    ];
    let mut words = Vec::new();
    for part in name.split(|letter: char| !letter.is_alphanumeric()) {
        let mut word = String::new();
        for letter in part.chars() {
            // `FireCommand` and `fire_command` are the same words.
            if letter.is_uppercase() && word.ends_with(char::is_lowercase) {
                words.push(std::mem::take(&mut word));
            }
            word.extend(letter.to_lowercase());
        }
        words.push(word);
    }
    words
        .iter()
        .any(|word| DEEDS.binary_search(&word.as_str()).is_ok())
}

/// Whether every call of a loader is given a pickle that is judged with the rest.
fn is_fed(import: &Import) -> bool {
    let (Some(module), Some(name)) = (&import.module, &import.name) else {
        return false;
    };
    LOADERS.contains(&(module.as_str(), name.as_str()))
        && import.called > 0
        && import.fed >= import.called
}

/// Lines of text read as imports too, but seldom with names that Python would take.
fn is_named(import: &Import) -> bool {
    let is_name = |part: &Option<String>| {
        part.as_deref()
            .is_some_and(tutela_formats::pickle::is_dotted_name)
    };
    is_name(&import.module) && is_name(&import.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_attributes_are_sorted() {
        assert!(BEHAVIOUR.is_sorted());
    }
}
