//! Follows the code that a stream of R holds, and says what it would do.

use std::collections::{HashMap, HashSet};

use tutela_core::{Severity, escape};
use tutela_formats::rdata::{Held, Id, Image, Kind, Node, Place};

use super::effects::{self, Effect};
use super::fold::{Fold, Value};
use super::text::letters;

/// What is wrong with a piece of code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Verdict {
    pub(super) severity: Severity,
    pub(super) message: String,
}

/// Pieces of code that are followed from one place.
const PIECES: usize = 200_000;
/// How deep texts are put together.
const FOLDS: u32 = 12;
/// Letters of code that are shown.
const SHOWN: usize = 160;

/// Everything that is wrong with what is held at one place, and whether all of it was followed.
pub(super) fn judge(image: &Image, held: &Held) -> (Vec<Verdict>, bool) {
    let mut judge = Judge {
        image,
        local: HashSet::new(),
        variables: HashMap::new(),
        runs: runs_alone(image, held),
        found: Vec::new(),
    };
    let (ids, complete) = judge.pieces(held.node);
    for id in &ids {
        judge.learn(*id);
    }
    for id in &ids {
        judge.piece(*id);
    }
    let found = std::mem::take(&mut judge.found);
    let what = described(held);
    let mut verdicts: Vec<Verdict> = found
        .into_iter()
        .map(|(severity, text)| Verdict {
            severity,
            message: format!("{what} {text}"),
        })
        .collect();
    if let Some(odd) = promised(image, held).filter(|_| verdicts.is_empty()) {
        verdicts.push(odd);
    }
    verdicts.sort();
    verdicts.dedup();
    (verdicts, complete)
}

/// Whether R runs it without a call that names it.
fn runs_alone(image: &Image, held: &Held) -> bool {
    let is_open = matches!(
        image.code.get(held.node),
        Node::Promise {
            value: Id::UNBOUND,
            ..
        }
    );
    let hooks = held.place == Place::Workspace && effects::is_hook(&held.name);
    held.place == Place::Active
        || hooks
        || (held.kind == Kind::Promise && is_open && !is_usual(held.place))
}

/// Where R itself keeps promises.
const fn is_usual(place: Place) -> bool {
    matches!(place, Place::Variable | Place::Argument)
}

fn described(held: &Held) -> String {
    let name = escape(&held.name, 80);
    let named = if name.is_empty() {
        String::new()
    } else {
        format!(" `{name}`")
    };
    match (held.kind, held.place) {
        (Kind::Promise, _) => format!("the promise{named}, which runs when it is looked at,"),
        (_, Place::Active) => format!("the variable{named}, which runs code whenever it is read,"),
        (Kind::Function, Place::Workspace) if effects::is_hook(&held.name) => {
            format!("the function{named}, which R or everybody calls by that name,")
        }
        (Kind::Function, _) => format!("the function{named}"),
        (Kind::Call, _) => format!("the stored call{named}"),
    }
}

/// A promise where R never keeps one: `saveRDS` and `save` work them out first (CVE-2024-27322). One that has its value
/// runs nothing: method dispatch leaves such inside others.
fn promised(image: &Image, held: &Held) -> Option<Verdict> {
    let Node::Promise { value, code, .. } = image.code.get(held.node) else {
        return None;
    };
    if is_usual(held.place) || *value != Id::UNBOUND {
        return None;
    }
    let shown = image.code.show(*code, SHOWN);
    Some(Verdict {
        severity: Severity::High,
        message: format!(
            "a promise stands where R writes none; when it is looked at, `{shown}` runs"
        ),
    })
}

struct Judge<'a> {
    image: &'a Image,
    /// Names that the code itself gives a meaning.
    local: HashSet<String>,
    /// What variables are set to; nothing for those that are set more than once.
    variables: HashMap<String, Option<Id>>,
    runs: bool,
    found: Vec<(Severity, String)>,
}

impl Judge<'_> {
    /// Every piece of code once, in a fixed order.
    fn pieces(&self, root: Id) -> (Vec<Id>, bool) {
        let mut seen = HashSet::new();
        let mut waiting = vec![root];
        let mut ids = Vec::new();
        while let Some(id) = waiting.pop() {
            if !seen.insert(id) {
                continue;
            }
            if ids.len() >= PIECES {
                return (ids, false);
            }
            ids.push(id);
            match self.image.code.get(id) {
                Node::List(inner) => waiting.extend(inner),
                Node::Link { first, rest, .. } => waiting.extend([*rest, *first]),
                Node::Function { formals, body, .. } => waiting.extend([*body, *formals]),
                Node::Promise { value, code, .. } => waiting.extend([*code, *value]),
                _ => {}
            }
        }
        (ids, true)
    }

    /// Learns the names of arguments and of local functions.
    fn learn(&mut self, id: Id) {
        let code = &self.image.code;
        if let Node::Function { formals, .. } = code.get(id) {
            let names = code.links(*formals).filter_map(|(name, _)| name);
            let names: Vec<String> = names.map(str::to_owned).collect();
            self.variables
                .extend(names.iter().map(|name| (name.clone(), None)));
            self.local.extend(names);
        }
        let Some((callee, arguments)) = code.call(id) else {
            return;
        };
        let values: Vec<Id> = arguments.iter().map(|(_, id)| *id).collect();
        match (code.name(callee), values.as_slice()) {
            (Some("function"), [formals, ..]) => {
                let names = code.links(*formals).filter_map(|(name, _)| name);
                let names: Vec<String> = names.map(str::to_owned).collect();
                self.variables
                    .extend(names.iter().map(|name| (name.clone(), None)));
                self.local.extend(names);
            }
            (Some("for"), [variable, ..]) => {
                if let Some(name) = code.name(*variable) {
                    self.variables.insert(name.to_owned(), None);
                }
            }
            (Some("<-" | "=" | "<<-"), [target, value]) => {
                if let Some(name) = code.name(*target) {
                    let once = self.variables.entry(name.to_owned());
                    once.and_modify(|it| *it = None).or_insert(Some(*value));
                }
                let is_function = code
                    .call(*value)
                    .is_some_and(|(callee, _)| code.name(callee) == Some("function"));
                if let Some(name) = code.name(*target).filter(|_| is_function) {
                    self.local.insert(name.to_owned());
                }
            }
            _ => {}
        }
    }

    fn piece(&mut self, id: Id) {
        if let Node::List(constants) = self.image.code.get(id) {
            // Byte code may name what its constants do not call.
            let named = constants.iter().filter_map(|id| self.starts(*id)).min();
            if let Some(name) = named {
                let called = self.calls_in(constants, &name);
                if !called {
                    let text =
                        format!("names `{name}`, which starts programs, in its byte code only");
                    self.found.push((Severity::High, text));
                }
            }
        }
        let Some((callee, arguments)) = self.image.code.call(id) else {
            return;
        };
        let values: Vec<Id> = arguments.iter().map(|(_, id)| *id).collect();
        let direct = self.image.code.name(callee).map(str::to_owned);
        let Some(name) = self.resolved(callee, 0) else {
            self.concealed(id, callee);
            return;
        };
        let is_plain = direct.as_deref() == Some(name.as_str());
        if is_plain && self.local.contains(&name) {
            return;
        }
        self.called(id, &name, &values);
        if !is_plain {
            return;
        }
        if effects::calls_its_argument(&name) {
            for value in &values {
                let text = self
                    .folded(*value)
                    .filter(|_| name == "do.call" || name == "match.fun");
                if let Some(given) = self.resolved(*value, 0).or(text) {
                    let is_local = self.local.contains(&given);
                    if !is_local {
                        self.called(id, &given, &values);
                    }
                }
            }
        }
        if let ("<-" | "=" | "<<-" | "assign", [.., value]) = (name.as_str(), values.as_slice())
            && let Some(given) = self.starts(*value)
        {
            let text = format!("gives `{given}`, which starts programs, another name");
            self.found.push((Severity::High, text));
        }
    }

    /// A function whose name is decoded from constants, in a way that is not worked out.
    fn concealed(&mut self, id: Id, callee: Id) {
        let code = &self.image.code;
        let Some((finder, arguments)) = code.call(callee) else {
            return;
        };
        let finds = matches!(
            self.resolved(finder, 0).as_deref(),
            Some("get" | "get0" | "match.fun" | "dynGet" | "getFunction" | "eval")
        );
        let Some((_, named)) = arguments.first().filter(|_| finds) else {
            return;
        };
        let (ids, _) = self.pieces(*named);
        let mut names = 0_usize;
        let mut decodes = false;
        for (called, parts) in ids.iter().filter_map(|id| code.call(*id)) {
            let called = match (code.name(called), parts.as_slice()) {
                (Some("::" | ":::"), [_, (_, name)]) => {
                    names = names.saturating_add(2);
                    code.name(*name)
                }
                (name, _) => name,
            };
            names = names.saturating_add(1);
            decodes |= called.is_some_and(effects::conceals);
        }
        // No name in it stands for data.
        let is_constant = names >= ids.iter().filter(|id| code.name(**id).is_some()).count();
        if decodes && is_constant {
            let shown = code.show(id, SHOWN);
            let text = format!("calls `{shown}`, a function whose name it conceals");
            self.found.push((Severity::High, text));
        }
    }

    /// The function that starts programs and is meant by a name.
    fn starts(&self, id: Id) -> Option<String> {
        let name = self.resolved(id, 0)?;
        let starts = effects::effect(&name) == Some(Effect::Executes);
        // A variable may well be called `shell` or `pipe`; those two are told only when they are called.
        let is_telling = !matches!(name.as_str(), "shell" | "pipe" | "rcmd" | "rscript");
        (starts && is_telling && !self.local.contains(&name)).then_some(name)
    }

    fn calls_in(&self, constants: &[Id], name: &str) -> bool {
        constants.iter().any(|id| {
            let (ids, _) = self.pieces(*id);
            ids.iter().any(|id| {
                let call = self.image.code.call(*id);
                call.is_some_and(|(callee, _)| self.resolved(callee, 0).as_deref() == Some(name))
            })
        })
    }

    /// The name of the function that an expression stands for.
    fn resolved(&self, id: Id, depth: u32) -> Option<String> {
        let code = &self.image.code;
        if let Some(name) = code.name(id) {
            return Some(name.to_owned());
        }
        let (callee, arguments) = code.call(id)?;
        let values: Vec<Id> = arguments.iter().map(|(_, id)| *id).collect();
        if depth > FOLDS {
            return None;
        }
        let inner = depth.saturating_add(1);
        match (code.name(callee)?, values.as_slice()) {
            ("::" | ":::", [_, name]) => self.resolved(*name, inner).or_else(|| self.folded(*name)),
            ("(", [inside]) => self.resolved(*inside, inner),
            (
                "get" | "get0" | "match.fun" | "as.name" | "as.symbol" | "mget" | "dynGet"
                | "getFunction" | "getElement" | "sym",
                [first, ..],
            ) => self.folded(*first),
            ("getExportedValue" | "getFromNamespace" | "get_from", values) => values
                .iter()
                .filter_map(|value| self.folded(*value))
                .find(|name| effects::effect(name).is_some()),
            ("$" | "[[", [object, name]) if self.is_base(*object) => {
                self.resolved(*name, inner).or_else(|| self.folded(*name))
            }
            // A module of Python behind reticulate.
            ("$", [object, name]) if self.is_python(*object) => {
                let name = code.name(*name)?;
                Some(
                    if matches!(
                        name,
                        "system"
                            | "popen"
                            | "run"
                            | "Popen"
                            | "call"
                            | "check_output"
                            | "exec"
                            | "eval"
                    ) {
                        "py_run_string".to_owned()
                    } else {
                        name.to_owned()
                    },
                )
            }
            _ => None,
        }
    }

    /// Whether an expression is the environment of the base library.
    fn is_base(&self, id: Id) -> bool {
        let code = &self.image.code;
        if matches!(code.get(id), Node::Environment) {
            return true;
        }
        let name = code.name(id).or_else(|| code.name(code.call(id)?.0));
        name.is_some_and(|name| {
            matches!(
                name,
                "baseenv"
                    | ".BaseNamespaceEnv"
                    | "asNamespace"
                    | "getNamespace"
                    | "as.environment"
                    | "topenv"
            )
        })
    }

    fn is_python(&self, id: Id) -> bool {
        let code = &self.image.code;
        code.call(id).is_some_and(|(callee, _)| {
            matches!(
                self.resolved(callee, 0).as_deref(),
                Some("import" | "import_builtins" | "import_main")
            )
        })
    }

    /// The text that an expression of constants makes.
    fn folded(&self, id: Id) -> Option<String> {
        let fold = Fold {
            code: &self.image.code,
            variables: &self.variables,
        };
        match fold.value(id)? {
            Value::Texts(texts) => Some(texts.concat()),
            Value::Numbers(numbers) => letters(&numbers),
        }
    }

    /// The call of a function by its name, with its arguments.
    fn called(&mut self, id: Id, name: &str, values: &[Id]) {
        let shown = self.image.code.show(id, SHOWN);
        if effects::evaluates(name)
            && let Some(severity) = self.evaluated(values)
        {
            let text = format!("calls `{shown}`, which runs text as code");
            self.found.push((severity, text));
            return;
        }
        if let Some((_, arguments)) = self.image.code.call(id) {
            let starts = arguments.iter().any(|(argument, value)| {
                let text = self.folded(*value);
                text.is_some_and(|text| effects::starts(name, *argument, &text))
            });
            if starts {
                let text = format!("calls `{shown}`, which {}", Effect::Executes.clause());
                self.found.push((Severity::High, text));
                return;
            }
        }
        let Some(effect) = effects::effect(name) else {
            return;
        };
        if let Some(severity) = self.severity(effect, values) {
            let text = format!("calls `{shown}`, which {}", effect.clause());
            self.found.push((severity, text));
        }
    }

    /// How bad it is to evaluate what is given; none when it is not made from text.
    fn evaluated(&self, values: &[Id]) -> Option<Severity> {
        let mut is_made = false;
        let mut is_concealed = false;
        let mut text = String::new();
        for value in values {
            let (ids, _) = self.pieces(*value);
            for id in ids {
                if let Some((callee, _)) = self.image.code.call(id) {
                    let name = self.resolved(callee, 0).unwrap_or_default();
                    is_made |= effects::makes_code(&name);
                    is_concealed |= effects::conceals(&name);
                }
                if let Some(part) = self.folded(id) {
                    text.push_str(&part);
                    text.push('\n');
                }
            }
        }
        if !is_made {
            return None;
        }
        let is_bad = is_concealed || speaks(&text).is_some() || self.runs;
        Some(if is_bad {
            Severity::High
        } else {
            Severity::Medium
        })
    }

    /// How bad an effect is where it stands; none when models do it as a matter of course.
    fn severity(&self, effect: Effect, values: &[Id]) -> Option<Severity> {
        let texts: Vec<String> = values.iter().filter_map(|id| self.folded(*id)).collect();
        let says = |part: &dyn Fn(&str) -> bool| texts.iter().any(|text| part(text));
        let is_remote = says(&|text| text.contains("://"));
        let is_sensitive = says(&effects::is_sensitive);
        match effect {
            Effect::Executes | Effect::Loads => Some(Severity::High),
            _ if self.runs || is_sensitive => Some(Severity::High),
            Effect::Source | Effect::Network if is_remote => Some(Severity::High),
            Effect::Source | Effect::Network => Some(Severity::Medium),
            Effect::Environment => Some(Severity::Low),
            Effect::Writes => None,
        }
    }
}

/// What code as text does, told from the functions that it calls by name.
fn speaks(text: &str) -> Option<Effect> {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '_');
    text.split('(')
        .filter_map(|before| before.trim_end().rsplit(|letter| !is_part(letter)).next())
        .filter_map(effects::effect)
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_as_text_is_told_by_its_calls() {
        assert_eq!(
            speaks("x <- 1; base::system('echo inert')"),
            Some(Effect::Executes)
        );
        assert_eq!(speaks("system.time(f(x))"), None);
        assert_eq!(speaks("the system (of units)"), Some(Effect::Executes));
    }
}
