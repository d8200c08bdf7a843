//! Puts what another reading of the same bytes, or a pickle inside a value, would do into one description.

use std::collections::{HashMap, HashSet};

use crate::bytecode::Function;

use super::{Anomaly, Argument, Call, Callee, Code, Fault, Import, Module, Pickles};

/// Imports and calls that one description holds, all that lies inside it included.
const DESCRIBED: usize = 1 << 16;
/// Anomalies that one description holds.
const ANOMALIES: usize = 1_000;

/// Where the other description lies.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// The same bytes, read in another way.
    Same,
    /// Bytes that begin at an offset, as they are; the index in [`Pickles::nested`].
    At(u64, usize),
    /// Bytes that a value between two offsets decodes to; the index in [`Pickles::nested`].
    Within(u64, u64, usize),
}

impl Place {
    fn span(self, start: u64, end: u64) -> (u64, u64) {
        match self {
            Self::Same => (start, end),
            Self::At(offset, _) => (start.saturating_add(offset), end.saturating_add(offset)),
            Self::Within(start, end, _) => (start, end),
        }
    }

    fn at(self, at: u64) -> u64 {
        self.span(at, at).0
    }

    const fn nested(self) -> Option<usize> {
        match self {
            Self::Same => None,
            Self::At(_, nested) | Self::Within(_, _, nested) => Some(nested),
        }
    }
}

/// Adds another description to `out`.
pub(super) fn merge(out: &mut Pickles, other: Pickles, place: Place) {
    let imports = merge_imports(out, other.imports, place);
    merge_calls(out, other.calls, &imports, place);
    merge_code(out, other.code, &imports, place);
    merge_modules(out, other.modules);
    let is_inside = place.nested().is_some();
    for anomaly in other.anomalies {
        let moved = Anomaly {
            at: place.at(anomaly.at),
            fault: anomaly.fault,
        };
        let is_told = matches!(moved.fault, Fault::Trailing(_)) || out.anomalies.contains(&moved);
        if is_told {
            continue;
        }
        if out.anomalies.len() < ANOMALIES {
            out.anomalies.push(moved);
        } else if moved.fault.blinds() {
            // INVARIANT: a fault that blinds is never dropped; the last place is kept for it.
            out.anomalies.pop();
            out.anomalies.push(moved);
        }
    }
    if is_inside {
        out.persistent = out.persistent.saturating_add(other.persistent);
    }
}

/// Where each import of the other description stands in this one.
fn merge_imports(out: &mut Pickles, imports: Vec<Import>, place: Place) -> Vec<Option<usize>> {
    let mut known: HashMap<_, _> = out
        .imports
        .iter()
        .enumerate()
        .map(|(index, import)| ((import.module.clone(), import.name.clone()), index))
        .collect();
    let mut places = Vec::with_capacity(imports.len());
    for mut import in imports {
        let key = (import.module.clone(), import.name.clone());
        if let Some(index) = known.get(&key) {
            if let Some(same) = out.imports.get_mut(*index) {
                add(same, &import, place);
            }
            places.push(Some(*index));
            continue;
        }
        if out.imports.len() >= DESCRIBED {
            places.push(None);
            continue;
        }
        (import.start, import.end) = place.span(import.start, import.end);
        import.inside = place.nested();
        places.push(Some(out.imports.len()));
        known.insert(key, out.imports.len());
        out.imports.push(import);
    }
    if places.contains(&None) {
        let limit = Fault::Limit {
            what: "imports",
            limit: DESCRIBED as u64,
        };
        out.anomalies.insert(
            0,
            Anomaly {
                at: place.at(0),
                fault: limit,
            },
        );
    }
    places
}

fn add(same: &mut Import, other: &Import, place: Place) {
    same.patched |= other.patched;
    if place.nested().is_some() {
        same.called = same.called.saturating_add(other.called);
        same.fed = same.fed.saturating_add(other.fed);
        same.resolved = same.resolved.saturating_add(other.resolved);
    } else if same.called < other.called {
        (same.called, same.fed, same.resolved) = (other.called, other.fed, other.resolved);
    }
}

fn merge_calls(out: &mut Pickles, calls: Vec<Call>, imports: &[Option<usize>], place: Place) {
    let known: HashSet<(u64, String)> = match place {
        Place::Same => out
            .calls
            .iter()
            .map(|call| (call.at, call.expression.clone()))
            .collect(),
        Place::At(..) | Place::Within(..) => HashSet::new(),
    };
    let mut places: Vec<Option<usize>> = Vec::with_capacity(calls.len());
    for mut call in calls {
        let is_known = !known.is_empty() && known.contains(&(call.at, call.expression.clone()));
        if is_known || out.calls.len() >= DESCRIBED {
            let same = |one: &Call| one.at == call.at && one.expression == call.expression;
            places.push(out.calls.iter().take(DESCRIBED).position(same));
            continue;
        }
        call.at = place.at(call.at);
        call.inside = place.nested();
        call.callee = match call.callee {
            Callee::Import(index) => at(imports, index).map_or(Callee::Unknown, Callee::Import),
            Callee::Returned(index) => at(&places, index).map_or(Callee::Unknown, Callee::Returned),
            other => other,
        };
        for argument in call.arguments.iter_mut().chain(&mut call.uses) {
            *argument = match std::mem::replace(argument, Argument::Other) {
                Argument::Import(index) => {
                    at(imports, index).map_or(Argument::Other, Argument::Import)
                }
                Argument::Returned(index) => {
                    at(&places, index).map_or(Argument::Other, Argument::Returned)
                }
                other => other,
            };
        }
        places.push(Some(out.calls.len()));
        out.calls.push(call);
    }
}

fn merge_code(out: &mut Pickles, code: Vec<Code>, imports: &[Option<usize>], place: Place) {
    for mut code in code {
        code.maker = code.maker.and_then(|maker| at(imports, maker));
        code.at = place.at(code.at);
        code.inside = place.nested();
        if out.code.contains(&code) {
            continue;
        }
        if out.code.len() >= DESCRIBED {
            // INVARIANT: past the limit there is one function at least that is not complete.
            out.code.pop();
            code.function = Function::default();
        }
        out.code.push(code);
    }
}

fn merge_modules(out: &mut Pickles, modules: Vec<Module>) {
    for module in modules {
        match out
            .modules
            .iter_mut()
            .find(|known| known.name == module.name)
        {
            Some(known) => {
                known.loose |= module.loose;
                known.keys.extend(module.keys);
                known.keys.sort();
                known.keys.dedup();
            }
            None => out.modules.push(module),
        }
    }
}

fn at(places: &[Option<usize>], index: usize) -> Option<usize> {
    places.get(index).copied().flatten()
}
